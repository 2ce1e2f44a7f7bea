"""A cluster for the session, and a folder in which a small workflow or the demo runs on it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import cluster as slurm


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Slurm."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slurm)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A running cluster of this node."""
    absent = slurm.missing()
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}; see resources/slurm-packages.txt")
    if os.geteuid() != 0:
        pytest.skip("a cluster of one's own needs root")
    with slurm.cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running

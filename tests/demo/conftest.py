"""Fixtures of the demo's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import knowledge
from demo.genes import RESOURCES


@pytest.fixture(scope="session")
def demo_reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's contig, written once for all tests."""
    path = tmp_path_factory.mktemp("reference") / "reference.fa"
    knowledge.write_reference(path)
    return path


@pytest.fixture(scope="session")
def clinvar_records() -> list[dict[str, str]]:
    """Committed ClinVar records, INFO keys beside POS, REF and ALT."""
    records = []
    for line in (RESOURCES / "clinvar.vcf").read_text().splitlines():
        if not line.startswith("#"):
            _, position, name, ref, alt, _, _, info = line.split("\t")
            fields = dict(part.split("=", 1) for part in info.split(";"))
            records.append({"ID": name, "POS": position, "REF": ref, "ALT": alt, **fields})
    return records

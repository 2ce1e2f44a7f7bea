"""The set-up: what it says where it may not install."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


@pytest.fixture
def bare_machine(root, tmp_path):
    """A copy of what set-up reads, and a PATH on which no package is installed."""
    for name in ("scripts/setup.sh", "resources/system-packages.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    fakes = {"dpkg-query": "exit 1", "id": "echo 1000", "sudo": "exit 1", "apt-get": "exit 99"}
    (tmp_path / "bin").mkdir()
    for name, body in fakes.items():
        fake = tmp_path / "bin" / name
        fake.write_text(f"#!/bin/sh\n{body}\n")
        fake.chmod(0o755)
    return tmp_path


def test_without_root_it_names_the_packages_to_ask_for(root, bare_machine):
    path = f"{bare_machine / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [bare_machine / "scripts" / "setup.sh"],
        env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    packages = (root / "resources" / "system-packages.txt").read_text().split()
    assert f"apt-get install {' '.join(packages)}" in ended.stderr
    assert not (bare_machine / ".venv").exists()


def test_every_locked_package_has_a_hash_and_no_address(root):
    for name in ("requirements.lock", "requirements-uv.lock"):
        text = (root / name).read_text()
        entries = [line for line in text.splitlines() if "==" in line]
        assert entries and "://" not in text
        assert all(line.endswith("\\") for line in entries), "each is followed by its hashes"

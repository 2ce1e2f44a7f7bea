"""Real reads of NA12878 over BRCA1, from FASTQ to report, plain and with a planted variant."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.shared]


def test_the_real_run_names_the_planted_variant_and_claims_nothing_else(
    root, shared_data, tmp_path
):
    folders = {"plain": tmp_path / "실제", "planted": tmp_path / "심은 것"}
    for name, folder in folders.items():
        words = [root / "scripts/real/prepare.py", "--shared", shared_data, "--output", folder]
        words += ["--plant"] if name == "planted" else []
        subprocess.run([sys.executable, *map(str, words)], check=True)
        words = [root / "workflow/run.py", "--directory", folder, "--cores", "2"]
        subprocess.run([sys.executable, *map(str, words)], check=True, capture_output=True)
    show = [sys.executable, str(root / "scripts/real/show.py")]
    for name, folder in folders.items():
        show += [f"--{name}", str(folder)]
    shown = subprocess.run(show, check=False, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout
    calls, known = map(int, re.search(r"in dbSNP: (\d+) of (\d+)", shown.stdout).groups()[::-1])
    assert 150 <= calls <= 220, "about 180 variants are expected in 81 kb of this genome"
    assert known / calls > 0.9
    assert re.search(r"its report line: BRCA1 NM_007294\.\d+:c\..* ClinVar \d+", shown.stdout)

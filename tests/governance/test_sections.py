"""What MultiQC's page has of ours."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from soyang.core.tables import write_table
from soyang.governance.sections import sections
from soyang.governance.tables import LEDGER

VERDICTS = "sample\tverdict\tconfirmed_by\tsex_found\tcontamination\treason\tnote\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"person": "P1", "sample": "S1", "hospital": "A", "status": "reported", "reason": ""},
        {
            "person": "P2",
            "sample": "S2",
            "hospital": "A",
            "status": "quarantined",
            "reason": "sex: 불일치, 0.5 <",
        },
    ]
    write_table(LEDGER.frame(rows), tmp_path / "ledger.tsv", LEDGER)
    (tmp_path / "verdicts.tsv").write_text(
        f"{VERDICTS}S1\tpass\tkinship\tfemale\t0.002\t\t\nS2\tquarantine\t\tmale\t\tsex\t\n"
    )
    (tmp_path / "S1.quality.tsv").write_text(
        "sample\tmean_depth\tx_depth_ratio\ty_depth_ratio\tx_copies\ty_copies\n"
        "S1\t30.5\t1.01\t\t2\t\n"
    )
    return tmp_path


def genes(path: Path, sample: str, *rows: tuple[str, int, float, float]) -> Path:
    header = "sample\tgene\ttranscript\tbases\tmean_depth\tcallable_share\tshare_20x\tshare_30x"
    lines = [f"{sample}\t{g}\tNM_{g}\t{n}\t{d}\t{s}\t{s}\t0" for g, n, d, s in rows]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def made(folder: Path, **inputs) -> dict[str, dict]:
    output = folder / "섹션 1"
    sections(ledger=folder / "ledger.tsv", output=output, **inputs)
    return {
        path.name.removesuffix("_mqc.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in output.iterdir()
    }


def test_ledger_alone(folder):
    (ledger,) = made(folder).values()
    assert ledger["description"].endswith("1 quarantined, 1 reported.")
    assert ledger["data"]["P2 S2"] == {"status": "quarantined", "reason": "sex: 불일치, 0.5 <"}


def test_identity(folder):
    told = made(folder, verdicts=folder / "verdicts.tsv", quality=[folder / "S1.quality.tsv"])
    rows = told["soyang_identity"]["data"]
    assert rows["S1"]["contamination"] == 0.002 and rows["S1"]["mean_depth"] == 30.5
    assert rows["S1"]["y_depth_ratio"] == ""  # not assessed is empty, and no nought
    assert rows["S2"]["confirmed_by"] == "not confirmed" and rows["S2"]["mean_depth"] == ""


def test_coverage_is_weighted_by_bases_and_names_the_worst(folder):
    one = genes(folder / "1.tsv", "S1", ("A", 100, 40.0, 1.0), ("B", 300, 20.0, 0.5))
    two = genes(folder / "2.tsv", "S2", ("A", 100, 40.0, 1.0), ("B", 300, 40.0, 1.0))
    told = made(folder, genes=[one, two])
    by_sample = told["soyang_genes_by_sample"]["data"]
    assert by_sample["S1"] == {
        "genes": 2,
        "covered": 1,
        "mean_depth": 25.0,
        "callable_share": 0.625,
        "share_20x": 0.625,
    }
    assert by_sample["S2"]["covered"] == 2
    assert told["soyang_genes"]["data"] == {
        "B NM_B": {"callable_share": 0.75, "lacking": 1, "mean_depth": 30.0}
    }


def test_an_empty_cohort(tmp_path):
    write_table(LEDGER.frame([]), tmp_path / "ledger.tsv", LEDGER)
    (ledger,) = made(tmp_path).values()
    assert ledger["data"] == {} and "nobody" in ledger["description"]


@pytest.mark.slow
def test_multiqc_takes_them(folder):
    one = genes(folder / "1.tsv", "S1", ("A", 100, 40.0, 0.5))
    made(
        folder,
        verdicts=folder / "verdicts.tsv",
        quality=[folder / "S1.quality.tsv"],
        genes=[one],
    )
    words = ["multiqc", "--no-ansi", "--no-data-dir", "--no-version-check"]
    subprocess.run(
        [*words, "--module", "custom_content", "--outdir", folder, folder / "섹션 1"], check=True
    )
    page = (folder / "multiqc_report.html").read_text(encoding="utf-8")
    for title in ("Ledger", "Identity", "Genes by sample", "Genes covered least"):
        assert f">{title}" in page or f"{title}\n" in page
    assert "For staff only" in page

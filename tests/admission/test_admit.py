"""Everyone in the sheet gets a status and, if they don't enter, a reason."""

from __future__ import annotations

import stat
from pathlib import Path

import polars as pl
import pytest

from soyang.admission.admit import reason_of
from soyang.admission.tables import ADMITTED, CROSSWALK
from soyang.core.errors import Fault
from soyang.core.tables import read_table


def test_whole_cohort_enters(cohort, admission):
    admission("nobody")
    table = read_table(Path("admitted.tsv"), ADMITTED)
    assert table["person"].to_list() == ["P1", "P2", "P3", "P4", "P5", "P6", "P7"]
    assert table["status"].to_list() == ["admitted"] * 6 + ["withheld"]
    assert table["reason"].to_list() == [""] * 6 + ["consent withdrawn"]
    child = table.row(0, named=True)
    assert (child["father"], child["mother"], child["entry"]) == ("P2", "P3", "fastq")
    assert child["consent"] == "clinical_care;research"


def test_crosswalk_has_admitted_people_only_and_is_private(cohort, admission):
    cohort.cell("P2", "sex", "boy")
    cohort.write()
    admission("nobody")
    path = Path("private/crosswalk.tsv")
    table = read_table(path, CROSSWALK)
    assert table.row(0) == ("P1", "S1", "", "", "11", "")
    assert table["person"].to_list() == ["P1", "P3", "P4", "P5", "P6"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "P17" not in path.read_text()


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        ("", ("withheld", "consent: no clinical_care", "")),
        ("research", ("withheld", "consent: no clinical_care", "research")),
        ("withdrawn", ("withheld", "consent withdrawn", "withdrawn")),
        ("clinical_care;withdrawn", ("withheld", "consent withdrawn", "withdrawn")),
        ("Research; clinical_care", ("admitted", "", "clinical_care;research")),
    ],
)
def test_consent(consent, expected, cohort, admission):
    cohort.cell("P4", "consent", consent)
    cohort.write()
    _, admitted = admission("nobody")
    row = admitted.filter(person="P4").row(0, named=True)
    assert (row["status"], row["reason"], row["consent"]) == expected


def test_strictest_consent_of_a_persons_rows_wins(cohort, admission):
    cohort.rows[1]["consent"] = "withdrawn"
    cohort.write()
    _, admitted = admission("nobody")
    row = admitted.filter(person="P1").row(0, named=True)
    assert (row["status"], row["reason"]) == ("withheld", "consent withdrawn")
    units = pl.read_csv("private/units.tsv", separator="\t")
    assert "P1" not in units["person"].to_list()


def test_a_faulty_parent_stays_named(cohort, admission):
    cohort.cell("P2", "cram", "nowhere.cram")
    cohort.write()
    _, admitted = admission("nobody")
    assert admitted.filter(person="P2")["status"].item() == "failed"
    child = admitted.filter(person="P1").row(0, named=True)
    assert (child["status"], child["father"]) == ("admitted", "P2")


def test_the_first_fault_is_the_reason_and_all_are_kept(cohort, admission):
    cohort.cell("P6", "sex", "x")
    cohort.cell("P6", "affected", "y")
    cohort.cell("P6", "fastq_1", str(cohort.folder / "geheim" / "no.fastq.gz"))
    cohort.write()
    _, admitted = admission("nobody")
    row = admitted.filter(person="P6").row(0, named=True)
    assert (row["reason"], row["sex"], row["affected"]) == ("'x' (row 8, column sex)", "unknown",
                                                             "unknown")  # fmt: skip
    codes = pl.read_csv("all_faults.tsv", separator="\t")["code"].to_list()
    assert codes == ["sex-unknown", "affected-unknown", "file-missing"]


def test_a_unit_without_verification_does_not_enter(cohort, admission, soyang):
    admission("nobody")
    ended = soyang(
        "admission", "admit", "--settings", "config.yaml", "--units", "private/units.tsv",
        "--check-faults", "faults.tsv", "--verified", "verified/S1.L1.tsv",
        "--verified", "verified/S4.L1.tsv", "--admitted", "a.tsv", "--faults", "f.tsv",
        "--crosswalk", "private/c.tsv", "--consents", "c.tsv",
    )  # fmt: skip
    assert ended.code == 0
    assert ended.out.strip() == "1 admitted, 5 failed, 1 withheld"
    table = read_table(Path("a.tsv"), ADMITTED)
    reason = table.filter(person="P1")["reason"].item()
    assert reason == "not verified: the check of its files did not end (row 3)"


def test_nobody_verified(cohort, admission, soyang):
    admission("nobody")
    ended = soyang(
        "admission", "admit", "--settings", "config.yaml", "--units", "private/units.tsv",
        "--check-faults", "faults.tsv", "--admitted", "a.tsv", "--faults", "f.tsv",
        "--crosswalk", "private/c.tsv", "--consents", "c.tsv",
    )  # fmt: skip
    assert (ended.code, ended.out.strip()) == (0, "0 admitted, 6 failed, 1 withheld")


def test_same_bytes_whatever_the_order_of_verified_files(cohort, admission, soyang):
    admission("nobody")
    seen = []
    files = sorted(Path("verified").glob("*.tsv"))
    for order in (files, files[::-1]):
        words = [word for file in order for word in ("--verified", file)]
        soyang("admission", "admit", "--settings", "config.yaml", "--units", "private/units.tsv",
               "--check-faults", "faults.tsv", *words, "--admitted", "a.tsv",
               "--faults", "f.tsv", "--crosswalk", "private/c.tsv",
               "--consents", "c.tsv")  # fmt: skip
        seen.append([Path(p).read_bytes() for p in ("a.tsv", "f.tsv", "c.tsv", "private/c.tsv")])
    assert seen[0] == seen[1]


def test_reason_has_no_path():
    fault = Fault(code="x", file="/home/someone/a.fastq.gz", row="sheet row 7", column="fastq_1",
                  found="truncated gzip", allowed="a whole file", next_step="again")  # fmt: skip
    assert reason_of(fault) == "truncated gzip (row 7, column fastq_1)"

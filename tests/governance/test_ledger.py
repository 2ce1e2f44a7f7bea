"""The ledger: everyone ends in it."""

from __future__ import annotations

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from soyang.governance.ledger import ledger
from soyang.governance.tables import DROPPED, LEDGER

ADMITTED = """\
person\tsample\thospital\tstatus\treason
P1\tS1\tA\tadmitted\t
P2\tS2\tA\tfailed\ttruncated gzip (row 3, column fastq_1)
P3\tS3\tB\twithheld\tconsent withdrawn
P4\tS4\tB\tadmitted\t
P5\tS5\tB\tadmitted\t
P6\tS6\tC\tadmitted\t
"""
VERDICTS = """\
person\tsample\tverdict\treason
P1\tS1\tpass\t
P4\tS4\tquarantine\tkinship: 90 of 900
P6\tS6\tpass\t
"""
FALLEN = [
    {"subject": "S5", "room": "reads", "verb": "align", "reason": "bwa mem ended with status 1"},
    {"subject": "P6", "room": "interpretation", "verb": "interpret", "reason": "was killed"},
]


@pytest.fixture
def inputs(tmp_path):
    (tmp_path / "admitted.tsv").write_text(ADMITTED)
    (tmp_path / "verdicts.tsv").write_text(VERDICTS)
    write_table(DROPPED.frame(FALLEN), tmp_path / "dropped.tsv", DROPPED)
    return {
        "admitted": tmp_path / "admitted.tsv",
        "verdicts": tmp_path / "verdicts.tsv",
        "dropped": tmp_path / "dropped.tsv",
        "report": [tmp_path / "reports" / "P1" / "report.json"],
        "ledger": tmp_path / "ledger.tsv",
    }


def test_everyone_ends_with_a_status_and_the_first_reason(inputs):
    ledger(**inputs)
    assert read_table(inputs["ledger"], LEDGER).rows() == [
        ("P1", "S1", "A", "reported", ""),
        ("P2", "S2", "A", "failed", "truncated gzip (row 3, column fastq_1)"),
        ("P3", "S3", "B", "withheld", "consent withdrawn"),
        ("P4", "S4", "B", "quarantined", "kinship: 90 of 900"),
        ("P5", "S5", "B", "failed", "reads align: bwa mem ended with status 1"),
        ("P6", "S6", "C", "failed", "interpretation interpret: was killed"),
    ]


@pytest.mark.parametrize("gone", ["report", "dropped"])
def test_nobody_can_vanish(inputs, gone):
    with pytest.raises(FaultError, match=r"no report of P.*and no reason"):
        ledger(**inputs | {gone: None})
    assert not inputs["ledger"].exists()


def test_a_run_in_which_nobody_was_admitted_has_a_ledger_too(inputs, tmp_path):
    nobody = pl.read_csv(inputs["admitted"], separator="\t").filter(pl.col("status") != "admitted")
    nobody.write_csv(inputs["admitted"], separator="\t")
    ledger(admitted=inputs["admitted"], ledger=inputs["ledger"])
    assert read_table(inputs["ledger"], LEDGER)["status"].to_list() == ["failed", "withheld"]

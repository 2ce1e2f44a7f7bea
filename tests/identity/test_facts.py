"""What is on record of a person, and that no report is told of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import write_table
from soyang.identity.facts import Recorded, Span, judge_record, read_facts
from soyang.identity.inputs import Subject, read_subjects
from soyang.identity.tables import VERDICTS
from soyang.interpretation.load import read_person
from tests.identity.conftest import WriteAdmitted

HEADER = "person\tfact\tconcept_id\tsource_code\tfirst_date\tlast_date\n"


def subject(sex: str = "female", collected: date | None = None) -> Subject:
    return Subject(sample="S", person="P", sex=sex, father="", mother="", collected=collected)


def test_facts_are_gathered_by_person(tmp_path: Path) -> None:
    path = tmp_path / "사실 1.tsv"
    path.write_bytes(
        ("\ufeff" + HEADER + "P2\tsex_male\t8507\t\t\t\n"
         "P1\ttransfusion\t1\tX\t2020-01-02\t2021-01-02\nP1\ttransfusion\t2\tX\t\t2022-01-02\n"
         "P1\tstem_cell_transplant\t3\tX\t2019-01-02\t2019-01-02\n").replace("\n", "\r\n").encode()
    )  # fmt: skip
    assert read_facts(path) == {
        "P1": Recorded(
            transplants=(Span(first=date(2019, 1, 2), last=date(2019, 1, 2)),),
            transfusions=(
                Span(first=date(2020, 1, 2), last=date(2021, 1, 2)),
                Span(first=None, last=date(2022, 1, 2)),
            ),
        ),
        "P2": Recorded(sex="male"),
    }
    path.write_text(HEADER)
    assert read_facts(path) == {}
    path.write_text("person\tfact\n")
    with pytest.raises(FaultError, match="first_date, last_date"):
        read_facts(path)


def test_nothing_on_record_holds_nobody_back() -> None:
    said = judge_record(subject(), Recorded(), 30)
    assert (said.sex, said.reasons, said.note, said.donor) == ("female", (), "", False)
    assert judge_record(subject("unknown"), Recorded(), 30).sex == "unknown"


def test_all_reasons_are_told() -> None:
    recorded = Recorded(sex="male", transplants=(Span(first=None, last=None),))
    reasons = judge_record(subject(), recorded, 30).reasons
    assert [reason.split(":")[0] for reason in reasons] == [
        "stem-cell transplant on record", "discordant",
    ]  # fmt: skip


def test_the_one_transplant_that_is_older_counts() -> None:
    recorded = Recorded(
        transplants=(
            Span(first=date(2024, 1, 1), last=date(2024, 1, 1)),
            Span(first=date(2019, 1, 1), last=date(2025, 1, 1)),
        )
    )
    said = judge_record(subject(collected=date(2020, 1, 1)), recorded, 30)
    assert "(since 2019-01-01; specimen taken on 2020-01-01)" in said.reasons[0]


def test_the_day_of_the_specimen_comes_with_the_admitted(write_admitted: WriteAdmitted) -> None:
    path = write_admitted({"A": {"collected": date(2020, 1, 2)}, "B": {}})
    assert {s: who.collected for s, who in read_subjects(path).items()} == {
        "A": date(2020, 1, 2), "B": None,
    }  # fmt: skip


def test_who_interprets_is_told_neither_reasons_nor_notes(
    tmp_path: Path, write_admitted: WriteAdmitted
) -> None:
    """A report is made from what is read here; the ledger takes the reasons."""
    rows = [
        {"person": "PS", "sample": "S", "verdict": "pass", "reason": "MARKER1",
         "confirmed_by": "kinship", "sex_found": "female", "note": "MARKER2",
         "contamination": 0.0123, "override": "MARKER3"}
    ]  # fmt: skip
    write_table(VERDICTS.frame(rows), tmp_path / "verdicts.tsv", VERDICTS)
    samples = pl.DataFrame({"sample": ["S"], "callable_known": [True]})
    samples.write_parquet(tmp_path / "samples.parquet")
    person = read_person(
        "PS",
        admitted=write_admitted({"S": {}}),
        verdicts=tmp_path / "verdicts.tsv",
        samples=tmp_path / "samples.parquet",
    )
    assert person.identity_confirmed
    assert "MARKER" not in repr(person) and "0.0123" not in repr(person)

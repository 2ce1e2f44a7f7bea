"""Recorded sex, transplants and transfusions, and since when."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from soyang.phenotypes.answers import ANCESTORS, CONCEPTS, EVENTS
from soyang.phenotypes.facts import facts, read_codes
from soyang.phenotypes.tables import FACTS, PERSONS

HSCT, ALLO, AUTO, HISTORY, AUTOGENOUS, SKIN, MARROW = 10, 11, 12, 13, 14, 15, 16
TRANSFUSION, RED_CELLS, AUTO_BLOOD, OTHER = 20, 21, 22, 30
CODES = {
    HSCT: "234336002", ALLO: "58390007", AUTO: "425983008", HISTORY: "2631000119108",
    AUTOGENOUS: "53088000", SKIN: "1", MARROW: "2", TRANSFUSION: "116859006", RED_CELLS: "3",
    AUTO_BLOOD: "3320000", OTHER: "4",
}  # fmt: skip
BELOW = (
    (ALLO, HSCT), (AUTO, HSCT), (AUTO, AUTOGENOUS), (SKIN, AUTOGENOUS), (MARROW, HSCT),
    (MARROW, AUTOGENOUS), (RED_CELLS, TRANSFUSION), (AUTO_BLOOD, TRANSFUSION),
)  # fmt: skip


class Records:
    """The verb on a few records."""

    def __init__(self, folder: Path, codes: Path) -> None:
        self.folder = folder / "한글 폴더"
        self.folder.mkdir()
        self.codes = codes

    def run(self, *events: dict[str, Any], **sexes: str) -> list[tuple[Any, ...]]:
        people = {"P1": "unknown"} | sexes
        self._write(PERSONS, "persons.tsv", [self._person(p, sex) for p, sex in people.items()])
        self._write(EVENTS, "events.parquet", [EVENT | event for event in events])
        concepts = [
            {"concept_id": number, "concept_code": code, "concept_name": "", "domain": "",
             "vocabulary": "SNOMED", "standard": True, "valid": True}
            for number, code in CODES.items()
        ]  # fmt: skip
        self._write(CONCEPTS, "concepts.parquet", concepts)
        lines = [{"concept_id": c, "ancestor_id": a, "levels": 1} for c, a in BELOW]
        lines += [{"concept_id": c, "ancestor_id": c, "levels": 0} for c in CODES]
        self._write(ANCESTORS, "ancestors.parquet", lines)
        out = self.folder / "facts.tsv"
        facts(
            persons=self.folder / "persons.tsv",
            events=self.folder / "events.parquet",
            concepts=self.folder / "concepts.parquet",
            ancestors=self.folder / "ancestors.parquet",
            codes=self.codes,
            facts=out,
        )
        return read_table(out, FACTS).rows()

    def _write(self, table: Any, name: str, rows: list[dict[str, Any]]) -> None:
        frame = pl.DataFrame(rows, schema=table.schema)
        write_table(frame, self.folder / name, table)

    def _person(self, name: str, sex: str) -> dict[str, Any]:
        return dict.fromkeys(PERSONS.names) | {
            "person": name, "hospital": "", "record": "found", "sex_recorded": sex, "records": 0,
        }  # fmt: skip


EVENT: dict[str, Any] = dict.fromkeys(EVENTS.names) | {
    "person": "P1", "domain": "procedure", "concept_id": 0, "source_code": "",
    "source_vocabulary": "", "value_concept_id": 0, "unit": "", "absent": False, "hospital": "",
}  # fmt: skip
EARLY, DAY, LATER = date(2020, 1, 1), date(2022, 5, 6), date(2024, 7, 8)


def done(concept: int, day: date | None = DAY, **more: Any) -> dict[str, Any]:
    return {"concept_id": concept, "start_date": day, **more}


def coded(code: str, day: date | None = DAY, vocabulary: str = "KCD7", **more: Any) -> Any:
    return {
        "source_code": code, "source_vocabulary": vocabulary, "start_date": day,
        "domain": "condition", **more,
    }  # fmt: skip


@pytest.fixture
def records(tmp_path: Path, root: Path) -> Records:
    return Records(tmp_path, root / "resources" / "knowledge" / "identity_facts.tsv")


def test_sex_as_the_platform_has_it(records: Records) -> None:
    found = records.run(P2="female", P3="male")
    assert found == [
        ("P2", "sex_female", 8532, "", None, None),
        ("P3", "sex_male", 8507, "", None, None),
    ]


def test_nobody_on_record(records: Records) -> None:
    assert records.run() == []
    assert records.run(done(OTHER), coded("I10")) == []


@pytest.mark.parametrize(
    ("concept", "fact"),
    [
        (HSCT, "stem_cell_transplant"),
        (ALLO, "stem_cell_transplant"),
        (TRANSFUSION, "transfusion"),
        (RED_CELLS, "transfusion"),
        (AUTO, None),
        (MARROW, None),
        (SKIN, None),
        (AUTO_BLOOD, None),
        (OTHER, None),
    ],
)
def test_concepts_and_what_is_below_them(concept: int, fact: str | None, records: Records) -> None:
    found = records.run(done(concept))
    assert found == ([("P1", fact, concept, "", DAY, DAY)] if fact else [])


@pytest.mark.parametrize(
    ("code", "vocabulary", "fact"),
    [
        ("Z94.8", "KCD7", "stem_cell_transplant"),
        ("z9480", "KCD7", "stem_cell_transplant"),
        ("Z94.8", "", "stem_cell_transplant"),
        ("T86.0", "ICD10", "stem_cell_transplant"),
        ("Z94.81", "ICD10CM", "stem_cell_transplant"),
        ("Z51.3", "KCD7", "transfusion"),
        ("Z94.82", "ICD10CM", None),  # intestine
        ("Z94.0", "KCD7", None),  # kidney
        ("Z94.8", "EDI", None),
    ],
)
def test_source_codes(code: str, vocabulary: str, fact: str | None, records: Records) -> None:
    assert [row[1] for row in records.run(coded(code, vocabulary=vocabulary))] == (
        [fact] if fact else []
    )
    mapped = records.run(coded(code, vocabulary=vocabulary, concept_id=OTHER))
    assert [row[1] for row in mapped] == ([fact] if fact else [])


def test_denied_records_and_people_who_are_not_admitted_do_not_count(records: Records) -> None:
    assert records.run(done(ALLO, absent=True), done(ALLO, person="P9")) == []


def test_first_and_last_day(records: Records) -> None:
    found = records.run(done(RED_CELLS, LATER), done(RED_CELLS, EARLY), done(TRANSFUSION))
    assert found == [
        ("P1", "transfusion", TRANSFUSION, "", DAY, DAY),
        ("P1", "transfusion", RED_CELLS, "", EARLY, LATER),
    ]


def test_a_status_does_not_say_since_when(records: Records) -> None:
    assert records.run(done(HISTORY)) == [("P1", "stem_cell_transplant", HISTORY, "", None, DAY)]
    explained = records.run(done(HISTORY, LATER), done(ALLO, DAY))
    assert [(row[2], row[4]) for row in explained] == [(ALLO, DAY), (HISTORY, LATER)]
    before = records.run(done(HISTORY, EARLY), done(ALLO, DAY))
    assert [(row[2], row[4]) for row in before] == [(ALLO, DAY), (HISTORY, None)]


def test_an_undated_transplant_has_no_first_day(records: Records) -> None:
    found = records.run(done(ALLO, None), done(ALLO, DAY))
    assert found == [("P1", "stem_cell_transplant", ALLO, "", None, DAY)]


def test_own_cells_explain_what_does_not_say_whose(records: Records) -> None:
    assert records.run(done(AUTO, EARLY), coded("Z94.8", LATER)) == []
    assert records.run(done(AUTO, DAY), done(HSCT, DAY)) == []
    assert [row[2] for row in records.run(done(AUTO, LATER), done(HSCT, DAY))] == [HSCT]
    assert [row[3] for row in records.run(done(AUTO, LATER), coded("Z94.8", DAY))] == ["Z94.8"]
    assert [row[2] for row in records.run(done(AUTO, EARLY), done(ALLO, DAY))] == [ALLO]
    assert len(records.run(done(SKIN, EARLY), coded("Z94.8", LATER))) == 1
    assert len(records.run(done(AUTO, EARLY, person="P2"), coded("Z94.8"), P2="male")) == 2


def test_same_bytes_whatever_the_order(records: Records) -> None:
    events = [done(ALLO), done(HSCT, LATER), coded("Z51.3", EARLY), coded("Z94.8", LATER)]
    records.run(*events, P2="male")
    first = (records.folder / "facts.tsv").read_bytes()
    records.run(*events[::-1], P2="male")
    assert (records.folder / "facts.tsv").read_bytes() == first


def test_every_code_has_its_source(root: Path) -> None:
    table = root / "resources" / "knowledge" / "identity_facts.tsv"
    assert read_codes(table)["fact"].unique().sort().to_list() == [
        "stem_cell_transplant", "transfusion",
    ]  # fmt: skip
    rows = [line.split("\t") for line in table.read_text().splitlines() if line[0] != "#"]
    assert {len(row) for row in rows} == {7}
    assert all(row[6].strip() for row in rows)


def test_a_table_of_codes_with_an_unknown_word_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes.tsv"
    path.write_bytes(
        "\ufeff# 설명\r\nfact\tvocabulary\tcode\tinclude_descendants\twhose\ttells\tsource\r\n"
        "transfusion\tSNOMED\t1\tyes\tdonor\tevent\tx\r\n"
        "transfusions\tSNOMED\t\tperhaps\tdonor\tevent\tx\r\n".encode()
    )
    with pytest.raises(FaultError) as caught:
        read_codes(path)
    assert [(f.row, f.column) for f in caught.value.faults] == [
        ("4", "fact"), ("4", "code"), ("4", "include_descendants"),
    ]  # fmt: skip

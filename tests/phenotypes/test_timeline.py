"""The timeline: everything in order, what can't be true flagged."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from soyang.phenotypes.answers import CONCEPTS, EVENTS
from soyang.phenotypes.tables import LIFELOG_DAYS, PERSONS, TIMELINE
from soyang.phenotypes.timeline import timeline

EVENT = {
    "person": "P1",
    "domain": "condition",
    "concept_id": 0,
    "source_code": "",
    "source_vocabulary": "",
    "start_date": date(2020, 1, 1),
    "end_date": None,
    "value": None,
    "value_concept_id": 0,
    "unit": "",
    "range_low": None,
    "range_high": None,
    "absent": False,
    "hospital": "서울",
}
PERSON = {
    "person": "P1",
    "hospital": "서울",
    "record": "found",
    "sex_recorded": "female",
    "birth_year": 1980,
    "birth_date": date(1980, 5, 5),
    "death_date": date(2024, 1, 1),
    "observed_from": None,
    "observed_to": None,
    "records": 1,
}
CONCEPT = {"vocabulary": "SNOMED", "domain": "Condition", "standard": True, "valid": True}
NAMES = [
    CONCEPT | {"concept_id": 10, "concept_code": "91175000", "concept_name": "Seizure"},
    CONCEPT | {"concept_id": 11, "concept_code": "10828004", "concept_name": "Positive"},
]


@pytest.fixture
def run(tmp_path):
    def start(*events, people=(PERSON,), days=(), today="2026-03-01"):
        paths = {name: tmp_path / f"{name}.parquet" for name in ("events", "concepts", "days")}
        people_path, out = tmp_path / "persons.tsv", tmp_path / "timeline.parquet"
        write_table(EVENTS.frame([EVENT | event for event in events]), paths["events"], EVENTS)
        write_table(CONCEPTS.frame(NAMES), paths["concepts"], CONCEPTS)
        write_table(LIFELOG_DAYS.frame(days), paths["days"], LIFELOG_DAYS)
        write_table(PERSONS.frame(people), people_path, PERSONS)
        timeline(
            persons=people_path,
            events=paths["events"],
            concepts=paths["concepts"],
            lifelog_days=paths["days"],
            date=today,
            timeline=out,
        )
        return read_table(out, TIMELINE)

    return start


def test_everything_is_in_order_and_named(run):
    day = {
        "person": "P1",
        "day": date(2020, 3, 1),
        "measure": "steps",
        "value": 8000.0,
        "unit": "{steps}",
        "hours_worn": 12.0,
        "points": 3,
        "valid": True,
        "reason": "",
    }
    short = day | {"day": date(2020, 3, 2), "valid": False, "reason": "worn_too_short"}
    found = run(
        {"person": "P2", "start_date": date(2010, 1, 1)},
        {"start_date": None, "source_code": "undated"},
        {"start_date": date(2020, 4, 1), "concept_id": 10, "source_code": "G40.9"},
        {"start_date": date(2020, 2, 1), "domain": "measurement", "value_concept_id": 11},
        people=(PERSON, PERSON | {"person": "P2"}),
        days=(day, short),
    )
    assert found["person"].to_list() == ["P1", "P1", "P1", "P1", "P2"]
    assert found["kind"].to_list()[:4] == ["measurement", "lifelog", "condition", "condition"]
    seizure = found.row(2, named=True)
    assert (seizure["name"], seizure["code"], seizure["vocabulary"], seizure["hospital"]) == (
        "Seizure",
        "91175000",
        "SNOMED",
        "서울",
    )
    assert found["value_name"][0] == "Positive"
    assert found["source_code"][3] == "undated"
    assert found["name"][1] == "steps"
    assert set(found["flag"]) == {""}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"value": 1.0, "range_low": 2.0, "range_high": 3.0}, "low"),
        ({"value": 4.0, "range_low": 2.0, "range_high": 3.0}, "high"),
        ({"value": 2.0, "range_low": 2.0, "range_high": 3.0}, ""),
        ({"value": 4.0, "range_low": 2.0}, ""),
        ({"value": None, "range_low": 2.0, "range_high": 3.0}, ""),
        ({"absent": True}, "absent"),
        ({"start_date": date(1980, 5, 4)}, "implausible"),
        ({"start_date": date(1980, 5, 5)}, ""),
        ({"start_date": date(2024, 3, 1)}, ""),
        ({"start_date": date(2024, 3, 2)}, "implausible"),
        ({"start_date": date(2020, 1, 1), "end_date": date(2019, 12, 31)}, "implausible"),
        ({"start_date": None}, ""),
        ({"start_date": date(1970, 1, 1), "absent": True}, "implausible"),
    ],
)
def test_flags(run, event, expected):
    assert run(event)["flag"].to_list() == [expected]


def test_the_future_is_after_the_reports_not_after_now(run):
    alive = PERSON | {"death_date": None, "birth_date": None}
    days = [{"start_date": date(2026, 3, d)} for d in (1, 2)]
    assert run(*days, people=(alive,))["flag"].to_list() == ["", "implausible"]
    assert run(*days, people=(alive,), today="2026-03-02")["flag"].to_list() == ["", ""]


def test_a_birth_year_alone_judges_by_the_year(run):
    people = (PERSON | {"birth_date": None},)
    found = run({"start_date": date(1980, 1, 1)}, {"start_date": date(1979, 12, 31)}, people=people)
    assert found["flag"].to_list() == ["implausible", ""]


def test_without_records_or_people(run):
    assert run().is_empty()
    found = run({}, people=())
    assert found["flag"].to_list() == [""]


def test_a_date_that_is_none_is_a_fault(run):
    with pytest.raises(FaultError, match="YYYY-MM-DD"):
        run(today="first of March")


def test_columns_have_their_types(run):
    assert run({}).schema == pl.Schema(TIMELINE.schema)

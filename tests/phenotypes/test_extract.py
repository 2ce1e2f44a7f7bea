"""From a hospital's OMOP CDM to HPO terms."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from soyang.core.errors import FaultError


@pytest.fixture
def site(hospital: Any) -> Any:
    """One hospital with one person, 900001, known to the platform."""
    made = hospital()
    made.person("A", "900001")
    made.known(900001, gender=8532, year=1984)
    return made


def test_condition_leads_to_term_with_concept_and_dates(site: Any) -> None:
    site.insert("observation_period", 900001, "2019-05-01", "2022-06-30")
    site.condition(900001, 100, "G40.9 간질", "2020-03-01")
    site.condition(900001, 100, "G40.9 간질", "2021-04-02")
    found = site.extract()
    assert found["profile"].to_dicts() == [
        {
            "person": "A",
            "hpo_id": "HP:0001250",
            "hpo_name": "Seizure",
            "status": "observed",
            "domain": "condition",
            "concept_id": 100,
            "concept_code": "91175000",
            "concept_vocabulary": "SNOMED",
            "source_code": "G40.9 간질",
            "source_vocabulary": "KCD7",
            "first_date": date(2020, 3, 1),
            "last_date": date(2021, 4, 2),
            "records": 2,
        }
    ]
    assert found["persons"].to_dicts() == [
        {
            "person": "A",
            "hospital": "H1",
            "record": "found",
            "sex_recorded": "female",
            "birth_year": 1984,
            "observed_from": date(2019, 5, 1),
            "observed_to": date(2022, 6, 30),
            "records": 2,
            "unmapped": 0,
        }
    ]


@pytest.mark.parametrize(
    ("value", "qualifier", "status"),
    [
        (4132135, None, "excluded"),
        (None, 4132135, "excluded"),
        (4188540, None, "excluded"),
        (4188539, None, "observed"),
        (None, None, "observed"),
        (0, 0, "observed"),
    ],
)
def test_observation_is_excluded_only_where_it_says_so(
    site: Any, value: int | None, qualifier: int | None, status: str
) -> None:
    site.observation(900001, 102, "H91", value, qualifier)
    profile = site.extract()["profile"]
    assert profile.select("hpo_id", "status", "domain").rows() == [
        ("HP:0000365", status, "observation")
    ]


def test_unmapped_records_are_counted_by_hospital(hospital: Any) -> None:
    site = hospital()
    for number, name in ((1, "A"), (2, "B")):
        site.person(name, str(number))
        site.known(number)
        site.condition(number, 0, "U07.1")
    site.person("C", "3", hospital="H2")
    site.known(3)
    site.condition(3, 0, "U07.1")
    site.condition(3, 0, None)
    site.condition(3, 201, "G40")
    found = site.extract()
    assert found["profile"].is_empty()
    assert found["unmapped"].rows() == [
        ("H1", "U07.1", 0, 2, 2),
        ("H2", "", 0, 1, 1),
        ("H2", "G40", 201, 1, 1),
        ("H2", "U07.1", 0, 1, 1),
    ]
    assert found["persons"].select("person", "records", "unmapped").rows() == [
        ("A", 1, 1),
        ("B", 1, 1),
        ("C", 3, 3),
    ]


def test_nearest_ancestor_stands_in_for_an_observed_concept(site: Any) -> None:
    site.insert("concept_ancestor", 100, 101, 2)
    site.insert("concept_ancestor", 103, 101, 5)
    site.insert("concept_ancestor", 101, 101, 0)
    site.condition(900001, 101, "G40.3")
    profile = site.extract()["profile"]
    assert profile.select("hpo_id", "concept_id", "concept_code").rows() == [
        ("HP:0001250", 101, "230456007")
    ]


def test_absence_of_a_narrow_finding_does_not_deny_the_wide_one(site: Any) -> None:
    site.insert("concept_ancestor", 100, 101, 1)
    site.observation(900001, 101, "no", 4132135)
    found = site.extract()
    assert found["profile"].is_empty()
    assert found["persons"]["unmapped"].to_list() == [1]


def test_an_ancestor_that_says_nothing_is_not_used(site: Any) -> None:
    site.insert("concept_ancestor", 103, 104, 1)
    site.condition(900001, 104, "R69")
    assert site.extract()["profile"].is_empty()


def test_without_concept_ancestor_direct_references_still_work(site: Any) -> None:
    site.ddl = site.ddl.split("CREATE TABLE concept_ancestor")[0]
    site.condition(900001, 100, "G40")
    site.condition(900001, 101, "G40.3")
    found = site.extract()
    assert found["profile"]["hpo_id"].to_list() == ["HP:0001250"]
    assert found["unmapped"]["source_code"].to_list() == ["G40.3"]


def test_found_not_found_and_nobody_looked_are_three_answers(site: Any) -> None:
    site.person("B", "900002")
    site.person("C", "")
    persons = site.extract()["persons"]
    assert persons.select("person", "record", "sex_recorded", "birth_year").rows() == [
        ("A", "found", "female", 1984),
        ("B", "not_found", "unknown", None),
        ("C", "no_platform", "unknown", None),
    ]


def test_without_platform_nobody_is_looked_up(site: Any) -> None:
    found = site.extract(build=False, with_omop=False)
    assert found["persons"]["record"].to_list() == ["no_platform"]
    assert found["profile"].is_empty()
    assert found["unmapped"].is_empty()


def test_who_was_not_admitted_is_not_looked_up(site: Any) -> None:
    site.person("W", "900003", status="withheld")
    site.known(900003)
    site.condition(900003, 100, "G40")
    found = site.extract()
    assert found["persons"]["person"].to_list() == ["A"]
    assert found["profile"].is_empty()


def test_other_people_of_the_platform_stay_there(site: Any) -> None:
    site.known(1)
    site.condition(1, 100, "G40")
    assert site.extract()["profile"].is_empty()


def test_platform_id_is_in_no_output(site: Any) -> None:
    site.condition(900001, 100, "G40")
    site.extract()
    for name in ("persons", "profile", "unmapped"):
        assert "900001" not in (site.folder / f"{name}.tsv").read_text()


def test_database_is_left_as_it_was(site: Any) -> None:
    site.condition(900001, 100, "G40")
    site.build()
    before = site.omop.read_bytes()
    site.extract(build=False)
    assert site.omop.read_bytes() == before
    assert [path.name for path in site.folder.glob("*.wal")] == []


def test_order_of_records_does_not_matter(site: Any) -> None:
    site.condition(900001, 100, "나")
    site.condition(900001, 102, "가")
    site.observation(900001, 100, "나")
    site.extract()
    first = (site.folder / "profile.tsv").read_bytes()
    site.statements.reverse()
    site.extract()
    assert (site.folder / "profile.tsv").read_bytes() == first


def test_a_source_value_may_hold_tabs_and_quotes(site: Any) -> None:
    site.condition(900001, 100, 'G40\t"간질"')
    assert site.extract()["profile"]["source_code"].to_list() == ['G40\t"간질"']


def test_a_named_schema_is_found(site: Any) -> None:
    site.ddl = "CREATE SCHEMA cdm54; USE cdm54;" + site.ddl
    site.condition(900001, 100, "G40")
    assert len(site.extract()["profile"]) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("CREATE TABLE observation (", "CREATE TABLE observations (", "no such table"),
        ("condition_source_value", "source_value", "condition_source_value"),
        ("person (\n    person_id BIGINT", "person (\n    person_id VARCHAR", "VARCHAR"),
        ("condition_start_date DATE", "condition_start_date VARCHAR", "Conversion Error"),
    ],
)
def test_a_cdm_of_another_shape_is_refused(site: Any, old: str, new: str, message: str) -> None:
    site.ddl = site.ddl.replace(old, new)
    assert new in site.ddl
    if "DATE" in old:
        site.condition(900001, 100, "G40", "어제")
    with pytest.raises(FaultError, match=message) as caught:
        site.extract()
    assert all(fault.next_step and "병원 CDM" in fault.file for fault in caught.value.faults)


def test_every_missing_table_is_named_at_once(site: Any) -> None:
    site.ddl, site.statements = "CREATE TABLE person (person_id BIGINT);", []
    with pytest.raises(FaultError) as caught:
        site.extract()
    assert len(caught.value.faults) == 6


@pytest.mark.parametrize("content", [None, b"", b"not a database\n" * 100])
def test_a_file_that_is_no_database_is_refused(site: Any, content: bytes | None) -> None:
    if content is not None:
        site.omop.write_bytes(content)
    with pytest.raises(FaultError, match="a DuckDB database"):
        site.extract(build=False)


def test_a_truncated_database_is_refused(site: Any) -> None:
    site.build()
    site.omop.write_bytes(site.omop.read_bytes()[:5000])
    with pytest.raises(FaultError):
        site.extract(build=False)


@pytest.mark.parametrize("identifier", ["P-17", "12.5", "9" * 20, "１２"])
def test_an_id_that_is_no_number_is_refused_without_telling_it(
    hospital: Any, identifier: str
) -> None:
    site = hospital()
    site.person("A", identifier)
    with pytest.raises(FaultError, match="not a whole number") as caught:
        site.extract()
    assert identifier not in str(caught.value)
    assert caught.value.faults[0].person == "A"


def test_two_people_with_one_id_are_refused(site: Any) -> None:
    site.person("B", "900001")
    with pytest.raises(FaultError, match="another has") as caught:
        site.extract()
    assert {fault.person for fault in caught.value.faults} == {"A", "B"}
    assert "900001" not in str(caught.value)


def test_one_person_with_two_ids_is_refused(site: Any) -> None:
    site.crosswalk.append(("A", "900002"))
    with pytest.raises(FaultError, match="two ids"):
        site.extract()


def test_a_person_twice_in_the_cdm_is_refused(site: Any) -> None:
    site.known(900001)
    with pytest.raises(FaultError, match="several rows for A"):
        site.extract()


def test_a_record_without_date_is_refused(site: Any) -> None:
    site.condition(900001, 100, "G40", None)
    with pytest.raises(FaultError, match="no date"):
        site.extract()


def test_empty_cohort(hospital: Any) -> None:
    found = hospital().extract()
    assert all(isinstance(frame, pl.DataFrame) and frame.is_empty() for frame in found.values())


def test_crosswalk_with_bom_and_windows_line_ends(site: Any, monkeypatch: Any) -> None:
    site.condition(900001, 100, "G40")
    write = type(site)._inputs

    def windows(self: Any) -> None:
        write(self)
        path = self.folder / "crosswalk.tsv"
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    monkeypatch.setattr(type(site), "_inputs", windows)
    assert len(site.extract()["profile"]) == 1

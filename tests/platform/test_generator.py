"""The synthetic platform has the shapes that it promises, and is the same each time."""

from __future__ import annotations

from pathlib import Path

import codes
import duckdb
import fhir_resources
import generator
import polars as pl
import pytest
import vocabulary
import writers
from generator import Cohort


def test_same_seed_same_rows_other_seed_others() -> None:
    one, again, other = (generator.generate(30, seed=s) for s in (1, 1, 2))
    for name, frame in one.tables.items():
        assert frame.equals(again.tables[name]), name
    assert one.crosswalk.equals(again.crosswalk)
    assert not one.tables["measurement"].equals(other.tables["measurement"])


@pytest.mark.parametrize("persons", [1, 2, 500])
def test_any_number_of_people(persons: int) -> None:
    cohort = generator.generate(persons, seed=3)
    assert len(cohort.tables["person"]) == persons
    known = set(cohort.tables["person"]["person_id"])
    for name, frame in cohort.tables.items():
        if "person_id" in frame.columns:
            assert set(frame["person_id"]) <= known, name


def test_shares_of_mapped_codes_are_korea_s() -> None:
    mapped = [bool(vocabulary.maps_to(code)) for code in codes.TESTS]
    assert 0.30 < sum(mapped) / len(mapped) < 0.32
    conditions = generator.generate(400, common=True).tables["condition_occurrence"]
    assert 0.985 < (conditions["condition_concept_id"] > 0).mean() < 0.995


def test_shapes_are_there(platform_data: Cohort) -> None:
    tables = platform_data.tables
    measured = tables["measurement"]
    units = set(measured["unit_source_value"])
    assert {None, "mg/dL", "mg/dl", "밀리그램"} <= units
    assert measured.filter(
        pl.col("value_as_number").is_not_null() & (pl.col("unit_source_value").is_null())
    ).height
    conditions = tables["condition_occurrence"].join(tables["person"], on="person_id")
    days = pl.col("condition_start_date").dt.year()
    assert conditions.filter(days < pl.col("year_of_birth")).height
    assert conditions.filter(days > 2030).height
    assert conditions.filter(pl.col("condition_end_date").is_not_null()).height
    assert conditions.drop("condition_occurrence_id").is_duplicated().any()
    assert tables["observation"].filter(value_as_concept_id=codes.ABSENT).height
    assert set(tables["person"]["person_id"]) - set(conditions["person_id"])
    assert tables["observation_period"]["person_id"].is_duplicated().any()
    done = set(tables["procedure_occurrence"]["procedure_concept_id"])
    wanted = {vocabulary.standard()["SNOMED", c] for c in ("23719005", "116859006")}
    assert wanted <= done


def test_crosswalk_is_not_the_platform(platform_data: Cohort) -> None:
    there = set(platform_data.tables["person"]["person_id"].cast(pl.String))
    asked = set(platform_data.crosswalk["platform_person_id"])
    assert len(asked - there) == 2
    assert there - asked


def test_common_leaves_out_what_r4_cannot_say(common_data: Cohort, platform_data: Cohort) -> None:
    assert "note_nlp" not in common_data.tables
    assert "note_nlp" in platform_data.tables
    measured = common_data.tables["measurement"]
    both = measured.filter(
        pl.col("value_as_number").is_not_null() & pl.col("value_as_concept_id").is_not_null()
    )
    assert both.is_empty()
    assert common_data.tables["observation"]["qualifier_concept_id"].null_count() == len(
        common_data.tables["observation"]
    )
    assert platform_data.tables["observation"]["qualifier_concept_id"].drop_nulls().len()


def test_writers_keep_every_row(platform_data: Cohort, tmp_path: Path) -> None:
    path = writers.to_duckdb(platform_data.tables, tmp_path / "합성 플랫폼" / "cdm.duckdb")
    folder = writers.to_parquet(platform_data.tables, tmp_path / "합성 parquet")
    with duckdb.connect(str(path), read_only=True) as connection:
        for name, frame in platform_data.tables.items():
            assert connection.sql(f"SELECT count(*) FROM {name}").fetchall() == [(len(frame),)]
            assert len(pl.read_parquet(folder / f"{name}.parquet")) == len(frame)
        sites = connection.sql("SELECT care_site_name FROM care_site").fetchall()
    assert {name for (name,) in sites} == set(codes.HOSPITALS)
    people = pl.read_parquet(folder / "measurement.parquet")["person_id"]
    assert people.is_sorted()


def test_each_record_is_one_resource(common_data: Cohort) -> None:
    made = list(fhir_resources.resources(common_data.tables))
    names = {(r["resourceType"], r["id"]) for r in made}
    assert len(names) == len(made)
    tables = ("measurement", "observation")
    assert sum(r["resourceType"] == "Observation" for r in made) == sum(
        len(common_data.tables[t]) for t in tables
    )
    refs = {r["subject"]["reference"] for r in made if "subject" in r}
    assert refs <= {f"Patient/{r['id']}" for r in made if r["resourceType"] == "Patient"}

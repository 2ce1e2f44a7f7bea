"""Synthetic OMOP people that others made: extract and map work, counts agree with plain SQL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import realistic
from workspace import RECORD, Workspace

from soyang.core.clinical import Platform
from soyang.core.tables import read_table
from soyang.phenotypes.tables import MAPPING, PERSONS, PROFILE, UNMAPPED

DOMAINS = {
    "condition": "condition_occurrence",
    "observation": "observation",
    "medicine": "drug_exposure",
    "measurement": "measurement",
    "procedure": "procedure_occurrence",
}


@pytest.fixture(
    scope="module",
    params=["100", pytest.param("1001", marks=pytest.mark.platform)],
)
def realistic_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, Path]:
    """One of :data:`realistic.SETS`, the first 60 people of it extracted and mapped."""
    folder = tmp_path_factory.mktemp("실제 같은")
    cdm = realistic.to_duckdb(request.param, folder / "cdm.duckdb")
    people = sql(cdm, "SELECT person_id FROM person ORDER BY person_id LIMIT 60")
    crosswalk = pl.DataFrame(
        [(f"SYN-{n:03}", str(number)) for n, (number,) in enumerate(people, start=1)],
        schema={"person": pl.String, "platform_person_id": pl.String},
        orient="row",
    )
    work = Workspace(folder=folder / "work", crosswalk=crosswalk).prepare()
    work.demand("phenotypes", "extract", *work.extract_words(Platform(omop=cdm)))
    work.map()
    return work, cdm


def sql(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return list(connection.sql(query).fetchall())


def tables_of(path: Path) -> set[str]:
    return {name for (name,) in sql(path, "SHOW TABLES")}


def test_records_agree_with_plain_sql(realistic_run: tuple[Workspace, Path]) -> None:
    work, cdm = realistic_run
    events = pl.read_parquet(work.folder / "results/phenotypes/events.parquet")
    wanted = ", ".join(work.crosswalk["platform_person_id"])
    there = {d: t for d, t in DOMAINS.items() if t in tables_of(cdm)}
    assert len(there) >= 4
    for domain, table in there.items():
        ((rows,),) = sql(cdm, f"SELECT count(*) FROM {table} WHERE person_id IN ({wanted})")
        assert len(events.filter(domain=domain)) == rows > 0, domain
    ((total, lowest),) = sql(
        cdm,
        f"SELECT CAST(sum(value_as_number) AS DOUBLE), min(measurement_date) FROM measurement "
        f"WHERE person_id IN ({wanted})",
    )
    measured = events.filter(domain="measurement")
    assert measured["value"].sum() == pytest.approx(total)
    assert measured["start_date"].min() == lowest


def test_persons_agree_with_plain_sql(realistic_run: tuple[Workspace, Path]) -> None:
    work, cdm = realistic_run
    persons = read_table(work.folder / "results/phenotypes/persons.tsv", PERSONS)
    assert set(persons["record"]) == {"found"}
    ((men,),) = sql(
        cdm,
        "SELECT count(*) FROM (FROM person ORDER BY person_id LIMIT 60) "
        "WHERE gender_concept_id = 8507",
    )
    assert persons.filter(sex_recorded="male").height == men > 0
    named = persons.join(work.crosswalk, on="person")
    born = dict(sql(cdm, "SELECT person_id, year_of_birth FROM person"))
    for number, year in named.select("platform_person_id", "birth_year").iter_rows():
        assert born[int(number)] == year


def test_map_leaves_no_record_out_of_sight(realistic_run: tuple[Workspace, Path]) -> None:
    work, _ = realistic_run
    folder = work.folder / "results/phenotypes"
    profile = read_table(folder / "profile.tsv", PROFILE)
    mapping = read_table(folder / "mapping.tsv", MAPPING)
    unmapped = read_table(folder / "unmapped.tsv", UNMAPPED)
    events = pl.read_parquet(folder / "events.parquet")
    conditions = events.filter(domain="condition")
    assert mapping.filter(domain="condition")["records"].sum() == len(conditions)
    lost = mapping.filter(domain="condition")["no_term"].sum()
    assert unmapped.filter(domain="condition")["records"].sum() == lost < len(conditions)
    assert profile.filter(domain="condition").height
    assert all(re.fullmatch(r"HP:\d{7}", term) for term in profile["hpo_id"])
    codes = set(profile["concept_id"]) - {0}
    assert codes <= set(pl.read_parquet(folder / "concepts.parquet")["concept_id"])


def test_same_bytes_again(realistic_run: tuple[Workspace, Path], tmp_path: Path) -> None:
    work, cdm = realistic_run
    again = Workspace(folder=tmp_path, crosswalk=work.crosswalk.reverse()).prepare()
    again.demand("phenotypes", "extract", *again.extract_words(Platform(omop=cdm)))
    for name in RECORD.values():
        first = (work.folder / "results/phenotypes" / name).read_bytes()
        assert (tmp_path / "results/phenotypes" / name).read_bytes() == first, name

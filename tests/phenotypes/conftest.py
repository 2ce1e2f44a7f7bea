"""A small OMOP CDM, made table by table in a real DuckDB file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from soyang.admission.tables import ADMITTED
from soyang.core.tables import read_table, write_table
from soyang.phenotypes.extract import extract
from soyang.phenotypes.tables import PERSONS, PROFILE, TERMS, UNMAPPED

DDL = """
CREATE TABLE person (
    person_id BIGINT, gender_concept_id INTEGER, year_of_birth INTEGER);
CREATE TABLE observation_period (
    person_id BIGINT, observation_period_start_date DATE, observation_period_end_date DATE);
CREATE TABLE condition_occurrence (
    person_id BIGINT, condition_concept_id INTEGER, condition_start_date DATE,
    condition_source_value VARCHAR, condition_source_concept_id INTEGER);
CREATE TABLE observation (
    person_id BIGINT, observation_concept_id INTEGER, observation_date DATE,
    observation_source_value VARCHAR, observation_source_concept_id INTEGER,
    value_as_concept_id INTEGER, qualifier_concept_id INTEGER);
CREATE TABLE concept (
    concept_id INTEGER, concept_code VARCHAR, vocabulary_id VARCHAR);
CREATE TABLE concept_ancestor (
    ancestor_concept_id INTEGER, descendant_concept_id INTEGER,
    min_levels_of_separation INTEGER);
"""

CONCEPTS = [
    (100, "91175000", "SNOMED"),  # seizure
    (101, "230456007", "SNOMED"),  # narrower than seizure, without a cross-reference
    (102, "15188001", "SNOMED"),  # hearing loss
    (103, "404684003", "SNOMED"),  # clinical finding: too wide to say anything
    (104, "77777777", "SNOMED"),  # below clinical finding only
    (200, "G40", "KCD7"),
    (201, "91175000", "Nebraska Lexicon"),  # the same digits in another vocabulary
]


@dataclass
class Hospital:
    """A CDM, the admitted people, their crosswalk, and what `extract` wrote of them."""

    folder: Path
    crosswalk: list[tuple[str, str]] = field(default_factory=list)
    admitted: list[tuple[str, str, str]] = field(default_factory=list)
    statements: list[tuple[str, list[Any]]] = field(default_factory=list)
    ddl: str = DDL

    def person(
        self, name: str, identifier: str, *, hospital: str = "H1", status: str = "admitted"
    ) -> None:
        self.admitted.append((name, hospital, status))
        if identifier:
            self.crosswalk.append((name, identifier))

    def insert(self, table: str, *values: Any) -> None:
        marks = ", ".join("?" * len(values))
        self.statements.append((f"INSERT INTO {table} VALUES ({marks})", list(values)))

    def known(self, identifier: int, gender: int = 8507, year: int | None = 1990) -> None:
        self.insert("person", identifier, gender, year)

    def condition(
        self,
        who: int,
        concept: int,
        source: str | None,
        day: str = "2020-01-01",
        vocabulary: int = 200,
    ) -> None:
        self.insert("condition_occurrence", who, concept, day, source, vocabulary)

    def observation(
        self,
        who: int,
        concept: int,
        source: str,
        value: int | None = None,
        qualifier: int | None = None,
    ) -> None:
        self.insert("observation", who, concept, "2021-02-03", source, None, value, qualifier)

    @property
    def omop(self) -> Path:
        return self.folder / "병원 CDM.duckdb"

    def build(self) -> None:
        self.omop.unlink(missing_ok=True)
        with duckdb.connect(str(self.omop)) as connection:
            connection.execute(self.ddl)
            for concept in CONCEPTS:
                if "CREATE TABLE concept (" in self.ddl:
                    connection.execute("INSERT INTO concept VALUES (?, ?, ?)", list(concept))
            for statement, values in self.statements:
                connection.execute(statement, values)

    def extract(self, *, build: bool = True, with_omop: bool = True) -> dict[str, pl.DataFrame]:
        if build:
            self.build()
        self._inputs()
        outputs = {name: self.folder / f"{name}.tsv" for name in ("persons", "profile", "unmapped")}
        extract(
            admitted=self.folder / "admitted.tsv",
            crosswalk=self.folder / "crosswalk.tsv",
            terms=self.folder / "terms.parquet",
            omop=self.omop if with_omop else None,
            **outputs,
        )
        tables = {"persons": PERSONS, "profile": PROFILE, "unmapped": UNMAPPED}
        return {name: read_table(path, tables[name]) for name, path in outputs.items()}

    def _inputs(self) -> None:
        rows = [
            {
                **dict.fromkeys(ADMITTED.names, ""),
                "person": name,
                "sample": f"{name}-s",
                "hospital": hospital,
                "status": status,
                "sex": "unknown",
                "affected": "unknown",
                "collected": None,
            }
            for name, hospital, status in self.admitted
        ]
        frame = pl.DataFrame(rows, schema=ADMITTED.schema)
        write_table(frame, self.folder / "admitted.tsv", ADMITTED)
        lines = ["person\tplatform_person_id", *("\t".join(pair) for pair in self.crosswalk)]
        (self.folder / "crosswalk.tsv").write_text("\n".join(lines) + "\n")
        write_table(small_terms(), self.folder / "terms.parquet", TERMS)


def small_terms() -> pl.DataFrame:
    rows = [
        ("HP:0000118", "Phenotypic abnormality", ["HP:0000118"], 0.0, ["404684003"]),
        ("HP:0000365", "Hearing impairment", ["HP:0000118", "HP:0000365"], 2.5, ["15188001"]),
        ("HP:0001250", "Seizure", ["HP:0000118", "HP:0001250"], 2.1, ["91175000", "128613002"]),
    ]
    return pl.DataFrame(rows, schema=TERMS.schema, orient="row")


@pytest.fixture
def hospital(tmp_path: Path) -> Callable[[], Hospital]:
    def make() -> Hospital:
        return Hospital(folder=tmp_path)

    return make

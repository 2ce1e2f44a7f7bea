"""A small OMOP CDM, made row by row in a real DuckDB file or as Parquet, and who is asked about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from soyang.core.clinical import Platform
from soyang.core.tables import read_table
from soyang.phenotypes import answers
from soyang.phenotypes.contract import TABLES
from soyang.phenotypes.enquire import enquire
from soyang.phenotypes.extract import extract
from soyang.phenotypes.tables import KNOWN, PERSONS

TYPES = {"BIGINT": "BIGINT", "DOUBLE": "DOUBLE", "DATE": "DATE", "VARCHAR": "VARCHAR"}

CONCEPTS = [
    (100, "91175000", "Seizure", "SNOMED", "Condition", "S", None),
    (101, "84757009", "Epilepsy", "SNOMED", "Condition", "S", None),
    (103, "404684003", "Clinical finding", "SNOMED", "Condition", "S", None),
    (110, "2345-7", "Glucose", "LOINC", "Measurement", "S", None),
    (120, "mg/dL", "mg/dL", "UCUM", "Unit", "S", None),
    (121, "258797006", "mg/dL", "SNOMED", "Unit", None, None),
    (130, "260413007", "None", "SNOMED", "Meas Value", "S", None),
    (200, "G40.9", "뇌전증", "KCD7", "Condition", None, None),
    (201, "G40", "뇌전증", "KCD7", "Condition", None, None),
    (202, "G40.9", "Epilepsy", "ICD10CM", "Condition", None, None),
    (203, "Q44", "담낭의 선천기형", "KCD7", "Condition", None, "D"),
    (8507, "M", "MALE", "Gender", "Gender", "S", None),
]


@dataclass
class Site:
    """A CDM in the making, the sheet's people, and what verbs wrote of them.

    Attributes:
        folder: working folder; Hangul and a space in its name.
        rows: table to its rows.
        types: column types other than the usual, by table and column; None: no such column.
        tables: which tables there are.
    """

    folder: Path
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    types: dict[tuple[str, str], str | None] = field(default_factory=dict)
    tables: set[str] = field(default_factory=lambda: set(TABLES))
    people: list[tuple[str, str, str, str]] = field(default_factory=list)
    schema: str = "main"
    settings: dict[str, Any] = field(default_factory=dict)

    def person(
        self, name: str, number: str, *, hospital: str = "H1", status: str = "admitted"
    ) -> None:
        """Someone of the sheet."""
        self.people.append((name, number, hospital, status))

    def add(self, table: str, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def known(self, number: int, gender: int = 8507, year: int | None = 1990, **more: Any) -> None:
        self.add("person", person_id=number, gender_concept_id=gender, year_of_birth=year, **more)

    def condition(
        self,
        number: int,
        concept: int | None,
        source: str | None,
        day: str | None = "2020-01-01",
        **m: Any,
    ) -> None:
        self.add(
            "condition_occurrence", person_id=number, condition_concept_id=concept,
            condition_source_value=source, condition_start_date=day,
            **{"condition_source_concept_id": 200, **m},
        )  # fmt: skip

    @property
    def omop(self) -> Path:
        return self.folder / "병원 CDM.duckdb"

    def build(self) -> Path:
        """Write the DuckDB file."""
        self.omop.unlink(missing_ok=True)
        with duckdb.connect(str(self.omop)) as connection:
            if self.schema != "main":
                connection.execute(f"CREATE SCHEMA {self.schema}; USE {self.schema}")
            self.fill(connection)
        return self.omop

    def build_parquet(self, *, upper: bool = False, split: bool = False) -> Path:
        """Write a folder of Parquet files, or of folders of them."""
        folder = self.folder / "쪽 마루"
        folder.mkdir()
        with duckdb.connect() as connection:
            self.fill(connection)
            for table in self.tables:
                name = table.upper() if upper else table
                path = folder / f"{name}.{'PARQUET' if upper else 'parquet'}"
                if split:
                    (folder / name).mkdir()
                    path = folder / name / "part-0.parquet"
                    (folder / name / "_SUCCESS").touch()
                connection.execute(f"COPY {table} TO '{path}' (FORMAT parquet)")
        return folder

    def fill(self, connection: duckdb.DuckDBPyConnection) -> None:
        columns = ("concept_id", "concept_code", "concept_name", "vocabulary_id", "domain_id",
                   "standard_concept", "invalid_reason")  # fmt: skip
        rows = {**self.rows, "concept": [
            *(dict(zip(columns, c, strict=True)) for c in CONCEPTS), *self.rows.get("concept", []),
        ]}  # fmt: skip
        for table in sorted(self.tables):
            kinds = {
                column: self.types.get((table, column), TYPES[kind.sql])
                for column, kind in TABLES[table].kinds.items()
            }
            kinds = {column: kind for column, kind in kinds.items() if kind}
            declared = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
            connection.execute(f"CREATE TABLE {table} ({declared})")
            for row in rows.get(table, []):
                marks = ", ".join("?" * len(row))
                listed = ", ".join(row)
                connection.execute(
                    f"INSERT INTO {table} ({listed}) VALUES ({marks})", list(row.values())
                )

    def platform(self, **more: Any) -> Platform:
        return Platform.model_validate({"omop": str(self.omop), **self.settings, **more})

    def inputs(self) -> None:
        """The files of admission that the verbs read."""
        lines = [f"{n}\t{n}-s\t{h}\t{s}" for n, _, h, s in self.people]
        self._write("admitted.tsv", "person\tsample\thospital\tstatus", lines)
        pairs = [f"{n}\t{number}" for n, number, _, _ in self.people]
        self._write("crosswalk.tsv", "person\tplatform_person_id", [p for p in pairs if p])
        self._write("units.tsv", "person\tplatform_person_id", pairs)

    def _write(self, name: str, header: str, lines: list[str]) -> None:
        (self.folder / name).write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")

    def extract(
        self, *, build: bool = True, platform: Platform | None = None
    ) -> dict[str, pl.DataFrame]:
        """Run the verb; all its tables by name."""
        if build:
            self.build()
        self.inputs()
        names = ("persons", "events", "periods", "concepts", "ancestors", "code_maps",
                 "vocabularies")  # fmt: skip
        text = ("persons", "vocabularies")
        paths = {n: self.folder / "out" / f"{n}.{'tsv' if n in text else 'parquet'}" for n in names}
        extract(
            platform=(platform or self.platform()).model_dump_json(),
            admitted=self.folder / "admitted.tsv",
            crosswalk=self.folder / "crosswalk.tsv",
            **paths,
        )
        tables = {n: getattr(answers, n.upper(), PERSONS) for n in names}
        return {name: read_table(path, tables[name]) for name, path in paths.items()}

    def enquire(
        self, *, build: bool = True, platform: Platform | None = None
    ) -> dict[str, pl.DataFrame]:
        """Run the verb; all its tables by name."""
        if build:
            self.build()
        self.inputs()
        tables = {
            "known": KNOWN,
            "consents": answers.CONSENT_RECORDS,
            "specimens": answers.SPECIMENS,
        }
        paths = {name: self.folder / "private" / "phenotypes" / f"{name}.tsv" for name in tables}
        enquire(
            platform=(platform or self.platform()).model_dump_json(),
            units=self.folder / "units.tsv",
            **paths,
        )
        return {name: read_table(path, tables[name]) for name, path in paths.items()}


@pytest.fixture
def empty_site(tmp_path: Path) -> Site:
    """A site without anyone."""
    folder = tmp_path / "작업 폴더"
    folder.mkdir()
    return Site(folder=folder)


@pytest.fixture
def site(empty_site: Site) -> Site:
    """A site with one person, A, who is 900001 on the platform."""
    empty_site.person("A", "900001")
    empty_site.known(900001, gender=8532, year=1984)
    return empty_site

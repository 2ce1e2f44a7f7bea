"""The clinical record: an OMOP CDM 5.4 in a DuckDB file, or in a folder of Parquet tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from soyang.admission.knowledge import Place
from soyang.core.errors import Fault

TABLES: dict[str, tuple[str, ...]] = {
    "person": ("person_id", "gender_concept_id", "year_of_birth"),
    "condition_occurrence": (
        "person_id", "condition_concept_id", "condition_start_date", "condition_source_value",
        "condition_source_concept_id",
    ),
    "observation": (
        "person_id", "observation_concept_id", "observation_date", "observation_source_value",
        "observation_source_concept_id",
    ),
    "drug_exposure": (
        "person_id", "drug_concept_id", "drug_exposure_start_date", "drug_source_value",
        "drug_source_concept_id",
    ),
    "measurement": (
        "person_id", "measurement_concept_id", "measurement_date", "measurement_source_value",
        "measurement_source_concept_id",
    ),
    "concept": ("concept_id", "concept_code", "vocabulary_id"),
}  # fmt: skip
"""Tables and columns without which no record can be read (OMOP CDM 5.4)."""

ALLOWED = "an OMOP CDM 5.4 in a DuckDB file, or in a folder with one Parquet table each"

_COLUMNS = """
    select table_schema, lower(table_name), lower(column_name) from information_schema.columns
    order by all
"""


def omop_faults(path: Path) -> Iterator[Fault]:
    """Faults of the platform's file or folder."""
    place = Place("platform.omop", path)
    if path.is_dir():
        yield from _folder_faults(place)
        return
    fault = place.unreachable(ALLOWED)
    if fault:
        yield fault
        return
    with path.open("rb") as handle:
        is_duckdb = handle.read(12)[8:] == b"DUCK"
    if not is_duckdb:
        yield place.fault("wrong-format", "not a DuckDB file", ALLOWED, "correct the path")
        return
    try:
        with duckdb.connect(str(path), read_only=True) as platform:
            found = platform.execute(_COLUMNS).fetchall()
            people = _people(platform, [schema for schema, table, _ in found if table == "person"])
    except duckdb.Error as error:
        reason = str(error).replace(str(path.resolve()), path.name).splitlines()[0]
        yield place.fault(
            "omop-unreadable", f"a damaged or locked DuckDB file: {reason}", ALLOWED,
            "close other programs that use it, or copy it again",
        )  # fmt: skip
        return
    yield from _contract_faults(place, {(table, column) for _, table, column in found}, people)


def _folder_faults(place: Place) -> Iterator[Fault]:
    """Faults of a folder of Parquet tables, each ``<table>.parquet`` or a folder ``<table>``."""
    columns: set[tuple[str, str]] = set()
    people = None
    with duckdb.connect() as parquet:
        for table, needed in TABLES.items():
            files = _files(place.path, table)
            if not files:
                continue
            try:
                relation = parquet.read_parquet(files, union_by_name=True)
                columns |= {(table, name.lower()) for name in relation.columns}
                if table == "person":
                    people = len(relation.limit(1).fetchall())
            except duckdb.Error:
                yield place.fault(
                    "omop-unreadable", f"a damaged Parquet file of the table {table}", ALLOWED,
                    "copy it again",
                )  # fmt: skip
                columns |= {(table, name) for name in needed}
    yield from _contract_faults(place, columns, people)


def _files(folder: Path, table: str) -> list[str]:
    """Parquet files of a table, whose name may be in upper case."""
    named = [e for e in folder.iterdir() if e.name.lower().removesuffix(".parquet") == table]
    return sorted(
        str(file)
        for entry in named
        for file in (entry.rglob("*") if entry.is_dir() else [entry])
        if file.suffix.lower() == ".parquet" and file.is_file()
    )


def _contract_faults(
    place: Place, columns: set[tuple[str, str]], people: int | None
) -> Iterator[Fault]:
    """Tables and columns that are missing, and a platform without people."""
    for table, needed in TABLES.items():
        missing = [name for name in needed if (table, name) not in columns]
        if missing:
            gone = "no table" if len(missing) == len(needed) else f"no {', '.join(missing)} in"
            yield place.fault(
                "omop-table", f"{gone} {table}", f"{table} with {', '.join(needed)}",
                "make the file with the CDM's definitions",
            )  # fmt: skip
    if people == 0:
        yield place.fault("omop-empty", "no person", "at least one", "load the people first")


def _people(platform: duckdb.DuckDBPyConnection, schemas: list[str]) -> int | None:
    """Rows of the table ``person``, None if there is no such table."""
    if not schemas:
        return None
    row = platform.execute(f'select count(*) from "{schemas[0]}".person').fetchone()
    return int(row[0]) if row else 0

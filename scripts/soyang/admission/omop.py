"""The clinical record: an OMOP CDM 5.4 in a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from soyang.admission.knowledge import Place
from soyang.core.errors import Fault

TABLES: dict[str, tuple[str, ...]] = {
    "person": ("person_id", "gender_concept_id", "year_of_birth"),
    "observation_period": (
        "person_id", "observation_period_start_date", "observation_period_end_date",
    ),
    "condition_occurrence": (
        "person_id", "condition_concept_id", "condition_start_date", "condition_source_value",
        "condition_source_concept_id",
    ),
    "observation": (
        "person_id", "observation_concept_id", "observation_date", "observation_source_value",
        "observation_source_concept_id", "value_as_concept_id", "qualifier_concept_id",
    ),
    "concept": ("concept_id", "concept_code", "vocabulary_id"),
}  # fmt: skip
"""Tables and columns without which no record can be read (OMOP CDM 5.4)."""

_COLUMNS = """
    select table_schema, lower(table_name), lower(column_name) from information_schema.columns
    order by all
"""


def omop_faults(path: Path) -> Iterator[Fault]:
    """Faults of the platform's file."""
    place = Place("platform.omop", path)
    allowed = "an OMOP CDM 5.4 in a DuckDB file"
    fault = place.unreachable(allowed)
    if fault:
        yield fault
        return
    with path.open("rb") as handle:
        is_duckdb = handle.read(12)[8:] == b"DUCK"
    if not is_duckdb:
        yield place.fault("wrong-format", "not a DuckDB file", allowed, "correct the path")
        return
    try:
        with duckdb.connect(str(path), read_only=True) as platform:
            found = platform.execute(_COLUMNS).fetchall()
            people = _people(platform, [schema for schema, table, _ in found if table == "person"])
    except duckdb.Error as error:
        reason = str(error).replace(str(path.resolve()), path.name).splitlines()[0]
        yield place.fault(
            "omop-unreadable", f"a damaged or locked DuckDB file: {reason}", allowed,
            "close other programs that use it, or copy it again",
        )  # fmt: skip
        return
    columns = {(table, column) for _, table, column in found}
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

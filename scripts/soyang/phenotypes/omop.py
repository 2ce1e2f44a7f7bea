"""Reading an OMOP Common Data Model 5.4 kept in DuckDB, for the persons asked for only.

Table and column names: OMOP CDM v5.4, https://ohdsi.github.io/CommonDataModel/cdm54.html.
The database is attached read-only; every query joins the persons wanted inside DuckDB and
gives back pseudonyms, never the platform's own person_id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from soyang.core.errors import Fault, FaultError

COLUMNS: dict[str, tuple[str, ...]] = {
    "person": ("person_id", "gender_concept_id", "year_of_birth"),
    "observation_period": (
        "person_id",
        "observation_period_start_date",
        "observation_period_end_date",
    ),
    "condition_occurrence": (
        "person_id",
        "condition_concept_id",
        "condition_start_date",
        "condition_source_value",
        "condition_source_concept_id",
    ),
    "observation": (
        "person_id",
        "observation_concept_id",
        "observation_date",
        "observation_source_value",
        "observation_source_concept_id",
        "value_as_concept_id",
        "qualifier_concept_id",
    ),
    "concept": ("concept_id", "concept_code", "vocabulary_id"),
}
"""Tables and columns that are needed; ``concept_ancestor`` is used where it is there."""

ABSENT = (4132135, 4188540)
"""Standard concepts of a value or qualifier that deny: Absent (SNOMED CT 2667000), No
(SNOMED CT 373067005)."""

SEXES = {8507: "male", 8532: "female"}
"""OMOP gender concepts."""

_WHOLE_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,0\)")


@dataclass(frozen=True, kw_only=True)
class Cdm:
    """An attached database.

    Attributes:
        path: the file as the user named it.
        connection: DuckDB connection, the file attached as ``omop``.
        schema: schema that holds the CDM's tables.
        has_ancestors: whether ``concept_ancestor`` is there.
    """

    path: Path
    connection: duckdb.DuckDBPyConnection
    schema: str
    has_ancestors: bool

    def frame(self, query: str) -> pl.DataFrame:
        """Rows of a query; ``{cdm}`` in it stands for the CDM's schema.

        Raises:
            FaultError: the database's content is not what the CDM prescribes.
        """
        name = '"{}"'.format(self.schema.replace('"', '""'))
        try:
            table = self.connection.sql(query.replace("{cdm}", f"omop.{name}")).to_arrow_table()
        except duckdb.Error as error:
            raise FaultError(
                _fault(self.path, code="omop-content", found=_first_line(error))
            ) from None
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return frame


@contextmanager
def open_cdm(path: Path) -> Iterator[Cdm]:
    """Attach a CDM read-only and check that the tables and columns needed are there.

    Raises:
        FaultError: the file is missing or not DuckDB's, or with every missing table and
            column and every ``person_id`` that is not a whole number.
    """
    connection = duckdb.connect()
    try:
        _attach(connection, path)
        columns = _columns(connection)
        schema = _schema(columns, path)
        found = {
            (row["table"], row["column"]): row["type"]
            for row in columns.filter(pl.col("schema") == schema).iter_rows(named=True)
        }
        faults = list(_contract_faults(found, path))
        if faults:
            raise FaultError(faults)
        yield Cdm(
            path=path,
            connection=connection,
            schema=schema,
            has_ancestors=("concept_ancestor", "ancestor_concept_id") in found,
        )
    finally:
        connection.close()


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    quoted = str(path).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{quoted}' AS omop (READ_ONLY)")
    except duckdb.Error as error:
        raise FaultError(
            _fault(path, code="omop-file", found=_first_line(error), allowed="a DuckDB database")
        ) from None


def _columns(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    rows = connection.execute(
        "SELECT schema_name, lower(table_name), lower(column_name), data_type "
        "FROM duckdb_columns() WHERE database_name = 'omop' ORDER BY ALL"
    ).fetchall()
    names = ("schema", "table", "column", "type")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _schema(columns: pl.DataFrame, path: Path) -> str:
    """The one schema with a ``person`` table, ``main`` if that has one."""
    schemas = columns.filter(pl.col("table") == "person")["schema"].unique().sort().to_list()
    if "main" in schemas or not schemas:
        return "main"
    if len(schemas) > 1:
        raise FaultError(
            _fault(
                path,
                code="omop-schemas",
                found=f"a person table in each of the schemas {', '.join(schemas)}",
                allowed="one schema with the CDM, or the schema main",
            )
        )
    return str(schemas[0])


def _contract_faults(found: dict[tuple[str, str], str], path: Path) -> Iterator[Fault]:
    tables = {table for table, _ in found}
    for table, names in COLUMNS.items():
        if table not in tables:
            yield _fault(path, code="omop-table", row=f"table {table}", found="no such table")
            continue
        for name in names:
            if (table, name) not in found:
                yield _fault(
                    path,
                    code="omop-column",
                    row=f"table {table}",
                    column=name,
                    found="no such column",
                )
        kind = found.get((table, "person_id"), "BIGINT")
        if not _WHOLE_NUMBER.fullmatch(kind):
            yield _fault(
                path,
                code="omop-type",
                row=f"table {table}",
                column="person_id",
                found=kind,
                allowed="a whole number",
            )


def _fault(
    path: Path,
    *,
    code: str,
    found: str,
    row: str = "",
    column: str = "",
    allowed: str = "OMOP CDM 5.4",
) -> Fault:
    return Fault(
        code=code,
        file=str(path),
        row=row,
        column=column,
        found=found,
        allowed=allowed,
        next_step="export the CDM anew (tables of version 5.4, lower-case names), or leave out "
        "platform.omop to run without records",
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def register_wanted(cdm: Cdm, wanted: pl.DataFrame) -> None:
    """Make ``wanted`` (columns person, person_id: Int64) known to queries."""
    cdm.connection.register("wanted", wanted)


def read_persons(cdm: Cdm) -> pl.DataFrame:
    """The wanted persons who are in the CDM.

    Returns:
        Columns person, sex_recorded, birth_year, observed_from, observed_to, rows (of
        the table ``person``; more than one breaks its key).
    """
    frame = cdm.frame(
        """
        WITH seen AS (
            SELECT w.person,
                   CAST(min(p.gender_concept_id) AS BIGINT) AS gender,
                   CAST(min(p.year_of_birth) AS INTEGER) AS birth_year,
                   count(*) AS rows
            FROM wanted w JOIN {cdm}.person p ON p.person_id = w.person_id
            GROUP BY w.person
        ), periods AS (
            SELECT w.person,
                   CAST(min(o.observation_period_start_date) AS DATE) AS observed_from,
                   CAST(max(o.observation_period_end_date) AS DATE) AS observed_to
            FROM wanted w JOIN {cdm}.observation_period o ON o.person_id = w.person_id
            GROUP BY w.person
        )
        SELECT person, gender, birth_year, observed_from, observed_to, rows
        FROM seen LEFT JOIN periods USING (person) ORDER BY person
        """
    )
    return frame.with_columns(
        sex_recorded=pl.col("gender").replace_strict(SEXES, default="unknown")
    ).drop("gender")


def read_records(cdm: Cdm) -> pl.DataFrame:
    """The wanted persons' conditions and observations, equal ones counted.

    Returns:
        Columns person, domain, concept_id (0: not mapped by the site), concept_code,
        concept_vocabulary, source_code, source_vocabulary, absent (the record denies it),
        first_date, last_date, records.
    """
    denied = ", ".join(map(str, ABSENT))
    return cdm.frame(
        f"""
        WITH records AS (
            SELECT w.person, 'condition' AS domain,
                   c.condition_concept_id AS concept_id,
                   c.condition_source_value AS source_value,
                   c.condition_source_concept_id AS source_concept_id,
                   c.condition_start_date AS day, false AS absent
            FROM wanted w JOIN {{cdm}}.condition_occurrence c ON c.person_id = w.person_id
            UNION ALL
            SELECT w.person, 'observation',
                   o.observation_concept_id, o.observation_source_value,
                   o.observation_source_concept_id, o.observation_date,
                   coalesce(o.value_as_concept_id IN ({denied}), false)
                   OR coalesce(o.qualifier_concept_id IN ({denied}), false)
            FROM wanted w JOIN {{cdm}}.observation o ON o.person_id = w.person_id
        )
        SELECT r.person, r.domain,
               CAST(coalesce(r.concept_id, 0) AS BIGINT) AS concept_id,
               coalesce(CAST(any_value(s.concept_code) AS VARCHAR), '') AS concept_code,
               coalesce(any_value(s.vocabulary_id), '') AS concept_vocabulary,
               coalesce(trim(CAST(r.source_value AS VARCHAR)), '') AS source_code,
               coalesce(max(v.vocabulary_id), '') AS source_vocabulary,
               r.absent,
               CAST(min(r.day) AS DATE) AS first_date,
               CAST(max(r.day) AS DATE) AS last_date,
               count(*) AS records
        FROM records r
        LEFT JOIN {{cdm}}.concept s ON s.concept_id = r.concept_id AND r.concept_id <> 0
        LEFT JOIN {{cdm}}.concept v
               ON v.concept_id = r.source_concept_id AND r.source_concept_id <> 0
        GROUP BY r.person, r.domain, coalesce(r.concept_id, 0),
                 coalesce(trim(CAST(r.source_value AS VARCHAR)), ''), r.absent
        ORDER BY ALL
        """
    )


def read_nearest(cdm: Cdm, concepts: pl.DataFrame, codes: pl.DataFrame) -> pl.DataFrame:
    """For each concept, its nearest ancestors whose SNOMED CT code is one of ``codes``.

    Args:
        cdm: the database; without ``concept_ancestor`` nothing is found.
        concepts: column concept_id.
        codes: column concept_code.

    Returns:
        Columns concept_id, concept_code (the ancestor's).
    """
    if not cdm.has_ancestors or concepts.is_empty():
        return pl.DataFrame(schema={"concept_id": pl.Int64, "concept_code": pl.String})
    cdm.connection.register("lacking", concepts)
    cdm.connection.register("codes", codes)
    return cdm.frame(
        """
        SELECT CAST(l.concept_id AS BIGINT) AS concept_id, k.concept_code
        FROM lacking l
        JOIN {cdm}.concept_ancestor a ON a.descendant_concept_id = l.concept_id
        JOIN {cdm}.concept c ON c.concept_id = a.ancestor_concept_id
        JOIN codes k ON k.concept_code = CAST(c.concept_code AS VARCHAR)
        WHERE c.vocabulary_id = 'SNOMED' AND a.min_levels_of_separation > 0
        QUALIFY rank() OVER (
            PARTITION BY l.concept_id ORDER BY a.min_levels_of_separation
        ) = 1
        ORDER BY ALL
        """
    )

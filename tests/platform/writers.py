"""A generated platform as a DuckDB file, a folder of Parquet tables, or a schema in PostgreSQL."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import polars as pl

DDL = Path(__file__).with_name("omop54.sql")
POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
VOCABULARY = ("concept", "vocabulary", "concept_relationship", "concept_ancestor")

Tables = Mapping[str, pl.DataFrame]


def to_duckdb(tables: Tables, path: Path, *, only: Iterable[str] | None = None) -> Path:
    """Write all tables of the CDM, those without rows empty; ``only`` these if given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        _fill(connection, tables)
        for (name,) in connection.sql("SHOW TABLES").fetchall():
            if only is not None and name not in only:
                connection.execute(f"DROP TABLE {name}")
    return path


def to_parquet(tables: Tables, folder: Path, *, clustered: bool = True) -> Path:
    """Write ``<table>.parquet``; ``clustered`` by person, with small row groups."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"threads": 1}) as connection:
        _fill(connection, tables)
        for (name,) in connection.sql("SHOW TABLES").fetchall():
            columns = [row[0] for row in connection.sql(f"DESCRIBE {name}").fetchall()]
            by = " ORDER BY person_id" if clustered and "person_id" in columns else ""
            connection.execute(
                f"COPY (FROM {name}{by}) TO '{_quoted(folder / f'{name}.parquet')}' "
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)"
            )
    return folder


def to_postgres(tables: Tables, uri: str, schema: str) -> None:
    """Make the schema and load it; keys on the tables, and an index on person_id.

    Args:
        tables: OMOP table to rows.
        uri: connection URI of a role that may create.
        schema: its name.
    """
    with tempfile.TemporaryDirectory() as scratch:
        lines = [f"CREATE SCHEMA {schema};", f"SET search_path TO {schema};", DDL.read_text()]
        for name, frame in tables.items():
            path = Path(scratch) / f"{name}.csv"
            frame.write_csv(path, include_header=False, quote_style="non_numeric", null_value="")
            names = ", ".join(frame.columns)
            lines.append(f"\\copy {name} ({names}) FROM '{path}' WITH (FORMAT csv, NULL '')")
            if frame.columns[0] == f"{name}_id":
                lines.append(f"ALTER TABLE {name} ADD PRIMARY KEY ({name}_id);")
            if "person_id" in frame.columns[1:]:
                lines.append(f"CREATE INDEX ON {name} (person_id);")
        lines.append("ANALYZE;")
        psql(uri, "\n".join(lines))


def psql(uri: str, script: str) -> str:
    """Run a script with PostgreSQL's own client; what it prints, unaligned."""
    done = subprocess.run(
        [POSTGRES_BIN / "psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", uri],
        input=script,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _fill(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    connection.execute(DDL.read_text())
    for name, frame in tables.items():
        connection.register("rows", frame)
        connection.execute(f"INSERT INTO {name} BY NAME FROM rows")
        connection.unregister("rows")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

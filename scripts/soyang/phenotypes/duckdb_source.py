"""OMOP CDM in a DuckDB file, or in a folder with one Parquet table each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import disk_full, is_disk_full
from soyang.phenotypes.contract import TABLES, Found
from soyang.phenotypes.engine import broken, platform_error
from soyang.phenotypes.questions import with_missing

NEXT_STEP = (
    "export the CDM anew (tables of version 5.4), or leave out platform.omop to run without records"
)
A_PLATFORM = "a DuckDB database, or a folder with one Parquet table each"


@dataclass
class DuckdbEngine:
    """Tables of one or two places (records, vocabulary) as views of one schema.

    Attributes:
        name: what messages call it.
        place: the file or folder as the user named it.
        connection: DuckDB's; what belongs to users is attached read-only.
        scratch: folder of its owner for what does not fit into memory, and for answers.
        found: tables with columns and types.
        places: a table's relation.
    """

    name: str
    place: str
    connection: duckdb.DuckDBPyConnection
    scratch: Path
    found: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def tables(self) -> Found:
        """Tables of both places."""
        return self.found

    def give(self, name: str, frame: pl.DataFrame) -> None:
        """Make it a table of its own, so that the planner knows how many rows it has."""
        self.connection.register("given", _Stream(frame))
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given")
        self.connection.unregister("given")

    def answer(self, question: str) -> pl.DataFrame:
        """Rows of a question, which is DuckDB's SQL as it is.

        They come through a Parquet file: it is streamed, and Arrow's way between the two
        libraries needs a third, as heavy as both, or leaks (DuckDB 2.0's stream interface).
        """
        path = self.scratch / "answer.parquet"
        try:
            self.connection.execute(
                f"COPY ({question}) TO {_text(str(path))} (FORMAT parquet, COMPRESSION lz4)"
            )
            return pl.read_parquet(path)
        except duckdb.Error as error:
            if is_disk_full(error):
                raise FaultError(disk_full(path)) from None
            raise broken(self.place, type(error).__name__) from None
        finally:
            path.unlink(missing_ok=True)

    def add(self, path: Path, alias: str, tables: set[str]) -> None:
        """Take these tables from a DuckDB file or a Parquet folder, as far as they are there."""
        if path.is_dir():
            self._add_parquet(path, tables)
        else:
            self._add_database(path, alias, tables)

    def complete(self) -> None:
        """Make a view of each table, with NULL for columns that it lacks."""
        for table in TABLES:
            place = self.places.get(table, "")
            query = with_missing(table, self.found, place) or f"SELECT * FROM {place}"
            self.connection.execute(f"CREATE VIEW {table} AS {query}")

    def _add_database(self, path: Path, alias: str, tables: set[str]) -> None:
        try:
            self.connection.execute(f"ATTACH {_text(str(path))} AS {alias} (READ_ONLY)")
            rows = self.connection.execute(
                "SELECT schema_name, table_name, lower(column_name), data_type "
                "FROM duckdb_columns() WHERE database_name = ? ORDER BY ALL",
                [alias],
            ).fetchall()
        except duckdb.Error as error:
            raise _unreadable(path, type(error).__name__) from None
        anchor = "person" if "person" in tables else "concept"
        schema = _schema({s for s, table, *_ in rows if table.lower() == anchor}, anchor, path)
        for its_schema, table, column, kind in rows:
            if its_schema == schema and table.lower() in tables:
                self.found.setdefault(table.lower(), {})[column] = kind
                self.places[table.lower()] = f"{alias}.{_name(schema)}.{_name(table)}"

    def _add_parquet(self, folder: Path, tables: set[str]) -> None:
        for table, files in parquet_tables(folder, tables).items():
            listed = ", ".join(_text(str(file)) for file in files)
            merged = ", union_by_name = true" if len(files) > 1 else ""
            self.places[table] = f"read_parquet([{listed}], hive_partitioning = false{merged})"
            try:
                rows = self.connection.execute(f"DESCRIBE FROM {self.places[table]}").fetchall()
            except duckdb.Error as error:
                raise _unreadable(folder / table, type(error).__name__) from None
            self.found[table] = {str(column).lower(): str(kind) for column, kind, *_ in rows}


class _Stream:
    """A frame as Arrow's stream interface only: as such it goes without a further library."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


@contextmanager
def open_duckdb(path: Path, vocabulary: Path | None = None) -> Iterator[DuckdbEngine]:
    """Open a CDM, its vocabulary out of another place where one is named.

    Raises:
        FaultError: it is neither a DuckDB file nor a folder with Parquet tables.
    """
    clinical = {table for table, needed in TABLES.items() if not needed.vocabulary}
    kind = "Parquet" if path.is_dir() else "DuckDB"
    with tempfile.TemporaryDirectory(prefix="soyang-") as scratch, duckdb.connect() as connection:
        connection.execute("SET temp_directory = ?", [scratch])  # owner-only; else in the cwd
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET parquet_metadata_cache = true")
        connection.execute("SET python_enable_replacements = false")
        engine = DuckdbEngine(f"OMOP CDM ({kind})", str(path), connection, Path(scratch))
        engine.add(path, "omop", clinical if vocabulary else set(TABLES))
        if vocabulary:
            engine.add(vocabulary, "terms", set(TABLES) - clinical)
        engine.complete()
        yield engine


def parquet_tables(folder: Path, tables: set[str]) -> dict[str, list[Path]]:
    """Parquet files of each table: ``<table>.parquet``, or a folder ``<table>`` of them.

    Names may be in upper case. Files and folders whose names begin with ``.`` or ``_`` are
    left out, as Spark does.

    Raises:
        FaultError: a table is there twice, or the folder has none of the tables.
    """
    files: dict[str, list[Path]] = {}
    twice = []
    for entry in sorted(folder.iterdir()):
        table = entry.name.lower().removesuffix(".parquet")
        named = _inside(entry) if entry.is_dir() else [entry]
        if table not in tables or not named or not (entry.is_dir() or entry.name != table):
            continue
        if entry.is_file() and entry.suffix.lower() != ".parquet":
            continue
        twice += [table] if table in files else []
        files[table] = named
    if twice:
        raise FaultError(
            Fault(
                code="omop-table-twice",
                file=str(folder),
                row=f"table {table}",
                found="two files or folders of this name",
                allowed="one",
                next_step="remove the one that is not the table",
            )
            for table in sorted(set(twice))
        )
    if not files:
        raise _unreadable(folder, "no Parquet table in it")
    return files


def _inside(folder: Path) -> list[Path]:
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() == ".parquet"
        and file.is_file()
        and not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    ]


def _schema(schemas: set[str], anchor: str, path: Path) -> str:
    """The one schema with the table ``anchor``, ``main`` if that has one."""
    if "main" in schemas or not schemas:
        return "main"
    if len(schemas) > 1:
        raise platform_error(
            str(path),
            "omop-schemas",
            f"a {anchor} table in each of the schemas {', '.join(sorted(schemas))}",
            "one schema with the CDM, or the schema main",
            NEXT_STEP,
        )
    return schemas.pop()


def _unreadable(path: Path, what: str) -> FaultError:
    return platform_error(
        str(path), "omop-file", f"it can't be read ({what})", A_PLATFORM, NEXT_STEP
    )


def _text(value: str) -> str:
    return "'{}'".format(value.replace("'", "''"))


def _name(value: str) -> str:
    return '"{}"'.format(value.replace('"', '""'))

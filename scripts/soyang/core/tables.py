"""Declared tables: the files that rooms hand to each other.

A room declares each table that it writes in its ``tables.py``. The writer validates
against the declaration and so does the reader, so a column can't drift unnoticed.
Tab-separated text is for small tables that people read, Parquet for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import atomic_path, read_text

DTypes = pl.DataType | type[pl.DataType]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: name, type, unit and meaning.

    Attributes:
        name: column name.
        dtype: Polars data type.
        meaning: what a value says, with its coordinate system where it has one.
        unit: unit of a number, ``""`` where it has none.
        nullable: whether a value may be missing; its meaning then says what missing means.
        allowed: closed vocabulary, empty where any value of the type is allowed.
    """

    name: str
    dtype: DTypes
    meaning: str
    unit: str = ""
    nullable: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A declared table.

    Attributes:
        name: table name, ``<room>.<table>``.
        meaning: what one row is.
        columns: the columns, in order.
        key: columns whose values together occur once.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    @property
    def schema(self) -> dict[str, DTypes]:
        """Column name to Polars type, in order."""
        return {column.name: column.dtype for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """The table without rows."""
        return pl.DataFrame(schema=self.schema)

    def frame(self, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
        """Build a validated frame from row mappings."""
        return self.validate(
            pl.DataFrame(list(rows), schema=self.schema, orient="row"), source=self.name
        )

    def validate(self, frame: pl.DataFrame, *, source: str) -> pl.DataFrame:
        """Return ``frame`` with the declared column order, or raise.

        Args:
            frame: the rows.
            source: file or producer, named in the error.

        Raises:
            FaultError: with every column that breaks the declaration.
        """
        faults = list(self._faults(frame, source))
        if faults:
            raise FaultError(faults)
        return frame.select(self.names)

    def _faults(self, frame: pl.DataFrame, source: str) -> Iterable[Fault]:
        found = frame.columns
        if sorted(found) != sorted(self.names):
            yield self._fault(
                source,
                column=", ".join(sorted(set(found) ^ set(self.names))),
                found=f"columns {', '.join(found)}",
                allowed=", ".join(self.names),
            )
            return
        for column in self.columns:
            yield from self._column_faults(column, frame[column.name], source)
        if self.key and frame.select(self.key).is_duplicated().any():
            first = frame.filter(frame.select(self.key).is_duplicated()).row(0, named=True)
            yield self._fault(
                source,
                column=", ".join(self.key),
                found=f"a second row for {[first[k] for k in self.key]}",
                allowed="one row for each",
            )

    def _column_faults(self, column: Column, values: pl.Series, source: str) -> Iterable[Fault]:
        if values.dtype != column.dtype:
            yield self._fault(
                source, column=column.name, found=str(values.dtype), allowed=str(column.dtype)
            )
            return
        if not column.nullable and values.null_count():
            yield self._fault(
                source, column=column.name, found="a missing value", allowed="a value in each row"
            )
        if column.allowed:
            strange = values.drop_nulls().filter(~values.drop_nulls().is_in(list(column.allowed)))
            if len(strange):
                yield self._fault(
                    source,
                    column=column.name,
                    found=repr(strange[0]),
                    allowed=", ".join(column.allowed),
                )

    def _fault(self, source: str, *, column: str, found: str, allowed: str) -> Fault:
        return Fault(
            code="table-contract",
            file=source,
            column=column,
            found=found,
            allowed=allowed,
            next_step=f"make the file anew with this version; its contract is {self.name}",
        )


def write_table(frame: pl.DataFrame, path: Path, table: Table) -> None:
    """Validate and write a table, atomically; ``.parquet`` or tab-separated by suffix."""
    frame = table.validate(frame, source=str(path))
    with atomic_path(path) as temporary:
        if path.suffix == ".parquet":
            frame.write_parquet(temporary, compression="zstd", statistics=True)
        else:
            blank = pl.when(pl.col(pl.String) != "").then(pl.col(pl.String))  # else quoted as ""
            frame.with_columns(blank).write_csv(temporary, separator="\t", null_value="")


def read_table(path: Path, table: Table) -> pl.DataFrame:
    """Read and validate a table that :func:`write_table` wrote.

    Raises:
        FaultError: the file is missing or breaks its declaration.
    """
    if not path.exists():
        raise FaultError(
            Fault(
                code="table-missing",
                file=str(path),
                found="no file",
                allowed=f"the table {table.name}",
                next_step="run the step that writes it",
            )
        )
    frame = pl.read_parquet(path) if path.suffix == ".parquet" else _read_tsv(path, table)
    return table.validate(frame, source=str(path))


def read_columns(path: Path, *columns: str) -> pl.DataFrame:
    """Columns of another room's tab-separated table, as text; missing values are ``""``.

    Raises:
        FaultError: the file or one of the columns is missing.
    """
    text = read_text(path)
    frame = (
        pl.read_csv(text.encode(), separator="\t", infer_schema=False, empty_string_is_null=False)
        if text.strip()
        else pl.DataFrame()
    )
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise FaultError(
            Fault(
                code="table-contract",
                file=path.name,
                column=", ".join(missing),
                found="no such column",
                allowed=", ".join(columns),
                next_step="make the file anew with this version",
            )
        )
    return frame.select(columns)


def _read_tsv(path: Path, table: Table) -> pl.DataFrame:
    raw = pl.read_csv(path, separator="\t", infer_schema=False, empty_string_is_null=False)
    casts = []
    for column in table.columns:
        if column.name not in raw.columns:
            continue
        value = pl.col(column.name)
        if column.nullable or column.dtype != pl.String:
            value = pl.when(value == "").then(None).otherwise(value)
        if column.dtype == pl.Boolean:
            value = value.replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
        elif column.dtype == pl.Date:
            value = value.str.to_date()
        elif column.dtype != pl.String:
            value = value.cast(column.dtype)
        casts.append(value.alias(column.name))
    return raw.with_columns(casts)

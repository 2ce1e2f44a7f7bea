"""Small tables whose columns go by several names, all values as text.

Facts of genes come from sites that rename columns and change tabs for commas between downloads;
each reader says which names a column has had.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from soyang.annotation.sources.text import HEAD_LINES, blocks, fault

Names = Mapping[str, tuple[str, ...]]
"""Our name of a column to the names it has had in the source."""

_NEXT = "fetch the file again; if its columns were renamed, this version can't read it"
_MISSING = ("", "NA", "NaN")


def texts(path: Path, names: Names, optional: Names | None = None) -> pl.DataFrame:
    """A small table, comma- or tab-separated, quoted or not, with titles before its header or not.

    Args:
        path: the file, plain or gzipped, with or without BOM, with any line ends.
        names: columns that must be there.
        optional: columns that come out missing where the file has none of the names.

    Returns:
        A column of text for each, in order, without surrounding blanks; missing for an empty
        field, ``NA`` and ``NaN``.

    Raises:
        FaultError: missing, truncated, not UTF-8, empty, without one of the columns, or with a
            row that has another number of fields.
    """
    wanted = {**names, **(optional or {})}
    rows = _rows(path)
    at, header = _header(rows, wanted)
    places = {name: _place(header, wanted[name]) for name in wanted}
    if missing := [names[name][0] for name in names if places[name] < 0]:
        raise fault(
            path,
            f"no column {', '.join(missing)}; there are {', '.join(header)[:300] or 'none'}",
            f"columns {', '.join(spellings[0] for spellings in names.values())}",
            _NEXT,
            row=at + 1,
        )
    body = [(number, row) for number, row in enumerate(rows[at + 1 :], at + 2) if any(row)]
    for number, row in body:
        if len(row) != len(header):
            allowed = f"{len(header)} fields as in the header"
            raise fault(path, f"{len(row)} fields", allowed, _NEXT, row=number)
    return pl.DataFrame(
        {
            name: [_value(row[place]) if place >= 0 else None for _, row in body]
            for name, place in places.items()
        },
        schema=dict.fromkeys(wanted, pl.String),
    )


def text(path: Path) -> str:
    """All of a small text, with any line ends as it has them.

    Raises:
        FaultError: missing, truncated or not UTF-8.
    """
    content = b"".join(blocks(path))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found = f"byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise fault(path, found, "UTF-8 text", "save it as UTF-8", row=line) from None


def _rows(path: Path) -> list[list[str]]:
    content = text(path)
    tabbed = "\t" in "".join(content.splitlines(keepends=True)[:HEAD_LINES])
    lines = io.StringIO(content, newline="")
    return list(csv.reader(lines, delimiter="\t" if tabbed else ","))


def _header(rows: list[list[str]], wanted: Names) -> tuple[int, list[str]]:
    """The row that has most of the names, and its place; titles before it are passed over."""
    best: tuple[int, int, list[str]] = (0, 0, [])
    for place, row in enumerate(rows[:HEAD_LINES]):
        header = [name.strip().removeprefix("#").strip() for name in row]
        known = sum(_place(header, spellings) >= 0 for spellings in wanted.values())
        if known > best[0] or place == 0:
            best = (known, place, header)
    return best[1], best[2]


def _place(header: list[str], spellings: tuple[str, ...]) -> int:
    return next((header.index(name) for name in spellings if name in header), -1)


def _value(field: str) -> str | None:
    value = field.strip()
    return None if value in _MISSING else value


def numbers(frame: pl.DataFrame, path: Path, *columns: str) -> pl.DataFrame:
    """Columns of text as fractions, Float64; missing ones stay missing.

    Raises:
        FaultError: a value that is no number.
    """
    for column in columns:
        cast = frame[column].cast(pl.Float64, strict=False)
        strange = frame[column].filter(cast.is_null() & frame[column].is_not_null())
        if len(strange):
            raise fault(path, repr(strange[0][:40]), "a number", _NEXT, column=column)
        frame = frame.with_columns(cast.fill_nan(None).alias(column))
    return frame


def require(frame: pl.DataFrame, path: Path, *columns: str) -> None:
    """See that columns have a value in each row.

    Raises:
        FaultError: naming the first row that lacks one, by its first value.
    """
    for column in columns:
        lacking = frame.filter(pl.col(column).is_null())
        if lacking.height:
            row = next((value for value in lacking.row(0) if value is not None), "?")
            found = f"nothing in the row of {row}"
            raise fault(path, found, "a value in each row", _NEXT, column=column)


def count_values(values: pl.Series, into: Counter[str]) -> None:
    """Count each value that is not missing."""
    for value, count in values.drop_nulls().value_counts().iter_rows():
        into[value] += count

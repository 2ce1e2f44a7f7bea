"""Delimited text of any size, plain, gzipped or zipped, block by block.

What public sources hand out as text differs little: some lines of licence or title, one line of
column names (with or without ``#`` before it), rows. Blocks of whole lines go to Polars' CSV
reader, so memory holds one block however large the file is.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl
from isal import igzip

from soyang.core.errors import Fault, FaultError
from soyang.core.files import BOM
from soyang.core.tables import DTypes

BLOCK = 32 << 20
"""Bytes of text in a block: half a million to a million rows of the sources read here."""

HEAD_LINES = 100
"""Lines within which the column names stand."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BOM = BOM.encode()
_TRUNCATED = (EOFError, zlib.error, igzip.BadGzipFile, zipfile.BadZipFile)


def fault(
    path: Path, found: str, allowed: str, next_step: str, *, row: int = 0, column: str = ""
) -> FaultError:
    """A fault in a source's file; ``row`` is a line number from 1, 0 for none."""
    return FaultError(
        Fault(
            code="knowledge-source",
            file=str(path),
            row=str(row or ""),
            column=column,
            found=found,
            allowed=allowed,
            next_step=next_step,
        )
    )


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, inflated where it is gzipped, bgzipped or a zip of one file.

    Raises:
        FaultError: missing or unreadable, truncated, or a zip of several files.
    """
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
        if magic.startswith(_GZIP):
            with igzip.open(path, "rb") as stream:  # type: ignore[no-untyped-call]
                yield stream
        elif magic == _ZIP:
            with zipfile.ZipFile(path) as archive, archive.open(_only_member(path, archive)) as one:
                yield one
        else:
            with path.open("rb") as stream:
                yield stream
    except _TRUNCATED as error:
        raise fault(
            path,
            f"a truncated or damaged archive ({error})",
            "the whole file",
            "fetch it again and compare its size and checksum",
        ) from None
    except OSError as error:
        found = error.strerror or str(error)
        raise fault(path, found, "a readable file", "correct the path or fetch the file") from None


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one file in a zip, past the folders and resource forks that some tools add."""
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        names = ", ".join(member.filename for member in members[:5]) or "none"
        raise fault(
            path,
            f"{len(members)} files in the zip ({names})",
            "a zip of one file",
            "unpack it and give the one file that holds the rows",
        )
    return members[0]


def blocks(path: Path, *, size: int = BLOCK) -> Iterator[bytes]:
    """A file's text in blocks of whole lines, without BOM.

    Args:
        path: the file.
        size: bytes of a block; a longer line makes a longer block.

    Raises:
        FaultError: as for :func:`open_bytes`.
    """
    kept: list[bytes] = []
    with open_bytes(path) as stream:
        part = stream.read(size).removeprefix(_BOM)
        while part:
            end = part.rfind(b"\n") + 1
            if end:
                yield b"".join([*kept, memoryview(part)[:end]])
                kept = []
            kept.append(part[end:])
            part = stream.read(size)
    if any(kept):
        yield b"".join(kept)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What is wanted of a delimited file.

    Attributes:
        columns: columns to take, with their types; the file may have more, in any order.
        separator: between fields.
        nulls: what stands for a missing value in a column, beside nothing at all.
        required: columns that have a value in each row.
        optional: columns taken where the file has them, missing where it has not.
        quoted: whether fields may stand in double quotes.
        header: names of all columns of a file that does not name them; lines that begin with
            ``#``, ``track`` or ``browser`` before its rows are passed over, and a blank parts
            fields where no tab does.
    """

    columns: Mapping[str, DTypes]
    separator: str = "\t"
    nulls: Mapping[str, str] | None = None
    required: tuple[str, ...] = ()
    optional: Mapping[str, DTypes] | None = None
    quoted: bool = False
    header: tuple[str, ...] = ()


def frames(path: Path, layout: Layout) -> Iterator[pl.DataFrame]:
    """Rows of a delimited file, a frame for each block, with the layout's columns in its order.

    Args:
        path: the file.
        layout: what is wanted of it.

    Raises:
        FaultError: a column is missing, a value is not of its type, a row has more or fewer
            fields than the header, or the file is empty, missing or truncated.
    """
    names: list[str] = []
    line = 1
    for block in blocks(path):
        rows = block
        if not names:
            names, start, skipped = _header(block, layout, path)
            rows, line = block[start:], line + skipped
            if names and b"\t" not in rows.split(b"\n", 1)[0] and layout.header:
                layout = replace(layout, separator=" ")
        if rows.endswith((b"\n\n", b"\n\r\n")):
            rows = rows.rstrip()
        if rows and not rows.isspace():
            frame = _complete(_parsed(rows, names, layout, path, line), layout)
            line += frame.height
            yield frame
    if line == 1:
        columns = ", ".join(layout.columns)
        raise fault(path, "an empty file", f"columns {columns}", "fetch it again")


def table(path: Path, layout: Layout) -> pl.DataFrame:
    """All rows of a small delimited file.

    Raises:
        FaultError: as for :func:`frames`.
    """
    parts = list(frames(path, layout))
    schema = {**layout.columns, **(layout.optional or {})}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def first_row(path: Path) -> list[str]:
    """Fields of the first row of a file that does not name its columns; empty: it has none.

    Fields are parted by tabs, or by blanks where there are none.
    """
    for block in blocks(path):
        row = block[_titles(block)[0] :].split(b"\n", 1)[0].rstrip(b"\r")
        if row:
            text = row.decode("utf-8", "replace")
            return text.split("\t") if "\t" in text else text.split()
    return []


def _titles(block: bytes) -> tuple[int, int]:
    """Where the first row begins, and the lines before it."""
    start = number = 0
    while block.startswith((b"#", b"track", b"browser", b"\n", b"\r\n"), start):
        start = block.find(b"\n", start) + 1 or len(block)
        number += 1
    return start, number


def _header(block: bytes, layout: Layout, path: Path) -> tuple[list[str], int, int]:
    """Column names, where the first row begins, and the lines before it.

    A file that does not name its columns has the layout's names from its first row on. Else the
    header is the line that has the most of the wanted columns, so a title, a licence or a ``#``
    before it need not be known.
    """
    if layout.header:
        start, skipped = _titles(block)
        return [*layout.header] if block[start:] else [], start, skipped
    start, best, at = 0, (-1, [""], 0), 0
    for number, line in enumerate(block.splitlines(keepends=True)[:HEAD_LINES], 1):
        start += len(line)
        names = _names(line, layout)
        known = len(set(names) & set(layout.columns))
        if known > best[0]:
            best, at = (known, names, number), start
    known, names, number = best
    if missing := [name for name in layout.columns if name not in names]:
        raise fault(
            path,
            f"no column {', '.join(missing)}; there are {', '.join(names)[:300]}",
            f"columns {', '.join(layout.columns)}",
            "give the file in the format that the catalogue names, or map its columns there",
            row=number,
        )
    return names, at, number


def _names(line: bytes, layout: Layout) -> list[str]:
    text = line.decode("utf-8", "replace").strip("\r\n").removeprefix("#").strip()
    return [name.strip().strip('"') for name in text.split(layout.separator)]


def _parsed(rows: bytes, names: list[str], layout: Layout, path: Path, line: int) -> pl.DataFrame:
    types = {**layout.columns, **(layout.optional or {})}
    wanted = [name for name in types if name in names]
    frame = _typed(rows, names, layout, wanted, {name: types[name] for name in wanted})
    if (
        frame is None
        or any(frame[name].null_count() for name in layout.required)
        or not (layout.quoted or _even(rows, len(names), layout, frame.height))
    ):
        raise _strange(rows, names, layout, path, line)
    return frame


def _even(rows: bytes, columns: int, layout: Layout, height: int) -> bool:
    """Whether rows have as many fields as the header; the CSV reader fills up those cut short."""
    separators = np.frombuffer(rows, dtype=np.uint8) == ord(layout.separator)
    return int(np.count_nonzero(separators)) == height * (columns - 1)


def _typed(
    rows: bytes,
    names: list[str],
    layout: Layout,
    wanted: list[str],
    types: Mapping[str, DTypes],
) -> pl.DataFrame | None:
    """Rows as they are declared; None where one is not."""
    schema = {name: types.get(name, pl.String()) for name in names}
    try:
        frame = pl.read_csv(
            rows,
            has_header=False,
            schema=schema,
            columns=[names.index(name) for name in wanted],
            separator=layout.separator,
            quote_char='"' if layout.quoted else None,
            null_values=dict(layout.nulls) if layout.nulls else None,
        )
    except pl.exceptions.PolarsError:
        return None
    return frame.select(wanted)


def _strange(rows: bytes, names: list[str], layout: Layout, path: Path, line: int) -> FaultError:
    """The first row that is not what the layout says, found by reading the block as text."""
    next_step = "fetch the file again; if it is whole, its format has changed"
    types = {**layout.columns, **(layout.optional or {})}
    for number, raw in enumerate(rows.splitlines(), line):
        fields = raw.decode("utf-8", "replace").split(layout.separator)
        if not layout.quoted and raw and len(fields) != len(names):
            found, allowed = f"{len(fields)} fields", f"{len(names)} fields as in the header"
            return fault(path, found, allowed, next_step, row=number)
        for name, value in zip(names, fields, strict=False):
            if name in types and not _fits(value.strip('"'), name, types[name], layout):
                allowed = _allowed(types[name])
                return fault(path, repr(value[:40]), allowed, next_step, row=number, column=name)
    return fault(path, "rows that are no table", "one row a line", next_step, row=line)


def _fits(value: str, name: str, dtype: DTypes, layout: Layout) -> bool:
    if value in ("", (layout.nulls or {}).get(name)):
        return name not in layout.required
    return pl.Series([value]).cast(dtype, strict=False).null_count() == 0


def _allowed(dtype: DTypes) -> str:
    if isinstance(dtype, pl.Enum):
        return ", ".join(dtype.categories.to_list())
    kind = dtype() if isinstance(dtype, type) else dtype
    return "a whole number" if kind.is_integer() else "a number" if kind.is_float() else "a text"


def _complete(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The layout's columns, optional ones that the file lacks missing."""
    optional = layout.optional or {}
    lacking = [pl.lit(None, optional[name]).alias(name) for name in optional if name not in frame]
    return frame.with_columns(lacking).select(*layout.columns, *optional)

"""The join: sorted queries merged against one chromosome of a source, row group by row group.

Both sides are sorted by position, so nothing is hashed and memory holds one row group at a time,
however large the source is. A row group that no query falls into is not read at all, and its
payload only where position and allele code were found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from soyang.core.errors import Fault, FaultError

Ints32 = npt.NDArray[np.int32]
Ints64 = npt.NDArray[np.int64]
UInts32 = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

KEY = ("position", "code")
"""Columns that a source's rows are sorted by."""


@dataclass(frozen=True)
class Hits:
    """Queries that a source has.

    Attributes:
        query: place of each among the queries, rising.
        payload: the source's columns, one row for each.
    """

    query: Ints64
    payload: pl.DataFrame

    def aligned(self, size: int) -> pl.DataFrame:
        """The payload with one row for each of ``size`` queries, missing where not found."""
        row = np.full(size, len(self.query), dtype=np.uint32)
        row[self.query] = np.arange(len(self.query), dtype=np.uint32)
        with_missing = pl.concat([self.payload, self.payload.clear(1)])
        return with_missing.select(pl.all().gather(pl.Series(row)))


def find(
    path: Path, position: Ints32, code: UInts32, eligible: Bools, columns: Sequence[str]
) -> Hits:
    """Look queries up in one chromosome of a source.

    Args:
        path: the chromosome's Parquet file, sorted by position and code.
        position: 1-based positions of the queries, never falling.
        code: their allele codes.
        eligible: queries to look up; the others are not found.
        columns: the source's columns to take.

    Raises:
        FaultError: the file is missing, damaged, or lacks a column.
        ValueError: the queries are not sorted.
    """
    if len(position) > 1 and (position[1:] < position[:-1]).any():
        raise ValueError("queries are not sorted by position")
    try:
        # Texts repeat: as dictionaries they need not be copied before it is known which are hit.
        with pq.ParquetFile(path, read_dictionary=list(columns)) as file:
            parts = list(_groups(file, position, code, eligible, columns))
            empty = _nothing(file.schema_arrow, columns)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise FaultError(_damaged(path, error)) from None
    query = np.concatenate([part for part, _ in parts] or [np.empty(0, dtype=np.int64)])
    payload = _frame(pa.concat_tables([empty, *(table for _, table in parts)]))
    # Alleles of one position that lie in two row groups may have been asked for the other way.
    if (query[1:] < query[:-1]).any():
        order = np.argsort(query, kind="stable")
        return Hits(query[order], payload[order])
    return Hits(query, payload)


def _groups(
    file: pq.ParquetFile, position: Ints32, code: UInts32, eligible: Bools, columns: Sequence[str]
) -> Iterator[tuple[Ints64, pa.Table]]:
    """Queries found in each row group, and their rows of the columns."""
    place = file.schema_arrow.names.index(KEY[0])
    for number in range(file.num_row_groups):
        first, last = _reach(file.metadata.row_group(number).column(place).statistics, position)
        if not eligible[first:last].any():
            continue
        key = file.read_row_group(number, columns=list(KEY), use_threads=False)
        here, there = (key.column(name).combine_chunks().to_numpy() for name in KEY)
        row = np.empty(last - first, dtype=np.int32)
        found = merge(
            here, there, position[first:last], code[first:last], eligible[first:last], row
        )
        del key, here, there
        if found:
            hit = np.flatnonzero(row >= 0)
            yield hit + first, _rows(file, number, columns, row[hit])


def _reach(statistics: Any, position: Ints32) -> tuple[int, int]:
    """Queries (from, to) whose positions lie within a row group's."""
    if statistics is None or not statistics.has_min_max:
        return 0, len(position)
    first = np.searchsorted(position, np.int32(statistics.min), side="left")
    last = np.searchsorted(position, np.int32(statistics.max), side="right")
    return int(first), int(last)


def _rows(file: pq.ParquetFile, group: int, columns: Sequence[str], row: Ints32) -> pa.Table:
    if not columns:
        return pa.table({})
    table = file.read_row_group(group, columns=list(columns), use_threads=False)
    arrays = [table.column(name).combine_chunks().take(pa.array(row)) for name in columns]
    return pa.table([_plain(array) for array in arrays], names=list(columns))


def _plain(array: Any) -> Any:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _nothing(schema: pa.Schema, columns: Sequence[str]) -> pa.Table:
    arrays = [_plain(pa.array([], type=schema.field(name).type)) for name in columns]
    return pa.table(arrays, names=list(columns))


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.rechunk()


@numba.njit(cache=True, nogil=True)
def merge(
    here: Ints32, here_code: UInts32, position: Ints32, code: UInts32, eligible: Bools, row: Ints32
) -> int:
    """Find each query's row by galloping: steps that double, then bisection in the last one.

    Bentley & Yao 1976, "An almost optimal algorithm for unbounded searching". Few queries cost
    few steps, and many cost hardly more than a plain merge.

    Args:
        here: positions of the source, never falling.
        here_code: their allele codes.
        position: positions of the queries, never falling.
        code: their allele codes.
        eligible: queries to look for.
        row: to fill: row of the source, or -1.

    Returns:
        Number of queries found.
    """
    size, at, found = len(here), 0, 0
    for query in range(len(position)):
        row[query] = -1
        if not eligible[query]:
            continue
        wanted = position[query]
        step = 1
        while at + step < size and here[at + step] < wanted:
            at += step
            step <<= 1
        above = min(at + step, size)
        while at < above:
            middle = (at + above) >> 1
            if here[middle] < wanted:
                at = middle + 1
            else:
                above = middle
        same = at
        while same < size and here[same] == wanted:
            if here_code[same] == code[query]:
                row[query] = same
                found += 1
                break
            same += 1
    return found


def _damaged(path: Path, error: Exception) -> Fault:
    return Fault(
        code="knowledge-damaged",
        file=str(path),
        found="no such file" if isinstance(error, FileNotFoundError) else str(error),
        allowed="the file that `soyang knowledge build` wrote",
        next_step="copy or build the release again; `soyang knowledge show` says what it holds",
    )

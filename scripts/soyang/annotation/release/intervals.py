"""What a release's intervals say of places: sorted intervals against sorted queries.

Row groups are read one at a time, those that no query falls into not at all, so memory stays
flat with the source's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow.parquet as pq

from soyang.annotation.release.manifest import INTERVALS
from soyang.annotation.release.reader import Release

Ints32 = npt.NDArray[np.int32]
Ints64 = npt.NDArray[np.int64]

_SPAN = ["start", "end"]


def intervals_at(
    release: Release, source: str, chromosome: str, position: Ints32, end: Ints32
) -> pl.Series:
    """What a source of intervals says of stretches of one chromosome.

    Args:
        release: the release.
        source: the source's id.
        chromosome: bare name.
        position: 1-based first base of each stretch; of an insertion, the base before it.
        end: 1-based last base, included; of an insertion, the base after it.

    Returns:
        A value for each stretch, in the order given, named as annotated tables do: of numbers the
        highest that touches the stretch, of texts all, sorted and joined by ``|``; missing where
        no interval touches it.
    """
    fact = release.manifest.sources[source]
    (column,) = fact.columns
    dtype = getattr(pl, column.dtype)
    values = pl.Series(column.annotated, [None], dtype=dtype).new_from_index(0, len(position))
    path = release.path / INTERVALS / source / f"{chromosome}.parquet"
    if not len(position) or not fact.rows.get(chromosome):
        return values
    start = position.astype(np.int64) - 1
    order = np.argsort(start, kind="stable")
    with pq.ParquetFile(path, memory_map=True) as file:
        parts = list(_found(file, column.name, start[order], end.astype(np.int64)[order]))
    if not parts:
        return values
    found = _summary(pl.concat(parts), dtype)
    places = pl.Series(order).gather(found["query"])
    return values.scatter(places, found["value"])


def _found(file: pq.ParquetFile, column: str, start: Ints64, end: Ints64) -> Iterator[pl.DataFrame]:
    """Columns query (place among the sorted) and value, summed up for each row group."""
    reach = np.maximum.accumulate(end)
    for group in range(file.num_row_groups):
        low, high = _bounds(file, group)
        first = int(np.searchsorted(reach, low, side="right"))
        last = int(np.searchsorted(start, high, side="left"))
        if first >= last:
            continue
        spans = pl.from_arrow(file.read_row_group(group, columns=_SPAN))
        assert isinstance(spans, pl.DataFrame)
        starts, ends = (spans[name].to_numpy().astype(np.int64) for name in _SPAN)
        query, row = pairs_sharing(starts, ends, start[first:last], end[first:last])
        if len(query):
            values = pl.from_arrow(file.read_row_group(group, columns=[column]))
            assert isinstance(values, pl.DataFrame)
            frame = pl.DataFrame(
                {"query": query + first, "value": values[column].gather(pl.Series(row))}
            )
            yield _summary(frame, frame.schema["value"])


def _bounds(file: pq.ParquetFile, group: int) -> tuple[int, int]:
    """First start and last end of a row group, as far as the file tells."""
    said = file.metadata.row_group(group)
    low, high = 0, np.iinfo(np.int64).max
    for index in range(said.num_columns):
        column = said.column(index)
        statistics = column.statistics
        if statistics is None or not statistics.has_min_max:
            continue
        if column.path_in_schema == "start":
            low = int(statistics.min)
        elif column.path_in_schema == "end":
            high = int(statistics.max)
    return low, high


def pairs_sharing(
    starts: Ints64, ends: Ints64, query_start: Ints64, query_end: Ints64
) -> tuple[Ints64, Ints64]:
    """Pairs of query and interval that share a base; both sides sorted by start."""
    reach = np.maximum.accumulate(ends)
    counts = np.zeros(len(query_start), dtype=np.int64)
    none = np.empty(0, dtype=np.int64)
    _walk(starts, ends, reach, query_start, query_end, counts, none, none)
    total = int(counts.sum())
    query, row = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    if total:
        _walk(starts, ends, reach, query_start, query_end, counts, query, row)
    return query, row


@numba.njit(cache=True, nogil=True)
def _walk(
    starts: Any,
    ends: Any,
    reach: Any,
    query_start: Any,
    query_end: Any,
    counts: Any,
    query: Any,
    row: Any,
) -> None:
    """Count pairs for each query, or fill them in where there is room."""
    fill = len(query) > 0
    at = 0
    first = 0
    for i in range(len(query_start)):
        while first < len(starts) and reach[first] <= query_start[i]:
            first += 1
        found = 0
        j = first
        while j < len(starts) and starts[j] < query_end[i]:
            if ends[j] > query_start[i]:
                if fill:
                    query[at] = i
                    row[at] = j
                    at += 1
                found += 1
            j += 1
        counts[i] = found


def _summary(found: pl.DataFrame, dtype: pl.DataType) -> pl.DataFrame:
    """One value for each query."""
    if not found["query"].is_duplicated().any():
        return found
    value = pl.col("value")
    text = value.str.split("|").explode().unique().sort().str.join("|")
    best = text if dtype == pl.String else value.max()
    return found.group_by("query").agg(best).sort("query")

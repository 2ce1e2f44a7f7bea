"""Rows that come nearly in order, written to a Parquet file in order.

A source's file is sorted by position, but left-alignment moves rows back, and some files are not
sorted at all. Rows are held until nothing before them can be expected, so memory stays flat with
the source's size; where something does come late, the chromosome's rows are put aside as sorted
runs and merged at the end. The bytes that are written do not depend on how rows came in frames.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from soyang.core.tables import DTypes

ROW_GROUP = 1 << 20
"""Rows of a row group: what a reader that merges holds at once."""

MARGIN = 100_000
"""Bases behind the furthest position within which rows are still expected. Left-alignment moves
an allele back within one repeat tract, of which the longest in the assemblies are shorter."""

_SAMPLE = 100_000
_FEW = 16_384
"""Of a sample of rows: with fewer different values a dictionary is smaller than differences."""

_RUN_GROUP = 1 << 17

_DIFFERENCES = "DELTA_BINARY_PACKED"
_SPLIT_BYTES = "BYTE_STREAM_SPLIT"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a file holds, and which of several rows with one key stays.

    Attributes:
        schema: column to type, the two keys first, which are never missing.
        keys: the two columns that rows are sorted by, none negative, each below 2 ** 32.
        prefer: of rows with one key, the one with the greatest value stays, or the least where
            the column is named with ``-`` before it. The first of these columns decides first;
            any value is preferred to a missing one; else the first row that came stays.
        row_group: rows of a row group.
        margin: see :data:`MARGIN`.
    """

    schema: Mapping[str, DTypes]
    keys: tuple[str, str]
    prefer: Sequence[str] = ()
    row_group: int = ROW_GROUP
    margin: int = MARGIN

    def key(self, frame: pl.DataFrame) -> npt.NDArray[np.uint64]:
        """Both keys of each row as one number that sorts as they do."""
        first, second = (frame[name].to_numpy().astype(np.uint64) for name in self.keys)
        return (first << np.uint64(32)) | second


def in_order(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Rows sorted by key, one for each key."""
    key = layout.key(frame)
    if bool(np.all(key[1:] > key[:-1])):
        return frame
    order = np.argsort(key, kind="stable")
    key = key[order]
    same = np.zeros(len(key) + 1, dtype=np.bool_)
    same[1:-1] = key[1:] == key[:-1]
    if same.any():
        order = _unique(frame, layout, order, same[1:] | same[:-1])
    return frame[order]


def _unique(
    frame: pl.DataFrame,
    layout: Layout,
    order: npt.NDArray[np.int64],
    repeated: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """The order without the rows that another row of their key is preferred to."""
    places = pl.Series("place", np.flatnonzero(repeated))
    names = [name.removeprefix("-") for name in layout.prefer]
    rows = frame[order[repeated]].select(*layout.keys, *names).with_columns(places)
    greatest = [False, False, *(not name.startswith("-") for name in layout.prefer), False]
    rows = rows.sort(*layout.keys, *names, "place", descending=greatest, nulls_last=True)
    kept = rows.unique(layout.keys, keep="first", maintain_order=True)["place"].to_numpy()
    stays = ~repeated
    stays[kept] = True
    return order[stays]


@dataclass(eq=False)
class _Output:
    """One Parquet file; encodings follow from what its first row group holds."""

    path: Path
    layout: Layout
    pool: ThreadPoolExecutor | None
    rows: int = 0
    _writer: pq.ParquetWriter | None = None
    _writing: Future[None] | None = None

    def write(self, frame: pl.DataFrame) -> None:
        """Write one row group."""
        table = _required(arrow(frame), self.layout.keys)
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path, table.schema, **encodings(frame, self.layout)
            )
        self._wait()
        work = functools.partial(self._writer.write_table, table, row_group_size=max(1, len(frame)))
        if self.pool is None:
            work()
        else:
            self._writing = self.pool.submit(work)
        self.rows += len(frame)

    def close(self) -> None:
        self._wait()
        if self._writer is not None:
            self._writer.close()

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None


def _required(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The table with keys that say they are never missing: half as much to decode."""
    fields = [field.with_nullable(field.name not in keys) for field in table.schema]
    return table.cast(pa.schema(fields))


def arrow(frame: pl.DataFrame) -> pa.Table:
    """The rows as Arrow's plainest types, in one piece."""
    return frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())


def encodings(frame: pl.DataFrame, layout: Layout) -> dict[str, object]:
    """Options of a Parquet writer for rows like these.

    Sorted first keys are written as differences (DELTA_BINARY_PACKED), as are integers with
    many values; floats with many values as split bytes; all else with a dictionary. LZ4: reading
    a release is what is done often, and took half as long as with Zstandard at a fifth more bytes.
    """
    special = {layout.keys[0]: _DIFFERENCES}
    for name in frame.columns[1:]:
        values = frame[name].head(_SAMPLE)
        if values.dtype.is_numeric() and values.n_unique() > _FEW:
            special[name] = _SPLIT_BYTES if values.dtype.is_float() else _DIFFERENCES
    return {
        "compression": "lz4",
        "use_dictionary": [name for name in frame.columns if name not in special],
        "column_encoding": special,
        "write_statistics": list(layout.keys[:1]),
    }


@dataclass(eq=False)
class OrderedFile:
    """A Parquet file of rows in order of their key, each key once.

    Attributes:
        path: the file, made by :meth:`close`.
        layout: its columns and order.
        scratch: folder for runs of rows that came late.
        pool: thread that encodes while more rows are got; none: the caller's.
        repeated: rows left out as another of their key stays.
    """

    path: Path
    layout: Layout
    scratch: Path
    pool: ThreadPoolExecutor | None = None
    repeated: int = 0
    held: int = 0
    _frames: list[pl.DataFrame] = field(default_factory=list)
    _furthest: int = -1
    _written_to: int = -1
    _settle_at: int = 0
    _late: bool = False
    _runs: list[Path] = field(default_factory=list)
    _output: _Output = field(init=False)

    def __post_init__(self) -> None:
        self._output = _Output(self.path, self.layout, self.pool)
        self._settle_at = 2 * self.layout.row_group

    def add(self, frame: pl.DataFrame) -> None:
        """Take rows, in any order; those that come nearly in order are cheapest."""
        if frame.is_empty():
            return
        first = frame[self.layout.keys[0]]
        self._late = self._late or int(first.min()) <= self._written_to  # type: ignore[arg-type]
        self._furthest = max(self._furthest, int(first.max()))  # type: ignore[arg-type]
        self._frames.append(frame)
        self.held += len(frame)
        if self.held >= self._settle_at:
            self.settle()

    def settle(self, *, everything: bool = False) -> None:
        """Write what is held and nothing can come before, or everything that is held.

        After ``everything`` whatever else comes is late.
        """
        if not self._frames:
            return
        frame = in_order(pl.concat(self._frames), self.layout)
        self.repeated += self.held - len(frame)
        if self._late:
            self._spill(frame)
            frame = frame.clear()
        else:
            frame = self._write(frame, everything=everything)
        self._frames, self.held = [frame], len(frame)
        self._settle_at = len(frame) + self.layout.row_group
        if everything:
            self._written_to = 1 << 62

    def _write(self, frame: pl.DataFrame, *, everything: bool) -> pl.DataFrame:
        """Write whole row groups (or all rows); what is left."""
        size = self.layout.row_group
        first = frame[self.layout.keys[0]]
        safe = self._furthest - self.layout.margin
        settled = len(frame) if everything else int(np.searchsorted(first.to_numpy(), safe))
        end = settled if everything else settled // size * size
        for start in range(0, end, size):
            self._output.write(frame[start : min(start + size, end)])
        if end:
            self._written_to = int(first[end - 1])
        return frame[end:]

    def _spill(self, frame: pl.DataFrame) -> None:
        self._runs.append(self.scratch / f"{self.path.stem}.{len(self._runs)}.run")
        frame.write_parquet(self._runs[-1], compression="lz4", row_group_size=_RUN_GROUP)

    def close(self) -> int:
        """Finish the file; its rows. Nothing is written where nothing came."""
        self.settle(everything=True)
        self._output.close()
        if self._runs:
            self._merge()
        return self._output.rows

    def _merge(self) -> None:
        runs = list(self._runs)
        if self._output.rows:
            runs.insert(0, self.path.replace(self.scratch / f"{self.path.stem}.first.run"))
        merged = OrderedFile(self.path, self.layout, self.scratch, self.pool)
        for frame in _ranges(runs, self.layout):
            merged.add(frame)
        merged.close()
        self._output.rows = merged._output.rows
        self.repeated += merged.repeated
        for run in runs:
            run.unlink()


def _ranges(runs: Sequence[Path], layout: Layout) -> Iterator[pl.DataFrame]:
    """Rows of all runs, by rising ranges of the first key; in each the runs in turn."""
    first = layout.keys[0]
    bounds = [*_bounds(runs, layout.row_group), None]
    start = 0
    for end in bounds:
        inside = pl.col(first) >= start
        if end is not None:
            inside &= pl.col(first) < end
            start = end
        # A scan skips the row groups that its statistics exclude.
        yield pl.concat([pl.scan_parquet(run).filter(inside).collect() for run in runs])


def _bounds(runs: Sequence[Path], size: int) -> list[int]:
    """First keys between which runs hold about ``size`` rows."""
    groups = []
    for run in runs:
        data = pq.ParquetFile(run).metadata
        for i in range(data.num_row_groups):
            group = data.row_group(i)
            groups.append((int(group.column(0).statistics.min), group.num_rows))
    bounds: list[int] = []
    rows = 0
    for least, count in sorted(groups):
        if rows >= size and least > (bounds[-1] if bounds else 0):
            bounds.append(least)
            rows = 0
        rows += count
    return bounds

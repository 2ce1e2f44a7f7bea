"""Writing a source's variants or intervals into a release, as its rows come from a reader.

The layout is the one of :mod:`soyang.annotation.release.manifest`.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl
import pyarrow.parquet as pq

from soyang.annotation.release.manifest import LONG, ColumnFact
from soyang.annotation.release.order import (
    MARGIN,
    ROW_GROUP,
    Layout,
    OrderedFile,
    arrow,
    encodings,
)
from soyang.core.assembly import CHROMOSOMES
from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH, disk_full, is_disk_full
from soyang.core.tables import DTypes
from soyang.core.variant_key import is_hashed

LONG_SCHEMA: Mapping[str, DTypes] = {
    "chromosome": pl.String,
    "position": pl.Int32,
    "code": pl.UInt32,
    "ref": pl.String,
    "alt": pl.String,
}
"""Columns of ``long.parquet``."""

_SPELT = ("position", "code", "ref", "alt")
_LONG_HELD = 1 << 19


def dtype_of(fact: ColumnFact) -> DTypes:
    """The Polars type that a column is declared with.

    Raises:
        ValueError: no such type.
    """
    dtype = getattr(pl, fact.dtype, None)
    if not (isinstance(dtype, type) and issubclass(dtype, pl.DataType)):
        raise ValueError(f"column {fact.name}: {fact.dtype} is no Polars type")
    return dtype


class ChromosomeWriter:
    """Parquet files of one source, one for each chromosome; memory stays flat with its size.

    Used as a context manager; files stand in ``folder`` after :meth:`close`, none before.

    Args:
        folder: folder of the source in the release; made.
        layout: columns and their order.
        threads: with more than one, encoding runs beside the reader. Bytes are the same.
    """

    def __init__(self, folder: Path, layout: Layout, *, threads: int = 1) -> None:
        self.folder = folder
        self.layout = layout
        folder.mkdir(parents=True, exist_ok=True)
        self._scratch = folder / f"{SCRATCH}{uuid.uuid4().hex}"
        self._scratch.mkdir()
        self._pool = ThreadPoolExecutor(1) if threads > 1 else None
        self._files: dict[str, OrderedFile] = {}

    @property
    def repeated(self) -> int:
        """Rows left out so far since another row of their key stays."""
        return sum(file.repeated for file in self._files.values())

    def add(self, chromosome: str, frame: pl.DataFrame) -> None:
        """Take rows of one chromosome.

        Args:
            chromosome: without ``chr``, the mitochondrion ``M``.
            frame: has the layout's columns, maybe among others.

        Raises:
            ValueError: not a chromosome, or other types than the layout's.
            FaultError: the disk is full.
        """
        if chromosome not in CHROMOSOMES:
            raise ValueError(f"{chromosome} is not the bare name of a chromosome")
        frame = _checked(frame, self.layout)
        with self._no_room():
            file = self._files.get(chromosome) or self._begin(chromosome)
            file.add(frame)
            self._end_others(chromosome)

    def close(self) -> Mapping[str, int]:
        """Finish all files; rows by chromosome, in the order of chromosomes."""
        with self._no_room():
            rows = {
                chromosome: self._files[chromosome].close()
                for chromosome in CHROMOSOMES
                if chromosome in self._files
            }
            self._finish()
            for made in sorted(self._scratch.glob("*.parquet")):
                made.replace(self.folder / made.name)
        self.abandon()
        return {chromosome: count for chromosome, count in rows.items() if count}

    def abandon(self) -> None:
        """Remove whatever is not finished."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abandon()

    def _finish(self) -> None:
        """What else stands beside the chromosomes."""

    def _begin(self, chromosome: str) -> OrderedFile:
        path = self._scratch / f"{chromosome}.parquet"
        self._files[chromosome] = OrderedFile(path, self.layout, self._scratch, self._pool)
        return self._files[chromosome]

    def _end_others(self, chromosome: str) -> None:
        """Write out the chromosomes that hold most, where all together hold too much."""
        while sum(file.held for file in self._files.values()) > 4 * self.layout.row_group:
            others = [name for name in self._files if name != chromosome]
            fullest = max(others, key=lambda name: self._files[name].held, default=None)
            if fullest is None or not self._files[fullest].held:
                return
            self._files[fullest].settle(everything=True)

    @contextmanager
    def _no_room(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if is_disk_full(error):
                raise FaultError(disk_full(self.folder)) from error
            raise


def _checked(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    frame = frame.select(list(layout.schema))
    other = {
        name: frame.schema[name] for name, t in layout.schema.items() if frame.schema[name] != t
    }
    if other:
        raise ValueError(f"columns of other types than declared: {other}")
    for name in layout.keys:
        if frame[name].null_count():
            raise ValueError(f"column {name} has a missing value")
    return frame


class VariantWriter(ChromosomeWriter):
    """A source's variants: ``<chromosome>.parquet`` and ``long.parquet``.

    Args:
        folder: folder of the source in the release; made.
        columns: what the source says of a variant.
        prefer: columns that decide which of several rows of one variant stays, see
            :class:`soyang.annotation.release.order.Layout`.
        source: the file read, named in faults.
        threads: with more than one, encoding runs beside the reader. Bytes are the same.
        row_group: rows of a row group.
        margin: bases that rows may come out of order without cost.
    """

    def __init__(
        self,
        folder: Path,
        columns: Sequence[ColumnFact],
        *,
        prefer: Sequence[str] = (),
        source: Path | None = None,
        threads: int = 1,
        row_group: int = ROW_GROUP,
        margin: int = MARGIN,
    ) -> None:
        payload = {fact.name: dtype_of(fact) for fact in columns}
        layout = Layout(
            schema={"position": pl.Int32, "code": pl.UInt32, **payload},
            keys=("position", "code"),
            prefer=prefer,
            row_group=row_group,
            margin=margin,
        )
        super().__init__(folder, layout, threads=threads)
        self._source = source or folder
        self._long: list[pl.DataFrame] = []
        self._long_files: list[Path] = []

    def add(self, chromosome: str, frame: pl.DataFrame) -> None:
        """Take rows of one chromosome.

        Args:
            chromosome: without ``chr``, the mitochondrion ``M``.
            frame: position (1-based), code, ref and alt (of hashed codes), and the columns.

        Raises:
            ValueError: not a chromosome, other types than declared, or a hashed code not spelt.
            FaultError: the disk is full.
        """
        super().add(chromosome, frame)
        long = frame.lazy().filter(is_hashed(pl.col("code"))).select(_SPELT).collect()
        if long.is_empty():
            return
        if long["ref"].null_count() or long["alt"].null_count():
            raise ValueError("a hashed code without its alleles")
        self._long.append(long.select(pl.lit(chromosome).alias("chromosome"), pl.all()))
        if sum(map(len, self._long)) >= _LONG_HELD:
            with self._no_room():
                self._spill_long()

    def _spill_long(self) -> None:
        self._long_files.append(self._scratch / f"long.{len(self._long_files)}.run")
        frame = pl.concat(self._long).unique()
        frame.write_parquet(self._long_files[-1], compression="lz4")
        self._long = []

    def _finish(self) -> None:
        empty = pl.DataFrame(schema=dict(LONG_SCHEMA))
        # Numbers here are small; a fixed choice needs no look at the rows.
        options = {**encodings(empty, self.layout), "use_dictionary": ["chromosome"]}
        options["write_statistics"] = ["chromosome", "position"]
        with pq.ParquetWriter(self._scratch / LONG, arrow(empty).schema, **options) as out:
            for chromosome in CHROMOSOMES:
                frame = self._long_of(chromosome)
                if len(frame):
                    self._check_collisions(chromosome, frame)
                    out.write_table(arrow(frame), row_group_size=self.layout.row_group)

    def _long_of(self, chromosome: str) -> pl.DataFrame:
        here = pl.col("chromosome") == chromosome  # a scan skips the parts of others
        parts = [pl.scan_parquet(file).filter(here) for file in self._long_files]
        parts += [frame.lazy().filter(here) for frame in self._long]
        if not parts:
            return pl.DataFrame(schema=dict(LONG_SCHEMA))
        return pl.concat(parts).unique().sort(_SPELT).collect()

    def _check_collisions(self, chromosome: str, long: pl.DataFrame) -> None:
        """Two long alleles at a position with one hash can't be told apart by their key."""
        both = long.filter(pl.struct("position", "code").is_duplicated())
        if both.is_empty():
            return
        one, other = both.rows()[:2]
        raise FaultError(
            Fault(
                code="key-collision",
                file=str(self._source),
                row=f"{chromosome}:{one[1]}",
                found=f"{_short(*one[3:])} and {_short(*other[3:])} with one code, {one[2]}",
                allowed="different codes for different alleles",
                next_step="leave one of the two records out of the source, "
                "and note that in the catalogue",
            )
        )


def _short(ref: str, alt: str) -> str:
    most = 60
    return ">".join(a if len(a) <= most else f"{a[:most]}... ({len(a)} bases)" for a in (ref, alt))


class IntervalWriter(ChromosomeWriter):
    """A source's intervals: ``<chromosome>.parquet`` of start, end (0-based, half-open), value.

    Args:
        folder: folder of the source in the release; made.
        value: what the source says of an interval.
        prefer_greatest: of several rows of one interval the one with the greatest value stays;
            else the first.
        threads: with more than one, encoding runs beside the reader. Bytes are the same.
        row_group: rows of a row group.
        margin: bases that rows may come out of order without cost.
    """

    def __init__(
        self,
        folder: Path,
        value: ColumnFact,
        *,
        prefer_greatest: bool = False,
        threads: int = 1,
        row_group: int = ROW_GROUP,
        margin: int = MARGIN,
    ) -> None:
        layout = Layout(
            schema={"start": pl.Int32, "end": pl.Int32, value.name: dtype_of(value)},
            keys=("start", "end"),
            prefer=(value.name,) if prefer_greatest else (),
            row_group=row_group,
            margin=margin,
        )
        super().__init__(folder, layout, threads=threads)

"""What one release says of variants and another does not, in order and a window at a time.

Both releases are sorted, so a stretch of a chromosome in one can only be in the same stretch of
the other: memory holds two row groups, however large a source is. Files with the same checksum in
both manifests are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from soyang.annotation.release.manifest import LONG, VARIANTS, Manifest, read_manifest
from soyang.core.assembly import contig_order
from soyang.core.variant_key import alleles, is_hashed

KEY = ["position", "code", "ref", "alt"]
NEW, REMOVED, CHANGED = "new", "removed", "changed"
BEFORE = "before:"
"""Prefix of an old release's column beside the new one's."""
CHANGES: dict[str, type[pl.DataType]] = {
    "chromosome": pl.String,
    "position": pl.Int32,
    "code": pl.UInt32,
    "ref": pl.String,
    "alt": pl.String,
    "column": pl.String,
    "before": pl.String,
    "after": pl.String,
    "change": pl.String,
}


@dataclass(frozen=True)
class Side:
    """One of the two releases."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path) -> Side:
        """Open a release.

        Raises:
            FaultError: no release there.
        """
        return cls(path, read_manifest(path))

    def columns(self, source: str) -> list[str]:
        """Columns that a source has here."""
        fact = self.manifest.sources.get(source)
        return [column.name for column in fact.columns] if fact else []

    def chromosomes(self, source: str) -> set[str]:
        """Chromosomes on which a source has rows here."""
        fact = self.manifest.sources.get(source)
        return {name for name, rows in fact.rows.items() if rows} if fact else set()

    def file(self, source: str, name: str) -> str:
        """A file of a source's variants, as the manifest names it."""
        return f"{VARIANTS}/{source}/{name}"

    def rows(self, source: str, chromosome: str, window: tuple[int, int]) -> pl.LazyFrame:
        """Rows within a window (1-based, both ends included), long alleles spelt."""
        found = (
            pl.scan_parquet(self.path / self.file(source, f"{chromosome}.parquet"))
            .filter(pl.col("position").is_between(*window))
            .with_columns(pl.col("position").cast(pl.Int32), pl.col("code").cast(pl.UInt32))
        )
        long = self.path / self.file(source, LONG)
        if not long.exists():
            nothing = pl.lit(None, pl.String)
            return found.with_columns(nothing.alias("ref"), nothing.alias("alt"))
        spelt = (
            pl.scan_parquet(long)
            .filter((pl.col("chromosome") == chromosome) & pl.col("position").is_between(*window))
            .select(pl.col("position").cast(pl.Int32), pl.col("code").cast(pl.UInt32), "ref", "alt")
        )
        return found.join(spelt, on=["position", "code"], how="left", maintain_order="left")


def differences(
    old: Side, new: Side, source: str, columns: Sequence[str]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Variants of a source that differ: chromosome, and a frame for each stretch of it.

    Args:
        old: the release before.
        new: the release after; a source that either lacks is empty there.
        source: the source's id.
        columns: columns to compare; one that a release lacks is missing in all its rows.

    Yields:
        Chromosome, and a frame with ``KEY`` (ref and alt missing unless the code is a hash),
        ``change``, and each column, with :data:`BEFORE` in front for the old release's.
    """
    there, here = old.chromosomes(source), new.chromosomes(source)
    for chromosome in sorted(there | here, key=contig_order):
        sides = [side for side in (old, new) if chromosome in side.chromosomes(source)]
        if len(sides) == 2 and _same_file(old, new, source, chromosome):  # noqa: PLR2004  both
            continue
        name = f"{chromosome}.parquet"
        for window in _windows([side.path / side.file(source, name) for side in sides]):
            before, after = (
                side.rows(source, chromosome, window)
                .select(*KEY, *_asked(side, old if side is new else new, source, columns))
                .collect()
                if side in sides
                else None
                for side in (old, new)
            )
            found = compare(before, after, columns)
            if found.height:
                yield chromosome, found


def _asked(side: Side, other: Side, source: str, columns: Sequence[str]) -> Iterator[pl.Expr]:
    """The columns of one release, those that only the other has as missing."""
    here, there = side.manifest.sources[source], other.manifest.sources.get(source)
    types = {fact.name: fact.dtype for fact in there.columns} if there else {}
    known = {fact.name for fact in here.columns}
    for name in columns:
        missing = pl.lit(None, getattr(pl, types.get(name, "Null"))).alias(name)
        yield pl.col(name) if name in known else missing


def _same_file(old: Side, new: Side, source: str, chromosome: str) -> bool:
    """Whether the releases have the same bytes here; long alleles are part of what is said."""
    names = [old.file(source, f"{chromosome}.parquet"), old.file(source, LONG)]
    return all(old.manifest.files.get(name) == new.manifest.files.get(name) for name in names)


def _windows(paths: Sequence[Path]) -> Iterator[tuple[int, int]]:
    """Stretches that end where a row group of either file ends."""
    ends: set[int] = set()
    for path in paths:
        with pq.ParquetFile(path) as file:
            place = file.schema_arrow.names.index("position")
            groups = (file.metadata.row_group(n) for n in range(file.num_row_groups))
            ends |= {int(group.column(place).statistics.max) for group in groups}
    start = 0
    for end in sorted(ends):
        yield start, end
        start = end + 1


def compare(
    before: pl.DataFrame | None, after: pl.DataFrame | None, columns: Sequence[str]
) -> pl.DataFrame:
    """Rows of two frames that differ, in the order of their keys."""
    if before is None or after is None:
        one = before if after is None else after
        assert one is not None
        other = one.clear()
        before, after = (other if before is None else before, other if after is None else after)
    aside = before.rename({name: BEFORE + name for name in columns}).with_columns(_before=True)
    beside = after.with_columns(_after=True)
    plain = ~is_hashed(pl.col("code"))
    parts = [
        _join(aside.filter(plain).drop("ref", "alt"), beside.filter(plain), KEY[:2]),
        _join(aside.filter(~plain), beside.filter(~plain), KEY),
    ]
    both = pl.concat(parts, how="diagonal")
    differs = [pl.col(name).ne_missing(pl.col(BEFORE + name)) for name in columns]
    change = (
        pl.when(pl.col("_before").is_null())
        .then(pl.lit(NEW))
        .when(pl.col("_after").is_null())
        .then(pl.lit(REMOVED))
        .when(pl.any_horizontal(differs) if differs else False)
        .then(pl.lit(CHANGED))
    )
    beside_names = [name for column in columns for name in (BEFORE + column, column)]
    return (
        both.with_columns(change=change)
        .filter(pl.col("change").is_not_null())
        .select(*KEY, "change", *beside_names)
        .sort(KEY)
    )


def _join(aside: pl.DataFrame, beside: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    return aside.join(beside, on=on, how="full", coalesce=True)


def changes(
    old: Path | Side, new: Path | Side, source: str, columns: Sequence[str] | None = None
) -> Iterator[pl.DataFrame]:
    """What changed of a source's variants, a row for each variant and column.

    Args:
        old: the release before.
        new: the release after; a source that either lacks is empty there.
        source: the source's id.
        columns: columns to compare; None: all that both releases have (all that the one has, if
            the other lacks the source).

    Yields:
        Frames with the columns of :data:`CHANGES`, in the order of the genome: ``change`` is
        ``new``, ``removed`` (a row for each column that had a value) or ``changed``; ``before``
        and ``after`` as text; ref and alt always spelt.

    Raises:
        FaultError: no release there.
    """
    before, after = (side if isinstance(side, Side) else Side.open(side) for side in (old, new))
    compared = common(before, after, source) if columns is None else columns
    for chromosome, wide in differences(before, after, source, compared):
        if (long := _long(chromosome, spelt(wide), compared)).height:
            yield long


def common(old: Side, new: Side, source: str) -> list[str]:
    """Columns that a source has in both releases, or in the one that has it."""
    there, here = old.columns(source), new.columns(source)
    return [name for name in here if name in there] if there and here else there or here


def spelt(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with ref and alt in every row."""
    short = alleles(frame["code"])
    return frame.with_columns(
        pl.col(name).fill_null(short[name]) if frame[name].null_count() else pl.col(name)
        for name in ("ref", "alt")
    )


def _long(chromosome: str, wide: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    parts = [
        wide.filter(pl.col(name).ne_missing(pl.col(BEFORE + name))).select(
            pl.lit(chromosome).alias("chromosome"),
            *KEY,
            pl.lit(name).alias("column"),
            pl.col(BEFORE + name).cast(pl.String).alias("before"),
            pl.col(name).cast(pl.String).alias("after"),
            "change",
        )
        for name in columns
    ]
    empty = pl.DataFrame(schema=CHANGES)
    # A stable sort leaves the columns of one variant in the order of the source's columns.
    return pl.concat([empty, *parts]).sort(KEY[:1] + KEY[2:], maintain_order=True)

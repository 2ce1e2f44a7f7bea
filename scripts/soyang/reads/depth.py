"""Depth of regions, by mosdepth; figures over regions, their parts and transcripts.

Regions are disjoint and sorted as in the reference; start 0-based, end exclusive.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import polars as pl

from soyang.core.files import write_text
from soyang.core.interval import Interval
from soyang.core.process import Command, run
from soyang.core.regions import REGIONS

_DIGITS = "6"
"""Decimals of mosdepth's means; with its two, sums over long regions would be rough."""

_PLACE: dict[str, type[pl.DataType]] = {**REGIONS, "kind": pl.String}

Region = tuple[Interval, str]
"""A region and its kind."""


def cut(regions: Iterable[Region], edges: Mapping[str, Sequence[int]]) -> Iterator[Region]:
    """Regions cut at edges that lie inside them, each part with its region's kind.

    Args:
        regions: the regions.
        edges: sorted positions, by contig.
    """
    for interval, kind in regions:
        own = edges.get(interval.contig, ())
        inside = own[bisect_right(own, interval.start) : bisect_left(own, interval.end)]
        for start, end in pairwise([interval.start, *inside, interval.end]):
            yield Interval(interval.contig, start, end), kind


def depth_of(
    regions: Iterable[Region], prefix: Path, depths: Sequence[int], words: Command
) -> pl.DataFrame:
    """Depth of regions: contig, start, end, kind, depth (mean), and ``at_<n>`` for each depth.

    ``at_<n>`` are the region's bases with at least n reads. mosdepth's tables of regions are
    removed again; its distributions stay.

    Args:
        regions: without one, nothing is measured.
        prefix: folder and start of the names of mosdepth's tables.
        depths: the depths asked for, each once.
        words: further words of mosdepth's command, the last of them the CRAM.
    """
    asked = sorted(depths)
    lines = [f"{r.contig}\t{r.start}\t{r.end}\t{kind}\n" for r, kind in regions]
    if not lines:
        return pl.DataFrame(schema={**_PLACE, "depth": pl.Float64, **_counts(asked)})
    bed = prefix.with_name(f"{prefix.name}.measured.bed")
    write_text(bed, "".join(lines))
    mosdepth: list[str | Path] = ["env", f"MOSDEPTH_PRECISION={_DIGITS}", "mosdepth"]
    mosdepth += ["--no-per-base", "--by", bed, "--thresholds", ",".join(map(str, asked))]
    run([*mosdepth, *words[:-1], prefix, words[-1]])
    means, counts = (_table(prefix, name) for name in ("regions", "thresholds"))
    bed.unlink()
    read = pl.read_csv(
        means, separator="\t", has_header=False, schema={**_PLACE, "depth": pl.Float64}
    )
    at = pl.read_csv(
        counts, separator="\t", has_header=False, skip_rows=1, schema={**_PLACE, **_counts(asked)}
    )
    for path in (means, counts):
        path.unlink()
        path.with_name(f"{path.name}.csi").unlink()
    return read.hstack(at.select(list(_counts(asked))))


def _counts(depths: Sequence[int]) -> dict[str, type[pl.DataType]]:
    return {f"at_{depth}": pl.Int64 for depth in depths}


def _table(prefix: Path, name: str) -> Path:
    return prefix.with_name(f"{prefix.name}.{name}.bed.gz")


def mean_depth(depth: pl.DataFrame) -> float | None:
    """Depth over all bases of some regions; ``None`` if there are none."""
    length = pl.col("end") - pl.col("start")
    bases, total = depth.select(
        length.sum().alias("bases"), (length * pl.col("depth")).sum().alias("total")
    ).row(0)
    return total / bases if bases else None


def bases_of(depth: pl.DataFrame) -> int:
    """Bases of some regions."""
    return int((depth["end"] - depth["start"]).sum())


def over_pieces(depth: pl.DataFrame, pieces: pl.DataFrame) -> pl.DataFrame:
    """Sums over the regions inside each piece: bases, total (reads times bases) and ``at_<n>``.

    Args:
        depth: of disjoint regions that were cut at the edges of the pieces.
        pieces: contig, start and end; they may overlap each other.

    Returns:
        One row for each piece, in order.
    """
    contigs = {name: n for n, name in enumerate(depth["contig"].unique(maintain_order=True))}
    span = max([0, *depth["end"], *pieces["end"]]) + 1
    length = pl.col("end") - pl.col("start")
    ordered = depth.select(
        _position("start", contigs, span).alias("position"),
        length.alias("bases"),
        (length * pl.col("depth")).alias("total"),
        *(name for name in depth.columns if name[:3] == "at_"),
    ).sort("position", maintain_order=True)
    starts = ordered["position"]
    first, last = (
        starts.search_sorted(pieces.select(_position(edge, contigs, span)).to_series(), side="left")
        for edge in ("start", "end")
    )
    sums = ordered.drop("position").select(pl.all().cum_sum())
    running = pl.concat([sums.clear(1).fill_null(0), sums])
    return running.select(pl.all().gather(last) - pl.all().gather(first))


def _position(column: str, contigs: Mapping[str, int], span: int) -> pl.Expr:
    """Positions on one line, on which the contigs lie behind each other; unknown ones last."""
    known = pl.col("contig").replace_strict(contigs, default=len(contigs), return_dtype=pl.Int64)
    return known * span + pl.col(column)

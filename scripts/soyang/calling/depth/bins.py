"""Bins: the stretches whose depth is compared.

A bin of the genome is about ``bin_length`` bases without N; a bin of targets is a target, or a
piece of a long one. Coordinates are 0-based and half-open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pysam

from soyang.core.assembly import CHROMOSOMES, PSEUDO_AUTOSOMAL, Assembly, bare
from soyang.core.errors import Fault, FaultError
from soyang.core.interval import Interval, merge, read_bed
from soyang.core.sequence import contig_lengths, known_stretches

TARGET_PIECE = 500
"""Longest bin of targets, bp: a long exon is several bins, so that a part of it can be told."""

_SHORTEST_TARGET = 20
"""Shorter targets hold too few reads of their own."""

_AUTOSOMES = frozenset(CHROMOSOMES) - {"X", "Y", "M"}
_ASSESSED = frozenset(CHROMOSOMES) - {"M"}


def make_bins(reference: Path, bin_length: int, targets: Path | None) -> pl.DataFrame:
    """Bins of chromosomes 1 to 22, X and Y, in the reference's order.

    Args:
        reference: prepared reference (genome.fa).
        bin_length: bases of a bin of the genome.
        targets: BED of what was sequenced; without, the genome.

    Returns:
        contig, start, end and gc (share of G and C).

    Raises:
        FaultError: targets on contigs that the reference hasn't, or beyond their ends.
    """
    if targets is None:
        frame = _cut(known_stretches(reference), bin_length, bin_length // 2)
    else:
        frame = _cut(_target_stretches(targets, reference), TARGET_PIECE, _SHORTEST_TARGET)
    order = {contig: n for n, contig in enumerate(contig_lengths(reference))}
    rank = pl.col("contig").replace_strict(order, return_dtype=pl.Int64)
    frame = frame.sort(rank, "start")
    return frame.with_columns(pl.Series("gc", _gc(reference, frame), dtype=pl.Float64))


def _target_stretches(targets: Path, reference: Path) -> list[Interval]:
    """Targets, merged, each inside the reference."""
    lengths = contig_lengths(reference)
    stretches = list(merge(read_bed(targets)))
    for stretch in stretches:
        if stretch.end > lengths.get(stretch.contig, 0):
            place = f"{stretch.contig}:{stretch.start}-{stretch.end}"
            raise FaultError(
                Fault(
                    code="targets-beyond-reference",
                    file=str(targets),
                    found=f"a target at {place}",
                    allowed="targets inside the contigs of the reference",
                    next_step="use the targets of the reference's assembly",
                )
            )
    return stretches


def _cut(stretches: Iterable[Interval], length: int, shortest: int) -> pl.DataFrame:
    """Stretches of assessed chromosomes in pieces of nearly equal length, about ``length``.

    Shorter stretches than ``shortest`` are left out.
    """
    kept = [s for s in stretches if len(s) >= shortest and bare(s.contig) in _ASSESSED]
    starts = np.array([s.start for s in kept], dtype=np.int64)
    sizes = np.array([len(s) for s in kept], dtype=np.int64)
    counts = np.maximum(np.rint(sizes / length), 1).astype(np.int64)
    whole = np.repeat(np.arange(len(kept)), counts)
    number = np.arange(len(whole)) - np.repeat(np.cumsum(counts) - counts, counts)
    contigs = pl.Series([s.contig for s in kept], dtype=pl.String)
    return pl.DataFrame(
        {
            "contig": contigs.gather(whole),
            "start": starts[whole] + sizes[whole] * number // counts[whole],
            "end": starts[whole] + sizes[whole] * (number + 1) // counts[whole],
        },
        schema={"contig": pl.String, "start": pl.Int64, "end": pl.Int64},
    )


def _gc(reference: Path, bins: pl.DataFrame) -> np.ndarray:
    """Share of G and C of each bin, which are in the order of their contigs."""
    shares = [np.zeros(0)]
    with pysam.FastaFile(str(reference)) as fasta:
        for (contig,), part in bins.group_by("contig", maintain_order=True):
            text = np.frombuffer(fasta.fetch(str(contig)).encode(), dtype=np.uint8) & 0xDF
            strong = np.append((text == ord("G")) | (text == ord("C")), False)
            edges = part.select("start", "end").to_numpy().ravel()
            sums = np.add.reduceat(strong, edges, dtype=np.int64)[::2]
            shares.append(sums / (edges[1::2] - edges[::2]))
    return np.concatenate(shares).round(4)


def with_expected(
    bins: pl.DataFrame, assembly: Assembly, x_copies: int | None, y_copies: int | None
) -> pl.DataFrame:
    """Bins with ``expected_copies``, null where that is not known, and ``autosomal``.

    The pseudo-autosomal regions have their reads on X, where Y's are masked in the reference;
    where they are not, reads of both map to either and no bin of them is usable.

    Args:
        bins: columns contig, start, end.
        assembly: places the pseudo-autosomal regions.
        x_copies: copies of X, ``None`` if not known.
        y_copies: the same of Y.
    """
    name = pl.col("contig").replace_strict(
        {c: bare(c) for c in bins["contig"].unique()}, return_dtype=pl.String
    )
    shared = _within(bins, name, PSEUDO_AUTOSOMAL[assembly])
    both = None if x_copies is None or y_copies is None else x_copies + y_copies
    expected = (
        pl.when(name == "X")
        .then(pl.when(shared).then(pl.lit(both)).otherwise(pl.lit(x_copies)))
        .when(name == "Y")
        .then(pl.when(shared).then(None).otherwise(pl.lit(y_copies)))
        .otherwise(2)
    )
    return bins.with_columns(
        expected.cast(pl.Int64).alias("expected_copies"),
        name.is_in(list(_AUTOSOMES)).alias("autosomal"),
    )


def _within(
    bins: pl.DataFrame, name: pl.Expr, regions: Mapping[str, Sequence[tuple[int, int]]]
) -> pl.Expr:
    """Whether a bin lies at least in part in one of the regions of its chromosome."""
    inside = pl.lit(False)
    for chromosome, spans in regions.items():
        for start, end in spans:
            part = (name == chromosome) & (pl.col("end") > start) & (pl.col("start") < end)
            inside = inside | part
    return inside

"""Simulated depth of bins with planted losses and gains.

Reads are counted, not simulated: a bin's reads are a negative binomial number about its length,
the depth, the GC bias of a library and, of targets, what its bait catches. The shape of the GC
bias differs between samples, and so does the batch that a captured sample belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

READ_LENGTH = 150
BIN = 1_000
CONTIGS = 4
_GAP_BINS = 60
"""Bins of two copies between planted events, at least."""

_LARGE = 20
"""Bins from which on events get fewer."""

_STEADY = 0.98
"""Correlation of the GC share of neighbouring bins."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A planted event: bins ``first`` to ``last`` (exclusive) and their copies."""

    contig: str
    start: int
    end: int
    bins: int
    copies: int


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Bins with depth (columns of ``calling.depth``) and what was planted."""

    bins: pl.DataFrame
    truth: tuple[Truth, ...]


def genome_bins(count: int, generator: np.random.Generator) -> pl.DataFrame:
    """Bins of a genome on a few autosomes: contig, start, end, gc."""
    each = count // CONTIGS
    steps = generator.normal(0, 1, CONTIGS * each)
    gc = np.empty_like(steps)
    value = 0.0
    for i, step in enumerate(steps):
        value = _STEADY * value + np.sqrt(1 - _STEADY**2) * step
        gc[i] = value
    gc = np.clip(0.41 + 0.06 * gc + 0.03 * generator.normal(0, 1, len(gc)), 0.2, 0.8)
    start = np.tile(np.arange(each) * BIN, CONTIGS)
    return _frame(np.repeat(np.arange(CONTIGS), each), start, start + BIN, gc)


def exome_bins(genes: int, generator: np.random.Generator) -> pl.DataFrame:
    """Targets of genes: exons of 80 to 500 bp, introns of some kb, genes far apart."""
    contigs, starts, ends = [], [], []
    for contig in range(CONTIGS):
        at = 100_000
        for _ in range(genes // CONTIGS):
            for _ in range(int(generator.integers(3, 25))):
                length = int(np.clip(generator.lognormal(4.95, 0.45), 80, 500))
                contigs.append(contig)
                starts.append(at)
                ends.append(at + length)
                at += length + int(generator.lognormal(7.3, 1.0)) + 100
            at += int(generator.integers(20_000, 200_000))
    gc = np.clip(generator.normal(0.47, 0.1, len(starts)), 0.25, 0.78)
    return _frame(np.array(contigs), np.array(starts), np.array(ends), gc)


def _frame(
    contigs: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    gc: NDArray[np.float64],
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "contig": [f"chr{n + 1}" for n in contigs],
            "start": starts,
            "end": ends,
            "gc": gc.round(4),
        },
        schema_overrides={"start": pl.Int64, "end": pl.Int64},
    )


def plant(
    bins: pl.DataFrame,
    sizes: Sequence[int],
    copies: Sequence[int],
    each: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.int64], tuple[Truth, ...]]:
    """Copies of each bin, with ``each`` events of every size and number of copies.

    Of large sizes there are fewer, so that most of the genome has two copies.

    Args:
        bins: columns contig, start, end.
        sizes: bins of an event.
        copies: copies of an event.
        each: events of each.
        generator: where they lie.
    """
    wanted = [
        (size, n)
        for size in sizes
        for n in copies
        for _ in range(max(each * _LARGE // max(size, _LARGE), 1))
    ]
    spare = len(bins) - sum(size + _GAP_BINS for size, _ in wanted)
    if spare < 0:
        raise ValueError(f"{len(bins)} bins are too few for {len(wanted)} events")
    order = generator.permutation(len(wanted))
    shifts = np.sort(generator.integers(0, spare + 1, len(wanted)))
    found, truth, used = np.full(len(bins), 2), [], _GAP_BINS // 2
    contig = bins["contig"].to_list()
    start, end = bins["start"].to_list(), bins["end"].to_list()
    for which, shift in zip(order, shifts, strict=True):
        size, n = wanted[which]
        first = used + int(shift)
        used += size + _GAP_BINS
        if contig[first] != contig[first + size - 1]:
            continue
        found[first : first + size] = n
        truth.append(
            Truth(
                contig=contig[first],
                start=start[first],
                end=end[first + size - 1],
                bins=size,
                copies=n,
            )
        )
    return found, tuple(truth)


@dataclass(frozen=True, kw_only=True)
class Library:
    """How a sample was sequenced.

    Attributes:
        depth: typical depth.
        dispersion: squared relative spread beyond counting.
        slope: GC bias: change of log depth over 0.1 of GC above the typical.
        bend: the same, of its square.
        batch: weight of the batch effect, of captured samples.
    """

    depth: float
    dispersion: float
    slope: float = -0.1
    bend: float = -0.15
    batch: float = 0.0


def sequence(
    bins: pl.DataFrame,
    copies: NDArray[np.int64],
    library: Library,
    generator: np.random.Generator,
    catch: NDArray[np.float64] | None = None,
) -> pl.DataFrame:
    """Depth of each bin: columns of ``calling.depth`` but for the sample.

    Args:
        bins: columns contig, start, end, gc.
        copies: copies of each.
        library: how it was sequenced.
        generator: of the counts.
        catch: relative depth of each target; 1 of a genome.
    """
    length = (bins["end"] - bins["start"]).to_numpy()
    high = (bins["gc"].to_numpy() - 0.42) / 0.1
    bias = np.exp(library.slope * high + library.bend * high**2)
    base = bias if catch is None else bias * catch
    # Reads reach into a target from both sides.
    reach = length if catch is None else length + READ_LENGTH
    mean = library.depth * base * copies / 2 * reach / READ_LENGTH + 1e-6
    shape = 1 / library.dispersion
    reads = generator.poisson(generator.gamma(shape, mean / shape))
    return bins.with_columns(
        pl.Series("depth", (reads * READ_LENGTH / reach).round(2)),
        pl.lit(0.0).alias("unsure"),
        pl.lit(2, pl.Int64).alias("expected_copies"),
        pl.lit(True).alias("autosomal"),
    )

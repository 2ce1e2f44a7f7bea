"""Genotypes of one sample as sorted keys, and what they say at given sites.

A site's key is ``4 x (2^32 x chromosome + position) + alternate base``, with the chromosome's
place in ``core.assembly.CHROMOSOMES`` and a 1-based position, so that one sorted array holds a
genome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.core.assembly import CHROMOSOMES, PSEUDO_AUTOSOMAL, Assembly

Counts = npt.NDArray[np.int64]
States = npt.NDArray[np.int8]

MISSING = -1
MAX_CHOOSERS = 500
"""Samples whose sketches choose the sites where there is no fixed list."""
_CONTIG = 1 << 32
_X = CHROMOSOMES.index("X")
_RANKS = {f"{chr_}{name}": n for n, name in enumerate(CHROMOSOMES) for chr_ in ("", "chr")}
_BASES = {"A": 0, "C": 1, "G": 2, "T": 3}
_NO_KEY = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one sample's genotypes come from.

    Attributes:
        sample: sample.
        sketch: its sketch.
        callable_bed: its callable regions; None if absence of a variant says nothing.
    """

    sample: str
    sketch: Path
    callable_bed: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Genotypes:
    """One sample's sketch.

    Attributes:
        keys: sorted keys.
        dosages: alternate alleles at each key, ``MISSING`` where unknown.
    """

    keys: Counts
    dosages: States

    def autosomal(self) -> Genotypes:
        """The part on chromosomes 1 to 22."""
        keys = autosomal(self.keys)
        return Genotypes(keys=keys, dosages=self.dosages[: len(keys)])

    def heterozygosity(self, assembly: Assembly) -> dict[str, int]:
        """Carried sites and heterozygous ones, on X outside PAR and on autosomes."""
        places = self.keys // 4
        x_position = places - _X * _CONTIG
        on_x = (x_position > 0) & (x_position < _CONTIG)
        for start, end in PSEUDO_AUTOSOMAL[assembly]["X"]:
            on_x &= ~((x_position > start) & (x_position <= end))
        carried = self.dosages > 0
        elsewhere = places < _X * _CONTIG
        figures = {}
        for name, where in (("x", on_x & carried), ("autosomal", elsewhere & carried)):
            figures[f"{name}_sites"] = int(where.sum())
            figures[f"{name}_heterozygous"] = int((self.dosages[where] == 1).sum())
        return figures


def autosomal(keys: Counts) -> Counts:
    """Those of sorted keys that are on chromosomes 1 to 22."""
    return keys[: np.searchsorted(keys, 4 * _X * _CONTIG)]


def key_of(contig: str = "contig", position: str = "position", alt: str = "alt") -> pl.Expr:
    """Key of a site from its columns; null where it is on no chromosome or no SNV."""
    rank = pl.col(contig).replace_strict(_RANKS, default=None, return_dtype=pl.Int64)
    base = pl.col(alt).replace_strict(_BASES, default=None, return_dtype=pl.Int64)
    return (rank * _CONTIG + pl.col(position)) * 4 + base


def read_genotypes(sketch: Path) -> Genotypes:
    """A sketch in memory; it is read once."""
    rows = (
        pl.scan_parquet(sketch, glob=False)
        .select(key=key_of(), dosage=pl.col("dosage").fill_null(MISSING))
        .drop_nulls()
        .collect()
        .sort("key")
    )
    return Genotypes(keys=rows["key"].to_numpy(), dosages=rows["dosage"].to_numpy())


def bounds(regions: pl.DataFrame) -> tuple[Counts, Counts]:
    """Sorted starts (0-based) and ends (exclusive) of regions, on the scale of keys."""
    rank = pl.col("contig").replace_strict(_RANKS, default=None, return_dtype=pl.Int64)
    rows = (
        regions.select(start=rank * _CONTIG + pl.col("start"), end=rank * _CONTIG + pl.col("end"))
        .drop_nulls()
        .sort("start")
    )
    return rows["start"].to_numpy(), rows["end"].to_numpy()


NOWHERE = (np.empty(0, np.int64), np.empty(0, np.int64))
"""Bounds of no regions."""


def states_at(sites: Counts, genotypes: Genotypes, starts: Counts, ends: Counts) -> States:
    """One sample's alternate alleles at sites.

    A site in the sketch has its dosage. Another is the reference if it is callable and the
    sketch has nothing else at its position, where the sample may carry another base.

    Args:
        sites: sorted keys to look at.
        genotypes: the sample's sketch.
        starts: sorted 0-based starts of callable regions, see :func:`bounds`.
        ends: their ends, exclusive.

    Returns:
        0, 1, 2 or ``MISSING`` for each site.
    """
    keys = genotypes.keys
    states = np.full(len(sites), MISSING, np.int8)
    if len(starts):
        offset = sites // 4 - 1
        region = np.searchsorted(starts, offset, side="right")
        inside = offset < np.concatenate([[0], ends])[region]
        states[inside & ~_found(keys, sites // 4 * 4, sites // 4 * 4 + 3)] = 0
    mine = _found(keys, sites, sites)
    states[mine] = genotypes.dosages[np.searchsorted(keys, sites[mine])]
    return states


def _found(keys: Counts, lowest: Counts, highest: Counts) -> npt.NDArray[np.bool_]:
    """Whether any of the sorted keys lies from lowest to highest, for each pair of bounds."""
    at = np.searchsorted(keys, lowest)
    found: npt.NDArray[np.bool_] = np.append(keys, _NO_KEY)[at] <= highest
    return found


def choose_sites(sketches: Sequence[Path], most: int) -> Counts:
    """Autosomal sites to compare samples at, where there is no fixed list.

    All that the samples carry; of a large cohort, all that ``MAX_CHOOSERS`` samples carry,
    evenly taken from the sorted names. Of more than ``most`` those with the most heterozygotes,
    which tell most of kinship, are kept.

    Args:
        sketches: all samples' sketches, in order.
        most: sites, at most.

    Returns:
        Sorted keys.
    """
    step = max(1, -(-len(sketches) // MAX_CHOOSERS))
    keys = np.empty(0, np.int64)
    heterozygotes = np.empty(0, np.int64)
    for sketch in sketches[::step]:
        own = read_genotypes(sketch).autosomal()
        carried = own.dosages > 0
        own_keys, is_het = own.keys[carried], (own.dosages[carried] == 1).astype(np.int64)
        every = np.union1d(keys, own_keys)
        counts = np.zeros(len(every), np.int64)
        counts[np.searchsorted(every, keys)] = heterozygotes
        counts[np.searchsorted(every, own_keys)] += is_het
        keys, heterozygotes = every, counts
    if len(keys) > most:
        keys = np.sort(keys[np.argsort(-heterozygotes, kind="stable")[:most]])
    return keys


def thinned(sites: Counts, most: int) -> Counts:
    """At most so many of the sites, evenly taken."""
    return sites[:: -(-len(sites) // most)] if len(sites) > most else sites


def window_of(sites: Counts, size: int) -> Counts:
    """Number of each site's window of ``size`` bp, from 0 on, in order."""
    place = sites // 4
    numbers: Counts = np.unique(
        place // _CONTIG * _CONTIG + place % _CONTIG // size, return_inverse=True
    )[1]
    return numbers

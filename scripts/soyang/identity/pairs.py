"""Figures of all pairs of samples, as matrix products over their genotypes.

Kinship is the KING-robust between-family estimator (Manichaikul et al., Bioinformatics
2010;26:2867, equation 11), which needs no allele frequencies:

    (N_AaAa - 2 N_AAaa) / (2 N_Aa) + 1/2 - (N_Aa(i) + N_Aa(j)) / (4 N_Aa)

with N_AaAa sites where both are heterozygous, N_AAaa with opposite homozygotes, and N_Aa the
smaller of the pair's own counts of heterozygous sites.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.core.assembly import CHROMOSOMES, bare

Counts = npt.NDArray[np.int64]
States = npt.NDArray[np.int8]

MISSING = -1
CHUNK = 16_384
"""Sites in one matrix product: small enough for memory, and for exact counts in float32."""
_AUTOSOMES = {name: number for number, name in enumerate(CHROMOSOMES[:22])}
_MOST_WINDOWS = 1_000_000_000
_NO_KEY = np.iinfo(np.int64).max
_BASES = {"A": 0, "C": 1, "G": 2, "T": 3}


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one sample's genotypes come from.

    Attributes:
        sample: sample.
        sketch: its sketch.
        regions: callable regions (contig, start 0-based, end exclusive), sorted and disjoint
            within a contig; no rows if absence of a variant says nothing.
    """

    sample: str
    sketch: Path
    regions: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts of sites for all pairs, each of shape (samples, samples).

    Attributes:
        sites: both have a genotype and at least one carries the alternate allele.
        ibs0: opposite homozygotes.
        concordant: the same genotype, among ``sites``.
        het_both: both heterozygous.
        het_first: the row's sample is heterozygous and the column's has a genotype.
    """

    sites: Counts
    ibs0: Counts
    concordant: Counts
    het_both: Counts
    het_first: Counts

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{k: getattr(self, k) + getattr(other, k) for k in self.__annotations__})

    @classmethod
    def zero(cls, samples: int) -> Tally:
        """No sites yet."""
        return cls(**{k: np.zeros((samples, samples), np.int64) for k in cls.__annotations__})

    @property
    def kinship(self) -> npt.NDArray[np.float64]:
        """KING-robust coefficients; NaN where one of the pair has no heterozygous site."""
        own, other = self.het_first, self.het_first.T
        least = np.minimum(own, other).astype(np.float64)
        least[least == 0] = np.nan
        shared: npt.NDArray[np.float64] = (self.het_both - 2 * self.ibs0) / (2 * least)
        return shared + 0.5 - (own + other) / (4 * least)


def tally(states: States) -> Tally:
    """Count one chunk of sites.

    Args:
        states: (samples, sites), alternate alleles 0, 1, 2 or ``MISSING``.
    """
    ref, het, alt = ((states == dosage).astype(np.float32) for dosage in (0, 1, 2))
    known = ref + het + alt
    opposite = alt @ ref.T
    het_both = het @ het.T
    figures = {
        "sites": known @ known.T - ref @ ref.T,
        "ibs0": opposite + opposite.T,
        "concordant": het_both + alt @ alt.T,
        "het_both": het_both,
        "het_first": het @ known.T,
    }
    return Tally(**{name: np.rint(count).astype(np.int64) for name, count in figures.items()})


def tally_all(sources: Sequence[Source]) -> Tally:
    """Count all pairs over all autosomal sites that anyone carries."""
    total = Tally.zero(len(sources))
    for states in _chunks(sources):
        total += tally(states)
    return total


def _chunks(sources: Sequence[Source]) -> Iterator[States]:
    for contig in _contigs(sources):
        sketches = [_keys(source.sketch, contig) for source in sources]
        carried = [keys[dosage != MISSING] for keys, dosage in sketches]
        sites = np.unique(np.concatenate(carried))
        regions = [_bounds(source.regions, contig) for source in sources]
        for first in range(0, len(sites), CHUNK):
            part = sites[first : first + CHUNK]
            rows = zip(sketches, regions, strict=True)
            yield np.stack([states_at(part, *_near(part, *own), *where) for own, where in rows])


def _near(sites: Counts, keys: Counts, dosages: States) -> tuple[Counts, States]:
    """The part of a sketch from the first site's position to the last one's."""
    first, last = np.searchsorted(keys, (sites[0] // 4 * 4, sites[-1] // 4 * 4 + 4))
    return keys[first:last], dosages[first:last]


def _contigs(sources: Sequence[Source]) -> list[str]:
    found = {
        contig
        for source in sources
        for contig in pl.scan_parquet(source.sketch, glob=False)
        .select(pl.col("contig").unique())
        .collect()["contig"]
    }
    return sorted(contig for contig in found if bare(contig) in _AUTOSOMES)


def _keys(sketch: Path, contig: str) -> tuple[Counts, States]:
    """Sorted site keys (4 x position + alternate base) and dosages of one contig."""
    rows = (
        pl.scan_parquet(sketch, glob=False)
        .filter(pl.col("contig") == contig)
        .select(
            key=pl.col("position") * 4
            + pl.col("alt").replace_strict(_BASES, return_dtype=pl.Int64),
            dosage=pl.col("dosage").fill_null(MISSING),
        )
        .sort("key")
        .collect()
    )
    return rows["key"].to_numpy(), rows["dosage"].to_numpy()


def _bounds(regions: pl.DataFrame, contig: str) -> tuple[Counts, Counts]:
    rows = regions.filter(pl.col("contig") == contig).sort("start")
    return rows["start"].to_numpy(), rows["end"].to_numpy()


def states_at(sites: Counts, keys: Counts, dosages: States, starts: Counts, ends: Counts) -> States:
    """One sample's alternate alleles at sites.

    A site in the sketch has its dosage. Another is the reference if it is callable and the
    sketch has nothing else at its position, where the sample may carry another base.

    Args:
        sites: sorted keys to look at.
        keys: sorted keys of the sample's sketch.
        dosages: their dosages, ``MISSING`` where unknown.
        starts: sorted 0-based starts of callable regions.
        ends: their ends, exclusive.

    Returns:
        0, 1, 2 or ``MISSING`` for each site.
    """
    states = np.full(len(sites), MISSING, np.int8)
    offset = sites // 4 - 1
    region = np.searchsorted(starts, offset, side="right")
    inside = offset < np.concatenate([[0], ends])[region]
    states[inside & ~_found(keys, sites // 4 * 4, sites // 4 * 4 + 3)] = 0
    mine = _found(keys, sites, sites)
    states[mine] = dosages[np.searchsorted(keys, sites[mine])]
    return states


def _found(keys: Counts, lowest: Counts, highest: Counts) -> npt.NDArray[np.bool_]:
    """Whether any of the sorted keys lies from lowest to highest, for each pair of bounds."""
    at = np.searchsorted(keys, lowest)
    found: npt.NDArray[np.bool_] = np.append(keys, _NO_KEY)[at] <= highest
    return found


def shared_windows(sketches: Sequence[Path], size: int) -> Counts:
    """Autosomal windows of ``size`` bp in which both of a pair carry something, for all pairs."""
    windows = [_windows(sketch, size) for sketch in sketches]
    every = np.unique(np.concatenate(windows))
    carried = np.stack([np.isin(every, own) for own in windows]).astype(np.float32)
    shared: Counts = np.rint(carried @ carried.T).astype(np.int64)
    return shared


def _windows(sketch: Path, size: int) -> Counts:
    autosome = pl.col("contig").str.strip_prefix("chr").replace_strict(_AUTOSOMES, default=None)
    windows: Counts = (
        pl.scan_parquet(sketch, glob=False)
        .filter(pl.col("dosage").is_not_null())
        .select(window=autosome.cast(pl.Int64) * _MOST_WINDOWS + pl.col("position") // size)
        .drop_nulls()
        .unique()
        .collect()["window"]
        .to_numpy()
    )
    return windows

"""Figures of pairs of samples: blocks of matrix products find the pairs, then each is counted.

Kinship is the KING-robust between-family estimator (Manichaikul et al., Bioinformatics
2010;26:2867, equation 11), which needs no allele frequencies:

    (N_AaAa - 2 N_AAaa) / (2 N_Aa) + 1/2 - (N_Aa(i) + N_Aa(j)) / (4 N_Aa)

with N_AaAa sites where both are heterozygous, N_AAaa with opposite homozygotes, and N_Aa the
smaller of the pair's own counts of heterozygous sites.

Memory: one byte for each sample and site, at most ``MOST_CELLS``, and the planes of two blocks;
nothing that grows with the number of pairs is kept but the pairs found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from soyang.identity.genotypes import MISSING, Counts, States, window_of

MOST_CELLS = 1_200_000_000
"""Samples times sites: bytes of genotypes in memory."""
CHUNK = 8_192
"""Sites in one matrix product."""
BLOCK = 2_048
"""Samples on one side of a matrix product."""
Plane = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts of sites for all pairs of two blocks, each of shape (first, second).

    Counts stay below 2^24, so they are exact in float32.

    Attributes:
        sites: both have a genotype and at least one carries the alternate allele.
        ibs0: opposite homozygotes.
        concordant: the same genotype, among ``sites``.
        het_both: both heterozygous.
        het_first: the first is heterozygous and the second has a genotype.
        het_second: the same the other way round.
    """

    sites: Plane
    ibs0: Plane
    concordant: Plane
    het_both: Plane
    het_first: Plane
    het_second: Plane

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{k: getattr(self, k) + getattr(other, k) for k in self.__annotations__})

    @property
    def kinship(self) -> npt.NDArray[np.float64]:
        """KING-robust coefficients; NaN where one of the pair has no heterozygous site."""
        least = np.minimum(self.het_first, self.het_second).astype(np.float64)
        least[least == 0] = np.nan
        shared: npt.NDArray[np.float64] = (self.het_both - 2 * self.ibs0) / (2 * least)
        return shared + 0.5 - (self.het_first + self.het_second) / (4 * least)


def tally(first: States, second: States) -> Tally:
    """Count one chunk of sites for all pairs of a sample of ``first`` and one of ``second``.

    Args:
        first: (samples, sites), alternate alleles 0, 1, 2 or ``MISSING``.
        second: the same sites of other samples, or of the same.
    """
    ref, het, alt = (_plane(first, dosage) for dosage in (0, 1, 2))
    known = ref + het + alt
    others = [ref, het, alt, known]
    if second is not first:
        others = [_plane(second, dosage) for dosage in (0, 1, 2)]
        others.append(others[0] + others[1] + others[2])
    ref_2, het_2, alt_2, known_2 = (plane.T for plane in others)
    het_both = het @ het_2
    return Tally(
        sites=known @ known_2 - ref @ ref_2,
        ibs0=alt @ ref_2 + ref @ alt_2,
        concordant=het_both + alt @ alt_2,
        het_both=het_both,
        het_first=het @ known_2,
        het_second=known @ het_2,
    )


def _plane(states: States, dosage: int) -> Plane:
    plane: Plane = (states == dosage).astype(np.float32)
    return plane


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which pairs that no record links are looked at more closely.

    Attributes:
        min_sites: fewest shared sites.
        min_concordance: share of same genotypes from which on a pair may be one sample.
        min_kinship: kinship from which on a pair may be of the first degree; only where the
            absence of a variant is known in both, else what both carry makes them alike.
    """

    min_sites: int
    min_concordance: float
    min_kinship: float


def alike(states: States, known: Flags, own: int, wanted: Wanted) -> Iterator[tuple[int, int]]:
    """Pairs that look like one sample or like relatives of the first degree, by their indexes.

    Args:
        states: (samples, sites); samples of this batch first.
        known: for each sample, whether absence of a variant can mean the reference.
        own: samples of this batch; pairs of two others are not compared.
        wanted: which pairs.
    """
    for top in range(0, own, BLOCK):
        first = slice(top, min(top + BLOCK, own))
        for left in range(top, len(states), BLOCK):
            second = slice(left, min(left + BLOCK, len(states)))
            counts = _tally_blocks(states, first, second)
            with np.errstate(invalid="ignore"):
                related = counts.kinship >= wanted.min_kinship
            related &= known[first, None] & known[None, second]
            same = counts.concordant >= wanted.min_concordance * counts.sites
            found = (same | related) & (counts.sites >= wanted.min_sites)
            for i, j in np.argwhere(found).tolist():
                if top + i < left + j:
                    yield top + i, left + j


def _tally_blocks(states: States, first: slice, second: slice) -> Tally:
    sites = states.shape[1]
    total: Tally | None = None
    for start in range(0, max(sites, 1), CHUNK):
        rows = states[first, start : start + CHUNK]
        columns = rows if first == second else states[second, start : start + CHUNK]
        part = tally(rows, columns)
        total = part if total is None else total + part
    assert total is not None
    return total


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures of one pair.

    Attributes:
        sites: both have a genotype, at least one carries the alternate allele.
        ibs0: of these, with opposite homozygotes.
        concordant: of these, with the same genotype.
        kinship: KING-robust coefficient, None without heterozygous sites.
        windows: small windows in which both carry something.
        segments: large windows in which both carry something.
    """

    sites: int
    ibs0: int
    concordant: int
    kinship: float | None
    windows: int
    segments: int


class Counter:
    """Figures of pairs over the same sites.

    Args:
        sites: sorted keys.
        window: bp of a small window.
        segment: bp of a large one.
    """

    def __init__(self, sites: Counts, window: int, segment: int) -> None:
        self._windows = window_of(sites, window)
        self._segments = window_of(sites, segment)

    def figures(self, one: States, two: States) -> Figures:
        """Figures of two samples."""
        counts = tally(one[None, :], two[None, :])
        coefficient = float(counts.kinship[0, 0])
        return Figures(
            sites=int(counts.sites[0, 0]),
            ibs0=int(counts.ibs0[0, 0]),
            concordant=int(counts.concordant[0, 0]),
            kinship=None if np.isnan(coefficient) else coefficient,
            windows=_shared(self._windows, one, two),
            segments=_shared(self._segments, one, two),
        )


def _shared(windows: Counts, one: States, two: States) -> int:
    """Windows in which both carry something."""
    if not len(windows):
        return 0
    carried = np.zeros((2, int(windows[-1]) + 1), np.bool_)
    for side, states in enumerate((one, two)):
        carried[side, windows[states > 0]] = True
    return int((carried[0] & carried[1]).sum())


def empty_states(samples: int, sites: int) -> States:
    """Genotypes of nobody yet, all ``MISSING``."""
    return np.full((samples, sites), MISSING, np.int8)

"""How sure a variant of the mitochondrion is, and why it may be doubted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, fisher_exact, poisson

MIN_QUALITY = 60.0
"""Phred below which a variant is doubted: 16,569 positions with three other bases each are 50,000
tests, of which 0.05 then pass by error."""

LEAST_QUALITY = 20.0
"""Phred below which nothing is written."""

HOMOPLASMIC = 0.95
"""Share from which on all copies are said to have the allele (Laricchia et al. 2022)."""

_MOST_QUALITY = 999.0
_MOST_STRAND_BIAS = 60.0
"""Phred of Fisher's test, as GATK's hard filter for FS."""

_NUMT_COPIES = 4
_NUMT_PROBABILITY = 0.99
"""A nuclear copy (NUMT) is taken for no more than two loci on both chromosomes, of the depth of
autosomes: GATK's NuMTFilterTool and its defaults."""

_POWER = 0.95
_SLIPPAGE = 40.0
_SLIPPAGE_RATE = 3 * math.pi
"""Phred of an indel error, and how it falls with repeats: GATK's conservative PCR indel model."""

_LONG_TRACT = 8
"""Bases of a homopolymer from which on sequencing slips too often for a count of its length."""

ARTEFACT_SITES = ((300, 316), (3_105, 3_108), (16_179, 16_194))
"""0-based half-open places of rCRS where alignments slip: the homopolymers around 310 and 16189,
and the placeholder N at 3107. They hold the sites that GATK's mitochondrial pipeline masks (301,
302, 310, 316, 3107, 16182)."""


def quality(alt: int, expected: float) -> float:
    """Phred of the probability that errors alone give that many reads: a Poisson tail.

    Args:
        alt: reads with the allele.
        expected: reads that errors give it.
    """
    tail = float(poisson.logsf(alt - 1, max(expected, 1e-12))) if alt else 0.0
    return _phred(tail)


def _phred(log_probability: float) -> float:
    if not np.isfinite(log_probability):
        return _MOST_QUALITY
    return round(min(_MOST_QUALITY, max(0.0, -10 * log_probability / math.log(10))), 1)


def indel_error(repeats: int) -> float:
    """Probability that a read has an indel by error in a tract of so many repeats."""
    phred = _SLIPPAGE - math.exp(repeats / _SLIPPAGE_RATE) + 1
    return float(10 ** (-max(phred, 10.0) / 10))


def strand_bias(alt: tuple[int, int], others: tuple[int, int]) -> float:
    """Phred of Fisher's test of strand against allele.

    Args:
        alt: reads with the allele, forward and reverse.
        others: the other reads.
    """
    probability = float(fisher_exact([list(alt), list(others)]).pvalue)
    return _phred(math.log(max(probability, 1e-300)))


def numt_reads(autosomal_depth: float | None) -> int:
    """Reads that nuclear copies may give at a position; 0 where autosomal depth is not known."""
    if not autosomal_depth:
        return 0
    return int(poisson.ppf(_NUMT_PROBABILITY, autosomal_depth * _NUMT_COPIES / 2))


def depth_for(heteroplasmy: float, error: float) -> int:
    """Depth at which a variant of a share is found with a probability of 95 %.

    Args:
        heteroplasmy: its share.
        error: probability that a read has the allele by error.
    """
    depth = 1
    while not _found(depth, heteroplasmy, error):
        depth = math.ceil(depth * 1.02)
    return depth


def _found(depth: int, heteroplasmy: float, error: float) -> bool:
    """Whether a variant is found at this depth with a probability of 95 %."""
    counts: NDArray[np.int64] = np.arange(1, depth + 1)
    enough = -10 * poisson.logsf(counts - 1, depth * error) / math.log(10) >= MIN_QUALITY
    if not enough.any():
        return False
    least = int(counts[int(enough.argmax())])
    return float(binom.sf(least - 1, depth, heteroplasmy)) >= _POWER


def filters(
    *,
    position: int,
    phred: float,
    bias: float,
    share: float,
    alt: int,
    numt: int,
    tract: int,
) -> str:
    """PASS, or why a variant is doubted, joined by ';'.

    Args:
        position: 0-based first base.
        phred: quality.
        bias: :func:`strand_bias`.
        share: heteroplasmy.
        alt: reads with the allele.
        numt: :func:`numt_reads`.
        tract: of an indel, length of the homopolymer that it lies in; else 0.
    """
    reasons = {
        "low_quality": phred < MIN_QUALITY,
        "strand_bias": bias > _MOST_STRAND_BIAS,
        # What nearly all reads have is not of a nuclear copy, however shallow the mitochondrion.
        "numt": alt <= numt and share < HOMOPLASMIC,
        "homopolymer": tract >= _LONG_TRACT,
        "artefact_site": any(first <= position < last for first, last in ARTEFACT_SITES),
    }
    return ";".join(word for word, holds in reasons.items() if holds) or "PASS"


FILTER_WORDS = {
    "low_quality": "phred against sequencing error below 60",
    "strand_bias": "phred of Fisher's test of strand above 60",
    "numt": "as few reads as nuclear copies of the mitochondrion may give",
    "homopolymer": "insertion or deletion in eight or more equal bases",
    "artefact_site": "at a place of rCRS where alignments slip",
}

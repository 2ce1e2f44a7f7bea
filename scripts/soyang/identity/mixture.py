"""Share of another person's reads in a sample, by maximum likelihood.

The sequence-only mixture of Jun et al., American Journal of Human Genetics 2012;91:839
(verifyBamID): at a biallelic site a read is the contaminating person's with probability alpha,
both people's genotypes are unknown and follow Hardy-Weinberg at the population's frequency f,
and a read, of those that show either allele, shows the other one by error with probability e:

    L(alpha, e) = product over sites of
        sum over g1 P(g1|f) sum over g2 P(g2|f) p(1)^alternate_reads p(0)^reference_reads
    share of alternate alleles among the molecules: (1 - alpha) g1/2 + alpha g2/2

There e comes from base qualities; here it is estimated together with alpha, so that counts of
reads are enough. Error falls on all sites alike, contamination by their frequency: that tells
them apart.

Where only calls are known, g1 is taken to be what was called, at calls with two alternate
alleles, as in CHARR (Lu et al., American Journal of Human Genetics 2023;110:2068): a call's own
reference reads tell of the other person. Heterozygotes tell little, and reference calls have no
reads of the other allele in a VCF. Much contamination makes such calls heterozygous, and only
those with few reference reads stay: the likelihood is that of reads known to have been few
(a truncated binomial). Reads are the better source wherever there are any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binom

Floats = npt.NDArray[np.float64]

MOST = 0.5
"""Above a half, the other person is the sample's main one."""
START = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, MOST)
"""Shares between which the maximum is looked for."""
ERRORS = (-12.5, -3.0)
"""Natural logarithms of the bounds of e: 0.000004 to 0.05."""
TWO_DROPS = 3.841
"""95 % of chi-squared with one degree of freedom: the interval is where twice the drop of the
log-likelihood from its maximum is less."""
EXACT = 1e-5
CALLED_ERROR = 0.001
"""Error of a base (phred 30) that callers reckon with."""
HOMOZYGOUS = math.log(2 - 2 * CALLED_ERROR) / math.log((1 - CALLED_ERROR) / CALLED_ERROR)
"""Share of reference reads up to which a genotype of two alternate alleles is likelier than a
heterozygous one: k log e + (n - k) log(1 - e) > n log(1/2)."""


@dataclass(frozen=True, kw_only=True)
class Reads:
    """Reads at sites.

    Attributes:
        reference: reads with the reference base, a site each.
        alternate: reads with the alternate base.
        frequency: the alternate allele's in the population, above 0 and below 1.
        known: whether the sample has two alternate alleles at every site, as called; else its
            genotype is not known.
    """

    reference: Floats
    alternate: Floats
    frequency: Floats
    known: bool

    def __len__(self) -> int:
        return len(self.frequency)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Share of another person's reads, with its 95 % profile-likelihood interval."""

    share: float
    low: float
    high: float


def estimate(reads: Reads) -> Estimate:
    """The maximum-likelihood share.

    Raises:
        ValueError: no sites.
    """
    if not len(reads):
        raise ValueError("no sites")
    profile = _Profile(reads)
    starts = [profile(alpha) for alpha in START]
    best = int(np.argmin(starts))
    around = START[max(best - 1, 0)], START[min(best + 1, len(START) - 1)]
    found = minimize_scalar(profile, bounds=around, method="bounded", options={"xatol": EXACT})
    share, least = float(found.x), float(found.fun)
    if starts[best] <= least:  # a maximum on the bound itself, which the search only comes near
        share, least = START[best], starts[best]
    return Estimate(
        share=share,
        low=_edge(profile, share, 0.0, least),
        high=_edge(profile, share, MOST, least),
    )


class _Profile:
    """Minus the log-likelihood of a share, at its likeliest error."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        f = reads.frequency
        other = np.stack([(1 - f) ** 2, 2 * f * (1 - f), f**2])
        self._prior = other[None] if reads.known else other[:, None] * other[None]
        self._own = np.array([2.0]) if reads.known else np.array([0.0, 1.0, 2.0])
        self._depth = reads.reference + reads.alternate
        self._most = np.maximum(np.floor(HOMOZYGOUS * self._depth), reads.reference)

    def __call__(self, alpha: float) -> float:
        found = minimize_scalar(
            lambda log_error: self._minus(alpha, float(np.exp(log_error))),
            bounds=ERRORS,
            method="bounded",
            options={"xatol": 0.01},
        )
        return float(found.fun)

    def _minus(self, alpha: float, error: float) -> float:
        molecules = (1 - alpha) * self._own[:, None] / 2 + alpha * np.arange(3.0)[None] / 2
        alternate = molecules * (1 - error) + (1 - molecules) * error
        reference = 1 - alternate
        logs = (
            np.log(alternate)[..., None] * self._reads.alternate
            + np.log(reference)[..., None] * self._reads.reference
            + np.log(self._prior)
        )
        most = logs.max(axis=(0, 1))
        told = most + np.log(np.exp(logs - most).sum(axis=(0, 1)))
        if self._reads.known:
            few = binom.cdf(self._most, self._depth, reference[..., None])
            told -= np.log((few * self._prior).sum(axis=(0, 1)))
        return -float(told.sum())


def _edge(profile: _Profile, share: float, end: float, least: float) -> float:
    """Where twice the drop reaches its bound, between the share and an end."""

    def beyond(alpha: float) -> float:
        return 2 * (profile(alpha) - least) - TWO_DROPS

    if share == end or beyond(end) <= 0:
        return end
    return float(brentq(beyond, min(share, end), max(share, end), xtol=EXACT))

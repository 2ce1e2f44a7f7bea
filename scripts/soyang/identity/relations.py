"""What a pair's figures say of its recorded relation.

Bounds of kinship between degrees of relation: Manichaikul et al., Bioinformatics
2010;26:2867, Table 1: 2^(-5/2) = 0.177 below full siblings, 2^(-7/2) = 0.0884 below second
degree (half siblings), 2^(-9/2) = 0.0442 below third degree.

Few genes are few independent draws: neighbouring sites are inherited together, so that even
thousands of sites on one chromosome arm can't tell full siblings from one person or from
strangers. Two minima guard against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from soyang.identity.inputs import Subject

WINDOW = 100_000
"""Base pairs: about the reach of linkage disequilibrium between unrelated people."""
MIN_WINDOWS = 5
"""Windows with variants in both, below which unrelated people can look alike: each may well
carry the same common haplotypes of one gene."""
SEGMENT = 10_000_000
"""Base pairs: about 10 cM, the scale on which relatives share what they inherited."""
MIN_SEGMENTS = 30
"""Segments below which kinship is too noisy for siblings, and below which relatives can be
alike throughout: siblings share both haplotypes in a quarter of independent segments."""

BOTH = 2

FULL_SIBLINGS = (0.0884, 0.177)
HALF_SIBLINGS = (0.0442, 0.0884)
"""Kinship below the first refutes; from the second on it confirms."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """The settings of the identity gate that pairs need; see ``core.settings.Identity``."""

    min_sites: int
    max_parent_child_ibs0: float
    min_duplicate_kinship: float
    min_duplicate_concordance: float
    min_first_degree_kinship: float


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Figures of one pair of samples.

    Attributes:
        sites: both have a genotype, at least one carries the alternate allele.
        ibs0: of these, with opposite homozygotes.
        concordant: of these, with the same genotype.
        kinship: KING-robust coefficient, None without heterozygous sites.
        windows: windows of ``WINDOW`` bp in which both carry something.
        segments: the same of ``SEGMENT`` bp.
        absence_known: how many of the two (0 to 2) have callable regions.
    """

    sites: int
    ibs0: int
    concordant: int
    kinship: float | None
    windows: int
    segments: int
    absence_known: int

    def looks_identical(self, limits: Thresholds) -> bool:
        """Whether the genotypes are those of one person (or of identical twins)."""
        return (
            self.sites >= limits.min_sites
            and self.windows >= MIN_WINDOWS
            and self.ibs0 == 0
            and self.concordant >= limits.min_duplicate_concordance * self.sites
            and self.kinship is not None
            and self.kinship >= limits.min_duplicate_kinship
        )

    def looks_first_degree(self, limits: Thresholds) -> bool:
        """Whether the genotypes are those of parent and child or full siblings, or closer."""
        return (
            self.sites >= limits.min_sites
            and self.segments >= MIN_SEGMENTS
            and self.absence_known == BOTH
            and self.kinship is not None
            and self.kinship >= limits.min_first_degree_kinship
        )


def recorded_relation(one: Subject, two: Subject) -> str:
    """The relation of two samples by the record."""
    if one.person == two.person:
        return "same_person"
    if one.person in two.parents or two.person in one.parents:
        return "parent_child"
    return "siblings" if one.parents & two.parents else "unrelated"


def recorded_pairs(subjects: Sequence[Subject]) -> Iterator[tuple[int, int]]:
    """Indexes of all pairs that are related by record, without trying every pair."""
    families: dict[str, set[int]] = {}
    for index, subject in enumerate(subjects):
        for person in {subject.person} | subject.parents:
            families.setdefault(person, set()).add(index)
    pairs = {pair for members in families.values() for pair in combinations(sorted(members), 2)}
    for first, second in sorted(pairs):
        if recorded_relation(subjects[first], subjects[second]) != "unrelated":
            yield first, second


def finding(pair: Pair, one: Subject, two: Subject, limits: Thresholds) -> str:
    """What the figures say of the recorded relation: a word of KINSHIP's ``finding``."""
    recorded = recorded_relation(one, two)
    identical = pair.looks_identical(limits)
    if recorded == "unrelated":
        near = "unrecorded" if pair.looks_first_degree(limits) else "none"
        return "duplicate" if identical else near
    if pair.sites < limits.min_sites:
        return "too_few_sites"
    if recorded == "same_person":
        return _same_person(pair, limits, identical=identical)
    if identical and pair.segments >= MIN_SEGMENTS:
        return "duplicate"
    if recorded == "parent_child":
        return _parent_child(pair, limits)
    return _siblings(pair, FULL_SIBLINGS if len(one.parents & two.parents) > 1 else HALF_SIBLINGS)


def _same_person(pair: Pair, limits: Thresholds, *, identical: bool) -> str:
    if identical:
        return "confirmed"
    opposite = pair.ibs0 > limits.max_parent_child_ibs0 * pair.sites
    distant = pair.kinship is not None and pair.kinship < limits.min_duplicate_kinship
    return "refuted" if opposite or distant else "none"


def _parent_child(pair: Pair, limits: Thresholds) -> str:
    # Of two plain VCFs only sites that both carry are known: never opposite homozygotes.
    if not pair.absence_known:
        return "none"
    if pair.ibs0 > limits.max_parent_child_ibs0 * pair.sites:
        return "refuted"
    return "confirmed" if pair.windows >= MIN_WINDOWS else "none"


def _siblings(pair: Pair, bounds: tuple[float, float]) -> str:
    # Where absence is unknown in one of them, kinship counts only what that one carries.
    enough = pair.segments >= MIN_SEGMENTS and pair.absence_known == BOTH
    if not enough or pair.kinship is None:
        return "none"
    lower, upper = bounds
    return "refuted" if pair.kinship < lower else "confirmed" if pair.kinship >= upper else "none"

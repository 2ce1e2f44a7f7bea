"""Counts of compared variants by class, and precision, recall and concordance from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.accuracy_compare import Compared, Outcome, Variant

SNV = "SNV"
INDEL_LENGTHS = ((1, 1), (2, 5), (6, 15), (16, 50))
"""Bases that an indel of each class adds or takes away, inclusive."""
LONGER = f"indel >{INDEL_LENGTHS[-1][1]}"
INDEL = "indel"
"""Indels of all lengths together."""

Z = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % above it: 95 % intervals."""


def indel_class(lengths: tuple[int, int]) -> str:
    """Name of a class of indels."""
    low, high = lengths
    return f"{INDEL} {low}" if low == high else f"{INDEL} {low}-{high}"


INDEL_SHARES = {
    indel_class(lengths): count / 924
    for lengths, count in zip(INDEL_LENGTHS, (488, 348, 67, 21), strict=True)
}
"""Share of each length among a genome's indels: dbSNP 138 over BRCA1 and 40 kb around it, 924
indels of up to 50 bases. Planted ones are long far more often, so that each length has an
interval that tells something."""

CLASSES = (SNV, *map(indel_class, INDEL_LENGTHS), LONGER)


def class_of(variant: Variant) -> str:
    """Class of a primitive variant, by the bases that it adds or takes away."""
    size = abs(variant.grown)
    if not size:
        return SNV
    fitting = [indel_class((low, high)) for low, high in INDEL_LENGTHS if low <= size <= high]
    return fitting[0] if fitting else LONGER


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share with its 95 % interval; without a whole it is unknown.

    Attributes:
        part: how many.
        whole: of how many.
    """

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share, or ``None`` where there is nothing to have a share of."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (Wilson 1927, JASA 22:209); 0 to 1 where nothing is known."""
        if not self.whole:
            return 0.0, 1.0
        n, p = self.whole, self.part / self.whole
        middle = p + Z * Z / (2 * n)
        spread = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        below, above = ((middle + s) / (1 + Z * Z / n) for s in (-spread, spread))
        return max(0.0, below), min(1.0, above)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts of one class of variants.

    Attributes:
        truth: variants that are there.
        found: of these, those whose allele was called.
        concordant: of these, those called in as many copies.
        calls: variants that were called.
        right: of these, those whose allele is there.
    """

    truth: int = 0
    found: int = 0
    concordant: int = 0
    calls: int = 0
    right: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Counts of both together."""
        return Tally(
            truth=self.truth + other.truth,
            found=self.found + other.found,
            concordant=self.concordant + other.concordant,
            calls=self.calls + other.calls,
            right=self.right + other.right,
        )

    @property
    def recall(self) -> Share:
        """Of what is there, what was called."""
        return Share(part=self.found, whole=self.truth)

    @property
    def precision(self) -> Share:
        """Of what was called, what is there."""
        return Share(part=self.right, whole=self.calls)

    @property
    def concordance(self) -> Share:
        """Of the alleles called that are there, those in as many copies."""
        return Share(part=self.concordant, whole=self.found)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; 0 if all was missed, unknown without truth."""
        if not self.truth:
            return None
        return _harmonic(self.precision.value or 0.0, self.recall.value or 0.0)

    @property
    def f1_interval(self) -> tuple[float, float]:
        """F1 of the lower and of the upper bounds of both: wider than 95 %, never narrower."""
        low, high = zip(self.precision.interval, self.recall.interval, strict=True)
        return _harmonic(*low), _harmonic(*high)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def genome_f1(figures: Mapping[str, Tally]) -> float | None:
    """F1 of indels with lengths as a genome has them, of the lengths that were planted."""
    known = {name: f1 for name in INDEL_SHARES if (f1 := figures[name].f1) is not None}
    whole = sum(INDEL_SHARES[name] for name in known)
    return sum(INDEL_SHARES[name] * f1 for name, f1 in known.items()) / whole if known else None


def tallies(compared: Compared) -> dict[str, Tally]:
    """Counts of each class, in the order of :data:`CLASSES`."""
    return {
        name: Tally(
            truth=sum(class_of(variant) == name for variant, _ in compared.truth),
            found=_counted(compared.truth, name, {Outcome.GENOTYPE, Outcome.ALLELE}),
            concordant=_counted(compared.truth, name, {Outcome.GENOTYPE}),
            calls=sum(class_of(variant) == name for variant, _ in compared.calls),
            right=_counted(compared.calls, name, {Outcome.GENOTYPE, Outcome.ALLELE}),
        )
        for name in CLASSES
    }


def _counted(side: Sequence[tuple[Variant, Outcome]], name: str, which: set[Outcome]) -> int:
    return sum(class_of(variant) == name and outcome in which for variant, outcome in side)


def total(found: Iterable[Tally]) -> Tally:
    """All counts together."""
    return sum(found, Tally())


def added(tables: Iterable[dict[str, Tally]]) -> dict[str, Tally]:
    """Counts of several people together, class by class, and of all indels."""
    all_tables = list(tables)
    by_class = {name: total(table[name] for table in all_tables) for name in CLASSES}
    return by_class | {INDEL: total(by_class[name] for name in CLASSES if name != SNV)}

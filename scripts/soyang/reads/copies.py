"""How many copies of X and Y a sample has, by their depth over the autosomes'.

Outside the pseudo-autosomal regions a chromosome of n copies has n/2 of the depth of the
autosomes, which have two: half is one copy, all of it two. Illumina's DRAGEN Ploidy Estimator
(user guide 4.3) tells karyotypes by these ratios, with borders at 0.25, 0.75 and 1.25. Here a
ratio must lie within a tolerance of a whole number of copies; in between, as mosaics of cells
with and without a chromosome give it, it is not assessed: the ratio tells more than a rounded
number would.
"""

from __future__ import annotations

from dataclasses import dataclass

MIN_FRAGMENTS = 500
"""Fragments that one copy must be expected to give. Their count varies by its square root
(Poisson): by 4.5 %, so that 0.3 copies are 6 standard deviations at one copy, 4 at two."""

MIN_TARGETS = 50
"""Targets that must lie on the chromosome, where only targets were sequenced. Capture differs by
some 50 % from target to target: over 50, the mean by 7 %."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of the depth of one sex chromosome.

    Attributes:
        ratio: its depth outside the pseudo-autosomal regions over that of the autosomes;
            ``None`` if one of them has no sequence or no depth.
        fragments: how many fragments one copy would give at this depth of the autosomes.
        targets: how many targets lie on it; ``None`` if everything was sequenced.
    """

    ratio: float | None
    fragments: float
    targets: int | None = None

    @property
    def told(self) -> float | None:
        """The ratio, if it rests on enough."""
        thin = self.fragments < MIN_FRAGMENTS
        few = self.targets is not None and self.targets < MIN_TARGETS
        return None if thin or few else self.ratio


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Thresholds.

    Attributes:
        max_male_x: depth ratio of X, at most, of one copy: the identity gate's.
        min_male_y: depth ratio of Y, at least, of one copy: the identity gate's.
        tolerance: copies by which the depth may differ from a whole number of them.
    """

    max_male_x: float
    min_male_y: float
    tolerance: float


def x_copies(evidence: Evidence, limits: Limits) -> int | None:
    """Copies of X; ``None`` if not assessed. Never on the other side of the gate's border."""
    ratio = evidence.told
    number = None if ratio is None else _whole(ratio, limits.tolerance)
    if number is None or ratio is None or (number <= 1) != (ratio <= limits.max_male_x):
        return None
    return number


def y_copies(evidence: Evidence, limits: Limits) -> int | None:
    """Copies of Y; ``None`` if not assessed.

    Much of Y is repeats, whose reads have no mapping quality: one copy may have less than half
    the autosomes' depth, down to the gate's border.
    """
    ratio = evidence.told
    if ratio is None:
        return None
    present = ratio >= limits.min_male_y
    if present and 2 * ratio <= 1 + limits.tolerance:
        return 1
    number = _whole(ratio, limits.tolerance)
    return number if number is not None and (number >= 1) == present else None


def _whole(ratio: float, tolerance: float) -> int | None:
    """Whole number of copies near to twice the ratio, if one is."""
    number = round(2 * ratio)
    return number if abs(2 * ratio - number) <= tolerance else None

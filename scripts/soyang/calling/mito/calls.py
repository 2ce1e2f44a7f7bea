"""Variants of the circle from counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soyang.calling.mito.contig import Circle
from soyang.calling.mito.model import (
    LEAST_QUALITY,
    filters,
    indel_error,
    numt_reads,
    quality,
    strand_bias,
)
from soyang.calling.mito.pileup import BASES, MIN_BASE_QUALITY, Pileup, merged, middle

_FLANK = 5
"""Aligned bases on both sides of an indel and its repeat that a read must have to tell."""

_LEAST_DEPTH = 10
"""Reads at a position from which on a share is one."""

_LOWEST_ERROR = 1e-5
LARGEST_ERROR = 10 ** (-MIN_BASE_QUALITY / 10) / 3
"""Probability that a counted base is one of the three wrong ones, at most."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One allele other than the reference's.

    Attributes:
        position: 1-based, of the first base of ``ref``.
        ref: reference allele.
        alt: alternate allele, left-aligned.
        depth: reads that tell.
        alt_depth: of these, with the allele.
        quality: phred.
        filter: PASS or reasons.
    """

    position: int
    ref: str
    alt: str
    depth: int
    alt_depth: int
    quality: float
    filter: str

    @property
    def heteroplasmy(self) -> float:
        """Share of reads with the allele."""
        return round(self.alt_depth / self.depth, 4)


@dataclass(frozen=True, kw_only=True)
class Called:
    """Variants of a circle, and the depth of each of its bases."""

    variants: tuple[Variant, ...]
    depth: NDArray[np.int64]


def call_circle(
    circle: Circle,
    plain: Pileup,
    shifted: Pileup,
    *,
    min_heteroplasmy: float,
    autosomal_depth: float | None,
) -> Called:
    """Variants from both ways of writing the circle, sorted by position and alleles.

    Args:
        circle: the reference.
        plain: counts of the contig as it is.
        shifted: counts of the shifted copy.
        min_heteroplasmy: share of reads from which on an allele is told.
        autosomal_depth: that of nuclear copies, if known.
    """
    counts, errors = merged(plain, shifted, circle)
    numt = numt_reads(autosomal_depth)
    found = [
        *substitutions(circle, counts, errors, min_heteroplasmy, numt),
        *indels(circle, plain, 0, min_heteroplasmy, numt),
        *indels(circle, shifted, circle.shift, min_heteroplasmy, numt),
    ]
    found = [v for v in found if v.quality >= LEAST_QUALITY]
    ordered = sorted(found, key=lambda v: (v.position, v.ref, v.alt))
    return Called(variants=tuple(ordered), depth=counts.sum(axis=(1, 2)))


def substitutions(
    circle: Circle,
    counts: NDArray[np.int64],
    errors: NDArray[np.float64],
    min_heteroplasmy: float,
    numt: int,
) -> Iterator[Variant]:
    """Single-base alleles.

    An error gives one of three bases, by the qualities at the position or, where that is more, as
    often as it does all over the contig for this reference and this other base.
    """
    sums = counts.sum(axis=2)
    depth = sums.sum(axis=1)
    reference = np.array([BASES.find(base) for base in circle.bases])
    # A deleted base is an allele as well: what few reads align amid a deletion are no majority.
    known = (reference >= 0) & (depth >= _LEAST_DEPTH)
    share = sums[:, : len(BASES)] / np.maximum(depth, 1)[:, None]
    alike = background(sums, reference, min_heteroplasmy)
    own = errors / np.maximum(depth, 1) / 3
    for place, base in np.argwhere(known[:, None] & (share >= min_heteroplasmy)):
        if base == reference[place]:
            continue
        error = max(float(own[place]), float(alike[reference[place], base]))
        alt, total = int(sums[place, base]), int(depth[place])
        phred = quality(alt, total * error)
        strands = counts[place, base]
        rest = counts[place].sum(axis=0) - strands
        bias = strand_bias((int(strands[0]), int(strands[1])), (int(rest[0]), int(rest[1])))
        yield Variant(
            position=int(place) + 1,
            ref=circle.bases[place],
            alt=BASES[base],
            depth=total,
            alt_depth=alt,
            quality=phred,
            filter=filters(
                position=int(place),
                phred=phred,
                bias=bias,
                share=alt / total,
                alt=alt,
                numt=numt,
                tract=0,
            ),
        )


def background(
    sums: NDArray[np.int64], reference: NDArray[np.int64], min_heteroplasmy: float
) -> NDArray[np.float64]:
    """How often each base is read as each other one, where no variant is: 4 by 4."""
    depth = sums.sum(axis=1)
    rates = np.full((len(BASES), len(BASES)), _LOWEST_ERROR)
    for ref in range(len(BASES)):
        for alt in range(len(BASES)):
            quiet = (reference == ref) & (sums[:, alt] < min_heteroplasmy * depth)
            total = int(depth[quiet].sum())
            if ref != alt and total:
                rates[ref, alt] = max(_LOWEST_ERROR, float(sums[quiet, alt].sum()) / total)
    return rates


@dataclass(frozen=True, order=True)
class Gap:
    """A left-aligned indel on the circle: ``position`` as in :class:`Indel`, 0-based."""

    position: int
    inserted: str
    deleted: int


def left_aligned(circle: Circle, gap: Gap) -> Gap:
    """The same indel as far left as it can be written, not across the origin."""
    bases, size = circle.bases, len(circle)
    position, inserted = gap.position, gap.inserted
    while position > 0:
        before = bases[position - 1]
        if before == "N":
            break
        last = inserted[-1] if inserted else bases[(position + gap.deleted - 1) % size]
        if before != last:
            break
        inserted = before + inserted[:-1] if inserted else ""
        position -= 1
    return Gap(position, inserted, gap.deleted)


def tract_of(circle: Circle, gap: Gap) -> tuple[int, int]:
    """How far right a left-aligned indel could as well be written, and its homopolymer's length.

    Returns:
        Bases to the right; and how many equal bases lie there, 0 if the indel is of several.
    """
    bases, size = circle.bases, len(circle)
    unit = gap.inserted or "".join(
        bases[(gap.position + i) % size] for i in range(min(gap.deleted, size))
    )
    right = 0
    while (
        right < size
        and bases[(gap.position + gap.deleted + right) % size] == (unit[right % len(unit)])
    ):
        right += 1
    single = len(set(unit)) == 1
    return right, (right + gap.deleted) if single else 0


def indels(
    circle: Circle, pileup: Pileup, shift: int, min_heteroplasmy: float, numt: int
) -> Iterator[Variant]:
    """Insertions and deletions in the middle half of one way of writing the circle.

    A read tells if it is aligned to both sides of the indel and of the repeat that it lies in.
    Deletions across the origin can't be written in a VCF of a linear contig and are left out.

    Args:
        circle: the reference.
        pileup: counts of this way.
        shift: where it begins on the contig, 0-based.
        min_heteroplasmy: share of reads from which on an allele is told.
        numt: reads that nuclear copies may give.
    """
    carriers: dict[Gap, list[int]] = defaultdict(list)
    for indel in pileup.indels:
        raw = Gap((indel.position + shift) % len(circle), indel.inserted, indel.deleted)
        carriers[left_aligned(circle, raw)].append(indel.read)
    first, last = middle(len(circle))
    for gap, reads in sorted(carriers.items()):
        written = (gap.position - shift) % len(circle)
        in_half = first <= written < last
        # Both halves' edges: the plain way has its middle, the shifted one all the rest.
        if shift:
            in_half = not first <= gap.position < last
        if in_half and gap.position + gap.deleted <= len(circle) and len(reads) > 1:
            variant = _indel(circle, pileup, gap, written, reads, numt)
            if variant and variant.alt_depth >= min_heteroplasmy * variant.depth:
                yield variant


def _indel(
    circle: Circle, pileup: Pileup, gap: Gap, written: int, reads: list[int], numt: int
) -> Variant | None:
    """An indel with its counts; none if no read tells."""
    right, tract = tract_of(circle, gap)
    begin, end = written - _FLANK, written + gap.deleted + right + _FLANK
    telling = (pileup.ends[:, 0] <= begin) & (pileup.ends[:, 1] >= end)
    with_it = np.zeros(len(telling), dtype=np.bool_)
    with_it[reads] = True
    with_it &= telling
    depth = len(np.unique(pileup.fragment[telling]))
    alt = len(np.unique(pileup.fragment[with_it]))
    alleles = written_alleles(circle, gap)
    if not alt or depth < _LEAST_DEPTH or alleles is None:
        return None
    back = pileup.reverse
    own = (int((with_it & ~back).sum()), int((with_it & back).sum()))
    rest = (int((telling & ~back).sum()) - own[0], int((telling & back).sum()) - own[1])
    phred = quality(alt, depth * indel_error(tract))
    position, ref, other = alleles
    return Variant(
        position=position,
        ref=ref,
        alt=other,
        depth=depth,
        alt_depth=alt,
        quality=phred,
        filter=filters(
            position=gap.position,
            phred=phred,
            bias=strand_bias(own, rest),
            share=alt / depth,
            alt=alt,
            numt=numt,
            tract=tract,
        ),
    )


def written_alleles(circle: Circle, gap: Gap) -> tuple[int, str, str] | None:
    """POS (1-based), REF and ALT as VCF has them; none where the reference has an N.

    An indel before the first base is written with the base after it (VCF 4.2, section 1.4.1).
    """
    bases = circle.bases
    deleted = bases[gap.position : gap.position + gap.deleted]
    if gap.position > 0:
        anchor = bases[gap.position - 1]
        position, ref, alt = gap.position, anchor + deleted, anchor + gap.inserted
    else:
        anchor = bases[gap.deleted]
        position, ref, alt = 1, deleted + anchor, gap.inserted + anchor
    return None if "N" in ref + alt else (position, ref, alt)

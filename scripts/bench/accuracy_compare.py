"""Two sets of variants compared by alleles, genotypes and the haplotypes that they spell.

Variants are trimmed, split into primitive ones and moved to the left. Those of both sets that lie
within 30 bases of each other form a group. In a group a variant is found

* with its genotype, if some phasing of it and others of the group spells the same pair of
  haplotypes as some phasing of the other set's;
* as an allele only, if it spells one haplotype that the other set's spell, with other copies.

So neither the place of an indel in a repeat, nor an MNV against its SNVs, nor records split or
joined count as error. The principle is vcfeval's (Cleary et al., bioRxiv 2015,
doi:10.1101/023754): the largest sets that spell the same. It is not used itself since it is in
none of the package sources that this project installs from; a group is enumerated, with a bound,
instead of searched.

Coordinates are 0-based and half-open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import pysam

GAP = 30
"""Bases between two variants that may be written differently together (the task's 30)."""

MOST = 8
"""Variants of one set in a group that are enumerated: three to their power are the phasings."""

DIPLOID = 2


@dataclass(frozen=True, order=True, kw_only=True)
class Variant:
    """One alternate allele of one person.

    Attributes:
        contig: name of the contig.
        start: first base of the reference that is replaced, 0-based.
        end: base after the last one; ``start`` for an insertion, which goes before that base.
        bases: what stands there instead; empty for a deletion.
        copies: 1 if one of the two chromosomes carries it, 2 if both do.
        written: start, end and bases as its record had them, before it moved to the left. There
            it does not overlap the others of its haplotype, to its left it may. Does not count
            when variants are compared.
    """

    contig: str
    start: int
    end: int
    bases: str
    copies: int
    written: tuple[int, int, str] | None = field(default=None, compare=False)

    @property
    def place(self) -> tuple[int, int, str]:
        """Start, end and bases by which it is written into a haplotype."""
        return self.written or (self.start, self.end, self.bases)

    @property
    def reach(self) -> int:
        """End of the bases that it may change, wherever it is written."""
        return max(self.end, self.place[1])

    @property
    def grown(self) -> int:
        """Bases that it adds; negative for a deletion."""
        return len(self.bases) - (self.end - self.start)


class Outcome(StrEnum):
    """What the other set has of a variant."""

    GENOTYPE = "genotype"
    """The allele, in as many copies."""
    ALLELE = "allele"
    """The allele, in another number of copies."""
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Every variant of both sets, sorted, with what the other set has of it."""

    truth: Sequence[tuple[Variant, Outcome]]
    calls: Sequence[tuple[Variant, Outcome]]


# ------------------------------------------------------------------------------- one variant


def trimmed(contig: str, start: int, ref: str, alt: str, copies: int) -> Variant:
    """A record's allele without the bases that both alleles begin or end with.

    First those at the begin: an insertion stands after its anchor, which may be another's SNV.
    """
    while ref and alt and ref[0] == alt[0]:
        ref, alt, start = ref[1:], alt[1:], start + 1
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    return Variant(contig=contig, start=start, end=start + len(ref), bases=alt, copies=copies)


def to_left(variant: Variant, sequence: str) -> Variant:
    """A pure insertion or deletion at its leftmost place (Tan et al. 2015).

    Args:
        variant: trimmed.
        sequence: its whole contig, upper case.
    """
    start, end, bases = variant.start, variant.end, variant.bases
    if bases and start < end:
        return variant
    while start > 0 and (bases or sequence[start:end])[-1] == sequence[start - 1]:
        if bases:
            bases = bases[-1] + bases[:-1]
        start, end = start - 1, end - 1
    return replace(variant, start=start, end=end, bases=bases, written=variant.place)


def primitive(
    contig: str, start: int, ref: str, alt: str, copies: int, sequence: str
) -> Iterator[Variant]:
    """A record's allele as SNVs, or as one insertion or deletion at its leftmost place.

    An allele that replaces bases by another number of bases stays one.
    """
    whole = trimmed(contig, start, ref, alt, copies)
    if whole.grown or len(whole.bases) <= 1:
        if whole.bases or whole.grown:
            yield to_left(whole, sequence)
        return
    for number, base in enumerate(whole.bases, whole.start):
        if base != sequence[number]:
            yield replace(whole, start=number, end=number + 1, bases=base)


def joined(variants: Iterable[Variant]) -> list[Variant]:
    """Variants sorted; an allele that came from two records has their copies, at most two."""
    copies: Counter[Variant] = Counter()
    for variant in variants:
        copies[replace(variant, copies=0)] += variant.copies
    # The keys are the first of those that are equal, written as these were.
    return sorted(replace(one, copies=min(count, DIPLOID)) for one, count in copies.items())


@contextmanager
def records_of(vcf: Path) -> Iterator[pysam.VariantFile]:
    """A VCF's records, without the library's words on a missing index."""
    before = pysam.set_verbosity(0)
    try:
        with pysam.VariantFile(str(vcf)) as records:
            yield records
    finally:
        pysam.set_verbosity(before)


def read_variants(vcf: Path, sequences: Mapping[str, str]) -> list[Variant]:
    """The primitive variants that a VCF's only person carries, of records that pass.

    Args:
        vcf: a VCF of one sample; records whose FILTER is neither PASS nor missing are left out.
        sequences: bases of each contig, upper case.
    """
    found: list[Variant] = []
    with records_of(vcf) as records:
        for record in records:
            if set(record.filter.keys()) <= {"PASS"} and record.ref is not None:
                found += _carried(record, sequences[record.chrom])
    return joined(found)


def _carried(record: pysam.VariantRecord, sequence: str) -> Iterator[Variant]:
    genotype = record.samples[0].allele_indices or ()
    for number, alt in enumerate(record.alts or (), 1):
        count = genotype.count(number)
        if count and set(alt) <= set("ACGTN"):
            copies = DIPLOID if count == len(genotype) else 1
            yield from primitive(record.chrom, record.start, str(record.ref), alt, copies, sequence)


def read_sequences(fasta: Path) -> dict[str, str]:
    """Bases of each contig of a FASTA, upper case."""
    with pysam.FastaFile(str(fasta)) as file:
        return {name: file.fetch(name).upper() for name in file.references}


# -------------------------------------------------------------------------------- two sets


def compare(
    truth: Iterable[Variant], calls: Iterable[Variant], sequences: Mapping[str, str]
) -> Compared:
    """What each set has of the other's variants.

    Args:
        truth: variants as :func:`read_variants` gives them.
        calls: the same of the other set.
        sequences: bases of each contig, upper case.
    """
    found: tuple[list[tuple[Variant, Outcome]], ...] = ([], [])
    for group in groups(joined(truth), joined(calls)):
        bases = sequences[(group[0] or group[1])[0].contig]
        outcomes = _same_group(group, bases)
        for side in range(2):
            found[side].extend(zip(group[side], outcomes[side], strict=True))
    return Compared(truth=found[0], calls=found[1])


Group = tuple[list[Variant], list[Variant]]
"""Variants of both sets that lie near each other, sorted."""


def groups(truth: Sequence[Variant], calls: Sequence[Variant]) -> Iterator[Group]:
    """Both sets' variants, cut where more than :data:`GAP` bases lie between two neighbours."""
    both = sorted([(v, 0) for v in truth] + [(v, 1) for v in calls])
    group: Group = ([], [])
    contig, reach = "", 0
    for variant, side in both:
        if (group[0] or group[1]) and (variant.contig != contig or variant.start > reach + GAP):
            yield group
            group, reach = ([], []), 0
        group[side].append(variant)
        contig, reach = variant.contig, max(reach, variant.reach)
    if group[0] or group[1]:
        yield group


def _same_group(group: Group, sequence: str) -> tuple[list[Outcome], list[Outcome]]:
    truth, calls = group
    if truth == calls:
        return [Outcome.GENOTYPE] * len(truth), [Outcome.GENOTYPE] * len(calls)
    outcomes = [Outcome.ABSENT] * len(truth), [Outcome.ABSENT] * len(calls)
    if not truth or not calls:
        return outcomes
    left = list(range(len(truth))), list(range(len(calls)))
    if max(len(truth), len(calls)) > MOST:
        left = _settle_equal(group, left, outcomes)
    _settle(group, left, outcomes, sequence, Outcome.GENOTYPE)
    while _settle(group, left, outcomes, sequence, Outcome.ALLELE):
        pass
    return outcomes


Numbers = tuple[list[int], list[int]]
Outcomes = tuple[list[Outcome], list[Outcome]]


def _settle_equal(group: Group, left: Numbers, outcomes: Outcomes) -> Numbers:
    """In a large group, settle what both sets have alike; what remains may be enumerated."""
    alike = set(group[0]) & set(group[1])
    for side in range(2):
        for number in left[side]:
            if group[side][number] in alike:
                outcomes[side][number] = Outcome.GENOTYPE
    return _absent(outcomes)


def _absent(outcomes: Outcomes) -> Numbers:
    first, second = (
        [number for number, outcome in enumerate(side) if outcome is Outcome.ABSENT]
        for side in outcomes
    )
    return first, second


def _settle(
    group: Group, left: Numbers, outcomes: Outcomes, sequence: str, as_what: Outcome
) -> bool:
    """Settle what of the remaining variants spells the same; whether there was something.

    Of a group that stays too large the first variants are enumerated.
    """
    rest = [[group[side][number] for number in left[side][:MOST]] for side in range(2)]
    if not rest[0] or not rest[1]:
        return False
    window = (
        min(v.start for side in rest for v in side),
        max(v.reach for side in rest for v in side),
    )
    ways = [spelled(side, window, sequence, paired=as_what is Outcome.GENOTYPE) for side in rest]
    shared = [(ways[0][key], ways[1][key]) for key in ways[0].keys() & ways[1].keys()]
    best = max(shared, key=lambda pair: (len(pair[0]), len(pair[1]), pair))
    for side in range(2):
        for number in best[side]:
            outcomes[side][left[side][number]] = as_what
    left[0][:], left[1][:] = _absent(outcomes)
    return bool(best[0] and best[1])


# ------------------------------------------------------------------------------ haplotypes

Haplotypes = tuple[str, ...]
"""One haplotype, or two, sorted, since nothing tells which is which."""

_State = tuple[tuple[int, str], ...]
"""Of each haplotype: up to which base of the reference it is written, and what is written."""


def spelled(
    variants: Sequence[Variant], window: tuple[int, int], sequence: str, *, paired: bool
) -> dict[Haplotypes, tuple[int, ...]]:
    """What subsets of some variants can spell, each with the smallest subset that spells it.

    The smallest, so that an insertion and a deletion that undo each other are not found.

    Args:
        variants: of one contig.
        window: first base and the one after the last that they may change.
        sequence: the whole contig.
        paired: two haplotypes with as many copies as the genotype says; otherwise one.
    """
    first, last = window
    blank: _State = ((first, ""),) * (DIPLOID if paired else 1)
    states: list[tuple[_State, tuple[int, ...]]] = [(blank, ())]
    in_order = sorted(enumerate(variants), key=lambda numbered: numbered[1].place)
    for number, variant in in_order:
        states += [
            (further, (*chosen, number))
            for state, chosen in states
            for further in _with(state, variant, sequence, paired=paired)
        ]
    found: dict[Haplotypes, tuple[int, ...]] = {}
    for state, chosen in states:
        key = tuple(sorted(text + sequence[at:last] for at, text in state))
        members = tuple(sorted(chosen))
        if key not in found or (len(members), members) < (len(found[key]), found[key]):
            found[key] = members
    return found


def _with(state: _State, variant: Variant, sequence: str, *, paired: bool) -> Iterator[_State]:
    """A state with a variant on each haplotype that can take it, or on both."""
    if not paired or variant.copies == DIPLOID:
        written = [_written(one, variant, sequence) for one in state]
        if all(one is not None for one in written):
            yield tuple(one for one in written if one is not None)
        return
    for number, one in enumerate(state):
        further = _written(one, variant, sequence)
        if further is not None:
            yield (*state[:number], further, *state[number + 1 :])
        if all(other == one for other in state):
            return


def _written(one: tuple[int, str], variant: Variant, sequence: str) -> tuple[int, str] | None:
    """A haplotype with one variant more; ``None`` if an earlier one covers its bases."""
    at, text = one
    start, end, bases = variant.place
    if start < at:
        return None
    return end, text + sequence[at:start] + bases

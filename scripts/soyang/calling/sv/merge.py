"""Which callers' events are one and the same, and what the call set says of it.

The rule, in full. Two events are the same

- if they are of one kind, their breakpoints are no further apart than ``max_distance`` (nor than
  the event is long) and the shorter is at least ``min_similarity`` of the longer (the measures
  and defaults of truvari, English et al. 2022: 500 bp and 0.7; SURVIVOR, Jeffares et al. 2017,
  takes 1,000 bp);
- two insertions whose places are no further apart than ``INSERTION_DISTANCE``, and whose lengths,
  where both are known, are as similar;
- an insertion and a tandem duplication if the insertion lies so near one of its ends, and the
  length, where known, is as similar: the copy is what is inserted;
- two breakends if both ends are no further apart than ``max_distance`` and are joined the same
  way round.

Events that are the same, directly or by way of others (single linkage), are one event of the call
set. So the order in which callers or records come doesn't matter, and each ends in exactly one.

Breakpoints, length, sequence, quality and support are those of one member: where bases were
inserted of one that knows them or how many, then of one with split reads, then of the caller that
:data:`PLACES_BEST` names first. The genotype is that of the first caller in
:data:`GENOTYPES_BEST` that has one other than ``0/0``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from soyang.calling.sv.events import (
    BREAKEND,
    DELETION,
    DUPLICATION,
    INSERTION,
    INVERSION,
    NO_GENOTYPE,
    Event,
    sort_key,
)

INSERTION_DISTANCE = 100
"""Bases between what callers say is the place of one insertion; clips blur it by a repeat's
length, not by a fragment's."""

PLACES_BEST: Mapping[str, Sequence[str]] = {
    DELETION: ("delly", "dysgu", "tiddit"),
    DUPLICATION: ("delly", "dysgu", "tiddit"),
    INSERTION: ("dysgu", "delly", "tiddit"),
    INVERSION: ("delly", "dysgu", "tiddit"),
    BREAKEND: ("delly", "dysgu", "tiddit"),
}
GENOTYPES_BEST: Mapping[str, Sequence[str]] = {
    DELETION: ("delly", "tiddit", "dysgu"),
    DUPLICATION: ("tiddit", "delly", "dysgu"),
    INSERTION: ("delly", "dysgu", "tiddit"),
    INVERSION: ("delly", "tiddit", "dysgu"),
    BREAKEND: ("delly", "tiddit", "dysgu"),
}
"""Of duplications tiddit reads the depth; delly counts reads that cross the old junctions, which a
duplication leaves whole, and so never sees a homozygote. By simulated genomes of 15 to 40 reads
(seeds 1 to 3 and 11 to 13 of ``bench-structural``, whose figures are of others), right were: of 36
duplications tiddit 36, delly 18; of 36 inversions delly 36, tiddit 35 of 35, dysgu 18 of 35; of 59
deletions delly and dysgu 59, tiddit 58. Breakpoints were off by 0.3 bases (delly), 0.3 (dysgu) and
4 (tiddit) of deletions. Insertions are genotyped by :mod:`soyang.calling.sv.crossing`."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When two events are the same.

    Attributes:
        max_distance: bases between breakpoints, at most.
        min_similarity: shorter over longer, at least.
    """

    max_distance: int
    min_similarity: float


@dataclass(frozen=True, kw_only=True)
class Merged:
    """One event of the call set.

    Attributes:
        event: the member whose breakpoints stand.
        genotype: genotype of the member that genotypes best.
        members: what callers said, in their order.
    """

    event: Event
    genotype: str
    members: tuple[Event, ...]

    @property
    def callers(self) -> tuple[str, ...]:
        """Who has it, by name."""
        return tuple(sorted({member.caller for member in self.members}))


def merge(events: Iterable[Event], rule: Rule, order: Mapping[str, int]) -> list[Merged]:
    """Events of all callers as one call set, in the order of the reference.

    Args:
        events: events, each breakend in its canonical form.
        rule: when two are the same.
        order: contig name to its place in the reference.
    """
    ordered = sorted(events, key=lambda event: sort_key(event, order))
    made = [_merged(group) for group in _groups(ordered, rule)]
    return sorted(made, key=lambda merged: sort_key(merged.event, order))


def same(one: Event, two: Event, rule: Rule) -> bool:
    """Whether two events are the same by the rule of this module."""
    if {one.kind, two.kind} == {INSERTION, DUPLICATION}:
        inserted, copied = (one, two) if one.kind == INSERTION else (two, one)
        return _inserts(inserted, copied, rule)
    if one.kind != two.kind or one.contig != two.contig:
        return False
    if one.kind == BREAKEND:
        joined = (one.left, one.mate and one.mate.left) == (two.left, two.mate and two.mate.left)
        return joined and _near(one, two, rule.max_distance)
    if one.kind == INSERTION:
        return _near(one, two, INSERTION_DISTANCE) and _similar(one, two, rule)
    longest = max(one.length or 0, two.length or 0)
    return _near(one, two, min(rule.max_distance, longest)) and _similar(one, two, rule)


def _near(one: Event, two: Event, distance: int) -> bool:
    """Whether both ends lie on the same contigs, no further apart than that."""
    return all(
        a[0] == b[0] and abs(a[1] - b[1]) <= distance
        for a, b in zip(one.ends, two.ends, strict=True)
    )


def _similar(one: Event, two: Event, rule: Rule) -> bool:
    if not one.length or not two.length:
        return True
    shorter, longer = sorted((one.length, two.length))
    return shorter >= rule.min_similarity * longer


def _inserts(inserted: Event, copied: Event, rule: Rule) -> bool:
    place = inserted.start + 1
    distance = min(abs(place - copied.start), abs(place - copied.end))
    near = inserted.contig == copied.contig and distance <= INSERTION_DISTANCE
    return near and _similar(inserted, copied, rule)


def _groups(ordered: Sequence[Event], rule: Rule) -> Iterator[list[Event]]:
    """Events joined by being the same, directly or by way of others."""
    root = list(range(len(ordered)))

    def find(number: int) -> int:
        while root[number] != number:
            root[number] = number = root[root[number]]
        return number

    for one, two in _candidates(ordered, rule):
        if same(ordered[one], ordered[two], rule):
            first, second = sorted((find(one), find(two)))
            root[second] = first
    groups: dict[int, list[Event]] = {}
    for number, event in enumerate(ordered):
        groups.setdefault(find(number), []).append(event)
    yield from groups.values()


def _candidates(ordered: Sequence[Event], rule: Rule) -> Iterator[tuple[int, int]]:
    """Pairs of which an end of one lies near an end of the other: a sweep, not all pairs."""
    reach = max(rule.max_distance, INSERTION_DISTANCE) + 1
    places = sorted(
        {(contig, at, number) for number, event in enumerate(ordered) for contig, at in event.ends}
    )
    for here, (contig, at, one) in enumerate(places):
        for other, there, two in places[here + 1 :]:
            if other != contig or there - at > reach:
                break
            if one != two:
                yield one, two


def _merged(group: Sequence[Event]) -> Merged:
    return Merged(
        event=min(group, key=_place_rank), genotype=_genotype(group), members=tuple(group)
    )


def _place_rank(event: Event) -> tuple[object, ...]:
    inserted = event.kind == INSERTION  # of a duplication both ends are known: it stands
    return (
        inserted,
        inserted and not event.sequence,
        inserted and not event.length,
        not event.precise,
        _rank(PLACES_BEST, event),
        not event.passed,
        -(event.support or 0),
        event.start,
        event.end,
        event.name,
    )


def _rank(best: Mapping[str, Sequence[str]], event: Event) -> int:
    order = best[event.kind]
    return order.index(event.caller) if event.caller in order else len(order)


def _genotype(group: Sequence[Event]) -> str:
    """The best genotyper's; an event that others see is not made undone by one that says 0/0."""
    rank: Callable[[Event], tuple[object, ...]] = lambda event: (  # noqa: E731
        _rank(GENOTYPES_BEST, event),
        not event.passed,
        -(event.support or 0),
        event.name,
    )
    told = [event.genotype for event in sorted(group, key=rank)]
    carried = [text for text in told if text not in {NO_GENOTYPE, "0/0"}]
    return carried[0] if carried else told[0]

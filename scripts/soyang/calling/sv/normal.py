"""Events at their leftmost place, so that callers who mean the same say the same.

VCF 4.2 and Tan, Abecasis and Kang 2015 (variant normalisation), for events written by their ends:
a deletion or tandem duplication may move left as long as the base before it is its last base, an
insertion as long as the base before it is the last one inserted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from soyang.calling.sv.events import DELETION, DUPLICATION, INSERTION, Event

Bases = Callable[[str, int, int], str]
"""Bases of the reference: contig, 0-based start, end (exclusive); upper case."""

_FARTHEST = 1_000
"""Bases that an event may move; longer than any repeat that short reads pass."""


def leftmost(event: Event, bases: Bases) -> Event:
    """The event moved left as far as it stays the same; others than the three kinds as they are."""
    if event.kind == INSERTION:
        return _insertion(_without_anchor(event, bases), bases)
    if event.kind not in {DELETION, DUPLICATION} or not event.precise:
        return event
    length = event.end - event.start
    before = bases(event.contig, max(event.start - _FARTHEST, 0), event.start)
    # What comes before the last base of the event, base by base: the event, then what is before.
    own = bases(event.contig, max(event.end - _FARTHEST, event.start), event.end)
    moved = _same_from_the_end(before, (before + own)[-len(before) :] if before else "")
    return replace(event, start=event.start - moved, end=event.start - moved + length)


def _same_from_the_end(one: str, two: str) -> int:
    count = 0
    for a, b in zip(reversed(one), reversed(two), strict=False):
        if a != b or a == "N":
            break
        count += 1
    return count


def _without_anchor(event: Event, bases: Bases) -> Event:
    """An insertion's bases without the base before it, which dysgu writes at times.

    A first base that is truly inserted and equal to that base is lost with it: of the two
    readings the one that VCF asks for is taken.
    """
    if event.caller != "dysgu" or len(event.sequence) <= 1:
        return event
    if event.sequence[0] != bases(event.contig, event.start, event.start + 1):
        return event
    sequence = event.sequence[1:]
    return replace(event, sequence=sequence, length=len(sequence))


def _insertion(event: Event, bases: Bases) -> Event:
    if not event.sequence:
        return event
    sequence, start = event.sequence, event.start
    before = bases(event.contig, max(start + 1 - _FARTHEST, 0), start + 1)
    moved = 0
    while moved < len(before) - 1 and before[-1 - moved] == sequence[-1] != "N":
        sequence = sequence[-1] + sequence[:-1]
        moved += 1
    return replace(event, start=start - moved, end=start - moved + 1, sequence=sequence)

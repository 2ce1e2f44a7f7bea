"""What of the planted was found, and what of the found was planted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.accuracy_figures import Share
from bench.copy_number_data import Truth

DIPLOID = 2


@dataclass(frozen=True, kw_only=True)
class Call:
    """An event that was told."""

    contig: str
    start: int
    end: int
    copies: int


def together(shares: Iterable[Share]) -> Share:
    """Shares of several wholes as one."""
    every = list(shares)
    return Share(part=sum(s.part for s in every), whole=sum(s.whole for s in every))


def shown(share: Share) -> str:
    """A share with its 95 % interval, by Wilson."""
    low, high = share.interval
    return "-" if share.value is None else f"{share.value:.3f} ({low:.3f}-{high:.3f})"


def matches(call: Call, truth: Truth) -> bool:
    """Whether both are a loss or both a gain, and share half of each other at least."""
    if call.contig != truth.contig or (call.copies < DIPLOID) != (truth.copies < DIPLOID):
        return False
    shared = min(call.end, truth.end) - max(call.start, truth.start)
    return shared >= 0.5 * max(call.end - call.start, truth.end - truth.start)


def recall(truth: Sequence[Truth], calls: Sequence[Call]) -> Share:
    """Share of the planted that was found."""
    hits = sum(any(matches(call, event) for call in calls) for event in truth)
    return Share(part=hits, whole=len(truth))


def precision(truth: Sequence[Truth], calls: Sequence[Call]) -> Share:
    """Share of the found that was planted."""
    hits = sum(any(matches(call, event) for event in truth) for call in calls)
    return Share(part=hits, whole=len(calls))


def exact(truth: Sequence[Truth], calls: Sequence[Call]) -> Share:
    """Share of the planted and found whose copies were told right."""
    found = [(e, c) for e in truth for c in calls if matches(c, e)]
    return Share(part=sum(e.copies == c.copies for e, c in found), whole=len(found))

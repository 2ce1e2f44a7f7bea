"""Why an event of the call set is doubted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from soyang.calling.sv.merge import Merged
from soyang.core.assembly import bare
from soyang.core.interval import Interval

PASS = "PASS"
WORDS: Mapping[str, str] = {
    "caller_doubts": "No caller that has it passes it",
    "weak_caller_alone": "Only tiddit has it, which does not assemble what it sees",
    "near_gap": "A breakpoint lies near bases that the reference does not know (N)",
    "excluded_region": "A breakpoint lies in a region that the settings exclude",
    "mitochondrion": "An end lies on the mitochondrion, which has a caller of its own",
}
"""Words of FILTER and what they say, in the order in which they stand."""

WEAK_ALONE = frozenset({"tiddit"})


class Places:
    """Intervals of the reference, asked for whether a place lies in one."""

    def __init__(self, intervals: Iterable[Interval]) -> None:
        by_contig: dict[str, list[tuple[int, int]]] = {}
        for interval in sorted(intervals):
            rows = by_contig.setdefault(interval.contig, [])
            end = max(interval.end, rows[-1][1] if rows else 0)  # ends rise, so one look is enough
            rows.append((interval.start, end))
        self._rows = by_contig
        self._starts = {contig: [row[0] for row in rows] for contig, rows in by_contig.items()}

    def holds(self, contig: str, position: int) -> bool:
        """Whether a 0-based position lies in an interval."""
        number = bisect_right(self._starts.get(contig, []), position)
        return number > 0 and position < self._rows[contig][number - 1][1]


def gaps(known: Sequence[Interval], lengths: Mapping[str, int], distance: int) -> list[Interval]:
    """Stretches of N, widened by a distance on both sides.

    Args:
        known: stretches whose bases are not N, disjoint, sorted within each contig.
        lengths: contig name to length.
        distance: bases.
    """
    ends = dict.fromkeys(lengths, 0)
    found = []
    for stretch in known:
        if stretch.start > ends[stretch.contig]:
            found.append((stretch.contig, ends[stretch.contig], stretch.start))
        ends[stretch.contig] = stretch.end
    found += [
        (contig, end, lengths[contig]) for contig, end in ends.items() if end < lengths[contig]
    ]
    return [Interval(contig, max(a - distance, 0), b + distance) for contig, a, b in found]


def doubts(merged: Merged, callers: Iterable[str], gap: Places, excluded: Places) -> str:
    """``PASS``, or the words of :data:`WORDS` that hold, joined by ``;``.

    Args:
        merged: the event.
        callers: all that looked: a weak one's silence of others means nothing if none looked.
        gap: near unknown bases.
        excluded: regions of the settings.
    """
    ends = merged.event.ends
    others_looked = not set(callers) <= WEAK_ALONE
    holds = {
        "caller_doubts": not any(member.passed for member in merged.members),
        "weak_caller_alone": others_looked and set(merged.callers) <= WEAK_ALONE,
        "near_gap": any(gap.holds(*end) for end in ends),
        "excluded_region": any(excluded.holds(*end) for end in ends),
        "mitochondrion": any(bare(contig) == "M" for contig, _ in ends),
    }
    return ";".join(word for word in WORDS if holds[word]) or PASS

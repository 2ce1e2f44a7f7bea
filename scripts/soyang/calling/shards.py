"""Cutting the reference into shards that are called side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from soyang.core.interval import Interval

_MOST_SHARDS_OF_A_SMALL_REFERENCE = 16
_FEWEST_BASES = 40_000
"""Below this, starting the tools, decoding the CRAM slices that lie across the edges and reading
the margins costs more than it gains."""

MARGIN = 1_000
"""Bases on each side that the caller sees but doesn't report.

bcftools realigns a read once it meets an indel at any of its columns, so a call depends on
columns up to a read's length before it; and a pair's overlap, up to a fragment's length.
"""

Shard = tuple[Interval, ...]


def shard_size(known: Iterable[Interval], most: int) -> int:
    """Bases of a shard: ``most``, or less for a reference that is small.

    A property of the reference alone, so that shards are the same on each machine.
    """
    total = sum(map(len, known))
    count = min(_MOST_SHARDS_OF_A_SMALL_REFERENCE, max(total // _FEWEST_BASES, 1))
    return min(most, max(-(-total // count), _FEWEST_BASES))


def make_shards(known: Sequence[Interval], size: int) -> list[Shard]:
    """Group stretches, in order, into shards of about ``size`` bases; long ones are cut.

    Args:
        known: disjoint stretches whose bases are not N, in the order of the reference.
        size: bases of a shard, at most.
    """
    shards: list[Shard] = []
    current: list[Interval] = []
    for piece in (piece for stretch in known for piece in _pieces(stretch, size)):
        if current and sum(map(len, current)) + len(piece) > size:
            shards.append(tuple(current))
            current = []
        current.append(piece)
    return [*shards, tuple(current)] if current else shards


def _pieces(stretch: Interval, size: int) -> Iterator[Interval]:
    """A stretch in pieces of nearly equal length, none longer than ``size``."""
    count = -(-len(stretch) // size)
    edges = [stretch.start + len(stretch) * n // count for n in range(count + 1)]
    for start, end in pairwise(edges):
        yield Interval(stretch.contig, start, end)


def joined(pieces: Iterable[Interval]) -> list[Interval]:
    """Intervals in order, those that touch as one."""
    found: list[Interval] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last and last.contig == piece.contig and last.end == piece.start:
            found[-1] = Interval(piece.contig, last.start, piece.end)
        else:
            found.append(piece)
    return found


def with_margin(shard: Shard, lengths: Mapping[str, int]) -> list[Interval]:
    """The shard's intervals with :data:`MARGIN` on both sides, merged where they then meet.

    Args:
        shard: intervals in order.
        lengths: contig name to length, beyond which no margin goes.
    """
    merged: list[Interval] = []
    for piece in shard:
        end = min(piece.end + MARGIN, lengths[piece.contig])
        wide = Interval(piece.contig, max(piece.start - MARGIN, 0), end)
        if merged and merged[-1].contig == wide.contig and merged[-1].end >= wide.start:
            wide = Interval(wide.contig, merged.pop().start, wide.end)
        merged.append(wide)
    return merged


CLIP = r"""
BEGIN {
    FS = OFS = "\t"
    while ((getline line < ENVIRON["SHARD"]) > 0) {
        split(line, field, "\t")
        count[field[1]]++
        place = field[1] SUBSEP count[field[1]]
        start[place] = field[2]
        end[place] = field[3]
        base[place] = field[4]
    }
}
/^#/ { print; next }
{
    # Records and intervals are sorted: what ends before this record is done with.
    while (done[$1] < count[$1] && end[$1, done[$1] + 1] < $2) done[$1]++
    block = match($8, /(^|;)END=[0-9]+/)
    if (!block) {
        place = $1 SUBSEP (done[$1] + 1)
        if (done[$1] < count[$1] && start[place] < $2) print
        next
    }
    first = $2
    last = substr($8, RSTART, RLENGTH)
    sub(/.*=/, "", last)
    last += 0
    reference = $4
    before = substr($8, 1, RSTART - 1)
    after = substr($8, RSTART + RLENGTH)
    for (n = done[$1] + 1; n <= count[$1]; n++) {
        place = $1 SUBSEP n
        if (start[place] >= last) break
        $2 = first > start[place] ? first : start[place] + 1
        $4 = $2 == first ? reference : base[place]
        stop = last < end[place] ? last : end[place]
        info = before (stop > $2 ? ";END=" stop : "") after
        sub(/^;+/, "", info)
        $8 = info == "" ? "." : info
        print
    }
}
"""
"""awk program on a gVCF: what lies in a shard's intervals.

A record belongs where its position is; a reference block is cut at the edges, where its REF
becomes the base there. The table named by ``SHARD`` holds contig, start, end and first base.
"""


def clip_table(shard: Shard, first_bases: Iterable[str]) -> str:
    """The table for :data:`CLIP`: contig, start (0-based), end and the base at start."""
    rows = zip(shard, first_bases, strict=True)
    return "".join(f"{i.contig}\t{i.start}\t{i.end}\t{base}\n" for i, base in rows)


def bed(intervals: Iterable[Interval]) -> str:
    """Intervals as BED lines."""
    return "".join(f"{i.contig}\t{i.start}\t{i.end}\n" for i in intervals)

"""A BED of shards, balanced by work: read, checked against the reference, and made.

Lines of four columns: contig, start, end (0-based, half-open) and shard, a whole number from 1 on;
a shard's lines stand together. The first line is a comment that names the version and says what
the shards are of::

    #soyang-shards version=GRCh38.1 reference_md5=0123456789abcdef0123456789abcdef
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from soyang.calling.records import reference_md5
from soyang.calling.shards import Shard, joined
from soyang.core.assembly import bare
from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text, write_text
from soyang.core.interval import Interval
from soyang.core.sequence import contig_lengths, known_stretches

_HEAD = re.compile(r"#soyang-shards version=(\S+) reference_md5=([0-9a-f]{32})\s*$")
_HEAD_LOOKS = "#soyang-shards version=<name> reference_md5=<32 hexadecimal digits>"

EXPECTED_DEPTH = {"X": 0.75, "Y": 0.25, "M": 50.0}
"""Depth over that of an autosome which a contig has: of X and Y in the mean of women and men; a
diploid cell has hundreds of mitochondrial genomes."""

_FIXED_SHARE = 1 / 3
"""Of the work on a base at the usual depth, the share that does not grow with depth. An
assumption: it decides how even shards are, and no result."""


def read_shards(bed: Path, fasta: Path) -> list[Shard]:
    """The shards of a BED, in the order of the reference.

    Raises:
        FaultError: with each line and reason for which it does not fit: of another reference, a
            contig unknown, a known base in no shard or in two, shards out of order.
    """
    lines = read_text(bed).splitlines()
    head = _HEAD.match(lines[0]) if lines else None
    if not head:
        raise FaultError(_fault(bed, "1", lines[0][:80] if lines else "nothing", _HEAD_LOOKS))
    found = reference_md5(fasta)
    if head[2] != found:
        allowed = f"reference_md5={found}, which this run's reference has"
        raise FaultError(_fault(bed, "1", f"reference_md5={head[2]}", allowed))
    rows = list(_rows(bed, lines))
    faults = list(_faults(bed, rows, fasta))
    if faults:
        raise FaultError(faults)
    shards: dict[int, list[Interval]] = {}
    for _, interval, shard in rows:
        shards.setdefault(shard, []).append(interval)
    return [tuple(pieces) for pieces in shards.values()]


_Row = tuple[int, Interval, int]


def _rows(bed: Path, lines: Sequence[str]) -> Iterator[_Row]:
    """Line number, interval and shard of each line that is no comment."""
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            contig, start, end, shard = line.split("\t")
            yield number, Interval(contig, int(start), int(end)), int(shard)
        except ValueError:
            allowed = "contig, start, end and shard, separated by tabs"
            raise FaultError(_fault(bed, str(number), repr(line[:80]), allowed)) from None


def _faults(bed: Path, rows: Sequence[_Row], fasta: Path) -> Iterator[Fault]:
    lengths = contig_lengths(fasta)
    rank = {contig: number for number, contig in enumerate(lengths)}
    last: tuple[int, int] = (0, 0)
    seen: set[int] = set()
    current = 0
    for number, interval, shard in rows:
        if interval.contig not in rank:
            yield _fault(bed, str(number), f"contig {interval.contig}", "the reference's contigs")
            return
        if interval.end > lengths[interval.contig]:
            allowed = f"an end of {lengths[interval.contig]:,} at most"
            yield _fault(bed, str(number), f"end {interval.end:,}", allowed)
        if (rank[interval.contig], interval.start) < last:
            allowed = "intervals in the order of the reference, none over another"
            yield _fault(bed, str(number), f"{interval} after or over the one before", allowed)
        last = (rank[interval.contig], interval.end)
        if shard != current and shard in seen:
            yield _fault(bed, str(number), f"shard {shard} again", "a shard's lines together")
        current = shard
        seen.add(shard)
    for missing in uncovered(known_stretches(fasta), [interval for _, interval, _ in rows]):
        allowed = "each base that is not N in one shard"
        yield _fault(bed, "", f"{missing} in no shard", allowed)
        return


def uncovered(known: Iterable[Interval], pieces: Sequence[Interval]) -> Iterator[Interval]:
    """What of known stretches lies in none of some disjoint, sorted intervals."""
    of_contig: dict[str, list[Interval]] = {}
    for piece in pieces:
        of_contig.setdefault(piece.contig, []).append(piece)
    for stretch in known:
        start = stretch.start
        for piece in of_contig.get(stretch.contig, []):
            if piece.end <= start:
                continue
            if piece.start >= stretch.end:
                break
            if piece.start > start:
                yield Interval(stretch.contig, start, piece.start)
            start = piece.end
        if start < stretch.end:
            yield Interval(stretch.contig, start, stretch.end)


def write_shards(fasta: Path, name: str, count: int, bed: Path, depth: Path | None) -> None:
    """Write a BED of shards of about equal work.

    Args:
        fasta: prepared reference.
        name: name of this set of shards, e.g. ``GRCh38.1``.
        count: shards.
        bed: output.
        depth: BED of mean depths (contig, start, end, depth, as mosdepth's regions; plain), of a
            usual sample; none: what is expected of each contig.

    Raises:
        ValueError: the name has a space, or no shard is wanted.
    """
    if not re.fullmatch(r"\S+", name) or count < 1:
        raise ValueError(f"{count} shards named {name!r}: one at least, a name without spaces")
    windows = read_depths(depth) if depth else {}
    shards = balanced(known_stretches(fasta), count, windows)
    lines = [f"#soyang-shards version={name} reference_md5={reference_md5(fasta)}\n"]
    lines += [
        f"{piece.contig}\t{piece.start}\t{piece.end}\t{number}\n"
        for number, shard in enumerate(shards, start=1)
        for piece in shard
    ]
    write_text(bed, "".join(lines))


def read_depths(depth: Path) -> dict[str, list[tuple[int, int, float]]]:
    """Contig to sorted windows (start, end, depth over the mean of all)."""
    found: dict[str, list[tuple[int, int, float]]] = {}
    for line in read_text(depth).splitlines():
        contig, start, end, value = line.split("\t")[:4]
        found.setdefault(contig, []).append((int(start), int(end), float(value)))
    bases = sum(e - s for windows in found.values() for s, e, _ in windows)
    total = sum((e - s) * d for windows in found.values() for s, e, d in windows)
    mean = total / bases if total else 1.0
    return {c: sorted((s, e, d / mean) for s, e, d in windows) for c, windows in found.items()}


def balanced(
    known: Sequence[Interval],
    count: int,
    windows: Mapping[str, Sequence[tuple[int, int, float]]],
) -> list[Shard]:
    """Cut stretches into ``count`` shards of about equal work, in order.

    Args:
        known: disjoint stretches whose bases are not N, in the order of the reference.
        count: shards; fewer where there are fewer bases.
        windows: contig to windows of depth over the mean; elsewhere what is expected of a contig.
    """
    weighed = [part for stretch in known for part in _weighed(stretch, windows)]
    total = sum(len(interval) * weight for interval, weight in weighed)
    shards: list[list[Interval]] = [[]]
    done = 0.0
    for interval, weight in weighed:
        start = interval.start
        while start < interval.end:
            room = total * len(shards) / count - done
            bases = max(round(room / weight), 1) if len(shards) < count else interval.end - start
            end = min(start + bases, interval.end)
            shards[-1].append(Interval(interval.contig, start, end))
            done += (end - start) * weight
            start = end
            if len(shards) < count and done >= total * len(shards) / count - weight:
                shards.append([])
    return [tuple(joined(shard)) for shard in shards if shard]


def _weighed(
    stretch: Interval, windows: Mapping[str, Sequence[tuple[int, int, float]]]
) -> Iterator[tuple[Interval, float]]:
    """Parts of a stretch with the work of one of their bases; 1 at the usual depth."""
    usual = EXPECTED_DEPTH.get(bare(stretch.contig), 1.0)
    edges = {stretch.start, stretch.end}
    here = [w for w in windows.get(stretch.contig, ()) if w[1] > stretch.start < stretch.end]
    here = [w for w in here if w[0] < stretch.end]
    for start, end, _ in here:
        edges |= {max(start, stretch.start), min(end, stretch.end)}
    for start, end in pairwise(sorted(edges)):
        depth = next((d for s, e, d in here if s <= start < e), usual)
        yield Interval(stretch.contig, start, end), _FIXED_SHARE + (1 - _FIXED_SHARE) * depth


def _fault(bed: Path, row: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="shards",
        file=str(bed),
        row=row,
        found=found,
        allowed=allowed,
        next_step="make the shards of this reference (soyang calling balance), or leave "
        "calling.shards empty",
    )

"""Islands: the known stretches of a reference, which alone are indexed and aligned to.

bwa would fill each N with a random base and index it like sequence. That costs memory, and time
for each seed that is looked up, and buys hits to nothing. So the index is made of islands, and
alignments get the contig's name and coordinates back in the stream.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from soyang.core.interval import Interval
from soyang.core.process import Command

MIN_GAP = 10_000
"""Bases of N that part two islands: far more than a fragment's length, so that no pair or
split read of a contiguous molecule could lie on both sides; shorter gaps stay inside."""

_TO_CONTIGS = r"""
BEGIN {
    FS = OFS = "\t"
    while ((getline line < ENVIRON["ISLANDS"]) > 0) {
        split(line, field, "\t")
        contig[field[1]] = field[2]
        offset[field[1]] = field[3]
    }
}
/^@/ { next }
{
    elsewhere = $0 ~ /\t[SXO]A:Z:/
    if ($7 == "=") $8 += offset[$3]
    else if ($7 != "*") { $8 += offset[$7]; $7 = contig[$7] }
    if ($3 != "*") { $4 += offset[$3]; $3 = contig[$3] }
    if (elsewhere)
        for (i = 12; i <= NF; i++)
            if ($i ~ /^[SXO]A:Z:/) $i = substr($i, 1, 5) moved(substr($i, 6))
    print
}
function moved(text,    alignments, parts, n, m, i, j, sign, out) {
    n = split(text, alignments, ";")
    out = ""
    for (i = 1; i <= n; i++) {
        if (alignments[i] == "") continue
        m = split(alignments[i], parts, ",")
        sign = substr(parts[2], 1, 1)
        if (sign != "+" && sign != "-") sign = ""
        out = out contig[parts[1]] "," sign (substr(parts[2], length(sign) + 1) + offset[parts[1]])
        for (j = 3; j <= m; j++) out = out "," parts[j]
        out = out ";"
    }
    return out
}
"""
"""awk program on SAM: position, mate's position and the alignments in SA, XA and OA are moved
from islands to contigs; the header is dropped. The table named by
``ISLANDS`` holds island, contig and offset."""


@dataclass(frozen=True, kw_only=True)
class Island:
    """A stretch of a contig that is aligned to.

    Attributes:
        name: its name in the index.
        interval: its place in the contig, 0-based half-open.
    """

    name: str
    interval: Interval


def islands(known: Iterable[Interval]) -> list[Island]:
    """Known stretches, joined over gaps shorter than :data:`MIN_GAP`.

    Args:
        known: disjoint stretches that are not N, in the order of the reference.
    """
    joined: list[Interval] = []
    for stretch in known:
        last = joined[-1] if joined else None
        if last and last.contig == stretch.contig and stretch.start - last.end < MIN_GAP:
            joined[-1] = Interval(last.contig, last.start, stretch.end)
        else:
            joined.append(stretch)
    return [Island(name=f"island_{n}", interval=i) for n, i in enumerate(joined, start=1)]


def read_islands(table: Path) -> list[tuple[str, str, int]]:
    """Island, contig and 0-based offset in it, as :func:`table_text` wrote them."""
    rows = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines())
    return [(island, contig, int(offset)) for island, contig, offset in rows]


def table_text(parts: Iterable[Island]) -> str:
    """Island, contig and offset of each, tab-separated."""
    return "".join(f"{p.name}\t{p.interval.contig}\t{p.interval.start}\n" for p in parts)


def to_contigs(table: Path) -> Command:
    """The tool that moves SAM records from islands to contigs, and drops the header.

    Args:
        table: sequence that SAM names, contig that is meant, and offset to add, tab-separated.
    """
    # The environment carries the path as it is; awk -v would interpret backslashes.
    return ["env", "LC_ALL=C", f"ISLANDS={table}", "awk", _TO_CONTIGS]

"""Intervals, 0-based and half-open as in BED; by the many they are columns: ``regions``."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Interval:
    """A stretch of a contig: ``start`` 0-based inclusive, ``end`` 0-based exclusive.

    Raises:
        ValueError: empty or before the contig's start.
    """

    contig: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"{self.contig}:{self.start}-{self.end} is not a 0-based interval")

    def __len__(self) -> int:
        return self.end - self.start


def merge(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Overlapping or touching intervals joined, sorted by contig name and start."""
    current: Interval | None = None
    for interval in sorted(intervals):
        if current and interval.contig == current.contig and interval.start <= current.end:
            current = Interval(current.contig, current.start, max(current.end, interval.end))
        else:
            if current:
                yield current
            current = interval
    if current:
        yield current


def read_bed(path: Path) -> Iterator[Interval]:
    """Intervals of a BED file (plain or gzip); header lines and further columns are ignored.

    Raises:
        ValueError: with the line number, for a line that is not an interval.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith(("#", "track", "browser")):
                continue
            try:
                contig, start, end = line.rstrip("\r\n").split("\t")[:3]
                yield Interval(contig, int(start), int(end))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None

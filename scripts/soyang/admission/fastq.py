"""FASTQ read to its end: four lines a record, and mates that belong together.

A block of text is checked at once by NumPy; only names are cut out one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soyang.admission.stream import DamagedError, blocks

LINES = 4
"""Lines of a record: name, bases, '+', qualities (Cock et al. 2010)."""


def mate_of(header: bytes) -> str:
    """``1`` or ``2`` if a record's name says so (``/1``, or Casava's `` 1:``), else ``""``."""
    name, _, comment = header.partition(b" ")
    if name[-2:] in {b"/1", b"/2"}:
        return name[-1:].decode()
    return comment[:1].decode() if comment[:2] in {b"1:", b"2:"} else ""


def check_pair(mate_1: Path, mate_2: Path) -> Iterator[tuple[int, DamagedError]]:
    """Faults of a pair, each with the mate (1 or 2) in whose file it is.

    Both files are read to their end, also where one is faulty.
    """
    paths = (mate_1, mate_2)
    readers = [_Reader(path) for path in paths]
    for names_1, names_2 in _together(readers):
        found = _names_differ(names_1, names_2)
        if found:
            number = readers[1].paired + found
            one, two = (_text(names[found - 1]) for names in (names_1, names_2))
            yield 2, DamagedError(
                "mates-differ", f"mates that don't belong together: record {number:,} "
                f"is '{two}', in mate 1's file '{one}'",
            )  # fmt: skip
            break
        readers[1].paired += len(names_1)
    for mate, reader in enumerate(readers, start=1):
        reader.finish()
        if reader.damage:
            yield mate, reader.damage
        elif not reader.records:
            yield mate, DamagedError("file-empty", "a FASTQ without reads")
        elif reader.mate not in {"", str(mate)}:
            yield mate, DamagedError("mates-swapped", f"swapped mates: reads of mate {reader.mate}")
    if not any(reader.damage for reader in readers):
        counts = [reader.records for reader in readers]
        if counts[0] != counts[1] and all(counts):
            yield (
                2,
                DamagedError(
                    "mates-count",
                    f"mates that differ in number: {counts[1]:,} reads, mate 1 has {counts[0]:,}",
                ),
            )


def _text(name: bytes) -> str:
    return name.decode(errors="replace")[:80]


class _Reader:
    """Names of a file's records, in blocks, and what was wrong with the file."""

    def __init__(self, path: Path) -> None:
        self.records = 0
        self.paired = 0
        self.mate = ""
        self.damage: DamagedError | None = None
        self._names = self._read(path)

    def names(self) -> list[bytes]:
        """The next block of names, empty at the end."""
        return next(self._names, [])

    def finish(self) -> None:
        """Read the rest."""
        for _ in self._names:
            pass

    def _read(self, path: Path) -> Iterator[list[bytes]]:
        try:
            for records in _whole_records(path):
                found = records.first_bad()
                if found:
                    raise DamagedError(
                        "fastq-record",
                        f"a bad record: record {self.records + found[0]:,} {found[1]}",
                    )
                self.mate = self.mate or mate_of(records.header(0))
                self.records += len(records)
                yield records.names()
        except DamagedError as damage:
            reads = f", {self.records:,} whole reads before"
            self.damage = DamagedError(damage.code, damage.found + reads)


class _Records:
    """Whole records in a block of text.

    Args:
        text: the block; it may end within a record.
        ends: 0-based positions of the line ends of the whole records, four for each.
    """

    def __init__(self, text: bytes, ends: NDArray[np.int64]) -> None:
        self._text = text
        self._starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends) // LINES

    def header(self, number: int) -> bytes:
        """First line of a record, from 0."""
        line = number * LINES
        return self._text[self._starts[line] : self._ends[line]]

    def names(self) -> list[bytes]:
        """Names of the records with their ``@``, without what comes after the first space."""
        starts, ends = self._starts[::LINES].tolist(), self._ends[::LINES].tolist()
        text = self._text
        return [text[start:end].split(None, 1)[0] for start, end in zip(starts, ends, strict=True)]

    def first_bad(self) -> tuple[int, str] | None:
        """The first record, from 1, that is none, and why."""
        letters = np.frombuffer(self._text, np.uint8)
        lengths = self._ends - self._starts
        rules = (
            (letters[self._starts[::LINES]] != ord("@"), "does not begin with '@'"),
            (letters[self._starts[2::LINES]] != ord("+"), "has no '+' in its third line"),
            (lengths[1::LINES] != lengths[3::LINES], "has {} bases and {} qualities"),
        )
        bad = np.logical_or.reduce([rule for rule, _ in rules])
        if not bad.any():
            return None
        first = int(bad.argmax())
        why = next(words for rule, words in rules if rule[first])
        line = first * LINES
        return first + 1, why.format(lengths[line + 1], lengths[line + 3])


def _whole_records(path: Path) -> Iterator[_Records]:
    """Whole records, a block at a time.

    Raises:
        DamagedError: the file is not whole, or ends within a record.
    """
    rest = b""
    for block in blocks(path):
        text = rest + block
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        ends = ends[: len(ends) // LINES * LINES]
        rest = text[ends[-1] + 1 :] if len(ends) else text
        if len(ends):
            yield _Records(text, ends)
    if rest.strip():
        text = rest.rstrip(b"\r\n") + b"\n"
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        last = _Records(text, ends)
        if len(ends) != LINES or last.first_bad():
            raise DamagedError("truncated", "truncated FASTQ: ends within a record")
        yield last


def _together(readers: Sequence[_Reader]) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Names of both mates, as many of one as of the other, until one file ends."""
    one: list[bytes] = []
    two: list[bytes] = []
    while True:
        one = one or readers[0].names()
        two = two or readers[1].names()
        both = min(len(one), len(two))
        if not both:
            return
        yield one[:both], two[:both]
        one, two = one[both:], two[both:]


def _names_differ(one: list[bytes], two: list[bytes]) -> int:
    """Number, from 1, of the first pair whose names differ, 0 if none does."""
    if one == two:
        return 0
    if one[0][-2:-1] == b"/":
        one, two = ([name[:-2] for name in names] for names in (one, two))
    pairs = enumerate(zip_longest(one, two), start=1)
    return next((number for number, (a, b) in pairs if a != b), 0)

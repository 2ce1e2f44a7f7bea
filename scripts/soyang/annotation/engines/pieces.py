"""Pieces of a contig, read without the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np

from soyang.annotation.genome import Genome

_GZIP = b"\x1f\x8b"
_READING = Lock()
"""An indexed file has one place where it is read; threads take turns."""


class Pieces:
    """Bases of one contig of an indexed FASTA file."""

    def __init__(self, genome: Genome, contig: str) -> None:
        self._genome, self._contig = genome, contig
        self._layout = _layout(genome.path, contig)

    def of(self, spans: Sequence[tuple[int, int]]) -> list[bytes]:
        """Upper-case bases of 0-based, half-open spans."""
        if self._layout is None:
            with _READING:
                sequence = self._genome.sequence(self._contig)
            return [sequence[start:end].tobytes() for start, end in spans]
        offset, bases, width = self._layout
        file = np.memmap(self._genome.path, dtype=np.uint8, mode="r")
        found = []
        for start, end in spans:
            first = offset + start // bases * width + start % bases
            behind = offset + (end - 1) // bases * width + (end - 1) % bases + 1
            lines = file[first:behind].tobytes()
            found.append(lines.translate(None, b"\r\n").upper())
        return found


def _layout(path: Path, contig: str) -> tuple[int, int, int] | None:
    """Offset, bases and bytes of a line, from the .fai (samtools faidx); none if bgzipped."""
    with path.open("rb") as handle:
        if handle.read(len(_GZIP)) == _GZIP:
            return None
    index = path.with_name(path.name + ".fai").read_text(encoding="utf-8")
    for line in index.splitlines():
        name, _, *numbers = line.split("\t")
        if name == contig:
            offset, bases, width = map(int, numbers[:3])
            return offset, bases, width
    return None

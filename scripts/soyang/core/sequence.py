"""The reference sequence: its contigs, and where its bases are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from soyang.core.interval import Interval, read_bed
from soyang.core.process import run

_KNOWN = re.compile("[^Nn]+")


def contig_lengths(fasta: Path) -> dict[str, int]:
    """Contig name to length in bases, in the order of the FASTA; reads its ``.fai``.

    Raises:
        OSError: no index beside the FASTA.
    """
    index = fasta.with_name(f"{fasta.name}.fai").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in index.splitlines())
    return {row[0]: int(row[1]) for row in rows}


def bases_at(fasta: Path, places: Iterable[tuple[str, int]]) -> list[str]:
    """The base at each place (contig, 0-based position); found by the ``.fai``.

    Raises:
        KeyError: no such contig.
    """
    index = fasta.with_name(f"{fasta.name}.fai").read_text(encoding="utf-8")
    rows = {row[0]: row for row in (line.split("\t") for line in index.splitlines())}
    bases = []
    with fasta.open("rb") as sequence:
        for contig, position in places:
            offset, bases_a_line, bytes_a_line = map(int, rows[contig][2:5])
            line, column = divmod(position, bases_a_line)
            sequence.seek(offset + line * bytes_a_line + column)
            bases.append(sequence.read(1).decode())
    return bases


def known_bases_bed(fasta: Path) -> Path:
    """Where the stretches of a prepared reference are kept, beside it."""
    return fasta.with_name(f"{fasta.name}.known.bed")


def known_stretches(fasta: Path) -> list[Interval]:
    """Stretches of the reference whose bases are not N, in the order of the FASTA.

    Read from :func:`known_bases_bed` where that is there, else found in the sequence.
    """
    kept = known_bases_bed(fasta)
    if kept.exists():
        return list(read_bed(kept))
    return [stretch for contig in contig_lengths(fasta) for stretch in _stretches(fasta, contig)]


def _stretches(fasta: Path, contig: str) -> Iterator[Interval]:
    # A whole line a contig: faidx takes names with a colon for regions only if they are not names.
    record = run(["samtools", "faidx", "--length", "2000000000", fasta, contig])
    bases = record.partition("\n")[2].rstrip("\n")
    for found in _KNOWN.finditer(bases):
        yield Interval(contig, found.start(), found.end())

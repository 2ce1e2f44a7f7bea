"""The reference sequence: its contigs, and where its bases are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pysam

from soyang.core.interval import Interval, read_bed

_CHUNK = 1 << 24


def contig_lengths(fasta: Path) -> dict[str, int]:
    """Contig name to length in bases, in the order of the FASTA; reads its ``.fai``.

    Raises:
        OSError: no FASTA, or no index beside it.
    """
    with pysam.FastaFile(str(fasta)) as sequence:
        return dict(zip(sequence.references, sequence.lengths, strict=True))


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
    with pysam.FastaFile(str(fasta)) as sequence:
        return [
            Interval(contig, start, end)
            for contig in sequence.references
            for start, end in _stretches(sequence, contig)
        ]


def _stretches(sequence: pysam.FastaFile, contig: str) -> list[tuple[int, int]]:
    """0-based half-open stretches of a contig that are not N."""
    length = sequence.get_reference_length(contig)
    edges: list[int] = []
    before = False
    for offset in range(0, length, _CHUNK):
        text = sequence.fetch(contig, offset, min(offset + _CHUNK, length))
        bases = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
        known = (bases != ord("N")) & (bases != ord("n"))
        changes = np.flatnonzero(np.diff(known, prepend=before)) + offset
        edges += changes.tolist()
        before = bool(known[-1])
    if before:
        edges.append(length)
    return list(zip(edges[::2], edges[1::2], strict=True))

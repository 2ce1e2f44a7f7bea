"""The GRCh38 sequence that is at hand without a genome: two slices, and what b37 lends."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from evaluate.score import ROOT
from soyang.annotation.alleles import Bases
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.core.assembly import CHROMOSOMES

DEMO = ROOT / "resources" / "demo" / "genes.fa.gz"
B37 = {
    "chr20": Path("/usr/share/doc/vt/examples/ref/20.fa.gz"),
    "chrX": Path("/usr/share/doc/smalt/test/data/hs37chrXtrunc.fa.gz"),
}
"""Debian's vt-examples (all of b37's chromosome 20) and smalt-examples (1-70 Mb of its X)."""

_LONGEST = 250_000_000
_UNKNOWN = ord("N")


@dataclass(frozen=True)
class Piece:
    """Known bases of a contig from a 0-based start."""

    contig: str
    start: int
    bases: bytes


class Chromosomes(Genome):
    """GRCh38's chromosomes: their bases where some are at hand, N elsewhere."""

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        self.path = Path("GRCh38, what is at hand")
        self.lengths = {f"chr{name}": _LONGEST for name in CHROMOSOMES[:-1]}
        self._pieces: dict[str, list[Piece]] = {}
        for piece in pieces:
            self._pieces.setdefault(piece.contig, []).append(piece)

    def sequence(self, contig: str) -> Bases:
        """All bases of a contig; later pieces are written over earlier ones."""
        if contig not in self._pieces:
            return np.broadcast_to(np.uint8(_UNKNOWN), (_LONGEST,))
        whole = np.full(_LONGEST, _UNKNOWN, dtype=np.uint8)
        for piece in self._pieces[contig]:
            bases = np.frombuffer(piece.bases, dtype=np.uint8)
            whole[piece.start : piece.start + len(bases)] = bases
        return whole


def mane(shared: Path) -> Transcripts:
    """MANE Select and Plus Clinical on GRCh38's chromosomes."""
    return read_transcripts(shared / "mane" / "MANE.GRCh38.gff3.gz", Chromosomes())


def brca1(shared: Path) -> Piece:
    """The BRCA1 slice; its name has a 0-based start."""
    head, *lines = (shared / "na12878_brca1" / "hg38-brca1.fasta").read_text().split("\n")
    start = int(head.split(":")[1].split("-")[0])
    return Piece("chr17", start, "".join(lines).upper().encode("ascii"))


def demo() -> list[Piece]:
    """The demo's genes; their names have 1-based starts."""
    pieces = []
    for record in gzip.decompress(DEMO.read_bytes()).decode("ascii").split(">")[1:]:
        head, *lines = record.splitlines()
        contig, span = head.split()[0].split(":")
        start = int(span.split("-")[0]) - 1
        pieces.append(Piece(contig, start, "".join(lines).upper().encode("ascii")))
    return pieces


def b37(contig: str) -> Bases | None:
    """A b37 contig that Debian's examples have; ``None`` where they are not installed."""
    path = B37.get(contig)
    if path is None or not path.exists():
        return None
    _, _, text = gzip.decompress(path.read_bytes()).partition(b"\n")
    return np.frombuffer(text.replace(b"\n", b"").upper(), dtype=np.uint8)


def lent(places: pl.DataFrame, around: int = 300) -> list[Piece]:
    """Bases around variants that b37 has where GRCh38 has them a known distance away.

    Args:
        places: columns contig, position and position_b37 (1-based) of variants that a source
            names on both assemblies.
        around: bases to each side.
    """
    pieces = []
    for (contig,), part in places.group_by("contig", maintain_order=True):
        sequence = b37(str(contig))
        if sequence is None:
            continue
        for here, there in part.select("position", "position_b37").iter_rows():
            low, high = max(there - around, 0), there + around
            if high <= len(sequence):
                bases = sequence[low:high].tobytes()
                pieces.append(Piece(str(contig), here - (there - low), bases))
    return pieces

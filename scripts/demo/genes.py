"""The nine genes of the demo, and the committed resources about them.

Positions are 1-based and inclusive on GRCh38 chr20 unless a name says otherwise.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CONTIG = "chr20"
CONTIG_LENGTH = 10_700_000
"""The contig ends after the last gene, so that its index takes seconds."""
FLANK = 3_000
"""Bases of real sequence kept on both sides of each gene."""
RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "demo"

_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
_ATTRIBUTE = re.compile(r"(\w+)=([^;]+)")


@dataclass(frozen=True, kw_only=True)
class Gene:
    """A gene of the demo.

    Attributes:
        symbol: HGNC symbol.
        refseq: its MANE Select transcript in RefSeq, with version.
        start: first base of the transcript.
        end: last base of the transcript.
        strand: ``+`` or ``-``.
        shift: GRCh38 position minus b37 position.
    """

    symbol: str
    refseq: str
    start: int
    end: int
    strand: str
    shift: int

    @property
    def slice_start(self) -> int:
        """First base of the sequence kept."""
        return self.start - FLANK

    @property
    def slice_end(self) -> int:
        """Last base of the sequence kept."""
        return self.end + FLANK

    @property
    def record(self) -> str:
        """Name of the gene's record in ``genes.fa.gz``."""
        return f"{CONTIG}:{self.slice_start}-{self.slice_end}"


GENES = tuple(
    Gene(symbol=symbol, refseq=refseq, start=start, end=end, strand=strand, shift=shift)
    for symbol, refseq, start, end, strand, shift in (
        ("SLC52A3", "NM_033409.4", 760_080, 768_500, "-", 19_356),
        ("AVP", "NM_000490.5", 3_082_556, 3_084_724, "-", 19_354),
        ("ITPA", "NM_033453.4", 3_209_498, 3_223_860, "+", 19_354),
        ("PRNP", "NM_000311.5", 4_686_456, 4_701_588, "+", 19_354),
        ("PROKR2", "NM_144773.4", 5_299_218, 5_316_954, "-", 19_354),
        ("MCM8", "NM_032485.6", 5_950_652, 5_998_977, "+", 19_354),
        ("SNAP25", "NM_130811.4", 10_218_830, 10_307_418, "+", 19_352),
        ("MKKS", "NM_170784.3", 10_401_009, 10_434_222, "-", 19_352),
        ("JAG1", "NM_000214.3", 10_637_684, 10_673_999, "-", 19_352),
    )
)


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """A transcript's exons and coding parts, as (first, last) base, in ascending order."""

    symbol: str
    refseq: str
    strand: str
    exons: tuple[tuple[int, int], ...]
    coding: tuple[tuple[int, int], ...]

    def coding_positions(self) -> list[int]:
        """Position of each base of the coding sequence, in the direction of transcription."""
        positions = [p for first, last in self.coding for p in range(first, last + 1)]
        return positions if self.strand == "+" else positions[::-1]

    def exon(self, rank: int) -> tuple[int, int]:
        """First and last base of an exon, counted from 1 in the direction of transcription."""
        return self.exons[rank - 1] if self.strand == "+" else self.exons[-rank]


def reverse_complement(sequence: str) -> str:
    """The other strand of a sequence of A, C, G, T, N."""
    return sequence.translate(_COMPLEMENT)[::-1]


def read_fasta(text: str) -> dict[str, str]:
    """Sequences of a FASTA text by the first word of their names."""
    records = (entry.partition("\n") for entry in text.split(">")[1:])
    return {name.split()[0]: body.replace("\n", "") for name, _, body in records}


@cache
def sequences(folder: Path = RESOURCES) -> Mapping[str, str]:
    """Sequence of each gene with its flanks, by symbol; starts at ``Gene.slice_start``."""
    with gzip.open(folder / "genes.fa.gz", "rt") as file:
        records = read_fasta(file.read())
    return {gene.symbol: records[gene.record] for gene in GENES}


@cache
def transcripts(folder: Path = RESOURCES) -> Mapping[str, Transcript]:
    """The transcripts of ``transcripts.gff3`` by gene symbol."""
    return {t.symbol: t for t in parse_transcripts((folder / "transcripts.gff3").read_text())}


def parse_transcripts(gff3: str) -> Iterator[Transcript]:
    """Transcripts of an Ensembl-style GFF3 text, in the order of their mRNA lines."""
    rows = [line.split("\t") for line in gff3.splitlines() if line and not line.startswith("#")]
    parts: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in rows:
        parent = dict(_ATTRIBUTE.findall(row[8])).get("Parent", "")
        parts.setdefault((parent, row[2]), []).append((int(row[3]), int(row[4])))
    for row in rows:
        if row[2] == "mRNA":
            known = dict(_ATTRIBUTE.findall(row[8]))
            name = f"transcript:{known['transcript_id']}"
            yield Transcript(
                symbol=known["Name"],
                refseq=known["refseq"],
                strand=row[6],
                exons=tuple(sorted(parts[name, "exon"])),
                coding=tuple(sorted(parts[name, "CDS"])),
            )


def gene_at(position: int) -> Gene:
    """The gene whose kept sequence holds a position.

    Raises:
        LookupError: no gene's does.
    """
    for gene in GENES:
        if gene.slice_start <= position <= gene.slice_end:
            return gene
    raise LookupError(f"{CONTIG}:{position} is outside the demo's genes")


def base(position: int, length: int = 1) -> str:
    """Reference bases from a position on, which must lie in one gene's kept sequence."""
    gene = gene_at(position)
    offset = position - gene.slice_start
    return sequences()[gene.symbol][offset : offset + length]

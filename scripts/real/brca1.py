"""NA12878 over BRCA1: the shared files in true GRCh38 coordinates.

The slice's FASTA is named ``chr17:43044045-43125733`` with a 0-based start: its first base is
position 43,044,046. Its VCFs are in GRCh38 coordinates already; that is checked, not believed.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from soyang.core.errors import Fault, FaultError
from soyang.core.process import run

CONTIG = "chr17"
LINE = 60
_NAME = re.compile(r">(chr\w+):(\d+)-(\d+)\s*\Z")


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A stretch of chr17; ``start`` is 0-based, ``end`` exclusive."""

    start: int
    end: int
    sequence: str

    def bases(self, position: int, length: int) -> str:
        """Bases from a 1-based GRCh38 position on; fewer at the slice's end, none before it."""
        offset = position - 1 - self.start
        return self.sequence[offset : offset + length] if offset >= 0 else ""


def read_slice(fasta: Path) -> Slice:
    """The reference slice.

    Raises:
        FaultError: its name does not tell a 0-based span of the length of its sequence.
    """
    head, _, body = fasta.read_text().partition("\n")
    sequence = "".join(body.split()).upper()
    name = _NAME.match(head)
    if not name or name[1] != CONTIG or int(name[3]) - int(name[2]) != len(sequence):
        raise FaultError(
            Fault(
                code="slice-name",
                file=str(fasta),
                row="1",
                found=f"{head} with {len(sequence)} bases",
                allowed=f">{CONTIG}:<0-based start>-<end>, as many bases as the span is long",
                next_step="take the slice of the evaluation data as it is",
            )
        )
    return Slice(start=int(name[2]), end=int(name[3]), sequence=sequence)


def write_reference(piece: Slice, fasta: Path) -> None:
    """chr17 up to the slice's end, N before the slice, with its index."""
    with fasta.open("w") as out:
        out.write(f">{CONTIG}\n")
        whole = "N" * piece.start + piece.sequence
        out.writelines(f"{whole[i : i + LINE]}\n" for i in range(0, len(whole), LINE))
    run(["samtools", "faidx", fasta])


def write_transcripts(mane: Path, piece: Slice, gff3: Path) -> None:
    """The MANE transcripts of genes that lie wholly in the slice."""
    header, kept, inside = "", [], False
    with gzip.open(mane, "rt") as lines:
        for line in lines:
            if line.startswith("##gff-version"):
                header = line
            if line.startswith("#"):
                continue
            contig, _, kind, start, end, *_ = line.split("\t")
            if kind == "gene":
                inside = contig == CONTIG and int(start) > piece.start and int(end) <= piece.end
            if inside:
                kept.append(line)
    gff3.write_text(f"{header}##sequence-region {CONTIG} 1 {piece.end}\n{''.join(kept)}")


def write_sites(source: Path, piece: Slice, vcf: Path) -> None:
    """A sites VCF with the contig declared, records in the slice only, bgzip and indexed.

    Raises:
        FaultError: a record's reference bases are not those of the slice there.
    """
    header, records = _split(source)
    kept = [line for line in records if piece.start < int(line.split("\t")[1]) <= piece.end]
    wrong = [line for line in kept if not _fits(line, piece)]
    if wrong:
        raise FaultError(_wrong_build(source, wrong[0]))
    contig = f"##contig=<ID={CONTIG},length={piece.end}>\n"
    text = "".join([*header[:-1], contig, header[-1], *kept])
    plain = vcf.with_suffix("")
    plain.write_text(text)
    run(["bgzip", "--force", plain])
    run(["tabix", "--force", "--preset", "vcf", vcf])


_DROPPED = re.compile(r"##(contig|GATKCommandLine|CombineVariants|\w*[Rr]ecalibration|reference)")


def _split(source: Path) -> tuple[list[str], list[str]]:
    """Header lines that describe the data, and the records of chr17 sorted by position."""
    with gzip.open(source, "rt") as file:
        lines = list(file)
    header = [x for x in lines if x.startswith("#") and not _DROPPED.match(x)]
    records = [x for x in lines if x.startswith(f"{CONTIG}\t")]
    return header, sorted(records, key=lambda line: int(line.split("\t")[1]))


def _fits(line: str, piece: Slice) -> bool:
    _, position, _, ref, *_ = line.split("\t", 4)
    there = piece.bases(int(position), len(ref))
    return ref.upper().startswith(there) and bool(there)


def _wrong_build(source: Path, line: str) -> Fault:
    contig, position, name, ref, *_ = line.split("\t", 4)
    return Fault(
        code="wrong-build",
        file=str(source),
        row=f"{contig}:{position} {name}",
        column="REF",
        found=ref,
        allowed="the base of GRCh38 there",
        next_step="take the file of the same assembly as the slice",
    )


Entry = tuple[str, str, str, str]
"""A FASTQ entry's four lines, without line ends."""


def read_fastq(path: Path) -> Iterator[Entry]:
    """Entries of a gzip FASTQ file."""
    with gzip.open(path, "rt") as file:
        while entry := tuple(line.rstrip("\n") for line in islice(file, 4)):
            name, bases, plus, qualities = entry
            yield name, bases, plus, qualities


def flowcell_lane(name: str) -> str:
    """The lane that a read was sequenced on, the fourth part of an Illumina read name."""
    return name.split(":")[3]


def split_lanes(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Entries by their flow cell's lane: how the two lanes of the run are made."""
    lanes: dict[str, list[Entry]] = {}
    for entry in entries:
        lanes.setdefault(flowcell_lane(entry[0]), []).append(entry)
    return dict(sorted(lanes.items()))


def write_fastq(entries: Sequence[Entry], path: Path) -> None:
    """Gzip FASTQ without a time stamp."""
    text = "".join("\n".join(entry) + "\n" for entry in entries)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=6, mtime=0))

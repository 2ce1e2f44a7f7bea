"""The mitochondrion's reads, aligned anew to its contig and to the same circle cut elsewhere.

Reads across the origin are lost at both ends of the contig as it is written; of the shifted copy
they lie in the middle (as in GATK's mitochondrial pipeline: Laricchia et al. 2022, Genome Research
32:569).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from soyang.calling.mito.contig import Circle
from soyang.core.errors import ToolError
from soyang.core.process import pipe, run

_NOT_USED = "0xF00"
"""Secondary, failed, duplicate and supplementary records."""

_BATCH_BASES = "10000000"
"""A fixed batch, so that bwa's insert sizes don't depend on its threads."""

_MIN_MAPPING_QUALITY = 20
_LEAST_ALIGNED = 0.5
"""Of a read's bases; less is a read of something else that shares a stretch."""


@dataclass(frozen=True, kw_only=True)
class Reads:
    """Alignments as flat arrays.

    Attributes:
        fragment: number of the fragment of each read; a fragment's reads are neighbours.
        start: 0-based first aligned base on the contig.
        reverse: whether on the reverse strand.
        bases: all reads' bases, as ASCII codes.
        qualities: their qualities.
        read_from: where each read begins in these, and the end of the last.
        cigar: all reads' CIGAR, operation and length.
        cigar_from: where each read begins in it, and the end of the last.
    """

    fragment: NDArray[np.int64]
    start: NDArray[np.int64]
    reverse: NDArray[np.bool_]
    bases: NDArray[np.uint8]
    qualities: NDArray[np.uint8]
    read_from: NDArray[np.int64]
    cigar: NDArray[np.int64]
    cigar_from: NDArray[np.int64]


def extract(cram: Path, reference: Path, contig: str, fastq: Path) -> int:
    """Write the reads that lie on a contig, mates together; return how many.

    Reads that map better to a nuclear copy of the mitochondrion stay there.
    """
    words = ["samtools", "view", "-u", "-F", _NOT_USED, "-T", str(reference), str(cram), contig]
    folder = fastq.parent
    pipe(
        [
            words,
            ["samtools", "collate", "-O", "-u", "-", str(folder / "collate")],
            ["samtools", "fastq", "-n", "-"],
        ],
        stdout=fastq,
    )
    count = run([*words[:2], "-c", *words[3:]])
    return int(count)


def align(circle: Circle, bases: str, fastq: Path, count: int, threads: int) -> Reads:
    """Align reads to one way of writing the circle.

    Args:
        circle: names the contig.
        bases: the circle as it is written here.
        fastq: reads, mates together.
        count: how many they are.
        threads: of the aligner; the result doesn't depend on it.

    Raises:
        ToolError: a tool failed, or lost reads.
    """
    folder = fastq.parent
    fasta, bam = folder / "circle.fa", folder / "circle.bam"
    fasta.write_text(f">{circle.contig}\n{bases}\n", encoding="utf-8")
    run(["bwa", "index", fasta])
    aligning: list[str | Path] = [
        "bwa",
        "mem",
        "-p",
        "-t",
        str(threads),
        "-K",
        _BATCH_BASES,
        fasta,
        fastq,
    ]
    pipe([aligning, ["samtools", "view", "-u", "-F", "0x900", "-"]], stdout=bam)
    return _flat(bam, count)


def _flat(bam: Path, count: int) -> Reads:
    """Usable alignments of a BAM that has its reads by fragment."""
    seen = fragment = 0
    name = ""
    kept: list[pysam.AlignedSegment] = []
    fragments: list[int] = []
    with pysam.AlignmentFile(str(bam), check_sq=False) as records:
        for read in records:
            seen += 1
            if read.query_name != name:
                name, fragment = str(read.query_name), fragment + 1
            if usable(read):
                kept.append(read)
                fragments.append(fragment)
    if seen != count:
        raise ToolError(f"bwa gave {seen} alignments of {count} reads")
    return _arrays(kept, fragments)


def usable(read: pysam.AlignedSegment) -> bool:
    """Whether an alignment is sure, and of most of its read."""
    if read.is_unmapped or read.mapping_quality < _MIN_MAPPING_QUALITY or not read.query_length:
        return False
    return read.query_alignment_length >= _LEAST_ALIGNED * read.query_length


def _arrays(kept: list[pysam.AlignedSegment], fragments: list[int]) -> Reads:
    cigars = [read.cigartuples or [] for read in kept]
    qualities = [np.frombuffer(bytes(read.query_qualities or b""), np.uint8) for read in kept]
    return Reads(
        fragment=np.array(fragments, dtype=np.int64),
        start=np.array([read.reference_start for read in kept], dtype=np.int64),
        reverse=np.array([read.is_reverse for read in kept], dtype=np.bool_),
        bases=np.frombuffer("".join(_letters(kept)).encode(), dtype=np.uint8),
        qualities=np.concatenate([np.zeros(0, np.uint8), *qualities]),
        read_from=_edges([read.query_length for read in kept]),
        cigar=np.array([pair for cigar in cigars for pair in cigar], np.int64).reshape(-1, 2),
        cigar_from=_edges([len(cigar) for cigar in cigars]),
    )


def _letters(kept: list[pysam.AlignedSegment]) -> Iterator[str]:
    for read in kept:
        yield read.query_sequence or ""


def _edges(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.array(lengths, dtype=np.int64))]).astype(np.int64)

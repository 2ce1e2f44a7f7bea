"""Writing the CRAM that reads hands on: sorted, duplicates marked, the same bytes each time.

CRAM is written by one thread: with more, htslib's choice of codecs depends on their timing.
The number of sort threads and the size of their memory are fixed for the same reason.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from soyang.core.errors import ToolError
from soyang.core.files import SCRATCH, atomic_path
from soyang.core.process import Command, feeding, run
from soyang.core.sequence import contig_lengths

_SORT_MEMORY = "768M"
_SORT_THREADS = 1
"""Memory is per thread: at most 1.5 GB in all."""

_LEVEL = 1
"""htslib's own level 5 takes twice the time for files that are 3 % smaller."""

_FLAG_ONLY = "required_fields=0x2"
"""htslib decodes the FLAG series alone: a count needs neither bases nor the reference."""

_NOT_PRIMARY = "0x900"


def dictionary_of(fasta: Path) -> Path:
    """Sequence dictionary of a prepared reference."""
    return fasta.with_name(f"{fasta.name}.dict")


def sequence_lines(dictionary: Path) -> list[str]:
    """The ``@SQ`` lines of a sequence dictionary, without local-use tags.

    Local-use tags (lower case, SAM specification 1.3) are our own notes for ``adopt``.
    """
    lines = dictionary.read_text().splitlines()
    return [
        "\t".join(field for field in line.split("\t") if not field[:2].islower())
        for line in lines
        if line.startswith("@SQ\t")
    ]


def header_text(order: str, lines: Iterable[str]) -> str:
    """A SAM header: ``@HD`` with the given order, then ``lines``."""
    return "".join(f"{line}\n" for line in (f"@HD\tVN:1.6\t{order}", *lines))


def bam_header(text: str, contigs: Sequence[tuple[str, int]]) -> bytes:
    """What a BAM begins with: its header as text, and its contigs with their lengths."""
    said = text.encode()
    parts = [b"BAM\1", struct.pack("<i", len(said)), said, struct.pack("<i", len(contigs))]
    for name, length in contigs:
        word = name.encode() + b"\0"
        parts += [struct.pack("<i", len(word)), word, struct.pack("<i", length)]
    return b"".join(parts)


@dataclass
class Sink:
    """Where alignments go.

    Attributes:
        stream: takes records, grouped by name, without header: lines of SAM, or uncompressed
            records of BAM where :func:`writing` was told so.
        reads: how many primary reads the caller says to have written.
    """

    stream: IO[bytes]
    reads: int = 0


@contextmanager
def writing(
    cram: Path,
    fasta: Path,
    sample: str,
    lines: Sequence[str],
    *,
    binary: bool = False,
    identifiers: bool = False,
) -> Iterator[Sink]:
    """Yield a sink for alignments; they become ``cram`` and its ``.crai``.

    Args:
        cram: output, CRAM 3.0; its index is written beside it.
        fasta: prepared reference, indexed.
        sample: sample that each read group must name.
        lines: header lines after ``@HD``; ``@SQ`` with M5.
        binary: whether the sink takes BAM records instead of SAM.
        identifiers: whether duplicates must have the same molecular identifier (RX).

    Raises:
        ToolError: a tool failed, or left a CRAM that does not hold.
        FaultError: the disk is full.
    """
    index = cram.with_name(f"{cram.name}.crai")
    with (
        atomic_path(cram) as temporary,
        atomic_path(index) as temporary_index,
        _scratch(cram) as scratch,
    ):
        header = scratch("header.sam")
        header.write_text(header_text("SO:coordinate", lines), encoding="utf-8")
        tools = _to_cram(header, fasta, scratch, identifiers=identifiers)
        with feeding(tools, stdout=temporary) as stream:
            text = header_text("SO:unsorted\tGO:query", lines)
            contigs = list(contig_lengths(fasta).items())
            stream.write(bam_header(text, contigs) if binary else text.encode())
            sink = Sink(stream)
            yield sink
        _verify(temporary, sample, sink.reads)
        run(["samtools", "index", "-c", "-o", temporary_index, temporary])


class _Scratch:
    """Names of temporary files beside an output, unique to this process."""

    def __init__(self, output: Path) -> None:
        self.folder = output.parent
        self.prefix = f"{SCRATCH}{uuid.uuid4().hex}"

    def __call__(self, name: str) -> Path:
        return self.folder / f"{self.prefix}.{name}"

    def clear(self) -> None:
        for path in self.folder.glob(f"{self.prefix}.*"):
            path.unlink(missing_ok=True)


@contextmanager
def _scratch(output: Path) -> Iterator[_Scratch]:
    scratch = _Scratch(output)
    scratch.folder.mkdir(parents=True, exist_ok=True)
    try:
        yield scratch
    finally:
        scratch.clear()


def _to_cram(header: Path, fasta: Path, scratch: _Scratch, *, identifiers: bool) -> list[Command]:
    """Tools that turn alignments grouped by name into CRAM on standard output.

    ``reheader`` puts back the header that we mean: ``view`` adds to each ``@SQ`` the path of
    the reference (UR).
    """
    samtools = ["samtools"]
    quiet = ["--no-PG"]
    return [
        [*samtools, "fixmate", *quiet, "-m", "-u", "-", "-"],
        [
            *[*samtools, "sort", *quiet, "-u", "-@", str(_SORT_THREADS), "-m", _SORT_MEMORY],
            *["-T", str(scratch("sort")), "-"],
        ],
        [
            *[*samtools, "markdup", *quiet, "-c", "-u", "-T", str(scratch("markdup"))],
            *[*(["--barcode-tag", "RX"] if identifiers else []), "-", "-"],
        ],
        [
            *[*samtools, "view", *quiet, "-C", "--output-fmt-option", "version=3.0"],
            *["--output-fmt-option", f"level={_LEVEL}"],
            *["-T", str(fasta), "-o", "-", "-"],
        ],
        [*samtools, "reheader", *quiet, str(header), "-"],
    ]


def read_groups(alignments: Path) -> list[dict[str, str]]:
    """The ``@RG`` lines of a BAM or CRAM, as tag to value."""
    header = run(["samtools", "head", alignments])
    rows = [line.split("\t")[1:] for line in header.splitlines() if line.startswith("@RG\t")]
    return [dict(field.partition(":")[::2] for field in row) for row in rows]


def primary_reads(cram: Path, without: str = _NOT_PRIMARY) -> int:
    """Number of primary reads (neither secondary nor supplementary) in a CRAM or BAM.

    Args:
        cram: the file.
        without: flags none of which a read may have to be counted.
    """
    counting = ["samtools", "view", "-c", "-F", without]
    return int(run([*counting, "--input-fmt-option", _FLAG_ONLY, cram]))


def _verify(cram: Path, sample: str, reads: int) -> None:
    """Check that a CRAM is whole, the sample's, and holds all its reads."""
    run(["samtools", "quickcheck", cram])
    named = {group.get("SM", "") for group in read_groups(cram)}
    if named != {sample}:
        raise ToolError(f"read groups written name {sorted(named)}, not {sample}")
    found = primary_reads(cram)
    if found != reads:
        raise ToolError(f"{found} primary reads of {sample} written, {reads} went in")

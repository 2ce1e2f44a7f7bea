"""The reference sequence: is it whole, and is it of the stated assembly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import pysam
import pysam.utils

from soyang.admission.builds import wrong_build
from soyang.admission.sniff import sniff, unreachable
from soyang.admission.stream import DamagedError, blocks
from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError

CLOCK_SLACK = 2.0
"""Seconds by which an index may be older than its file: copies and checkouts write a pair
of files in either order."""
_LONGEST_TITLE = 4096
"""Bytes of a header line that are looked at behind its name."""


@dataclass
class Reference:
    """An open reference.

    Attributes:
        path: an indexed FASTA with this sequence; perhaps a link in a temporary folder.
        assembly: assembly that the settings state.
        contigs: name to length in bases.
    """

    path: Path
    assembly: Assembly
    contigs: dict[str, int]
    fasta: pysam.FastaFile
    _sums: dict[str, str] = field(default_factory=dict)

    def bases(self, contig: str, start: int, end: int) -> str:
        """Upper-case sequence, 0-based half-open."""
        return str(self.fasta.fetch(contig, start, end)).upper()

    def m5(self, contig: str) -> str:
        """MD5 of the contig's upper-case sequence, as ``@SQ M5`` has it (SAM specification)."""
        if contig not in self._sums:
            sequence = self.fasta.fetch(contig).upper().encode()
            self._sums[contig] = hashlib.md5(sequence, usedforsecurity=False).hexdigest()
        return self._sums[contig]


@contextmanager
def open_reference(path: Path, assembly: Assembly) -> Iterator[Reference]:
    """Open a reference; nothing is written beside it.

    Raises:
        FaultError: it is missing, not a FASTA, its index is stale, or of another assembly.
    """
    faults = list(_file_faults(path))
    if faults:
        raise FaultError(faults)
    with TemporaryDirectory() as folder:
        indexed = path if _index_usable(path) else _indexed_link(path, Path(folder))
        with pysam.FastaFile(str(indexed)) as fasta:
            contigs = dict(zip(fasta.references, fasta.lengths, strict=True))
            wrong = wrong_build(contigs, assembly)
            if wrong:
                raise FaultError(
                    _fault(path, "reference-build", wrong, f"{assembly}", "correct the FASTA or "
                           "the setting reference.assembly")
                )  # fmt: skip
            yield Reference(indexed, assembly, contigs, fasta)


def _fault(path: Path, code: str, found: str, allowed: str, next_step: str) -> Fault:
    return Fault(
        code=code, file=str(path), column="reference.fasta", found=found, allowed=allowed,
        next_step=next_step,
    )  # fmt: skip


def _file_faults(path: Path) -> Iterator[Fault]:
    trouble = unreachable(path)
    if trouble:
        code, found, step = trouble
        yield _fault(path, code, found, "a FASTA file", step)
        return
    content = sniff(path)
    if content.kind != "FASTA" or content.compression == "gzip":
        step = (
            "unpack it, or compress it with bgzip"
            if content.kind == "FASTA"
            else "correct the path"
        )
        yield _fault(
            path, "wrong-format", content.words, "a FASTA file, uncompressed or bgzip", step
        )
        return
    index = Path(f"{path}.fai")
    if index.exists() and is_stale(index, path):
        yield _fault(
            path, "index-stale", f"an index ({index.name}) that is older or of another file",
            "no index, or one of this file", "delete the index, or run samtools faidx on the FASTA",
        )  # fmt: skip


def is_stale(index: Path, path: Path) -> bool:
    """Whether an index is older than its file, or (``.fai``) does not describe it."""
    if path.stat().st_mtime - index.stat().st_mtime > CLOCK_SLACK:
        return True
    return index.suffix == ".fai" and path.suffix != ".gz" and not _describes(index, path)


def _describes(index: Path, path: Path) -> bool:
    """Whether the entries of a FASTA index lie where its sequences do, the last at its end."""
    try:
        entries = [line.split("\t") for line in index.read_text().splitlines()]
        with path.open("rb") as fasta:
            fits = [_entry_fits(fasta, *entry) for entry in entries]
            return bool(fits) and all(fits) and not fasta.read(1).strip()
    except (ValueError, TypeError, ZeroDivisionError):
        return False


def _entry_fits(
    fasta: BinaryIO, name: str, length: str, offset: str, bases: str, width: str
) -> bool:
    """Whether a header line of that name is before the sequence, and a header or nothing after."""
    title, start = b">" + name.encode(), int(offset)
    fasta.seek(max(0, start - len(title) - _LONGEST_TITLE))
    before = fasta.read(start - fasta.tell())
    header = before.removesuffix(b"\n").rsplit(b"\n", 1)[-1]
    end = start + _bytes_of(int(length), int(bases), int(width))
    fasta.seek(end - 1)
    last = fasta.read(1).strip()
    rest = fasta.readline().strip() or fasta.read(1).strip()
    return (
        before.endswith(b"\n")
        and header.split()[:1] == [title]
        and last != b""
        and (rest in {b"", b">"})
    )


def _bytes_of(length: int, bases: int, width: int) -> int:
    """Bytes of a contig's lines, without the last line's end."""
    full, rest = divmod(length, bases)
    return full * width + rest if rest else full * width - (width - bases)


def _index_usable(path: Path) -> bool:
    needed = [Path(f"{path}.fai")]
    if sniff(path).compression:
        needed.append(Path(f"{path}.gzi"))
    return all(index.exists() and not is_stale(index, path) for index in needed)


def _indexed_link(path: Path, folder: Path) -> Path:
    """A link to the FASTA with an index beside the link."""
    link = folder / ("genome.fa.gz" if sniff(path).compression else "genome.fa")
    link.symlink_to(path.resolve())
    try:
        pysam.faidx(str(link))
        names = len(Path(f"{link}.fai").read_text().splitlines())
        found = "" if names == _sequences(path) else "a name that two sequences have"
    except pysam.utils.SamtoolsError:
        found = "lines of different lengths in one sequence"
    except DamagedError as damage:
        found = damage.found
    if found:
        allowed = "a whole FASTA: lines of one length in each sequence, each name once"
        raise FaultError(_fault(path, "wrong-format", found, allowed, "write the FASTA anew"))
    return link


def _sequences(path: Path) -> int:
    """Sequences in a FASTA: lines that begin with ``>``."""
    count, last = 0, b"\n"
    for block in blocks(path):
        count += (last + block).count(b"\n>")
        last = block[-1:]
    return count

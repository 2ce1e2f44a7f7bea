"""The reference sequence and its indices, prepared once for all samples."""

from __future__ import annotations

import gzip
import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO, cast

from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH, write_text
from soyang.core.process import run
from soyang.core.sequence import known_bases_bed, known_stretches
from soyang.reads.index import make_index, take_index, wrapped
from soyang.reads.islands import islands

NAME = "genome.fa"
_CHUNK = 1 << 22
_LETTERS = b"ACGTN"
_AMBIGUOUS = b"RYSWKMBDHVU"
_TO_KNOWN = bytes.maketrans(
    (_LETTERS + _AMBIGUOUS).lower() + _AMBIGUOUS, _LETTERS + b"N" * (2 * len(_AMBIGUOUS))
)
"""IUPAC codes become N: bwa, bcftools and CRAM each read them in another way."""
_TO_UPPER = bytes.maketrans((_LETTERS + _AMBIGUOUS).lower(), _LETTERS + _AMBIGUOUS)
_STRANGE = re.compile(rb"[^ACGTN]")


@dataclass(frozen=True, kw_only=True)
class Contig:
    """One prepared contig.

    Attributes:
        name: first word of its FASTA header.
        length: bases.
        md5: MD5 of the prepared sequence, as SAM's M5 tag.
        original_md5: the same before IUPAC codes became N, as CRAMs from elsewhere name it.
    """

    name: str
    length: int
    md5: str
    original_md5: str


def reference(
    *,
    fasta: Path,
    assembly: str,
    output: Path,
    aligner: str = "auto",
    index: Path | None = None,
) -> None:
    """Prepare the reference: upper case, only A, C, G, T and N, with all indices.

    Args:
        fasta: reference FASTA, plain or gzip.
        assembly: GRCh38 or GRCh37; goes into the dictionary.
        output: folder for genome.fa and, named after it, .fai, .dict (M5, no path) and .known.bed
            (stretches that are not N); and for the folder index: aligner.tsv, the aligner's
            index of these stretches and islands.tsv, which says where they lie.
        aligner: bwa or bwa-mem3; auto: bwa-mem3 where the reference is small enough for its
            index to be made here, or index has its files, else bwa.
        index: prefix of an index of the FASTA as it is, by bwa, bwa-mem2 or bwa-mem3, to be used
            instead of one made here; the folder index then holds links to its files.

    Raises:
        FaultError: the FASTA is missing, empty, or holds what is not sequence; or the index is
            not whole, or of another sequence.
    """
    output.mkdir(parents=True, exist_ok=True)
    scratch = output / f"{SCRATCH}{uuid.uuid4().hex}"
    scratch.mkdir()
    try:
        genome = scratch / NAME
        _prepare(fasta, Assembly(assembly), genome)
        folder = scratch / "index"
        folder.mkdir()
        if index is None:
            make_index(genome, islands(known_stretches(genome)), folder, aligner)
        else:
            take_index(genome, index, folder, aligner)
        rmtree(output / folder.name, ignore_errors=True)
        for path in sorted(scratch.iterdir()):
            path.replace(output / path.name)
    finally:
        rmtree(scratch, ignore_errors=True)


def _prepare(fasta: Path, assembly: Assembly, genome: Path) -> None:
    contigs = _write_genome(fasta, genome)
    run(["samtools", "faidx", genome])
    write_text(genome.with_name(f"{genome.name}.dict"), dictionary(contigs, assembly))
    known = known_stretches(genome)
    if not known:
        raise FaultError(_fault(fasta, "", "nothing but N", "give a FASTA with sequence"))
    bed = "".join(f"{s.contig}\t{s.start}\t{s.end}\n" for s in known)
    write_text(known_bases_bed(genome), bed)


def dictionary(contigs: list[Contig], assembly: Assembly) -> str:
    """The sequence dictionary: M5, and no path (UR).

    Where IUPAC codes became N, the local-use tag ``om`` keeps the MD5 from before.
    """
    lines = ["@HD\tVN:1.6"]
    for c in contigs:
        line = f"@SQ\tSN:{c.name}\tLN:{c.length}\tM5:{c.md5}\tAS:{assembly}"
        lines.append(line if c.md5 == c.original_md5 else f"{line}\tom:{c.original_md5}")
    return "\n".join(lines) + "\n"


def _write_genome(fasta: Path, genome: Path) -> list[Contig]:
    contigs: list[Contig] = []
    names: set[str] = set()
    with genome.open("wb") as out:
        for header, original in _records(fasta):
            name = header.split()[0] if header.split() else ""
            upper = original.translate(_TO_UPPER)
            bases = original.translate(_TO_KNOWN)
            _check_contig(fasta, name, bases, names)
            names.add(name)
            out.write(f">{name}\n".encode())
            out.write(wrapped(bases))
            contigs.append(
                Contig(name=name, length=len(bases), md5=_md5(bases), original_md5=_md5(upper))
            )
    if not contigs:
        raise FaultError(_fault(fasta, "", "no sequence", "give a FASTA that is not empty"))
    return contigs


def _md5(bases: bytes) -> str:
    return hashlib.md5(bases, usedforsecurity=False).hexdigest()


def _records(fasta: Path) -> Iterator[tuple[str, bytes]]:
    """Header line and bases (without white space) of each contig."""
    try:
        with _open(fasta) as stream:
            yield from _split(fasta, stream)
    except FileNotFoundError:
        raise FaultError(
            _fault(fasta, "", "no such file", "correct the path or put the file there")
        ) from None
    except (EOFError, gzip.BadGzipFile) as error:
        raise FaultError(_fault(fasta, "", str(error), "fetch the file again")) from None


def _open(fasta: Path) -> BinaryIO:
    with fasta.open("rb") as start:
        compressed = start.read(2) == b"\x1f\x8b"
    return cast("BinaryIO", gzip.open(fasta) if compressed else fasta.open("rb"))


def _split(fasta: Path, stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    header: str | None = None
    parts: list[bytes] = []
    while lines := stream.readlines(_CHUNK):
        start = 0
        for number in [n for n, line in enumerate(lines) if line.startswith(b">")]:
            parts.append(_bases(lines[start:number]))
            if header is not None:
                yield header, b"".join(parts)
            elif b"".join(parts):
                break
            header, parts, start = lines[number][1:].decode().strip(), [], number + 1
        parts.append(_bases(lines[start:]))
        if header is None and b"".join(parts):
            raise FaultError(_fault(fasta, "1", "text before the first '>'", "give a FASTA"))
    if header is not None:
        yield header, b"".join(parts)


def _bases(lines: list[bytes]) -> bytes:
    return b"".join(lines).translate(None, b" \t\r\n")


def _check_contig(fasta: Path, name: str, bases: bytes, names: set[str]) -> None:
    strange = _STRANGE.search(bases)
    if not name:
        raise FaultError(_fault(fasta, "", "a contig without name", "name it after its '>'"))
    if name in names:
        raise FaultError(_fault(fasta, name, "a second contig of this name", "keep one of them"))
    if not bases:
        raise FaultError(_fault(fasta, name, "a contig without bases", "remove it or fill it"))
    if strange:
        raise FaultError(
            _fault(
                fasta,
                name,
                f"{chr(strange[0][0])!r} at base {strange.start() + 1}",
                "give a nucleotide FASTA",
            )
        )


def _fault(fasta: Path, row: str, found: str, next_step: str) -> Fault:
    return Fault(
        code="reference-fasta",
        file=str(fasta),
        row=row,
        found=found,
        allowed="named contigs of A, C, G, T, N and IUPAC codes",
        next_step=next_step,
    )

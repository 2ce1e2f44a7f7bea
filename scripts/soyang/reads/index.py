"""An aligner's index: made of a reference's islands, or taken as it is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pysam

from soyang.core.errors import Fault, FaultError
from soyang.core.files import write_text
from soyang.core.process import run
from soyang.core.sequence import contig_lengths, known_stretches
from soyang.core.tables import write_table
from soyang.reads.aligners import Aligner, Index, missing_files
from soyang.reads.islands import Island, table_text
from soyang.reads.suffixes import BASES_OF_OCTET, write_suffixes
from soyang.reads.tables import ALIGNER

MAX_BASES = 400_000_000
"""Bases of all islands up to which ``auto`` makes an index of bwa-mem3. Making it takes 11 bytes
a base (4.4 GB at this bound), loading it in each alignment 5.3 bytes a base (2.1 GB): both less
than the 6 GB that bwa's own index of a whole genome takes. Decided from the reference alone, so
that every machine chooses alike."""

_LINE = 60
_CHECKED = 1 << 24
"""Bases compared at a time."""


def make_index(genome: Path, parts: list[Island], folder: Path, aligner: str) -> None:
    """Make the index of a reference's islands.

    Args:
        genome: the prepared reference.
        parts: its islands.
        folder: new folder for the index.
        aligner: auto, bwa or bwa-mem3.
    """
    bases = sum(len(part.interval) for part in parts)
    chosen = chosen_aligner(aligner, bases)
    index = Index(folder=folder, aligner=chosen)
    source = folder / "islands.fa"
    _write_islands(genome, parts, source)
    write_text(index.islands, table_text(parts))
    if chosen is Aligner.BWA:
        run(["bwa", "index", "-p", index.prefix, source])
    else:
        # bwa puts the same bases for N as in its own index: both aligners see one sequence.
        run(["bwa", "fa2pac", "-f", source, index.prefix])
        write_suffixes(index.prefix, bases)
    source.unlink()
    _write_facts(index)


def _write_facts(index: Index) -> None:
    """Say in an index's folder whose it is."""
    row = {
        "aligner": str(index.aligner),
        "version": index.aligner.version(),
        "origin": "made" if index.islands.exists() else "given",
    }
    write_table(ALIGNER.frame([row]), index.facts, ALIGNER)


def chosen_aligner(aligner: str, bases: int) -> Aligner:
    """The aligner that a setting means for islands of so many bases."""
    if aligner != "auto":
        return Aligner(aligner)
    return Aligner.BWA_MEM3 if bases <= MAX_BASES else Aligner.BWA


def take_index(genome: Path, prefix: Path, folder: Path, aligner: str) -> None:
    """Take an index that there is, by links, once it is known to be the reference's.

    Args:
        genome: the prepared reference.
        prefix: what its files' names begin with.
        folder: new folder for the links.
        aligner: auto (bwa-mem3 if its files are there), bwa or bwa-mem3.

    Raises:
        FaultError: files are missing, or the index is another sequence's.
    """
    chosen = _aligner_of(prefix, aligner)
    check_index(genome, prefix)
    index = Index(folder=folder, aligner=chosen)
    for suffix in (*chosen.suffixes, ".alt"):
        file = prefix.with_name(f"{prefix.name}{suffix}")
        if file.exists():
            index.prefix.with_name(f"{index.prefix.name}{suffix}").symlink_to(file.resolve())
    _write_facts(index)


def _aligner_of(prefix: Path, aligner: str) -> Aligner:
    wanted = [Aligner.BWA_MEM3, Aligner.BWA] if aligner == "auto" else [Aligner(aligner)]
    missing = {one: missing_files(prefix, one) for one in wanted}
    for one, names in missing.items():
        if not names:
            return one
    told = "; ".join(f"of {one}: no {', '.join(names)}" for one, names in missing.items())
    raise FaultError(_fault(prefix, told, "all files of an index", "correct reads.index"))


def check_index(genome: Path, prefix: Path) -> None:
    """Check that an index is of a prepared reference: contigs, lengths, and each known base.

    Raises:
        FaultError: it is not.
    """
    ours = list(contig_lengths(genome).items())
    theirs = list(_annotated(prefix))
    next_step = "index reference.fasta, contigs in its order, or leave reads.index out"
    for own, other in zip_longest(ours, theirs):
        if own != other:
            raise FaultError(_fault(prefix, _told(other), _told(own), next_step))
    start = 0
    starts = {}
    for contig, length in ours:
        starts[contig] = start
        start += length
    packed = prefix.with_name(f"{prefix.name}.pac")
    if packed.stat().st_size != start // 4 + 2:  # an octet says how full the last one is
        raise FaultError(_fault(packed, "another number of bases", f"{start:,} bases", next_step))
    octets = np.memmap(packed, dtype=np.uint8, mode="r")
    with pysam.FastaFile(str(genome)) as sequence:
        for place in known_stretches(genome):
            for begin in range(place.start, place.end, _CHECKED):
                end = min(begin + _CHECKED, place.end)
                bases = sequence.fetch(place.contig, begin, end).encode()
                differing = _differs(octets, starts[place.contig] + begin, bases)
                if differing is not None:
                    found = f"another base at {place.contig}:{begin + differing + 1}"
                    raise FaultError(_fault(packed, found, "the reference's bases", next_step))


def _differs(octets: np.ndarray, start: int, bases: bytes) -> int | None:
    """Offset of the first base that a packed sequence has differently."""
    codes = np.frombuffer(bases.translate(_CODES), dtype=np.uint8)
    first = start // 4
    found = BASES_OF_OCTET[octets[first : (start + len(codes) - 1) // 4 + 1]].ravel()
    found = found[start - 4 * first :][: len(codes)]
    differing = np.flatnonzero(found != codes)
    return int(differing[0]) if len(differing) else None


_CODES = bytes.maketrans(b"ACGT", b"\0\1\2\3")


def _told(contig: tuple[str, int] | None) -> str:
    return f"contig {contig[0]} of {contig[1]:,} bases" if contig else "no further contig"


def _annotated(prefix: Path) -> Iterator[tuple[str, int]]:
    """Name and length of each contig of an index (bwa's ``.ann``)."""
    file = prefix.with_name(f"{prefix.name}.ann")
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        for named, placed in zip(lines[1::2], lines[2::2], strict=True):
            yield named.split()[1], int(placed.split()[1])
    except (ValueError, IndexError):
        fault = _fault(file, "no list of contigs", "bwa's .ann", "make the index anew")
        raise FaultError(fault) from None


def _write_islands(genome: Path, parts: list[Island], path: Path) -> None:
    with pysam.FastaFile(str(genome)) as sequence, path.open("wb") as out:
        for part in parts:
            place = part.interval
            bases = sequence.fetch(place.contig, place.start, place.end)
            out.write(f">{part.name}\n".encode() + wrapped(bases.encode()))


def wrapped(bases: bytes) -> bytes:
    """Bases in lines of 60, each with its line end."""
    whole = len(bases) // _LINE * _LINE
    block = np.frombuffer(bases[:whole], dtype=np.uint8).reshape(-1, _LINE)
    lines = np.pad(block, ((0, 0), (0, 1)), constant_values=ord("\n")).tobytes()
    rest = bases[whole:]
    return lines + (rest + b"\n" if rest else b"")


def _fault(file: Path, found: str, allowed: str, next_step: str) -> Fault:
    return Fault(
        code="index-reference", file=str(file), found=found, allowed=allowed, next_step=next_step
    )

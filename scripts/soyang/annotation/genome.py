"""The reference genome, contig by contig, and whether sites fit it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import polars as pl
import pysam

from soyang.annotation.alleles import Ragged
from soyang.core.assembly import bare
from soyang.core.errors import Fault, FaultError

Sequence = npt.NDArray[np.uint8]

_GZIP = b"\x1f\x8b"
_SPACE, _HEAD = ord(" "), ord(">")


@dataclass(frozen=True)
class _Placed:
    """Where a contig's sequence lies in its FASTA file: a line of the .fai (samtools faidx)."""

    offset: int
    bases: int
    width: int


class Genome:
    """An indexed FASTA file.

    Raises:
        FaultError: missing, not FASTA, or without an index that can be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fasta = pysam.FastaFile(str(path))
        except (OSError, ValueError) as error:
            raise FaultError(
                Fault(
                    code="reference-unreadable",
                    file=str(path),
                    found=str(error),
                    allowed="a FASTA file with its .fai (and .gzi if bgzipped)",
                    next_step="give the reference that `soyang reads reference` wrote",
                )
            ) from None
        self.lengths: dict[str, int] = dict(
            zip(self._fasta.references, self._fasta.lengths, strict=True)
        )
        self._placed = _placed(path)

    def sequence(self, contig: str) -> Sequence:
        """All bases of a contig as upper-case ASCII codes, in memory once.

        Raises:
            FaultError: the file is another one than its index was made for.
            KeyError: no such contig.
        """
        if contig not in self.lengths:
            raise KeyError(contig)
        length = self.lengths[contig]
        if placed := self._placed.get(contig):
            ends = (max(length - 1, 0) // placed.bases) * (placed.width - placed.bases)
            lines = np.fromfile(self.path, np.uint8, length + ends, offset=placed.offset)
            good = len(lines) == length + ends
            good = good and _joined(lines, length, placed.bases, placed.width)
        else:
            lines = np.frombuffer(bytearray(self._fasta.fetch(contig), "ascii"), np.uint8)
            good = len(lines) == length and _upper(lines)
        if not good:
            raise FaultError(self._stale(contig))
        return lines[:length]

    def _stale(self, contig: str) -> Fault:
        return Fault(
            code="reference-index",
            file=str(self.path),
            row=contig,
            found="lines of other lengths than the index says",
            allowed="a FASTA file that has not changed since it was indexed",
            next_step="index it again: samtools faidx",
        )

    def md5(self, contig: str) -> str:
        """MD5 of a contig's upper-case bases: M5 of a SAM header (SAM specification, 1.3.2)."""
        return hashlib.md5(self.sequence(contig).data, usedforsecurity=False).hexdigest()

    def names(self, others: list[str]) -> dict[str, str]:
        """Other files' contig names to this reference's, ``chr`` or not; unknown ones left out."""
        here = {bare(name): name for name in self.lengths}
        return {
            name: name if name in self.lengths else here[bare(name)]
            for name in others
            if name in self.lengths or bare(name) in here
        }


def _placed(path: Path) -> Mapping[str, _Placed]:
    """By contig; nothing for a bgzipped file, whose index counts other bytes than the file's."""
    with path.open("rb") as handle:
        if handle.read(len(_GZIP)) == _GZIP:
            return {}
    index = path.with_name(path.name + ".fai").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in index.splitlines() if line)
    return {name: _Placed(*map(int, numbers[1:4])) for name, *numbers in rows}


@numba.njit(cache=True, nogil=True)
def _joined(lines: Any, length: Any, bases: Any, width: Any) -> Any:
    """Push a sequence's lines together, in place and in upper case; whether they were lines."""
    good = True
    at = to = 0
    while to < length:
        size = min(bases, length - to)
        for i in range(size):
            lines[to + i] = lines[at + i]
        good = good and _upper(lines[to : to + size])
        at, to = at + width, to + size
        for i in range(at - width + bases, at if to < length else 0):
            good = good and lines[i] < _SPACE
    return good


@numba.njit(cache=True, nogil=True)
def _upper(bases: Any) -> Any:
    """Turn letters into upper case, in place; whether nothing else than letters was there.

    Without branches, so that many bases are handled at once.
    """
    strange = np.uint8(0)
    for i in range(len(bases)):
        letter = np.uint8((bases[i] & 0xDF) - ord("A"))
        strange |= np.uint8(letter > ord("Z") - ord("A"))
        bases[i] &= 0xDF
    return strange == 0


def require_match(sites: pl.DataFrame, genome: Genome, *, file: Path) -> None:
    """Check that every site's ref is what the reference has there.

    A site that contradicts the reference was called on another one; each consequence and
    each HGVS name made from it would be wrong, so nothing is annotated.

    Args:
        sites: columns contig, position (1-based), ref.
        genome: the reference.
        file: the sites' file, for the message.

    Raises:
        FaultError: naming the first such site and how many there are.
    """
    strange = sites.filter(~pl.col("contig").is_in(list(genome.lengths)))
    if strange.height:
        raise FaultError(_mismatch(strange, sites, file, genome, "no such contig there"))
    for (contig,), part in sites.group_by("contig", maintain_order=True):
        wrong = part.filter(~fits(part, genome.sequence(str(contig))))
        if wrong.height:
            raise FaultError(_mismatch(wrong, sites, file, genome, "another base there"))


def fits(sites: pl.DataFrame, sequence: Sequence) -> pl.Series:
    """Whether each site's ref stands in its contig's sequence at its position.

    A ref that runs over the contig's end is compared as far as the contig goes.
    """
    ref = Ragged.of(sites["ref"].str.to_uppercase())
    start = sites["position"].to_numpy() - 1
    inside = (start >= 0) & (start < len(sequence))
    length = np.where(inside, np.minimum(ref.length, len(sequence) - start), 0)
    same = ref.run(lambda rows, k: sequence[start[rows] + k], length)
    return pl.Series(inside & (same == length), dtype=pl.Boolean)


def _mismatch(
    wrong: pl.DataFrame, sites: pl.DataFrame, file: Path, genome: Genome, why: str
) -> Fault:
    first = wrong.row(0, named=True)
    return Fault(
        code="reference-mismatch",
        file=str(file),
        row=f"{first['contig']}:{first['position']}",
        column="ref",
        found=f"{first['ref'][:20]}, {why} ({wrong.height} of {sites.height} sites)",
        allowed=f"the bases of {genome.path.name}",
        next_step="annotate with the reference that the cohort was called on",
    )

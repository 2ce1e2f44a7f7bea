"""The mitochondrial contig: which it is, whether it is the one that everybody means, its circle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pysam

from soyang.core.assembly import bare

RCRS_LENGTH = 16_569
RCRS_MD5 = "c68f52674c9fb33aef52dcf399755519"
"""Revised Cambridge Reference Sequence, NC_012920.1 (Andrews et al. 1999, Nature Genetics 23:147),
upper case: the M5 of chrM in GRCh38 and of MT in GRCh37 with rCRS. UCSC's hg19 has another one,
NC_001807, of 16,571 bases."""

_PLACEHOLDERS = 1
"""rCRS has one N, 3107, so that positions stay those of the first Cambridge sequence."""


@dataclass(frozen=True)
class Circle:
    """A circular sequence, written from its origin.

    Attributes:
        contig: its name.
        bases: upper case.
    """

    contig: str
    bases: str

    def __len__(self) -> int:
        return len(self.bases)

    @property
    def shift(self) -> int:
        """Where the shifted copy begins, 0-based."""
        return len(self) // 2

    @property
    def shifted(self) -> str:
        """The same circle cut open half-way, with the origin in its middle."""
        return self.bases[self.shift :] + self.bases[: self.shift]


def mitochondrial_contig(contigs: Iterable[str]) -> str | None:
    """Name of the mitochondrion among contigs (chrM, M or MT), if it is there."""
    return next((name for name in contigs if bare(name) == "M"), None)


def read_circle(reference: Path, contig: str) -> Circle:
    """The contig's sequence."""
    with pysam.FastaFile(str(reference)) as fasta:
        return Circle(contig=contig, bases=fasta.fetch(contig).upper())


def why_not_rcrs(circle: Circle) -> str:
    """What distinguishes a contig from rCRS; empty if nothing does.

    A contig of which parts are masked by N can't be compared by its sum, only by its length.
    """
    if len(circle) != RCRS_LENGTH:
        return f"{circle.contig} has {len(circle)} bases, rCRS {RCRS_LENGTH}"
    found = hashlib.md5(circle.bases.encode(), usedforsecurity=False).hexdigest()
    if circle.bases.count("N") <= _PLACEHOLDERS and found != RCRS_MD5:
        return f"{circle.contig} has MD5 {found}, rCRS {RCRS_MD5}"
    return ""

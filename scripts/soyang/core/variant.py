"""A variant and the name of its site."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from soyang.core.assembly import CHROMOSOMES, bare

_ALLELE = re.compile(r"[ACGTN]+\Z")


@dataclass(frozen=True, order=True)
class Variant:
    """A sequence variant of one alternate allele, as VCF writes it.

    Attributes:
        contig: contig name as in the reference.
        position: 1-based position of the first base of ``ref``.
        ref: reference allele, upper case, not empty.
        alt: alternate allele, upper case, not empty, not ``ref``.

    Raises:
        ValueError: the values make no sense.
    """

    contig: str
    position: int
    ref: str
    alt: str

    def __post_init__(self) -> None:
        if self.position < 1:
            raise ValueError(f"position {self.position} is not 1-based")
        for allele in (self.ref, self.alt):
            if not _ALLELE.match(allele):
                raise ValueError(f"allele {allele!r} is not of A, C, G, T, N")
        if self.ref == self.alt:
            raise ValueError(f"ref and alt are both {self.ref}")

    def __str__(self) -> str:
        """``contig-position-ref-alt``: the name of a site across rooms."""
        return f"{self.contig}-{self.position}-{self.ref}-{self.alt}"


def site_name() -> pl.Expr:
    """Expression for the site's name from columns contig, position, ref, alt."""
    return pl.format("{}-{}-{}-{}", "contig", "position", "ref", "alt")


def contig_order(contig: str) -> tuple[int, str]:
    """Sort key: chromosomes in their order, then other contigs by name."""
    name = bare(contig)
    return (CHROMOSOMES.index(name), "") if name in CHROMOSOMES else (len(CHROMOSOMES), contig)

"""Assemblies and contigs.

Contig lengths: Genome Reference Consortium, GRCh37 (GCF_000001405.13) and GRCh38
(GCF_000001405.26); pseudo-autosomal regions: the same assemblies' reports.
"""

from __future__ import annotations

from enum import StrEnum

CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y", "M")

_REFSEQ_VERSIONS = {
    "GRCh37": "10 11 11 11 9 11 13 10 11 10 9 11 10 8 9 9 10 9 9 10 8 10 10 9",
    "GRCh38": "11 12 12 12 10 12 14 11 12 11 10 12 11 9 10 10 11 10 10 11 9 11 11 10",
}
"""Version of NC_000001 to NC_000024 (chromosomes 1 to 22, X, Y), in order."""


class Assembly(StrEnum):
    """Human genome assembly."""

    GRCH37 = "GRCh37"
    GRCH38 = "GRCh38"

    def accession(self, contig: str) -> str:
        """RefSeq accession with version of a chromosome, as HGVS g. needs it.

        Args:
            contig: chromosome name with or without ``chr``.

        Raises:
            KeyError: not a chromosome of the primary assembly.
        """
        name = bare(contig)
        if name == "M":
            return "NC_012920.1"
        number = CHROMOSOMES.index(name) + 1 if name in CHROMOSOMES else 0
        if not number:
            raise KeyError(contig)
        return f"NC_{number:06d}.{_REFSEQ_VERSIONS[self.value].split()[number - 1]}"


PSEUDO_AUTOSOMAL: dict[Assembly, dict[str, tuple[tuple[int, int], ...]]] = {
    Assembly.GRCH37: {
        "X": ((60_000, 2_699_520), (154_931_043, 155_260_560)),
        "Y": ((10_000, 2_649_520), (59_034_049, 59_363_566)),
    },
    Assembly.GRCH38: {
        "X": ((10_000, 2_781_479), (155_701_382, 156_030_895)),
        "Y": ((10_000, 2_781_479), (56_887_902, 57_217_415)),
    },
}
"""0-based half-open intervals, by bare chromosome name."""


def bare(contig: str) -> str:
    """Chromosome name without ``chr``, mitochondrion as ``M``."""
    name = contig.removeprefix("chr")
    return "M" if name == "MT" else name


def contig_order(contig: str) -> tuple[int, str]:
    """Sort key: chromosomes in their order, then other contigs by name."""
    name = bare(contig)
    return (CHROMOSOMES.index(name), "") if name in CHROMOSOMES else (len(CHROMOSOMES), contig)

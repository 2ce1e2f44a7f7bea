"""What callers say of real reads, where nobody knows the truth.

A caller's calls are judged by what does not depend on a truth: how many of them another caller
makes as well, how many stand in dbSNP, transitions over transversions (about 2 to 2.1 in a
genome, 0.5 for errors at random), and heterozygous over homozygous (about 1.5 to 2 in a genome; a
short region may be one block that a person is heterozygous for). A region of 80 kilobases has few
variants: the figures support, they don't decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.accuracy_compare import DIPLOID, Outcome, Variant, compare, primitive, records_of
from bench.accuracy_figures import SNV, Share, class_of

_TRANSITIONS = ({"A", "G"}, {"C", "T"})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One caller's calls of the real reads.

    Attributes:
        snvs: how many SNVs.
        indels: how many insertions and deletions.
        shared: those that at least one other caller makes, with the same genotype.
        known: those that stand in dbSNP.
        transitions: SNVs between A and G or C and T.
        heterozygous: calls with one copy.
    """

    snvs: int
    indels: int
    shared: Share
    known: Share
    transitions: int
    heterozygous: int

    @property
    def titv(self) -> float | None:
        """Transitions over transversions."""
        return _ratio(self.transitions, self.snvs)

    @property
    def het_hom(self) -> float | None:
        """Heterozygous over homozygous calls."""
        return _ratio(self.heterozygous, self.snvs + self.indels)


def _ratio(part: int, whole: int) -> float | None:
    return part / (whole - part) if whole > part else None


def judged(
    calls: Mapping[str, Sequence[Variant]],
    known: Iterable[Variant],
    sequences: Mapping[str, str],
) -> dict[str, Judged]:
    """Figures of each caller.

    Args:
        calls: variants of each caller.
        known: alleles that dbSNP has; their copies don't count.
        sequences: bases of each contig, upper case.
    """
    alleles = {_allele(variant) for variant in known}
    return {
        caller: _judged(
            own, [of for name, of in calls.items() if name != caller], alleles, sequences
        )
        for caller, own in calls.items()
    }


def _judged(
    own: Sequence[Variant],
    others: Sequence[Sequence[Variant]],
    known: set[tuple[str, int, int, str]],
    sequences: Mapping[str, str],
) -> Judged:
    shared: set[Variant] = set()
    for other in others:
        shared |= {
            variant
            for variant, outcome in compare(own, other, sequences).truth
            if outcome is Outcome.GENOTYPE
        }
    snvs = [variant for variant in own if class_of(variant) == SNV]
    return Judged(
        snvs=len(snvs),
        indels=len(own) - len(snvs),
        shared=Share(part=len(shared), whole=len(own)),
        known=Share(part=sum(_allele(variant) in known for variant in own), whole=len(own)),
        transitions=sum({sequences[v.contig][v.start], v.bases} in _TRANSITIONS for v in snvs),
        heterozygous=sum(variant.copies < DIPLOID for variant in own),
    )


def _allele(variant: Variant) -> tuple[str, int, int, str]:
    return variant.contig, variant.start, variant.end, variant.bases


def known_alleles(vcf: Path, contig: str, first: int, sequence: str) -> list[Variant]:
    """Alleles of a VCF of sites that lie on a piece of a chromosome, as variants of the piece.

    Args:
        vcf: the sites, of one chromosome.
        contig: name that the piece has.
        first: 0-based position of its first base on the chromosome.
        sequence: its bases, upper case.
    """
    found: list[Variant] = []
    with records_of(vcf) as records:
        for record in records:
            start, ref = record.start - first, str(record.ref).upper()
            if start < 0 or sequence[start : start + len(ref)] != ref:
                continue
            for alt in record.alts or ():
                if set(alt.upper()) <= set("ACGT"):
                    found += primitive(contig, start, ref, alt.upper(), 1, sequence)
    return found

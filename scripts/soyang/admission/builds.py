"""Which assembly a list of contigs belongs to.

Chromosome lengths: Genome Reference Consortium, GRCh37 (GCF_000001405.13) and GRCh38
(GCF_000001405.26). The mitochondrion is left out: its sequence differs between copies of one
assembly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from soyang.core.assembly import CHROMOSOMES, Assembly, bare

_LENGTHS = {
    Assembly.GRCH37: """249250621 243199373 198022430 191154276 180915260 171115067 159138663
        146364022 141213431 135534747 135006516 133851895 115169878 107349540 102531392 90354753
        81195210 78077248 59128983 63025520 48129895 51304566 155270560 59373566""",
    Assembly.GRCH38: """248956422 242193529 198295559 190214555 181538259 170805979 159345973
        145138636 138394717 133797422 135086622 133275309 114364328 107043718 101991189 90338345
        83257441 80373285 58617616 64444167 46709983 50818468 156040895 57227415""",
}
LENGTHS: dict[Assembly, dict[str, int]] = {
    assembly: dict(zip(CHROMOSOMES, map(int, text.split()), strict=False))
    for assembly, text in _LENGTHS.items()
}
"""Bases of each chromosome, by bare name."""


def full_length(contig: str, assembly: Assembly) -> int | None:
    """Bases of a chromosome in the assembly; None for other contigs."""
    return LENGTHS[assembly].get(bare(contig))


def wrong_build(contigs: Mapping[str, int | None], assembly: Assembly) -> str:
    """What shows that contigs are not of the assembly, ``""`` if nothing does.

    A contig may be shorter than its chromosome (a cut reference), but not longer, and not as
    long as another assembly's.
    """
    for contig, length in contigs.items():
        full = full_length(contig, assembly)
        if full is None or length is None or length == full:
            continue
        for other in Assembly:
            if other is not assembly and length == full_length(contig, other):
                return f"wrong build: {contig} has {length:,} bases as in {other}"
        if length > full:
            return f"wrong build: {contig} has {length:,} bases, more than {assembly}'s {full:,}"
    return ""


def strange_names(contigs: Iterable[str], reference: Iterable[str]) -> str:
    """What to say if no contig is in the reference; ``""`` if one is, or there are none."""
    ours, theirs = list(reference), list(contigs)
    if not theirs or set(ours) & set(theirs):
        return ""
    if {bare(name) for name in ours} & {bare(name) for name in theirs}:
        return f"contig names like '{theirs[0]}', the reference has names like '{ours[0]}'"
    return f"no contig of the reference (it has '{theirs[0]}', the reference '{ours[0]}')"


def differing_length(
    contigs: Mapping[str, int | None],
    reference: Mapping[str, int],
    assembly: Assembly,
    *,
    cut: bool,
) -> str:
    """The first contig that is longer or shorter than the reference's, ``""`` if none is.

    Args:
        contigs: name to length, None where not said.
        reference: the same of the reference.
        assembly: of the reference.
        cut: whether the whole chromosome's length is right too; it is for positions on a
            reference that was cut, but not for alignments to it.
    """
    wrong = wrong_build(contigs, assembly)
    if wrong:
        return wrong
    for contig, length in contigs.items():
        ours = reference.get(contig)
        allowed = {ours, full_length(contig, assembly)} if cut else {ours}
        if ours is not None and length is not None and length not in allowed:
            return f"another reference: {contig} has {length:,} bases, the reference {ours:,}"
    return ""

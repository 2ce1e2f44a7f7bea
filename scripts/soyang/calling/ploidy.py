"""How many alleles a genotype has, by sex, on X, Y and the mitochondrion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from soyang.core.assembly import PSEUDO_AUTOSOMAL, Assembly, bare
from soyang.core.people import Sex


def ploidy_text(lengths: Mapping[str, int], assembly: Assembly, sex: Sex) -> str:
    """Rules for ``bcftools call --ploidy-file``: CHROM, FROM, TO (1-based), SEX, PLOIDY.

    The contigs' own names are used, so ``X`` and ``chrX`` both work. Without a recorded sex,
    X is called diploid and Y haploid, so that neither hides a variant.

    Args:
        lengths: contig name to length.
        assembly: places the pseudo-autosomal regions.
        sex: recorded sex.
    """
    rows = [row for contig, n in lengths.items() for row in _rows(contig, n, assembly, sex)]
    return "".join(f"{c}\t{a}\t{b}\t{sex}\t{p}\n" for c, a, b, p in rows) + f"*\t*\t*\t{sex}\t2\n"


def _rows(
    contig: str, length: int, assembly: Assembly, sex: Sex
) -> Iterator[tuple[str, int, int, int]]:
    name = bare(contig)
    if name == "M":
        yield contig, 1, length, 1
    elif name == "Y":
        yield contig, 1, length, 0 if sex is Sex.FEMALE else 1
    elif name == "X" and sex is Sex.MALE:
        start = 0
        for shared_start, shared_end in PSEUDO_AUTOSOMAL[assembly]["X"]:
            if start < min(shared_start, length):
                yield contig, start + 1, min(shared_start, length), 1
            start = shared_end
        if start < length:
            yield contig, start + 1, length, 1

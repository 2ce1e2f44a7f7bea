"""Left-alignment and splitting, held against what ``bcftools norm`` and ``vt`` expect.

The files are those tools' own tests. ``bcftools norm`` keeps the alleles of a record together,
with one ref for all; we write each for itself, so such an allele is trimmed further.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pysam

from evaluate.score import Score, reasons
from evaluate.sequences import B37, b37
from soyang.annotation.alleles import Bases
from soyang.annotation.normalise import normalised_frame, written
from soyang.annotation.vcf_columns import read_alleles

TOGETHER = "bcftools keeps one ref for all alleles of the record; by itself it is ours"
IUPAC = "ref is an IUPAC letter: bcftools puts the reference's base, we leave it as it is"
NO_ALLELE = "no alternate allele (.)"
NO_SEQUENCE = "ref or alt is no sequence of A, C, G, T (*, IUPAC): left as it is"
NO_B37 = "b37 chromosome 20 not at hand"

Allele = tuple[str, int, str, str]


def evaluate(shared: Path) -> list[Score]:
    """Scores of bcftools' files, of its split ones, and of vt's."""
    folder = shared / "normalisation"
    scores = [
        aligned(f"bcftools {name}", folder / f"{name}.vcf", folder / f"{name}.out",
                sequences(folder / f"{name}.fa"))
        for name in ("norm", "norm.2")
    ]  # fmt: skip
    scores.append(split(folder / "norm.split.vcf", folder / "norm.split.out"))
    chromosome = b37("chr20")
    given, expected = (folder / f"vt_b37_chr20_{end}.vcf.gz" for end in ("IN", "OUT"))
    if chromosome is None:
        why = f"{NO_B37}: {B37['chr20']}"
        return [*scores, Score(name="vt", agreed=0, apart={why: read(expected).height})]
    return [*scores, aligned("vt", given, expected, {"20": chromosome})]


def sequences(fasta: Path) -> dict[str, Bases]:
    """All contigs of a small FASTA file."""
    with pysam.FastxFile(str(fasta)) as records:
        return {
            record.name: np.frombuffer((record.sequence or "").upper().encode(), np.uint8)
            for record in records
            if record.name
        }


def read(vcf: Path) -> pl.DataFrame:
    """Columns contig, position, ref, alt, and ``others``: how many alleles the record has."""
    names = ("contig", "position", "id", "ref", "alt")
    body = pl.read_csv(
        vcf,
        separator="\t",
        comment_prefix="#",
        has_header=False,
        quote_char=None,
        infer_schema=False,
    )
    columns = [body[:, number].alias(name) for number, name in enumerate(names)]
    return (
        body.select(columns)
        .with_columns(pl.col("position").cast(pl.Int64), pl.col("alt").str.split(","))
        .with_columns(others=pl.col("alt").list.len())
        .explode("alt")
        .drop("id")
    )


def aligned(name: str, given: Path, expected: Path, genome: dict[str, Bases]) -> Score:
    """Expected alleles that ours, made from the given ones, have among them."""
    done = _normalised(_upper(read(given)), genome)
    ours = Counter(_tuples(done.filter("clear")))
    iupac = done.filter(pl.col("ref").str.contains("[^ACGTN]")).select("contig", "position").rows()
    theirs = _upper(read(expected))
    kept = theirs.filter(_sequences())
    agreed, explained, unexplained = 0, Counter[str](), []
    alone = _tuples(_normalised(kept, genome))
    for stated, by_itself, others in zip(_tuples(kept), alone, kept["others"], strict=True):
        if ours[stated]:
            ours[stated] -= 1
            agreed += 1
        elif others > 1 and ours[by_itself]:
            ours[by_itself] -= 1
            explained[TOGETHER] += 1
        elif stated[:2] in iupac:
            explained[IUPAC] += 1
        else:
            unexplained.append(" ".join(map(str, stated)))
    left = [f"ours alone: {' '.join(map(str, allele))}" for allele in sorted(ours.elements())]
    rest = theirs.filter(~_sequences())
    return Score(
        name=name,
        agreed=agreed,
        explained=dict(explained),
        unexplained=[*unexplained, *left],
        apart=reasons(NO_ALLELE if alt == "." else NO_SEQUENCE for alt in rest["alt"]),
        goal=0.0,
        all_explained=True,
    )


def split(given: Path, expected: Path) -> Score:
    """Alleles of a file that is only split, in its order, each where its record had it."""
    theirs = _tuples(_upper(read(expected)))
    ours = [
        (batch.contig, position, ref, alt)
        for batch in read_alleles(given)
        for position, (ref, alt) in zip(
            batch.position.tolist(), written(batch).iter_rows(), strict=True
        )
    ]
    pairs = [(one, other) for one, other in zip(ours, theirs, strict=False) if one != other]
    odd = len(ours) != len(theirs)
    return Score(
        name="bcftools norm.split",
        agreed=min(len(ours), len(theirs)) - len(pairs),
        unexplained=[f"{one} for {other}" for one, other in pairs]
        + ([f"{len(ours)} alleles for {len(theirs)}"] if odd else []),
        goal=1.0,
    )


def _sequences() -> pl.Expr:
    return pl.all_horizontal(pl.col("ref", "alt").str.contains("^[ACGT]+$"))


def _upper(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("ref", "alt").str.to_uppercase())


def _normalised(rows: pl.DataFrame, genome: dict[str, Bases]) -> pl.DataFrame:
    """Rows as we write them, in their order."""
    numbered = rows.with_row_index("row")
    parts = [
        normalised_frame(part, genome[str(contig)])
        for (contig,), part in numbered.group_by("contig", maintain_order=True)
    ]
    return pl.concat(parts).sort("row")


def _tuples(rows: pl.DataFrame) -> list[Allele]:
    picked = rows.select("contig", pl.col("position").cast(pl.Int64), "ref", "alt")
    return [(contig, position, ref, alt) for contig, position, ref, alt in picked.iter_rows()]

"""The annotation benchmark's person: a VCF of about four million variants, and what is true of it.

Each variant stands left-aligned; two alleles at one base are one record with both, as callers
write them. Half of what lies in coding sequence is left away, as selection does. Beside the VCF
stands ``shifted.vcf.gz``: some of its insertions and deletions written as far to the right as they
go, for which the answer must be the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from bench.annotation_genome import (
    Bytes,
    gff_rows,
    merged,
    random_of,
    sequences,
    transcripts_of,
    within,
)
from bench.annotation_sites import add, header, lengths, written

SAMPLE = "SYNTHETIC"
SHIFTED = 2_000
"""At most so many variants of each chromosome stand in ``shifted.vcf.gz`` too."""

_HEADER = [
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
    '##INFO=<ID=MQ,Number=1,Type=Float,Description="Mapping quality">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
    '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Genotype quality">',
]
SPARED = 0.5
"""Share of its variants in coding sequence that selection left."""

HOMOZYGOUS = 0.4
COPIES = 2
_ABSENT = ("chrY",)
"""The person is female."""


def make(folder: Path, reference: Path, frequencies: Path) -> None:
    """Write ``person.vcf.gz``, ``shifted.vcf.gz``, and what every tool should find.

    ``truth.parquet`` has contig, position, ref, alt, record (its number in the VCF, from 0), alone
    (whether its record has no other allele), and the source's counts, missing where it lacks it.
    ``shifted.parquet`` the same for the other file.
    """
    contigs = lengths(reference)
    transcripts = transcripts_of(gff_rows(reference / "transcripts.gff3", contigs))
    first = header(contigs, _HEADER, [SAMPLE])
    truths, moved, records = [], [], 0
    with (
        written(folder / "person.vcf.gz", first) as out,
        written(folder / "shifted.vcf.gz", first) as right,
    ):
        for contig, bases in sequences(reference / "genome.fa"):
            if contig in _ABSENT:
                continue
            generator = random_of("person", contig)
            frame = pl.read_parquet(frequencies / "carried" / f"{contig}.parquet")
            coding = within(
                frame["position"].to_numpy() - 1, merged(transcripts.get(contig, []), "coding")
            )
            spared = pl.Series(~coding | (generator.random(len(frame)) < SPARED))
            alleles = one_person(frame.filter(spared))
            add(rows(alleles, contig, generator), out)
            truths.append(truth(alleles, contig, records))
            records += alleles["record"].n_unique()
            there = shifted(truths[-1].filter("alone"), bases)
            add(rows(there.drop("alone"), contig, generator), right)
            moved.append(there)
    pl.concat(truths).write_parquet(folder / "truth.parquet")
    pl.concat(moved).drop("record").with_row_index("record").with_columns(
        pl.col("record").cast(pl.Int64)
    ).write_parquet(folder / "shifted.parquet")


def one_person(frame: pl.DataFrame) -> pl.DataFrame:
    """What one person can carry: two alleles at a base, none inside a deletion before it.

    Args:
        frame: columns position, ref, alt and others, in order.

    Returns:
        The same with ``record``: alleles of one position are one record.
    """
    two = frame.filter(pl.int_range(pl.len()).over("position") < COPIES)
    ends = pl.col("position") + pl.col("ref").str.len_bytes().cast(pl.Int64) - 1
    records = (
        two.with_columns(end=ends)
        .group_by("position", maintain_order=True)
        .agg(pl.col("end").max())
        .with_columns(reach=pl.col("end").cum_max().shift(1).fill_null(0))
        .filter(pl.col("position") > pl.col("reach"))
        .select("position")
        .with_row_index("record")
    )
    return two.join(records, on="position", how="inner", maintain_order="left").with_columns(
        pl.col("record").cast(pl.Int64)
    )


def truth(alleles: pl.DataFrame, contig: str, before: int) -> pl.DataFrame:
    """The alleles with their contig and the number of their record in the file."""
    return alleles.select(
        pl.lit(contig).alias("contig"),
        pl.all().exclude("record", "passed"),
        pl.col("record") + before,
        alone=pl.col("record").is_unique(),
    )


def rows(alleles: pl.DataFrame, contig: str, generator: np.random.Generator) -> pl.DataFrame:
    """VCF rows of alleles; those of one record share the longest ref."""
    single = pl.col("record").is_unique()
    both = (
        alleles.filter(~single)
        .group_by("record", maintain_order=True)
        .agg(
            pl.col("position").first(),
            pl.col("ref").sort_by(pl.col("ref").str.len_bytes()).last().alias("longest"),
            pl.col("ref"),
            pl.col("alt"),
        )
        .explode("ref", "alt")
        .with_columns(rest=pl.col("longest").str.slice(pl.col("ref").str.len_bytes()))
        .group_by("record", maintain_order=True)
        .agg(
            pl.col("position").first(),
            pl.col("longest").first().alias("ref"),
            (pl.col("alt") + pl.col("rest")).str.join(",").alias("alt"),
        )
    )
    wanted = ["record", "position", "ref", "alt"]
    records = pl.concat([alleles.filter(single).select(wanted), both.select(wanted)]).sort("record")
    count = len(records)
    depth = generator.poisson(31, count)
    homozygous = generator.random(count) < HOMOZYGOUS
    return records.select(
        pl.lit(contig).alias("contig"),
        "position",
        pl.lit(".").alias("id"),
        "ref",
        "alt",
        pl.Series("quality", np.round(generator.uniform(30, 900, count), 1)),
        pl.lit("PASS").alias("filter"),
        pl.concat_str(pl.lit("DP="), pl.Series(depth), pl.lit(";MQ=60")).alias("info"),
        pl.lit("GT:DP:GQ").alias("format"),
        pl.concat_str(
            pl.when(pl.col("alt").str.contains(",", literal=True))
            .then(pl.lit("1/2"))
            .when(pl.Series(homozygous))
            .then(pl.lit("1/1"))
            .otherwise(pl.lit("0/1")),
            pl.lit(":"),
            pl.Series(depth),
            pl.lit(":"),
            pl.Series(generator.integers(20, 100, count)),
        ).alias(SAMPLE),
    )


def shifted(alleles: pl.DataFrame, bases: Bytes) -> pl.DataFrame:
    """Insertions and deletions that can stand further right, as far right as they go.

    Returns:
        ``alleles`` with their new position, ref and alt, in order, and the old ones as
        ``left_position``, ``left_ref`` and ``left_alt``; records numbered from 0.
    """
    longer = pl.col("ref").str.len_bytes() != pl.col("alt").str.len_bytes()
    chosen = alleles.filter(longer)
    there = [
        _to_the_right(position, ref, alt, bases)
        for position, ref, alt in chosen.select("position", "ref", "alt").iter_rows()
    ]
    shape = {"position": pl.Int32, "ref": pl.String, "alt": pl.String}
    names = {name: f"left_{name}" for name in shape}
    moved = pl.DataFrame(there, schema=shape, orient="row")
    both = pl.concat([chosen.rename(names), moved], how="horizontal")
    return (
        both.filter(pl.col("position") > pl.col("left_position"))
        .head(SHIFTED)
        .sort("position", "ref", "alt")
        .unique("position", keep="first", maintain_order=True)
        .drop("record")
        .with_row_index("record")
        .with_columns(pl.col("record").cast(pl.Int64))
    )


def _to_the_right(position: int, ref: str, alt: str, bases: Bytes) -> tuple[int, str, str]:
    """A deletion or insertion moved to the right while it says the same."""
    place, changed = position - 1, (ref if len(ref) > len(alt) else alt)[1:]
    # Behind a deletion is what follows it; behind an insertion what follows its anchor.
    follows = place + len(ref)
    while chr(bases[follows]) == changed[0]:
        changed = changed[1:] + changed[0]
        place, follows = place + 1, follows + 1
    anchor = chr(bases[place])
    if len(ref) > len(alt):
        return place + 1, anchor + changed, anchor
    return place + 1, anchor, anchor + changed

"""The annotation benchmark's cohort: 10,000 people's genotypes at 200,000 sites, as tables.

Sites lie in and near exons: some are known to the frequency source, some to ClinVar, some to
nobody. How many carry a site falls as 1/f, up to a tenth of the alleles: on average 260 people, so
that each person has about 5,000 of the sites.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from bench.annotation_genome import (
    Bytes,
    Transcript,
    gff_rows,
    merged,
    places_of,
    random_of,
    sequences,
    transcripts_of,
)
from bench.annotation_sites import MARGIN, add, draw, header, lengths, spelt, written
from soyang.cohort.tables import GENOTYPES, SAMPLES, SITES
from soyang.core.tables import write_table

PEOPLE = 10_000
FEWEST = 500
"""People of a small part of the genome."""

SPACE = 90_426_622
"""Bases of the whole genome within MARGIN of exons."""

KNOWN, CLASSIFIED, UNKNOWN = 120_000, 20_000, 60_000
"""Sites of the whole genome from the frequency source, from ClinVar, and new ones."""

MOST_COMMON = 0.1
SITE = ("position", "ref", "alt")


def make(folder: Path, reference: Path, frequencies: Path, clinvar: Path, scale: float) -> None:
    """Write the cohort room's tables, and ``sites.vcf.gz`` for tools that take VCF."""
    contigs = lengths(reference)
    transcripts = transcripts_of(gff_rows(reference / "transcripts.gff3", contigs))
    people = max(FEWEST, round(PEOPLE * min(scale, 1)))
    write_table(_samples(people), folder / "samples.parquet", SAMPLES)
    schema = GENOTYPES.empty().to_arrow().schema
    sites = []
    with (
        pq.ParquetWriter(folder / "genotypes.parquet", schema, compression="zstd") as writer,
        written(folder / "sites.vcf.gz", header(contigs, [])) as out,
    ):
        for contig, bases in sequences(reference / "genome.fa"):
            if contig not in transcripts:
                continue
            generator = random_of("cohort", contig)
            sources = [
                folder / f"{contig}.parquet"
                for folder in (frequencies / "exonic", clinvar / "records")
            ]
            chosen = _sites(sources, bases, transcripts[contig], generator)
            carriers = genotypes(chosen, contig, people, generator)
            writer.write_table(carriers.to_arrow().cast(schema))
            sites.append(counted(carriers, people))
            add(_rows(sites[-1]), out)
    write_table(pl.concat(sites), folder / "sites.parquet", SITES)


def _samples(people: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person": _names("P", people),
            "sample": _names("S", people),
            "callable_known": [True] * people,
            "counted": [True] * people,
        }
    )


def _names(letter: str, people: int) -> pl.Series:
    return pl.Series([f"{letter}{number:07d}" for number in range(people)])


def _sites(
    sources: list[Path], bases: Bytes, transcripts: list[Transcript], generator: np.random.Generator
) -> pl.DataFrame:
    space = places_of(list(zip(*merged(transcripts, "exons", MARGIN), strict=True)))
    share = len(space) / SPACE
    anchors = generator.choice(space, round(UNKNOWN * share), replace=False)
    parts = [spelt(bases, draw(bases, np.sort(anchors), generator))]
    for source, count in zip(sources, (KNOWN, CLASSIFIED), strict=True):
        there = pl.read_parquet(source, columns=list(SITE))
        wanted = min(round(count * share), len(there))
        picked = np.sort(generator.choice(len(there), wanted, replace=False))
        parts.append(there[picked])
    return pl.concat(parts).unique().sort(SITE)


def genotypes(
    sites: pl.DataFrame, contig: str, people: int, generator: np.random.Generator
) -> pl.DataFrame:
    """Who carries what: the cohort room's table of genotypes, in its order.

    Args:
        sites: columns position, ref, alt, in order, each once.
        contig: name of the chromosome.
        people: size of the cohort.
        generator: of random numbers.
    """
    most = 2 * people * MOST_COMMON
    wanted = np.exp(generator.random(len(sites)) * np.log(most)).astype(np.int64)
    place = np.repeat(np.arange(len(sites)), wanted)
    pairs = np.unique(place * people + generator.integers(0, people, len(place)))
    place, person = np.divmod(pairs, people)
    both = generator.random(len(pairs)) < wanted[place] / (2 * people)
    depth = generator.poisson(31, len(pairs)).astype(np.int32)
    return sites[place].select(
        pl.lit(contig).alias("contig"),
        pl.col("position").cast(pl.Int64),
        "ref",
        "alt",
        _names("P", people).gather(person).alias("person"),
        _names("S", people).gather(person).alias("sample"),
        pl.when(pl.Series(both)).then(pl.lit("1/1")).otherwise(pl.lit("0/1")).alias("genotype"),
        pl.Series(1 + both.astype(np.int8)).alias("dosage"),
        pl.lit(2, pl.Int8).alias("copies"),
        pl.Series(depth).alias("depth"),
        pl.Series(np.where(both, depth, depth // 2)).alias("alt_depth"),
        pl.lit(60.0, pl.Float32).alias("genotype_quality"),
        pl.lit(None, pl.Int64).alias("phase_set"),
        pl.lit("PASS").alias("filter"),
        pl.lit(None, pl.String).alias("agreement"),
    )


def counted(carriers: pl.DataFrame, people: int) -> pl.DataFrame:
    """The cohort room's table of sites."""
    return carriers.group_by("contig", *SITE, maintain_order=True).agg(
        pl.col("dosage").cast(pl.Int32).sum().alias("ac"),
        pl.lit(2 * people, pl.Int32).alias("an"),
        (pl.col("dosage") > 1).sum().cast(pl.Int32).alias("nhomalt"),
        pl.lit(0, pl.Int32).alias("nhemi"),
    )


def _rows(sites: pl.DataFrame) -> pl.DataFrame:
    dots = [pl.lit(".").alias(name) for name in ("quality", "filter", "info")]
    return sites.select("contig", "position", pl.lit(".").alias("id"), "ref", "alt", *dots)

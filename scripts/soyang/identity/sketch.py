"""``soyang identity sketch``: the genotypes by which samples are compared."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.assembly import contig_order
from soyang.core.tables import write_table
from soyang.core.vcf import read_records
from soyang.identity.tables import SKETCH

MIN_GENOTYPE_QUALITY = 20
"""Phred: one genotype in a hundred wrong, below which opposite homozygotes would mislead."""
MIN_DEPTH = 8
"""Reads: at 8, a heterozygote shows one allele only once in 2^7 = 128 times."""
_BASES = ["A", "C", "G", "T"]


def sketch(*, vcf: Path, sketch: Path) -> None:
    """Keep a sample's SNV genotypes, to compare samples by.

    A site where the sample has something else than a good biallelic genotype (filtered, low
    quality or depth, half missing, one of two alternate alleles, haploid) is kept without
    dosage, so that it is not taken for a reference genotype.

    Args:
        vcf: normalised VCF of one sample, one alternate allele a record.
        sketch: table to write (SKETCH).

    Raises:
        FaultError: not a VCF of one sample, or truncated.
    """
    sketch.parent.mkdir(parents=True, exist_ok=True)
    records = read_records(vcf, ("GT", "GQ", "DP"), scratch=sketch.parent)
    write_table(snv_genotypes(records), sketch, SKETCH)


def snv_genotypes(records: pl.DataFrame) -> pl.DataFrame:
    """SNVs that are not plainly reference, one row a site, sorted.

    Args:
        records: contig, position, ref, alt, filter, GT, GQ and DP as text.

    Returns:
        The columns of SKETCH; dosage is null where the genotype is not usable.
    """
    quality = pl.col("GQ").cast(pl.Float64, strict=False)
    depth = pl.col("DP").cast(pl.Float64, strict=False)
    good = (
        pl.col("filter").is_in(["PASS", "."])
        & (quality.is_null() | (quality >= MIN_GENOTYPE_QUALITY))
        & (depth.is_null() | (depth >= MIN_DEPTH))
        & pl.col("GT").str.contains(r"^[01][/|][01]$")
    )
    copies = pl.col("GT").str.count_matches("1", literal=True).cast(pl.Int8)
    snvs = records.filter(pl.col("ref").is_in(_BASES) & pl.col("alt").is_in(_BASES))
    return (
        snvs.with_columns(dosage=pl.when(good.fill_null(value=False)).then(copies))
        .filter(pl.col("dosage").is_null() | (pl.col("dosage") > 0))
        .with_columns(rank=_rank(snvs["contig"]))
        .sort("rank", "position", "ref", "alt", "dosage", nulls_last=False)
        .unique(["contig", "position", "ref", "alt"], keep="first", maintain_order=True)
        .select(SKETCH.names)
    )


def _rank(contigs: pl.Series) -> pl.Expr:
    order = sorted(contigs.unique(), key=contig_order)
    ranks = {contig: rank for rank, contig in enumerate(order)}
    return pl.col("contig").replace_strict(ranks, return_dtype=pl.Int32, default=None)

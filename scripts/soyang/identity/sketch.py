"""``soyang identity sketch``: the genotypes by which samples are compared."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.assembly import Assembly, bare, contig_order
from soyang.core.files import read_rows
from soyang.core.regions import read_regions
from soyang.core.tables import write_table
from soyang.core.vcf import read_records
from soyang.identity.genotypes import Genotypes, bounds, key_of, states_at
from soyang.identity.sites import SITES, read_reference, read_sites
from soyang.identity.tables import SKETCH

MIN_GENOTYPE_QUALITY = 20
"""Phred: one genotype in a hundred wrong, below which opposite homozygotes would mislead."""
MIN_DEPTH = 8
"""Reads: at 8, a heterozygote shows one allele only once in 2^7 = 128 times."""
_BASES = ["A", "C", "G", "T"]


def sketch(
    *,
    vcf: Path,
    callable_bed: Path | None = None,
    calls: Path | None = None,
    sites: Path | None = None,
    ancestry_reference: Path | None = None,
    assembly: Assembly = Assembly.GRCH38,
    sketch: Path,
) -> None:
    """Keep a sample's SNV genotypes, to compare samples by.

    A site where the sample has something else than a good biallelic genotype (filtered, low
    quality or depth, half missing, one of two alternate alleles, haploid) is kept without
    dosage, so that it is not taken for a reference genotype.

    With a fixed list of sites the sketch is small and stands for itself: of autosomes only the
    list's sites are kept, and the reference genotype too where the sample is callable.

    Args:
        vcf: normalised VCF of one sample, one alternate allele a record.
        callable_bed: its callable regions; needed for reference genotypes.
        calls: its row of CALLS, which says whether absence can mean the reference.
        sites: VCF of common sites (setting identity.sites).
        ancestry_reference: frequencies by group, whose sites are kept too.
        assembly: assembly of the run.
        sketch: table to write (SKETCH).

    Raises:
        FaultError: not a VCF of one sample, or truncated; a list of sites can't be used.
    """
    sketch.parent.mkdir(parents=True, exist_ok=True)
    records = read_records(vcf, ("GT", "GQ", "DP"), scratch=sketch.parent)
    rows = snv_genotypes(records)
    listed = [read_sites(sites).select(*SITES, "key")] if sites else []
    if ancestry_reference:
        reference = read_reference(ancestry_reference, assembly)
        listed.append(reference.sites.select(*SITES, "key"))
    if listed:
        known = _absence_known(calls)
        regions = read_regions(callable_bed) if callable_bed and known else None
        every = pl.concat(listed).unique("key", maintain_order=True).sort("key")
        rows = at_sites(rows, every, regions, drop_others=sites is not None)
    write_table(rows, sketch, SKETCH)


def _absence_known(calls: Path | None) -> bool:
    rows = read_rows(calls, "callable_known") if calls else []
    return any(row["callable_known"] == "true" for row in rows)


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
    carried = snvs.with_columns(dosage=pl.when(good.fill_null(value=False)).then(copies)).filter(
        pl.col("dosage").is_null() | (pl.col("dosage") > 0)
    )
    return _in_order(carried)


def at_sites(
    rows: pl.DataFrame, listed: pl.DataFrame, regions: pl.DataFrame | None, *, drop_others: bool
) -> pl.DataFrame:
    """Genotypes with the reference ones at listed sites.

    Args:
        rows: what :func:`snv_genotypes` gave.
        listed: contig, position, ref, alt and key of the sites, sorted by key.
        regions: callable regions; None if absence of a variant says nothing.
        drop_others: whether autosomal sites that are not listed are left out. X stays whole,
            for its heterozygosity; what is on no autosome and not X is left out too.

    Returns:
        The columns of SKETCH, sorted.
    """
    own = rows.with_columns(key=key_of()).sort("key")
    genotypes = Genotypes(
        keys=own["key"].to_numpy(), dosages=own["dosage"].fill_null(-1).to_numpy()
    )
    names = _spelling(rows, regions)
    if regions is not None:
        keys = listed["key"].to_numpy()
        states = states_at(keys, genotypes, *bounds(regions))
        absent = listed.filter(pl.Series(states == 0)).with_columns(
            pl.col("contig").replace(names), dosage=pl.lit(0, pl.Int8)
        )
        added = absent.filter(~pl.col("key").is_in(own["key"].implode()))
    else:
        added = listed.clear().with_columns(dosage=pl.lit(0, pl.Int8))
    if drop_others:
        is_x = pl.col("contig").is_in(["X", "chrX"])
        own = own.filter(is_x | pl.col("key").is_in(listed["key"].implode()))
    return _in_order(pl.concat([own.select(SKETCH.names), added.select(SKETCH.names)]))


def _spelling(rows: pl.DataFrame, regions: pl.DataFrame | None) -> dict[str, str]:
    """Either spelling of a contig (chr1, 1) to the sample's own."""
    found = set(rows["contig"].unique())
    found |= set(regions["contig"].unique()) if regions is not None else set()
    return {spelt: own for own in sorted(found) for spelt in (bare(own), f"chr{bare(own)}")}


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.with_columns(rank=_rank(rows["contig"]))
        .sort("rank", "position", "ref", "alt", "dosage", nulls_last=False)
        .unique(["contig", "position", "ref", "alt"], keep="first", maintain_order=True)
        .select(SKETCH.names)
    )


def _rank(contigs: pl.Series) -> pl.Expr:
    order = sorted(contigs.unique(), key=contig_order)
    ranks = {contig: rank for rank, contig in enumerate(order)}
    return pl.col("contig").replace_strict(ranks, return_dtype=pl.Int32, default=None)

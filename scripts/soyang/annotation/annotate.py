"""What is known of each site: ClinVar, dbSNP, population and cohort frequencies."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.knowledge import fetch, open_source
from soyang.annotation.sites import in_order, read_sites
from soyang.annotation.tables import ANNOTATED, DESCRIBED, SITE
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_table, write_table

STARS = {
    "practice guideline": 4,
    "reviewed by expert panel": 3,
    "criteria provided, multiple submitters, no conflicts": 2,
    "criteria provided, multiple submitters": 1,
    "criteria provided, conflicting classifications": 1,
    "criteria provided, conflicting interpretations": 1,
    "criteria provided, single submitter": 1,
    "no assertion criteria provided": 0,
    "no assertion provided": 0,
    "no classification provided": 0,
    "no interpretation for the single variant": 0,
    "no classification for the single variant": 0,
    "no classifications from unflagged records": 0,
}
"""Review status to stars: ClinVar, "Review status" (the words of 2023 and of 2024 on)."""

_NOT_GIVEN = ("not provided", "not specified")
_COUNTS = ("ac", "an", "nhomalt")


def annotate(
    *,
    described: Path,
    sites: Path,
    annotated: Path,
    clinvar: Path | None = None,
    dbsnp: Path | None = None,
    frequencies: Path | None = None,
    reference: Path | None = None,
) -> None:
    """Join what public sources and the cohort say of each allele.

    A source's records are split and, given the reference, left-aligned before they are
    compared, so that the same change written differently is found. Only the surroundings of
    our sites are read.

    Args:
        described: table that `annotation describe` wrote.
        sites: the cohort's sites with their counts.
        annotated: table to write.
        clinvar: ClinVar VCF (CLNSIG, CLNREVSTAT, CLNDN; ID is the VariationID).
        dbsnp: dbSNP VCF (ID is the rs number).
        frequencies: population VCF (AC, AN, nhomalt).
        reference: FASTA that the sites were called on; without it sources are not
            left-aligned, nor checked to be of the same assembly.
    """
    rows = read_table(described, DESCRIBED)
    counts = read_sites(sites, _COUNTS)
    _require_counts(rows, counts, described, sites)
    genome = Genome(reference) if reference else None
    places = counts.select("contig", "position", "ref")
    wide = (
        rows.join(_dbsnp(dbsnp, places, genome), on=SITE, how="left")
        .join(_clinvar(clinvar, places, genome), on=SITE, how="left")
        .join(_population(frequencies, places, genome), on=SITE, how="left")
        .join(_cohort(counts), on=SITE, how="left")
    )
    write_table(in_order(wide.select(ANNOTATED.names)), annotated, ANNOTATED)


def _require_counts(rows: pl.DataFrame, counts: pl.DataFrame, file: Path, sites: Path) -> None:
    missing = rows.join(counts, on=SITE, how="anti").select(SITE).unique()
    beyond = counts.join(rows, on=SITE, how="anti")
    if missing.height or beyond.height:
        raise FaultError(
            Fault(
                code="sites-differ",
                file=str(file),
                found=f"{missing.height} sites that {sites.name} lacks, and "
                f"{beyond.height} of its sites not there",
                allowed=f"the sites of {sites.name}",
                next_step="run `soyang annotation consequence` on these sites again",
            )
        )


def _fields(table: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """Columns of ANNOTATED that begin with ``prefix``, and the site."""
    return table.select(*SITE, *(name for name in ANNOTATED.names if name.startswith(prefix)))


def _nothing(*prefixes: str) -> pl.DataFrame:
    wanted = [name for name in ANNOTATED.names if name in SITE or name.startswith(prefixes)]
    return ANNOTATED.empty().select(wanted)


def _dbsnp(path: Path | None, places: pl.DataFrame, genome: Genome | None) -> pl.DataFrame:
    if path is None:
        return _nothing("rsid")
    return rsids(fetch(open_source(path, ()), places, (), genome))


def rsids(alleles: pl.DataFrame) -> pl.DataFrame:
    """Rs numbers of each allele; several joined by ``;``, the lowest first.

    Args:
        alleles: columns contig, position, ref, alt, id.
    """
    number = pl.col("id").str.extract(r"^rs(\d+)$").cast(pl.Int64)
    return (
        alleles.with_columns(pl.col("id").str.split(";"))
        .explode("id")
        .with_columns(number=number)
        .drop_nulls("number")
        .unique([*SITE, "number"])
        .sort("number")
        .group_by(SITE, maintain_order=True)
        .agg(rsid=pl.col("id").str.join(";"))
    )


def _clinvar(path: Path | None, places: pl.DataFrame, genome: Genome | None) -> pl.DataFrame:
    if path is None:
        return _nothing("clinvar_")
    source = open_source(path, ("CLNSIG",))
    records = classifications(fetch(source, places, ("CLNSIG", "CLNREVSTAT", "CLNDN"), genome))
    unknown = records.filter(
        pl.col("clinvar_review").is_not_null() & pl.col("clinvar_stars").is_null()
    )["clinvar_review"].unique()
    if len(unknown):
        print(f"{path}: no stars for review status {'; '.join(unknown.sort())}", file=sys.stderr)
    return records


def classifications(alleles: pl.DataFrame) -> pl.DataFrame:
    """ClinVar's columns of ANNOTATED; of several records on one allele, the best reviewed.

    Args:
        alleles: columns contig, position, ref, alt, id, CLNSIG, CLNREVSTAT, CLNDN.
    """
    review = pl.col("CLNREVSTAT").str.replace_all("_", " ")
    named = pl.col("CLNDN").str.replace_all("_", " ").str.split("|")
    given = named.list.eval(pl.element().filter(~pl.element().is_in(_NOT_GIVEN)))
    return (
        alleles.with_columns(
            clinvar_id="id",
            clinvar_significance="CLNSIG",
            clinvar_review=review,
            clinvar_stars=review.replace_strict(STARS, default=None, return_dtype=pl.Int8),
            clinvar_conditions=pl.when(given.list.len() > 0).then(given.list.join("|")),
        )
        .sort(
            pl.col("clinvar_stars").fill_null(-1),
            pl.col("clinvar_significance").is_not_null(),
            -pl.col("clinvar_id").cast(pl.Int64, strict=False).fill_null(0),
            descending=True,
            maintain_order=True,
        )
        .unique(SITE, keep="first", maintain_order=True)
        .pipe(_fields, "clinvar_")
    )


def _population(path: Path | None, places: pl.DataFrame, genome: Genome | None) -> pl.DataFrame:
    if path is None:
        return _nothing("population_")
    source = open_source(path, ("AC", "AN"))
    return population(fetch(source, places, ("AC", "AN", "nhomalt"), genome))


def population(alleles: pl.DataFrame) -> pl.DataFrame:
    """Population columns of ANNOTATED; of several records on one allele, that with most alleles.

    Args:
        alleles: columns contig, position, ref, alt, AC, AN, nhomalt (text).
    """
    return (
        alleles.with_columns(
            population_ac=pl.col("AC").cast(pl.Int32),
            population_an=pl.col("AN").cast(pl.Int32),
            population_nhomalt=pl.col("nhomalt").cast(pl.Int32),
        )
        .sort("population_an", "population_ac", descending=True, nulls_last=True)
        .unique(SITE, keep="first", maintain_order=True)
        .pipe(_fields, "population_")
    )


def _cohort(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.select(*SITE, *(pl.col(n).cast(pl.Int32).alias(f"cohort_{n}") for n in _COUNTS))

"""Genotypes of one sample's normalised VCF as columns."""

from __future__ import annotations

import polars as pl

from soyang.cohort.tables import GENOTYPES, SITE
from soyang.core.errors import Fault, FaultError

FIELDS = ("GT", "DP", "AD", "GQ", "PS")
"""FORMAT fields read."""
_OF_ONE_ALLELE = r"^[01.]([/|][01.])*$"
_SEQUENCE = r"^[ACGTNacgtn]+$"


def carried(records: pl.DataFrame, *, person: str, sample: str, source: str) -> pl.DataFrame:
    """The alternate alleles that the sample carries, one row each, in the order given.

    Left out are genotypes without the alternate allele, missing ones, and alternates that
    are no sequence (``*``, ``<NON_REF>``): they stand for what another record says.

    Args:
        records: contig, position, ref, alt, filter, agreement, GT, DP, AD, GQ, PS as text.
        person: person's pseudonym.
        sample: sample.
        source: the VCF, for faults.

    Returns:
        The columns of GENOTYPES.

    Raises:
        FaultError: a record of two alternate alleles, or a site given twice.
    """
    rows = records.filter(pl.col("alt").str.contains(_SEQUENCE) | pl.col("alt").str.contains(","))
    _check(
        rows.filter(pl.col("alt").str.contains(",") | ~pl.col("GT").str.contains(_OF_ONE_ALLELE)),
        source=source,
        sample=sample,
        found="more than one alternate allele",
    )
    rows = rows.filter(pl.col("GT").str.contains("1", literal=True)).select(
        *SITE,
        person=pl.lit(person),
        sample=pl.lit(sample),
        genotype=pl.col("GT"),
        dosage=pl.col("GT").str.count_matches("1", literal=True).cast(pl.Int8),
        copies=(pl.col("GT").str.count_matches("[/|]") + 1).cast(pl.Int8),
        depth=pl.col("DP").cast(pl.Int32, strict=False),
        alt_depth=_alt_depth(),
        genotype_quality=pl.col("GQ").cast(pl.Float32, strict=False),
        phase_set=pl.col("PS").cast(pl.Int64, strict=False),
        filter=pl.col("filter"),
        agreement=pl.col("agreement"),
    )
    _check(rows.filter(rows.select(SITE).is_duplicated()), source, sample, "a second record")
    return rows.select(GENOTYPES.names)


def _alt_depth() -> pl.Expr:
    """Reads with the alternate allele, where AD gives the reference and one alternate."""
    depths = pl.col("AD").str.split(",")
    return pl.when(depths.list.len() == len(("ref", "alt"))).then(
        depths.list.get(1, null_on_oob=True).cast(pl.Int32, strict=False)
    )


def _check(bad: pl.DataFrame, source: str, sample: str, found: str) -> None:
    if not len(bad):
        return
    contig, position, ref, alt = bad.select(SITE).row(0)
    raise FaultError(
        Fault(
            code="vcf-not-normalised",
            file=source,
            row=f"{contig}:{position} {ref}>{alt}",
            found=found,
            allowed="one record for each alternate allele, left-aligned",
            next_step="make the sample's normalised VCF anew",
            sample=sample,
        )
    )

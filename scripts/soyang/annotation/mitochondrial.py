"""Variants of the mitochondrion: genes, consequences in its own genetic code, HGVS m., ClinVar."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.annotation.consequence import consequences_of
from soyang.annotation.describe import describe_contig
from soyang.annotation.engines.mitochondrion import Mitochondrion
from soyang.annotation.event_tables import MITOCHONDRIAL
from soyang.annotation.genome import Genome, require_match
from soyang.annotation.gff import Transcripts
from soyang.annotation.known import Queries, look_up
from soyang.annotation.rcrs import of_mitochondrion
from soyang.annotation.release.manifest import Kind
from soyang.annotation.release.reader import Release
from soyang.annotation.sites import in_order
from soyang.annotation.tables import SITE
from soyang.core.assembly import Assembly

_CLINVAR = tuple(name for name in MITOCHONDRIAL.names if name.startswith("clinvar_"))[:-1]
_NUMBER = "M"


def annotated(
    calls: pl.DataFrame,
    genome: Genome,
    known: Transcripts,
    release: Release | None,
    assembly: Assembly,
    *,
    file: Path,
) -> pl.DataFrame:
    """The table MITOCHONDRIAL of all samples' calls, by site and sample.

    Args:
        calls: rows of calling's mitochondrial variants.
        genome: the reference.
        known: its transcripts; where they have none of the mitochondrion, NC_012920.1's are taken.
        release: what is known; None: nothing.
        assembly: of the reference.
        file: named if a reference allele is not what the reference has.

    Raises:
        FaultError: an allele is not on the reference.
    """
    if calls.is_empty():
        return MITOCHONDRIAL.empty()
    places = in_order(calls.select(SITE).unique()).with_row_index("site")
    places = places.with_columns(pl.col("site").cast(pl.Int64))
    require_match(places.select("contig", "position", "ref").unique(), genome, file=file)
    told = _described(places, genome, of_mitochondrion(known, genome) or known, assembly)
    clinvar = _clinvar(places, release)
    rows = calls.join(told, on=SITE).join(clinvar, on=SITE)
    return rows.select(MITOCHONDRIAL.names).sort("position", "ref", "alt", "sample")


def _described(
    places: pl.DataFrame, genome: Genome, known: Transcripts, assembly: Assembly
) -> pl.DataFrame:
    """Columns of the site, hgvs_m, genes and consequence; a row for each site."""
    tool = Mitochondrion()  # the nuclear engine is asked of nothing
    rows = consequences_of(places, genome, known, tool, fitting=True).join(
        known.table.select("ensembl", "id").unique("ensembl"), on="ensembl", how="left"
    )
    named = [
        describe_contig(part, genome.sequence(str(contig)), str(contig), assembly, known)
        for (contig,), part in rows.group_by("contig", maintain_order=True)
    ]
    order = known.table.select("ensembl", "start").unique("ensembl")
    inside = pl.col("gene").is_not_null()
    return (
        pl.concat(named)
        .join(order, on="ensembl", how="left")
        .sort("site", "start", "gene", nulls_last=True)
        .group_by(SITE, maintain_order=True)
        .agg(
            hgvs_m=pl.col("hgvs_g").first(),
            genes=pl.col("gene").filter(inside).str.join(";"),
            consequence=pl.col("consequence").filter(inside).str.join(";"),
        )
        .with_columns(pl.col("hgvs_m", "genes", "consequence").fill_null(""))
    )


def _clinvar(places: pl.DataFrame, release: Release | None) -> pl.DataFrame:
    """ClinVar on the exact alleles, and whether it has any of the mitochondrion."""
    told = [
        pl.concat([part.select(SITE), look_up(release, Queries.of_sites(part))], how="horizontal")
        for part in places.partition_by("contig", maintain_order=True)
    ]
    sources = release.of_kind(Kind.CLINVAR) if release else []
    known = any(release.sources[name].rows.get(_NUMBER) for name in sources) if release else False
    return pl.concat(told).select(
        *SITE,
        *(pl.col(name).cast(MITOCHONDRIAL.schema[name]) for name in _CLINVAR),
        clinvar_known=pl.lit(known),
    )

"""Where absence of a variant means the reference allele, and where it can't be said."""

from __future__ import annotations

import polars as pl

from soyang.interpretation.tables import Coverage, NotAssessedRegion

CONTIG_START = ["contig", "start"]


def covered(spans: pl.DataFrame, regions: pl.DataFrame) -> pl.Series:
    """Bases of each span that lie in regions.

    Args:
        spans: columns contig, start, end (0-based, half-open), any order.
        regions: the same, merged: no two of them overlap.

    Returns:
        Bases, in the order of ``spans``.
    """
    before = regions.sort(CONTIG_START).with_columns(
        length=pl.col("end") - pl.col("start"),
        before=(pl.col("end") - pl.col("start")).cum_sum().over("contig")
        - (pl.col("end") - pl.col("start")),
    )
    until_start = _covered_until(spans, "start", before)
    until_end = _covered_until(spans, "end", before)
    return (until_end - until_start).alias("covered")


def _covered_until(spans: pl.DataFrame, column: str, before: pl.DataFrame) -> pl.Series:
    """Region bases of the contig left of each span's ``column``."""
    points = (
        spans.with_row_index("order")
        .select("order", "contig", point=pl.col(column))
        .sort("contig", "point")
    )
    joined = points.join_asof(
        before.select("contig", "start", "length", "before"),
        left_on="point",
        right_on="start",
        by="contig",
        strategy="backward",
        check_sortedness=False,
    )
    inside = pl.min_horizontal(pl.col("point") - pl.col("start"), "length") + pl.col("before")
    return joined.select("order", value=inside.fill_null(0)).sort("order")["value"]


def merged(spans: pl.DataFrame) -> pl.DataFrame:
    """Spans (contig, start, end) without overlaps, so that a shared base counts once."""
    reach = pl.col("end").cum_max().over("contig").shift(1).over("contig")
    return (
        spans.select("contig", "start", "end")
        .sort(CONTIG_START)
        .with_columns(
            block=(pl.col("start") > reach.fill_null(-1)).cast(pl.Int64).cum_sum().over("contig")
        )
        .group_by("contig", "block")
        .agg(pl.col("start").min(), pl.col("end").max())
        .select("contig", "start", "end")
        .sort(CONTIG_START)
    )


def coverage(exons: pl.DataFrame, regions: pl.DataFrame, *, known: bool) -> Coverage:
    """What of the coding exons was callable, exon by exon where not all was.

    Args:
        exons: TRANSCRIPTS, of the assessed genes.
        regions: the sample's callable regions.
        known: False for a plain VCF; then nothing is listed, because nothing can be said.
    """
    coding = merged(exons)
    bases = int((coding["end"] - coding["start"]).sum())
    genes = exons["gene"].n_unique()
    if not known:
        return Coverage(
            known=False, genes=genes, coding_bases=bases, callable_bases=0, not_callable=[]
        )
    return Coverage(
        known=True,
        genes=genes,
        coding_bases=bases,
        callable_bases=int(covered(coding, regions).sum()),
        not_callable=_gaps(exons, regions),
    )


def _gaps(exons: pl.DataFrame, regions: pl.DataFrame) -> list[NotAssessedRegion]:
    length = pl.col("end") - pl.col("start")
    lacking = (
        exons.with_columns(covered(exons, regions))
        .with_columns(of_bases=length, bases=length - pl.col("covered"))
        .filter(pl.col("bases") > 0)
        .sort("gene", "transcript", "exon")
    )
    return [
        NotAssessedRegion(
            gene=row["gene"],
            transcript=row["transcript"],
            exon=row["exon"],
            bases=row["bases"],
            of_bases=row["of_bases"],
            hgvs_region=f"{row['contig']}:{row['start'] + 1}-{row['end']}",
        )
        for row in lacking.iter_rows(named=True)
    ]

"""Regions of known dosage sensitivity, and of known harmlessness, that events touch."""

from __future__ import annotations

import polars as pl

from soyang.annotation.event_places import shared, sharing
from soyang.annotation.event_tables import REGION_HIT
from soyang.annotation.gff import Transcripts
from soyang.annotation.release.manifest import INTERVALS, Kind
from soyang.annotation.release.reader import Release
from soyang.annotation.sources.clingen_regions import split
from soyang.core.assembly import bare
from soyang.core.tables import DTypes

ESTABLISHED = 3
"""ClinGen's score for sufficient evidence of dosage sensitivity."""
_SPAN = {"start": pl.Int64(), "end": pl.Int64()}


def read_regions(release: Release | None) -> pl.DataFrame | None:
    """All regions of a release, by id; None: the release has no such source.

    Returns:
        Columns chromosome (bare), start, end (0-based, half-open), region, region_name,
        haploinsufficiency, triplosensitivity (missing: nobody has looked).
    """
    names = release.of_kind(Kind.CLINGEN_REGIONS) if release else []
    if release is None or not names:
        return None
    parts = [
        pl.read_parquet(release.path / INTERVALS / name / f"{chromosome}.parquet").select(
            pl.lit(chromosome).alias("chromosome"),
            *(pl.col(column).cast(dtype) for column, dtype in _SPAN.items()),
            pl.col("value").str.split("|"),
        )
        for name in names
        for chromosome, rows in sorted(release.sources[name].rows.items())
        if rows
    ]
    schema: dict[str, DTypes] = {
        "chromosome": pl.String(), **_SPAN, "value": pl.List(pl.String)
    }  # fmt: skip
    each = pl.concat([pl.DataFrame(schema=schema), *parts]).explode("value")
    return each.with_columns(split(pl.col("value"))).drop("value").sort("region")


def regions_hit(
    events: pl.DataFrame, regions: pl.DataFrame | None, known: Transcripts
) -> pl.Series:
    """REGION_HIT of each event, as column regions; missing where there is no source.

    Args:
        events: columns row (0, 1, 2, ...), contig, start, end.
        regions: as :func:`read_regions` gives them.
        known: the transcripts, for the protein-coding genes of each region.
    """
    dtype = pl.List(REGION_HIT)
    if regions is None:
        return pl.Series("regions", [None] * events.height, dtype=dtype)
    there = _on(regions, events["contig"].unique().to_list())
    spans = events.select("row", "start", "end")
    pairs = (
        sharing(events, there)
        .join(spans, on="row", maintain_order="left")
        .join(there, left_on="row_other", right_on="row", suffix="_other", maintain_order="left")
        .join(_genes(there, known), left_on="row_other", right_on="row", how="left")
        .with_columns(
            name=pl.col("region_name"),
            share=shared() / (pl.col("end_other") - pl.col("start_other")),
            within=shared() == pl.col("end") - pl.col("start"),
            genes=pl.col("genes").fill_null([]),
        )
        .with_columns(pl.col("start_other").alias("start"), pl.col("end_other").alias("end"))
    )  # fmt: skip
    fields = [pl.col(field.name).cast(field.dtype) for field in REGION_HIT.fields]
    told = pairs.sort("row", "region").group_by("row", maintain_order=True).agg(
        regions=pl.struct(fields)
    )  # fmt: skip
    lists = spans.join(told, on="row", how="left", maintain_order="left")["regions"]
    return lists.fill_null([]).cast(dtype).alias("regions")


def _on(regions: pl.DataFrame, contigs: list[str]) -> pl.DataFrame:
    """Regions named by these contigs, numbered."""
    names = pl.DataFrame(
        {"contig": contigs, "chromosome": [bare(contig) for contig in contigs]},
        schema={"contig": pl.String, "chromosome": pl.String},
    )
    there = regions.join(names, on="chromosome").sort("contig", "start", "end", "region")
    return there.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def _genes(regions: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Protein-coding genes that touch each region: columns row and genes."""
    coding = known.table.filter(pl.col("coding")).with_row_index("row")
    coding = coding.with_columns(pl.col("row").cast(pl.Int64))
    pairs = sharing(regions, coding).join(
        coding.select("row", "gene"), left_on="row_other", right_on="row"
    )
    return pairs.group_by("row").agg(genes=pl.col("gene").unique().sort())

"""Transcripts as GTF 2.2, the format that SnpEff builds its database from most faithfully.

MANE's and Ensembl's GFF3 prefix their IDs (``transcript:ENST…``) but not ``transcript_id``;
SnpEff 5.1 takes the one for transcripts and the other for their exons, and finds no match.
"""

from __future__ import annotations

import polars as pl

from soyang.annotation.engines.contract import tab_separated
from soyang.annotation.gff import Transcripts


def gtf_text(known: Transcripts) -> bytes:
    """GTF of the transcripts that csq is given too: those of the nucleus.

    Returns:
        Lines of type transcript, exon and CDS.
    """
    lines = known.lines
    table = known.table.filter(pl.col("contig").is_in(lines["contig"].unique().to_list()))
    heads = table.select("id", "contig", "strand", "coding").join(
        _genes(lines), on="id", how="left", maintain_order="left"
    )
    whole = table.select("id", "start", "end", phase=pl.lit("."), type=pl.lit("transcript"))
    exons = known.exons.select("id", "start", "end", phase=pl.lit("."), type=pl.lit("exon"))
    parts = pl.concat([whole, exons, _translated(lines, known)])
    rows = heads.with_row_index("row").join(parts, on="id")
    return tab_separated(
        rows.sort("row", pl.col("type") != "transcript", "start", "type").select(
            "contig",
            pl.lit("soyang"),
            "type",
            pl.col("start") + 1,
            "end",
            pl.lit(".").alias("score"),
            "strand",
            "phase",
            _attributes().alias("attributes"),
        )
    )


def _genes(lines: pl.DataFrame) -> pl.DataFrame:
    """Columns id, gene (the GFF's ID of it) and biotype of transcripts."""
    attributes = pl.col("attributes")
    named = lines.select(
        attributes.str.extract(r"(?:^|;)ID=transcript:([^;]*)").alias("id"),
        attributes.str.extract(r"(?:^|;)Parent=gene:([^;]*)").alias("gene"),
        attributes.str.extract(r"(?:^|;)biotype=([^;]*)").alias("biotype"),
    )
    return named.drop_nulls("id").unique("id", keep="first", maintain_order=True)


def _translated(lines: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """The coding parts with their phases as the GFF has them."""
    phases = lines.filter(pl.col("type") == "CDS").select(
        pl.col("attributes").str.extract(r"(?:^|;)Parent=(?:transcript:)?([^;]*)").alias("id"),
        (pl.col("start").cast(pl.Int64) - 1).alias("start"),
        pl.col("end").cast(pl.Int64),
        "phase",
    )
    unique = phases.unique(["id", "start", "end"], keep="first", maintain_order=True)
    parts = known.coding.join(unique, on=["id", "start", "end"], how="left")
    return parts.select("id", "start", "end", pl.col("phase").fill_null("."), type=pl.lit("CDS"))


def _attributes() -> pl.Expr:
    biotype = pl.when("coding").then(pl.lit("protein_coding")).otherwise("biotype")
    return pl.format(
        'gene_id "{}"; transcript_id "{}"; gene_biotype "{}"; transcript_biotype "{}";',
        pl.coalesce("gene", "id"), "id", biotype, biotype,
    )  # fmt: skip

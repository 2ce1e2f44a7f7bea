"""What an event does to genes, told from coordinates: which exons, which end, which part.

Coordinates are 0-based and half-open; exons are numbered in transcript order.
"""

from __future__ import annotations

import polars as pl

from soyang.annotation.event_places import sharing
from soyang.annotation.event_tables import GENE_HIT
from soyang.annotation.gff import Transcripts
from soyang.annotation.sites import MANE_ORDER

CODON = 3
_SCORES = ("haploinsufficiency", "triplosensitivity", "pli", "loeuf")


def genes_hit(events: pl.DataFrame, known: Transcripts, facts: pl.DataFrame) -> pl.DataFrame:
    """Genes that events touch, one row for each event and gene.

    A gene is told by one transcript: one with coding bases in the event, of these MANE Select
    first, then the first by name.

    Args:
        events: columns row (a number), contig, start, end.
        known: the transcripts.
        facts: columns gene (as the transcripts name it) and those of ClinGen and gnomAD.

    Returns:
        Column row and the fields of GENE_HIT, by row and gene.
    """
    table = known.table.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    pairs = sharing(events, table).join(
        events.select("row", "start", "end"), on="row", maintain_order="left"
    )
    columns = ["row", "id", "gene", "transcript", "ensembl", "mane", "strand", "start", "end"]
    pairs = pairs.join(
        table.select(columns), left_on="row_other", right_on="row", suffix="_other"
    ).drop("row_other")
    hits = (
        pairs.join(_exons(pairs, known), on=["row", "id"], how="left")
        .join(_coding(pairs, known), on=["row", "id"], how="left")
        .join(_measures(known), on="id", how="left")
        .with_columns(pl.col("coding_bases", "coding_length").fill_null(0))
        .with_columns(protein_coding=pl.col("coding_length") > 0, extent=_extent())
        .with_columns(part=_part(), breakpoints=_breakpoints())
        .with_columns(nmd=decays())
    )
    mane = pl.col("mane").replace_strict(MANE_ORDER, default=len(MANE_ORDER))
    chosen = hits.sort("row", "gene", pl.col("coding_bases") == 0, mane, "transcript").unique(
        ["row", "gene"], keep="first", maintain_order=True
    )
    scored = chosen.join(facts.select("gene", *_SCORES), on="gene", how="left")
    return scored.select(
        "row", *(pl.col(field.name).cast(field.dtype) for field in GENE_HIT.fields)
    ).sort("row", "gene")


def _exons(pairs: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """First and last exon that each event touches of each transcript."""
    return (
        pairs.select("row", "id", "start", "end")
        .join(known.exons, on="id", suffix="_other")
        .filter((pl.col("start") < pl.col("end_other")) & (pl.col("start_other") < pl.col("end")))
        .group_by("row", "id")
        .agg(first_exon=pl.col("exon").min(), last_exon=pl.col("exon").max())
    )


def _coding(pairs: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Coding bases of each transcript in each event, and the last exon that has some."""
    within = pl.min_horizontal("end", "end_other") - pl.max_horizontal("start", "start_other")
    return (
        pairs.select("row", "id", "start", "end")
        .join(known.coding, on="id", suffix="_other")
        .filter((pl.col("start") < pl.col("end_other")) & (pl.col("start_other") < pl.col("end")))
        .group_by("row", "id")
        .agg(coding_bases=within.sum(), last_coding_exon=pl.col("exon").max())
    )


def _measures(known: Transcripts) -> pl.DataFrame:
    """Of each transcript: exons, coding bases, genomic bounds of the coding part."""
    exons = known.exons.group_by("id").agg(exons=pl.col("exon").max())
    coding = known.coding.group_by("id").agg(
        coding_length=(pl.col("end") - pl.col("start")).sum(),
        coding_start=pl.col("start").min(),
        coding_end=pl.col("end").max(),
    )
    return exons.join(coding, on="id", how="left")


def _extent() -> pl.Expr:
    """Which end of the transcript (start_other to end_other) lies in the event."""
    left = pl.col("start") <= pl.col("start_other")
    right = pl.col("end") >= pl.col("end_other")
    plus = pl.col("strand") != "-"
    return (
        pl.when(left & right)
        .then(pl.lit("whole"))
        .when(~left & ~right)
        .then(pl.lit("internal"))
        .when(left == plus)
        .then(pl.lit("five_prime"))
        .otherwise(pl.lit("three_prime"))
    )


def _part() -> pl.Expr:
    """The weightiest part touched: coding, then untranslated, then intron."""
    before = (pl.col("start") < pl.col("coding_start")) == (pl.col("strand") != "-")
    utr = pl.when(before).then(pl.lit("utr5")).otherwise(pl.lit("utr3"))
    return (
        pl.when(pl.col("coding_bases") > 0)
        .then(pl.lit("coding"))
        .when(pl.col("first_exon").is_null())
        .then(pl.lit("intron"))
        .when("protein_coding")
        .then(utr)
        .otherwise(pl.lit("non_coding"))
    )


def _breakpoints() -> pl.Expr:
    low, high = pl.col("start_other"), pl.col("end_other")
    inside = [(low < pl.col(end)) & (pl.col(end) < high) for end in ("start", "end")]
    return pl.sum_horizontal(expression.cast(pl.Int32) for expression in inside)


def decays() -> pl.Expr:
    """Whether an internal change of the frame is expected to lead to nonsense-mediated decay.

    True where the frame is lost and the next exon is not the last, so that the new stop lies
    before the last junction (Abou Tayoun et al. 2018, Hum Mutat 39:1517, on single to multi-exon
    deletions); false where the frame is kept, the last exon follows, or the start codon lies in
    the event, after which nobody knows the frame; missing where the event does not lie within
    the transcript or takes no coding base.
    """
    internal = (pl.col("extent") == "internal") & (pl.col("coding_bases") > 0)
    shifts = pl.col("coding_bases") % CODON != 0
    followed = pl.col("last_coding_exon") + 1 < pl.col("exons")
    plus = pl.col("strand") != "-"
    initial = pl.when(plus).then("coding_start").otherwise(pl.col("coding_end") - 1)
    started = (pl.col("start") <= initial) & (initial < pl.col("end"))
    return pl.when(internal).then(shifts & followed & ~started)

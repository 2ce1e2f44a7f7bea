"""Which sites touch which transcripts, and where, told from coordinates alone."""

from __future__ import annotations

import polars as pl

from soyang.annotation.alleles import trim
from soyang.annotation.gff import Transcripts
from soyang.annotation.sites import sequence_alleles
from soyang.annotation.terms import UNCLEAR

_BIN = 65_536
"""Bases in a bin; pairs are looked for within bins, so that no site meets all transcripts."""


def changed(sites: pl.DataFrame) -> pl.DataFrame:
    """Add start and end (0-based, half-open) of the reference bases that each site changes.

    Both are the same for an insertion; an allele that is no sequence changes all of ref.
    """
    clear = trim(sites.filter(sequence_alleles())).drop("deleted", "inserted")
    rest = sites.filter(~sequence_alleles()).with_columns(start=pl.col("position") - 1)
    rest = rest.with_columns(end=pl.col("start") + pl.col("ref").str.len_bytes().cast(pl.Int64))
    return pl.concat([clear, rest.select(clear.columns)]).sort("site")


def touching(sites: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Pairs of a site and a transcript whose span it changes, and the SO term that this justifies.

    Args:
        sites: columns site, contig, position, ref, alt.
        known: the transcripts.

    Returns:
        Columns site, id, term.
    """
    pairs = _pairs(changed(sites), known.table)
    pairs = covers(pairs, known.exons, "exonic")
    pairs = covers(pairs, known.coding, "translated")
    five_prime = pl.when(pl.col("strand") == "-").then(
        pl.col("start") >= pl.col("coding_end")
    ).otherwise(pl.col("end") <= pl.col("coding_start"))  # fmt: skip
    spans = known.coding.group_by("id").agg(
        coding_start=pl.col("start").min(), coding_end=pl.col("end").max()
    )
    term = (
        pl.when(~pl.col("clear"))
        .then(pl.lit(UNCLEAR))
        .when(~pl.col("coding"))
        .then(pl.lit("non_coding_transcript_variant"))
        .when(~pl.col("exonic"))
        .then(pl.lit("intron_variant"))
        .when("translated")
        .then(pl.lit("coding_sequence_variant"))
        .when(five_prime)
        .then(pl.lit("5_prime_UTR_variant"))
        .otherwise(pl.lit("3_prime_UTR_variant"))
    )
    return pairs.join(spans, on="id", how="left").select("site", "id", term.alias("term"))


def _pairs(sites: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    spans = table.select("id", "contig", "coding", "strand", first="start", last="end")
    site = sites.select("site", "contig", "start", "end", clear=sequence_alleles())
    return (
        _binned(site, "start", "end")
        .join(_binned(spans, "first", "last"), on=["contig", "bin"])
        .filter((pl.col("start") < pl.col("last")) & (pl.col("end") > pl.col("first")))
        .drop("bin", "contig", "first", "last")
        .unique(["site", "id"])
    )


def _binned(frame: pl.DataFrame, start: str, end: str) -> pl.DataFrame:
    bins = pl.int_ranges(pl.col(start) // _BIN, pl.col(end) // _BIN + 1)
    return frame.with_columns(bins.alias("bin")).explode("bin")


def covers(pairs: pl.DataFrame, parts: pl.DataFrame, name: str) -> pl.DataFrame:
    """Whether the site changes a base of (or inserts into) one of the transcript's parts."""
    before = parts.select("id", pl.col("start").alias("key"), pl.col("end").alias("part_end"))
    return (
        pairs.with_columns(key=pl.col("end") - 1)
        .sort("key")
        .join_asof(
            before.sort("key"), on="key", by="id", strategy="backward", check_sortedness=False
        )
        .with_columns((pl.col("part_end") > pl.col("start")).fill_null(False).alias(name))
        .drop("key", "part_end")
    )

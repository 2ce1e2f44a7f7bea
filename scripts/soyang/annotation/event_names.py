"""HGVS names of structural events on their chromosome."""

from __future__ import annotations

import polars as pl

from soyang.annotation.dna import prefix
from soyang.core.assembly import Assembly

_WORDS = {"deletion": "del", "duplication": "dup", "inversion": "inv"}


def hgvs(assembly: Assembly) -> pl.Expr:
    """The name of each event, as column hgvs_g; empty for breakends.

    Bounds that depth alone told are uncertain and stand in brackets; of an insertion only its
    length is named, N[length] or N[?] (HGVS nomenclature 21.0, "uncertain" and "insertion").
    Columns contig, start, end (0-based, half-open), kind, length, by_breakpoints.
    """
    first, last = (pl.col("start") + 1).cast(pl.String), pl.col("end").cast(pl.String)
    word = pl.col("kind").replace_strict(_WORDS, default="")
    sure = pl.concat_str(first, pl.lit("_"), last, word)
    unsure = pl.concat_str(pl.lit("(?_"), first, pl.lit(")_("), last, pl.lit("_?)"), word)
    size = pl.col("length").cast(pl.String).fill_null("?")
    after = (pl.col("start") + 2).cast(pl.String)
    inserted = pl.concat_str(first, pl.lit("_"), after, pl.lit("insN["), size, pl.lit("]"))
    head = pl.col("contig").map_elements(
        lambda contig: prefix(contig, assembly), return_dtype=pl.String
    )
    body = (
        pl.when(pl.col("kind") == "insertion")
        .then(inserted)
        .when(pl.col("by_breakpoints"))
        .then(sure)
        .otherwise(unsure)
    )
    named = pl.when(pl.col("kind") == "breakend").then(pl.lit("")).otherwise(head + body)
    return named.alias("hgvs_g")

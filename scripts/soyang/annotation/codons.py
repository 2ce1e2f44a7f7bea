"""Coding changes of one transcript that lie so close that a person's variants act together.

Codons are counted from 0 in the coding part of a transcript; other coordinates are 0-based and
half-open.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from soyang.annotation.gff import Transcripts
from soyang.annotation.overlap import changes
from soyang.annotation.terms import CODING_TERMS

FRAME_SPAN = 100
"""Codons within which a second frameshift may restore the reading frame.

61 of 64 codons are no stop; a random frame stays open over 100 of them in (61/64)^100 = 0.8 %,
so that what restores it further away comes too late.
"""

_MOST_RESTORING = 3
"""Frameshifts that restore the frame together: +1 and -1, or three of +1."""
_OWN = ["sample", "id"]


def coding_changes(sites: pl.DataFrame, rows: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Where in the coding part of each transcript sites change something.

    Args:
        sites: columns site (its row number), contig, position (1-based), ref, alt.
        rows: columns site, id (transcript), consequence (SO terms joined by ``&``).
        known: the transcripts.

    Returns:
        Columns site, id, consequence, start, end (of the changed bases), first, last (codons),
        shift (bases that the frame moves by, 0 to 2); sites that reach no coding part left out.
    """
    found = changes(sites)
    spans = sites.select(
        "site",
        pl.Series("start", found.start),
        pl.Series("end", found.end),
        shift=_shift(),
        clear=pl.Series(found.clear),
    ).filter("clear")
    terms = pl.col("consequence").str.split("&").list.set_intersection(list(CODING_TERMS))
    coding = rows.filter(terms.list.len() > 0).join(spans.drop("clear"), on="site")
    # An insertion stands between two bases, and may change the codon of either.
    low = pl.min_horizontal("start", pl.col("end") - 1)
    high = pl.max_horizontal("start", pl.col("end") - 1)
    placed = _codon(_codon(coding, low, "one", known), high, "other", known)
    both = pl.col("one", "other")
    return (
        placed.with_columns(first=pl.min_horizontal(both), last=pl.max_horizontal(both))
        .filter(pl.col("first").is_not_null())
        .select("site", "id", "consequence", "start", "end", "first", "last", "shift")
        .sort("site", "id")
    )


def _shift() -> pl.Expr:
    longer = pl.col("alt").str.len_bytes().cast(pl.Int64) - pl.col("ref").str.len_bytes()
    return longer.mod(3)


def _codon(rows: pl.DataFrame, base: pl.Expr, name: str, known: Transcripts) -> pl.DataFrame:
    """Add the codon of a genomic base; missing where the base is not in the coding part."""
    exons = known.exons.join(
        known.table.select("id", "strand", "cds_start", "cds_end"), on="id"
    ).select("id", pl.col("start").alias("_base"), "start", "end", "first", "strand",
             "cds_start", "cds_end")  # fmt: skip
    inside = pl.col("_base") < pl.col("end_exon")
    along = (
        pl.when(pl.col("strand") == "-")
        .then(pl.col("end_exon") - 1 - pl.col("_base"))
        .otherwise(pl.col("_base") - pl.col("start_exon"))
    )
    place = pl.col("first_exon") + along
    coding = inside & (place >= pl.col("cds_start")) & (place < pl.col("cds_end"))
    renamed = exons.rename({"start": "start_exon", "end": "end_exon", "first": "first_exon"})
    return (
        rows.with_columns(_base=base)
        .sort("_base")
        .join_asof(
            renamed.sort("_base"), on="_base", by="id", strategy="backward",
            check_sortedness=False,
        )
        .with_columns(pl.when(coding).then((place - pl.col("cds_start")) // 3).alias(name))
        .drop("_base", "start_exon", "end_exon", "first_exon", "strand", "cds_start", "cds_end")
    )  # fmt: skip


def neighbours(carried: pl.DataFrame) -> pl.DataFrame:
    """Runs of one person's coding changes in which each may act together with the one before.

    Two do if they lie in the same or in adjacent codons, or if they stand between frameshifts
    that restore the frame within :data:`FRAME_SPAN` codons, these included.

    Args:
        carried: columns sample, id, site, first, last, shift, and others.

    Returns:
        The rows of runs of two or more, in the order of their codons, with the run's number in
        the column ``run``.
    """
    rows = carried.sort(*_OWN, "first", "last", "site")
    reach = pl.col("last").cum_max().shift(1).over(_OWN)
    close = (pl.col("first") - reach <= 1).fill_null(False)
    linked = rows.select(close.alias("linked"))["linked"] | _reframed(rows)
    numbered = rows.with_columns(run=(~linked).cum_sum())
    return numbered.filter(pl.len().over("run") > 1)


def _reframed(rows: pl.DataFrame) -> pl.Series:
    """Whether each row, and the one before it, lie between frameshifts that restore the frame."""
    shifting = rows.with_row_index("row").filter(pl.col("shift") != 0)
    step = np.zeros(rows.height + 1, dtype=np.int64)
    for more in range(1, _MOST_RESTORING):
        total = sum((pl.col("shift").shift(-k).over(_OWN) for k in range(1, more + 1)),
                    pl.col("shift"))  # fmt: skip
        near = [
            pl.col("first").shift(-k).over(_OWN) - pl.col("last").shift(1 - k).over(_OWN)
            <= FRAME_SPAN
            for k in range(1, more + 1)
        ]
        restored = shifting.with_columns(
            to=pl.col("row").shift(-more).over(_OWN), restored=(total % 3 == 0)
        ).filter(pl.all_horizontal("restored", *near))
        np.add.at(step, restored["row"].to_numpy() + 1, 1)
        np.add.at(step, restored["to"].to_numpy() + 1, -1)
    return pl.Series("linked", np.cumsum(step)[: rows.height] > 0)

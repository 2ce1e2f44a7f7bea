"""Canonical SPDI of variants, and the widening that makes two spellings of one change equal.

SPDI and its Variant Overprecision Correction Algorithm: Holmes, Moyer, Phan et al. 2020,
Bioinformatics 36:1902. A pure insertion or deletion is widened over all places where it
describes the same change, so its name does not depend on how far it was shifted.
Coordinates are 0-based and half-open.
"""

from __future__ import annotations

import polars as pl

from soyang.annotation.alleles import Bases, sliced, steps, trim
from soyang.annotation.dna import single_bases
from soyang.annotation.tables import SITE


def justified(sites: pl.DataFrame, sequence: Bases) -> pl.DataFrame:
    """Fully justified alleles.

    Args:
        sites: columns position (1-based), ref, alt of one contig; sequences that differ.
        sequence: the contig.

    Returns:
        A row for each site in the same order: start, end, deleted (the reference from start to
        end), inserted, and ``unit``, the bases put in or taken out by a pure insertion or
        deletion (0 for others).
    """
    rows = sites.select(*SITE[1:], single=single_bases()).with_row_index("row")
    plain = rows.filter("single").select(
        "row",
        start=pl.col("position").cast(pl.Int64) - 1,
        end=pl.col("position").cast(pl.Int64),
        deleted="ref",
        inserted="alt",
        unit=pl.lit(0, pl.Int64),
    )
    others = _widened(trim(rows.filter(~pl.col("single"))), sequence)
    return pl.concat([plain, others.select(plain.columns)]).sort("row").drop("row")


def _widened(events: pl.DataFrame, sequence: Bases) -> pl.DataFrame:
    left, right = (steps(events, sequence, rightwards=way) for way in (False, True))
    start, end = (events[name].to_numpy() for name in ("start", "end"))
    before, after = sliced(sequence, start - left, start), sliced(sequence, end, end + right)
    out, put = (pl.col(name).str.len_bytes().cast(pl.Int64) for name in ("deleted", "inserted"))
    return events.with_columns(
        pl.Series("start", start - left),
        pl.Series("end", end + right),
        before.alias("before"),
        after.alias("after"),
        unit=pl.when((out == 0) | (put == 0)).then(out + put).otherwise(0),
    ).with_columns(
        pl.concat_str("before", name, "after").alias(name) for name in ("deleted", "inserted")
    )


def spdi(rows: pl.DataFrame, accession: str) -> pl.Series:
    """SPDI of :func:`justified` alleles: ``sequence:position:deletion:insertion``.

    Args:
        rows: columns start, deleted, inserted.
        accession: the contig's, with version.
    """
    name = pl.concat_str(pl.lit(accession), "start", "deleted", "inserted", separator=":")
    return rows.select(name.alias("spdi")).to_series()

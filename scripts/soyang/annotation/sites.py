"""The cohort's sites: reading them, and their order."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.annotation.tables import MANE, SITE, SITE_COLUMNS
from soyang.core.assembly import contig_order
from soyang.core.errors import Fault, FaultError

MANE_ORDER = {name: number for number, name in enumerate(MANE)}


def read_sites(path: Path, extra: tuple[str, ...] = ()) -> pl.DataFrame:
    """Read sites, in order, numbered in the column ``site``.

    Args:
        path: Parquet table with contig, position (1-based), ref and alt.
        extra: further columns to take along.

    Raises:
        FaultError: the file is missing, lacks a column, has one of another type, a missing
            value, or a site twice.
    """
    wanted = [*SITE, *extra]
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FaultError(_fault(path, str(error).splitlines()[0], "a Parquet table")) from None
    if missing := [name for name in wanted if name not in frame.columns]:
        raise FaultError(_fault(path, f"no column {', '.join(missing)}", ", ".join(wanted)))
    for column in SITE_COLUMNS:
        values = frame[column.name]
        if values.dtype != column.dtype or values.null_count():
            found = f"{column.name} of {values.dtype} with {values.null_count()} missing"
            raise FaultError(_fault(path, found, f"{column.dtype}, a value in each row"))
    if (twice := frame.select(SITE).is_duplicated()).any():
        found = f"{frame.select(SITE).filter(twice).row(0)} twice"
        raise FaultError(_fault(path, found, "each site once"))
    return (
        in_order(frame.select(wanted))
        .with_row_index("site")
        .with_columns(pl.col("site").cast(pl.Int64))
    )


def read_columns(path: Path, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    """Tab-separated text without header, as a tool printed it; ``.`` and nothing are missing."""
    if not path.stat().st_size:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(
        path,
        separator="\t",
        has_header=False,
        schema=schema,
        quote_char=None,
        null_values=[".", ""],
    )


def _fault(path: Path, found: str, allowed: str) -> Fault:
    return Fault(
        code="sites-table",
        file=str(path),
        found=found,
        allowed=allowed,
        next_step="make the file anew with `soyang cohort count`",
    )


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows by chromosome, position, ref, alt, and transcript where there is one.

    A site's MANE Select transcripts stand first, then its MANE Plus Clinical ones.
    """
    contigs = sorted(frame["contig"].unique().to_list(), key=contig_order)
    rank = {contig: number for number, contig in enumerate(contigs)}
    by = [pl.col(name) for name in (*SITE[1:], "transcript") if name in frame.columns]
    if "mane" in frame.columns:
        by.insert(-1, pl.col("mane").replace_strict(MANE_ORDER, default=len(MANE_ORDER)))
    order = pl.col("contig").replace_strict(rank, return_dtype=pl.Int64)
    return frame.sort(order, *by, nulls_last=False)


def sequence_alleles() -> pl.Expr:
    """Whether alt is a sequence that differs from ref: no ``<DEL>``, ``*``, ``.`` or breakend."""
    sequence = r"^[ACGTN]+$"
    both = pl.col("ref").str.contains(sequence) & pl.col("alt").str.contains(sequence)
    return both & (pl.col("ref") != pl.col("alt"))

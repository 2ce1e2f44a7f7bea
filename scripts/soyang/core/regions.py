"""Intervals by the many: columns instead of objects."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError

REGIONS: dict[str, type[pl.DataType]] = {"contig": pl.String, "start": pl.Int64, "end": pl.Int64}
"""Columns of regions: start 0-based, end exclusive."""


def read_regions(bed: Path) -> pl.DataFrame:
    """Regions of a BED (plain or gzip): contig, start (0-based), end (exclusive).

    Raises:
        FaultError: not a BED.
    """
    try:
        return pl.read_csv(
            bed,
            separator="\t",
            has_header=False,
            schema=REGIONS,
            extra_columns="ignore",
            comment_prefix="#",
            raise_if_empty=False,
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FaultError(
            Fault(
                code="bed-unreadable",
                file=str(bed),
                found=str(error).split("\n", 1)[0] or "no BED",
                allowed="contig, start and end, separated by tabs",
                next_step="make the sample's callable regions anew",
            )
        ) from None

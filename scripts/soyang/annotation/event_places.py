"""Which spans lie on which others, contig by contig."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from soyang.annotation.release.intervals import pairs_sharing


def sharing(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Pairs of spans that share a base.

    Args:
        one: columns row (a number), contig, start, end (0-based, half-open).
        other: the same.

    Returns:
        Columns row and row_other, in order.
    """
    others = {contig: part for (contig,), part in other.group_by("contig")}
    found = [
        _pairs(part, others[contig])
        for (contig,), part in one.group_by("contig", maintain_order=True)
        if contig in others
    ]
    empty = pl.DataFrame(schema={"row": one.schema["row"], "row_other": other.schema["row"]})
    return pl.concat([empty, *found]).sort("row", "row_other")


def _pairs(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    left, right = (side.sort("start", "end", "row") for side in (one, other))
    spans = (side[name].to_numpy().astype(np.int64) for side in (right, left)
             for name in ("start", "end"))  # fmt: skip
    starts, ends, query_starts, query_ends = spans
    query, row = pairs_sharing(starts, ends, query_starts, query_ends)
    return pl.DataFrame(
        {
            "row": left["row"].gather(pl.Series(query)),
            "row_other": right["row"].gather(pl.Series(row)),
        }
    )


def batches(names: list[str], size: int) -> Iterator[list[str]]:
    """Names, ``size`` at a time."""
    for at in range(0, len(names), size):
        yield names[at : at + size]


def shared() -> pl.Expr:
    """Bases that start..end and start_other..end_other share."""
    low = pl.max_horizontal("start", "start_other")
    return pl.min_horizontal("end", "end_other") - low


def reciprocal() -> pl.Expr:
    """The lesser of the shares that two spans have of each other."""
    lengths = pl.max_horizontal(
        pl.col("end") - pl.col("start"), pl.col("end_other") - pl.col("start_other")
    )
    return shared() / lengths

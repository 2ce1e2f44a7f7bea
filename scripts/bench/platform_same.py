"""How many rows two answers share, and how many each has alone."""

import json
import sys

import polars as pl

FORM: dict[str, type[pl.DataType]] = {
    "person": pl.String,
    "concept_set": pl.String,
    "first_date": pl.Date,
    "last_date": pl.Date,
    "days": pl.Int64,
}


def shared_and_alone(ours: pl.DataFrame, peer: pl.DataFrame) -> tuple[int, int, int]:
    """Rows that both have, that only we have, that only the peer has; equal rows count each."""
    mine, theirs = (
        frame.select(pl.col(name).cast(kind) for name, kind in FORM.items())
        .group_by(pl.all())
        .agg(rows=pl.len().cast(pl.Int64))
        for frame in (ours, peer)
    )
    shared = (
        mine.join(theirs, on=list(FORM), nulls_equal=True)
        .select(pl.min_horizontal("rows", "rows_right").sum())
        .item()
    )
    return shared, len(ours) - shared, len(peer) - shared


def main(ours: str, peer: str) -> None:
    """Print the three counts."""
    print(json.dumps(shared_and_alone(pl.read_parquet(ours), pl.read_parquet(peer))))


if __name__ == "__main__":
    main(*sys.argv[1:])

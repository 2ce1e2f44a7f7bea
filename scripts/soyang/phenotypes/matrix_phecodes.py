"""People x phecodes: case, control, unknown."""

from __future__ import annotations

import numpy as np
import polars as pl

from soyang.phenotypes.matrix_tables import MATRIX_COLUMNS

UNKNOWN = -1


def spread(phecodes: pl.DataFrame, people: pl.DataFrame, persons: pl.Series) -> pl.DataFrame:
    """One row a person, one Int8 column for each phecode with a case: 1, 0 or missing.

    Args:
        phecodes: person, phecode, status: those who are not simply controls (PHECODES).
        people: person, control: of whom absence of a code says something (PHECODE_PERSONS);
            of a person who is not in it, nobody knows.
        persons: who is wanted, in the order of the rows.
    """
    wanted = phecodes.join(persons.to_frame("person"), on="person", how="semi")
    codes = wanted.filter(pl.col("status") == "case")["phecode"].unique().sort()
    control = persons.is_in(people.filter(pl.col("control"))["person"].implode()).to_numpy()
    start = np.where(control, 0, UNKNOWN).astype(np.int8)
    grid = np.repeat(start[np.newaxis, :], len(codes), axis=0)
    placed = (
        wanted.join(codes.to_frame("phecode").with_row_index("column"), on="phecode")
        .join(persons.to_frame("person").with_row_index("row"), on="person")
        .with_columns(pl.when(pl.col("status") == "case").then(1).otherwise(UNKNOWN).alias("is"))
    )
    grid[placed["column"].to_numpy(), placed["row"].to_numpy()] = placed["is"].to_numpy()
    columns = {code: pl.Series(values=grid[at]) for at, code in enumerate(codes)}
    frame = pl.DataFrame({"person": persons, **columns})
    return frame.with_columns(
        pl.when(pl.col(code) != UNKNOWN).then(pl.col(code)).alias(code) for code in codes
    )


def describe(
    grid: pl.DataFrame, phecodes: pl.DataFrame, labels: pl.DataFrame | None
) -> pl.DataFrame:
    """MATRIX_COLUMNS of a grid.

    Args:
        grid: what :func:`spread` gives.
        phecodes: PHECODES, for the names.
        labels: columns phecode and category, where there are labels.
    """
    codes = grid.columns[1:]
    values = grid.select(codes)
    counts = pl.DataFrame(
        {
            "phecode": codes,
            "cases": _row(values.select((pl.col(codes) == 1).sum()) if codes else values),
            "unknown": _row(values.null_count()),
        },
        schema={"phecode": pl.String, "cases": pl.Int64, "unknown": pl.Int64},
    )
    names = phecodes.group_by("phecode").agg(pl.col("name").min())
    categories = pl.DataFrame(schema={"phecode": pl.String, "category": pl.String})
    if labels is not None:
        categories = labels.select("phecode", "category").unique("phecode", keep="first")
    return (
        counts.join(names, on="phecode", how="left")
        .join(categories, on="phecode", how="left")
        .with_columns(
            (len(grid) - pl.col("cases") - pl.col("unknown")).alias("controls"),
            pl.col("name", "category").fill_null(""),
        )
        .select(MATRIX_COLUMNS.names)
        .sort("phecode")
    )


def _row(frame: pl.DataFrame) -> list[int]:
    return [int(number) for number in frame.row(0)] if frame.width else []

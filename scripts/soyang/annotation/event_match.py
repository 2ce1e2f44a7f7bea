"""When two events are one: the same change told by breakpoints and by depth, or in two people.

Two deletions (or duplications) are taken to be the same if each covers at least half of the
other, as in the Database of Genomic Variants' and DECIPHER's practice of 50 % reciprocal overlap.
"""

from __future__ import annotations

import polars as pl

from soyang.annotation.event_places import reciprocal, sharing

SAME = 0.5
"""Share of each other that makes two events one."""
MEASURED = ("deletion", "duplication")
"""Kinds that depth can tell, and whose bounds can be compared."""


def folded(events: pl.DataFrame) -> pl.DataFrame:
    """Events of one sample, an event told by breakpoints and by depth in one row.

    The row told by breakpoints stays, with the depth's copies where it had none; of several
    that fit, those that cover each other most are joined, each once.

    Args:
        events: rows of calling's events of one sample.

    Returns:
        The rows with depth_event, source (also ``both``), by_breakpoints and by_depth.
    """
    rows = events.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    twins = _twins(rows)
    depth = rows.join(twins, left_on="row", right_on="row_depth", how="semi")
    partner = twins.join(depth, left_on="row_depth", right_on="row", suffix="_of_depth").select(
        "row",
        pl.col("event").alias("depth_event"),
        *(pl.col(n).alias(f"{n}_depth") for n in ("copies", "callers", "filter", "genotype")),
    )
    kept = rows.join(depth.select("row"), on="row", how="anti")
    return _joined(kept.join(partner, on="row", how="left", maintain_order="left")).drop("row")


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    both = pl.col("depth_event").is_not_null()
    unknown = ~pl.col("genotype").str.contains("1", literal=True)
    callers = pl.concat_list(pl.col("callers", "callers_depth").str.split(";"))
    passed = (pl.col("filter") == "PASS") | (pl.col("filter_depth") == "PASS").fill_null(False)
    return rows.with_columns(
        pl.col("depth_event").fill_null(""),
        pl.coalesce("copies", "copies_depth").alias("copies"),
        pl.when(both & unknown).then("genotype_depth").otherwise("genotype").alias("genotype"),
        pl.when(both)
        .then(callers.list.drop_nulls().list.unique().list.sort().list.join(";"))
        .otherwise("callers")
        .alias("callers"),
        pl.when(both & passed).then(pl.lit("PASS")).otherwise("filter").alias("filter"),
        pl.when(both).then(pl.lit("both")).otherwise("source").alias("source"),
        by_breakpoints=pl.col("source") == "structural",
        by_depth=both | (pl.col("source") == "copy_number") | _depth_agrees(),
    ).drop("copies_depth", "callers_depth", "filter_depth", "genotype_depth")


def _depth_agrees() -> pl.Expr:
    fewer = pl.col("copies") < pl.col("expected_copies")
    more = pl.col("copies") > pl.col("expected_copies")
    lost, gained = (pl.col("kind") == kind for kind in MEASURED)
    return ((lost & fewer) | (gained & more)).fill_null(False)


def _twins(rows: pl.DataFrame) -> pl.DataFrame:
    """Columns row (by breakpoints) and row_depth: those that are one, each row at most once."""
    found = pairs_alike(
        rows.filter((pl.col("source") == "structural") & pl.col("kind").is_in(MEASURED)),
        rows.filter(pl.col("source") == "copy_number"),
    ).sort("reciprocal", "row", "row_other", descending=[True, False, False])
    taken: set[int] = set()
    chosen = []
    for row, other in found.select("row", "row_other").iter_rows():
        if row not in taken and other not in taken:
            taken |= {row, other}
            chosen.append((row, other))
    return pl.DataFrame(chosen, schema={"row": pl.Int64, "row_depth": pl.Int64}, orient="row").sort(
        "row"
    )


def pairs_alike(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Pairs of events of one kind that are the same change.

    Args:
        one: columns row (a number), kind, contig, start, end.
        other: the same.

    Returns:
        Columns row, row_other, reciprocal.
    """
    keyed = [
        frame.with_columns(pl.concat_str("kind", "contig", separator=" ").alias("contig"))
        for frame in (one, other)
    ]
    spans = [frame.select("row", "start", "end") for frame in (one, other)]
    return (
        sharing(*keyed)
        .join(spans[0], on="row", maintain_order="left")
        .join(spans[1], left_on="row_other", right_on="row", suffix="_other")
        .select("row", "row_other", reciprocal=reciprocal())
        .filter(pl.col("reciprocal") >= SAME)
    )


def carriers(events: pl.DataFrame, counted: list[str]) -> pl.Series:
    """How many counted people have the same event, for each; missing: not a loss or a gain.

    Args:
        events: columns sample, kind, contig, start, end.
        counted: samples that may be counted.
    """
    place = ["kind", "contig", "start", "end"]
    measured = events.filter(pl.col("kind").is_in(MEASURED))
    spans = measured.select(place).unique(maintain_order=True).with_row_index("row")
    spans = spans.with_columns(pl.col("row").cast(pl.Int64))
    theirs = (
        measured.filter(pl.col("sample").is_in(counted))
        .join(spans, on=place)
        .select(pl.col("row").alias("row_other"), "sample")
        .unique()
    )
    numbers = (
        pairs_alike(spans, spans)
        .join(theirs, on="row_other")
        .group_by("row")
        .agg(carriers=pl.col("sample").n_unique().cast(pl.Int64))
    )
    told = spans.join(numbers, on="row", how="left").with_columns(pl.col("carriers").fill_null(0))
    return events.join(told, on=place, how="left", maintain_order="left")["carriers"]

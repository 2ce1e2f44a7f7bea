"""Data points to days: duplicates once, one source a day, local midnights, worn hours, limits."""

from __future__ import annotations

import duckdb
import polars as pl

from soyang.phenotypes.lifelog_schemas import MEASURES, Limits
from soyang.phenotypes.tables import LIFELOG, LIFELOG_DAYS

DECIMALS = 6
"""Amounts are added as decimals, so that their sum does not depend on the order of threads."""


def days(
    connection: duckdb.DuckDBPyConnection, min_wear_hours: float, limits: Limits
) -> pl.DataFrame:
    """LIFELOG_DAYS from the tables that ``lifelog_points.load`` made.

    A point counts once, whether its id comes again (the last one created holds) or the same
    source repeats interval and value. What one source has counted in two schemas, or two devices
    at the same time, is never added: the stream worn longest that day counts, then the one with
    the most (sums) or the most points (means), as a second device on the same wrist repeats the
    steps of the first (HealthKit's and Health Connect's rule: one source at a time). Steps and
    minutes are shared over local days by time; a night's sleep is of the day it ends.

    A day counts for activity and mean heart rate when its own source was worn for
    ``min_wear_hours`` (10 h: Troiano et al. 2008, Med Sci Sports Exerc 40:181), told by the hours
    with a heart beat (as Master et al. 2022 do for wrist devices). No heart rate: nobody
    knows, so the day does not count.
    """
    for statement in (_UNIQUE, _ONCE, _parts(), _streams(), _WORN, _BEST):
        connection.execute(statement)
    found = pl.DataFrame(connection.sql("SELECT * FROM best").to_arrow_table())
    return judge(found, min_wear_hours, limits)


_UNIQUE = """
CREATE TEMP TABLE unique_ids AS
SELECT *, row_number() OVER (
    PARTITION BY person, measure, coalesce(id::VARCHAR, concat_ws(' ', 'none', stream, start_utc,
                 end_utc, on_date, value))
    ORDER BY created DESC NULLS LAST, start_utc, end_utc, value, stream) AS nth
FROM points QUALIFY nth = 1
"""
_ONCE = """
CREATE TEMP TABLE once AS
SELECT DISTINCT ON (person, measure, stream, start_utc, end_utc, on_date, value) *
FROM unique_ids
ORDER BY person, measure, stream, start_utc, end_utc, on_date, value, plausible,
         start_minutes, end_minutes
"""


def _names(day: str) -> str:
    return ", ".join(f"'{name}'" for name, measure in MEASURES.items() if measure.day == day)


def _parts() -> str:
    """Each point's share in each local day that it belongs to."""
    rows = "person, measure, stream, source, plausible"
    return f"""
    CREATE TEMP TABLE parts AS
    WITH placed AS (
        SELECT *,
            coalesce(on_date, local_of(start_utc, start_minutes)::DATE) AS first_day,
            coalesce(on_date, CASE
                WHEN measure IN ({_names("end")}) THEN local_of(end_utc, end_minutes)
                WHEN end_utc > start_utc
                    THEN local_of(end_utc - INTERVAL 1 MICROSECOND, start_minutes)
                ELSE local_of(start_utc, start_minutes) END::DATE) AS last_day
        FROM once
    ), whole AS (
        SELECT {rows}, value,
            CASE WHEN measure IN ({_names("end")}) THEN last_day ELSE first_day END AS day
        FROM placed
        WHERE measure NOT IN ({_names("shared")}) OR first_day = last_day
    ), split AS (
        SELECT {rows}, value, start_utc, end_utc, start_minutes,
            unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))::DATE AS day
        FROM placed
        WHERE measure IN ({_names("shared")}) AND first_day < last_day
    )
    SELECT {rows}, value, day FROM whole
    UNION ALL
    SELECT {rows},
        value * (
            epoch_us(least(end_utc, midnight_of(day + 1, start_minutes)))
            - epoch_us(greatest(start_utc, midnight_of(day, start_minutes)))
        ) / (epoch_us(end_utc) - epoch_us(start_utc)),
        day
    FROM split
    """


def _streams() -> str:
    """Value of each stream on each day."""
    amount = f"try_cast(value AS DECIMAL(18, {DECIMALS}))"
    kinds = {kind: [n for n, m in MEASURES.items() if m.summary == kind] for kind in _SUMMARIES}
    cases = " ".join(
        f"WHEN measure IN ({', '.join(repr(name) for name in kinds[kind])}) THEN {_SUMMARIES[kind]}"
        for kind in kinds
    )
    return f"""
    CREATE TEMP TABLE streams AS
    WITH exact AS (SELECT * REPLACE (CASE WHEN plausible THEN {amount} END AS value) FROM parts)
    SELECT person, day, measure, stream, source, count(value) AS points,
        CASE {cases} END AS value
    FROM exact GROUP BY person, day, measure, stream, source
    """


_SUMMARIES = {
    "sum": "sum(value)::DOUBLE",
    "mean": "sum(value)::DOUBLE / nullif(count(value), 0)",
    "median": "median(value::DOUBLE)",
}
_WORN = """
CREATE TEMP TABLE worn AS
SELECT person, source, hour::DATE AS day, count(DISTINCT hour)::DOUBLE AS hours_worn
FROM wear GROUP BY ALL
"""
_BEST = f"""
CREATE TEMP TABLE best AS
SELECT person, day, measure, round(value, {DECIMALS}) AS value, hours_worn, points
FROM streams LEFT JOIN worn USING (person, source, day)
QUALIFY row_number() OVER (
    PARTITION BY person, day, measure
    ORDER BY points > 0 DESC, hours_worn DESC NULLS LAST,
        CASE WHEN measure IN ({
    ", ".join(repr(n) for n, m in MEASURES.items() if m.summary == "sum")
}) THEN value ELSE points END DESC,
        points DESC, stream) = 1
ORDER BY person, day, measure
"""


def judge(found: pl.DataFrame, min_wear_hours: float, limits: Limits) -> pl.DataFrame:
    """LIFELOG_DAYS: which days count, and why not.

    Args:
        found: person, day, measure, value, hours_worn, points.
        min_wear_hours: hours worn that make a day valid for measures that need it.
        limits: plausible values of a whole day.
    """
    worn = [name for name, measure in MEASURES.items() if measure.worn]
    high = {name: limit.high for (name, scope), limit in limits.items() if scope == "day"}
    low = {name: limit.low for (name, scope), limit in limits.items() if scope == "day"}
    bounds = [
        pl.col("measure").replace_strict(bound, default=None, return_dtype=pl.Float64)
        for bound in (low, high)
    ]
    beyond = (pl.col("value") < bounds[0]) | (pl.col("value") > bounds[1])
    needs = pl.col("measure").is_in(worn)
    return (
        found.with_columns(
            pl.when(beyond.fill_null(False)).then(None).otherwise(pl.col("value")).alias("value"),
            pl.when(needs).then(pl.col("hours_worn")).alias("hours_worn"),
            pl.col("measure")
            .replace_strict({n: m.unit for n, m in MEASURES.items()}, return_dtype=pl.String)
            .alias("unit"),
        )
        .with_columns(_reason(needs & pl.lit(min_wear_hours > 0), min_wear_hours))
        .with_columns((pl.col("reason") == "").alias("valid"))
        .select(pl.col(name).cast(dtype) for name, dtype in LIFELOG_DAYS.schema.items())
        .sort("person", "day", "measure")
    )


def _reason(needs: pl.Expr, min_wear_hours: float) -> pl.Expr:
    return (
        pl.when(pl.col("value").is_null())
        .then(pl.lit("implausible"))
        .when(needs & pl.col("hours_worn").is_null())
        .then(pl.lit("wear_unknown"))
        .when(needs & (pl.col("hours_worn") < min_wear_hours))
        .then(pl.lit("worn_too_short"))
        .otherwise(pl.lit(""))
        .alias("reason")
    )


def shift(days: pl.DataFrame, shifts: pl.DataFrame) -> pl.DataFrame:
    """The same days moved by each person's number of days (columns person, days)."""
    return (
        days.join(shifts.select("person", "days"), on="person", how="left", maintain_order="left")
        .with_columns(pl.col("day") + pl.duration(days=pl.col("days").cast(pl.Int64).fill_null(0)))
        .drop("days")
    )


def summarise(days: pl.DataFrame) -> pl.DataFrame:
    """LIFELOG: each person's measures over the days that count."""
    value = pl.col("value").filter(pl.col("valid"))
    day = pl.col("day").filter(pl.col("valid"))
    return (
        days.sort("person", "measure", "day")
        .group_by("person", "measure", "unit", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("days"),
            pl.col("valid").sum().cast(pl.Int64).alias("valid_days"),
            value.mean().alias("mean"),
            value.median().alias("median"),
            value.std().alias("deviation"),
            day.min().alias("first_day"),
            day.max().alias("last_day"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in LIFELOG.schema.items())
        .sort("person", "measure")
    )

"""Put all that is on record of each person in order of time."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_table, write_table
from soyang.phenotypes.answers import CONCEPTS, EVENTS
from soyang.phenotypes.tables import LIFELOG_DAYS, PERSONS, TIMELINE

DAYS_AFTER_DEATH = 60
"""Records up to so many days after death are a hospital's paperwork, later ones an error (OHDSI
Data Quality Dashboard, plausibleBeforeDeath)."""


def timeline(
    *, persons: Path, events: Path, concepts: Path, lifelog_days: Path, date: str, timeline: Path
) -> None:
    """Put conditions, medicines, measurements and wearable days of each person in one order.

    Nothing is left out of the record: what can't be true is flagged. Of the lifelog, days that
    count are here, the others in its own table.

    Args:
        persons: who is on the platform, with birth and death (PERSONS).
        events: their records (EVENTS).
        concepts: names of concepts (CONCEPTS).
        lifelog_days: wearable days (LIFELOG_DAYS).
        date: the day of the run's reports, YYYY-MM-DD; a later record is in the future.
        timeline: where the table goes (TIMELINE).

    Raises:
        FaultError: the date is none, or a table breaks its contract.
    """
    today = _day(date)
    names = read_table(concepts, CONCEPTS)
    entries = of_events(read_table(events, EVENTS), names)
    entries = pl.concat([entries, of_days(read_table(lifelog_days, LIFELOG_DAYS))])
    people = read_table(persons, PERSONS)
    write_table(order(flag(entries, people, today)), timeline, TIMELINE)


def _day(date: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(date)
    except ValueError:
        raise FaultError(
            Fault(
                code="not-a-date",
                file="--date",
                found=repr(date),
                allowed="a day, YYYY-MM-DD",
                next_step="give the date of the reports",
            )
        ) from None


def of_events(events: pl.DataFrame, concepts: pl.DataFrame) -> pl.DataFrame:
    """TIMELINE's columns of EVENTS, and beside them ``absent``, ``range_low``, ``range_high``."""
    named = concepts.select(
        "concept_id",
        pl.col("concept_name").alias("name"),
        pl.col("concept_code").alias("code"),
        "vocabulary",
    )
    values = concepts.select(
        pl.col("concept_id").alias("value_concept_id"), pl.col("concept_name").alias("value_name")
    )
    texts = ("name", "code", "vocabulary", "value_name")
    return (
        events.join(named, on="concept_id", how="left")
        .join(values, on="value_concept_id", how="left")
        .with_columns(pl.col(texts).fill_null(""), pl.col("domain").alias("kind"))
        .select(_COLUMNS)
    )


def of_days(days: pl.DataFrame) -> pl.DataFrame:
    """The same columns of the lifelog days that count."""
    return days.filter(pl.col("valid")).select(
        "person",
        pl.col("day").alias("start_date"),
        pl.col("day").alias("end_date"),
        pl.lit("lifelog").alias("kind"),
        pl.col("measure").alias("name"),
        *(pl.lit("").alias(name) for name in ("code", "vocabulary", "source_code")),
        "value",
        pl.lit("").alias("value_name"),
        "unit",
        pl.lit("").alias("hospital"),
        pl.lit(False).alias("absent"),
        *(pl.lit(None, dtype=pl.Float64).alias(name) for name in ("range_low", "range_high")),
    )


_COLUMNS = [
    *(name for name in TIMELINE.names if name != "flag"),
    *("absent", "range_low", "range_high"),
]


def flag(entries: pl.DataFrame, people: pl.DataFrame, today: datetime.date) -> pl.DataFrame:
    """Entries with ``flag``: implausible before absent before low and high.

    Implausible is what begins before birth (before the year, where the day is not recorded),
    more than 60 days after death or after ``today``, or ends before it begins.
    """
    start, end, value = pl.col("start_date"), pl.col("end_date"), pl.col("value")
    born = pl.coalesce("birth_date", pl.date(pl.col("birth_year"), 1, 1))
    implausible = pl.any_horizontal(
        (start < born).fill_null(False),
        (start > pl.col("death_date") + pl.duration(days=DAYS_AFTER_DEATH)).fill_null(False),
        (start > today).fill_null(False),
        (end < start).fill_null(False),
    )
    lives = people.select("person", "birth_date", "birth_year", "death_date")
    return entries.join(lives, on="person", how="left").with_columns(
        pl.when(implausible)
        .then(pl.lit("implausible"))
        .when("absent")
        .then(pl.lit("absent"))
        .when(value < pl.col("range_low"))
        .then(pl.lit("low"))
        .when(value > pl.col("range_high"))
        .then(pl.lit("high"))
        .otherwise(pl.lit(""))
        .alias("flag")
    )


def order(entries: pl.DataFrame) -> pl.DataFrame:
    """By person and time, undated entries last; the rest of the columns break ties."""
    columns = TIMELINE.names
    return entries.select(columns).sort(columns, nulls_last=True)

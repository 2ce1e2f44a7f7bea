"""Summarise wearable days as covariates."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from soyang.core.clinical import Platform
from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH
from soyang.core.tables import read_columns, write_table
from soyang.phenotypes import lifelog_days, lifelog_files, lifelog_points
from soyang.phenotypes.lifelog_schemas import read_limits
from soyang.phenotypes.tables import LIFELOG, LIFELOG_DAYS

MEMORY = "2GB"
"""What DuckDB holds before it spills to disk beside the output."""


def lifelog(
    *,
    platform: str,
    crosswalk: Path,
    admitted: Path,
    limits: Path,
    time_zone: str,
    min_wear_hours: float,
    days: Path,
    summary: Path,
) -> None:
    """Turn Open mHealth and IEEE 1752.1 data points into days, and days into covariates.

    Points of people who are not admitted are counted and forgotten. Nothing of a source's own
    text (ids, devices, notes) goes further than this step.

    Args:
        platform: settings section ``platform`` as JSON; its ``lifelog`` is the folder of points.
        crosswalk: person, lifelog_id and platform_person_id (private); a person without a
            lifelog id is known to the provider by the platform's.
        admitted: who may be looked up (ADMITTED).
        limits: plausible values, with their sources (tab-separated).
        time_zone: IANA time zone of days, where a point does not tell its local offset.
        min_wear_hours: hours worn that make a day valid for activity and mean heart rate.
        days: where the days go (LIFELOG_DAYS).
        summary: where the covariates go (LIFELOG).

    Raises:
        FaultError: a file of the folder is damaged, or two persons have one lifelog id.
    """
    settings = Platform.model_validate_json(platform)
    found = LIFELOG_DAYS.empty()
    if settings.lifelog:
        users = users_of(crosswalk, admitted)
        plausible = read_limits(limits)
        paths = lifelog_files.files(Path(settings.lifelog))
        with _database(days) as connection:
            lifelog_points.load(connection, paths, users, time_zone, plausible)
            found = lifelog_days.days(connection, min_wear_hours, plausible)
            told = lifelog_points.counts(connection)
        print(f"lifelog: {len(paths):,} files; {'; '.join(told)}")
    if settings.date_shifts:
        shifts = read_columns(Path(settings.date_shifts), "person", "days")
        found = lifelog_days.shift(found, shifts)
    write_table(found, days, LIFELOG_DAYS)
    write_table(lifelog_days.summarise(found), summary, LIFELOG)


def users_of(crosswalk: Path, admitted: Path) -> pl.DataFrame:
    """The provider's id of each admitted person who has one: user, person.

    Raises:
        FaultError: one id is two persons'.
    """
    who = read_columns(admitted, "person", "status").filter(pl.col("status") == "admitted")
    walk = read_columns(crosswalk, "person", "lifelog_id", "platform_person_id")
    users = (
        walk.filter(pl.col("person").is_in(who["person"].implode()))
        .select(
            pl.when(pl.col("lifelog_id").str.strip_chars() != "")
            .then(pl.col("lifelog_id"))
            .otherwise(pl.col("platform_person_id"))
            .str.strip_chars()
            .alias("user"),
            "person",
        )
        .filter(pl.col("user") != "")
        .unique()
        .sort("person", "user")
    )
    shared = users.filter(users["user"].is_duplicated())["person"].unique().sort().to_list()
    if shared:
        raise FaultError(
            Fault(
                code="lifelog-id-twice",
                file=str(crosswalk),
                column="lifelog_id",
                found=f"one lifelog id for {' and '.join(shared)}",
                allowed="an id of its own for each person",
                next_step="correct lifelog_id in the sheet",
            )
        )
    return users


@contextmanager
def _database(beside: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in a private folder of its own that goes when it is closed."""
    beside.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f"{SCRATCH}lifelog-", dir=beside.parent) as scratch,
        duckdb.connect(str(Path(scratch) / "points.duckdb")) as connection,
    ):
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET preserve_insertion_order = false")
        yield connection

"""Open mHealth and IEEE 1752.1 data points, read by DuckDB's JSON reader into one table.

Files are read in bounded batches and the table lies in DuckDB, which spills to disk: memory does
not grow with the years of a stream. Ids of points and names of devices enter as digests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

from soyang.core.errors import FaultError
from soyang.phenotypes.lifelog_files import batches, fault
from soyang.phenotypes.lifelog_schemas import (
    AVERAGES,
    FIELDS,
    MEASURES,
    NOT_ACTIVE,
    PUBLISHED,
    TOTALS,
    USED,
    Field,
    Limits,
    Measure,
)

LONGEST_HOURS = 25
"""The longest civil day; what took longer can't be given to a day."""

_HEADER = {
    "id": ("$.id", "$.uuid"),
    "user": ("$.user_id",),
    "created": (
        "$.creation_date_time",
        "$.source_creation_date_time",
        "$.acquisition_provenance.source_creation_date_time",
    ),
    "schema_name": ("$.schema_id.name", "$.schema_id"),
    "source": (
        "$.acquisition_provenance.source_name",
        "$.external_datasheets[0].datasheet_reference",
    ),
}
_FRAME = "$.effective_time_frame"
_BODY = {
    "moment": (f"{_FRAME}.date_time",),
    "starts": (f"{_FRAME}.time_interval.start_date_time",),
    "ends": (f"{_FRAME}.time_interval.end_date_time",),
    "lasts": (f"{_FRAME}.time_interval.duration.value",),
    "lasts_unit": (f"{_FRAME}.time_interval.duration.unit",),
    "on_date": (f"{_FRAME}.time_interval.date",),
    "statistic": ("$.descriptive_statistic",),
    "activity": ("$.activity_name",),
    "rest": ("$.temporal_relationship_to_physical_activity",),
    "awake": ("$.wake_after_sleep_onset.value",),
    "awake_unit": ("$.wake_after_sleep_onset.unit",),
}
_VALUES = sorted({field.path for field in FIELDS})


def load(
    connection: duckdb.DuckDBPyConnection,
    paths: Sequence[Path],
    users: pl.DataFrame,
    zone: str,
    limits: Limits,
) -> None:
    """Read the files into the tables ``points``, ``wear`` and ``tally`` of the connection.

    Args:
        connection: DuckDB, which gets the tables and spills where it is told to.
        paths: files of data points, in order.
        users: columns user (the source's id) and person; points of others are only counted.
        zone: IANA time zone of points without an offset of their own. ``Z`` says that the local
            offset is not known (RFC 9557, section 2.2), so it is one of these.
        limits: plausible values.

    Raises:
        FaultError: a file is not JSON or is cut off; the message tells its number in the folder,
            since its name may hold a person's id, and the line.
    """
    connection.register("users_frame", users.to_arrow())
    connection.execute("CREATE TEMP TABLE users AS SELECT * FROM users_frame")
    connection.execute(_MACROS.replace("@zone", "'" + zone.replace("'", "") + "'"))
    connection.execute(_TABLES)
    order = {path: number for number, path in enumerate(paths, start=1)}
    for batch in batches(paths):
        _read(connection, batch, order)
        for statement in _take(limits):
            connection.execute(statement)
        connection.execute("DROP TABLE read_points")


def _read(connection: duckdb.DuckDBPyConnection, batch: list[Path], order: dict[Path, int]) -> None:
    try:
        connection.execute(_SELECT, [[str(path) for path in batch]])
    except duckdb.Error:
        for path in batch:
            _check(connection, path, order[path], len(order))
        raise


def _check(connection: duckdb.DuckDBPyConnection, path: Path, number: int, of: int) -> None:
    """Raise the fault of one file that DuckDB could not read."""
    try:
        connection.execute(f"SELECT count(header) FROM {_SOURCE}", [[str(path)]])
    except duckdb.Error as error:
        raise FaultError(fault(path, number, of, str(error))) from None


def _paths(columns: dict[str, tuple[str, ...]], names: str) -> tuple[str, str]:
    """JSON paths of all columns as a SQL list, and the columns out of the list ``names``."""
    paths = [path for found in columns.values() for path in found]
    places = {path: f"{names}[{place}]" for place, path in enumerate(paths, start=1)}
    selected = ", ".join(
        f"coalesce({', '.join(places[path] for path in found)}) AS {name}"
        for name, found in columns.items()
    )
    return "[" + ", ".join(f"'{path}'" for path in paths) + "]", selected


def _select() -> str:
    values = {f"{key}_{part}": (f"$.{key}.{part}",) for key in _VALUES for part in _PARTS}
    bare = {f"{key}_bare": (f"$.{key}",) for key in _VALUES}
    header_paths, header = _paths(_HEADER, "h")
    body_paths, body = _paths({**_BODY, **values, **bare}, "b")
    return f"""
    CREATE TEMP TABLE read_points AS
    WITH raw AS (
        SELECT json_extract_string(header, {header_paths}) AS h,
               json_extract_string(body, {body_paths}) AS b
        FROM {_SOURCE}
    ), named AS (SELECT {header}, {body} FROM raw)
    SELECT named.* EXCLUDE ("user", source, id, schema_name, on_date), users.person,
        md5_number_lower(coalesce(source, '')) AS source, md5_number_lower(id) AS id,
        schema_of(schema_name) AS schema, try_cast(on_date AS DATE) AS on_date
    FROM named LEFT JOIN users ON users."user" = named."user"
    """


_SOURCE = (
    "read_json(?, format = 'auto', records = true, union_by_name = true, "
    "columns = {header: 'JSON', body: 'JSON'})"
)
_PARTS = ("value", "unit")
_SELECT = _select()

_MACROS = r"""
CREATE OR REPLACE MACRO schema_of(id) AS
    CASE WHEN id LIKE '%:%' THEN split_part(id, ':', 2) ELSE id END;
CREATE OR REPLACE MACRO zone_text(text) AS
    CASE WHEN length(text) <= 10 THEN NULL
         WHEN text[-1] IN ('Z', 'z') THEN 'Z'
         WHEN text[-6] IN ('+', '-') AND text[-3] = ':' THEN right(text, 6)
         WHEN text[-5] IN ('+', '-') THEN right(text, 5)
         ELSE '' END;
CREATE OR REPLACE MACRO minutes_of(z) AS
    (CASE WHEN z[1] = '-' THEN -1 ELSE 1 END)
    * (60 * try_cast(z[2:3] AS INTEGER) + try_cast(right(z, 2) AS INTEGER));
CREATE OR REPLACE MACRO offset_of(text) AS
    CASE WHEN zone_text(text) IN ('', 'Z', '-00:00', '-0000') THEN NULL
         ELSE minutes_of(zone_text(text)) END;
CREATE OR REPLACE MACRO wall(text) AS
    try_cast(left(text, length(text) - length(zone_text(text))) AS TIMESTAMP);
CREATE OR REPLACE MACRO utc_of(text) AS
    CASE WHEN zone_text(text) = '' THEN timezone('UTC', timezone(@zone, wall(text)))
         ELSE wall(text) - to_minutes(coalesce(offset_of(text), 0)) END;
CREATE OR REPLACE MACRO local_of(utc, minutes) AS
    CASE WHEN minutes IS NULL THEN timezone(@zone, timezone('UTC', utc))
         ELSE utc + to_minutes(minutes) END;
CREATE OR REPLACE MACRO midnight_of(day, minutes) AS
    CASE WHEN minutes IS NULL THEN timezone('UTC', timezone(@zone, day::TIMESTAMP))
         ELSE day::TIMESTAMP - to_minutes(minutes) END;
"""
_TABLES = """
CREATE TABLE points (
    person VARCHAR, measure VARCHAR, stream UBIGINT, source UBIGINT, id UBIGINT, created VARCHAR,
    start_utc TIMESTAMP, end_utc TIMESTAMP, start_minutes INTEGER, end_minutes INTEGER,
    on_date DATE, value DOUBLE, plausible BOOLEAN);
CREATE TABLE wear (person VARCHAR, source UBIGINT, hour TIMESTAMP);
CREATE TABLE tally (what VARCHAR, of_what VARCHAR, points BIGINT);
"""


def _take(limits: Limits) -> Iterator[str]:
    """Statements that turn ``read_points`` into points, worn hours and counts."""
    known = ", ".join(f"'{name}'" for name in (*USED, *PUBLISHED))
    used = ", ".join(f"'{name}'" for name in USED)
    yield "INSERT INTO tally SELECT 'read', '', count(*) FROM read_points"
    yield "INSERT INTO tally SELECT 'unknown user', '', count(*) FROM read_points \
        WHERE person IS NULL"
    yield f"""INSERT INTO tally
        SELECT 'schema not used', CASE WHEN schema IN ({known}) THEN schema ELSE 'other' END,
               count(*)
        FROM read_points WHERE person IS NOT NULL AND coalesce(schema, '') NOT IN ({used})
        GROUP BY ALL"""
    yield _TIMED
    for field in FIELDS:
        yield _measured(field, limits)
        yield from _KEEP
    yield _WORN
    yield "DROP TABLE timed"


_DURATION = f"""CASE {{unit}} {
    " ".join(f"WHEN '{u}' THEN {f}" for u, f in MEASURES["sleep_minutes"].units.items())
} END * try_cast({{value}} AS DOUBLE)"""
_LASTS = (
    f"to_microseconds(cast(60e6 * {_DURATION.format(unit='lasts_unit', value='lasts')} AS BIGINT))"
)
_TIMED = f"""
CREATE TEMP TABLE timed AS
SELECT * EXCLUDE (lasts, lasts_unit),
    coalesce(utc_of(moment), utc_of(starts), utc_of(ends) - {_LASTS}) AS start_utc,
    coalesce(utc_of(moment), utc_of(ends), utc_of(starts) + {_LASTS}) AS end_utc,
    CASE WHEN coalesce(moment, starts) IS NULL THEN offset_of(ends)
         ELSE offset_of(coalesce(moment, starts)) END AS start_minutes,
    CASE WHEN ends IS NULL THEN offset_of(coalesce(moment, starts)) ELSE offset_of(ends) END
        AS end_minutes
FROM read_points WHERE person IS NOT NULL AND schema IN ({", ".join(map(repr, USED))})
"""
_INTERVAL = "(epoch_us(end_utc) - epoch_us(start_utc)) / 60e6"


def _value(field: Field, measure: Measure) -> tuple[str, str, str]:
    """SQL of the value in the measure's unit, of what is there as text, and of its unit."""
    text = (
        f"coalesce({field.path}_value, {field.path}_bare)"
        if field.bare_unit
        else (f"{field.path}_value")
    )
    unit = f"{field.path}_unit"
    if field.bare_unit:
        unit = (
            f"coalesce({unit}, CASE WHEN {field.path}_value IS NULL THEN '{field.bare_unit}' END)"
        )
    factors = " ".join(f"WHEN '{u}' THEN {f!r}" for u, f in measure.units.items())
    value = f"CASE {unit} {factors} END * try_cast({text} AS DOUBLE)"
    if field.schema == "sleep-episode":
        awake = _DURATION.format(unit="awake_unit", value="awake")
        whole = f"CASE WHEN end_utc > start_utc THEN {_INTERVAL} END - ({awake})"
        return f"coalesce({value}, {whole})", f"coalesce({text}, awake)", f"coalesce({unit}, 'min')"
    if field.path == "duration":
        whole = f"CASE WHEN end_utc > start_utc THEN {_INTERVAL} END"
        return f"coalesce({value}, {whole})", f"coalesce({text}, starts, ends)", "'min'"
    return value, text, unit


def _measured(field: Field, limits: Limits) -> str:
    """The statement that takes one field of one schema, with the reason where it can't be used."""
    measure = MEASURES[field.measure]
    value, text, unit = _value(field, measure)
    name = f"'{measure.name}'"
    if field.schema == "heart-rate":
        name = "CASE WHEN lower(rest) = 'at rest' THEN 'heart_rate_resting' ELSE 'heart_rate' END"
    statistics = ", ".join(f"'{s}'" for s in (TOTALS if measure.summary == "sum" else AVERAGES))
    idle = ", ".join(f"'{activity}'" for activity in NOT_ACTIVE)
    skip = "FALSE"
    if field.schema == "physical-activity":
        skip = f"({text}) IS NULL"
        if field.path == "duration":
            skip += f" OR lower(coalesce(activity, '')) IN ({idle})"
    return f"""
    CREATE TEMP TABLE measured AS
    SELECT person, {name} AS measure, md5_number_lower(source || ' ' || schema) AS stream,
        source, id, created,
        start_utc, end_utc, start_minutes, end_minutes,
        CASE WHEN start_utc IS NULL THEN on_date END AS on_date, {value} AS value,
        CASE WHEN start_utc IS NULL AND end_utc IS NULL AND on_date IS NULL THEN 'no time'
             WHEN end_utc < start_utc THEN 'ends before it starts'
             WHEN {_INTERVAL} > {LONGEST_HOURS * 60} THEN 'longer than a day'
             WHEN ({text}) IS NULL THEN 'no value'
             WHEN ({unit}) IS NULL THEN 'no unit'
             WHEN ({value}) IS NULL OR NOT isfinite({value}) THEN 'unknown unit or no number'
             WHEN lower(coalesce(statistic, '')) NOT IN ({statistics}) THEN 'another statistic'
        END AS reason,
        {_plausible(measure, value, limits)} AS plausible
    FROM timed WHERE schema = '{field.schema}' AND NOT ({skip})
    """


def _plausible(measure: Measure, value: str, limits: Limits) -> str:
    tests = ["TRUE"]
    if point := limits.get((measure.name, "point")):
        tests.append(f"({value}) BETWEEN {point.low!r} AND {point.high!r}")
    if minute := limits.get((measure.name, "minute")):
        rate = f"({value}) / ({_INTERVAL})"
        short = f"coalesce({_INTERVAL}, 0) < 1"
        tests.append(f"({short} OR {rate} BETWEEN {minute.low!r} AND {minute.high!r})")
    return " AND ".join(tests)


_KEEP = (
    "INSERT INTO points SELECT * EXCLUDE (reason) FROM measured WHERE reason IS NULL",
    "INSERT INTO tally SELECT reason, measure, count(*) FROM measured WHERE reason IS NOT NULL "
    "GROUP BY ALL",
    "INSERT INTO tally SELECT 'implausible', measure, count(*) FROM measured "
    "WHERE reason IS NULL AND NOT plausible GROUP BY ALL",
    "DROP TABLE measured",
)
_WORN = f"""
INSERT INTO wear
SELECT DISTINCT person, source, date_trunc('hour', local_of(start_utc, start_minutes))
FROM timed
WHERE schema = 'heart-rate' AND start_utc IS NOT NULL AND {_INTERVAL} BETWEEN 0 AND 60
  AND try_cast(heart_rate_value AS DOUBLE) > 0
"""
"""An hour counts as worn where its heart was seen to beat; a mean of more than an hour tells of
no single one."""


def counts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What was read and what was left out, a line each, without a word of the source's own."""
    rows = connection.execute(
        "SELECT what, of_what, sum(points)::BIGINT FROM tally GROUP BY ALL "
        "HAVING sum(points) > 0 ORDER BY ALL"
    ).fetchall()
    return [re.sub(r" +", " ", f"{what} {of_what}: {points:,}") for what, of_what, points in rows]

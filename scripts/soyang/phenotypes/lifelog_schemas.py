"""What the lifelog takes from Open mHealth and IEEE 1752.1 data points, and how.

Names of schemas, fields and units are those of the Open mHealth schemas (namespace ``omh``:
step-count 1.0 to 3.0, heart-rate, sleep-duration, sleep-episode, total-sleep-time, body-weight,
blood-glucose, minutes-moderate-activity, physical-activity) and of IEEE 1752.1-2021 (namespace
``ieee``: physical-activity, sleep-episode, total-sleep-time).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows

GLUCOSE_MG_PER_MMOL = 18.0156
"""mg/dL of 1 mmol/L: glucose C6H12O6 has 180.156 g/mol (PubChem CID 5793)."""
POUND, OUNCE = 0.45359237, 0.028349523125
"""Avoirdupois pound and ounce in kg, exact (NIST Handbook 44, Appendix C)."""

MINUTES = {"ms": 1 / 60_000, "sec": 1 / 60, "s": 1 / 60, "min": 1.0, "h": 60.0, "d": 1440.0}
"""Units of duration-unit-value in minutes. ``wk``, ``Mo`` and ``yr`` are no length of a day's
sleep or activity and are refused."""
KILOGRAMS = {"mg": 1e-6, "g": 1e-3, "kg": 1.0, "oz": OUNCE, "lb": POUND}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure of a day.

    Attributes:
        name: its name in LIFELOG_DAYS.
        unit: UCUM code.
        units: units of the data points, and the factor to ``unit``.
        summary: how points become a day's value.
        day: the local day that a point belongs to: its start's, its end's (a night's sleep), or
            every day that it touches by its share of the time.
        worn: whether the day needs wear time to count.
    """

    name: str
    unit: str
    units: dict[str, float]
    summary: Literal["sum", "mean", "median"]
    day: Literal["start", "end", "shared"]
    worn: bool


MEASURES = {
    measure.name: measure
    for measure in (
        Measure(
            name="steps",
            unit="{steps}",
            units={"steps": 1.0, "step": 1.0},
            summary="sum",
            day="shared",
            worn=True,
        ),
        Measure(
            name="activity_minutes",
            unit="min",
            units=MINUTES,
            summary="sum",
            day="shared",
            worn=True,
        ),
        Measure(
            name="moderate_activity_minutes",
            unit="min",
            units=MINUTES,
            summary="sum",
            day="shared",
            worn=True,
        ),
        Measure(
            name="heart_rate",
            unit="/min",
            units={"beats/min": 1.0, "bpm": 1.0},
            summary="mean",
            day="start",
            worn=True,
        ),
        Measure(
            name="heart_rate_resting",
            unit="/min",
            units={"beats/min": 1.0, "bpm": 1.0},
            summary="mean",
            day="start",
            worn=False,
        ),
        Measure(
            name="sleep_minutes",
            unit="min",
            units=MINUTES,
            summary="sum",
            day="end",
            worn=False,
        ),
        Measure(
            name="body_weight",
            unit="kg",
            units=KILOGRAMS,
            summary="median",
            day="start",
            worn=False,
        ),
        Measure(
            name="blood_glucose",
            unit="mg/dL",
            units={"mg/dL": 1.0, "MGDL": 1.0, "mmol/L": GLUCOSE_MG_PER_MMOL},
            summary="mean",
            day="start",
            worn=False,
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One value of one schema.

    Attributes:
        schema: schema name, without namespace and version.
        measure: the measure that it is.
        path: key of the body that holds value and unit.
        bare_unit: unit where the value is a bare number, as step-count before 3.0 has it.
    """

    schema: str
    measure: str
    path: str
    bare_unit: str = ""


FIELDS = (
    Field(schema="step-count", measure="steps", path="step_count", bare_unit="steps"),
    Field(schema="physical-activity", measure="steps", path="base_movement_quantity"),
    Field(schema="physical-activity", measure="activity_minutes", path="duration"),
    Field(
        schema="minutes-moderate-activity",
        measure="moderate_activity_minutes",
        path="minutes_moderate_activity",
    ),
    Field(schema="heart-rate", measure="heart_rate", path="heart_rate"),
    Field(schema="total-sleep-time", measure="sleep_minutes", path="total_sleep_time"),
    Field(schema="sleep-duration", measure="sleep_minutes", path="sleep_duration"),
    Field(schema="sleep-episode", measure="sleep_minutes", path="total_sleep_time"),
    Field(schema="body-weight", measure="body_weight", path="body_weight"),
    Field(schema="blood-glucose", measure="blood_glucose", path="blood_glucose"),
)
USED = tuple(sorted({field.schema for field in FIELDS}))
PUBLISHED = (
    "acceleration", "ambient-sound", "ambient-temperature", "blood-pressure", "body-fat-percentage",
    "body-height", "body-mass-index", "body-temperature", "breath-carbon-monoxide",
    "calories-burned", "geoposition", "magnetic-force", "medication-adherence-percent",
    "orientation", "oxygen-saturation", "pace", "respiratory-rate", "rr-interval",
    "sleep-onset-latency", "sleep-stage", "sleep-stage-summary", "speed", "survey",
    "time-in-bed", "wake-after-sleep-onset",
)  # fmt: skip
"""Published schemas that are not used; a log may name them. Any other name is a source's own
text and is only counted."""

NOT_ACTIVE = ("sedentary", "still", "sitting", "lying")
"""activity_name of episodes that are no activity."""
TOTALS, AVERAGES = ("", "count", "sum"), ("", "average", "mean")
"""descriptive_statistic that a sum, and a mean, may be made of."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Plausible values of a measure, both ends included."""

    low: float
    high: float


Limits = dict[tuple[str, str], Limit]
"""By measure and scope: ``point``, ``minute`` (a point's value per minute) or ``day``."""


def read_limits(path: Path) -> Limits:
    """Plausibility limits from a table of measure, scope, unit, low, high and source.

    Raises:
        FaultError: a limit is unreadable, in another unit than the measure's, or has no source.
    """
    limits: Limits = {}
    for number, row in enumerate(
        read_rows(path, "measure", "scope", "unit", "low", "high", "source"), start=2
    ):
        measure = MEASURES.get(row["measure"])
        try:
            limit = Limit(low=float(row["low"]), high=float(row["high"]))
        except ValueError:
            limit = Limit(low=1, high=0)
        known = measure and row["unit"] == measure.unit and row["scope"] in _SCOPES
        if not known or not row["source"] or limit.low > limit.high:
            raise FaultError(
                Fault(
                    code="lifelog-limit",
                    file=str(path),
                    row=str(number),
                    found="a limit that can't be used",
                    allowed="a known measure in its own unit, a scope of point, minute or day, "
                    "low <= high, and a source",
                    next_step="correct the row",
                )
            )
        limits[row["measure"], row["scope"]] = limit
    return limits


_SCOPES = ("point", "minute", "day")

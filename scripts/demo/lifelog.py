"""The demo's wearables: two weeks of Open mHealth data points of two adults, invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from demo.people import PEOPLE, Person

FIRST_DAY = date(2025, 11, 3)
DAYS = 14
ZONE = "+09:00"
DAYTIME, MORNING = range(7, 22), range(7, 12)
"""Hours in which the watch is worn; on one day in seven it lies in a drawer from noon on."""


def write_lifelog(folder: Path) -> None:
    """Write one NDJSON file for each person with a wearable; the same bytes on every call."""
    folder.mkdir(parents=True, exist_ok=True)
    for person in PEOPLE:
        if person.lifelog_id:
            lines = [json.dumps(point, separators=(",", ":")) for point in points(person)]
            (folder / f"{person.lifelog_id}.ndjson").write_text("\n".join(lines) + "\n")


def points(person: Person) -> Iterator[dict[str, Any]]:
    """Data points of one person, by day; each walks at a pace of their own."""
    pace = 25 + sum(person.lifelog_id.encode()) % 20
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        night = f"{day - timedelta(days=1)}T23:{10 + number:02d}:00{ZONE}"
        sleep = {
            "total_sleep_time": {"unit": "min", "value": 380 + 7 * (number % 5)},
            "effective_time_frame": _interval(night, f"{day}T06:20:00{ZONE}"),
        }
        yield _point(person, (number, 0), "total-sleep-time:1.0", sleep)
        for hour in DAYTIME if (number + 1) % 7 else MORNING:
            start, end = f"{day}T{hour:02d}:00:00{ZONE}", f"{day}T{hour + 1:02d}:00:00{ZONE}"
            steps = {
                "step_count": {"unit": "steps", "value": 240 + pace * ((hour * 5 + number) % 13)},
                "effective_time_frame": _interval(start, end),
            }
            rate = {
                "heart_rate": {"unit": "beats/min", "value": 62 + (hour * 3 + number) % 17},
                "effective_time_frame": {"date_time": f"{day}T{hour:02d}:30:00{ZONE}"},
            }
            yield _point(person, (number, hour), "step-count:3.0", steps)
            yield _point(person, (number, hour), "heart-rate:2.0", rate)


def _interval(start: str, end: str) -> dict[str, Any]:
    return {"time_interval": {"start_date_time": start, "end_date_time": end}}


def _point(
    person: Person, when: tuple[int, int], schema: str, body: dict[str, Any]
) -> dict[str, Any]:
    number, hour = when
    name, version = schema.split(":")
    return {
        "header": {
            "id": f"{person.lifelog_id}-{number:02d}-{hour:02d}-{name}",
            "creation_date_time": f"{FIRST_DAY + timedelta(days=number + 1)}T01:00:00{ZONE}",
            "schema_id": {"namespace": "omh", "name": name, "version": version},
            "acquisition_provenance": {"source_name": "demo watch", "modality": "sensed"},
            "user_id": person.lifelog_id,
        },
        "body": body,
    }

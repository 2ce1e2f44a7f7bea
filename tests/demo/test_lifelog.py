"""The demo's wearables."""

from __future__ import annotations

import json
from pathlib import Path

from demo import lifelog
from demo.people import PEOPLE

WEARERS = {p.lifelog_id: p for p in PEOPLE if p.lifelog_id}


def test_two_adults_wear_a_watch_for_two_weeks(tmp_path: Path) -> None:
    folder = tmp_path / "손목 시계"
    lifelog.write_lifelog(folder)
    assert {path.stem for path in folder.iterdir()} == set(WEARERS)
    assert len(WEARERS) == 2
    for path in folder.iterdir():
        points = [json.loads(line) for line in path.read_text().splitlines()]
        assert {p["header"]["user_id"] for p in points} == {path.stem}
        assert len({p["header"]["id"] for p in points}) == len(points)
        nights = [p for p in points if p["header"]["schema_id"]["name"] == "total-sleep-time"]
        assert len(nights) == lifelog.DAYS


def test_on_two_days_the_watch_lay_in_a_drawer() -> None:
    person = next(iter(WEARERS.values()))
    rates = [
        p["body"]["effective_time_frame"]["date_time"][:10]
        for p in lifelog.points(person)
        if p["header"]["schema_id"]["name"] == "heart-rate"
    ]
    short = [day for day in sorted(set(rates)) if rates.count(day) == len(lifelog.MORNING)]
    assert short == ["2025-11-09", "2025-11-16"]


def test_bytes_are_the_same_each_time(tmp_path: Path) -> None:
    lifelog.write_lifelog(tmp_path / "one")
    lifelog.write_lifelog(tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()

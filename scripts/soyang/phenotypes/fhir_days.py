"""Days of FHIR dates, which may be a year, a month, a day or an instant (FHIR R4 datatypes, date).

An instant's day is the local one by its own offset: the day that the hospital wrote. OMOP needs a
day: of a year or a month it is the first, of a period's end the last, which the period includes.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?")


def first_day(value: Any) -> date | None:
    """The day, or the first day of a year or a month; ``None`` for what is no date."""
    parts = _parts(value)
    return parts and _date(parts[0], parts[1] or 1, parts[2] or 1)


def last_day(value: Any) -> date | None:
    """The day, or the last day of a year or a month; ``None`` for what is no date."""
    parts = _parts(value)
    if not parts or parts[2]:
        return parts and first_day(value)
    month = parts[1] or 12
    if not _date(parts[0], month, 1):
        return None
    following = _date(parts[0] + month // 12, month % 12 + 1, 1)
    return following and following - timedelta(days=1)


def whole_day(value: Any) -> date | None:
    """The day; ``None`` where only a year or a month is recorded."""
    parts = _parts(value)
    return first_day(value) if parts and parts[2] else None


def _parts(value: Any) -> tuple[int, int, int] | None:
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    return (int(match[1]), int(match[2] or 0), int(match[3] or 0)) if match else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

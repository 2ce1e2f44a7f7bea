"""Dates of a person, all moved by the same days, so that intervals stay and days can't be told."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows

MAX_DAYS = 36_600
"""A hundred years; more is a slip of the pen."""


def read_date_shifts(path: Path | None, people: pl.Series) -> pl.DataFrame:
    """Days by which each of these people's dates are shifted; without a file, 0.

    Args:
        path: tab-separated, columns person, days (a whole number).
        people: who must be in it; others in it don't matter.

    Returns:
        Columns person, days (Int64), by person.

    Raises:
        FaultError: a person is missing or there twice, or days are no whole number.
    """
    wanted = people.unique().sort().to_list()
    if path is None:
        return pl.DataFrame({"person": wanted, "days": [0] * len(wanted)}, schema=_SCHEMA)
    days: dict[str, int] = {}
    faults = []
    for line, row in enumerate(read_rows(path, "person", "days"), start=2):
        person, text = (row["person"] or "").strip(), (row["days"] or "").strip()
        if not re.fullmatch(r"[+-]?[0-9]{1,6}", text) or abs(int(text)) > MAX_DAYS:
            faults.append(_fault(path, str(line), "days", "no number of days", "a whole number"))
        elif person in days:
            faults.append(_fault(path, str(line), "person", "a person twice", "one row a person"))
        else:
            days[person] = int(text)
    if not faults:
        faults = [
            _fault(path, f"person {person}", "person", "no row", "a row for each person admitted")
            for person in wanted
            if person not in days
        ]
    if faults:
        raise FaultError(faults)
    return pl.DataFrame({"person": wanted, "days": [days[p] for p in wanted]}, schema=_SCHEMA)


_SCHEMA: dict[str, type[pl.DataType]] = {"person": pl.String, "days": pl.Int64}


def shifted(frame: pl.DataFrame, shifts: pl.DataFrame) -> pl.DataFrame:
    """All dates of a table with a column ``person``, each moved by its person's days."""
    dates = pl.col(pl.Date) + pl.duration(days="days")
    return (
        frame.join(shifts, on="person", how="left", maintain_order="left")
        .with_columns(dates)
        .drop("days")
    )


def shifted_year(year: str, day: str) -> pl.Expr:
    """Year of birth after a shift, of a table that still has its column ``days``.

    Where the day is known, its year; else that of the middle of the year, moved.
    """
    middle = pl.date(pl.col(year), 7, 1) + pl.duration(days="days")
    return pl.coalesce(pl.col(day).dt.year(), middle.dt.year()).cast(pl.Int32)


def _fault(path: Path, row: str, column: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="date-shifts",
        file=path.name,
        row=row,
        column=column,
        found=found,
        allowed=allowed,
        next_step="correct the table of date shifts; it is made once and kept",
        person=row.removeprefix("person ") if row.startswith("person ") else "",
    )

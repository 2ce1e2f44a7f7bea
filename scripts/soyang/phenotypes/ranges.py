"""Reference ranges for laboratory results whose record has none, by LOINC, sex and age."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.core.tables import DTypes
from soyang.phenotypes.units import Molecule, convert, parse

_COLUMNS: dict[str, DTypes] = {
    "loinc": pl.String,
    "unit": pl.String,
    "sex": pl.String,
    "age_from": pl.Float64,
    "age_to": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "source": pl.String,
}
DAYS_A_YEAR = 365.25
_CATALYTIC = re.compile(r"(?<![\[A-Za-z])[mk]?U/")
"""A range in units of catalytic activity, in which laboratories write IU for U."""


def read_ranges(path: Path | None) -> pl.DataFrame:
    """Ranges of a tab-separated table.

    Args:
        path: the table, with loinc, unit (UCUM), sex (male, female, any), age_from and age_to
            (years, from <= age < to), low, high (either may be empty) and source; without it
            there are no ranges.

    Raises:
        FaultError: the file is missing, lacks a column, or has a number that is none.
    """
    if path is None:
        return pl.DataFrame(schema=_COLUMNS)
    lines = [line for line in read_text(path).splitlines() if not line.startswith("#")]
    raw = (
        pl.read_csv("\n".join(lines).encode(), separator="\t", infer_schema=False, quote_char=None)
        if lines
        else pl.DataFrame()
    )
    missing = [name for name in _COLUMNS if name not in raw.columns]
    if missing:
        raise FaultError(_fault(path, ", ".join(missing), "no such column"))
    try:
        return raw.select(list(_COLUMNS)).cast(pl.Schema(_COLUMNS))
    except pl.exceptions.InvalidOperationError:
        raise FaultError(_fault(path, "age_from, age_to, low, high", "not a number")) from None


_SITUATION = ("person", "loinc", "start_date", "unit")


def with_ranges(
    results: pl.LazyFrame,
    ranges: pl.DataFrame,
    persons: pl.DataFrame,
    molecules: Mapping[str, Molecule],
) -> pl.LazyFrame:
    """Results with low and high (in the result's own unit) and why, the reason if there are none.

    A range fits the test, the person's sex and the age on the day of the result. Of a person
    whose day of birth is not recorded the age is known to the year only: the range must fit the
    whole year. Where several fit, none does.

    Args:
        results: measurements with loinc, unit, person, start_date.
        ranges: from :func:`read_ranges`.
        persons: PERSONS.
        molecules: by LOINC code; without one, mass does not become amount of substance.
    """
    tests = ranges["loinc"].unique()
    situations = (
        results.filter(pl.col("loinc").is_in(tests.implode()) & pl.col("value").is_not_null())
        .filter(pl.col("start_date").is_not_null())
        .select(_SITUATION)
        .unique()
        .collect(engine="streaming")
    )
    fitting = (
        situations.join(ranges, on="loinc", suffix="_range")
        .join(_births(persons), on="person")
        .filter(_fits())
        .join(
            _factors(situations.select("loinc", "unit").unique(), ranges, molecules),
            left_on=["loinc", "unit", "unit_range"],
            right_on=["loinc", "unit", "into"],
            how="left",
        )
        .filter(pl.len().over(_SITUATION) == 1)
        .select(
            *_SITUATION,
            low=pl.col("low") * pl.col("factor"),
            high=pl.col("high") * pl.col("factor"),
            why=_why_not(),
        )
    )
    return results.join(fitting.lazy(), on=_SITUATION, how="left").with_columns(
        pl.col("why").fill_null("no_range")
    )


def _why_not() -> pl.Expr:
    return (
        pl.when(pl.col("unit") == "")
        .then(pl.lit("no_unit"))
        .when(pl.col("factor").is_null())
        .then(pl.lit("other_unit"))
        .otherwise(pl.lit("no_range"))
    )


def _births(persons: pl.DataFrame) -> pl.DataFrame:
    """Columns person, sex_recorded, born_first, born_last (the days that birth may have been)."""
    year = pl.col("birth_year")
    return persons.select(
        "person",
        "sex_recorded",
        born_first=pl.coalesce("birth_date", pl.date(year, 1, 1)),
        born_last=pl.coalesce("birth_date", pl.date(year, 12, 31)),
    ).drop_nulls()


def _fits() -> pl.Expr:
    def age(born: str) -> pl.Expr:
        return (pl.col("start_date") - pl.col(born)).dt.total_days() / DAYS_A_YEAR

    return (
        ((pl.col("sex") == "any") | (pl.col("sex") == pl.col("sex_recorded")))
        & (age("born_last") >= pl.col("age_from"))
        & (age("born_first") < pl.col("age_to"))
    )


def _factors(
    units: pl.DataFrame, ranges: pl.DataFrame, molecules: Mapping[str, Molecule]
) -> pl.DataFrame:
    """Columns loinc, unit, into, factor: a bound in ``into`` times factor is one in ``unit``."""
    pairs = (
        units.join(ranges.select("loinc", into="unit"), on="loinc")
        .filter(pl.col("unit") != "")
        .unique()
        .sort("loinc", "unit", "into")
    )
    found = [_factor(u, into, molecules.get(loinc)) for loinc, u, into in pairs.iter_rows()]
    return pairs.with_columns(factor=pl.Series(found, dtype=pl.Float64))


def _factor(unit: str, into: str, molecule: Molecule | None) -> float | None:
    """How many of ``unit`` one of ``into`` is; None if one can't become the other."""
    if unit == into:
        return 1.0
    enzyme = _CATALYTIC.search(into) is not None
    line = convert(parse(into, enzyme=enzyme), parse(unit, enzyme=enzyme), molecule)
    return None if line is None or line.offset else float(f"{line.scale:.12g}")


def _fault(path: Path, column: str, found: str) -> Fault:
    return Fault(
        code="ranges-table",
        file=str(path),
        column=column,
        found=found,
        allowed="columns " + ", ".join(_COLUMNS) + "; ages and bounds as numbers",
        next_step="correct the table of reference ranges",
    )

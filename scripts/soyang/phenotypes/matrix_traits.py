"""Measurements to quantitative traits: one unit a LOINC code, outliers flagged."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from soyang.phenotypes.matrix_tables import LEFT_OUT, TRAITS
from soyang.phenotypes.units import ENZYME, Molecule, Unit, convert, parse

DEVIATIONS = 5.0
"""Robust standard deviations from the cohort's median beyond which a value is an outlier: far
enough that disease stays in and another unit or a slipped point falls out."""
MAD_TO_DEVIATION = 1.4826
"""Median absolute deviation to standard deviation under a normal law (Leys et al. 2013, J Exp Soc
Psychol 49:764)."""
MIN_VALUES = 20
"""Values of a trait from which on its median and spread say what is far."""


def values_of(events: pl.DataFrame, concepts: pl.DataFrame) -> pl.DataFrame:
    """Measured numbers that are not denied: person, loinc, name, date, value, unit (as recorded).

    The LOINC code is the standard concept's, else the source's own; ``""`` if neither has one.
    """
    loinc = concepts.filter(pl.col("vocabulary") == "LOINC").select(
        "concept_id",
        pl.col("concept_code").alias("loinc"),
        pl.col("concept_name").alias("name"),
    )
    own = (
        pl.when(pl.col("source_vocabulary") == "LOINC")
        .then(pl.col("source_code"))
        .otherwise(pl.lit(""))
    )
    return (
        events.filter(
            (pl.col("domain") == "measurement") & pl.col("value").is_not_null() & ~pl.col("absent")
        )
        .join(loinc, on="concept_id", how="left")
        .select(
            "person",
            pl.coalesce("loinc", own).alias("loinc"),
            pl.col("start_date").alias("date"),
            "value",
            pl.col("unit").str.strip_chars(),
        )
        .join(
            loinc.group_by("loinc").agg(pl.col("name").min()).sort("loinc"), on="loinc", how="left"
        )
        .with_columns(pl.col("name").fill_null(""))
    )


def harmonise(values: pl.DataFrame, molecules: Mapping[str, Molecule]) -> pl.DataFrame:
    """Values in one unit a LOINC code, with ``reason`` where they have to stay out.

    The unit is the one that most values of the code have, among those that the most values
    convert into (ties: by code). A value without a unit is not guessed at: what its hospital
    mostly uses may not be what that one instrument wrote.

    Args:
        values: what :func:`values_of` gives.
        molecules: molar mass and charge by LOINC code.
    """
    used = values.with_columns(
        pl.when(pl.col("loinc") == "")
        .then(pl.lit("no_loinc"))
        .when(pl.col("unit") == "")
        .then(pl.lit("no_unit"))
        .otherwise(pl.lit(""))
        .alias("reason")
    )
    counted = (
        used.filter(pl.col("reason") == "")
        .group_by("loinc", "name", "unit")
        .len()
        .sort("loinc", "name", "unit")
    )
    lines = pl.DataFrame(_lines(counted, molecules), schema=_LINES, orient="row")
    return (
        used.join(lines, on=("loinc", "unit"), how="left", maintain_order="left")
        .with_columns(
            (pl.col("offset") + pl.col("scale") * pl.col("value")).alias("value"),
            pl.when((pl.col("reason") == "") & pl.col("scale").is_null())
            .then(pl.lit("other_unit"))
            .otherwise("reason")
            .alias("reason"),
        )
        .select("person", "loinc", "name", "date", "value", pl.col("to").alias("unit"), "reason")
    )


_LINES = {
    "loinc": pl.String,
    "unit": pl.String,
    "to": pl.String,
    "scale": pl.Float64,
    "offset": pl.Float64,
}


def _lines(
    counted: pl.DataFrame, molecules: Mapping[str, Molecule]
) -> list[tuple[str, str, str, float, float]]:
    """One line for each unit of each code that converts into the code's unit."""
    lines = []
    for (code, name), units in counted.group_by("loinc", "name", maintain_order=True):
        molecule = molecules.get(str(code))
        parsed = {text: parse(text, enzyme=ENZYME in str(name)) for text in units["unit"]}
        target = _target(dict(units.select("unit", "len").iter_rows()), parsed, molecule)
        for text, unit in parsed.items():
            if line := convert(unit, target, molecule):
                lines.append((str(code), text, target.code, line.scale, line.offset))
    return lines


def _target(
    counts: Mapping[str, int], parsed: Mapping[str, Unit], molecule: Molecule | None
) -> Unit:
    by_code: dict[str, int] = {}
    for text, unit in parsed.items():
        by_code[unit.code] = by_code.get(unit.code, 0) + counts[text]
    units = {unit.code: unit for unit in parsed.values()}

    def reach(target: Unit) -> int:
        return sum(by_code[code] for code, unit in units.items() if convert(unit, target, molecule))

    return min(units.values(), key=lambda unit: (-reach(unit), -by_code[unit.code], unit.code))


def mark_outliers(values: pl.DataFrame) -> pl.DataFrame:
    """Values with ``outlier``: farther than five robust deviations from the trait's median.

    Quantities that are never negative are judged by their logarithm, since they err by factors
    (a unit, a decimal point) and most are skewed; their zeros (below detection) are not judged.
    A trait of few values, or most of them equal, is not judged.
    """
    kept = pl.col("reason") == ""
    value = pl.col("value")
    by = ["loinc"]
    judged = values.with_columns(
        pl.when(~kept)
        .then(None)
        .when(value.filter(kept).min().over(by) < 0)
        .then(value)
        .when(value > 0)
        .then(value.log())
        .alias("judged")
    )
    centre = pl.col("judged").median().over(by)
    judged = judged.with_columns((pl.col("judged") - centre).abs().alias("far"))
    spread = pl.col("far").median().over(by) * MAD_TO_DEVIATION
    enough = (pl.col("judged").count().over(by) >= MIN_VALUES) & (spread > 0)
    outlier = (pl.col("far") > DEVIATIONS * spread) & enough
    return judged.with_columns(outlier.fill_null(False).alias("outlier")).drop("judged", "far")


def summarise(values: pl.DataFrame) -> pl.DataFrame:
    """TRAITS of marked values."""
    value = pl.col("value").filter(~pl.col("outlier"))
    day = pl.col("date").filter(~pl.col("outlier"))

    def of_day(which: pl.Expr) -> pl.Expr:
        return pl.col("value").filter(~pl.col("outlier") & (pl.col("date") == which)).median()

    return (
        values.filter(pl.col("reason") == "")
        .group_by("person", "loinc", "name", "unit")
        .agg(
            of_day(day.min()).alias("first"),
            value.median().alias("median"),
            of_day(day.max()).alias("last"),
            day.min().alias("first_date"),
            day.max().alias("last_date"),
            (~pl.col("outlier")).sum().cast(pl.Int64).alias("values"),
            pl.col("outlier").sum().cast(pl.Int64).alias("outliers"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in TRAITS.schema.items())
        .sort("person", "loinc")
    )


def left_out(values: pl.DataFrame) -> pl.DataFrame:
    """LEFT_OUT of measurements."""
    reason = pl.when("outlier").then(pl.lit("outlier")).otherwise("reason").alias("reason")
    return (
        values.with_columns(reason)
        .filter(pl.col("reason") != "")
        .group_by(pl.lit("measurement").alias("domain"), "loinc", "reason")
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.col("person").n_unique().cast(pl.Int64).alias("persons"),
        )
        .select(LEFT_OUT.names)
    )


def widen(traits: pl.DataFrame, persons: pl.Series) -> pl.DataFrame:
    """Medians as a column for each LOINC code, a row for each person."""
    people = persons.to_frame("person")
    if traits.is_empty():
        return people
    codes = sorted(traits["loinc"].unique())
    wide = traits.pivot("loinc", index="person", values="median", on_columns=codes)
    return people.join(wide, on="person", how="left", maintain_order="left")

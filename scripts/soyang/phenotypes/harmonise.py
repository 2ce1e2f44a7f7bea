"""What engines gave, made into answers: one way for all of them."""

from __future__ import annotations

import polars as pl

from soyang.core.tables import DTypes
from soyang.phenotypes.answers import EVENTS

ABSENT_CONCEPTS = (4132135, 4188540)
"""Standard concepts of a value or qualifier that deny: Absent (SNOMED CT 2667000), No
(SNOMED CT 373067005)."""

ABSENT_CODES = (
    ("SNOMED", "2667000"),
    ("SNOMED", "373067005"),
    ("SNOMED", "260413007"),
    ("LOINC", "LA9634-2"),
    ("LOINC", "LA32-8"),
    ("LOINC", "LA137-2"),
)
"""Codes that deny: Absent, No and None, in SNOMED CT and as LOINC answers. The site's own
vocabulary says which concepts they are."""

SEXES = {8507: "male", 8532: "female"}
"""OMOP gender concepts."""

RECORDS: dict[str, DTypes] = {
    "n": pl.Int64,
    "concept_id": pl.Int64,
    "source_code": pl.String,
    "source_concept_id": pl.Int64,
    "start_date": pl.Date,
    "end_date": pl.Date,
    "visit": pl.Int64,
    "value": pl.Float64,
    "value_concept_id": pl.Int64,
    "unit_concept_id": pl.Int64,
    "unit": pl.String,
    "range_low": pl.Float64,
    "range_high": pl.Float64,
    "qualifier_concept_id": pl.Int64,
    "denied": pl.Boolean,
}
"""A record as engines give it; columns that its table lacks are missing values."""

RECORD_COLUMNS = (*EVENTS.names, "source_concept_id", "unit_concept_id")
"""EVENTS, and the concepts of source code and unit (0: none)."""


def record(frame: pl.DataFrame, domain: str) -> pl.DataFrame:
    """Records of one domain with all columns of :data:`RECORDS`, and ``domain``."""
    columns = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in RECORDS.items()
    ]
    return frame.select(*columns, domain=pl.lit(domain))


def persons(frame: pl.DataFrame, deaths: pl.DataFrame, sites: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table ``person``, one for each row there is.

    Args:
        frame: n, gender, birth_year, birth_month, birth_day, care_site_id.
        deaths: n, death_date.
        sites: care_site_id, hospital.

    Returns:
        n and the columns of KNOWN_PERSONS but the person.
    """
    whole = pl.concat_str("birth_year", "birth_month", "birth_day", separator="-")
    return (
        frame.join(deaths, on="n", how="left", maintain_order="left")
        .join(sites, on="care_site_id", how="left", maintain_order="left")
        .with_columns(
            sex_recorded=pl.col("gender").replace_strict(
                SEXES, default="unknown", return_dtype=pl.String
            ),
            birth_date=whole.str.to_date("%Y-%m-%d", strict=False),
            hospital=pl.col("hospital").fill_null(""),
        )
    )


def care_sites(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns care_site_id, hospital: the site's name, else its source value."""
    named = [pl.col(c).str.strip_chars() for c in ("name", "source_value")]
    return (
        frame.select(
            "care_site_id",
            hospital=pl.coalesce(*[pl.when(column != "").then(column) for column in named]),
        )
        .drop_nulls()
        .sort("care_site_id", "hospital")
        .unique("care_site_id", keep="first", maintain_order=True)
    )


def events(
    records: pl.DataFrame,
    concepts: pl.DataFrame,
    homes: pl.DataFrame,
    visits: pl.DataFrame,
    denying: frozenset[int],
) -> pl.DataFrame:
    """Records as EVENTS has them, with the concepts of source code and unit.

    Args:
        records: from :func:`record`.
        concepts: CONCEPTS of source codes and units.
        homes: n, hospital of the person.
        visits: n, visit, hospital of the visit.
        denying: concepts that deny.
    """
    source = concepts.select(
        source_concept_id="concept_id", code="concept_code", source_vocabulary="vocabulary"
    )
    units = concepts.select(
        unit_concept_id="concept_id", unit_code="concept_code", ucum=pl.col("vocabulary") == "UCUM"
    )
    text = [pl.col(c).str.strip_chars().fill_null("") for c in ("source_code", "unit")]
    ids = ("concept_id", "source_concept_id", "value_concept_id", "unit_concept_id")
    denied = [
        pl.col(c).is_in(sorted(denying)).fill_null(value=False)
        for c in ("value_concept_id", "qualifier_concept_id")
    ]
    return (
        records.with_columns(*text, *(pl.col(c).fill_null(0) for c in ids))
        .join(source, on="source_concept_id", how="left")
        .join(units, on="unit_concept_id", how="left")
        .join(visits, on=["n", "visit"], how="left")
        .join(homes, on="n", how="left", suffix="_home")
        .with_columns(
            source_code=_first("source_code", "code"),
            unit=pl.when(pl.col("ucum")).then("unit_code").otherwise(_first("unit", "unit_code")),
            absent=pl.any_horizontal(*denied, pl.col("denied").fill_null(value=False)),
            hospital=pl.coalesce("hospital", "hospital_home"),
        )
    )


def _first(text: str, otherwise: str) -> pl.Expr:
    return pl.when(pl.col(text) != "").then(text).otherwise(pl.col(otherwise))

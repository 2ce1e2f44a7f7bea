"""What every source of clinical records answers, as declared tables.

The same question gives the same rows from OMOP in DuckDB, Parquet, PostgreSQL and Spark, and from
FHIR, as far as each can express it. Rows are sorted by all columns in order, text is stripped
(missing: ``""``), a missing concept is 0, dates are days. ``person`` is the pseudonym; the
platform's own person_id is in no answer.
"""

import polars as pl

from soyang.core.people import CONSENT_WORDS
from soyang.core.tables import Column, Table

DOMAINS = ("condition", "observation", "medicine", "measurement", "procedure", "note")

PERSON = Column(name="person", dtype=pl.String, meaning="person's pseudonym")

KNOWN_PERSONS = Table(
    name="phenotypes.known_persons",
    meaning="one row of the platform's person table for a person asked for; two break its key",
    columns=(
        PERSON,
        Column(
            name="sex_recorded",
            dtype=pl.String,
            allowed=("male", "female", "unknown"),
            meaning="sex on the platform",
        ),
        Column(name="birth_year", dtype=pl.Int32, nullable=True, meaning="missing: not recorded"),
        Column(
            name="birth_date",
            dtype=pl.Date,
            nullable=True,
            meaning="missing: the day is not recorded",
        ),
        Column(
            name="death_date", dtype=pl.Date, nullable=True, meaning="missing: none is recorded"
        ),
        Column(name="hospital", dtype=pl.String, meaning="the person's care site, '' if none"),
    ),
)

PERIODS = Table(
    name="phenotypes.periods",
    meaning="one period in which a person was under observation",
    columns=(
        PERSON,
        Column(name="start_date", dtype=pl.Date, meaning="first day"),
        Column(name="end_date", dtype=pl.Date, meaning="last day"),
    ),
)

EVENTS = Table(
    name="phenotypes.events",
    meaning="one clinical record of one person, as the platform has it; equal ones stay apart",
    columns=(
        PERSON,
        Column(name="domain", dtype=pl.String, allowed=DOMAINS, meaning="kind of record"),
        Column(name="concept_id", dtype=pl.Int64, meaning="standard concept, 0: not mapped"),
        Column(name="source_code", dtype=pl.String, meaning="source value, e.g. a KCD code"),
        Column(
            name="source_vocabulary",
            dtype=pl.String,
            meaning="OMOP vocabulary_id of the source concept, '' if the platform has none",
        ),
        Column(
            name="start_date",
            dtype=pl.Date,
            nullable=True,
            meaning="day, or first day; missing: not recorded (OMOP demands it, FHIR doesn't)",
        ),
        Column(
            name="end_date", dtype=pl.Date, nullable=True, meaning="last day; missing: not recorded"
        ),
        Column(name="value", dtype=pl.Float64, nullable=True, meaning="number measured, in `unit`"),
        Column(name="value_concept_id", dtype=pl.Int64, meaning="coded value, 0: none"),
        Column(name="unit", dtype=pl.String, meaning="UCUM code, else the source's text, '' none"),
        Column(
            name="range_low", dtype=pl.Float64, nullable=True, meaning="reference range, in `unit`"
        ),
        Column(
            name="range_high", dtype=pl.Float64, nullable=True, meaning="reference range, in `unit`"
        ),
        Column(
            name="absent",
            dtype=pl.Boolean,
            meaning="the record denies it: value or qualifier Absent, No or None; a note's term "
            "that does not exist; a FHIR verificationStatus of refuted",
        ),
        Column(
            name="hospital",
            dtype=pl.String,
            meaning="care site of the visit, else of the person, '' if neither is recorded",
        ),
    ),
)
"""Records entered in error are left out by every source."""

OCCURRENCES = Table(
    name="phenotypes.occurrences",
    meaning="first and last occurrence of a concept set in one person, not denied, counted by day",
    columns=(
        PERSON,
        Column(name="concept_set", dtype=pl.String, meaning="name of the concept set"),
        Column(name="first_date", dtype=pl.Date, meaning="first day"),
        Column(name="last_date", dtype=pl.Date, meaning="last day"),
        Column(name="days", dtype=pl.Int64, unit="day", meaning="distinct days"),
    ),
    key=("person", "concept_set"),
)

CONSENT_RECORDS = Table(
    name="phenotypes.consent_records",
    meaning="one provision of one consent, as the platform or a table says it",
    columns=(
        PERSON,
        Column(
            name="scope",
            dtype=pl.String,
            meaning="clinical_care, research, secondary_findings, recontact, sharing, "
            "commercial_use, 'all', or 'unknown' for a purpose that no scope covers",
        ),
        Column(
            name="decision",
            dtype=pl.String,
            allowed=CONSENT_WORDS["decision"],
            meaning="what it says",
        ),
        Column(name="valid_from", dtype=pl.Date, nullable=True, meaning="missing: from ever"),
        Column(name="valid_until", dtype=pl.Date, nullable=True, meaning="missing: no end"),
        Column(
            name="given_by",
            dtype=pl.String,
            allowed=CONSENT_WORDS["given_by"],
            meaning="who consented",
        ),
        Column(
            name="assent",
            dtype=pl.String,
            allowed=CONSENT_WORDS["assent"],
            meaning="whether the minor agreed",
        ),
        Column(
            name="duo", dtype=pl.String, meaning="DUO terms of a permitted use, ';' between, sorted"
        ),
        Column(
            name="recorded", dtype=pl.Date, nullable=True, meaning="day of the consent or change"
        ),
        Column(
            name="source", dtype=pl.String, allowed=CONSENT_WORDS["source"], meaning="who says so"
        ),
    ),
)

SPECIMENS = Table(
    name="phenotypes.specimens",
    meaning="one specimen of one person on the platform",
    columns=(
        PERSON,
        Column(name="specimen", dtype=pl.String, meaning="specimen's identifier"),
        Column(name="collected", dtype=pl.Date, nullable=True, meaning="missing: not recorded"),
    ),
)

CONCEPTS = Table(
    name="phenotypes.concepts",
    meaning="one concept of the site's vocabulary",
    columns=(
        Column(name="concept_id", dtype=pl.Int64, meaning="OMOP concept"),
        Column(name="concept_code", dtype=pl.String, meaning="its code, e.g. of SNOMED CT"),
        Column(name="concept_name", dtype=pl.String, meaning="its name"),
        Column(name="vocabulary", dtype=pl.String, meaning="vocabulary_id"),
        Column(name="domain", dtype=pl.String, meaning="domain_id"),
        Column(name="standard", dtype=pl.Boolean, meaning="whether it is a standard concept"),
        Column(name="valid", dtype=pl.Boolean, meaning="false: deprecated (invalid_reason)"),
    ),
    key=("concept_id",),
)

ANCESTORS = Table(
    name="phenotypes.ancestors",
    meaning="one ancestor of a concept, itself at 0 levels included where the site's table has it",
    columns=(
        Column(name="concept_id", dtype=pl.Int64, meaning="descendant"),
        Column(name="ancestor_id", dtype=pl.Int64, meaning="ancestor"),
        Column(name="levels", dtype=pl.Int64, meaning="fewest levels between them"),
    ),
    key=("concept_id", "ancestor_id"),
)

CODE_MAPS = Table(
    name="phenotypes.code_maps",
    meaning="a source code in the site's vocabulary, and a standard concept that it maps to",
    columns=(
        Column(name="vocabulary", dtype=pl.String, meaning="vocabulary_id of the source code"),
        Column(name="code", dtype=pl.String, meaning="source code"),
        Column(
            name="concept_id", dtype=pl.Int64, meaning="'Maps to' standard concept; 0: it has none"
        ),
    ),
    key=("vocabulary", "code", "concept_id"),
)

VOCABULARIES = Table(
    name="phenotypes.vocabularies",
    meaning="one vocabulary that the site has loaded",
    columns=(
        Column(name="vocabulary", dtype=pl.String, meaning="vocabulary_id"),
        Column(name="version", dtype=pl.String, meaning="vocabulary_version, '' if not recorded"),
    ),
    key=("vocabulary",),
)


def canonical(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """``frame`` as one of the tables above, the same whatever engine it comes from.

    Types are those declared, text is stripped, what is missing is as the table says, a number
    that is none (NaN, infinite) is missing, and rows are sorted by all columns.

    Raises:
        FaultError: a value or a key is not what the table declares.
    """
    columns = [_canonical(column) for column in table.columns]
    return table.validate(frame.select(columns).sort(table.names), source=table.name)


def _canonical(column: Column) -> pl.Expr:
    value = pl.col(column.name).cast(column.dtype)
    if column.dtype == pl.String:
        return value.str.strip_chars().fill_null("")
    if column.dtype == pl.Float64:
        number = pl.when(value == 0).then(0.0).when(value.is_finite()).then(value)  # no -0.0
        return number.alias(column.name)
    if column.nullable or column.dtype not in (pl.Int64, pl.Boolean):
        return value
    return value.fill_null(value=False) if column.dtype == pl.Boolean else value.fill_null(0)

"""What of the OMOP Common Data Model is read, and how a platform must have it.

Tables, columns and types: OMOP CDM v5.4, https://ohdsi.github.io/CommonDataModel/cdm54.html. The
table ``consent`` is not OMOP's, which has none; sites keep it beside the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from soyang.core.errors import Fault

VERSIONS = re.compile(r"(?:CDM\s*)?v?5\.[34](?:\.\d+)*", re.IGNORECASE)
"""How sites write ``cdm_source.cdm_version`` of 5.4, and of 5.3, whose columns read here are the
same."""


@dataclass(frozen=True)
class Kind:
    """A kind of column.

    Attributes:
        sql: type of a missing one, in the SQL of the questions.
        types: what engines call the types that are of this kind.
        words: what a message calls it.
    """

    sql: str
    types: re.Pattern[str]
    words: str


_WHOLE = r"U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|LONG|SHORT|BYTE|(?:DECIMAL|NUMERIC)\(\d+, ?0\)"
_NUMBER = rf"{_WHOLE}|DOUBLE(?: PRECISION)?|FLOAT|REAL|(?:DECIMAL|NUMERIC)(?:\(\d+, ?\d+\))?"
ID = Kind("BIGINT", re.compile(_WHOLE), "a whole number")
CONCEPT = Kind("BIGINT", re.compile(_NUMBER), "a number")
NUMBER = Kind("DOUBLE", re.compile(_NUMBER), "a number")
DATE = Kind("DATE", re.compile(r"DATE|DATETIME.*|TIMESTAMP.*"), "a date")
TEXT = Kind("VARCHAR", re.compile(r".*", re.DOTALL), "text")


@dataclass(frozen=True)
class Needed:
    """A table that is read.

    Attributes:
        columns: columns that must be there, where the table is.
        extra: columns that are read where they are there.
        required: whether the table itself must be there.
        vocabulary: whether it belongs to the vocabulary, which may lie elsewhere.
    """

    columns: Mapping[str, Kind]
    extra: Mapping[str, Kind]
    required: bool = True
    vocabulary: bool = False

    @property
    def kinds(self) -> dict[str, Kind]:
        """All columns that are read."""
        return {**self.columns, **self.extra}


def _event(stem: str, day: str, extra: Mapping[str, Kind]) -> Needed:
    """A clinical event table of OMOP, whose columns share a stem."""
    columns = {
        "person_id": ID,
        f"{stem}_concept_id": CONCEPT,
        day: DATE,
        f"{stem}_source_value": TEXT,
        f"{stem}_source_concept_id": CONCEPT,
    }
    return Needed(columns, {"visit_occurrence_id": CONCEPT, **extra})


_COUNTED = {
    "value_as_number": NUMBER, "unit_concept_id": CONCEPT, "unit_source_value": TEXT,
}  # fmt: skip

TABLES: dict[str, Needed] = {
    "person": Needed(
        {"person_id": ID, "gender_concept_id": CONCEPT, "year_of_birth": CONCEPT},
        {
            "month_of_birth": CONCEPT, "day_of_birth": CONCEPT, "care_site_id": CONCEPT,
            "person_source_value": TEXT,
        },
    ),
    "condition_occurrence": _event(
        "condition", "condition_start_date", {"condition_end_date": DATE}
    ),
    "observation": _event(
        "observation", "observation_date",
        {"value_as_concept_id": CONCEPT, "qualifier_concept_id": CONCEPT, **_COUNTED},
    ),
    "drug_exposure": _event(
        "drug", "drug_exposure_start_date", {"drug_exposure_end_date": DATE}
    ),
    "measurement": _event(
        "measurement", "measurement_date",
        {"value_as_concept_id": CONCEPT, "range_low": NUMBER, "range_high": NUMBER, **_COUNTED},
    ),
    "concept": Needed(
        {"concept_id": CONCEPT, "concept_code": TEXT, "vocabulary_id": TEXT},
        {
            "concept_name": TEXT, "domain_id": TEXT, "standard_concept": TEXT,
            "invalid_reason": TEXT,
        },
        vocabulary=True,
    ),
    "procedure_occurrence": Needed(
        {
            "person_id": ID, "procedure_concept_id": CONCEPT, "procedure_date": DATE,
            "procedure_source_value": TEXT, "procedure_source_concept_id": CONCEPT,
        },
        {"procedure_end_date": DATE, "visit_occurrence_id": CONCEPT},
        required=False,
    ),
    "note": Needed(
        {"note_id": CONCEPT, "person_id": ID, "note_date": DATE},
        {"visit_occurrence_id": CONCEPT},
        required=False,
    ),
    "note_nlp": Needed(
        {"note_id": CONCEPT, "note_nlp_concept_id": CONCEPT, "term_exists": TEXT},
        {"note_nlp_source_concept_id": CONCEPT, "term_temporal": TEXT, "term_modifiers": TEXT},
        required=False,
    ),
    "observation_period": Needed(
        {
            "person_id": ID, "observation_period_start_date": DATE,
            "observation_period_end_date": DATE,
        },
        {},
        required=False,
    ),
    "visit_occurrence": Needed(
        {"visit_occurrence_id": CONCEPT, "person_id": ID, "care_site_id": CONCEPT}, {},
        required=False,
    ),
    "care_site": Needed(
        {"care_site_id": CONCEPT}, {"care_site_name": TEXT, "care_site_source_value": TEXT},
        required=False,
    ),
    "death": Needed({"person_id": ID, "death_date": DATE}, {}, required=False),
    "specimen": Needed(
        {"specimen_id": CONCEPT, "person_id": ID, "specimen_date": DATE},
        {"specimen_source_id": TEXT},
        required=False,
    ),
    "consent": Needed(
        {"person_id": ID, "scope": TEXT, "decision": TEXT},
        {
            "valid_from": DATE, "valid_until": DATE, "given_by": TEXT, "assent": TEXT,
            "duo": TEXT, "recorded": DATE,
        },
        required=False,
    ),
    "cdm_source": Needed({"cdm_version": TEXT}, {}, required=False),
    "concept_ancestor": Needed(
        {
            "ancestor_concept_id": CONCEPT, "descendant_concept_id": CONCEPT,
            "min_levels_of_separation": CONCEPT,
        },
        {}, required=False, vocabulary=True,
    ),
    "concept_relationship": Needed(
        {"concept_id_1": CONCEPT, "concept_id_2": CONCEPT, "relationship_id": TEXT},
        {"invalid_reason": TEXT},
        required=False, vocabulary=True,
    ),
    "vocabulary": Needed(
        {"vocabulary_id": TEXT, "vocabulary_version": TEXT}, {}, required=False, vocabulary=True
    ),
}  # fmt: skip

NEEDED_FOR = {
    "periods": ("observation_period",),
    "consents": ("consent",),
    "specimens": ("specimen",),
    "ancestors": ("concept_ancestor",),
    "code_maps": ("concept_relationship",),
    "events.procedure": ("procedure_occurrence",),
    "events.note": ("note", "note_nlp"),
}
"""Questions, and parts of one, that can't be answered without tables that may be missing."""

Found = Mapping[str, Mapping[str, str]]
"""Tables that a platform has, their columns and their types in upper case."""


def unanswered(found: Found) -> frozenset[str]:
    """The questions of :data:`NEEDED_FOR` that lack a table."""
    return frozenset(
        question
        for question, tables in NEEDED_FOR.items()
        if any(table not in found for table in tables)
    )


def contract_faults(found: Found, place: str, next_step: str) -> Iterator[Fault]:
    """Every table and column that is missing or of another type."""

    def fault(code: str, table: str, column: str, told: str, allowed: str) -> Fault:
        return Fault(
            code=code, file=place, row=f"table {table}", column=column, found=told,
            allowed=allowed, next_step=next_step,
        )  # fmt: skip

    for table, needed in TABLES.items():
        if table not in found:
            if needed.required:
                yield fault("omop-table", table, "", "no such table", "OMOP CDM 5.4")
            continue
        for column, kind in needed.kinds.items():
            has = found[table].get(column)
            if has is None and column in needed.columns:
                yield fault("omop-column", table, column, "no such column", "OMOP CDM 5.4")
            elif has is not None and not kind.types.fullmatch(has.upper()):
                yield fault("omop-type", table, column, has, kind.words)


def version_fault(versions: list[str], place: str) -> Fault | None:
    """The fault if the platform says that it is of another version; saying none is allowed."""
    strange = [v.strip() for v in versions if v.strip() and not VERSIONS.fullmatch(v.strip())]
    if not strange:
        return None
    number = re.search(r"\d+(?:\.\d+)*", strange[0])
    return Fault(
        code="omop-version",
        file=place,
        row="table cdm_source",
        column="cdm_version",
        found=f"version {number[0]}" if number else "no version number",
        allowed="version 5.4 (or 5.3)",
        next_step="name a CDM of version 5.4",
    )

"""What is asked of an OMOP CDM: each question once, in DuckDB's SQL.

The same text is translated for PostgreSQL and Spark, so that the answers can't drift. A
question picks rows and columns where the data are; stripping, filling and sorting is done once,
afterwards, for all of them (:mod:`soyang.phenotypes.harmonise`). ``wanted`` (n, person_id) are
the persons asked for by number: no pseudonym leaves for the platform. Other small tables that
go along with a question are ``asked`` and ``sets``.
"""

from __future__ import annotations

from collections.abc import Iterable

from soyang.phenotypes.contract import TABLES, Found

PERSONS = """
    SELECT w.n,
           CAST(p.gender_concept_id AS BIGINT) AS gender,
           CAST(p.year_of_birth AS INTEGER) AS birth_year,
           CAST(p.month_of_birth AS INTEGER) AS birth_month,
           CAST(p.day_of_birth AS INTEGER) AS birth_day,
           CAST(p.care_site_id AS BIGINT) AS care_site_id
    FROM wanted w JOIN person p ON p.person_id = w.person_id
"""
"""Day of birth out of its three columns: ``birth_datetime`` is made up by convention where the
day is not known (OMOP CDM 5.4, table person)."""

IDENTIFIED = """
    SELECT a.n, CAST(p.person_id AS BIGINT) AS person_id
    FROM asked a JOIN person p ON CAST(p.person_source_value AS VARCHAR) = a.identifier
"""

DEATHS = """
    SELECT w.n, CAST(min(d.death_date) AS DATE) AS death_date
    FROM wanted w JOIN death d ON d.person_id = w.person_id GROUP BY w.n
"""

CARE_SITES = """
    SELECT CAST(care_site_id AS BIGINT) AS care_site_id,
           CAST(care_site_name AS VARCHAR) AS name,
           CAST(care_site_source_value AS VARCHAR) AS source_value
    FROM care_site
"""

VISITS = """
    SELECT w.n, CAST(v.visit_occurrence_id AS BIGINT) AS visit,
           CAST(min(v.care_site_id) AS BIGINT) AS care_site_id
    FROM wanted w JOIN visit_occurrence v ON v.person_id = w.person_id
    WHERE v.care_site_id IS NOT NULL
    GROUP BY w.n, v.visit_occurrence_id
"""

PERIODS = """
    SELECT w.n,
           CAST(o.observation_period_start_date AS DATE) AS start_date,
           CAST(o.observation_period_end_date AS DATE) AS end_date
    FROM wanted w JOIN observation_period o ON o.person_id = w.person_id
"""

CONSENTS = """
    SELECT w.n, CAST(c.scope AS VARCHAR) AS scope, CAST(c.decision AS VARCHAR) AS decision,
           CAST(c.valid_from AS DATE) AS valid_from, CAST(c.valid_until AS DATE) AS valid_until,
           CAST(c.given_by AS VARCHAR) AS given_by, CAST(c.assent AS VARCHAR) AS assent,
           CAST(c.duo AS VARCHAR) AS duo, CAST(c.recorded AS DATE) AS recorded
    FROM wanted w JOIN consent c ON c.person_id = w.person_id
"""

SPECIMENS = """
    SELECT w.n, CAST(s.specimen_source_id AS VARCHAR) AS source_id,
           CAST(s.specimen_id AS BIGINT) AS specimen_id,
           CAST(s.specimen_date AS DATE) AS collected
    FROM wanted w JOIN specimen s ON s.person_id = w.person_id
"""

CONCEPTS = """
    SELECT CAST(c.concept_id AS BIGINT) AS concept_id,
           CAST(c.concept_code AS VARCHAR) AS concept_code,
           CAST(c.concept_name AS VARCHAR) AS concept_name,
           CAST(c.vocabulary_id AS VARCHAR) AS vocabulary,
           CAST(c.domain_id AS VARCHAR) AS domain,
           coalesce(CAST(c.standard_concept AS VARCHAR) = 'S', false) AS standard,
           coalesce(trim(CAST(c.invalid_reason AS VARCHAR)), '') = '' AS valid
    FROM asked a JOIN concept c ON c.concept_id = a.concept_id
"""

DENYING = """
    SELECT CAST(c.concept_id AS BIGINT) AS concept_id
    FROM concept c
    JOIN asked a ON a.vocabulary = CAST(c.vocabulary_id AS VARCHAR)
                AND a.code = CAST(c.concept_code AS VARCHAR)
"""

ANCESTORS = """
    SELECT CAST(h.descendant_concept_id AS BIGINT) AS concept_id,
           CAST(h.ancestor_concept_id AS BIGINT) AS ancestor_id,
           CAST(min(h.min_levels_of_separation) AS BIGINT) AS levels
    FROM asked a JOIN concept_ancestor h ON h.descendant_concept_id = a.concept_id
    GROUP BY h.descendant_concept_id, h.ancestor_concept_id
"""

CODE_MAPS = """
    SELECT DISTINCT CAST(c.vocabulary_id AS VARCHAR) AS vocabulary,
           CAST(c.concept_code AS VARCHAR) AS code,
           CAST(t.concept_id AS BIGINT) AS concept_id
    FROM asked a
    JOIN concept c ON CAST(c.concept_code AS VARCHAR) = a.code
                  AND (a.vocabulary = '' OR a.vocabulary = CAST(c.vocabulary_id AS VARCHAR))
    LEFT JOIN concept_relationship r
           ON r.concept_id_1 = c.concept_id AND r.relationship_id = 'Maps to'
          AND coalesce(trim(CAST(r.invalid_reason AS VARCHAR)), '') = ''
    LEFT JOIN concept t ON t.concept_id = r.concept_id_2
                       AND CAST(t.standard_concept AS VARCHAR) = 'S'
"""

VOCABULARIES = """
    SELECT l.vocabulary, CAST(max(v.vocabulary_version) AS VARCHAR) AS version
    FROM (SELECT DISTINCT CAST(vocabulary_id AS VARCHAR) AS vocabulary FROM concept) l
    LEFT JOIN vocabulary v ON CAST(v.vocabulary_id AS VARCHAR) = l.vocabulary
    GROUP BY l.vocabulary
"""

VERSION = "SELECT CAST(cdm_version AS VARCHAR) AS cdm_version FROM cdm_source"

NOTES = """
    SELECT w.n,
           CAST(l.note_nlp_concept_id AS BIGINT) AS concept_id,
           CAST(NULL AS VARCHAR) AS source_code,
           CAST(l.note_nlp_source_concept_id AS BIGINT) AS source_concept_id,
           CAST(t.note_date AS DATE) AS start_date,
           CASE WHEN lower(trim(CAST(l.term_temporal AS VARCHAR))) = 'past'
                THEN CAST(t.note_date AS DATE) END AS end_date,
           lower(trim(CAST(l.term_exists AS VARCHAR))) IN ('n', 'no', 'f', 'false', '0') AS denied,
           CAST(t.visit_occurrence_id AS BIGINT) AS visit
    FROM wanted w
    JOIN note t ON t.person_id = w.person_id
    JOIN note_nlp l ON l.note_id = t.note_id
    WHERE NOT coalesce(
        lower(trim(CAST(l.term_exists AS VARCHAR))) IN ('n', 'no', 'f', 'false', '0')
        AND trim(CAST(l.term_modifiers AS VARCHAR)) <> ''
        AND lower(CAST(l.term_modifiers AS VARCHAR)) NOT LIKE '%negat%', false)
"""
"""``term_exists`` is N for a negated term, but also for one of another person (a mother's), a
condition, a rule-out or a doubt (OMOP CDM 5.4, table note_nlp): these say nothing of the
patient and are left out. What is past has ended by the day of the note."""

_STEMS = {
    "condition": ("condition_occurrence", "condition", "condition_start_date"),
    "observation": ("observation", "observation", "observation_date"),
    "medicine": ("drug_exposure", "drug", "drug_exposure_start_date"),
    "measurement": ("measurement", "measurement", "measurement_date"),
    "procedure": ("procedure_occurrence", "procedure", "procedure_date"),
}
_ENDS = {
    "condition": "condition_end_date",
    "medicine": "drug_exposure_end_date",
    "procedure": "procedure_end_date",
}
_VALUED = ("observation", "measurement")


def events(domain: str) -> str:
    """The records of one domain, as they are."""
    if domain == "note":
        return NOTES
    table, stem, day = _STEMS[domain]
    columns = [
        "w.n",
        f"CAST(e.{stem}_concept_id AS BIGINT) AS concept_id",
        f"CAST(e.{stem}_source_value AS VARCHAR) AS source_code",
        f"CAST(e.{stem}_source_concept_id AS BIGINT) AS source_concept_id",
        f"CAST(e.{day} AS DATE) AS start_date",
        "CAST(e.visit_occurrence_id AS BIGINT) AS visit",
    ]
    if domain in _ENDS:
        columns.append(f"CAST(e.{_ENDS[domain]} AS DATE) AS end_date")
    if domain in _VALUED:
        columns += [
            "CAST(e.value_as_number AS DOUBLE) AS value",
            "CAST(e.value_as_concept_id AS BIGINT) AS value_concept_id",
            "CAST(e.unit_concept_id AS BIGINT) AS unit_concept_id",
            "CAST(e.unit_source_value AS VARCHAR) AS unit",
        ]
    if domain == "observation":
        columns.append("CAST(e.qualifier_concept_id AS BIGINT) AS qualifier_concept_id")
    if domain == "measurement":
        columns += [
            "CAST(e.range_low AS DOUBLE) AS range_low",
            "CAST(e.range_high AS DOUBLE) AS range_high",
        ]
    return f"SELECT {', '.join(columns)} FROM wanted w JOIN {table} e ON e.person_id = w.person_id"


def occurrences(denying: Iterable[int]) -> str:
    """First day, last day and days of each person and concept set.

    One scan of each table, of person, concept and day, and of what denies a record. A set's
    threshold is for measurements; nothing else has a value to reach it.

    Args:
        denying: concepts of a value or qualifier that deny the record.
    """
    listed = ", ".join(str(int(concept)) for concept in sorted(denying))

    def not_denied(*columns: str) -> str:
        return " AND ".join(f"(e.{c} IS NULL OR e.{c} NOT IN ({listed}))" for c in columns)

    def hits(domain: str, condition: str) -> str:
        table, stem, day = _STEMS[domain]
        return (
            f"SELECT w.n, s.k, CAST(e.{day} AS DATE) AS day FROM {table} e "
            f"JOIN wanted w ON w.person_id = e.person_id "
            f"JOIN sets s ON s.concept_id = e.{stem}_concept_id "
            f"WHERE e.{day} IS NOT NULL AND {condition}"
        )

    # PostgreSQL takes IS NULL for one row in 200 and then reads all records of each concept,
    # whosever they are; of a comparison it expects one in three, and starts with the persons.
    any_value = "CASE WHEN s.at_least IS NULL THEN 1 ELSE 0 END > 0"
    parts = (
        hits("condition", any_value),
        hits("medicine", any_value),
        hits(
            "observation",
            f"{any_value} AND {not_denied('value_as_concept_id', 'qualifier_concept_id')}",
        ),
        hits(
            "measurement",
            "(s.at_least IS NULL OR e.value_as_number >= s.at_least) AND "
            + not_denied("value_as_concept_id"),
        ),
    )
    return (
        "SELECT h.n, h.k, min(h.day) AS first_date, max(h.day) AS last_date, "
        "CAST(count(DISTINCT h.day) AS BIGINT) AS days "
        f"FROM ({' UNION ALL '.join(parts)}) AS h GROUP BY h.n, h.k"
    )


def with_missing(table: str, found: Found, place: str) -> str | None:
    """A query that fills what may be missing of a table and is, None where nothing is missing.

    A missing column is NULL; a missing table has no rows.
    """
    has = found.get(table)
    nulls = ", ".join(
        f"CAST(NULL AS {kind.sql}) AS {column}"
        for column, kind in TABLES[table].kinds.items()
        if has is None or column not in has
    )
    if has is None:
        return f"SELECT {nulls} WHERE 1 = 0"
    return f"SELECT *, {nulls} FROM {place}" if nulls else None

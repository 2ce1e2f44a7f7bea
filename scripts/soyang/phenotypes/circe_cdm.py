"""Extracted records in the shape of OMOP CDM 5.4, in DuckDB, for Circe's SQL to run on."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from soyang.phenotypes.matrix_medicines import ingredients
from soyang.phenotypes.units import parse

MALE, FEMALE = 8507, 8532
"""OMOP gender concepts."""
ERA_GAP_DAYS = 30
"""Days between records of one condition, or one ingredient, that still make one era (OMOP CDM
5.4, condition_era and drug_era: persistence window)."""


@dataclass(frozen=True, kw_only=True)
class Records:
    """Tables of the persons wanted: PERSONS, EVENTS, PERIODS, CONCEPTS, ANCESTORS."""

    persons: pl.DataFrame
    events: pl.DataFrame
    periods: pl.DataFrame
    concepts: pl.DataFrame
    ancestors: pl.DataFrame


def build(
    connection: duckdb.DuckDBPyConnection, records: Records, units: dict[int, str]
) -> pl.DataFrame:
    """Make the CDM's tables in the connection; give back person and person_id.

    Denied and undated records are no occurrences and stay out. Eras are derived by the 30-day
    rule. Visits, providers, types and source concepts are not extracted, so their columns are
    empty; a definition that asks for them is refused before.

    Args:
        connection: DuckDB without these tables.
        records: what was extracted.
        units: unit concepts that the definition names: concept id to UCUM code.
    """
    numbers = (
        records.persons.select("person").unique().sort("person").with_row_index("person_id", 1)
    )
    events = records.events.filter(~pl.col("absent") & pl.col("start_date").is_not_null()).join(
        numbers, on="person"
    )
    tops = ingredients(
        events.filter(pl.col("domain") == "medicine")["concept_id"],
        records.ancestors,
        records.concepts,
    )
    given = {
        "x_person": records.persons.join(numbers, on="person"),
        "x_event": _with_units(events.sort(pl.all()), units).with_row_index("event_id", 1),
        "x_period": records.periods.join(numbers, on="person").sort(pl.all()),
        "x_concept": records.concepts,
        "x_ancestor": records.ancestors,
        "x_ingredient": tops,
        "x_unit": pl.DataFrame(
            {"concept_id": list(units), "code": list(units.values())},
            schema={"concept_id": pl.Int64, "code": pl.String},
        ),
    }
    for name, frame in given.items():
        connection.register(f"{name}_frame", frame.to_arrow())
        connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {name}_frame")
    connection.execute(_CDM)
    return numbers


def _with_units(events: pl.DataFrame, units: dict[int, str]) -> pl.DataFrame:
    """Events with ``unit_concept_id``, of the units that the definition names."""
    wanted = {parse(code).code: number for number, code in sorted(units.items(), reverse=True)}
    texts = events["unit"].unique().sort().to_list() if wanted else []
    found = {
        text: wanted[parse(text).code] for text in texts if text and parse(text).code in wanted
    }
    return events.with_columns(
        pl.col("unit")
        .replace_strict(found or {"": 0}, default=0, return_dtype=pl.Int64)
        .alias("unit_concept_id")
    )


_NO_VISIT = """NULL::BIGINT AS provider_id, NULL::BIGINT AS visit_occurrence_id,
    NULL::BIGINT AS visit_detail_id"""


def _table(table: str, stem: str, domain: str, *, start: str, end: str = "", more: str) -> str:
    """One table of occurrences: its name, the stem of its columns, and what else it has."""
    last = f"end_date AS {end}," if end else ""
    return f"""
    CREATE TABLE {table} AS
    SELECT event_id::BIGINT AS {table}_id, person_id::BIGINT AS person_id,
        concept_id AS {stem}_concept_id, start_date AS {start},
        start_date::TIMESTAMP AS {start}time, {last}
        0::BIGINT AS {stem}_type_concept_id, 0::BIGINT AS {stem}_source_concept_id,
        {more} {_NO_VISIT}
    FROM x_event WHERE domain = '{domain}';
    """


def _eras(table: str, stem: str, concept: str, source: str) -> str:
    return f"""
    CREATE TABLE {table} AS
    WITH ordered AS (
        SELECT person_id, {concept} AS concept, start_date AS s,
            coalesce(end_date, start_date + 1) AS e,
            max(coalesce(end_date, start_date + 1)) OVER before AS reached
        FROM {source}
        WINDOW before AS (PARTITION BY person_id, {concept} ORDER BY start_date, end_date, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), eras AS (
        SELECT *, sum(CASE WHEN s <= reached + {ERA_GAP_DAYS} THEN 0 ELSE 1 END)
            OVER (PARTITION BY person_id, concept ORDER BY s, e ROWS UNBOUNDED PRECEDING) AS era
        FROM ordered
    )
    SELECT row_number() OVER (ORDER BY person_id, concept, era)::BIGINT AS {table}_id,
        person_id::BIGINT AS person_id, concept AS {stem}_concept_id,
        min(s) AS {table}_start_date, max(e) AS {table}_end_date,
        count(*)::BIGINT AS {stem}_{"exposure" if stem == "drug" else "occurrence"}_count,
        NULL::BIGINT AS gap_days
    FROM eras GROUP BY person_id, concept, era;
    """


_VALUE = """value AS value_as_number, value_concept_id AS value_as_concept_id,
    NULL::VARCHAR AS value_as_string, unit_concept_id,"""

_OCCURRENCES = "".join(
    (
        _table(
            "condition_occurrence",
            "condition",
            "condition",
            start="condition_start_date",
            end="condition_end_date",
            more="NULL::VARCHAR AS stop_reason, 0::BIGINT AS condition_status_concept_id,",
        ),
        _table(
            "drug_exposure",
            "drug",
            "medicine",
            start="drug_exposure_start_date",
            end="drug_exposure_end_date",
            more="NULL::VARCHAR AS stop_reason, NULL::INTEGER AS refills, "
            "NULL::DOUBLE AS quantity, NULL::INTEGER AS days_supply, "
            "0::BIGINT AS route_concept_id, NULL::VARCHAR AS lot_number,",
        ),
        _table(
            "procedure_occurrence",
            "procedure",
            "procedure",
            start="procedure_date",
            end="procedure_end_date",
            more="0::BIGINT AS modifier_concept_id, NULL::INTEGER AS quantity,",
        ),
        _table(
            "observation",
            "observation",
            "observation",
            start="observation_date",
            more=f"{_VALUE} 0::BIGINT AS qualifier_concept_id,",
        ),
        _table(
            "measurement",
            "measurement",
            "measurement",
            start="measurement_date",
            more=f"{_VALUE} range_low, range_high, 0::BIGINT AS operator_concept_id,",
        ),
    )
)

_CDM = f"""
CREATE TABLE person AS
SELECT person_id::BIGINT AS person_id,
    CASE sex_recorded WHEN 'male' THEN {MALE} WHEN 'female' THEN {FEMALE} ELSE 0 END
        AS gender_concept_id,
    birth_year AS year_of_birth, month(birth_date) AS month_of_birth,
    day(birth_date) AS day_of_birth, birth_date::TIMESTAMP AS birth_datetime,
    0::BIGINT AS race_concept_id, 0::BIGINT AS ethnicity_concept_id,
    NULL::BIGINT AS location_id, NULL::BIGINT AS provider_id, NULL::BIGINT AS care_site_id
FROM x_person;
CREATE TABLE observation_period AS
SELECT row_number() OVER (ORDER BY person_id, start_date, end_date)::BIGINT
        AS observation_period_id,
    person_id::BIGINT AS person_id, start_date AS observation_period_start_date,
    end_date AS observation_period_end_date, 0::BIGINT AS period_type_concept_id
FROM x_period;
{_OCCURRENCES}
CREATE TABLE death AS
SELECT person_id::BIGINT AS person_id, death_date, death_date::TIMESTAMP AS death_datetime,
    0::BIGINT AS death_type_concept_id, 0::BIGINT AS cause_concept_id,
    0::BIGINT AS cause_source_concept_id
FROM x_person WHERE death_date IS NOT NULL;
CREATE TEMP TABLE x_condition AS SELECT * FROM x_event
    WHERE domain = 'condition' AND concept_id <> 0;
CREATE TEMP TABLE x_drug AS SELECT * FROM x_event JOIN x_ingredient USING (concept_id)
    WHERE domain = 'medicine';
{_eras("condition_era", "condition", "concept_id", "x_condition")}
{_eras("drug_era", "drug", "ingredient_id", "x_drug")}
CREATE TABLE concept AS
SELECT concept_id, concept_code, concept_name, vocabulary AS vocabulary_id, domain AS domain_id,
    '' AS concept_class_id, CASE WHEN standard THEN 'S' END AS standard_concept,
    CASE WHEN NOT valid THEN 'D' END AS invalid_reason
FROM x_concept
UNION ALL
SELECT concept_id, code, code, 'UCUM', 'Unit', 'Unit', 'S', NULL FROM x_unit
WHERE concept_id NOT IN (SELECT concept_id FROM x_concept)
UNION ALL
SELECT id, code, name, 'Gender', 'Gender', 'Gender', 'S', NULL
FROM (VALUES ({MALE}, 'M', 'MALE'), ({FEMALE}, 'F', 'FEMALE')) AS genders(id, code, name)
WHERE id NOT IN (SELECT concept_id FROM x_concept);
CREATE TABLE concept_ancestor AS
SELECT ancestor_id AS ancestor_concept_id, concept_id AS descendant_concept_id,
    levels AS min_levels_of_separation, levels AS max_levels_of_separation
FROM x_ancestor;
CREATE TABLE concept_relationship (
    concept_id_1 BIGINT, concept_id_2 BIGINT, relationship_id VARCHAR, invalid_reason VARCHAR);
CREATE TABLE visit_occurrence (visit_occurrence_id BIGINT, person_id BIGINT,
    visit_concept_id BIGINT, visit_start_date DATE, visit_end_date DATE);
CREATE TABLE cohort (cohort_definition_id BIGINT, subject_id BIGINT, cohort_start_date DATE,
    cohort_end_date DATE);
"""

"""A made-up platform of the size wanted, as OMOP CDM 5.4 in Parquet, with cohorts and sets.

All is computed by DuckDB from row numbers and their hashes, so that the same size gives the same
rows. Each ten persons have 350 measurements and 150 conditions, unevenly; each record's concept is
one of 2,000 or 20,000, a few of them very common; results have one decimal, one in a hundred is
coded instead. Where one platform is larger than another, it has more persons of the same kind.

Run as a program it makes what is missing: its memory is then not the benchmark's.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "bench" / "platform"

ROWS_PER_PERSON = 50
HOSPITALS = 10
COHORTS = (1_000, 10_000, 100_000)
ABSENT = 4132135
"""A concept that denies (SNOMED CT 2667000, Absent), as a measurement's coded value."""

MEASUREMENTS = "[2, 5, 10, 15, 20, 30, 40, 58, 70, 100]"
CONDITIONS = "[0, 1, 3, 5, 8, 12, 16, 22, 33, 50]"
"""Records of ten persons, in turn."""

PARQUET = "(FORMAT parquet, COMPRESSION zstd)"
"""Row groups as DuckDB writes them by default: 122,880 rows."""

RECORDS = """
WITH persons AS (
  SELECT person_id::BIGINT AS person_id, {counts}[1 + person_id % 10] AS records
  FROM range({persons}) all_persons(person_id)),
records AS (
  SELECT person_id, records, unnest(range(records)) AS number,
    person_id * 1000 + number AS record_id
  FROM persons)
"""

MEASUREMENT = (
    RECORDS
    + """
SELECT record_id AS measurement_id, person_id,
  (3000000 + floor(pow(hash(record_id + 17) % 1000000 / 1e6, 3) * 2000))::INTEGER
    AS measurement_concept_id,
  DATE '2010-01-01' + ((number + hash(record_id + 19) % 1000 / 1e3) * 5475 / records)::INTEGER
    AS measurement_date,
  NULL::TIMESTAMP AS measurement_datetime, NULL::VARCHAR AS measurement_time,
  32856::INTEGER AS measurement_type_concept_id, NULL::INTEGER AS operator_concept_id,
  CASE WHEN hash(record_id + 29) % 100 > 0 THEN hash(record_id + 23) % 1001 / 10.0 END::DOUBLE
    AS value_as_number,
  CASE WHEN hash(record_id + 29) % 100 = 0 THEN {absent} END::INTEGER AS value_as_concept_id,
  8840::INTEGER AS unit_concept_id, 10::DOUBLE AS range_low, 80::DOUBLE AS range_high,
  NULL::BIGINT AS provider_id, person_id * 100 + number // 3 AS visit_occurrence_id,
  NULL::BIGINT AS visit_detail_id,
  'L' || hash(record_id + 17) % 2000 AS measurement_source_value,
  0::INTEGER AS measurement_source_concept_id, 'mg/dL' AS unit_source_value,
  0::INTEGER AS unit_source_concept_id, NULL::VARCHAR AS value_source_value,
  NULL::BIGINT AS measurement_event_id, NULL::INTEGER AS meas_event_field_concept_id
FROM records
"""
)

CONDITION = (
    RECORDS
    + """
SELECT record_id AS condition_occurrence_id, person_id,
  (40000000 + floor(pow(hash(record_id + 7) % 1000000 / 1e6, 3) * 20000))::INTEGER
    AS condition_concept_id,
  DATE '2010-01-01' + ((number + hash(record_id + 9) % 1000 / 1e3) * 5475 / records)::INTEGER
    AS condition_start_date,
  NULL::TIMESTAMP AS condition_start_datetime, condition_start_date AS condition_end_date,
  NULL::TIMESTAMP AS condition_end_datetime, 32817::INTEGER AS condition_type_concept_id,
  NULL::INTEGER AS condition_status_concept_id, NULL::VARCHAR AS stop_reason,
  NULL::BIGINT AS provider_id, person_id * 100 + number // 3 AS visit_occurrence_id,
  NULL::BIGINT AS visit_detail_id,
  'K' || hash(record_id + 3) % 99 || '.' || hash(record_id + 5) % 10 AS condition_source_value,
  0::INTEGER AS condition_source_concept_id, NULL::VARCHAR AS condition_status_source_value
FROM records
"""
)

PERSON = """
SELECT person_id::BIGINT AS person_id, 8507 + 25 * (person_id % 2)::INTEGER AS gender_concept_id,
  1940 + (hash(person_id) % 80)::INTEGER AS year_of_birth, NULL::INTEGER AS month_of_birth,
  NULL::INTEGER AS day_of_birth, NULL::TIMESTAMP AS birth_datetime, 0::INTEGER AS race_concept_id,
  0::INTEGER AS ethnicity_concept_id, NULL::BIGINT AS location_id, NULL::BIGINT AS provider_id,
  person_id * {hospitals} // {persons} AS care_site_id, person_id::VARCHAR AS person_source_value,
  NULL::VARCHAR AS gender_source_value, NULL::INTEGER AS gender_source_concept_id,
  NULL::VARCHAR AS race_source_value, NULL::INTEGER AS race_source_concept_id,
  NULL::VARCHAR AS ethnicity_source_value, NULL::INTEGER AS ethnicity_source_concept_id
FROM range({persons}) all_persons(person_id)
"""

SMALL_TABLES = {
    "care_site": "SELECT i AS care_site_id, 'hospital ' || i AS care_site_name, "
    "NULL::INTEGER AS place_of_service_concept_id, NULL::BIGINT AS location_id, "
    "'H' || i AS care_site_source_value, NULL::VARCHAR AS place_of_service_source_value "
    "FROM range({hospitals}) sites(i)",
    "cdm_source": "SELECT 'made-up platform' AS cdm_source_name, 'bench' "
    "AS cdm_source_abbreviation, 'bench' AS cdm_holder, DATE '2025-01-01' AS source_release_date, "
    "DATE '2025-01-01' AS cdm_release_date, '5.4' AS cdm_version, 756265 AS "
    "cdm_version_concept_id, 'none' AS vocabulary_version",
}

EMPTY_TABLES = {
    "observation": "observation_id BIGINT, person_id BIGINT, observation_concept_id INTEGER, "
    "observation_date DATE, observation_datetime TIMESTAMP, observation_type_concept_id INTEGER, "
    "value_as_number DOUBLE, value_as_string VARCHAR, value_as_concept_id INTEGER, "
    "qualifier_concept_id INTEGER, unit_concept_id INTEGER, provider_id BIGINT, "
    "visit_occurrence_id BIGINT, visit_detail_id BIGINT, observation_source_value VARCHAR, "
    "observation_source_concept_id INTEGER, unit_source_value VARCHAR, "
    "qualifier_source_value VARCHAR, value_source_value VARCHAR, observation_event_id BIGINT, "
    "obs_event_field_concept_id INTEGER",
    "drug_exposure": "drug_exposure_id BIGINT, person_id BIGINT, drug_concept_id INTEGER, "
    "drug_exposure_start_date DATE, drug_exposure_start_datetime TIMESTAMP, "
    "drug_exposure_end_date DATE, drug_exposure_end_datetime TIMESTAMP, verbatim_end_date DATE, "
    "drug_type_concept_id INTEGER, stop_reason VARCHAR, refills INTEGER, quantity DOUBLE, "
    "days_supply INTEGER, sig VARCHAR, route_concept_id INTEGER, lot_number VARCHAR, "
    "provider_id BIGINT, visit_occurrence_id BIGINT, visit_detail_id BIGINT, "
    "drug_source_value VARCHAR, drug_source_concept_id INTEGER, route_source_value VARCHAR, "
    "dose_unit_source_value VARCHAR",
    "procedure_occurrence": "procedure_occurrence_id BIGINT, person_id BIGINT, "
    "procedure_concept_id INTEGER, procedure_date DATE, procedure_datetime TIMESTAMP, "
    "procedure_end_date DATE, procedure_end_datetime TIMESTAMP, procedure_type_concept_id INTEGER, "
    "modifier_concept_id INTEGER, quantity INTEGER, provider_id BIGINT, visit_occurrence_id "
    "BIGINT, visit_detail_id BIGINT, procedure_source_value VARCHAR, "
    "procedure_source_concept_id INTEGER, modifier_source_value VARCHAR",
    "visit_occurrence": "visit_occurrence_id BIGINT, person_id BIGINT, visit_concept_id INTEGER, "
    "visit_start_date DATE, visit_start_datetime TIMESTAMP, visit_end_date DATE, "
    "visit_end_datetime TIMESTAMP, visit_type_concept_id INTEGER, provider_id BIGINT, "
    "care_site_id BIGINT, visit_source_value VARCHAR, visit_source_concept_id INTEGER, "
    "admitted_from_concept_id INTEGER, admitted_from_source_value VARCHAR, "
    "discharged_to_concept_id INTEGER, discharged_to_source_value VARCHAR, "
    "preceding_visit_occurrence_id BIGINT",
    "observation_period": "observation_period_id BIGINT, person_id BIGINT, "
    "observation_period_start_date DATE, observation_period_end_date DATE, "
    "period_type_concept_id INTEGER",
    "death": "person_id BIGINT, death_date DATE, death_datetime TIMESTAMP, "
    "death_type_concept_id INTEGER, cause_concept_id INTEGER, cause_source_value VARCHAR, "
    "cause_source_concept_id INTEGER",
    "concept": "concept_id INTEGER, concept_name VARCHAR, domain_id VARCHAR, "
    "vocabulary_id VARCHAR, concept_class_id VARCHAR, standard_concept VARCHAR, "
    "concept_code VARCHAR, valid_start_date DATE, valid_end_date DATE, invalid_reason VARCHAR",
    "concept_ancestor": "ancestor_concept_id INTEGER, descendant_concept_id INTEGER, "
    "min_levels_of_separation INTEGER, max_levels_of_separation INTEGER",
    "concept_relationship": "concept_id_1 INTEGER, concept_id_2 INTEGER, relationship_id VARCHAR, "
    "valid_start_date DATE, valid_end_date DATE, invalid_reason VARCHAR",
    "vocabulary": "vocabulary_id VARCHAR, vocabulary_name VARCHAR, vocabulary_reference VARCHAR, "
    "vocabulary_version VARCHAR, vocabulary_concept_id INTEGER",
}
"""Columns of OMOP CDM 5.4 (https://ohdsi.github.io/CommonDataModel/cdm54.html)."""

SETS = """
SELECT 'condition ' || set_number AS concept_set,
  (40000000 + hash(set_number * 31000 + number) % 20000)::BIGINT AS concept_id,
  NULL::DOUBLE AS at_least
FROM range(80) sets(set_number), range(25) concepts(number)
UNION
SELECT 'measurement ' || set_number, (3000000 + hash(set_number * 37000 + number) % 2000)::BIGINT,
  80.0
FROM range(20) sets(set_number), range(5) concepts(number)
ORDER BY ALL
"""
"""80 sets of 25 conditions, and 20 of 5 measurements whose result must reach a threshold."""

COHORT = """
SELECT 'P' || lpad(row_number() OVER (ORDER BY {order})::VARCHAR, 7, '0') AS person,
  person_id::VARCHAR AS platform_person_id, person_id::BIGINT AS person_id
FROM range({persons}) all_persons(person_id)
ORDER BY {order} LIMIT {people}
"""

ANYWHERE = "hash(person_id + 5), person_id"
"""People from anywhere on the platform."""

BLOCKS = "person_id % ({persons} // {hospitals}), person_id"
"""In each hospital people with consecutive numbers, as where a study registers its own."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One platform.

    Attributes:
        rows: measurements and conditions together.
        order: by person (each table clustered), or by day (as it grew).
    """

    rows: int
    order: str = "person"

    @property
    def persons(self) -> int:
        """Persons on the platform."""
        return self.rows // ROWS_PER_PERSON

    @property
    def folder(self) -> Path:
        """Where its tables are."""
        return FOLDER / f"{self.rows}-by-{self.order}-{fingerprint()}"

    def cohort(self, people: int, where: str = "anywhere") -> Path:
        """The table of a cohort: person, platform_person_id, person_id."""
        return self.folder / "cohorts" / f"{where}-{people}.parquet"

    @property
    def sets(self) -> Path:
        """The table of the concept sets."""
        return self.folder / "cohorts" / "sets.parquet"


def fingerprint() -> str:
    """Changes with this file and with DuckDB, whose hash function makes the data."""
    made_by = Path(__file__).read_bytes() + duckdb.__version__.encode()
    return hashlib.sha256(made_by).hexdigest()[:8]


def make(shape: Shape) -> None:
    """Write a platform where it is not there yet; the folder takes its name once all is in it."""
    if shape.folder.exists():
        return
    making = Path(f"{shape.folder}.new")
    shutil.rmtree(making, ignore_errors=True)
    (making / "cohorts").mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        connection.execute("SET memory_limit = '4GB'")
        connection.execute("SET temp_directory = $folder", {"folder": str(making / "sorting")})
        for path, query in files(shape).items():
            connection.execute(f"COPY ({query}) TO '{making / path}' {PARQUET}")
        for name, columns in EMPTY_TABLES.items():
            connection.execute(f"CREATE TABLE {name} ({columns})")
            connection.execute(f"COPY {name} TO '{making / name}.parquet' {PARQUET}")
    shutil.rmtree(making / "sorting", ignore_errors=True)
    making.rename(shape.folder)


def files(shape: Shape) -> dict[str, str]:
    """The query of each file, by its name in the platform's folder."""
    numbers = {"persons": shape.persons, "hospitals": HOSPITALS, "absent": ABSENT}
    measurement = MEASUREMENT.format(counts=MEASUREMENTS, **numbers)
    condition = CONDITION.format(counts=CONDITIONS, **numbers)
    if shape.order == "day":
        measurement += "ORDER BY measurement_date, measurement_id"
        condition += "ORDER BY condition_start_date, condition_occurrence_id"
    tables = {
        "measurement": measurement,
        "condition_occurrence": condition,
        "person": PERSON.format(**numbers),
        **{name: query.format(**numbers) for name, query in SMALL_TABLES.items()},
    }
    cohorts = {
        shape.cohort(people, where).name: COHORT.format(
            order=order.format(**numbers), people=people, **numbers
        )
        for people in COHORTS
        for where, order in {"anywhere": ANYWHERE, "blocks": BLOCKS}.items()
        if people <= shape.persons
    }
    cohorts["sets.parquet"] = SETS
    return {f"{name}.parquet": query for name, query in tables.items()} | {
        f"cohorts/{name}": query for name, query in cohorts.items()
    }


def forget_old() -> None:
    """Remove platforms, and servers with them, that other versions of this file made."""
    for folder in FOLDER.glob("*-by-*"):
        if fingerprint() not in folder.name:
            shutil.rmtree(folder)


def main() -> None:
    """Make the platforms named as ``rows:order``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="+", metavar="ROWS:ORDER")
    words = [text.split(":") for text in parser.parse_args().shapes]
    shapes = [Shape(rows=int(rows), order=order) for rows, order in words]
    forget_old()
    for shape in shapes:
        make(shape)


if __name__ == "__main__":
    main()

"""The demo's clinical platform: a small OMOP CDM 5.4 in DuckDB, of synthetic people.

Korean source codes (KCD-7) stand beside the standard concepts that they map to. Concepts
whose OMOP number is not common knowledge are numbered by the demo, in the range that OMOP
leaves to sites (from 2,000,000,000).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from demo import care
from demo.genes import RESOURCES
from demo.people import BY_NAME, PEOPLE

DDL = Path(__file__).with_name("omop.sql")
SOURCE_BASE, STANDARD_BASE = 2_000_000_000, 2_000_001_000
ABSENT = 4_132_135
"""SNOMED CT 2667000 "Absent"."""
EHR, OUTPATIENT = 32_817, 9_202
GENDERS = {"male": 8_507, "female": 8_532}
KOREAN, ETHNICITY_UNKNOWN = 38_003_585, 0
CDM_VERSION = 756_265
STRANGER = 6_650_307
"""A record of somebody who is not in the sheet; platforms hold many of these."""
BIRTHS = {
    "SYN-01": 2021, "SYN-02": 1988, "SYN-03": 1990, "SYN-04": 2014, "SYN-05": 2019,
    "SYN-06": 1971, "SYN-07": 2018, "SYN-08": 1995, "SYN-09": 1983, "SYN-10": 2018,
    "SYN-11": 1966, "SYN-12": 1999, "SYN-13": 2020,
}  # fmt: skip
OBSERVED_TO = date(2025, 12, 31)

FIXED_CONCEPTS = (
    (0, "No matching concept", "Metadata", "None", "Undefined", None, "No matching concept"),
    (ABSENT, "Absent", "Meas Value", "SNOMED", "Qualifier Value", "S", "2667000"),
    (8_507, "MALE", "Gender", "Gender", "Gender", "S", "M"),
    (8_532, "FEMALE", "Gender", "Gender", "Gender", "S", "F"),
    (KOREAN, "Korean", "Race", "Race", "Race", "S", "2.11"),
    (OUTPATIENT, "Outpatient visit", "Visit", "Visit", "Visit", "S", "OP"),
    (EHR, "EHR", "Type Concept", "Type Concept", "Type Concept", "S", "OMOP4976890"),
    (3_019_550, "Sodium in serum", "Measurement", "LOINC", "Lab Test", "S", "2951-2"),
    (3_024_128, "Bilirubin in serum, total", "Measurement", "LOINC", "Lab Test", "S", "1975-2"),
    (8_753, "millimole per litre", "Unit", "UCUM", "Unit", "S", "mmol/L"),
    (8_840, "milligram per decilitre", "Unit", "UCUM", "Unit", "S", "mg/dL"),
    (1_503_297, "metformin", "Drug", "RxNorm", "Ingredient", "S", "6809"),
    (1_332_418, "amlodipine", "Drug", "RxNorm", "Ingredient", "S", "17767"),
)
"""concept_id, name, domain, vocabulary, class, standard, code."""

VOCABULARIES = (
    ("None", "OMOP Standardized Vocabularies"),
    ("SNOMED", "SNOMED CT"),
    ("KCD7", "Korean Standard Classification of Diseases, 7th revision"),
    ("LOINC", "LOINC"),
    ("RxNorm", "RxNorm"),
    ("UCUM", "UCUM"),
    ("Gender", "OMOP Gender"),
    ("Race", "OMOP Race"),
    ("Visit", "OMOP Visit"),
    ("Type Concept", "OMOP Type Concept"),
)


@dataclass(frozen=True, kw_only=True)
class Code:
    """A KCD code, its source concept, and the standard concept it maps to (0: none)."""

    kcd: str
    kcd_name: str
    source_concept: int
    snomed: str
    snomed_name: str
    concept: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One dated record of one person: ``condition``, ``observation`` or ``absent``."""

    platform_id: int
    kind: str
    code: Code
    day: date


@cache
def codes() -> dict[str, Code]:
    """Codes of ``concepts.tsv``, numbered in the order of the file."""
    return {
        row["kcd_code"]: Code(
            kcd=row["kcd_code"],
            kcd_name=row["kcd_name"],
            source_concept=SOURCE_BASE + number,
            snomed=row["snomed_code"],
            snomed_name=row["snomed_name"],
            concept=STANDARD_BASE + number if row["snomed_code"] else 0,
        )
        for number, row in enumerate(_rows("concepts.tsv"), start=1)
    }


def entries() -> Iterator[Entry]:
    """All dated records, by person and day; the last is a stranger's."""
    found = [
        Entry(
            platform_id=BY_NAME[row["person"]].platform_id,
            kind=row["kind"],
            code=codes()[row["kcd_code"]],
            day=date.fromisoformat(day),
        )
        for row in _rows("records.tsv")
        for day in row["dates"].split(",")
    ]
    yield from sorted(found, key=lambda e: (e.platform_id, e.day, e.code.kcd))
    yield Entry(platform_id=STRANGER, kind="condition", code=codes()["G12.2"], day=date(2020, 2, 3))


def _rows(name: str) -> list[dict[str, str]]:
    with (RESOURCES / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def write_platform(path: Path) -> None:
    """Write the CDM. The rows are always the same; DuckDB adds an identifier of its own."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        connection.execute(DDL.read_text())
        for table, rows in {**_vocabulary(), **_clinical()}.items():
            _insert(connection, table, rows)


def _insert(connection: Any, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that may leave out columns; all rows of a table have the same keys."""
    if rows:
        names = ", ".join(rows[0])
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", [list(r.values()) for r in rows]
        )


def _concept(number: int, *details: str | None) -> dict[str, Any]:
    keys = (
        "concept_name", "domain_id", "vocabulary_id", "concept_class_id", "standard_concept",
        "concept_code",
    )  # fmt: skip
    return {
        "concept_id": number,
        **dict(zip(keys, details, strict=True)),
        "valid_start_date": date(1970, 1, 1),
        "valid_end_date": date(2099, 12, 31),
    }


def _vocabulary() -> dict[str, list[dict[str, Any]]]:
    concepts = [_concept(number, *details) for number, *details in FIXED_CONCEPTS]
    relations = []
    for code in codes().values():
        concepts.append(
            _concept(
                code.source_concept, code.kcd_name, "Condition", "KCD7", "KCD7 code", None, code.kcd
            )
        )
        if code.concept:
            concepts.append(
                _concept(
                    code.concept,
                    code.snomed_name,
                    "Condition",
                    "SNOMED",
                    "Clinical Finding",
                    "S",
                    code.snomed,
                )
            )
            relations += [
                _relation(code.source_concept, "Maps to", code.concept),
                _relation(code.concept, "Mapped from", code.source_concept),
            ]
    return {
        "vocabulary": [
            {
                "vocabulary_id": name,
                "vocabulary_name": title,
                "vocabulary_reference": "demo",
                "vocabulary_version": "demo 1",
                "vocabulary_concept_id": 0,
            }
            for name, title in VOCABULARIES
        ],
        "concept": concepts,
        "concept_relationship": relations,
        "concept_ancestor": [
            {
                "ancestor_concept_id": c["concept_id"],
                "descendant_concept_id": c["concept_id"],
                "min_levels_of_separation": 0,
                "max_levels_of_separation": 0,
            }
            for c in concepts
            if c["standard_concept"] == "S"
        ],
        "cdm_source": [
            {
                "cdm_source_name": "Soyang demo, SYNTHETIC people",
                "cdm_source_abbreviation": "soyang-demo",
                "cdm_holder": "nobody: all people are invented",
                "source_release_date": OBSERVED_TO,
                "cdm_release_date": OBSERVED_TO,
                "cdm_version": "v5.4",
                "cdm_version_concept_id": CDM_VERSION,
                "vocabulary_version": "demo 1",
            }
        ],
    }


def _relation(first: int, name: str, second: int) -> dict[str, Any]:
    return {
        "concept_id_1": first,
        "concept_id_2": second,
        "relationship_id": name,
        "valid_start_date": date(1970, 1, 1),
        "valid_end_date": date(2099, 12, 31),
    }


def _clinical() -> dict[str, list[dict[str, Any]]]:
    dated = list(entries())
    visits = sorted({(e.platform_id, e.day) for e in dated})
    numbers = {visit: number for number, visit in enumerate(visits, start=1)}
    conditions = [e for e in dated if e.kind == "condition"]
    observations = [e for e in dated if e.kind != "condition"]
    own = [(p.platform_id, p.person, p.hospital) for p in PEOPLE]
    people = {p.platform_id: (GENDERS[p.sex], p.sex, BIRTHS[p.person]) for p in PEOPLE}
    people[STRANGER] = (GENDERS["male"], "male", 1958)
    return {
        "person": [
            {
                "person_id": number,
                "gender_concept_id": gender,
                "year_of_birth": year,
                "race_concept_id": KOREAN,
                "ethnicity_concept_id": ETHNICITY_UNKNOWN,
                "gender_source_value": sex,
                "care_site_id": care.care_site_of(number, OBSERVED_TO, own),
            }
            for number, (gender, sex, year) in sorted(people.items())
        ],
        "observation_period": [
            {
                "observation_period_id": number,
                "person_id": person,
                "observation_period_start_date": min(d for p, d in visits if p == person),
                "observation_period_end_date": OBSERVED_TO,
                "period_type_concept_id": EHR,
            }
            for number, person in enumerate(sorted(people), start=1)
        ],
        "visit_occurrence": [
            {
                "visit_occurrence_id": numbers[person, day],
                "person_id": person,
                "visit_concept_id": OUTPATIENT,
                "visit_start_date": day,
                "visit_end_date": day,
                "visit_type_concept_id": EHR,
                "care_site_id": care.care_site_of(person, day, own),
            }
            for person, day in visits
        ],
        "condition_occurrence": [
            {
                "condition_occurrence_id": number,
                "person_id": e.platform_id,
                "condition_concept_id": e.code.concept,
                "condition_start_date": e.day,
                "condition_type_concept_id": EHR,
                "visit_occurrence_id": numbers[e.platform_id, e.day],
                "condition_source_value": e.code.kcd,
                "condition_source_concept_id": e.code.source_concept,
            }
            for number, e in enumerate(conditions, start=1)
        ],
        "observation": [
            {
                "observation_id": number,
                "person_id": e.platform_id,
                "observation_concept_id": e.code.concept,
                "observation_date": e.day,
                "observation_type_concept_id": EHR,
                "value_as_concept_id": ABSENT if e.kind == "absent" else None,
                "visit_occurrence_id": numbers[e.platform_id, e.day],
                "observation_source_value": e.code.kcd,
                "observation_source_concept_id": e.code.source_concept,
            }
            for number, e in enumerate(observations, start=1)
        ],
        "measurement": care.measurements(),
        "drug_exposure": care.drug_exposures(),
        "care_site": care.care_sites(),
        "specimen": care.specimens(),
        "consent": care.consents(),
    }

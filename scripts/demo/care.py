"""What surrounds the demo's diagnoses: hospitals, laboratory results, specimens, consents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from demo.people import BY_NAME, HOSPITAL_A, HOSPITAL_B, HOSPITAL_C, PEOPLE

EHR, BLOOD = 32_817, 4_001_225
"""OMOP type concept for records of the hospital's system; SNOMED CT blood specimen."""
SODIUM, BILIRUBIN = 3_019_550, 3_024_128
MMOL_PER_L, MG_PER_DL = 8_753, 8_840
METFORMIN, AMLODIPINE = 1_503_297, 1_332_418

CARE_SITES = {HOSPITAL_A: 1, HOSPITAL_B: 2, HOSPITAL_C: 3}
ELSEWHERE = {("SYN-01", date(2022, 2, 18)): HOSPITAL_B}
"""Visits to another hospital than the person's own."""

MEASUREMENTS = (
    ("SYN-01", "2021-06-02", BILIRUBIN, 6.8, MG_PER_DL, 0.2, 1.2, "LAB-0031"),
    ("SYN-01", "2022-05-11", BILIRUBIN, 4.1, MG_PER_DL, 0.2, 1.2, "LAB-0031"),
    ("SYN-05", "2020-08-17", SODIUM, 154.0, MMOL_PER_L, 135.0, 145.0, "LAB-0012"),
    ("SYN-05", "2021-01-25", SODIUM, 147.0, MMOL_PER_L, 135.0, 145.0, "LAB-0012"),
    ("SYN-06", "2021-10-19", SODIUM, 141.0, MMOL_PER_L, 135.0, 145.0, "LAB-0012"),
    ("SYN-02", "2024-04-02", 0, 5.1, 0, None, None, "LAB-0977"),
)
"""person, day, concept, value, unit concept, reference range, source value. The last has neither
concept nor unit, as two thirds of real ones."""

DRUGS = (
    ("SYN-02", "2022-03-15", AMLODIPINE, "amlodipine 5 mg"),
    ("SYN-06", "2019-10-02", METFORMIN, "metformin 500 mg"),
    ("SYN-05", "2021-01-25", 0, "local-code-0417"),
)

CONSENTED = date(2025, 9, 1)
GUARDED = ("SYN-01", "SYN-04", "SYN-05", "SYN-07", "SYN-10", "SYN-13")
"""Children: a guardian consented and the child assented."""
DENIED = (("SYN-03", "secondary_findings"), ("SYN-12", "all"))
"""What people told the platform and not the sheet, or told both: the strictest wins."""


def measurements() -> list[dict[str, Any]]:
    """Rows of ``measurement``."""
    return [
        {
            "measurement_id": number,
            "person_id": BY_NAME[person].platform_id,
            "measurement_concept_id": concept,
            "measurement_date": date.fromisoformat(day),
            "measurement_type_concept_id": EHR,
            "value_as_number": value,
            "unit_concept_id": unit,
            "range_low": low,
            "range_high": high,
            "measurement_source_value": source,
        }
        for number, (person, day, concept, value, unit, low, high, source) in enumerate(
            MEASUREMENTS, start=1
        )
    ]


def drug_exposures() -> list[dict[str, Any]]:
    """Rows of ``drug_exposure``."""
    return [
        {
            "drug_exposure_id": number,
            "person_id": BY_NAME[person].platform_id,
            "drug_concept_id": concept,
            "drug_exposure_start_date": date.fromisoformat(day),
            "drug_exposure_end_date": date.fromisoformat(day),
            "drug_type_concept_id": EHR,
            "drug_source_value": source,
        }
        for number, (person, day, concept, source) in enumerate(DRUGS, start=1)
    ]


def care_sites() -> list[dict[str, Any]]:
    """Rows of ``care_site``."""
    return [{"care_site_id": number, "care_site_name": name} for name, number in CARE_SITES.items()]


def specimens() -> list[dict[str, Any]]:
    """Rows of ``specimen``: the blood samples that were sequenced."""
    return [
        {
            "specimen_id": number,
            "person_id": person.platform_id,
            "specimen_concept_id": BLOOD,
            "specimen_type_concept_id": EHR,
            "specimen_date": date.fromisoformat(person.collected),
            "specimen_source_id": person.specimen,
        }
        for number, person in enumerate((p for p in PEOPLE if p.specimen), start=1)
    ]


def consents() -> list[dict[str, Any]]:
    """Rows of ``consent``: what each person, or a child's guardian, told the platform."""
    found = []
    for person in PEOPLE:
        refused = [scope for name, scope in DENIED if name == person.person]
        given = [s for s in person.consent.split(";") if s not in {*refused, "withdrawn"}]
        words = [(scope, "permit") for scope in given] + [(scope, "deny") for scope in refused]
        found += [_consent(person.person, scope, decision) for scope, decision in words]
    return found


def _consent(person: str, scope: str, decision: str) -> dict[str, Any]:
    guarded = person in GUARDED
    return {
        "person_id": BY_NAME[person].platform_id,
        "scope": scope,
        "decision": decision,
        "valid_from": CONSENTED,
        "given_by": "guardian" if guarded else "self",
        "assent": "yes" if guarded else "unknown",
        "duo": "DUO:0000006" if (scope, decision) == ("research", "permit") else "",
        "recorded": CONSENTED,
    }


def care_site_of(platform_id: int, day: date, own: Sequence[tuple[int, str, str]]) -> int | None:
    """Care site of a visit; None for a person of no hospital of the demo.

    Args:
        platform_id: whose visit.
        day: when.
        own: platform id, pseudonym and hospital of everyone in the demo.
    """
    for number, name, hospital in own:
        if number == platform_id:
            return CARE_SITES[ELSEWHERE.get((name, day), hospital)]
    return None

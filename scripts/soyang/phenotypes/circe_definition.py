"""A Circe cohort definition (ATLAS JSON), and what of it the extracted records can answer.

Circe would run on an empty table and select nobody, which reads like an answer; what is not in
the records is refused by its path instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text

_OF_ALL = {"CorrelatedCriteria", "DateAdjustment", "First", "CodesetId", "Gender", "GenderCS"}
_OF_EVENTS = _OF_ALL | {"OccurrenceStartDate", "OccurrenceEndDate", "Age"}
_OF_ERAS = _OF_ALL | {
    *("EraStartDate", "EraEndDate", "OccurrenceCount", "EraLength", "AgeAtStart", "AgeAtEnd")
}
_OF_VALUES = {"ValueAsNumber", "ValueAsConcept", "ValueAsConceptCS", "Unit", "UnitCS"}
_OF_RANGES = {"RangeLow", "RangeHigh", "RangeLowRatio", "RangeHighRatio"}
"""Not Abnormal: the SQL that circe 0.3 makes of it names a column that it did not select."""
IGNORED = {
    "ProcedureOccurrence": {"OccurrenceEndDate"},
    "Measurement": {"OccurrenceEndDate"},
    "Observation": {"DateAdjustment"},
    "Death": {"OccurrenceEndDate", "GenderCS", "CodesetId"},
}
"""Attributes that leave no trace in circe 0.3's SQL; and a death's cause is not extracted."""
ANSWERED: dict[str, set[str]] = {
    "ConditionOccurrence": _OF_EVENTS,
    "DrugExposure": _OF_EVENTS,
    "ProcedureOccurrence": _OF_EVENTS,
    "Observation": _OF_EVENTS | _OF_VALUES,
    "Measurement": _OF_EVENTS | _OF_VALUES | _OF_RANGES,
    "Death": _OF_EVENTS,
    "ConditionEra": _OF_ERAS,
    "DrugEra": _OF_ERAS,
    "ObservationPeriod": {
        *("CorrelatedCriteria", "DateAdjustment", "First", "PeriodStartDate", "PeriodEndDate"),
        *("PeriodLength", "AgeAtStart", "AgeAtEnd", "UserDefinedPeriod"),
    },
}
"""Criteria that extracted records can answer, and their attributes."""
OTHERS = (
    "DeviceExposure", "DoseEra", "Episode", "LocationRegion", "PayerPlanPeriod", "Specimen",
    "VisitDetail", "VisitOccurrence",
)  # fmt: skip
"""Circe's other criteria: no such records are extracted."""
_DEMOGRAPHICS = {"Age", "Gender", "GenderCS", "OccurrenceStartDate", "OccurrenceEndDate"}
_VISITS = ("visit_occurrence_id", "visit_detail_id", "VISIT_ID", "VISIT_DETAIL_ID")
UCUM = "UCUM"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A definition that can be run.

    Attributes:
        expression: the CohortExpression as JSON, as circe's reader takes it.
        units: UCUM concepts that it names: concept id to UCUM code.
        unitless: paths of criteria that compare a number without naming its unit.
        criteria: path, kind and attributes of each criterion.
    """

    expression: str
    criteria: tuple[tuple[str, str, Any], ...]
    units: dict[int, str]
    unitless: tuple[str, ...]


def read_definition(path: Path) -> Definition:
    """Read and check a definition, bare or as ATLAS's WebAPI wraps it (``expression``).

    Raises:
        FaultError: it is no JSON, no cohort definition, names a concept set that is not in it, or
            asks for what is not in the extracted records; all of these at once.
    """
    expression = _expression(path)
    walked = list(_walk(expression, "$"))
    sets = _concept_sets(expression)
    faults = [
        *_shape_faults(expression),
        *_set_faults(sets, walked),
        *(fault for place, key, value in walked for fault in _criterion_faults(place, key, value)),
        *_unit_faults(walked),
    ]
    if faults:
        raise FaultError(
            _fault(path, place, found, allowed) for place, found, allowed in dict.fromkeys(faults)
        )
    units = {number: code for number, code in _units(expression) if code}
    criteria = tuple((f"{place}.{key}", key, value) for place, key, value in walked)
    criteria = tuple(found for found in criteria if found[1] in ANSWERED)
    unitless = tuple(
        place
        for place, key, value in criteria
        if key in {"Measurement", "Observation"} and _compares_without_unit(value)
    )
    return Definition(
        expression=json.dumps(expression, ensure_ascii=False),
        criteria=criteria,
        units=units,
        unitless=unitless,
    )


Found = tuple[str, str, str]
"""Path, what was found, what is allowed."""


def _fault(path: Path, place: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="cohort-definition",
        file=str(path),
        row=place,
        found=found,
        allowed=allowed,
        next_step="correct the definition in ATLAS, export it again and select anew",
    )


def _expression(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
        if isinstance(content, dict) and "expression" in content:
            content = content["expression"]
        if isinstance(content, str):
            content = json.loads(content)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}"
        raise FaultError(_fault(path, place, f"no JSON ({error.msg})", "ATLAS JSON")) from None
    if not isinstance(content, dict) or "PrimaryCriteria" not in map(_key, content):
        raise FaultError(_fault(path, "$", "no PrimaryCriteria", "a cohort definition of ATLAS"))
    return {_key(key): value for key, value in content.items()}


def _key(key: str) -> str:
    """ATLAS writes keys in Pascal case, other exports in camel case; circe reads both."""
    return key[:1].upper() + key[1:]


def _walk(value: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    """Path of its object, key and value of everything outside the concept sets."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, f"{place}[{number}]")
    if isinstance(value, dict):
        for raw, item in value.items():
            key = _key(raw)
            if key == "ConceptSets":
                continue
            yield place, key, item
            yield from _walk(item, f"{place}.{key}")


def _shape_faults(expression: dict[str, Any]) -> Iterator[Found]:
    primary = expression["PrimaryCriteria"]
    keys = {_key(key): value for key, value in primary.items()} if isinstance(primary, dict) else {}
    if not keys.get("CriteriaList"):
        yield "$.PrimaryCriteria.CriteriaList", "no criterion", "one criterion or more"


def _concept_sets(expression: dict[str, Any]) -> list[Any]:
    sets = expression.get("ConceptSets") or []
    return sets if isinstance(sets, list) else [sets]


def _set_faults(sets: list[Any], walked: list[tuple[str, str, Any]]) -> Iterator[Found]:
    ids = [item.get("id") if isinstance(item, dict) else None for item in sets]
    for number, (item, identifier) in enumerate(zip(sets, ids, strict=True)):
        place = f"$.ConceptSets[{number}]"
        if not isinstance(identifier, int) or ids.count(identifier) > 1:
            yield place, "no id, or one that another set has", "an id of its own"
        inside = (item.get("expression") or {}) if isinstance(item, dict) else {}
        if not inside.get("items"):
            yield f"{place}.expression.items", "no concept", "one concept or more"
    for place, key, value in walked:
        if key.endswith("CodesetId") and value is not None and value not in ids:
            yield (
                f"{place}.{key}",
                f"concept set {value!r}, which is not in the definition",
                (f"one of its concept sets ({', '.join(map(str, ids)) or 'there is none'})"),
            )


def _criterion_faults(place: str, key: str, value: Any) -> Iterator[Found]:
    here = f"{place}.{key}"
    told = ", ".join(ANSWERED)
    if key in OTHERS:
        yield here, f"a criterion on {key}, of which no records are extracted", told
    elif key in ANSWERED and not isinstance(value, dict):
        yield here, "a criterion that is no object", "an object"
    elif key in ANSWERED:
        yield from _attribute_faults(here, value, ANSWERED[key] - IGNORED.get(key, set()))
    elif key == "DemographicCriteriaList":
        for number, item in enumerate(value or []):
            yield from _attribute_faults(f"{here}[{number}]", item, _DEMOGRAPHICS)
    elif key == "RestrictVisit" and value:
        yield here, "a restriction to one visit; visits are not extracted", "false"
    elif key == "CountColumn" and value in _VISITS:
        yield here, "a count of visits; visits are not extracted", "domain concepts or dates"
    elif key == "Criteria" and isinstance(value, dict) and not set(map(_key, value)) & _KNOWN:
        yield here, f"an unknown criterion ({', '.join(value) or 'empty'})", told


_KNOWN = {*ANSWERED, *OTHERS}


def _attribute_faults(place: str, value: Any, known: set[str]) -> Iterator[Found]:
    for key, given in value.items() if isinstance(value, dict) else ():
        if given not in (None, False, [], {}) and _key(key) not in known:
            told = ", ".join(sorted(known))
            yield (
                f"{place}.{key}",
                "an attribute that can't be answered from what is extracted",
                told,
            )


def _units(value: Any) -> Iterator[tuple[int, str]]:
    """Concept ids and UCUM codes of unit concepts anywhere in the definition."""
    if isinstance(value, list):
        for item in value:
            yield from _units(item)
    if isinstance(value, dict):
        if value.get("VOCABULARY_ID") == UCUM and isinstance(value.get("CONCEPT_ID"), int):
            yield value["CONCEPT_ID"], str(value.get("CONCEPT_CODE") or "")
        for item in value.values():
            yield from _units(item)


def _unit_faults(walked: list[tuple[str, str, Any]]) -> Iterator[Found]:
    """Units without their UCUM code: records tell units by code, not by OMOP concept."""
    for place, key, value in walked:
        if key != "Unit" or not isinstance(value, list):
            continue
        for number, concept in enumerate(value):
            if not any(code for _, code in _units(concept)):
                yield (
                    f"{place}.Unit[{number}]",
                    "a unit without its UCUM code",
                    ("a UCUM concept with CONCEPT_ID, CONCEPT_CODE and VOCABULARY_ID"),
                )


def _compares_without_unit(value: Any) -> bool:
    keys = {_key(key) for key, given in value.items() if given} if isinstance(value, dict) else ()
    return "ValueAsNumber" in keys and not {"Unit", "UnitCS"} & set(keys)

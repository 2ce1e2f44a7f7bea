"""A generated platform as FHIR R4 resources, as a Korean hospital's server (KR Core) has them.

What R4 can't say is in :data:`generator.ONLY_OMOP`, and ``generate(common=True)`` leaves it out.
Observation periods are not written: R4 has nothing for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl
import requests
from codes import FEMALE, MALE

Resource = dict[str, Any]
Row = dict[str, Any]

KR = "http://www.hl7korea.or.kr/CodeSystem"
"""HL7 Korea, KR Core 1.0.2, NamingSystems."""
SYSTEMS = {
    "SNOMED": "http://snomed.info/sct",
    "LOINC": "http://loinc.org",
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "UCUM": "http://unitsofmeasure.org",
    "KCD7": f"{KR}/kostat-kcd-7",
    "KCD8": f"{KR}/kostat-kcd-8",
}
EDI = {
    "Measurement": f"{KR}/hira-edi-procedure",
    "Drug": f"{KR}/hira-edi-medication",
    "Procedure": f"{KR}/hira-edi-procedure",
}
PERSON_SYSTEM = "urn:synthetic:person"
SPECIMEN_SYSTEM = "urn:synthetic:specimen"
SCOPE_SYSTEM = "urn:soyang:consent-scope"
DUO_SYSTEM = "http://purl.obolibrary.org/obo/duo.owl"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def resources(tables: Mapping[str, pl.DataFrame]) -> Iterator[Resource]:
    """All resources, each after those that it refers to."""
    coder = _Coder(tables["concept"])
    for row in tables["care_site"].iter_rows(named=True):
        yield {
            "resourceType": "Organization",
            "id": f"org-{row['care_site_id']}",
            "name": row["care_site_name"],
        }
    died = dict(tables["death"].select("person_id", "death_date").iter_rows())
    for row in tables["person"].iter_rows(named=True):
        yield _patient(row, died.get(row["person_id"]))
    for row in tables["visit_occurrence"].iter_rows(named=True):
        yield _encounter(row)
    makers = {
        "condition_occurrence": _condition,
        "observation": _finding,
        "measurement": _result,
        "drug_exposure": _medication,
        "procedure_occurrence": _procedure,
    }
    for table, make in makers.items():
        for row in tables[table].iter_rows(named=True):
            yield make(row, coder)
    for row in tables["specimen"].iter_rows(named=True):
        yield _specimen(row, coder)
    for number, row in enumerate(tables["consent"].iter_rows(named=True)):
        yield _consent(row, number)


def group(name: str, people: Iterable[str]) -> Resource:
    """A Group of these people (the platform's numbers), by which a server exports them."""
    members = [{"entity": {"reference": f"Patient/{patient_id(p)}"}} for p in sorted(people)]
    return {
        "resourceType": "Group",
        "id": name,
        "type": "person",
        "actual": True,
        "member": members,
    }


def load(base: str, made: Iterable[Resource], headers: Mapping[str, str] | None = None) -> int:
    """Put the resources on a server by transactions of 400; how many they were."""
    count = 0
    with requests.Session() as session:
        session.headers.update(headers or {})
        bundle: list[Resource] = []
        for resource in made:
            bundle.append(resource)
            if len(bundle) == 400:
                count += _post(session, base, bundle)
                bundle = []
        return count + (_post(session, base, bundle) if bundle else 0)


def _post(session: requests.Session, base: str, bundle: list[Resource]) -> int:
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in bundle
    ]
    answer = session.post(
        base,
        json={"resourceType": "Bundle", "type": "transaction", "entry": entries},
        headers={"Content-Type": "application/fhir+json"},
        timeout=300,
    )
    assert answer.status_code == 200, answer.text[:2000]
    return len(bundle)


class _Coder:
    """Concepts as codings."""

    def __init__(self, concept: pl.DataFrame) -> None:
        columns = concept.select("concept_id", "vocabulary_id", "concept_code", "domain_id")
        self.known = {number: rest for number, *rest in columns.iter_rows()}

    def coding(self, number: int | None) -> list[dict[str, str]]:
        """The concept's own coding; nothing for 0 and missing."""
        if not number:
            return []
        vocabulary, code, domain = self.known[number]
        system = EDI[domain] if vocabulary == "EDI" else SYSTEMS[vocabulary]
        return [{"system": system, "code": code}]

    def concept(self, row: Row, name: str) -> dict[str, Any]:
        """CodeableConcept of a record: the source's coding first, then the standard one."""
        source = self.coding(row[f"{name}_source_concept_id"])
        text = row[f"{name}_source_value"]
        if text and not source:
            source = [{"code": text}]  # a local code, of no system that anybody knows
        codings = source + self.coding(row[f"{name}_concept_id"])
        return {"coding": codings} if codings else {"text": "-"}


def _drop(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if value not in (None, [], {})}


def _day(value: Any) -> str | None:
    return value.isoformat() if value else None


def _patient(row: Row, died: Any) -> Resource:
    birth = f"{row['year_of_birth']:04}"
    for part in ("month_of_birth", "day_of_birth"):
        if row[part] is None:
            break
        birth += f"-{row[part]:02}"
    site = row["care_site_id"]
    return _drop(
        {
            "resourceType": "Patient",
            "id": patient_id(row["person_id"]),
            "identifier": [{"system": PERSON_SYSTEM, "value": str(row["person_id"])}],
            "gender": {MALE: "male", FEMALE: "female"}.get(row["gender_concept_id"], "unknown"),
            "birthDate": birth,
            "deceasedDateTime": _day(died),
            "managingOrganization": {"reference": f"Organization/org-{site}"} if site else None,
        }
    )


def patient_id(person: int | str) -> str:
    """The server's own id of a person, another than the platform's number."""
    return f"pt-{person}"


def _base(row: Row, kind: str, key: str) -> Resource:
    visit = row.get("visit_occurrence_id")
    return {
        "resourceType": kind,
        "id": f"{key.removesuffix('_id').replace('_', '-')}-{row[key]}",
        "subject": {"reference": f"Patient/{patient_id(row['person_id'])}"},
        "encounter": {"reference": f"Encounter/visit-{visit}"} if visit else None,
    }


def _encounter(row: Row) -> Resource:
    site = row["care_site_id"]
    return _drop(
        {
            "resourceType": "Encounter",
            "id": f"visit-{row['visit_occurrence_id']}",
            "status": "finished",
            "class": {
                "system": f"{TERMINOLOGY}/v3-ActCode",
                "code": "AMB" if row["visit_start_date"] == row["visit_end_date"] else "IMP",
            },
            "subject": {"reference": f"Patient/{patient_id(row['person_id'])}"},
            "period": {
                "start": _day(row["visit_start_date"]),
                "end": _day(row["visit_end_date"]),
            },
            "serviceProvider": {"reference": f"Organization/org-{site}"} if site else None,
        }
    )


def _condition(row: Row, coder: _Coder) -> Resource:
    ended = row["condition_end_date"]
    status = {"system": f"{TERMINOLOGY}/condition-clinical", "code": "resolved"}
    return _drop(
        {
            **_base(row, "Condition", "condition_occurrence_id"),
            "clinicalStatus": {"coding": [status if ended else status | {"code": "active"}]},
            "code": coder.concept(row, "condition"),
            "onsetDateTime": _day(row["condition_start_date"]),
            "abatementDateTime": _day(ended),
        }
    )


def _finding(row: Row, coder: _Coder) -> Resource:
    value = coder.coding(row["value_as_concept_id"])
    return _drop(
        {
            **_base(row, "Observation", "observation_id"),
            "status": "final",
            "category": _category("exam"),
            "code": coder.concept(row, "observation"),
            "effectiveDateTime": _day(row["observation_date"]),
            "valueCodeableConcept": {"coding": value} if value else None,
        }
    )


def _category(code: str) -> list[Resource]:
    return [{"coding": [{"system": f"{TERMINOLOGY}/observation-category", "code": code}]}]


def _result(row: Row, coder: _Coder) -> Resource:
    value = coder.coding(row["value_as_concept_id"])
    limits = {"low": row["range_low"], "high": row["range_high"]}
    limits = {name: {"value": float(v)} for name, v in limits.items() if v is not None}
    return _drop(
        {
            **_base(row, "Observation", "measurement_id"),
            "status": "final",
            "category": _category("laboratory"),
            "code": coder.concept(row, "measurement"),
            "effectiveDateTime": _day(row["measurement_date"]),
            "valueQuantity": _quantity(row, coder),
            "valueCodeableConcept": {"coding": value} if value else None,
            "referenceRange": [limits] if limits else None,
        }
    )


def _quantity(row: Row, coder: _Coder) -> Resource | None:
    if row["value_as_number"] is None:
        return None
    unit = row["unit_source_value"]
    (coded,) = coder.coding(row["unit_concept_id"]) or [{}]
    return _drop({"value": float(row["value_as_number"]), "unit": unit, **coded})


def _medication(row: Row, coder: _Coder) -> Resource:
    return _drop(
        {
            **_base(row, "MedicationRequest", "drug_exposure_id"),
            "status": "completed",
            "intent": "order",
            "medicationCodeableConcept": coder.concept(row, "drug"),
            "authoredOn": _day(row["drug_exposure_start_date"]),
            "dispenseRequest": {
                "expectedSupplyDuration": {
                    "value": row["days_supply"],
                    "system": SYSTEMS["UCUM"],
                    "code": "d",
                }
            },
        }
    )


def _procedure(row: Row, coder: _Coder) -> Resource:
    return _drop(
        {
            **_base(row, "Procedure", "procedure_occurrence_id"),
            "status": "completed",
            "code": coder.concept(row, "procedure"),
            "performedDateTime": _day(row["procedure_date"]),
        }
    )


def _specimen(row: Row, coder: _Coder) -> Resource:
    return _drop(
        {
            **_base(row, "Specimen", "specimen_id"),
            "encounter": None,
            "identifier": [{"system": SPECIMEN_SYSTEM, "value": row["specimen_source_id"]}],
            "type": {"coding": coder.coding(row["specimen_concept_id"])},
            "collection": {"collectedDateTime": _day(row["specimen_date"])},
        }
    )


def _consent(row: Row, number: int) -> Resource:
    """One provision; a guardian speaks as RelatedPerson, a minor who agrees as Patient too."""
    patient = {"reference": f"Patient/{patient_id(row['person_id'])}"}
    guardian = [{"reference": f"RelatedPerson/guardian-{row['person_id']}"}]
    minor = [patient] if row["assent"] == "yes" else []
    purpose = [{"system": SCOPE_SYSTEM, "code": row["scope"]}]
    if row["duo"]:
        purpose.append({"system": DUO_SYSTEM, "code": row["duo"].replace(":", "_")})
    return _drop(
        {
            "resourceType": "Consent",
            "id": f"consent-{number}",
            "status": "active",
            "scope": {"coding": [{"system": f"{TERMINOLOGY}/consentscope", "code": "research"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": patient,
            "dateTime": _day(row["recorded"]),
            "performer": {"self": [patient], "guardian": guardian + minor}.get(row["given_by"]),
            "policyRule": {"text": "synthetic"},
            "provision": _drop(
                {
                    "type": row["decision"],
                    "period": _drop(
                        {"start": _day(row["valid_from"]), "end": _day(row["valid_until"])}
                    ),
                    "purpose": purpose,
                }
            ),
        }
    )

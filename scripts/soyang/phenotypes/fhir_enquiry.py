"""Who the people of the sheet are to a FHIR server, what they consented to, and their specimens.

Asked before admission, so nothing clinical is: the resource types Patient, Organization (the
hospital's name), Consent and Specimen only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from soyang.core.clinical import Fhir
from soyang.core.people import UNKNOWN_SCOPE
from soyang.phenotypes.answers import CONSENT_RECORDS, KNOWN_PERSONS, SPECIMENS
from soyang.phenotypes.fhir_client import Client
from soyang.phenotypes.fhir_consent import consent_rows
from soyang.phenotypes.fhir_days import first_day, whole_day
from soyang.phenotypes.fhir_search import (
    Resource,
    is_of,
    patients,
    read,
    referenced,
    search_if_able,
)

SEXES = ("male", "female")
"""AdministrativeGender's words that are ours too; other and unknown are unknown."""


@dataclass(frozen=True, kw_only=True)
class Enquired:
    """What a server answered.

    Attributes:
        persons: KNOWN_PERSONS; two rows for one person where it has two Patients.
        consents: CONSENT_RECORDS; the scope ``unknown`` where a code is in no table of ours.
        specimens: SPECIMENS.
        unanswered: questions that the server can't answer (consents, specimens).
    """

    persons: pl.DataFrame
    consents: pl.DataFrame
    specimens: pl.DataFrame
    unanswered: frozenset[str]


@dataclass
class _Asked:
    """Rows of what was asked so far."""

    client: Client
    persons: list[dict[str, Any]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    specimens: list[dict[str, Any]] = field(default_factory=list)
    unanswered: set[str] = field(default_factory=set)
    hospitals: dict[str, str] = field(default_factory=dict)


def enquire(fhir: Fhir, wanted: pl.DataFrame, *, client: Client | None = None) -> Enquired:
    """Ask a FHIR server about people, by search.

    Args:
        fhir: the server.
        wanted: columns person (pseudonym), person_id (String: Patient identifier or id).
        client: for tests.

    Raises:
        FaultError: the server refuses, breaks or answers something that is not FHIR.
    """
    asked = _Asked(client or Client(fhir))
    for person, person_id in wanted.select("person", "person_id").sort("person").iter_rows():
        _ask(asked, person, person_id)
    platform = [{**row, "source": "platform"} for row in asked.consents]
    return Enquired(
        persons=KNOWN_PERSONS.frame(asked.persons).sort(KNOWN_PERSONS.names),
        consents=CONSENT_RECORDS.frame(platform).sort(CONSENT_RECORDS.names),
        specimens=SPECIMENS.frame(asked.specimens).unique().sort(SPECIMENS.names),
        unanswered=frozenset(asked.unanswered),
    )


def unknown_consents(consents: pl.DataFrame) -> int:
    """How many provisions name a purpose that no table of ours has."""
    return consents.filter(pl.col("scope") == UNKNOWN_SCOPE).height


def known_person(patient: Resource, hospital: str) -> dict[str, Any]:
    """A Patient as a row of KNOWN_PERSONS, without the pseudonym."""
    born = str(patient.get("birthDate", ""))
    gender = patient.get("gender")
    return {
        "sex_recorded": gender if gender in SEXES else "unknown",
        "birth_year": int(born[:4]) if re.match(r"\d{4}", born) else None,
        "birth_date": whole_day(born),
        "death_date": first_day(patient.get("deceasedDateTime")),
        "hospital": hospital,
    }


def specimen_name(specimen: Resource) -> str:
    """What a specimen is called: its first identifier, else its accession, else its id."""
    named = [*(specimen.get("identifier") or []), specimen.get("accessionIdentifier")]
    values = [
        str(one["value"]).strip() for one in named if isinstance(one, dict) and one.get("value")
    ]
    return next(filter(None, values), str(specimen.get("id", "")))


def hospital_name(organization: Resource | None) -> str:
    """An Organization's name, else its first identifier."""
    if organization is None:
        return ""
    named = organization.get("identifier") or []
    values = [one.get("value") for one in named if isinstance(one, dict)]
    return str(next(filter(None, [organization.get("name"), *values]), "")).strip()


def _ask(asked: _Asked, person: str, person_id: str) -> None:
    """Ask about one person; consents and specimens of two Patients are one person's."""
    client = asked.client
    found = patients(client, person_id)
    consents: list[Resource] = []
    for patient in found:
        own = str(patient.get("id", ""))
        row = known_person(patient, _hospital(asked, patient))
        asked.persons.append({"person": person, **row})
        consents += _of(asked, "Consent", "consents", own)
        for specimen in _of(asked, "Specimen", "specimens", own):
            if specimen.get("status") != "entered-in-error":
                asked.specimens.append({"person": person, **_specimen(specimen)})
    asked.consents += [{"person": person, **row} for row in consent_rows(consents)]


def _specimen(specimen: Resource) -> dict[str, Any]:
    collection = specimen.get("collection") or {}
    told = collection.get("collectedDateTime") or (collection.get("collectedPeriod") or {}).get(
        "start", ""
    )
    return {"specimen": specimen_name(specimen), "collected": first_day(told)}


def _of(asked: _Asked, kind: str, question: str, patient_id: str) -> list[Resource]:
    found = search_if_able(asked.client, kind, patient=f"Patient/{patient_id}")
    if found is None:
        asked.unanswered.add(question)
        return []
    return [one for one in found if is_of(one, patient_id, asked.client.base)]


def _hospital(asked: _Asked, patient: Resource) -> str:
    identifier = referenced(patient.get("managingOrganization"), "Organization", asked.client.base)
    if not identifier:
        return ""
    if identifier not in asked.hospitals:
        asked.hospitals[identifier] = hospital_name(read(asked.client, "Organization", identifier))
    return asked.hospitals[identifier]

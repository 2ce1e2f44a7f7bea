"""The parts of FHIR R4 resources that are read, as DuckDB column types.

Elements: https://hl7.org/fhir/R4/resourcelist.html. Names, addresses, notes and other free text
are in no shape: they are never read.
"""

from __future__ import annotations

CODED = "STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])"
REFERENCE = "STRUCT(reference VARCHAR)"
IDENTIFIERS = "STRUCT(system VARCHAR, value VARCHAR)[]"
PERIOD = 'STRUCT("start" VARCHAR, "end" VARCHAR)'
QUANTITY = "STRUCT(value DOUBLE, comparator VARCHAR, unit VARCHAR, system VARCHAR, code VARCHAR)"
DURATION = "STRUCT(value DOUBLE, code VARCHAR, unit VARCHAR)"
RANGES = "STRUCT(low STRUCT(value DOUBLE), high STRUCT(value DOUBLE))[]"
CONTAINED = f"STRUCT(resourceType VARCHAR, id VARCHAR, code {CODED})[]"
_VALUES = {
    "valueQuantity": QUANTITY,
    "valueInteger": "BIGINT",
    "valueBoolean": "BOOLEAN",
    "valueCodeableConcept": CODED,
}
COMPONENTS = (
    "STRUCT("
    + ", ".join(
        f"{name} {shape}"
        for name, shape in {"code": CODED, **_VALUES, "referenceRange": RANGES}.items()
    )
    + ")[]"
)
_EVENT = {"status": "VARCHAR", "subject": REFERENCE, "encounter": REFERENCE}
_MEDICINE = {
    "status": "VARCHAR",
    "subject": REFERENCE,
    "medicationCodeableConcept": CODED,
    "medicationReference": REFERENCE,
    "contained": CONTAINED,
}

SHAPES: dict[str, dict[str, str]] = {
    "Patient": {
        "identifier": IDENTIFIERS,
        "gender": "VARCHAR",
        "birthDate": "VARCHAR",
        "deceasedDateTime": "VARCHAR",
        "managingOrganization": REFERENCE,
        "link": "STRUCT(type VARCHAR)[]",
    },
    "Organization": {"identifier": IDENTIFIERS, "name": "VARCHAR"},
    "Medication": {"code": CODED},
    "Encounter": {
        "status": "VARCHAR",
        "subject": REFERENCE,
        "class": "STRUCT(code VARCHAR)",
        "period": PERIOD,
        "serviceProvider": REFERENCE,
    },
    "Condition": {
        "verificationStatus": CODED,
        "subject": REFERENCE,
        "encounter": REFERENCE,
        "code": CODED,
        "onsetDateTime": "VARCHAR",
        "onsetPeriod": PERIOD,
        "abatementDateTime": "VARCHAR",
        "abatementPeriod": PERIOD,
        "recordedDate": "VARCHAR",
    },
    "Observation": {
        **_EVENT,
        "category": f"{CODED}[]",
        "code": CODED,
        "effectiveDateTime": "VARCHAR",
        "effectiveInstant": "VARCHAR",
        "effectivePeriod": PERIOD,
        "issued": "VARCHAR",
        **_VALUES,
        "referenceRange": RANGES,
        "component": COMPONENTS,
    },
    "MedicationRequest": {
        **_MEDICINE,
        "intent": "VARCHAR",
        "doNotPerform": "BOOLEAN",
        "encounter": REFERENCE,
        "authoredOn": "VARCHAR",
        "dosageInstruction": f"STRUCT(timing STRUCT(repeat STRUCT(boundsPeriod {PERIOD})))[]",
        "dispenseRequest": f"STRUCT(expectedSupplyDuration {DURATION})",
    },
    "MedicationStatement": {
        **_MEDICINE,
        "context": REFERENCE,
        "effectiveDateTime": "VARCHAR",
        "effectivePeriod": PERIOD,
    },
    "MedicationAdministration": {
        **_MEDICINE,
        "context": REFERENCE,
        "effectiveDateTime": "VARCHAR",
        "effectivePeriod": PERIOD,
    },
    "MedicationDispense": {
        **_MEDICINE,
        "context": REFERENCE,
        "whenHandedOver": "VARCHAR",
        "whenPrepared": "VARCHAR",
        "daysSupply": DURATION,
    },
    "Procedure": {
        **_EVENT,
        "code": CODED,
        "performedDateTime": "VARCHAR",
        "performedPeriod": PERIOD,
    },
    "Specimen": {
        "status": "VARCHAR",
        "subject": REFERENCE,
        "identifier": IDENTIFIERS,
        "accessionIdentifier": "STRUCT(value VARCHAR)",
        "type": CODED,
        "collection": f"STRUCT(collectedDateTime VARCHAR, collectedPeriod {PERIOD})",
    },
}
"""Resource type to its elements. Consent is not among them: it is read as it is."""

REFERRED = ("Medication", "Organization")
"""Resource types that the others point to."""
CLINICAL = (*sorted({*SHAPES, "Consent"} - {*REFERRED, "Patient"}),)
"""Resource types of a Patient's compartment, which are asked for by person."""
TYPES = ("Patient", *CLINICAL, *REFERRED)
"""All that are read."""

"""FHIR R4 resources as tables of OMOP CDM 5.4, for the persons wanted only.

Columns: https://ohdsi.github.io/CommonDataModel/cdm54.html; ``consent`` is a table beside them.
What R4 can't express has no table: observation periods, and terms found in notes. Ids are numbers
in order of resource type and id. What is left out, and every date that was a year or a month, is
counted in the manifest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from soyang.core.clinical import Fhir
from soyang.core.files import atomic_path, restrict, write_text
from soyang.core.people import UNKNOWN_SCOPE
from soyang.phenotypes import fhir_load
from soyang.phenotypes.fhir_codes import attach_vocabulary, resolve, unknown_systems
from soyang.phenotypes.fhir_consent import consent_rows
from soyang.phenotypes.fhir_load import Files
from soyang.phenotypes.fhir_search import referenced

Refer = Callable[[Sequence[tuple[str, str]]], Files]
"""Reads resources by type and id, and gives the NDJSON files that now hold them."""

CONSENT_SCHEMA = {
    "person_id": pl.Int64,
    "scope": pl.String,
    "decision": pl.String,
    "valid_from": pl.Date,
    "valid_until": pl.Date,
    "given_by": pl.String,
    "assent": pl.String,
    "duo": pl.String,
    "recorded": pl.Date,
}
"""As answers.CONSENT_RECORDS, of a person of these tables."""
MANIFEST = "manifest.json"


def convert(
    fhir: Fhir, files: Files, wanted: pl.DataFrame, output: Path, refer: Refer | None = None
) -> dict[str, Any]:
    """Write the tables, one Parquet file each.

    Args:
        fhir: the server, for its base URL, identifier system and vocabulary.
        files: NDJSON files by resource type.
        wanted: columns person (pseudonym), person_id (String: Patient identifier or id).
        output: folder of the tables.
        refer: reads Medications and Organizations that are pointed to and not in ``files``.

    Returns:
        What is worth knowing of it, for the manifest; it names no one.

    Raises:
        FaultError: a resource, or the vocabulary, is not what it should be.
    """
    numbered = _numbered(wanted)
    with duckdb.connect() as connection:
        attach_vocabulary(connection, fhir.vocabulary)
        fhir_load.load(connection, files, numbered, fhir.base_url, fhir.identifier_system)
        missing = fhir_load.referred(connection)
        if missing and refer:
            for kind, more in refer(missing).items():
                fhir_load.read_kind(connection, kind, [*files.get(kind, ()), *more])
            missing = fhir_load.referred(connection)
        fhir_load.gather(connection)
        resolve(connection)
        _settle(connection)
        frames = {name: connection.sql(query).pl() for name, query in _TABLES.items()}
        frames["consent"] = _consents(connection, files.get("Consent", ()), fhir.base_url)
        told = _told(connection, frames, numbered, missing)
    for name, frame in frames.items():
        with atomic_path(output / f"{name}.parquet") as temporary:
            temporary.touch(mode=0o600)
            frame.write_parquet(temporary, compression="zstd", statistics=True)
    return told


def write_manifest(output: Path, told: dict[str, Any]) -> None:
    """Write the manifest, last of all: a folder that has it is whole."""
    text = json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True)
    write_text(output / MANIFEST, f"{text}\n")
    restrict(output / MANIFEST)


def _numbered(wanted: pl.DataFrame) -> pl.DataFrame:
    """Columns person_id (ours, from 1 in order of the pseudonyms), identifier (the platform's)."""
    ordered = wanted.select("person", "person_id").unique().sort("person", "person_id")
    return ordered.with_row_index("n", offset=1).select(
        person_id=pl.col("n").cast(pl.Int64), identifier=pl.col("person_id").str.strip_chars()
    )


def _consents(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], base: str
) -> pl.DataFrame:
    """The table of consents; all of one person are read together."""
    owners = dict(
        connection.execute(
            "SELECT patient, person_id FROM patient_of WHERE NOT merged ORDER BY ALL"
        ).fetchall()
    )
    spoken: dict[int, dict[str, dict[str, Any]]] = {}
    for resource in fhir_load.read_lines("Consent", paths):
        person = owners.get(referenced(resource.get("patient"), "Patient", base))
        if person is not None and resource.get("resourceType") == "Consent":
            spoken.setdefault(person, {})[str(resource.get("id"))] = resource
    rows = [
        {"person_id": person, **row}
        for person, own in spoken.items()
        for row in consent_rows(own[identifier] for identifier in sorted(own))
    ]
    frame = pl.DataFrame(rows, schema=CONSENT_SCHEMA, orient="row")
    return frame.sort(list(CONSENT_SCHEMA))


def _settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``event``: each record with its concepts, days, target table, visit and ids."""
    for statement in (_CARE_SITES, _VISITS, _EVENTS):
        connection.execute(statement)


def _told(
    connection: duckdb.DuckDBPyConnection,
    frames: dict[str, pl.DataFrame],
    numbered: pl.DataFrame,
    missing: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """What is worth knowing of a conversion; it names no one."""

    def counts(query: str) -> dict[str, int]:
        return dict(connection.execute(query).fetchall())

    patients = frames["person"]["person_id"]
    kinds = [kind for kind, _ in missing]
    return {
        "persons": {
            "asked": numbered.height,
            "found": patients.n_unique(),
            "not_found": numbered.height - patients.n_unique(),
            "twice": int(patients.is_duplicated().sum())
            and patients.filter(patients.is_duplicated()).n_unique(),
        },
        "rows": {name: frame.height for name, frame in sorted(frames.items())},
        "left_out": counts(
            "SELECT kind || ' ' || left_out, count(*) FROM record WHERE left_out IS NOT NULL "
            "GROUP BY 1 ORDER BY 1"
        ),
        "partial_dates": counts(
            "SELECT kind, count(*) FROM record WHERE left_out IS NULL AND ("
            "is_date(start_text) AND length(start_text) < 10 "
            "OR is_date(end_text) AND length(end_text) < 10) GROUP BY 1 ORDER BY 1"
        ),
        "undated": counts(
            "SELECT kind, count(*) FROM event WHERE start_date IS NULL GROUP BY 1 ORDER BY 1"
        ),
        "uncoded": counts(
            "SELECT kind, count(*) FROM event WHERE source_code = '' AND target <> 'specimen' "
            "GROUP BY 1 ORDER BY 1"
        ),
        "unknown_code_systems": unknown_systems(connection),
        "unknown_consents": frames["consent"].filter(pl.col("scope") == UNKNOWN_SCOPE).height,
        "references_missing": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "unanswered": ["periods", "events.note"],
    }


_CARE_SITES = """
CREATE TEMP TABLE care_sites AS
SELECT row_number() OVER (ORDER BY o.id) AS care_site_id, o.id AS organization,
       coalesce(nullif(trim(o.name), ''), trim(o.identifier[1].value), '') AS care_site_name,
       coalesce(trim(o.identifier[1].value), o.id) AS care_site_source_value
FROM r_Organization o
WHERE o.id IN (
    SELECT ref_id(e.serviceProvider.reference, 'Organization')
    FROM r_Encounter e JOIN patient_of p ON p.patient = ref_id(e.subject.reference, 'Patient')
    UNION SELECT ref_id(r.managingOrganization.reference, 'Organization')
    FROM r_Patient r JOIN patient_of p ON p.patient = r.id
)
"""

_VISITS = """
CREATE TEMP TABLE visits AS
SELECT row_number() OVER (ORDER BY r.id) AS visit_occurrence_id, r.id AS encounter, p.person_id,
       CASE r.class.code WHEN 'AMB' THEN 9202 WHEN 'EMER' THEN 9203 WHEN 'HH' THEN 581476
            WHEN 'IMP' THEN 9201 WHEN 'ACUTE' THEN 9201 WHEN 'NONAC' THEN 9201
            ELSE 0 END::BIGINT AS visit_concept_id,
       first_day(r.period."start") AS visit_start_date,
       last_day_of(r.period."end") AS visit_end_date,
       c.care_site_id, coalesce(r.class.code, '') AS visit_source_value
FROM r_Encounter r
JOIN patient_of p ON p.patient = ref_id(r.subject.reference, 'Patient')
LEFT JOIN care_sites c ON c.organization = ref_id(r.serviceProvider.reference, 'Organization')
WHERE coalesce(r.status, '') NOT IN ('entered-in-error', 'cancelled', 'planned')
"""
"""Visit concepts: OMOP domain Visit (outpatient, emergency room, home, inpatient), from the HL7
v3-ActCode class of the encounter."""

_EVENTS = """
CREATE TEMP TABLE event AS
SELECT r.kind, r.id, r.part, r.person_id,
       coalesce(r.target, CASE WHEN c.domain = 'Measurement' THEN 'measurement'
                               ELSE 'observation' END) AS target,
       unnest(CASE WHEN r.target = 'specimen' THEN [coalesce(c.concepts[1], 0)]
                   ELSE coalesce(c.concepts, [0::BIGINT]) END) AS concept_id,
       coalesce(c.source_code, '') AS source_code,
       coalesce(c.source_concept_id, 0) AS source_concept_id,
       first_day(r.start_text) AS start_date,
       coalesce(last_day_of(r.end_text), r.end_supplied) AS end_date,
       r.value, coalesce(r.value_fixed, v.concepts[1], 0)::BIGINT AS value_concept_id,
       CASE r.quantity.comparator WHEN '<' THEN 4171756 WHEN '<=' THEN 4171754
            WHEN '>=' THEN 4171755 WHEN '>' THEN 4172704 ELSE 0 END::BIGINT AS operator_concept_id,
       coalesce(u.concepts[1], 0) AS unit_concept_id,
       trim(coalesce(CASE WHEN r.quantity.system = 'http://unitsofmeasure.org'
                          THEN r.quantity.code END, r.quantity.unit, r.quantity.code, ''))
           AS unit_source_value,
       coalesce(v.source_code, '') AS value_source_value,
       r.range_low, r.range_high, r.type_concept_id::BIGINT AS type_concept_id, r.name,
       s.visit_occurrence_id
FROM record r
LEFT JOIN coded c ON c.kind = r.kind AND c.id = r.id AND c.part = r.part AND c.slot = 'code'
LEFT JOIN coded v ON v.kind = r.kind AND v.id = r.id AND v.part = r.part AND v.slot = 'value'
LEFT JOIN coded u ON u.kind = r.kind AND u.id = r.id AND u.part = r.part AND u.slot = 'unit'
LEFT JOIN visits s ON s.encounter = r.encounter AND s.person_id = r.person_id
WHERE r.left_out IS NULL
"""


def _table(target: str, key: str, columns: str) -> str:
    return f"""
    SELECT row_number() OVER (ORDER BY kind, id, part, concept_id) AS {key}, person_id, {columns}
    FROM event WHERE target = '{target}' ORDER BY 1
    """


def _event(target: str, stem: str, days: str, more: str = "") -> str:
    return _table(
        target,
        f"{target}_id",
        f"concept_id AS {stem}_concept_id, {days}, type_concept_id AS {stem}_type_concept_id, "
        f"visit_occurrence_id, source_code AS {stem}_source_value, "
        f"source_concept_id AS {stem}_source_concept_id{more}",
    )


_VALUED = """,
    value AS value_as_number, value_concept_id AS value_as_concept_id, unit_concept_id,
    unit_source_value, value_source_value"""

_TABLES = {
    "person": """
        SELECT p.person_id,
               CASE r.gender WHEN 'male' THEN 8507 WHEN 'female' THEN 8532 ELSE 0 END::BIGINT
                   AS gender_concept_id,
               CASE WHEN is_date(r.birthDate) THEN r.birthDate[:4]::INTEGER END AS year_of_birth,
               CASE WHEN is_date(r.birthDate) AND length(r.birthDate) >= 7
                    THEN r.birthDate[6:7]::INTEGER END AS month_of_birth,
               CASE WHEN is_date(r.birthDate) AND length(r.birthDate) >= 10
                    THEN r.birthDate[9:10]::INTEGER END AS day_of_birth,
               0::BIGINT AS race_concept_id, 0::BIGINT AS ethnicity_concept_id,
               c.care_site_id, p.identifier AS person_source_value,
               coalesce(r.gender, '') AS gender_source_value
        FROM patient_of p JOIN r_Patient r ON r.id = p.patient
        LEFT JOIN care_sites c
               ON c.organization = ref_id(r.managingOrganization.reference, 'Organization')
        WHERE NOT p.merged ORDER BY p.person_id, r.id
    """,
    "death": """
        SELECT p.person_id, first_day(r.deceasedDateTime) AS death_date,
               32817::BIGINT AS death_type_concept_id
        FROM patient_of p JOIN r_Patient r ON r.id = p.patient
        WHERE NOT p.merged AND first_day(r.deceasedDateTime) IS NOT NULL ORDER BY 1, 2
    """,
    "care_site": """
        SELECT care_site_id, care_site_name, care_site_source_value FROM care_sites ORDER BY 1
    """,
    "visit_occurrence": """
        SELECT visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date,
               32817::BIGINT AS visit_type_concept_id, care_site_id, visit_source_value
        FROM visits ORDER BY 1
    """,
    "condition_occurrence": _event(
        "condition_occurrence",
        "condition",
        "start_date AS condition_start_date, end_date AS condition_end_date",
    ),
    "observation": _event(
        "observation",
        "observation",
        "start_date AS observation_date",
        f"{_VALUED}, 0::BIGINT AS qualifier_concept_id",
    ),
    "measurement": _event(
        "measurement",
        "measurement",
        "start_date AS measurement_date",
        f"{_VALUED}, operator_concept_id, range_low, range_high",
    ),
    "drug_exposure": _event(
        "drug_exposure",
        "drug",
        "start_date AS drug_exposure_start_date, end_date AS drug_exposure_end_date",
    ),
    "procedure_occurrence": _event(
        "procedure_occurrence",
        "procedure",
        "start_date AS procedure_date, end_date AS procedure_end_date",
    ),
    "specimen": _table(
        "specimen",
        "specimen_id",
        "concept_id AS specimen_concept_id, start_date AS specimen_date, "
        "type_concept_id AS specimen_type_concept_id, name AS specimen_source_id, "
        "source_code AS specimen_source_value",
    ),
}
"""Tables as queries. A refuted Condition without an end is an observation without one."""

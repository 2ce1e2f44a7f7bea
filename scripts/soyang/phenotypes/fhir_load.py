"""FHIR resources as NDJSON into DuckDB: each once, the wanted persons' only, in one shape.

The table ``record`` that comes out has a row for each clinical statement, whatever resource type
it is from, and ``coding`` each of its codings; :mod:`fhir_tables` makes OMOP's tables of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.phenotypes.fhir_shapes import REFERRED, SHAPES

Files = Mapping[str, Sequence[Path]]
"""Resource type to its NDJSON files."""
MEDICINES = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "MedicationDispense",
)


def load(
    connection: duckdb.DuckDBPyConnection,
    files: Files,
    wanted: pl.DataFrame,
    base: str,
    system: str,
) -> None:
    """Read all resource types that have a shape, and say which Patients are wanted.

    Args:
        connection: DuckDB.
        files: NDJSON by resource type; a type without files has no rows.
        wanted: columns person_id (Int64, ours), identifier (String, the platform's).
        base: the server's base URL, for absolute references.
        system: system of the Patient's identifier; ``""``: the identifier is its id.

    Raises:
        FaultError: a line is not a resource of its type.
    """
    _macros(connection, base)
    for kind in SHAPES:
        read_kind(connection, kind, files.get(kind, ()))
    connection.register("wanted_persons", wanted)
    match = (
        "list_contains(list_transform(coalesce(p.identifier, []), "
        "lambda i: coalesce(i.system, '') || '|' || trim(coalesce(i.value, ''))), "
        f"{_text(system)} || '|' || w.identifier)"
        if system
        else "p.id = w.identifier"
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE patient_of AS
        WITH matched AS (
            SELECT p.id AS patient, w.person_id, w.identifier,
                   len(list_filter(coalesce(p.link, []), lambda l: l.type = 'replaced-by')) > 0
                       AS replaced
            FROM r_Patient p JOIN wanted_persons w ON {match}
        )
        SELECT *, replaced AND bool_or(NOT replaced) OVER (PARTITION BY person_id) AS merged
        FROM matched
        """
    )


def read_kind(connection: duckdb.DuckDBPyConnection, kind: str, files: Sequence[Path]) -> None:
    """Make the table ``r_<kind>`` of a type's files, each id once, its newest version.

    Raises:
        FaultError: a line is not a resource of the type; its text is not shown.
    """
    columns = {"resourceType": "VARCHAR", "id": "VARCHAR"}
    columns |= {"meta": "STRUCT(lastUpdated VARCHAR)", **SHAPES[kind]}
    listed = ", ".join(f'"{name}" {shape}' for name, shape in columns.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE r_{kind} ({listed})")
    if not files:
        return
    shapes = ", ".join(f"{_text(name)}: {_text(shape)}" for name, shape in columns.items())
    paths = ", ".join(_text(str(path)) for path in files)
    try:
        connection.execute(
            f"""
            INSERT INTO r_{kind}
            SELECT * FROM read_json([{paths}], format = 'newline_delimited',
                                    maximum_object_size = 268435456, columns = {{{shapes}}})
            WHERE resourceType = '{kind}' AND id IS NOT NULL
            QUALIFY row_number() OVER (
                PARTITION BY id ORDER BY meta.lastUpdated DESC NULLS LAST) = 1
            """
        )
    except duckdb.Error as error:
        raise FaultError(_malformed(kind, str(error))) from None


def read_lines(kind: str, paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Resources of NDJSON files as they are, for types of which there are few.

    Raises:
        FaultError: a line is no JSON object; its text is not shown.
    """
    for path in paths:
        with path.open("rb") as handle:
            for number, line in enumerate(handle, start=1):
                if not line.strip():
                    continue
                try:
                    resource = json.loads(line)
                except ValueError:
                    resource = None
                if not isinstance(resource, dict):
                    raise FaultError(_malformed(kind, f"line {number}"))
                yield resource


def gather(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``record`` and ``coding`` of the wanted persons' resources."""
    parts = " UNION ALL BY NAME ".join(
        (_CONDITIONS, _OBSERVATIONS, *map(_medicines, MEDICINES), _PROCEDURES, _SPECIMENS)
    )
    connection.execute(f"CREATE TEMP TABLE record AS {parts}")
    connection.execute(_CODING)


def referred(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Medications and Organizations that wanted persons' resources point to and that are not there.

    Returns:
        Resource type and id, sorted.
    """
    sides = [
        f"SELECT 'Medication' AS kind, ref_id(m.medicationReference.reference, 'Medication') AS id "
        f"FROM r_{kind} m JOIN patient_of p ON p.patient = ref_id(m.subject.reference, 'Patient')"
        for kind in MEDICINES
    ]
    sides.append(
        "SELECT 'Organization', ref_id(e.serviceProvider.reference, 'Organization') "
        "FROM r_Encounter e JOIN patient_of p ON p.patient = ref_id(e.subject.reference, 'Patient')"
    )
    sides.append(
        "SELECT 'Organization', ref_id(r.managingOrganization.reference, 'Organization') "
        "FROM r_Patient r JOIN patient_of p ON p.patient = r.id"
    )
    have = " UNION ALL ".join(f"SELECT '{kind}' AS kind, id FROM r_{kind}" for kind in REFERRED)
    return connection.execute(
        f"SELECT DISTINCT kind, id FROM ({' UNION ALL '.join(sides)}) WHERE id IS NOT NULL "
        f"AND (kind, id) NOT IN (SELECT (kind, id) FROM ({have})) ORDER BY ALL"
    ).fetchall()


def _macros(connection: duckdb.DuckDBPyConnection, base: str) -> None:
    """``ref_id`` of a literal reference of this server; ``first_day``, ``last_day`` of a date."""
    own = f"{base}/"
    connection.execute(
        f"""
        CREATE TEMP MACRO ref_id(ref, kind) AS nullif(regexp_extract(
            CASE WHEN starts_with(ref, {_text(own)}) THEN substr(ref, {len(own) + 1}) ELSE ref END,
            '^' || kind || '/([A-Za-z0-9.\\-]{{1,64}})(/_history/.*)?$', 1), '');
        CREATE TEMP MACRO is_date(s) AS coalesce(
            regexp_matches(s, '^\\d{{4}}(-\\d\\d(-\\d\\d(T.*)?)?)?$'), false);
        CREATE TEMP MACRO first_day(s) AS CASE WHEN is_date(s) THEN try_cast(
            CASE length(s) WHEN 4 THEN s || '-01-01' WHEN 7 THEN s || '-01' ELSE s[:10] END
            AS DATE) END;
        CREATE TEMP MACRO last_day_of(s) AS CASE length(s)
            WHEN 4 THEN first_day(s) + INTERVAL 1 YEAR - INTERVAL 1 DAY
            WHEN 7 THEN first_day(s) + INTERVAL 1 MONTH - INTERVAL 1 DAY
            ELSE first_day(s) END::DATE;
        CREATE TEMP MACRO supplied(day, days) AS CASE
            WHEN lower(coalesce(days.code, days.unit, '')) IN ('d', 'day', 'days')
             AND days.value >= 1 AND days.value < 3660
            THEN (first_day(day) + to_days(CAST(round(days.value) AS INTEGER) - 1))::DATE END;
        """
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _malformed(kind: str, error: str) -> Fault:
    line = re.search(r"\bline (\d+)", error)
    return Fault(
        code="fhir-resource",
        file="platform.fhir",
        row=f"{kind}, line {line[1]} of its file" if line else kind,
        found="JSON that is not of the resource type's shape",
        allowed="FHIR R4 resources, one in each line",
        next_step="have the server's data repaired, then start the run again",
    )


_SUBJECT = "JOIN patient_of p ON p.patient = ref_id(r.subject.reference, 'Patient')"

_CONDITIONS = f"""
SELECT 'Condition' AS kind, r.id, 0 AS part, p.person_id,
       ref_id(r.encounter.reference, 'Encounter') AS encounter,
       CASE WHEN verification = 'refuted' THEN 'observation' ELSE 'condition_occurrence' END
           AS target,
       coalesce(r.onsetDateTime, r.onsetPeriod."start", r.recordedDate) AS start_text,
       coalesce(r.abatementDateTime, r.abatementPeriod."end") AS end_text,
       r.code.coding AS codes, CASE WHEN verification = 'refuted' THEN 4132135 END AS value_fixed,
       32817 AS type_concept_id,
       CASE WHEN verification IN ('entered-in-error', 'differential') THEN verification END
           AS left_out
FROM (SELECT *, coalesce(list_filter(verificationStatus.coding, lambda c: c.code IN
          ('refuted', 'entered-in-error', 'differential'))[1].code, '') AS verification
      FROM r_Condition) r {_SUBJECT}
"""
"""OMOP's condition_occurrence can't deny: a refuted Condition is an observation with the value
Absent (4132135, SNOMED CT 2667000). A differential diagnosis is one of several guesses."""

_VALUE = """
    o.valueQuantity AS quantity, coalesce(o.valueQuantity.value, o.valueInteger) AS value,
    o.valueCodeableConcept.coding AS value_codes,
    CASE o.valueBoolean WHEN true THEN 4188539 WHEN false THEN 4188540 END AS value_fixed,
    o.referenceRange[1].low.value AS range_low, o.referenceRange[1].high.value AS range_high
"""
"""Yes (SNOMED CT 373066001) and No (373067005) for a boolean. Free text is not read."""

_OBSERVATIONS = f"""
SELECT 'Observation' AS kind, r.id, r.part, p.person_id,
       ref_id(r.encounter.reference, 'Encounter') AS encounter,
       CASE WHEN measured THEN 'measurement' WHEN categorised THEN 'observation' END AS target,
       coalesce(r.effectiveDateTime, r.effectivePeriod."start", r.effectiveInstant, r.issued)
           AS start_text,
       r.codes, r.quantity, r.value, r.value_codes, r.value_fixed, r.range_low, r.range_high,
       32817 AS type_concept_id,
       CASE WHEN r.status IN ('entered-in-error', 'cancelled') THEN r.status END AS left_out
FROM (
    SELECT o.*, 0 AS part, o.code.coding AS codes, {_VALUE} FROM r_Observation o
    WHERE coalesce(len(o.component), 0) = 0 OR o.valueQuantity IS NOT NULL
       OR o.valueInteger IS NOT NULL OR o.valueBoolean IS NOT NULL
       OR o.valueCodeableConcept IS NOT NULL
    UNION ALL BY NAME
    SELECT w.* EXCLUDE (o), w.o.code.coding AS codes, {_VALUE.replace("o.", "w.o.")}
    FROM (SELECT *, unnest(component) AS o, generate_subscripts(component, 1) AS part
          FROM r_Observation) w
) r
JOIN patient_of p ON p.patient = ref_id(r.subject.reference, 'Patient'),
LATERAL (SELECT flatten(list_transform(coalesce(r.category, []),
             lambda c: coalesce(c.coding, []))) AS categories) g,
LATERAL (SELECT len(g.categories) > 0 AS categorised,
                len(list_filter(g.categories, lambda c: c.code IN ('laboratory', 'vital-signs')))
                    > 0 AS measured) h
"""
"""Category laboratory or vital-signs is a measurement, another an observation; without any, the
concept's domain decides. A panel without a value of its own is its components."""

_PROCEDURES = f"""
SELECT 'Procedure' AS kind, r.id, 0 AS part, p.person_id,
       ref_id(r.encounter.reference, 'Encounter') AS encounter, 'procedure_occurrence' AS target,
       coalesce(r.performedDateTime, r.performedPeriod."start") AS start_text,
       r.performedPeriod."end" AS end_text, r.code.coding AS codes, 32817 AS type_concept_id,
       CASE WHEN r.status IN ('entered-in-error', 'not-done', 'preparation') THEN r.status END
           AS left_out
FROM r_Procedure r {_SUBJECT}
"""

_SPECIMENS = f"""
SELECT 'Specimen' AS kind, r.id, 0 AS part, p.person_id, 'specimen' AS target,
       coalesce(r.collection.collectedDateTime, r.collection.collectedPeriod."start")
           AS start_text,
       r.type.coding AS codes, 32817 AS type_concept_id,
       coalesce(nullif(trim(list_filter(coalesce(r.identifier, []), lambda i:
                    trim(coalesce(i.value, '')) <> '')[1].value), ''),
                nullif(trim(r.accessionIdentifier.value), ''), r.id) AS name,
       CASE WHEN r.status = 'entered-in-error' THEN r.status END AS left_out
FROM r_Specimen r {_SUBJECT}
"""

_MEDICINE: dict[str, tuple[str, str, str, int, str]] = {
    "MedicationRequest": (
        "coalesce(r.dosageInstruction[1].timing.repeat.boundsPeriod.\"start\", r.authoredOn)",
        "r.dosageInstruction[1].timing.repeat.boundsPeriod.\"end\"",
        "supplied(r.authoredOn, r.dispenseRequest.expectedSupplyDuration)",
        32838,
        "CASE WHEN r.status IN ('entered-in-error', 'cancelled', 'draft') THEN r.status "
        "WHEN r.doNotPerform THEN 'doNotPerform' "
        "WHEN r.intent IN ('proposal', 'plan', 'option') THEN r.intent END",
    ),
    "MedicationStatement": (
        "coalesce(r.effectiveDateTime, r.effectivePeriod.\"start\")",
        "r.effectivePeriod.\"end\"",
        "NULL::DATE",
        32865,
        "CASE WHEN r.status IN ('entered-in-error', 'not-taken', 'intended', 'unknown') "
        "THEN r.status END",
    ),
    "MedicationAdministration": (
        "coalesce(r.effectiveDateTime, r.effectivePeriod.\"start\")",
        "r.effectivePeriod.\"end\"",
        "NULL::DATE",
        32818,
        "CASE WHEN r.status IN ('entered-in-error', 'not-done', 'unknown') THEN r.status END",
    ),
    "MedicationDispense": (
        "coalesce(r.whenHandedOver, r.whenPrepared)",
        "NULL::VARCHAR",
        "supplied(coalesce(r.whenHandedOver, r.whenPrepared), r.daysSupply)",
        32825,
        "CASE WHEN r.status IN ('entered-in-error', 'cancelled', 'declined', 'preparation') "
        "THEN r.status END",
    ),
}  # fmt: skip
"""Start, end, end by the days supplied, OMOP type concept (EHR prescription, patient self-report,
EHR administration record, EHR dispensing record), and what is no exposure."""


def _medicines(kind: str) -> str:
    start, end, supplied, type_concept, left_out = _MEDICINE[kind]
    context = "encounter" if kind == "MedicationRequest" else "context"
    return f"""
    SELECT '{kind}' AS kind, r.id, 0 AS part, p.person_id, 'drug_exposure' AS target,
           ref_id(r.{context}.reference, 'Encounter') AS encounter,
           {start} AS start_text, {end} AS end_text, {supplied} AS end_supplied,
           coalesce(r.medicationCodeableConcept.coding, m.code.coding,
                    list_filter(coalesce(r.contained, []), lambda c:
                        '#' || c.id = r.medicationReference.reference)[1].code.coding) AS codes,
           {type_concept} AS type_concept_id, {left_out} AS left_out
    FROM r_{kind} r {_SUBJECT}
    LEFT JOIN r_Medication m ON m.id = ref_id(r.medicationReference.reference, 'Medication')
    """


_CODING = """
CREATE TEMP TABLE coding AS
WITH lists AS (
    SELECT kind, id, part, 'code' AS slot, codes FROM record WHERE left_out IS NULL
    UNION ALL SELECT kind, id, part, 'value', value_codes FROM record WHERE left_out IS NULL
    UNION ALL
    SELECT kind, id, part, 'unit', [{'system': quantity.system, 'code': quantity.code}]
    FROM record WHERE left_out IS NULL AND quantity.code IS NOT NULL
), rows AS (
    SELECT kind, id, part, slot, unnest(codes) AS c, generate_subscripts(codes, 1) AS n FROM lists
)
SELECT kind, id, part, slot, n, coalesce(trim(c.system), '') AS system, trim(c.code) AS code
FROM rows WHERE trim(coalesce(c.code, '')) <> ''
"""

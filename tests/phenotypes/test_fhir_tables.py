"""FHIR resources as OMOP tables: each element where it belongs, each code with its concept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from soyang.core.clinical import Fhir
from soyang.core.errors import FaultError
from soyang.phenotypes.fhir_codes import KR_CORE
from soyang.phenotypes.fhir_shapes import CLINICAL, SHAPES, TYPES
from soyang.phenotypes.fhir_tables import convert

BASE = "https://h.example/fhir"
SNOMED, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
KCD, EDI = f"{KR_CORE}/kostat-kcd-8", f"{KR_CORE}/hira-edi-medication"
CONCEPTS = [
    (1, "44054006", "SNOMED", "S", "Condition"),
    (2, "E11.9", "KCD7", None, "Condition"),
    (3, "G40.9", "KCD7", None, "Condition"),
    (4, "84757009", "SNOMED", "S", "Condition"),
    (5, "91175000", "SNOMED", "S", "Condition"),
    (6, "U23.9", "KCD7", None, "Condition"),
    (7, "2345-7", "LOINC", "S", "Measurement"),
    (8, "642901230", "EDI", None, "Drug"),
    (9, "6809", "RxNorm", "S", "Drug"),
    (10, "2667000", "SNOMED", "S", "Meas Value"),
    (11, "E11.9", "ICD10", None, "Condition"),
    (8840, "mg/dL", "UCUM", "S", "Unit"),
]
MAPS = [(2, 1), (3, 4), (3, 5), (8, 9), (11, 1)]


def code(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": one} for system, one in pairs], "text": "김"}


@dataclass
class World:
    """A vocabulary, resources, and what is made of them."""

    folder: Path
    resources: list[dict[str, Any]] = field(default_factory=list)
    wanted: list[tuple[str, str]] = field(default_factory=lambda: [("P1", "a")])
    system: str = ""
    vocabulary: Path | None = None
    told: dict[str, Any] = field(default_factory=dict)

    def add(self, kind: str, id: str = "x", /, *, subject: str = "Patient/a", **more: Any) -> None:
        owner = {"patient" if kind == "Consent" else "subject": {"reference": subject}}
        own = {} if kind in ("Patient", "Organization", "Medication") else owner
        self.resources.append({"resourceType": kind, "id": id, **own, **more})

    def tables(self, refer: Any = None) -> dict[str, pl.DataFrame]:
        files: dict[str, list[Path]] = {}
        for number, kind in enumerate(sorted({one["resourceType"] for one in self.resources})):
            path = self.folder / f"파일 {number}.ndjson"
            own = [one for one in self.resources if one["resourceType"] == kind]
            path.write_text("".join(json.dumps(one) + "\n" for one in own))
            files[kind] = [path]
        fhir = Fhir(base_url=BASE, vocabulary=self.vocabulary, identifier_system=self.system)
        wanted = pl.DataFrame(self.wanted, schema=["person", "person_id"], orient="row")
        out = self.folder / "out"
        self.told = convert(fhir, files, wanted, out, refer)
        return {path.stem: pl.read_parquet(path) for path in out.glob("*.parquet")}

    def row(self, table: str) -> dict[str, Any]:
        """The only row of a table."""
        (row,) = self.tables()[table].to_dicts()
        return row


def vocabulary_frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    names = ["concept_id", "concept_code", "vocabulary_id", "standard_concept", "domain_id"]
    relations = [(one, two, "Maps to") for one, two in MAPS] + [(1, 2, "Mapped from")]
    return (
        pl.DataFrame(CONCEPTS, schema=names, orient="row"),
        pl.DataFrame(
            relations, schema=["concept_id_1", "concept_id_2", "relationship_id"], orient="row"
        ),
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    folder = tmp_path / "어휘 vocabulary"
    folder.mkdir()
    concept, relationship = vocabulary_frames()
    concept.write_parquet(folder / "concept.parquet")
    relationship.write_parquet(folder / "concept_relationship.parquet")
    world = World(tmp_path, vocabulary=folder)
    world.add("Patient", "a", gender="female", birthDate="1980-05-06")
    return world


def test_every_shape_is_asked_for():
    assert set(TYPES) == {*SHAPES, "Consent"}
    assert "Patient" not in CLINICAL


def test_a_person(world):
    world.resources[0] |= {
        "deceasedDateTime": "2024-01-02T03:04:05Z",
        "managingOrganization": {"reference": f"{BASE}/Organization/o"},
    }
    world.add("Organization", "o", name=" 한빛대학교병원 ", identifier=[{"value": "11100338"}])
    tables = world.tables()
    (row,) = tables["person"].to_dicts()
    assert (row["person_id"], row["person_source_value"]) == (1, "a")
    assert (row["year_of_birth"], row["month_of_birth"], row["day_of_birth"]) == (1980, 5, 6)
    assert (row["gender_concept_id"], row["care_site_id"]) == (8532, 1)
    assert tables["care_site"].rows() == [(1, "한빛대학교병원", "11100338")]
    assert tables["death"]["death_date"].to_list() == [date(2024, 1, 2)]
    assert "observation_period" not in tables
    assert world.told["unanswered"] == ["periods", "events.note"]


@pytest.mark.parametrize(
    ("born", "expected"),
    [("1980", (1980, None, None)), ("1980-05", (1980, 5, None)), (None, (None, None, None))],
)
def test_a_birthday_may_be_partial(world, born, expected):
    world.resources[0]["birthDate"] = born
    row = world.row("person")
    assert (row["year_of_birth"], row["month_of_birth"], row["day_of_birth"]) == expected


def test_only_the_wanted_are_written(world):
    world.add("Patient", "b", gender="male")
    world.add("Condition", "1", code=code((KCD, "E11.9")))
    world.add("Condition", "2", subject="Patient/b", code=code((KCD, "E11.9")))
    world.add("Condition", "3", subject="https://else.example/fhir/Patient/a", code=code())
    world.add("Encounter", "e", subject="Patient/b", status="finished")
    world.add("Consent", "c", subject="Patient/b", status="rejected")
    tables = world.tables()
    assert {name: frame.height for name, frame in tables.items() if frame.height} == {
        "person": 1,
        "condition_occurrence": 1,
    }


def test_nobody_is_an_answer(world):
    world.wanted = [("P1", "nobody")]
    tables = world.tables()
    assert all(frame.is_empty() for frame in tables.values())
    assert world.told["persons"] == {"asked": 1, "found": 0, "not_found": 1, "twice": 0}


CODES = [
    ([(KCD, "E11.9"), (SNOMED, "44054006")], [1], ("E11.9", 2)),
    ([(SNOMED, "44054006"), (KCD, "E11.9")], [1], ("E11.9", 2)),
    ([(KCD, "E119")], [1], ("E119", 2)),
    ([(KCD, "G40.9")], [4, 5], ("G40.9", 3)),
    ([(KCD, "G40.9"), (SNOMED, "91175000")], [5], ("G40.9", 3)),
    ([(KCD, "U23.9")], [0], ("U23.9", 6)),
    ([(KCD, "Z99.9"), ("http://hl7.org/fhir/sid/icd-10", "E11.9")], [1], ("Z99.9", 0)),
    ([("http://hl7.org/fhir/sid/icd-10", "E11.9")], [1], ("E11.9", 11)),
    ([("http://hl7.org/fhir/sid/icd-10-cm", "E11.9")], [0], ("E11.9", 0)),
    ([(SNOMED, "44054006")], [1], ("44054006", 1)),
    ([("urn:local", "당뇨-1"), (SNOMED, "44054006")], [1], ("당뇨-1", 0)),
    ([("urn:local", " H1 ")], [0], ("H1", 0)),
    ([], [0], ("", 0)),
]
"""Codings, the concepts that they lead to, and the source's code and concept."""


def test_codes_lead_to_concepts(world):
    for number, (codings, _, _) in enumerate(CODES):
        world.add(
            "Condition", f"{number:02}", code=code(*codings), onsetDateTime=f"{2000 + number}"
        )
    frame = world.tables()["condition_occurrence"]
    for number, (_, concepts, source) in enumerate(CODES):
        own = frame.filter(condition_start_date=date(2000 + number, 1, 1))
        assert own["condition_concept_id"].to_list() == concepts, CODES[number]
        found = own.select("condition_source_value", "condition_source_concept_id").unique()
        assert found.rows() == [source], CODES[number]


def test_unknown_code_systems_are_counted(world):
    for name in ("1", "2"):
        world.add("Condition", name, code=code(("urn:local", "H1"), (KCD, "E11.9")))
    world.add("Condition", "3", code={"coding": [{"code": "H2"}]})
    world.tables()
    assert world.told["unknown_code_systems"] == [
        {"system": "(none)", "codings": 1},
        {"system": "urn:local", "codings": 2},
    ]


def test_a_condition_from_to_and_where(world):
    world.add("Organization", "o", name="H")
    world.add(
        "Encounter", "e", status="finished", period={"start": "2024-05-01", "end": "2024-05-03"},
        serviceProvider={"reference": "Organization/o"}, **{"class": {"code": "IMP"}},
    )  # fmt: skip
    world.add(
        "Condition", code=code((KCD, "E11.9")), encounter={"reference": "Encounter/e"},
        onsetDateTime="2024-05-01T00:30:00+09:00", abatementDateTime="2024-06",
    )  # fmt: skip
    tables = world.tables()
    (row,) = tables["condition_occurrence"].to_dicts()
    assert row["condition_start_date"] == date(2024, 5, 1)
    assert row["condition_end_date"] == date(2024, 6, 30)
    assert row["visit_occurrence_id"] == 1
    (visit,) = tables["visit_occurrence"].to_dicts()
    assert (visit["visit_concept_id"], visit["care_site_id"]) == (9201, 1)
    assert world.told["partial_dates"] == {"Condition": 1}


def test_dates_that_are_none(world):
    world.add("Condition", "1", code=code((KCD, "E11.9")), onsetDateTime="sometime")
    world.add("Condition", "2", code=code((KCD, "E11.9")), recordedDate="2024")
    days = world.tables()["condition_occurrence"]["condition_start_date"].to_list()
    assert days == [None, date(2024, 1, 1)]
    assert world.told["undated"] == {"Condition": 1}


def test_a_refuted_condition_is_an_observation_of_absence(world):
    refuted = {"coding": [{"code": "refuted"}]}
    world.add("Condition", code=code((KCD, "E11.9")), verificationStatus=refuted)
    tables = world.tables()
    assert tables["condition_occurrence"].is_empty()
    (row,) = tables["observation"].to_dicts()
    assert (row["observation_concept_id"], row["value_as_concept_id"]) == (1, 4132135)
    assert row["observation_source_value"] == "E11.9"


LEFT_OUT = [
    ("Condition", {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}),
    ("Condition", {"verificationStatus": {"coding": [{"code": "differential"}]}}),
    ("Observation", {"status": "entered-in-error"}),
    ("Observation", {"status": "cancelled"}),
    ("Procedure", {"status": "not-done"}),
    ("Specimen", {"status": "entered-in-error"}),
    ("MedicationRequest", {"status": "cancelled"}),
    ("MedicationRequest", {"status": "active", "doNotPerform": True}),
    ("MedicationRequest", {"status": "active", "intent": "plan"}),
    ("MedicationStatement", {"status": "not-taken"}),
    ("MedicationAdministration", {"status": "not-done"}),
    ("MedicationDispense", {"status": "declined"}),
]


def test_what_did_not_happen_is_left_out_and_counted(world):
    for number, (kind, more) in enumerate(LEFT_OUT):
        world.add(kind, str(number), **more)
    world.add("Encounter", status="cancelled")
    tables = world.tables()
    assert [name for name, frame in tables.items() if frame.height] == ["person"]
    assert sum(world.told["left_out"].values()) == len(LEFT_OUT)
    assert world.told["left_out"]["MedicationRequest doNotPerform"] == 1


def category(name: str) -> list[dict[str, Any]]:
    return [{"coding": [{"code": name}]}]


def test_a_laboratory_result(world):
    world.add(
        "Observation", status="final", category=category("laboratory"),
        code=code((LOINC, "2345-7")), effectiveDateTime="2024-05-06T07:00:00+09:00",
        valueQuantity={"value": 5.5, "comparator": "<", "unit": "mg", "system": UCUM,
                       "code": "mg/dL"},
        referenceRange=[{"low": {"value": 70}, "high": {"value": 99.5}}],
    )  # fmt: skip
    row = world.row("measurement")
    assert (row["measurement_concept_id"], row["measurement_date"]) == (7, date(2024, 5, 6))
    assert (row["value_as_number"], row["operator_concept_id"]) == (5.5, 4171756)
    assert (row["unit_concept_id"], row["unit_source_value"]) == (8840, "mg/dL")
    assert (row["range_low"], row["range_high"]) == (70, 99.5)


def test_a_unit_that_is_text(world):
    quantity = {"value": 5, "unit": "밀리그램"}
    world.add("Observation", category=category("vital-signs"), valueQuantity=quantity)
    row = world.row("measurement")
    assert (row["unit_concept_id"], row["unit_source_value"]) == (0, "밀리그램")


def test_a_panel_is_its_components(world):
    parts = [
        {"code": code((LOINC, "8480-6")), "valueQuantity": {"value": 120}},
        {"code": code((LOINC, "8462-4")), "valueQuantity": {"value": 80}},
    ]
    world.add("Observation", category=category("vital-signs"), code=code((LOINC, "85354-9")),
              component=parts)  # fmt: skip
    frame = world.tables()["measurement"]
    assert frame.select("measurement_source_value", "value_as_number").rows() == [
        ("8480-6", 120.0),
        ("8462-4", 80.0),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueCodeableConcept": code((SNOMED, "2667000"))}, (10, None)),
        ({"valueBoolean": False}, (4188540, None)),
        ({"valueBoolean": True}, (4188539, None)),
        ({"valueInteger": 3}, (0, 3.0)),
        ({"valueString": "Kim, 010-1234"}, (0, None)),
        ({}, (0, None)),
    ],
)
def test_a_finding_and_its_value(world, value, expected):
    world.add("Observation", category=category("exam"), code=code((KCD, "G409")), **value)
    tables = world.tables()
    found = tables["observation"].select("value_as_concept_id", "value_as_number").unique().rows()
    assert found == [expected]
    assert "Kim" not in str(tables)


def test_without_category_the_domain_decides(world):
    world.add("Observation", "1", code=code((LOINC, "2345-7")))
    world.add("Observation", "2", code=code((SNOMED, "91175000")))
    tables = world.tables()
    assert tables["measurement"]["measurement_concept_id"].to_list() == [7]
    assert tables["observation"]["observation_concept_id"].to_list() == [5]


DRUG = code((EDI, "642901230"))


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        (
            "MedicationRequest",
            {
                "authoredOn": "2024-05-06",
                "dispenseRequest": {"expectedSupplyDuration": {"value": 7, "code": "d"}},
            },
            (date(2024, 5, 6), date(2024, 5, 12), 32838),
        ),
        (
            "MedicationRequest",
            {
                "authoredOn": "2024-05-06",
                "dosageInstruction": [
                    {
                        "timing": {
                            "repeat": {"boundsPeriod": {"start": "2024-05-07", "end": "2024-05-09"}}
                        }
                    }
                ],
            },
            (date(2024, 5, 7), date(2024, 5, 9), 32838),
        ),
        (
            "MedicationStatement",
            {"effectivePeriod": {"start": "2024", "end": "2024"}},
            (date(2024, 1, 1), date(2024, 12, 31), 32865),
        ),
        (
            "MedicationAdministration",
            {"effectiveDateTime": "2024-05-06T10:00:00Z"},
            (date(2024, 5, 6), None, 32818),
        ),
        (
            "MedicationDispense",
            {"whenHandedOver": "2024-05-06", "daysSupply": {"value": 28, "unit": "days"}},
            (date(2024, 5, 6), date(2024, 6, 2), 32825),
        ),
    ],
)
def test_medicines(world, kind, more, expected):
    world.add(kind, status="completed", medicationCodeableConcept=DRUG, **more)
    row = world.row("drug_exposure")
    keys = ("drug_exposure_start_date", "drug_exposure_end_date", "drug_type_concept_id")
    assert tuple(row[key] for key in keys) == expected
    assert (row["drug_concept_id"], row["drug_source_value"]) == (9, "642901230")


def test_a_medicine_may_be_contained_or_referred_to(world):
    inside = {"resourceType": "Medication", "id": "m", "code": DRUG}
    world.add("MedicationRequest", "1", medicationReference={"reference": "#m"}, contained=[inside])
    world.add("MedicationRequest", "2", medicationReference={"reference": "Medication/m2"})
    world.add("MedicationRequest", "3", medicationReference={"reference": "Medication/gone"})
    asked = []

    def refer(missing):
        asked.extend(missing)
        path = world.folder / "more.ndjson"
        path.write_text(json.dumps({"resourceType": "Medication", "id": "m2", "code": DRUG}))
        return {"Medication": [path]}

    tables = world.tables(refer)
    assert tables["drug_exposure"]["drug_concept_id"].to_list() == [9, 9, 0]
    assert asked == [("Medication", "gone"), ("Medication", "m2")]
    assert world.told["references_missing"] == {"Medication": 1}


def test_a_procedure_and_a_specimen(world):
    world.add("Procedure", status="completed", code=code((SNOMED, "23719005")),
              performedPeriod={"start": "2024-05-06", "end": "2024-05-07"})  # fmt: skip
    world.add("Specimen", "s1", identifier=[{"value": " "}, {"value": "SP-1"}],
              collection={"collectedDateTime": "2024-05-06T01:00:00+09:00"})  # fmt: skip
    world.add("Specimen", "s2")
    tables = world.tables()
    (row,) = tables["procedure_occurrence"].to_dicts()
    assert (row["procedure_date"], row["procedure_end_date"]) == (
        date(2024, 5, 6),
        date(2024, 5, 7),
    )
    specimens = tables["specimen"].select("specimen_source_id", "specimen_date").rows()
    assert specimens == [("SP-1", date(2024, 5, 6)), ("s2", None)]


def test_consents_of_a_person_are_read_together(world):
    rule = {
        "type": "permit",
        "purpose": [{"system": "urn:soyang:consent-scope", "code": "sharing"}],
    }
    world.add("Consent", "1", status="inactive", provision=rule)
    world.add("Consent", "2", status="active", provision={**rule, "period": {"start": "2024"}})
    world.add("Consent", "2", status="active", provision={**rule, "period": {"start": "2024"}})
    assert world.tables()["consent"].select(
        "person_id", "scope", "decision", "valid_from"
    ).rows() == [(1, "sharing", "permit", date(2024, 1, 1))]


def test_a_resource_that_comes_twice_counts_once(world):
    for version, value in (("2024-01-01T00:00:00Z", 1), ("2024-01-02T00:00:00Z", 2)):
        meta, quantity = {"lastUpdated": version}, {"value": value}
        laboratory = category("laboratory")
        world.add("Observation", "o", meta=meta, category=laboratory, valueQuantity=quantity)
    assert world.row("measurement")["value_as_number"] == 2


def test_two_patients_of_one_identifier_are_two_rows(world):
    own = [{"system": "urn:mrn", "value": " 77 "}]
    world.resources = []
    for name in ("p", "q"):
        world.add("Patient", name, identifier=own)
    old = [{"type": "replaced-by", "other": {"reference": "Patient/p"}}]
    world.add("Patient", "old", identifier=own, link=old)
    world.add("Condition", subject="Patient/old", code=code((KCD, "E11.9")))
    world.system, world.wanted = "urn:mrn", [("P1", "77"), ("P2", "78")]
    tables = world.tables()
    assert tables["person"]["person_id"].to_list() == [1, 1]
    assert tables["condition_occurrence"]["person_id"].to_list() == [1]
    assert world.told["persons"] == {"asked": 2, "found": 1, "not_found": 1, "twice": 1}


@pytest.mark.parametrize("kind", ["Condition", "Consent"])
def test_a_line_that_is_no_resource_is_named_by_its_number(world, kind, tmp_path):
    world.add(kind, "1")
    path = tmp_path / "bad.ndjson"
    path.write_text(f'{{"resourceType": "{kind}", "id": "1"}}\n"Kim Cheol-su MRN-77"\n')
    fhir = Fhir(base_url=BASE, vocabulary=world.vocabulary)
    wanted = pl.DataFrame({"person": ["P1"], "person_id": ["a"]})
    with pytest.raises(FaultError, match=rf"{kind}, line \d") as raised:
        convert(fhir, {kind: [path]}, wanted, tmp_path / "out")
    assert "Kim" not in str(raised.value)


def test_the_vocabulary_may_be_in_duckdb_and_in_a_schema(world, tmp_path):
    concept, relationship = vocabulary_frames()
    world.vocabulary = tmp_path / "어휘.duckdb"
    with duckdb.connect(str(world.vocabulary)) as connection:
        connection.register("c", concept)
        connection.register(
            "r",
            relationship.with_columns(
                invalid_reason=pl.when(concept_id_1=3, concept_id_2=5).then(pl.lit("D"))
            ),
        )
        connection.execute("CREATE SCHEMA vocab")
        connection.execute("CREATE TABLE vocab.CONCEPT AS SELECT * FROM c")
        connection.execute("CREATE TABLE vocab.concept_relationship AS SELECT * FROM r")
    world.add("Condition", code=code((KCD, "G40.9")))
    assert world.row("condition_occurrence")["condition_concept_id"] == 4


@pytest.mark.parametrize("lack", ["file", "table", "column", "no database"])
def test_a_vocabulary_that_is_not_there_is_a_fault(world, tmp_path, lack):
    folder = world.vocabulary
    if lack == "file":
        world.vocabulary = tmp_path / "none.duckdb"
    elif lack == "table":
        (folder / "concept_relationship.parquet").unlink()
    elif lack == "column":
        pl.DataFrame({"concept_id": [1]}).write_parquet(folder / "concept.parquet")
    else:
        world.vocabulary = tmp_path / "text"
        world.vocabulary.write_text("no database")
    with pytest.raises(FaultError, match=r"platform\.fhir\.vocabulary"):
        world.tables()


def test_the_order_of_lines_changes_nothing(world, tmp_path):
    for number in range(20):
        world.add("Condition", f"c{number}", code=code((KCD, "E11.9")), onsetDateTime="2024")
    world.tables()
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    world.resources.reverse()
    world.tables()
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == first

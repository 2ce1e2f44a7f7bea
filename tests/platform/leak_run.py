"""A marked run: its inputs, its working folder, every verb of it, and the search afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import leaks
import writers
from leaks import FILE, mark
from workspace import RESULTS, ROOT, Workspace

from soyang.admission.tables import CONSENTS
from soyang.core.clinical import Platform
from soyang.core.people import Consent
from soyang.core.tables import write_table

COHORT = leaks.cohort()
KNOWLEDGE = ROOT / "resources" / "knowledge"
RECORD_WORDS = {
    name: f"--{name}={RESULTS}/{name.replace('-', '_')}.parquet"
    for name in ("events", "periods", "concepts", "ancestors", "code-maps")
} | {"persons": f"--persons={RESULTS}/persons.tsv"}
ADMITTED_WORD = "--admitted=results/admission/admitted.tsv"
IDENTIFIED = (
    "platform_person_id\tname\tbirth_date\tmedical_record_number\n"
    f"{leaks.NUMBERS}\t{mark('name')}\t1987-06-12\t{mark('mrn')}\n"
)


def inputs(folder: Path) -> Platform:
    """The platform and what lies beside it; every file's name bears :data:`leaks.FILE`."""
    (folder / "lifelog").mkdir(parents=True)
    (folder / "lifelog" / f"{FILE} points.ndjson").write_text(points(), encoding="utf-8")
    (folder / "packets").mkdir()
    (folder / "packets" / f"{FILE}.json").write_text(packet("HP:0001250"), encoding="utf-8")
    (folder / f"{FILE} sheet.tsv").write_text(
        "person\thpo_id\tstatus\tdate\nSYN-007\tHP:0001250\tobserved\t2020-01-01\n"
    )
    (folder / f"{FILE} consents.tsv").write_text(consent_rows("research", "permit"))
    return Platform(
        omop=writers.to_duckdb(COHORT.tables, folder / f"{FILE} cdm.duckdb"),
        consents=folder / f"{FILE} consents.tsv",
        phenopackets=folder / "packets",
        hpo_sheet=folder / f"{FILE} sheet.tsv",
        lifelog=folder / "lifelog",
    )


def points() -> str:
    """Steps of two people, one of whom nobody asked about; devices and notes are marked."""
    rows = []
    for user in (f"{mark('lifelog')}_SYN-001", mark("stranger")):
        for hour in range(8, 20):
            start, end = (f"2024-03-02T{h:02}:00:00+09:00" for h in (hour, hour + 1))
            frame = {"time_interval": {"start_date_time": start, "end_date_time": end}}
            header = {
                "id": f"{mark('pointid')}-{user}-{hour}",
                "user_id": user,
                "creation_date_time": end,
                "schema_id": {"namespace": "omh", "name": "step-count", "version": "1.0"},
                "acquisition_provenance": {"source_name": mark("device"), "modality": "sensed"},
            }
            body = {
                "step_count": {"value": 400, "unit": "steps"},
                "effective_time_frame": frame,
                "user_notes": mark("notes"),
            }
            rows.append(json.dumps({"header": header, "body": body}))
    return "\n".join(rows) + "\n"


def packet(term: str) -> str:
    """A phenopacket of a person without a record; its id and its subject's other ids are marked."""
    return json.dumps(
        {
            "id": mark("packetid"),
            "subject": {"id": "SYN-007", "alternateIds": [mark("alternate")]},
            "phenotypicFeatures": [{"type": {"id": term, "label": "x"}, "description": mark("d")}],
            "metaData": {"createdBy": mark("author"), "resources": []},
        }
    )


def consent_rows(scope: str, decision: str) -> str:
    head = "platform_person_id scope decision valid_from valid_until given_by assent duo recorded"
    row = [str(leaks.NUMBERS), scope, decision, "2020-01-01", "", "self", "", "", "2020-01-01"]
    return "\t".join([*head.split(), "remark"]) + "\n" + "\t".join([*row, mark("remark")]) + "\n"


def workspace(folder: Path) -> Workspace:
    """A working folder; temporary files and the home folder are in it, to be searched too."""
    for name in ("tmp", "home"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Workspace(
        folder=folder,
        crosswalk=COHORT.crosswalk,
        extra=leaks.private_words(COHORT.crosswalk),
        environment={"TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home")},
    )


def success(work: Workspace, platform: Platform) -> list[tuple[str, str, list[str]]]:
    """Room, verb and options of a run; the small tables that it needs are written."""
    inside = work.folder / "inputs"
    (inside / "map.csv").write_text("phecode,ICD,vocabulary_id\nEM_202,E11,ICD10\n")
    (inside / "labels.csv").write_text("phecode,phecode_string,category,sex\nEM_202,D,E,Both\n")
    (inside / "people.tsv").write_text(IDENTIFIED)
    (inside / "definition.json").write_text(json.dumps(DEFINITION))
    consents = [
        {
            "person": person,
            "scope": scope.value,
            "permitted": True,
            "reason": "sheet",
            "valid_until": None,
            "given_by": "self",
            "duo": "",
            "sources": "sheet",
        }
        for person in COHORT.crosswalk["person"]
        for scope in Consent
    ]
    write_table(CONSENTS.frame(consents), work.folder / "results/admission/consents.tsv", CONSENTS)
    as_json = f"--platform={platform.model_dump_json()}"
    given = [RECORD_WORDS[n] for n in ("persons", "events", "concepts")]
    research = [
        f"--phecodes={RESULTS}/phecodes.parquet",
        f"--people-table={RESULTS}/phecode_persons.tsv",
    ]
    return [
        ("phenotypes", "enquire", work.enquire_words(platform)),
        ("phenotypes", "extract", work.extract_words(platform)),
        (
            "phenotypes", "ontology",
            [f"--terms={RESULTS}/terms.parquet", f"--diseases={RESULTS}/diseases.parquet"],
        ),
        (
            "phenotypes", "map",
            [
                *work.map_words(), f"--phenopackets={platform.phenopackets}",
                f"--hpo-sheet={platform.hpo_sheet}",
                f"--medicines={KNOWLEDGE / 'medicine_evidence.tsv'}",
            ],
        ),
        (
            "phenotypes", "facts",
            [
                *given, RECORD_WORDS["ancestors"], f"--facts={RESULTS}/facts.tsv",
                f"--codes={KNOWLEDGE / 'identity_facts.tsv'}",
            ],
        ),
        (
            "phenotypes", "phecodes",
            [
                ADMITTED_WORD, *given, RECORD_WORDS["periods"], "--phecodes=inputs/map.csv",
                "--labels=inputs/labels.csv", f"--phecodes-table={RESULTS}/phecodes.parquet",
                research[1],
            ],
        ),
        ("phenotypes", "lifelog", lifelog_words(as_json)),
        (
            "phenotypes", "timeline",
            [
                *given, f"--lifelog-days={RESULTS}/lifelog_days.parquet", "--date=2025-10-01",
                f"--timeline={RESULTS}/timeline.parquet",
            ],
        ),
        (
            "phenotypes", "select",
            [
                "--definition=inputs/definition.json", ADMITTED_WORD, *given,
                RECORD_WORDS["periods"], RECORD_WORDS["ancestors"],
                f"--selected={RESULTS}/selected.tsv",
            ],
        ),
        (
            "phenotypes", "matrix",
            [
                ADMITTED_WORD, *given, RECORD_WORDS["ancestors"], *research,
                f"--molar-masses={KNOWLEDGE / 'molar_masses.tsv'}", f"--output={RESULTS}/matrix",
            ],
        ),
        ("phenotypes", "profile", ["SYN-001", f"--directory={RESULTS}"]),
        (
            "governance", "consents",
            [
                "--consents=results/admission/consents.tsv", ADMITTED_WORD, "--date=2025-10-01",
                "--register=results/governance/consent_register.tsv",
                "--affected=results/governance/affected.tsv",
            ],
        ),
        (
            "governance", "pseudonymise",
            ["--people=inputs/people.tsv", "--mapping=private/mapping.tsv"],
        ),
    ]  # fmt: skip


def lifelog_words(platform: str) -> list[str]:
    return [
        platform, "--crosswalk=private/admission/crosswalk.tsv", ADMITTED_WORD,
        f"--limits={KNOWLEDGE / 'lifelog_limits.tsv'}", "--time-zone=Asia/Seoul",
        "--min-wear-hours=10", f"--days={RESULTS}/lifelog_days.parquet",
        f"--summary={RESULTS}/lifelog.tsv",
    ]  # fmt: skip


DEFINITION = {
    "ConceptSets": [
        {
            "id": 0,
            "name": mark("conceptset"),
            "expression": {"items": [{"concept": {"CONCEPT_ID": 2_000_001_004}}]},
        }
    ],
    "PrimaryCriteria": {
        "CriteriaList": [{"ConditionOccurrence": {"CodesetId": 0}}],
        "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
        "PrimaryCriteriaLimit": {"Type": "First"},
    },
    "QualifiedLimit": {"Type": "First"},
    "ExpressionLimit": {"Type": "First"},
    "InclusionRules": [],
    "CensoringCriteria": [],
    "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
    "CensorWindow": {},
}


def assert_silent(work: Workspace, *told: str) -> None:
    found = leaks.leaks(work.folder, *told)
    assert not found, "\n".join(found)
    assert not leaks.open_to_others(work.folder / "private")

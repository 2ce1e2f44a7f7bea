"""A small cohort's extracted tables, made record by record, and the verbs run on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from soyang.admission.tables import ADMITTED
from soyang.core.tables import Table, read_table, write_table
from soyang.phenotypes.answers import (
    ANCESTORS,
    CODE_MAPS,
    CONCEPTS,
    EVENTS,
    PERIODS,
    VOCABULARIES,
)
from soyang.phenotypes.map import map as map_verb
from soyang.phenotypes.phecodes import phecodes as phecodes_verb
from soyang.phenotypes.tables import (
    EVIDENCE,
    MAPPING,
    PERSON_MAPPING,
    PERSONS,
    PHECODE_PERSONS,
    PHECODES,
    PROFILE,
    TERMS,
    UNMAPPED,
)

ABNORMAL = "HP:0000118"
SEIZURE, FOCAL, HEARING, EAR = "HP:0001250", "HP:0007359", "HP:0000365", "HP:0000598"
SODIUM, LOW, HIGH = "HP:0010931", "HP:0002902", "HP:0003228"
DIABETES = "HP:0000819"
TERM_ROWS = [
    (ABNORMAL, "Phenotypic abnormality", [], 0.0, ["404684003"], []),
    (SEIZURE, "Seizure", [], 2.1, ["91175000", "128613002"], ["C0036572"]),
    (FOCAL, "Focal-onset seizure", [SEIZURE], 3.0, ["29753000"], []),
    (HEARING, "Hearing impairment", [EAR], 2.5, ["15188001"], ["C0011053"]),
    (EAR, "Abnormality of the ear", [], 0.7, ["118934005"], []),
    (SODIUM, "Abnormal blood sodium concentration", [], 4.0, [], []),
    (LOW, "Hyponatremia", [SODIUM], 4.5, ["89627008"], []),
    (HIGH, "Hypernatremia", [SODIUM], 4.6, ["39355002"], []),
    (DIABETES, "Diabetes mellitus", [], 2.2, ["73211009"], []),
]
CONCEPT_ROWS = [
    (100, "91175000", "SNOMED"), (101, "230456007", "SNOMED"), (102, "15188001", "SNOMED"),
    (103, "404684003", "SNOMED"), (104, "77777777", "SNOMED"), (105, "118934005", "SNOMED"),
    (106, "C0036572", "UMLS"), (107, "HP:0001250", "HPO"), (108, "91175000", "Nebraska Lexicon"),
    (109, "29753000", "SNOMED"),
    (300, "2951-2", "LOINC"), (301, "2947-0", "LOINC"), (302, "5778-6", "LOINC"),
    (303, "12345-6", "LOINC"),
    (310, "10828004", "SNOMED"), (311, "260385009", "SNOMED"),
    (400, "6809", "RxNorm"), (401, "1000001", "RxNorm"), (402, "A10AB01", "ATC"),
    (403, "A10", "ATC"),
]  # fmt: skip


@dataclass
class Records:
    """Extracted tables of a cohort, and what `map` and `phecodes` make of them."""

    folder: Path
    people: list[dict[str, Any]] = field(default_factory=list)
    consents: dict[str, str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    periods: list[tuple[str, date, date]] = field(default_factory=list)
    ancestors: list[tuple[int, int, int]] = field(default_factory=list)
    code_maps: list[tuple[str, str, int]] = field(default_factory=list)
    vocabularies: list[tuple[str, str]] = field(
        default_factory=lambda: [("SNOMED", "2025-02"), ("KCD7", "7.5"), ("LOINC", "2.78")]
    )

    def person(
        self,
        name: str,
        *,
        hospital: str = "H1",
        record: str = "found",
        sex: str = "female",
        born: date | None = date(1980, 5, 1),
        year: int | None = None,
        consent: str = "clinical_care;research",
        status: str = "admitted",
    ) -> None:
        self.people.append(
            {
                "person": name,
                "hospital": hospital,
                "record": record,
                "sex_recorded": sex,
                "birth_year": year or (born.year if born else None),
                "birth_date": born,
                "records": 0,
            }
        )
        self.consents[name], self.status[name] = consent, status

    def add(
        self, person: str, domain: str, concept: int = 0, code: str = "", **columns: Any
    ) -> None:
        self.events.append(
            {
                "person": person,
                "domain": domain,
                "concept_id": concept,
                "source_code": code,
                "source_vocabulary": "KCD7",
                "start_date": date(2020, 1, 1),
                "value_concept_id": 0,
                "unit": "",
                "absent": False,
                "hospital": "H1",
                **columns,
            }
        )

    def observed(self, person: str, start: date, end: date) -> None:
        self.periods.append((person, start, end))

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self) -> dict[str, Path]:
        concepts = [
            {
                "concept_id": identifier,
                "concept_code": code,
                "concept_name": code,
                "vocabulary": vocabulary,
                "domain": "x",
                "standard": True,
                "valid": True,
            }
            for identifier, code, vocabulary in CONCEPT_ROWS
        ]
        tables: dict[str, tuple[str, pl.DataFrame, Table]] = {
            "persons": ("persons.tsv", _frame(self.people, PERSONS), PERSONS),
            "events": ("events.parquet", _frame(self.events, EVENTS), EVENTS),
            "periods": ("periods.parquet", _rows(self.periods, PERIODS), PERIODS),
            "concepts": ("concepts.parquet", _frame(concepts, CONCEPTS), CONCEPTS),
            "ancestors": ("ancestors.parquet", _rows(self.ancestors, ANCESTORS), ANCESTORS),
            "code_maps": ("code_maps.parquet", _rows(self.code_maps, CODE_MAPS), CODE_MAPS),
            "vocabularies": (
                "vocabularies.tsv", _rows(self.vocabularies, VOCABULARIES), VOCABULARIES,
            ),
            "terms": ("terms.parquet", small_terms(), TERMS),
            "admitted": ("admitted.tsv", self._admitted(), ADMITTED),
        }  # fmt: skip
        for name, frame, table in tables.values():
            write_table(frame, self.path(name), table)
        return {key: self.path(name) for key, (name, _, _) in tables.items()}

    def _admitted(self) -> pl.DataFrame:
        rows = [
            {
                **{c.name: None if c.nullable else "" for c in ADMITTED.columns},
                "person": name,
                "sample": f"{name}-s",
                "status": status,
                "sex": "unknown",
                "affected": "unknown",
                "consent": self.consents[name],
            }
            for name, status in self.status.items()
        ]
        return pl.DataFrame(rows, schema=ADMITTED.schema)

    def map(self, **options: Any) -> dict[str, pl.DataFrame]:
        paths = self.write()
        del paths["periods"]
        tables = {
            "profile": PROFILE,
            "unmapped": UNMAPPED,
            "mapping": MAPPING,
            "person_mapping": PERSON_MAPPING,
            "evidence": EVIDENCE,
        }
        outputs = {name: self.path(f"{name}.tsv") for name in tables}
        map_verb(**paths, **outputs, **options)
        return {name: read_table(outputs[name], table) for name, table in tables.items()}

    def phecodes(
        self, icd: Path, labels: Path, **options: Any
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        paths = self.write()
        for name in ("vocabularies", "terms"):
            del paths[name]
        outputs = {
            "phecodes_table": self.path("phecodes.parquet"),
            "people_table": self.path("phecode_persons.tsv"),
        }
        phecodes_verb(**paths, phecodes=icd, labels=labels, **outputs, **options)
        return (
            read_table(outputs["phecodes_table"], PHECODES),
            read_table(outputs["people_table"], PHECODE_PERSONS),
        )


def small_terms() -> pl.DataFrame:
    """A few HPO terms, all below "Phenotypic abnormality"."""
    rows = [
        (term, name, sorted({term, ABNORMAL, *above}), information, snomed, umls)
        for term, name, above, information, snomed, umls in TERM_ROWS
    ]
    return pl.DataFrame(sorted(rows), schema=TERMS.schema, orient="row")


def _frame(rows: list[dict[str, Any]], table: Table) -> pl.DataFrame:
    full = [{**dict.fromkeys(table.names), **row} for row in rows]
    return pl.DataFrame(full, schema=table.schema)


def _rows(rows: list[Any], table: Table) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=table.schema, orient="row")

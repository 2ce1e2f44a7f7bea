"""The questions that tests ask of every source, and how answers are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import codes
import polars as pl
import vocabulary
from generator import Cohort

Questions = Mapping[str, Callable[[Any], pl.DataFrame]]
DOMAINS = ("condition", "observation", "medicine", "measurement", "procedure", "note")


def questions() -> Questions:
    """Every question of :class:`soyang.phenotypes.source.Source`, by name."""
    asked: dict[str, Callable[[Any], pl.DataFrame]] = {
        "persons": lambda s: s.persons(),
        "periods": lambda s: s.periods(),
        "events": lambda s: s.events(),
    }
    for domain in DOMAINS:
        asked[f"events.{domain}"] = lambda s, d=domain: s.events(d)
    return asked | {
        "occurrences": lambda s: s.occurrences(concept_sets()),
        "consents": lambda s: s.consents(),
        "specimens": lambda s: s.specimens(),
        "concepts": lambda s: s.concepts(all_concepts()),
        "ancestors": lambda s: s.ancestors(all_concepts()),
        "code_maps": lambda s: s.code_maps(source_codes()),
        "vocabularies": lambda s: s.vocabularies(),
    }


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of columns, types and rows in the order given."""
    told = f"{frame.schema}\n{frame.write_csv(float_precision=None)}"
    return hashlib.sha256(told.encode()).hexdigest()


def wanted(cohort: Cohort) -> pl.DataFrame:
    """Columns person, person_id of the people of the sheet."""
    return cohort.crosswalk.select("person", person_id="platform_person_id")


def concept_sets() -> pl.DataFrame:
    """Sets of a disease with what is below it, a medicine, a threshold, a finding, and nothing."""
    number = vocabulary.standard()
    table = vocabulary.tables()["concept_ancestor"]

    def below(code: str) -> list[int]:
        above = number["SNOMED", code]
        return table.filter(ancestor_concept_id=above)["descendant_concept_id"].to_list()

    glucose, sodium = number["LOINC", "2345-7"], number["LOINC", "2951-2"]
    rows: list[tuple[str, int, float | None]] = [
        *(("diabetes", concept, None) for concept in below("73211009")),
        *(("cardiovascular", concept, None) for concept in below("49601007")),
        ("metformin", number["RxNorm", "6809"], None),
        ("hyperglycaemia", glucose, 126.0),
        ("any glucose or sodium", glucose, None),
        ("any glucose or sodium", sodium, None),
        ("ataxia", number["SNOMED", "20262006"], None),
        ("nobody", 2_000_777_777, None),
        ("unmapped", 0, None),
    ]
    schema = {"concept_set": pl.String, "concept_id": pl.Int64, "at_least": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def all_concepts() -> pl.Series:
    """All that are used, an unknown one, 0, one of them twice."""
    ids = [*vocabulary.standard().values(), *vocabulary.source().values(), codes.ABSENT]
    return pl.Series([*ids, ids[0], 0, 1_999_999_999, vocabulary.DEPRECATED], dtype=pl.Int64)


def source_codes() -> pl.DataFrame:
    """Codes with and without their vocabulary, mapped, unmapped, unknown; odd characters too."""
    rows = [(code.vocabulary, code.code) for code in vocabulary.source()]
    rows += [
        ("", "E11.9"),
        ("", "E119"),
        ("KCD7", "X99.9"),
        ("EDI", "약-0417"),
        ("", "it's \\\" {,}"),
    ]
    return pl.DataFrame(rows, schema={"vocabulary": pl.String, "code": pl.String}, orient="row")

"""The synthetic site's OMOP vocabulary: a few dozen concepts, their maps and ancestors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import codes
import polars as pl
from codes import Code

FROM, UNTIL = date(1970, 1, 1), date(2099, 12, 31)
RELEASE = "synthetic 2025-09"
VOCABULARIES = {
    "None": ("OMOP Standardized Vocabularies", RELEASE),
    "SNOMED": ("SNOMED CT", "2025-02-01 SNOMED CT"),
    "LOINC": ("LOINC", "LOINC 2.80"),
    "RxNorm": ("RxNorm", "RxNorm 20250804"),
    "UCUM": ("UCUM", "Version 1.8.2"),
    "KCD7": ("Korean Standard Classification of Diseases, 7th revision", "7th revision"),
    "KCD8": ("Korean Standard Classification of Diseases, 8th revision", "8th revision"),
    "EDI": ("Korean EDI", None),
    "Gender": ("OMOP Gender", None),
    "Race": ("OMOP Race", None),
    "Visit": ("OMOP Visit", None),
    "Type Concept": ("OMOP Type Concept", None),
}
"""vocabulary_id to name and version; sites leave versions empty."""
DEPRECATED = codes.FIRST_CONCEPT + 9_000
"""A concept that was withdrawn; one source code still has an old map to it."""

DOMAINS = (
    (codes.CONDITIONS, "Condition", "SNOMED"),
    (codes.FINDINGS, "Observation", "SNOMED"),
    (codes.TESTS, "Measurement", "LOINC"),
    (codes.MEDICINES, "Drug", "RxNorm"),
    (codes.PROCEDURES, "Procedure", "SNOMED"),
)


@cache
def standard() -> dict[tuple[str, str], int]:
    """Standard vocabulary and code to concept_id."""
    named = [
        *(("SNOMED", code) for code in codes.SNOMED),
        *(("LOINC", code) for code in codes.LOINC),
        *(("RxNorm", code) for code in codes.RXNORM),
    ]
    return {key: codes.FIRST_CONCEPT + 1_000 + n for n, key in enumerate(named)}


def standard_codes() -> dict[int, str]:
    """Standard concept_id to its code."""
    return {number: code for (_, code), number in standard().items()}


@cache
def source() -> dict[Code, int]:
    """Source code to its own concept_id; a local code has none."""
    known = [c for group, _, _ in DOMAINS for c in group if c.vocabulary]
    return {code: codes.FIRST_CONCEPT + 5_000 + n for n, code in enumerate(known)}


def maps_to(code: Code) -> int:
    """The standard concept that a source code maps to, 0 if none."""
    for group, _, vocabulary in DOMAINS:
        if code in group and code.standard:
            return standard()[vocabulary, code.standard]
    return 0


def tables() -> dict[str, pl.DataFrame]:
    """concept, vocabulary, concept_relationship, concept_ancestor and cdm_source."""
    return {
        "concept": pl.DataFrame(list(_concepts()), infer_schema_length=None),
        "vocabulary": pl.DataFrame(
            [
                {
                    "vocabulary_id": name,
                    "vocabulary_name": title,
                    "vocabulary_version": version,
                    "vocabulary_concept_id": 0,
                }
                for name, (title, version) in VOCABULARIES.items()
            ],
            infer_schema_length=None,
        ),
        "concept_relationship": pl.DataFrame(list(_relationships()), infer_schema_length=None),
        "concept_ancestor": pl.DataFrame(sorted(_ancestors(), key=lambda row: [*row.values()])),
        "cdm_source": pl.DataFrame([_cdm_source()]),
    }


def _concept(*details: Any) -> dict[str, Any]:
    """A row of ``concept`` from its first columns, in the order of :data:`codes.KNOWN`."""
    names = (
        "concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id",
        "standard_concept", "concept_code",
    )  # fmt: skip
    dates = {"valid_start_date": FROM, "valid_end_date": UNTIL, "invalid_reason": None}
    return dict(zip(names, details, strict=True)) | dates


def _concepts() -> Iterator[dict[str, Any]]:
    for known in codes.KNOWN:
        yield _concept(*known)
    domains = {
        (vocabulary, c.standard): d for group, d, vocabulary in DOMAINS for c in group if c.standard
    }
    names = {
        **{("SNOMED", code): name for code, (name, _) in codes.SNOMED.items()},
        **{("LOINC", code): details[0] for code, details in codes.LOINC.items()},
        **{("RxNorm", code): name for code, name in codes.RXNORM.items()},
    }
    for key, number in standard().items():
        domain = domains.get(key, "Condition")
        yield _concept(number, names[key], domain, key[0], "Clinical", "S", key[1])
    for group, domain, _ in DOMAINS:
        for code in group:
            if code.vocabulary:
                number, kind = source()[code], f"{code.vocabulary} code"
                yield _concept(number, code.name, domain, code.vocabulary, kind, None, code.code)
    gone = {"invalid_reason": "D", "valid_end_date": date(2010, 1, 31)}
    yield _concept(DEPRECATED, "Deprecated", "Condition", "SNOMED", "Clinical", None, "OLD") | gone


def _relationships() -> Iterator[dict[str, Any]]:
    pairs = [(number, maps_to(code)) for code, number in source().items() if maps_to(code)]
    pairs += [(number, number) for number in standard().values()]
    for first, second in pairs:
        yield _relationship(first, "Maps to", second)
        yield _relationship(second, "Mapped from", first)
    unmapped = next(c for c in codes.CONDITIONS if c.vocabulary and not c.standard)
    yield _relationship(source()[unmapped], "Maps to", DEPRECATED, invalid="D")


def _relationship(first: int, name: str, second: int, invalid: str | None = None) -> dict[str, Any]:
    return {
        "concept_id_1": first,
        "concept_id_2": second,
        "relationship_id": name,
        "valid_start_date": FROM,
        "valid_end_date": UNTIL,
        "invalid_reason": invalid,
    }


def _ancestors() -> Iterator[dict[str, int]]:
    number = standard()
    for vocabulary, code in number:
        above, levels = code, 0
        while above:
            yield {
                "ancestor_concept_id": number[vocabulary, above],
                "descendant_concept_id": number[vocabulary, code],
                "min_levels_of_separation": levels,
                "max_levels_of_separation": levels,
            }
            above = codes.SNOMED[above][1] if vocabulary == "SNOMED" else ""
            levels += 1


def _cdm_source() -> dict[str, Any]:
    return {
        "cdm_source_name": "SYNTHETIC platform of ten hospitals",
        "cdm_source_abbreviation": "synthetic",
        "cdm_holder": "nobody: all people are invented",
        "source_release_date": date(2025, 9, 30),
        "cdm_release_date": date(2025, 9, 30),
        "cdm_version": "v5.4",
        "cdm_version_concept_id": codes.CDM_VERSION,
        "vocabulary_version": RELEASE,
    }

"""What is taken from a source for a cohort: records, and all of the vocabulary they need."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from soyang.phenotypes import answers
from soyang.phenotypes.answers import canonical
from soyang.phenotypes.source import Source

CLASSIFICATIONS = ("KCD7", "KCD8", "KCD", "ICD10")
"""Vocabularies that a diagnosis code without one is looked up in: the Korean editions and the
WHO's ICD-10, on which they stand. ICD-10-CM is none: the same code says something else there."""

NEVER = "ICD10CM"
DIAGNOSES = ("condition", "observation")
"""Domains whose source codes may be diagnosis codes."""

DIAGNOSIS = r"^([A-Z][0-9]{2})(?:\.?([0-9A-Z]{1,4}))?(?:[^0-9A-Z.]|$)"
"""A code of ICD-10's shape, at the start of a source value: category and what follows, with or
without dot. KCD has up to six characters (Statistics Korea, KCD-8)."""


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """Answers for a cohort, each a table of :mod:`soyang.phenotypes.answers`."""

    persons: pl.DataFrame
    events: pl.DataFrame
    periods: pl.DataFrame
    concepts: pl.DataFrame
    ancestors: pl.DataFrame
    code_maps: pl.DataFrame
    vocabularies: pl.DataFrame


def nothing_extracted() -> Extracted:
    """The answers where nobody was asked about."""
    return Extracted(
        persons=answers.KNOWN_PERSONS.empty(),
        events=answers.EVENTS.empty(),
        periods=answers.PERIODS.empty(),
        concepts=answers.CONCEPTS.empty(),
        ancestors=answers.ANCESTORS.empty(),
        code_maps=answers.CODE_MAPS.empty(),
        vocabularies=answers.VOCABULARIES.empty(),
    )


def extracted_from(source: Source, persons: pl.DataFrame) -> Extracted:
    """Ask a source for all that later steps need.

    Args:
        source: opened for the cohort.
        persons: its KNOWN_PERSONS.
    """
    records = source.records()
    maps = source.code_maps(codes_to_ask(records))
    standard = pl.concat(
        [records["concept_id"], records["value_concept_id"], maps["concept_id"]]
    ).unique()
    ancestors = source.ancestors(standard)
    named = (standard, records["source_concept_id"], records["unit_concept_id"])
    return Extracted(
        persons=persons,
        events=canonical(records, answers.EVENTS),
        periods=source.periods(),
        concepts=source.concepts(pl.concat([*named, ancestors["ancestor_id"]])),
        ancestors=ancestors,
        code_maps=maps,
        vocabularies=source.vocabularies(),
    )


def codes_to_ask(records: pl.DataFrame) -> pl.DataFrame:
    """Source codes whose mappings may be needed, with the categories above them.

    These are the codes of records without standard concept, and all that look like diagnosis
    codes. Of the latter the code cut to 4 and to 3 characters is asked too.

    Args:
        records: EVENTS.

    Returns:
        Columns vocabulary, code, each pair once, sorted.
    """
    used = (
        records.filter(pl.col("source_code") != "")
        .select(
            "source_code",
            "source_vocabulary",
            unmapped=pl.col("concept_id") == 0,
            diagnosis=pl.col("domain").is_in(DIAGNOSES),
        )
        .unique()
        .filter(pl.col("source_vocabulary") != NEVER)
    )
    parts = pl.col("source_code").str.to_uppercase().str.extract_groups(DIAGNOSIS)
    shaped = used.filter("diagnosis").with_columns(
        category=parts.struct.field("1"), rest=parts.struct.field("2").fill_null("")
    )
    shaped = shaped.filter(pl.col("category").is_not_null())
    codes = pl.concat(
        [
            used.filter("unmapped").select(_VOCABULARY, code="source_code"),
            shaped.select(_VOCABULARY, code="source_code"),
            *(shaped.select(_VOCABULARY, code=code) for code in _cuts()),
        ]
    )
    known = codes.filter(pl.col("vocabulary") != "")
    unknown = codes.filter(pl.col("vocabulary") == "").select("code").unique()
    everywhere = unknown.join(pl.DataFrame({"vocabulary": CLASSIFICATIONS}), how="cross")
    return pl.concat([known, everywhere.select("vocabulary", "code")]).unique().sort(pl.all())


_VOCABULARY = pl.col("source_vocabulary").alias("vocabulary")


def _cuts() -> list[pl.Expr]:
    """A diagnosis code whole, and cut to 4 and 3 characters.

    With dot and, as some vocabularies write it, without.
    """
    category, rest = pl.col("category"), pl.col("rest")
    cut = pl.when(rest != "")
    first = rest.str.head(1)
    return [
        category,
        *(
            cut.then(pl.concat_str(category, pl.lit(dot), tail)).otherwise(category)
            for tail in (rest, first)
            for dot in (".", "")
        ),
    ]

"""From standard concepts to HPO terms.

The way is source code → standard concept (the site's own mapping) → SNOMED CT code → HPO,
by the cross-references that HPO itself keeps. A national code such as KCD is never read as
if it were another classification's.
"""

from __future__ import annotations

import polars as pl

MIN_ANCESTOR_INFORMATION = 2.0
"""Nats. An ancestor concept stands in for a record only if its HPO term says something: at
least 2 nats, i.e. fewer than one in seven diseases have the term."""

_PROFILE_KEY = ("person", "hpo_id", "status", "concept_id", "source_code")


def cross_references(terms: pl.DataFrame) -> pl.DataFrame:
    """Columns concept_code (SNOMED CT), hpo_id, hpo_name, information from TERMS."""
    return (
        terms.select("snomed", "hpo_id", "hpo_name", "information")
        .filter(pl.col("snomed").list.len() > 0)
        .explode("snomed")
        .rename({"snomed": "concept_code"})
    )


def telling(references: pl.DataFrame) -> pl.DataFrame:
    """Cross-references specific enough to stand in for a narrower concept."""
    return references.filter(pl.col("information") >= MIN_ANCESTOR_INFORMATION)


def map_direct(records: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """Records whose SNOMED CT concept HPO cross-references, one row for each term."""
    return records.filter(pl.col("concept_vocabulary") == "SNOMED").join(
        references.select("concept_code", "hpo_id", "hpo_name"), on="concept_code"
    )


def without_direct(records: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """Observed records with a concept that HPO does not cross-reference.

    Denied ones are left out: that a narrow finding is absent does not make the wider
    finding absent.
    """
    snomed = (pl.col("concept_vocabulary") == "SNOMED") & pl.col("concept_code").is_in(
        references["concept_code"].implode()
    )
    return records.filter((pl.col("concept_id") != 0) & ~pl.col("absent") & ~snomed)


def map_nearest(
    records: pl.DataFrame, nearest: pl.DataFrame, references: pl.DataFrame
) -> pl.DataFrame:
    """Records mapped by the nearest cross-referenced ancestor of their concept.

    Args:
        records: from :func:`without_direct`.
        nearest: columns concept_id, concept_code of the ancestor.
        references: from :func:`telling`.
    """
    terms = (
        nearest.join(references, on="concept_code")
        .select("concept_id", "hpo_id", "hpo_name")
        .unique()
    )
    return records.join(terms, on="concept_id")


def profile_table(mapped: pl.DataFrame) -> pl.DataFrame:
    """Mapped records as PROFILE declares, equal ones joined."""
    return (
        mapped.with_columns(
            status=pl.when("absent").then(pl.lit("excluded")).otherwise(pl.lit("observed"))
        )
        .group_by(_PROFILE_KEY)
        .agg(
            pl.col("hpo_name").first(),
            pl.col("domain").min(),
            pl.col("concept_code").first(),
            pl.col("concept_vocabulary").first(),
            pl.col("source_vocabulary").max(),
            pl.col("first_date").min(),
            pl.col("last_date").max(),
            pl.col("records").sum(),
        )
        .sort(_PROFILE_KEY)
    )


def unmapped(records: pl.DataFrame, mapped: pl.DataFrame) -> pl.DataFrame:
    """Records that led to no HPO term."""
    row = ["person", "domain", "concept_id", "source_code", "absent"]
    return records.join(mapped.select(row).unique(), on=row, how="anti")


def unmapped_table(left: pl.DataFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """Unmapped source codes of each hospital, as UNMAPPED declares.

    Args:
        left: from :func:`unmapped`.
        hospitals: columns person, hospital.
    """
    key = ("hospital", "source_code", "concept_id")
    return (
        left.join(hospitals, on="person")
        .group_by(key)
        .agg(
            pl.col("records").sum().cast(pl.Int64),
            pl.col("person").n_unique().cast(pl.Int64).alias("persons"),
        )
        .sort(key)
    )


def persons_table(
    admitted: pl.DataFrame, persons: pl.DataFrame, records: pl.DataFrame, left: pl.DataFrame
) -> pl.DataFrame:
    """Everyone admitted, as PERSONS declares.

    Args:
        admitted: columns person, hospital, asked (whether the platform could be asked).
        persons: who the platform knows, from :func:`soyang.phenotypes.omop.read_persons`.
        records: their records.
        left: their records without an HPO term.
    """
    found = pl.col("sex_recorded").is_not_null()
    return (
        admitted.join(persons.drop("rows"), on="person", how="left")
        .join(_counts(records, "records"), on="person", how="left")
        .join(_counts(left, "unmapped"), on="person", how="left")
        .with_columns(
            record=pl.when(~pl.col("asked"))
            .then(pl.lit("no_platform"))
            .when(found)
            .then(pl.lit("found"))
            .otherwise(pl.lit("not_found")),
            sex_recorded=pl.col("sex_recorded").fill_null("unknown"),
            records=pl.col("records").fill_null(0),
            unmapped=pl.col("unmapped").fill_null(0),
        )
        .drop("asked")
        .sort("person")
    )


def _counts(records: pl.DataFrame, name: str) -> pl.DataFrame:
    return records.group_by("person").agg(pl.col("records").sum().cast(pl.Int64).alias(name))

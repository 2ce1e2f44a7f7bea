"""Medicine records to exposures by ingredient."""

from __future__ import annotations

import polars as pl

from soyang.phenotypes.matrix_tables import LEFT_OUT, MEDICINES

RXNORM = ("RxNorm", "RxNorm Extension")
"""OMOP's standard vocabularies of medicines; their hierarchy ends above in ingredients."""


def ingredients(
    medicines: pl.Series, ancestors: pl.DataFrame, concepts: pl.DataFrame
) -> pl.DataFrame:
    """Ingredients of medicine concepts: concept_id, ingredient_id; those without one are not in it.

    An ingredient is the top of the standard RxNorm hierarchy (OMOP vocabulary, RxNorm: everything
    else stands below an Ingredient). CONCEPTS has no concept class, so the top is found in the
    ancestors: a standard RxNorm concept that has no other one above it, as far as the medicines
    asked for show.

    Args:
        medicines: concept ids of records.
        ancestors: ANCESTORS; a concept is its own ancestor, whether or not the site's table says.
        concepts: CONCEPTS.
    """
    standard = concepts.filter(pl.col("vocabulary").is_in(RXNORM) & pl.col("standard"))
    own = pl.DataFrame({"concept_id": medicines.unique()}).with_columns(
        pl.col("concept_id").alias("ancestor_id"), pl.lit(0, dtype=pl.Int64).alias("levels")
    )
    pairs = (
        pl.concat([ancestors.select(own.columns), own])
        .join(own.select("concept_id"), on="concept_id", how="semi")
        .join(standard.select(pl.col("concept_id").alias("ancestor_id")), on="ancestor_id")
        .group_by("concept_id", "ancestor_id")
        .agg(pl.col("levels").min())
    )
    bearers = pairs.group_by("ancestor_id").agg(pl.len().alias("bearers"))
    above = (
        pairs.join(pairs, on="concept_id", suffix="_above")
        .filter(pl.col("levels_above") > pl.col("levels"))
        .group_by("ancestor_id", "ancestor_id_above")
        .agg(pl.len().alias("shared"))
        .join(bearers, on="ancestor_id")
        .filter(pl.col("shared") == pl.col("bearers"))
    )
    return (
        pairs.join(above, on="ancestor_id", how="anti")
        .select("concept_id", pl.col("ancestor_id").alias("ingredient_id"))
        .sort("concept_id", "ingredient_id")
    )


def exposures(
    events: pl.DataFrame, ancestors: pl.DataFrame, concepts: pl.DataFrame
) -> pl.DataFrame:
    """MEDICINES: each person's exposures, a combination once for each ingredient."""
    given = _given(events).filter(pl.col("concept_id") != 0)
    tops = ingredients(given["concept_id"], ancestors, concepts)
    names = concepts.select(
        "concept_id",
        pl.col("concept_name").alias("name"),
        pl.col("concept_code").alias("code"),
        "vocabulary",
    )
    return (
        given.join(tops, on="concept_id", how="left")
        .with_columns(
            pl.col("ingredient_id").is_not_null().alias("ingredient"),
            pl.coalesce("ingredient_id", "concept_id").alias("concept_id"),
        )
        .group_by("person", "concept_id", "ingredient")
        .agg(
            pl.col("start_date").min().alias("first_date"),
            pl.max_horizontal("start_date", "end_date").max().alias("last_date"),
            pl.col("start_date").drop_nulls().n_unique().cast(pl.Int64).alias("days"),
            pl.len().cast(pl.Int64).alias("records"),
        )
        .join(names, on="concept_id", how="left")
        .with_columns(pl.col("name", "code", "vocabulary").fill_null(""))
        .select(pl.col(name).cast(dtype) for name, dtype in MEDICINES.schema.items())
        .sort("person", "concept_id")
    )


def left_out(events: pl.DataFrame) -> pl.DataFrame:
    """LEFT_OUT of medicines: records that no standard concept names."""
    unnamed = _given(events).filter(pl.col("concept_id") == 0)
    if unnamed.is_empty():
        return LEFT_OUT.empty()
    row = {"domain": "medicine", "loinc": "", "reason": "no_concept"}
    return LEFT_OUT.frame(
        [row | {"records": len(unnamed), "persons": unnamed["person"].n_unique()}]
    )


def _given(events: pl.DataFrame) -> pl.DataFrame:
    return events.filter((pl.col("domain") == "medicine") & ~pl.col("absent"))

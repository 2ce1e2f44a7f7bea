"""The person's candidate variants: which sites, what of them, and the parents' state there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.assembly import PSEUDO_AUTOSOMAL, Assembly, bare
from soyang.interpretation.clinvar import record
from soyang.interpretation.coverage import covered
from soyang.interpretation.evidence import (
    MIN_STARS,
    Call,
    Limits,
    Significance,
    frequency_floor,
    significance,
)
from soyang.interpretation.load import Person, Relative, Sources, scan
from soyang.interpretation.tables import FoundVariant, Frequency

SITE = ["contig", "position", "ref", "alt"]
IMPACT_ORDER = {"HIGH": 0, "MODERATE": 1, "LOW": 2, "MODIFIER": 3}


def read_calls(
    person: Person,
    *,
    genotypes: Path,
    callable_regions: Path,
    annotated: Path,
    sources: Sources,
    limits: Limits,
    assembly: Assembly,
) -> list[Call]:
    """The person's candidate variants, one for each site and gene, in genome order of names."""
    frame = candidate_rows(
        scan(genotypes).filter(pl.col("sample") == person.sample), scan(annotated), limits
    )
    sites = frame.select(SITE).unique().sort(SITE)
    for role, relative in (("father", person.father), ("mother", person.mother)):
        states = parent_states(relative, sites, scan(genotypes), scan(callable_regions))
        frame = frame.join(states.rename({"state": role}), on=SITE)
    rows = frame.sort(*SITE, "gene").iter_rows(named=True)
    return [_call(row, person.sex, sources, assembly) for row in rows]


def candidate_rows(own: pl.LazyFrame, annotated: pl.LazyFrame, limits: Limits) -> pl.DataFrame:
    """The person's genotypes with annotation, where a variant could explain a disease.

    High or moderate impact, near a splice site, or (likely) pathogenic in ClinVar; not benign
    in ClinVar with review criteria; not common, unless ClinVar speaks for it with criteria.
    The cohort's own frequency excludes nothing. Of several transcripts of a gene the one with
    the highest impact is told, then the first by name.
    """
    harmful = pl.col("significance").is_in(
        [Significance.PATHOGENIC, Significance.LIKELY_PATHOGENIC]
    )
    reviewed = pl.col("clinvar_stars").fill_null(0) >= MIN_STARS
    altering = pl.col("impact").is_in(["HIGH", "MODERATE"]) | pl.col("consequence").str.contains(
        "splice", literal=True
    )
    benign = (pl.col("significance") == Significance.BENIGN).fill_null(False) & reviewed
    rare = pl.col("floor").fill_null(0) <= max(
        limits.max_frequency_dominant, limits.max_frequency_recessive
    )
    told = annotated.filter(
        pl.col("gene").is_not_null()
        & pl.col("transcript").is_not_null()
        & ~pl.col("contig").is_in(["chrM", "MT", "M", "chrMT"])
        & (altering | pl.col("clinvar_significance").is_not_null())
    )
    joined = own.join(told, on=SITE).collect()
    return (
        joined.with_columns(
            significance=_read_significance(joined["clinvar_significance"]),
            floor=frequency_floor(pl.col("population_ac"), pl.col("population_an")),
        )
        .filter((altering | harmful.fill_null(False)) & ~benign)
        .filter(rare | (harmful.fill_null(False) & reviewed))
        .sort(pl.col("impact").replace_strict(IMPACT_ORDER), "transcript")
        .unique([*SITE, "gene"], keep="first", maintain_order=True)
    )


def _read_significance(words: pl.Series) -> pl.Series:
    """ClinVar's wordings to their meaning; there are few different ones."""
    meaning = {word: str(significance(word)) for word in words.drop_nulls().unique()}
    return words.replace_strict(meaning, default=None, return_dtype=pl.String)


def parent_states(
    relative: Relative | None,
    sites: pl.DataFrame,
    genotypes: pl.LazyFrame,
    regions: pl.LazyFrame,
) -> pl.DataFrame:
    """A parent's state at each site: columns of the site, and ``state``.

    Reference only where all bases of the reference allele are callable.
    """
    if relative is None:
        return sites.with_columns(state=pl.lit("absent"))
    carried = (
        genotypes.filter(pl.col("sample") == relative.sample)
        .join(sites.lazy(), on=SITE, how="semi")
        .select(*SITE, "dosage", "copies")
        .collect()
    )
    spans = sites.select(
        "contig",
        start=pl.col("position") - 1,
        end=pl.col("position") - 1 + pl.col("ref").str.len_bytes().cast(pl.Int64),
    )
    own = (
        regions.filter(
            (pl.col("sample") == relative.sample)
            & pl.col("contig").is_in(sites["contig"].unique().to_list())
        )
        .select("contig", "start", "end")
        .collect()
    )
    whole = covered(spans, own) == (spans["end"] - spans["start"])
    absent = pl.when("whole").then(pl.lit("reference")).otherwise(pl.lit("not_callable"))
    return (
        sites.with_columns(whole=whole)
        .join(carried, on=SITE, how="left")
        .with_columns(
            state=pl.when(pl.col("dosage") > 0)
            .then(
                pl.when(pl.col("dosage") < pl.col("copies"))
                .then(pl.lit("carrier"))
                .otherwise(pl.lit("homozygous"))
            )
            .otherwise(absent if relative.callable_known else pl.lit("unknown"))
        )
        .select(*SITE, "state")
    )


def zygosity(row: Mapping[str, Any], sex: str, assembly: Assembly) -> str:
    """Heterozygous, homozygous or hemizygous.

    A man's X and Y outside the pseudo-autosomal regions are hemizygous, also where a caller
    wrote two alleles.
    """
    if row["dosage"] < row["copies"]:
        return "heterozygous"
    single = sex == "male" and _is_sex_specific(row["contig"], row["position"], assembly)
    return "hemizygous" if row["copies"] == 1 or single else "homozygous"


def _is_sex_specific(contig: str, position: int, assembly: Assembly) -> bool:
    regions = PSEUDO_AUTOSOMAL[assembly].get(bare(contig))
    return regions is not None and not any(s <= position - 1 < e for s, e in regions)


def _call(row: dict[str, Any], sex: str, sources: Sources, assembly: Assembly) -> Call:
    counted = row["population_an"] is not None and row["population_an"] > 0
    assessed = sources.frequencies is not None
    frequency = row["population_ac"] / row["population_an"] if counted else 0.0
    told = {name: row[name] for name in FoundVariant.model_fields if name in row}
    return Call(
        found=FoundVariant(
            **told,
            zygosity=zygosity(row, sex, assembly),
            clinvar=record(row),
            frequencies=frequencies(row, sources),
        ),
        significance=significance(row["clinvar_significance"]),
        frequency=float(f"{frequency:.4g}") if assessed else None,
        floor=(row["floor"] or 0.0) if assessed else None,
        phase_set=row["phase_set"],
        filter=row["filter"],
    )


def frequencies(row: Mapping[str, Any], sources: Sources) -> list[Frequency]:
    """Counts in the population source and in this cohort."""
    found = row["population_an"] is not None and row["population_an"] > 0
    population = (
        Frequency(
            source=sources.frequencies or "population",
            state="found" if row["population_ac"] else "not_found",
            ac=row["population_ac"],
            an=row["population_an"],
            nhomalt=row["population_nhomalt"],
        )
        if found
        else Frequency(
            source=sources.frequencies or "population",
            state="not_found" if sources.frequencies else "not_assessed",
        )
    )
    counted = row["cohort_an"] > 0
    cohort = Frequency(
        source="cohort",
        state="not_assessed" if not counted else "found" if row["cohort_ac"] else "not_found",
        ac=row["cohort_ac"] if counted else None,
        an=row["cohort_an"] if counted else None,
        nhomalt=row["cohort_nhomalt"] if counted else None,
    )
    return [population, cohort]

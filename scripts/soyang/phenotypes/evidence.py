"""Medicines that speak for a phenotype. They are evidence beside the profile, never part of it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.core.tables import DTypes

_COLUMNS = ("medicine", "rxnorm", "atc", "hpo_id", "phecode", "source")
_LISTED: dict[str, DTypes] = {
    name: pl.List(pl.String) if name in ("rxnorm", "phecode") else pl.String for name in _COLUMNS
}
RXNORM = ("RxNorm", "RxNorm Extension")
_EXPOSURE = ("person", "concept_id", "source_vocabulary", "source_code")


def read_medicines(path: Path | None) -> pl.DataFrame:
    """Columns medicine, rxnorm (list), atc, hpo_id, phecode (list), source.

    Args:
        path: tab-separated table of medicines; without it there is no evidence.

    Raises:
        FaultError: the file is missing or lacks a column.
    """
    if path is None:
        return pl.DataFrame(schema=_LISTED)
    lines = [line for line in read_text(path).splitlines() if not line.startswith("#")]
    raw = (
        pl.read_csv(
            "\n".join(lines).encode(),
            separator="\t",
            infer_schema=False,
            quote_char=None,
            empty_string_is_null=False,
        )
        if lines
        else pl.DataFrame()
    )
    missing = [name for name in _COLUMNS if name not in raw.columns]
    if missing:
        raise FaultError(
            Fault(
                code="medicines-columns",
                file=str(path),
                column=", ".join(missing),
                found="no such column",
                allowed=", ".join(_COLUMNS),
                next_step="correct the table of medicines",
            )
        )
    lists = pl.col("rxnorm", "phecode").str.split(";").list.filter(pl.element() != "")
    return raw.select(_COLUMNS).with_columns(lists)


def exposures(events: pl.LazyFrame) -> pl.DataFrame:
    """Medicines of each person; denied ones are left out.

    Args:
        events: EVENTS.

    Returns:
        Columns person, concept_id, source_vocabulary, source_code, first_date, last_date, days
        (distinct first days).
    """
    return (
        events.filter((pl.col("domain") == "medicine") & ~pl.col("absent"))
        .group_by(_EXPOSURE)
        .agg(
            first_date=pl.col("start_date").min(),
            last_date=pl.max_horizontal("start_date", "end_date").max(),
            days=pl.col("start_date").drop_nulls().n_unique().cast(pl.Int64),
        )
        .collect(engine="streaming")
        .sort(_EXPOSURE)
    )


def named_medicines(
    taken: pl.DataFrame,
    medicines: pl.DataFrame,
    concepts: pl.DataFrame,
    ancestors: pl.DataFrame,
) -> pl.DataFrame:
    """Exposures to known medicines, with the column medicine.

    A record is of a medicine if its concept, or an ancestor of it, is the medicine's RxNorm
    ingredient or lies in its ATC class, or if its own source code is such a code.

    Args:
        taken: from :func:`exposures`.
        medicines: from :func:`read_medicines`.
        concepts: CONCEPTS, of ancestors too.
        ancestors: ANCESTORS.
    """
    own = taken.select("concept_id").unique().with_columns(ancestor_id="concept_id")
    closure = pl.concat([own, ancestors.select("concept_id", "ancestor_id")]).unique()
    codes = concepts.select(
        "vocabulary", ancestor_id="concept_id", code=pl.col("concept_code")
    ).filter(pl.col("vocabulary").is_in([*RXNORM, "ATC"]))
    by_concept = (
        _of_code(codes, medicines)
        .join(closure, on="ancestor_id")
        .select("concept_id", "medicine")
        .unique()
    )
    sources = taken.select(
        "source_vocabulary",
        "source_code",
        vocabulary="source_vocabulary",
        code=pl.col("source_code").str.strip_chars(),
    ).unique()
    by_source = (
        _of_code(sources, medicines).select("source_vocabulary", "source_code", "medicine").unique()
    )
    return (
        pl.concat(
            [
                taken.join(by_concept, on="concept_id"),
                taken.join(by_source, on=["source_vocabulary", "source_code"]),
            ]
        )
        .unique()
        .sort(*_EXPOSURE, "medicine")
    )


def _of_code(coded: pl.DataFrame, medicines: pl.DataFrame) -> pl.DataFrame:
    """Rows whose vocabulary and code name a medicine, with the column medicine."""
    rxnorm = (
        medicines.select("medicine", code="rxnorm")
        .filter(pl.col("code").list.len() > 0)
        .explode("code")
    )
    atc = medicines.select("medicine", atc="atc").filter(pl.col("atc") != "")
    found = [coded.filter(pl.col("vocabulary").is_in(RXNORM)).join(rxnorm, on="code")]
    for length in sorted(set(atc["atc"].str.len_chars())):
        cut = coded.filter(pl.col("vocabulary") == "ATC").with_columns(
            atc=pl.col("code").str.head(length)
        )
        found.append(cut.join(atc, on="atc").drop("atc"))
    return pl.concat(found)


def evidence_table(
    named: pl.DataFrame, medicines: pl.DataFrame, profile: pl.DataFrame, terms: pl.DataFrame
) -> pl.DataFrame:
    """Exposures as EVIDENCE declares.

    Args:
        named: from :func:`named_medicines`.
        medicines: from :func:`read_medicines`.
        profile: PROFILE.
        terms: TERMS.
    """
    held = (
        profile.filter(pl.col("status") == "observed")
        .select("person", "hpo_id")
        .unique()
        .join(terms.select("hpo_id", "ancestors"), on="hpo_id")
        .explode("ancestors")
        .select("person", hpo_id="ancestors", recorded=pl.lit(True))
        .unique()
    )
    key = ["person", "hpo_id", "medicine", "concept_id", "source_code"]
    return (
        named.join(medicines.select("medicine", "hpo_id"), on="medicine")
        .join(terms.select("hpo_id", "hpo_name"), on="hpo_id")
        .join(held, on=["person", "hpo_id"], how="left")
        .with_columns(pl.col("recorded").fill_null(False))
        .group_by(key)
        .agg(
            pl.col("hpo_name").first(),
            pl.col("recorded").first(),
            pl.col("first_date").min(),
            pl.col("last_date").max(),
            pl.col("days").sum(),
        )
        .sort(key)
    )

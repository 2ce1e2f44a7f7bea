"""From laboratory results to HPO terms, by loinc2hpo's annotations.

Zhang et al. 2019 (doi:10.1038/s41746-019-0110-4): a LOINC test and its outcome name an HPO term.
Outcomes are L, N, H (below, inside, above the reference range), A (abnormal), POS and NEG. The
term of a normal result (N, NEG) is the abnormality that the result *excludes*.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.core.tables import DTypes
from soyang.phenotypes.mapping import MIN_ANCESTOR_INFORMATION, with_hospital

NORMAL = ("N", "NEG")
OUTCOMES = {
    "SNOMED": {
        "10828004": "POS", "260385009": "NEG", "52101004": "POS", "2667000": "NEG",
        "260373001": "POS", "260415000": "NEG", "11214006": "POS", "131194007": "NEG",
        "75540009": "H", "62482003": "L", "17621005": "N", "263654008": "A",
    },
    "LOINC": {
        "LA6576-8": "POS", "LA6577-6": "NEG", "LA9633-4": "POS", "LA9634-2": "NEG",
        "LA11882-0": "POS", "LA11883-8": "NEG",
    },
}  # fmt: skip
"""Coded values: Positive, Negative, Present, Absent, Detected, Not detected, Reactive,
Nonreactive, High, Low, Normal, Abnormal (SNOMED CT qualifiers; LOINC answers)."""

ANNOTATIONS: dict[str, DTypes] = {
    "loinc": pl.String,
    "outcome": pl.String,
    "hpo_id": pl.String,
}
"""What :func:`read_annotations` gives."""

_COLUMNS = ("loincId", "loincScale", "outcome", "hpoTermId")
_SERIES = ("person", "concept_id", "source_code", "source_vocabulary", "hospital")


def read_annotations(path: Path, names: Mapping[str, str]) -> pl.DataFrame:
    """Columns loinc, outcome, hpo_id of loinc2hpo's annotation table; its terms made current.

    Args:
        path: tab-separated, with loincId, loincScale (Qn, Ord, Nom), outcome and hpoTermId.
        names: identifier to current HPO term; annotations without one are left out.

    Raises:
        FaultError: the file is missing or is not such a table.
    """
    text = read_text(path)
    raw = (
        pl.read_csv(text.encode(), separator="\t", infer_schema=False, quote_char=None)
        if text.strip()
        else pl.DataFrame()
    )
    missing = [name for name in _COLUMNS if name not in raw.columns]
    if missing:
        raise FaultError(
            Fault(
                code="loinc2hpo-columns",
                file=str(path),
                column=", ".join(missing),
                found="no such column",
                allowed=", ".join(_COLUMNS),
                next_step="use loinc2hpo-annotations.tsv of the loinc2hpo project",
            )
        )
    return (
        raw.select(
            loinc=pl.col("loincId").str.strip_chars(),
            outcome=pl.col("outcome").str.strip_chars(),
            hpo_id=pl.col("hpoTermId").replace_strict(dict(names), default=None),
        )
        .drop_nulls()
        .unique()
        .sort("loinc", "outcome", "hpo_id")
    )


def laboratory_results(events: pl.LazyFrame, concepts: pl.DataFrame) -> pl.LazyFrame:
    """Measurements with the columns loinc (null: none) and coded (outcome of a coded value).

    A result that is denied ("Absent" as its value) is coded NEG.
    """
    loinc = concepts.filter(pl.col("vocabulary") == "LOINC").select(
        "concept_id", loinc="concept_code"
    )
    own = pl.when(pl.col("source_vocabulary") == "LOINC").then(
        pl.col("source_code").str.strip_chars()
    )
    coded = pl.when("absent").then(pl.lit("NEG")).otherwise(pl.col("coded"))
    return (
        events.filter(pl.col("domain") == "measurement")
        .join(loinc.lazy(), on="concept_id", how="left")
        .join(_coded_values(concepts).lazy(), on="value_concept_id", how="left")
        .with_columns(loinc=pl.coalesce("loinc", own), coded=coded)
    )


def _coded_values(concepts: pl.DataFrame) -> pl.DataFrame:
    """Columns value_concept_id, coded."""
    known = pl.DataFrame(
        [(v, code, outcome) for v, codes in OUTCOMES.items() for code, outcome in codes.items()],
        schema={"vocabulary": pl.String, "concept_code": pl.String, "coded": pl.String},
        orient="row",
    )
    return concepts.join(known, on=["vocabulary", "concept_code"]).select(
        "coded", value_concept_id="concept_id"
    )


def judged(results: pl.LazyFrame, annotated: pl.Series) -> pl.LazyFrame:
    """Results with outcome (null: can't be judged) and reason (why not, of UNMAPPED).

    The record's own range goes first: it is of the same laboratory and in the same unit, so it
    judges a value without unit too. A range whose bounds are 0 and 0 or crossed is none.

    Args:
        results: from :func:`laboratory_results`, with the columns low, high and why of
            :func:`soyang.phenotypes.ranges.with_ranges` for records without a range.
        annotated: LOINC codes that have HPO terms.
    """
    low, high, value = pl.col("range_low"), pl.col("range_high"), pl.col("value")
    own = (low.is_not_null() | high.is_not_null()) & ~(
        (low > high).fill_null(False) | ((low == 0) & (high == 0)).fill_null(False)
    )
    low = pl.when(own).then(low).otherwise("low")
    high = pl.when(own).then(high).otherwise("high")
    measured = (
        pl.when(value.is_null() | value.is_nan() | (low.is_null() & high.is_null()))
        .then(pl.lit(None, dtype=pl.String))
        .when((value < low).fill_null(False))
        .then(pl.lit("L"))
        .when((value > high).fill_null(False))
        .then(pl.lit("H"))
        .otherwise(pl.lit("N"))
    )
    outcome = pl.coalesce(measured, "coded")
    known = pl.col("loinc").is_in(annotated.implode()).fill_null(False)
    reason = (
        pl.when((pl.col("concept_id") == 0) & pl.col("loinc").is_null())
        .then(pl.lit("no_concept"))
        .when(~known | outcome.is_not_null())
        .then(pl.lit("no_term"))
        .when(value.is_null() | value.is_nan())
        .then(pl.lit("no_value"))
        .otherwise("why")
    )
    return results.with_columns(outcome=outcome, reason=reason)


def series(results: pl.LazyFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """Results of one test of one person in one hospital, counted by outcome and reason.

    Args:
        results: from :func:`judged`.
        hospitals: columns person, hospital.

    Returns:
        Columns person, concept_id, source_code, source_vocabulary, hospital, loinc, outcome,
        reason, first_date, last_date, records.
    """
    key = [*_SERIES, "loinc", "outcome", "reason"]
    return (
        results.group_by(key)
        .agg(
            first_date=pl.col("start_date").min(),
            last_date=pl.col("start_date").max(),
            records=pl.len().cast(pl.Int64),
        )
        .collect(engine="streaming")
        .pipe(with_hospital, hospitals)
        .sort(key)
    )


def laboratory_rows(
    counted: pl.DataFrame, annotations: pl.DataFrame, terms: pl.DataFrame
) -> pl.DataFrame:
    """Rows of PROFILE (without concept and version) from counted results.

    One abnormal result makes its term observed, for ever; it is resolved if on the last day of
    that test all of the person's results were normal. A normal result excludes its term only if
    the person has no abnormal result of that test ever, no other test shows that term or one
    below it, and the term says something (:data:`MIN_ANCESTOR_INFORMATION`): a normal bilirubin
    does not exclude "Abnormality of metabolism".

    Args:
        counted: from :func:`series`.
        annotations: from :func:`read_annotations`.
        terms: TERMS.
    """
    named = counted.join(annotations, on=["loinc", "outcome"]).join(
        terms.select("hpo_id", "hpo_name", "information"), on="hpo_id"
    )
    normal = pl.col("outcome").is_in(NORMAL)
    abnormal = named.filter(~normal).join(_resolved(counted), on=["person", "loinc"])
    found = (
        abnormal.select("person", "hpo_id")
        .join(terms.select("hpo_id", "ancestors"), on="hpo_id")
        .explode("ancestors")
        .select("person", hpo_id="ancestors")
        .unique()
    )
    out = counted.filter(pl.col("outcome").is_not_null() & ~normal)
    clear = (
        named.filter(normal & (pl.col("information") >= MIN_ANCESTOR_INFORMATION))
        .join(out, on=["person", "loinc"], how="anti")
        .join(found, on=["person", "hpo_id"], how="anti")
        .with_columns(resolved=pl.lit(False))
    )
    return pl.concat(
        [
            frame.with_columns(
                status=pl.lit(status), domain=pl.lit("measurement"), match=pl.lit("laboratory")
            ).drop("information")
            for status, frame in (("observed", abnormal), ("excluded", clear))
        ]
    )


def _resolved(counted: pl.DataFrame) -> pl.DataFrame:
    """Columns person, loinc, resolved: whether the last day's judged results are all normal."""
    last = pl.col("last_date") == pl.col("last_date").max().over("person", "loinc")
    return (
        counted.filter(pl.col("outcome").is_not_null() & pl.col("loinc").is_not_null())
        .filter(last)
        .group_by("person", "loinc")
        .agg(resolved=pl.col("outcome").is_in(NORMAL).all())
    )

"""From standard concepts to HPO terms.

The way is source code → standard concept (the site's own mapping) → SNOMED CT code or UMLS CUI →
HPO, by the cross-references that HPO itself keeps. A national code such as KCD is never read as
if it were another classification's.

Everything is decided once for each *coding*, a distinct way in which records are coded, and not
for each record. A coding is the columns of :data:`CODING`; a match adds to it hpo_id, hpo_name,
match, and target (the standard concept that led to the term, 0 where the source code did itself).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from soyang.phenotypes.tables import PROFILE

MIN_ANCESTOR_INFORMATION = 2.0
"""Nats. What is wider than the record stands in for it only if its HPO term says something: at
least 2 nats, i.e. fewer than one in seven diseases have the term."""

CODING = ("concept_id", "source_vocabulary", "source_code", "absent")
HPO_VOCABULARIES = ("HPO", "HP")
"""How sites call HPO; the OMOP vocabulary has no HPO, so it is always a site's own."""
RECORD_DOMAINS = ("condition", "observation", "note")
"""Records whose concept can be a phenotype; a measurement's result needs judgement."""

_RECORD = ("person", "domain", *CODING, "hospital")
_RANK = {"exact": 0, "ancestor": 1, "code4": 2, "code3": 3, "laboratory": 4, "given": 5}


def coded_records(events: pl.LazyFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """Conditions, observations and notes, equal ones joined.

    Args:
        events: EVENTS.
        hospitals: columns person, hospital (for records that name none).

    Returns:
        Columns person, domain, :data:`CODING`, hospital, first_date, last_date, records,
        resolved (every one has an end date).
    """
    return (
        events.filter(pl.col("domain").is_in(RECORD_DOMAINS))
        .group_by(_RECORD)
        .agg(
            first_date=pl.col("start_date").min(),
            last_date=pl.max_horizontal("start_date", "end_date").max(),
            records=pl.len().cast(pl.Int64),
            resolved=pl.col("end_date").is_not_null().all(),
        )
        .collect(engine="streaming")
        .pipe(with_hospital, hospitals)
        .sort(_RECORD)
    )


def with_hospital(records: pl.DataFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """Records with the person's hospital where the record names none."""
    own = hospitals.select("person", own=pl.col("hospital"))
    return records.join(own, on="person", how="left").select(
        pl.exclude("own", "hospital"),
        hospital=pl.when(pl.col("hospital") == "").then("own").otherwise("hospital").fill_null(""),
    )


def codings(records: pl.DataFrame) -> pl.DataFrame:
    """The distinct codings of records, sorted."""
    return records.select(CODING).unique().sort(CODING)


def cross_references(terms: pl.DataFrame, names: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Columns vocabulary, code, hpo_id, hpo_name, information.

    Vocabularies are SNOMED and UMLS, as OMOP calls them, and HPO (a term refers to itself, and
    its older names refer to it).

    Args:
        terms: TERMS.
        names: identifier to current HPO term, for obsolete and alternative ones.
    """
    own = ["hpo_id", "hpo_name", "information"]
    columns = {"SNOMED": "snomed", "UMLS": "umls"}
    outer = [
        terms.select(*own, code=pl.col(column), vocabulary=pl.lit(vocabulary))
        .filter(pl.col("code").list.len() > 0)
        .explode("code")
        for vocabulary, column in columns.items()
    ]
    itself = terms.select(*own, code=pl.col("hpo_id"), vocabulary=pl.lit("HPO"))
    older = pl.DataFrame(
        list((names or {}).items()), schema={"code": pl.String, "hpo_id": pl.String}, orient="row"
    )
    renamed = terms.select(own).join(older, on="hpo_id").with_columns(vocabulary=pl.lit("HPO"))
    frames = [f.select(*own, "code", "vocabulary") for f in (*outer, itself, renamed)]
    return pl.concat(frames).unique().sort("vocabulary", "code", "hpo_id")


def telling(references: pl.DataFrame) -> pl.DataFrame:
    """Cross-references specific enough to stand in for something narrower."""
    return references.filter(pl.col("information") >= MIN_ANCESTOR_INFORMATION)


def by_concept(
    wanted: pl.DataFrame, concepts: pl.DataFrame, references: pl.DataFrame
) -> pl.DataFrame:
    """Terms that cross-reference a concept itself.

    Args:
        wanted: any columns with target (a concept).
        concepts: CONCEPTS.
        references: from :func:`cross_references`.

    Returns:
        ``wanted`` with hpo_id and hpo_name, one row for each term found.
    """
    codes = concepts.select(
        "concept_id", vocabulary=_vocabulary("vocabulary"), code=_code("vocabulary", "concept_code")
    )
    return (
        wanted.join(codes, left_on="target", right_on="concept_id")
        .join(references.drop("information"), on=["vocabulary", "code"])
        .drop("vocabulary", "code")
    )


def by_source(wanted: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """Terms for codings whose source code is SNOMED CT's, UMLS's or HPO's own; target is 0."""
    return (
        wanted.with_columns(
            vocabulary=_vocabulary("source_vocabulary"),
            code=_code("source_vocabulary", "source_code"),
            target=pl.lit(0, dtype=pl.Int64),
        )
        .join(references.drop("information"), on=["vocabulary", "code"])
        .drop("vocabulary", "code")
    )


def _vocabulary(column: str) -> pl.Expr:
    hpo = pl.col(column).is_in(HPO_VOCABULARIES)
    return pl.when(hpo).then(pl.lit("HPO")).otherwise(pl.col(column))


def _code(vocabulary: str, code: str) -> pl.Expr:
    """A code; HPO's is written in several ways (HP:0001250, HP_0001250, 0001250)."""
    digits = pl.col(code).str.extract(r"^(?:HP[:_])?(\d{7})$")
    hpo = pl.col(vocabulary).is_in(HPO_VOCABULARIES)
    return pl.when(hpo).then(pl.lit("HP:") + digits).otherwise(pl.col(code).str.strip_chars())


def by_ancestor(
    wanted: pl.DataFrame,
    concepts: pl.DataFrame,
    ancestors: pl.DataFrame,
    references: pl.DataFrame,
) -> pl.DataFrame:
    """Terms of the nearest ancestors of a concept that HPO cross-references.

    Args:
        wanted: any columns with target (a concept); none of a denied record, for absence of the
            narrow is not absence of the wide.
        concepts: CONCEPTS, of the ancestors too.
        ancestors: ANCESTORS.
        references: from :func:`telling`.
    """
    above = ancestors.filter(pl.col("levels") > 0).rename({"ancestor_id": "target"})
    found = by_concept(above, concepts, references)
    nearest = found.filter(pl.col("levels") == pl.col("levels").min().over("concept_id"))
    terms = nearest.select("concept_id", "hpo_id", "hpo_name").unique()
    return wanted.join(terms, left_on="target", right_on="concept_id")


def match_concepts(
    wanted: pl.DataFrame,
    concepts: pl.DataFrame,
    ancestors: pl.DataFrame,
    references: pl.DataFrame,
) -> pl.DataFrame:
    """Terms for codings with a target concept: of the concept itself, else its nearest ancestor.

    Returns:
        Matches, ``match`` exact or ancestor.
    """
    exact = by_concept(wanted, concepts, references).with_columns(match=pl.lit("exact"))
    left = without(wanted, exact).filter(~pl.col("absent"))
    wider = by_ancestor(left, concepts, ancestors, telling(references)).with_columns(
        match=pl.lit("ancestor")
    )
    return as_matches(exact, wider)


def match_standard(
    wanted: pl.DataFrame,
    concepts: pl.DataFrame,
    ancestors: pl.DataFrame,
    references: pl.DataFrame,
) -> pl.DataFrame:
    """Matches of codings by their own standard concept, or by a source code that HPO knows."""
    mapped = wanted.filter(pl.col("concept_id") != 0).with_columns(target=pl.col("concept_id"))
    own = match_concepts(mapped, concepts, ancestors, references)
    exact = own.filter(pl.col("match") == "exact")
    named = by_source(without(wanted, exact), references).with_columns(match=pl.lit("exact"))
    return as_matches(exact, named, without(own.filter(pl.col("match") != "exact"), named))


def without(wanted: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """Those of ``wanted`` whose coding is in no match."""
    return wanted.join(matches.select(CODING).unique(), on=CODING, how="anti")


def as_matches(*frames: pl.DataFrame) -> pl.DataFrame:
    """Frames of matches as one, equal ones joined, sorted."""
    columns = [*CODING, "hpo_id", "hpo_name", "match", "target"]
    return pl.concat([f.select(columns) for f in frames]).unique().sort(columns)


def profile_rows(
    records: pl.DataFrame,
    matches: pl.DataFrame,
    concepts: pl.DataFrame,
    vocabularies: pl.DataFrame,
) -> pl.DataFrame:
    """Matched records as rows of PROFILE, not yet joined.

    The concept told is the record's own, or, where it has none, the one that its source code
    leads to. The version told is that of the vocabulary that decided: the source's for a code
    that was cut, else the concept's.

    Args:
        records: from :func:`coded_records`.
        matches: matches of their codings.
        concepts: CONCEPTS.
        vocabularies: VOCABULARIES.
    """
    own = pl.when(pl.col("concept_id") != 0).then("concept_id").otherwise("target")
    status = pl.when("absent").then(pl.lit("excluded")).otherwise(pl.lit("observed"))
    return (
        records.join(matches, on=CODING)
        .with_columns(concept_id=own, status=status)
        .pipe(with_concept, concepts)
        .pipe(with_version, vocabularies)
    )


def with_version(rows: pl.DataFrame, vocabularies: pl.DataFrame) -> pl.DataFrame:
    """Rows with vocabulary_version, that of the vocabulary that decided their match.

    Args:
        rows: with match, concept_id, concept_vocabulary, source_vocabulary.
        vocabularies: VOCABULARIES.
    """
    by_code = pl.col("match").is_in(("code4", "code3")) | (pl.col("concept_id") == 0)
    decided = pl.when(by_code).then("source_vocabulary").otherwise("concept_vocabulary")
    return (
        rows.with_columns(decided=decided)
        .join(vocabularies, left_on="decided", right_on="vocabulary", how="left")
        .with_columns(vocabulary_version=pl.col("version").fill_null(""))
    )


def with_concept(rows: pl.DataFrame, concepts: pl.DataFrame) -> pl.DataFrame:
    """Rows with concept_code and concept_vocabulary of their concept_id, ``""`` if unknown."""
    told = concepts.select(
        "concept_id", "concept_code", concept_vocabulary=pl.col("vocabulary")
    ).unique("concept_id")
    return rows.join(told, on="concept_id", how="left").with_columns(
        pl.col("concept_code", "concept_vocabulary").fill_null("")
    )


def profile_table(*frames: pl.DataFrame) -> pl.DataFrame:
    """Rows of PROFILE, equal ones joined; the closest match of them is told.

    What is observed in one record and excluded in another stays both: the record contradicts
    itself, and this is not the place to decide.
    """
    return (
        pl.concat([frame.select(PROFILE.names) for frame in frames])
        .with_columns(rank=pl.col("match").replace_strict(_RANK, return_dtype=pl.Int64))
        .sort("rank", "source_vocabulary", "vocabulary_version", descending=[False, True, True])
        .group_by(PROFILE.key, maintain_order=True)
        .agg(
            pl.col("hpo_name").first(),
            pl.col("concept_code").first(),
            pl.col("concept_vocabulary").first(),
            pl.col("source_vocabulary").first(),
            pl.col("vocabulary_version").first(),
            pl.col("match").first(),
            pl.col("first_date").min(),
            pl.col("last_date").max(),
            pl.col("records").sum(),
            pl.col("resolved").all(),
        )
        .sort(PROFILE.key)
    )

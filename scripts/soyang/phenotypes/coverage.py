"""How much of each hospital's records led to an HPO term, and which codes matter most.

Medicines and procedures lead to no HPO term by themselves; of their codes only those without a
standard concept are listed.
"""

from __future__ import annotations

import polars as pl

from soyang.phenotypes.mapping import CODING, with_hospital

OTHER_DOMAINS = ("medicine", "procedure")
PERSON_DOMAINS = ("condition", "observation")
TOP = 5
"""Codes told in the log, of each hospital and kind of record."""

_CODE = ("hospital", "domain", "source_code", "concept_id", "reason")


def other_records(events: pl.LazyFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """Medicines and procedures: person, domain, concept_id, source_code, hospital, records.

    Args:
        events: EVENTS.
        hospitals: columns person, hospital.
    """
    key = ["person", "domain", "concept_id", "source_code", "hospital"]
    return (
        events.filter(pl.col("domain").is_in(OTHER_DOMAINS))
        .group_by(key)
        .agg(records=pl.len().cast(pl.Int64))
        .collect(engine="streaming")
        .pipe(with_hospital, hospitals)
    )


def outcomes(
    records: pl.DataFrame, matches: pl.DataFrame, tests: pl.DataFrame, others: pl.DataFrame
) -> pl.DataFrame:
    """All records with what became of them.

    Args:
        records: from :func:`soyang.phenotypes.mapping.coded_records`.
        matches: matches of their codings.
        tests: measurements, counted, with the column term (whether they led to one) and reason.
        others: from :func:`other_records`.

    Returns:
        Columns person, hospital, domain, source_code, concept_id, records, term (led to an HPO
        term), reason (why not, ``""`` if it did).
    """
    columns = ["person", "hospital", "domain", "source_code", "concept_id", "records", "term"]
    found = matches.select(CODING).unique().with_columns(term=pl.lit(True))
    coded = records.join(found, on=CODING, how="left").with_columns(
        pl.col("term").fill_null(False), reason=_reason()
    )
    frames = [
        coded,
        tests.with_columns(domain=pl.lit("measurement")),
        others.with_columns(term=pl.lit(False), reason=_reason()),
    ]
    reason = pl.when("term").then(pl.lit("")).otherwise("reason")
    return pl.concat([f.select(*columns, "reason") for f in frames]).with_columns(reason=reason)


def _reason() -> pl.Expr:
    no_concept = pl.col("concept_id") == 0
    return pl.when(no_concept).then(pl.lit("no_concept")).otherwise(pl.lit("no_term"))


def unmapped_table(told: pl.DataFrame) -> pl.DataFrame:
    """Codes that led to no HPO term, as UNMAPPED declares.

    Within a hospital those that matter most come first: most persons, then most records.

    Args:
        told: from :func:`outcomes`.
    """
    listed = ~pl.col("domain").is_in(OTHER_DOMAINS) | (pl.col("reason") == "no_concept")
    return (
        told.filter(~pl.col("term") & listed)
        .group_by(_CODE)
        .agg(
            pl.col("records").sum(),
            pl.col("person").n_unique().cast(pl.Int64).alias("persons"),
        )
        .sort(
            ["hospital", "persons", "records", *_CODE[1:]],
            descending=[False, True, True, *[False] * 4],
        )
    )


def mapping_table(told: pl.DataFrame) -> pl.DataFrame:
    """Shares by hospital and kind of record, as MAPPING declares.

    Args:
        told: from :func:`outcomes`.
    """
    count = pl.col("records")
    return (
        told.group_by("hospital", "domain")
        .agg(
            persons=pl.col("person").n_unique().cast(pl.Int64),
            records=count.sum(),
            no_concept=count.filter(pl.col("concept_id") == 0).sum(),
            no_term=count.filter(~pl.col("term")).sum(),
        )
        .with_columns(
            no_concept_share=(pl.col("no_concept") / pl.col("records")).round(6),
            no_term_share=(pl.col("no_term") / pl.col("records")).round(6),
        )
        .sort("hospital", "domain")
    )


def person_table(told: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Everyone's counts, as PERSON_MAPPING declares; 0 for who has no such record.

    Args:
        told: from :func:`outcomes`.
        persons: PERSONS.
    """
    counts = (
        told.filter(pl.col("domain").is_in(PERSON_DOMAINS))
        .group_by("person")
        .agg(
            pl.col("records").sum(),
            unmapped=pl.col("records").filter(~pl.col("term")).sum(),
        )
    )
    return (
        persons.select("person")
        .join(counts, on="person", how="left")
        .with_columns(pl.col("records", "unmapped").fill_null(0))
        .sort("person")
    )


def summary(mapping: pl.DataFrame, unmapped: pl.DataFrame) -> str:
    """Shares and the codes that matter most, in lines for a log.

    Args:
        mapping: MAPPING.
        unmapped: UNMAPPED, in its own order.
    """
    lines = []
    for row in mapping.iter_rows(named=True):
        other = row["domain"] in OTHER_DOMAINS
        lines.append(
            f"{row['hospital'] or '(no hospital)'}, {row['domain']}: {row['records']} records of "
            f"{row['persons']} persons; without standard concept {row['no_concept_share']:.1%}"
            + ("" if other else f", without HPO term {row['no_term_share']:.1%}")
        )
        top = unmapped.filter(
            (pl.col("hospital") == row["hospital"]) & (pl.col("domain") == row["domain"])
        ).head(TOP)
        lines += [
            f"    {code['source_code'] or '(no code)'} (concept {code['concept_id']}, "
            f"{code['reason']}): {code['persons']} persons, {code['records']} records"
            for code in top.iter_rows(named=True)
        ]
    return "\n".join(lines) or "no records"

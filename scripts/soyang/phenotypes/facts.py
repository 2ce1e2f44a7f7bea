"""``soyang phenotypes facts``: what on record contradicts or confuses a genotype."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.core.tables import read_table, write_table
from soyang.phenotypes.answers import ANCESTORS, CONCEPTS
from soyang.phenotypes.tables import FACTS, PERSONS

COLUMNS = ("fact", "vocabulary", "code", "include_descendants", "whose", "tells")
ALLOWED = {
    "fact": ("stem_cell_transplant", "transfusion"),
    "include_descendants": ("yes", "no"),
    "whose": ("donor", "own", "own_tissue", "unsaid"),
    "tells": ("event", "status"),
}
GENDER = {"male": ("sex_male", 8507), "female": ("sex_female", 8532)}
"""Sex to fact and standard concept (OMOP vocabulary Gender)."""
RECORD = ("concept_id", "source_vocabulary", "source_code")
"""Columns that say what a record is of."""


def facts(
    *,
    persons: Path,
    events: Path,
    concepts: Path,
    ancestors: Path,
    codes: Path,
    facts: Path,
) -> None:
    """Write each admitted person's recorded sex, stem-cell transplants and transfusions.

    Stem cells are another person's (allogeneic) or not said to be whose; a transplant of the
    person's own (autologous) is none of these facts. A record that does not say whose is
    explained by one that says own: a transplant by one of the same day, a status by one of the
    same or an earlier day.

    A status ("history of", ICD-10 Z94.8) says that it was so by then, not since when: its
    ``first_date`` is missing, unless a transplant of that or an earlier day is on record.

    Denied records don't count. Who is in no row has none on record, which is not "has had none".
    The identity gate reads the table, and so can what judges medicines by genotype: a
    recipient's blood carries the donor's.

    Args:
        persons: admitted persons and what the platform holds of them (PERSONS).
        events: their clinical records (EVENTS).
        concepts: concepts of these records and of their ancestors (CONCEPTS).
        ancestors: ancestors of the records' concepts (ANCESTORS).
        codes: table of codes (resources/knowledge/identity_facts.tsv).
        facts: table to write (FACTS).

    Raises:
        FaultError: an input is missing or breaks its declaration.
    """
    table = read_codes(codes)
    known = read_table(persons, PERSONS)
    members = concepts_of(table, read_table(concepts, CONCEPTS), read_table(ancestors, ANCESTORS))
    records = pl.scan_parquet(events).filter(
        ~pl.col("absent") & pl.col("person").is_in(known["person"].to_list())
    )
    kinds = kinds_of(records.select(RECORD).unique().collect(), table, members)
    hits = (
        records.join(kinds.lazy(), on=RECORD)
        .select("person", "fact", "whose", "tells", "concept_id", "source_code", day="start_date")
        .unique()
        .collect()
    )
    found = pl.concat([sexes(known), summarised(dated(counted(hits)))])
    write_table(found.sort(FACTS.key), facts, FACTS)


def read_codes(path: Path) -> pl.DataFrame:
    """Codes with their vocabularies apart and written without dots.

    Raises:
        FaultError: the file is missing, or a row has a word that is not allowed.
    """
    lines = [
        (number, line)
        for number, line in enumerate(read_text(path).split("\n"), start=1)
        if line.strip() and not line.startswith("#")
    ]
    reader = csv.DictReader(io.StringIO("\n".join(line for _, line in lines)), delimiter="\t")
    rows = [{column: (row.get(column) or "").strip() for column in COLUMNS} for row in reader]
    faults = [
        Fault(
            code="fact-code", file=str(path), row=str(number), column=column,
            found=repr(row[column]) if row[column] else "nothing",
            allowed=", ".join(ALLOWED.get(column, ())) or "a value",
            next_step="correct the row",
        )
        for (number, _), row in zip(lines[1:], rows, strict=False)
        for column in COLUMNS
        if not row[column] or row[column] not in ALLOWED.get(column, (row[column],))
    ]  # fmt: skip
    if faults:
        raise FaultError(faults)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))
    return frame.with_columns(
        pl.col("vocabulary").str.split(";"),
        pl.col("code").str.replace_all(".", "", literal=True),
        descend=pl.col("include_descendants") == "yes",
    ).explode("vocabulary")


def concepts_of(
    codes: pl.DataFrame, concepts: pl.DataFrame, ancestors: pl.DataFrame
) -> pl.DataFrame:
    """Concepts that stand for a code: columns concept_id, fact, whose, tells.

    A code without a concept in the table is passed over: no record can be below it then.
    """
    named = codes.filter(pl.col("vocabulary") == "SNOMED")
    roots = concepts.join(
        named, left_on=["vocabulary", "concept_code"], right_on=["vocabulary", "code"]
    ).select("concept_id", "fact", "whose", "tells", "descend")
    below = (
        ancestors.join(
            roots.filter("descend"), left_on="ancestor_id", right_on="concept_id"
        ).select("concept_id", "fact", "whose", "tells")
    )  # fmt: skip
    return pl.concat([roots.drop("descend"), below]).unique()


def kinds_of(records: pl.DataFrame, codes: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """What each kind of record says: columns of RECORD, fact, whose, tells, one row a fact.

    By concept, and by source code whether it is mapped or not, since a standard concept can be
    wider than the code. Own is said before donor, and donor before unsaid; status before event.

    Args:
        records: distinct values of the columns in RECORD.
        codes: the codes (:func:`read_codes`).
        members: the concepts (:func:`concepts_of`).
    """
    by_concept = records.join(members, on="concept_id")
    classified = codes.filter(pl.col("vocabulary") != "SNOMED")
    written = pl.col("source_code").str.to_uppercase().str.replace_all(r"[.\s]", "")
    same = pl.col("source_vocabulary") == pl.col("vocabulary")
    unnamed = (pl.col("source_vocabulary") == "") & (pl.col("vocabulary") == "ICD10")
    below = pl.col("descend") & written.str.starts_with(pl.col("code"))
    by_code = records.join(classified, how="cross").filter(
        (same | unnamed) & ((written == pl.col("code")) | below)
    )
    columns = [*RECORD, "fact", "whose", "tells"]
    return (
        pl.concat([by_concept.select(columns), by_code.select(columns)])
        .group_by(*RECORD, "fact")
        .agg(
            pl.when((pl.col("whose") == "own").any())
            .then(pl.lit("own"))
            .when((pl.col("whose") == "own_tissue").all())
            .then(None)
            .when((pl.col("whose") == "own_tissue").any())
            .then(pl.lit("own"))
            .when((pl.col("whose") == "donor").any())
            .then(pl.lit("donor"))
            .otherwise(pl.lit("unsaid"))
            .first()
            .alias("whose"),
            pl.when((pl.col("tells") == "status").any())
            .then(pl.lit("status"))
            .otherwise(pl.lit("event"))
            .first()
            .alias("tells"),
        )
        .drop_nulls("whose")
    )


def counted(hits: pl.DataFrame) -> pl.DataFrame:
    """Hits without own cells or blood, and without the unsaid ones that own ones explain."""
    own = hits.filter(pl.col("whose") == "own")
    first = own.group_by("person", "fact").agg(own_first=pl.col("day").min(), own=pl.lit(True))
    days = own.select("person", "fact", "day", same_day=pl.lit(True)).unique()
    unsaid, status = pl.col("whose") == "unsaid", pl.col("tells") == "status"
    later = pl.col("day").is_null() | (pl.col("day") >= pl.col("own_first")).fill_null(value=True)
    explained = unsaid & (
        (status & pl.col("own").fill_null(value=False) & later)
        | (~status & pl.col("same_day").fill_null(value=False))
    )
    return (
        hits.filter(pl.col("whose") != "own")
        .join(first, on=["person", "fact"], how="left")
        .join(days, on=["person", "fact", "day"], how="left")
        .filter(~explained)
        .select(hits.columns)
    )


def dated(hits: pl.DataFrame) -> pl.DataFrame:
    """Hits with ``since``: the day, or missing where a status does not say since when."""
    event = pl.col("tells") == "event"
    first = hits.filter(event).group_by("person", "fact").agg(since=pl.col("day").min())
    known = event | (pl.col("since") <= pl.col("day")).fill_null(value=False)
    return hits.join(first, on=["person", "fact"], how="left").with_columns(
        since=pl.when(known).then("day")
    )


def summarised(hits: pl.DataFrame) -> pl.DataFrame:
    """Rows of FACTS; the first day is missing where that of one record is."""
    return (
        hits.group_by("person", "fact", "concept_id", "source_code")
        .agg(
            first_date=pl.when(pl.col("since").is_null().any())
            .then(pl.lit(None, dtype=pl.Date))
            .otherwise(pl.col("since").min())
            .first(),
            last_date=pl.col("day").max(),
        )
        .select(FACTS.names)
    )


def sexes(persons: pl.DataFrame) -> pl.DataFrame:
    """Rows of FACTS of the recorded sex; none where it is unknown."""
    return FACTS.frame(
        {
            "person": person,
            "fact": GENDER[sex][0],
            "concept_id": GENDER[sex][1],
            "source_code": "",
            "first_date": None,
            "last_date": None,
        }
        for person, sex in persons.select("person", "sex_recorded").iter_rows()
        if sex in GENDER
    )

"""Consents as a platform's table or a file says them: their words and dates checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows
from soyang.core.people import CONSENT_WORDS
from soyang.phenotypes.answers import CONSENT_RECORDS, canonical

WORDS = {name: words for name, words in CONSENT_WORDS.items() if name != "source"}
"""Closed vocabularies of a row; who says it is known from where it stands."""
DATES = ("valid_from", "valid_until", "recorded")
COLUMNS = ("platform_person_id", *WORDS, *DATES, "duo")
"""Columns of a file of consents."""

_DUO = re.compile(r"DUO:[0-9]{7}")
"""A term of the Data Use Ontology (GA4GH), https://github.com/EBISPOT/DUO."""
_NEXT_STEP = "correct the consent where it is kept; until it can be read, nothing is assumed of it"


def read_consent_file(path: Path) -> pl.DataFrame:
    """Rows of a tab-separated file of consents: its columns, ``row`` with the line number.

    Raises:
        FaultError: a column is missing, or a date is none; with every such row.
    """
    rows = []
    faults = []
    for line, found in enumerate(read_rows(path, *COLUMNS), start=2):
        row: dict[str, Any] = {name: (found[name] or "").strip() for name in COLUMNS}
        for name in DATES:
            try:
                row[name] = date.fromisoformat(row[name]) if row[name] else None
            except ValueError:
                faults.append(_fault(str(path), str(line), name, "no date", "YYYY-MM-DD or empty"))
        if not row["platform_person_id"]:
            faults.append(_fault(str(path), str(line), "platform_person_id", "nothing", "an id"))
        rows.append({**row, "row": str(line)})
    if faults:
        raise FaultError(faults)
    types = {**dict.fromkeys((*COLUMNS, "row"), pl.String), **dict.fromkeys(DATES, pl.Date)}
    return pl.DataFrame(rows, schema=types)


def consent_records(rows: pl.DataFrame, place: str, *, source: str) -> pl.DataFrame:
    """CONSENT_RECORDS out of rows whose words are as someone wrote them.

    Words may be in upper case; who consented and a minor's assent may be left out.

    Args:
        rows: person, the columns of a file of consents, and ``row``, which names it in faults.
        place: the file, or what else faults call it.
        source: ``platform`` or ``table``.

    Raises:
        FaultError: with every word outside its vocabulary and every period that ends before it
            begins. What was found is not repeated: a shifted column may hold a name.
    """
    words = [pl.col(c).str.strip_chars().str.to_lowercase().fill_null("") for c in WORDS]
    told = rows.with_columns(*words, pl.col("duo").fill_null("")).with_columns(
        pl.when(pl.col(c) == "").then(pl.lit("unknown")).otherwise(c).alias(c)
        for c in ("given_by", "assent")
    )
    faults = list(_faults(told, place))
    if faults:
        raise FaultError(faults)
    terms = pl.col("duo").str.extract_all(_DUO.pattern).list.unique().list.sort().list.join(";")
    return canonical(told.with_columns(terms, source=pl.lit(source)), CONSENT_RECORDS)


def _faults(rows: pl.DataFrame, place: str) -> Iterator[Fault]:
    for column, words in WORDS.items():
        strange = rows.filter(~pl.col(column).is_in(words))["row"]
        for row in strange:
            yield _fault(place, row, column, "none of these words", ", ".join(words))
    left = pl.col("duo").str.replace_all(_DUO.pattern, "").str.strip_chars("; ,")
    for row in rows.filter(left != "")["row"]:
        yield _fault(place, row, "duo", "no DUO term", "DUO:0000006, ';' between several")
    for row in rows.filter(pl.col("valid_until") < pl.col("valid_from"))["row"]:
        yield _fault(place, row, "valid_until", "a day before valid_from", "a later one, or none")


def _fault(place: str, row: str, column: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="consent-table",
        file=place,
        row=row,
        column=column,
        found=found,
        allowed=allowed,
        next_step=_NEXT_STEP,
    )

"""What the platform told of the sheet's people before admission: who they are, what they agreed to.

The files are private; a fault names the pseudonym, the column and the line, never what identifies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from soyang.admission.consent import Age, Record
from soyang.admission.duo import DUO
from soyang.admission.faults import nearest
from soyang.core.clinical import Consents
from soyang.core.errors import Fault, Scope
from soyang.core.people import CONSENT_WORDS
from soyang.core.tables import read_columns

DAYS = ("valid_from", "valid_until", "recorded")
COLUMNS = ("person", *CONSENT_WORDS, *DAYS, "duo")
SHOWN = 40
"""Characters of a word that are shown; longer ones are no word of a vocabulary."""

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the platform's person table says of one person of the sheet.

    Attributes:
        record: found, not_found, twice, or no_platform where nobody was asked.
        age: when the person was born, as far as it is known.
    """

    record: str
    age: Age


def read_known(path: Path | None, rules: Consents, people: Iterable[str]) -> dict[str, Known]:
    """Person to what the platform knows, of everyone in the sheet.

    Args:
        path: phenotypes' KNOWN; None: there is no platform.
        rules: ages that count.
        people: everyone in the sheet.

    Raises:
        FaultError: the file is missing or lacks a column.
    """
    columns = ("person", "record", "birth_year", "birth_date")
    rows = read_columns(path, *columns).iter_rows(named=True) if path else ()
    told = {row["person"]: row for row in rows}
    empty = dict.fromkeys(columns, "") | {"record": "no_platform"}
    return {p: _known(told.get(p, empty), rules) for p in people}


def _known(row: Row, rules: Consents) -> Known:
    earliest, latest = _born(row)
    age = Age(
        majority=rules.age_of_majority,
        assent=rules.age_of_assent,
        earliest=earliest,
        latest=latest,
    )
    return Known(record=row["record"], age=age)


def _born(row: Row) -> tuple[date, date] | tuple[None, None]:
    """First and last day on which the person may have been born."""
    if row["birth_date"]:
        day = date.fromisoformat(row["birth_date"])
        return day, day
    if row["birth_year"]:
        year = int(row["birth_year"])
        return date(year, 1, 1), date(year, 12, 31)
    return None, None


def known_faults(
    path: Path | None, known: Mapping[str, Known], samples: Mapping[str, str]
) -> Iterator[Fault]:
    """A fault for each person of whom the platform has more than one record.

    Args:
        path: the file that they come from.
        known: see :func:`read_known`.
        samples: person to sample, of everyone in the sheet.
    """
    for person, told in known.items():
        if told.record == "twice" and path:
            yield Fault(
                code="platform-person-twice", file=path.name, column="platform_person_id",
                found="two records on the platform for one person id",
                allowed="one record for a person",
                next_step="have the platform correct its person table, or correct the id",
                scope=Scope.SAMPLE, person=person, sample=samples[person],
            )  # fmt: skip


def read_records(path: Path | None) -> dict[str, list[Record]]:
    """Person to consent records; those with a word that is not known are left out."""
    found: dict[str, list[Record]] = defaultdict(list)
    if path is None:
        return found
    for row in read_columns(path, *COLUMNS).iter_rows(named=True):
        if not list(_troubles(row)):
            found[row["person"]].append(_record(row))
    return found


def _record(row: Row) -> Record:
    days = {name: date.fromisoformat(row[name]) if row[name] else None for name in DAYS}
    return Record(
        source=row["source"], scope=row["scope"], permit=row["decision"] == "permit",
        given_by=row["given_by"], assent=row["assent"],
        duo=tuple(sorted(filter(None, row["duo"].split(";")))), **days,
    )  # fmt: skip


def record_faults(path: Path | None, samples: Mapping[str, str]) -> Iterator[Fault]:
    """Faults in consent records of people in the sheet, each with its line."""
    if path is None:
        return
    rows = read_columns(path, *COLUMNS).with_row_index("line", offset=2)
    for row in rows.filter(pl.col("person").is_in(list(samples))).iter_rows(named=True):
        for column, found, allowed in _troubles(row):
            yield Fault(
                code="consent-record", file=path.name, row=str(row["line"]), column=column,
                found=found, allowed=allowed,
                next_step="correct the consent on the platform or in its table",
                scope=Scope.SAMPLE, person=row["person"], sample=samples[row["person"]],
            )  # fmt: skip


def _troubles(row: Row) -> Iterator[tuple[str, str, str]]:
    """Column, what was found and what is allowed."""
    for column, allowed in CONSENT_WORDS.items():
        if row[column] not in allowed:
            yield column, _shown(row[column], allowed), ", ".join(allowed)
    for column in DAYS:
        if row[column] and not _is_day(row[column]):
            yield column, "no day", "a day, YYYY-MM-DD, or nothing"
    for term in filter(None, row["duo"].split(";")):
        if term not in DUO:
            yield "duo", _shown(term, DUO), "terms of GA4GH's Data Use Ontology, ';' between"


def _shown(word: str, allowed: Mapping[str, object] | tuple[str, ...]) -> str:
    """The word where it looks like one of a vocabulary; text of people is not shown."""
    if (
        word
        and len(word) <= SHOWN
        and all(c.isascii() and (c.isalnum() or c in "_:-") for c in word)
    ):
        meant = nearest(word, allowed).removesuffix("? ")
        return f"'{word}'" + (f" ({meant}?)" if meant else "")
    return "nothing" if not word else "text that is no such word"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

"""Who may enter, and the reason for everyone who may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from soyang.admission.cohort_rules import by
from soyang.admission.faults import read_faults, unique, write_faults
from soyang.admission.people import People, read_people
from soyang.admission.private import write_private
from soyang.admission.sheet import WITHDRAWN, Row
from soyang.admission.tables import ADMITTED, CROSSWALK, UNITS
from soyang.core.errors import Fault, Scope
from soyang.core.people import Affected, Sex
from soyang.core.settings import load
from soyang.core.tables import read_table, write_table


def admit(
    *,
    settings: list[Path],
    units: Path,
    check_faults: Path,
    verified: list[Path] | None = None,
    admitted: Path,
    faults: Path,
    crosswalk: Path,
) -> None:
    """Say of everyone in the sheet whether they may enter, and why not.

    Args:
        settings: settings files, later ones laid over earlier ones.
        units: table of units that could be read.
        check_faults: faults that the check found.
        verified: faults of each verified unit, named <unit>.tsv, or a folder of them; a
            unit without one has not been verified and does not enter.
        admitted: table to write of everyone in the sheet.
        faults: table to write of all faults.
        crosswalk: table to write of admitted people's platform ids; private.
    """
    people = read_people(load(settings))
    known = set(read_table(units, UNITS)["unit"])
    files = {path.stem: path for path in _tables(verified or []) if path.stem in known}
    found = read_faults(check_faults)
    for unit in sorted(files):
        found += read_faults(files[unit])
    found = unique(found)
    table = ADMITTED.frame(decide(people, found, set(files)))
    write_table(table, admitted, ADMITTED)
    write_faults(found, faults)
    write_private(_crosswalk(people, table), crosswalk, CROSSWALK)
    print(summary(table))


def _tables(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.glob("*.tsv")) if path.is_dir() else [path]


def decide(people: People, faults: Sequence[Fault], verified: set[str]) -> Iterator[dict[str, str]]:
    """One row of ADMITTED for each sample of each person in the sheet, in the sheet's order.

    Args:
        people: everyone in the sheet.
        faults: all faults.
        verified: units whose files were read to their end.
    """
    reasons: dict[str, str] = {}
    for fault in faults:
        if fault.scope is Scope.SAMPLE:
            reasons.setdefault(fault.person, reason_of(fault))
    for rows in by(people.rows, lambda row: f"{row.person}\t{row.sample}").values():
        person = rows[0].person
        consent = people.consents[person]
        missing = [row for row in rows if row.unit not in verified]
        if not people.open_to_care(person):
            said = "consent withdrawn" if consent == WITHDRAWN else "consent: no clinical_care"
            yield _row(rows[0], consent, "withheld", said)
        elif person in reasons:
            yield _row(rows[0], consent, "failed", reasons[person])
        elif missing:
            said = f"not verified: the check of its files did not end (row {missing[0].line})"
            yield _row(rows[0], consent, "failed", said)
        else:
            yield _row(rows[0], consent, "admitted", "")


def reason_of(fault: Fault) -> str:
    """What was found, with row and column of the sheet; no path."""
    row = fault.row.removeprefix("sheet ")
    row = f"row {row}" if row.isdigit() else row
    place = ", ".join(part for part in (row, fault.column and f"column {fault.column}") if part)
    return f"{fault.found} ({place})" if place else fault.found


def _row(row: Row, consent: str, status: str, reason: str) -> dict[str, str]:
    cells = row.cells
    return {
        "person": row.person,
        "sample": row.sample,
        "hospital": cells["hospital"],
        "entry": row.entry,
        "status": status,
        "reason": reason,
        "sex": cells["sex"] if cells["sex"] in set(Sex) else Sex.UNKNOWN,
        "family": cells["family"],
        "father": cells["father"],
        "mother": cells["mother"],
        "affected": cells["affected"] if cells["affected"] in set(Affected) else Affected.UNKNOWN,
        "assay": cells["assay"] or "wgs",
        "consent": consent,
    }


def _crosswalk(people: People, table: pl.DataFrame) -> pl.DataFrame:
    entered = set(table.filter(pl.col("status") == "admitted")["person"])
    ids: Mapping[str, str] = {
        row.person: row.cells["platform_person_id"]
        for row in people.rows
        if row.person in entered and row.cells["platform_person_id"]
    }
    return CROSSWALK.frame(
        {"person": person, "platform_person_id": number} for person, number in ids.items()
    )


def summary(table: pl.DataFrame) -> str:
    """How many were admitted, failed and withheld, in one line."""
    counts = dict(table["status"].value_counts().iter_rows())
    return ", ".join(f"{counts.get(s, 0)} {s}" for s in ("admitted", "failed", "withheld"))

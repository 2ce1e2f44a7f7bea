"""Who may enter, and the reason for everyone who may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import polars as pl

from soyang.admission import consent, enquired
from soyang.admission.cohort_rules import by
from soyang.admission.consent import Decision
from soyang.admission.crosswalk import (
    Specimen,
    collected_days,
    collected_faults,
    crosswalk_rows,
    read_shifts,
    read_specimens,
    specimen_faults,
)  # fmt: skip
from soyang.admission.enquired import Known
from soyang.admission.faults import read_faults, unique, write_faults
from soyang.admission.people import People, read_people
from soyang.admission.sheet import Row
from soyang.admission.tables import ADMITTED, CONSENTS, CROSSWALK, UNITS
from soyang.core.errors import Fault, Scope
from soyang.core.people import Affected, Consent, Sex
from soyang.core.private import write_private
from soyang.core.settings import Settings, load
from soyang.core.tables import read_table, write_table

Decisions = Mapping[str, Sequence[Decision]]


def admit(
    *,
    settings: list[Path],
    units: Path,
    check_faults: Path,
    verified: list[Path] | None = None,
    known: Path | None = None,
    consent_records: Path | None = None,
    specimens: Path | None = None,
    admitted: Path,
    consents: Path,
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
        known: whom of them the platform knows (KNOWN).
        consent_records: what they consented to there (CONSENT_RECORDS).
        specimens: their specimens there (SPECIMENS).
        admitted: table to write of everyone in the sheet.
        consents: table to write of what each of them permits.
        faults: table to write of all faults.
        crosswalk: table to write of admitted people's identifiers; private.
    """
    told = load(settings)
    people = read_people(told)
    named = set(read_table(units, UNITS)["unit"])
    files = {path.stem: path for path in _tables(verified or []) if path.stem in named}
    found = read_faults(check_faults)
    for unit in sorted(files):
        found += read_faults(files[unit])
    asked = enquired.read_known(known, told.consent, people.consents)
    taken = read_specimens(specimens) if specimens else []
    samples = {row.person: row.sample for row in people.rows}
    found += enquired.known_faults(known, asked, samples)
    found += enquired.record_faults(consent_records, samples)
    found += sample_faults(people, taken, asked, told)
    found = unique(found)
    decisions = decide_consents(people, consent_records, asked, told)
    shifts = read_shifts(told.platform.date_shifts) if told.platform.date_shifts else None
    days = collected_days(people.rows, taken, shifts)
    table = ADMITTED.frame(decide(people, decisions, found, set(files), days))
    write_table(table, admitted, ADMITTED)
    each = (asdict(d) for person in sorted(decisions) for d in decisions[person])
    write_table(CONSENTS.frame(each), consents, CONSENTS)
    write_faults(found, faults)
    entered = set(table.filter(pl.col("status") == "admitted")["person"])
    inside = [row for row in people.rows if row.person in entered]
    write_private(CROSSWALK.frame(crosswalk_rows(inside)), crosswalk, CROSSWALK)
    print(summary(table))


def _tables(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.glob("*.tsv")) if path.is_dir() else [path]


def sample_faults(
    people: People, specimens: Sequence[Specimen], asked: Mapping[str, Known], told: Settings
) -> Iterator[Fault]:
    """Specimens that are not the person's, or of a day that can't be."""
    yield from specimen_faults(people.rows, specimens)
    births = {person: k.age.earliest for person, k in asked.items() if k.age.earliest}
    until = date.fromisoformat(told.reports.date)
    yield from collected_faults(people.rows, until=until, births=births)


def decide_consents(
    people: People, consent_records: Path | None, asked: Mapping[str, Known], told: Settings
) -> dict[str, list[Decision]]:
    """Person to what they permit on the day of the reports."""
    records = enquired.read_records(consent_records)
    day = date.fromisoformat(told.reports.date)
    return {
        person: list(
            consent.decide(
                person,
                given,
                records.get(person, []),
                asked[person].age,
                day,
                record=asked[person].record,
            )
        )
        for person, given in people.consents.items()
    }


def decide(
    people: People,
    decisions: Decisions,
    faults: Sequence[Fault],
    verified: set[str],
    collected: Mapping[str, date | None],
) -> Iterator[dict[str, object]]:
    """One row of ADMITTED for each sample of each person in the sheet, in the sheet's order.

    Args:
        people: everyone in the sheet.
        decisions: what each of them permits.
        faults: all faults.
        verified: units whose files were read to their end.
        collected: person to the day on which the specimen was taken.
    """
    reasons: dict[str, str] = {}
    for fault in faults:
        if fault.scope is Scope.SAMPLE:
            reasons.setdefault(fault.person, reason_of(fault))
    for rows in by(people.rows, lambda row: f"{row.person}\t{row.sample}").values():
        person = rows[0].person
        missing = [row for row in rows if row.unit not in verified]
        refused = refusal(decisions[person])
        if refused:
            ended = ("withheld", refused)
        elif person in reasons:
            ended = ("failed", reasons[person])
        elif missing:
            said = f"not verified: the check of its files did not end (row {missing[0].line})"
            ended = ("failed", said)
        else:
            ended = ("admitted", "")
        day = collected[person] if ended[0] == "admitted" else None  # of nobody else
        yield _row(rows[0], consent.scopes(decisions[person]), *ended, day)


def refusal(decisions: Sequence[Decision]) -> str:
    """Why nothing may be done with the person's data, ``""`` if it may: the person's own care."""
    care = next(d for d in decisions if d.scope is Consent.CLINICAL_CARE)
    if care.permitted:
        return ""
    if care.reason == consent.NOT_GIVEN:
        return "consent: no clinical_care"
    source, _, said = care.reason.rpartition(": ")
    if said == consent.WITHDRAWN:
        return "consent withdrawn" + (f" ({source})" if source else "")
    return f"consent: clinical_care, {care.reason}"


def reason_of(fault: Fault) -> str:
    """What was found, with row and column of the sheet; no path."""
    row = fault.row.removeprefix("sheet ")
    row = f"row {row}" if row.isdigit() else row
    place = ", ".join(part for part in (row, fault.column and f"column {fault.column}") if part)
    return f"{fault.found} ({place})" if place else fault.found


def _row(
    row: Row, scopes: str, status: str, reason: str, collected: date | None
) -> dict[str, object]:
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
        "consent": scopes,
        "collected": collected,
    }


def summary(table: pl.DataFrame) -> str:
    """How many were admitted, failed and withheld, in one line."""
    counts = dict(table["status"].value_counts().iter_rows())
    return ", ".join(f"{counts.get(s, 0)} {s}" for s in ("admitted", "failed", "withheld"))

"""``soyang governance deliver``: reports with the person's identifiers, outside results/."""

from __future__ import annotations

import hashlib
import re
import shutil
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH, disk_full, is_disk_full, read_text, restrict
from soyang.core.private import make_private
from soyang.core.tables import read_table, write_table
from soyang.governance.identified import (
    IDENTIFIERS,
    identified_json,
    identified_page,
    identifiers,
)
from soyang.governance.mapping import PERSON, read_mapping, refuse_results
from soyang.governance.tables import DELIVERED, LEDGER

NOTE = "delivered.tsv"
_TWIN = re.compile(r"report\.json|report(\.[a-z]+)?\.html")
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What one person gets.

    Attributes:
        person: pseudonym.
        folder: folder below the delivery folder.
        source: the person's folder below results/reports.
        patient: identifiers to fill in.
    """

    person: str
    folder: str
    source: Path
    patient: Mapping[str, str]


def deliver(*, ledger: Path, reports: Path, identifiers: Path, output: Path) -> None:
    """Copy each reported person's report out of results/, with their identifiers filled in.

    It is the last step, started by hand by who may see both. A person's folder is
    ``<hospital>/<medical record number>``, or the pseudonym where the mapping has no number. It is
    replaced whole. Folders of people who are no longer reported are removed.

    Only name, birth_date and medical_record_number of the mapping are filled in.

    Args:
        ledger: how everyone ended (LEDGER).
        reports: folder with a folder of each person's report (results/reports).
        identifiers: the mapping, of mode 0600.
        output: delivery folder, outside results/, which this verb alone fills (mode 0700).

    Raises:
        FaultError: it would lie in results/ or among other files; others may read the mapping;
            people are not in it or have no report: then nothing is delivered. Somebody's report
            can't be filled in: then the others' are.
    """
    refuse_results(output, "a delivery folder")
    _refuse_others(output, reports)
    mapping = {row[PERSON]: row for _, row in read_mapping(identifiers).rows}
    reported = read_table(ledger, LEDGER).filter(pl.col("status") == "reported")
    people = reported.unique("person", keep="first", maintain_order=True)
    planned = plan(people.select("person", "hospital").rows(), mapping, reports, identifiers)
    make_private(output)
    restrict(output)
    before = _read_note(output)
    gone = [folder for folder in _folders(before) if folder not in {d.folder for d in planned}]
    for folder in gone:
        _remove(output, folder)
    _write_note(output, [{"person": d.person, "folder": d.folder} for d in planned])
    rows: list[dict[str, str]] = []
    faults: list[Fault] = []
    for delivery in planned:
        try:
            rows += _deliver(delivery, output)
        except FaultError as error:
            faults += error.faults
            rows += [row for row in before if row["folder"] == delivery.folder]
    _write_note(output, rows)
    _say(rows, planned, before, gone)
    if faults:
        raise FaultError(faults)


def plan(
    people: Iterable[tuple[str, str]],
    mapping: Mapping[str, Mapping[str, str]],
    reports: Path,
    source: Path,
) -> list[Delivery]:
    """What everyone gets, by folder.

    Args:
        people: pseudonym and hospital of each reported person.
        mapping: pseudonym to row of the mapping.
        reports: folder with each person's reports.
        source: the mapping's file, for messages.

    Raises:
        FaultError: with everyone who can't be served.
    """
    planned: dict[str, Delivery] = {}
    faults = []
    for person, hospital in people:
        row = mapping.get(person, {})
        patient = identifiers(row)
        number = folder_name(row.get("medical_record_number", ""), person)
        folder = f"{folder_name(hospital, 'hospital')}/{number}"
        found = ""
        if not row:
            found = "no row of this person"
        elif not patient:
            found = f"none of {', '.join(IDENTIFIERS)}"
        elif folder in planned:
            found = f"the medical record number of {planned[folder].person} too"
        if found:
            faults.append(
                Fault(
                    code="not-in-mapping", file=str(source), row=person, person=person, found=found,
                    allowed="each reported person, with who they are",
                    next_step="add to the mapping (governance pseudonymise), then deliver again",
                )
            )  # fmt: skip
        elif not (reports / person / "report.json").is_file():
            faults.append(
                Fault(
                    code="report-missing", file=str(reports / person), person=person,
                    found="no report.json", allowed="the report that the ledger tells of",
                    next_step="run the workflow again, or name its folder results/reports",
                )
            )  # fmt: skip
        planned.setdefault(
            folder, Delivery(person=person, folder=folder, source=reports / person, patient=patient)
        )
    if faults:
        raise FaultError(faults)
    return [planned[folder] for folder in sorted(planned)]


def folder_name(text: str, otherwise: str) -> str:
    """A text as a folder's name: no separators, nothing hidden, composed characters."""
    name = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", text)).strip(" .")
    return name or otherwise


def _refuse_others(output: Path, reports: Path) -> None:
    """Refuse a delivery folder beside the reports, or one that holds other things."""
    inside = output.resolve().is_relative_to(reports.resolve().parent)
    contents = list(output.iterdir()) if output.is_dir() else []
    strange = bool(contents) and not (output / NOTE).is_file()
    if inside or strange or (output.exists() and not output.is_dir()):
        raise FaultError(
            Fault(
                code="delivery-folder", file=str(output),
                found="a folder among the results" if inside else "a folder that holds other files"
                if strange else "a file",
                allowed="a new or empty folder outside results/, or an earlier delivery",
                next_step="name a folder of its own",
            )
        )  # fmt: skip


def _deliver(delivery: Delivery, output: Path) -> Iterator[dict[str, str]]:
    """Write a person's folder beside its place and put it there; rows of DELIVERED."""
    place = output / delivery.folder
    make_private(place.parent)
    fresh = place.with_name(f"{SCRATCH}{uuid.uuid4().hex}")
    fresh.mkdir(mode=0o700)
    try:
        rows = [
            {"file": name, "sha256": _write(fresh / name, content)}
            for name, content in _contents(delivery)
        ]
        old = fresh.with_name(f"{fresh.name}.old")
        if place.exists():
            place.rename(old)
        fresh.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        if is_disk_full(error):
            raise FaultError(disk_full(place)) from error
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    for row in rows:
        yield {"person": delivery.person, "folder": delivery.folder, **row}


def _contents(delivery: Delivery) -> Iterator[tuple[str, str]]:
    """Name and filled-in text of each twin."""
    for path in sorted(delivery.source.iterdir()):
        if not _TWIN.fullmatch(path.name):
            print(f"{delivery.person}: {path.name} has no place for identifiers and stays behind")
            continue
        fill = identified_json if path.suffix == ".json" else identified_page
        try:
            yield path.name, fill(read_text(path), delivery.person, delivery.patient)
        except ValueError as error:
            raise FaultError(
                Fault(
                    code="report-form", file=str(path), person=delivery.person, found=str(error),
                    allowed="a report of this version",
                    next_step="run the workflow again, then deliver again",
                )
            ) from None  # fmt: skip


def _write(path: Path, text: str) -> str:
    path.touch(mode=0o600)
    content = text.encode()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _read_note(output: Path) -> list[dict[str, str]]:
    """Rows of an earlier delivery; what a killed one left behind is removed."""
    for left in (*output.glob(f"{SCRATCH}*"), *output.glob(f"*/{SCRATCH}*")):
        shutil.rmtree(left, ignore_errors=True)
    note = output / NOTE
    return read_table(note, DELIVERED).to_dicts() if note.is_file() else []


def _write_note(output: Path, rows: Sequence[Mapping[str, str]]) -> None:
    empty = dict.fromkeys(DELIVERED.names, "")
    frame = DELIVERED.frame(empty | dict(row) for row in rows).sort(DELIVERED.key)
    write_table(frame, output / NOTE, DELIVERED)
    restrict(output / NOTE)


def _folders(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Folder to the person whose it is."""
    return {row["folder"]: row["person"] for row in rows}


def _remove(output: Path, folder: str) -> None:
    """Remove a person's folder, and the hospital's if it is empty then."""
    place = output / folder
    if place.resolve().is_relative_to(output.resolve()) and place.is_dir():
        shutil.rmtree(place)
        if not any(place.parent.iterdir()):
            place.parent.rmdir()


def _say(
    rows: Sequence[Mapping[str, str]],
    planned: Sequence[Delivery],
    before: Sequence[Mapping[str, str]],
    gone: Sequence[str],
) -> None:
    """How many people's reports are there, and whose folders were removed, by pseudonym."""
    print(f"{len({row['person'] for row in rows})} person(s) delivered")
    still = {delivery.person for delivery in planned}
    owners = _folders(before)
    for person in sorted({owners[folder] for folder in gone}):
        why = "its folder has another name now" if person in still else "no longer reported"
        print(f"{person}: {why}; the earlier copy was removed")

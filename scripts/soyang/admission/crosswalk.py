"""Person, specimen, sequencing run and VCF column: who is whose, and what contradicts it.

The sample is the VCF column and the read groups' SM, which :mod:`soyang.admission.files` holds
against each file. Here the sheet is held against the platform's specimens, and the run against
what the files say of their flow cell.

Faults can reach ``results/`` as a reason, so they name no specimen and no day: who reads them
has the sheet's row, and finds both there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from soyang.admission.cohort_rules import by
from soyang.admission.sheet import Row
from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows

RUN_FOLDER = re.compile(r"\d{6,8}_[A-Za-z0-9-]+_\d+_(?P<cell>[A-Za-z0-9-]+)\Z")
"""Name of an Illumina run folder: date, instrument, run number, flow cell with its position
(bcl2fastq2 Conversion Software Guide, "Run folder naming")."""
READ_NAME = re.compile(r"@?[^:\s]+:\d+:(?P<cell>[A-Za-z0-9-]+):\d+:\d+:\d+:\d+(?=[\s:]|\Z)")
"""Illumina's read names: instrument, run number, flow cell, lane, tile, x, y (bcl2fastq2
Conversion Software Guide, "FASTQ files")."""
_CELL = r"(?=[A-Z0-9]{9}\.)[A-Z0-9]+(?:D[RMS]X|[AB]CX|ALX|CCX|AFX|BGX|LT)[A-Z0-9]{1,2}"
PLATFORM_UNIT = re.compile(rf"(?P<cell>{_CELL})\.\d+(\.[ACGTN+-]+)?\Z")
"""Read group's PU as GATK recommends it: flow cell, lane, and barcode ("Read groups"). Others
write their own names there, so only what ends as Illumina's flow cells do is taken for one."""


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A specimen as the platform has it.

    Attributes:
        person: pseudonym of the person whom the platform gives it to.
        specimen: its identifier.
        collected: day on which it was taken; None if not recorded.
    """

    person: str
    specimen: str
    collected: date | None


def read_specimens(path: Path) -> list[Specimen]:
    """Read the platform's specimens (phenotypes' SPECIMENS).

    Raises:
        FaultError: the file is missing, lacks a column or has a day that is none.
    """
    rows = read_rows(path, "person", "specimen", "collected")
    return [
        Specimen(
            person=row["person"],
            specimen=row["specimen"],
            collected=_day(row["collected"], path, number),
        )
        for number, row in enumerate(rows, start=2)
    ]


def _day(text: str, path: Path, number: int) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise FaultError(
            Fault(
                code="table-contract", file=str(path), row=str(number), column="collected",
                found="text that is no day", allowed="YYYY-MM-DD or nothing",
                next_step="run phenotypes enquire again",
            )
        ) from None  # fmt: skip


def crosswalk_rows(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Rows of CROSSWALK, one for each person of these rows, in their order.

    Args:
        rows: rows of the people admitted.
    """
    return [
        {
            "person": person,
            "sample": theirs[0].sample,
            "specimen": theirs[0].cells["specimen"],
            "run": ";".join(sorted({row.cells["run"] for row in theirs} - {""})),
            "platform_person_id": theirs[0].cells["platform_person_id"],
            "lifelog_id": theirs[0].cells["lifelog_id"],
        }
        for person, theirs in by(rows, lambda row: row.person).items()
    ]


def specimen_faults(rows: Sequence[Row], specimens: Iterable[Specimen]) -> Iterator[Fault]:
    """What the platform's specimens say against the sheet; nobody goes on with such a fault.

    A specimen that the platform gives to another person is a fault of both, since one of the
    two may have the other's data. One that the platform doesn't know is a fault only where it
    has other specimens of that person: else it keeps none, and nothing is confirmed or denied.

    Args:
        rows: rows of the sheet.
        specimens: the platform's specimens of the people in the sheet.
    """
    found: dict[str, dict[str, set[date | None]]] = defaultdict(lambda: defaultdict(set))
    owners: dict[str, set[str]] = defaultdict(set)
    for known in specimens:
        found[known.person][known.specimen].add(known.collected)
        owners[known.specimen].add(known.person)
    people = by(rows, lambda row: row.person)
    for person, theirs in people.items():
        row = next((row for row in theirs if row.cells["specimen"]), None)
        if row is None:
            continue
        specimen = row.cells["specimen"]
        others = owners.get(specimen, set()) - {person}
        if others:
            yield from _other_person(row, [people[o][0] for o in sorted(others) if o in people])
        elif person in found and specimen not in found[person]:
            yield row.fault(
                "specimen-unknown", "specimen", "a specimen that the platform does not have, "
                f"though it has {len(found[person])} of this person",
                "a specimen of the person", "correct the cell, or the platform's record",
            )  # fmt: skip
        elif person in found:
            yield from _other_day(row, found[person][specimen])


def _other_person(row: Row, owners: Sequence[Row]) -> Iterator[Fault]:
    """The fault of the row, and of those whom the platform gives its specimen to."""
    allowed, next_step = "the person's own specimen", "find out whose it is, then correct the sheet"
    yield row.fault(
        "specimen-other-person", "specimen",
        "a specimen that is another person's on the platform", allowed, next_step,
    )  # fmt: skip
    for owner in owners:
        yield owner.fault(
            "specimen-other-person", "specimen",
            f"a specimen of this person stands under another person (row {row.line})",
            allowed, next_step,
        )  # fmt: skip


def _other_day(row: Row, days: set[date | None]) -> Iterator[Fault]:
    known = {day for day in days if day is not None}
    if row.collected is None or not known or row.collected in known:
        return
    apart = min(abs((row.collected - day).days) for day in known)
    yield row.fault(
        "specimen-collected", "collected",
        f"a day that differs from the platform's by {apart} day(s)",
        "the day on which the specimen was taken", "correct the cell, or the platform's record",
    )  # fmt: skip


def collected_faults(
    rows: Sequence[Row], *, until: date, births: Mapping[str, date] | None = None
) -> Iterator[Fault]:
    """Specimens taken in the future or before birth.

    Args:
        rows: rows of the sheet.
        until: day of the reports.
        births: person to day of birth, as far as the platform has them.
    """
    for row in rows:
        born = (births or {}).get(row.person)
        if row.collected is None:
            continue
        late = row.collected > until
        if late or (born and row.collected < born):
            yield row.fault(
                "collected-date", "collected",
                "a day after the reports' date" if late else "a day before the person's birth",
                "the day on which the specimen was taken", "correct the cell",
            )  # fmt: skip


def collected_days(
    rows: Sequence[Row],
    specimens: Iterable[Specimen] = (),
    shifts: Mapping[str, int] | None = None,
) -> dict[str, date | None]:
    """Person to the day on which their specimen was taken, None if nobody knows.

    Args:
        rows: rows of the sheet.
        specimens: the platform's specimens; they speak where the sheet is silent.
        shifts: person to days by which their dates are shifted; None: dates are not shifted.
            Where dates are shifted, a person without a shift has no day: a true one would undo
            the shift of all others.
    """
    platform: dict[tuple[str, str], set[date]] = defaultdict(set)
    for specimen in specimens:
        if specimen.collected:
            platform[specimen.person, specimen.specimen].add(specimen.collected)
    days: dict[str, date | None] = {}
    for person, theirs in by(rows, lambda row: row.person).items():
        known = platform.get((person, theirs[0].cells["specimen"]), set())
        day = theirs[0].collected or (min(known) if known else None)
        if shifts is not None and day is not None:
            day = day + timedelta(days=shifts[person]) if person in shifts else None
        days[person] = day
    return days


def read_shifts(path: Path) -> dict[str, int]:
    """Person to days by which their dates are shifted.

    Raises:
        FaultError: the file is missing, a shift is not a whole number, or a person is there twice.
    """
    shifts: dict[str, int] = {}
    faults = []
    for number, row in enumerate(read_rows(path, "person", "days"), start=2):
        person, text = (row["person"] or "").strip(), (row["days"] or "").strip()
        whole = re.fullmatch(r"[+-]?\d{1,5}", text, re.ASCII)
        if whole and person not in shifts:
            shifts[person] = int(text)
            continue
        faults.append(
            Fault(
                code="date-shift", file=str(path), row=str(number),
                column="person" if whole else "days",
                found="a person twice" if whole else "text that is not a whole number",
                allowed="one row a person, days of at most five digits",
                next_step="correct the row",
            )
        )  # fmt: skip
    if faults:
        raise FaultError(faults)
    return shifts


def run_differs(run: str, names: Iterable[str]) -> bool:
    """Whether a file names flow cells, and none is the one that the run's name tells of.

    Only a run named as Illumina names its folders tells its flow cell; any other name can't be
    contradicted.

    Args:
        run: the sheet's run.
        names: read names or read groups' platform units (PU).
    """
    folder = RUN_FOLDER.match(run)
    if folder is None:
        return False
    said = [READ_NAME.match(name) or PLATFORM_UNIT.match(name) for name in names]
    cells = {match["cell"].upper() for match in said if match}
    own = folder["cell"].upper()
    return bool(cells) and not any(own.endswith(cell) for cell in cells)

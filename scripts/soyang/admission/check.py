"""Find every fault in settings, sheet, reference, knowledge and files, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from soyang.admission.callers import caller_faults
from soyang.admission.crosswalk import collected_faults
from soyang.admission.faults import nearest, show, stops_run, unique, write_faults
from soyang.admission.files import FileCheck
from soyang.admission.knowledge import transcript_faults
from soyang.admission.people import People, read_people
from soyang.admission.platform import clinical_knowledge_faults, platform_faults
from soyang.admission.reference import Reference, open_reference
from soyang.admission.release import release_faults
from soyang.admission.sheet import Row
from soyang.admission.tables import UNITS
from soyang.core.errors import Fault, FaultError, Scope
from soyang.core.people import Consent
from soyang.core.private import write_private
from soyang.core.settings import Settings, examine
from soyang.core.yaml_files import locate


@dataclass(frozen=True)
class Inputs:
    """All inputs of a run, as far as they can be used.

    Attributes:
        settings: the settings, with stand-ins where they are faulty; None if unreadable.
        people: everyone in the sheet.
        units: rows that can be read, of people whose consent allows it.
        faults: every fault found, those that stop the run first.
    """

    settings: Settings | None
    people: People
    units: tuple[Row, ...]
    faults: tuple[Fault, ...]


def check(*, settings: list[Path], units: Path, faults: Path) -> None:
    """Check settings, sheet, reference, knowledge and the people's files, and show every fault.

    Files of people whose consent does not allow clinical care are not opened.

    Args:
        settings: settings files, later ones laid over earlier ones.
        units: table of readable units to write; private.
        faults: table of faults to write.

    Raises:
        FaultError: a fault stops the run; both tables are written all the same.
    """
    inputs = read_inputs(settings)
    write_private(UNITS.frame(map(unit_of, inputs.units)), units, UNITS)
    write_faults(inputs.faults, faults)
    show(inputs.faults)
    stopping = stops_run(inputs.faults)
    if stopping:
        raise FaultError(stopping)


def read_inputs(files: Sequence[Path]) -> Inputs:
    """Read all inputs and collect every fault; none is raised."""
    examined = examine(files)
    settings = examined.settings
    if settings is None:
        return Inputs(None, People((), {}, ()), (), examined.faults)
    unset = {fault.column for fault in examined.faults}
    people = read_people(settings)
    faults = [*examined.faults, *people.faults, *_expected_faults(settings, people, files)]
    if not unset & {"reports", "reports.date"}:
        until = date.fromisoformat(settings.reports.date)
        faults += collected_faults(people.rows, until=until)
    if not any((column or "").startswith(("calling", "reads")) for column in unset):
        faults += caller_faults(settings, people.rows, files[-1])
    with ExitStack() as stack:
        reference: Reference | None = None
        if not unset & {"reference", "reference.fasta"}:
            try:
                opened = open_reference(settings.reference.fasta, settings.reference.assembly)
                reference = stack.enter_context(opened)
            except FaultError as error:
                faults += error.faults
        if not unset & {"reference", "reference.transcripts"}:
            faults += transcript_faults(
                settings.reference.transcripts, settings.reference.assembly, reference
            )
        faults += _knowledge_faults(settings, reference)
        files_of = FileCheck(reference)
        for row in people.rows:
            if people.open_to_care(row.person):
                faults += files_of.faults(row)
    return Inputs(settings, people, _units(people, faults), tuple(unique(faults)))


def _knowledge_faults(settings: Settings, reference: Reference | None) -> Iterator[Fault]:
    if settings.knowledge.release:
        yield from release_faults(
            settings.knowledge.release, settings.reference.assembly, reference
        )
    yield from clinical_knowledge_faults(settings.knowledge)
    yield from platform_faults(settings.platform)


def _expected_faults(settings: Settings, people: People, files: Sequence[Path]) -> Iterator[Fault]:
    """Expected exceptions must be of people in the sheet, each once."""
    persons = {row.person for row in people.rows}
    named = [entry.person for entry in settings.expected]
    for number, person in enumerate(named):
        found = ""
        if persons and person not in persons:
            found = f"'{person}', who is not in the sheet"
        elif person in named[:number]:
            found = f"a duplicate: {person} is named before"
        if found:
            file, line = locate(("expected", number, "person"), files)
            yield Fault(
                code="expected-person", file=str(file), row=line,
                column=f"expected.{number}.person", found=found,
                allowed="persons of the sheet, each once",
                next_step=f"{nearest(person, persons)}Correct or remove the entry",
            )  # fmt: skip


def _units(people: People, faults: Sequence[Fault]) -> tuple[Row, ...]:
    faulty = {
        fault.row.removeprefix("sheet row ") for fault in faults if fault.scope is Scope.SAMPLE
    }
    return tuple(
        row
        for row in people.rows
        if str(row.line) not in faulty and people.open_to_care(row.person)
    )


def unit_of(row: Row) -> dict[str, str | int | date | None]:
    """A row as a row of UNITS."""
    cells = row.cells
    paths = [*row.files.values(), ""]
    same = (
        "hospital", "sex", "family", "father", "mother", "targets", "platform_person_id",
        "specimen", "run", "lifelog_id", "umi", "caller",
    )  # fmt: skip
    return {
        "row": row.line,
        "unit": row.unit,
        "person": row.person,
        "sample": row.sample,
        "lane": row.lane,
        "entry": row.entry,
        "path_1": paths[0],
        "path_2": paths[1],
        "affected": cells["affected"] or "unknown",
        "assay": cells["assay"] or "wgs",
        "consent": ";".join(scope for scope in Consent if scope in row.consents),
        "collected": row.collected,
        **{name: cells[name] for name in same},
    }

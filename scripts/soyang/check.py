"""What people type before a run: everything that is wrong with its inputs, at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from soyang.admission.check import Inputs, read_inputs, unit_of
from soyang.admission.faults import show, stops_run, unique
from soyang.admission.reference import open_reference
from soyang.admission.verify import content_faults
from soyang.core.errors import ExitCode, Fault

USUAL = (Path("config.yaml"), Path("config/config.yaml"))


def check(*, config: list[Path] | None = None, quick: bool = False) -> None:
    """Check settings, sheet, reference and files in this folder; write nothing.

    Exit status: 0 nobody has a fault, 2 a fault stops the run, 3 some people can't enter.

    Args:
        config: settings files, later ones laid over earlier ones; config.yaml if not given.
        quick: look at the files' beginnings and ends only, do not read them through.

    Raises:
        SystemExit: with the status.
    """
    inputs = read_inputs(config or [next((path for path in USUAL if path.exists()), USUAL[0])])
    faults = list(inputs.faults)
    if not quick and not stops_run(faults):
        faults = unique([*faults, *_whole_files(inputs)])
    show(faults)
    print(_summary(inputs, faults))
    if stops_run(faults):
        raise SystemExit(ExitCode.FAULT)
    if faults:
        raise SystemExit(ExitCode.UNEXPECTED)


def _whole_files(inputs: Inputs) -> list[Fault]:
    assert inputs.settings is not None
    settings = inputs.settings.reference
    with (
        open_reference(settings.fasta, settings.assembly) as reference,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
    ):
        found = pool.map(
            lambda row: list(content_faults(unit_of(row), reference.path)), inputs.units
        )
        return [fault for faults in found for fault in faults]


def _summary(inputs: Inputs, faults: Sequence[Fault]) -> str:
    persons = list(dict.fromkeys(row.person for row in inputs.people.rows))
    failed = {fault.person for fault in faults}
    allowed = [person for person in persons if inputs.people.open_to_care(person)]
    enter = 0 if stops_run(faults) else len([p for p in allowed if p not in failed])
    return (
        f"{len(persons)} person(s), {len(inputs.people.rows)} unit(s): {enter} may enter, "
        f"{len(set(allowed) & failed)} with faults, {len(persons) - len(allowed)} withheld by "
        f"consent; {len(faults)} fault(s)"
    )

"""Faults as a table, and as people read them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from soyang.admission.tables import FAULTS
from soyang.core.errors import Fault, Scope
from soyang.core.tables import read_table, write_table

NAMES = tuple(field.name for field in fields(Fault))


def to_frame(faults: Iterable[Fault]) -> pl.DataFrame:
    """The faults as a FAULTS table, in their order; each row on one line."""
    return FAULTS.frame(
        {name: " ".join(str(getattr(fault, name)).split()) for name in NAMES} for fault in faults
    )


def write_faults(faults: Iterable[Fault], path: Path) -> None:
    """Write a FAULTS table."""
    write_table(to_frame(faults), path, FAULTS)


def read_faults(path: Path) -> list[Fault]:
    """Read a FAULTS table.

    Raises:
        FaultError: the file is missing or not a FAULTS table.
    """
    rows = read_table(path, FAULTS).iter_rows(named=True)
    return [Fault(**{**row, "scope": Scope(row["scope"])}) for row in rows]


def unique(faults: Iterable[Fault]) -> list[Fault]:
    """Faults without repetition, those that stop the run first, else in their order."""
    return sorted(dict.fromkeys(faults), key=lambda fault: fault.scope != Scope.RUN)


def stops_run(faults: Iterable[Fault]) -> list[Fault]:
    """Those that stop the run."""
    return [fault for fault in faults if fault.scope is Scope.RUN]


def nearest(word: str, allowed: Iterable[str]) -> str:
    """A sentence that names the allowed word that was probably meant, or ``""``."""
    lower = {name.lower(): name for name in allowed}
    found = get_close_matches(word.lower(), list(lower), n=1, cutoff=0.6)
    return f"did you mean '{lower[found[0]]}'? " if found else ""


def show(faults: Sequence[Fault]) -> None:
    """Print every fault: a table on a terminal, else one line each."""
    if not faults:
        return
    if not sys.stdout.isatty():
        for fault in faults:
            who = f" [{fault.person} {fault.sample}]" if fault.person else ""
            print(f"{fault.scope} {fault.code}{who} {fault}")
        return
    table = RichTable(title=f"{len(faults)} fault(s)", show_lines=True)
    for heading in ("stops", "where", "found", "allowed", "next step"):
        table.add_column(heading, overflow="fold")
    for fault in faults:
        stops = "the run" if fault.scope is Scope.RUN else fault.person
        cells = (stops, fault.place, fault.found, fault.allowed, fault.next_step)
        table.add_row(*map(escape, cells))
    Console().print(table)

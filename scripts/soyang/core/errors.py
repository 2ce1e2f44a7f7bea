"""Faults in inputs, how they are shown, and the exit codes of every command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What a command's exit status says about people and samples."""

    EXPECTED = 0
    """Every person and sample ended as expected."""
    BUG = 1
    """Soyang itself failed."""
    FAULT = 2
    """A fault in settings, sheet or reference stops everything."""
    UNEXPECTED = 3
    """Someone unexpectedly failed or was quarantined; the others finished."""


class Scope(StrEnum):
    """How far a fault reaches."""

    RUN = "run"
    SAMPLE = "sample"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault in the inputs, told so that its reader knows what to do next.

    Attributes:
        code: short stable name of the kind of fault, e.g. ``fastq-truncated``.
        file: the file as the user named it.
        row: 1-based line number in ``file`` (the header is line 1), or a record's name.
        column: column, key or field, where there is one.
        found: what was found.
        allowed: what would have been accepted.
        next_step: what the user should do.
        scope: whether it stops the run or only its sample.
        person: pseudonym of the person concerned, where known.
        sample: sample concerned, where known.
    """

    code: str
    file: str
    found: str
    allowed: str
    next_step: str
    row: str = ""
    column: str = ""
    scope: Scope = Scope.RUN
    person: str = ""
    sample: str = ""

    @property
    def place(self) -> str:
        """File, row and column in one phrase."""
        parts = [self.file]
        if self.row:
            parts.append(f"row {self.row}" if self.row.isdigit() else self.row)
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def __str__(self) -> str:
        """One line: place, found, allowed, next step."""
        found = f"{self.place}: found {self.found}; allowed: {self.allowed}."
        return f"{found} Next step: {self.next_step}"


class FaultError(Exception):
    """One or more faults in the inputs; a command that raises it exits with 2."""

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        if not self.faults:
            raise ValueError("FaultError needs at least one fault")
        super().__init__("\n".join(map(str, self.faults)))


class ToolError(Exception):
    """An external tool ended with an error or left less than it promised."""

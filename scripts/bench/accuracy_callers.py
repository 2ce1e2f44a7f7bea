"""The callers that `calling call` knows, which of them can run here, and which is the default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from soyang.calling.callers.choice import chosen
from soyang.core.errors import FaultError, ToolError
from soyang.core.genomic import Calling

CALLERS = ("bcftools", "freebayes", "gatk", "deepvariant")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A caller, with what the verb has to be told beside its name.

    Attributes:
        name: as settings name it.
        gatk: file with GATK's Java class path; where it is missing: the command ``gatk``.
    """

    name: str
    gatk: Path

    @property
    def words(self) -> tuple[str, ...]:
        """Further options of `calling call`."""
        return ("--gatk", str(self.gatk)) if self.name == "gatk" and self.gatk.is_file() else ()

    @property
    def version(self) -> str:
        """Name and version.

        Raises:
            ToolError: it can't run here.
        """
        class_path = self.gatk if self.gatk.is_file() else None
        return chosen([self.name], gatk=class_path)[0].version()

    @property
    def absent(self) -> str:
        """Why it can't run here, in one line; empty if it can."""
        try:
            return "" if self.version else "it tells no version"
        except (ToolError, FaultError, OSError) as error:
            return (str(error).strip().splitlines() or [type(error).__name__])[0]


def split(names: Sequence[str], gatk: Path) -> tuple[list[Caller], dict[str, str]]:
    """The callers that can run here, and why each of the others can't."""
    asked = [Caller(name=name, gatk=gatk) for name in names]
    absent = {caller.name: why for caller in asked if (why := caller.absent)}
    return [caller for caller in asked if caller.name not in absent], absent


def default_caller() -> str:
    """The first of the callers that settings name where a user names none."""
    return str(Calling().model_dump().get("callers", CALLERS)[0])


def versions(callers: Sequence[Caller]) -> list[str]:
    """Name and version of each."""
    return [caller.version for caller in callers]

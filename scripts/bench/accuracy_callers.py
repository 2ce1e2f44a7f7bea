"""The callers that `calling call` knows, which of them can run here, and which is the default."""

from __future__ import annotations

from collections.abc import Sequence

from soyang.calling.callers.choice import chosen
from soyang.core.errors import FaultError, ToolError
from soyang.core.genomic import Calling

CALLERS = ("bcftools", "freebayes", "gatk", "deepvariant")


def version(caller: str) -> str:
    """Name and version of a caller.

    Raises:
        ToolError: it can't run here.
    """
    return chosen([caller])[0].version()


def absent(caller: str) -> str:
    """Why a caller can't run here, in one line; empty if it can."""
    try:
        return "" if version(caller) else "it tells no version"
    except (ToolError, FaultError, OSError) as error:
        return (str(error).strip().splitlines() or [type(error).__name__])[0]


def split(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The callers that can run here, and why each of the others can't."""
    missing = {name: why for name in names if (why := absent(name))}
    return [name for name in names if name not in missing], missing


def default_caller() -> str:
    """The first of the callers that settings name where a user names none."""
    return Calling().callers[0]

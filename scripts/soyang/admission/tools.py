"""Tools whose standard error is what we want to know."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from soyang.core.errors import ToolError
from soyang.core.process import LOCALE

KEPT = 1 << 20
"""Bytes of a tool's standard error that are kept."""


@dataclass(frozen=True)
class Said:
    """How a tool ended."""

    code: int
    output: str
    error: str


def listen(*commands: Sequence[str | Path]) -> Said:
    """Run tools piped into each other; what they said, whether they failed or not.

    References are never fetched from a network (``REF_PATH``).

    Returns:
        The first exit code that is not 0, the last tool's output, and all errors.

    Raises:
        ToolError: a tool is not there.
    """
    environment = os.environ | LOCALE | {"REF_PATH": "/dev/null/%s", "REF_CACHE": ""}
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryFile() as errors:
        for command in commands:
            source = running[-1].stdout if running else subprocess.DEVNULL
            try:
                running.append(
                    subprocess.Popen(
                        [str(word) for word in command], stdin=source, stdout=subprocess.PIPE,
                        stderr=errors, env=environment,
                    )
                )  # fmt: skip
            except FileNotFoundError:
                raise ToolError(f"{command[0]} is not installed or not on PATH") from None
            if len(running) > 1 and running[-2].stdout:
                running[-2].stdout.close()
        output = running[-1].communicate()[0].decode(errors="replace")
        codes = [process.wait() for process in running]
        errors.seek(0)
        said = errors.read(KEPT).decode(errors="replace")
    return Said(next((code for code in codes if code), 0), output, said)

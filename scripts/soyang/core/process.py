"""Running external tools, alone or piped into each other."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from soyang.core.errors import FaultError, ToolError
from soyang.core.files import disk_full

Command = Sequence[str | Path]

_DISK_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded")


def run(command: Command, *, stdout: Path | None = None) -> str:
    """Run one tool; return what it wrote to standard output, unless that goes to a file.

    Raises:
        ToolError: it ended with an error; the message holds the end of its standard error.
        FaultError: the disk is full.
    """
    return pipe([command], stdout=stdout)


def pipe(commands: Sequence[Command], *, stdout: Path | None = None) -> str:
    """Run tools piped into each other; any that fails fails the whole.

    What the tools say on standard error is passed on to ours, once they have ended.

    Returns:
        The last tool's standard output, or ``""`` if ``stdout`` takes it.

    Raises:
        ToolError: a tool ended with an error (a broken pipe counts only if no other failed).
        FaultError: the disk is full.
    """
    words = [[str(word) for word in command] for command in commands]
    errors: list[IO[bytes]] = []
    running: list[subprocess.Popen[bytes]] = []
    sink: Any = subprocess.PIPE
    if stdout is not None:
        stdout.parent.mkdir(parents=True, exist_ok=True)
        sink = stdout.open("wb")
    try:
        for number, command in enumerate(words):
            errors.append(tempfile.TemporaryFile())
            last = number == len(words) - 1
            running.append(
                subprocess.Popen(
                    command,
                    stdin=running[-1].stdout if running else subprocess.DEVNULL,
                    stdout=sink if last else subprocess.PIPE,
                    stderr=errors[-1],
                )
            )
            if number:
                upstream = running[-2].stdout
                assert upstream is not None
                upstream.close()
        output = running[-1].communicate()[0] or b""
        codes = [process.wait() for process in running]
    except FileNotFoundError as error:
        raise ToolError(f"{error.filename} is not installed or not on PATH") from None
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
        if stdout is not None:
            sink.close()
    said = [_text(handle) for handle in errors]
    sys.stderr.write("".join(said))
    _raise_for(words, codes, said, stdout)
    return output.decode()


def _text(handle: IO[bytes]) -> str:
    with handle:
        handle.seek(0)
        return handle.read().decode(errors="replace")


def _raise_for(
    words: Sequence[Sequence[str]], codes: Sequence[int], said: Sequence[str], stdout: Path | None
) -> None:
    failed = [n for n, code in enumerate(codes) if code]
    if not failed:
        return
    if any(_DISK_FULL.search(said[n]) for n in failed):
        raise FaultError(disk_full(stdout or Path.cwd() / "output"))
    broken_pipe = -13
    first = next((n for n in failed if codes[n] != broken_pipe), failed[0])
    tail = "\n".join(said[first].strip().splitlines()[-5:])
    raise ToolError(
        f"{' '.join(words[first][:2])} ended with status {codes[first]}: {tail or 'it said nothing'}"
    )

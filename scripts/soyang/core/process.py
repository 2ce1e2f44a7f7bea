"""Running external tools, alone or piped into each other."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from soyang.core.errors import FaultError, ToolError
from soyang.core.files import disk_full, is_disk_full

Command = Sequence[str | Path]
LOCALE = {"LC_ALL": "C.UTF-8"}
"""What tools are run with: the same order and numbers everywhere, and names of files in Hangul,
which Java can't open in a locale without them, as in a job of a cluster."""
_TRACE = r"\s+at \S+\(.*\)$"
"""A line of where in a Java program it failed, of which there are dozens after the reason."""


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
    with _Chain(commands, stdout=stdout) as chain:
        output = chain.last.communicate()[0] or b""
    # Some tools' names of authors are not UTF-8.
    return output.decode(errors="replace")


@contextmanager
def feeding(commands: Sequence[Command], *, stdout: Path | None = None) -> Iterator[IO[bytes]]:
    """Run a pipe whose first tool reads what the caller writes to the yielded stream.

    The tools' input ends, and they are waited for, when the block ends; they are killed if it
    ends by an error, so that they can't take half of their input for the whole.

    Raises:
        ToolError: a tool ended with an error, which also is why a write in the block failed.
        FaultError: the disk is full.
    """
    with _Chain(commands, stdin=subprocess.PIPE, stdout=stdout or subprocess.DEVNULL) as chain:
        sink = chain.first.stdin
        assert sink is not None
        try:
            yield sink
            sink.close()
        except BrokenPipeError:
            chain.broken = True


@contextmanager
def reading(commands: Sequence[Command], *, failure: str = "") -> Iterator[IO[bytes]]:
    """Run a pipe whose last tool's output the caller reads, to its end, from the yielded stream.

    Args:
        commands: the tools.
        failure: regular expression of what a tool says when it fails and yet ends with 0.

    Raises:
        ToolError: a tool ended with an error, or said ``failure``.
        FaultError: the disk is full.
    """
    with _Chain(commands, failure=failure) as chain:
        source = chain.last.stdout
        assert source is not None
        with source:
            yield source


class _Chain:
    """Tools piped into each other; leaving the block waits for them and raises for a failure.

    If the block raises, the tools are killed and what it raised goes on.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: Path | int | None = None,
        failure: str = "",
    ) -> None:
        self.words = [[str(word) for word in command] for command in commands]
        self.place = stdout if isinstance(stdout, Path) else None
        self.broken = False
        self._failure = failure
        self._stdin = stdin
        self._stdout: Any = stdout if isinstance(stdout, int) else subprocess.PIPE
        self._errors: list[IO[bytes]] = []
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def first(self) -> subprocess.Popen[bytes]:
        return self._running[0]

    @property
    def last(self) -> subprocess.Popen[bytes]:
        return self._running[-1]

    def __enter__(self) -> _Chain:
        if self.place is not None:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self._stdout = self.place.open("wb")
        try:
            for number, command in enumerate(self.words):
                self._start(command, last=number == len(self.words) - 1)
        except FileNotFoundError as error:
            self._stop()
            raise ToolError(f"{error.filename} is not installed or not on PATH") from None
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        codes = [] if kind else [process.wait() for process in self._running]
        self._stop()
        said = [_text(handle) for handle in self._errors]
        sys.stderr.write("".join(said))
        if kind is None:
            _raise_for(self.words, codes, said, self.place)
            for words, text in zip(self.words, said, strict=True):
                found = self._failure and re.search(self._failure, text)
                if found:
                    raise ToolError(f"{words[0]} ended with status 0 but said: {found[0]}")
            if self.broken:
                raise ToolError(f"{' '.join(self.words[0][:2])} stopped reading before the end")

    def _start(self, command: list[str], *, last: bool) -> None:
        self._errors.append(tempfile.TemporaryFile())  # noqa: SIM115  closed by _text
        before = self._running[-1] if self._running else None
        self._running.append(
            subprocess.Popen(
                command,
                stdin=before.stdout if before else self._stdin,
                stdout=self._stdout if last else subprocess.PIPE,
                stderr=self._errors[-1],
                env=os.environ | LOCALE,
            )
        )
        if before:
            assert before.stdout is not None
            before.stdout.close()

    def _stop(self) -> None:
        """Kill what still runs, and close our ends of the pipes."""
        for process in self._running:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdin is not None:
                # What is still in our buffer can't be written to a dead tool.
                try:
                    process.stdin.close()
                except BrokenPipeError:
                    self.broken = True
        if self.place is not None:
            self._stdout.close()


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
    if any(is_disk_full(said[n]) for n in failed):
        raise FaultError(disk_full(stdout or Path.cwd() / "output"))
    broken_pipe = -signal.SIGPIPE
    first = next((n for n in failed if codes[n] != broken_pipe), failed[0])
    lines = [line for line in said[first].strip().splitlines() if not re.match(_TRACE, line)]
    tail = "\n".join(lines[-5:]) or "it said nothing"
    raise ToolError(f"{' '.join(words[first][:2])} ended with status {codes[first]}: {tail}")

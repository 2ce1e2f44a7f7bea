"""What a command costs that starts others: wall time, processor time, memory of all together.

Run as a program it is the small parent of one command. Memory is looked at several times a second:
the proportional set size (shared pages counted once) of all processes that the command started,
together, so that a pipe of three programs has the memory of three. The parent also knows the
largest resident set of a single process, which the kernel records exactly.
"""

from __future__ import annotations

import json
import os
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PROCESSORS = sorted(os.sched_getaffinity(0))[:2]
"""Every command runs on these only, so that all have as many threads."""

EVERY = 0.25
"""Seconds between two looks at memory."""

KILOBYTE = 1024
MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a command and all that it started used.

    Attributes:
        wall: seconds from start to end.
        cpu: user and system seconds.
        together: most proportional set size of all processes at once, as seen, in megabytes.
        largest: largest resident set of one process, in megabytes.
    """

    wall: float
    cpu: float
    together: float
    largest: float

    @property
    def memory(self) -> float:
        """Peak memory in megabytes: a short command may end before it was looked at."""
        return max(self.together, self.largest)


def middle(uses: Sequence[Usage]) -> Usage:
    """The median of times and the largest of memory."""
    return Usage(
        wall=median(use.wall for use in uses),
        cpu=median(use.cpu for use in uses),
        together=max(use.together for use in uses),
        largest=max(use.largest for use in uses),
    )


def measured(words: Sequence[object], messages: Path) -> Usage:
    """Run one command to its end.

    Args:
        words: the command.
        messages: file for all that it says.

    Raises:
        SystemExit: it failed; its last messages are shown.
    """
    command = [str(word) for word in words]
    parent = [sys.executable, "-I", "-S", __file__, str(messages), *command]
    done = subprocess.run(parent, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.stderr.write(messages.read_text(errors="replace")[-3000:])
        raise SystemExit(f"bench-annotation: failed: {' '.join(command)[:300]}")
    return Usage(**json.loads(done.stdout))


_SHELL = ("bash", "-o", "pipefail", "-c")


def piped(*commands: Sequence[object], to: Path | None = None) -> list[str]:
    """One command that pipes several into each other, and the last into a file."""
    words = " | ".join(shlex.join(map(str, command)) for command in commands)
    return [*_SHELL, f"{words} > {shlex.quote(str(to))}" if to else words]


def one_after_another(*commands: Sequence[object]) -> list[str]:
    """One command that runs several, until one fails."""
    return [*_SHELL, " && ".join(shlex.join(map(str, command)) for command in commands)]


def _family(root: int) -> Iterator[int]:
    """A process and all below it, as they are now."""
    yield root
    try:
        for thread in Path(f"/proc/{root}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from _family(int(child))
    except OSError:
        return


def _proportional(process: int) -> int:
    """Kilobytes of one process; 0 if it has just ended."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(text.split("\nPss:")[1].split()[0]) if "\nPss:" in text else 0


def main(words: Sequence[str]) -> int:
    """Run the command, print its usage as JSON; its exit status."""
    os.sched_setaffinity(0, PROCESSORS)
    messages, *command = words
    start, most = time.perf_counter(), 0
    with Path(messages).open("wb") as said:
        child = subprocess.Popen(command, stdout=said, stderr=said)
        ended = os.pidfd_open(child.pid)
        while not select.select([ended], [], [], EVERY)[0]:
            most = max(most, sum(map(_proportional, _family(child.pid))))
        wall = time.perf_counter() - start
        _, status, used = os.wait4(child.pid, 0)
    usage = Usage(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        together=most * KILOBYTE / MEGABYTE,
        largest=used.ru_maxrss * KILOBYTE / MEGABYTE,
    )
    print(json.dumps(vars(usage)))
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""What a whole process costs: wall time, processor time and peak memory.

Run as a program it is the small parent of one command. A process inherits the peak memory of the
one that started it (Linux keeps the larger on exec), so that the benchmark, which holds libraries
and tables itself, must not start the measured commands directly.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

PROCESSORS = sorted(os.sched_getaffinity(0))[:2]
"""Every command runs on these only, so that all have as many threads."""

KILOBYTE = 1024
MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a command and its children used.

    Attributes:
        wall: seconds from start to end.
        cpu: user and system seconds.
        memory: largest resident set, in megabytes.
        asked: seconds that the command says it needed for the question alone, without start-up;
            0 if it says nothing.
    """

    wall: float
    cpu: float
    memory: float
    asked: float = 0.0


def least(uses: Sequence[Usage]) -> Usage:
    """The smallest of each figure: what was least disturbed by others on the machine."""
    return Usage(
        wall=min(use.wall for use in uses),
        cpu=min(use.cpu for use in uses),
        memory=min(use.memory for use in uses),
        asked=min(use.asked for use in uses),
    )


def in_turn(repeats: int, commands: Sequence[Sequence[str]]) -> list[Usage]:
    """The least usage of each command, taken in turn (A B A B), so that load falls on all alike."""
    uses: list[list[Usage]] = [[] for _ in commands]
    for _ in range(repeats):
        for number, words in enumerate(commands):
            uses[number].append(measured(words))
    return [least(taken) for taken in uses]


def measured(words: Sequence[str]) -> Usage:
    """Run one command to its end; what it prints last may be its own ``asked`` seconds."""
    parent = [sys.executable, "-I", "-S", __file__, *words]
    done = subprocess.run(parent, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench-platform: {' '.join(words[1:3])} failed")
    return Usage(**json.loads(done.stdout))


def main(words: Sequence[str]) -> int:
    """Run the command, print its usage as JSON; its exit status."""
    os.sched_setaffinity(0, PROCESSORS)
    start = time.perf_counter()

    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = child.stdout.read().strip()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    usage = Usage(
        wall=time.perf_counter() - start,
        cpu=used.ru_utime + used.ru_stime,
        memory=used.ru_maxrss * KILOBYTE / MEGABYTE,
        asked=float(said.splitlines()[-1]) if said else 0.0,
    )
    print(json.dumps(vars(usage)))
    return child.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

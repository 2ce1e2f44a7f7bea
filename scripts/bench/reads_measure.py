"""What a way costs: wall time, processor time of its processes, disk and files in its folder.

Disk is looked at twice a second: the blocks of all files in the way's folder together. What lives
for less than that is not seen. References, indices and reads lie elsewhere and don't count.
"""

from __future__ import annotations

import os
import resource
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

EVERY = 0.5
"""Seconds between two looks at the disk."""

BLOCK = 512
"""Bytes of a block in ``st_blocks`` (POSIX leaves it open; Linux: stat(2))."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one way used.

    Attributes:
        wall: seconds from start to end.
        cpu: user and system seconds of all processes that it started and waited for.
        disk: most bytes on disk at once, as seen.
        left: bytes on disk in the end.
        files: files in the end.
    """

    wall: float
    cpu: float
    disk: int
    left: int
    files: int


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of times, the largest of all else."""
    return Cost(
        wall=median(cost.wall for cost in costs),
        cpu=median(cost.cpu for cost in costs),
        disk=max(cost.disk for cost in costs),
        left=max(cost.left for cost in costs),
        files=max(cost.files for cost in costs),
    )


def cost_of(way: Callable[[], object], folder: Path) -> Cost:
    """Do something once and tell what it cost.

    Args:
        way: what is done, by processes that it waits for.
        folder: where all its files go; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ended, most = threading.Event(), [0]

    def look() -> None:
        while not ended.wait(EVERY):
            most[0] = max(most[0], used(folder)[0])

    watcher = threading.Thread(target=look)
    before, start = _processor(), time.perf_counter()
    watcher.start()
    try:
        way()
    finally:
        wall, cpu = time.perf_counter() - start, _processor() - before
        ended.set()
        watcher.join()
    left, files = used(folder)
    return Cost(wall=wall, cpu=cpu, disk=max(most[0], left), left=left, files=files)


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def used(folder: Path) -> tuple[int, int]:
    """Bytes on disk of all files below a folder, and how many they are; a link is no file."""
    found = [entry for entry in _files(folder) if stat.S_ISREG(entry.st_mode)]
    return sum(entry.st_blocks * BLOCK for entry in found), len(found)


def _files(folder: Path) -> Iterator[os.stat_result]:
    """What lies below a folder, without what vanishes while it is looked at."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                yield entry.stat(follow_symlinks=False)
        except OSError:
            continue

"""What all benchmarks share: taking times in turn, and the table of comparisons.

A benchmark measures us and the peer in one run, says whether each comparison holds its goal,
writes the same as JSON, and ends with 1 if one does not.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

COLUMNS = ("comparison", "ours", "peer", "ratio", "goal", "holds")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One line of a benchmark.

    Attributes:
        name: what is compared.
        ours: our figure; ``None`` if it was not measured.
        peer: the peer's; ``None`` if there is no peer or it was not measured.
        unit: unit of both.
        goal: highest ratio that holds (lowest, if ``floor``); ``None`` for a line that only
            informs.
        floor: whether the ratio is turned round: how many times ours the peer's is.
        skipped: why it was not measured, which is no failure; empty if it was.
    """

    name: str
    ours: float | None = None
    peer: float | None = None
    unit: str = "s"
    goal: float | None = None
    floor: bool = False
    skipped: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's, or the reverse; none without both, or where it has no value."""
        if self.ours is None or self.peer is None:
            return None
        upper, lower = (self.peer, self.ours) if self.floor else (self.ours, self.peer)
        return upper / lower if lower else None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is reached; none where there is nothing to reach."""
        if self.goal is None or self.skipped:
            return None
        if self.ratio is None:
            return False
        return self.ratio >= self.goal if self.floor else self.ratio <= self.goal


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A line that holds if two results are the same set.

    Attributes:
        name: what is compared.
        shared: how many both have.
        only_ours: how many only we have.
        only_peer: how many only the peer has.
    """

    name: str
    shared: int
    only_ours: int
    only_peer: int

    @property
    def holds(self) -> bool:
        """Whether both have the same, and something at all."""
        return self.shared > 0 and self.only_ours == self.only_peer == 0


Line = Comparison | Agreement


@dataclass(kw_only=True)
class Benchmark:
    """The lines of one benchmark and what they were measured on.

    Attributes:
        name: ``make bench-<name>``.
        facts: data, threads, versions and the like, shown above the table.
        lines: the comparisons.
    """

    name: str
    facts: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether no line misses its goal."""
        return all(line.holds is not False for line in self.lines)

    def finish(self, folder: Path) -> int:
        """Print the table, write it as JSON; return the exit status."""
        console = Console(width=120)
        for key, value in self.facts.items():
            console.print(f"{key}: {value}", highlight=False, soft_wrap=True)
        table = Table(*COLUMNS, title=f"bench-{self.name}", title_justify="left")
        for line in self.lines:
            table.add_row(*cells(line))
        console.print(table)
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{self.name}.json"
        place.write_text(json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n")
        console.print(f"written: {place}", highlight=False, soft_wrap=True)
        return 0 if self.holds else 1

    def as_json(self) -> dict[str, object]:
        """The benchmark for machines: facts, and a mapping for each line."""
        return {
            "name": self.name,
            "facts": self.facts,
            "lines": [_mapping(line) for line in self.lines],
            "holds": self.holds,
        }


def cells(line: Line) -> tuple[str, str, str, str, str, str]:
    """A line of the table as text, in the order of :data:`COLUMNS`."""
    if isinstance(line, Agreement):
        ours = f"{line.shared + line.only_ours} ({line.only_ours} alone)"
        peer = f"{line.shared + line.only_peer} ({line.only_peer} alone)"
        return line.name, ours, peer, f"{line.shared} shared", "the same", _word(line.holds)
    if line.skipped:
        return line.name, "-", "-", "-", _goal(line), f"skipped: {line.skipped}"
    ratio = "-" if line.ratio is None else f"{line.ratio:.2f}"
    return (
        line.name,
        _figure(line.ours, line.unit),
        _figure(line.peer, line.unit),
        ratio,
        _goal(line),
        _word(line.holds),
    )


def _figure(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.2f} {unit}".rstrip()


def _goal(line: Comparison) -> str:
    return "-" if line.goal is None else f"{'>=' if line.floor else '<='} {line.goal:g}"


def _word(holds: bool | None) -> str:
    return "-" if holds is None else "yes" if holds else "NO"


def _mapping(line: Line) -> Mapping[str, object]:
    shown = dict(zip(COLUMNS, cells(line), strict=True))
    ratio = line.ratio if isinstance(line, Comparison) else None
    return {**vars(line), "kind": type(line).__name__.lower(), "ratio": ratio} | {
        "holds": line.holds,
        "shown": shown,
    }


def in_turn(repeats: int, ways: Sequence[Callable[[], object]]) -> list[float]:
    """Median wall time of each way, taken in turn (A B A B), so that load falls on all alike.

    Args:
        repeats: how often each is done, at least once.
        ways: what is timed.

    Returns:
        Seconds, in the order of ``ways``.
    """
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(repeats):
        for number, way in enumerate(ways):
            start = time.perf_counter()
            way()
            times[number].append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]

"""What evaluations share: scores with their reasons, and the table that is printed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent.parent
_LISTED = 40
"""Unexplained cases that are printed of one score."""


def shared_data() -> Path:
    """Folder of the evaluation data."""
    return Path(os.environ.get("SOYANG_SHARED_DATA", ROOT.parent / "shared" / "data"))


@dataclass(frozen=True, kw_only=True)
class Score:
    """How many cases agree, and why the others do not.

    Attributes:
        name: what is compared.
        agreed: cases in which ours is what the source says.
        explained: reason to cases that differ for it.
        unexplained: the cases that differ for no known reason, spelt.
        apart: reason to cases that were not compared.
        remarks: what else is to be known of the cases that agree, and how many they are.
        goal: lowest share of agreement that holds; ``None`` where it only informs.
        all_explained: whether a case without a reason misses the goal too.
    """

    name: str
    agreed: int
    explained: Mapping[str, int] = field(default_factory=dict)
    unexplained: Sequence[str] = ()
    apart: Mapping[str, int] = field(default_factory=dict)
    remarks: Mapping[str, int] = field(default_factory=dict)
    goal: float | None = None
    all_explained: bool = False

    @property
    def compared(self) -> int:
        """All cases that agree or differ."""
        return self.agreed + sum(self.explained.values()) + len(self.unexplained)

    @property
    def share(self) -> float:
        """Share of the compared that agree."""
        return self.agreed / self.compared if self.compared else 0.0

    @property
    def holds(self) -> bool | None:
        """Whether the goal is reached, on something at all; none where there is none."""
        if self.goal is None:
            return None
        return (
            self.compared > 0
            and self.share >= self.goal
            and not (self.all_explained and self.unexplained)
        )


def reasons(words: Iterable[str]) -> dict[str, int]:
    """Each reason and how often it stands, most first."""
    return dict(sorted(Counter(words).items(), key=lambda item: (-item[1], item[0])))


def show(title: str, scores: Sequence[Score], console: Console | None = None) -> bool:
    """Print the scores; whether none misses its goal."""
    out = console or Console(width=140)
    table = Table(title=title, title_justify="left")
    for column in ("", "compared", "agree", "share", "explained", "unexplained", "goal", "holds"):
        table.add_column(column, justify="left" if not column else "right")
    for score in scores:
        table.add_row(*_cells(score))
    out.print(table)
    for score in scores:
        listed = {"agrees": score.remarks, "differs": score.explained, "not compared": score.apart}
        for kind, found in listed.items():
            for reason, number in found.items():
                out.print(f"  {score.name}: {kind}: {number} x {reason}", highlight=False)
        for case in score.unexplained[:_LISTED]:
            out.print(f"  {score.name}: unexplained: {case}", highlight=False, markup=False)
    return all(score.holds is not False for score in scores)


def _cells(score: Score) -> tuple[str, ...]:
    goal = "-" if score.goal is None else f">= {score.goal:.1%}"
    if score.all_explained:
        goal = "all explained" if not score.goal else f"{goal}, all explained"
    holds = {None: "-", True: "yes", False: "NO"}[score.holds]
    numbers = (score.compared, score.agreed)
    return (
        score.name,
        *(f"{number:,}" for number in numbers),
        f"{score.share:.2%}",
        f"{sum(score.explained.values()):,}",
        f"{len(score.unexplained):,}",
        goal,
        holds,
    )

"""Panels of normals: other samples' depth in the same bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from soyang.calling.depth.normalise import Numbers
from soyang.calling.tables import DEPTH_PANEL
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_table

LEAST_NORMALS = 5
"""Fewest normals of a panel. ExomeDepth (Plagnol et al. 2012) uses 5 to 10 of the most alike."""

_PLACE = ["contig", "start", "end"]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A panel of normals.

    Attributes:
        name: name and version.
        depths: bins by normals, see :func:`soyang.calling.depth.normalise.relative`.
    """

    name: str
    depths: Numbers


def fitting_panel(panels: Sequence[Path], bins: pl.DataFrame, sample: str) -> Panel | None:
    """The first of some panels that was made of the same bins, without the sample itself.

    A panel that has fewer than :data:`LEAST_NORMALS` without the sample does not fit.

    Args:
        panels: tables ``calling.depth_panel``.
        bins: columns contig, start, end.
        sample: left out, since it would hide its own events.

    Raises:
        FaultError: not such a table, or normals of different bins in one.
    """
    for path in panels:
        rows = read_table(path, DEPTH_PANEL)
        if rows.is_empty():
            raise FaultError(_fault(path, "no normals", f"{LEAST_NORMALS} normals or more"))
        normals = rows["sample"].unique(maintain_order=True).to_list()
        if len(rows) % len(normals):
            raise FaultError(_fault(path, "normals of different bins", "the same bins of all"))
        count = len(rows) // len(normals)
        if not rows.head(count).select(_PLACE).equals(bins.select(_PLACE)):
            continue
        depths = rows["relative_depth"].cast(pl.Float64).to_numpy().reshape(len(normals), count).T
        others = np.array([name != sample for name in normals])
        if others.sum() >= LEAST_NORMALS:
            return Panel(name=f"{rows[0, 'panel']} {rows[0, 'version']}", depths=depths[:, others])
    return None


def _fault(path: Path, found: str, allowed: str) -> Fault:
    return Fault(
        code="depth-panel",
        file=str(path),
        found=found,
        allowed=allowed,
        next_step="make the panel anew with `soyang calling depth-panel`",
    )

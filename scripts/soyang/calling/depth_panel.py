"""A panel of normals for copy number, from the depth of several samples."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.calling.depth.normalise import relative
from soyang.calling.depth.panel import LEAST_NORMALS
from soyang.calling.tables import DEPTH, DEPTH_PANEL
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_table, write_table

_PLACE = ["contig", "start", "end"]
_DECIMALS = 5


def depth_panel(*, depth: list[Path], name: str, version: str, panel: Path) -> None:
    """Make a panel of normals from several samples' depth, so that none is read again.

    The normals should come from the same kit and laboratory as the samples that are compared
    with them, and not be their relatives. Those of any sex may be mixed.

    Args:
        depth: a sample's <sample>.depth.parquet; repeated for each normal.
        name: the panel's name, as results tell it.
        version: its version.
        panel: output, the panel (.parquet).

    Raises:
        FaultError: too few samples, one of them twice, or of different bins.
    """
    if len(depth) < LEAST_NORMALS:
        raise FaultError(_fault(depth, f"{len(depth)} samples", f"{LEAST_NORMALS} or more"))
    first: pl.DataFrame | None = None
    parts: dict[str, pl.DataFrame] = {}
    for path in depth:
        bins = read_table(path, DEPTH)
        if not bins["autosomal"].any():
            raise FaultError(_fault([path], "no autosomal bin", "bins of chromosomes 1 to 22"))
        first = bins.select(_PLACE) if first is None else first
        if not bins.select(_PLACE).equals(first):
            allowed = f"those of {depth[0].name}: one kit and one size of bins"
            raise FaultError(_fault([path], "other bins", allowed))
        sample = bins[0, "sample"]
        if sample in parts:
            raise FaultError(_fault([path], f"{sample} a second time", "each sample once"))
        parts[sample] = _normal(bins, name, version)
    write_table(pl.concat([parts[sample] for sample in sorted(parts)]), panel, DEPTH_PANEL)


def _normal(bins: pl.DataFrame, name: str, version: str) -> pl.DataFrame:
    """A panel's rows of one normal."""
    found = pl.Series("relative_depth", relative(bins).round(_DECIMALS), nan_to_null=True)
    return bins.select(
        pl.lit(name).alias("panel"), pl.lit(version).alias("version"), "sample", *_PLACE, found
    )


def _fault(paths: list[Path], found: str, allowed: str) -> Fault:
    return Fault(
        code="depth-panel",
        file=", ".join(map(str, paths)) or "--depth",
        found=found,
        allowed=allowed,
        next_step="give depth files of unrelated samples of one kit, each once",
    )

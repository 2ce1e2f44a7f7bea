"""Copy number of one sample, from depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from soyang.calling.depth.bins import make_bins, with_expected
from soyang.calling.depth.count import count_depth
from soyang.calling.depth.events import events_of, fewest_bins, find_segments, log2_noise
from soyang.calling.depth.normalise import (
    Ratios,
    panel_normalised,
    self_normalised,
    typical_depth,
)
from soyang.calling.depth.panel import Panel, fitting_panel
from soyang.calling.tables import COPY_NUMBER, DEPTH, EVENTS, SEGMENTS
from soyang.core.assembly import Assembly
from soyang.core.files import read_rows
from soyang.core.tables import write_table

_LEAST_BINS = 200
"""Fewest autosomal bins that a sample is normalised by: an event must stay a small part."""


def copy_number(
    *,
    sample: str,
    cram: Path,
    reference: Path,
    assembly: str,
    bin_length: int,
    min_mapping_quality: int,
    min_depth: float,
    max_noise: float,
    min_quality: float,
    threads: int,
    events: Path,
    segments: Path,
    status: Path,
    depth: Path,
    quality: Path | None = None,
    targets: Path | None = None,
    panel: list[Path] | None = None,
) -> None:
    """Find losses and gains of one sample by its depth, and say whether it could be assessed.

    A genome is compared with itself or a panel of normals; targets need a panel.

    Args:
        sample: sample.
        cram: the sample's CRAM, indexed.
        reference: prepared reference (genome.fa).
        assembly: GRCh38 or GRCh37; places the pseudo-autosomal regions.
        bin_length: bases of a bin of the genome.
        min_mapping_quality: mapping quality from which on a read's place is sure.
        min_depth: typical autosomal depth below which nothing is assessed.
        max_noise: spread of bins' log2 ratios above which nothing is assessed.
        min_quality: phred below which an event is doubted.
        threads: threads that decode; the result doesn't depend on it.
        events: output table of events.
        segments: output table of the stretches that were assessed.
        status: output table, one row: whether and how finely it was assessed.
        depth: output table of the bins' depth (.parquet), which panels are made from.
        quality: the sample's quality with its copies of X and Y; without, they are not assessed.
        targets: BED of what was sequenced; without, the genome.
        panel: panel of normals; may be repeated: the first of the same bins is used.

    Raises:
        FaultError: targets or a panel can't be read.
        ToolError: mosdepth failed.
    """
    depth.parent.mkdir(parents=True, exist_ok=True)
    x_copies, y_copies = _sex_copies(quality, sample)
    bins = count_depth(
        make_bins(reference, bin_length, targets),
        cram,
        reference,
        min_mapping_quality=min_mapping_quality,
        threads=threads,
        folder=depth.parent,
    )
    bins = with_expected(bins, Assembly(assembly), x_copies, y_copies)
    named = bins.with_columns(pl.lit(sample).alias("sample")).select(DEPTH.names)
    write_table(named, depth, DEPTH)
    normals = fitting_panel(panel or [], bins, sample)
    row: dict[str, object] = {
        "sample": sample,
        "design": "genome" if targets is None else "targets",
        "panel": normals.name if normals else "",
        "bins": len(bins),
        "bin_length": _typical_length(bins),
        "x_copies": x_copies,
        "y_copies": y_copies,
        "noise": None,
        "min_bins": None,
        "smallest_length": None,
    }
    asked = targets is not None
    reason, found = _obstacle(bins, asked, bool(panel), normals, min_depth)
    stretches = SEGMENTS.empty()
    if not reason:
        ratios = _ratios(bins, normals)
        row |= _fineness(bins, ratios, min_quality, targets=asked)
        reason, found = _noise_obstacle(row, max_noise)
        if not reason:
            gap = row["smallest_length"]
            stretches = find_segments(
                bins, ratios, targets=asked, gap=None if gap is None else int(str(gap))
            ).with_columns(pl.lit(sample).alias("sample"))
        else:
            row |= {"min_bins": None, "smallest_length": None}
    row |= {"assessed": not reason, "reason": reason, "found": found}
    write_table(stretches.select(SEGMENTS.names), segments, SEGMENTS)
    write_table(EVENTS.frame(events_of(sample, stretches, min_quality)), events, EVENTS)
    write_table(COPY_NUMBER.frame([row]), status, COPY_NUMBER)


def _sex_copies(quality: Path | None, sample: str) -> tuple[int | None, int | None]:
    """Copies of X and Y that depth told, each ``None`` where they are not known."""
    if quality is None:
        return None, None
    rows = read_rows(quality, "sample", "x_copies", "y_copies")
    row = next((r for r in rows if r["sample"] == sample), {})
    x, y = (row.get(name) or None for name in ("x_copies", "y_copies"))
    return (int(x) if x else None), (int(y) if y else None)


def _typical_length(bins: pl.DataFrame) -> int | None:
    lengths = bins["end"] - bins["start"]
    return int(np.median(lengths.to_numpy())) if len(lengths) else None


def _obstacle(
    bins: pl.DataFrame, targets: bool, panels: bool, normals: Panel | None, min_depth: float
) -> tuple[str, str]:
    """Why a sample can't be compared with anything, with the figure; empty if it can."""
    autosomal = int(bins["autosomal"].sum())
    typical = typical_depth(bins)
    if autosomal < _LEAST_BINS:
        return "too_few_bins", f"{autosomal} autosomal bins, {_LEAST_BINS} needed"
    if typical < min_depth:
        return "too_shallow", f"typical depth {typical:.2f}x, {min_depth:g}x needed"
    if targets and not normals:
        found = "no panel of the same bins" if panels else "no panel of normals of this kit"
        return ("panel_differs" if panels else "no_panel"), found
    return "", ""


def _ratios(bins: pl.DataFrame, normals: Panel | None) -> Ratios:
    return panel_normalised(bins, normals.depths) if normals else self_normalised(bins)


def _fineness(
    bins: pl.DataFrame, ratios: Ratios, min_quality: float, *, targets: bool
) -> dict[str, object]:
    """Noise, and how small an event can be told."""
    spread = float(np.median(ratios.spread)) if len(ratios.spread) else float("inf")
    noise = log2_noise(ratios.spread) if len(ratios.spread) else None
    least = fewest_bins(spread, min_quality, targets=targets)
    length = _typical_length(bins)
    smallest = None if targets or least is None or length is None else least * length
    return {"noise": noise, "min_bins": least, "smallest_length": smallest}


def _noise_obstacle(row: dict[str, object], max_noise: float) -> tuple[str, str]:
    noise = row["noise"]
    if noise is None:
        return "too_few_bins", "no bin is usable"
    if row["min_bins"] is None or float(str(noise)) > max_noise:
        return "too_noisy", f"spread {noise} in log2, at most {max_noise:g} allowed"
    return "", ""

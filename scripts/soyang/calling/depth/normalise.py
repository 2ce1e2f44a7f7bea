"""From depth to copies: what a bin's depth would be with two copies, and how sure that is.

Without a panel of normals a genome is its own reference: depth is divided by the median depth of
autosomal bins of like GC (Yoon et al. 2009, Genome Research 19:1586; Benjamini and Speed 2012,
Nucleic Acids Research 40:e72). Targets differ from each other by their capture as well, which
only other samples of the same kit can tell: they need a panel, of which those normals are used
that are most like the sample (Plagnol et al. 2012, Bioinformatics 28:2747).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

DIPLOID = 2.0
_MAD_TO_SD = 1.4826
"""Median absolute deviation to standard deviation of a normal distribution."""

_STRATUM_BINS = 100
_MOST_STRATA = 200
_MOST_UNSURE = 0.25
"""Of the typical depth: where more reads than these could lie elsewhere as well, loss and gain
are not told from the neighbour that the reads were given to."""

_LEAST_EXPECTED = 0.25
"""Of the typical depth: less expected than this is too few reads to count, bias to measure."""

_LEAST_PANEL_DEPTH = 0.1
_MOST_PANEL_SPREAD = 0.4
"""A target of a panel that catches little, or differs this much between normals, is left out."""

_LEAST_SHAPE = 0.5
"""Of the typical spread: a bin that seems steadier does so by chance."""

_NEAREST_NORMALS = 20
_SPREAD_WEIGHT = 10.0
"""Normals that the typical spread counts for, beside a target's own: a few normals alone can't
tell the spread of each target."""


@dataclass(frozen=True, kw_only=True)
class Ratios:
    """Depth of bins as copies.

    Attributes:
        usable: which bins tell anything; the other arrays are of these.
        copies: depth in copies; 2 where depth is typical of two.
        spread: standard deviation of ``copies`` of a bin with two copies, over two.
    """

    usable: Flags
    copies: Numbers
    spread: Numbers


def self_normalised(bins: pl.DataFrame) -> Ratios:
    """A genome's depth as copies, by its own autosomal bins of like GC.

    Args:
        bins: columns contig, gc, depth, unsure, autosomal, expected_copies.
    """
    depth, gc = _column(bins, "depth"), _column(bins, "gc")
    autosomal = bins["autosomal"].to_numpy()
    sure = _sure(bins) & _known(bins)
    base = sure & autosomal
    expected = _curve(gc[base], depth[base], gc)
    usable = sure & (expected > _LEAST_EXPECTED * np.median(depth[base]))
    copies = DIPLOID * depth[usable] / expected[usable]
    base = autosomal[usable]
    copies *= DIPLOID / np.median(copies[base])
    # Bins of extreme GC scatter more: each stratum has its own spread.
    deviation = np.abs(copies[base] / DIPLOID - 1) * _MAD_TO_SD
    shape = _shape(_curve(gc[usable][base], deviation, gc[usable]))
    return Ratios(
        usable=usable, copies=copies, spread=shape * noise(bins.filter(usable), copies, shape)
    )


def panel_normalised(bins: pl.DataFrame, normals: Numbers) -> Ratios:
    """Depth as copies, against the normals that are most like the sample.

    Args:
        bins: columns contig, gc, depth, unsure, autosomal, expected_copies.
        normals: bins by normals: depth over the normal's typical depth, of two copies; NaN
            where not known.
    """
    depth, autosomal = _column(bins, "depth"), bins["autosomal"].to_numpy()
    with np.errstate(all="ignore"):
        middle = _row_medians(normals)
    solid = _known(bins) & (middle > _LEAST_PANEL_DEPTH) & _sure(bins)
    scaled = depth / np.median(depth[solid & autosomal])
    chosen = normals[:, _nearest(scaled, normals, solid & autosomal)]
    with np.errstate(all="ignore"):
        middle = _row_medians(chosen)
        own = _row_medians(np.abs(chosen / middle[:, None] - 1)) * _MAD_TO_SD
    usable = solid & (middle > _LEAST_PANEL_DEPTH) & np.isfinite(own)
    typical = np.median(own[usable & autosomal])
    count = chosen.shape[1]
    shrunk = (_SPREAD_WEIGHT * typical**2 + count * own**2) / (_SPREAD_WEIGHT + count)
    usable &= np.sqrt(shrunk) < _MOST_PANEL_SPREAD
    ratio = scaled[usable] / middle[usable]
    base, gc = autosomal[usable], _column(bins, "gc")[usable]
    copies = DIPLOID * ratio / np.maximum(_curve(gc[base], ratio[base], gc), _LEAST_EXPECTED)
    copies *= DIPLOID / np.median(copies[base])
    shape = _shape(np.sqrt(shrunk[usable]))
    return Ratios(
        usable=usable, copies=copies, spread=shape * noise(bins.filter(usable), copies, shape)
    )


def _shape(spread: Numbers) -> Numbers:
    """How much more than the typical bin each scatters, half as much at least."""
    typical = np.median(spread) if len(spread) else 0.0
    return np.maximum(spread / typical, _LEAST_SHAPE) if typical else np.ones_like(spread)


def noise(bins: pl.DataFrame, copies: Numbers, shape: Numbers) -> float:
    """Robust relative spread of a typical autosomal bin of two copies.

    The greater of two: from differences of neighbours, which events don't touch, and from the
    distance to two copies, which waves longer than a bin don't escape.

    Args:
        bins: columns contig and autosomal.
        copies: copies of each.
        shape: how much more than the typical bin each scatters.
    """
    base = bins["autosomal"].to_numpy()
    z = (copies[base] / DIPLOID - 1) / shape[base]
    contig = bins.filter(base)["contig"]
    same = (contig == contig.shift(1)).fill_null(False).to_numpy()[1:]
    steps = np.diff(z)[same]
    if not len(steps):
        return 0.0
    near = np.median(np.abs(steps)) * _MAD_TO_SD / np.sqrt(2)
    far = np.median(np.abs(z)) * _MAD_TO_SD
    return float(max(near, far))


def relative(bins: pl.DataFrame) -> Numbers:
    """A normal's depth as a panel keeps it: of two copies, over its typical autosomal depth.

    NaN where its copies are not known or none, or where reads could lie elsewhere as well.
    """
    depth = _column(bins, "depth")
    expected = bins["expected_copies"].fill_null(0).to_numpy().astype(np.float64)
    base = bins["autosomal"].to_numpy() & _sure(bins)
    with np.errstate(all="ignore"):
        found = depth * DIPLOID / expected / np.median(depth[base])
    return np.where((expected > 0) & _sure(bins), found, np.nan)


def typical_depth(bins: pl.DataFrame) -> float:
    """Median depth of autosomal bins, of reads whose place is sure; 0 without such bins."""
    return float(bins.filter("autosomal")["depth"].median() or 0.0)  # type: ignore[arg-type]


def _sure(bins: pl.DataFrame) -> Flags:
    """Bins whose reads have, but for few, one place."""
    limit = _MOST_UNSURE * typical_depth(bins)
    return np.asarray(_column(bins, "unsure") <= limit)


def _known(bins: pl.DataFrame) -> Flags:
    """Bins of which the expected copies are known, and some."""
    return bins["expected_copies"].fill_null(0).to_numpy() > 0


def _column(bins: pl.DataFrame, name: str) -> Numbers:
    return bins[name].to_numpy().astype(np.float64)


def _curve(x: Numbers, y: Numbers, at: Numbers) -> Numbers:
    """Running median of ``y`` over ``x``, in strata of equal count, at other places.

    Beyond the outermost strata's middles it stays as it is there.
    """
    strata = int(np.clip(len(x) // _STRATUM_BINS, 1, _MOST_STRATA))
    order = np.argsort(x, kind="stable")
    parts = np.array_split(order, strata)
    centres = np.array([np.median(x[part]) for part in parts])
    medians = np.array([np.median(y[part]) for part in parts])
    single, first = np.unique(centres, return_index=True)
    return np.asarray(np.interp(at, single, medians[first]))


def _row_medians(values: Numbers) -> Numbers:
    """Median of each row without its NaN; NaN for a row of nothing else."""
    known = np.isfinite(values)
    ordered = np.sort(values, axis=1)  # NaN last
    count = known.sum(axis=1)
    rows = np.arange(len(values))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, values.shape[1] - 1)
    return np.asarray((ordered[rows, low] + ordered[rows, high]) / 2)


def _nearest(scaled: Numbers, normals: Numbers, base: Flags) -> NDArray[np.intp]:
    """Normals whose depths scatter least about the sample's, at most twenty."""
    with np.errstate(all="ignore"):
        steps = np.log2((scaled[base, None] + 0.01) / (normals[base] + 0.01))
        scatter = _row_medians(np.abs(steps - _row_medians(steps.T)[None, :]).T)
    return np.sort(np.argsort(scatter, kind="stable")[:_NEAREST_NORMALS])

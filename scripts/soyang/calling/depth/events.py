"""From the path of copies to segments and events."""

from __future__ import annotations

import numpy as np
import polars as pl

from soyang.calling.depth.normalise import DIPLOID, Numbers, Ratios
from soyang.calling.depth.segment import GENOME, STATES, TARGETS, Model, emissions, most_likely

_MOST_QUALITY = 999.0
_PHRED = 10 / np.log(10)
_LEAST_RATIO = 2.0**-10
"""Copies over two of a segment without a read, so that its log2 is a number."""

_MERGED_GAP = 0.2
"""Two events of the same copies are one if what lies between is less than this share of the whole
(PennCNV's rule: Wang et al. 2007, Genome Research 17:1665) and no more than a few bins."""

_MERGED_BINS = 5


def find_segments(
    bins: pl.DataFrame, ratios: Ratios, *, targets: bool, gap: int | None = None
) -> pl.DataFrame:
    """Segments of one copy number: columns of ``calling.segments`` without sample.

    Args:
        bins: all bins: contig, start, end, expected_copies.
        ratios: their copies, of the usable ones.
        targets: whether bins are targets.
        gap: bp without a usable bin at which a segment of the expected copies ends, since an
            event could lie there unseen; an event ends where they are a large part of it.
    """
    used = bins.filter(ratios.usable).select("contig", "start", "end", "expected_copies")
    if used.is_empty():
        return _grouped(used.with_columns(path=0, copies_seen=0.0, evidence=0.0, run=0), GENOME)
    model = TARGETS if targets else GENOME
    new_run = (
        (pl.col("contig") != pl.col("contig").shift(1))
        | (pl.col("expected_copies") != pl.col("expected_copies").shift(1))
    ).fill_null(True)
    used = used.with_columns(
        new_run.alias("opens"), (pl.col("start") - pl.col("end").shift(1)).alias("gap")
    )
    gaps = used.select(pl.when("opens").then(float("inf")).otherwise(pl.col("gap")))
    expected = used["expected_copies"].clip(0, STATES - 1).to_numpy()
    likelihood = emissions(ratios.copies, ratios.spread)
    path = most_likely(likelihood, expected, gaps.to_series().to_numpy().astype(float), model)
    path = _merged(path, expected, used["opens"].cum_sum().to_numpy())
    rows = np.arange(len(path))
    return _grouped(
        _parted(
            used.with_columns(
                pl.Series("path", path),
                pl.Series("copies_seen", ratios.copies),
                pl.Series("evidence", likelihood[rows, path] - likelihood[rows, expected]),
                pl.col("opens").cum_sum().alias("run"),
            ),
            gap,
        ),
        model,
    )


def _parted(bins: pl.DataFrame, gap: int | None) -> pl.DataFrame:
    """Bins with ``run`` raised at gaps too wide for the segment that they lie in."""
    if gap is None:
        return bins
    segment = bins.with_columns(_first().cum_sum().alias("segment"))
    span = (pl.col("end").last() - pl.col("start").first()).over("segment")
    event = pl.col("path") != pl.col("expected_copies").clip(0, STATES - 1)
    widest = pl.when(event).then(span * _MERGED_GAP).otherwise(gap)
    wide = (pl.col("gap") >= widest).fill_null(False) & ~_first()
    return segment.with_columns((pl.col("run") + wide.cum_sum()).alias("run")).drop("segment")


def _first() -> pl.Expr:
    """Whether a bin is the first of its segment."""
    return (
        (pl.col("path") != pl.col("path").shift(1)) | (pl.col("run") != pl.col("run").shift(1))
    ).fill_null(True)


def _merged(path: np.ndarray, home: np.ndarray, run: np.ndarray) -> np.ndarray:
    """The path with short interruptions of an event filled."""
    changes = np.flatnonzero((np.diff(path) != 0) | (np.diff(run) != 0)) + 1
    starts = np.concatenate([[0], changes])
    ends = np.concatenate([changes, [len(path)]])
    out, n = path.copy(), 1
    while n < len(starts) - 1:
        before, here, after = n - 1, n, n + 1
        state, bins = out[starts[before]], ends[here] - starts[here]
        fills = (
            home[starts[before]] != state == path[starts[after]]
            and run[starts[before]] == run[starts[here]] == run[starts[after]]
            and bins <= _MERGED_BINS
            and bins < _MERGED_GAP * (ends[after] - starts[before])
        )
        if fills:
            out[starts[here] : ends[here]] = state
            starts[after] = starts[before]
            n += 1
        n += 1
    return out


def _grouped(bins: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Neighbours of the same state as one segment, with its mean and its quality.

    Quality is the phred of the odds of no event against this one: the likelihoods of the depths
    of its bins in either state and the prior of an event's start.
    """
    odds = (pl.col("evidence") + float(np.log(model.start))) * _PHRED
    mean = pl.col("copies_seen")
    top = pl.when(pl.col("path") == STATES - 1).then(mean.round().clip(STATES - 1))
    event = pl.col("path") != pl.col("expected_copies").clip(0, STATES - 1)
    return (
        bins.with_columns(_first().cum_sum().alias("segment"))
        .group_by("segment", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in ("contig", "start", "path", "expected_copies")),
            pl.col("end").last(),
            pl.len().cast(pl.Int64).alias("bins"),
            pl.col("copies_seen").mean(),
            pl.col("evidence").sum(),
        )
        .with_columns(
            (mean / DIPLOID).clip(_LEAST_RATIO).log(2).round(4).alias("log2"),
            top.otherwise(pl.col("path")).cast(pl.Int64).alias("copies"),
            pl.when(event).then(odds.clip(0, _MOST_QUALITY).round(1)).alias("quality"),
        )
        .select(
            *("contig", "start", "end", "bins", "log2", "copies", "expected_copies", "quality"),
        )
    )


def fewest_bins(spread: float, min_quality: float, *, targets: bool) -> int | None:
    """Fewest bins in a row from which a loss or gain of one of two copies can be told.

    As many as an event needs whose bins lie just at their copies; ``None`` if no number does.

    Args:
        spread: relative standard deviation of a typical bin of two copies.
        min_quality: phred from which on an event is told.
        targets: whether bins are targets.
    """
    model = TARGETS if targets else GENOME
    at = np.array([1.0, 3.0])
    likelihood = emissions(at, np.full(2, spread))
    gains = likelihood[[0, 1], [1, 3]] - likelihood[:, 2]
    needed = min_quality / _PHRED - np.log(model.start)
    least = float(gains.min())
    return int(np.ceil(needed / least)) if least > 0 else None


def events_of(sample: str, segments: pl.DataFrame, min_quality: float) -> list[dict[str, object]]:
    """Rows of ``calling.events``: segments of other than the expected copies.

    Args:
        sample: sample.
        segments: columns of ``calling.segments``.
        min_quality: phred below which an event is doubted.
    """
    found = segments.filter(pl.col("copies") != pl.col("expected_copies"))
    return [
        _event(sample, number, row, min_quality)
        for number, row in enumerate(found.iter_rows(named=True), start=1)
    ]


def _event(
    sample: str, number: int, row: dict[str, object], min_quality: float
) -> dict[str, object]:
    copies, expected = int(str(row["copies"])), int(str(row["expected_copies"]))
    start, end = int(str(row["start"])), int(str(row["end"]))
    quality = float(str(row["quality"]))
    return {
        "sample": sample,
        "event": f"copies_{number}",
        "source": "copy_number",
        "kind": "deletion" if copies < expected else "duplication",
        "contig": row["contig"],
        "start": start,
        "end": end,
        "length": end - start,
        "mate_contig": "",
        "mate_position": None,
        "genotype": genotype(copies, expected),
        "copies": copies,
        "expected_copies": expected,
        "support": None,
        "quality": quality,
        "callers": "depth",
        "filter": "PASS" if quality >= min_quality else "low_quality",
    }


def genotype(copies: int, expected: int) -> str:
    """VCF genotype of a loss; of a gain depth can't tell which chromosome carries how many."""
    if copies >= expected:
        return "./." if expected > 1 else "."
    return "/".join("1" if n >= copies else "0" for n in range(expected))


def log2_noise(spread: Numbers) -> float:
    """Typical relative spread of bins as a spread of log2 ratios."""
    return round(float(np.median(spread)) / float(np.log(2)), 4)

"""Conservation of bases, such as phyloP and phastCons, as runs of equal values.

Formats: bedGraph, plain or gzipped (chromosome, start, end, value; 0-based, half-open), and
bigWig. UCSC's tracks print three decimals; a value is kept in whole thousandths. Pollard et al.
2010, doi:10.1101/gr.097857.109; genome.ucsc.edu/goldenPath/help/bedgraph.html and bigWig.html.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.scores import NO_CONTIG
from soyang.annotation.sources.spans import VALUE, Contigs
from soyang.annotation.sources.text import Layout, fault, frames
from soyang.core.assembly import CHROMOSOMES, bare

SCALE = 1_000
UNIT = "1/1000"

WINDOW = 1 << 20
"""Bases of a bigWig that are held at once."""

_BIGWIG = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")
_LAYOUT = Layout(
    columns={"chromosome": pl.String, "start": pl.Int32, "end": pl.Int32, VALUE: pl.Float64},
    required=("chromosome", "start", "end", VALUE),
    header=("chromosome", "start", "end", VALUE),
)
Runs = Iterator[tuple[str, pl.DataFrame]]


def columns(entry: CatalogSource) -> tuple[ColumnFact, ...]:
    """What the source says of a base."""
    return (
        ColumnFact(
            name=VALUE,
            annotated=entry.id,
            dtype="Int32",
            unit=UNIT,
            meaning=f"{entry.name}, thousandths; the highest over the changed bases; missing: the "
            "source has no value there",
        ),
    )


def read(
    entry: CatalogSource,
    path: Path,
    genome: Genome | None,
    *,
    threads: int,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> Runs:
    """Runs of equal values by chromosome: start, end (0-based, half-open), value.

    Args:
        entry: the catalogue's entry.
        path: bedGraph or bigWig.
        genome: the reference; None: contigs and their lengths are not compared.
        threads: not used.
        left_out: rows (of a bigWig: contigs) left out, by reason; added to.
        vocabularies: conservation has none.

    Raises:
        FaultError: neither of the formats, truncated, or of another assembly.
    """
    del entry, threads, vocabularies
    contigs = Contigs(genome, path, left_out)
    runs = _bigwig(path, contigs, left_out) if _is_bigwig(path) else _bedgraph(path, contigs)
    yield from merged(runs)


def _is_bigwig(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in _BIGWIG
    except OSError as error:
        found = error.strerror or str(error)
        raise fault(path, found, "a readable file", "correct the path or fetch the file") from None


def _bedgraph(path: Path, contigs: Contigs) -> Runs:
    for block in frames(path, _LAYOUT):
        thousandths = (pl.col(VALUE) * SCALE).round().cast(pl.Int32)
        yield from contigs.chromosomes(block.with_columns(thousandths), "chromosome")


def _bigwig(path: Path, contigs: Contigs, left_out: Counter[str]) -> Runs:
    import pyBigWig  # noqa: PLC0415 - a library that only this format needs

    try:
        with pyBigWig.open(str(path)) as file:
            lengths = {str(name): int(length) for name, length in file.chroms().items()}
            for name in _in_order(lengths, contigs, left_out, path):
                for start in range(0, lengths[name], WINDOW):
                    end = min(start + WINDOW, lengths[name])
                    yield bare(name), _runs(file.values(name, start, end, numpy=True), start)
    except (RuntimeError, AttributeError) as error:
        found = f"a damaged or truncated bigWig ({error})"
        raise fault(path, found, "a whole bigWig", "fetch it again") from None


def _in_order(
    lengths: dict[str, int], contigs: Contigs, left_out: Counter[str], path: Path
) -> list[str]:
    """Chromosomes to read; each must be as long as the reference's."""
    known = {name: contigs.length(name) for name in lengths}
    if lost := sum(length is None for length in known.values()):
        left_out[NO_CONTIG] += lost
    for name, length in known.items():
        if length not in (None, lengths[name], np.iinfo(np.int32).max):
            raise fault(
                path,
                f"{name} of {lengths[name]:,} bases",
                f"{length:,} bases as in the reference",
                "give the source's file for this assembly",
            )
    here = [name for name in known if known[name] is not None]
    return sorted(here, key=lambda name: CHROMOSOMES.index(bare(name)))


def _runs(values: npt.NDArray[np.float32], start: int) -> pl.DataFrame:
    """Runs of bases with one value; bases without a value are in none."""
    known = ~np.isnan(values)
    whole = np.where(known, np.rint(np.where(known, values, 0).astype(np.float64) * SCALE), 0)
    change = np.flatnonzero((np.diff(whole) != 0) | (np.diff(known) != 0)) + 1
    first = np.concatenate([[0], change]).astype(np.int64) if len(values) else change
    last = np.append(first[1:], len(values))
    frame = pl.DataFrame(
        {
            "start": (first + start).astype(np.int32),
            "end": (last[: len(first)] + start).astype(np.int32),
            VALUE: whole[first].astype(np.int32),
        }
    )
    return frame.filter(pl.Series(known[first], dtype=pl.Boolean))


def merged(runs: Runs) -> Runs:
    """Runs of which no two neighbours of one value touch, within and between frames."""
    held: tuple[str, pl.DataFrame] | None = None
    for name, frame in runs:
        if frame.is_empty():
            continue
        if held and held[0] != name:
            yield held
            held = None
        joined = _joined(pl.concat([held[1], frame]) if held else frame)
        if joined.height > 1:
            yield name, joined.head(-1)
        held = (name, joined.tail(1))
    if held:
        yield held


def _joined(frame: pl.DataFrame) -> pl.DataFrame:
    touching = pl.col("start") == pl.col("end").shift(1)
    same = touching & (pl.col(VALUE) == pl.col(VALUE).shift(1))
    new = frame.select(~same.fill_null(False)).to_series()
    last = new.shift(-1, fill_value=True)
    return pl.DataFrame(
        [frame["start"].filter(new), frame["end"].filter(last), frame[VALUE].filter(new)]
    )

"""Depth of bins, by mosdepth."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from soyang.core.errors import ToolError
from soyang.core.files import SCRATCH
from soyang.core.process import run

_PLACE = ["contig", "start", "end"]


def count_depth(
    bins: pl.DataFrame,
    cram: Path,
    reference: Path,
    *,
    min_mapping_quality: int,
    threads: int,
    folder: Path,
) -> pl.DataFrame:
    """Bins with ``depth`` of reads whose place is sure, and ``unsure`` of the other reads.

    Args:
        bins: columns contig, start, end, gc; in the reference's order.
        cram: the sample's CRAM, indexed.
        reference: prepared reference.
        min_mapping_quality: mapping quality from which on a read's place is sure.
        threads: threads that decode; the result doesn't depend on it.
        folder: where temporary files may lie.

    Raises:
        ToolError: mosdepth failed, or left out bins.
    """
    with TemporaryDirectory(prefix=SCRATCH, dir=folder) as name:
        scratch = Path(name)
        bed = scratch / "bins.bed"
        bins.select(_PLACE).write_csv(bed, separator="\t", include_header=False)
        words: list[str | Path] = [
            *("mosdepth", "--no-per-base", "--fast-mode", "--by", bed),
            *("--threads", str(threads), "--fasta", reference),
        ]
        every, sure = scratch / "every", scratch / "sure"
        run([*words, every, cram])
        run([*words, "--mapq", str(min_mapping_quality), sure, cram])
        depths = [_read(prefix) for prefix in (every, sure)]
    for depth in depths:
        if not depth.select(_PLACE).equals(bins.select(_PLACE)):
            raise ToolError(f"mosdepth gave {len(depth)} other bins than the {len(bins)} asked")
    all_reads, sure_reads = (depth["depth"] for depth in depths)
    return bins.with_columns(
        sure_reads.alias("depth"), (all_reads - sure_reads).clip(0).round(2).alias("unsure")
    )


def _read(prefix: Path) -> pl.DataFrame:
    return pl.read_csv(
        prefix.with_name(f"{prefix.name}.regions.bed.gz"),
        separator="\t",
        has_header=False,
        schema={"contig": pl.String, "start": pl.Int64, "end": pl.Int64, "depth": pl.Float64},
        raise_if_empty=False,
    )

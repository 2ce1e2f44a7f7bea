"""Transcripts as sorted arrays, for looking millions of sites up in them.

Coordinates are 0-based and half-open. Numbers of transcripts here are places in the order of
contig and start; :attr:`Index.row` leads back to the rows of the transcripts' table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MARGIN = 20
"""Bases around an exon in which a site may do more than lie in an intron.

``bcftools csq`` looks 8 bases into the intron (its ``N_SPLICE_REGION_INTRON``), as SnpEff does;
VEP's widest term, ``splice_polypyrimidine_tract_variant``, reaches to 17.
"""


@dataclass(frozen=True)
class Parts:
    """Exons, or their coding parts, of all transcripts.

    Attributes:
        offset: transcript n has the parts ``offset[n]`` to ``offset[n + 1]``.
        start: their starts, rising within a transcript.
        end: their ends.
    """

    offset: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True)
class Index:
    """Transcripts, sorted by contig and start.

    Attributes:
        row: row of the transcript in the table that it came from.
        start: its start.
        end: its end.
        reach: highest end of it and of those before it on its contig.
        minus: whether it lies on the minus strand.
        coding: whether it codes.
        coding_start: genomic start of its coding part; 0 without one.
        coding_end: genomic end of its coding part.
        exons: its exons.
        translated: their coding parts.
        contigs: contig to its first transcript and the one after its last.
        near: contig to starts and ends of its exons with their :data:`MARGIN`, merged.
    """

    row: Ints
    start: Ints
    end: Ints
    reach: Ints
    minus: Flags
    coding: Flags
    coding_start: Ints
    coding_end: Ints
    exons: Parts
    translated: Parts
    contigs: Mapping[str, tuple[int, int]]
    near: Mapping[str, tuple[Ints, Ints]]


def index_of(table: pl.DataFrame, exons: pl.DataFrame, coding: pl.DataFrame) -> Index:
    """Index transcripts.

    Args:
        table: columns id, contig, start, end, strand, coding.
        exons: columns id, start, end.
        coding: the same of the exons' coding parts.
    """
    order = table.with_row_index("row").sort("contig", "start", "end", "row")
    order = order.with_row_index("number")
    numbers = order.select("id", "number", "contig")
    spans = order.join(
        coding.group_by("id").agg(low=pl.col("start").min(), high=pl.col("end").max()),
        on="id", how="left", maintain_order="left",
    )  # fmt: skip
    contigs = order.group_by("contig", maintain_order=True).agg(
        first=pl.col("number").min(), last=pl.col("number").max()
    )
    return Index(
        row=_ints(order["row"]),
        start=_ints(order["start"]),
        end=_ints(order["end"]),
        reach=_ints(order.select(pl.col("end").cum_max().over("contig")).to_series()),
        minus=(order["strand"] == "-").to_numpy(),
        coding=order["coding"].to_numpy(),
        coding_start=_ints(spans["low"].fill_null(0)),
        coding_end=_ints(spans["high"].fill_null(0)),
        exons=_parts(exons, numbers),
        translated=_parts(coding, numbers),
        contigs={name: (first, last + 1) for name, first, last in contigs.iter_rows()},
        near=_near(exons.join(numbers, on="id")),
    )


def _parts(parts: pl.DataFrame, numbers: pl.DataFrame) -> Parts:
    placed = parts.join(numbers, on="id").sort("number", "start")
    counts = np.bincount(_ints(placed["number"]), minlength=numbers.height)
    offset = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Parts(offset, _ints(placed["start"]), _ints(placed["end"]))


def _near(exons: pl.DataFrame) -> dict[str, tuple[Ints, Ints]]:
    """Exons with their margin, merged, of each contig."""
    wide = exons.select(
        "contig", start=pl.col("start") - MARGIN, end=pl.col("end") + MARGIN
    ).sort("contig", "start")  # fmt: skip
    before = pl.col("end").cum_max().shift(1).over("contig")
    merged = (
        wide.with_columns(run=(pl.col("start") > before).fill_null(True).cum_sum())
        .group_by("contig", "run", maintain_order=True)
        .agg(pl.col("start").min(), pl.col("end").max())
    )
    return {
        str(contig): (_ints(part["start"]), _ints(part["end"]))
        for (contig,), part in merged.group_by("contig", maintain_order=True)
    }


def _ints(values: pl.Series) -> Ints:
    return values.cast(pl.Int64).to_numpy()

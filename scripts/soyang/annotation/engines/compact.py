"""A chromosome with its introns and the space between its genes cut short.

``bcftools csq`` reads the whole span of each transcript from the reference, a thousand million
bases for a genome's sites, nearly all of them in introns whose bases don't matter to it. Exons keep
their surroundings, and everything keeps its order; only distances shrink.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from soyang.annotation.engines.pieces import Pieces
from soyang.annotation.gff import Transcripts
from soyang.annotation.index import Ints

_MORE = 40
"""Bases that are kept beyond an exon's margin; csq itself looks 10 beyond a transcript's ends."""


@dataclass(frozen=True)
class Compact:
    """Pieces of a contig that are kept, 0-based and half-open, rising.

    Attributes:
        contig: the contig.
        start: where each begins on the contig.
        end: where it ends there.
        offset: where it begins on the compact contig.
    """

    contig: str
    start: Ints
    end: Ints
    offset: Ints

    @property
    def length(self) -> int:
        """Bases of the compact contig."""
        return int(self.offset[-1] + self.end[-1] - self.start[-1])

    def piece(self, places: Ints) -> Ints:
        """Number of the piece that holds each 0-based place, -1 where none does."""
        number = np.searchsorted(self.start, places, side="right") - 1
        held = (number >= 0) & (places < self.end[np.maximum(number, 0)])
        return np.where(held, number, -1)

    def moved(self, places: Ints) -> Ints:
        """0-based places on the compact contig; of those that are not kept, the next that is."""
        number = np.searchsorted(self.end, places, side="right")
        number = np.minimum(number, len(self.start) - 1)
        inside = np.clip(places, self.start[number], self.end[number] - 1)
        return np.asarray(self.offset[number] + inside - self.start[number], dtype=np.int64)

    def sites(self, sites: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The sites that lie in one piece, moved; and the others as they are.

        Args:
            sites: columns position (1-based), ref, and others.
        """
        first = sites["position"].cast(pl.Int64).to_numpy() - 1
        last = first + sites["ref"].str.len_bytes().cast(pl.Int64).to_numpy() - 1
        held = (self.piece(first) >= 0) & (self.piece(first) == self.piece(last))
        inside = pl.Series(held)
        moved = sites.with_columns(position=pl.Series(self.moved(first) + 1))
        return moved.filter(inside), sites.filter(~inside)

    def lines(self, known: Transcripts) -> pl.DataFrame:
        """GFF lines of the contig's transcripts and genes, moved."""
        behind = self.end[-1]  # a shortened reference has no bases of what lies further on
        whole = known.table.filter(pl.col("contig") == self.contig, pl.col("end") <= behind)
        owner = pl.col("attributes").str.extract(r"(?:^|;)(?:ID|Parent)=transcript:([^;]*)")
        gene = pl.col("attributes").str.contains(r"(?:^|;)ID=gene:")
        every = known.lines.filter(pl.col("contig") == self.contig)
        kept = every.filter(
            owner.is_in(whole["id"].to_list())
            | (owner.is_null() & gene & (pl.col("start").cast(pl.Int64) <= behind))
        )
        first, last = (kept[name].cast(pl.Int64).to_numpy() - 1 for name in ("start", "end"))
        return kept.with_columns(
            start=pl.Series(self.moved(first) + 1), end=pl.Series(self.moved(last) + 1)
        )

    def write(self, path: Path, pieces: Pieces) -> None:
        """Write the compact contig as FASTA, with its index.

        Args:
            path: file to write.
            pieces: the contig's bases.
        """
        head = f">{self.contig}\n".encode()
        spans = list(zip(self.start.tolist(), self.end.tolist(), strict=True))
        path.write_bytes(head + b"".join(pieces.of(spans)) + b"\n")
        fields = (self.contig, self.length, len(head), self.length, self.length + 1)
        index = path.with_name(path.name + ".fai")
        index.write_text("\t".join(map(str, fields)) + "\n", encoding="utf-8")


def compacted(contig: str, length: int, known: Transcripts) -> Compact:
    """What to keep of a contig that has transcripts.

    Args:
        contig: its name.
        length: its bases.
        known: the transcripts.
    """
    start, end = known.index.near[contig]
    there = start < length
    low, high = np.maximum(start[there] - _MORE, 0), np.minimum(end[there] + _MORE, length)
    apart = np.concatenate([[True], low[1:] > high[:-1]])
    first = np.flatnonzero(apart)
    starts = low[first]
    ends = np.maximum.reduceat(high, first)
    sizes = ends - starts
    return Compact(contig, starts, ends, np.cumsum(sizes) - sizes)

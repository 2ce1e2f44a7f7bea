"""Where transcripts' exons lie, as arrays that many positions are looked up in at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.annotation.alleles import Ints
from soyang.annotation.gff import Transcripts

Flags = npt.NDArray[np.bool_]

_SHIFT = 32
"""Bits that a position has below its transcript's number in a sort key."""


@dataclass(frozen=True)
class Parts:
    """Intervals of each transcript (0-based, half-open), by transcript and start.

    Attributes:
        start: their starts.
        end: their ends, exclusive.
        first: 0-based place of each one's 5'-most base in the spliced transcript.
        begin: where each transcript's intervals begin; one more at the end.
        key: transcript and start as one number, rising.
    """

    start: Ints
    end: Ints
    first: Ints
    begin: Ints
    key: Ints

    @classmethod
    def of(cls, frame: pl.DataFrame, transcripts: int) -> Parts:
        """From columns tx (number of the transcript), start, end, first."""
        rows = frame.sort("tx", "start")
        tx, start, end, first = (
            rows[name].cast(pl.Int64).to_numpy() for name in ("tx", "start", "end", "first")
        )
        begin = np.searchsorted(tx, np.arange(transcripts + 1)).astype(np.int64)
        return cls(start, end, first, begin, (tx << _SHIFT) + start)

    def before(self, tx: Ints, place: Ints) -> Ints:
        """The last interval of each transcript that starts at or before a 0-based place.

        One less than the transcript's first interval where none does.
        """
        keys = (tx << _SHIFT) + np.maximum(place, -1)
        return np.searchsorted(self.key, keys, side="right").astype(np.int64) - 1

    def cover(self, tx: Ints, start: Ints, end: Ints) -> Flags:
        """Whether ``start`` to ``end`` changes a base of, or inserts into, an interval."""
        if not len(self.start):
            return np.zeros(len(tx), dtype=np.bool_)
        found = self.before(tx, end - 1)
        return np.asarray((found >= self.begin[tx]) & (self.end[found] > start))


@dataclass(frozen=True)
class Layout:
    """Transcripts, numbered from 0.

    Attributes:
        table: the rows of :attr:`Transcripts.table`, with ``tx``, their number.
        minus: whether each lies on the minus strand.
        exons: their exons.
        coding: the coding parts of their exons.
    """

    table: pl.DataFrame
    minus: Flags
    exons: Parts
    coding: Parts

    @classmethod
    def of(cls, known: Transcripts, contig: str | None = None) -> Layout:
        """All transcripts, or those of one contig."""
        table = known.table if contig is None else known.table.filter(pl.col("contig") == contig)
        table = table.with_row_index("tx").with_columns(pl.col("tx").cast(pl.Int64))
        numbers = table.select("id", "tx")
        return cls(
            table,
            (table["strand"] == "-").to_numpy(),
            Parts.of(known.exons.join(numbers, on="id"), table.height),
            Parts.of(
                known.coding.with_columns(first=pl.lit(0)).join(numbers, on="id"), table.height
            ),
        )

    def numbers(self, ids: pl.Series) -> Ints:
        """The number of each transcript; ids that are not there are a bug."""
        table = self.table.select("id", "tx")
        found = ids.to_frame("id").join(table, on="id", how="left", maintain_order="left")
        return found["tx"].to_numpy()

    def of_each(self, tx: Ints, columns: Sequence[str]) -> pl.DataFrame:
        """Columns of :attr:`table`, a row for each number."""
        return self.table.select(columns)[tx]

    def locate(self, tx: Ints, position: Ints) -> tuple[Ints, Ints, Flags]:
        """Map 1-based genome positions into transcripts.

        Returns:
            1-based base of the spliced transcript; offset (0 in an exon, into the intron with
            HGVS's sign); and whether the position lies in the transcript, without which the
            other two mean nothing.
        """
        exons, minus = self.exons, self.minus[tx]
        here = exons.before(tx, position - 1)
        inside = here >= exons.begin[tx]
        after = here + 1
        between = inside & (after < exons.begin[tx + 1])
        here, after = np.maximum(here, 0), np.minimum(after, len(exons.start) - 1)
        start, end, first = exons.start[here], exons.end[here], exons.first[here]
        exonic = position <= end
        left, right = position - end, exons.start[after] + 1 - position
        # The exon upstream in the transcript wins a tie.
        to_left = np.where(minus, left < right, left <= right)
        size = exons.end[after] - exons.start[after]
        left_base = first + np.where(minus, 1, end - start)
        right_base = exons.first[after] + np.where(minus, size, 1)
        base = np.where(to_left, left_base, right_base)
        offset = np.where(minus, -1, 1) * np.where(to_left, left, -right)
        in_exon = first + np.where(minus, end - position + 1, position - start)
        return (
            np.where(exonic, in_exon, base),
            np.where(exonic, 0, offset),
            np.asarray(inside & (exonic | between)),
        )

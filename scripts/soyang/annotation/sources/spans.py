"""What readers of intervals share: rows that make sense, on chromosomes that the reference has.

Coordinates are 0-based and half-open, as in BED.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.sources.scores import NO_CONTIG, by_chromosome
from soyang.annotation.sources.text import fault
from soyang.core.assembly import CHROMOSOMES, bare

BEYOND = "beyond the contig's end"
EMPTY = "no base long"

VALUE = "value"
SPAN = ("start", "end")

WRONG_SHARE = 0.01
"""Share of rows beyond the contigs' ends above which a source is of another assembly: on the
right one there is none."""


class Contigs:
    """The chromosomes that intervals may lie on.

    Args:
        genome: the reference; None: any chromosome, of any length.
        path: the source's file, for messages.
        left_out: rows that are left out, by reason; added to.
    """

    def __init__(self, genome: Genome | None, path: Path, left_out: Counter[str]) -> None:
        self._lengths = None if genome is None else {bare(k): v for k, v in genome.lengths.items()}
        self._genome = genome
        self._path = path
        self._left_out = left_out
        self._rows = 0

    def length(self, name: str) -> int | None:
        """Bases of a chromosome; None: no chromosome, or not in the reference."""
        if bare(name) not in CHROMOSOMES:
            return None
        return np.iinfo(np.int32).max if self._lengths is None else self._lengths.get(bare(name))

    def chromosomes(self, frame: pl.DataFrame, column: str) -> Iterator[tuple[str, pl.DataFrame]]:
        """Rows that lie within chromosomes of the reference, in runs under their bare names.

        Raises:
            FaultError: an interval ends before it starts or starts before the first base, or too
                many lie beyond their contig's end.
        """
        self._require_sense(frame, column)
        for name, part in by_chromosome(frame, column):
            length = self.length(name)
            if length is None:
                self._left_out[NO_CONTIG] += part.height
                continue
            self._rows += part.height
            inside = self._without(part, pl.col("end") > length, BEYOND)
            kept = self._without(inside, pl.col("start") == pl.col("end"), EMPTY)
            self._judge(name, length)
            if kept.height:
                yield bare(name), kept

    def _without(self, frame: pl.DataFrame, strange: pl.Expr, reason: str) -> pl.DataFrame:
        kept = frame.filter(~strange)
        if kept.height < frame.height:
            self._left_out[reason] += frame.height - kept.height
        return kept

    def _judge(self, name: str, length: int) -> None:
        beyond = self._left_out.get(BEYOND, 0)
        if beyond > WRONG_SHARE * self._rows:
            raise fault(
                self._path,
                f"{beyond:,} of {self._rows:,} intervals beyond the contig's end, such as on "
                f"{name} of {length:,} bases",
                f"a source of the assembly of {self._genome.path.name if self._genome else ''}",
                "give the source's file for this assembly",
            )

    def _require_sense(self, frame: pl.DataFrame, column: str) -> None:
        strange = frame.filter((pl.col("end") < pl.col("start")) | (pl.col("start") < 0))
        if strange.height:
            first = strange.row(0, named=True)
            raise fault(
                self._path,
                f"{first[column]}:{first['start']}-{first['end']}",
                "0 <= start <= end",
                "look whether the columns are those of the format, and fetch the file again",
            )

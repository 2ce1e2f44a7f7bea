"""What readers of scores share: codes of substitutions, exact digits, and the right reference.

Scores are kept as whole ten-thousandths. All sources print at most four decimals, so nothing is
lost, and a threshold such as 0.644 is met or not met as it is in the source, which a 32-bit
fraction can't promise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.annotation.alleles import shift, trim
from soyang.annotation.genome import Genome, Sequence
from soyang.annotation.sources.text import fault
from soyang.core.assembly import CHROMOSOMES, bare
from soyang.core.variant_key import BASE_NUMBER, allele_codes, is_hashed

BASE = pl.Enum(list("ACGTacgt"))
"""Type of a column with one base; the physical value modulo 4 is the key's number of it."""

SCALE = 10_000
UNIT = "1/10000"

SCHEMA = {"position": pl.Int32(), "code": pl.UInt32(), "ref": pl.String(), "alt": pl.String()}
"""Columns that every reader of variants gives first."""

_SAME = 1e-6
"""Distance from a whole number that is the floating point's, not a further decimal's."""

WRONG_SHARE = 0.1
"""Share of contradicted reference bases above which a source is of another assembly: on the
wrong one about three in four substitutions are (bases agree by chance), on the right one a few
in a million (lift-over)."""
FEW = 3
"""Contradictions that single odd records may make."""

BASE_NUMBERS = {"A": 0, "C": 1, "G": 2, "T": 3}
NO_CONTIG = "contig that the reference has not"

Bools = npt.NDArray[np.bool_]


def base_number(column: str) -> pl.Expr:
    """0-3 for A, C, G, T of a column of type :data:`BASE`, UInt32."""
    return pl.col(column).to_physical().cast(pl.UInt32) % 4


def substitution_code() -> pl.Expr:
    """Allele code of a substitution of columns ref and alt, of type :data:`BASE`.

    The layout is that of :mod:`soyang.core.variant_key`: a length of one each, then two bits
    for each base.
    """
    lengths = (1 << 27) | (1 << 23)
    code = lengths + base_number("ref") * (1 << 21) + base_number("alt") * (1 << 19)
    return code.cast(pl.UInt32).alias("code")


def whole(values: pl.Series, path: Path) -> pl.Series:
    """A score as whole ten-thousandths, UInt16; a missing one stays missing.

    Args:
        values: scores from 0 to 1.
        path: the source, for the message.

    Raises:
        FaultError: a value outside 0 to 1, or with more than four decimals.
    """
    scaled = values * SCALE
    rounded = scaled.round()
    wrong = ((scaled - rounded).abs() > _SAME) | ~rounded.is_between(0, SCALE)
    if wrong.any():
        raise fault(
            path,
            f"{values.filter(wrong)[0]}",
            "a score from 0 to 1 with at most four decimals",
            "look whether the source has changed its scores; another scale needs a new reader",
            column=values.name,
        )
    return rounded.cast(pl.UInt16)


def by_chromosome(frame: pl.DataFrame, column: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """Runs of rows with one chromosome, in the order of the rows, named as the column does."""
    runs = frame[column].rle().struct.unnest()
    start = 0
    for size, name in runs.iter_rows():
        yield str(name), frame.slice(start, size).drop(column)
        start += size


class Reference:
    """The reference that a source must fit, and what has been compared so far.

    Args:
        genome: the reference; None: nothing is compared.
        path: the source's file, for messages.
        left_out: rows that are left out, by reason; added to.
    """

    def __init__(self, genome: Genome | None, path: Path, left_out: Counter[str]) -> None:
        self.sequence: Sequence | None = None
        self._genome = genome
        self._path = path
        self._left_out = left_out
        self._name = ""
        self._known = False
        self._compared = 0
        self._wrong = 0

    def chromosomes(self, frame: pl.DataFrame, column: str) -> Iterator[tuple[str, pl.DataFrame]]:
        """Runs of rows on chromosomes that the reference has, under their bare names.

        ``sequence`` then is the chromosome's.
        """
        for name, part in by_chromosome(frame, column):
            self._turn_to(name)
            if self._known:
                yield bare(name), part
            else:
                self._left_out[NO_CONTIG] += part.height

    def _turn_to(self, name: str) -> None:
        if name == self._name:
            return
        self._name, self._known, self.sequence = name, bare(name) in CHROMOSOMES, None
        if self._known and self._genome is not None:
            contig = self._genome.names([name]).get(name)
            self._known = contig is not None
            self.sequence = None if contig is None else self._genome.sequence(contig)

    def fitting(self, frame: pl.DataFrame, first: pl.Series) -> pl.DataFrame:
        """Rows of the current chromosome whose first reference base is the reference's.

        Args:
            frame: rows with position (1-based).
            first: the number (0-3) of the first base of each row's ref.

        Raises:
            FaultError: the reference contradicts too many rows of the source so far.
        """
        if self.sequence is None:
            return frame
        position = frame["position"].to_numpy()
        inside = (position >= 1) & (position <= len(self.sequence))
        here = BASE_NUMBER[self.sequence[np.clip(position, 1, len(self.sequence)) - 1]]
        unknown = inside & (here >= len(BASE_NUMBERS))
        same = inside & (here == first.to_numpy())
        self._count("beyond the contig's end", ~inside)
        self._count("the reference has no known base there", unknown)
        self._count("the reference has another base there", inside & ~same & ~unknown)
        self._judge(frame, ~unknown, ~same & ~unknown)
        return frame if same.all() else frame.filter(pl.Series(same))

    def _count(self, reason: str, rows: Bools) -> None:
        if count := int(np.count_nonzero(rows)):
            self._left_out[reason] += count

    def _judge(self, frame: pl.DataFrame, compared: Bools, wrong: Bools) -> None:
        self._compared += int(np.count_nonzero(compared))
        self._wrong += int(np.count_nonzero(wrong))
        if self._wrong < FEW or self._wrong <= WRONG_SHARE * self._compared or not wrong.any():
            return
        first = frame.row(int(np.flatnonzero(wrong)[0]), named=True)["position"]
        share = self._wrong / self._compared
        genome = self._genome.path.name if self._genome else ""
        raise fault(
            self._path,
            f"{share:.0%} of {self._compared:,} reference bases that the reference has not, "
            f"such as at {self._name}:{first}",
            f"a source of the assembly of {genome}",
            "give the source's file for this assembly, or the reference that it was made on",
        )


def coded(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Rows of substitutions and small indels of one chromosome, normalised and coded.

    Args:
        frame: position (1-based), ref, alt (String, letters A, C, G, T of either case), and what
            the source says.
        reference: at the chromosome.

    Returns:
        The rows that fit the reference: position, code, ref, alt (missing where the code says
        them) and the other columns. Indels are left-aligned if there is a reference.
    """
    one = (pl.col("ref").str.len_bytes() == 1) & (pl.col("alt").str.len_bytes() == 1)
    single = frame.select(one).to_series()
    if single.all():
        return substitutions(frame.with_columns(pl.col("ref", "alt").cast(BASE)), reference)
    parts = [coded(frame.filter(single), reference), _indels(frame.filter(~single), reference)]
    return pl.concat(parts)


def substitutions(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Substitutions of one chromosome that fit the reference, coded.

    Args:
        frame: position (1-based), ref, alt (of type :data:`BASE`), and what the source says.
        reference: at the chromosome.

    Returns:
        Position, code, ref and alt (missing: the code says them), and the other columns.
    """
    fitting = reference.fitting(frame, frame.select(base_number("ref")).to_series())
    changing = base_number("ref") != base_number("alt")
    spelt = [pl.lit(None, pl.String).alias(name) for name in ("ref", "alt")]
    coded_rows = fitting.filter(changing).with_columns(substitution_code(), *spelt)
    return coded_rows.select(*SCHEMA, pl.exclude(*SCHEMA))


def _indels(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    frame = frame.with_columns(pl.col("ref", "alt").str.to_uppercase())
    number = pl.col("ref").str.head(1).replace_strict(BASE_NUMBERS, return_dtype=pl.UInt8)
    frame = reference.fitting(frame, frame.select(number).to_series())
    if reference.sequence is not None:
        frame = _aligned(frame, reference.sequence)
    code = allele_codes(frame["ref"], frame["alt"])
    hashed = is_hashed(pl.col("code"))
    spelt = [pl.when(hashed).then(pl.col(name)).alias(name) for name in ("ref", "alt")]
    frame = frame.with_columns(code).with_columns(*spelt, pl.col("position").cast(pl.Int32))
    return frame.select(*SCHEMA, pl.exclude(*SCHEMA))


def _aligned(frame: pl.DataFrame, sequence: Sequence) -> pl.DataFrame:
    """Indels of one chromosome at their leftmost place, with one base before the change.

    An indel at the first base keeps the base after it instead (VCF 4.3, section 1.6.1).
    """
    events = shift(trim(frame), sequence, rightwards=False).drop("duplicates")
    events = events.filter((pl.col("deleted") != "") | (pl.col("inserted") != ""))
    pure = ((events["deleted"] == "") | (events["inserted"] == "")).to_numpy()
    start, end = events["start"].to_numpy(), events["end"].to_numpy()
    ahead, behind = pure & (start > 0), pure & (start == 0)
    place = np.where(ahead, start - 1, np.minimum(end, len(sequence) - 1))
    letters = {ord(base): base for base in "ACGTN"}
    base = pl.Series("base", sequence[np.maximum(place, 0)]).replace_strict(
        letters, default="N", return_dtype=pl.String
    )
    events = events.with_columns(
        _before=pl.Series(np.where(ahead, base.to_numpy(), ""), dtype=pl.String),
        _after=pl.Series(np.where(behind, base.to_numpy(), ""), dtype=pl.String),
        position=pl.Series(start + 1 - ahead, dtype=pl.Int32),
    )
    return events.with_columns(
        ref=pl.col("_before") + pl.col("deleted") + pl.col("_after"),
        alt=pl.col("_before") + pl.col("inserted") + pl.col("_after"),
    ).drop("_before", "_after", "start", "end", "deleted", "inserted")

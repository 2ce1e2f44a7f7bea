"""Alleles of many variants at once: trimming, and shifting along the reference.

Coordinates here are 0-based and half-open. An event replaces ``sequence[start:end]`` by
``inserted``; an insertion has ``start == end``. Bases are ASCII codes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Bases = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
BaseAt = Callable[[Ints, Ints], Bases]
"""Bases of some rows (row numbers) at some step (one number for each of these rows)."""

_UNKNOWN = ord("N")


@dataclass(frozen=True)
class Ragged:
    """Byte strings of different lengths in one buffer."""

    data: Bases
    start: Ints
    length: Ints

    @classmethod
    def of(cls, texts: pl.Series) -> Ragged:
        """From a column of ASCII text without missing values."""
        length = texts.str.len_bytes().to_numpy().astype(np.int64)
        joined = "".join(texts.to_list()).encode("ascii")
        return cls(np.frombuffer(joined, np.uint8), np.cumsum(length) - length, length)

    def at(self, rows: Ints, step: Ints) -> Bases:
        """Byte ``step`` of each of ``rows``."""
        found: Bases = self.data[self.start[rows] + step]
        return found

    def run(self, other: BaseAt, limit: Ints) -> Ints:
        """How many leading bytes equal ``other``'s, at most ``limit`` of each row."""
        return run(self.at, other, limit)


def run(one: BaseAt, other: BaseAt, limit: Ints) -> Ints:
    """Length of the common run of two base sources, row by row, at most ``limit``.

    The loop is over steps, not rows: each step looks at all rows still running.
    """
    length = np.zeros(len(limit), dtype=np.int64)
    running = np.flatnonzero(limit > 0)
    while running.size:
        step = length[running]
        mine = one(running, step)
        running = running[mine == other(running, step)]
        length[running] += 1
        running = running[length[running] < limit[running]]
    return length


def trim(sites: pl.DataFrame) -> pl.DataFrame:
    """Strip what ref and alt share, so that only the change is left.

    Args:
        sites: columns position (1-based), ref, alt (sequences).

    Returns:
        ``sites`` with start, end (0-based, of the changed reference bases), deleted and
        inserted (the bases taken out and put in).
    """
    ref, alt = Ragged.of(sites["ref"]), Ragged.of(sites["alt"])
    shorter = np.minimum(ref.length, alt.length)
    prefix = ref.run(alt.at, shorter)
    suffix = run(
        lambda rows, k: ref.at(rows, ref.length[rows] - 1 - k),
        lambda rows, k: alt.at(rows, alt.length[rows] - 1 - k),
        shorter - prefix,
    )
    kept = prefix + suffix
    start = sites["position"].to_numpy() - 1 + prefix
    return sites.with_columns(
        start=pl.Series(start, dtype=pl.Int64),
        end=pl.Series(start + ref.length - kept, dtype=pl.Int64),
        deleted=_slice(sites["ref"], prefix, ref.length - kept),
        inserted=_slice(sites["alt"], prefix, alt.length - kept),
    )


def _slice(texts: pl.Series, offset: Ints, length: Ints) -> pl.Series:
    frame = pl.DataFrame({"text": texts, "offset": offset, "length": length})
    return frame.select(pl.col("text").str.slice("offset", "length")).to_series()


def shift(events: pl.DataFrame, sequence: Bases, *, rightwards: bool) -> pl.DataFrame:
    """Move pure insertions and deletions as far as they describe the same change.

    Args:
        events: columns start, end, deleted, inserted as :func:`trim` gives them.
        sequence: the whole contig.
        rightwards: towards higher coordinates, else towards lower ones. Nothing moves
            over an ``N``.

    Returns:
        ``events`` with the four columns moved, and ``duplicates``: whether the insertion
        repeats the bases right before it (as seen along the direction of the shift).
    """
    far = steps(events, sequence, rightwards=rightwards)
    sign = 1 if rightwards else -1
    moved = events.with_columns(
        pl.Series("_steps", far),
        pl.col("start") + pl.Series(sign * far),
        pl.col("end") + pl.Series(sign * far),
    ).with_columns(
        _rotated("deleted", rightwards=rightwards), _rotated("inserted", rightwards=rightwards)
    )
    return moved.drop("_steps").with_columns(
        duplicates=_duplicates(moved, sequence, rightwards=rightwards)
    )


def steps(events: pl.DataFrame, sequence: Bases, *, rightwards: bool) -> Ints:
    """How far each event may move; 0 for those that are no pure insertion or deletion."""
    start, end = events["start"].to_numpy(), events["end"].to_numpy()
    moving = Ragged.of(events["deleted"] + events["inserted"])
    pure = (events["deleted"] == "") != (events["inserted"] == "")
    room = (len(sequence) - end) if rightwards else start
    limit = np.where(pure.to_numpy(), room, 0).astype(np.int64)

    # The moving bases are followed by the reference that they pass over: with period
    # `length`, base k of the run repeats base k - length.
    def carried(rows: Ints, k: Ints) -> Bases:
        length = moving.length[rows]
        index = k % length
        return moving.at(rows, index if rightwards else length - 1 - index)

    def ahead(rows: Ints, k: Ints) -> Bases:
        base = sequence[end[rows] + k] if rightwards else sequence[start[rows] - 1 - k]
        return np.where(base == _UNKNOWN, 0, base).astype(np.uint8)

    return run(carried, ahead, limit)


def _rotated(column: str, *, rightwards: bool) -> pl.Expr:
    text = pl.col(column)
    length = text.str.len_bytes().cast(pl.Int64)
    turn = pl.col("_steps") % pl.when(length > 0).then(length).otherwise(1)
    offset = turn if rightwards else (length - turn) % pl.when(length > 0).then(length).otherwise(1)
    return (text + text).str.slice(offset, length).alias(column)


def _duplicates(events: pl.DataFrame, sequence: Bases, *, rightwards: bool) -> pl.Series:
    inserted = Ragged.of(events["inserted"])
    start = events["start"].to_numpy()
    first = start - inserted.length if rightwards else start
    inside = (first >= 0) & (first + inserted.length <= len(sequence))
    wanted = (events["deleted"] == "").to_numpy() & inside & (inserted.length > 0)
    same = inserted.run(
        lambda rows, k: sequence[first[rows] + k], np.where(wanted, inserted.length, 0)
    )
    return pl.Series(wanted & (same == inserted.length), dtype=pl.Boolean)


def sliced(sequence: Bases, start: Ints, end: Ints) -> pl.Series:
    """The bases from each start to each end (0-based, half-open) as text."""
    length = end - start
    offset = np.zeros(len(start) + 1, dtype=np.int64)
    np.cumsum(length, out=offset[1:])
    # Position k of the joined bases stands in the sequence at k plus its row's shift.
    index = np.repeat(start - offset[:-1], length) + np.arange(offset[-1])
    text = pa.LargeStringArray.from_buffers(
        len(start), pa.py_buffer(offset), pa.py_buffer(sequence[index])
    )
    return pl.Series("bases", text, dtype=pl.String)


def complement(text: pl.Expr) -> pl.Expr:
    """The reverse complement of DNA in upper case."""
    return text.str.reverse().str.replace_many(["A", "C", "G", "T"], ["T", "G", "C", "A"])

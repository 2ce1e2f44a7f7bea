"""bwa-mem2's index, which bwa-mem3 reads: suffix array and occurrences of both strands.

Layout: Vasimuddin et al. 2019 (doi:10.1109/IPDPS.2019.00041), section IV, and bwa-mem2's
``FMI_search``. The text is the sequence and its reverse complement, with codes A 0, C 1, G 2, T 3;
a sentinel ends it. ``.0123`` is the text. ``.bwt.2bit.64`` holds, little-endian: the rows (text
and sentinel); for the sentinel and each base how many rows begin with less; for each 64 rows
their four counts so far and four words, one bit a row, of where the Burrows-Wheeler transform
has the base; each eighth row of the suffix array (high octets, then low words); the sentinel's
row.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from pydivsufsort import divsufsort

_BLOCK = 64
_SAMPLED = 8
_ROWS = 1 << 20
"""Rows worked on at a time: whole blocks."""
_SENTINEL = 4

BASES_OF_OCTET = np.array(
    [[octet >> shift & 3 for shift in (6, 4, 2, 0)] for octet in range(256)], dtype=np.uint8
)
"""Codes of the four bases in an octet of ``.pac``, the first in its high bits."""

Octets = npt.NDArray[np.uint8]
Places = npt.NDArray[np.integer]


def write_suffixes(prefix: Path, bases: int) -> None:
    """Write ``.0123`` and ``.bwt.2bit.64`` beside bwa's ``.pac``.

    The whole suffix array lies in memory: some 11 bytes a base.

    Args:
        prefix: of the index.
        bases: length of the sequence, one strand.
    """
    text = both_strands(np.fromfile(f"{prefix}.pac", dtype=np.uint8), bases)
    text.tofile(f"{prefix}.0123")
    array = divsufsort(text)
    with Path(f"{prefix}.bwt.2bit.64").open("wb") as out:
        _write(out, text, array)


def both_strands(packed: Octets, bases: int) -> Octets:
    """Codes of a packed sequence and, after them, of its reverse complement."""
    text = np.empty(2 * bases, dtype=np.uint8)
    for start in range(0, bases, 4 * _ROWS):
        end = min(start + 4 * _ROWS, bases)
        octets = packed[start // 4 : (end + 3) // 4]
        text[start:end] = BASES_OF_OCTET[octets].ravel()[: end - start]
    np.subtract(3, text[bases - 1 :: -1] if bases else text[:0], out=text[bases:])
    return text


def _write(out: BinaryIO, text: Octets, array: Places) -> None:
    rows = len(text) + 1
    less = np.cumsum([0, *_counts(text)])
    out.write(np.array([rows, *less], dtype="<i8").tobytes())
    so_far = np.zeros(4, dtype=np.uint64)
    sentinel = -1
    for start, places in _rows(array):
        transformed = text[places - 1]
        ends = np.flatnonzero(places == 0)
        transformed[ends] = _SENTINEL
        sentinel = start + int(ends[0]) if len(ends) else sentinel
        blocks, so_far = occurrences(transformed, so_far)
        out.write(blocks.astype("<u8").tobytes())
    if rows % _BLOCK == 0:  # bwa-mem2 always has a block that is not full
        out.write(occurrences(np.empty(0, np.uint8), so_far, least=1)[0].astype("<u8").tobytes())
    for sampled in _sampled(array):
        out.write((sampled >> 32).astype(np.int8).tobytes())
    for sampled in _sampled(array):
        out.write((sampled & 0xFFFFFFFF).astype("<u4").tobytes())
    out.write(np.array([sentinel], dtype="<i8").tobytes())


def _rows(array: Places) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Number of the first row, and the suffix array's rows, by the many.

    The sentinel alone is the first suffix; the sorter leaves it out.
    """
    rows = len(array) + 1
    for start in range(0, rows, _ROWS):
        end = min(start + _ROWS, rows)
        places = array[max(start - 1, 0) : end - 1].astype(np.int64)
        yield start, places if start else np.concatenate([[len(array)], places])


def _counts(text: Octets) -> npt.NDArray[np.int64]:
    """How many of each base there are."""
    pieces = (text[start : start + _ROWS] for start in range(0, len(text), _ROWS))
    counts = (np.bincount(piece, minlength=4) for piece in pieces)
    return sum(counts, np.zeros(4, dtype=np.int64))


def _sampled(array: Places) -> Iterator[npt.NDArray[np.int64]]:
    """Each eighth row of the suffix array, by the many; where rows end short of one, a zero."""
    number = (len(array) + 1) // _SAMPLED + 1
    for start in range(0, number, _ROWS):
        end = min(start + _ROWS, number)
        sampled = np.zeros(end - start, dtype=np.int64)
        first = 0 if start else 1
        kept = array[_SAMPLED * (start + first) - 1 : _SAMPLED * (end - 1) : _SAMPLED]
        sampled[first : first + len(kept)] = kept
        if not start:
            sampled[0] = len(array)
        yield sampled


def occurrences(
    transformed: Octets, so_far: npt.NDArray[np.uint64], least: int = 0
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Blocks of a stretch of the transform, and the counts after it.

    Args:
        transformed: codes; the last block need not be full.
        so_far: how many of each base there were before.
        least: fewest blocks.
    """
    number = max(-(-len(transformed) // _BLOCK), least)
    padded = np.full(number * _BLOCK, _SENTINEL + 1, dtype=np.uint8)
    padded[: len(transformed)] = transformed
    blocks = np.zeros((number, 8), dtype=np.uint64)
    after = so_far.copy()
    for code in range(4):
        found = (padded == code).reshape(-1, _BLOCK)
        blocks[:, 4 + code] = np.packbits(found, axis=1).view(">u8").ravel()
        counts = np.concatenate([[0], np.cumsum(found.sum(axis=1, dtype=np.uint64))])
        blocks[:, code] = so_far[code] + counts[:-1].astype(np.uint64)
        after[code] += np.uint64(counts[-1])
    return blocks, after

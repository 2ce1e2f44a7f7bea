"""Alleles of codes spelt out, by the million."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

_LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8)


def spelt_out(code: npt.NDArray[np.uint32], long: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Ref and alt of each code.

    Args:
        code: allele codes (:mod:`soyang.core.variant_key`).
        long: columns row, ref, alt of those that are hashes.
    """
    ref, alt = (_texts(code, is_alt) for is_alt in (False, True))
    return ref.scatter(long["row"], long["ref"]), alt.scatter(long["row"], long["alt"])


def _texts(code: npt.NDArray[np.uint32], is_alt: bool) -> pl.Series:
    """One side's alleles; nothing where the code is a hash."""
    ends = np.zeros(len(code) + 1, dtype=np.int64)
    _measure(code, is_alt, ends)
    text = np.empty(ends[-1], dtype=np.uint8)
    _spell(code, is_alt, ends, _LETTERS, text)
    array = pa.LargeStringArray.from_buffers(len(code), pa.py_buffer(ends), pa.py_buffer(text))
    return pl.Series(pl.from_arrow(array), dtype=pl.String)


@numba.njit(cache=True, nogil=True)
def _measure(code: Any, is_alt: Any, ends: Any) -> None:
    for row in range(len(code)):
        bits = np.int64(code[row])
        size = (bits >> 23) & 15 if is_alt else bits >> 27
        ends[row + 1] = ends[row] + (0 if bits & 1 else size)


@numba.njit(cache=True, nogil=True)
def _spell(code: Any, is_alt: Any, ends: Any, letters: Any, text: Any) -> None:
    for row in range(len(code)):
        bits = np.int64(code[row])
        shift = 21 - 2 * (bits >> 27) if is_alt else 21
        for place in range(ends[row], ends[row + 1]):
            text[place] = letters[(bits >> shift) & 3]
            shift -= 2

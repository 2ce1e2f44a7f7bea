"""A variant as one 64-bit number: chromosome, position and alleles.

The layout is VariantKey's (Asuni & Wilder 2019, bioRxiv 473744): 5 bits chromosome (1 to 22, 23
X, 24 Y, 25 M), 28 bits 0-based position, 31 bits of alleles. Alleles of together at most 11
bases A, C, G, T stand in their 31 bits reversibly; the others as a hash whose lowest bit is 1,
and a table beside the keys says which alleles it stands for. Keys sort as the genome does. A
key means nothing without its assembly.

Frames carry a key in parts: the contig's rank, ``position`` (1-based, Int32) and ``code`` (UInt32,
the 31 bits of alleles).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.core.assembly import CHROMOSOMES, bare

UInts64 = npt.NDArray[np.uint64]
UInts32 = npt.NDArray[np.uint32]
Ints32 = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

POSITION_BITS = 28
ALLELE_BITS = 31
MOST_BASES = 11
"""Bases of ref and alt together that a reversible code has room for."""

_BASES = "ACGT"
_NOT_A_BASE = 255


def _base_numbers() -> Bytes:
    numbers = np.full(256, _NOT_A_BASE, dtype=np.uint8)
    for number, base in enumerate(_BASES):
        numbers[ord(base)] = numbers[ord(base.lower())] = number
    return numbers


BASE_NUMBER = _base_numbers()
"""ASCII code to 0-3 for A, C, G, T of either case; 255 for all else."""


def chromosome_number(contig: str) -> int:
    """1 to 25 of a chromosome, ``chr`` or not; 0 for a contig that no key can name."""
    name = bare(contig)
    return CHROMOSOMES.index(name) + 1 if name in CHROMOSOMES else 0


@numba.njit(cache=True, nogil=True)
def allele_code(
    text: Bytes, ref: int, ref_end: int, alt: int, alt_end: int, numbers: Bytes
) -> np.uint32:
    """31-bit code of the alleles ``text[ref:ref_end]`` and ``text[alt:alt_end]``.

    Args:
        text: ASCII codes.
        ref: where ref begins.
        ref_end: where it ends, exclusive.
        alt: where alt begins.
        alt_end: where it ends, exclusive.
        numbers: :data:`BASE_NUMBER`.
    """
    size, alt_size = ref_end - ref, alt_end - alt
    if size + alt_size <= MOST_BASES:
        code = np.uint32((size << 27) | (alt_size << 23))
        shift = 23
        plain = True
        for i in range(size + alt_size):
            base = numbers[text[ref + i]] if i < size else numbers[text[alt + i - size]]
            plain = plain and base != _NOT_A_BASE
            shift -= 2
            code |= np.uint32(np.uint32(base & 3) << np.uint32(shift))
        if plain:
            return code
    mixed = _mix(np.uint32(3), _hash(text, ref, ref_end))
    mixed = _mix(_hash(text, alt, alt_end), mixed)
    mixed ^= mixed >> np.uint32(16)
    mixed = np.uint32(mixed * np.uint32(0x85EBCA6B))
    mixed ^= mixed >> np.uint32(13)
    mixed = np.uint32(mixed * np.uint32(0xC2B2AE35))
    mixed ^= mixed >> np.uint32(16)
    return np.uint32((mixed >> np.uint32(1)) | np.uint32(1))


@numba.njit(cache=True, nogil=True)
def _mix(value: Any, state: Any) -> Any:
    """MurmurHash3's step, with VariantKey's rotations."""
    value = np.uint32(value * np.uint32(0xCC9E2D51))
    value = np.uint32((value >> np.uint32(17)) | (value << np.uint32(15)))
    value = np.uint32(value * np.uint32(0x1B873593))
    state = np.uint32(state ^ value)
    state = np.uint32((state >> np.uint32(19)) | (state << np.uint32(13)))
    return np.uint32(np.uint32(state * np.uint32(5)) + np.uint32(0xE6546B64))


@numba.njit(cache=True, nogil=True)
def _hash(text: Any, start: Any, end: Any) -> Any:
    """32-bit hash of letters, six at a time at five bits each, upper and lower case alike."""
    state = np.uint32(0)
    while start < end:
        packed = np.uint32(0)
        for i in range(min(6, end - start)):
            letter = text[start + i]
            if letter < ord("A"):
                number = 27
            elif letter >= ord("a"):
                number = letter - ord("a") + 1
            else:
                number = letter - ord("A") + 1
            packed ^= np.uint32(np.uint32(number) << np.uint32(1 + 5 * (5 - i)))
        state = _mix(packed, state)
        start += 6
    return state


@numba.njit(cache=True, nogil=True)
def _codes(text: Any, ends: Any, sizes: Any, numbers: Any, out: Any) -> None:
    for row in range(len(out)):
        start = ends[row]
        middle = start + sizes[row]
        out[row] = allele_code(text, start, middle, middle, ends[row + 1], numbers)


def allele_codes(ref: pl.Series, alt: pl.Series) -> pl.Series:
    """Code of each pair of alleles, UInt32.

    Args:
        ref: reference alleles, ASCII, none missing.
        alt: alternate alleles, likewise.
    """
    out = np.empty(len(ref), dtype=np.uint32)
    both = ref + alt
    text = np.frombuffer("".join(both.to_list()).encode("ascii"), dtype=np.uint8)
    ends = np.zeros(len(ref) + 1, dtype=np.int64)
    np.cumsum(both.str.len_bytes().to_numpy(), out=ends[1:])
    sizes = ref.str.len_bytes().to_numpy().astype(np.int64)
    _codes(text, ends, sizes, BASE_NUMBER, out)
    return pl.Series("code", out)


def is_hashed(code: pl.Expr) -> pl.Expr:
    """Whether a code is a hash, which says nothing without its table of long alleles."""
    return (code & 1) == 1


def alleles(codes: pl.Series) -> pl.DataFrame:
    """Columns ref and alt of reversible codes; missing where the code is a hash."""
    unique = codes.unique().sort()
    spelt = [_spelt(code) for code in unique.to_list()]
    table = pl.DataFrame(
        {"code": unique, "ref": [r for r, _ in spelt], "alt": [a for _, a in spelt]},
        schema={"code": pl.UInt32, "ref": pl.String, "alt": pl.String},
    )
    joined = codes.to_frame("code").join(table, on="code", how="left", maintain_order="left")
    return joined.select("ref", "alt")


def _spelt(code: int) -> tuple[str | None, str | None]:
    if code & 1:
        return None, None
    size, alt_size = code >> 27, (code >> 23) & 15
    text = "".join(_BASES[(code >> (21 - 2 * i)) & 3] for i in range(size + alt_size))
    return text[:size], text[size:]


def keys(chromosome: int, position: npt.NDArray[np.int32], code: UInts32) -> UInts64:
    """Keys of variants of one chromosome.

    Args:
        chromosome: 1 to 25.
        position: 1-based.
        code: as :func:`allele_codes` gives it.
    """
    place = (position.astype(np.int64) - 1).astype(np.uint64)
    first = np.uint64(chromosome << (POSITION_BITS + ALLELE_BITS))
    return first | (place << np.uint64(ALLELE_BITS)) | code.astype(np.uint64)


def parts(key: UInts64) -> tuple[Bytes, Ints32, UInts32]:
    """Chromosome (1 to 25), 1-based position and code of each key."""
    chromosome = (key >> np.uint64(POSITION_BITS + ALLELE_BITS)).astype(np.uint8)
    place = (key >> np.uint64(ALLELE_BITS)) & np.uint64((1 << POSITION_BITS) - 1)
    code = (key & np.uint64((1 << ALLELE_BITS) - 1)).astype(np.uint32)
    return chromosome, place.astype(np.int32) + np.int32(1), code

"""Compiled loops that trim and left-align alleles along a contig's sequence.

An allele is seen as an event: the bases between ``start`` and ``end`` (0-based, half-open) of
the sequence are taken out, and others put in. A row's alleles lie in a scratch text, ref first.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from soyang.core.variant_key import allele_code

_LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8).copy()

FITS, MISMATCH, OUTSIDE = range(3)
"""What a ref is to the sequence."""


@numba.njit(cache=True, nogil=True)
def normalise_rows(
    position: Any, code: Any, clear: Any, sequence: Any, numbers: Any,
    long_rows: Any, ref_ends: Any, ref_text: Any, alt_ends: Any, alt_text: Any,
    new_position: Any, new_code: Any, state: Any,
    new_ref_ends: Any, new_ref: Any, new_alt_ends: Any, new_alt: Any,
) -> Any:  # fmt: skip
    """Trim and left-align each row.

    Args:
        position: 1-based.
        code: allele codes.
        clear: rows to look at; the others are copied.
        sequence: the whole contig in upper case.
        numbers: ``BASE_NUMBER`` of variant_key.
        long_rows: rows whose code is a hash, rising.
        ref_ends: where their refs end in ``ref_text``, after a leading 0; likewise for alt.
        ref_text: their refs.
        alt_ends: see ``ref_ends``.
        alt_text: their alts.
        new_position: to fill.
        new_code: to fill.
        state: uint8, to fill: :data:`FITS`, :data:`MISMATCH` or :data:`OUTSIDE`.
        new_ref_ends: to fill, for ``long_rows``; likewise the next three. No allele gets longer.
        new_ref: see there.
        new_alt_ends: see there.
        new_alt: see there.
    """
    longest = 16
    for i in range(len(long_rows)):
        size = ref_ends[i + 1] - ref_ends[i] + alt_ends[i + 1] - alt_ends[i]
        longest = max(longest, size)
    text = np.empty(longest + 8, dtype=np.uint8)
    long, total = 0, len(sequence)
    for row in range(len(position)):
        hashed = long < len(long_rows) and long_rows[long] == row
        new_position[row], new_code[row], state[row] = position[row], code[row], FITS
        if hashed:
            middle, end = _copied(text, ref_text, ref_ends, alt_text, alt_ends, long)
        elif clear[row]:
            middle, end = _decoded(text, code[row])
        first = 0
        if clear[row]:
            start = np.int64(position[row]) - 1
            if start < 0 or start + middle > total:
                state[row] = OUTSIDE
            elif not _fits(text, middle, sequence, start, numbers):
                state[row] = MISMATCH
            elif end > 2:  # noqa: PLR2004  a substitution of one base stands as it is
                start, first, middle, end = _aligned(text, middle, end, sequence, start, numbers)
                new_position[row] = start + 1
                new_code[row] = allele_code(text, first, middle, middle, end, numbers)
        if hashed:
            _append(new_ref, new_ref_ends, long, text, first, middle)
            _append(new_alt, new_alt_ends, long, text, middle, end)
            long += 1


@numba.njit(cache=True, nogil=True)
def _append(out: Any, ends: Any, number: Any, text: Any, start: Any, stop: Any) -> None:
    to = ends[number]
    out[to : to + stop - start] = text[start:stop]
    ends[number + 1] = to + stop - start


@numba.njit(cache=True, nogil=True)
def _copied(text: Any, ref: Any, ref_ends: Any, alt: Any, alt_ends: Any, long: Any) -> Any:
    size = ref_ends[long + 1] - ref_ends[long]
    alt_size = alt_ends[long + 1] - alt_ends[long]
    text[:size] = ref[ref_ends[long] : ref_ends[long + 1]]
    text[size : size + alt_size] = alt[alt_ends[long] : alt_ends[long + 1]]
    return size, size + alt_size


@numba.njit(cache=True, nogil=True)
def _decoded(text: Any, code: Any) -> Any:
    """Write the bases of a reversible code; where ref and alt end."""
    value = np.int64(code)
    size, alt_size = value >> 27, (value >> 23) & 15
    for i in range(size + alt_size):
        text[i] = _LETTERS[(value >> (21 - 2 * i)) & 3]
    return size, size + alt_size


@numba.njit(cache=True, nogil=True)
def _fits(text: Any, size: Any, sequence: Any, start: Any, numbers: Any) -> Any:
    """Whether ref stands in the sequence, where what is no A, C, G or T contradicts nothing."""
    for i in range(size):
        base = sequence[start + i]
        if text[i] != base and numbers[base] <= 3:  # noqa: PLR2004  a base
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _aligned(text: Any, middle: Any, end: Any, sequence: Any, start: Any, numbers: Any) -> Any:
    """The shortest, leftmost way to write the alleles (Tan et al. 2015).

    Bases that both alleles end with are taken off, then those that both begin with. If one of
    them is empty then, the event is moved to the left as long as it says the same, and one base
    of the sequence is put before both; at the contig's start, and after a base that is not
    known, the base behind the event is put behind both (VCF 4.3, section 1.6.1).

    Args:
        text: the alleles, ref in ``text[:middle]`` and alt in ``text[middle:end]``.
        middle: see there.
        end: see there.
        sequence: the whole contig.
        start: where ref begins, 0-based.
        numbers: ``BASE_NUMBER``.

    Returns:
        Where ref begins in the sequence, and in ``text``; where it ends and alt begins there,
        and where alt ends.
    """
    first, first_alt, ref_end, alt_end = 0, middle, middle, end
    while ref_end > first and alt_end > first_alt and text[ref_end - 1] == text[alt_end - 1]:
        ref_end -= 1
        alt_end -= 1
    while first < ref_end and first_alt < alt_end and text[first] == text[first_alt]:
        first += 1
        first_alt += 1
    start += first
    size, alt_size = ref_end - first, alt_end - first_alt
    if size and alt_size:
        _moved_up(text, first_alt, alt_size, ref_end)
        return start, first, ref_end, ref_end + alt_size
    deletion = size > 0
    begin, length = (first, size) if deletion else (first_alt, alt_size)
    steps = _steps(text, begin, length, sequence, start, numbers)
    before = start - steps - 1
    if before >= 0 and numbers[sequence[before]] <= 3:  # noqa: PLR2004
        return _anchored(text, begin, length, steps, start, sequence[before], deletion, True)
    after = start - steps + size
    if after < len(sequence) and numbers[sequence[after]] <= 3:  # noqa: PLR2004
        return _anchored(text, begin, length, steps, start, sequence[after], deletion, False)
    # No base at either side is known: the alleles' own stay.
    return start - first, 0, middle, end


@numba.njit(cache=True, nogil=True)
def _moved_up(text: Any, begin: Any, length: Any, to: Any) -> None:
    for i in range(length):
        text[to + i] = text[begin + i]


@numba.njit(cache=True, nogil=True)
def _steps(text: Any, begin: Any, length: Any, sequence: Any, start: Any, numbers: Any) -> Any:
    """How far a pure insertion or deletion may move to the left.

    The bases passed over come in at its front and equal those that leave at its end: with the
    period of its length the same bases again.
    """
    steps = np.int64(0)
    at = begin + length - 1
    while steps < start:
        base = sequence[start - 1 - steps]
        if base != text[at] or numbers[base] > 3:  # noqa: PLR2004
            break
        steps += 1
        at = at - 1 if at > begin else begin + length - 1
    return steps


@numba.njit(cache=True, nogil=True)
def _anchored(
    text: Any, begin: Any, length: Any, steps: Any, start: Any, anchor: Any, deletion: Any,
    before: Any,
) -> Any:  # fmt: skip
    """Write the moved event with a base before or behind it into the scratch text."""
    turn = steps % length
    bases = text[begin : begin + length].copy()
    size = length + 1 if deletion else 1
    lead = 1 if before else 0
    to = lead if deletion else 1 + lead
    for i in range(length):
        text[to + i] = bases[(i - turn + length) % length]
    place = start - steps - lead
    if deletion:
        text[0 if before else length] = anchor
        text[size] = anchor
        return place, 0, size, size + 1
    text[0] = anchor
    text[1 if before else length + 1] = anchor
    return place, 0, 1, length + 2

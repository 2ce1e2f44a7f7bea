"""Compiled loops over the INFO field of VCF records, and over numbers in text.

They take ``text`` (ASCII codes), and places in it as :mod:`soyang.annotation.vcf_parse` finds
them. A loop that meets what can't be returns an error code and the record's number; 0 is none.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from soyang.annotation.records import MISSING
from soyang.annotation.vcf_parse import (
    COMMA,
    DOT,
    FILTER,
    FORMAT,
    INFO,
    QUAL,
    natural,
    same,
)

EQUALS, SEMICOLON, MINUS, PLUS, ZERO = ord("="), ord(";"), ord("-"), ord("+"), ord("0")

BAD_NUMBER, BAD_COUNT = 6, 7
"""Errors, beside those of :mod:`soyang.annotation.vcf_parse`."""

ONE, EACH_ALT, EACH_ALLELE, ANY = range(4)
"""How many values a field has: one for the record (or a text taken whole), one for each alternate
allele, one for each allele (the reference's first), or one of the first two."""

INTEGER, FLAG, FLOAT, TEXT = range(4)
"""How a field is kept: an int32, 1 or 0, a float32, or where its text begins and ends."""

_STEP = 512
"""Records handled at a time, so that their text is still in the processor's cache when the values
are read whose places have just been found."""

_REMEMBERED = 256
"""Keys of the record before that are remembered."""

_SPREAD = 2654435761
"""Knuth's multiplier, 2**32 by the golden ratio (The Art of Computer Programming 3, 6.4)."""

_EXACT = 22
"""Largest power of ten that a double has exactly."""

_DIGITS = 10**17
"""Digits beyond this are counted and not kept: a double has no room for them."""


@numba.njit(cache=True, nogil=True)
def fill_info(
    text: Any, places: Any, first_row: Any, keys: Any, key_ends: Any, table: Any, plan: Any,
    integers: Any, floats: Any, texts: Any,
) -> Any:  # fmt: skip
    """The asked INFO fields of each allele.

    Args:
        text: bytes.
        places: of the records' columns.
        first_row: as ``count_alleles`` fills it.
        keys: the fields' names, behind each other.
        key_ends: where each name ends in ``keys``, after a leading 0.
        table: int32, power of two: place by hash of a name to its field, -1 none (open addressing).
        plan: int32, for each field: how it is kept, in which row of its output, and how many
            values it has.
        integers: int32, to fill: fields (of that kind) x alleles.
        floats: float32, likewise.
        texts: int32 x 2, likewise.

    Returns:
        Error, record and field, or zeros.
    """
    for low in range(0, len(places), _STEP):
        high = min(low + _STEP, len(places))
        spots = np.zeros((high - low, len(plan), 2), dtype=np.int32)
        find_info(text, places[low:high], keys, key_ends, table, spots)
        rows = first_row[low : high + 1]
        for field in range(len(plan)):
            kind, out, number = plan[field, 0], plan[field, 1], plan[field, 2]
            error, record = 0, 0
            if kind == FLAG:
                fill_flags(spots, field, rows, integers[out])
            elif kind == INTEGER:
                error, record = fill_integers(text, spots, field, number, rows, integers[out])
            elif kind == FLOAT:
                error, record = fill_floats(text, spots, field, number, rows, floats[out])
            else:
                error, record = fill_texts(text, spots, field, number, rows, texts[out])
            if error:
                return error, low + record, field
    return 0, 0, 0


@numba.njit(cache=True, nogil=True)
def find_info(
    text: Any, places: Any, keys: Any, key_ends: Any, table: Any, spots: Any
) -> None:  # fmt: skip
    """Where the values of the asked INFO fields stand.

    Records mostly have the same keys in the same order: a key is first held against the one
    that stood at its place in the record before, and looked up only if it is another.

    Args:
        text: bytes.
        places: of the records' columns.
        keys: the fields' names, behind each other.
        key_ends: where each name ends in ``keys``, after a leading 0.
        table: int32, power of two: place by hash of a name to its field, -1 none (open addressing).
        spots: int32, record x field x 2, filled with 0: where the value begins and ends. Of a
            key that stands twice the first counts.
    """
    known = np.zeros((_REMEMBERED, 3), dtype=np.int64)  # begin, size, field of a key by its place
    for record in range(len(places)):
        at, stop = places[record, INFO], places[record, FORMAT] - 1
        left = len(key_ends) - 1
        order = 0
        while at < stop and left:
            size, field = known[order, 1], known[order, 2]
            if not (size and _is_key(text, at, stop, known[order, 0], size)):
                size = 0
                while at + size < stop and not _ends_key(text[at + size]):
                    size += 1
                field = _field_of(text, at, at + size, keys, key_ends, table)
                known[order, 0], known[order, 1], known[order, 2] = at, size, field
            order = min(order + 1, _REMEMBERED - 1)
            at += size
            start = at + 1 if at < stop and text[at] == EQUALS else at
            while at < stop and text[at] != SEMICOLON:
                at += 1
            if field >= 0 and not spots[record, field, 0]:
                left -= 1
                spots[record, field, 0] = start
                spots[record, field, 1] = at
            at += 1


@numba.njit(cache=True, nogil=True)
def _ends_key(byte: Any) -> Any:
    return byte in (EQUALS, SEMICOLON)


@numba.njit(cache=True, nogil=True)
def _is_key(text: Any, at: Any, stop: Any, known: Any, size: Any) -> Any:
    """Whether the key that begins here is the one of ``size`` that begins at ``known``."""
    end = at + size
    if end > stop or (end < stop and not _ends_key(text[end])):
        return False
    for i in range(size):  # noqa: SIM110  a generator can't be compiled
        if text[at + i] != text[known + i]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _field_of(text: Any, start: Any, stop: Any, keys: Any, key_ends: Any, table: Any) -> Any:
    """Number of the asked field with this name, or -1."""
    mask = len(table) - 1
    slot = key_hash(text, start, stop) & mask
    while table[slot] >= 0:
        field = np.int64(table[slot])
        if same(text, start, stop, keys, key_ends[field], key_ends[field + 1]):
            return field
        slot = (slot + 1) & mask
    return np.int64(-1)


@numba.njit(cache=True, nogil=True)
def key_hash(text: Any, start: Any, stop: Any) -> Any:
    """Hash of a name, 16 bits: rotations, spread by a multiplication at the end."""
    value = np.uint32(0)
    for at in range(start, stop):
        value = np.uint32(value << np.uint32(5)) ^ (value >> np.uint32(27)) ^ np.uint32(text[at])
    return np.int64(np.uint32(value * np.uint32(_SPREAD)) >> np.uint32(16))


@numba.njit(cache=True, nogil=True)
def fill_flags(spots: Any, field: Any, first_row: Any, out: Any) -> None:
    """1 for each allele of the records that have the field, else 0."""
    for record in range(len(spots)):
        for row in range(first_row[record], first_row[record + 1]):
            out[row] = spots[record, field, 0] > 0


@numba.njit(cache=True, nogil=True)
def fill_integers(
    text: Any, spots: Any, field: Any, number: Any, first_row: Any, out: Any
) -> Any:  # fmt: skip
    """A field's integers, for each allele; ``MISSING`` where there is none.

    Args:
        text: bytes.
        spots: as :func:`find_info` fills it.
        field: which.
        number: how many values it has.
        first_row: as :func:`count_alleles` fills it.
        out: int32, to fill.

    Returns:
        Error and record, or zeros.
    """
    for record in range(len(spots)):
        row, last = first_row[record], first_row[record + 1]
        start, stop = spots[record, field, 0], spots[record, field, 1]
        if number == ONE or (last == row + 1 and number == EACH_ALT):
            good, value = _integer(text, start, stop)
            if not good:
                return _why(text, start, stop), record
            for i in range(row, last):
                out[i] = value
        else:
            for i in range(row, last):
                first, end = _of_allele(text, start, stop, number, i - row, last - row)
                good, value = _integer(text, first, end)
                if end < first or not good:
                    return BAD_COUNT if end < first else BAD_NUMBER, record
                out[i] = value
    return 0, 0


@numba.njit(cache=True, nogil=True)
def fill_floats(
    text: Any, spots: Any, field: Any, number: Any, first_row: Any, out: Any
) -> Any:  # fmt: skip
    """A field's numbers as float32, NaN where there is none; else as :func:`fill_integers`."""
    for record in range(len(spots)):
        row, last = first_row[record], first_row[record + 1]
        start, stop = spots[record, field, 0], spots[record, field, 1]
        for i in range(row, last):
            first, end = _of_allele(text, start, stop, number, i - row, last - row)
            good, value = _float(text, first, end)
            if end < first or not good:
                return BAD_COUNT if end < first else BAD_NUMBER, record
            out[i] = value
    return 0, 0


@numba.njit(cache=True, nogil=True)
def fill_texts(
    text: Any, spots: Any, field: Any, number: Any, first_row: Any, out: Any
) -> Any:  # fmt: skip
    """Where a field's text begins and ends for each allele, 0 and 0 for none (or ``.``)."""
    for record in range(len(spots)):
        row, last = first_row[record], first_row[record + 1]
        start, stop = spots[record, field, 0], spots[record, field, 1]
        for i in range(row, last):
            first, end = _of_allele(text, start, stop, number, i - row, last - row)
            if end < first:
                return BAD_COUNT, record
            missing = end == first or (end == first + 1 and text[first] == DOT)
            out[i, 0] = 0 if missing else first
            out[i, 1] = 0 if missing else end
    return 0, 0


@numba.njit(cache=True, nogil=True)
def fill_quality(text: Any, places: Any, first_row: Any, out: Any) -> Any:
    """QUAL of each allele's record, NaN where missing. Returns error and record, or zeros."""
    for record in range(len(places)):
        good, value = _float(text, places[record, QUAL], places[record, FILTER] - 1)
        if not good:
            return BAD_NUMBER, record
        for row in range(first_row[record], first_row[record + 1]):
            out[row] = value
    return 0, 0


@numba.njit(cache=True, nogil=True)
def _why(text: Any, start: Any, stop: Any) -> Any:
    """What is wrong with a value that should be one number: several, or none."""
    for at in range(start, stop):
        if text[at] == COMMA:
            return BAD_COUNT
    return BAD_NUMBER


@numba.njit(cache=True, nogil=True)
def _of_allele(text: Any, start: Any, stop: Any, number: Any, allele: Any, alleles: Any) -> Any:
    """Where the value of an alternate allele (from 0) begins and ends.

    A field that is missing as a whole is missing for each. An end before the begin: there are
    more values than alleles, or fewer.
    """
    if number == ONE or stop <= start or (stop == start + 1 and text[start] == DOT):
        return start, stop
    values, first, end = 1, start, stop
    wanted = allele + 1 if number == EACH_ALLELE else allele
    for at in range(start, stop):
        if text[at] == COMMA:
            if values == wanted:
                first = at + 1
            if values == wanted + 1:
                end = at
            values += 1
    if number == ANY and values == 1:
        return start, stop
    if values != (alleles + 1 if number == EACH_ALLELE else alleles):
        return 1, 0
    return first, end


@numba.njit(cache=True, nogil=True)
def _integer(text: Any, start: Any, stop: Any) -> Any:
    """Whether the bytes are an integer, ``.`` or nothing; and the integer or ``MISSING``."""
    if stop == start or (stop == start + 1 and text[start] == DOT):
        return True, MISSING
    negative = text[start] == MINUS
    good, value = natural(text, start + 1 if negative else start, stop)
    return good, np.int32(-value if negative else value)


@numba.njit(cache=True, nogil=True)
def _float(text: Any, start: Any, stop: Any) -> Any:
    """Whether the bytes are a number, ``.`` or nothing; and the number or NaN.

    Digits are gathered as an integer and scaled once, which is exact to float32's precision.
    """
    if stop == start or (stop == start + 1 and text[start] == DOT):
        return True, np.nan
    at = start
    negative = text[at] == MINUS
    if negative or text[at] == PLUS:
        at += 1
    value, digits, exponent, point = np.int64(0), 0, 0, False
    while at < stop:
        byte = text[at]
        if byte == DOT and not point:
            point = True
        elif ZERO <= byte <= ZERO + 9:
            digits += 1
            if value < _DIGITS:
                value = value * 10 + (np.int64(byte) - ZERO)
                exponent -= point
            else:
                exponent += not point
        else:
            break
        at += 1
    if at < stop:
        good, further = _exponent(text, at, stop)
        if not good or not digits:
            return _named_float(text, start, stop)
        exponent += further
    if not digits:
        return False, np.nan
    scaled = _scaled(float(value), exponent)
    return True, -scaled if negative else scaled


@numba.njit(cache=True, nogil=True)
def _scaled(value: Any, exponent: Any) -> Any:
    if -_EXACT <= exponent < 0:
        return value / 10.0 ** float(-exponent)
    return value * 10.0 ** float(exponent)


@numba.njit(cache=True, nogil=True)
def _exponent(text: Any, start: Any, stop: Any) -> Any:
    if text[start] | 32 != ord("e") or stop - start > 6:  # noqa: PLR2004  e-1000
        return False, 0
    at = start + 1
    negative = at < stop and text[at] == MINUS
    if at < stop and (negative or text[at] == PLUS):
        at += 1
    good, value = natural(text, at, stop)
    return good, -value if negative else value


@numba.njit(cache=True, nogil=True)
def _named_float(text: Any, start: Any, stop: Any) -> Any:
    """``nan`` and ``inf`` of any case and sign (VCF 4.3, section 1.3)."""
    at = start + 1 if text[start] == MINUS or text[start] == PLUS else start
    if stop - at < 3:  # noqa: PLR2004
        return False, np.nan
    a, b, c = text[at] | 32, text[at + 1] | 32, text[at + 2] | 32
    if a == ord("n") and b == ord("a") and c == ord("n") and stop - at == 3:  # noqa: PLR2004
        return True, np.nan
    if a == ord("i") and b == ord("n") and c == ord("f"):
        return True, -np.inf if text[start] == MINUS else np.inf
    return False, np.nan

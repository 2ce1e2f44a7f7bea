"""Compiled loops over the bytes of VCF records.

All take ``text`` (ASCII codes), and places in it. A loop that meets what can't be returns an
error code and the record's number; 0 is none.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from soyang.annotation.records import MISSING
from soyang.core.variant_key import allele_code

TAB, LINE_FEED, RETURN = 9, 10, 13
COMMA, DOT, COLON, SLASH, BAR, ZERO = ord(","), ord("."), ord(":"), ord("/"), ord("|"), ord("0")
LARGEST = 2**31 - 1
_GT_SIZE = len("GT")

CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO, FORMAT, SAMPLE, END = range(11)
"""Columns of the table of places that :func:`find_columns` fills. A column ends one byte before
the next begins, the last one before ``END``."""

TOO_FEW, BAD_POSITION, BAD_REF, BAD_ALT, BAD_GENOTYPE = range(1, 6)
"""Errors."""


@numba.njit(cache=True, nogil=True)
def find_separators(text: Any, start: Any, stop: Any, out: Any) -> Any:
    """Where tabs (of each line the first ten) and line feeds stand.

    Args:
        text: bytes.
        start: of the first line.
        stop: after the last line feed.
        out: int32, to fill.

    Returns:
        How many there are, and how many of them are line feeds.
    """
    found = lines = tabs = 0
    for at in range(start, stop):
        byte = text[at]
        if byte > LINE_FEED:  # one comparison for nearly all bytes
            continue
        if byte == TAB:
            tabs += 1
            if tabs <= END:
                out[found] = at
                found += 1
        elif byte == LINE_FEED:
            out[found] = at
            found += 1
            tabs = 0
            lines += 1
    return found, lines


@numba.njit(cache=True, nogil=True)
def find_columns(text: Any, start: Any, separators: Any, places: Any) -> Any:
    """Where each record's columns begin.

    Args:
        text: bytes.
        start: of the first line.
        separators: as :func:`find_separators` gives them.
        places: int32 table to fill, a row for each line, columns as above.

    Returns:
        Records (blank lines are none), and :data:`TOO_FEW` and the place of the first line
        with too few columns, or zeros.
    """
    records, column, first = 0, 1, start
    places[0, CHROM] = start
    for number in range(len(separators)):
        at = separators[number]
        if text[at] == TAB:
            places[records, column] = at + 1
            column += 1
            continue
        end = at - 1 if at > first and text[at - 1] == RETURN else at
        if column <= INFO and end > first:
            return records, TOO_FEW, first
        if end > first:
            for missing in range(column, END + 1):
                places[records, missing] = end + 1
            records += 1
        first, column = at + 1, 1
        if records < len(places):
            places[records, CHROM] = first
    return records, 0, 0


@numba.njit(cache=True, nogil=True)
def count_alleles(text: Any, places: Any, first_row: Any) -> None:
    """Row of each record's first alternate allele; at the end the number of rows."""
    row = 0
    for record in range(len(places)):
        first_row[record] = row
        row += 1
        for at in range(places[record, ALT], places[record, QUAL] - 1):
            row += text[at] == COMMA
    first_row[len(places)] = row


@numba.njit(cache=True, nogil=True)
def fill_alleles(
    text: Any, places: Any, first_row: Any, numbers: Any,
    position: Any, code: Any, allele: Any, clear: Any, alt_place: Any, new_contig: Any,
) -> Any:  # fmt: skip
    """Position, code and number of each alternate allele.

    Args:
        text: bytes.
        places: of the records' columns.
        first_row: as :func:`count_alleles` fills it.
        numbers: ``BASE_NUMBER`` of variant_key.
        position: int32, to fill.
        code: uint32, to fill.
        allele: int16, to fill.
        clear: bool, to fill.
        alt_place: int32 x 2, to fill: where each alternate allele begins and ends.
        new_contig: bool for each record, to fill: whether it lies on another contig than the
            one before.

    Returns:
        Error and record, or zeros.
    """
    for record in range(len(places)):
        new_contig[record] = record == 0 or not same(
            text, places[record, CHROM], places[record, POS] - 1,
            text, places[record - 1, CHROM], places[record - 1, POS] - 1,
        )  # fmt: skip
        good, place = natural(text, places[record, POS], places[record, ID] - 1)
        if not good:
            return BAD_POSITION, record
        ref, ref_end = places[record, REF], places[record, ALT] - 1
        if ref_end <= ref:
            return BAD_REF, record
        plain = _all_bases(text, ref, ref_end, numbers)
        row = first_row[record]
        start = places[record, ALT]
        stop = places[record, QUAL] - 1
        number = 1
        for at in range(start, stop + 1):
            if at == stop or text[at] == COMMA:
                if at == start:
                    return BAD_ALT, record
                position[row] = place
                allele[row] = number
                alt_place[row, 0] = start
                alt_place[row, 1] = at
                code[row] = allele_code(text, ref, ref_end, start, at, numbers)
                clear[row] = (
                    plain
                    and _all_bases(text, start, at, numbers)
                    and not _same_letters(text, ref, ref_end, start, at, numbers)
                )
                row += 1
                number += 1
                start = at + 1
    return 0, 0


@numba.njit(cache=True, nogil=True)
def same(text: Any, start: Any, stop: Any, other: Any, other_start: Any, other_stop: Any) -> Any:
    """Whether two pieces of text are the same."""
    if stop - start != other_stop - other_start:
        return False
    for i in range(stop - start):  # noqa: SIM110  a generator can't be compiled
        if text[start + i] != other[other_start + i]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _same_letters(
    text: Any, one: Any, one_end: Any, other: Any, other_end: Any, numbers: Any
) -> Any:
    if one_end - one != other_end - other:
        return False
    for i in range(one_end - one):  # noqa: SIM110
        if numbers[text[one + i]] != numbers[text[other + i]]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _all_bases(text: Any, start: Any, stop: Any, numbers: Any) -> Any:
    for at in range(start, stop):  # noqa: SIM110
        if numbers[text[at]] > 3:  # noqa: PLR2004  A, C, G and T are 0 to 3
            return False
    return True


@numba.njit(cache=True, nogil=True)
def natural(text: Any, start: Any, stop: Any) -> Any:
    """Whether the bytes are a number from 0 to the largest int32, and the number."""
    value = np.int64(0)
    if stop <= start or stop - start > 10:  # noqa: PLR2004  digits of the largest
        return False, value
    for at in range(start, stop):
        digit = np.int64(text[at]) - ZERO
        if digit < 0 or digit > 9:  # noqa: PLR2004
            return False, value
        value = value * 10 + digit
    return value <= LARGEST, value


@numba.njit(cache=True, nogil=True)
def fill_column(text: Any, places: Any, first_row: Any, column: Any, out: Any) -> None:
    """Where a column of the record begins and ends, for each allele; 0 and 0 for ``.``."""
    for record in range(len(places)):
        start, stop = places[record, column], places[record, column + 1] - 1
        if stop == start + 1 and text[start] == DOT:
            start = stop = 0
        for row in range(first_row[record], first_row[record + 1]):
            out[row, 0] = start
            out[row, 1] = stop


@numba.njit(cache=True, nogil=True)
def fill_dosage(text: Any, places: Any, first_row: Any, out: Any) -> Any:
    """How often the first sample carries each allele (``MISSING``: unknown).

    Returns:
        Error and record, or zeros.
    """
    for record in range(len(places)):
        row, last = first_row[record], first_row[record + 1]
        key, start = places[record, FORMAT], places[record, SAMPLE]
        given = start - 1 - key >= _GT_SIZE and text[key] == ord("G") and text[key + 1] == ord("T")
        for i in range(row, last):
            out[i] = 0 if given else MISSING
        if given and not _count_copies(text, start, places[record, END] - 1, row, last, out):
            return BAD_GENOTYPE, record
    return 0, 0


@numba.njit(cache=True, nogil=True)
def _count_copies(text: Any, start: Any, stop: Any, row: Any, last: Any, out: Any) -> Any:
    """Count the alleles of a genotype such as ``0/1``, ``1|2``, ``.``, ``1``; whether it is one.

    What an allele that is not called would be is unknown: ``./1`` carries allele 1 (at least)
    once, and how often ``./0`` carries it is missing.
    """
    unknown = start == stop or text[start] == COLON
    at = start
    while at < stop and text[at] != COLON:
        begin = at
        while at < stop and text[at] != COLON and text[at] != SLASH and text[at] != BAR:
            at += 1
        if at == begin + 1 and text[begin] == DOT:
            unknown = True
        else:
            good, number = natural(text, begin, at)
            if not good or number > last - row:
                return False
            if number:
                out[row + number - 1] += 1
        if at < stop and text[at] != COLON:
            at += 1
            if at == stop or text[at] == COLON:
                return False
    if unknown:
        for i in range(row, last):
            if not out[i]:
                out[i] = MISSING
    return True


@numba.njit(cache=True, nogil=True)
def gather(text: Any, places: Any, rows: Any, upper: Any, ends: Any, out: Any) -> None:
    """Copy pieces of ``text`` behind each other.

    Args:
        text: bytes.
        places: begin and end of the piece of each row.
        rows: rows wanted.
        upper: for each wanted row, whether to write it in upper case.
        ends: int64, where each piece ends in ``out``, after a leading 0.
        out: uint8, to fill.
    """
    to = 0
    for i in range(len(rows)):
        for at in range(places[rows[i], 0], places[rows[i], 1]):
            byte = text[at]
            out[to] = byte - 32 if upper[i] and ord("a") <= byte <= ord("z") else byte
            to += 1
        ends[i + 1] = to


@numba.njit(cache=True, nogil=True)
def _is_pass(text: Any, start: Any, stop: Any) -> Any:
    return (
        stop == start + 4
        and text[start] == ord("P")
        and text[start + 1] == ord("A")
        and text[start + 2] == ord("S")
        and text[start + 3] == ord("S")
    )


@numba.njit(cache=True, nogil=True)
def fill_passed(text: Any, places: Any, first_row: Any, out: Any) -> None:
    """1 where FILTER is ``PASS``, 0 where a filter failed, ``MISSING`` where none was applied."""
    for record in range(len(places)):
        start, stop = places[record, FILTER], places[record, INFO] - 1
        passed = np.int32(0)
        if stop == start or (stop == start + 1 and text[start] == DOT):
            passed = MISSING
        elif _is_pass(text, start, stop):
            passed = np.int32(1)
        for row in range(first_row[record], first_row[record + 1]):
            out[row] = passed


@numba.njit(cache=True, nogil=True)
def all_letters(text: Any, places: Any, rows: Any) -> Any:
    """Whether the piece of each of ``rows`` is letters only."""
    out = np.ones(len(rows), dtype=np.bool_)
    for i in range(len(rows)):
        for at in range(places[rows[i], 0], places[rows[i], 1]):
            byte = text[at] | 32
            if byte < ord("a") or byte > ord("z"):
                out[i] = False
    return out

"""Counting alleles at each position of the circle, each fragment once.

Counts of a position come from that way of writing the circle in which it lies in the middle half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from soyang.calling.mito.contig import Circle
from soyang.calling.mito.realign import Reads

BASES = "ACGT"
DELETED = len(BASES)
"""Number of the allele of a read that lacks the base."""

MIN_BASE_QUALITY = 20
_EDGE = 5
"""Aligned bases at either end of an alignment that are not counted: a read that ends near an indel
is aligned through it with mismatches."""

_MATCH, _INSERTION, _DELETION, _SKIP, _SOFT, _EQUAL, _DIFFERS = 0, 1, 2, 3, 4, 7, 8
_FORWARD, _REVERSE = 0, 1


@dataclass(frozen=True, kw_only=True)
class Indel:
    """An insertion or deletion of one read, as it was aligned.

    Attributes:
        position: 0-based; the inserted bases come before it, or the first deleted one.
        inserted: inserted bases, empty for a deletion.
        deleted: how many bases are deleted.
        read: number of the read.
    """

    position: int
    inserted: str
    deleted: int
    read: int


@dataclass(frozen=True, kw_only=True)
class Pileup:
    """Counts of one way of writing the circle.

    Attributes:
        counts: position by allele (A, C, G, T, deleted) by strand.
        errors: position: summed probability of error of the counted bases.
        indels: of all reads.
        ends: first aligned and last aligned base, exclusive, of each read.
        fragment: fragment of each read.
        reverse: strand of each read.
    """

    counts: NDArray[np.int64]
    errors: NDArray[np.float64]
    indels: tuple[Indel, ...]
    ends: NDArray[np.int64]
    fragment: NDArray[np.int64]
    reverse: NDArray[np.bool_]


def pile(reads: Reads, length: int) -> Pileup:
    """Count the bases of alignments.

    Of mates that overlap one base counts; none if they disagree.

    Args:
        reads: alignments.
        length: of the contig.
    """
    counts = np.zeros((length, len(BASES) + 1, 2), dtype=np.int64)
    errors = np.zeros(length)
    codes = np.full(256, -1, dtype=np.int8)
    for number, base in enumerate(BASES):
        codes[ord(base)] = number
    chance = 10.0 ** (-np.arange(256) / 10)
    ends = np.zeros((len(reads.start), 2), dtype=np.int64)
    found = np.zeros((len(reads.cigar), 5), dtype=np.int64)
    number = _count(
        *(reads.fragment, reads.start, reads.reverse, reads.bases, reads.qualities),
        *(reads.read_from, reads.cigar, reads.cigar_from, codes, chance),
        *(counts, errors, ends, found),
    )
    letters = reads.bases.tobytes().decode()
    indels = tuple(
        Indel(
            position=int(place),
            inserted=letters[int(first) : int(first) + int(size)],
            deleted=int(deleted),
            read=int(read),
        )
        for place, first, size, deleted, read in found[:number]
    )
    return Pileup(
        counts=counts,
        errors=errors,
        indels=indels,
        ends=ends,
        fragment=reads.fragment,
        reverse=reads.reverse,
    )


@numba.njit(cache=True, nogil=True)
def _count(
    fragment: Any,
    start: Any,
    reverse: Any,
    bases: Any,
    qualities: Any,
    read_from: Any,
    cigar: Any,
    cigar_from: Any,
    codes: Any,
    chance: Any,
    counts: Any,
    errors: Any,
    ends: Any,
    found: Any,
) -> Any:
    """Fill ``counts``, ``errors``, ``ends`` and ``found``; return the number of indels."""
    length = counts.shape[0]
    # Of each position the fragment that was counted last, its allele (-1: taken back), strand.
    last_seen = np.full((length, 3), -1, dtype=np.int64)
    chance_seen = np.zeros(length)
    number = 0
    for read in range(len(start)):
        end = _aligned_end(start[read], cigar, cigar_from[read], cigar_from[read + 1])
        ends[read, 0], ends[read, 1] = start[read], end
        first, last = start[read] + _EDGE, end - _EDGE
        strand = _REVERSE if reverse[read] else _FORWARD
        place, at = start[read], read_from[read]
        for row in range(cigar_from[read], cigar_from[read + 1]):
            kind, size = cigar[row, 0], cigar[row, 1]
            aligned = kind in (_MATCH, _EQUAL, _DIFFERS)
            if kind in (_INSERTION, _DELETION):
                found[number] = (
                    place,
                    at,
                    size if kind == _INSERTION else 0,
                    size if kind == _DELETION else 0,
                    read,
                )
                number += 1
            if aligned or kind == _DELETION:
                for i in range(size):
                    p, code, wrong = place + i, DELETED, 0.0
                    if aligned:
                        code, wrong = codes[bases[at + i]], chance[qualities[at + i]]
                        if qualities[at + i] < MIN_BASE_QUALITY:
                            continue
                    if code >= 0 and first <= p < last:
                        _add(
                            counts[p],
                            errors,
                            chance_seen,
                            last_seen[p],
                            p,
                            fragment[read],
                            code,
                            strand,
                            wrong,
                        )
            if aligned or kind in (_DELETION, _SKIP):
                place += size
            if aligned or kind in (_INSERTION, _SOFT):
                at += size
    return number


@numba.njit(cache=True, nogil=True)
def _add(
    counts: Any,
    errors: Any,
    chance_seen: Any,
    seen: Any,
    place: Any,
    fragment: Any,
    code: Any,
    strand: Any,
    wrong: Any,
) -> None:
    """Count an allele, unless the fragment's other mate was; take that back if it differs."""
    if seen[0] != fragment:
        seen[0], seen[1], seen[2] = fragment, code, strand
        chance_seen[place] = wrong
        counts[code, strand] += 1
        errors[place] += wrong
    elif seen[1] >= 0 and seen[1] != code:
        counts[seen[1], seen[2]] -= 1
        errors[place] -= chance_seen[place]
        seen[1] = -1


@numba.njit(cache=True, nogil=True)
def _aligned_end(start: Any, cigar: Any, first: Any, last: Any) -> Any:
    """Last aligned base on the contig, exclusive."""
    end = start
    for row in range(first, last):
        kind = cigar[row, 0]
        if kind in (_MATCH, _DELETION, _SKIP, _EQUAL, _DIFFERS):
            end += cigar[row, 1]
    return end


def middle(length: int) -> tuple[int, int]:
    """The middle half of a way of writing the circle: from, to (0-based, half-open)."""
    return length // 4, length // 4 + length // 2


def merged(plain: Pileup, shifted: Pileup, circle: Circle) -> tuple[Any, Any]:
    """Counts and summed chances of error of each position, from where it is far from the ends."""
    counts = np.roll(shifted.counts, circle.shift, axis=0)
    errors = np.roll(shifted.errors, circle.shift)
    first, last = middle(len(circle))
    counts[first:last] = plain.counts[first:last]
    errors[first:last] = plain.errors[first:last]
    return counts, errors

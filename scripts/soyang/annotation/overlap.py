"""Which sites touch which transcripts, and where, told from coordinates alone.

Coordinates are 0-based and half-open. The work is done in compiled loops over arrays: four
million sites take about a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.annotation.gff import Transcripts
from soyang.annotation.index import Flags, Index, Ints
from soyang.annotation.terms import UNCLEAR

TERMS = (
    UNCLEAR,
    "non_coding_transcript_variant",
    "intron_variant",
    "coding_sequence_variant",
    "5_prime_UTR_variant",
    "3_prime_UTR_variant",
)
"""What coordinates alone justify; :attr:`Pairs.term` counts in it."""
_UNCLEAR, _NON_CODING, _INTRON, _CODING, _FIVE_PRIME, _THREE_PRIME = range(len(TERMS))

_LETTERS = np.zeros(256, dtype=np.bool_)
_LETTERS[[ord(letter) for letter in "ACGTNacgtn"]] = True
_LOWER = 32
"""The bit that makes an ASCII letter lower case."""


@dataclass(frozen=True)
class Changes:
    """What sites change of the reference.

    Attributes:
        start: 0-based start of the changed bases.
        end: their end; the same as start for an insertion.
        clear: whether ref and alt are sequences that differ (of A, C, G, T, N, in either
            case; no ``<DEL>``, ``*``, ``.``, breakend, nor other IUPAC letters).
    """

    start: Ints
    end: Ints
    clear: Flags


@dataclass(frozen=True)
class Pairs:
    """Sites and transcripts that they touch.

    Attributes:
        site: row of the site.
        transcript: row of the transcript in its table.
        term: what coordinates justify, a place in :data:`TERMS`.
    """

    site: Ints
    transcript: Ints
    term: npt.NDArray[np.uint8]


def changes(sites: pl.DataFrame) -> Changes:
    """What each site changes; an allele that is no sequence changes all of ref.

    Args:
        sites: columns position (1-based), ref, alt.
    """
    ref, ref_ends = _text(sites["ref"])
    alt, alt_ends = _text(sites["alt"])
    size = sites.height
    start, end = np.empty(size, np.int64), np.empty(size, np.int64)
    clear = np.empty(size, np.bool_)
    first = sites["position"].cast(pl.Int64).to_numpy() - 1
    _trim(ref, ref_ends, alt, alt_ends, first, _LETTERS, start, end, clear)
    return Changes(start, end, clear)


def near(sites: pl.DataFrame, index: Index) -> Flags:
    """Whether each site's ref reaches an exon or its surroundings.

    Args:
        sites: columns contig, position (1-based), ref; all of them.
        index: the transcripts.
    """
    found = np.zeros(sites.height, dtype=np.bool_)
    first = sites["position"].cast(pl.Int64).to_numpy() - 1
    last = first + sites["ref"].str.len_bytes().cast(pl.Int64).to_numpy()
    for contig, rows in _blocks(sites):
        if contig in index.near:
            start, end = index.near[contig]
            # One base on each side, for what an insertion stands between.
            _reach(first[rows] - 1, last[rows] + 1, start, end, found[rows])
    return found


def pairs(sites: pl.DataFrame, changed: Changes, index: Index) -> Pairs:
    """Each site with each transcript whose span it changes.

    Args:
        sites: column contig, each contig's sites in one block.
        changed: :func:`changes` of the same sites.
        index: the transcripts.
    """
    blocks = [
        _contig_pairs(rows, changed, index, *index.contigs[contig])
        for contig, rows in _blocks(sites)
        if contig in index.contigs
    ]
    empty = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8))
    every = [empty, *blocks]
    return Pairs(
        np.concatenate([block.site for block in every]),
        np.concatenate([block.transcript for block in every]),
        np.concatenate([block.term for block in every]),
    )


def _contig_pairs(rows: slice, changed: Changes, index: Index, low: int, high: int) -> Pairs:
    start, end, clear = changed.start[rows], changed.end[rows], changed.clear[rows]
    count = np.zeros(len(start) + 1, dtype=np.int64)
    _count(start, end, index.start, index.end, index.reach, low, high, count)
    total = np.cumsum(count)
    site, number = np.empty(total[-1], np.int64), np.empty(total[-1], np.int64)
    term = np.empty(total[-1], np.uint8)
    spans = (index.start, index.end, index.reach, index.coding_start, index.coding_end)
    flags = (index.minus, index.coding)
    exons = (index.exons.offset, index.exons.start, index.exons.end)
    translated = (index.translated.offset, index.translated.start, index.translated.end)
    out = (total, site, number, term)
    _fill(start, end, clear, spans, flags, exons, translated, low, high, out)
    return Pairs(site + rows.start, index.row[number], term)


def touching(sites: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Pairs of a site and a transcript whose span it changes, and the SO term that this justifies.

    Args:
        sites: columns site, contig, position, ref, alt, each contig's sites in one block.
        known: the transcripts.

    Returns:
        Columns site, id, term.
    """
    found = pairs(sites, changes(sites), known.index)
    return pl.DataFrame(
        {
            "site": sites["site"].gather(found.site),
            "id": known.table["id"].gather(found.transcript),
            "term": pl.Series(TERMS).gather(found.term),
        }
    )


def _text(texts: pl.Series) -> tuple[npt.NDArray[np.uint8], Ints]:
    """Bytes of a column of text without missing values, and where each value ends (from 0)."""
    ends = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(texts.str.len_bytes().to_numpy(), out=ends[1:])
    joined = "".join(texts.to_list()).encode("utf-8")
    return np.frombuffer(joined, dtype=np.uint8), ends


def _blocks(sites: pl.DataFrame) -> list[tuple[str, slice]]:
    """Contigs and the rows of their sites."""
    runs = sites.select("contig", run=pl.col("contig").rle_id()).with_row_index("row")
    table = runs.group_by("run", maintain_order=True).agg(
        pl.col("contig").first(), first=pl.col("row").min(), last=pl.col("row").max()
    )
    return [(name, slice(first, last + 1)) for _, name, first, last in table.iter_rows()]


@numba.njit(cache=True, nogil=True)
def _trim(
    ref: Any, ref_ends: Any, alt: Any, alt_ends: Any, first: Any, letters: Any,
    start: Any, end: Any, clear: Any,
) -> None:  # fmt: skip
    """Strip what ref and alt share: leading bases first, then trailing ones."""
    for i in range(len(first)):
        r, r_end, a, a_end = ref_ends[i], ref_ends[i + 1], alt_ends[i], alt_ends[i + 1]
        sound = r_end > r and a_end > a
        for k in range(r, r_end):
            sound = sound and letters[ref[k]]
        for k in range(a, a_end):
            sound = sound and letters[alt[k]]
        low, high = 0, 0
        if sound:
            shorter = min(r_end - r, a_end - a)
            while low < shorter and (ref[r + low] | _LOWER) == (alt[a + low] | _LOWER):
                low += 1
            while high < shorter - low and (
                (ref[r_end - 1 - high] | _LOWER) == (alt[a_end - 1 - high] | _LOWER)
            ):
                high += 1
            sound = low + high < max(r_end - r, a_end - a)
        clear[i] = sound
        start[i] = first[i] + (low if sound else 0)
        end[i] = first[i] + r_end - r - (high if sound else 0)


@numba.njit(cache=True, nogil=True)
def _before(values: Any, low: Any, high: Any, limit: Any) -> Any:
    """How far ``values[low:high]``, which rise, stay below ``limit``: the place behind them."""
    while low < high:
        middle = (low + high) // 2
        if values[middle] < limit:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True)
def _reach(first: Any, last: Any, start: Any, end: Any, found: Any) -> None:
    for i in range(len(first)):
        k = _before(start, 0, len(start), last[i])
        found[i] = k > 0 and end[k - 1] > first[i]


@numba.njit(cache=True, nogil=True)
def _count(
    start: Any, end: Any, t_start: Any, t_end: Any, reach: Any, low: Any, high: Any, count: Any
) -> None:
    """Transcripts that each site touches, one place further in ``count``."""
    for i in range(len(start)):
        k = _before(t_start, low, high, end[i]) - 1
        while k >= low and reach[k] > start[i]:
            if t_end[k] > start[i]:
                count[i + 1] += 1
            k -= 1


@numba.njit(cache=True, nogil=True)
def _inside(parts: Any, number: Any, start: Any, end: Any) -> Any:
    offset, part_start, part_end = parts
    low = offset[number]
    k = _before(part_start, low, offset[number + 1], end)
    return k > low and part_end[k - 1] > start


@numba.njit(cache=True, nogil=True)
def _fill(
    start: Any, end: Any, clear: Any, spans: Any, flags: Any, exons: Any, translated: Any,
    low: Any, high: Any, out: Any,
) -> None:  # fmt: skip
    t_start, t_end, reach, coding_start, coding_end = spans
    minus, coding = flags
    place, site, number, term = out
    for i in range(len(start)):
        at = place[i]
        k = _before(t_start, low, high, end[i]) - 1
        while k >= low and reach[k] > start[i]:
            if t_end[k] > start[i]:
                before = end[i] <= coding_start[k]
                if minus[k]:
                    before = start[i] >= coding_end[k]
                if not clear[i]:
                    what = _UNCLEAR
                elif not coding[k]:
                    what = _NON_CODING
                elif not _inside(exons, k, start[i], end[i]):
                    what = _INTRON
                elif _inside(translated, k, start[i], end[i]):
                    what = _CODING
                else:
                    what = _FIVE_PRIME if before else _THREE_PRIME
                site[at], number[at], term[at] = i, k, what
                at += 1
            k -= 1

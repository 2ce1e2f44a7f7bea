"""Predicted protein change of single-base substitutions in coding parts, many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from bioutils.sequences import aa1_to_aa3_lut

from soyang.annotation.alleles import Ints
from soyang.annotation.layout import Flags
from soyang.annotation.protein import START_CHANGED, UNPREDICTABLE, Message, translate

_BASES = "ACGT"
_CODONS = [a + b + c for a in _BASES for b in _BASES for c in _BASES]
_RESIDUES = np.array([aa1_to_aa3_lut[translate(codon)] for codon in _CODONS] + ["?"])
_UNKNOWN_CODON = len(_CODONS)
_STOP = "Ter"
_SELENOCYSTEINE = "Sec"


def predict(
    rows: pl.DataFrame, messages: Mapping[int, Message]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """HGVS p. of substitutions, without accession.

    Args:
        rows: columns row, tx (number of the transcript), base (1-based, in the spliced
            transcript), inserted (one base on the transcript's strand); all inside coding parts.
        messages: the transcripts by number.

    Returns:
        Columns row, tx, hgvs_p; and the rows that change a stop codon, which need the
        sequence behind it and are left to :mod:`soyang.annotation.protein`.
    """
    if rows.is_empty():
        return rows.select("row", "tx", pl.lit("").alias("hgvs_p")), rows
    codons = _codons(rows, messages)
    old, new = _RESIDUES[codons.before], _RESIDUES[codons.after]
    old = np.where((old == _STOP) & (codons.number < codons.count), _SELENOCYSTEINE, old)
    frame = pl.DataFrame({"old": old, "new": new, "number": codons.number, "sound": codons.sound})
    unknown = ~pl.col("sound") | (pl.col("old") == "?") | (pl.col("new") == "?")
    text = (
        pl.when(unknown)
        .then(pl.lit(UNPREDICTABLE))
        .when(pl.col("number") == 1)
        .then(pl.lit(START_CHANGED))
        .when(pl.col("old") == pl.col("new"))
        .then(pl.format("p.({}{}=)", "old", "number"))
        .otherwise(pl.format("p.({}{}{})", "old", "number", "new"))
    )
    named = rows.select("row", "tx").with_columns(frame.select(text.alias("hgvs_p")))
    stops = pl.Series((old == _STOP) & codons.sound)
    return named.filter(~stops), rows.filter(stops)


@dataclass(frozen=True)
class _Codons:
    """Codons of substitutions.

    Attributes:
        before: each one's codon as a number.
        after: the changed one.
        number: its residue, from 1.
        count: codons of the transcript.
        sound: whether the transcript's coding part is (:attr:`Message.sound`).
    """

    before: Ints
    after: Ints
    number: Ints
    count: Ints
    sound: Flags


def _codons(rows: pl.DataFrame, messages: Mapping[int, Message]) -> _Codons:
    names, which = np.unique(rows["tx"].to_numpy(), return_inverse=True)
    coding = [m.sequence[m.cds_start : m.cds_end] for m in map(messages.__getitem__, names)]
    lead = np.array([messages[n].cds_start for n in names], dtype=np.int64)
    sizes = np.array([len(text) for text in coding], dtype=np.int64)
    codes = _code(np.frombuffer("".join(coding).encode("ascii"), np.uint8))
    begin = np.cumsum(sizes) - sizes
    place = rows["base"].to_numpy() - 1 - lead[which]
    first = begin[which] + place - place % 3
    codon = np.stack([codes[np.minimum(first + k, len(codes) - 1)] for k in range(3)])
    changed = codon.copy()
    alt = np.frombuffer("".join(rows["inserted"].to_list()).encode("ascii"), np.uint8)
    changed[place % 3, np.arange(len(place))] = _code(alt)
    sound = _sound(codes, begin, sizes)[which]
    return _Codons(_index(codon), _index(changed), place // 3 + 1, sizes[which] // 3, sound)


def _sound(codes: Ints, begin: Ints, sizes: Ints) -> Flags:
    """:attr:`Message.sound` of coding parts that stand one after the other."""
    known = np.minimum.reduceat(codes, begin) >= 0
    ends = begin + sizes
    last = np.stack([codes[np.maximum(ends - k, 0)] for k in (3, 2, 1)])
    stops = _RESIDUES[_index(last)] == _STOP
    return np.asarray(known & stops & (sizes % 3 == 0))


def _code(bases: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Ints:
    """A, C, G, T as 0 to 3, anything else as -1."""
    lookup = np.full(256, -1, dtype=np.int64)
    lookup[[ord(base) for base in _BASES]] = range(len(_BASES))
    return np.asarray(lookup[bases], dtype=np.int64)


def _index(codon: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Ints:
    number = codon[0] * 16 + codon[1] * 4 + codon[2]
    return np.asarray(np.where((codon < 0).any(axis=0), _UNKNOWN_CODON, number), dtype=np.int64)

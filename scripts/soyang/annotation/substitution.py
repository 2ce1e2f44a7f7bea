"""Predicted protein change of single-base substitutions in coding parts, many at once."""

from __future__ import annotations

import numpy as np
import polars as pl
from bioutils.sequences import aa1_to_aa3_lut

from soyang.annotation.alleles import Ints
from soyang.annotation.protein import START_CHANGED, UNPREDICTABLE, Message, translate

_BASES = "ACGT"
_CODONS = [a + b + c for a in _BASES for b in _BASES for c in _BASES]
_RESIDUES = np.array([aa1_to_aa3_lut[translate(codon)] for codon in _CODONS] + ["?"])
_UNKNOWN_CODON = len(_CODONS)
_STOP = "Ter"
_SELENOCYSTEINE = "Sec"


def predict(rows: pl.DataFrame, messages: dict[str, Message]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """HGVS p. of substitutions, without accession.

    Args:
        rows: columns site, id, base (1-based, in the spliced transcript), inserted (one base
            on the transcript's strand); all inside coding parts.
        messages: the transcripts by id.

    Returns:
        Columns site, id, hgvs_p; and the rows that change a stop codon, which need the
        sequence behind it and are left to :mod:`soyang.annotation.protein`.
    """
    if rows.is_empty():
        return rows.select("site", "id", pl.lit("").alias("hgvs_p")), rows
    before, after, number, sound = _codons(rows, messages)
    old, new = _RESIDUES[before], _RESIDUES[after]
    last = np.array([(m.cds_end - m.cds_start) // 3 for m in map(messages.get, rows["id"]) if m])
    old = np.where((old == _STOP) & (number < last), _SELENOCYSTEINE, old)
    frame = pl.DataFrame({"old": old, "new": new, "number": number, "sound": sound})
    text = (
        pl.when(~pl.col("sound") | (pl.col("old") == "?") | (pl.col("new") == "?"))
        .then(pl.lit(UNPREDICTABLE))
        .when(pl.col("number") == 1)
        .then(pl.lit(START_CHANGED))
        .when(pl.col("old") == pl.col("new"))
        .then(pl.format("p.({}{}=)", "old", "number"))
        .otherwise(pl.format("p.({}{}{})", "old", "number", "new"))
    )
    named = rows.select("site", "id").with_columns(frame.select(text.alias("hgvs_p")))
    stops = pl.Series((old == _STOP) & sound)
    return named.filter(~stops), rows.filter(stops)


def _codons(
    rows: pl.DataFrame, messages: dict[str, Message]
) -> tuple[Ints, Ints, Ints, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Codon numbers before and after, the residue's number (1-based), and soundness."""
    names = rows["id"].unique().sort().to_list()
    coding = [messages[n].sequence[messages[n].cds_start : messages[n].cds_end] for n in names]
    sizes = np.array([len(text) for text in coding], dtype=np.int64)
    codes = _code(np.frombuffer("".join(coding).encode("ascii"), np.uint8))
    table = pl.DataFrame(
        {
            "id": names,
            "from": np.cumsum(sizes) - sizes,
            "lead": [messages[n].cds_start for n in names],
            "sound": [messages[n].sound for n in names],
        }
    )
    wide = rows.select("id", "base", "inserted").join(table, on="id", how="left",
                                                      maintain_order="left")  # fmt: skip
    place = wide["base"].to_numpy() - 1 - wide["lead"].to_numpy()
    first = wide["from"].to_numpy() + place - place % 3
    codon = np.stack([codes[np.minimum(first + k, len(codes) - 1)] for k in range(3)])
    changed = codon.copy()
    alt = np.frombuffer("".join(wide["inserted"].to_list()).encode("ascii"), np.uint8)
    changed[place % 3, np.arange(len(place))] = _code(alt)
    return _index(codon), _index(changed), place // 3 + 1, wide["sound"].to_numpy()


def _code(bases: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Ints:
    """A, C, G, T as 0 to 3, anything else as -1."""
    lookup = np.full(256, -1, dtype=np.int64)
    lookup[[ord(base) for base in _BASES]] = range(len(_BASES))
    return np.asarray(lookup[bases], dtype=np.int64)


def _index(codon: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Ints:
    number = codon[0] * 16 + codon[1] * 4 + codon[2]
    return np.asarray(np.where((codon < 0).any(axis=0), _UNKNOWN_CODON, number), dtype=np.int64)

"""Where on its transcript a variant lies, and whether NMD sees the stop codon that it makes.

All is told from coordinates and HGVS names, so it is the same for each consequence engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from soyang.annotation.alleles import Ints
from soyang.annotation.layout import Flags, Layout

JUNCTION_NT = 50
"""A stop codon that begins within this many bases before the last exon-exon junction is not seen.
"More than 50-55 nucleotides upstream" is: Nagy & Maquat 1998, Trends Biochem Sci 23:198; 50 as
ClinGen's PVS1 decision tree takes it, Abou Tayoun et al. 2018, Hum Mutat 39:1517."""

START_NT = 150
"""A stop codon less than this far from the start codon often escapes: Lindeboom, Supek & Lehner
2016, Nat Genet 48:1112."""

LONG_EXON_NT = 407
"""A stop codon in an exon longer than this often escapes: the same."""

_FAR = np.int64(2**40)
_FIRST = r"p\.\([A-Za-z]{3}(\d+)"


@dataclass(frozen=True)
class _Span:
    """The exons (numbers in :attr:`Layout.exons`) at or before both ends of each change."""

    first: Ints
    last: Ints
    here: Ints
    there: Ints
    exonic: Flags
    exonic_last: Flags


def places(layout: Layout, tx: Ints, first: Ints, last: Ints) -> pl.DataFrame:
    """Exon, intron, whether the last exon, and distance to the nearest splice site.

    Args:
        layout: the transcripts.
        tx: number of the transcript of each row, which the change must touch.
        first: 1-based first base changed (or flanking an insertion) on the chromosome.
        last: the last one. What reaches out of the transcript is not looked at.

    Returns:
        Columns exon, intron, last_exon, splice_distance, as ``annotation.described`` has them.
    """
    exons, minus = layout.exons, layout.minus[tx]
    begin, end = exons.begin[tx], exons.begin[tx + 1]
    first = np.clip(first, exons.start[begin] + 1, exons.end[end - 1])
    last = np.clip(last, first, exons.end[end - 1])
    here, there = exons.before(tx, first - 1), exons.before(tx, last - 1)
    exonic, exonic_last = first <= exons.end[here], last <= exons.end[there]
    span = _Span(first, last, here, there, exonic, exonic_last)
    count = end - begin
    exon = _numbers(here + ~exonic - begin, there - begin, count, minus)
    intron = _numbers(here - begin, there - exonic_last - begin, count - 1, minus)
    in_exon, in_intron = exon[0] <= exon[1], intron[0] <= intron[1]
    distance = _distance(layout, span, begin, end)
    distance = np.where(in_exon, np.where(in_intron, 0, -distance), distance)
    return pl.DataFrame(
        {
            "exon": _texts(*exon, count, in_exon),
            "intron": _texts(*intron, count - 1, in_intron),
            "last_exon": _unless(~in_exon, exon[1] == count),
            "splice_distance": _unless(count == 1, distance).cast(pl.Int32),
        }
    )


def _numbers(low: Ints, high: Ints, count: Ints, minus: Flags) -> tuple[Ints, Ints]:
    """Numbers in transcript order, from 1, of parts that count from 0 along the chromosome."""
    return np.where(minus, count - high, low + 1), np.where(minus, count - low, high + 1)


def _texts(low: Ints, high: Ints, count: Ints, here: Flags) -> pl.Series:
    frame = pl.DataFrame({"low": low, "high": high, "count": count})
    more = pl.when(pl.col("high") > pl.col("low")).then(pl.format("-{}", "high"))
    text = pl.concat_str("low", more.otherwise(pl.lit("")), pl.lit("/"), "count")
    return _unless(~here, frame.select(text.alias("text")).to_series())


def _unless(missing: Flags, values: pl.Series | Ints | Flags) -> pl.Series:
    frame = pl.DataFrame({"value": values, "missing": missing})
    return frame.select(pl.when(~pl.col("missing")).then("value").alias("value")).to_series()


def _distance(layout: Layout, span: _Span, begin: Ints, end: Ints) -> Ints:
    """Bases from the change to the nearest boundary of the one exon or intron it lies in.

    Transcripts' outer ends are no boundaries; the base next to one is 1 from it.
    """
    exons, here = layout.exons, span.here
    after = np.minimum(here + 1, len(exons.start) - 1)
    left = np.where(
        span.exonic,
        np.where(here > begin, span.first - exons.start[here], _FAR),
        span.first - exons.end[here],
    )
    right = np.where(
        span.exonic,
        np.where(here < end - 1, exons.end[here] + 1 - span.last, _FAR),
        exons.start[after] + 1 - span.last,
    )
    return np.minimum(left, right)


def residue() -> pl.Expr:
    """Number of the residue whose codon holds the first coding base changed.

    From columns that :func:`~soyang.annotation.dna.placed` gives; of an insertion, the base
    before it. Missing where no coding base is changed.
    """
    # A base with an offset is the exon's base beside the intron: on the donor side (+) it is
    # before the change, on the acceptor side (-) the change may reach it.
    low = pl.col("base") + (pl.col("offset") > 0).cast(pl.Int64)
    high = pl.col("base_last") - (pl.col("offset_last") < 0).cast(pl.Int64)
    start, end = pl.col("cds_start"), pl.col("cds_end")
    inserts = pl.col("kind") == "ins"
    touched = pl.when(inserts).then(
        (low > start) & (low < end) & (pl.col("offset") == 0)
    ).otherwise((low <= high) & (low <= end) & (high > start))  # fmt: skip
    codon = (pl.max_horizontal(low, start + 1) - start - 1) // 3 + 1
    return pl.when(touched).then(codon).cast(pl.Int32).alias("protein_position")


def decay(events: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Whether nonsense-mediated decay is predicted of transcripts with a premature stop codon.

    Args:
        events: :func:`~soyang.annotation.dna.placed` events with row, consequence, hgvs_p.
        layout: the transcripts.

    Returns:
        Columns row, nmd (see ``annotation.described``); rows without a stop codon that HGVS p.
        places before the normal one are left out.
    """
    premature = pl.col("consequence").str.contains("stop_gained|frameshift_variant")
    rows = (
        events.filter(pl.col("hgvs_p").str.contains("Ter") & premature)
        .with_columns(_new_stop(), *_edit())
        .filter(pl.col("stop") * 3 < pl.col("cds_end") - pl.col("cds_start"))
    )
    if rows.is_empty():
        return pl.DataFrame(schema={"row": pl.Int64, "nmd": pl.String})
    stop = pl.col("cds_start") + 3 * (pl.col("stop") - 1)
    moved = rows.with_columns(stop_base=stop).with_columns(_exons(rows, layout))
    return moved.with_columns(
        # Both the junction and the stop codon are counted in the changed transcript.
        junction=pl.col("junction")
        + pl.when(pl.col("start") < pl.col("junction")).then("growth").otherwise(0),
        length=_length_at(moved, layout),
    ).select("row", _verdict().alias("nmd"))


def brought_stops(events: pl.DataFrame) -> pl.Series:
    """Rows whose new reading frame ends within the codons that hold the bases put in.

    Args:
        events: :func:`~soyang.annotation.dna.placed` events with row and hgvs_p.
    """
    rows = events.filter(pl.col("hgvs_p").str.contains("fsTer")).with_columns(_new_stop(), *_edit())
    place = pl.col("start") - pl.col("cds_start")
    gone = pl.col("inserted").str.len_bytes().cast(pl.Int64) - pl.col("growth")
    first, behind = place // 3, (place + gone + 2) // 3
    # Between two codons nothing but the insertion is looked at; else the codons it breaks too.
    codons = ((behind - first) * 3 + pl.col("growth")) // 3
    return rows.filter(pl.col("stop") <= first + codons)["row"]


def _new_stop() -> pl.Expr:
    """Number of the residue that HGVS p. says a stop codon now stands for."""
    text = pl.col("hgvs_p")
    first = text.str.extract(_FIRST).cast(pl.Int64)
    shifted = text.str.extract(r"fsTer(\d+)\)$").cast(pl.Int64)
    put_in = text.str.extract(r"ins((?:[A-Za-z]{3})*)Ter\)$").str.len_bytes().cast(pl.Int64) // 3
    return (
        pl.when(text.str.contains(r"\(\w{3}\d+Ter\)$"))
        .then(first)
        .when(text.str.contains(r"delins\w*Ter\)$"))
        .then(first + put_in)
        .when(text.str.contains(r"ins\w*Ter\)$"))
        .then(first + 1 + put_in)
        .otherwise(first + shifted - 1)
        .alias("stop")
    )


def _edit() -> tuple[pl.Expr, pl.Expr]:
    """Where the change begins in the spliced transcript (0-based), and the bases it adds."""
    kind = pl.col("kind")
    start = (
        pl.when(kind == "ins")
        .then("base")
        .when(kind == "dup")
        .then("base_last")
        .otherwise(pl.col("base") - 1)
    )
    size = pl.col("last") - pl.col("first") + 1
    gone = pl.when(kind.is_in(["ins", "dup"])).then(0).otherwise(size)
    added = pl.col("inserted").str.len_bytes().cast(pl.Int64)
    return start.alias("start"), (added - gone).alias("growth")


def _exons(rows: pl.DataFrame, layout: Layout) -> list[pl.Series]:
    """How many exons the transcripts have, and where (0-based) their last one begins."""
    exons, tx = layout.exons, rows["tx"].to_numpy()
    begin, end = exons.begin[tx], exons.begin[tx + 1]
    last = np.where(layout.minus[tx], begin, end - 1)
    return [pl.Series("exons", end - begin), pl.Series("junction", exons.first[last])]


def _length_at(rows: pl.DataFrame, layout: Layout) -> pl.Series:
    """Length of the exon that the new stop codon begins in."""
    before = pl.col("stop_base") < pl.col("start")
    place = pl.max_horizontal(pl.col("stop_base") - pl.col("growth"), "start")
    at = rows.select(pl.when(before).then("stop_base").otherwise(place)).to_series().to_numpy()
    lengths = []
    for tx, base in zip(rows["tx"].to_list(), at.tolist(), strict=True):
        part = slice(layout.exons.begin[tx], layout.exons.begin[tx + 1])
        first = layout.exons.first[part]
        size = layout.exons.end[part] - layout.exons.start[part]
        lengths.append(int(size[(first <= base) & (base < first + size)].sum()))
    return pl.Series("length", lengths, dtype=pl.Int64)


def _verdict() -> pl.Expr:
    to_junction = pl.col("junction") - pl.col("stop_base")
    return (
        pl.when(pl.col("exons") == 1)
        .then(pl.lit("escapes_single_exon"))
        .when(to_junction <= 0)
        .then(pl.lit("escapes_last_exon"))
        .when(to_junction <= JUNCTION_NT)
        .then(pl.lit("escapes_last_junction"))
        .when(3 * (pl.col("stop") - 1) < START_NT)
        .then(pl.lit("escapes_start_proximal"))
        .when(pl.col("length") > LONG_EXON_NT)
        .then(pl.lit("escapes_long_exon"))
        .otherwise(pl.lit("triggers"))
    )

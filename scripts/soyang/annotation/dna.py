"""HGVS names of DNA changes, many at once.

Rules: HGVS Nomenclature 21.0, recommendations on DNA: priority substitution, deletion,
inversion, duplication, insertion, deletion-insertion; 3' rule; an intron's middle base
counts from the exon before it. Positions are 1-based here.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from soyang.annotation.alleles import Bases, Ints, complement, shift, trim
from soyang.annotation.gff import Transcripts
from soyang.annotation.layout import Flags, Layout
from soyang.core.assembly import Assembly, bare

_OF_TRANSCRIPT = ("strand", "coding", "cds_start", "cds_end", "whole")
_LETTERS = ("A", "C", "G", "T", "N")


def single_bases() -> pl.Expr:
    """Whether ref and alt are one base each and differ: most sites, whose names need no shift."""
    ref, alt = pl.col("ref"), pl.col("alt")
    return ref.is_in(_LETTERS) & alt.is_in(_LETTERS) & (ref != alt)


def events(sites: pl.DataFrame, sequence: Bases, *, rightwards: bool) -> pl.DataFrame:
    """What each site changes, moved as far as it goes, and what HGVS calls it.

    Args:
        sites: columns site, position, ref, alt of one contig; sequence alleles only.
        sequence: that contig.
        rightwards: direction of the 3' end: right for the chromosome and for transcripts on
            the plus strand, left for those on the minus strand.

    Returns:
        Columns site, kind (sub, del, inv, dup, ins, delins), first and last (1-based: the
        bases changed, or those that flank an insertion), deleted, inserted.
    """
    moved = shift(trim(sites), sequence, rightwards=rightwards)
    out, into = pl.col("deleted"), pl.col("inserted")
    size = into.str.len_bytes().cast(pl.Int64)
    kind = (
        pl.when((out.str.len_bytes() == 1) & (size == 1))
        .then(pl.lit("sub"))
        .when(into == "")
        .then(pl.lit("del"))
        .when("duplicates")
        .then(pl.lit("dup"))
        .when(out == "")
        .then(pl.lit("ins"))
        .when(out == complement(into))
        .then(pl.lit("inv"))
        .otherwise(pl.lit("delins"))
    )
    start = pl.col("start")
    dup_first = start - size + 1 if rightwards else start + 1
    first = pl.when(pl.col("kind") == "dup").then(dup_first)
    last = pl.when(pl.col("kind") == "dup").then(dup_first + size - 1)
    inserts = pl.col("kind") == "ins"
    return moved.with_columns(kind=kind).select(
        "site",
        "kind",
        first.when(inserts).then(start).otherwise(start + 1).alias("first"),
        last.when(inserts).then(start + 1).otherwise("end").alias("last"),
        "deleted",
        "inserted",
    )


def body(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """The part of an HGVS name behind ``g.`` or ``c.``.

    Args:
        first: label of the first base, text.
        last: label of the last one. The columns kind, deleted and inserted say the rest.
    """
    place = pl.when(first == last).then(first).otherwise(pl.concat_str(first, pl.lit("_"), last))
    kind, inserted = pl.col("kind"), pl.col("inserted")
    return (
        pl.when(kind == "sub")
        .then(substitution(first))
        .when(kind.is_in(["ins", "delins"]))
        .then(pl.concat_str(place, kind, inserted))
        .otherwise(pl.concat_str(place, kind))
    )


def substitution(label: pl.Expr) -> pl.Expr:
    """:func:`body` where the kind is known to be a substitution, from deleted and inserted."""
    return pl.concat_str(label, "deleted", pl.lit(">"), "inserted")


def genomic(changes: pl.DataFrame, contig: str, assembly: Assembly) -> pl.DataFrame:
    """HGVS g. names (m. on the mitochondrion) of events moved to the right.

    Returns:
        Columns site, hgvs_g.
    """
    labels = [pl.col(end).cast(pl.String) for end in ("first", "last")]
    head = pl.lit(prefix(contig, assembly))
    return changes.select("site", pl.concat_str(head, body(*labels)).alias("hgvs_g"))


def prefix(contig: str, assembly: Assembly) -> str:
    """Accession, and ``g.`` or ``m.``; contigs beyond the chromosomes keep their own name."""
    try:
        accession = assembly.accession(contig)
    except KeyError:
        accession = contig
    return f"{accession}:{'m' if bare(contig) == 'M' else 'g'}."


def locate(places: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Map genome positions into transcripts.

    Args:
        places: columns id (transcript) and position (1-based), any others.
        known: the transcripts.

    Returns:
        ``places`` in the same order with base (1-based in the spliced transcript) and
        offset (0 in an exon; into the intron, signed); missing outside the transcript.
    """
    layout = Layout.of(known)
    position = places["position"].to_numpy()
    return places.with_columns(located(layout, layout.numbers(places["id"]), position))


def located(layout: Layout, tx: Ints, position: Ints, suffix: str = "") -> list[pl.Series]:
    """:meth:`Layout.locate` as columns base and offset, missing outside the transcript."""
    base, offset, inside = layout.locate(tx, position)
    outside = pl.Series(~inside)
    return [
        pl.Series(f"{name}{suffix}", values).set(outside, None)
        for name, values in (("base", base), ("offset", offset))
    ]


def label(base: pl.Expr, offset: pl.Expr) -> pl.Expr:
    """HGVS position in a transcript, from columns cds_start and cds_end (0-based, half-open).

    Without them (no coding part) the position counts from the transcript's first base.
    """
    start, end = pl.col("cds_start"), pl.col("cds_end")
    behind = (base > end).fill_null(False)
    number = (
        pl.when(start.is_null())
        .then(base)
        .when(base <= start)
        .then(base - start - 1)
        .when(behind)
        .then(base - end)
        .otherwise(base - start)
    )
    return pl.concat_str(
        pl.when(behind).then(pl.lit("*")).otherwise(pl.lit("")),
        number,
        pl.when(offset > 0).then(pl.lit("+")).otherwise(pl.lit("")),
        pl.when(offset == 0).then(pl.lit("")).otherwise(offset.cast(pl.String)),
    )


def placed(changes: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Events in transcript coordinates.

    Args:
        changes: columns tx (number of the transcript), kind, first, last, deleted, inserted
            (genome's strand).
        layout: the transcripts.

    Returns:
        ``changes`` in the same order on the transcript's strand, with base and offset of its
        5' end (``base``, ``offset``) and 3' end (``base_last``, ``offset_last``), and the
        transcript's strand, coding, cds_start, cds_end, whole.
    """
    tx = changes["tx"].to_numpy()
    minus = layout.minus[tx]
    first, last = changes["first"].to_numpy(), changes["last"].to_numpy()
    head = located(layout, tx, np.where(minus, last, first))
    if np.array_equal(first, last):
        tail = [part.alias(f"{part.name}_last") for part in head]
    else:
        tail = located(layout, tx, np.where(minus, first, last), "_last")
    return changes.with_columns(
        *layout.of_each(tx, _OF_TRANSCRIPT).get_columns(),
        *head,
        *tail,
        *(_sense(changes[name], minus) for name in ("deleted", "inserted")),
    )


def _sense(bases: pl.Series, minus: Flags) -> pl.Series:
    """Alleles on the transcript's strand; there are few different ones among many."""
    unique = bases.unique().to_frame("bases").with_columns(other=complement(pl.col("bases")))
    rows = bases.to_frame("bases").with_columns(minus=pl.Series(minus, dtype=pl.Boolean))
    both = rows.join(unique, on="bases", how="left", maintain_order="left")
    return both.select(
        pl.when("minus").then("other").otherwise("bases").alias(bases.name)
    ).to_series()


def coding_names(events: pl.DataFrame, layout: Layout) -> pl.Series:
    """HGVS c. (n. without a coding part) of :func:`placed` events; missing outside."""
    heads = layout.table.select(
        pl.concat_str(
            "transcript", pl.when("coding").then(pl.lit(":c.")).otherwise(pl.lit(":n."))
        ).alias("head")
    )
    first = label(pl.col("base"), pl.col("offset"))
    if (events["kind"] == "sub").all():
        name = substitution(first)
    else:
        name = body(first, label(pl.col("base_last"), pl.col("offset_last")))
    head = heads["head"][events["tx"]]
    return (
        events.with_columns(head=head)
        .select(pl.concat_str("head", name).alias("hgvs_c"))
        .to_series()
    )

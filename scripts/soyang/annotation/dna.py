"""HGVS names of DNA changes, many at once.

Rules: HGVS Nomenclature 21.0, recommendations on DNA: priority substitution, deletion,
inversion, duplication, insertion, deletion-insertion; 3' rule; an intron's middle base
counts from the exon before it. Positions are 1-based here.
"""

from __future__ import annotations

import polars as pl

from soyang.annotation.alleles import Bases, complement, shift, trim
from soyang.annotation.gff import Transcripts
from soyang.core.assembly import Assembly, bare


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


def body(first: pl.Expr, last: pl.Expr, deleted: pl.Expr, inserted: pl.Expr) -> pl.Expr:
    """The part of an HGVS name behind ``g.`` or ``c.``, from labels and the column ``kind``."""
    place = pl.when(first == last).then(first).otherwise(pl.format("{}_{}", first, last))
    kind = pl.col("kind")
    return (
        pl.when(kind == "sub")
        .then(pl.format("{}{}>{}", first, deleted, inserted))
        .when(kind.is_in(["ins", "delins"]))
        .then(pl.format("{}{}{}", place, kind, inserted))
        .otherwise(pl.format("{}{}", place, kind))
    )


def genomic(changes: pl.DataFrame, contig: str, assembly: Assembly) -> pl.DataFrame:
    """HGVS g. names (m. on the mitochondrion) of events moved to the right.

    Returns:
        Columns site, hgvs_g.
    """
    labels = [pl.col(end).cast(pl.String) for end in ("first", "last")]
    name = body(labels[0], labels[1], pl.col("deleted"), pl.col("inserted"))
    return changes.select(
        "site", pl.format("{}{}", pl.lit(prefix(contig, assembly)), name).alias("hgvs_g")
    )


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
    strands = known.table.select("id", (pl.col("strand") == "-").alias("_minus"))
    exons = (
        known.exons.sort("id", "start")
        .with_columns(
            next_start=pl.col("start").shift(-1).over("id"),
            next_base=pl.col("first").shift(-1).over("id"),
            next_size=(pl.col("end") - pl.col("start")).shift(-1).over("id"),
        )
        .select(
            "id",
            key="start",
            exon_end="end",
            exon_base="first",
            next_start="next_start",
            next_base="next_base",
            next_size="next_size",
        )
        .join(strands, on="id")
    )
    found = (
        places.with_row_index("_row")
        .with_columns(key=pl.col("position") - 1)
        .sort("key")
        .join_asof(
            exons.sort("key"),
            on="key",
            by="id",
            coalesce=False,
            check_sortedness=False,
        )
        .sort("_row")
    )
    base, offset = _base_and_offset()
    return found.with_columns(base.alias("base"), offset.alias("offset")).select(
        *places.columns, "base", "offset"
    )


def _base_and_offset() -> tuple[pl.Expr, pl.Expr]:
    position, minus = pl.col("position"), pl.col("_minus")
    start, end, first = pl.col("key_right"), pl.col("exon_end"), pl.col("exon_base")
    size = end - start
    inside = position <= end
    between = pl.col("next_start").is_not_null()
    left, right = position - end, pl.col("next_start") + 1 - position
    in_exon = first + pl.when(minus).then(end - position + 1).otherwise(position - start)
    # The exon upstream in the transcript wins a tie.
    to_left = pl.when(minus).then(left < right).otherwise(left <= right)
    left_base = first + pl.when(minus).then(1).otherwise(size)
    right_base = pl.col("next_base") + pl.when(minus).then(pl.col("next_size")).otherwise(1)
    sign = pl.when(minus).then(-1).otherwise(1)
    base = pl.when(to_left).then(left_base).otherwise(right_base)
    offset = sign * pl.when(to_left).then(left).otherwise(-right)
    return (
        pl.when(inside).then(in_exon).when(between).then(base),
        pl.when(inside).then(0).when(between).then(offset),
    )


def label(base: pl.Expr, offset: pl.Expr) -> pl.Expr:
    """HGVS position in a transcript, from columns cds_start and cds_end (0-based, half-open).

    Without them (no coding part) the position counts from the transcript's first base.
    """
    start, end = pl.col("cds_start"), pl.col("cds_end")
    text = (
        pl.when(start.is_null())
        .then(base.cast(pl.String))
        .when(base <= start)
        .then((base - start - 1).cast(pl.String))
        .when(base > end)
        .then(pl.format("*{}", base - end))
        .otherwise((base - start).cast(pl.String))
    )
    return (
        pl.when(offset == 0)
        .then(text)
        .when(offset > 0)
        .then(pl.format("{}+{}", text, offset))
        .otherwise(pl.format("{}{}", text, offset))
    )


def placed(changes: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Events in transcript coordinates.

    Args:
        changes: columns id, kind, first, last, deleted, inserted (genome's strand).
        known: the transcripts.

    Returns:
        ``changes`` on the transcript's strand, with base and offset of its 5' end
        (``base``, ``offset``) and 3' end (``base_last``, ``offset_last``), and the
        transcript's transcript, protein, coding, cds_start, cds_end, whole, length.
    """
    table = known.table.select(
        *("id", "strand", "transcript", "protein", "coding", "cds_start", "cds_end", "whole"),
        pl.col("length").alias("transcript_length"),
    )
    minus = pl.col("strand") == "-"
    rows = changes.join(table, on="id", how="left", maintain_order="left")
    ends = [
        locate(rows.select("id", position=end), known).select("base", "offset")
        for end in (
            pl.when(minus).then("last").otherwise("first"),
            pl.when(minus).then("first").otherwise("last"),
        )
    ]
    return pl.concat(
        [rows, ends[0], ends[1].rename({"base": "base_last", "offset": "offset_last"})],
        how="horizontal",
    ).with_columns(
        pl.when(minus).then(complement(pl.col(name))).otherwise(name).alias(name)
        for name in ("deleted", "inserted")
    )


def coding_name() -> pl.Expr:
    """HGVS c. (n. without a coding part) of :func:`placed` events; missing outside."""
    first = label(pl.col("base"), pl.col("offset"))
    last = label(pl.col("base_last"), pl.col("offset_last"))
    kind = pl.when(pl.col("cds_start").is_null()).then(pl.lit("n")).otherwise(pl.lit("c"))
    name = body(first, last, pl.col("deleted"), pl.col("inserted"))
    inside = pl.col("base").is_not_null() & pl.col("base_last").is_not_null()
    return pl.when(inside).then(pl.format("{}:{}.{}", "transcript", kind, name))

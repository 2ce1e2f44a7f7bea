"""HGVS p. of events on transcripts: what is translated, and how."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from soyang.annotation.alleles import Bases
from soyang.annotation.layout import Layout
from soyang.annotation.protein import UNPREDICTABLE, Edit, Message, name
from soyang.annotation.substitution import predict
from soyang.annotation.terms import CODING_TERMS

_COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")


def protein_names(
    placings: list[pl.DataFrame], expected: pl.DataFrame, sequence: Bases, layout: Layout
) -> pl.DataFrame:
    """HGVS p. with accession.

    Args:
        placings: :func:`~soyang.annotation.dna.placed` events with ``row``, the preferred ones
            first; the first of a row that lies in one coding exon is the one translated.
        expected: columns row, tx of rows where a protein name is due: ``p.?`` where none of
            the events can be told.
        sequence: the contig.
        layout: the transcripts.

    Returns:
        Columns row, hgvs_p.
    """
    codes = pl.col("coding") & pl.col("cds_start").is_not_null()
    candidates = pl.concat(
        [some.filter(codes & _spliced() & _translated()) for some in placings]
    ).unique("row", keep="first", maintain_order=True)
    messages = _messages(candidates, sequence, layout)
    simple = (pl.col("kind") == "sub") & pl.col("whole")
    substituted, rest = predict(candidates.filter(simple), messages)
    edited = _edited(pl.concat([rest, candidates.filter(~simple)]), messages)
    unknown = expected.with_columns(hgvs_p=pl.lit(UNPREDICTABLE))
    found = pl.concat([substituted, edited, unknown]).unique(
        "row", keep="first", maintain_order=True
    )
    accession = layout.table.select(pl.coalesce("protein", "transcript"))["protein"]
    return found.with_columns(accession=accession[found["tx"]]).select(
        "row", pl.concat_str("accession", pl.lit(":"), "hgvs_p").alias("hgvs_p")
    )


def _spliced() -> pl.Expr:
    """Whether an event lies in one exon, so that its effect on the message is known."""
    exonic = (pl.col("offset") == 0) & (pl.col("offset_last") == 0)
    same = pl.col("last") - pl.col("first") == pl.col("base_last") - pl.col("base")
    return (exonic & same).fill_null(False)


def _translated() -> pl.Expr:
    """Whether an event changes a base of the coding part, or inserts into it."""
    inserts = pl.col("kind").is_in(["ins", "dup"])
    after = pl.when(pl.col("kind") == "dup").then("base_last").otherwise("base")
    inside = (after > pl.col("cds_start")) & (after < pl.col("cds_end"))
    overlaps = (pl.col("base") <= pl.col("cds_end")) & (pl.col("base_last") > pl.col("cds_start"))
    return pl.when(inserts).then(inside).otherwise(overlaps).fill_null(False)


def _messages(rows: pl.DataFrame, sequence: Bases, layout: Layout) -> dict[int, Message]:
    """The spliced sequence of each transcript in ``rows``, by number."""
    wanted = rows.select("tx", "strand", "cds_start", "cds_end").unique("tx").sort("tx")
    exons = layout.exons
    messages = {}
    for tx, strand, start, end in wanted.iter_rows():
        pieces = slice(exons.begin[tx], exons.begin[tx + 1])
        spans = zip(exons.start[pieces].tolist(), exons.end[pieces].tolist(), strict=True)
        bases = b"".join(sequence[a:b].tobytes() for a, b in spans)
        sense = bases.translate(_COMPLEMENT)[::-1] if strand == "-" else bases
        messages[tx] = Message(sense.decode("ascii"), start, end)
    return messages


def _edited(rows: pl.DataFrame, messages: Mapping[int, Message]) -> pl.DataFrame:
    """HGVS p. of events that are not plain substitutions of a residue, one by one."""
    wanted = ("row", "tx", "kind", "whole", "base", "base_last", "inserted")
    named = []
    for row, tx, kind, whole, base, last, inserted in rows.select(wanted).iter_rows():
        start = {"ins": base, "dup": last}.get(kind, base - 1)
        end = start if kind in ("ins", "dup") else last
        text = name(messages[tx], Edit(start, end, inserted)) if whole else UNPREDICTABLE
        named.append((row, tx, text))
    schema = {"row": pl.Int64, "tx": pl.Int64, "hgvs_p": pl.String}
    return pl.DataFrame(named, schema=schema, orient="row").drop_nulls()


def protein_due(pairs: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Rows whose coding part changes, by their terms or by coordinates.

    Args:
        pairs: columns row, tx, consequence, start and end (0-based, half-open: the reference
            bases changed).
        layout: the transcripts.

    Returns:
        Columns row, tx.
    """
    values = pairs["consequence"].unique().drop_nulls().to_list()
    speak = [value for value in values if not set(CODING_TERMS).isdisjoint(value.split("&"))]
    start, end = (pairs[name].to_numpy() for name in ("start", "end"))
    touched = layout.coding.cover(pairs["tx"].to_numpy(), start, end)
    due = pl.col("consequence").is_in(speak) | pl.Series(np.asarray(touched))
    return pairs.filter(due).select("row", "tx")

"""Depth over regions and over the pieces inside them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.core.interval import Interval
from soyang.reads.depth import cut, mean_depth, over_pieces

COLUMNS = ["contig", "start", "end", "kind", "depth", "at_10"]
PIECES = {"contig": pl.String, "start": pl.Int64, "end": pl.Int64}


def test_regions_are_cut_at_edges_inside_them():
    regions = [(Interval("b", 0, 10), "x"), (Interval("a", 5, 9), "y")]
    parts = list(cut(regions, {"b": [0, 4, 10, 12], "a": [1, 20]}))
    assert parts == [
        (Interval("b", 0, 4), "x"),
        (Interval("b", 4, 10), "x"),
        (Interval("a", 5, 9), "y"),
    ]


def test_no_regions_have_no_mean():
    empty = pl.DataFrame(schema={**PIECES, "depth": pl.Float64})
    assert mean_depth(empty) is None
    none = over_pieces(empty.with_columns(at_10=pl.lit(0)), pl.DataFrame(schema=PIECES))
    assert none.height == 0


def test_pieces_on_unknown_contigs_or_between_regions_are_empty():
    depth = pl.DataFrame([("b", 10, 20, "k", 3.0, 4)], schema=COLUMNS, orient="row")
    pieces = pl.DataFrame([("a", 10, 20), ("b", 0, 10), ("b", 20, 30)], schema=PIECES, orient="row")
    assert over_pieces(depth, pieces)["bases"].to_list() == [0, 0, 0]


spans = st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(1, 30))


@given(st.lists(spans, max_size=8), st.lists(spans, min_size=1, max_size=8), st.randoms())
def test_sums_are_those_of_single_bases(regions, pieces, random):
    """Disjoint regions, cut at the edges of pieces that may overlap; order does not matter."""
    covered = {(c, b) for c, start, n in regions for b in range(start, start + n)}
    edges = {
        name: sorted({e for c, s, n in pieces if c == name for e in (s, s + n)}) for name in "ab"
    }
    depth_at = {place: random.randrange(30) for place in sorted(covered)}
    rows = []
    for contig, base in sorted(covered):
        last = rows[-1] if rows else None
        starts_anew = base in edges[contig]
        if last and last[0] == contig and last[2] == base and not starts_anew:
            rows[-1] = [contig, last[1], base + 1]
        else:
            rows.append([contig, base, base + 1])
    table = []
    for contig, start, end in rows:
        values = [depth_at[contig, base] for base in range(start, end)]
        table.append(
            (contig, start, end, "k", sum(values) / len(values), sum(v > 9 for v in values))
        )
    random.shuffle(table)
    schema = {**PIECES, "kind": pl.String, "depth": pl.Float64, "at_10": pl.Int64}
    asked = pl.DataFrame([(c, s, s + n) for c, s, n in pieces], schema=PIECES, orient="row")
    found = over_pieces(pl.DataFrame(table, schema=schema, orient="row"), asked)
    for (contig, start, length), row in zip(pieces, found.iter_rows(named=True), strict=True):
        values = [
            depth_at[contig, base]
            for base in range(start, start + length)
            if (contig, base) in depth_at
        ]
        assert row["bases"] == len(values)
        assert row["total"] == pytest.approx(sum(values))
        assert row["at_10"] == sum(v > 9 for v in values)

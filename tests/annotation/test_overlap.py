"""Sites and transcripts by coordinates: compiled loops against plain comparisons."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.annotation.alleles import trim
from soyang.annotation.index import MARGIN, index_of
from soyang.annotation.overlap import TERMS, changes, near, pairs, touching
from tests.annotation.conftest import World, numbered

SPANS = st.tuples(st.integers(0, 300), st.integers(1, 120))
CHANGES = st.tuples(
    st.sampled_from(["chr1", "chr2"]),
    st.integers(1, 400),
    st.text("ACGTN", min_size=1, max_size=9),
    st.one_of(st.text("ACGTNacgt", min_size=1, max_size=9), st.sampled_from(["*", "<DEL>", "."])),
)


def transcripts(spans: list[tuple[int, int]]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Transcripts of two exons, on either contig and strand; each third codes not."""
    table, exons, coding = [], [], []
    for n, (start, size) in enumerate(spans):
        middle, end = start + size // 3, start + size + 3
        name = f"T{n}"
        table.append((name, f"chr{1 + n % 2}", start, end, "+-"[n // 2 % 2], n % 3 > 0))
        exons += [(name, start, middle + 1), (name, middle + 2, end)]
        if n % 3:
            coding += [(name, middle, middle + 1), (name, middle + 2, middle + 3)]
    parts = {"id": pl.String, "start": pl.Int64, "end": pl.Int64}
    names = ["id", "contig", "start", "end", "strand", "coding"]
    return (
        pl.DataFrame(table, schema=names, orient="row"),
        pl.DataFrame(exons, schema=parts, orient="row"),
        pl.DataFrame(coding, schema=parts, orient="row"),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(SPANS, min_size=1, max_size=12), st.lists(CHANGES, max_size=25))
def test_pairs_and_surroundings_as_plain_comparisons_find_them(
    spans: list[tuple[int, int]], rows: list[tuple[str, int, str, str]]
) -> None:
    table, exons, coding = transcripts(spans)
    sites = numbered(sorted(rows))
    index = index_of(table, exons, coding)
    found = changes(sites)

    got = pairs(sites, found, index)

    cross = sites.with_columns(
        low=pl.Series(found.start), high=pl.Series(found.end), clear=pl.Series(found.clear)
    ).join(table.with_row_index("n"), on="contig")
    met = cross.filter((pl.col("start") < pl.col("high")) & (pl.col("end") > pl.col("low")))
    expected = {
        (row["site"], row["n"]): term(row, exons, coding) for row in met.iter_rows(named=True)
    }
    told = zip(got.site.tolist(), got.transcript.tolist(), got.term.tolist(), strict=True)
    assert {(site, n): TERMS[t] for site, n, t in told} == expected
    placed = exons.join(table.select("id", "contig"), on="id")
    close = [
        any(
            a - MARGIN < position - 1 + len(ref) + 1 and b + MARGIN > position - 2
            for _, a, b, where in placed.rows() if where == contig
        )
        for contig, position, ref, _ in sorted(rows)
    ]  # fmt: skip
    assert near(sites, index).tolist() == close


def term(row: dict[str, Any], exons: pl.DataFrame, coding: pl.DataFrame) -> str:
    """What coordinates justify, in so many words."""

    def inside(parts: pl.DataFrame) -> bool:
        mine = parts.filter(pl.col("id") == row["id"])
        return any(a < row["high"] and b > row["low"] for _, a, b in mine.rows())

    if not row["clear"]:
        return "sequence_variant"
    if not row["coding"]:
        return "non_coding_transcript_variant"
    if not inside(exons):
        return "intron_variant"
    if inside(coding):
        return "coding_sequence_variant"
    mine = coding.filter(pl.col("id") == row["id"])
    first, last = mine["start"].min(), mine["end"].max()
    before = row["low"] >= last if row["strand"] == "-" else row["high"] <= first
    return "5_prime_UTR_variant" if before else "3_prime_UTR_variant"


@given(st.lists(CHANGES, max_size=30))
def test_changes_are_those_of_trimming(rows: list[tuple[str, int, str, str]]) -> None:
    sites = numbered([(c, p, ref, alt.upper()) for c, p, ref, alt in rows])

    told = changes(sites)
    found = sites.with_columns(
        start=pl.Series(told.start), end=pl.Series(told.end), clear=pl.Series(told.clear)
    )

    plain = pl.col("alt").str.contains("^[ACGTN]+$") & (pl.col("ref") != pl.col("alt"))
    assert found["clear"].to_list() == found.select(plain).to_series().to_list()
    clear = found.filter("clear")
    assert clear.select("start", "end").equals(trim(sites.filter(plain)).select("start", "end"))
    rest = found.filter(~pl.col("clear"))
    assert (rest["end"] - rest["start"]).to_list() == rest["ref"].str.len_bytes().to_list()


def test_no_sites_and_no_transcripts_there(world: World) -> None:
    assert touching(numbered([]), world.known).is_empty()
    elsewhere = numbered([("chr21", 5, "A", "G"), ("chrX", 5, "A", "G")])
    assert touching(elsewhere, world.known).is_empty()
    assert near(elsewhere, world.known.index).tolist() == [False, False]

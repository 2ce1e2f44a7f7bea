"""Callable bases of coding exons, against counting base by base."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.interpretation.coverage import coverage, covered, merged

SPAN = {"contig": pl.String, "start": pl.Int64, "end": pl.Int64}
spans = st.lists(
    st.builds(
        lambda contig, start, length: (contig, start, start + length),
        st.sampled_from(["chr1", "chr2"]),
        st.integers(0, 60),
        st.integers(1, 20),
    ),
    max_size=8,
)


def frame(rows: list[tuple[str, int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SPAN, orient="row")


def bases(rows: list[tuple[str, int, int]]) -> set[tuple[str, int]]:
    return {(contig, base) for contig, start, end in rows for base in range(start, end)}


@settings(max_examples=60, deadline=None)
@given(spans)
def test_merged_keeps_every_base_once(rows: list[tuple[str, int, int]]) -> None:
    found = merged(frame(rows)).rows()
    assert bases(found) == bases(rows)
    assert sum(end - start for _, start, end in found) == len(bases(rows))


@settings(max_examples=60, deadline=None)
@given(spans, spans)
def test_covered_counts_bases(
    wanted: list[tuple[str, int, int]], regions: list[tuple[str, int, int]]
) -> None:
    found = covered(frame(wanted), merged(frame(regions)))
    there = bases(regions)
    assert found.to_list() == [len(bases([row]) & there) for row in wanted]


def exon(gene: str, transcript: str, number: int, start: int, end: int) -> dict[str, object]:
    return {
        "gene": gene,
        "transcript": transcript,
        "contig": "chr1",
        "exon": number,
        "start": start,
        "end": end,
    }


EXONS = pl.DataFrame(
    [
        exon("A", "NM_1.1", 1, 0, 100),
        exon("A", "NM_1.1", 2, 200, 260),
        exon("A", "NM_2.1", 1, 50, 100),
        exon("B", "NM_3.1", 1, 500, 530),
    ]
)


def test_a_base_of_two_transcripts_counts_once() -> None:
    found = coverage(EXONS, frame([("chr1", 0, 1000)]), known=True)
    assert (found.genes, found.coding_bases, found.callable_bases) == (2, 190, 190)
    assert found.not_callable == []


def test_gaps_are_told_exon_by_exon() -> None:
    found = coverage(EXONS, frame([("chr1", 0, 90), ("chr1", 200, 1000)]), known=True)
    told = [(g.transcript, g.exon, g.bases, g.of_bases, g.hgvs_region) for g in found.not_callable]
    assert told == [
        ("NM_1.1", 1, 10, 100, "chr1:1-100"),
        ("NM_2.1", 1, 10, 50, "chr1:51-100"),
    ]
    assert found.callable_bases == 180


def test_nothing_is_listed_where_nothing_is_known() -> None:
    found = coverage(EXONS, frame([]), known=False)
    assert (found.known, found.callable_bases, found.not_callable) == (False, 0, [])
    nothing = coverage(EXONS, frame([]), known=True)
    assert (nothing.known, nothing.callable_bases, len(nothing.not_callable)) == (True, 0, 4)


def test_no_genes() -> None:
    found = coverage(EXONS.clear(), frame([("chr1", 0, 10)]), known=True)
    assert (found.genes, found.coding_bases, found.not_callable) == (0, 0, [])

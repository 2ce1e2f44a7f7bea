"""Genotype of an insertion by the reads at its place."""

from __future__ import annotations

import pysam
import pytest

from soyang.calling.sv.crossing import NEAR, OVERHANG, Seen, genotype, look

PLACE = 1_000


def read(start: int, cigar: str, **changes: object) -> pysam.AlignedSegment:
    made = pysam.AlignedSegment()
    made.query_name, made.flag, made.mapping_quality = "r", 99, 60
    made.reference_id, made.reference_start, made.cigarstring = 0, start, cigar
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def seen(*reads: pysam.AlignedSegment, length: int = 250) -> tuple[float, float]:
    found = look(reads, PLACE, length)
    return found.crossing, found.inserted


@pytest.mark.parametrize(
    ("start", "cigar", "expected"),
    [
        (900, "150M", (1, 0)),
        (900, "100M50S", (0, 0.5)),  # breaks off at the place
        (1_000, "60S90M", (0, 0.5)),
        (1_000 + NEAR, "60S90M", (0, 0.5)),
        (1_001 + NEAR, "60S90M", (0, 0)),
        (900, "60S90M", (0, 0)),  # breaks off elsewhere, and ends too near
        (850, "150M", (0, 0)),  # ends at the place
        (850 + OVERHANG, "150M", (1, 0)),
        (849 + OVERHANG, "150M", (0, 0)),
        (990, "10M130I10M", (0, 1)),  # holds most of it
        (990, "10M5I140M", (0, 0)),  # a small one is another variant
        (900, "100M20D50M", (1, 0)),
    ],
)
def test_how_a_read_counts(start, cigar, expected):
    assert seen(read(start, cigar)) == expected


@pytest.mark.parametrize("changes", [{"flag": 1_123}, {"flag": 355}, {"mapping_quality": 19}])
def test_duplicates_secondary_and_ambiguous_reads_do_not_count(changes):
    assert seen(read(900, "150M", **changes)) == (0, 0)


@pytest.mark.parametrize(
    ("crossing", "inserted", "expected"),
    [
        (15, 13, "0/1"),
        (0, 14, "1/1"),
        (1, 14, "1/1"),
        (8, 14, "0/1"),
        (30, 3, "0/1"),  # a caller says that it is there
        (0, 3.5, None),
        (9, 0, None),
    ],
)
def test_reads_tell_one_chromosome_from_two(crossing, inserted, expected):
    assert genotype(Seen(crossing=crossing, inserted=inserted)) == expected

"""Events at their leftmost place."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.calling.sv.normal import leftmost
from tests.calling.sv.conftest import event


def reader(sequence: str):
    return lambda contig, start, end: sequence[start:end]


def without(sequence: str, start: int, end: int) -> str:
    return sequence[:start] + sequence[end:]


@pytest.mark.parametrize(
    ("sequence", "start", "end", "expected"),
    [
        ("CCACACACGG", 6, 8, 1),  # CA of a repeat: from the first one
        ("CCACACACGG", 5, 7, 1),
        ("ACGTACGTTT", 2, 5, 2),
        ("AAAAAAAAAA", 5, 7, 0),
        ("NNNNACNNNN", 6, 8, 6),  # unknown bases are not the same
    ],
)
def test_deletions_move_left_through_repeats(sequence, start, end, expected):
    moved = leftmost(event(start=start, end=end), reader(sequence))
    assert (moved.start, moved.end) == (expected, expected + end - start)
    assert moved.length == end - start


def test_blurred_and_other_events_stay():
    sequence = "A" * 5_000
    for kind in ("inversion", "breakend"):
        assert leftmost(event(kind=kind), reader(sequence)).start == 1_000
    assert leftmost(event(precise=False), reader(sequence)).start == 1_000


def test_an_insertion_moves_and_its_bases_turn():
    #            0123456
    sequence = "GGCACACTT"  # CA inserted after the last CA is CA inserted before the first
    moved = leftmost(event(kind="insertion", start=5, sequence="CA", length=2), reader(sequence))
    assert (moved.start, moved.end, moved.sequence) == (1, 2, "CA")


def test_the_base_before_an_insertion_is_no_part_of_it():
    sequence = "GGTTT"
    said = event(caller="dysgu", kind="insertion", start=1, sequence="GCATC", length=5)
    moved = leftmost(said, reader(sequence))
    assert (moved.start, moved.sequence, moved.length) == (1, "CATC", 4)
    said = event(caller="dysgu", kind="insertion", start=1, sequence="CATC", length=4)
    assert leftmost(said, reader(sequence)) == said


def test_an_insertion_of_unknown_bases_stays():
    said = event(kind="insertion", start=5)
    assert leftmost(said, reader("A" * 20)) == said


@given(
    st.integers(0, 10_000), st.integers(5, 50), st.integers(1, 12), st.sampled_from(["AC", "ACGT"])
)
def test_a_moved_deletion_leaves_the_same_sequence(seed, start, length, letters):
    sequence = "".join(random.Random(seed).choices(letters, k=80))
    moved = leftmost(event(start=start, end=start + length), reader(sequence))
    assert without(sequence, moved.start, moved.end) == without(sequence, start, start + length)
    assert moved.start <= start
    again = leftmost(moved, reader(sequence))
    assert again == moved
    further = moved.start - 1
    if further >= 0:
        end = further + length
        assert without(sequence, further, end) != without(sequence, start, start + length)


@given(st.integers(0, 10_000), st.integers(5, 50), st.text("AC", min_size=1, max_size=8))
def test_a_moved_insertion_leaves_the_same_sequence(seed, start, inserted):
    sequence = "".join(random.Random(seed).choices("AC", k=80))
    said = event(kind="insertion", start=start, sequence=inserted, length=len(inserted))
    moved = leftmost(said, reader(sequence))
    made = sequence[: start + 1] + inserted + sequence[start + 1 :]
    assert sequence[: moved.end] + moved.sequence + sequence[moved.end :] == made

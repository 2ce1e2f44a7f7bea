"""Why an event is doubted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.calling.sv.events import End
from soyang.calling.sv.filters import Places, doubts, gaps
from soyang.calling.sv.merge import Merged
from soyang.core.interval import Interval
from tests.calling.sv.conftest import event

ALL = ("delly", "dysgu", "tiddit")


def merged(*members, **changes):
    said = members or (event(**changes),)
    return Merged(event=said[0], genotype="0/1", members=tuple(said))


def word(item: Merged, callers=ALL, gap=(), excluded=()) -> str:
    return doubts(item, callers, Places(gap), Places(excluded))


def test_an_event_without_doubt_passes():
    assert word(merged()) == "PASS"


def test_one_caller_that_passes_it_is_enough():
    doubted = event(caller="dysgu", passed=False)
    assert word(merged(doubted)) == "caller_doubts"
    assert word(merged(doubted, event())) == "PASS"


def test_a_weak_caller_alone_is_doubted_only_where_others_looked():
    alone = merged(caller="tiddit")
    assert word(alone) == "weak_caller_alone"
    assert word(alone, callers=("tiddit",)) == "PASS"
    assert word(merged(event(caller="tiddit"), event(caller="dysgu"))) == "PASS"


def test_either_end_counts():
    for start in (900, 1_990):
        near = Interval("chr20", start, start + 150)
        assert word(merged(), gap=[near]) == "near_gap"
        assert word(merged(), excluded=[near]) == "excluded_region"
    inside = Interval("chr20", 1_400, 1_500)
    assert word(merged(), gap=[inside], excluded=[inside]) == "PASS"
    other = Interval("chr21", 900, 1_100)
    assert word(merged(), gap=[other]) == "PASS"


def test_words_stand_in_their_order():
    doubted = merged(
        caller="tiddit",
        passed=False,
        kind="breakend",
        mate=End(contig="chrM", position=5, left=True),
    )
    near = [Interval("chr20", 0, 2_000)]
    expected = "caller_doubts;weak_caller_alone;near_gap;excluded_region;mitochondrion"
    assert word(doubted, gap=near, excluded=near) == expected


@pytest.mark.parametrize("name", ["chrM", "MT"])
def test_the_mitochondrion_has_a_caller_of_its_own(name):
    assert word(merged(contig=name)) == "mitochondrion"


def test_gaps_are_what_is_not_known_and_a_distance_around():
    known = [Interval("chr20", 100, 200), Interval("chr20", 300, 1_000)]
    found = gaps(known, {"chr20": 1_000, "chr21": 50}, 30)
    assert found == [
        Interval("chr20", 0, 130),
        Interval("chr20", 170, 330),
        Interval("chr21", 0, 80),
    ]
    assert gaps([Interval("chr20", 0, 1_000)], {"chr20": 1_000}, 30) == []


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40))), st.integers(0, 110))
def test_places_are_found_whether_intervals_overlap_or_not(rows, position):
    intervals = [Interval("chr20", start, start + length) for start, length in rows]
    expected = any(i.start <= position < i.end for i in intervals)
    assert Places(intervals).holds("chr20", position) is expected
    assert not Places(intervals).holds("chr21", position)

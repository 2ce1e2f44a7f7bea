"""What is one event: by hand, and as properties of any events."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.calling.sv.events import End, Event, canonical
from soyang.calling.sv.merge import Rule, merge, same
from tests.calling.sv.conftest import event

ORDER = {"chr20": 0, "chr21": 1}
RULE = Rule(max_distance=500, min_similarity=0.7)


def breakend(**changes: Any) -> Event:
    mate = End(contig="chr21", position=5_000, left=False)
    return event(**({"kind": "breakend", "start": 999, "mate": mate, "left": True} | changes))


def test_callers_who_mean_one_deletion_are_one_event():
    said = [
        event(caller="tiddit", start=1_001, end=2_066, genotype="1/1", support=40),
        event(caller="delly", start=1_000, end=2_000),
        event(caller="dysgu", start=1_002, end=1_999, genotype="1/1"),
    ]
    (merged,) = merge(said, RULE, ORDER)
    assert merged.callers == ("delly", "dysgu", "tiddit")
    assert (merged.event.start, merged.event.end) == (1_000, 2_000)
    assert merged.genotype == "0/1"


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ({}, {"kind": "duplication"}, False),
        ({}, {"contig": "chr21"}, False),
        ({}, {"start": 1_500, "end": 2_500}, True),
        ({}, {"start": 1_501, "end": 2_501}, False),
        ({}, {"end": 1_700}, True),  # 700 of 1,000 bases
        ({}, {"end": 1_699}, False),
        ({"end": 1_060}, {"start": 1_061, "end": 1_121}, False),  # further than it is long
        ({"end": 1_060}, {"start": 1_050, "end": 1_110}, True),
    ],
)
def test_distance_and_size_bound_what_is_one_event(one, two, expected):
    assert same(event(**one), event(**two), RULE) is expected
    assert same(event(**two), event(**one), RULE) is expected


@pytest.mark.parametrize(
    ("two", "expected"),
    [
        ({}, True),
        ({"start": 1_100}, True),
        ({"start": 1_101}, False),
        ({"length": 210}, True),
        ({"length": 209}, False),
        ({"length": None}, True),  # unknown is not another
    ],
)
def test_insertions_are_one_by_place_and_length(two, expected):
    one = event(kind="insertion", length=300)
    assert same(one, event(**({"kind": "insertion", "length": 300} | two)), RULE) is expected


@pytest.mark.parametrize("start", [999, 1_999, 1_930])
def test_an_insertion_at_the_end_of_a_duplication_is_its_copy(start):
    copied = event(kind="duplication", caller="tiddit", genotype="1/1")
    inserted = event(kind="insertion", caller="dysgu", start=start, length=None)
    (merged,) = merge([inserted, copied], RULE, ORDER)
    assert merged.event == copied, "of which both ends are known"
    assert merged.callers == ("dysgu", "tiddit")


def test_an_insertion_of_another_length_is_not_the_copy():
    copied = event(kind="duplication")
    inserted = event(kind="insertion", caller="dysgu", length=100, sequence="A" * 100)
    assert len(merge([inserted, copied], RULE, ORDER)) == 2


def test_breakends_are_one_only_if_joined_the_same_way():
    turned = End(contig="chr21", position=5_000, left=True)
    assert same(breakend(), breakend(start=1_010, caller="dysgu"), RULE)
    assert not same(breakend(), breakend(mate=turned), RULE)
    assert not same(breakend(), breakend(left=False), RULE)
    far = End(contig="chr21", position=5_501, left=False)
    assert not same(breakend(), breakend(mate=far), RULE)


def test_a_breakend_seen_from_its_other_end_is_the_same():
    other = breakend(
        contig="chr21",
        start=4_999,
        left=False,
        mate=End(contig="chr20", position=1_000, left=True),
    )
    assert canonical(other, ORDER) == breakend()
    assert canonical(breakend(), ORDER) == breakend()


def test_known_bases_stand_before_a_known_length_before_neither():
    said = [
        event(caller="delly", kind="insertion", length=59),
        event(caller="dysgu", kind="insertion", start=1_004, length=None),
        event(caller="dysgu", kind="insertion", start=1_002, length=3, sequence="ACG", name="2"),
    ]
    assert merge(said[:2], RULE, ORDER)[0].event == said[0]
    assert merge([said[1]], RULE, ORDER)[0].event == said[1]
    known = event(caller="dysgu", kind="insertion", start=1_002, length=59, sequence="A" * 59)
    assert merge([*said[:2], known], RULE, ORDER)[0].event == known


@pytest.mark.parametrize(
    ("kind", "expected"), [("duplication", "1/1"), ("deletion", "0/1"), ("inversion", "0/1")]
)
def test_the_genotype_is_that_of_who_genotypes_the_kind_best(kind, expected):
    said = [event(kind=kind, genotype="0/1"), event(kind=kind, caller="tiddit", genotype="1/1")]
    assert merge(said, RULE, ORDER)[0].genotype == expected


def test_an_event_is_not_undone_by_a_genotype_without_it():
    said = [event(genotype="0/0"), event(caller="dysgu", genotype="1/1")]
    assert merge(said, RULE, ORDER)[0].genotype == "1/1"
    assert merge(said[:1], RULE, ORDER)[0].genotype == "0/0"
    unknown = [event(genotype="./."), event(caller="dysgu", genotype="./.")]
    assert merge(unknown, RULE, ORDER)[0].genotype == "./."


def test_nothing_becomes_nothing():
    assert merge([], RULE, ORDER) == []


def test_what_spans_far_is_found_by_its_other_end():
    """Both begin at the same place among many; the sweep must not stop early."""
    between = [event(start=n, end=n + 60, name=str(n)) for n in range(1_000, 40_000, 700)]
    long = [
        event(kind="inversion", start=900, end=60_000, caller=caller)
        for caller in ("delly", "dysgu")
    ]
    merged = merge([*between, *long], RULE, ORDER)
    (found,) = (item for item in merged if item.event.kind == "inversion")
    assert found.callers == ("delly", "dysgu")
    assert len(merged) == len(between) + 1


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Some events near each other, as callers crowd around true ones."""
    made = []
    for number in range(draw(st.integers(0, 14))):
        kind = draw(
            st.sampled_from(["deletion", "duplication", "insertion", "inversion", "breakend"])
        )
        start = draw(st.integers(0, 6)) * 150 + draw(st.integers(0, 40))
        words: dict[str, Any] = {
            "kind": kind,
            "start": start,
            "name": str(number),
            "caller": draw(st.sampled_from(["delly", "dysgu", "tiddit"])),
            "contig": draw(st.sampled_from(["chr20", "chr21"])),
            "support": draw(st.integers(1, 50)),
            "genotype": draw(st.sampled_from(["0/0", "0/1", "1/1", "./."])),
            "precise": draw(st.booleans()),
        }
        if kind == "breakend":
            place = draw(st.integers(1, 900))
            words["mate"] = End(contig="chr21", position=place, left=draw(st.booleans()))
            words["left"] = draw(st.booleans())
        elif kind == "insertion":
            words["sequence"] = "ACGT" * draw(st.integers(0, 30))
            words["length"] = len(words["sequence"]) or None
        else:
            words["end"] = start + draw(st.integers(30, 900))
        made.append(canonical(event(**words), ORDER))
    return made


@given(events())
def test_each_event_ends_in_exactly_one_and_none_is_lost(said):
    members = [member for merged in merge(said, RULE, ORDER) for member in merged.members]
    assert sorted(map(repr, members)) == sorted(map(repr, said))


@given(events(), st.randoms(use_true_random=False))
def test_the_order_of_callers_and_records_does_not_matter(said, mixer: random.Random):
    mixed = mixer.sample(said, len(said))
    assert merge(mixed, RULE, ORDER) == merge(said, RULE, ORDER)


@given(events())
def test_events_of_two_results_are_never_the_same(said):
    merged = merge(said, RULE, ORDER)
    for number, one in enumerate(merged):
        for two in merged[number + 1 :]:
            assert not any(same(a, b, RULE) for a in one.members for b in two.members)


@given(events())
def test_what_stands_is_what_a_caller_said(said):
    for merged in merge(said, RULE, ORDER):
        assert merged.event in merged.members
        assert merged.genotype in {member.genotype for member in merged.members}
        assert merged.callers == tuple(sorted({member.caller for member in merged.members}))


@given(events())
def test_results_stand_in_the_order_of_the_reference(said):
    places = [(ORDER[m.event.contig], m.event.start) for m in merge(said, RULE, ORDER)]
    assert places == sorted(places)

"""Figures of pairs against counting site by site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.core.tables import write_table
from soyang.identity import pairs
from soyang.identity.genotypes import MISSING, Genotypes, choose_sites, states_at, thinned
from soyang.identity.pairs import Counter, Tally, Wanted, alike, tally
from soyang.identity.tables import SKETCH

STATES = st.integers(1, 40).flatmap(
    lambda sites: st.lists(
        st.lists(st.sampled_from([MISSING, 0, 1, 2]), min_size=sites, max_size=sites),
        min_size=2,
        max_size=4,
    )
)


def slowly(one: list[int], two: list[int]) -> dict[str, Any]:
    both = [(a, b) for a, b in zip(one, two, strict=True) if MISSING not in (a, b)]
    counted = [(a, b) for a, b in both if a or b]
    hets = [sum(pair[n] == 1 for pair in both) for n in (0, 1)]
    distance = sum((a - b) ** 2 for a, b in both)
    return {
        "sites": len(counted),
        "ibs0": sum(abs(a - b) == 2 for a, b in both),
        "concordant": sum(a == b for a, b in counted),
        "het_both": both.count((1, 1)),
        "het_first": hets[0],
        # Equation 11 in its other form: 1/2 less the squared difference over 4 N_Aa.
        "kinship": 0.5 - distance / (4 * min(hets)) if min(hets) else None,
    }


@given(STATES)
@settings(max_examples=60, deadline=None)
def test_matrix_products_count_as_one_counts_by_hand(states: list[list[int]]) -> None:
    everyone = np.array(states, np.int8)
    for counts in (tally(everyone, everyone), tally(everyone, everyone.copy())):
        kinship = counts.kinship
        for i, one in enumerate(states):
            for j, two in enumerate(states):
                expected = slowly(one, two)
                coefficient = expected.pop("kinship")
                assert {name: getattr(counts, name)[i, j] for name in expected} == expected
                if coefficient is None:
                    assert np.isnan(kinship[i, j])
                else:
                    assert kinship[i, j] == pytest.approx(coefficient)


def test_chunks_add_up() -> None:
    states = np.random.default_rng(1).integers(-1, 3, (3, 100)).astype(np.int8)
    parts = tally(states[:, :30], states[:, :30]) + tally(states[:, 30:], states[:, 30:])
    whole = tally(states, states)
    for name in Tally.__annotations__:
        assert (getattr(parts, name) == getattr(whole, name)).all()


def test_pairs_are_found_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    states = random.integers(0, 3, (11, 300)).astype(np.int8)
    states[7] = states[2]
    states[10] = states[0]
    known = np.ones(11, np.bool_)
    wanted = Wanted(min_sites=50, min_concordance=0.98, min_kinship=0.354)
    whole = sorted(alike(states, known, 9, wanted))
    assert whole == [(0, 10), (2, 7)]
    for block, chunk in ((3, 100), (4, 7), (11, 299)):
        monkeypatch.setattr(pairs, "BLOCK", block)
        monkeypatch.setattr(pairs, "CHUNK", chunk)
        assert sorted(alike(states, known, 9, wanted)) == whole


def test_two_of_earlier_batches_are_not_compared() -> None:
    states = np.tile(np.random.default_rng(4).integers(0, 3, 300).astype(np.int8), (3, 1))
    wanted = Wanted(min_sites=50, min_concordance=0.98, min_kinship=0.354)
    found = set(alike(states, np.ones(3, np.bool_), 1, wanted))
    assert found == {(0, 1), (0, 2)}


def test_relatives_are_looked_for_only_where_absence_is_known() -> None:
    random = np.random.default_rng(5)
    one = random.integers(0, 3, 2_000).astype(np.int8)
    two = np.where(random.random(2_000) < 0.7, one, random.integers(0, 3, 2_000)).astype(np.int8)
    wanted = Wanted(min_sites=50, min_concordance=0.98, min_kinship=0.177)
    states = np.stack([one, two])
    assert list(alike(states, np.array([True, True]), 2, wanted)) == [(0, 1)]
    assert list(alike(states, np.array([True, False]), 2, wanted)) == []


def test_a_window_counts_where_both_carry_something() -> None:
    keys = np.array([10, 20, 150, 160, 250], np.int64) * 4
    counter = Counter(keys, 100, 1_000)
    one = np.array([1, 0, 1, 0, 0], np.int8)
    two = np.array([0, 2, MISSING, 0, 1], np.int8)
    figures = counter.figures(one, two)
    assert (figures.windows, figures.segments) == (1, 1)


def test_sites_are_chosen_by_their_heterozygotes(tmp_path: Path) -> None:
    files = []
    for n, dosages in enumerate(([1, 2, 1, None], [1, 2, 2, None], [1, 1, None, 1])):
        frame = pl.DataFrame(
            [("1", position, "A", "G", d) for position, d in enumerate(dosages, start=1)],
            schema=SKETCH.schema, orient="row",
        )  # fmt: skip
        files.append(tmp_path / f"S{n}.parquet")
        write_table(frame, files[-1], SKETCH)
    everything = choose_sites(files, 10)
    assert (everything // 4).tolist() == [1, 2, 3, 4]
    assert (choose_sites(files, 1) // 4).tolist() == [1]
    assert (choose_sites(files, 2) // 4).tolist() == [1, 2]


def test_a_list_is_thinned_evenly() -> None:
    assert thinned(np.arange(10), 10).tolist() == list(range(10))
    assert thinned(np.arange(10), 4).tolist() == [0, 3, 6, 9]


@given(
    carried=st.dictionaries(
        st.tuples(st.integers(1, 30), st.integers(0, 3)), st.sampled_from([MISSING, 1, 2])
    ),
    sites=st.sets(st.tuples(st.integers(1, 30), st.integers(0, 3)), min_size=1),
    gaps=st.lists(st.integers(1, 6), max_size=6),
)
@settings(max_examples=80, deadline=None)
def test_a_site_is_carried_or_reference_or_unknown(
    carried: dict[tuple[int, int], int], sites: set[tuple[int, int]], gaps: list[int]
) -> None:
    edges = np.cumsum(gaps)[: len(gaps) // 2 * 2].astype(np.int64)
    starts, ends = edges[::2], edges[1::2]
    keys = np.array(sorted(4 * p + base for p, base in carried), np.int64)
    dosages = np.array([carried[k // 4, k % 4] for k in keys.tolist()], np.int8)
    wanted = sorted(sites)
    found = states_at(
        np.array([4 * p + base for p, base in wanted], np.int64),
        Genotypes(keys=keys, dosages=dosages),
        starts,
        ends,
    )
    for (position, base), state in zip(wanted, found.tolist(), strict=True):
        is_callable = any(s <= position - 1 < e for s, e in zip(starts, ends, strict=True))
        elsewhere = any(p == position for p, _ in carried)
        absent = 0 if is_callable and not elsewhere else MISSING
        assert state == carried.get((position, base), absent)

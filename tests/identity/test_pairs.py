"""Figures of pairs against counting site by site."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.identity.pairs import MISSING, Tally, states_at, tally

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
    counts = tally(np.array(states, np.int8))
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
    parts = tally(states[:, :30]) + tally(states[:, 30:]) + Tally.zero(3)
    whole = tally(states)
    for name in Tally.__annotations__:
        assert (getattr(parts, name) == getattr(whole, name)).all()


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
        np.array([4 * p + base for p, base in wanted], np.int64), keys, dosages, starts, ends
    )
    for (position, base), state in zip(wanted, found.tolist(), strict=True):
        is_callable = any(s <= position - 1 < e for s, e in zip(starts, ends, strict=True))
        elsewhere = any(p == position for p, _ in carried)
        absent = 0 if is_callable and not elsewhere else MISSING
        assert state == carried.get((position, base), absent)

"""Copies of X and Y by depth: whole numbers, or not assessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.reads.copies import MIN_FRAGMENTS, MIN_TARGETS, Evidence, Limits, x_copies, y_copies

LIMITS = Limits(max_male_x=0.75, min_male_y=0.25, tolerance=0.3)


def known(ratio: float | None, **words) -> Evidence:
    return Evidence(ratio=ratio, **{"fragments": 1e6, **words})


@pytest.mark.parametrize(
    ("name", "x", "y", "expected"),
    [
        ("XX", 1.0, 0.0, (2, 0)),
        ("XX, Y-like reads", 0.98, 0.03, (2, 0)),
        ("XY", 0.5, 0.5, (1, 1)),
        ("XY, Y short of repeats", 0.49, 0.31, (1, 1)),
        ("X0", 0.51, 0.0, (1, 0)),
        ("XXY", 1.01, 0.47, (2, 1)),
        ("XYY", 0.5, 1.0, (1, 2)),
        ("XXX", 1.5, 0.01, (3, 0)),
        ("half the cells X0, half XX", 0.75, 0.0, (None, 0)),
        ("half the cells X0, half XY", 0.5, 0.24, (1, None)),
        ("loss of Y in a third of cells", 0.5, 0.2, (1, None)),
        ("XYY in half of cells", 0.5, 0.75, (1, None)),
        ("no autosomes", None, None, (None, None)),
    ],
)
def test_karyotypes(name, x, y, expected):
    assert (x_copies(known(x), LIMITS), y_copies(known(y), LIMITS)) == expected


def test_too_few_reads_or_targets_say_nothing():
    thin = known(0.5, fragments=MIN_FRAGMENTS - 1)
    few = known(0.5, targets=MIN_TARGETS - 1)
    for evidence in (thin, few):
        assert x_copies(evidence, LIMITS) is None
        assert y_copies(evidence, LIMITS) is None
    assert x_copies(known(0.5, targets=MIN_TARGETS), LIMITS) == 1
    assert y_copies(known(0.0, fragments=MIN_FRAGMENTS), LIMITS) == 0


@given(
    st.floats(0, 4),
    st.floats(0.4, 1.1),
    st.floats(0.05, 0.6),
    st.floats(0.01, 0.49),
)
def test_never_on_the_other_side_of_the_gate(ratio, max_male_x, min_male_y, tolerance):
    limits = Limits(max_male_x=max_male_x, min_male_y=min_male_y, tolerance=tolerance)
    x, y = x_copies(known(ratio), limits), y_copies(known(ratio), limits)
    assert x is None or (x <= 1) == (ratio <= max_male_x)
    assert y is None or (y >= 1) == (ratio >= min_male_y)
    assert x is None or abs(2 * ratio - x) <= tolerance

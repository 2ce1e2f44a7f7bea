"""Copies of X and Y and heterozygosity of X against the recorded sex."""

from __future__ import annotations

import pytest

from soyang.identity.sex import (
    SexEvidence,
    SexLimits,
    contradicts,
    sex_found,
    sex_note,
    sex_reason,
)

LIMITS = SexLimits(max_one_x_heterozygosity=0.2, min_two_x_heterozygosity=0.5, min_sites=50)


def evidence(
    x: int | None = None, y: int | None = None, share: float | None = None, sites: int = 200
) -> SexEvidence:
    """Copies, and heterozygosity of X over that of autosomes of 0.5."""
    if share is None:
        return SexEvidence(x_copies=x, y_copies=y)
    return SexEvidence(
        x_copies=x,
        y_copies=y,
        x_sites=sites,
        x_heterozygous=round(share * sites / 2),
        autosomal_sites=4_000,
        autosomal_heterozygous=2_000,
    )


@pytest.mark.parametrize(
    ("found", "sex"),
    [
        (evidence(1, 1), "male"),
        (evidence(2, 0), "female"),
        (evidence(2, 1), "unclear"),
        (evidence(1, 0), "unclear"),
        (evidence(1, 2), "unclear"),
        (evidence(3, 0), "unclear"),
        (evidence(2, None), "unclear"),
        (evidence(), "not_assessed"),
        (evidence(share=0.0), "male"),
        (evidence(share=0.2), "male"),
        (evidence(share=0.21), "unclear"),
        (evidence(share=0.49), "unclear"),
        (evidence(share=0.5), "female"),
        (evidence(share=1.0), "female"),
        (evidence(share=1.0, sites=49), "not_assessed"),
        (evidence(1, 1, share=1.0), "male"),
        (SexEvidence(x_sites=100, autosomal_sites=100), "not_assessed"),
    ],
)
def test_sex_is_told_by_copies_else_by_heterozygosity(found: SexEvidence, sex: str) -> None:
    assert sex_found(found, LIMITS) == sex


@pytest.mark.parametrize(
    ("recorded", "found", "said"),
    [
        ("male", evidence(1, 1), False),
        ("male", evidence(2, 0), True),
        ("male", evidence(3, 0), True),
        ("male", evidence(2, 1), False),
        ("male", evidence(1, 2), False),
        ("male", evidence(1, 0), False),
        ("male", evidence(2, None), False),
        ("male", evidence(None, 0), False),
        ("female", evidence(2, 0), False),
        ("female", evidence(1, 0), False),
        ("female", evidence(3, 0), False),
        ("female", evidence(1, 1), True),
        ("female", evidence(2, 1), True),
        ("female", evidence(None, 1), True),
        ("female", evidence(), False),
        ("female", evidence(share=0.05), True),
        ("male", evidence(share=0.9), True),
        ("male", evidence(share=0.3), False),
        ("unknown", evidence(2, 0), False),
    ],
)
def test_only_chromosomes_of_the_other_sex_contradict(
    recorded: str, found: SexEvidence, said: bool
) -> None:
    assert contradicts(recorded, found, LIMITS) == said


@pytest.mark.parametrize(
    ("recorded", "found", "note"),
    [
        ("male", evidence(2, 1), "unexpected copies of X or Y: XXY by depth"),
        ("male", evidence(1, 2), "unexpected copies of X or Y: XYY by depth"),
        ("male", evidence(1, 0), "unexpected copies of X or Y: X0 by depth"),
        ("female", evidence(3, 0), "unexpected copies of X or Y: XXX by depth"),
        ("unknown", evidence(2, 1), "unexpected copies of X or Y: XXY by depth"),
        ("male", evidence(1, None), "between whole numbers of copies"),
        ("male", evidence(1, 1, share=0.9), "heterozygosity of X speaks for 2 X, depth for 1"),
        ("female", evidence(2, 0, share=0.1), "heterozygosity of X speaks for 1 X, depth for 2"),
        ("female", evidence(2, 0, share=1.0), ""),
        ("male", evidence(1, 1, share=0.0), ""),
        ("female", evidence(3, 0, share=1.0), "unexpected copies"),
        ("male", evidence(2, 0), ""),
        ("female", evidence(), ""),
    ],
)
def test_what_does_not_contradict_is_noted(recorded: str, found: SexEvidence, note: str) -> None:
    said = sex_note(recorded, found, LIMITS)
    assert said.startswith(note) and bool(said) == bool(note)


def test_a_reason_tells_the_figures_and_what_is_possible() -> None:
    found = SexEvidence(
        x_depth=1.013, y_depth=0.0, x_copies=2, y_copies=0, x_sites=200, x_heterozygous=96,
        autosomal_sites=4_000, autosomal_heterozygous=2_000,
    )  # fmt: skip
    assert sex_reason("male", found, LIMITS) == (
        "sex: discordant, recorded male, female by depth (X 1.01, Y 0.00 of the autosomes), "
        "heterozygosity of X 0.96 of the autosomes' (96 of 200 sites); aneuploidy (such as XXY "
        "or X0), variation of sex development or transplant possible"
    )
    alone = sex_reason("female", evidence(share=0.0), LIMITS)
    assert "male by heterozygosity of X 0.00 of the autosomes' (0 of 200 sites)" in alone
    assert "wrong" not in alone
    assert "XXY by depth (X not assessed" in sex_reason("female", evidence(2, 1), LIMITS)

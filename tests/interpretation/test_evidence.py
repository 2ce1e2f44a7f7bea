"""Evidence of one variant."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.interpretation.evidence import (
    Call,
    Limits,
    Significance,
    frequency_floor,
    genotype_faults,
    reasons_against,
    reasons_for,
    significance,
    weight,
)

MakeCall = Callable[..., Call]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Pathogenic", Significance.PATHOGENIC),
        ("Pathogenic/Likely_pathogenic", Significance.PATHOGENIC),
        ("Pathogenic/Likely pathogenic|risk factor", Significance.PATHOGENIC),
        ("Likely_pathogenic,_low_penetrance", Significance.LIKELY_PATHOGENIC),
        ("Likely pathogenic", Significance.LIKELY_PATHOGENIC),
        ("Conflicting_interpretations_of_pathogenicity", Significance.CONFLICTING),
        ("Conflicting classifications of pathogenicity", Significance.CONFLICTING),
        ("Uncertain_significance", Significance.UNCERTAIN),
        ("Benign/Likely_benign", Significance.BENIGN),
        ("Likely_benign", Significance.BENIGN),
        ("drug_response", Significance.OTHER),
        ("not_provided", Significance.OTHER),
        ("", None),
        (None, None),
    ],
)
def test_clinvar_wording(text: str | None, meaning: Significance | None) -> None:
    assert significance(text) is meaning


def floor(ac: int | None, an: int | None) -> float | None:
    frame = pl.DataFrame({"ac": [ac], "an": [an]}, schema={"ac": pl.Int32, "an": pl.Int32}).select(
        frequency_floor(pl.col("ac"), pl.col("an"))
    )
    value: float | None = frame.item()
    return value


@pytest.mark.parametrize(("ac", "exact"), [(2, 0.3554), (5, 1.9701), (10, 5.4254), (100, 84.14)])
def test_frequency_floor_is_near_the_exact_poisson_bound(ac: int, exact: float) -> None:
    assert floor(ac, 1_000_000) == pytest.approx(exact / 1_000_000, rel=0.05)


@given(st.integers(0, 50_000), st.integers(1, 100_000))
def test_frequency_floor_never_exceeds_the_frequency(ac: int, an: int) -> None:
    found = floor(min(ac, an), an)
    assert found is not None
    assert 0 <= found <= min(ac, an) / an
    assert math.isfinite(found)


def test_frequency_floor_is_missing_without_a_source() -> None:
    assert floor(None, None) is None
    assert floor(0, 0) is None
    assert floor(0, 100) == 0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"clinvar": "Pathogenic"}, {"clinvar": "Likely pathogenic"}),
        ({"clinvar": "Likely pathogenic"}, {"clinvar": "Pathogenic", "stars": 0}),
        ({"clinvar": "Pathogenic", "stars": 0}, {}),
        ({"impact": "HIGH"}, {}),
        ({}, {"impact": "LOW", "consequence": "splice_region"}),
        ({}, {"clinvar": "Benign", "stars": 0}),
        ({}, {"depth": 5, "alt_depth": 3}),
        ({}, {"filter": "LowQual"}),
    ],
)
def test_order_of_evidence(
    make_call: MakeCall, limits: Limits, better: dict[str, Any], worse: dict[str, Any]
) -> None:
    assert weight(make_call(**better), limits) > weight(make_call(**worse), limits)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"depth": 7, "alt_depth": 4}, ["low_depth"]),
        ({"depth": 8, "alt_depth": 4}, []),
        ({"depth": 30, "alt_depth": 5}, ["allele_balance"]),
        ({"depth": 30, "alt_depth": 6}, []),
        ({"depth": None, "alt_depth": None}, []),
        ({"depth": 0, "alt_depth": 0}, ["low_depth"]),
        ({"filter": "LowQual"}, ["filtered"]),
        ({"filter": "."}, []),
        ({"zygosity": "homozygous", "depth": 30, "alt_depth": 5}, []),
    ],
)
def test_genotype_faults(
    make_call: MakeCall, limits: Limits, changes: dict[str, Any], codes: list[str]
) -> None:
    assert [reason.code for reason in genotype_faults(make_call(**changes), limits)] == codes


@pytest.mark.parametrize(
    ("changes", "strong"),
    [
        ({"clinvar": "Pathogenic"}, True),
        ({"clinvar": "Pathogenic", "stars": 0}, False),
        ({"impact": "HIGH"}, True),
        ({"impact": "HIGH", "clinvar": "Uncertain significance"}, True),
        ({"impact": "HIGH", "clinvar": "Conflicting interpretations of pathogenicity"}, False),
        ({"impact": "HIGH", "clinvar": "Benign", "stars": 0}, False),
        ({}, False),
    ],
)
def test_strong(make_call: MakeCall, changes: dict[str, Any], strong: bool) -> None:
    assert make_call(**changes).strong is strong


@pytest.mark.parametrize(
    ("changes", "positive", "negative"),
    [
        ({}, ["protein_altering", "rare"], []),
        ({"impact": "HIGH"}, ["loss_of_function", "rare"], []),
        ({"impact": "LOW", "consequence": "splice_region"}, ["splice_region", "rare"], []),
        ({"frequency": None, "floor": None}, ["protein_altering"], ["frequency_not_assessed"]),
        ({"frequency": 0.1, "floor": 0.09}, ["protein_altering"], ["common"]),
        ({"clinvar": "Pathogenic"}, ["clinvar_pathogenic", "protein_altering", "rare"], []),
        (
            {"clinvar": "Uncertain significance"},
            ["protein_altering", "rare"],
            ["clinvar_uncertain"],
        ),
    ],
)
def test_reasons(
    make_call: MakeCall,
    limits: Limits,
    changes: dict[str, Any],
    positive: list[str],
    negative: list[str],
) -> None:
    call = make_call(**changes)
    assert [reason.code for reason in reasons_for(call, 0.01)] == positive
    assert [reason.code for reason in reasons_against(call, limits, 0.01)] == negative


def test_reasons_name_the_variant(make_call: MakeCall) -> None:
    call = make_call(hgvs_c="NM_1.1:c.5C>T", clinvar="Pathogenic/Likely_pathogenic", stars=2)
    first = next(reasons_for(call, 0.01))
    assert first.values == {
        "variant": "NM_1.1:c.5C>T",
        "significance": "Pathogenic/Likely_pathogenic",
        "stars": 2,
    }

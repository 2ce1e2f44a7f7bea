"""Inheritance models, phase and pedigree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from soyang.core.assembly import Assembly
from soyang.interpretation.evidence import Call, Limits
from soyang.interpretation.models import Explanation, Parents, explain, phase_of

MakeCall = Callable[..., Call]


def run(
    calls: list[Call],
    inheritance: set[str],
    limits: Limits,
    parents: Parents | None = None,
) -> list[Explanation]:
    return list(
        explain(
            "G",
            calls,
            inheritance,
            parents=parents or Parents(),
            limits=limits,
            assembly=Assembly.GRCH38,
        )
    )


def codes(explanation: Explanation) -> tuple[set[str], set[str]]:
    return (
        {reason.code for reason in explanation.reasons_for},
        {reason.code for reason in explanation.reasons_against},
    )


@pytest.mark.parametrize(
    ("inheritance", "models"),
    [
        ({"AD"}, ["dominant"]),
        ({"AR"}, ["single_hit"]),
        ({"AD", "AR"}, ["dominant"]),
        (set(), ["dominant"]),
    ],
)
def test_one_heterozygous_variant(
    make_call: MakeCall, limits: Limits, inheritance: set[str], models: list[str]
) -> None:
    assert [e.model for e in run([make_call()], inheritance, limits)] == models


@pytest.mark.parametrize(
    ("inheritance", "model"),
    [({"AR"}, "homozygous"), (set(), "homozygous"), ({"AD"}, "dominant")],
)
def test_homozygous_variant(
    make_call: MakeCall, limits: Limits, inheritance: set[str], model: str
) -> None:
    call = make_call(zygosity="homozygous", genotype="1/1")
    assert [e.model for e in run([call], inheritance, limits)] == [model]


@pytest.mark.parametrize(
    ("father", "mother", "parents", "model", "positive", "negative"),
    [
        ("reference", "reference", Parents(), "de_novo", {"de_novo"}, set()),
        (
            "reference",
            "reference",
            Parents(father="yes"),
            "de_novo",
            {"de_novo"},
            {"does_not_segregate"},
        ),
        ("carrier", "reference", Parents(father="yes"), "dominant", {"segregates"}, set()),
        (
            "carrier",
            "reference",
            Parents(father="no"),
            "dominant",
            set(),
            {"inherited_from_unaffected"},
        ),
        ("carrier", "reference", Parents(), "dominant", set(), set()),
        (
            "carrier",
            "reference",
            Parents(father="yes", mother="yes"),
            "dominant",
            {"segregates"},
            {"does_not_segregate"},
        ),
        ("reference", "not_callable", Parents(), "dominant", set(), {"de_novo_unconfirmed"}),
        ("reference", "absent", Parents(), "dominant", set(), {"de_novo_unconfirmed"}),
        ("absent", "absent", Parents(), "dominant", set(), set()),
    ],
)
def test_dominant_with_parents(
    make_call: MakeCall,
    *,
    limits: Limits,
    father: str,
    mother: str,
    parents: Parents,
    model: str,
    positive: set[str],
    negative: set[str],
) -> None:
    (found,) = run([make_call(father=father, mother=mother)], {"AD"}, limits, parents)
    assert found.model == model
    assert codes(found) == (positive, negative)


@pytest.mark.parametrize(
    ("father", "mother", "parents", "positive", "negative"),
    [
        ("carrier", "carrier", Parents(), {"homozygous", "segregates"}, set()),
        ("carrier", "reference", Parents(), {"homozygous", "segregates"}, {"does_not_segregate"}),
        (
            "homozygous",
            "carrier",
            Parents(father="no"),
            {"homozygous", "segregates"},
            {"does_not_segregate"},
        ),
        ("absent", "unknown", Parents(), {"homozygous"}, set()),
    ],
)
def test_homozygous_with_parents(
    make_call: MakeCall,
    *,
    limits: Limits,
    father: str,
    mother: str,
    parents: Parents,
    positive: set[str],
    negative: set[str],
) -> None:
    call = make_call(zygosity="homozygous", father=father, mother=mother)
    (found,) = run([call], {"AR"}, limits, parents)
    assert codes(found) == (positive, negative)


@pytest.mark.parametrize(
    ("one", "other", "phase"),
    [
        (("carrier", "reference"), ("reference", "carrier"), "trans"),
        (("reference", "carrier"), ("carrier", "reference"), "trans"),
        (("homozygous", "reference"), ("reference", "carrier"), "trans"),
        (("carrier", "reference"), ("carrier", "reference"), "cis"),
        (("reference", "absent"), ("reference", "absent"), "cis"),
        (("carrier", "absent"), ("reference", "absent"), "trans"),
        (("carrier", "absent"), ("carrier", "absent"), "unknown"),
        (("carrier", "reference"), ("reference", "reference"), "unknown"),
        (("carrier", "carrier"), ("carrier", "carrier"), "unknown"),
        (("reference", "reference"), ("reference", "reference"), "unknown"),
        (("carrier", "carrier"), ("reference", "carrier"), "unknown"),
        (("absent", "absent"), ("absent", "absent"), "unknown"),
        (("unknown", "not_callable"), ("unknown", "not_callable"), "unknown"),
    ],
)
def test_phase_by_parents(
    make_call: MakeCall, one: tuple[str, str], other: tuple[str, str], phase: str
) -> None:
    first = make_call(father=one[0], mother=one[1])
    second = make_call(father=other[0], mother=other[1])
    assert phase_of(first, second) == phase
    assert phase_of(second, first) == phase


@pytest.mark.parametrize(
    ("one", "other", "phase"),
    [
        (("0|1", 7), ("1|0", 7), "trans"),
        (("0|1", 7), ("0|1", 7), "cis"),
        (("0|1", 7), ("1|.", 7), "trans"),
        (("0|1", 7), ("1|0", 8), "unknown"),
        (("0|1", None), ("1|0", None), "unknown"),
        (("0/1", 7), ("1|0", 7), "unknown"),
    ],
)
def test_phase_by_reads(make_call: MakeCall, one: Any, other: Any, phase: str) -> None:
    first = make_call(genotype=one[0], phase_set=one[1])
    second = make_call(genotype=other[0], phase_set=other[1])
    assert phase_of(first, second) == phase


def test_parents_outweigh_reads(make_call: MakeCall) -> None:
    first = make_call(genotype="0|1", phase_set=7, father="carrier", mother="reference")
    second = make_call(genotype="0|1", phase_set=7, father="reference", mother="carrier")
    assert phase_of(first, second) == "trans"


def test_the_best_pair_is_told(make_call: MakeCall, limits: Limits) -> None:
    calls = [
        make_call(impact="HIGH", hgvs_c="c.1", father="carrier", mother="reference"),
        make_call(hgvs_c="c.2", father="reference", mother="carrier"),
        make_call(impact="HIGH", hgvs_c="c.3", father="carrier", mother="reference"),
        make_call(hgvs_c="c.4", clinvar="Pathogenic", father="reference", mother="carrier"),
    ]
    (pair,) = [e for e in run(calls, {"AR"}, limits) if e.model == "compound_heterozygous"]
    assert pair.phase == "trans"
    assert {call.name for call in pair.calls} == {"c.3", "c.4"}


def test_dominant_gene_has_no_compound_model(make_call: MakeCall, limits: Limits) -> None:
    found = run([make_call(), make_call(hgvs_c="c.2")], {"AD"}, limits)
    assert {e.model for e in found} == {"dominant"}


def test_too_frequent_for_dominant_is_still_recessive(make_call: MakeCall, limits: Limits) -> None:
    call = make_call(frequency=0.005, floor=0.004)
    assert run([call], {"AD"}, limits) == []
    assert [e.model for e in run([call], {"AR"}, limits)] == ["single_hit"]
    supported = make_call(frequency=0.005, floor=0.004, clinvar="Pathogenic")
    assert [e.model for e in run([supported], {"AD"}, limits)] == ["dominant"]


X = {"contig": "chrX", "position": 50_000_000}


@pytest.mark.parametrize(
    ("changes", "inheritance", "model", "positive"),
    [
        ({"zygosity": "hemizygous", "mother": "carrier"}, {"XLR"}, "x_linked", "segregates"),
        ({"zygosity": "hemizygous", "mother": "absent"}, {"XLR"}, "x_linked", "hemizygous"),
        ({"zygosity": "hemizygous", "mother": "reference"}, {"XLR"}, "de_novo", "de_novo"),
        ({"zygosity": "homozygous"}, {"XLR"}, "x_linked", "homozygous"),
        ({}, {"XLR"}, "single_hit", None),
        ({}, {"XLD"}, "x_linked", None),
        ({"father": "reference", "mother": "reference"}, {"XL"}, "de_novo", "de_novo"),
    ],
)
def test_x_linked(
    make_call: MakeCall,
    *,
    limits: Limits,
    changes: dict[str, str],
    inheritance: set[str],
    model: str,
    positive: str | None,
) -> None:
    (found,) = run([make_call(**X, **changes)], inheritance, limits)
    assert found.model == model
    assert positive is None or positive in codes(found)[0]


def test_a_sons_x_does_not_come_from_his_father(make_call: MakeCall, limits: Limits) -> None:
    call = make_call(**X, zygosity="hemizygous", father="homozygous", mother="reference")
    (found,) = run([call], {"XLR"}, limits, Parents(father="no"))
    assert (found.model, codes(found)[1]) == ("de_novo", set())


def test_an_unaffected_mother_may_be_spared(make_call: MakeCall, limits: Limits) -> None:
    call = make_call(**X, father="reference", mother="carrier")
    (found,) = run([call], {"XLD"}, limits, Parents(mother="no"))
    assert codes(found)[1] == set()


def test_pseudo_autosomal_is_autosomal(make_call: MakeCall, limits: Limits) -> None:
    call = make_call(contig="chrX", position=1_000_000)
    assert [e.model for e in run([call], {"AD"}, limits)] == ["dominant"]

"""Tiers by their stated rules, and the order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from soyang.interpretation.evidence import Call, Limits
from soyang.interpretation.interpret import result_of
from soyang.interpretation.models import Explanation
from soyang.interpretation.phenotype import ABNORMALITY, Agreement, Ontology, Profile, Record
from soyang.interpretation.ranking import (
    FITS,
    MISFIT,
    UNKNOWN,
    Judged,
    KnownDisease,
    compare,
    judge,
    rank,
    tier,
)
from soyang.interpretation.tables import Disease

MakeCall = Callable[..., Call]
SUPPORTED = {"clinvar": "Pathogenic"}
HIGH = {"impact": "HIGH"}
ASSERTED = {"clinvar": "Pathogenic", "stars": 0}
MISSENSE: dict[str, Any] = {}
SPLICE_REGION = {"impact": "LOW", "consequence": "splice_region"}


def explanation(
    calls: list[Call], model: Any = "dominant", phase: Any = "not_applicable"
) -> Explanation:
    return Explanation(
        gene="G", model=model, calls=tuple(calls), pedigree=0.7, limit=0.01, phase=phase
    )


@pytest.mark.parametrize(
    ("variant", "model", "fit", "phenotype", "against", "expected"),
    [
        (SUPPORTED, "dominant", FITS, "unknown", set(), "likely"),
        (SUPPORTED, "dominant", FITS, "partial", set(), "likely"),
        (SUPPORTED, "dominant", FITS, "poor", set(), "possible"),
        (SUPPORTED, "dominant", UNKNOWN, "unknown", set(), "weak"),
        (SUPPORTED, "dominant", MISFIT, "match", set(), "weak"),
        (SUPPORTED, "dominant", FITS, "match", {"inherited_from_unaffected"}, "possible"),
        (SUPPORTED, "single_hit", MISFIT, "match", set(), "weak"),
        (ASSERTED, "dominant", FITS, "match", set(), "likely"),
        (ASSERTED, "dominant", FITS, "partial", set(), "possible"),
        (ASSERTED, "dominant", FITS, "unknown", set(), "possible"),
        (ASSERTED, "dominant", FITS, "poor", set(), "weak"),
        (ASSERTED, "dominant", FITS, "match", {"filtered"}, "weak"),
        (HIGH, "dominant", FITS, "match", set(), "likely"),
        (HIGH, "dominant", FITS, "partial", set(), "possible"),
        (HIGH, "dominant", FITS, "unknown", set(), "possible"),
        (HIGH, "de_novo", FITS, "unknown", set(), "likely"),
        (HIGH, "de_novo", FITS, "poor", set(), "possible"),
        (HIGH, "de_novo", UNKNOWN, "poor", set(), "possible"),
        (HIGH, "dominant", FITS, "match", {"low_depth"}, "weak"),
        (HIGH, "homozygous", FITS, "match", {"does_not_segregate"}, "weak"),
        (MISSENSE, "de_novo", FITS, "match", set(), "likely"),
        (MISSENSE, "de_novo", FITS, "partial", set(), "weak"),
        (MISSENSE, "dominant", FITS, "match", set(), "possible"),
        (MISSENSE, "dominant", FITS, "unknown", set(), "weak"),
        (SPLICE_REGION, "dominant", FITS, "match", set(), "weak"),
    ],
)
def test_tier(
    make_call: MakeCall,
    *,
    variant: dict[str, Any],
    model: str,
    fit: float,
    phenotype: Agreement,
    against: set[str],
    expected: str,
) -> None:
    assert tier(explanation([make_call(**variant)], model), fit, phenotype, against) == expected


@pytest.mark.parametrize(
    ("one", "other", "phase", "phenotype", "expected"),
    [
        (HIGH, SUPPORTED, "unknown", "match", "likely"),
        (HIGH, SUPPORTED, "trans", "match", "likely"),
        (HIGH, ASSERTED, "unknown", "match", "likely"),
        (HIGH, SUPPORTED, "cis", "match", "weak"),
        (SUPPORTED, SUPPORTED, "unknown", "unknown", "likely"),
        (HIGH, MISSENSE, "unknown", "match", "possible"),
        (HIGH, MISSENSE, "trans", "unknown", "weak"),
        (MISSENSE, MISSENSE, "trans", "match", "possible"),
    ],
)
def test_tier_of_two_variants(
    make_call: MakeCall,
    *,
    one: dict[str, Any],
    other: dict[str, Any],
    phase: str,
    phenotype: Agreement,
    expected: str,
) -> None:
    pair = explanation([make_call(**one), make_call(**other)], "compound_heterozygous", phase)
    assert tier(pair, FITS, phenotype, set()) == expected


@pytest.fixture
def ontology() -> Ontology:
    rows = [
        (ABNORMALITY, "Abnormality", [ABNORMALITY]),
        ("A", "a", ["A", ABNORMALITY]),
        ("B", "b", ["B", ABNORMALITY]),
    ]
    return Ontology.build(rows, {ABNORMALITY: 0.0, "A": 4.0, "B": 4.0})


def disease(identifier: str, inheritance: list[str], *terms: str) -> KnownDisease:
    told = Disease(id=identifier, name=identifier, inheritance=inheritance)
    closure = frozenset({*terms, ABNORMALITY})
    return KnownDisease(told=told, profile=Profile(terms=terms, closure=closure))


def test_diseases_that_fit_the_model_come_first(make_call: MakeCall, ontology: Ontology) -> None:
    known = [
        disease("OMIM:1", ["AR"], "A"),
        disease("OMIM:2", ["AD"], "B"),
        disease("OMIM:3", ["AD"], "A"),
        disease("ORPHA:4", [], "A"),
    ]
    found = compare(explanation([make_call()]), known, ontology, Record.build(ontology, ["A"]))
    assert [(c.disease.told.id, c.fit) for c in found] == [
        ("OMIM:3", FITS),
        ("ORPHA:4", FITS),
        ("OMIM:2", FITS),
        ("OMIM:1", MISFIT),
    ]


def judged(
    make_call: MakeCall,
    limits: Limits,
    ontology: Ontology,
    known: list[KnownDisease],
    observed: list[str],
    **variant: Any,
) -> Judged:
    return judge(
        explanation([make_call(**variant)]),
        known,
        ontology,
        Record.build(ontology, observed),
        limits,
    )


def test_gene_without_disease_is_never_likely(
    make_call: MakeCall, limits: Limits, ontology: Ontology
) -> None:
    found = judged(make_call, limits, ontology, [], ["A"], **SUPPORTED).candidate
    assert found.tier == "weak"
    assert "no_known_disease" in {r.code for r in found.reasons_against}


def test_inheritance_that_does_not_fit_is_said(
    make_call: MakeCall, limits: Limits, ontology: Ontology
) -> None:
    known = [disease("OMIM:1", ["AR"], "A")]
    found = judged(make_call, limits, ontology, known, ["A"], **SUPPORTED).candidate
    reason = next(r for r in found.reasons_against if r.code == "inheritance_mismatch")
    assert reason.values == {"inheritance": "AR"}


def test_phenotype_reasons_hold_their_figures(
    make_call: MakeCall, limits: Limits, ontology: Ontology
) -> None:
    known = [disease("OMIM:1", ["AD"], "A")]
    found = judged(make_call, limits, ontology, known, ["A", "B"]).candidate
    reason = next(r for r in found.reasons_for if r.code == "phenotype_match")
    assert reason.values == {"n_matched": 1, "n_terms": 2, "score": 0.688}
    poor = judged(make_call, limits, ontology, [disease("OMIM:1", ["AD"], "B")], ["A"]).candidate
    assert "phenotype_poor" in {r.code for r in poor.reasons_against}


def test_phenotype_and_evidence_raise_the_score(
    make_call: MakeCall, limits: Limits, ontology: Ontology
) -> None:
    fitting, other = [disease("OMIM:1", ["AD"], "A")], [disease("OMIM:1", ["AD"], "B")]

    def score(known: list[KnownDisease], **variant: Any) -> float:
        return judged(make_call, limits, ontology, known, ["A"], **variant).candidate.score

    assert score(fitting, **HIGH) > score(fitting) > score(other)
    assert 0 <= score(other) <= score(fitting, **SUPPORTED) <= 1


def test_order_is_tier_then_score_and_ranks_count_up(
    make_call: MakeCall, limits: Limits, ontology: Ontology
) -> None:
    known = [disease("OMIM:1", ["AD"], "A")]
    items = [
        judged(make_call, limits, ontology, known, ["B"]),
        judged(make_call, limits, ontology, known, ["A"], **HIGH),
        judged(make_call, limits, ontology, known, ["A"], **SUPPORTED),
        judged(make_call, limits, ontology, known, ["A"]),
    ]
    found = rank(items, secondary=True)
    assert [c.tier for c in found] == ["likely", "likely", "possible", "weak"]
    assert [c.rank for c in found] == [1, 2, 3, 4]
    assert found[0].score > found[1].score
    assert rank(reversed(items), secondary=True) == found


@pytest.mark.parametrize(("observed", "kept"), [(["A"], 1), (["B"], 0), ([], 1)])
def test_unrelated_strong_findings_need_consent(
    make_call: MakeCall, limits: Limits, ontology: Ontology, observed: list[str], kept: int
) -> None:
    known = [disease("OMIM:1", ["AD"], "A")]
    item = judged(make_call, limits, ontology, known, observed, **SUPPORTED)
    assert len(rank([item], secondary=False)) == kept
    assert len(rank([item], secondary=True)) == 1


@pytest.mark.parametrize(
    ("affected", "tiers", "result"),
    [
        ("yes", ["likely", "weak"], "candidate"),
        ("yes", ["possible"], "possible"),
        ("yes", ["weak"], "nothing_found"),
        ("yes", [], "nothing_found"),
        ("unknown", ["likely"], "candidate"),
        ("unknown", [], "no_question"),
        ("no", [], "no_question"),
    ],
)
def test_result(
    make_call: MakeCall,
    *,
    limits: Limits,
    ontology: Ontology,
    affected: str,
    tiers: list[str],
    result: str,
) -> None:
    base = judged(make_call, limits, ontology, [], []).candidate
    candidates = [base.model_copy(update={"tier": t}) for t in tiers]
    assert result_of(affected, candidates) == result

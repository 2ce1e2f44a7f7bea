"""Phenotype similarity on a small ontology."""

from __future__ import annotations

import pytest

from soyang.interpretation.phenotype import (
    ABNORMALITY,
    Agreement,
    Ontology,
    Profile,
    Record,
    agreement,
    denied,
    matches,
    similarity,
)
from soyang.interpretation.tables import MatchedTerm

PARENTS = {
    ABNORMALITY: [],
    "HEART": [ABNORMALITY],
    "ASD": ["HEART"],
    "VSD": ["HEART"],
    "LIVER": [ABNORMALITY],
    "JAUNDICE": ["LIVER"],
    "EYE": [ABNORMALITY],
}
INFORMATION = {
    ABNORMALITY: 0.0,
    "HEART": 2.5,
    "ASD": 5.0,
    "VSD": 4.0,
    "LIVER": 1.5,
    "JAUNDICE": 4.5,
    "EYE": 3.0,
    "ONSET": 1.0,
}


def above(term: str) -> list[str]:
    return sorted({term, *(a for parent in PARENTS[term] for a in above(parent))})


@pytest.fixture
def ontology() -> Ontology:
    rows = [(term, term.title(), above(term)) for term in PARENTS]
    return Ontology.build([*rows, ("ONSET", "Onset", ["ONSET"])], INFORMATION)


def score(
    ontology: Ontology, observed: list[str], terms: list[str], excluded: tuple[str, ...] = ()
) -> float:
    profile = Profile.build(ontology, terms)
    return similarity(ontology, Record.build(ontology, observed, excluded), profile)


def test_same_terms_score_one(ontology: Ontology) -> None:
    assert score(ontology, ["ASD", "JAUNDICE"], ["JAUNDICE", "ASD"]) == pytest.approx(1)


def test_nothing_shared_scores_nothing(ontology: Ontology) -> None:
    assert score(ontology, ["ASD"], ["EYE"]) == 0


@pytest.mark.parametrize(
    ("observed", "terms"), [([], ["ASD"]), (["ASD"], []), (["ONSET"], ["ASD"])]
)
def test_nothing_to_compare(ontology: Ontology, observed: list[str], terms: list[str]) -> None:
    assert score(ontology, observed, terms) == 0


def test_score_is_the_weighted_mean_of_both_directions(ontology: Ontology) -> None:
    # ASD (5) shares HEART (2.5) with VSD (4): 2.5/5 forward, 2.5/4 backward
    assert score(ontology, ["ASD"], ["VSD"]) == pytest.approx((0.5 + 0.6 * 0.625) / 1.6)


def test_the_nearer_the_disease_the_higher_the_score(ontology: Ontology) -> None:
    observed = ["ASD", "JAUNDICE"]
    order = [["ASD", "JAUNDICE"], ["ASD", "LIVER"], ["ASD"], ["VSD"], ["EYE"]]
    scores = [score(ontology, observed, terms) for terms in order]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_an_unexplained_phenotype_costs_more_than_a_missing_one(ontology: Ontology) -> None:
    unexplained = score(ontology, ["ASD", "JAUNDICE"], ["ASD"])
    missing = score(ontology, ["ASD"], ["ASD", "JAUNDICE"])
    assert unexplained < missing < 1


def test_denied_terms_count_against(ontology: Ontology) -> None:
    terms = ["ASD", "JAUNDICE"]
    assert score(ontology, ["ASD"], terms, ("JAUNDICE",)) < score(ontology, ["ASD"], terms)
    assert score(ontology, ["ASD"], terms, ("EYE",)) == score(ontology, ["ASD"], terms)
    record = Record.build(ontology, ["ASD"], ["LIVER", "EYE"])
    assert denied(record, Profile.build(ontology, terms)) == ["LIVER"]


def test_what_is_affirmed_is_not_denied(ontology: Ontology) -> None:
    record = Record.build(ontology, ["ASD"], ["ASD", "HEART", "VSD"])
    assert record.excluded == ("VSD",)


def test_implied_terms_are_dropped(ontology: Ontology) -> None:
    record = Record.build(ontology, ["HEART", "ASD", "ASD", "ONSET", "HP:0"])
    assert record.observed == ("ASD",)


def test_matches_name_the_nearest_term(ontology: Ontology) -> None:
    record = Record.build(ontology, ["ASD", "JAUNDICE", "EYE"])
    found = matches(ontology, record, Profile.build(ontology, ["VSD", "HEART", "JAUNDICE"]))
    assert [(m.hpo_id, m.disease_hpo_id, m.information) for m in found] == [
        ("JAUNDICE", "JAUNDICE", 4.5),
        ("ASD", "HEART", 2.5),
    ]


def test_a_wide_ancestor_is_no_match(ontology: Ontology) -> None:
    record = Record.build(ontology, ["JAUNDICE"])
    assert matches(ontology, record, Profile.build(ontology, ["LIVER"])) == []
    assert matches(ontology, record, Profile.build(ontology, [])) == []


@pytest.mark.parametrize(
    ("score", "information", "word"),
    [
        (None, 9.0, "unknown"),
        (0.34, 9.0, "poor"),
        (0.35, 4.9, "partial"),
        (0.35, 5.0, "match"),
        (0.5, 2.0, "match"),
    ],
)
def test_agreement(score: float | None, information: float, word: Agreement) -> None:
    match = MatchedTerm(
        hpo_id="A", hpo_name="a", disease_hpo_id="B", disease_hpo_name="b", information=information
    )
    assert agreement(score, [match]) == word

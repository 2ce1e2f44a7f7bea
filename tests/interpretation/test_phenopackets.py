"""Phenotype alone against all disease genes, on published cases.

A case's own paper is taken out of the annotations: otherwise the disease's terms are partly
the case itself. Genes that the HPO release does not know count as missed. The plain mean of
Resnik's best matches (person to disease) runs beside ours, on the same cases.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import polars as pl
import pytest

from soyang.interpretation.phenotype import Ontology, Profile, Record, similarity
from soyang.phenotypes.hpo import (
    ancestors,
    current_names,
    data_folder,
    information,
    read_annotations,
    read_genes,
    read_terms,
)

CASES = 50
SEED = 20260101
Score = Callable[[Record, Profile], float]


_SHARED: dict[tuple[str, int], float] = {}


class Remembering(Ontology):
    """Remembers what terms share within one case: diseases have many terms in common."""

    def shared(self, term: str, closure: frozenset[str]) -> float:
        key = term, id(closure)
        if key not in _SHARED:
            _SHARED[key] = super().shared(term, closure)
        return _SHARED[key]


@dataclass
class Knowledge:
    """HPO with references kept, so that a paper can be taken out."""

    names: dict[str, str]
    ontology: Ontology
    terms: dict[str, list[tuple[str, str]]]
    genes: dict[str, list[str]]
    cited: dict[str, set[str]]

    def profile(self, disease: str, without: str = "none") -> Profile:
        kept = {term for term, papers in self.terms[disease] if without not in papers.split(";")}
        return Profile.build(self.ontology, kept)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    folder = data_folder()
    stanzas = read_terms(folder / "hp.obo")
    names = current_names(stanzas)
    annotations = read_annotations(folder / "phenotype.hpoa", names)
    closure = ancestors(stanzas)
    genes: dict[str, list[str]] = defaultdict(list)
    for gene, disease in read_genes(folder / "genes_to_phenotype.txt").iter_rows():
        genes[disease].append(gene)
    terms: dict[str, list[tuple[str, str]]] = defaultdict(list)
    cited: dict[str, set[str]] = defaultdict(set)
    phenotypes = annotations.filter(pl.col("aspect") == "P")
    for disease, term, papers in phenotypes.select("disease_id", "hpo_id", "reference").iter_rows():
        if disease in genes:
            terms[disease].append((term, papers))
            for paper in papers.split(";"):
                cited[paper].add(disease)
    rows = [
        (t.identifier, t.name, sorted(closure[t.identifier])) for t in stanzas if not t.obsolete
    ]
    return Knowledge(
        names=names,
        ontology=Remembering.build(rows, information(annotations, closure)),
        terms=terms,
        genes=genes,
        cited=cited,
    )


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> list[dict[str, Any]]:
    with gzip.open(shared_data / "phenopackets" / "cases.jsonl.gz", "rt") as lines:
        usable = [c for c in map(json.loads, lines) if c["observed"] and c["gene"]]
    return random.Random(SEED).sample(usable, CASES)


def rank_of(gene: str, scores: dict[str, float], knowledge: Knowledge) -> float:
    """Middle rank of a gene among all disease genes; a gene's score is its best disease's."""
    best: dict[str, float] = defaultdict(float)
    for disease, score in scores.items():
        for other in knowledge.genes[disease]:
            best[other] = max(best[other], score)
    if gene not in best:
        return float("inf")
    better = sum(score > best[gene] for score in best.values())
    ties = sum(score == best[gene] for score in best.values())
    return better + (ties + 1) / 2


def resnik_mean(ontology: Ontology) -> Score:
    def score(record: Record, profile: Profile) -> float:
        return mean(ontology.shared(term, profile.closure) for term in record.observed)

    return score


def ranks(
    case: dict[str, Any],
    every: dict[str, Profile],
    methods: dict[str, Score],
    knowledge: Knowledge,
) -> dict[str, tuple[float, float]]:
    """By each method: rank with all annotations, and with the case's own paper taken out."""
    _SHARED.clear()
    observed = [knowledge.names.get(term, "") for term in case["observed"]]
    excluded = [knowledge.names.get(term, "") for term in case["excluded"]]
    record = Record.build(knowledge.ontology, observed, excluded)
    if not record.observed:
        return dict.fromkeys(methods, (float("inf"), float("inf")))
    own = {
        disease: knowledge.profile(disease, case["pmid"])
        for disease in knowledge.cited.get(case["pmid"], ())
    }
    found = {}
    for name, score in methods.items():
        as_is = {disease: score(record, profile) for disease, profile in every.items()}
        without = as_is | {disease: score(record, profile) for disease, profile in own.items()}
        gene = case["gene"]["symbol"]
        found[name] = rank_of(gene, as_is, knowledge), rank_of(gene, without, knowledge)
    return found


def top(found: Sequence[float], limit: int = 10) -> float:
    return mean(rank <= limit for rank in found)


def macro(cases: Sequence[dict[str, Any]], found: Sequence[float]) -> float:
    by_gene: dict[str, list[float]] = defaultdict(list)
    for case, rank in zip(cases, found, strict=True):
        by_gene[case["gene"]["symbol"]].append(rank)
    return mean(top(group) for group in by_gene.values())


@pytest.mark.shared
@pytest.mark.slow
def test_gene_of_published_cases_by_phenotype_alone(
    knowledge: Knowledge, cases: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    ontology = knowledge.ontology
    every = {disease: knowledge.profile(disease) for disease in sorted(knowledge.terms)}
    methods: dict[str, Score] = {
        "ours": lambda record, profile: similarity(ontology, record, profile),
        "Resnik mean": resnik_mean(ontology),
    }
    every_rank = [ranks(case, every, methods, knowledge) for case in cases]
    found = {}
    for name in methods:
        as_is = [ranked[name][0] for ranked in every_rank]
        without = [ranked[name][1] for ranked in every_rank]
        found[name] = top(as_is), top(without)
        with capsys.disabled():
            print(
                f"\n{name}: {len(cases)} cases, gene in the first ten: {top(as_is):.0%} as is, "
                f"{top(without):.0%} without the case's own paper; first: {top(without, 1):.0%}; "
                f"in the first ten, mean over genes: {macro(cases, without):.0%}"
            )
    unknown = mean(
        not any(case["gene"]["symbol"] in genes for genes in knowledge.genes.values())
        for case in cases
    )
    with capsys.disabled():
        print(f"genes that this HPO release does not know: {unknown:.0%} of cases")
    assert found["ours"][0] >= found["Resnik mean"][0]
    assert found["ours"][1] >= found["Resnik mean"][1]
    assert found["ours"][0] >= 0.5
    assert found["ours"][1] >= 0.3

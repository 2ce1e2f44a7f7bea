"""How well a person's phenotypes fit a disease.

Semantic similarity after Resnik (1995, doi:10.48550/arXiv.cmp-lg/9511007): two terms share as
much as the information content (nats) of their most informative common ancestor. Sets are
compared by best matches in both directions (Köhler et al. 2009, doi:10.1016/j.ajhg.2009.09.003),
each direction weighted and normalised by information, so that the score lies within 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from soyang.interpretation.tables import MatchedTerm

ABNORMALITY = "HP:0000118"
"""Phenotypic abnormality; terms elsewhere (onset, inheritance) are not compared."""

REVERSE_WEIGHT = 0.6
"""Weight of disease-to-person against person-to-disease matches. A record rarely holds all
of a disease's terms, so that a missing one says less than an unexplained one."""

EXCLUDED_WEIGHT = 0.03
"""Weight of terms that the record denies. Published cases often deny terms that only some
patients have: larger weights ranked the right gene lower (see the test on shared cases)."""

MIN_MATCH_INFORMATION = 2.0
"""Nats from which on a common ancestor counts as a match: fewer than 1 in 7 diseases have it."""

MATCH = 0.5
"""Score from which on the phenotype matches. Of published cases, their own paper taken out of
the annotations, 63 % of the right and 3.5 % of other genes reach it."""

SPECIFIC_INFORMATION = 5.0
"""Nats (fewer than 1 disease in 148). One match as telling as this, with a score that is not
poor, is a match too (then 69 % of the right and 4 % of other genes): HPO annotates some
diseases so sparsely that a textbook record scores low."""

POOR = 0.35
"""Score below which the phenotype is poor: 10 % of the right and 84 % of other genes."""

Agreement = Literal["match", "partial", "poor", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Ontology:
    """What comparing needs of HPO.

    Attributes:
        names: term to name, of the terms to compare.
        information: term to information content, in nats.
        ancestors: term to its ancestors and itself, most informative first; of the terms to
            compare.
    """

    names: Mapping[str, str]
    information: Mapping[str, float]
    ancestors: Mapping[str, tuple[str, ...]]

    @classmethod
    def build(
        cls, rows: Iterable[tuple[str, str, Sequence[str]]], information: Mapping[str, float]
    ) -> Ontology:
        """Build from what TERMS holds.

        Args:
            rows: hpo_id, hpo_name and ancestors of the terms to compare.
            information: information content of these and of all their ancestors.
        """
        kept = list(rows)
        return cls(
            names={term: name for term, name, _ in kept},
            information=information,
            ancestors={
                term: tuple(sorted(above, key=lambda a: (-information[a], a)))
                for term, _, above in kept
                if ABNORMALITY in above
            },
        )

    def closure(self, terms: Iterable[str]) -> frozenset[str]:
        """The terms and all their ancestors; terms that are not compared are left out."""
        return frozenset[str]().union(*(self.ancestors.get(term, ()) for term in terms))

    def shared(self, term: str, closure: frozenset[str]) -> float:
        """Information of the most informative ancestor of ``term`` within ``closure``."""
        return next((self.information[a] for a in self.ancestors[term] if a in closure), 0.0)

    def specific(self, terms: Iterable[str]) -> list[str]:
        """Comparable terms without those that another one implies, sorted."""
        known = {term for term in terms if term in self.ancestors}
        implied = {a for term in known for a in self.ancestors[term] if a != term}
        return sorted(known - implied)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a person's record says, prepared for comparing.

    Attributes:
        observed: most specific observed terms, sorted; empty: nothing to compare.
        excluded: terms that the record denies and nowhere affirms, sorted.
        closure: observed terms and their ancestors.
    """

    observed: tuple[str, ...]
    excluded: tuple[str, ...]
    closure: frozenset[str]

    @classmethod
    def build(
        cls, ontology: Ontology, observed: Iterable[str], excluded: Iterable[str] = ()
    ) -> Record:
        """Prepare terms; where the record both affirms and denies one, it is observed."""
        present = ontology.specific(observed)
        closure = ontology.closure(present)
        denied = {t for t in excluded if t in ontology.ancestors and t not in closure}
        return cls(observed=tuple(present), excluded=tuple(sorted(denied)), closure=closure)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A disease's terms, prepared for comparing.

    Attributes:
        terms: its comparable terms, sorted.
        closure: these and their ancestors.
    """

    terms: tuple[str, ...]
    closure: frozenset[str]

    @classmethod
    def build(cls, ontology: Ontology, terms: Iterable[str]) -> Profile:
        """Prepare a disease's terms; those that are not compared are left out."""
        comparable = tuple(sorted(term for term in terms if term in ontology.ancestors))
        return cls(terms=comparable, closure=ontology.closure(comparable))


def similarity(ontology: Ontology, record: Record, profile: Profile) -> float:
    """Score of a disease for a person, 0 (nothing shared) to 1 (the same terms).

    0 where the disease has no terms or the record no observed ones.
    """
    if not profile.terms or not record.observed:
        return 0.0
    forward = _covered(ontology, record.observed, profile.closure)
    backward = _covered(ontology, profile.terms, record.closure)
    both = (forward + REVERSE_WEIGHT * backward) / (1 + REVERSE_WEIGHT)
    return max(0.0, both - EXCLUDED_WEIGHT * _denied_share(ontology, record, profile))


def _covered(ontology: Ontology, terms: Sequence[str], closure: frozenset[str]) -> float:
    """Share of the terms' information that ``closure`` has."""
    total = sum(ontology.information[term] for term in terms)
    return sum(ontology.shared(term, closure) for term in terms) / total if total else 0.0


def _denied_share(ontology: Ontology, record: Record, profile: Profile) -> float:
    weigh = ontology.information
    against = sum(weigh[term] for term in denied(record, profile))
    total = sum(weigh[term] for term in (*record.observed, *record.excluded))
    return against / total if total else 0.0


def denied(record: Record, profile: Profile) -> list[str]:
    """The disease's terms (or wider ones) that the record says are absent."""
    return [term for term in record.excluded if term in profile.closure]


def matches(ontology: Ontology, record: Record, profile: Profile) -> list[MatchedTerm]:
    """Each observed term with the disease term nearest to it, most informative first."""
    found = [_nearest(ontology, term, profile.terms) for term in record.observed if profile.terms]
    told = [match for match in found if match.information >= MIN_MATCH_INFORMATION]
    return sorted(told, key=lambda match: (-match.information, match.hpo_id))


def agreement(score: float | None, matched: Iterable[MatchedTerm]) -> Agreement:
    """The score and the matched terms in one word; unknown: no phenotype to compare."""
    if score is None:
        return "unknown"
    if score < POOR:
        return "poor"
    telling = any(match.information >= SPECIFIC_INFORMATION for match in matched)
    return "match" if score >= MATCH or telling else "partial"


def _nearest(ontology: Ontology, term: str, candidates: Sequence[str]) -> MatchedTerm:
    """Among equally informative matches the least specific disease term is the nearest."""
    own = frozenset(ontology.ancestors[term])

    def nearness(other: str) -> tuple[float, float]:
        return ontology.shared(other, own), -ontology.information[other]

    best = max(candidates, key=nearness)
    return MatchedTerm(
        hpo_id=term,
        hpo_name=ontology.names[term],
        disease_hpo_id=best,
        disease_hpo_name=ontology.names[best],
        information=round(ontology.shared(best, own), 3),
    )

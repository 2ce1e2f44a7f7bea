"""From explanations to ranked candidates in tiers.

Score = evidence of the variants x fit of the model to family and disease x phenotype, each
within 0 and 1; where there is no phenotype its factor is one half for all. The tier is not
taken from the score but from stated rules, see :func:`tier`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from soyang.interpretation.evidence import (
    Call,
    Limits,
    reasons_against,
    reasons_for,
    weight,
)
from soyang.interpretation.models import FITTING, RECESSIVE, Explanation
from soyang.interpretation.phenotype import (
    POOR,
    Agreement,
    Ontology,
    Profile,
    Record,
    agreement,
    denied,
    matches,
    similarity,
)
from soyang.interpretation.tables import Candidate, Carrier, Disease, MatchedTerm, Reason

Tier = Literal["likely", "possible", "weak"]
TIERS: tuple[Tier, ...] = ("likely", "possible", "weak")

FLAWS = frozenset(
    {
        "inherited_from_unaffected",
        "does_not_segregate",
        "low_depth",
        "allele_balance",
        "filtered",
        "common",
        "clinvar_benign",
    }
)
"""Reasons against that no phenotype makes up for."""

FITS, UNKNOWN, MISFIT = 1.0, 0.5, 0.1
"""Whether the gene's diseases are inherited as the model says; unknown: HPO does not say."""


@dataclass(frozen=True, kw_only=True)
class KnownDisease:
    """A disease of a gene, with its HPO terms."""

    told: Disease
    profile: Profile


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A disease against one explanation and one person.

    Attributes:
        disease: the disease.
        fit: FITS, UNKNOWN or MISFIT.
        score: phenotype similarity, None if the person has no phenotype.
    """

    disease: KnownDisease
    fit: float
    score: float | None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A candidate without its rank, and what the rules of consent ask of it.

    Attributes:
        candidate: the candidate; its rank is not its own yet.
        unrelated: the person has phenotypes, and no disease of the gene shares one.
        notable: a variant is strong or asserted: naming it says something of the person's health.
        supported: ClinVar supports every variant.
    """

    candidate: Candidate
    unrelated: bool
    notable: bool
    supported: bool


def inheritance(diseases: Iterable[KnownDisease]) -> frozenset[str]:
    """All inheritance that HPO states for a gene's diseases."""
    return frozenset(mode for known in diseases for mode in known.told.inheritance)


def compare(
    explanation: Explanation,
    diseases: Sequence[KnownDisease],
    ontology: Ontology,
    record: Record,
) -> list[Compared]:
    """The gene's diseases, those that fit the model first, then by phenotype.

    A disease without stated inheritance (HPO has none for ORPHA) takes that of the gene's
    other diseases.
    """
    modes = inheritance(diseases)
    found = [
        Compared(
            disease=known,
            fit=_fit(explanation, frozenset(known.told.inheritance) or modes),
            score=similarity(ontology, record, known.profile) if record.observed else None,
        )
        for known in diseases
    ]
    return sorted(found, key=lambda c: (-c.fit, -(c.score or 0.0), c.disease.told.id))


def _fit(explanation: Explanation, modes: frozenset[str]) -> float:
    if not modes:
        return UNKNOWN
    return FITS if modes & FITTING[explanation.model] else MISFIT


def tier(explanation: Explanation, fit: float, phenotype: Agreement, against: set[str]) -> Tier:
    """How much weight a reader should give a candidate.

    A variant is *supported* if ClinVar says (likely) pathogenic with review criteria,
    *asserted* if it says so without, and *strong* if it is supported or loss of function is
    expected. What is said here of a candidate holds for all its variants.

    - weak: one hit in a recessive gene, two variants in cis, or inheritance that does not
      fit; with a flaw (:data:`FLAWS`) also, unless supported: then possible.
    - likely: a disease of the gene is inherited so, and the variants are supported and the
      phenotype is not poor; or they are strong or asserted and the phenotype matches; or
      strong and new (de novo) and the phenotype is not poor; or new and it matches.
    - possible: strong, or asserted with a phenotype that is not poor, where the inheritance
      is known to fit or the model asks for more than one heterozygous variant of any age;
      or altered protein and a matching phenotype.
    - weak: all others.
    """
    calls = explanation.calls
    supported = all(call.clinvar_supported for call in calls)
    if explanation.model == "single_hit" or explanation.phase == "cis" or fit == MISFIT:
        return "weak"
    if against & FLAWS:
        return "possible" if supported else "weak"
    if fit == FITS and _is_likely(explanation, phenotype):
        return "likely"
    told = _strong(calls) or (_strong_or_asserted(calls) and phenotype != "poor")
    if told and (fit == FITS or explanation.model != "dominant"):
        return "possible"
    return "possible" if phenotype == "match" and _altering(calls) else "weak"


def _is_likely(explanation: Explanation, phenotype: Agreement) -> bool:
    calls, new = explanation.calls, explanation.model == "de_novo"
    if phenotype == "match":
        return new or _strong_or_asserted(calls)
    supported = all(call.clinvar_supported for call in calls)
    return phenotype != "poor" and (supported or (new and _strong(calls)))


def _strong(calls: Iterable[Call]) -> bool:
    return all(call.strong for call in calls)


def _strong_or_asserted(calls: Iterable[Call]) -> bool:
    return all(call.strong or call.clinvar_asserted for call in calls)


def _altering(calls: Iterable[Call]) -> bool:
    return all(call.found.impact in ("HIGH", "MODERATE") or call.clinvar_asserted for call in calls)


def judge(
    explanation: Explanation,
    diseases: Sequence[KnownDisease],
    ontology: Ontology,
    record: Record,
    limits: Limits,
) -> Judged:
    """Weigh one explanation: score, tier, reasons, matched terms."""
    compared = compare(explanation, diseases, ontology, record)
    best = compared[0] if compared else None
    fit = best.fit if best else UNKNOWN
    score = best.score if best else (0.0 if record.observed else None)
    matched = matches(ontology, record, best.disease.profile) if best else []
    positive = _merge(
        explanation.reasons_for,
        *(reasons_for(call, explanation.limit) for call in explanation.calls),
        _phenotype_for(score, matched, record),
    )
    negative = _merge(
        explanation.reasons_against,
        *(reasons_against(call, limits, explanation.limit) for call in explanation.calls),
        _disease_against(explanation, compared, fit),
        _phenotype_against(score, best, record),
    )
    value = _evidence(explanation, limits) * explanation.pedigree * _fit_factor(explanation, fit)
    candidate = Candidate(
        rank=1,
        tier=tier(explanation, fit, agreement(score, matched), {r.code for r in negative}),
        gene=explanation.gene,
        model=explanation.model,
        phase=explanation.phase,
        score=round(value * _phenotype_factor(score), 4),
        phenotype_score=None if score is None else round(score, 4),
        variants=[call.found for call in explanation.calls],
        diseases=[item.disease.told for item in compared],
        matched=matched,
        reasons_for=positive,
        reasons_against=negative,
    )
    return Judged(
        candidate=candidate,
        unrelated=bool(record.observed)
        and not any(matches(ontology, record, known.profile) for known in diseases),
        notable=any(call.strong or call.clinvar_asserted for call in explanation.calls),
        supported=all(call.clinvar_supported for call in explanation.calls),
    )


def _evidence(explanation: Explanation, limits: Limits) -> float:
    weights = [weight(call, limits) for call in explanation.calls]
    return math.prod(weights) ** (1 / len(weights))


def _fit_factor(explanation: Explanation, fit: float) -> float:
    return UNKNOWN if explanation.model == "single_hit" else fit


def _phenotype_factor(score: float | None) -> float:
    return 0.5 if score is None else 0.1 + 0.9 * score


def _phenotype_for(
    score: float | None, matched: Sequence[MatchedTerm], record: Record
) -> list[Reason]:
    if score is None or score < POOR or not matched:
        return []
    values: dict[str, str | int | float] = {
        "n_matched": len(matched),
        "n_terms": len(record.observed),
        "score": round(score, 3),
    }
    return [Reason(code="phenotype_match", values=values)]


def _disease_against(
    explanation: Explanation, compared: Sequence[Compared], fit: float
) -> list[Reason]:
    if not compared:
        return [Reason(code="no_known_disease", values={"gene": explanation.gene})]
    if fit != MISFIT or explanation.model == "single_hit":
        return []
    modes = sorted(inheritance(item.disease for item in compared))
    return [Reason(code="inheritance_mismatch", values={"inheritance": ", ".join(modes)})]


def _phenotype_against(score: float | None, best: Compared | None, record: Record) -> list[Reason]:
    if score is None:
        return [Reason(code="phenotype_not_assessed")]
    found = []
    if best and score < POOR:
        found.append(Reason(code="phenotype_poor", values={"score": round(score, 3)}))
    refuted = denied(record, best.disease.profile) if best else []
    if refuted:
        found.append(Reason(code="phenotype_excluded", values={"n": len(refuted)}))
    return found


def _merge(*groups: Iterable[Reason]) -> list[Reason]:
    kept: list[Reason] = []
    for group in groups:
        kept += [reason for reason in group if reason not in kept]
    return kept


def rank(judged: Iterable[Judged], *, secondary: bool) -> list[Candidate]:
    """Number the candidates, best first: by tier, then score, then gene.

    Without consent to secondary findings, a strong variant in a gene none of whose diseases
    shares a phenotype with the person is left out: it is no answer to the question asked. So
    is a single strong hit in a recessive gene, unless the phenotype speaks for its disease.
    A single hit that is part of a better explanation is not told a second time as a weak one.
    """
    kept = [item.candidate for item in judged if secondary or not _is_secondary(item)]
    kept.sort(key=lambda c: (TIERS.index(c.tier), -c.score, c.gene, c.model, _site(c)))
    kept = [c for n, c in enumerate(kept) if not (c.model == "single_hit" and _told(c, kept[:n]))]
    return [c.model_copy(update={"rank": n}) for n, c in enumerate(kept, start=1)]


def _is_secondary(item: Judged) -> bool:
    lone = item.candidate.model == "single_hit" and (item.candidate.phenotype_score or 0.0) < POOR
    return item.notable and (item.unrelated or lone)


def _told(candidate: Candidate, better: Iterable[Candidate]) -> bool:
    """Whether a better candidate already has all variants of this one."""
    own = {v.hgvs_g for v in candidate.variants}
    return any(own <= {v.hgvs_g for v in other.variants} for other in better)


def _site(candidate: Candidate) -> str:
    return "/".join(f"{v.position}-{v.ref}-{v.alt}" for v in candidate.variants)


def carriers(
    calls: Iterable[Call],
    diseases: dict[str, list[KnownDisease]],
    candidates: Iterable[Candidate],
) -> list[Carrier]:
    """Heterozygous ClinVar-supported variants in recessive genes, not shown as an answer."""
    answers = {v.hgvs_g for c in candidates if c.tier != "weak" for v in c.variants}
    found = [
        Carrier(
            variant=call.found,
            diseases=[d.told for d in known if RECESSIVE & set(d.told.inheritance)],
        )
        for call in calls
        if call.clinvar_supported
        and call.found.zygosity == "heterozygous"
        and call.found.hgvs_g not in answers
        and RECESSIVE & inheritance(known := diseases.get(call.found.gene, []))
    ]
    return sorted(found, key=lambda c: (c.variant.gene, c.variant.position, c.variant.alt))

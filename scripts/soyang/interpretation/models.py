"""Inheritance models: which of a gene's variants could together explain a disease.

The pedigree is used as far as parents are in the analysis; a parent who is not, or whose
genotype is not known at the site, is neither for nor against.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from soyang.core.assembly import PSEUDO_AUTOSOMAL, Assembly, bare
from soyang.interpretation.evidence import Call, Limits, weight
from soyang.interpretation.tables import ParentState, Reason

Model = Literal[
    "dominant", "de_novo", "homozygous", "compound_heterozygous", "x_linked", "single_hit"
]
Phase = Literal["trans", "cis", "unknown", "not_applicable"]
Affection = Literal["yes", "no", "unknown"]

FITTING: dict[Model, frozenset[str]] = {
    "dominant": frozenset({"AD"}),
    "de_novo": frozenset({"AD", "XL", "XLD", "XLR"}),
    "homozygous": frozenset({"AR"}),
    "compound_heterozygous": frozenset({"AR"}),
    "x_linked": frozenset({"XL", "XLD", "XLR"}),
    "single_hit": frozenset(),
}
"""Model to the inheritance of diseases that it can explain. One hit explains none."""

RECESSIVE = frozenset({"AR"})
"""Inheritance in which two alleles are needed."""

CARRYING: tuple[ParentState, ...] = ("carrier", "homozygous")


@dataclass(frozen=True, kw_only=True)
class Parents:
    """Whether father and mother are affected; of somebody not in the analysis: unknown."""

    father: Affection = "unknown"
    mother: Affection = "unknown"


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Variants of one gene under one model, before disease and phenotype.

    Attributes:
        gene: HGNC symbol.
        model: inheritance model.
        phase: of a compound heterozygote.
        calls: one variant, or two.
        pedigree: how well the family fits, 0 to 1.
        limit: population frequency that the model allows.
        reasons_for: from the family.
        reasons_against: from the family.
    """

    gene: str
    model: Model
    calls: tuple[Call, ...]
    pedigree: float
    limit: float
    phase: Phase = "not_applicable"
    reasons_for: tuple[Reason, ...] = ()
    reasons_against: tuple[Reason, ...] = ()


def explain(
    gene: str,
    calls: Sequence[Call],
    inheritance: Collection[str],
    *,
    parents: Parents,
    limits: Limits,
    assembly: Assembly,
) -> Iterator[Explanation]:
    """All models that a gene's candidate variants allow in one person.

    Args:
        gene: HGNC symbol.
        calls: the person's candidate variants in it.
        inheritance: of all diseases of the gene (AD, AR, XL, ...); empty: not known.
        parents: whether they are affected.
        limits: thresholds.
        assembly: for the pseudo-autosomal regions.
    """
    on_x = [call for call in calls if is_x_linked(call, assembly)]
    autosomal = [call for call in calls if call not in on_x]
    for call in on_x:
        yield _x_linked(gene, call, inheritance, parents, limits)
    recessive_only = "AR" in inheritance and "AD" not in inheritance
    for call in autosomal:
        if call.found.zygosity != "heterozygous" and ("AR" in inheritance or not inheritance):
            yield _homozygous(gene, call, parents, limits)
        elif recessive_only:
            yield _single_hit(gene, call, limits)
        elif _allowed(call, limits.max_frequency_dominant):
            yield _dominant(gene, call, parents, limits)
    if "AR" in inheritance or not inheritance:
        yield from _compound(gene, autosomal, limits)


def is_x_linked(call: Call, assembly: Assembly) -> bool:
    """Whether the variant lies on X outside the pseudo-autosomal regions."""
    if bare(call.found.contig) != "X":
        return False
    position = call.found.position - 1
    return not any(s <= position < e for s, e in PSEUDO_AUTOSOMAL[assembly]["X"])


def _allowed(call: Call, limit: float) -> bool:
    """Rare enough, or kept in spite of that because ClinVar speaks for it."""
    return call.is_rare(limit) or call.clinvar_supported


def _sides(call: Call, parents: Parents) -> tuple[tuple[str, ParentState, Affection], ...]:
    return (
        ("father", call.found.father, parents.father),
        ("mother", call.found.mother, parents.mother),
    )


def _dominant(gene: str, call: Call, parents: Parents, limits: Limits) -> Explanation:
    sides = _sides(call, parents)
    if all(state == "reference" for _, state, _ in sides):
        return _de_novo(gene, call, parents, limits)
    unaffected = [role for role, state, ill in sides if state in CARRYING and ill == "no"]
    affected = [role for role, state, ill in sides if state in CARRYING and ill == "yes"]
    against = [Reason(code="inherited_from_unaffected", values={"parent": r}) for r in unaffected]
    against += _affected_without(sides)
    if not any(state in CARRYING for _, state, _ in sides):
        against += _unconfirmed(call)
    pedigree = 0.2 if unaffected else 0.9 if affected else 0.7
    return Explanation(
        gene=gene,
        model="dominant",
        calls=(call,),
        pedigree=pedigree,
        limit=limits.max_frequency_dominant,
        reasons_for=_segregates(len(affected)),
        reasons_against=tuple(against),
    )


def _de_novo(gene: str, call: Call, parents: Parents, limits: Limits) -> Explanation:
    return Explanation(
        gene=gene,
        model="de_novo",
        calls=(call,),
        pedigree=1.0,
        limit=limits.max_frequency_dominant,
        reasons_for=(Reason(code="de_novo"),),
        reasons_against=tuple(_affected_without(_sides(call, parents))),
    )


def _affected_without(sides: Iterable[tuple[str, ParentState, Affection]]) -> list[Reason]:
    """An affected parent without the variant: it does not explain the family's disease."""
    lacking = sum(state == "reference" and ill == "yes" for _, state, ill in sides)
    return [Reason(code="does_not_segregate", values={"n": lacking})] if lacking else []


def _unconfirmed(call: Call) -> list[Reason]:
    states = (call.found.father, call.found.mother)
    if states == ("absent", "absent"):
        return []
    values: dict[str, str | int | float] = {"father": states[0], "mother": states[1]}
    return [Reason(code="de_novo_unconfirmed", values=values)]


def _segregates(count: int) -> tuple[Reason, ...]:
    return (Reason(code="segregates", values={"n": count}),) if count else ()


def _single_hit(gene: str, call: Call, limits: Limits) -> Explanation:
    return Explanation(
        gene=gene,
        model="single_hit",
        calls=(call,),
        pedigree=0.15,
        limit=limits.max_frequency_recessive,
        reasons_against=(Reason(code="single_hit_recessive"),),
    )


def _homozygous(gene: str, call: Call, parents: Parents, limits: Limits) -> Explanation:
    sides = _sides(call, parents)
    carriers = sum(state == "carrier" for _, state, _ in sides)
    contrary = sum(
        state == "reference" or (state == "homozygous" and ill == "no") for _, state, ill in sides
    )
    return Explanation(
        gene=gene,
        model="homozygous",
        calls=(call,),
        pedigree=0.3 if contrary else 1.0,
        limit=limits.max_frequency_recessive,
        reasons_for=(Reason(code="homozygous"), *_segregates(carriers)),
        reasons_against=_contrary(contrary),
    )


def _contrary(count: int) -> tuple[Reason, ...]:
    return (Reason(code="does_not_segregate", values={"n": count}),) if count else ()


def _x_linked(
    gene: str, call: Call, inheritance: Collection[str], parents: Parents, limits: Limits
) -> Explanation:
    if call.found.zygosity == "heterozygous":
        if inheritance and not {"XL", "XLD", "AD"} & set(inheritance):
            return _single_hit(gene, call, limits)
        return _x_heterozygous(gene, call, parents, limits)
    one_copy = call.found.zygosity == "hemizygous"
    contrary = int(call.found.mother == "homozygous" and parents.mother == "no")
    if one_copy and call.found.mother == "reference":
        return _de_novo(gene, call, Parents(mother=parents.mother), limits)
    return Explanation(
        gene=gene,
        model="x_linked",
        calls=(call,),
        pedigree=0.3 if contrary else 0.9,
        limit=limits.max_frequency_recessive,
        reasons_for=(
            Reason(code="hemizygous" if one_copy else "homozygous"),
            *_segregates(int(call.found.mother == "carrier")),
        ),
        reasons_against=_contrary(contrary),
    )


def _x_heterozygous(gene: str, call: Call, parents: Parents, limits: Limits) -> Explanation:
    """A woman with one copy: as dominant, but an unaffected mother may be spared (lyonisation)."""
    spared = Parents(
        father=parents.father, mother="unknown" if parents.mother == "no" else parents.mother
    )
    found = _dominant(gene, call, spared, limits)
    if found.model == "de_novo":
        return found
    return Explanation(
        gene=gene,
        model="x_linked",
        calls=found.calls,
        pedigree=min(found.pedigree, 0.6),
        limit=found.limit,
        reasons_for=found.reasons_for,
        reasons_against=found.reasons_against,
    )


def _compound(gene: str, calls: Sequence[Call], limits: Limits) -> Iterator[Explanation]:
    """The best pair of heterozygous variants, if there is one."""
    single = [call for call in calls if call.found.zygosity == "heterozygous"]
    pairs = [_pair(gene, one, other, limits) for one, other in combinations(single, 2)]
    if pairs:
        yield max(pairs, key=lambda pair: _pair_order(pair, limits))


def _pair_order(pair: Explanation, limits: Limits) -> tuple[float, float, str]:
    weights = sorted(weight(call, limits) for call in pair.calls)
    return pair.pedigree * weights[0] * weights[1], weights[1], "/".join(c.name for c in pair.calls)


def _pair(gene: str, one: Call, other: Call, limits: Limits) -> Explanation:
    phase = phase_of(one, other)
    return Explanation(
        gene=gene,
        model="compound_heterozygous",
        calls=(one, other),
        pedigree={"trans": 1.0, "unknown": 0.7, "cis": 0.1}[phase],
        limit=limits.max_frequency_recessive,
        phase=phase,
        reasons_for=(Reason(code="in_trans"),) if phase == "trans" else (),
        reasons_against={
            "trans": (),
            "unknown": (Reason(code="phase_unknown"),),
            "cis": (Reason(code="in_cis"),),
        }[phase],
    )


def phase_of(one: Call, other: Call) -> Literal["trans", "cis", "unknown"]:
    """Phase of two heterozygous variants, from the parents, else from a shared phase set."""
    return _phase_by_parents(one, other) or _phase_by_reads(one, other) or "unknown"


def _phase_by_parents(one: Call, other: Call) -> Literal["trans", "cis"] | None:
    """Trans if one parent has exactly one and the other could have given the second.

    Cis if one parent has neither, so that both came from the other parent (or are new) and
    none of them is seen to lack one.
    """
    father = (_has(one.found.father), _has(other.found.father))
    mother = (_has(one.found.mother), _has(other.found.mother))
    for giver, partner in ((father, mother), (mother, father)):
        if giver == (True, False) and partner[0] is not True and partner[1] is not False:
            return "trans"
        if giver == (False, True) and partner[1] is not True and partner[0] is not False:
            return "trans"
        if giver == (False, False) and False not in partner:
            return "cis"
    return None


def _has(state: ParentState) -> bool | None:
    return True if state in CARRYING else False if state == "reference" else None


def _phase_by_reads(one: Call, other: Call) -> Literal["trans", "cis"] | None:
    """Only within one named phase set; ``0|1`` and ``0|1`` are on one haplotype."""
    if one.phase_set is None or one.phase_set != other.phase_set:
        return None
    if one.found.contig != other.found.contig:
        return None
    haplotypes = (_haplotype(one.found.genotype), _haplotype(other.found.genotype))
    if None in haplotypes:
        return None
    return "cis" if haplotypes[0] == haplotypes[1] else "trans"


def _haplotype(genotype: str) -> int | None:
    """Index of the alternate allele in a phased genotype (records hold one alternate)."""
    alleles = genotype.split("|")
    carrying = [n for n, allele in enumerate(alleles) if allele not in ("0", ".")]
    return carrying[0] if len(alleles) > 1 and len(carrying) == 1 else None

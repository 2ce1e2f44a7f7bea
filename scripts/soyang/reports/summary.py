"""The first page: which statements it makes. Every decision on wording's content is here.

Rules: unknown is never negative (a plain VCF can't say that something is absent); a
variant of uncertain significance is not on the first page; nothing found never rules a
genetic cause out; nothing is acted on before another method has confirmed it, except
where waiting harms (the actions table says so).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from soyang.reports.actions import GeneAction, actions_for
from soyang.reports.codes import ActionCode, GapCode, ResultCode, Value
from soyang.reports.details import Json
from soyang.reports.event_model import Events
from soyang.reports.event_summary import (
    confirming,
    gaps,
    leading_result,
    meanings,
    possible_result,
    telling,
)
from soyang.reports.model import (
    Action,
    Carrier,
    Coverage,
    Explanation,
    Gap,
    Meaning,
    Result,
    Summary,
)

METHOD_GAPS: tuple[GapCode, ...] = (
    "copy_number",
    "structural",
    "mitochondrial",
    "repeat_expansion",
    "mosaic",
    "sex_chromosomes",
    "pharmacogenomics",
)
"""What this kind of test may not look at at all, in the order in which it is named."""
DATA_GAPS: tuple[GapCode, ...] = ("no_parents", "no_clinvar", "no_population_frequency")
MAX_CONDITIONS_NAMED = 4
"""Diseases of a gene that the first page names; findings put the best fitting ones first."""
MAX_GENES_NAMED = 4
"""Genes with uncovered exons that the first page names one by one; the rest is in the details."""
NO_QUESTION: frozenset[ResultCode] = frozenset({"no_question", "no_question_unknown"})
INFORMATIVE = {"carrier", "homozygous", "reference"}
"""States of a parent that say whether a variant is inherited."""


def is_uncertain(explanation: Explanation) -> bool:
    """Whether an explanation belongs in the appendix.

    Weak ones do, and those that are only possible and rest on nothing but variants that
    ClinVar calls uncertain. One pathogenic variant beside an uncertain one stays in sight.
    """
    if explanation.tier == "likely":
        return False
    return explanation.tier == "weak" or all(
        v.clinvar.classification == "uncertain" for v in explanation.variants
    )


@dataclass(frozen=True, kw_only=True)
class _Case:
    """What the first page's statements are decided from."""

    findings: Json
    shown: list[Explanation]
    carried: list[str]
    coverage: Coverage
    result: Result
    events: Events | None

    @property
    def asked(self) -> bool:
        """Whether a diagnosis was sought."""
        return self.result.code not in NO_QUESTION

    @property
    def found(self) -> bool:
        """Whether an event or a mitochondrial variant stands before the appendix."""
        return self.events is not None and bool(self.events.shown or self.events.mitochondrial)

    @property
    def leading(self) -> list[Explanation]:
        """Explanations that the result names: likely ones, or possible ones if none is likely.

        Where an event leads, possible ones are only listed.
        """
        tiers = {"candidate": "likely", "candidate_condition": "likely", "possible": "possible"}
        tier = tiers.get(self.result.code)
        return [explanation for explanation in self.shown if explanation.tier == tier]


def summarise(
    findings: Json,
    shown: list[Explanation],
    carriers: list[Carrier] | None,
    table: list[GeneAction],
    events: Events | None = None,
) -> Summary:
    """The first page's statements.

    Args:
        findings: the person's findings.
        shown: likely and possible explanations, best first, without uncertain ones.
        carriers: carrier findings, None where they are not part of the report.
        table: cited actions by gene.
        events: structural, copy-number and mitochondrial variants; None: nobody looked.
    """
    coverage = Coverage.model_validate(findings["coverage"])
    case = _Case(
        findings=findings,
        shown=shown,
        carried=list(dict.fromkeys(c.variant.gene for c in carriers or [])),
        coverage=coverage,
        result=_result(findings, shown, coverage, events),
        events=events,
    )
    return Summary(
        result=case.result,
        meaning=list(_meaning(case)),
        actions=list(_actions(case, table)),
        gaps=list(_gaps(findings, coverage, events)),
    )


def _result(
    findings: Json, shown: list[Explanation], coverage: Coverage, events: Events | None
) -> Result:
    if findings["result"] == "no_question":
        known = findings["affected"] != "unknown"
        return Result(code="no_question" if known else "no_question_unknown")
    found = _likely(shown) or leading_result(events) or _possible(shown) or possible_result(events)
    return found or _nothing(findings, coverage)


def _likely(shown: list[Explanation]) -> Result | None:
    likely = [explanation for explanation in shown if explanation.tier == "likely"]
    if len(_genes(likely)) == 1 and (condition := _fitting_condition(likely[0])):
        values: dict[str, Value] = {"gene": likely[0].gene, "condition": condition}
        return Result(code="candidate_condition", values=values)
    return Result(code="candidate", values={"genes": _genes(likely)}) if likely else None


def _possible(shown: list[Explanation]) -> Result | None:
    return Result(code="possible", values={"genes": _genes(shown)}) if shown else None


def _nothing(findings: Json, coverage: Coverage) -> Result:
    if not coverage.known:
        return Result(code="cannot_say")
    nothing = findings["result"] == "nothing_found"
    return Result(code="nothing_found" if nothing else "inconclusive")


def _meaning(case: _Case) -> Iterator[Meaning]:
    if not case.asked:
        yield Meaning(code="no_diagnosis_sought")
        if case.shown:
            yield Meaning(code="variant_without_question", values={"genes": _genes(case.shown)})
    elif case.leading:
        yield from _meaning_of_leading(case)
        yield from meanings(case.events)
    elif case.found:
        yield from meanings(case.events)
        if case.shown:
            yield Meaning(code="further_explanations", values={"n": len(case.shown)})
    else:
        yield from _meaning_of_nothing(case)
    if not case.coverage.known:
        yield Meaning(code="absence_unknown")
    if case.carried:
        yield Meaning(code="carrier_finding", values={"genes": case.carried})


def _meaning_of_leading(case: _Case) -> Iterator[Meaning]:
    leading = case.leading
    yield from _meaning_of(leading[0])
    if further := len(case.shown) - 1:
        yield Meaning(code="further_explanations", values={"n": further})
    if case.result.code == "possible":
        yield Meaning(code="possible_not_established", values={"genes": _genes(leading)})
    elif all(_phenotype_fits(explanation) for explanation in leading):
        yield Meaning(code="likely_not_proven", values={"genes": _genes(leading)})
    else:
        yield Meaning(code="likely_if_fits")


def _meaning_of_nothing(case: _Case) -> Iterator[Meaning]:
    if case.coverage.known:
        yield Meaning(code="does_not_rule_out")
    if incomplete := _incomplete(case.coverage):
        yield Meaning(code="incomplete_genes", values={"genes": incomplete[:MAX_GENES_NAMED]})
    if not case.findings["phenotypes"]:
        yield Meaning(code="phenotype_not_compared")


def _meaning_of(explanation: Explanation) -> Iterator[Meaning]:
    gene = explanation.gene
    yield Meaning.model_validate({"code": _model_code(explanation), "values": {"gene": gene}})
    for classification in ("pathogenic", "likely_pathogenic"):
        n = sum(v.clinvar.classification == classification for v in explanation.variants)
        if n:
            yield Meaning(
                code="clinvar_supports",
                values={"gene": gene, "n": n, "classification": classification},
            )
    if names := list(dict.fromkeys(d.name for d in explanation.diseases)):
        yield Meaning(
            code="conditions_among" if len(names) > MAX_CONDITIONS_NAMED else "conditions",
            values={"gene": gene, "conditions": names[:MAX_CONDITIONS_NAMED]},
        )
    yield _phenotype_meaning(explanation)


def _fitting_condition(explanation: Explanation) -> str | None:
    """The best fitting disease, if the person's record speaks for it."""
    if not _phenotype_fits(explanation) or not explanation.diseases:
        return None
    return explanation.diseases[0].name


def _phenotype_fits(explanation: Explanation) -> bool:
    return any(reason.code == "phenotype_match" for reason in explanation.reasons_for)


def _phenotype_meaning(explanation: Explanation) -> Meaning:
    for reason in explanation.reasons_for:
        if reason.code == "phenotype_match":
            return Meaning(code="phenotype_fits", values=reason.values)
    if explanation.phenotype_score is None:
        return Meaning(code="phenotype_not_compared")
    return Meaning(code="phenotype_fits_poorly", values={"gene": explanation.gene})


def _model_code(explanation: Explanation) -> str:
    if explanation.model == "compound_heterozygous":
        phase = {"trans": "trans", "cis": "cis"}.get(explanation.phase, "unknown")
        return f"model_compound_{phase}"
    return f"model_{explanation.model}"


def _actions(case: _Case, table: list[GeneAction]) -> Iterator[Action]:
    advice = _advice(case.leading, table)
    yield from (action for action in advice if action.timing == "now")
    to_confirm = _genes(case.leading or case.shown) or case.carried
    if (to_confirm or case.found) and not case.findings["identity_confirmed"]:
        yield _action("confirm_identity")
    if to_confirm:
        yield _action("confirm_orthogonal", genes=to_confirm)
    yield from confirming(case.events)
    yield from (action for action in advice if action.timing != "now")
    for explanation in case.leading:
        yield from _family_actions(explanation)
    if case.carried:
        yield _action("carrier_counselling", genes=case.carried)
    if case.asked or case.shown or case.found:
        yield _action("refer_genetics")
    elif not case.carried:
        yield _action("no_action")
    if any(explanation.phenotype_score is None for explanation in case.leading):
        yield _action("compare_phenotype")
    if case.asked and not case.leading and not telling(case.events):
        yield from _next_tests(case.coverage)


def _advice(leading: list[Explanation], table: list[GeneAction]) -> list[Action]:
    advice: list[Action] = []
    for explanation in leading:
        advice += [a for a in actions_for(explanation, table) if a not in advice]
    return advice


def _family_actions(explanation: Explanation) -> Iterator[Action]:
    gene = explanation.gene
    if explanation.model == "compound_heterozygous" and explanation.phase == "unknown":
        yield _action("test_parents_phase", gene=gene)
    elif explanation.model == "de_novo":
        yield _action("counsel_recurrence", gene=gene)
    elif explanation.model in {"dominant", "x_linked"}:
        states = {s for v in explanation.variants for s in (v.father, v.mother)}
        if not states <= INFORMATIVE:
            yield _action("test_parents_origin", gene=gene)
        yield _action("counsel_relatives", gene=gene)
    else:
        yield _action("counsel_relatives", gene=gene)


def _next_tests(coverage: Coverage) -> Iterator[Action]:
    if not coverage.known:
        yield _action("obtain_reads")
    elif incomplete := _incomplete(coverage):
        yield _action("complete_coverage", genes=incomplete[:MAX_GENES_NAMED])
    yield _action("consider_other_tests")
    yield _action("reanalyse_later")


def _action(code: ActionCode, **values: Value) -> Action:
    return Action(code=code, values=values, timing="now", citation=None)


def _gaps(findings: Json, coverage: Coverage, events: Events | None) -> Iterator[Gap]:
    absent = set(findings["not_assessed"])
    if not coverage.known or "absence_unknown" in absent:
        yield Gap(code="absence_unknown", kind="person")
    yield from _coverage_gaps(coverage)
    if not findings["identity_confirmed"]:
        yield Gap(code="identity_not_confirmed", kind="person")
    if findings["record"] == "not_found":
        yield Gap(code="record_not_found", kind="person")
    elif findings["record"] == "no_platform":
        yield Gap(code="no_platform", kind="person")
    yield from (Gap(code=code, kind="person") for code in DATA_GAPS if code in absent)
    if "outside_genes" in absent:
        genes = len(findings["genes_assessed"])
        yield Gap(code="outside_genes", kind="person", values={"n": genes})
    yield from gaps(findings, events)
    yield from (Gap(code=code, kind="method") for code in METHOD_GAPS if code in absent)


def _coverage_gaps(coverage: Coverage) -> Iterator[Gap]:
    """One statement for each gene with uncovered exons, or one for all if there are many."""
    if not coverage.known:
        return
    incomplete = _incomplete(coverage)
    if len(incomplete) > MAX_GENES_NAMED:
        bases = sum(region.bases for region in coverage.not_callable)
        values: dict[str, Value] = {
            "n": len(incomplete),
            "genes": incomplete[:MAX_GENES_NAMED],
            "bases": bases,
        }
        yield Gap(code="genes_not_callable", kind="person", values=values)
        return
    regions = sorted(coverage.not_callable, key=lambda r: (incomplete.index(r.gene), r.exon))
    for gene, group in groupby(regions, key=lambda region: region.gene):
        exons = list(group)
        yield Gap(
            code="exons_not_callable",
            kind="person",
            values={
                "gene": gene,
                "exons": [str(region.exon) for region in exons],
                "bases": sum(region.bases for region in exons),
                "of_bases": sum(region.of_bases for region in exons),
            },
        )


def _incomplete(coverage: Coverage) -> list[str]:
    """Genes with uncovered coding bases, those with most first."""
    if not coverage.known:
        return []
    bases: dict[str, int] = {}
    for region in coverage.not_callable:
        bases[region.gene] = bases.get(region.gene, 0) + region.bases
    return sorted(bases, key=lambda gene: (-bases[gene], gene))


def _genes(explanations: list[Explanation]) -> list[str]:
    return list(dict.fromkeys(explanation.gene for explanation in explanations))

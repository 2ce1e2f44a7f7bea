"""The report's details from findings: the same facts in the report's own vocabulary."""

from __future__ import annotations

from typing import Any

from soyang.core.errors import Fault, FaultError
from soyang.reports.codes import Classification, Value
from soyang.reports.model import (
    Carrier,
    ClinVar,
    Coverage,
    Disease,
    Explanation,
    Frequency,
    MatchedTerm,
    Phenotype,
    Reason,
    Source,
    Subject,
    Variant,
)

Json = dict[str, Any]

REASON_VALUES: dict[str, tuple[str, ...]] = {
    "loss_of_function": ("consequence",),
    "inherited_from_unaffected": ("parent",),
    "phenotype_match": ("n_matched", "n_terms"),
    "rare": ("frequency",),
    "low_depth": ("depth",),
    "allele_balance": ("share",),
    "filtered": ("filter",),
    "segregates": ("n",),
    "does_not_segregate": ("n",),
    "splice_region": ("consequence",),
    "common": ("frequency",),
    "inheritance_mismatch": ("inheritance",),
    "phenotype_excluded": ("n",),
}
"""Values that a reason's sentence needs; other codes need none."""

INHERITANCE = {
    "AD": "autosomal_dominant",
    "AR": "autosomal_recessive",
    "XLD": "x_linked_dominant",
    "XLR": "x_linked_recessive",
    "XL": "x_linked",
    "MT": "mitochondrial",
}
"""Modes of inheritance in findings, and their codes here."""


def subject(findings: Json) -> Subject:
    """Who and what was analysed."""
    return Subject(**{name: findings[name] for name in Subject.model_fields})


def explanations(findings: Json) -> list[Explanation]:
    """All candidates, best first."""
    release = clinvar_release(findings)
    found = [_explanation(c, release, findings) for c in findings["candidates"]]
    return sorted(found, key=lambda explanation: explanation.rank)


def carriers(findings: Json) -> list[Carrier] | None:
    """Carrier findings; None where they are not part of the report."""
    if findings["carriers"] is None:
        return None
    release = clinvar_release(findings)
    return [
        Carrier(
            variant=variant(c["variant"], release, findings),
            diseases=[disease(d) for d in c["diseases"]],
        )
        for c in findings["carriers"]
    ]


def phenotypes(findings: Json) -> list[Phenotype]:
    """Phenotypes in the findings' order, those observed first."""
    found = [Phenotype(**phenotype) for phenotype in findings["phenotypes"]]
    return sorted(found, key=lambda phenotype: phenotype.status != "observed")


def coverage(findings: Json) -> Coverage:
    """What was callable of the assessed genes' coding bases."""
    return Coverage.model_validate(findings["coverage"])


def sources(findings: Json) -> list[Source]:
    """Knowledge sources and tools."""
    return [Source(**source) for source in findings["sources"]]


def clinvar_release(findings: Json) -> str | None:
    """Release of ClinVar, None if ClinVar was not among the sources."""
    named = (s["release"] for s in findings["sources"] if "clinvar" in s["name"].lower())
    return next(named, None)


def classification(significance: str) -> Classification:
    """ClinVar's aggregate germline classification as a code.

    ClinVar joins words with ``_`` in its VCF and appends modifiers after ``,``, ``;`` or
    ``|`` ('Pathogenic|drug_response'); what comes first is the classification. 'Pathogenic/
    Likely_pathogenic' is 'likely_pathogenic', the more careful of both.
    """
    words = significance.replace("_", " ").lower()
    if words.startswith("conflicting"):
        return "conflicting"
    first = words.replace(";", "|").replace(",", "|").split("|")[0].strip()
    if first.startswith(("uncertain", "vus")):
        return "uncertain"
    names = {name.strip() for name in first.split("/")}
    for known in ("likely pathogenic", "pathogenic", "likely benign", "benign"):
        if known in names:
            return known.replace(" ", "_")  # type: ignore[return-value]
    return "other"


def disease(found: Json) -> Disease:
    """A disease with its modes of inheritance, each once."""
    modes = list(dict.fromkeys(INHERITANCE.get(mode, mode) for mode in found["inheritance"]))
    return Disease(id=found["id"], name=found["name"], inheritance=modes)


def variant(found: Json, release: str | None, findings: Json) -> Variant:
    """A variant with its ClinVar record, or why it has none."""
    return Variant.model_validate(
        found
        | {
            "consequence": found["consequence"].split("&"),
            "clinvar": _clinvar(
                found["clinvar"], release, "no_clinvar" in findings["not_assessed"]
            ),
            "frequencies": [_frequency(frequency) for frequency in found["frequencies"]],
        }
    )


def _clinvar(record: Json | None, release: str | None, no_source: bool) -> ClinVar:
    if record is None:
        return ClinVar(
            state="not_assessed" if no_source else "not_listed",
            variation_id=None,
            classification=None,
            significance=None,
            review=None,
            stars=None,
            conditions=[],
            release=None if no_source else release,
        )
    return ClinVar(
        state="listed",
        classification=classification(record["significance"]),
        release=release,
        **record,
    )


def _frequency(found: Json) -> Frequency:
    counts = {name: found.get(name) for name in ("ac", "an", "nhomalt")}
    return Frequency(source=found["source"], state=found["state"], **counts)


def _explanation(candidate: Json, release: str | None, findings: Json) -> Explanation:
    details = {
        "variants": [variant(v, release, findings) for v in candidate["variants"]],
        "diseases": [disease(d) for d in candidate["diseases"]],
        "matched": [MatchedTerm(**m) for m in candidate["matched"]],
        "reasons_for": _reasons(candidate, "reasons_for"),
        "reasons_against": _reasons(candidate, "reasons_against"),
    }
    return Explanation.model_validate(candidate | details)


def _reasons(candidate: Json, side: str) -> list[Reason]:
    """Reasons, each once, with the values that their sentences need.

    A reason that is about one variant of several keeps that variant's name.

    Raises:
        FaultError: a reason lacks a value.
    """
    several = len(candidate["variants"]) > 1
    reasons: list[Reason] = []
    for found in candidate[side]:
        values = _reason_values(found, candidate)
        if several and "variant" in found["values"]:
            values["variant"] = found["values"]["variant"]
        reason = Reason(code=found["code"], values=values)
        if reason not in reasons:
            reasons.append(reason)
    return reasons


def _reason_values(found: Json, candidate: Json) -> dict[str, Value]:
    code, given = found["code"], found["values"]
    needed = REASON_VALUES.get(code, ())
    if missing := [name for name in needed if name not in given]:
        raise FaultError(_missing(candidate, code, missing))
    values: dict[str, Value] = {name: given[name] for name in needed}
    if "inheritance" in values:
        modes = str(values["inheritance"]).replace(",", " ").replace(";", " ").split()
        values["inheritance"] = [INHERITANCE.get(mode, mode) for mode in modes]
    if "consequence" in values:
        values["consequence"] = str(values["consequence"]).split("&")
    return values


def _missing(candidate: Json, code: str, names: list[str]) -> Fault:
    return Fault(
        code="findings-reason",
        file="findings",
        row=f"candidate {candidate['rank']} ({candidate['gene']})",
        column=code,
        found=f"no {', '.join(names)}",
        allowed="the values that this reason's sentence needs",
        next_step="make the findings anew with this version",
    )

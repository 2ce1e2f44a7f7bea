"""What a FHIR R4 Consent permits and denies, in the scopes that this project knows.

FHIR R4 Consent (https://hl7.org/fhir/R4/consent.html): a base rule (``policyRule`` or the root
provision), and provisions nested in it that are exceptions to it. What a code means here is the
table :data:`PURPOSES`; a code that is not in it is kept as the scope ``unknown`` and permits
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from soyang.core.people import EVERY_SCOPE, UNKNOWN_SCOPE, Consent
from soyang.phenotypes.fhir_days import first_day, last_day

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
DUO = "http://purl.obolibrary.org/obo/duo.owl"
PRIVACY = (CONSENT_SCOPE, "patient-privacy")
OWN = "urn:soyang:consent-scope"
"""Our own words as codes, for what no public code system has (secondary findings, recontact)."""

PURPOSES: dict[tuple[str, str], str] = {
    **{(OWN, scope.value): scope.value for scope in Consent},
    (OWN, EVERY_SCOPE): EVERY_SCOPE,
    **{(ACT_REASON, code): "clinical_care" for code in ("TREAT", "ETREAT", "CAREMGT")},
    **{
        (ACT_REASON, code): "research"
        for code in ("HRESCH", "BIORCH", "CLINTRCH", "DSRCH", "POARCH", "TRANSRCH")
    },
    (ACT_REASON, "HMARKT"): "commercial_use",
    (CONSENT_SCOPE, "treatment"): "clinical_care",
    (CONSENT_SCOPE, "research"): "research",
    **{
        (DUO, code): "research"
        for code in ("DUO_0000004", "DUO_0000006", "DUO_0000007", "DUO_0000011", "DUO_0000042")
    },
}
"""Code to scope. v3-ActReason: HL7 Terminology, value set PurposeOfUse. DUO's permissions: no
restriction, health/medical/biomedical, disease specific, population origins or ancestry, general
research use (Data Use Ontology, http://purl.obolibrary.org/obo/duo.owl)."""

NOT_COMMERCIAL = frozenset(("DUO_0000018", "DUO_0000045", "DUO_0000046"))
"""DUO's modifiers not for profit and non-commercial, not for profit organisation, non-commercial:
a permission with one of them denies commercial use."""
OPT = {"OPTIN": "permit", "OPTINR": "permit", "OPTOUT": "deny", "OPTOUTE": "deny"}
"""Base policies of v3-ActCode (ActConsentDirective)."""
NARROWING = ("actor", "action", "securityLabel", "class", "code", "dataPeriod", "data")
"""What may narrow a provision in ways that no scope can say."""
SPOKEN = ("active", "inactive", "rejected")
"""The other statuses (draft, proposed, entered-in-error) say nothing."""
_DUO_CODE = re.compile(r"(?:http://purl\.obolibrary\.org/obo/)?DUO[_:](\d{7})")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One decision about one scope; ``start`` and ``end`` are days, ``None`` open."""

    scope: str
    decision: str
    start: date | None = None
    end: date | None = None
    duo: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One Consent resource of a person, as its rules.

    ``past`` if it no longer holds, ``privacy`` if it is the privacy consent.
    """

    rules: tuple[Rule, ...]
    given_by: str
    assent: str
    recorded: date | None
    past: bool = False
    privacy: bool = False

    @property
    def topics(self) -> set[str]:
        """What it speaks about: its scopes, and all where it is the privacy consent."""
        return {rule.scope for rule in self.rules} | ({EVERY_SCOPE} if self.privacy else set())

    def rows(self) -> Iterator[dict[str, Any]]:
        """Its rules as rows of the table of consents, without the person."""
        for rule in self.rules:
            yield {
                "scope": rule.scope,
                "decision": rule.decision,
                "valid_from": rule.start,
                "valid_until": rule.end,
                "given_by": self.given_by,
                "assent": self.assent,
                "duo": ";".join(rule.duo),
                "recorded": self.recorded,
            }


def consent_rows(resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What all Consents of one person say together.

    A consent that no longer holds (inactive) denies what it permitted, unless an active one
    speaks about the same: it was withdrawn then, not replaced.

    Returns:
        Rows with scope, decision, valid_from, valid_until, given_by, assent, duo, recorded.
    """
    spoken = [one for one in map(_spoken, resources) if one is not None]
    current = {topic for one in spoken if not one.past for topic in one.topics}
    for index, one in enumerate(spoken):
        if one.past:
            gone = {rule.scope for rule in one.rules if rule.decision == "permit"} - current
            rules = tuple(Rule(scope=scope, decision="deny") for scope in sorted(gone))
            spoken[index] = replace(one, rules=rules)
    return [row for one in spoken for row in one.rows()]


def _spoken(resource: dict[str, Any]) -> Spoken | None:
    status = resource.get("status")
    if status not in SPOKEN:
        return None
    rules = _rules(resource)
    if status == "rejected":
        rules = [Rule(scope=scope, decision="deny") for scope in sorted({r.scope for r in rules})]
    given_by, assent = _who(resource)
    return Spoken(
        rules=tuple(rules),
        given_by=given_by,
        assent=assent,
        recorded=first_day(resource.get("dateTime")),
        past=status == "inactive",
        privacy=PRIVACY in [_pair(coding) for coding in _codings(resource.get("scope"))],
    )


def _rules(resource: dict[str, Any]) -> list[Rule]:
    """Every rule of one Consent, sorted."""
    root = resource.get("provision") or {}
    base = root.get("type") or _policy(resource)
    if base is None and not root.get("provision"):
        base = "deny" if resource.get("status") == "rejected" else "unstated"
    scopes = _scopes(root) or _scope_of(resource)
    found = _provision({**root, "type": base}, scopes, (None, None))
    return sorted(set(found), key=_order)


def _provision(
    provision: dict[str, Any], scopes: tuple[str, ...], period: tuple[date | None, date | None]
) -> list[Rule]:
    """Rules of a provision and of its exceptions.

    A permission nested in a denial takes its place; a denial nested in a permission stands beside
    it, for the strictest wins.
    """
    start, end = _period(provision)
    period = (start or period[0], end or period[1])
    own = list(_own_rules(provision, scopes, *period))
    below = [
        rule
        for nested in provision.get("provision") or []
        if isinstance(nested, dict)
        for rule in _provision(nested, _scopes(nested) or scopes, period)
    ]
    for exception in below:
        if exception.decision == "permit":
            own = [rest for rule in own for rest in _beside(rule, exception)]
    return own + below


def _own_rules(
    provision: dict[str, Any], scopes: tuple[str, ...], start: date | None, end: date | None
) -> Iterator[Rule]:
    """Rules of one provision itself.

    A permit that is narrowed in a way that no scope can say is unknown, and so is a provision
    that says neither permit nor deny; a deny stays a deny.
    """
    kind = provision.get("type")
    if kind is None:
        return
    if kind == "deny":
        yield from (Rule(scope=s, decision="deny", start=start, end=end) for s in scopes)
        return
    clear = kind == "permit" and not any(provision.get(name) for name in NARROWING)
    duo = _duo(provision) if kind == "permit" else ()
    for scope in scopes:
        told = scope if clear else UNKNOWN_SCOPE
        terms = duo if told == Consent.RESEARCH else ()
        yield Rule(scope=told, decision="permit", start=start, end=end, duo=terms)
    if not NOT_COMMERCIAL.isdisjoint(term.replace(":", "_") for term in duo):
        yield Rule(scope=Consent.COMMERCIAL_USE.value, decision="deny", start=start, end=end)


def _beside(rule: Rule, exception: Rule) -> Iterator[Rule]:
    """What is left of a denial beside a permission nested in it."""
    if rule.decision != "deny" or exception.scope == UNKNOWN_SCOPE:
        yield rule
    elif rule.scope == EVERY_SCOPE and exception.scope != EVERY_SCOPE:
        for scope in Consent:
            yield from _beside(replace(rule, scope=scope.value), exception)
    elif exception.scope not in (rule.scope, EVERY_SCOPE):
        yield rule
    else:
        one = timedelta(days=1)
        if exception.start and (rule.start is None or rule.start < exception.start):
            yield replace(rule, end=exception.start - one)
        if exception.end and (rule.end is None or rule.end > exception.end):
            yield replace(rule, start=exception.end + one)


def _scopes(provision: dict[str, Any]) -> tuple[str, ...]:
    """Scopes of a provision's purposes, ``unknown`` for a code that is not in the table.

    DUO's modifiers qualify a purpose and are none themselves.
    """
    codes = [_pair(coding) for coding in _codings(provision.get("purpose"))]
    purposes = [pair for pair in codes if pair[0] != DUO or pair in PURPOSES]
    return tuple(sorted({PURPOSES.get(pair, UNKNOWN_SCOPE) for pair in purposes}))


def _scope_of(resource: dict[str, Any]) -> tuple[str, ...]:
    """Scope of the whole Consent, from Consent.scope.

    A refusal of the privacy consent, which is about all collection and use, denies all; a
    permission of it says nothing about any one use.
    """
    codes = [_pair(coding) for coding in _codings(resource.get("scope"))]
    scopes = {PURPOSES[pair] for pair in codes if pair in PURPOSES}
    if scopes:
        return tuple(sorted(scopes))
    kind = (resource.get("provision") or {}).get("type") or _policy(resource)
    refused = kind == "deny" or resource.get("status") in ("rejected", "inactive")
    return (EVERY_SCOPE,) if refused and PRIVACY in codes else (UNKNOWN_SCOPE,)


def _pair(coding: dict[str, Any]) -> tuple[str, str]:
    """System and code; DUO's terms in one spelling."""
    system, code = str(coding.get("system", "")), str(coding.get("code", ""))
    return (DUO, _duo_code(code)) if system == DUO else (system, code)


def _policy(resource: dict[str, Any]) -> str | None:
    for coding in _codings(resource.get("policyRule")):
        if coding.get("system") == ACT_CODE and coding.get("code") in OPT:
            return OPT[str(coding["code"])]
    return None


def _who(resource: dict[str, Any]) -> tuple[str, str]:
    """Who consented, and whether the minor agreed: as performers, or whom it was verified with."""
    spoke = list(resource.get("performer") or [])
    spoke += [
        one.get("verifiedWith")
        for one in resource.get("verification") or []
        if isinstance(one, dict) and one.get("verified") is True
    ]
    kinds = {_kind(reference) for reference in spoke}
    if "RelatedPerson" in kinds:
        return "guardian", "yes" if "Patient" in kinds else "unknown"
    return ("self" if "Patient" in kinds else "unknown"), "unknown"


def _kind(reference: Any) -> str:
    text = reference.get("reference") if isinstance(reference, dict) else None
    parts = text.split("/_history/")[0].split("/") if isinstance(text, str) else []
    return parts[-2] if len(parts) > 1 else ""


def _duo(provision: dict[str, Any]) -> tuple[str, ...]:
    """DUO terms of a provision, e.g. ``DUO:0000042``, sorted."""
    pairs = map(_pair, _codings(provision.get("purpose")))
    return tuple(
        sorted({code.replace("_", ":") for system, code in pairs if system == DUO and code})
    )


def _duo_code(code: Any) -> str:
    match = _DUO_CODE.fullmatch(code) if isinstance(code, str) else None
    return f"DUO_{match[1]}" if match else ""


def _codings(value: Any) -> Iterator[dict[str, Any]]:
    """Codings of a Coding, a CodeableConcept, or a list of either."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield from (c for c in one.get("coding", [one]) if isinstance(c, dict))


def _period(provision: dict[str, Any]) -> tuple[date | None, date | None]:
    period = provision.get("period")
    if not isinstance(period, dict):
        return None, None
    return first_day(period.get("start")), last_day(period.get("end"))


def _order(rule: Rule) -> tuple[str, str, date, date, tuple[str, ...]]:
    return rule.scope, rule.decision, rule.start or date.min, rule.end or date.max, rule.duo

"""What FHIR Consents permit and deny, and what they leave unknown."""

from __future__ import annotations

from datetime import date

import pytest

from soyang.phenotypes.fhir_consent import ACT_CODE, ACT_REASON, CONSENT_SCOPE, DUO, OWN
from soyang.phenotypes.fhir_consent import consent_rows as rows_of
from soyang.phenotypes.fhir_days import first_day, last_day, whole_day

SELF = [{"reference": "Patient/p"}]
GUARDIAN = [{"reference": "RelatedPerson/g"}]


def coded(system: str, *codes: str) -> list[dict]:
    return [{"system": system, "code": code} for code in codes]


def consent(scope: str = "research", **more) -> dict:
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": coded(CONSENT_SCOPE, scope)},
        "dateTime": "2024-03-01T23:30:00+09:00",
        "performer": SELF,
        **more,
    }


def told(*consents: dict) -> list[tuple[str, str]]:
    return [(row["scope"], row["decision"]) for row in rows_of(consents)]


def dated(*consents: dict) -> list[tuple]:
    keys = ("scope", "decision", "valid_from", "valid_until")
    return [tuple(row[key] for key in keys) for row in rows_of(consents)]


def test_a_permit_with_period_giver_and_terms():
    provision = {
        "type": "permit",
        "period": {"start": "2024-03", "end": "2029"},
        "purpose": coded(DUO, "DUO_0000042", "DUO:0000046"),
    }
    rows = rows_of([consent(provision=provision)])
    assert rows[0] == {
        "scope": "commercial_use",
        "decision": "deny",
        "valid_from": date(2024, 3, 1),
        "valid_until": date(2029, 12, 31),
        "given_by": "self",
        "assent": "unknown",
        "duo": "",
        "recorded": date(2024, 3, 1),
    }
    assert (rows[1]["scope"], rows[1]["decision"]) == ("research", "permit")
    assert rows[1]["duo"] == "DUO:0000042;DUO:0000046"


@pytest.mark.parametrize(
    ("purpose", "scope"),
    [
        (coded(ACT_REASON, "TREAT"), "clinical_care"),
        (coded(ACT_REASON, "HRESCH"), "research"),
        (coded(ACT_REASON, "HMARKT"), "commercial_use"),
        (coded(OWN, "secondary_findings"), "secondary_findings"),
        (coded(OWN, "recontact"), "recontact"),
        (coded(DUO, "DUO_0000006"), "research"),
        (coded(ACT_REASON, "HPAYMT"), "unknown"),
        (coded("urn:someone", "research"), "unknown"),
        (coded(DUO, "DUO_0000028"), "research"),  # a modifier of the consent's own scope
    ],
)
def test_a_purpose_means_a_scope_or_is_unknown(purpose, scope):
    assert told(consent(provision={"type": "permit", "purpose": purpose})) == [(scope, "permit")]


@pytest.mark.parametrize("scope", ["patient-privacy", "adr"])
def test_a_scope_without_meaning_permits_nothing(scope):
    assert told(consent(scope, provision={"type": "permit"})) == [("unknown", "permit")]


def test_a_refused_privacy_consent_denies_all():
    assert told(consent("patient-privacy", provision={"type": "deny"})) == [("all", "deny")]
    opt = {"coding": coded(ACT_CODE, "OPTOUT")}
    assert told(consent("patient-privacy", policyRule=opt)) == [("all", "deny")]
    assert told(consent("patient-privacy", status="rejected")) == [("all", "deny")]


def test_a_base_policy_is_the_rule():
    assert told(consent(policyRule={"coding": coded(ACT_CODE, "OPTIN")})) == [
        ("research", "permit")
    ]
    assert told(consent(policyRule={"text": "see paper"})) == [("unknown", "permit")]


@pytest.mark.parametrize("name", ["actor", "class", "action", "data"])
def test_a_permit_narrowed_beyond_scopes_is_unknown_and_a_deny_is_not(name):
    narrowed = {name: [{"any": 1}]}
    assert told(consent(provision={"type": "permit", **narrowed})) == [("unknown", "permit")]
    assert told(consent(provision={"type": "deny", **narrowed})) == [("research", "deny")]


def test_exceptions_to_a_permit_stand_beside_it():
    nested = {"type": "deny", "purpose": coded(OWN, "commercial_use")}
    later = {"type": "deny", "period": {"start": "2026-01-01"}}
    assert dated(consent(provision={"type": "permit", "provision": [nested, later]})) == [
        ("commercial_use", "deny", None, None),
        ("research", "deny", date(2026, 1, 1), None),
        ("research", "permit", None, None),
    ]


def test_an_exception_to_a_denial_takes_its_place_in_its_time():
    nested = {"type": "permit", "period": {"start": "2024-01-01", "end": "2024-12-31"}}
    assert dated(consent(provision={"type": "deny", "provision": [nested]})) == [
        ("research", "deny", None, date(2023, 12, 31)),
        ("research", "deny", date(2025, 1, 1), None),
        ("research", "permit", date(2024, 1, 1), date(2024, 12, 31)),
    ]


def test_an_exception_to_a_denial_of_all():
    nested = {"type": "permit", "purpose": coded(OWN, "research")}
    found = told(consent("patient-privacy", provision={"type": "deny", "provision": [nested]}))
    assert ("research", "permit") in found
    assert ("research", "deny") not in found
    assert ("all", "deny") not in found
    assert len([one for one in found if one[1] == "deny"]) == 5


def test_an_unknown_exception_takes_nothing_from_a_denial():
    nested = {"type": "permit", "purpose": coded("urn:someone", "x")}
    found = told(consent(provision={"type": "deny", "provision": [nested]}))
    assert found == [("research", "deny"), ("unknown", "permit")]


def test_a_denial_and_a_permit_side_by_side_both_stand():
    sides = [{"type": "deny"}, {"type": "permit"}]
    assert told(consent(provision={"provision": sides})) == [
        ("research", "deny"),
        ("research", "permit"),
    ]


@pytest.mark.parametrize("status", ["draft", "proposed", "entered-in-error", None])
def test_other_statuses_say_nothing(status):
    assert told(consent(status=status, provision={"type": "permit"})) == []


def test_a_rejected_consent_denies():
    assert told(consent(status="rejected", provision={"type": "permit"})) == [("research", "deny")]
    assert told(consent(status="rejected")) == [("research", "deny")]


def test_a_withdrawn_consent_denies_and_a_replaced_one_does_not():
    past = consent(status="inactive", provision={"type": "permit"})
    active = consent(provision={"type": "permit"})
    treatment = consent("treatment", provision={"type": "permit"})
    assert told(past) == [("research", "deny")]
    assert told(past, active) == [("research", "permit")]
    assert told(past, treatment) == [("research", "deny"), ("clinical_care", "permit")]
    assert told(consent(status="inactive", provision={"type": "deny"})) == []


def test_a_withdrawn_privacy_consent_denies_all_unless_it_was_replaced():
    past = consent("patient-privacy", status="inactive", provision={"type": "permit"})
    active = consent("patient-privacy", provision={"type": "permit"})
    assert told(past) == [("all", "deny")]
    assert told(past, active) == [("unknown", "permit")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"performer": SELF}, ("self", "unknown")),
        ({"performer": GUARDIAN}, ("guardian", "unknown")),
        ({"performer": GUARDIAN + SELF}, ("guardian", "yes")),
        ({"performer": [{"reference": "Practitioner/d"}]}, ("unknown", "unknown")),
        ({"performer": None}, ("unknown", "unknown")),
        (
            {"performer": None, "verification": [{"verified": True, "verifiedWith": GUARDIAN[0]}]},
            ("guardian", "unknown"),
        ),
        (
            {"performer": None, "verification": [{"verified": False, "verifiedWith": SELF[0]}]},
            ("unknown", "unknown"),
        ),
    ],
)
def test_who_consented(more, expected):
    row = rows_of([consent(provision={"type": "permit"}, **more)])[0]
    assert (row["given_by"], row["assent"]) == expected


@pytest.mark.parametrize(
    ("text", "first", "last", "whole"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31), None),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), None),
        ("2024-12", date(2024, 12, 1), date(2024, 12, 31), None),
        ("2024-05-06", date(2024, 5, 6), date(2024, 5, 6), date(2024, 5, 6)),
        (
            "2024-05-06T23:59:59+09:00",
            date(2024, 5, 6),
            date(2024, 5, 6),
            date(2024, 5, 6),
        ),
        ("2024-13", None, None, None),
        ("2024-02-30", None, None, None),
        ("yesterday", None, None, None),
        (None, None, None, None),
        (20240506, None, None, None),
    ],
)
def test_days(text, first, last, whole):
    assert first_day(text) == first
    assert last_day(text) == last
    assert whole_day(text) == whole

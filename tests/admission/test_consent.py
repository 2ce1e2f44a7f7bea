"""The strictest of sheet, platform and table wins, on the day, at the person's age."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.admission.consent import (
    OBJECTIONS,
    PERMITTED,
    Age,
    Record,
    decide,
    scopes,
    turns,
)
from soyang.admission.duo import DUO, USES
from soyang.core.people import EVERY_SCOPE, UNKNOWN_SCOPE, Consent

DAY = date(2026, 1, 15)
EVERYTHING = ";".join(Consent)
ADULT = date(1980, 3, 4)
CHILD = date(2015, 6, 7)
BABY = date(2022, 6, 7)


def born(day: date | None = None, year: int | None = None) -> Age:
    first, last = (day, day) if year is None else (date(year, 1, 1), date(year, 12, 31))
    return Age(majority=19, assent=7, earliest=first, latest=last)


def says(scope: str, decision: str = "permit", source: str = "platform", **more) -> Record:
    for name in ("recorded", "valid_from", "valid_until"):
        if name in more:
            more[name] = date.fromisoformat(more[name])
    return Record(source=source, scope=scope, permit=decision == "permit", **more)


def decided(records, *, sheet=EVERYTHING, age=None, day=DAY, record="found"):
    found = decide("P", sheet, records, age or born(ADULT), day, record=record)
    return {decision.scope: decision for decision in found}


def research(*records, **more):
    found = decided(list(records), **more)[Consent.RESEARCH]
    return found.permitted, found.reason


@pytest.mark.parametrize(
    ("record", "records", "reason"),
    [
        ("no_platform", [], "sheet"),
        ("not_found", [], "sheet; not on the platform"),
        ("found", [], "sheet; platform says nothing"),
        ("found", [says("sharing")], "sheet; platform says nothing of it"),
    ],
)
def test_silence_leaves_it_to_the_sheet(record, records, reason):
    found = decided(records, sheet="clinical_care;research", record=record)
    assert (found["research"].permitted, found["research"].reason) == (True, reason)
    assert found["research"].sources == "sheet"
    assert found["secondary_findings"].reason == "sheet: not given"
    assert found["secondary_findings"].permitted is False


def test_a_consent_to_research_does_not_end_care():
    found = decided([says("research", "deny")])
    assert found["clinical_care"].permitted
    assert (found["research"].permitted, found["research"].reason) == (False, "platform: denied")


def test_the_platform_gives_nothing_that_the_sheet_does_not():
    found = decided([says(EVERY_SCOPE)], sheet="clinical_care")
    assert [s for s, d in found.items() if d.permitted] == ["clinical_care"]
    assert found["research"].reason == "sheet: not given"
    assert found["clinical_care"].reason == "sheet and platform"


def test_all_three_must_agree():
    both = [says("research"), says("research", source="table")]
    assert research(*both) == (True, "sheet, platform and table")
    assert research(both[0], says("research", "deny", "table")) == (False, "table: denied")
    assert research(both[1]) == (True, "sheet and table")


def test_withdrawal_in_the_sheet_denies_all():
    found = decided([says(EVERY_SCOPE)], sheet="withdrawn")
    assert {d.reason for d in found.values()} == {"withdrawn"}
    assert scopes(found.values()) == "withdrawn"


def test_withdrawal_on_the_platform_denies_all():
    found = decided(
        [says(EVERY_SCOPE, recorded="2020-01-01"), says(EVERY_SCOPE, "deny", recorded="2025-01-01")]
    )
    assert {d.reason for d in found.values()} == {"platform: withdrawn"}
    assert scopes(found.values()) == "withdrawn"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (("permit 2020", "deny 2021"), (False, "platform: denied")),
        (("deny 2020", "permit 2021"), (True, "sheet and platform")),
        (("deny 2021", "permit 2021"), (False, "platform: denied")),
        (("deny", "permit 2021"), (False, "platform: denied")),
        (("deny 2020", "permit"), (False, "platform: denied")),
        (("deny all 2020", "permit 2021"), (True, "sheet and platform")),
        (("permit 2020", "deny all 2021"), (False, "platform: withdrawn")),
        (("deny all 2021", "permit 2021"), (False, "platform: withdrawn")),
        (("deny 2020", "permit all 2021"), (False, "platform: denied")),
        (("permit all 2020",), (True, "sheet and platform")),
        (("deny unknown 2020",), (False, "platform: denied for a purpose that is not known")),
        (("deny unknown 2020", "permit 2021"), (True, "sheet and platform")),
        (("permit unknown 2020",), (True, "sheet; platform says nothing of it")),
        (("deny 2030",), (False, "platform: denied")),
    ],
)  # fmt: skip
def test_the_later_word_counts_and_in_doubt_the_denial(records, expected):
    found = []
    for words in records:
        decision, *rest = words.split()
        when = {"recorded": f"{rest[-1]}-05-05"} if rest and rest[-1].isdigit() else {}
        scope = next((w for w in rest if w in (EVERY_SCOPE, UNKNOWN_SCOPE)), "research")
        found.append(says(scope, decision, **when))
    assert research(*found) == expected
    assert research(*found[::-1]) == expected


def test_a_denial_of_an_unknown_purpose_leaves_care():
    found = decided([says(UNKNOWN_SCOPE, "deny")])
    assert [s for s, d in found.items() if not d.permitted] == list(USES)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"valid_until": "2025-03-01"}, (False, "platform: expired on 2025-03-01")),
        ({"valid_until": "2026-01-15"}, (True, "sheet and platform")),
        ({"valid_from": "2026-01-15"}, (True, "sheet and platform")),
        ({"valid_from": "2026-02-01"}, (False, "platform: not valid before 2026-02-01")),
        ({"recorded": "2026-02-01"}, (False, "platform: not valid before 2026-02-01")),
        ({"decision": "deny", "valid_until": "2025-01-01"},
         (True, "sheet; platform says nothing of it")),
    ],
)  # fmt: skip
def test_validity_on_the_day(record, expected):
    assert research(says("research", **record)) == expected


def test_until_when_it_holds():
    records = [
        says("research", valid_until="2027-01-01"),
        says("research", source="table", valid_until="2026-12-01"),
        says("sharing", "deny", valid_from="2026-03-01"),
        says("sharing", valid_until="2029-01-01"),
        says("recontact", valid_until="2026-06-01", recorded="2025-01-01"),
        says("recontact", valid_from="2026-06-02", recorded="2026-01-01"),
    ]
    found = decided(records)
    assert found["research"].valid_until == date(2026, 12, 1)
    assert found["sharing"].valid_until == date(2026, 2, 28)
    assert found["recontact"].permitted, "a renewal ahead of time ends nothing"
    assert found["clinical_care"].valid_until is None


@pytest.mark.parametrize(
    ("birth", "record", "expected"),
    [
        (CHILD, {"given_by": "self"}, "given by a minor without a guardian"),
        (CHILD, {"given_by": "guardian", "assent": "yes"}, ""),
        (CHILD, {"given_by": "guardian", "assent": "no"}, "minor refused assent"),
        (CHILD, {"given_by": "guardian"}, "minor's assent is missing"),
        (CHILD, {"given_by": "unknown"}, "minor's assent is missing"),
        (BABY, {"given_by": "guardian"}, ""),
        (BABY, {"given_by": "guardian", "assent": "no"}, ""),
        (ADULT, {"given_by": "self"}, ""),
        (ADULT, {"given_by": "unknown"}, ""),
        (ADULT, {"given_by": "guardian", "assent": "yes"}, "guardian's consent ended at majority"),
        (date(2007, 1, 15), {"given_by": "guardian", "assent": "yes"},
         "guardian's consent ended at majority"),
        (date(2007, 1, 16), {"given_by": "guardian", "assent": "yes"}, ""),
        (date(2007, 1, 15), {"given_by": "self", "recorded": "2026-01-15"}, ""),
        (date(2007, 1, 16), {"given_by": "self", "recorded": "2026-01-15"},
         "given by a minor without a guardian"),
        (date(2005, 1, 1), {"given_by": "self", "recorded": "2020-01-15"},
         "given by a minor without a guardian"),
        (date(2005, 1, 1), {"given_by": "unknown", "recorded": "2020-01-15"},
         "guardian's consent ended at majority"),
        (None, {"given_by": "guardian", "assent": "yes"}, "guardian's consent, age not known"),
        (None, {"given_by": "self"}, ""),
    ],
)  # fmt: skip
def test_minors_and_coming_of_age(birth, record, expected):
    permitted, reason = research(says("research", **record), age=born(birth))
    assert (permitted, reason) == (
        (False, f"platform: {expected}") if expected else (True, "sheet and platform")
    )


def test_of_a_year_alone_the_stricter_day_counts():
    year = born(year=2007)
    adult = says("research", given_by="self", recorded="2026-01-10")
    guardian = says("research", given_by="guardian", assent="yes")
    assert research(adult, age=year)[0] is False
    assert research(guardian, age=year)[0] is False
    assert research(guardian, age=born(year=2008))[0] is True
    assert research(adult, age=born(year=2006))[0] is True


def test_without_assent_on_record_the_guardian_decides_on_care_only():
    found = decided([says(EVERY_SCOPE, given_by="guardian")], age=born(CHILD))
    assert [s for s, d in found.items() if d.permitted] == ["clinical_care"]
    care = found["clinical_care"]
    assert care.reason == "sheet and platform, assent not recorded"
    assert care.given_by == "guardian"
    refused = decided([says(EVERY_SCOPE, given_by="guardian", assent="no")], age=born(CHILD))
    assert refused["clinical_care"].reason == "platform: minor refused assent"


def test_a_minors_own_permit_is_assent_beside_the_guardians():
    records = [says(EVERY_SCOPE, given_by="guardian", recorded="2024-01-01"),
               says(EVERY_SCOPE, given_by="self", recorded="2024-02-01")]  # fmt: skip
    assert research(*records, age=born(CHILD)) == (True, "sheet and platform")
    refused = [says(EVERY_SCOPE, given_by="guardian", assent="no"), records[1]]
    assert research(*refused, age=born(CHILD))[0] is False


def test_consent_anew_after_coming_of_age():
    before = says(EVERY_SCOPE, given_by="guardian", assent="yes", recorded="2015-01-01")
    own = says("research", given_by="self", recorded="2026-01-02")
    found = decided([before, own], age=born(date(2006, 5, 5)))
    assert found["research"].permitted
    assert found["sharing"].reason == "platform: guardian's consent ended at majority"


def test_a_minors_permission_ends_with_an_age_and_tells_no_birthday():
    guardian = says(EVERY_SCOPE, given_by="guardian", assent="yes")
    found = decided([guardian], age=born(date(2008, 6, 17)))["research"]
    assert found.valid_until == date(2027, 5, 31)
    asked = decided([says(EVERY_SCOPE, given_by="guardian")], age=born(date(2019, 6, 17)))[
        "research"
    ]
    assert asked.valid_until == date(2026, 5, 31), "from 7 years on assent is needed"
    soon = decided([guardian], age=born(date(2007, 1, 31)))["research"]
    assert (soon.permitted, soon.valid_until) == (True, DAY)
    alone = decided([], age=born(date(2008, 6, 17)))["research"]
    assert alone.valid_until == date(2027, 5, 31)


def test_who_was_born_on_29_february_turns_on_1_march():
    assert turns(date(2008, 2, 29), 19) == date(2027, 3, 1)
    assert turns(date(2008, 2, 29), 20) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("term", "excluded"),
    [
        ("DUO:0000042", []),
        ("DUO:0000006", []),
        ("DUO:0000020", []),
        ("DUO:0000046", ["commercial_use"]),
        ("DUO:0000018", ["commercial_use"]),
        ("DUO:0000028", ["sharing", "commercial_use"]),
        ("DUO:0000007", ["research", "sharing", "commercial_use"]),
        ("DUO:9999999", ["research", "sharing", "commercial_use"]),
    ],
)
def test_duo_terms_exclude_uses_never_care(term, excluded):
    found = decided([says("research", duo=(term,))])
    assert [s for s, d in found.items() if not d.permitted] == excluded
    for scope in excluded:
        assert found[scope].reason.startswith(f"{term}: ")
    kept = [s for s in USES if s not in excluded]
    assert {found[s].duo for s in kept} <= {term}
    assert found["clinical_care"].duo == ""


def test_terms_of_a_permit_that_does_not_hold_count_for_nothing():
    gone = says("research", duo=("DUO:0000046",), valid_until="2020-01-01")
    assert decided([gone])["commercial_use"].permitted


def test_a_denial_does_not_lift_the_terms_of_the_permit_that_it_ends():
    """Who allowed use for one disease only has not allowed research by denying something else."""
    bound = says("secondary_findings", duo=("DUO:0000007",))
    assert not decided([bound])["research"].permitted
    assert not decided([bound, says("secondary_findings", "deny")])["research"].permitted


SCOPE = st.sampled_from([*Consent, EVERY_SCOPE, UNKNOWN_SCOPE])
DAYS = st.none() | st.dates(date(2015, 1, 1), date(2030, 1, 1))
RECORD = st.builds(
    Record,
    source=st.sampled_from(["platform", "table"]),
    scope=SCOPE,
    permit=st.booleans(),
    valid_from=DAYS,
    valid_until=DAYS,
    recorded=DAYS,
    given_by=st.sampled_from(["self", "guardian", "unknown"]),
    assent=st.sampled_from(["yes", "no", "unknown"]),
    duo=st.sampled_from([(), ("DUO:0000046",), ("DUO:0000007",)]),
)
SHEET = st.lists(st.sampled_from([*Consent, "withdrawn"]), unique=True).map(";".join)
AGE = st.none() | st.dates(date(1950, 1, 1), date(2026, 1, 1))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(SHEET, st.lists(RECORD, max_size=5), AGE, st.sampled_from([*Consent, EVERY_SCOPE]))
def test_another_denial_or_an_emptier_sheet_never_permits_more(sheet, records, birth, scope):
    found = decided(records, sheet=sheet, age=born(birth))
    stricter = decided([*records, says(scope, "deny")], sheet=sheet, age=born(birth))
    for name in Consent:
        assert found[name].permitted >= stricter[name].permitted
        assert not found[name].permitted or name in sheet.split(";")
        assert not (stricter[name].permitted and scope in (name, EVERY_SCOPE))
        until = found[name].valid_until
        assert until is None or (found[name].permitted and until >= DAY)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(SHEET, st.lists(RECORD, max_size=5), AGE, st.randoms())
def test_reasons_are_of_the_declared_words_and_order_does_not_matter(sheet, records, birth, mix):
    found = decided(records, sheet=sheet, age=born(birth))
    shuffled = list(records)
    mix.shuffle(shuffled)
    again = decided(shuffled, sheet=sheet, age=born(birth))
    for name, decision in found.items():
        assert (decision.permitted, decision.reason) == (again[name].permitted, again[name].reason)
        reason = decision.reason.removesuffix(", assent not recorded")
        if decision.permitted:
            assert reason in PERMITTED
            continue
        source, _, why = reason.partition(": ")
        known = why.startswith(OBJECTIONS) if source in ("platform", "table") else (
            reason in ("withdrawn", "sheet: not given") or reason[:11] in DUO
        )  # fmt: skip
        assert known, reason

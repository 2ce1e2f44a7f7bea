"""What each person consented to: the strictest of the sheet, the platform and its table.

A scope is permitted only if the sheet gives it, no source that speaks of it says no, and what
permits it holds on the day. A source that is silent on a scope neither gives nor takes it: not
expressed is not denied, so a research consent does not end somebody's care. A permit for a
purpose that is not known permits nothing; a denial of one excludes all use beyond care.

Within one source the latest record of a scope decides; where two are of one day, or a denial has
none, the denial. A denial of everything (``all``: withdrawal, opt-out; the base rule of FHIR R4
Consent.provision) holds until a later permit.

Minors: a guardian consents until the person comes of age, and the minor's own assent is needed
from an age on (settings ``consent``). Where only the year of birth is known, whichever day in it
is stricter counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from soyang.admission.duo import USES, exclusion
from soyang.core.people import CONSENT_WORDS, EVERY_SCOPE, UNKNOWN_SCOPE, Consent

WITHDRAWN = "withdrawn"
NOT_GIVEN = "sheet: not given"
SOURCES = CONSENT_WORDS["source"]
"""Who may speak beside the sheet, in the order in which their objections are told."""
PERMITTED = (
    "sheet",
    "sheet; not on the platform",
    "sheet; platform says nothing",
    "sheet; platform says nothing of it",
    "sheet and platform",
    "sheet and table",
    "sheet, platform and table",
)
"""Reasons of a permission; ``, assent not recorded`` may follow."""
OBJECTIONS = (
    "withdrawn",
    "denied",
    "denied for a purpose that is not known",
    "expired on",
    "not valid before",
    "given by a minor without a guardian",
    "guardian's consent ended at majority",
    "guardian's consent, age not known",
    "minor's assent is missing",
    "minor refused assent",
)
"""Reasons of a source against it, after ``platform: `` or ``table: ``; two end with a date."""
DENIALS = {EVERY_SCOPE: "withdrawn", UNKNOWN_SCOPE: "denied for a purpose that is not known"}
NO_ASSENT_KNOWN = ", assent not recorded"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One provision of a consent (a row of CONSENT_RECORDS).

    Attributes:
        scope: a scope, or ``all``.
        permit: what it says.
        duo: DUO terms, sorted.
        recorded: day of the consent or change; None if not recorded.
    """

    source: str
    scope: str
    permit: bool
    valid_from: date | None = None
    valid_until: date | None = None
    given_by: str = "unknown"
    assent: str = "unknown"
    duo: tuple[str, ...] = ()
    recorded: date | None = None

    def start(self) -> date:
        """First day on which a permit counts: not before it was given."""
        return max(self.valid_from or date.min, self.recorded or date.min)

    def given(self, day: date) -> date:
        """Day on which it was given, at the latest ``day``."""
        return min(self.recorded or self.valid_from or day, day)


@dataclass(frozen=True, kw_only=True)
class Age:
    """When a person was born, as far as it is known, and the ages that count.

    Attributes:
        earliest: first day on which the person may have been born; None: not known.
        latest: the last.
    """

    majority: int
    assent: int
    earliest: date | None = None
    latest: date | None = None

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self.earliest is not None

    def may_be_minor(self, day: date) -> bool:
        """Whether the person is known to be a minor, or may be by the year alone."""
        return self.latest is not None and turns(self.latest, self.majority) > day

    def may_be_adult(self, day: date) -> bool:
        """Whether the person may have come of age."""
        return self.earliest is None or turns(self.earliest, self.majority) <= day

    def may_assent(self, day: date) -> bool:
        """Whether the person may be old enough to be asked."""
        return self.earliest is None or turns(self.earliest, self.assent) <= day

    def birthdays(self) -> list[date]:
        """Days on which rules change for the person."""
        if self.earliest is None:
            return []
        return [turns(self.earliest, years) for years in (self.majority, self.assent)]


def turns(birth: date, years: int) -> date:
    """The day on which somebody reaches an age; born on 29 February, on 1 March."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 3, 1)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one source says of one scope on the day.

    Attributes:
        objection: why not, ``""`` if it permits.
        record: what decides; None where that is a withdrawal, a denial or not one record.
        until: last day of the permission, None if there is none.
        terms: DUO terms that bind other scopes too; a denial doesn't lift those of the permit
            that it ends.
    """

    objection: str
    record: Record | None = None
    until: date | None = None
    note: str = ""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether one person permits one scope: a row of CONSENTS."""

    person: str
    scope: Consent
    permitted: bool
    reason: str
    valid_until: date | None = None
    given_by: str = "unknown"
    duo: str = ""
    sources: str = "sheet"


def decide(
    person: str, given: str, records: Sequence[Record], age: Age, day: date, *, record: str
) -> Iterator[Decision]:
    """One decision for each scope.

    Args:
        person: the pseudonym.
        given: scopes that the sheet gives, joined by ``;``, or ``withdrawn``.
        records: what platform and table say of the person.
        age: the person's.
        day: the day on which it counts.
        record: whether the platform has one: found, not_found, twice, or no_platform where
            nobody was asked.
    """
    words = given.split(";")
    said = {scope: _sources(records, scope, age, day) for scope in Consent}
    terms = sorted({t for s in said.values() for one in s.values() for t in one.terms})
    for scope in Consent:
        found = said[scope]
        duo = terms if scope in USES else []
        reason = _objection(words, scope, found, duo)
        givers = [s.record.given_by for s in found.values() if s.record]
        decision = Decision(
            person=person,
            scope=scope,
            permitted=not reason,
            reason=reason or _agreement(record, records, found),
            given_by=next((g for g in givers if g != "unknown"), "unknown"),
            sources=";".join(["sheet", *found]),
        )
        if not reason:
            until = _until(found, age, day)
            decision = replace(decision, duo=";".join(duo), valid_until=until)
        yield decision


def _sources(records: Sequence[Record], scope: Consent, age: Age, day: date) -> dict[str, Said]:
    """Source to what it says, of those that speak of the scope."""
    found = {}
    for source in SOURCES:
        own = [r for r in records if r.source == source]
        said = said_of([r for r in own if _is_about(r, scope)], scope, age, day)
        if said:
            found[source] = said
    return found


def _is_about(record: Record, scope: Consent) -> bool:
    unknown = record.scope == UNKNOWN_SCOPE and not record.permit and scope in USES
    return unknown or record.scope in (scope, EVERY_SCOPE)


def said_of(records: Sequence[Record], scope: Consent, age: Age, day: date) -> Said | None:
    """What records of one source say of a scope on the day; None: nothing.

    A denial counts in its period, one that was recorded after the day too: the person has
    decided. A permit counts from its start on, and one that has ended still replaces earlier
    ones.

    Args:
        records: about this scope.
        scope: the scope.
        age: the person's.
        day: the day.
    """
    denials = [r for r in records if not r.permit and _in_force(r, day)]
    permits = _with_assent([r for r in records if r.permit and r.start() <= day], age, day)
    latest = _latest(permits)
    own = _latest([r for r in permits if r.scope == scope])
    for denial in sorted(denials, key=lambda r: r.scope != EVERY_SCOPE):
        answer = latest if denial.scope == EVERY_SCOPE else own
        if not (answer and denial.recorded and _when(answer) > denial.recorded):
            ended = _judged(latest, scope, age, day).terms if latest else ()
            return Said(objection=DENIALS.get(denial.scope, "denied"), terms=ended)
    if latest:
        found = _judged(latest, scope, age, day)
        return replace(found, until=_sooner(found.until, _next_denial(records, day)))
    starts = [r.start() for r in records if r.permit]
    return Said(objection=f"not valid before {min(starts)}") if starts else None


def _in_force(record: Record, day: date) -> bool:
    return (record.valid_from or date.min) <= day <= (record.valid_until or date.max)


def _when(record: Record) -> date:
    return record.recorded or date.min


def _latest(permits: Sequence[Record]) -> Record | None:
    """The latest; of one day the narrower scope, then the one that ends first."""
    order = sorted(
        permits, key=lambda r: (r.scope == EVERY_SCOPE, r.valid_until or date.max, r.given_by)
    )
    return max(order, key=_when, default=None)


def _with_assent(permits: Sequence[Record], age: Age, day: date) -> list[Record]:
    """A minor's own permit is no consent, but beside a guardian's it is the minor's assent."""
    minors = [r for r in permits if r.given_by == "self" and age.may_be_minor(r.given(day))]
    others = [r for r in permits if r not in minors]
    if not minors or not others:
        return list(permits)
    return [replace(r, assent="yes") if r.assent == "unknown" else r for r in others]


def _judged(record: Record, scope: Consent, age: Age, day: date) -> Said:
    objection = objection_to(record, scope, age, day)
    if objection:
        return Said(objection=objection, record=record)
    until = record.valid_until
    for birthday in age.birthdays():
        if birthday > day and objection_to(record, scope, age, birthday):
            until = _sooner(until, month_before(birthday, day))
    noted = _by_guardian(record, age, day) and age.may_assent(day) and record.assent == "unknown"
    note = NO_ASSENT_KNOWN if noted else ""
    return Said(objection="", record=record, until=until, note=note, terms=record.duo)


def objection_to(record: Record, scope: Consent, age: Age, day: date) -> str:
    """Why a permit does not hold on the day, ``""`` if it does.

    Where nobody recorded whether the minor agreed, the guardian's consent carries the minor's
    own care and nothing else.
    """
    minors_own = record.given_by == "self" and age.may_be_minor(record.given(day))
    guardians = _by_guardian(record, age, day)
    asked = guardians and age.may_assent(day)
    rules = (
        (record.valid_until and record.valid_until < day, f"expired on {record.valid_until}"),
        (minors_own, "given by a minor without a guardian"),
        (guardians and not age.known, "guardian's consent, age not known"),
        (guardians and age.may_be_adult(day), "guardian's consent ended at majority"),
        (asked and record.assent == "no", "minor refused assent"),
        (
            asked and record.assent == "unknown" and scope != Consent.CLINICAL_CARE,
            "minor's assent is missing",
        ),
    )
    return next((reason for holds, reason in rules if holds), "")


def _by_guardian(record: Record, age: Age, day: date) -> bool:
    """Also where nobody recorded who consented, if the person was a minor then."""
    unknown = record.given_by == "unknown" and age.may_be_minor(record.given(day))
    return record.given_by == "guardian" or unknown


def month_before(birthday: date, day: date) -> date:
    """Last day of the month before a birthday, or ``day``: the table must not tell birthdays."""
    return max(birthday.replace(day=1) - timedelta(days=1), day)


def _next_denial(records: Sequence[Record], day: date) -> date | None:
    """Last day before a denial that is yet to begin."""
    starts = [r.valid_from for r in records if not r.permit and r.valid_from]
    return min((s - timedelta(days=1) for s in starts if s > day), default=None)


def _sooner(*days: date | None) -> date | None:
    return min((day for day in days if day), default=None)


def _objection(
    words: Sequence[str], scope: Consent, said: Mapping[str, Said], terms: Sequence[str]
) -> str:
    """The first reason against the scope, ``""`` if there is none."""
    if WITHDRAWN in words:
        return WITHDRAWN
    if scope not in words:
        return NOT_GIVEN
    for source, found in said.items():
        if found.objection:
            return f"{source}: {found.objection}"
    return exclusion(scope, terms)


def _agreement(record: str, records: Sequence[Record], said: Mapping[str, Said]) -> str:
    if not said:
        silent = {"no_platform": "", "not_found": "; not on the platform"}
        silence = "; platform says nothing"
        return f"sheet{silence} of it" if records else "sheet" + silent.get(record, silence)
    named = ["sheet", *said]
    words = " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
    return words + next((s.note for s in said.values() if s.note), "")


def _until(said: Mapping[str, Said], age: Age, day: date) -> date | None:
    """Last day of a permission; the sheet's own of a minor ends when the person comes of age.

    The sheet has neither giver nor day: who keeps a scope in it after that day says that the
    person has consented anew.
    """
    if said:
        return _sooner(*(found.until for found in said.values()))
    coming = age.birthdays()[:1]
    return month_before(coming[0], day) if coming and coming[0] > day else None


def scopes(decisions: Iterable[Decision]) -> str:
    """A person's permitted scopes joined by ``;``, or ``withdrawn``."""
    own = list(decisions)
    care = next(d.reason for d in own if d.scope == Consent.CLINICAL_CARE)
    if care.rpartition(": ")[2] == WITHDRAWN:
        return WITHDRAWN
    return ";".join(d.scope for d in own if d.permitted)

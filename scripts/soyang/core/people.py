"""Sex, affection, consent and members of a pedigree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sex(StrEnum):
    """Recorded sex; for ploidy and identity, not a statement of gender."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


class Affected(StrEnum):
    """Whether a person has the condition under study."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Consent(StrEnum):
    """What a person agreed to. Absent is not given."""

    CLINICAL_CARE = "clinical_care"
    """A report for the person's own care."""
    RESEARCH = "research"
    """The person is counted in cohort frequencies."""
    SECONDARY_FINDINGS = "secondary_findings"
    """Findings outside the question asked (carrier status among them)."""
    RECONTACT = "recontact"
    """The person may be asked again, e.g. when knowledge changes."""
    SHARING = "sharing"
    """Data may go to partners outside the platform."""
    COMMERCIAL_USE = "commercial_use"
    """Companies may use the data."""


EVERY_SCOPE = "all"
"""Scope of a consent record about everything: a withdrawal, an opt-out, or a whole permit."""
UNKNOWN_SCOPE = "unknown"
"""Scope of a record about a purpose that nobody here has a word for; it never permits."""
CONSENT_WORDS: dict[str, tuple[str, ...]] = {
    "scope": (*(str(scope) for scope in Consent), EVERY_SCOPE, UNKNOWN_SCOPE),
    "decision": ("permit", "deny"),
    "given_by": ("self", "guardian", "unknown"),
    "assent": ("yes", "no", "unknown"),
    "source": ("platform", "table"),
}
"""Closed vocabularies of a consent record, as rooms hand it on."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One person in a pedigree; father and mother are person names, ``""`` if not known."""

    person: str
    family: str
    father: str = ""
    mother: str = ""
    sex: Sex = Sex.UNKNOWN
    affected: Affected = Affected.UNKNOWN

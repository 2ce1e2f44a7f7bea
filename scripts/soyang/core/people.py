"""Sex, affection, consent and pedigree."""

from __future__ import annotations

from collections.abc import Iterable
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


@dataclass(frozen=True, kw_only=True)
class Member:
    """One person in a pedigree; father and mother are person names, ``""`` if not known."""

    person: str
    family: str
    father: str = ""
    mother: str = ""
    sex: Sex = Sex.UNKNOWN
    affected: Affected = Affected.UNKNOWN


class Pedigree:
    """People and their parents.

    Raises:
        ValueError: somebody occurs twice, is their own ancestor, or has a mother recorded
            male or a father recorded female.
    """

    def __init__(self, members: Iterable[Member]) -> None:
        self.members: dict[str, Member] = {}
        for member in members:
            if member.person in self.members:
                raise ValueError(f"{member.person} occurs twice")
            self.members[member.person] = member
        for member in self.members.values():
            self._check(member)

    def _check(self, member: Member) -> None:
        for parent, role, wrong in (
            (member.father, "father", Sex.FEMALE),
            (member.mother, "mother", Sex.MALE),
        ):
            if parent in self.members and self.members[parent].sex is wrong:
                raise ValueError(f"{parent} is {role} of {member.person} but recorded {wrong}")
        seen: set[str] = set()
        todo = [member.father, member.mother]
        while todo:
            person = todo.pop()
            if person == member.person:
                raise ValueError(f"{member.person} is their own ancestor")
            if person in self.members and person not in seen:
                seen.add(person)
                todo += [self.members[person].father, self.members[person].mother]

    def parents(self, person: str) -> tuple[str, ...]:
        """The person's parents who are in the pedigree, father first."""
        member = self.members[person]
        return tuple(p for p in (member.father, member.mother) if p in self.members)

    def children(self, person: str) -> tuple[str, ...]:
        """The person's children, sorted."""
        return tuple(
            sorted(m.person for m in self.members.values() if person in (m.father, m.mother))
        )

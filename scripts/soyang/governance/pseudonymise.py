"""``soyang governance pseudonymise``: a random pseudonym for each person of a list."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from pathlib import Path

from soyang.core.errors import Fault, FaultError
from soyang.governance.mapping import (
    PERSON,
    PLATFORM,
    People,
    read_mapping,
    read_people,
    refuse_results,
    write_mapping,
)

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Digits and letters that nobody takes for another: no 0, 1, I, L, O."""
LENGTH = 10
"""31^10 pseudonyms, or 49 bits."""
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}\Z")


def pseudonymise(*, people: Path, mapping: Path, prefix: str = "P-") -> None:
    """Give each person of a list a random pseudonym, and keep whose it is in one private file.

    A pseudonym is drawn, not computed: a hash of a patient number is still a patient number.
    From then on the mapping is an input. A second list extends it; who is in it keeps their
    pseudonym and all that the mapping says of them. It is started by hand, not by a run.

    Args:
        people: list of people (tab-separated): platform_person_id and what else identifies them,
            such as name, birth_date and medical_record_number.
        mapping: file to write or extend (mode 0600): person, platform_person_id, and the rest.
        prefix: how pseudonyms begin, with a letter.

    Raises:
        FaultError: a person has no id or is there twice, the list brings pseudonyms of its own,
            the mapping lies in results/, or others may read it.
    """
    refuse_results(mapping, "a mapping")
    listed = read_people(people, PLATFORM)
    _check(people, listed, prefix)
    known = read_mapping(mapping) if mapping.exists() else People((PERSON, PLATFORM), ())
    there = {row[PLATFORM]: row for _, row in known.rows}
    taken = {row[PERSON] for _, row in known.rows}
    added = []
    for _, row in listed.rows:
        if row[PLATFORM] not in there:
            name = draw(prefix, taken)
            taken.add(name)
            added.append({**row, PERSON: name})
    differing = [
        str(number)
        for number, row in listed.rows
        if any(row[c] != there[row[PLATFORM]].get(c, "") for c in row if row[PLATFORM] in there)
    ]
    columns = [*known.columns, *(c for c in listed.columns if c not in known.columns)]
    write_mapping(mapping, columns, [*(row for _, row in known.rows), *added])
    print(f"{len(added)} pseudonym(s) given, {len(listed.rows) - len(added)} known before")
    if differing:
        print(
            f"rows {', '.join(differing)} of the list differ from the mapping, which stays as it "
            "was; correct it there if the list is right"
        )


def _check(path: Path, listed: People, prefix: str) -> None:
    faults = []
    if PERSON in listed.columns:
        faults.append(
            Fault(
                code="pseudonyms-given", file=str(path), column=PERSON, found="pseudonyms",
                allowed="a list without them: they are drawn here",
                next_step="remove the column; who has a pseudonym is found by platform_person_id",
            )
        )  # fmt: skip
    if not _PREFIX.match(prefix):
        faults.append(
            Fault(
                code="option", file="command line", column="--prefix", found=repr(prefix),
                allowed="a letter, then letters, digits, '_', '.' and '-', at most 32",
                next_step="name another prefix",
            )
        )  # fmt: skip
    if faults:
        raise FaultError(faults)


def draw(prefix: str, taken: Collection[str]) -> str:
    """A random pseudonym that nobody has."""
    while True:
        name = prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if name not in taken:
            return name

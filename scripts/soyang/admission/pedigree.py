"""Who is whose parent: the PED file, and the rules of a pedigree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soyang.admission.faults import nearest
from soyang.admission.sheet import PEDIGREE, Row
from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.core.people import Affected, Member, Sex

_SEX = {"1": Sex.MALE, "2": Sex.FEMALE}
_AFFECTED = {"1": Affected.NO, "2": Affected.YES}
_NOBODY = ("0", ".", "-9")


@dataclass(frozen=True)
class Ped:
    """A PED file: its members with their lines, and its faults."""

    path: str
    members: Mapping[str, Member]
    lines: Mapping[str, int]
    faults: tuple[Fault, ...]


def read_ped(path: Path) -> Ped:
    """Read a PED file: family, person, father, mother, sex (1, 2), phenotype (1, 2).

    Source of the format: PLINK 1.07. Faults are in the result, not raised.
    """
    members: dict[str, Member] = {}
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    try:
        text = read_text(path)
    except FaultError as error:
        return Ped(str(path), {}, {}, tuple(error.faults))
    for number, line in enumerate(text.split("\n"), start=1):
        cells = line.split("\t") if line.count("\t") >= len(PEDIGREE) else line.split()
        cells = [cell.strip() for cell in cells]
        if not line.strip() or line.startswith("#"):
            continue
        found = _line_fault(cells, lines)
        if found:
            faults.append(_fault(path, number, *found))
            continue
        member = _member(cells)
        members[member.person], lines[member.person] = member, number
    if not members and not faults:
        faults.append(_fault(path, 0, "ped-empty", "no person", "one line for each person"))
    return Ped(str(path), members, lines, tuple(faults))


def _line_fault(cells: Sequence[str], lines: Mapping[str, int]) -> tuple[str, str, str] | None:
    columns = 6
    if len(cells) < columns:
        allowed = "six columns: family, person, father, mother, sex, phenotype"
        return "ped-format", f"{len(cells)} column(s)", allowed
    if cells[1] in lines:
        found = f"a duplicate: {cells[1]} is also line {lines[cells[1]]}"
        return "ped-duplicate", found, "each person once"
    if cells[4] not in {"0", "1", "2", "-9", "other"}:
        return "ped-sex", f"sex '{cells[4]}'", "1 (male), 2 (female), 0 (unknown)"
    if cells[5] not in {"0", "1", "2", "-9"}:
        return "ped-affected", f"phenotype '{cells[5]}'", "1 (no), 2 (yes), 0 (unknown)"
    return None


def _member(cells: Sequence[str]) -> Member:
    family, person, father, mother, sex, affected = cells[:6]
    return Member(
        person=person,
        family=family,
        father="" if father in _NOBODY else father,
        mother="" if mother in _NOBODY else mother,
        sex=_SEX.get(sex, Sex.UNKNOWN),
        affected=_AFFECTED.get(affected, Affected.UNKNOWN),
    )


def _fault(path: Path | str, line: int, code: str, found: str, allowed: str) -> Fault:
    return Fault(
        code=code,
        file=str(path),
        row=str(line) if line else "",
        found=found,
        allowed=allowed,
        next_step="correct the PED file, or use the sheet's pedigree columns instead",
    )


def with_ped(rows: Sequence[Row], ped: Ped) -> tuple[list[Row], list[Fault]]:
    """Rows with the PED's pedigree in place of the sheet's, and what does not fit together."""
    faults = [fault for row in rows for fault in _twice(row)]
    persons = {row.person for row in rows}
    parents = {p for m in ped.members.values() for p in (m.father, m.mother)}
    for person, line in ped.lines.items():
        if person not in persons | parents:
            faults.append(
                _fault(
                    ped.path, line, "ped-unknown", f"'{person}', who is not in the sheet",
                    f"{nearest(person, persons)}persons of the sheet and their parents",
                )
            )  # fmt: skip
    filled: list[Row] = []
    for row in rows:
        member = ped.members.get(row.person)
        if member is None:
            filled.append(row.with_cells(**dict.fromkeys(PEDIGREE, "")))
            continue
        faults += _sex_differs(row, member)
        cells = {column: str(getattr(member, column)) for column in PEDIGREE}
        filled.append(row.with_cells(**cells))
    return filled, faults


def _twice(row: Row) -> Iterator[Fault]:
    for column in PEDIGREE:
        if row.cells[column]:
            yield Fault(
                code="pedigree-twice", file=row.sheet, row=str(row.line), column=column,
                found="a pedigree in the sheet beside the setting 'pedigree'",
                allowed="one of the two", next_step="empty the cell, or remove the setting",
            )  # fmt: skip
            return


def _sex_differs(row: Row, member: Member) -> Iterator[Fault]:
    recorded = row.cells["sex"]
    if Sex.UNKNOWN not in (recorded, member.sex) and recorded != member.sex:
        yield row.fault(
            "sex-differs", "sex", f"{recorded}, but {member.sex} in the PED file",
            "the same in both", "correct one of them",
        )  # fmt: skip


def pedigree_faults(rows: Sequence[Row], ped: Ped | None) -> Iterator[Fault]:
    """Faults of kinship, each told for the child's row.

    A parent must be in the sheet or in the PED file; a father is not female, a mother not
    male, nobody is their own ancestor, and the parents are two people.
    """
    members = dict(ped.members) if ped else {}
    members |= {row.person: _of_row(row) for row in rows}
    for row in {row.person: row for row in reversed(rows)}.values():
        yield from _parent_faults(row, members)
        yield from _ancestor_fault(row, members)


def _of_row(row: Row) -> Member:
    sex = row.cells["sex"]
    return Member(
        person=row.person,
        family=row.cells["family"],
        father=row.cells["father"],
        mother=row.cells["mother"],
        sex=Sex(sex) if sex in set(Sex) else Sex.UNKNOWN,
    )


def _parent_faults(row: Row, members: Mapping[str, Member]) -> Iterator[Fault]:
    for role, wrong in (("father", Sex.FEMALE), ("mother", Sex.MALE)):
        parent = row.cells[role]
        if not parent:
            continue
        if parent not in members:
            yield row.fault(
                "parent-unknown", role, f"'{parent}', who is not in the sheet",
                "a person of the sheet, or nothing",
                f"{nearest(parent, members)}Correct the name, or empty the cell",
            )  # fmt: skip
        elif members[parent].sex is wrong:
            yield row.fault(
                "parent-sex", role, f"{parent} as {role}, who is recorded {wrong}",
                f"a {role} who is not recorded {wrong}", f"correct the {role} or the sex",
            )  # fmt: skip
    if row.cells["father"] and row.cells["father"] == row.cells["mother"]:
        yield row.fault(
            "parent-same", "mother", f"{row.cells['mother']} as father and mother",
            "two people", "correct one of them",
        )  # fmt: skip


def _ancestor_fault(row: Row, members: Mapping[str, Member]) -> Iterator[Fault]:
    seen: set[str] = set()
    todo = [row.cells["father"], row.cells["mother"]]
    while todo:
        person = todo.pop()
        if person in seen or person not in members:
            continue
        seen.add(person)
        todo += [members[person].father, members[person].mother]
    if row.person in seen:
        yield row.fault(
            "own-ancestor", "father, mother", f"{row.person} as their own ancestor",
            "parents who are not descendants", "correct the parents",
        )  # fmt: skip

"""Rules that the rows of a sheet must keep together."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from soyang.admission.sheet import PRIVATE, Row
from soyang.core.errors import Fault
from soyang.core.people import Consent

ONE_FOR_PERSON = (
    "hospital", "sex", "family", "father", "mother", "affected", "assay", "targets", "origin",
    "consent", "platform_person_id", "lifelog_id",
)  # fmt: skip
"""Columns that must agree in all rows of a person."""
ONE_FOR_SAMPLE = ("specimen", "collected")
"""Columns that must agree in all rows of a sample."""
HIDDEN = (*PRIVATE, "collected")
"""Columns whose values identify, or date, a person: a message names the row instead."""
ONE_PERSON = {
    "platform_person_id": ("platform-id-twice", "one person for a platform id"),
    "lifelog_id": ("lifelog-id-twice", "one person for a lifelog id"),
    "specimen": ("specimen-two-persons", "a specimen belongs to one person, and gives one sample"),
}
"""Columns whose every value belongs to one person, with the code and what is allowed. A person
has one sample, so a specimen that two persons don't share can't be under two samples either."""


def together_faults(rows: Sequence[Row]) -> Iterator[Fault]:
    """Faults between rows, each told for every row that is part of it."""
    for rule in TOGETHER_RULES:
        yield from rule(rows)


def strictest(rows: Sequence[Row]) -> dict[str, str]:
    """Person to consent: what all their rows agree to, or ``withdrawn``."""
    found: dict[str, str] = {}
    for person, theirs in by(rows, lambda row: row.person).items():
        if any("withdrawn" in row.scopes for row in theirs):
            found[person] = "withdrawn"
            continue
        agreed = frozenset(Consent).intersection(*(row.consents for row in theirs))
        found[person] = ";".join(scope for scope in Consent if scope in agreed)
    return found


def by(rows: Sequence[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    """Rows by a key, in the order of the sheet; rows with an empty key are left out."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if key(row):
            groups[key(row)].append(row)
    return groups


def _lines(rows: Sequence[Row], but: Row) -> str:
    return ", ".join(f"row {row.line}" for row in rows if row is not but)


def _units(rows: Sequence[Row]) -> Iterator[Fault]:
    for unit, same in by(rows, lambda row: row.unit).items():
        for row in same[1:]:
            yield row.fault(
                "unit-duplicate", "sample, lane",
                f"a duplicate: {unit} is also {_lines(same, row)}", "each sample and lane once",
                "remove the row, or name its lane",
            )  # fmt: skip


def _samples(rows: Sequence[Row]) -> Iterator[Fault]:
    for sample, same in by(rows, lambda row: row.cells["sample"]).items():
        if len({row.person for row in same}) > 1:
            for row in same:
                yield row.fault(
                    "sample-two-persons", "sample",
                    f"sample {sample} under another person too ({_lines(same, row)})",
                    "a sample belongs to one person", "correct the person or the sample",
                )  # fmt: skip
        if len({row.entry for row in same}) > 1 or (len(same) > 1 and same[0].entry in ONE_FILE):
            for row in same:
                yield row.fault(
                    "sample-files", "sample",
                    f"files of sample {sample} that can't be joined ({_lines(same, row)})",
                    "several lanes of FASTQ, uBAM, BAM or CRAM, or one gVCF, or one VCF",
                    "keep one kind of file for the sample",
                )  # fmt: skip


ONE_FILE = ("gvcf", "vcf")


def _persons(rows: Sequence[Row]) -> Iterator[Fault]:
    for person, same in by(rows, lambda row: row.cells["person"]).items():
        samples = sorted({row.sample for row in same})
        if len(samples) > 1:
            for row in same:
                yield row.fault(
                    "person-two-samples", "person",
                    f"{len(samples)} samples for {person}: {', '.join(samples)}",
                    "one sample for a person", "keep one of them; the others go in another run",
                )  # fmt: skip
        yield from _agree(same, ONE_FOR_PERSON, "person")


def _specimens(rows: Sequence[Row]) -> Iterator[Fault]:
    for same in by(rows, lambda row: row.cells["sample"]).values():
        yield from _agree(same, ONE_FOR_SAMPLE, "sample")


def _agree(same: Sequence[Row], columns: Sequence[str], whose: str) -> Iterator[Fault]:
    """Rows of one person or sample agree; a value that identifies is not shown."""
    for column in columns:
        other = next((r for r in same if r.cells[column] != same[0].cells[column]), None)
        if other is None:
            continue
        found = f"'{other.cells[column]}', but '{same[0].cells[column]}' in row {same[0].line}"
        if column in HIDDEN:
            found = f"another value than in row {same[0].line}"
        yield other.fault(
            f"{whose}-conflict", column, found, f"the same in all rows of a {whose}",
            "correct one of the rows",
        )  # fmt: skip


def _one_person(rows: Sequence[Row]) -> Iterator[Fault]:
    for column, (code, allowed) in ONE_PERSON.items():
        what = "a specimen" if column == "specimen" else "an id"
        for same in by(rows, lambda row: row.cells[column]).values():  # noqa: B023
            if len({row.person for row in same}) > 1:
                for row in same:
                    others = _lines([r for r in same if r.person != row.person], row)
                    yield row.fault(
                        code, column, f"{what} that another person has too ({others})",
                        allowed, "correct it for one of them",
                    )  # fmt: skip


def _files(rows: Sequence[Row]) -> Iterator[Fault]:
    uses: dict[str, list[tuple[Row, str]]] = defaultdict(list)
    for row in rows:
        for column, path in row.files.items():
            uses[os.path.realpath(path)].append((row, column))
    for used in uses.values():
        lines = sorted({row.line for row, _ in used})
        if len(lines) > 1:
            for row, column in used:
                others = ", ".join(f"row {line}" for line in lines if line != row.line)
                yield row.file_fault(
                    "file-twice", column, f"a file that is also named in {others}",
                    "each file once", "correct the path in one of the rows",
                )  # fmt: skip


TOGETHER_RULES: tuple[Callable[[Sequence[Row]], Iterator[Fault]], ...] = (
    _units,
    _samples,
    _persons,
    _specimens,
    _one_person,
    _files,
)
"""What rows must keep together; a new rule is a function here."""

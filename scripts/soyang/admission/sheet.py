"""The sample sheet: its lines and rows.

Rows are lines of the sheet: tab-separated, UTF-8, with one header. Lines that start with
``#`` and blank lines are skipped. A cell with only ``.`` is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from soyang.admission.faults import nearest
from soyang.core.errors import Fault, FaultError, Scope
from soyang.core.files import read_text
from soyang.core.people import Affected, Consent, Sex

REQUIRED = ("person", "sample", "hospital", "sex", "consent")
FILES = ("fastq_1", "fastq_2", "ubam", "bam", "cram", "gvcf", "vcf")
PEDIGREE = ("family", "father", "mother", "affected")
COLUMNS = (
    "person", "sample", "hospital", "lane", *FILES, "sex", *PEDIGREE, "assay", "targets",
    "origin", "umi", "caller", "consent", "platform_person_id", "specimen", "run", "collected",
    "lifelog_id",
)  # fmt: skip
PRIVATE = ("platform_person_id", "specimen", "lifelog_id")
"""Columns of identifiers: what stands in them is in no message."""
ENTRY = {"fastq_1": "fastq", "fastq_2": "fastq"} | {name: name for name in FILES[2:]}
ASSAYS = ("wgs", "wes", "panel")
GERMLINE, TUMOUR = ORIGINS = ("germline", "tumour")
VOCABULARY = {
    "sex": tuple(Sex), "affected": tuple(Affected), "assay": ASSAYS, "origin": ORIGINS,
}  # fmt: skip
"""Columns of a closed vocabulary, upper or lower case."""
WITHDRAWN = "withdrawn"
ONLY_LANE = "L1"
"""Lane of a row that names none."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the sheet.

    Attributes:
        sheet: the sheet as the user named it.
        line: 1-based line in it.
        cells: every column of :data:`COLUMNS`; empty where the sheet has none.
    """

    sheet: str
    line: int
    cells: Mapping[str, str] = field(hash=False)

    @property
    def person(self) -> str:
        """The person, or the row's number where the sheet names none: nobody gets lost."""
        return self.cells["person"] or f"row-{self.line}"

    @property
    def sample(self) -> str:
        """The sample, or the row's number where the sheet names none."""
        return self.cells["sample"] or f"row-{self.line}"

    @property
    def lane(self) -> str:
        """The lane."""
        return self.cells["lane"] or ONLY_LANE

    @property
    def unit(self) -> str:
        """Name of the unit."""
        return f"{self.sample}.{self.lane}"

    @property
    def files(self) -> dict[str, str]:
        """Column to path, for each file that the row names."""
        return {column: self.cells[column] for column in FILES if self.cells[column]}

    @property
    def entry(self) -> str:
        """Kind of file, ``""`` if none or more than one."""
        kinds = {ENTRY[column] for column in self.files}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Words of the consent cell, in their order."""
        words = re.split(r"[;,]", self.cells["consent"].lower())
        return tuple(word.strip() for word in words if word.strip())

    @property
    def consents(self) -> frozenset[Consent]:
        """What the row agrees to; nothing if it was withdrawn."""
        if WITHDRAWN in self.scopes:
            return frozenset()
        return frozenset(Consent(word) for word in self.scopes if word in set(Consent))

    @property
    def collected(self) -> date | None:
        """Day on which the specimen was taken; None if the sheet has none or no valid one."""
        text = self.cells["collected"]
        try:
            return date.fromisoformat(text) if _DAY.match(text) else None
        except ValueError:
            return None

    def with_cells(self, **cells: str) -> Row:
        """The row with other values in some columns."""
        return replace(self, cells={**self.cells, **cells})

    def fault(self, code: str, column: str, found: str, allowed: str, next_step: str) -> Fault:
        """A fault in a cell; it fails the row's person only."""
        return Fault(
            code=code, file=self.sheet, row=str(self.line), column=column, found=found,
            allowed=allowed, next_step=next_step, scope=Scope.SAMPLE, person=self.person,
            sample=self.sample,
        )  # fmt: skip

    def file_fault(self, code: str, column: str, found: str, allowed: str, next_step: str) -> Fault:
        """A fault in the file that a cell names."""
        fault = self.fault(code, column, found, allowed, next_step)
        return replace(fault, file=self.cells[column], row=f"sheet row {self.line}")


@dataclass(frozen=True)
class Sheet:
    """A sheet's rows, and the faults of its form."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


def read_sheet(path: Path) -> Sheet:
    """Read the sheet; faults in its form are in the result, not raised."""
    try:
        text = read_text(path)
    except FaultError as error:
        return Sheet((), tuple(error.faults))
    lines = [
        (number, [_cell(cell) for cell in line.split("\t")])
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not lines:
        return Sheet((), (_run_fault(path, "sheet-empty", "", "nothing", "a header and rows"),))
    number, header = lines[0]
    faults = list(_header_faults(path, number, header))
    if len(lines) == 1:
        found = "an empty cohort: a header without rows"
        faults.append(_run_fault(path, "sheet-empty", "", found, "at least one row"))
    if faults:
        return Sheet((), tuple(faults))
    rows = tuple(_row(path, number, header, cells) for number, cells in lines[1:])
    wide = [
        row.fault(
            "row-width", "", f"{len(cells)} cells under a header of {len(header)} columns",
            "one cell for each column", "remove the tab that is too many in this row",
        )
        for row, (_, cells) in zip(rows, lines[1:], strict=True)
        if any(cells[len(header):])
    ]  # fmt: skip
    return Sheet(rows, tuple(wide))


def _cell(cell: str) -> str:
    """The cell's text as a spreadsheet would show it."""
    text = cell.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"').strip()
    return "" if text == "." else text


def _row(path: Path, number: int, header: list[str], cells: list[str]) -> Row:
    padded = cells + [""] * (len(header) - len(cells))
    found = dict.fromkeys(COLUMNS, "") | dict(zip(header, padded, strict=False))
    for column, allowed in VOCABULARY.items():
        if found[column].lower() in allowed:  # any other word is shown as it was found
            found[column] = found[column].lower()
    for column in ("father", "mother"):
        found[column] = "" if found[column] == "0" else found[column]
    return Row(sheet=str(path), line=number, cells=found)


def _run_fault(path: Path, code: str, column: str, found: str, allowed: str) -> Fault:
    return Fault(
        code=code, file=str(path), column=column, found=found, allowed=allowed,
        next_step="write the sheet as config/samples.tsv shows",
    )  # fmt: skip


def _header_faults(path: Path, number: int, header: list[str]) -> Iterator[Fault]:
    def fault(code: str, column: str, found: str, allowed: str, next_step: str) -> Fault:
        return Fault(
            code=code, file=str(path), row=str(number), column=column, found=found,
            allowed=allowed, next_step=next_step,
        )  # fmt: skip

    separator = re.search("[,;]", header[0]) if len(header) == 1 else None
    if separator:
        yield fault(
            "sheet-separator", "", f"columns separated by '{separator[0]}'",
            "columns separated by tabs", "save the sheet as tab-separated text",
        )  # fmt: skip
        return
    for column in sorted(set(header) - set(COLUMNS)):
        yield fault(
            "sheet-column", column, f"an unknown column '{column}'", ", ".join(COLUMNS),
            f"{nearest(column, COLUMNS)}Rename or remove the column",
        )  # fmt: skip
    for column in sorted({name for name in header if header.count(name) > 1}):
        yield fault(
            "sheet-column", column, "the column twice", "each column once", "remove one of them"
        )
    for column in REQUIRED:
        if column not in header:
            yield fault(
                "sheet-column", column, f"no column '{column}'", ", ".join(REQUIRED),
                "add the column",
            )  # fmt: skip
    if not set(FILES) & set(header):
        yield fault(
            "sheet-column", "", "no column with files", ", ".join(FILES), "add the columns needed"
        )

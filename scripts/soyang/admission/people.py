"""Everyone in the sheet, with their pedigree and all faults of the sheet itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from soyang.admission.cohort_rules import strictest, together_faults
from soyang.admission.pedigree import pedigree_faults, read_ped, with_ped
from soyang.admission.row_rules import row_faults
from soyang.admission.sheet import Row, read_sheet
from soyang.core.errors import Fault
from soyang.core.people import Consent
from soyang.core.settings import Settings


@dataclass(frozen=True)
class People:
    """Everyone in the sheet.

    Attributes:
        rows: rows of the sheet, the pedigree filled in from the PED file where there is one.
        consents: person to scopes joined by ``;`` (the strictest of their rows), or ``withdrawn``.
        faults: faults of sheet and PED file; no other file was looked into.
    """

    rows: tuple[Row, ...]
    consents: Mapping[str, str]
    faults: tuple[Fault, ...]

    def open_to_care(self, person: str) -> bool:
        """Whether the person's files may be opened at all."""
        return Consent.CLINICAL_CARE in self.consents[person].split(";")


def read_people(settings: Settings) -> People:
    """Read the sheet and the PED file that the settings name."""
    sheet = read_sheet(settings.sheet)
    rows = list(sheet.rows)
    faults = list(sheet.faults)
    ped = read_ped(settings.pedigree) if settings.pedigree else None
    if ped:
        faults += ped.faults
        if rows and ped.members:
            rows, differing = with_ped(rows, ped)
            faults += differing
    for row in rows:
        faults += row_faults(row)
        if settings.platform.omop:
            faults += _platform_id(row)
    faults += together_faults(rows)
    faults += pedigree_faults(rows, ped)
    return People(tuple(rows), strictest(rows), tuple(faults))


def _platform_id(row: Row) -> Iterator[Fault]:
    """OMOP's person_id is an integer (CDM 5.4); 18 digits fit 64 bits."""
    found = row.cells["platform_person_id"]
    if found and not re.fullmatch(r"-?[0-9]{1,18}", found):
        yield row.fault(
            "platform-id", "platform_person_id", "an id that is not a whole number",
            "the person's person_id in the OMOP file", "correct the cell",
        )  # fmt: skip

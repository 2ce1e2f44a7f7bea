"""Who the platform is asked about, and by which of its ids."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError

WHOLE_NUMBER = r"^[+-]?[0-9]{1,18}$"
"""person_id is an integer in OMOP CDM; 18 digits always fit 64 bits."""


def platform_ids(ids: pl.Expr, kind: str) -> pl.Expr:
    """Ids so written that equal ones are equal text: ``007`` is ``7`` where ids are numbers."""
    text = ids.str.strip_chars()
    if kind == "fhir":
        return text
    number = text.str.contains(WHOLE_NUMBER)
    return pl.when(number).then(text.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(text)


def asked_about(rows: pl.DataFrame, path: Path, kind: str) -> pl.DataFrame:
    """The persons who have an id on the platform.

    Args:
        rows: columns person, platform_person_id, from ``path``.
        path: the file, named in faults.
        kind: the platform's kind; in OMOP ids are whole numbers.

    Returns:
        Columns person, person_id (String), by person.

    Raises:
        FaultError: an id is not a whole number where it must be, a person has two, or two
            persons share one. Ids are not repeated in the message.
    """
    wanted = (
        rows.select("person", person_id=platform_ids(pl.col("platform_person_id"), kind))
        .filter(pl.col("person_id") != "")
        .unique()
        .sort("person", "person_id")
    )
    faults = []
    if kind not in ("fhir", ""):
        strange = [p for p, i in wanted.iter_rows() if not re.fullmatch(WHOLE_NUMBER, i)]
        faults = [_fault(path, p, "id", "not a whole number", "OMOP's person_id") for p in strange]
    for column, found in (("person", "two ids"), ("person_id", "an id that another has")):
        twice = wanted.filter(pl.col(column).is_duplicated())["person"].unique().sort()
        faults += [
            _fault(path, person, "twice", found, "one id a person, one person an id")
            for person in twice
        ]
    if faults:
        raise FaultError(faults)
    return wanted


def _fault(path: Path, person: str, code: str, found: str, allowed: str) -> Fault:
    return Fault(
        code=f"crosswalk-{code}",
        file=path.name,
        row=f"person {person}",
        column="platform_person_id",
        found=found,
        allowed=allowed,
        next_step="correct the platform person id in the sample sheet",
        person=person,
    )

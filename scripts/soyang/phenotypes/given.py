"""HPO terms that are given as such, for people without a record: phenopackets and a sheet.

Phenopackets v2 (GA4GH, ISO 4454:2022): ``subject.id`` is the person, ``phenotypicFeatures`` hold
``type.id``, ``excluded``, ``onset`` and ``resolution``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows, read_text
from soyang.core.tables import DTypes

GIVEN: dict[str, DTypes] = {
    "person": pl.String,
    "hpo_id": pl.String,
    "source_code": pl.String,
    "status": pl.String,
    "domain": pl.String,
    "vocabulary_version": pl.String,
    "first_date": pl.Date,
    "last_date": pl.Date,
    "resolved": pl.Boolean,
}
"""Rows of this module: hpo_id is the current term, source_code what was written."""

STATUSES = ("observed", "excluded")
_NEXT = (
    "correct the term (https://hpo.jax.org), or, if it is newer than the HPO release in use, "
    "write the closest one that this release has"
)
_SHAPE = re.compile(r"HP:\d{7}")


def read_phenopackets(
    folder: Path, people: Collection[str], names: Mapping[str, str]
) -> pl.DataFrame:
    """Features of all ``*.json`` of a folder and the folders in it, of these people only.

    Args:
        folder: folder of phenopackets, one a file.
        people: persons wanted; packets of others are not looked into.
        names: identifier to current HPO term.

    Raises:
        FaultError: the folder is missing, a file is no phenopacket, or a term is unknown.
    """
    if not folder.is_dir():
        raise FaultError(_fault(folder, "", "no such folder", "a folder of phenopackets (JSON)"))
    faults: list[Fault] = []
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.rglob("*.json")):
        try:
            rows += _packet(path, people, names)
        except FaultError as error:
            faults += error.faults
    if faults:
        raise FaultError(faults)
    return pl.DataFrame(rows, schema=GIVEN)


def _packet(path: Path, people: Collection[str], names: Mapping[str, str]) -> list[dict[str, Any]]:
    content = _json(path)
    person = _dig(content, "subject", "id")
    features = content.get("phenotypicFeatures", [])
    if not isinstance(person, str) or not person:
        raise FaultError(_fault(path, "subject.id", "none", "the person's name, as in the sheet"))
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise FaultError(_fault(path, "phenotypicFeatures", "no list", "a list of features"))
    if person not in people:
        return []
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for number, feature in enumerate(features):
        try:
            rows.append(_feature(path, number, feature, names))
        except FaultError as error:
            faults += error.faults
    if faults:
        raise FaultError(faults)
    version = _version(content)
    return [{**row, "person": person, "vocabulary_version": version} for row in rows]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise FaultError(
            _fault(path, f"line {error.lineno}", "no JSON", "a phenopacket (v2) in JSON")
        ) from None
    if not isinstance(content, dict):
        raise FaultError(_fault(path, "", "no JSON object", "a phenopacket (v2) in JSON"))
    return content


def _feature(
    path: Path, number: int, feature: Mapping[str, Any], names: Mapping[str, str]
) -> dict[str, Any]:
    place = f"phenotypicFeatures[{number}]"
    written = _dig(feature, "type", "id")
    term = names.get(written) if isinstance(written, str) else None
    if term is None:
        found = _unknown(written) if written else "no term"
        raise FaultError(
            _fault(path, f"{place}.type.id", found, "an HPO term, HP:0000000", next_step=_NEXT)
        )
    start = _day(path, f"{place}.onset", feature.get("onset"), "start")
    end = _day(path, f"{place}.resolution", feature.get("resolution"), "end")
    return {
        "hpo_id": term,
        "source_code": written,
        "status": "excluded" if feature.get("excluded") is True else "observed",
        "domain": "phenopacket",
        "first_date": start,
        "last_date": end or start,
        "resolved": feature.get("resolution") is not None,
    }


def _unknown(written: Any) -> str:
    """What was found; free text is not repeated, it may name somebody."""
    if isinstance(written, str) and _SHAPE.fullmatch(written):
        return f"{written}, which the HPO release in use does not know"
    return "what is no HPO term"


def _day(path: Path, place: str, element: Any, side: str) -> date | None:
    """Day of a TimeElement, where it tells one: a timestamp, or one side of an interval.

    An age or an ontology class ("Childhood onset") is no day.
    """
    text = _dig(element, "timestamp") or _dig(element, "interval", side)
    if not text:
        return None
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise FaultError(_fault(path, place, "no date", "a timestamp, e.g. 2021-05-01")) from None


def _version(content: Mapping[str, Any]) -> str:
    """Version of HPO that the packet was made with, ``""`` if it does not say."""
    resources = _dig(content, "metaData", "resources") or []
    versions = [
        str(r.get("version", ""))
        for r in resources
        if isinstance(r, dict) and str(r.get("namespacePrefix", "")).upper() == "HP"
    ]
    return versions[0] if versions else ""


def _dig(content: Any, *keys: str) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def read_sheet(path: Path, people: Collection[str], names: Mapping[str, str]) -> pl.DataFrame:
    """Terms of a tab-separated sheet (person, hpo_id, status, date), of these people only.

    Args:
        path: the sheet; status is observed or excluded (empty: observed), date may be empty.
        people: persons wanted; the terms of others are not taken.
        names: identifier to current HPO term.

    Raises:
        FaultError: with every row that is wrong.
    """
    faults: list[Fault] = []
    rows: list[dict[str, Any]] = []
    for number, raw in enumerate(read_rows(path, "person", "hpo_id", "status", "date"), start=2):
        row = {key: (value or "").strip() for key, value in raw.items() if isinstance(key, str)}
        wrong = list(_row_faults(path, str(number), row, names))
        faults += wrong
        if not wrong and row["person"] in people:
            day = date.fromisoformat(row["date"]) if row["date"] else None
            rows.append(
                {
                    "person": row["person"],
                    "hpo_id": names[row["hpo_id"]],
                    "source_code": row["hpo_id"],
                    "status": row["status"].lower() or "observed",
                    "domain": "sheet",
                    "vocabulary_version": "",
                    "first_date": day,
                    "last_date": day,
                    "resolved": False,
                }
            )
    if faults:
        raise FaultError(faults)
    return pl.DataFrame(rows, schema=GIVEN)


def _row_faults(
    path: Path, number: str, row: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[Fault]:
    if not row["person"]:
        yield _fault(path, "person", "empty", "the person's name, as in the sheet", row=number)
    if row["hpo_id"] not in names:
        found = _unknown(row["hpo_id"])
        yield _fault(path, "hpo_id", found, "an HPO term, HP:0000000", next_step=_NEXT, row=number)
    if row["status"].lower() not in ("", *STATUSES):
        yield _fault(path, "status", "another word", ", ".join(STATUSES), row=number)
    if row["date"] and not _is_day(row["date"]):
        yield _fault(path, "date", "no date", "YYYY-MM-DD, or empty", row=number)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fault(
    path: Path, column: str, found: str, allowed: str, *, next_step: str = "", row: str = ""
) -> Fault:
    return Fault(
        code="given-terms",
        file=str(path),
        row=row,
        column=column,
        found=found,
        allowed=allowed,
        next_step=next_step or "correct the file",
    )


def given_rows(given: pl.DataFrame, terms: pl.DataFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """Given terms as rows of PROFILE, not yet joined.

    Args:
        given: from :func:`read_phenopackets` or :func:`read_sheet`.
        terms: TERMS.
        hospitals: columns person, hospital.
    """
    return (
        given.join(terms.select("hpo_id", "hpo_name"), on="hpo_id")
        .join(hospitals, on="person")
        .with_columns(
            concept_id=pl.lit(0, dtype=pl.Int64),
            concept_code=pl.col("hpo_id"),
            concept_vocabulary=pl.lit("HPO"),
            source_vocabulary=pl.lit("HPO"),
            match=pl.lit("given"),
            records=pl.lit(1, dtype=pl.Int64),
        )
    )

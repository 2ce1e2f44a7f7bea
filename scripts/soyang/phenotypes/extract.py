"""Take each person's phenotypes from the platform's clinical record."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import DTypes, read_columns, read_table, write_table
from soyang.phenotypes import mapping, omop
from soyang.phenotypes.tables import PERSONS, PROFILE, TERMS, UNMAPPED

_PERSON_ID = re.compile(r"-?[0-9]{1,18}")
"""person_id is an integer in OMOP CDM; 18 digits always fit 64 bits."""

_RECORDS: dict[str, DTypes] = {
    "person": pl.String,
    "domain": pl.String,
    "concept_id": pl.Int64,
    "concept_code": pl.String,
    "concept_vocabulary": pl.String,
    "source_code": pl.String,
    "source_vocabulary": pl.String,
    "absent": pl.Boolean,
    "first_date": pl.Date,
    "last_date": pl.Date,
    "records": pl.Int64,
}
_PERSONS: dict[str, DTypes] = {
    "person": pl.String,
    "sex_recorded": pl.String,
    "birth_year": pl.Int32,
    "observed_from": pl.Date,
    "observed_to": pl.Date,
    "rows": pl.Int64,
}
_NEAREST: dict[str, DTypes] = {"concept_id": pl.Int64, "concept_code": pl.String}


def extract(
    *,
    admitted: Path,
    crosswalk: Path,
    terms: Path,
    persons: Path,
    profile: Path,
    unmapped: Path,
    omop: Path | None = None,
) -> None:
    """Take the admitted persons' phenotypes from an OMOP CDM; keep what did not map in view.

    A person without an id on the platform, and everyone where there is no platform, is
    'no_platform': nobody looked. 'not_found' means that the platform was asked. The
    platform's own ids are in no output.

    Args:
        admitted: who may be looked up (ADMITTED); nobody else is queried.
        crosswalk: pseudonym and platform_person_id (private, tab-separated).
        terms: HPO terms (TERMS).
        persons: where goes what the platform holds of each person (PERSONS).
        profile: where the phenotypes go (PROFILE).
        unmapped: where codes without an HPO term go, by hospital (UNMAPPED).
        omop: OMOP CDM 5.4 in a DuckDB file, opened read-only; without it there is no platform.

    Raises:
        FaultError: the crosswalk or the CDM is not what it should be.
    """
    people = _people(admitted)
    wanted = _wanted(crosswalk, people) if omop else None
    people = people.with_columns(
        asked=pl.col("person").is_in(wanted["person"].implode()) if wanted is not None else False
    )
    references = mapping.cross_references(read_table(terms, TERMS))
    found, records, nearest = _query(omop, wanted, references)
    mapped = pl.concat(
        [
            mapping.map_direct(records, references),
            mapping.map_nearest(
                mapping.without_direct(records, references), nearest, mapping.telling(references)
            ),
        ]
    )
    left = mapping.unmapped(records, mapped)
    write_table(mapping.persons_table(people, found, records, left), persons, PERSONS)
    write_table(mapping.profile_table(mapped), profile, PROFILE)
    write_table(mapping.unmapped_table(left, people), unmapped, UNMAPPED)


def _query(
    path: Path | None, wanted: pl.DataFrame | None, references: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Persons, records and nearest ancestors; all empty where there is no platform."""
    if path is None or wanted is None:
        return (
            pl.DataFrame(schema=_PERSONS),
            pl.DataFrame(schema=_RECORDS),
            pl.DataFrame(schema=_NEAREST),
        )
    with omop.open_cdm(path) as cdm:
        omop.register_wanted(cdm, wanted)
        found = omop.read_persons(cdm).select(list(_PERSONS)).cast(pl.Schema(_PERSONS))
        _demand_one_row(found, path)
        records = omop.read_records(cdm).select(list(_RECORDS)).cast(pl.Schema(_RECORDS))
        _demand_dates(records, path)
        lacking = mapping.without_direct(records, references).select("concept_id").unique()
        codes = mapping.telling(references).select("concept_code").unique()
        return found, records, omop.read_nearest(cdm, lacking, codes).cast(pl.Schema(_NEAREST))


def _people(path: Path) -> pl.DataFrame:
    """Columns person, hospital of everyone admitted, one row each, first sample's hospital."""
    return (
        read_columns(path, "person", "sample", "hospital", "status")
        .filter(pl.col("status") == "admitted")
        .sort("person", "sample")
        .group_by("person", maintain_order=True)
        .agg(pl.col("hospital").first())
    )


def _wanted(path: Path, people: pl.DataFrame) -> pl.DataFrame:
    """Columns person, person_id (Int64) of the admitted who have an id on the platform.

    Raises:
        FaultError: an id is not a whole number, a person has two, or two persons share one.
            Ids are not repeated in the message.
    """
    rows = (
        read_columns(path, "person", "platform_person_id")
        .with_columns(pl.col("platform_person_id").str.strip_chars())
        .filter(pl.col("platform_person_id") != "")
        .join(people.select("person"), on="person", how="semi")
        .unique()
        .sort("person", "platform_person_id")
    )
    strange = [p for p, i in rows.iter_rows() if not _PERSON_ID.fullmatch(i)]
    if strange:
        raise FaultError(
            _fault(path, "crosswalk-id", person, "not a whole number", "OMOP's integer person_id")
            for person in strange
        )
    wanted = rows.select("person", person_id=pl.col("platform_person_id").cast(pl.Int64))
    faults = [
        _fault(path, "crosswalk-twice", person, found, "one id a person, one person an id")
        for column, found in (("person", "two ids"), ("person_id", "an id that another has"))
        for person in wanted.filter(pl.col(column).is_duplicated())["person"].unique().sort()
    ]
    if faults:
        raise FaultError(faults)
    return wanted


def _fault(path: Path, code: str, person: str, found: str, allowed: str) -> Fault:
    return Fault(
        code=code,
        file=path.name,
        row=f"person {person}",
        column="platform_person_id",
        found=found,
        allowed=allowed,
        next_step="correct the platform person id in the sample sheet",
        person=person,
    )


def _demand_one_row(found: pl.DataFrame, path: Path) -> None:
    twice = found.filter(pl.col("rows") > 1)["person"].to_list()
    if twice:
        raise FaultError(
            Fault(
                code="omop-person-twice",
                file=str(path),
                row="table person",
                column="person_id",
                found=f"several rows for {person}",
                allowed="one row a person",
                next_step="export the CDM anew; person_id is the key of person",
                person=person,
            )
            for person in twice
        )


def _demand_dates(records: pl.DataFrame, path: Path) -> None:
    undated = records.filter(pl.col("first_date").is_null())
    if len(undated):
        domain, person = undated.select("domain", "person").row(0)
        raise FaultError(
            Fault(
                code="omop-date",
                file=str(path),
                row=f"a {domain} of {person}",
                found="no date",
                allowed="a date in each record, as OMOP CDM 5.4 demands",
                next_step="export the CDM anew",
                person=person,
            )
        )

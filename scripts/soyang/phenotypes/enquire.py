"""Ask the platform who the people of the sheet are, and what they consented to."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.clinical import Platform
from soyang.core.private import write_private
from soyang.core.tables import read_columns
from soyang.phenotypes.answers import CONSENT_RECORDS, KNOWN_PERSONS, SPECIMENS
from soyang.phenotypes.asked import asked_about, platform_ids
from soyang.phenotypes.tables import KNOWN

Answers = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
"""KNOWN_PERSONS, CONSENT_RECORDS, SPECIMENS."""


def enquire(*, platform: str, units: Path, known: Path, consents: Path, specimens: Path) -> None:
    """Ask the platform about everyone of the sheet, before anyone is admitted.

    Asked is who they are, what they consented to and which specimens there are: what admission
    needs to decide. Nothing clinical is asked. All three tables are private.

    Args:
        platform: settings of the platform as JSON.
        units: readable rows of the sheet (UNITS; private).
        known: where goes whom the platform knows (KNOWN).
        consents: where go consents of the platform and of the table beside it (CONSENT_RECORDS).
        specimens: where go specimens (SPECIMENS).

    Raises:
        FaultError: ids of the sheet, the platform or the table of consents are not as they
            should be.
    """
    settings = Platform.model_validate_json(platform)
    rows = read_columns(units, "person", "platform_person_id")
    wanted = asked_about(rows, units, settings.kind)
    found, records, held = ask(settings, wanted)
    records = pl.concat([records, _of_table(settings, wanted)]).sort(CONSENT_RECORDS.names)
    people = rows.select("person").unique()
    write_private(known_people(people, wanted, found, settings.kind), known, KNOWN)
    write_private(records, consents, CONSENT_RECORDS)
    write_private(held, specimens, SPECIMENS)
    print(f"{len(wanted)} of {len(people)} people have an id on the platform.")


def ask(settings: Platform, wanted: pl.DataFrame) -> Answers:
    """What the platform answers; empty tables where there is none, or nobody to ask about."""
    if not settings.kind or wanted.is_empty():
        return KNOWN_PERSONS.empty(), CONSENT_RECORDS.empty(), SPECIMENS.empty()
    if settings.fhir:
        from soyang.phenotypes import fhir_enquiry  # noqa: PLC0415  only FHIR needs it

        answer = fhir_enquiry.enquire(settings.fhir, wanted)
        _tell("FHIR R4", answer.unanswered)
        return answer.persons, answer.consents, answer.specimens
    from soyang.phenotypes.sources import open_source  # noqa: PLC0415

    with open_source(settings, wanted) as source:
        _tell(source.name, source.unanswered & {"consents", "specimens"})
        return source.persons(), source.consents(), source.specimens()


def _tell(name: str, unanswered: frozenset[str]) -> None:
    if unanswered:
        print(f"{name} can't say: {', '.join(sorted(unanswered))}.")


def _of_table(settings: Platform, wanted: pl.DataFrame) -> pl.DataFrame:
    """Consents out of the table beside the platform, of the people of the sheet."""
    if settings.consents is None:
        return CONSENT_RECORDS.empty()
    from soyang.phenotypes.consent_words import (  # noqa: PLC0415
        consent_records,
        read_consent_file,
    )

    path = Path(settings.consents)
    ids = platform_ids(pl.col("platform_person_id"), settings.kind)
    rows = read_consent_file(path).with_columns(person_id=ids)
    return consent_records(rows.join(wanted, on="person_id"), str(path), source="table")


def known_people(
    people: pl.DataFrame, wanted: pl.DataFrame, found: pl.DataFrame, kind: str
) -> pl.DataFrame:
    """Everyone of the sheet as KNOWN has it.

    Of a person whom the platform has twice, nothing is taken for known.

    Args:
        people: column person.
        wanted: who has an id on the platform.
        found: KNOWN_PERSONS.
        kind: the platform's kind, ``""`` if there is none.
    """
    facts = ("sex_recorded", "birth_year", "birth_date")
    once = found.filter(pl.col("person").is_unique()).select("person", *facts)
    repeated = found["person"].filter(found["person"].is_duplicated()).implode()
    twice = pl.col("person").is_in(repeated)
    asked = pl.col("person").is_in(wanted["person"].implode()) & bool(kind)
    return (
        people.join(once, on="person", how="left")
        .with_columns(
            record=pl.when(~asked)
            .then(pl.lit("no_platform"))
            .when(twice)
            .then(pl.lit("twice"))
            .when(pl.col("sex_recorded").is_null())
            .then(pl.lit("not_found"))
            .otherwise(pl.lit("found")),
            sex_recorded=pl.col("sex_recorded").fill_null("unknown"),
        )
        .select(KNOWN.names)
        .sort("person")
    )

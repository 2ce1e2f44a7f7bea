"""Take the admitted persons' records from the platform, once, under their pseudonyms."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.clinical import Platform
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_columns, write_table
from soyang.phenotypes import answers
from soyang.phenotypes.answers import canonical
from soyang.phenotypes.asked import asked_about
from soyang.phenotypes.date_shifts import read_date_shifts, shifted, shifted_year
from soyang.phenotypes.extracted import Extracted, extracted_from, nothing_extracted
from soyang.phenotypes.tables import PERSONS


def extract(
    *,
    platform: str,
    admitted: Path,
    crosswalk: Path,
    persons: Path,
    events: Path,
    periods: Path,
    concepts: Path,
    ancestors: Path,
    code_maps: Path,
    vocabularies: Path,
    fetched: Path | None = None,
) -> None:
    """Take the admitted persons' records from the platform; after it nobody asks the platform.

    A person without an id on the platform, and everyone where there is no platform, is
    'no_platform': nobody looked. 'not_found' means that the platform was asked. The platform's
    own ids are in no output. Records with a date before birth or in the future are kept as they
    are. With date shifts, all dates of a person are moved alike.

    Args:
        platform: settings of the platform as JSON.
        admitted: who may be looked up (ADMITTED); nobody else is asked about.
        crosswalk: pseudonym and platform_person_id (CROSSWALK; private).
        persons: where goes what the platform holds of each person (PERSONS).
        events: where clinical records go (EVENTS).
        periods: where periods under observation go (PERIODS).
        concepts: where concepts of the records and their ancestors go (CONCEPTS).
        ancestors: where ancestors of standard concepts go (ANCESTORS).
        code_maps: where goes what the site's vocabulary maps source codes to (CODE_MAPS).
        vocabularies: where the site's vocabularies and their versions go (VOCABULARIES).
        fetched: FHIR resources as tables, where the platform is a FHIR server.

    Raises:
        FaultError: the crosswalk, the date shifts or the platform are not as they should be,
            or the platform has a person twice.
    """
    settings = Platform.model_validate_json(platform)
    people = _people(admitted)
    rows = read_columns(crosswalk, "person", "platform_person_id").join(people, on="person")
    wanted = asked_about(rows, crosswalk, settings.kind)
    shifts = read_date_shifts(settings.date_shifts, people["person"])
    found = _ask(settings, wanted, fetched)
    asked = wanted["person"] if settings.kind else wanted["person"].clear()
    write_table(person_rows(people, asked, found, shifts), persons, PERSONS)
    for frame, path, table in (
        (shifted(found.events, shifts), events, answers.EVENTS),
        (shifted(found.periods, shifts), periods, answers.PERIODS),
        (found.concepts, concepts, answers.CONCEPTS),
        (found.ancestors, ancestors, answers.ANCESTORS),
        (found.code_maps, code_maps, answers.CODE_MAPS),
        (found.vocabularies, vocabularies, answers.VOCABULARIES),
    ):
        write_table(canonical(frame, table), path, table)


def _people(path: Path) -> pl.DataFrame:
    """Columns person, hospital of everyone admitted, one row each, first sample's hospital."""
    return (
        read_columns(path, "person", "sample", "hospital", "status")
        .filter(pl.col("status") == "admitted")
        .sort("person", "sample")
        .group_by("person", maintain_order=True)
        .agg(pl.col("hospital").first())
    )


def _ask(settings: Platform, wanted: pl.DataFrame, fetched: Path | None) -> Extracted:
    """All that is asked; nothing where there is no platform or nobody to ask about."""
    if not settings.kind or wanted.is_empty():
        print("Nobody is looked up on a platform.")
        return nothing_extracted()
    from soyang.phenotypes.sources import open_source  # noqa: PLC0415  engines load slowly

    with open_source(settings, wanted, fetched=fetched) as source:
        found = source.persons()
        _demand_one_row(found, source.name)
        extracted = extracted_from(source, found)
        missing = f"; it can't say: {', '.join(sorted(source.unanswered))}"
        print(
            f"{source.name}: {len(wanted)} persons asked about, {len(found)} found, "
            f"{len(extracted.events)} records{missing if source.unanswered else ''}."
        )
        return extracted


def _demand_one_row(found: pl.DataFrame, name: str) -> None:
    twice = found["person"].filter(found["person"].is_duplicated()).unique().sort()
    if len(twice):
        raise FaultError(
            Fault(
                code="platform-person-twice",
                file=name,
                row=f"person {person}",
                column="person_id",
                found="several rows of the table person",
                allowed="one row a person",
                next_step="settle on the platform which of them is this person",
                person=person,
            )
            for person in twice
        )


def person_rows(
    people: pl.DataFrame, asked: pl.Series, found: Extracted, shifts: pl.DataFrame
) -> pl.DataFrame:
    """Everyone admitted, as PERSONS has them.

    Args:
        people: columns person, hospital.
        asked: who was looked up.
        found: what the platform answered.
        shifts: columns person, days.
    """
    observed = found.periods.group_by("person").agg(
        observed_from=pl.col("start_date").min(), observed_to=pl.col("end_date").max()
    )
    counted = found.events.group_by("person").agg(records=pl.len().cast(pl.Int64))
    whole = (
        people.join(found.persons.drop("hospital"), on="person", how="left")
        .join(observed, on="person", how="left")
        .join(counted, on="person", how="left")
        .join(shifts, on="person", how="left")
        .with_columns(pl.col(pl.Date) + pl.duration(days="days"))
        .with_columns(
            birth_year=pl.when(pl.col("days") == 0)
            .then("birth_year")
            .otherwise(shifted_year("birth_year", "birth_date")),
            record=pl.when(~pl.col("person").is_in(asked.implode()))
            .then(pl.lit("no_platform"))
            .when(pl.col("sex_recorded").is_null())
            .then(pl.lit("not_found"))
            .otherwise(pl.lit("found")),
        )
    )
    filled = (pl.col("sex_recorded").fill_null("unknown"), pl.col("records").fill_null(0))
    return whole.with_columns(filled).select(PERSONS.names).sort("person")

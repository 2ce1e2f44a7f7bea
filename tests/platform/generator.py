"""Any number of synthetic people with the shapes of a Korean multi-hospital OMOP CDM 5.4.

Ten hospitals; KCD and EDI source codes, some local and unmapped; 99 % of diagnoses but 31 % of
test codes with a standard concept; duplicates, gaps under observation, unit chaos, values without
unit, days before birth and in the future, denied findings, conditions that ended, people without
any record. Everything comes from the seed: the same arguments give the same rows.

    cohort = generate(100, seed=1)
    cohort.tables["condition_occurrence"]        # a Polars frame, columns as in CDM 5.4
    cohort.crosswalk                             # person (pseudonym), platform_person_id

``common=True`` leaves out what FHIR R4 can't say (:data:`ONLY_OMOP`); :mod:`writers` writes the
tables to DuckDB, Parquet and PostgreSQL, :mod:`fhir_resources` as R4 resources.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import people
import polars as pl
import vocabulary
from clinical_records import Records

ONLY_OMOP = {
    "notes": "NOTE_NLP's coded terms: R4 has documents, but no coded terms of a note's text",
    "qualifier": "a finding denied by its qualifier: an R4 Observation has a value only",
    "stale concept": "concept 0 where the vocabulary has a map: from FHIR, codes are mapped anew",
    "blanks": "blanks around a source value: an R4 code has none",
    "no source value": "a record with a standard concept alone: what R4 has is the source's code",
    "unit alone": "a unit beside a missing number",
    "two values": "a number and a coded value in one record: R4 has one value[x]",
}
"""What ``common=True`` leaves out. Observation periods stay: R4 sources don't answer for them."""


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """A synthetic platform and the people of the sheet.

    Attributes:
        tables: OMOP table to its rows.
        crosswalk: person (pseudonym), platform_person_id (text); two are not on the platform,
            and the platform holds many who are not in it.
    """

    tables: dict[str, pl.DataFrame]
    crosswalk: pl.DataFrame


def generate(
    persons: int = 80, *, seed: int = 1, per_person: int = 40, common: bool = False
) -> Cohort:
    """Make a platform.

    Args:
        persons: rows of the table ``person``; four of five are in the crosswalk.
        seed: of all that is random.
        per_person: clinical records a person, on average.
        common: leave out what FHIR R4 can't say.
    """
    rng = np.random.default_rng(seed)
    person = people.person(rng, persons)
    visit = people.visits(rng, person)
    many = persons * per_person
    maker = Records(rng=rng, person=person, visit=visit, common=common)
    tables = {
        "person": person,
        "death": people.deaths(rng, person),
        "observation_period": people.periods(rng, person),
        "visit_occurrence": visit,
        "condition_occurrence": maker.conditions(many * 3 // 10),
        "measurement": maker.measurements(many * 4 // 10),
        "drug_exposure": maker.medicines(many // 8),
        "observation": maker.observations(many // 10),
        "procedure_occurrence": maker.procedures(max(many // 20, 12)),
        "specimen": maker.specimens(persons),
        "care_site": people.care_sites(),
        "consent": people.consents(rng, person),
        **vocabulary.tables(),
    }
    if not common:
        tables |= maker.notes(max(many // 20, 12))
    return Cohort(tables=tables, crosswalk=people.crosswalk(rng, person))

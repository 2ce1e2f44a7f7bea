"""Reading what other rooms hand on, as far as one person needs it.

Parquet files are scanned lazily: only the rows of the person and the parents are read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.core.tables import read_columns
from soyang.interpretation.models import Affection, Parents
from soyang.interpretation.phenotype import Ontology, Profile
from soyang.interpretation.ranking import KnownDisease
from soyang.interpretation.tables import Disease, SourceUsed


@dataclass(frozen=True, kw_only=True)
class Relative:
    """A parent whose sample is in the analysis."""

    sample: str
    affected: Affection
    callable_known: bool


@dataclass(frozen=True, kw_only=True)
class Person:
    """The person and the sample that is interpreted.

    Attributes:
        row: the person's row of ADMITTED.
        identity_confirmed: whether a relative or another sample of the person confirmed it.
        sex: recorded sex, else the sex found in the data; for ploidy.
        callable_known: whether absence of a variant can mean the reference allele.
        father: None if not in the analysis.
        mother: None if not in the analysis.
    """

    row: Mapping[str, str]
    identity_confirmed: bool
    sex: str
    callable_known: bool
    father: Relative | None
    mother: Relative | None

    @property
    def sample(self) -> str:
        """The sample's name."""
        return self.row["sample"]

    @property
    def parents(self) -> Parents:
        """Affection of the parents in the analysis."""
        return Parents(
            father=self.father.affected if self.father else "unknown",
            mother=self.mother.affected if self.mother else "unknown",
        )


def read_person(name: str, *, admitted: Path, verdicts: Path, samples: Path) -> Person:
    """The person, with the parents who were admitted and passed the identity gate.

    Of a person with several samples the first by name that passed is taken.

    Raises:
        FaultError: the person has no sample that was admitted, passed, and is in the cohort.
    """
    people = _passed(admitted, verdicts, samples)
    row = people.get(name)
    if row is None:
        raise FaultError(
            Fault(
                code="person-not-passed",
                file=admitted.name,
                row=f"person {name}",
                found="no sample that was admitted, passed the identity gate and was joined",
                allowed="a person with such a sample",
                next_step="see the ledger for the reason",
                person=name,
            )
        )
    recorded = str(row["sex"])
    return Person(
        row=row,
        identity_confirmed=bool(row["confirmed_by"]),
        sex=recorded if recorded != "unknown" else str(row["sex_found"]),
        callable_known=row["callable_known"],
        father=_relative(people.get(row["father"])),
        mother=_relative(people.get(row["mother"])),
    )


def permitted(who: Person, scopes: Iterable[str], admitted: Path) -> list[str]:
    """The scopes to interpret for, sorted.

    Raises:
        FaultError: admission did not permit one of them.
    """
    beyond = sorted(set(scopes) - set(who.row["consent"].split(";")))
    if beyond:
        raise FaultError(
            Fault(
                code="scope-not-permitted",
                file=admitted.name,
                row=f"person {who.row['person']}",
                column="consent",
                found=f"no {', '.join(beyond)}",
                allowed="scopes that admission permits",
                next_step="give the scopes of the table",
                person=who.row["person"],
            )
        )
    return sorted(set(scopes))


def _passed(admitted: Path, verdicts: Path, samples: Path) -> dict[str, dict[str, Any]]:
    joined = (
        read_columns(
            admitted,
            *["person", "sample", "hospital", "entry", "status", "sex", "family"],
            *["father", "mother", "affected", "assay", "consent"],
        )
        .filter(pl.col("status") == "admitted")
        .join(
            read_columns(verdicts, "sample", "verdict", "confirmed_by", "sex_found").filter(
                pl.col("verdict") == "pass"
            ),
            on="sample",
        )
        .join(scan(samples).select("sample", "callable_known").collect(), on="sample")
        .sort("person", "sample")
    )
    return {row["person"]: row for row in reversed(joined.to_dicts())}


def _relative(row: Mapping[str, Any] | None) -> Relative | None:
    if row is None:
        return None
    return Relative(
        sample=row["sample"], affected=row["affected"], callable_known=row["callable_known"]
    )


def read_record(
    person: str, *, persons: Path, person_mapping: Path, profile: Path
) -> tuple[dict[str, str], pl.DataFrame]:
    """What the platform holds of a person, and the rows of PROFILE.

    Args:
        person: the person.
        persons: PERSONS.
        person_mapping: PERSON_MAPPING.
        profile: PROFILE.

    Returns:
        record (of PERSONS) and unmapped (of PERSON_MAPPING), as text; the person's phenotypes,
        dates as text (empty: not recorded).
    """
    held = _row_of(person, persons, "record") | _row_of(person, person_mapping, "unmapped")
    columns = (
        "person hpo_id hpo_name status concept_id source_code source_vocabulary match hospital "
        "first_date last_date"
    )
    own = read_columns(profile, *columns.split()).filter(pl.col("person") == person).drop("person")
    return held, own.sort(own.columns)


def _row_of(person: str, path: Path, column: str) -> dict[str, str]:
    rows = read_columns(path, "person", column).filter(pl.col("person") == person)
    if rows.is_empty():
        raise FaultError(
            Fault(
                code="person-missing",
                file=path.name,
                row=f"person {person}",
                found="no row",
                allowed="one row for each admitted person",
                next_step="run `soyang phenotypes extract` and `map` for this cohort",
                person=person,
            )
        )
    return {column: str(rows[column][0])}


def read_knowledge(
    terms: Path, diseases: Path, *, genes: Collection[str], observed: Collection[str]
) -> tuple[Ontology, dict[str, list[KnownDisease]]]:
    """HPO for comparing, and the given genes' diseases.

    Args:
        terms: TERMS.
        diseases: DISEASES.
        genes: genes whose diseases are wanted.
        observed: HPO terms of the person.
    """
    rows = (
        scan(diseases)
        .filter(pl.col("gene").is_in(list(genes)))
        .collect()
        .sort("gene", "disease_id")
    )
    wanted = rows.select(pl.col("terms").explode()).to_series().drop_nulls()
    ontology = _read_ontology(terms, {*wanted, *observed})
    found: dict[str, list[KnownDisease]] = {}
    for row in rows.iter_rows(named=True):
        told = Disease(
            id=row["disease_id"], name=row["disease_name"], inheritance=row["inheritance"]
        )
        known = KnownDisease(told=told, profile=Profile.build(ontology, row["terms"]))
        found.setdefault(row["gene"], []).append(known)
    return ontology, found


def _read_ontology(path: Path, terms: Collection[str]) -> Ontology:
    every = scan(path).select("hpo_id", "information").collect()
    wanted = (
        scan(path)
        .filter(pl.col("hpo_id").is_in(list(terms)))
        .select("hpo_id", "hpo_name", "ancestors")
        .collect()
    )
    return Ontology.build(wanted.iter_rows(), dict(every.iter_rows()))


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Knowledge sources of the run.

    Attributes:
        told: what reports cite.
        clinvar: whether there is a ClinVar.
        frequencies: name of the population frequencies, None if there are none.
    """

    told: list[SourceUsed]
    clinvar: bool
    frequencies: str | None


def read_sources(path: Path, annotated: Path) -> Sources:
    """Sources, from their JSON list and from what the annotated sites hold.

    An entry may say of which ``kind`` it is (``clinvar``, ``frequencies``); without it a
    source is taken to exist if it is called ClinVar, or if it annotated at least one site.
    """
    entries = _entries(path)
    told = [SourceUsed(**{k: str(e.get(k, "")) for k in SourceUsed.model_fields}) for e in entries]
    seen = (
        scan(annotated)
        .select(
            clinvar=pl.col("clinvar_significance").is_not_null().any(),
            frequencies=pl.col("population_an").is_not_null().any(),
        )
        .collect()
        .row(0, named=True)
    )
    kinds = {str(e.get("kind", "")): str(e.get("name", "")) for e in entries}
    by_name = any("clinvar" in source.name.lower() for source in told)
    frequencies = kinds.get("frequencies", "population" if seen["frequencies"] else None)
    return Sources(
        told=told,
        clinvar="clinvar" in kinds or by_name or bool(seen["clinvar"]),
        frequencies=frequencies,
    )


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise _sources_fault(path, str(error.lineno), error.msg) from None
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise _sources_fault(path, "", "not a list of sources")
    return content


def _sources_fault(path: Path, row: str, found: str) -> FaultError:
    return FaultError(
        Fault(
            code="sources-json",
            file=path.name,
            row=row,
            found=found,
            allowed='a JSON list of {"name", "release", "licence", "note"}',
            next_step="run `soyang governance provenance` anew",
        )
    )


def scan(path: Path) -> pl.LazyFrame:
    """A Parquet file, read lazily.

    Raises:
        FaultError: it is missing.
    """
    if not path.is_file():
        raise FaultError(
            Fault(
                code="table-missing",
                file=path.name,
                found="no file",
                allowed="a Parquet table of an earlier step",
                next_step="run the step that writes it",
            )
        )
    return pl.scan_parquet(path)

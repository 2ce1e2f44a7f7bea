"""Lead each record's codes to HPO terms, and keep in view what led to none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from soyang.core.tables import read_columns, read_table, write_table
from soyang.phenotypes import coverage, given, laboratory
from soyang.phenotypes.answers import ANCESTORS, CODE_MAPS, CONCEPTS, EVENTS, VOCABULARIES
from soyang.phenotypes.evidence import (
    evidence_table,
    exposures,
    named_medicines,
    read_medicines,
)
from soyang.phenotypes.fallback import match_source
from soyang.phenotypes.hpo import release_names
from soyang.phenotypes.mapping import (
    HPO_VOCABULARIES,
    as_matches,
    coded_records,
    codings,
    cross_references,
    match_standard,
    profile_rows,
    profile_table,
    with_concept,
    with_version,
    without,
)
from soyang.phenotypes.ranges import read_ranges, with_ranges
from soyang.phenotypes.scan import scan_table
from soyang.phenotypes.tables import (
    EVIDENCE,
    MAPPING,
    PERSON_MAPPING,
    PERSONS,
    PROFILE,
    TERMS,
    UNMAPPED,
)
from soyang.phenotypes.units import Molecule, read_molecules


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of the admitted: their records, and the site's vocabulary for them."""

    events: pl.LazyFrame
    persons: pl.DataFrame
    concepts: pl.DataFrame
    ancestors: pl.DataFrame
    code_maps: pl.DataFrame
    vocabularies: pl.DataFrame
    terms: pl.DataFrame

    @property
    def hospitals(self) -> pl.DataFrame:
        """Columns person, hospital."""
        return self.persons.select("person", "hospital")

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Every HPO identifier, obsolete and alternative ones too, to its current term."""
        return release_names()


def map(
    *,
    admitted: Path,
    persons: Path,
    events: Path,
    concepts: Path,
    ancestors: Path,
    code_maps: Path,
    vocabularies: Path,
    terms: Path,
    profile: Path,
    unmapped: Path,
    mapping: Path,
    person_mapping: Path,
    evidence: Path,
    loinc2hpo: Path | None = None,
    ranges: Path | None = None,
    molar_masses: Path | None = None,
    medicines: Path | None = None,
    phenopackets: Path | None = None,
    hpo_sheet: Path | None = None,
) -> None:
    """Lead the admitted persons' records to HPO terms, and tell what led to none.

    Conditions, observations and coded notes go through their standard concept and its ancestors,
    else through their source code in the site's own vocabulary, whole, then cut to 4 and to 3
    characters. Laboratory results are judged by their reference range. Medicines are evidence.

    Args:
        admitted: who was admitted (ADMITTED).
        persons: what the platform holds of each person (PERSONS).
        events: their records (EVENTS).
        concepts: concepts of the records and of their ancestors (CONCEPTS).
        ancestors: ancestors of the concepts (ANCESTORS).
        code_maps: source codes in the site's vocabulary (CODE_MAPS).
        vocabularies: vocabularies of the site (VOCABULARIES).
        terms: HPO terms (TERMS).
        profile: where the phenotypes go (PROFILE).
        unmapped: where codes without an HPO term go, by hospital (UNMAPPED).
        mapping: where the shares go, by hospital (MAPPING).
        person_mapping: where the shares go, by person (PERSON_MAPPING).
        evidence: where medicines that speak for a phenotype go (EVIDENCE).
        loinc2hpo: HPO terms of laboratory results; without it none is judged.
        ranges: reference ranges for results that have none.
        molar_masses: molar masses by LOINC; without it, mass does not become amount of substance.
        medicines: medicines and the HPO terms that they are given for.
        phenopackets: folder of phenopackets (v2).
        hpo_sheet: sheet of HPO terms by person.

    Raises:
        FaultError: a table or a file that people wrote is not what it should be.
    """
    record = Record(
        events=scan_table(events, EVENTS),
        persons=read_table(persons, PERSONS),
        concepts=read_table(concepts, CONCEPTS),
        ancestors=read_table(ancestors, ANCESTORS),
        code_maps=read_table(code_maps, CODE_MAPS),
        vocabularies=read_table(vocabularies, VOCABULARIES),
        terms=read_table(terms, TERMS),
    )
    records, matches = _coded(record)
    molecules = read_molecules(molar_masses) if molar_masses else {}
    tests, results = _laboratory(record, loinc2hpo, read_ranges(ranges), molecules)
    table = profile_table(
        profile_rows(records, matches, record.concepts, record.vocabularies),
        results,
        _given(record, _admitted(admitted), phenopackets, hpo_sheet),
    )
    told = coverage.outcomes(
        records, matches, tests, coverage.other_records(record.events, record.hospitals)
    )
    shares, codes = coverage.mapping_table(told), coverage.unmapped_table(told)
    write_table(table, profile, PROFILE)
    write_table(codes, unmapped, UNMAPPED)
    write_table(shares, mapping, MAPPING)
    write_table(coverage.person_table(told, record.persons), person_mapping, PERSON_MAPPING)
    write_table(_evidence(record, medicines, table), evidence, EVIDENCE)
    print(coverage.summary(shares, codes))


def _admitted(path: Path) -> list[str]:
    rows = read_columns(path, "person", "status").filter(pl.col("status") == "admitted")
    return rows["person"].unique().sort().to_list()


def _coded(record: Record) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Conditions, observations and notes, and the matches of their codings."""
    records = coded_records(record.events, record.hospitals)
    wanted = codings(records)
    references = cross_references(record.terms, _older_names(record, wanted))
    standard = match_standard(wanted, record.concepts, record.ancestors, references)
    source = match_source(
        without(wanted, standard), record.concepts, record.ancestors, record.code_maps, references
    )
    return records, as_matches(standard, source)


def _older_names(record: Record, wanted: pl.DataFrame) -> Mapping[str, str]:
    """Names of HPO terms, where any record has a code of HPO; reading them takes a moment."""
    used = pl.concat([record.concepts["vocabulary"], wanted["source_vocabulary"]])
    return record.names if used.is_in(HPO_VOCABULARIES).any() else {}


def _laboratory(
    record: Record,
    loinc2hpo: Path | None,
    ranges: pl.DataFrame,
    molecules: Mapping[str, Molecule],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counted measurements (with term: whether they led to one), and their rows of PROFILE."""
    annotations = (
        laboratory.read_annotations(loinc2hpo, record.names)
        if loinc2hpo
        else pl.DataFrame(schema=laboratory.ANNOTATIONS)
    )
    results = laboratory.laboratory_results(record.events, record.concepts)
    ranged = with_ranges(results, ranges, record.persons, molecules)
    judged = laboratory.judged(ranged, annotations["loinc"].unique())
    counted = laboratory.series(judged, record.hospitals)
    led = annotations.select("loinc", "outcome", term=pl.lit(True)).unique()
    tests = counted.join(led, on=["loinc", "outcome"], how="left").with_columns(
        pl.col("term").fill_null(False)
    )
    rows = laboratory.laboratory_rows(counted, annotations, record.terms)
    return tests, with_version(with_concept(rows, record.concepts), record.vocabularies)


def _given(
    record: Record, people: list[str], phenopackets: Path | None, sheet: Path | None
) -> pl.DataFrame:
    frames = [pl.DataFrame(schema=given.GIVEN)]
    if phenopackets:
        frames.append(given.read_phenopackets(phenopackets, set(people), record.names))
    if sheet:
        frames.append(given.read_sheet(sheet, set(people), record.names))
    return given.given_rows(pl.concat(frames), record.terms, record.hospitals)


def _evidence(record: Record, path: Path | None, profile: pl.DataFrame) -> pl.DataFrame:
    medicines = read_medicines(path)
    taken = exposures(record.events)
    named = named_medicines(taken, medicines, record.concepts, record.ancestors)
    return evidence_table(named, medicines, profile, record.terms)

"""Files that phenotypes hands on."""

import polars as pl

from soyang.core.tables import Column, Table
from soyang.phenotypes.matrix_tables import LEFT_OUT, MATRIX_COLUMNS, MEDICINES, SELECTED, TRAITS  # noqa: F401

KNOWN = Table(
    name="phenotypes.known",
    meaning="one person of the sheet, and whom the platform knows them as. Private",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(
            name="record",
            dtype=pl.String,
            allowed=("found", "not_found", "twice", "no_platform"),
            meaning="twice: the platform has two rows for one id",
        ),
        Column(
            name="sex_recorded",
            dtype=pl.String,
            allowed=("male", "female", "unknown"),
            meaning="sex on the platform",
        ),
        Column(name="birth_year", dtype=pl.Int32, nullable=True, meaning="missing: not recorded"),
        Column(
            name="birth_date", dtype=pl.Date, nullable=True, meaning="missing: day not recorded"
        ),
    ),
    key=("person",),
)

PERSONS = Table(
    name="phenotypes.persons",
    meaning="one admitted person, and what the platform holds of them",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="hospital", dtype=pl.String, meaning="hospital"),
        Column(
            name="record",
            dtype=pl.String,
            allowed=("found", "not_found", "no_platform"),
            meaning="whether the platform has a record; not_found is not 'healthy'",
        ),
        Column(
            name="sex_recorded",
            dtype=pl.String,
            allowed=("male", "female", "unknown"),
            meaning="sex on the platform",
        ),
        Column(
            name="birth_year",
            dtype=pl.Int32,
            nullable=True,
            unit="year",
            meaning="missing: not recorded",
        ),
        Column(
            name="birth_date", dtype=pl.Date, nullable=True, meaning="missing: day not recorded"
        ),
        Column(name="death_date", dtype=pl.Date, nullable=True, meaning="missing: none recorded"),
        Column(
            name="observed_from",
            dtype=pl.Date,
            nullable=True,
            meaning="first day observed; missing: no observation period",
        ),
        Column(name="observed_to", dtype=pl.Date, nullable=True, meaning="last day observed"),
        Column(name="records", dtype=pl.Int64, meaning="clinical records of all kinds"),
    ),
    key=("person",),
)

PROFILE = Table(
    name="phenotypes.profile",
    meaning="one phenotype of one person with the record that it came from",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="hpo_id", dtype=pl.String, meaning="HPO term"),
        Column(name="hpo_name", dtype=pl.String, meaning="its name"),
        Column(
            name="status",
            dtype=pl.String,
            allowed=("observed", "excluded"),
            meaning="excluded: the record says that it is absent",
        ),
        Column(
            name="domain",
            dtype=pl.String,
            allowed=("condition", "observation", "measurement", "note", "phenopacket", "sheet"),
            meaning="kind of record",
        ),
        Column(name="concept_id", dtype=pl.Int64, meaning="standard concept, 0 if none"),
        Column(name="concept_code", dtype=pl.String, meaning="its code, e.g. of SNOMED CT"),
        Column(name="concept_vocabulary", dtype=pl.String, meaning="its vocabulary"),
        Column(name="source_code", dtype=pl.String, meaning="source value, e.g. a KCD code"),
        Column(
            name="source_vocabulary", dtype=pl.String, meaning="source vocabulary, '' if unknown"
        ),
        Column(
            name="vocabulary_version",
            dtype=pl.String,
            meaning="version of the vocabulary that decided the match, '' if not recorded",
        ),
        Column(
            name="match",
            dtype=pl.String,
            allowed=("exact", "ancestor", "code4", "code3", "laboratory", "given"),
            meaning="exact: the record's own concept; ancestor: the nearest one that HPO knows; "
            "code4, code3: the source code cut to 4 or 3 characters; laboratory: a result outside "
            "or inside its range; given: an HPO term in the source",
        ),
        Column(name="hospital", dtype=pl.String, meaning="hospital that recorded it"),
        Column(name="first_date", dtype=pl.Date, nullable=True, meaning="missing: not recorded"),
        Column(name="last_date", dtype=pl.Date, nullable=True, meaning="missing: not recorded"),
        Column(name="records", dtype=pl.Int64, meaning="number of records"),
        Column(
            name="resolved",
            dtype=pl.Boolean,
            meaning="every record of it has ended; what was there once stays observed",
        ),
    ),
    key=("person", "hpo_id", "status", "domain", "concept_id", "source_code", "hospital"),
)

UNMAPPED = Table(
    name="phenotypes.unmapped",
    meaning="one source code of one hospital that led to no HPO term",
    columns=(
        Column(name="hospital", dtype=pl.String, meaning="hospital"),
        Column(name="domain", dtype=pl.String, meaning="kind of record"),
        Column(name="source_code", dtype=pl.String, meaning="source value"),
        Column(name="concept_id", dtype=pl.Int64, meaning="standard concept, 0 if none"),
        Column(
            name="reason",
            dtype=pl.String,
            allowed=("no_concept", "no_term", "no_value", "no_unit", "other_unit", "no_range"),
            meaning="no standard concept; a concept without an HPO term; a measurement without "
            "value, without unit, in a unit that is not the range's, or without any range",
        ),
        Column(name="records", dtype=pl.Int64, meaning="records with it"),
        Column(name="persons", dtype=pl.Int64, meaning="persons with it"),
    ),
    key=("hospital", "domain", "source_code", "concept_id", "reason"),
)

MAPPING = Table(
    name="phenotypes.mapping",
    meaning="how much of one hospital's records of one kind led to an HPO term",
    columns=(
        Column(name="hospital", dtype=pl.String, meaning="hospital"),
        Column(name="domain", dtype=pl.String, meaning="kind of record"),
        Column(name="persons", dtype=pl.Int64, meaning="persons with such records"),
        Column(name="records", dtype=pl.Int64, meaning="records"),
        Column(name="no_concept", dtype=pl.Int64, meaning="of these, without standard concept"),
        Column(name="no_term", dtype=pl.Int64, meaning="of these, without an HPO term"),
        Column(name="no_concept_share", dtype=pl.Float64, meaning="no_concept / records"),
        Column(name="no_term_share", dtype=pl.Float64, meaning="no_term / records"),
    ),
    key=("hospital", "domain"),
)

PERSON_MAPPING = Table(
    name="phenotypes.person_mapping",
    meaning="how much of one person's conditions and observations led to an HPO term",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="records", dtype=pl.Int64, meaning="condition and observation records"),
        Column(name="unmapped", dtype=pl.Int64, meaning="of these, without an HPO term"),
    ),
    key=("person",),
)

EVIDENCE = Table(
    name="phenotypes.evidence",
    meaning="a medicine that speaks for a phenotype; it never makes one by itself",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="hpo_id", dtype=pl.String, meaning="HPO term that the medicine is given for"),
        Column(name="hpo_name", dtype=pl.String, meaning="its name"),
        Column(
            name="recorded",
            dtype=pl.Boolean,
            meaning="whether the profile has the term or one below it",
        ),
        Column(name="medicine", dtype=pl.String, meaning="ingredient"),
        Column(name="concept_id", dtype=pl.Int64, meaning="concept of the record"),
        Column(name="source_code", dtype=pl.String, meaning="source value"),
        Column(name="first_date", dtype=pl.Date, nullable=True, meaning="first day"),
        Column(name="last_date", dtype=pl.Date, nullable=True, meaning="last day"),
        Column(name="days", dtype=pl.Int64, unit="day", meaning="distinct days"),
    ),
    key=("person", "hpo_id", "medicine", "concept_id", "source_code"),
)

FACTS = Table(
    name="phenotypes.facts",
    meaning="something on record that a genotype can contradict or that confuses it",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(
            name="fact",
            dtype=pl.String,
            allowed=("sex_male", "sex_female", "stem_cell_transplant", "transfusion"),
            meaning="transplant: the blood carries the donor's genotype; transfusion: may for days",
        ),
        Column(name="concept_id", dtype=pl.Int64, meaning="concept of the record"),
        Column(name="source_code", dtype=pl.String, meaning="source value"),
        Column(
            name="first_date",
            dtype=pl.Date,
            nullable=True,
            meaning="first day; missing: not known since when (a status, or an undated record)",
        ),
        Column(
            name="last_date",
            dtype=pl.Date,
            nullable=True,
            meaning="last day on which it was recorded; missing: none is recorded",
        ),
    ),
    key=("person", "fact", "concept_id", "source_code"),
)

PHECODES = Table(
    name="phenotypes.phecodes",
    meaning="one person and phecode that is not simply a control",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="phecode", dtype=pl.String, meaning="phecode"),
        Column(name="name", dtype=pl.String, meaning="its name"),
        Column(
            name="status",
            dtype=pl.String,
            allowed=("case", "unknown"),
            meaning="who is in no row is a control if PHECODE_PERSONS says so, else unknown",
        ),
        Column(
            name="reason",
            dtype=pl.String,
            allowed=("", "few_days", "related", "medicine", "sex"),
            meaning="why unknown: few days; a phecode nearby; a medicine for it; not of the sex",
        ),
        Column(name="days", dtype=pl.Int64, unit="day", meaning="distinct days with its codes"),
        Column(name="first_date", dtype=pl.Date, nullable=True, meaning="first of them"),
    ),
    key=("person", "phecode"),
)

PHECODE_PERSONS = Table(
    name="phenotypes.phecode_persons",
    meaning="one person, and whether absence of codes says anything",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="control", dtype=pl.Boolean, meaning="observed long enough to be a control"),
        Column(
            name="observed_days",
            dtype=pl.Int64,
            nullable=True,
            unit="day",
            meaning="missing: the platform has no observation period",
        ),
        Column(name="conditions", dtype=pl.Int64, meaning="condition records"),
        Column(name="not_coded", dtype=pl.Int64, meaning="of these, without a code that is known"),
    ),
    key=("person",),
)

LIFELOG_DAYS = Table(
    name="phenotypes.lifelog_days",
    meaning="one measure of one person on one local day",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(
            name="day", dtype=pl.Date, meaning="local day; a night's sleep is of the day it ends"
        ),
        Column(name="measure", dtype=pl.String, meaning="what was measured, e.g. steps"),
        Column(name="value", dtype=pl.Float64, nullable=True, meaning="missing: all implausible"),
        Column(name="unit", dtype=pl.String, meaning="UCUM code"),
        Column(
            name="hours_worn",
            dtype=pl.Float64,
            nullable=True,
            unit="hour",
            meaning="missing: the measure needs no wear time, or nothing tells it",
        ),
        Column(name="points", dtype=pl.Int64, meaning="data points used"),
        Column(name="valid", dtype=pl.Boolean, meaning="whether the day counts"),
        Column(name="reason", dtype=pl.String, meaning="why not, '' if it counts"),
    ),
    key=("person", "day", "measure"),
)

LIFELOG = Table(
    name="phenotypes.lifelog",
    meaning="one measure of one person over all valid days, for use as a covariate",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="measure", dtype=pl.String, meaning="what was measured"),
        Column(name="unit", dtype=pl.String, meaning="UCUM code"),
        Column(name="days", dtype=pl.Int64, unit="day", meaning="days with data"),
        Column(name="valid_days", dtype=pl.Int64, unit="day", meaning="days that count"),
        Column(name="mean", dtype=pl.Float64, nullable=True, meaning="missing: no valid day"),
        Column(name="median", dtype=pl.Float64, nullable=True, meaning="missing: no valid day"),
        Column(
            name="deviation",
            dtype=pl.Float64,
            nullable=True,
            meaning="sample standard deviation between days; missing: fewer than two",
        ),
        Column(name="first_day", dtype=pl.Date, nullable=True, meaning="first valid day"),
        Column(name="last_day", dtype=pl.Date, nullable=True, meaning="last valid day"),
    ),
    key=("person", "measure"),
)

TIMELINE = Table(
    name="phenotypes.timeline",
    meaning="one thing in a person's history, in order of time",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="start_date", dtype=pl.Date, nullable=True, meaning="undated ones come last"),
        Column(name="end_date", dtype=pl.Date, nullable=True, meaning="missing: open or one day"),
        Column(
            name="kind",
            dtype=pl.String,
            allowed=(
                "condition",
                "observation",
                "medicine",
                "measurement",
                "procedure",
                "note",
                "lifelog",
            ),
            meaning="kind of entry",
        ),
        Column(name="name", dtype=pl.String, meaning="concept's name, or the lifelog measure"),
        Column(name="code", dtype=pl.String, meaning="concept's code, '' if none"),
        Column(name="vocabulary", dtype=pl.String, meaning="its vocabulary"),
        Column(name="source_code", dtype=pl.String, meaning="source value"),
        Column(name="value", dtype=pl.Float64, nullable=True, meaning="number, in `unit`"),
        Column(name="value_name", dtype=pl.String, meaning="name of a coded value, '' if none"),
        Column(name="unit", dtype=pl.String, meaning="UCUM code or the source's text"),
        Column(
            name="flag",
            dtype=pl.String,
            allowed=("", "low", "high", "absent", "implausible"),
            meaning="against the record's own range; absent: denied; implausible: future or "
            "before birth",
        ),
        Column(name="hospital", dtype=pl.String, meaning="hospital, '' if unknown"),
    ),
)

TERMS = Table(
    name="phenotypes.terms",
    meaning="one HPO term, current ones only",
    columns=(
        Column(name="hpo_id", dtype=pl.String, meaning="HPO term"),
        Column(name="hpo_name", dtype=pl.String, meaning="name"),
        Column(name="ancestors", dtype=pl.List(pl.String), meaning="ancestors and itself, sorted"),
        Column(
            name="information",
            dtype=pl.Float64,
            unit="nat",
            meaning="-ln share of diseases annotated with it or below (Resnik 1995)",
        ),
        Column(name="snomed", dtype=pl.List(pl.String), meaning="SNOMED CT cross-references"),
        Column(name="umls", dtype=pl.List(pl.String), meaning="UMLS cross-references (CUI)"),
    ),
    key=("hpo_id",),
)

DISEASES = Table(
    name="phenotypes.diseases",
    meaning="one gene and one disease that it causes",
    columns=(
        Column(name="gene", dtype=pl.String, meaning="HGNC symbol"),
        Column(name="disease_id", dtype=pl.String, meaning="OMIM, ORPHA or DECIPHER id"),
        Column(name="disease_name", dtype=pl.String, meaning="name"),
        Column(
            name="inheritance",
            dtype=pl.List(pl.String),
            meaning="of AD, AR, XLD, XLR, XL, MT, sorted; empty: HPO does not say",
        ),
        Column(name="terms", dtype=pl.List(pl.String), meaning="HPO terms of the disease, sorted"),
    ),
    key=("gene", "disease_id"),
)

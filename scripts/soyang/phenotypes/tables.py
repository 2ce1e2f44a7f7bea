"""Files that phenotypes hands on."""

import polars as pl

from soyang.core.tables import Column, Table

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
            name="observed_from",
            dtype=pl.Date,
            nullable=True,
            meaning="first day observed; missing: no observation period",
        ),
        Column(name="observed_to", dtype=pl.Date, nullable=True, meaning="last day observed"),
        Column(name="records", dtype=pl.Int64, meaning="condition and observation records"),
        Column(name="unmapped", dtype=pl.Int64, meaning="of these, without an HPO term"),
    ),
    key=("person",),
)

PROFILE = Table(
    name="phenotypes.profile",
    meaning="one phenotype of one person with the concept that it came from",
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
            allowed=("condition", "observation"),
            meaning="OMOP domain of the record",
        ),
        Column(name="concept_id", dtype=pl.Int64, meaning="standard concept"),
        Column(name="concept_code", dtype=pl.String, meaning="its code, e.g. of SNOMED CT"),
        Column(name="concept_vocabulary", dtype=pl.String, meaning="its vocabulary"),
        Column(name="source_code", dtype=pl.String, meaning="source value, e.g. a KCD code"),
        Column(
            name="source_vocabulary", dtype=pl.String, meaning="source vocabulary, '' if unknown"
        ),
        Column(name="first_date", dtype=pl.Date, meaning="first day recorded"),
        Column(name="last_date", dtype=pl.Date, meaning="last day recorded"),
        Column(name="records", dtype=pl.Int64, meaning="number of records"),
    ),
    key=("person", "hpo_id", "status", "concept_id", "source_code"),
)

UNMAPPED = Table(
    name="phenotypes.unmapped",
    meaning="one source code of one hospital that led to no HPO term",
    columns=(
        Column(name="hospital", dtype=pl.String, meaning="hospital"),
        Column(name="source_code", dtype=pl.String, meaning="source value"),
        Column(name="concept_id", dtype=pl.Int64, meaning="standard concept, 0 if none"),
        Column(name="records", dtype=pl.Int64, meaning="records with it"),
        Column(name="persons", dtype=pl.Int64, meaning="persons with it"),
    ),
    key=("hospital", "source_code", "concept_id"),
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

"""Facts of genes that a knowledge release brings: ``genes.parquet``."""

from __future__ import annotations

import polars as pl

from soyang.core.tables import Column, Table

SYMBOL_STATUS = ("current", "ambiguous", "unknown", "unchecked")

CURATIONS = pl.List(
    pl.Struct(
        {
            "disease": pl.String,
            "mondo": pl.String,
            "classification": pl.String,
            "inheritance": pl.String,
        }
    )
)

GENES = Table(
    name="annotation.genes",
    meaning="one gene, with what the sources of a release say of it",
    columns=(
        Column(
            name="gene",
            dtype=pl.String,
            meaning="approved HGNC symbol; the source's own where symbol_status is not current",
        ),
        Column(
            name="hgnc_id",
            dtype=pl.String,
            nullable=True,
            meaning="such as HGNC:1100; missing: not known",
        ),
        Column(
            name="symbol_status",
            dtype=pl.String,
            allowed=SYMBOL_STATUS,
            meaning="current: HGNC has the gene under this symbol; ambiguous: HGNC knows it as a "
            "previous symbol of several genes, and none was guessed; unknown: HGNC has it neither "
            "as a symbol nor as a previous one; unchecked: the release has no HGNC",
        ),
        Column(
            name="source_symbols",
            dtype=pl.String,
            nullable=True,
            meaning="other symbols under which sources had the gene, joined by '|'; missing: none",
        ),
        Column(
            name="previous_symbols",
            dtype=pl.String,
            nullable=True,
            meaning="what HGNC called the gene before, joined by '|'; missing: nothing else",
        ),
        Column(
            name="alias_symbols",
            dtype=pl.String,
            nullable=True,
            meaning="other names in use, joined by '|'; nothing is joined by them; missing: none",
        ),
        Column(name="entrez_id", dtype=pl.String, nullable=True, meaning="NCBI Gene"),
        Column(name="ensembl_gene_id", dtype=pl.String, nullable=True, meaning="without version"),
        Column(
            name="mane_select",
            dtype=pl.String,
            nullable=True,
            meaning="RefSeq accession with version; missing: the gene has no MANE Select",
        ),
        Column(
            name="mane_select_ensembl",
            dtype=pl.String,
            nullable=True,
            meaning="the same in Ensembl",
        ),
        Column(
            name="mane_plus_clinical",
            dtype=pl.String,
            nullable=True,
            meaning="RefSeq accessions joined by '|'; missing: none",
        ),
        Column(
            name="pli",
            dtype=pl.Float64,
            nullable=True,
            unit="probability",
            meaning="gnomAD's probability that the gene is intolerant of loss of function; "
            "missing: not in gnomAD, or not computed",
        ),
        Column(
            name="loeuf",
            dtype=pl.Float64,
            nullable=True,
            unit="ratio",
            meaning="upper bound (90 % interval) of observed over expected loss of function; "
            "missing: as for pli",
        ),
        Column(
            name="mis_z",
            dtype=pl.Float64,
            nullable=True,
            unit="standard deviations",
            meaning="missense constraint, higher: fewer than expected; missing: as for pli",
        ),
        Column(
            name="constraint_flag",
            dtype=pl.String,
            nullable=True,
            meaning="gnomAD's doubts about these, joined by '|'; missing: none, or not in gnomAD",
        ),
        Column(
            name="constraint_transcript",
            dtype=pl.String,
            nullable=True,
            meaning="transcript that the constraint is of: MANE Select's first, then the one that "
            "gnomAD has as MANE Select, as canonical, then the one with most loss of function "
            "expected; missing: not in gnomAD",
        ),
        Column(
            name="clingen_validity",
            dtype=pl.String,
            nullable=True,
            meaning="strongest of ClinGen's classifications over all diseases, Definitive to No "
            "Known Disease Relationship; missing: not curated",
        ),
        Column(
            name="clingen_diseases",
            dtype=CURATIONS,
            nullable=True,
            meaning="all curations, strongest first: disease, MONDO id, classification, "
            "inheritance (missing: not told); missing: not curated",
        ),
        Column(
            name="haploinsufficiency",
            dtype=pl.Int8,
            nullable=True,
            meaning="ClinGen's score: 0 no, 1 little, 2 some, 3 sufficient evidence, 30 autosomal "
            "recessive, 40 unlikely; missing: not evaluated",
        ),
        Column(
            name="triplosensitivity",
            dtype=pl.Int8,
            nullable=True,
            meaning="ClinGen's score, as for haploinsufficiency; missing: not evaluated",
        ),
        Column(
            name="dosage_location",
            dtype=pl.String,
            nullable=True,
            meaning="region that ClinGen's dosage file has for the gene, 1-based with both ends, "
            "on that file's assembly; missing: not in it",
        ),
        Column(
            name="acmg_sf_version",
            dtype=pl.String,
            nullable=True,
            meaning="version of ACMG's list of secondary findings that first had the gene; "
            "missing: not on the list",
        ),
        Column(
            name="acmg_sf_diseases",
            dtype=pl.String,
            nullable=True,
            meaning="its phenotypes on the list, joined by '|'; missing: not on the list",
        ),
        Column(
            name="acmg_sf_inheritance",
            dtype=pl.String,
            nullable=True,
            meaning="AD, AR or XL, joined by '|' where phenotypes differ; missing: not on the list",
        ),
        Column(
            name="acmg_sf_report",
            dtype=pl.String,
            nullable=True,
            meaning="which variants the list says to report, joined by '|' where phenotypes "
            "differ; missing: not on the list",
        ),
    ),
    key=("gene",),
)

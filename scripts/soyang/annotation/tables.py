"""Files that annotation hands on."""

import polars as pl

from soyang.core.tables import Column, Table

IMPACTS = ("HIGH", "MODERATE", "LOW", "MODIFIER")

TRANSCRIPTS = Table(
    name="annotation.transcripts",
    meaning="one coding exon of one transcript, for statements on what was assessed",
    columns=(
        Column(name="gene", dtype=pl.String, meaning="HGNC symbol"),
        Column(name="transcript", dtype=pl.String, meaning="RefSeq accession with version"),
        Column(name="ensembl", dtype=pl.String, meaning="Ensembl accession with version"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="exon", dtype=pl.Int32, meaning="exon number in transcript order, from 1"),
        Column(name="start", dtype=pl.Int64, meaning="0-based start of its coding part"),
        Column(name="end", dtype=pl.Int64, meaning="0-based end of its coding part, exclusive"),
    ),
    key=("transcript", "exon"),
)

SITE_COLUMNS = (
    Column(name="contig", dtype=pl.String, meaning="contig"),
    Column(name="position", dtype=pl.Int64, meaning="1-based position of ref's first base"),
    Column(name="ref", dtype=pl.String, meaning="reference allele, left-aligned"),
    Column(name="alt", dtype=pl.String, meaning="alternate allele"),
)
SITE = tuple(column.name for column in SITE_COLUMNS)

CONSEQUENCE_COLUMNS = (
    *SITE_COLUMNS,
    Column(name="gene", dtype=pl.String, nullable=True, meaning="HGNC symbol; missing: none"),
    Column(
        name="transcript",
        dtype=pl.String,
        nullable=True,
        meaning="RefSeq accession with version (MANE), or Ensembl's where the GFF has none; "
        "missing: no transcript here",
    ),
    Column(name="ensembl", dtype=pl.String, nullable=True, meaning="the same in Ensembl"),
    Column(
        name="consequence",
        dtype=pl.String,
        meaning="SO terms, worst first, joined by '&'; sequence_variant: touches the "
        "transcript, and the allele is not one whose effect can be told",
    ),
    Column(name="impact", dtype=pl.String, allowed=IMPACTS, meaning="of the worst term"),
)

HGVS_COLUMNS = (
    Column(
        name="hgvs_g",
        dtype=pl.String,
        meaning="HGVS on the chromosome (m. on the mitochondrion), 3'-shifted; '?' for an "
        "allele that is no sequence",
    ),
    Column(
        name="hgvs_c",
        dtype=pl.String,
        nullable=True,
        meaning="HGVS on the transcript (n. if it is not coding), 3'-shifted along it; missing: "
        "outside it",
    ),
    Column(
        name="hgvs_p",
        dtype=pl.String,
        nullable=True,
        meaning="predicted protein HGVS in parentheses on the Ensembl protein (the GFF names no "
        "RefSeq one), three-letter codes; p.? where it can't be predicted; missing: no coding "
        "change to predict",
    ),
)

CONSEQUENCES = Table(
    name="annotation.consequences",
    meaning="one site and one transcript that it touches; one row without transcript where none",
    columns=(
        *CONSEQUENCE_COLUMNS,
        Column(
            name="strand",
            dtype=pl.String,
            nullable=True,
            allowed=("+", "-"),
            meaning="the transcript's strand; missing: no transcript here",
        ),
        Column(
            name="amino_acids",
            dtype=pl.String,
            nullable=True,
            meaning="amino-acid change as bcftools csq words it, e.g. 12R>12*; missing: none",
        ),
    ),
    key=(*SITE, "transcript"),
)

DESCRIBED = Table(
    name="annotation.described",
    meaning="the rows of annotation.consequences with their HGVS names",
    columns=(*CONSEQUENCE_COLUMNS, *HGVS_COLUMNS),
    key=(*SITE, "transcript"),
)

ANNOTATED = Table(
    name="annotation.sites",
    meaning="one site and one transcript that it touches; one row without transcript where none",
    columns=(
        *CONSEQUENCE_COLUMNS,
        *HGVS_COLUMNS,
        Column(name="rsid", dtype=pl.String, nullable=True, meaning="dbSNP; missing: not there"),
        Column(
            name="clinvar_id",
            dtype=pl.String,
            nullable=True,
            meaning="ClinVar VariationID; missing: not in ClinVar, or the source has no ids",
        ),
        Column(
            name="clinvar_significance",
            dtype=pl.String,
            nullable=True,
            meaning="aggregate germline classification as CLNSIG has it, e.g. Likely_pathogenic; "
            "missing: not in ClinVar",
        ),
        Column(
            name="clinvar_review",
            dtype=pl.String,
            nullable=True,
            meaning="review status in ClinVar's words, e.g. reviewed by expert panel",
        ),
        Column(
            name="clinvar_stars",
            dtype=pl.Int8,
            nullable=True,
            unit="stars",
            meaning="0 to 4, from the review status",
        ),
        Column(
            name="clinvar_conditions",
            dtype=pl.String,
            nullable=True,
            meaning="conditions joined by '|'; missing: not given",
        ),
        Column(
            name="population_ac",
            dtype=pl.Int32,
            nullable=True,
            unit="alleles",
            meaning="alt alleles in the population source; missing: the source lacks the site, "
            "or there is no source",
        ),
        Column(
            name="population_an", dtype=pl.Int32, nullable=True, unit="alleles", meaning="alleles"
        ),
        Column(
            name="population_nhomalt",
            dtype=pl.Int32,
            nullable=True,
            unit="people",
            meaning="homozygotes in the population source",
        ),
        Column(
            name="cohort_ac", dtype=pl.Int32, unit="alleles", meaning="alt alleles in the cohort"
        ),
        Column(name="cohort_an", dtype=pl.Int32, unit="alleles", meaning="alleles callable here"),
        Column(name="cohort_nhomalt", dtype=pl.Int32, unit="people", meaning="homozygotes"),
    ),
    key=("contig", "position", "ref", "alt", "transcript"),
)

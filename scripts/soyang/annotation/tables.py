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

ANNOTATED = Table(
    name="annotation.sites",
    meaning="one site and one transcript that it touches; one row without transcript where none",
    columns=(
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="position", dtype=pl.Int64, meaning="1-based position of ref's first base"),
        Column(name="ref", dtype=pl.String, meaning="reference allele, left-aligned"),
        Column(name="alt", dtype=pl.String, meaning="alternate allele"),
        Column(name="gene", dtype=pl.String, nullable=True, meaning="HGNC symbol; missing: none"),
        Column(
            name="transcript",
            dtype=pl.String,
            nullable=True,
            meaning="RefSeq accession with version (MANE); missing: no transcript here",
        ),
        Column(name="ensembl", dtype=pl.String, nullable=True, meaning="the same in Ensembl"),
        Column(name="consequence", dtype=pl.String, meaning="SO terms, worst first, joined by '&'"),
        Column(name="impact", dtype=pl.String, allowed=IMPACTS, meaning="of the worst term"),
        Column(name="hgvs_g", dtype=pl.String, meaning="HGVS on the chromosome, 3'-shifted"),
        Column(
            name="hgvs_c",
            dtype=pl.String,
            nullable=True,
            meaning="HGVS on the transcript; missing: outside it",
        ),
        Column(
            name="hgvs_p",
            dtype=pl.String,
            nullable=True,
            meaning="predicted protein HGVS in parentheses; missing: no coding change to predict",
        ),
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
            meaning="aggregate germline classification; missing: not in ClinVar",
        ),
        Column(
            name="clinvar_review",
            dtype=pl.String,
            nullable=True,
            meaning="review status as ClinVar words it",
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

"""Files that cohort hands on. A site is (contig, position, ref, alt)."""

import polars as pl

from soyang.core.tables import Column, Table

SITE_COLUMNS = (
    Column(name="contig", dtype=pl.String, meaning="contig"),
    Column(name="position", dtype=pl.Int64, meaning="1-based position of ref's first base"),
    Column(name="ref", dtype=pl.String, meaning="reference allele, left-aligned"),
    Column(name="alt", dtype=pl.String, meaning="alternate allele"),
)
SITE = tuple(column.name for column in SITE_COLUMNS)

SAMPLES = Table(
    name="cohort.samples",
    meaning="one sample in this cohort",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(
            name="callable_known",
            dtype=pl.Boolean,
            meaning="whether absence of a variant can mean the reference allele",
        ),
        Column(
            name="counted",
            dtype=pl.Boolean,
            meaning="whether in AC and AN: callable regions known and consent to research",
        ),
    ),
    key=("sample",),
)

GENOTYPES = Table(
    name="cohort.genotypes",
    meaning="one sample's non-reference genotype at one site",
    columns=(
        *SITE_COLUMNS,
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="genotype", dtype=pl.String, meaning="VCF GT, '|' if phased"),
        Column(name="dosage", dtype=pl.Int8, meaning="copies of this alternate allele"),
        Column(name="copies", dtype=pl.Int8, meaning="alleles at the locus: 2, or 1 if haploid"),
        Column(
            name="depth",
            dtype=pl.Int32,
            unit="reads",
            nullable=True,
            meaning="reads; missing: the caller did not say",
        ),
        Column(
            name="alt_depth",
            dtype=pl.Int32,
            unit="reads",
            nullable=True,
            meaning="reads with this alternate allele; missing: the caller did not say",
        ),
        Column(
            name="genotype_quality",
            dtype=pl.Float32,
            unit="Phred",
            nullable=True,
            meaning="genotype quality; missing: the caller did not say",
        ),
        Column(
            name="phase_set",
            dtype=pl.Int64,
            nullable=True,
            meaning="VCF PS; missing: not phased by a named set",
        ),
        Column(name="filter", dtype=pl.String, meaning="VCF FILTER, '.' if not filtered"),
        Column(
            name="agreement",
            dtype=pl.String,
            nullable=True,
            meaning="callers that have this genotype out of those that looked, as 2/3; missing: "
            "one caller looked",
        ),
    ),
    key=(*SITE, "sample"),
)

CALLABLE = Table(
    name="cohort.callable",
    meaning="one callable region of one sample, sorted, merged",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="start", dtype=pl.Int64, meaning="0-based start"),
        Column(name="end", dtype=pl.Int64, meaning="0-based end, exclusive"),
    ),
)

SITES = Table(
    name="cohort.sites",
    meaning="one site that at least one sample carries, with counts over the counted samples",
    columns=(
        *SITE_COLUMNS,
        Column(
            name="ac", dtype=pl.Int32, unit="alleles", meaning="copies of alt in counted samples"
        ),
        Column(
            name="an", dtype=pl.Int32, unit="alleles", meaning="alleles of samples callable here"
        ),
        Column(name="nhomalt", dtype=pl.Int32, unit="samples", meaning="counted homozygotes"),
        Column(name="nhemi", dtype=pl.Int32, unit="samples", meaning="counted haploid carriers"),
    ),
    key=SITE,
)

"""Files that identity hands on."""

import polars as pl

from soyang.core.tables import Column, Table

SKETCH = Table(
    name="identity.sketch",
    meaning="one sample's genotype at one SNV that it carries, or where it is not known",
    columns=(
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="position", dtype=pl.Int64, meaning="1-based"),
        Column(name="ref", dtype=pl.String, meaning="reference base"),
        Column(name="alt", dtype=pl.String, meaning="alternate base"),
        Column(
            name="dosage",
            dtype=pl.Int8,
            nullable=True,
            meaning="alternate alleles: 1 or 2; missing: no good biallelic genotype, so that "
            "nothing is said of the sample at this position",
        ),
    ),
    key=("contig", "position", "ref", "alt"),
)

KINSHIP = Table(
    name="identity.kinship",
    meaning="one pair of samples that is related by record or looks like one sample; research "
    "staff only: it can show non-paternity and never reaches a report",
    columns=(
        Column(name="sample_1", dtype=pl.String, meaning="sample, first by name"),
        Column(name="sample_2", dtype=pl.String, meaning="sample"),
        Column(
            name="recorded",
            dtype=pl.String,
            allowed=("parent_child", "siblings", "same_person", "unrelated"),
            meaning="relation by the record; siblings share at least one recorded parent",
        ),
        Column(
            name="sites",
            dtype=pl.Int64,
            unit="sites",
            meaning="autosomal biallelic SNVs where both have a genotype and at least one carries "
            "the alternate allele; where both have the reference, a site is there only because "
            "of somebody else in the cohort, and would dilute the shares",
        ),
        Column(
            name="ibs0", dtype=pl.Int64, unit="sites", meaning="of these, with opposite homozygotes"
        ),
        Column(
            name="concordant",
            dtype=pl.Int64,
            unit="sites",
            meaning="of these, with the same genotype",
        ),
        Column(
            name="kinship",
            dtype=pl.Float64,
            nullable=True,
            meaning="KING-robust coefficient; missing: no heterozygous site",
        ),
        Column(
            name="finding",
            dtype=pl.String,
            allowed=("confirmed", "refuted", "duplicate", "too_few_sites", "none"),
            meaning="what the figures say of the recorded relation; none: they can't tell",
        ),
    ),
    key=("sample_1", "sample_2"),
)

VERDICTS = Table(
    name="identity.verdicts",
    meaning="one admitted sample's verdict",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="verdict", dtype=pl.String, allowed=("pass", "quarantine"), meaning="verdict"),
        Column(
            name="reason",
            dtype=pl.String,
            meaning="empty for pass; else 'kinship', 'duplicate' or 'sex' with figures, "
            "'discordant' for records that differ, or 'stem-cell transplant'. For staff: it "
            "reaches the ledger and no report",
        ),
        Column(
            name="confirmed_by",
            dtype=pl.String,
            meaning="'kinship', 'sex', both joined by ';', or empty: identity not confirmed",
        ),
        Column(
            name="sex_found",
            dtype=pl.String,
            allowed=("male", "female", "unclear", "not_assessed"),
            meaning="from X and Y depth; not_assessed: no X or Y data",
        ),
        Column(
            name="note",
            dtype=pl.String,
            meaning="what a reader of the genotypes must know and nobody is held back for: a "
            "transfusion, empty if there is nothing. For staff, and in no report",
        ),
    ),
    key=("sample",),
)

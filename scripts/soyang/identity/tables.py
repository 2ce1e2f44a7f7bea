"""Files that identity hands on."""

import polars as pl

from soyang.core.tables import Column, Table

SKETCH = Table(
    name="identity.sketch",
    meaning="one sample's genotype at one SNV that it carries, or where it is not known; at the "
    "sites of a fixed list also where it has the reference",
    columns=(
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="position", dtype=pl.Int64, meaning="1-based"),
        Column(name="ref", dtype=pl.String, meaning="reference base"),
        Column(name="alt", dtype=pl.String, meaning="alternate base"),
        Column(
            name="dosage",
            dtype=pl.Int8,
            nullable=True,
            meaning="alternate alleles: 1 or 2, and 0 at sites of a fixed list that are callable; "
            "missing: no good biallelic genotype, so that nothing is said of the sample at this "
            "position",
        ),
    ),
    key=("contig", "position", "ref", "alt"),
)

KINSHIP = Table(
    name="identity.kinship",
    meaning="one pair of samples that is related by record, looks like one sample, or looks like "
    "parent and child or full siblings without a record of it; research staff only: it can show "
    "non-paternity and never reaches a report",
    columns=(
        Column(name="sample_1", dtype=pl.String, meaning="sample of this batch, first by name"),
        Column(name="batch", dtype=pl.String, meaning="earlier batch of sample_2; empty: this one"),
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
            allowed=("confirmed", "refuted", "duplicate", "unrecorded", "too_few_sites", "none"),
            meaning="what the figures say of the recorded relation; unrecorded: parent and child "
            "or full siblings by genotype and not by record; none: they can't tell",
        ),
        Column(
            name="earlier_passed",
            dtype=pl.Boolean,
            nullable=True,
            meaning="whether sample_2 passed the gate in its earlier batch; missing: this batch",
        ),
    ),
    key=("sample_1", "batch", "sample_2"),
)

HETEROZYGOSITY = Table(
    name="identity.heterozygosity",
    meaning="one sample's heterozygous share of the SNVs that it carries by good biallelic "
    "genotypes, on X outside the pseudo-autosomal regions and on autosomes",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="x_sites", dtype=pl.Int64, unit="sites", meaning="diploid genotypes of X"),
        Column(name="x_heterozygous", dtype=pl.Int64, unit="sites", meaning="of these"),
        Column(name="autosomal_sites", dtype=pl.Int64, unit="sites", meaning="on autosomes"),
        Column(name="autosomal_heterozygous", dtype=pl.Int64, unit="sites", meaning="of these"),
    ),
    key=("sample",),
)

CONTAMINATION = Table(
    name="identity.contamination",
    meaning="share of one sample's DNA that is another person's, one row",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(
            name="source",
            dtype=pl.String,
            allowed=("pileup", "calls"),
            meaning="reads at all sites, or reads of the calls with two alternate alleles, which "
            "show too little of much contamination at low depth",
        ),
        Column(name="sites", dtype=pl.Int64, unit="sites", meaning="sites that were used"),
        Column(
            name="depth",
            dtype=pl.Float64,
            unit="reads",
            nullable=True,
            meaning="mean reads at them; missing: no sites",
        ),
        Column(
            name="estimate",
            dtype=pl.Float64,
            nullable=True,
            meaning="share of reads from another person; missing: not assessed",
        ),
        Column(
            name="low", dtype=pl.Float64, nullable=True, meaning="lower bound, 95 %; missing as it"
        ),
        Column(
            name="high", dtype=pl.Float64, nullable=True, meaning="upper bound, 95 %; missing as it"
        ),
        Column(name="assessed", dtype=pl.Boolean, meaning="false: nothing can be said"),
        Column(name="reason", dtype=pl.String, meaning="why it was not assessed, else empty"),
    ),
    key=("sample",),
)

ANCESTRY = Table(
    name="identity.ancestry",
    meaning="one sample's group of a named reference; it chooses frequencies to compare with, is "
    "no statement on who somebody is, and is in no report",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(
            name="group",
            dtype=pl.String,
            meaning="group of the reference, empty if not assessed or not confident",
        ),
        Column(
            name="share",
            dtype=pl.Float64,
            nullable=True,
            meaning="of the genotypes that the likeliest group explains; missing: not assessed",
        ),
        Column(
            name="sites",
            dtype=pl.Int64,
            unit="sites",
            meaning="sites of the reference with a genotype",
        ),
        Column(name="reference", dtype=pl.String, meaning="name and version of the reference"),
        Column(name="reason", dtype=pl.String, meaning="why there is no group, else empty"),
    ),
    key=("sample",),
)

OVERRIDES = Table(
    name="identity.overrides",
    meaning="one row of the signed override file and what came of it; the audit trail reads it",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="reason", dtype=pl.String, meaning="word of the reason that is decided on"),
        Column(
            name="decision",
            dtype=pl.String,
            allowed=("pass", "quarantine"),
            meaning="what was decided",
        ),
        Column(name="who", dtype=pl.String, meaning="who decided"),
        Column(name="date", dtype=pl.Date, meaning="day of the decision"),
        Column(name="why", dtype=pl.String, meaning="why"),
        Column(
            name="applied",
            dtype=pl.Boolean,
            meaning="false: the gate does not give that reason, so there was nothing to decide on",
        ),
        Column(name="gate", dtype=pl.String, meaning="reasons of the gate itself, maybe none"),
        Column(
            name="verdict",
            dtype=pl.String,
            allowed=("pass", "quarantine", ""),
            meaning="the verdict in the end; empty: the sample is not in this batch",
        ),
        Column(name="file_sha256", dtype=pl.String, meaning="SHA-256 of the override file"),
        Column(name="key_sha256", dtype=pl.String, meaning="SHA-256 of the public key (raw)"),
    ),
    key=("sample", "reason"),
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
            meaning="empty for pass; else, with figures, 'stem-cell transplant', 'discordant' "
            "(records that differ), 'swap', 'duplicate', 'sex', 'contamination', 'kinship' or "
            "'staff' (a signed decision). For staff: it reaches the ledger and no report",
        ),
        Column(
            name="confirmed_by",
            dtype=pl.String,
            meaning="'kinship' (a relative), 'genotype' (another sample of the person, of this or "
            "an earlier batch), both joined by ';', or empty: identity not confirmed. The recorded "
            "sex confirms nobody: half of all people share it",
        ),
        Column(
            name="sex_found",
            dtype=pl.String,
            allowed=("male", "female", "unclear", "not_assessed"),
            meaning="from copies of X and Y, else from heterozygosity of X; unclear: other copies "
            "than X and Y or two X; not_assessed: no data",
        ),
        Column(
            name="contamination",
            dtype=pl.Float64,
            nullable=True,
            meaning="share of another person's DNA; missing: not assessed",
        ),
        Column(
            name="note",
            dtype=pl.String,
            meaning="what staff must know and nobody is held back for: a transfusion, unexpected "
            "copies of X or Y, a relative that the record does not have; empty if there is "
            "nothing. In no report",
        ),
        Column(
            name="override",
            dtype=pl.String,
            meaning="signed decision that changed the verdict, with who, when and why, else empty",
        ),
    ),
    key=("sample",),
)

"""Sets of columns that tables are put together from."""

import polars as pl

from soyang.core.tables import Column

KNOWN_COLUMNS = (
    Column(
        name="key",
        dtype=pl.UInt64,
        nullable=True,
        meaning="the site's key (core.variant_key), by which releases are joined and compared; "
        "missing: not on chromosomes 1 to 22, X, Y, M",
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
        name="clinvar_conflict",
        dtype=pl.String,
        nullable=True,
        meaning="submitters' classifications with their counts as CLNSIGCONF has them; missing: "
        "they do not conflict",
    ),
    Column(
        name="population_ac",
        dtype=pl.Int32,
        nullable=True,
        unit="alleles",
        meaning="alt alleles in all sources of population frequencies together (exomes and "
        "genomes are different people); missing: none has the site, or there is none",
    ),
    Column(
        name="population_an",
        dtype=pl.Int32,
        nullable=True,
        unit="alleles",
        meaning="alleles in the sources that have the site",
    ),
    Column(
        name="population_nhomalt",
        dtype=pl.Int32,
        nullable=True,
        unit="people",
        meaning="homozygotes in the sources that have the site",
    ),
    Column(
        name="population_max_ac",
        dtype=pl.Int32,
        nullable=True,
        unit="alleles",
        meaning="alt alleles in the group in which they are most frequent; missing: no group "
        "was counted well enough here (2,000 alleles)",
    ),
    Column(
        name="population_max_an",
        dtype=pl.Int32,
        nullable=True,
        unit="alleles",
        meaning="alleles of that group",
    ),
    Column(
        name="population_max_group",
        dtype=pl.String,
        nullable=True,
        meaning="that group as the source names it, the first by name of equals",
    ),
)
"""What public sources say of a site, whatever the release is made of."""

VCF_COLUMNS = (
    Column(
        name="record",
        dtype=pl.Int64,
        meaning="number of the record in the VCF, from 0, as it stood before splitting and "
        "normalisation",
    ),
    Column(
        name="allele", dtype=pl.Int16, meaning="which of the record's alternate alleles, from 1"
    ),
    Column(
        name="dosage",
        dtype=pl.Int8,
        nullable=True,
        unit="alleles",
        meaning="copies of the allele in the VCF's one sample; missing: not called, or not one "
        "sample",
    ),
)
"""Where in its VCF an allele came from."""

RECORD_COLUMNS = (
    Column(
        name="record_position",
        dtype=pl.Int64,
        meaning="1-based position of the record, before normalisation",
    ),
    Column(name="record_ref", dtype=pl.String, meaning="the record's reference allele"),
    Column(name="record_alt", dtype=pl.String, meaning="the alternate allele as it stood there"),
)
"""How an allele was written in its VCF."""

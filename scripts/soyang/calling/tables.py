"""Files that calling hands on.

Beside the table: ``<sample>.g.vcf.gz`` (not for a sample that entered by VCF),
``<sample>.vcf.gz`` (left-aligned, one alternate allele a record, FORMAT GT, DP, AD and GQ
where the caller gave them; of a ``1/2`` site the other allele is ``.``), both with ``.tbi``;
``<sample>.callable.bed.gz`` (0-based, sorted, merged: where absence of a variant means
the reference allele; empty where that is not known).
"""

import polars as pl

from soyang.core.tables import Column, Table

CALLS = Table(
    name="calling.calls",
    meaning="one sample's calls, one row",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(
            name="entry",
            dtype=pl.String,
            allowed=("cram", "gvcf", "vcf"),
            meaning="what the calls were made from",
        ),
        Column(name="caller", dtype=pl.String, meaning="caller and version as the VCF says"),
        Column(name="variants", dtype=pl.Int64, meaning="records in the normalised VCF"),
        Column(
            name="callable_known",
            dtype=pl.Boolean,
            meaning="whether absence can mean the reference allele; false for a plain VCF",
        ),
        Column(name="callable_bases", dtype=pl.Int64, unit="bp", meaning="sum of callable regions"),
    ),
    key=("sample",),
)

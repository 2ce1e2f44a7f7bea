"""Files that reads hands on, beside ``<sample>.cram`` (CRAM 3.0, indexed)."""

import polars as pl

from soyang.core.tables import Column, Table

QUALITY = Table(
    name="reads.quality",
    meaning="one sample's read and alignment quality, one row",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="reads", dtype=pl.Int64, unit="reads", meaning="primary reads in the CRAM"),
        Column(name="mapped_share", dtype=pl.Float64, meaning="share of them mapped"),
        Column(name="duplicate_share", dtype=pl.Float64, meaning="share marked duplicate"),
        Column(name="error_rate", dtype=pl.Float64, meaning="mismatches per mapped base"),
        Column(name="insert_size", dtype=pl.Float64, unit="bp", meaning="mean insert size"),
        Column(
            name="mean_depth",
            dtype=pl.Float64,
            unit="x",
            meaning="mean depth over reference bases that are not N, or over the targets",
        ),
        Column(
            name="x_depth_ratio",
            dtype=pl.Float64,
            nullable=True,
            meaning="X depth outside the pseudo-autosomal regions over autosomal depth; "
            "missing: the reference has no X sequence or no autosome",
        ),
        Column(
            name="y_depth_ratio",
            dtype=pl.Float64,
            nullable=True,
            meaning="the same of Y",
        ),
    ),
    key=("sample",),
)

"""Files that reads hands on, beside ``<sample>.cram`` (CRAM 3.0, indexed)."""

import polars as pl

from soyang.core.tables import Column, Table

SHOWN_DEPTHS = (20, 30)
"""Depths that coverage is usually told at, beside the one that calling asks for."""

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
        Column(
            name="x_copies",
            dtype=pl.Int64,
            nullable=True,
            meaning="copies of X by its depth outside the pseudo-autosomal regions; missing: not "
            "assessed (too few reads or regions, or a depth between whole numbers of copies)",
        ),
        Column(
            name="y_copies",
            dtype=pl.Int64,
            nullable=True,
            meaning="the same of Y",
        ),
        Column(
            name="target_covered_share",
            dtype=pl.Float64,
            nullable=True,
            meaning="share of target bases with the depth from which absence of a variant is "
            "said; missing: no targets",
        ),
        Column(
            name="on_target_share",
            dtype=pl.Float64,
            nullable=True,
            meaning="share of mapped primary reads that overlap a target; missing: no targets, "
            "or no mapped reads",
        ),
    ),
    key=("sample",),
)

GENE_COVERAGE = Table(
    name="reads.genes",
    meaning="one sample's depth over the coding exons of one transcript, on known bases",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="gene", dtype=pl.String, meaning="gene's symbol, else its identifier"),
        Column(name="transcript", dtype=pl.String, meaning="accession with version, as cited"),
        Column(name="bases", dtype=pl.Int64, unit="bp", meaning="known coding bases"),
        Column(name="mean_depth", dtype=pl.Float64, unit="x", meaning="mean depth over them"),
        Column(
            name="callable_share",
            dtype=pl.Float64,
            meaning="share of them with the depth from which absence of a variant is said",
        ),
        Column(name="share_20x", dtype=pl.Float64, meaning="share of them with 20 reads or more"),
        Column(name="share_30x", dtype=pl.Float64, meaning="share of them with 30 reads or more"),
    ),
    key=("gene", "transcript"),
)

ALIGNER = Table(
    name="reads.aligner",
    meaning="the aligner whose index a prepared reference has, one row",
    columns=(
        Column(name="aligner", dtype=pl.String, allowed=("bwa", "bwa-mem3"), meaning="aligner"),
        Column(name="version", dtype=pl.String, meaning="its version when the folder was made"),
        Column(
            name="origin",
            dtype=pl.String,
            allowed=("made", "given"),
            meaning="made: of the reference's islands; given: an index there was",
        ),
    ),
)

"""Files that calling hands on.

Beside the table: ``<sample>.g.vcf.gz`` (not for a sample that entered by VCF),
``<sample>.vcf.gz`` (left-aligned, one alternate allele a record, FORMAT GT, DP, AD and GQ
where the caller gave them; of a ``1/2`` site the other allele is ``.``), both with ``.tbi``;
``<sample>.callable.bed.gz`` (0-based, sorted, merged: where absence of a variant means
the reference allele; empty where that is not known).

Where several callers looked, each variant has INFO CALLERS (who has the allele) and AGREED (how
many have its genotype).
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
        Column(
            name="provenance",
            dtype=pl.String,
            meaning="caller and version, bands of its gVCF, first digits of the digest of the "
            "reference's dictionary: samples that differ in it enter one cohort only by setting",
        ),
        Column(
            name="agreed",
            dtype=pl.Int64,
            nullable=True,
            meaning="of the variants, those whose genotype all callers have; missing: one caller",
        ),
    ),
    key=("sample",),
)

OTHERS = Table(
    name="calling.others",
    meaning="one allele that another caller found in a sample and the first, whose genotypes "
    "stand, did not; empty where one caller looked",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="position", dtype=pl.Int64, meaning="1-based position of ref's first base"),
        Column(name="ref", dtype=pl.String, meaning="reference allele, left-aligned"),
        Column(name="alt", dtype=pl.String, meaning="alternate allele"),
        Column(name="caller", dtype=pl.String, meaning="caller that found it"),
        Column(name="genotype", dtype=pl.String, meaning="VCF GT by that caller"),
        Column(
            name="depth",
            dtype=pl.Int64,
            unit="reads",
            nullable=True,
            meaning="reads; missing: the caller did not say",
        ),
        Column(
            name="genotype_quality",
            dtype=pl.Float64,
            unit="Phred",
            nullable=True,
            meaning="genotype quality; missing: the caller did not say",
        ),
        Column(
            name="first_says",
            dtype=pl.String,
            meaning="VCF GT of the first caller's record over the position: 0/0 is reference, "
            "without digits not told; empty: it has no record there",
        ),
    ),
    key=("contig", "position", "ref", "alt", "caller"),
)

EVENTS = Table(
    name="calling.events",
    meaning="one structural or copy-number event of one sample: what `structural` and "
    "`copy_number` found",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="event", dtype=pl.String, meaning="name of the event in its file"),
        Column(
            name="source",
            dtype=pl.String,
            allowed=("structural", "copy_number"),
            meaning="from breakpoints (split and discordant reads) or from depth",
        ),
        Column(
            name="kind",
            dtype=pl.String,
            allowed=("deletion", "duplication", "insertion", "inversion", "breakend"),
            meaning="a loss or gain by depth is a deletion or duplication",
        ),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(
            name="start",
            dtype=pl.Int64,
            meaning="0-based first base changed, or before an insertion or breakend",
        ),
        Column(
            name="end",
            dtype=pl.Int64,
            meaning="end, exclusive; of insertions and breakends start + 1",
        ),
        Column(
            name="length",
            dtype=pl.Int64,
            unit="bp",
            nullable=True,
            meaning="bases deleted, duplicated, inserted or inverted; missing: breakend, or an "
            "insertion whose sequence was not resolved",
        ),
        Column(name="mate_contig", dtype=pl.String, meaning="other end of a breakend, else empty"),
        Column(
            name="mate_position", dtype=pl.Int64, nullable=True, meaning="1-based, of a breakend"
        ),
        Column(name="genotype", dtype=pl.String, meaning="VCF GT, ./. where it is not known"),
        Column(
            name="copies",
            dtype=pl.Int64,
            nullable=True,
            meaning="copies of the segment in the genome, where depth was read",
        ),
        Column(
            name="expected_copies",
            dtype=pl.Int64,
            meaning="copies that this genome has there without the event: 2, or 1 on one X or Y",
        ),
        Column(
            name="support",
            dtype=pl.Int64,
            nullable=True,
            unit="reads",
            meaning="reads or pairs for the event; missing: by depth alone",
        ),
        Column(
            name="quality",
            dtype=pl.Float64,
            nullable=True,
            meaning="phred, of the caller whose breakpoints stand",
        ),
        Column(name="callers", dtype=pl.String, meaning="callers that have it, joined by ';'"),
        Column(name="filter", dtype=pl.String, meaning="PASS, or why it is doubted"),
    ),
    key=("sample", "event"),
)

MITOCHONDRIAL = Table(
    name="calling.mitochondrial",
    meaning="one variant of the mitochondrion in one sample, with its heteroplasmy",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="position", dtype=pl.Int64, meaning="1-based"),
        Column(name="ref", dtype=pl.String, meaning="reference allele, left-aligned"),
        Column(name="alt", dtype=pl.String, meaning="alternate allele"),
        Column(name="heteroplasmy", dtype=pl.Float64, meaning="share of reads with the allele"),
        Column(
            name="depth", dtype=pl.Int64, unit="reads", meaning="reads that tell an allele there"
        ),
        Column(name="alt_depth", dtype=pl.Int64, unit="reads", meaning="of these, with this one"),
        Column(name="quality", dtype=pl.Float64, meaning="phred, against sequencing error"),
        Column(name="filter", dtype=pl.String, meaning="PASS, or why it is doubted"),
    ),
    key=("sample", "contig", "position", "ref", "alt"),
)

COPY_NUMBER = Table(
    name="calling.copy_number",
    meaning="whether and how finely one sample's copy number was looked at, one row; beside it "
    "`segments` says where, and events are in `calling.events`",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(
            name="assessed",
            dtype=pl.Boolean,
            meaning="false: nothing can be said, neither that there are events nor that not",
        ),
        Column(
            name="reason",
            dtype=pl.String,
            allowed=("", "no_panel", "panel_differs", "too_few_bins", "too_shallow", "too_noisy"),
            meaning="why it was not assessed; empty if it was",
        ),
        Column(name="found", dtype=pl.String, meaning="the figure behind the reason, else empty"),
        Column(
            name="design",
            dtype=pl.String,
            allowed=("genome", "targets"),
            meaning="whether the whole genome was read or only targets (exome, panel)",
        ),
        Column(
            name="panel",
            dtype=pl.String,
            meaning="name and version of the panel of normals, empty: normalised by itself",
        ),
        Column(name="bins", dtype=pl.Int64, meaning="stretches whose depth was compared"),
        Column(
            name="bin_length",
            dtype=pl.Int64,
            unit="bp",
            nullable=True,
            meaning="their median length; missing: no bins",
        ),
        Column(
            name="noise",
            dtype=pl.Float64,
            nullable=True,
            unit="log2",
            meaning="robust spread of a typical autosomal bin's log2 ratio; missing: not "
            "normalised",
        ),
        Column(
            name="min_bins",
            dtype=pl.Int64,
            nullable=True,
            meaning="fewest bins in a row that an event can be told from; missing: not assessed",
        ),
        Column(
            name="smallest_length",
            dtype=pl.Int64,
            unit="bp",
            nullable=True,
            meaning="length from which on an event is looked for: min_bins bins of the genome; "
            "missing: not assessed, or targets, where it is min_bins targets",
        ),
        Column(
            name="x_copies",
            dtype=pl.Int64,
            nullable=True,
            meaning="copies of X taken as expected; missing: not known, so X was not assessed",
        ),
        Column(
            name="y_copies",
            dtype=pl.Int64,
            nullable=True,
            meaning="the same of Y",
        ),
    ),
    key=("sample",),
)

SEGMENTS = Table(
    name="calling.segments",
    meaning="a stretch of one copy number in one sample; no row: not assessed there. Of targets, "
    "what lies between them was not looked at",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="start", dtype=pl.Int64, meaning="0-based, of the first bin"),
        Column(name="end", dtype=pl.Int64, meaning="exclusive, of the last bin"),
        Column(name="bins", dtype=pl.Int64, meaning="bins in it"),
        Column(name="log2", dtype=pl.Float64, meaning="mean log2 ratio to two copies"),
        Column(name="copies", dtype=pl.Int64, meaning="copies told"),
        Column(name="expected_copies", dtype=pl.Int64, meaning="copies without an event"),
        Column(
            name="quality",
            dtype=pl.Float64,
            nullable=True,
            meaning="phred that it is not the expected copies; missing: it is the expected",
        ),
    ),
    key=("contig", "start"),
)

DEPTH = Table(
    name="calling.depth",
    meaning="a bin and one sample's depth in it: what `copy_number` read, and what `depth_panel` "
    "makes a panel of normals from",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="start", dtype=pl.Int64, meaning="0-based"),
        Column(name="end", dtype=pl.Int64, meaning="exclusive"),
        Column(name="gc", dtype=pl.Float64, meaning="share of G and C in the reference"),
        Column(
            name="depth",
            dtype=pl.Float64,
            unit="x",
            meaning="mean depth of reads whose mapping quality says that their place is sure",
        ),
        Column(name="unsure", dtype=pl.Float64, unit="x", meaning="mean depth of the others"),
        Column(
            name="expected_copies",
            dtype=pl.Int64,
            nullable=True,
            meaning="copies without an event; missing: X or Y whose copies are not known",
        ),
        Column(name="autosomal", dtype=pl.Boolean, meaning="whether on chromosome 1 to 22"),
    ),
    key=("contig", "start"),
)

DEPTH_PANEL = Table(
    name="calling.depth_panel",
    meaning="a bin of one normal of a panel",
    columns=(
        Column(name="panel", dtype=pl.String, meaning="name of the panel"),
        Column(name="version", dtype=pl.String, meaning="its version"),
        Column(name="sample", dtype=pl.String, meaning="the normal"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="start", dtype=pl.Int64, meaning="0-based"),
        Column(name="end", dtype=pl.Int64, meaning="exclusive"),
        Column(
            name="relative_depth",
            dtype=pl.Float64,
            nullable=True,
            meaning="depth of two copies over the normal's typical depth; missing: its copies "
            "are not known or none, or its reads could lie elsewhere as well",
        ),
    ),
    key=("sample", "contig", "start"),
)

MITOCHONDRION = Table(
    name="calling.mitochondrion",
    meaning="whether and how deeply one sample's mitochondrion was looked at, one row; beside it "
    "`<sample>.mitochondrial.callable.bed.gz` says where absence of a variant means the reference "
    "allele",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(
            name="assessed",
            dtype=pl.Boolean,
            meaning="false: nothing can be said, neither that there are variants nor that not",
        ),
        Column(
            name="reason",
            dtype=pl.String,
            allowed=("", "no_contig", "not_rcrs", "too_shallow"),
            meaning="why it was not assessed; empty if it was",
        ),
        Column(name="found", dtype=pl.String, meaning="the figure behind the reason, else empty"),
        Column(name="contig", dtype=pl.String, meaning="its contig, empty if there is none"),
        Column(
            name="mean_depth",
            dtype=pl.Float64,
            unit="x",
            nullable=True,
            meaning="mean depth; missing: no contig or another mitochondrion",
        ),
        Column(
            name="autosomal_depth",
            dtype=pl.Float64,
            unit="x",
            nullable=True,
            meaning="mean depth of autosomes, which nuclear copies of the mitochondrion have; "
            "missing: not known",
        ),
        Column(
            name="min_heteroplasmy",
            dtype=pl.Float64,
            meaning="share from which on a variant is looked for",
        ),
        Column(
            name="min_depth",
            dtype=pl.Int64,
            unit="reads",
            meaning="depth from which on absence of a variant of that share is said",
        ),
        Column(
            name="callable_bases",
            dtype=pl.Int64,
            unit="bp",
            meaning="bases with at least that depth",
        ),
        Column(name="callable_share", dtype=pl.Float64, meaning="of the contig's length"),
    ),
    key=("sample",),
)

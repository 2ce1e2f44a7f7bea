"""Files on structural, copy-number and mitochondrial variants that annotation hands on."""

import polars as pl

from soyang.core.tables import Column, Table

EXTENTS = ("whole", "five_prime", "three_prime", "internal")
PARTS = ("coding", "utr5", "utr3", "non_coding", "intron")
SOURCES = ("structural", "copy_number", "both")

GENE_HIT = pl.Struct(
    {
        "gene": pl.String,  # symbol as the transcripts' file has it
        "transcript": pl.String,  # the one with coding bases hit, MANE Select first
        "ensembl": pl.String,
        "strand": pl.String,
        "protein_coding": pl.Boolean,
        "extent": pl.String,  # of EXTENTS: which end of the transcript lies in the event
        "part": pl.String,  # of PARTS: the weightiest part that the event touches
        "first_exon": pl.Int32,  # of those touched, in transcript order; missing: none
        "last_exon": pl.Int32,
        "exons": pl.Int32,  # of the transcript
        "coding_bases": pl.Int64,  # coding bases in the event
        "coding_length": pl.Int64,  # of the transcript, 0 if it does not code
        "nmd": pl.Boolean,  # see event_genes.decays; missing: not an internal change of the frame
        "breakpoints": pl.Int32,  # ends of the event within the transcript
        "haploinsufficiency": pl.Int8,  # ClinGen's score; missing: not evaluated, or no source
        "triplosensitivity": pl.Int8,
        "pli": pl.Float64,
        "loeuf": pl.Float64,
    }
)

REGION_HIT = pl.Struct(
    {
        "region": pl.String,  # ClinGen's id
        "name": pl.String,
        "start": pl.Int64,  # 0-based
        "end": pl.Int64,  # exclusive
        "haploinsufficiency": pl.Int8,
        "triplosensitivity": pl.Int8,
        "share": pl.Float64,  # of the region that lies in the event
        "within": pl.Boolean,  # whether the event lies within the region
        "genes": pl.List(pl.String),  # protein-coding genes that the region touches
    }
)

_PLACE = (
    Column(name="contig", dtype=pl.String, meaning="contig"),
    Column(name="start", dtype=pl.Int64, meaning="0-based first base changed, or before it"),
    Column(name="end", dtype=pl.Int64, meaning="end, exclusive"),
)

EVENTS = Table(
    name="annotation.events",
    meaning="one structural or copy-number event of one sample that touches a coding exon, a gene "
    "or region of known dosage sensitivity, breaks a gene, or is large; the others are counted in "
    "`annotation.events_assessed`",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="event", dtype=pl.String, meaning="name of the event in its file"),
        Column(
            name="depth_event",
            dtype=pl.String,
            meaning="name of the event by depth that was found to be the same; else empty",
        ),
        Column(
            name="source",
            dtype=pl.String,
            allowed=SOURCES,
            meaning="told by breakpoints, by depth, or by both",
        ),
        Column(
            name="kind",
            dtype=pl.String,
            allowed=("deletion", "duplication", "insertion", "inversion", "breakend"),
            meaning="what happened",
        ),
        *_PLACE,
        Column(
            name="length",
            dtype=pl.Int64,
            unit="bp",
            nullable=True,
            meaning="bases changed; missing: breakend, or an insertion that was not resolved",
        ),
        Column(name="mate_contig", dtype=pl.String, meaning="other end of a breakend, else empty"),
        Column(name="mate_position", dtype=pl.Int64, nullable=True, meaning="1-based, of it"),
        Column(name="hgvs_g", dtype=pl.String, meaning="HGVS; empty for breakends"),
        Column(name="genotype", dtype=pl.String, meaning="VCF GT, ./. where it is not known"),
        Column(
            name="copies",
            dtype=pl.Int64,
            nullable=True,
            meaning="copies of the segment, where depth was read",
        ),
        Column(name="expected_copies", dtype=pl.Int64, meaning="copies without the event"),
        Column(name="support", dtype=pl.Int64, nullable=True, unit="reads", meaning="reads for it"),
        Column(name="quality", dtype=pl.Float64, nullable=True, meaning="phred"),
        Column(name="callers", dtype=pl.String, meaning="callers that have it, joined by ';'"),
        Column(name="filter", dtype=pl.String, meaning="PASS, or why it is doubted"),
        Column(name="by_breakpoints", dtype=pl.Boolean, meaning="reads show where it is joined"),
        Column(name="by_depth", dtype=pl.Boolean, meaning="depth shows the other copy number"),
        Column(
            name="genes",
            dtype=pl.List(GENE_HIT),
            meaning="genes that it touches, in order of symbols; see GENE_HIT",
        ),
        Column(
            name="protein_coding_genes",
            dtype=pl.Int64,
            meaning="protein-coding genes wholly or partly within it",
        ),
        Column(
            name="regions",
            dtype=pl.List(REGION_HIT),
            nullable=True,
            meaning="regions that ClinGen curated and that it touches, by id; see REGION_HIT; "
            "missing: the release has no such source",
        ),
        Column(
            name="dosage_known",
            dtype=pl.Boolean,
            meaning="whether the release has ClinGen's scores of genes",
        ),
        Column(
            name="cohort_carriers",
            dtype=pl.Int64,
            nullable=True,
            meaning="people of this cohort with the same: its kind, half of each in the other; "
            "counted are those whose consent allows it; missing: not a deletion or duplication",
        ),
        Column(
            name="cohort_assessed",
            dtype=pl.Int64,
            meaning="people of this cohort who were looked at and may be counted",
        ),
    ),
    key=("sample", "event"),
)

EVENTS_ASSESSED = Table(
    name="annotation.events_assessed",
    meaning="what was looked for in one sample, one row; and how many events are only counted",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(
            name="structural",
            dtype=pl.String,
            meaning="empty: looked for by breakpoints; else why not (no_reads: none were given; "
            "left_out: no caller was asked)",
        ),
        Column(
            name="copy_number",
            dtype=pl.String,
            meaning="empty: looked for by depth; else why not, as calling says",
        ),
        Column(
            name="mitochondrial",
            dtype=pl.String,
            meaning="empty: the mitochondrion was looked at; else why not, as calling says",
        ),
        Column(
            name="design",
            dtype=pl.String,
            allowed=("genome", "targets", ""),
            meaning="whether depth was read in the whole genome or in targets; empty: not at all",
        ),
        Column(
            name="smallest_length",
            dtype=pl.Int64,
            unit="bp",
            nullable=True,
            meaning="length from which on depth tells an event; missing: not told",
        ),
        Column(
            name="min_heteroplasmy",
            dtype=pl.Float64,
            nullable=True,
            meaning="share from which on a variant of the mitochondrion is looked for; missing: "
            "not looked at",
        ),
        Column(
            name="mitochondrial_share",
            dtype=pl.Float64,
            nullable=True,
            meaning="of the mitochondrion where absence of a variant can be said; missing: not "
            "looked at",
        ),
        Column(name="events", dtype=pl.Int64, meaning="all events, one found twice counted once"),
        Column(
            name="in_genes",
            dtype=pl.Int64,
            meaning="events only counted: in a gene, without a coding exon",
        ),
        Column(name="between_genes", dtype=pl.Int64, meaning="events only counted: in no gene"),
    ),
    key=("sample",),
)

MITOCHONDRIAL = Table(
    name="annotation.mitochondrial",
    meaning="one variant of the mitochondrion in one sample, with what is known of it",
    columns=(
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="position", dtype=pl.Int64, meaning="1-based"),
        Column(name="ref", dtype=pl.String, meaning="reference allele, left-aligned"),
        Column(name="alt", dtype=pl.String, meaning="alternate allele"),
        Column(name="heteroplasmy", dtype=pl.Float64, meaning="share of reads with the allele"),
        Column(name="depth", dtype=pl.Int64, unit="reads", meaning="reads there"),
        Column(name="alt_depth", dtype=pl.Int64, unit="reads", meaning="reads with the allele"),
        Column(name="quality", dtype=pl.Float64, meaning="phred, against sequencing error"),
        Column(name="filter", dtype=pl.String, meaning="PASS, or why it is doubted"),
        Column(name="hgvs_m", dtype=pl.String, meaning="HGVS"),
        Column(
            name="genes",
            dtype=pl.String,
            meaning="genes of the mitochondrion there, joined by ';'; empty: none",
        ),
        Column(
            name="consequence",
            dtype=pl.String,
            meaning="SO terms for each gene in their order, joined by ';'",
        ),
        Column(name="clinvar_id", dtype=pl.String, nullable=True, meaning="missing: not listed"),
        Column(
            name="clinvar_significance", dtype=pl.String, nullable=True, meaning="as ClinVar says"
        ),
        Column(name="clinvar_review", dtype=pl.String, nullable=True, meaning="as ClinVar says"),
        Column(name="clinvar_stars", dtype=pl.Int8, nullable=True, meaning="0 to 4"),
        Column(
            name="clinvar_conditions",
            dtype=pl.String,
            nullable=True,
            meaning="conditions joined by '|'",
        ),
        Column(
            name="clinvar_known",
            dtype=pl.Boolean,
            meaning="whether the release's ClinVar has records of the mitochondrion at all",
        ),
    ),
    key=("sample", "contig", "position", "ref", "alt"),
)

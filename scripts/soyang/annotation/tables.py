"""Files that annotation hands on."""

import polars as pl

from soyang.annotation.columns import KNOWN_COLUMNS
from soyang.core.tables import Column, Table

IMPACTS = ("HIGH", "MODERATE", "LOW", "MODIFIER")
MANE = ("select", "plus_clinical")
"""Sets of MANE transcripts, in the order in which a site's rows stand; others follow."""

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

SITE_COLUMNS = (
    Column(name="contig", dtype=pl.String, meaning="contig"),
    Column(name="position", dtype=pl.Int64, meaning="1-based position of ref's first base"),
    Column(name="ref", dtype=pl.String, meaning="reference allele, left-aligned"),
    Column(name="alt", dtype=pl.String, meaning="alternate allele"),
)
SITE = tuple(column.name for column in SITE_COLUMNS)

CONSEQUENCE_COLUMNS = (
    *SITE_COLUMNS,
    Column(name="gene", dtype=pl.String, nullable=True, meaning="HGNC symbol; missing: none"),
    Column(
        name="transcript",
        dtype=pl.String,
        nullable=True,
        meaning="RefSeq accession with version (MANE), or Ensembl's where the GFF has none; "
        "missing: no transcript here",
    ),
    Column(name="ensembl", dtype=pl.String, nullable=True, meaning="the same in Ensembl"),
    Column(
        name="mane",
        dtype=pl.String,
        nullable=True,
        allowed=MANE,
        meaning="set of MANE that the transcript is in; missing: in none, or no transcript",
    ),
    Column(
        name="consequence",
        dtype=pl.String,
        meaning="SO terms, worst first, joined by '&'; sequence_variant: touches the "
        "transcript, and the allele is not one whose effect can be told",
    ),
    Column(name="impact", dtype=pl.String, allowed=IMPACTS, meaning="of the worst term"),
)

HGVS_COLUMNS = (
    Column(
        name="hgvs_g",
        dtype=pl.String,
        meaning="HGVS on the chromosome (m. on the mitochondrion), 3'-shifted; '?' for an "
        "allele that is no sequence",
    ),
    Column(
        name="hgvs_c",
        dtype=pl.String,
        nullable=True,
        meaning="HGVS on the transcript (n. if it is not coding), 3'-shifted along it; missing: "
        "outside it",
    ),
    Column(
        name="hgvs_p",
        dtype=pl.String,
        nullable=True,
        meaning="predicted protein HGVS in parentheses on the Ensembl protein (the GFF names no "
        "RefSeq one), three-letter codes; p.? where it can't be predicted; missing: no coding "
        "change to predict",
    ),
)

NMD = (
    *("triggers", "escapes_single_exon", "escapes_last_exon", "escapes_last_junction"),
    *("escapes_start_proximal", "escapes_long_exon"),
)

FACT_COLUMNS = (
    Column(
        name="exon",
        dtype=pl.String,
        nullable=True,
        meaning="number/of all in transcript order, e.g. 10/23 or 3-4/10, of what HGVS c. names; "
        "missing: in no exon",
    ),
    Column(
        name="intron",
        dtype=pl.String,
        nullable=True,
        meaning="the same of introns; a change over a splice site has exon and intron",
    ),
    Column(
        name="last_exon",
        dtype=pl.Boolean,
        nullable=True,
        meaning="whether it reaches the transcript's last exon; missing: in no exon",
    ),
    Column(
        name="nmd",
        dtype=pl.String,
        nullable=True,
        allowed=NMD,
        meaning="whether nonsense-mediated decay is predicted of a premature stop codon, or the "
        "rule by which it escapes; missing: not assessed (no premature stop, or not known where)",
    ),
    Column(
        name="splice_distance",
        dtype=pl.Int32,
        nullable=True,
        unit="bases",
        meaning="to the nearest boundary of exon and intron, beside it 1: positive in an intron, "
        "negative in an exon, 0 over one; missing: no transcript, or one without intron",
    ),
    Column(
        name="protein_position",
        dtype=pl.Int32,
        nullable=True,
        meaning="residue, from 1, whose codon holds the first coding base that HGVS c. names; "
        "missing: none",
    ),
)

CONSEQUENCES = Table(
    name="annotation.consequences",
    meaning="one site and one transcript that it touches; one row without transcript where none",
    columns=(
        *CONSEQUENCE_COLUMNS,
        Column(
            name="strand",
            dtype=pl.String,
            nullable=True,
            allowed=("+", "-"),
            meaning="the transcript's strand; missing: no transcript here",
        ),
        Column(
            name="amino_acids",
            dtype=pl.String,
            nullable=True,
            meaning="amino-acid change as bcftools csq words it, e.g. 12R>12*; missing: none",
        ),
    ),
    key=(*SITE, "transcript"),
)

DESCRIBED = Table(
    name="annotation.described",
    meaning="the rows of annotation.consequences with their HGVS names and places",
    columns=(*CONSEQUENCE_COLUMNS, *HGVS_COLUMNS, *FACT_COLUMNS),
    key=(*SITE, "transcript"),
)

COHORT_COLUMNS = (
    Column(name="cohort_ac", dtype=pl.Int32, unit="alleles", meaning="alt alleles in the cohort"),
    Column(name="cohort_an", dtype=pl.Int32, unit="alleles", meaning="alleles callable here"),
    Column(name="cohort_nhomalt", dtype=pl.Int32, unit="people", meaning="homozygotes"),
)

ANNOTATED = Table(
    name="annotation.sites",
    meaning="one site and one transcript that it touches; one row without transcript where none",
    columns=(*DESCRIBED.columns, *KNOWN_COLUMNS, *COHORT_COLUMNS),
    key=(*SITE, "transcript"),
)
"""The file has further columns where a release brings some: one for each of its manifest's."""

AFFECTED = Table(
    name="annotation.affected",
    meaning="one value that another knowledge release changed, and one person who carries the "
    "allele",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        *SITE_COLUMNS,
        Column(
            name="gene",
            dtype=pl.String,
            nullable=True,
            meaning="HGNC symbols joined by ';'; missing: none",
        ),
        Column(name="column", dtype=pl.String, meaning="the column that changed"),
        Column(name="before", dtype=pl.String, nullable=True, meaning="its value; missing: none"),
        Column(name="after", dtype=pl.String, nullable=True, meaning="its value; missing: none"),
        Column(
            name="why",
            dtype=pl.String,
            meaning="the source, its version before and after: 'ClinVar 2025-08 -> 2025-09'",
        ),
    ),
    key=(*SITE, "person", "column"),
)

IDENTITIES = Table(
    name="annotation.identities",
    meaning="one site by the names under which others know it",
    columns=(
        Column(
            name="key",
            dtype=pl.UInt64,
            nullable=True,
            meaning="chromosome, position and alleles in 64 bits (core.variant_key), of this "
            "assembly; missing: not on chromosomes 1 to 22, X, Y, M, or alt is no sequence",
        ),
        Column(name="assembly", dtype=pl.String, meaning="GRCh37 or GRCh38"),
        *SITE_COLUMNS,
        Column(
            name="spdi",
            dtype=pl.String,
            nullable=True,
            meaning="canonical SPDI: accession, 0-based position, deleted, inserted; widened over "
            "all equal places; missing: alt is no sequence",
        ),
        Column(
            name="vrs",
            dtype=pl.String,
            nullable=True,
            meaning="GA4GH VRS 2.0 allele id on the digest of the reference's contig; missing: "
            "alt is no sequence",
        ),
    ),
    key=SITE,
)

PHASES = ("cis", "trans", "unknown")

HAPLOTYPES = Table(
    name="annotation.haplotypes",
    meaning="one person's neighbouring coding variants of one transcript, read together",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="contig", dtype=pl.String, meaning="contig"),
        Column(name="position", dtype=pl.Int64, meaning="1-based position of the first variant"),
        Column(name="gene", dtype=pl.String, meaning="HGNC symbol"),
        Column(
            name="transcript",
            dtype=pl.String,
            meaning="RefSeq accession with version (MANE), or Ensembl's where the GFF has none",
        ),
        Column(name="ensembl", dtype=pl.String, meaning="the same in Ensembl"),
        Column(
            name="mane",
            dtype=pl.String,
            nullable=True,
            allowed=MANE,
            meaning="set of MANE that the transcript is in; missing: in none",
        ),
        Column(
            name="sites",
            dtype=pl.String,
            meaning="the variants as contig:position:ref:alt (1-based) joined by '+', in the order "
            "of their codons",
        ),
        Column(name="genotypes", dtype=pl.String, meaning="VCF GT of each, joined by '+'"),
        Column(
            name="phase",
            dtype=pl.String,
            allowed=PHASES,
            meaning="cis: on one copy, by phased genotypes or because all but one are homozygous; "
            "trans: never on one copy; unknown: heterozygous and not phased with each other",
        ),
        Column(
            name="alone",
            dtype=pl.String,
            meaning="consequence of each by itself (SO terms, worst first, joined by '&'), joined "
            "by '+'",
        ),
        Column(
            name="consequence",
            dtype=pl.String,
            nullable=True,
            meaning="of all on one copy: SO terms, worst first, joined by '&'; where the phase is "
            "unknown it holds if they are on one copy; missing: they are not, or change the same "
            "bases",
        ),
        Column(
            name="impact",
            dtype=pl.String,
            nullable=True,
            allowed=IMPACTS,
            meaning="of the worst term of consequence; missing as it is",
        ),
        Column(
            name="amino_acids",
            dtype=pl.String,
            nullable=True,
            meaning="amino-acid change of all on one copy as bcftools csq words it; missing: none",
        ),
        Column(
            name="differs",
            dtype=pl.Boolean,
            nullable=True,
            meaning="whether the worst term of consequence is none of the worst terms of those "
            "alone; missing where consequence is",
        ),
    ),
    key=("sample", "transcript", "ensembl", "sites"),
)

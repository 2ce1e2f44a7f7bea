"""What findings say of structural, copy-number and mitochondrial variants."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from soyang.interpretation.clinvar import ClinVarRecord

EventClass = Literal["pathogenic", "likely_pathogenic", "uncertain", "likely_benign", "benign"]
EventReasonCode = Literal[
    "coding_content",  # n: protein-coding genes with an exon in it
    "no_coding_content",
    "hi_gene_whole",  # gene
    "hi_gene_five_prime",  # gene, span, of
    "hi_gene_five_prime_utr",  # gene
    "hi_gene_three_prime_utr",  # gene
    "hi_gene_last_exon",  # gene
    "hi_gene_three_prime",  # gene, span, of
    "hi_gene_internal_decay",  # gene, span, of
    "hi_gene_internal_large",  # gene, span, of
    "hi_gene_internal_small",  # gene, span, of
    "hi_gene_all_coding",  # gene
    "hi_gene_not_coding",  # gene
    "hi_region_whole",  # region
    "hi_region_part",  # region, share
    "benign_gene_within",  # gene
    "benign_region_within",  # region
    "benign_region_beyond",  # region
    "ts_gene_whole",  # gene
    "ts_gene_part",  # gene
    "ts_region_whole",  # region
    "ts_region_part",  # region, share
    "hi_gene_in_gain",  # gene
    "hi_gene_gain_inside",  # gene, span, of
    "hi_gene_gain_unclear",  # gene
    "hi_gene_breakpoint",  # gene
    "other_gene_breakpoint",  # genes
    "benign_gain_same_genes",  # region
    "benign_gain_within",  # region
    "benign_gain_breaks",  # region
    "benign_gain_larger",  # region
    "benign_gain_beyond",  # region
    "genes",  # n: protein-coding genes wholly or partly in it
    "de_novo_assumed",
    "inherited_unaffected",  # parent
    "inherited_established",  # parent
    "inherited_affected",  # parent
    "inheritance_unknown",
    "inheritance_no_question",
]
NotInterpreted = Literal[
    "insertion",
    "inversion",
    "breakend",
    "filtered",  # the callers themselves doubt it
    "no_dosage",  # no source on dosage sensitivity
]
Attention = Literal[
    "biallelic_loss",  # gene: no copy is left, which dosage rules do not cover
    "second_hit",  # gene, variant: the other copy may be changed too
]
NotScored = Literal["literature", "predictors", "population_frequency", "regions"]
Unseen = Literal[
    "no_reads",  # entered as variants
    "left_out",  # settings name no caller
    "no_panel",
    "panel_differs",
    "too_few_bins",
    "too_shallow",
    "too_noisy",
    "no_contig",
    "not_rcrs",
    "other",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EventEvidence(_Strict):
    """One line of the points."""

    code: str = Field(description="category of table 1 or 2 of Riggs et al. 2020, such as 2A")
    points: float
    reason: EventReasonCode
    values: dict[str, str | int | float | list[str]]


class EventGene(_Strict):
    """A gene that an event touches."""

    gene: str
    transcript: str
    extent: Literal["whole", "five_prime", "three_prime", "internal"]
    part: Literal["coding", "utr5", "utr3", "non_coding", "intron"]
    exons: str = Field(description="exons touched, such as 3-7, in transcript order; empty: none")
    of_exons: int
    haploinsufficiency: int | None = Field(description="ClinGen's score; null: not evaluated")
    triplosensitivity: int | None


class EventRegion(_Strict):
    """A region of ClinGen's that an event touches."""

    region: str
    name: str
    share: float = Field(description="of the region in the event")
    haploinsufficiency: int | None
    triplosensitivity: int | None


class EventDisease(_Strict):
    """A disease of a gene that decided the class."""

    gene: str
    id: str
    name: str
    inheritance: list[str]


class Note(_Strict):
    """Why an event needs a look whatever its points."""

    code: Attention
    gene: str
    variant: str = Field(description="of a second hit, else empty")


class FoundEvent(_Strict):
    """One structural or copy-number event of one person."""

    event: str
    kind: Literal["deletion", "duplication", "insertion", "inversion", "breakend"]
    contig: str
    first: int = Field(ge=1, description="1-based first base")
    last: int = Field(ge=1, description="1-based last base, included")
    length: int | None
    mate: str | None = Field(description="other end of a breakend, contig:position")
    hgvs_g: str | None
    genotype: str
    zygosity: Literal["heterozygous", "homozygous", "hemizygous", "unknown"]
    copies: int | None
    expected_copies: int
    support: int | None
    quality: float | None
    callers: list[str]
    filter: str
    by_breakpoints: bool
    by_depth: bool
    genes: list[EventGene]
    regions: list[EventRegion]
    cohort_carriers: int | None
    cohort_assessed: int
    father: Literal["carrier", "not_found", "unknown", "absent"]
    mother: Literal["carrier", "not_found", "unknown", "absent"]
    classification: EventClass | None = Field(description="null: not interpreted")
    not_interpreted: NotInterpreted | None
    points: float | None
    evidence: list[EventEvidence]
    notes: list[Note]
    traces: list[str] = Field(
        description="small variants called at its ends (HGVS): traces of it, not findings"
    )
    diseases: list[EventDisease]


class MitochondrialVariant(_Strict):
    """One variant of the mitochondrion."""

    hgvs_m: str
    contig: str
    position: int = Field(ge=1)
    ref: str
    alt: str
    genes: list[str]
    consequences: list[str] = Field(description="SO terms, one for each gene in their order")
    heteroplasmy: float = Field(ge=0, le=1)
    depth: int
    alt_depth: int
    filter: str
    clinvar: ClinVarRecord | None = Field(description="null: not listed, or no records")
    asserted: bool = Field(
        description="ClinVar says (likely) pathogenic with review criteria, and the call passed"
    )


class LookedFor(_Strict):
    """What was looked for, how finely, and why not what was not."""

    structural: Unseen | None = Field(description="null: looked for")
    copy_number: Unseen | None = Field(description="null: looked for")
    mitochondrial: Unseen | None = Field(description="null: looked for")
    targets_only: bool = Field(description="depth was read in targets only")
    smallest_length: int | None = Field(description="bases from which on depth tells an event")
    min_heteroplasmy: float | None
    mitochondrial_share: float | None = Field(description="of the mitochondrion well enough read")
    clinvar_mitochondrial: bool = Field(description="the source has records of the mitochondrion")


class EventsFound(_Strict):
    """Structural, copy-number and mitochondrial variants of one person."""

    looked_for: LookedFor
    question: bool = Field(
        description="false: the person is not affected, no diagnosis was sought, nothing is listed"
    )
    events: list[FoundEvent] = Field(
        description="by class, worst first; then those not interpreted"
    )
    events_seen: int = Field(description="all events of the person")
    counted_in_genes: int = Field(description="only counted: in a gene, without a coding exon")
    counted_between_genes: int = Field(description="only counted: in no gene")
    not_scored: list[NotScored] = Field(description="evidence that the points do not hold")
    mitochondrial: list[MitochondrialVariant]

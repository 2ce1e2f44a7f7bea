"""What the report says of structural, copy-number and mitochondrial variants."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from soyang.reports.codes import Classification, Coded, Strict

Kind = Literal["deletion", "duplication", "insertion", "inversion", "breakend"]
EventReasonCode = Literal[
    "coding_content",
    "no_coding_content",
    "hi_gene_whole",
    "hi_gene_five_prime",
    "hi_gene_five_prime_utr",
    "hi_gene_three_prime_utr",
    "hi_gene_last_exon",
    "hi_gene_three_prime",
    "hi_gene_internal_decay",
    "hi_gene_internal_large",
    "hi_gene_internal_small",
    "hi_gene_all_coding",
    "hi_gene_not_coding",
    "hi_region_whole",
    "hi_region_part",
    "benign_gene_within",
    "benign_region_within",
    "benign_region_beyond",
    "ts_gene_whole",
    "ts_gene_part",
    "ts_region_whole",
    "ts_region_part",
    "hi_gene_in_gain",
    "hi_gene_gain_inside",
    "hi_gene_gain_unclear",
    "hi_gene_breakpoint",
    "other_gene_breakpoint",
    "benign_gain_same_genes",
    "benign_gain_within",
    "benign_gain_breaks",
    "benign_gain_larger",
    "benign_gain_beyond",
    "genes",
    "de_novo_assumed",
    "inherited_unaffected",
    "inherited_established",
    "inherited_affected",
    "inheritance_unknown",
    "inheritance_no_question",
]
LookedForCode = Literal[
    "structural",  # looked for, by breakpoints
    "copy_number",  # looked for by depth
    "copy_number_from",  # size: the same, from this size on
    "mitochondrial",  # share: heteroplasmy from which on, read: share of it well enough read
    "not_structural",  # why
    "not_copy_number",  # why
    "not_mitochondrial",  # why
    "targets_only",
]
Why = Literal[
    "no_reads",
    "left_out",
    "no_panel",
    "panel_differs",
    "too_few_bins",
    "too_shallow",
    "too_noisy",
    "no_contig",
    "not_rcrs",
    "other",
]


class EventReason(Coded):
    """One line of the points."""

    code: EventReasonCode
    category: str = Field(description="of table 1 or 2 of Riggs et al. 2020, such as 2A")
    points: float


class LookedFor(Coded):
    """What was looked for, or was not and why."""

    code: LookedForCode


class EventNote(Coded):
    """Why an event needs a look whatever its points."""

    code: Literal["biallelic_loss", "second_hit"]


class EventGene(Strict):
    """A gene that an event touches."""

    gene: str
    transcript: str
    extent: Literal["whole", "five_prime", "three_prime", "internal"]
    part: Literal["coding", "utr5", "utr3", "non_coding", "intron"]
    exons: str = Field(description="such as 3-7, empty: none")
    of_exons: int
    haploinsufficiency: int | None
    triplosensitivity: int | None


class EventDisease(Strict):
    """A disease of a gene that decided the class."""

    gene: str
    id: str
    name: str
    inheritance: list[str] = Field(description="codes where known, else as the source words it")


class Event(Strict):
    """One structural or copy-number event."""

    event: str
    kind: Kind
    contig: str
    first: int = Field(ge=1, description="1-based, included")
    last: int = Field(ge=1, description="1-based, included")
    length: int | None
    mate: str | None
    hgvs_g: str | None
    zygosity: Literal["heterozygous", "homozygous", "hemizygous", "unknown"]
    copies: int | None
    expected_copies: int
    support: int | None
    callers: list[str]
    filter: str
    told_by: Literal["both", "breakpoints", "depth"]
    genes: list[EventGene]
    regions: list[str] = Field(description="regions that ClinGen curated")
    cohort_carriers: int | None
    cohort_assessed: int
    father: Literal["carrier", "not_found", "unknown", "absent"]
    mother: Literal["carrier", "not_found", "unknown", "absent"]
    classification: Classification | None = Field(description="null: not interpreted")
    not_interpreted: Literal[
        "insertion", "inversion", "breakend", "filtered", "no_dosage"
    ] | None  # fmt: skip
    points: float | None
    evidence: list[EventReason]
    notes: list[EventNote]
    traces: list[str] = Field(description="small variants at its ends that are traces of it")
    diseases: list[EventDisease]


class Mitochondrial(Strict):
    """One variant of the mitochondrion."""

    hgvs_m: str
    genes: list[str]
    consequence: list[str] = Field(description="SO terms, one for each gene")
    heteroplasmy: float
    depth: int
    alt_depth: int
    filter: str
    classification: Classification | None = Field(description="ClinVar's; null: not listed")
    variation_id: str | None
    significance: str | None
    stars: int | None
    conditions: list[str]


class Events(Strict):
    """All of them."""

    looked_for: list[LookedFor]
    question: bool = Field(description="false: no diagnosis was sought, and nothing is listed")
    shown: list[Event] = Field(description="(likely) pathogenic, or to be looked at; worst first")
    uncertain: list[Event] = Field(description="appendix: nothing to act on")
    not_interpreted: list[Event]
    harmless: int = Field(description="(likely) benign, not listed")
    counted: int = Field(description="without a coding exon: only counted")
    not_scored: list[Literal["literature", "predictors", "population_frequency", "regions"]]
    mitochondrial: list[Mitochondrial] = Field(description="(likely) pathogenic in ClinVar")
    mitochondrial_others: list[Mitochondrial] = Field(description="not interpreted")

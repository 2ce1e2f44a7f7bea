"""The file that interpretation hands on: ``findings.json``, one per person.

``workflow/schemas/findings.schema.json`` is made from :class:`Findings`; whoever reads the
file validates against that schema. Wording is not decided here: reasons are codes with
values, and reports put them into each language.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from soyang.interpretation.clinvar import ClinVarRecord
from soyang.interpretation.cnv_tables import EventsFound

FINDINGS_VERSION = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Frequency(_Strict):
    """Counts of the variant in one source."""

    source: str
    state: Literal["found", "not_found", "not_assessed"] = Field(
        description="not_found: nobody in the source carries it; not_assessed: no source, or the "
        "source says nothing here"
    )
    ac: int | None = None
    an: int | None = None
    nhomalt: int | None = None


ParentState = Literal["carrier", "homozygous", "reference", "not_callable", "unknown", "absent"]
"""A parent at a site. not_callable: reads too few; unknown: plain VCF, absence says nothing;
absent: no such parent in the analysis."""


class FoundVariant(_Strict):
    """One variant of one person."""

    contig: str
    position: int = Field(ge=1, description="1-based")
    ref: str
    alt: str
    gene: str
    transcript: str
    ensembl: str | None
    consequence: str = Field(description="SO terms joined by '&'")
    impact: Literal["HIGH", "MODERATE", "LOW", "MODIFIER"]
    hgvs_g: str
    hgvs_c: str | None
    hgvs_p: str | None
    rsid: str | None
    genotype: str = Field(description="VCF GT")
    zygosity: Literal["heterozygous", "homozygous", "hemizygous"]
    depth: int | None
    alt_depth: int | None
    clinvar: ClinVarRecord | None = Field(description="null: not in ClinVar or no ClinVar source")
    frequencies: list[Frequency]
    father: ParentState
    mother: ParentState


class Disease(_Strict):
    """A disease of the gene."""

    id: str
    name: str
    inheritance: list[str]


class MatchedTerm(_Strict):
    """A person's phenotype and the disease term nearest to it."""

    hpo_id: str
    hpo_name: str
    disease_hpo_id: str
    disease_hpo_name: str
    information: float = Field(description="information content of their nearest common ancestor")


ReasonCode = Literal[
    "clinvar_pathogenic",  # significance, stars
    "clinvar_likely_pathogenic",
    "clinvar_conflicting",
    "clinvar_uncertain",
    "clinvar_benign",
    "loss_of_function",  # consequence
    "protein_altering",
    "de_novo",
    "de_novo_unconfirmed",  # a parent is not callable or missing
    "inherited_from_unaffected",  # parent
    "in_trans",
    "in_cis",
    "phase_unknown",
    "homozygous",
    "hemizygous",
    "phenotype_match",  # n_matched, n_terms, score
    "phenotype_poor",
    "phenotype_not_assessed",  # no record, or none that maps
    "rare",  # frequency
    "frequency_not_assessed",
    "low_depth",  # depth
    "allele_balance",  # share
    "filtered",  # filter
    "single_hit_recessive",
    "segregates",  # n: parents whose genotypes and affection fit the model
    "does_not_segregate",  # n: parents whose genotypes or affection do not
    "splice_region",  # consequence
    "common",  # frequency: above the limit, kept because ClinVar says (likely) pathogenic
    "inheritance_mismatch",  # inheritance: of the gene's diseases, none fits the model
    "no_known_disease",  # HPO knows no disease of the gene
    "phenotype_excluded",  # n: terms of the disease that the record says are absent
]


class Reason(_Strict):
    """A reason for or against a candidate: a code and the values that its sentence needs."""

    code: ReasonCode
    values: dict[str, str | int | float] = Field(default_factory=dict)


class Candidate(_Strict):
    """One explanation: variants of one gene under one inheritance model."""

    rank: int = Field(ge=1)
    tier: Literal["likely", "possible", "weak"] = Field(
        description="likely: shown as the result; possible: listed; weak: appendix only"
    )
    gene: str
    model: Literal[
        "dominant", "de_novo", "homozygous", "compound_heterozygous", "x_linked", "single_hit"
    ]
    phase: Literal["trans", "cis", "unknown", "not_applicable"]
    score: float = Field(description="the order's score, 0 to 1")
    phenotype_score: float | None = Field(description="0 to 1; null: no phenotype to compare")
    variants: list[FoundVariant] = Field(min_length=1)
    diseases: list[Disease] = Field(
        description="those that fit the model first, then by phenotype; matched is of the first"
    )
    matched: list[MatchedTerm]
    reasons_for: list[Reason]
    reasons_against: list[Reason]


class Carrier(_Strict):
    """A heterozygous ClinVar (likely) pathogenic variant in a recessive gene."""

    variant: FoundVariant
    diseases: list[Disease]


class Phenotype(_Strict):
    """A phenotype with its source."""

    hpo_id: str
    hpo_name: str
    status: Literal["observed", "excluded"]
    source_code: str
    source_vocabulary: str
    concept_id: int
    match: Literal["exact", "ancestor", "code4", "code3", "laboratory", "given"]
    hospital: str
    first_date: str
    last_date: str


class NotAssessedRegion(_Strict):
    """Coding bases of one exon in which absence of a variant can't be said."""

    gene: str
    transcript: str
    exon: int
    bases: int = Field(description="coding bases not callable")
    of_bases: int = Field(description="coding bases of the exon")
    hgvs_region: str = Field(description="contig:start-end, 1-based inclusive, of the coding part")


class Coverage(_Strict):
    """Which of the assessed genes' coding bases were callable."""

    known: bool = Field(description="false: a plain VCF, absence of a variant says nothing")
    genes: int
    coding_bases: int
    callable_bases: int
    not_callable: list[NotAssessedRegion]


class SourceUsed(_Strict):
    """A knowledge source or tool that a statement rests on."""

    name: str
    release: str
    licence: str
    note: str


class Findings(_Strict):
    """Everything that reports may say of one person."""

    version: Literal[1] = 1
    person: str
    sample: str
    hospital: str
    family: str
    sex: Literal["male", "female", "unknown"]
    affected: Literal["yes", "no", "unknown"]
    assembly: str
    assay: str
    entry: str
    consent: list[str]
    identity_confirmed: bool = Field(
        description="by a relative or another sample of the person; false: nothing did"
    )
    record: Literal["found", "not_found", "no_platform"]
    phenotypes: list[Phenotype]
    unmapped_records: int
    result: Literal["candidate", "possible", "nothing_found", "no_question"] = Field(
        description="candidate: a likely explanation; possible: only possible ones; nothing_found: "
        "affected, none; no_question: not affected, no diagnosis sought"
    )
    candidates: list[Candidate] = Field(description="ranked, best first")
    carriers: list[Carrier] | None = Field(description="null: no consent to secondary findings")
    events: EventsFound | None = Field(
        description="structural, copy-number and mitochondrial variants; null: nobody looked"
    )
    genes_assessed: list[str]
    coverage: Coverage
    not_assessed: list[
        Literal[
            "copy_number",
            "structural",
            "mitochondrial",
            "repeat_expansion",
            "pharmacogenomics",
            "mosaic",
            "absence_unknown",
            "outside_genes",
            "no_clinvar",
            "no_population_frequency",
            "no_parents",
            "sex_chromosomes",
        ]
    ]
    sources: list[SourceUsed]

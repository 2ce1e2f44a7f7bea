"""The vocabulary of ``report.json``: codes that its sentences are made from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Value = str | int | float | list[str]


class Strict(BaseModel):
    """A part of the report that can't be changed and holds nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Coded(Strict):
    """A statement: its code, and the values that its sentence needs."""

    code: str
    values: dict[str, Value] = Field(default_factory=dict)


ResultCode = Literal[
    "candidate",  # genes
    "candidate_condition",  # gene, condition: one gene, and the record fits one of its diseases
    "possible",  # genes
    "inconclusive",  # nothing but uncertain variants
    "nothing_found",
    "cannot_say",  # nothing among the variants handed in, and absence is unknown
    "event",  # kind, genes, classification: a (likely) pathogenic event
    "event_region",  # kind, size, classification: the same, without a gene that decides
    "event_possible",  # kind, genes: dosage rules do not cover it
    "mitochondrial",  # genes, classification
    "no_question",
    "no_question_unknown",  # whether the person is affected is not recorded
]
MeaningCode = Literal[
    "likely_not_proven",  # genes
    "likely_if_fits",
    "possible_not_established",  # genes
    "model_dominant",  # gene
    "model_de_novo",  # gene
    "model_homozygous",  # gene
    "model_compound_trans",  # gene
    "model_compound_unknown",  # gene
    "model_compound_cis",  # gene
    "model_x_linked",  # gene
    "model_single_hit",  # gene
    "clinvar_supports",  # gene, n, classification
    "conditions",  # gene, conditions
    "conditions_among",  # gene, conditions: the first few of them
    "phenotype_fits",  # n_matched, n_terms
    "phenotype_fits_poorly",  # gene
    "phenotype_not_compared",
    "further_explanations",  # n
    "event_what",  # kind, size, zygosity, genes
    "event_what_many",  # kind, size, zygosity, genes, further
    "event_what_alone",  # kind, size, zygosity: no gene
    "event_class",  # classification, points
    "event_both",  # breakpoints and depth agree
    "event_breakpoints",  # only
    "event_depth",  # only
    "event_biallelic",  # gene
    "event_second_hit",  # gene, variant
    "event_if_fits",
    "mitochondrial_what",  # variant, genes, share, classification
    "mitochondrial_tissue",
    "does_not_rule_out",
    "incomplete_genes",  # genes
    "absence_unknown",
    "no_diagnosis_sought",
    "variant_without_question",  # genes
    "carrier_finding",  # genes
]
GeneActionCode = Literal[
    "riboflavin",
    "alagille_evaluation",
    "vasopressin_deficiency",
    "hereditary_breast_ovarian_cancer",
    "mckusick_kaufman_surveillance",
]
ActionCode = Literal[
    "confirm_identity",
    "confirm_orthogonal",  # genes
    "confirm_event",  # kind
    "confirm_mitochondrial",
    "test_parents_event",  # kind
    "refer_genetics",
    "test_parents_phase",  # gene
    "test_parents_origin",  # gene
    "counsel_recurrence",  # gene
    "counsel_relatives",  # gene
    "compare_phenotype",
    "complete_coverage",  # genes
    "obtain_reads",
    "consider_other_tests",
    "reanalyse_later",
    "carrier_counselling",  # genes
    "no_action",
]
GapCode = Literal[
    "absence_unknown",
    "exons_not_callable",  # gene, exons, bases, of_bases
    "genes_not_callable",  # n, genes, bases
    "identity_not_confirmed",
    "record_not_found",
    "no_platform",
    "no_parents",
    "no_clinvar",
    "no_population_frequency",
    "outside_genes",  # n
    "events_targets_only",
    "no_dosage",
    "no_clinvar_mitochondrial",
    "copy_number",
    "structural",
    "mitochondrial",
    "repeat_expansion",
    "mosaic",
    "sex_chromosomes",
    "pharmacogenomics",
]
ReasonCode = Literal[
    "clinvar_pathogenic",
    "clinvar_likely_pathogenic",
    "clinvar_conflicting",
    "clinvar_uncertain",
    "clinvar_benign",
    "loss_of_function",
    "protein_altering",
    "de_novo",
    "de_novo_unconfirmed",
    "inherited_from_unaffected",
    "in_trans",
    "in_cis",
    "phase_unknown",
    "homozygous",
    "hemizygous",
    "phenotype_match",
    "phenotype_poor",
    "phenotype_not_assessed",
    "rare",
    "frequency_not_assessed",
    "low_depth",
    "allele_balance",
    "filtered",
    "single_hit_recessive",
    "segregates",
    "does_not_segregate",
    "splice_region",
    "common",
    "inheritance_mismatch",
    "no_known_disease",
    "phenotype_excluded",
]
Classification = Literal[
    "pathogenic",
    "likely_pathogenic",
    "conflicting",
    "uncertain",
    "likely_benign",
    "benign",
    "other",
]
ParentState = Literal["carrier", "homozygous", "reference", "not_callable", "unknown", "absent"]

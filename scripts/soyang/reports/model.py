"""The canonical report: what ``report.json`` says of one person, in codes and values.

Decisions are made once, when the report is built; pages in any language only put the codes
into sentences. ``workflow/schemas/report.schema.json`` is made from :class:`Report`.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field

from soyang.reports.codes import (
    ActionCode,
    Classification,
    Coded,
    GapCode,
    GeneActionCode,
    MeaningCode,
    ParentState,
    ReasonCode,
    ResultCode,
    Strict,
)
from soyang.reports.event_model import Events
from soyang.reports.tables import REPORT_VERSION

Language = Literal["en", "ko", "ja"]


class Result(Coded):
    """The result in one sentence."""

    code: ResultCode


class Meaning(Coded):
    """What the result means."""

    code: MeaningCode


class Citation(Strict):
    """Where a statement comes from."""

    title: str
    accession: str
    revision: str = Field(description="date of the cited version, empty where it is not known")


class Action(Coded):
    """Something to do next."""

    code: ActionCode | GeneActionCode
    timing: Literal["now", "when_confirmed"] = Field(
        description="when_confirmed: only once the variant is confirmed"
    )
    citation: Citation | None = Field(description="null: general practice of this report")


class Gap(Coded):
    """Something that was not assessed."""

    code: GapCode
    kind: Literal["person", "method"] = Field(
        description="person: true of this person's data; method: the test never looks at it"
    )


class Reason(Coded):
    """A reason for or against an explanation."""

    code: ReasonCode


class ClinVar(Strict):
    """ClinVar on a variant."""

    state: Literal["listed", "not_listed", "not_assessed"]
    variation_id: str | None
    classification: Classification | None
    significance: str | None = Field(description="as ClinVar words it")
    review: str | None
    stars: int | None
    conditions: list[str]
    release: str | None


class Frequency(Strict):
    """Counts of the variant in one source."""

    source: str
    state: Literal["found", "not_found", "not_assessed"]
    ac: int | None
    an: int | None
    nhomalt: int | None


class Variant(Strict):
    """One variant."""

    contig: str
    position: int = Field(ge=1, description="1-based")
    ref: str
    alt: str
    gene: str
    transcript: str
    ensembl: str | None
    consequence: list[str] = Field(description="SO terms, worst first")
    impact: Literal["HIGH", "MODERATE", "LOW", "MODIFIER"]
    hgvs_g: str
    hgvs_c: str | None
    hgvs_p: str | None
    rsid: str | None
    genotype: str = Field(description="VCF GT")
    zygosity: Literal["heterozygous", "homozygous", "hemizygous"]
    depth: int | None
    alt_depth: int | None
    clinvar: ClinVar
    frequencies: list[Frequency]
    father: ParentState
    mother: ParentState


class Disease(Strict):
    """A disease of a gene."""

    id: str
    name: str
    inheritance: list[str] = Field(description="codes where known, else as the source words it")


class MatchedTerm(Strict):
    """A person's phenotype and the disease term nearest to it."""

    hpo_id: str
    hpo_name: str
    disease_hpo_id: str
    disease_hpo_name: str
    information: float


class Explanation(Strict):
    """Variants of one gene under one inheritance model."""

    rank: int
    tier: Literal["likely", "possible", "weak"]
    gene: str
    model: Literal[
        "dominant", "de_novo", "homozygous", "compound_heterozygous", "x_linked", "single_hit"
    ]
    phase: Literal["trans", "cis", "unknown", "not_applicable"]
    score: float
    phenotype_score: float | None
    variants: list[Variant] = Field(min_length=1)
    diseases: list[Disease]
    matched: list[MatchedTerm]
    reasons_for: list[Reason]
    reasons_against: list[Reason]


class Carrier(Strict):
    """A carrier finding; it does not explain a disease of the person."""

    variant: Variant
    diseases: list[Disease]


class Phenotype(Strict):
    """A phenotype, with the record that it came from."""

    hpo_id: str
    hpo_name: str
    status: Literal["observed", "excluded"]
    source_code: str
    source_vocabulary: str
    concept_id: int
    match: Literal["exact", "ancestor", "code4", "code3", "laboratory", "given"]
    hospital: str = Field(description="where it was recorded, empty where not known")
    first_date: str = Field(description="empty where no day was recorded")
    last_date: str


class Region(Strict):
    """Coding bases of one exon in which absence of a variant can't be said."""

    gene: str
    transcript: str
    exon: int
    bases: int
    of_bases: int
    hgvs_region: str = Field(description="contig:start-end, 1-based inclusive")


class Coverage(Strict):
    """Which of the assessed genes' coding bases were callable."""

    known: bool
    genes: int
    coding_bases: int
    callable_bases: int
    not_callable: list[Region]


class Source(Strict):
    """A knowledge source or tool that a statement rests on."""

    name: str
    release: str
    licence: str
    note: str


class Subject(Strict):
    """Who and what was analysed, by pseudonym."""

    person: str
    sample: str
    hospital: str
    family: str
    sex: Literal["male", "female", "unknown"]
    affected: Literal["yes", "no", "unknown"]
    assay: str
    entry: str
    assembly: str
    identity_confirmed: bool
    record: Literal["found", "not_found", "no_platform"]


class Summary(Strict):
    """The first page."""

    result: Result
    meaning: list[Meaning]
    actions: list[Action] = Field(description="in the order in which to consider them")
    gaps: list[Gap]


class Report(Strict):
    """One person's report."""

    version: Literal[1] = REPORT_VERSION
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    languages: list[Language] = Field(min_length=1)
    title_note: dict[Language, str] = Field(description="line above the page, by language")
    subject: Subject
    summary: Summary
    explanations: list[Explanation] = Field(description="likely and possible, best first")
    carriers: list[Carrier] | None = Field(
        default=None,
        exclude_if=lambda carriers: carriers is None,
        description="absent: not part of this report",
    )
    events: Events | None = Field(
        description="structural, copy-number and mitochondrial variants; null: nobody looked"
    )
    phenotypes: list[Phenotype]
    unmapped_records: int
    genes_assessed: list[str]
    coverage: Coverage
    uncertain: list[Explanation] = Field(description="appendix: nothing to act on")
    sources: list[Source]


def to_json(report: Report) -> str:
    """The canonical JSON: keys in the model's order, two spaces, real characters, a line end."""
    return json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"


def json_schema() -> dict[str, Any]:
    """JSON Schema of ``report.json``."""
    schema = Report.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def json_schema_text() -> str:
    """The content of ``workflow/schemas/report.schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"

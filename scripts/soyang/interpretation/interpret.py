"""Interpret one person: ranked explanations, carriers, and what could not be assessed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from soyang.core.assembly import Assembly, bare
from soyang.core.files import write_text
from soyang.core.people import Consent
from soyang.interpretation import load
from soyang.interpretation.candidates import read_calls
from soyang.interpretation.cnv_events import (
    Given,
    events_found,
    noteworthy,
    read_given,
    telling,
)
from soyang.interpretation.cnv_tables import EventsFound
from soyang.interpretation.coverage import coverage
from soyang.interpretation.evidence import Call, Limits
from soyang.interpretation.models import explain
from soyang.interpretation.phenotype import Ontology, Record
from soyang.interpretation.ranking import Judged, KnownDisease, carriers, inheritance, judge, rank
from soyang.interpretation.tables import Candidate, Coverage, Findings, Phenotype
from soyang.interpretation.traces import apart

NEVER_ASSESSED = ("repeat_expansion", "pharmacogenomics", "mosaic")
"""What this way of calling and interpreting does not look at, for anybody."""
BY_EVENTS = ("copy_number", "structural", "mitochondrial")
"""What calling looks at where there are reads; who has none was not looked at."""


def interpret(
    *,
    person: str,
    admitted: Path,
    verdicts: Path,
    samples: Path,
    genotypes: Path,
    callable: Path,
    annotated: Path,
    exons: Path,
    persons: Path,
    person_mapping: Path,
    profile: Path,
    terms: Path,
    diseases: Path,
    sources: Path,
    assembly: Assembly,
    findings: Path,
    events: Path | None = None,
    mitochondrial_sites: Path | None = None,
    events_assessed: Path | None = None,
    scope: list[Consent] | None = None,
    max_frequency_dominant: float = 0.0001,
    max_frequency_recessive: float = 0.01,
    min_genotype_depth: int = 8,
    min_allele_balance: float = 0.2,
) -> None:
    """Write everything that reports may say of one person.

    Args:
        person: the person's pseudonym.
        admitted: who was admitted (ADMITTED).
        verdicts: who passed the identity gate (VERDICTS).
        samples: samples of the cohort (SAMPLES).
        genotypes: their genotypes (GENOTYPES).
        callable: their callable regions (CALLABLE).
        annotated: annotated sites (ANNOTATED).
        exons: coding exons (TRANSCRIPTS).
        persons: what the platform holds of each person (PERSONS).
        person_mapping: how much of each person's records led to a phenotype (PERSON_MAPPING).
        profile: their phenotypes (PROFILE).
        terms: HPO terms (TERMS).
        diseases: genes and their diseases (DISEASES).
        sources: knowledge sources and tools, a JSON list.
        assembly: assembly of all coordinates.
        findings: where the findings go (JSON).
        events: annotated structural and copy-number events (EVENTS of annotation).
        mitochondrial_sites: annotated variants of the mitochondrion (MITOCHONDRIAL).
        events_assessed: what was looked for in each sample (EVENTS_ASSESSED).
        scope: what the person consented to; of what is not named nothing is computed.
        max_frequency_dominant: population frequency, at most, for a dominant candidate.
        max_frequency_recessive: population frequency, at most, for a recessive candidate.
        min_genotype_depth: fewest reads for a genotype to count.
        min_allele_balance: share of reads with the variant, at least, in a heterozygote.

    Raises:
        FaultError: the person has no sample that passed, a table is missing, or admission did
            not permit a scope.
    """
    limits = Limits(
        max_frequency_dominant=max_frequency_dominant,
        max_frequency_recessive=max_frequency_recessive,
        min_genotype_depth=min_genotype_depth,
        min_allele_balance=min_allele_balance,
    )
    who = load.read_person(person, admitted=admitted, verdicts=verdicts, samples=samples)
    consent = load.permitted(who, scope or (), admitted)
    cited = load.read_sources(sources, annotated)
    held, phenotypes = load.read_record(
        person, persons=persons, person_mapping=person_mapping, profile=profile
    )
    calls = read_calls(
        who,
        genotypes=genotypes,
        callable_regions=callable,
        annotated=annotated,
        sources=cited,
        limits=limits,
        assembly=assembly,
    )
    given = _given(who, events=events, sites=mitochondrial_sites, assessed=events_assessed)
    calls, traces = apart(calls, given.own if given else [])
    ontology, gene_diseases = load.read_knowledge(
        terms,
        diseases,
        genes={call.found.gene for call in calls} | (given.genes() if given else set()),
        observed=phenotypes["hpo_id"].to_list(),
    )
    judged = _judged(
        who,
        calls,
        gene_diseases,
        ontology=ontology,
        record=_record(ontology, phenotypes),
        limits=limits,
        assembly=assembly,
    )
    secondary = Consent.SECONDARY_FINDINGS in consent
    ranked = rank(asked(judged, who.row["affected"]), secondary=secondary)
    seen = (
        events_found(who, given, calls=calls, traces=traces, diseases=gene_diseases)
        if given
        else None
    )
    coding = (
        load.scan(exons).join(load.scan(diseases).select("gene"), on="gene", how="semi").collect()
    )
    result = Findings(
        person=person,
        **_told_of(who),
        consent=consent,
        assembly=assembly.value,
        record=held["record"],
        phenotypes=[Phenotype(**_as_told(row)) for row in phenotypes.iter_rows(named=True)],
        unmapped_records=int(held["unmapped"]),
        result=result_of(who.row["affected"], ranked, seen),
        candidates=ranked,
        carriers=carriers(calls, gene_diseases, ranked) if secondary else None,
        events=seen,
        genes_assessed=coding["gene"].unique().sort().to_list(),
        coverage=_coverage(who, coding, callable),
        not_assessed=not_assessed(who, cited, load.scan(exons), seen),
        sources=cited.told,
    )
    write_text(findings, result.model_dump_json(indent=1) + "\n")


def _given(
    who: load.Person, *, events: Path | None, sites: Path | None, assessed: Path | None
) -> Given | None:
    """What annotation says of events; None: a run that does not look for any."""
    if events is None or sites is None or assessed is None:
        return None
    return read_given(who, events=events, sites=sites, assessed=assessed)


def _judged(
    who: load.Person,
    calls: Sequence[Call],
    gene_diseases: dict[str, list[KnownDisease]],
    *,
    ontology: Ontology,
    record: Record,
    limits: Limits,
    assembly: Assembly,
) -> list[Judged]:
    """Every explanation of every gene, weighed; genes in order of names."""
    return [
        judge(explanation, gene_diseases.get(gene, []), ontology, record, limits)
        for gene, own in by_gene(calls).items()
        for explanation in explain(
            gene,
            own,
            inheritance(gene_diseases.get(gene, [])),
            parents=who.parents,
            limits=limits,
            assembly=assembly,
        )
    ]


def _record(ontology: Ontology, phenotypes: pl.DataFrame) -> Record:
    return Record.build(
        ontology,
        observed=phenotypes.filter(pl.col("status") == "observed")["hpo_id"],
        excluded=phenotypes.filter(pl.col("status") == "excluded")["hpo_id"],
    )


def by_gene(calls: Sequence[Call]) -> dict[str, list[Call]]:
    """Calls of each gene, genes sorted."""
    found: dict[str, list[Call]] = {}
    for call in sorted(calls, key=lambda call: call.found.gene):
        found.setdefault(call.found.gene, []).append(call)
    return found


def asked(judged: Sequence[Judged], affected: str) -> list[Judged]:
    """Candidates that answer the question which the person's affection puts.

    Affected: all. Unknown: only what ClinVar supports under a model that explains disease,
    because that is worth telling whether or not somebody is ill yet. Not affected: none.
    """
    if affected == "yes":
        return list(judged)
    if affected == "no":
        return []
    return [item for item in judged if item.supported and item.candidate.tier != "weak"]


def result_of(
    affected: str, ranked: Sequence[Candidate], seen: EventsFound | None = None
) -> Literal["candidate", "possible", "nothing_found", "no_question"]:
    """The result in one word, from affection, the tiers of what was found, and events.

    A (likely) pathogenic event explains as a likely candidate does; what dosage rules do not
    cover and mitochondrial variants that ClinVar asserts are possible explanations.
    """
    tiers: set[str] = {candidate.tier for candidate in ranked}
    if seen and telling(seen):
        tiers.add("likely")
    if seen and noteworthy(seen):
        tiers.add("possible")
    if affected == "no":
        return "no_question"
    if "likely" in tiers:
        return "candidate"
    if "possible" in tiers:
        return "possible"
    return "nothing_found" if affected == "yes" else "no_question"


def not_assessed(
    who: load.Person, known: load.Sources, exons: pl.LazyFrame, seen: EventsFound | None = None
) -> list[str]:
    """What was not looked at: by this pipeline, for want of a source, or of this sample."""
    contigs = exons.select(pl.col("contig").unique()).collect()["contig"]
    looked = seen.looked_for.model_dump() if seen else {}
    unseen = [code for code in BY_EVENTS if not seen or looked[code] is not None]
    said = [*unseen, *NEVER_ASSESSED, "outside_genes"]
    for code, lacking in (
        ("absence_unknown", not who.callable_known),
        ("no_clinvar", not known.clinvar),
        ("no_population_frequency", known.frequencies is None),
        ("no_parents", who.father is None and who.mother is None),
        ("sex_chromosomes", not {bare(contig) for contig in contigs} & {"X", "Y"}),
    ):
        if lacking:
            said.append(code)
    return said


def _coverage(who: load.Person, coding: pl.DataFrame, regions: Path) -> Coverage:
    own = (
        load.scan(regions)
        .filter(pl.col("sample") == who.sample)
        .select("contig", "start", "end")
        .collect()
    )
    return coverage(coding, own, known=who.callable_known)


def _told_of(who: load.Person) -> dict[str, Any]:
    names = ("sample", "hospital", "family", "sex", "affected", "assay", "entry")
    told = {name: who.row[name] for name in names}
    return told | {"identity_confirmed": who.identity_confirmed}


def _as_told(row: dict[str, Any]) -> dict[str, Any]:
    """A row of PROFILE with texts as findings have them; a day that is not recorded is empty."""
    days = {name: row[name] or "" for name in ("first_date", "last_date")}
    return row | {"concept_id": int(row["concept_id"])} | days

"""One person's structural and copy-number events and mitochondrial variants, interpreted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import polars as pl

from soyang.core.assembly import contig_order
from soyang.core.errors import Fault, FaultError
from soyang.interpretation.cnv import (
    ESTABLISHED,
    RECESSIVE,
    Change,
    Parent,
    ParentSeen,
    classify,
    evidence,
    span,
    total,
)
from soyang.interpretation.cnv_tables import (
    EventClass,
    EventDisease,
    EventEvidence,
    EventGene,
    EventRegion,
    EventsFound,
    FoundEvent,
    LookedFor,
    Note,
    NotInterpreted,
    Unseen,
)
from soyang.interpretation.evidence import Call
from soyang.interpretation.load import Person, Relative, scan
from soyang.interpretation.mitochondrial import told
from soyang.interpretation.ranking import KnownDisease

SAME = 0.5
"""Share of each other from which on an event of a parent is the person's, as annotation has it."""
NEAR = 100
"""Bases within which a parent's insertion, inversion or breakend is taken to be the person's."""
MEASURED = ("deletion", "duplication")
TELLING: tuple[EventClass, ...] = ("pathogenic", "likely_pathogenic")
"""Classes that answer a question; also told where it is not known whether somebody is ill."""
_ORDER = {word: n for n, word in enumerate(get_args(EventClass))}

Diseases = Mapping[str, Sequence[KnownDisease]]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What annotation says of a person's and the parents' events.

    Attributes:
        own: rows of the person's events.
        parents: father's and mother's rows, by role; of those in the analysis.
        assessed: what was looked for, by sample.
        sites: the person's mitochondrial variants.
    """

    own: list[dict[str, Any]]
    parents: Mapping[str, list[dict[str, Any]]]
    assessed: Mapping[str, Mapping[str, Any]]
    sites: list[dict[str, Any]]

    def genes(self) -> set[str]:
        """Genes whose diseases matter: with coding bases in an event, or of known dosage."""
        return {
            gene["gene"]
            for event in self.own
            if event["kind"] in MEASURED
            for gene in event["genes"]
            if gene["coding_bases"] or ESTABLISHED in _scores(gene)
        }


def read_given(who: Person, *, events: Path, sites: Path, assessed: Path) -> Given:
    """What there is of a person and the parents.

    Args:
        who: the person.
        events: annotated events (EVENTS of annotation).
        sites: annotated mitochondrial variants.
        assessed: what was looked for in each sample.

    Raises:
        FaultError: a file is missing, or says nothing of the person's sample.
    """
    relatives = {"father": who.father, "mother": who.mother}
    names = {role: one.sample for role, one in relatives.items() if one}
    wanted = [who.sample, *names.values()]
    looked = scan(assessed).filter(pl.col("sample").is_in(wanted)).collect()
    by_sample = {row["sample"]: row for row in looked.iter_rows(named=True)}
    if who.sample not in by_sample:
        raise FaultError(_absent(assessed, who.sample))
    rows = scan(events).filter(pl.col("sample").is_in(wanted)).collect()
    of = {name: part.to_dicts() for (name,), part in rows.group_by("sample", maintain_order=True)}
    own = scan(sites).filter(pl.col("sample") == who.sample).collect()
    return Given(
        own=of.get(who.sample, []),
        parents={role: of.get(sample, []) for role, sample in names.items()},
        assessed=by_sample,
        sites=own.to_dicts(),
    )


def _absent(path: Path, sample: str) -> Fault:
    return Fault(
        code="sample-missing",
        file=path.name,
        row=f"sample {sample}",
        found="no row",
        allowed="one row for each sample of the cohort",
        next_step="run `soyang annotation events` for this cohort",
        sample=sample,
    )


def events_found(
    who: Person,
    given: Given,
    *,
    calls: Sequence[Call],
    traces: Mapping[str, list[str]],
    diseases: Diseases,
) -> EventsFound:
    """The events part of a person's findings.

    Nothing is listed of somebody who is not affected: that would be a finding beside the
    question, which events are not searched for. Of somebody of whom this is not known, only what
    is (likely) pathogenic is told.

    Args:
        who: the person.
        given: what annotation says.
        calls: the person's candidate variants, for a second hit in the same gene.
        traces: event to the small variants at its ends that are none of these.
        diseases: diseases by gene.
    """
    affected = who.row["affected"]
    status = given.assessed[who.sample]
    events = [
        _event(row, who, given, calls, diseases, traces.get(row["event"], [])) for row in given.own
    ]
    variants = [told(row) for row in given.sites]
    if affected != "yes":
        known = affected == "unknown"
        events = [event for event in events if known and event.classification in TELLING]
        variants = [variant for variant in variants if known and variant.asserted]
    return EventsFound(
        looked_for=_looked_for(status, given),
        question=affected != "no",
        events=sorted(events, key=_rank),
        events_seen=status["events"],
        counted_in_genes=status["in_genes"],
        counted_between_genes=status["between_genes"],
        not_scored=["literature", "predictors", "population_frequency", *_lacking(given)],
        mitochondrial=sorted(variants, key=lambda v: (not v.asserted, v.position, v.ref, v.alt)),
    )


def _lacking(given: Given) -> list[Any]:
    return ["regions"] if any(row["regions"] is None for row in given.own) else []


def _looked_for(status: Mapping[str, Any], given: Given) -> LookedFor:
    return LookedFor(
        structural=_unseen(status["structural"]),
        copy_number=_unseen(status["copy_number"]),
        mitochondrial=_unseen(status["mitochondrial"]),
        targets_only=status["design"] == "targets",
        smallest_length=status["smallest_length"],
        min_heteroplasmy=status["min_heteroplasmy"],
        mitochondrial_share=status["mitochondrial_share"],
        clinvar_mitochondrial=any(row["clinvar_known"] for row in given.sites),
    )


def _unseen(reason: str) -> Any:
    """Why something was not looked for; None: it was."""
    return None if not reason else reason if reason in get_args(Unseen) else "other"


def _rank(event: FoundEvent) -> tuple[Any, ...]:
    place = (contig_order(event.contig), event.first, event.last, event.event)
    if event.classification is None:
        return (len(_ORDER), not event.notes, *place)
    return (_ORDER[event.classification], not event.notes, *place)


def telling(found: EventsFound) -> list[FoundEvent]:
    """Events that answer the question: (likely) pathogenic."""
    return [event for event in found.events if event.classification in TELLING]


def noteworthy(found: EventsFound) -> bool:
    """Whether something else might explain a disease: a note, or a mitochondrial variant."""
    return any(event.notes for event in found.events) or any(
        variant.asserted for variant in found.mitochondrial
    )


def _event(
    row: Mapping[str, Any],
    who: Person,
    given: Given,
    calls: Sequence[Call],
    diseases: Diseases,
    traces: list[str],
) -> FoundEvent:
    refused = not_interpreted(row)
    seen = {
        role: parent_seen(row, given.parents.get(role), _status(given, one))
        for role, one in (("father", who.father), ("mother", who.mother))
    }
    lines = [] if refused else evidence(_change(row, who, seen))
    points = None if refused else total(lines)
    notes = list(notes_on(row, calls, diseases))
    deciding = {str(line.values["gene"]) for line in lines if line.points and "gene" in line.values}
    return FoundEvent(
        **_facts(row),
        father=seen["father"],
        mother=seen["mother"],
        classification=None if points is None else classify(points),
        not_interpreted=refused,
        points=points,
        evidence=[
            EventEvidence(
                code=line.code, points=line.points, reason=line.reason, values=dict(line.values)
            )
            for line in lines
        ],
        notes=notes,
        traces=traces,
        diseases=_diseases(deciding | {note.gene for note in notes}, diseases),
    )


def not_interpreted(row: Mapping[str, Any]) -> NotInterpreted | None:
    """Why an event gets no points; None: it gets some."""
    if row["kind"] not in MEASURED:
        return row["kind"]  # type: ignore[no-any-return]
    if row["filter"] != "PASS":
        return "filtered"
    return None if row["dosage_known"] else "no_dosage"


def _change(row: Mapping[str, Any], who: Person, seen: Mapping[str, ParentSeen]) -> Change:
    ill = {"father": who.parents.father, "mother": who.parents.mother}
    return Change(
        kind=row["kind"],
        genes=row["genes"],
        regions=row["regions"],
        parents=[Parent(role=role, seen=seen[role], affected=ill[role]) for role in seen],
        affected=who.row["affected"],  # type: ignore[arg-type]
    )


def _status(given: Given, relative: Relative | None) -> Mapping[str, Any] | None:
    return given.assessed.get(relative.sample) if relative else None


def parent_seen(
    row: Mapping[str, Any],
    theirs: Iterable[Mapping[str, Any]] | None,
    status: Mapping[str, Any] | None,
) -> ParentSeen:
    """Whether a parent has the event.

    Args:
        row: the person's event.
        theirs: the parent's events; None: no such parent in the analysis.
        status: what was looked for in the parent.

    Returns:
        carrier; not_found only where the parent was looked at in the way that told the person's
        event; else unknown, or absent for no such parent.
    """
    if theirs is None:
        return "absent"
    if any(same(row, other) for other in theirs):
        return "carrier"
    if status is None or row["kind"] not in MEASURED:
        return "unknown"
    how = "structural" if row["by_breakpoints"] else "copy_number"
    return "unknown" if status[how] else "not_found"


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two events are the same change."""
    if (one["kind"], one["contig"]) != (other["kind"], other["contig"]):
        return False
    if one["kind"] not in MEASURED:
        return all(abs(one[end] - other[end]) <= NEAR for end in ("start", "end"))
    shared = min(one["end"], other["end"]) - max(one["start"], other["start"])
    longest = max(event["end"] - event["start"] for event in (one, other))
    return bool(shared / longest >= SAME)


def zygosity(row: Mapping[str, Any]) -> str:
    """Heterozygous, homozygous, hemizygous, or unknown, from genotype and copies."""
    alleles = row["genotype"].replace("|", "/").split("/")
    carried = sum(allele not in ("0", ".") for allele in alleles)
    if row["expected_copies"] == 1:
        return "hemizygous"
    if row["copies"] == 0 or (carried == len(alleles) and carried > 1):
        return "homozygous"
    if carried or (row["copies"] is not None and row["copies"] != row["expected_copies"]):
        return "heterozygous"
    return "unknown"


def notes_on(row: Mapping[str, Any], calls: Sequence[Call], diseases: Diseases) -> Iterator[Note]:
    """What dosage rules do not cover: no copy left, or the other copy changed too."""
    if row["kind"] != "deletion" or row["filter"] != "PASS":
        return
    both = zygosity(row) in ("homozygous", "hemizygous")
    for gene in row["genes"]:
        known = diseases.get(gene["gene"], ())
        if not gene["coding_bases"] or not known:
            continue
        if both:
            yield Note(code="biallelic_loss", gene=gene["gene"], variant="")
        elif gene["haploinsufficiency"] == RECESSIVE or _recessive(known):
            for call in calls:
                if call.found.gene == gene["gene"]:
                    yield Note(code="second_hit", gene=gene["gene"], variant=call.name)


def _recessive(diseases: Iterable[KnownDisease]) -> bool:
    return any("AR" in disease.told.inheritance for disease in diseases)


def _diseases(genes: Collection[str], diseases: Diseases) -> list[EventDisease]:
    return [
        EventDisease(gene=gene, **disease.told.model_dump())
        for gene in sorted(genes)
        for disease in diseases.get(gene, ())
    ]


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """An event as annotation has it, in the findings' words."""
    same_words = (
        "event kind contig length genotype copies expected_copies support quality filter "
        "by_breakpoints by_depth cohort_carriers cohort_assessed"
    )
    mate = f"{row['mate_contig']}:{row['mate_position']}" if row["mate_contig"] else None
    return {
        **{name: row[name] for name in same_words.split()},
        "first": row["start"] + 1,
        "last": row["end"],
        "mate": mate,
        "hgvs_g": row["hgvs_g"] or None,
        "zygosity": zygosity(row),
        "callers": [caller for caller in row["callers"].split(";") if caller],
        "genes": [_gene(gene) for gene in row["genes"]],
        "regions": [
            EventRegion(**{name: region[name] for name in EventRegion.model_fields})
            for region in row["regions"] or ()
            if region["haploinsufficiency"] or region["triplosensitivity"]
        ],
    }


def _gene(gene: Mapping[str, Any]) -> EventGene:
    told = {name: gene[name] for name in EventGene.model_fields if name in gene}
    return EventGene.model_validate(told | {"exons": span(gene), "of_exons": gene["exons"]})


def _scores(gene: Mapping[str, Any]) -> tuple[int | None, int | None]:
    return gene["haploinsufficiency"], gene["triplosensitivity"]

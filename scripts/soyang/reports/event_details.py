"""Structural, copy-number and mitochondrial variants from findings, in the report's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soyang.reports.codes import Value
from soyang.reports.details import INHERITANCE, Json, classification
from soyang.reports.event_model import (
    Event,
    EventDisease,
    EventGene,
    EventNote,
    EventReason,
    Events,
    LookedFor,
    Mitochondrial,
)

TELLING = ("pathogenic", "likely_pathogenic")
HARMLESS = ("benign", "likely_benign")
ESTABLISHED = (3, 40)
"""ClinGen's scores for which a region is named: established dosage sensitivity, or harmlessness."""


def events(findings: Json) -> Events | None:
    """The events part of the report; None where nobody looked."""
    found = findings["events"]
    if found is None:
        return None
    told = [_event(event) for event in found["events"]]
    shown = [event for event in told if is_shown(event)]
    rest = [event for event in told if not is_shown(event)]
    asserted, others = _mitochondrial(found["mitochondrial"])
    return Events(
        looked_for=list(_looked_for(found["looked_for"])),
        question=found["question"],
        shown=shown,
        uncertain=[event for event in rest if event.classification == "uncertain"],
        not_interpreted=[event for event in rest if event.classification is None],
        harmless=sum(event.classification in HARMLESS for event in rest),
        counted=found["counted_in_genes"] + found["counted_between_genes"],
        not_scored=found["not_scored"],
        mitochondrial=asserted,
        mitochondrial_others=others,
    )


def is_shown(event: Event) -> bool:
    """Whether an event stands before the appendix: it tells something, or needs a look."""
    return event.classification in TELLING or bool(event.notes)


def _looked_for(status: Json) -> Iterator[LookedFor]:
    if status["structural"] is None:
        yield LookedFor(code="structural")
    else:
        yield LookedFor(code="not_structural", values={"why": status["structural"]})
    yield _depth(status)
    if status["targets_only"]:
        yield LookedFor(code="targets_only")
    if status["mitochondrial"] is None:
        values: dict[str, Value] = {
            "share": status["min_heteroplasmy"] or 0.0,
            "read": status["mitochondrial_share"] or 0.0,
        }
        yield LookedFor(code="mitochondrial", values=values)
    else:
        yield LookedFor(code="not_mitochondrial", values={"why": status["mitochondrial"]})


def _depth(status: Json) -> LookedFor:
    if status["copy_number"] is not None:
        return LookedFor(code="not_copy_number", values={"why": status["copy_number"]})
    if status["smallest_length"] is None:
        return LookedFor(code="copy_number")
    return LookedFor(code="copy_number_from", values={"size": status["smallest_length"]})


def _event(found: Json) -> Event:
    names = set(Event.model_fields) & set(found)
    return Event.model_validate(
        {name: found[name] for name in names}
        | {
            "told_by": _told_by(found),
            "genes": sorted(map(EventGene.model_validate, found["genes"]), key=_interest),
            "regions": list(_regions(found["regions"])),
            "evidence": [_reason(line) for line in found["evidence"]],
            "notes": [_note(note) for note in found["notes"]],
            "diseases": [_disease(disease) for disease in found["diseases"]],
        }
    )


def _interest(gene: EventGene) -> tuple[bool, bool, str]:
    """Order of genes: of established dosage sensitivity first, then those evaluated, by name."""
    scores = {gene.haploinsufficiency, gene.triplosensitivity}
    return (not scores & {ESTABLISHED[0]}, scores == {None}, gene.gene)


def _told_by(found: Json) -> str:
    if found["by_breakpoints"] and found["by_depth"]:
        return "both"
    return "breakpoints" if found["by_breakpoints"] else "depth"


def _regions(regions: Iterable[Json]) -> Iterator[str]:
    for region in regions:
        if {region["haploinsufficiency"], region["triplosensitivity"]} & set(ESTABLISHED):
            yield region["name"]


def _reason(line: Json) -> EventReason:
    return EventReason(
        code=line["reason"],
        values=line["values"],
        category=line["code"],
        points=line["points"],
    )


def _note(note: Json) -> EventNote:
    names = ("gene", "variant") if note["variant"] else ("gene",)
    return EventNote(code=note["code"], values={name: note[name] for name in names})


def _disease(found: Json) -> EventDisease:
    modes = list(dict.fromkeys(INHERITANCE.get(mode, mode) for mode in found["inheritance"]))
    return EventDisease.model_validate(found | {"inheritance": modes})


def _mitochondrial(found: list[Json]) -> tuple[list[Mitochondrial], list[Mitochondrial]]:
    """Variants that ClinVar asserts, and the others."""
    told = [(variant["asserted"], _variant(variant)) for variant in found]
    return [one for asserted, one in told if asserted], [one for yes, one in told if not yes]


def _variant(found: Json) -> Mitochondrial:
    record = found["clinvar"] or {}
    names = ("hgvs_m", "genes", "heteroplasmy", "depth", "alt_depth", "filter")
    word = record.get("significance")
    return Mitochondrial(
        **{name: found[name] for name in names},
        consequence=found["consequences"],
        classification=classification(word) if word else None,
        variation_id=record.get("variation_id"),
        significance=word,
        stars=record.get("stars"),
        conditions=record.get("conditions", []),
    )

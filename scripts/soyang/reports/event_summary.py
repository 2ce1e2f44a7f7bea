"""What the first page says of events: only what answers the question, and how to confirm it."""

from __future__ import annotations

from collections.abc import Iterator

from soyang.reports.codes import ActionCode, MeaningCode, Value
from soyang.reports.details import Json
from soyang.reports.event_details import TELLING
from soyang.reports.event_model import Event, Events, Mitochondrial
from soyang.reports.model import Action, Gap, Meaning, Result

MAX_GENES = 4
"""Genes of an event that a sentence names."""
MAX_CONDITIONS = 4
_TOLD_BY: dict[str, MeaningCode] = {
    "both": "event_both",
    "breakpoints": "event_breakpoints",
    "depth": "event_depth",
}


def telling(events: Events | None) -> list[Event]:
    """(Likely) pathogenic events."""
    return [e for e in events.shown if e.classification in TELLING] if events else []


def leading_result(events: Events | None) -> Result | None:
    """The result that a (likely) pathogenic event makes; None: there is none."""
    for event in telling(events):
        values: dict[str, Value] = {
            "kind": event.kind,
            "classification": event.classification or "",
        }
        if genes := deciding(event):
            return Result(code="event", values=values | {"genes": genes})
        return Result(code="event_region", values=values | {"size": event.length or 0})
    return None


def possible_result(events: Events | None) -> Result | None:
    """The result of what might explain a disease; None: nothing."""
    if events is None:
        return None
    for event in events.shown:
        genes: list[str] = list(dict.fromkeys(str(note.values["gene"]) for note in event.notes))
        return Result(code="event_possible", values={"kind": event.kind, "genes": genes})
    for variant in events.mitochondrial:
        values: dict[str, Value] = {
            "genes": variant.genes or [variant.hgvs_m],
            "classification": variant.classification or "other",
        }
        return Result(code="mitochondrial", values=values)
    return None


def deciding(event: Event) -> list[str]:
    """Genes that gave the class, in order; none if regions or numbers of genes did."""
    found = [str(e.values["gene"]) for e in event.evidence if e.points > 0 and "gene" in e.values]
    return list(dict.fromkeys(found))[:MAX_GENES]


def meanings(events: Events | None) -> Iterator[Meaning]:
    """What the events before the appendix mean."""
    if events is None:
        return
    for event in events.shown:
        yield _what(event)
        if event.classification in TELLING and event.points is not None:
            values: dict[str, Value] = {
                "classification": event.classification or "",
                "points": event.points,
            }
            yield Meaning(code="event_class", values=values)
        yield Meaning(code=_TOLD_BY[event.told_by])
        yield from _conditions(event)
        yield from _notes(event)
    for variant in events.mitochondrial:
        yield _mitochondrial(variant)
    if events.mitochondrial:
        yield Meaning(code="mitochondrial_tissue")
    if events.shown:
        yield Meaning(code="event_if_fits")


def _what(event: Event) -> Meaning:
    values: dict[str, Value] = {
        "kind": event.kind,
        "size": event.length or 0,
        "zygosity": event.zygosity,
    }
    touched = [gene.gene for gene in event.genes if gene.part == "coding"]
    named = list(dict.fromkeys([*deciding(event), *touched]))
    if not named:
        return Meaning(code="event_what_alone", values=values)
    values["genes"] = named[:MAX_GENES]
    if len(named) <= MAX_GENES:
        return Meaning(code="event_what", values=values)
    return Meaning(code="event_what_many", values=values | {"further": len(named) - MAX_GENES})


def _conditions(event: Event) -> Iterator[Meaning]:
    for gene in dict.fromkeys(disease.gene for disease in event.diseases):
        names = list(dict.fromkeys(d.name for d in event.diseases if d.gene == gene))
        code: MeaningCode = "conditions_among" if len(names) > MAX_CONDITIONS else "conditions"
        yield Meaning(code=code, values={"gene": gene, "conditions": names[:MAX_CONDITIONS]})


def _notes(event: Event) -> Iterator[Meaning]:
    for note in event.notes:
        second = note.code == "second_hit"
        yield Meaning(code="event_second_hit" if second else "event_biallelic", values=note.values)


def _mitochondrial(variant: Mitochondrial) -> Meaning:
    return Meaning(
        code="mitochondrial_what",
        values={
            "variant": variant.hgvs_m,
            "genes": variant.genes or [variant.hgvs_m],
            "share": variant.heteroplasmy,
            "classification": variant.classification or "other",
        },
    )


def confirming(events: Events | None) -> Iterator[Action]:
    """How to confirm what is shown, and whom else to test; each once."""
    if events is None:
        return
    for kind in dict.fromkeys(event.kind for event in events.shown):
        yield _action("confirm_event", kind=kind)
        of_kind = [event for event in events.shown if event.kind == kind]
        if any({e.father, e.mother} & {"unknown", "absent"} for e in of_kind):
            yield _action("test_parents_event", kind=kind)
    if events.mitochondrial:
        yield _action("confirm_mitochondrial")


def _action(code: ActionCode, **values: Value) -> Action:
    return Action(code=code, values=values, timing="now", citation=None)


def gaps(findings: Json, events: Events | None) -> Iterator[Gap]:
    """What of events could not be told of this person."""
    if events is None:
        return
    looked = findings["events"]["looked_for"]
    if looked["targets_only"]:
        yield Gap(code="events_targets_only", kind="person")
    if any(event.not_interpreted == "no_dosage" for event in events.not_interpreted):
        yield Gap(code="no_dosage", kind="person")
    variants = findings["events"]["mitochondrial"]
    if variants and not looked["clinvar_mitochondrial"]:
        yield Gap(code="no_clinvar_mitochondrial", kind="person")

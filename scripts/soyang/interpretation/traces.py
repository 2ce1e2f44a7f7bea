"""Small variants that are traces of a structural one, and no findings of their own.

A read that crosses a place where DNA is joined anew matches the reference on one side of it. A
caller that assembles reads tells what lies on the other side as insertions beside the breakpoint:
of a deletion of exons, as several frameshifts that nobody has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from soyang.interpretation.evidence import Call

NEAR = 50
"""Bases from a breakpoint within which small variants are taken as its traces. Assembled ones stand
within a few bases of it; repeats and bases alike on both sides (microhomology) move them."""


def apart(
    calls: Iterable[Call], events: Sequence[Mapping[str, Any]]
) -> tuple[list[Call], dict[str, list[str]]]:
    """Calls that stand for themselves, and those that are an event's traces.

    What ClinVar asserts to be (likely) pathogenic stands for itself wherever it is.

    Args:
        calls: the person's candidate variants.
        events: the person's events (EVENTS of annotation).

    Returns:
        The calls that stay, and event to the names of its traces.
    """
    places = list(_breakpoints(events))
    stay: list[Call] = []
    traces: dict[str, list[str]] = {}
    for call in calls:
        event = None if call.clinvar_asserted else _event_at(call, places)
        if event is None:
            stay.append(call)
        else:
            named = traces.setdefault(event, [])
            named += [call.name] if call.name not in named else []
    return stay, traces


def _breakpoints(events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int, str]]:
    """Contig, last base before it (1-based) and event of each breakpoint that reads show."""
    for event in events:
        if event["by_breakpoints"] and event["filter"] == "PASS":
            yield event["contig"], event["start"], event["event"]
            yield event["contig"], event["end"], event["event"]
            if event["mate_contig"]:
                yield event["mate_contig"], event["mate_position"], event["event"]


def _event_at(call: Call, places: Iterable[tuple[str, int, str]]) -> str | None:
    first = call.found.position
    last = first + len(call.found.ref) - 1
    for contig, place, event in places:
        if contig == call.found.contig and first - NEAR <= place <= last + NEAR:
            return event
    return None

"""Events as callers could say them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from soyang.calling.sv.events import Event

MakeEvent = Callable[..., Event]


@pytest.fixture
def make_event() -> MakeEvent:
    """A deletion of chr20:1,000-2,000 by delly, but for what is given."""
    return event


def event(**changes: Any) -> Event:
    """A deletion of chr20:1,000-2,000 by delly, but for what is given."""
    words: dict[str, Any] = {
        "caller": "delly",
        "name": "1",
        "kind": "deletion",
        "contig": "chr20",
        "start": 1_000,
        "genotype": "0/1",
        "quality": 60.0,
        "support": 9,
    }
    words |= changes
    kind, start = words["kind"], words["start"]
    point = kind in {"insertion", "breakend"}
    words.setdefault("end", start + 1 if point else start + words.get("length", 1_000))
    if kind not in {"insertion", "breakend"}:
        words["length"] = words["end"] - start
    return Event(**words)

"""One structural event, as a caller or the merged call set has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

DELETION, DUPLICATION, INSERTION = "deletion", "duplication", "insertion"
INVERSION, BREAKEND = "inversion", "breakend"

TYPES: Mapping[str, str] = {
    DELETION: "DEL",
    DUPLICATION: "DUP",
    INSERTION: "INS",
    INVERSION: "INV",
    BREAKEND: "BND",
}
"""Kind to SVTYPE (VCF 4.2, section 3)."""

NO_GENOTYPE = "./."


@dataclass(frozen=True, kw_only=True)
class End:
    """One side of a new adjacency.

    Attributes:
        contig: contig.
        position: 1-based; the base that is joined.
        left: whether the piece that ends with this base (and not the one that begins with it) is
            what is kept, as in ``t[p[`` and ``t]p]`` of VCF 4.2, section 5.4.
    """

    contig: str
    position: int
    left: bool


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event.

    Attributes:
        caller: who says it.
        name: its name in the caller's file.
        kind: deletion, duplication, insertion, inversion or breakend.
        contig: contig.
        start: 0-based first base changed, or the base before an insertion; of a breakend the
            joined base.
        end: exclusive; of insertions and breakends ``start + 1``.
        length: bases deleted, duplicated, inserted or inverted; none of a breakend, or of an
            insertion whose length the caller only guesses.
        sequence: inserted bases, where they are known.
        left: of a breakend, the side kept at ``start``; see :class:`End`.
        mate: of a breakend, its other end.
        genotype: ``0/1``, ``1/1``, ``0/0`` or ``./.``.
        quality: phred, where given.
        support: reads and pairs for it, where given.
        precise: whether split reads or clips place its breakpoints.
        passed: whether the caller itself has no doubt.
    """

    caller: str
    name: str
    kind: str
    contig: str
    start: int
    end: int
    length: int | None = None
    sequence: str = ""
    left: bool = True
    mate: End | None = None
    genotype: str = NO_GENOTYPE
    quality: float | None = None
    support: int | None = None
    precise: bool = True
    passed: bool = True

    @property
    def ends(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """Both breakpoints: contig and 0-based position; one and the same of an insertion."""
        if self.mate:
            return (self.contig, self.start), (self.mate.contig, self.mate.position - 1)
        last = self.start if self.kind == INSERTION else self.end
        return (self.contig, self.start), (self.contig, last)


def canonical(event: Event, order: Mapping[str, int]) -> Event:
    """A breakend seen from the end that comes first in the reference; others as they are.

    Args:
        event: an event.
        order: contig name to its place in the reference.
    """
    mate = event.mate
    if mate is None:
        return event
    here = (order[event.contig], event.start + 1)
    if here <= (order[mate.contig], mate.position):
        return event
    return replace(
        event,
        contig=mate.contig,
        start=mate.position - 1,
        end=mate.position,
        left=mate.left,
        mate=End(contig=event.contig, position=event.start + 1, left=event.left),
    )


def sort_key(event: Event, order: Mapping[str, int]) -> tuple[object, ...]:
    """Order in files: place, then everything that tells two events apart."""
    mate = event.mate
    return (
        order[event.contig],
        event.start,
        event.end,
        event.kind,
        (order[mate.contig], mate.position, event.left, mate.left) if mate else (),
        event.sequence,
        event.caller,
        event.name,
    )

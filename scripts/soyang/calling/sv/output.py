"""The call set as VCF 4.2 records and as rows of the events table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soyang.calling.sv.events import BREAKEND, DELETION, INSERTION, TYPES, End, Event
from soyang.calling.sv.filters import WORDS
from soyang.calling.sv.merge import Merged
from soyang.core.assembly import PSEUDO_AUTOSOMAL, Assembly, bare

_INFO = (
    ("SVTYPE", "1", "String", "Type of the event"),
    ("END", "1", "Integer", "Last base of the event"),
    ("SVLEN", "1", "Integer", "Bases deleted (negative), duplicated, inserted or inverted"),
    ("KIND", "1", "String", "Kind of the event"),
    ("CALLERS", ".", "String", "Callers that have it"),
    ("SUPPORT", "1", "Integer", "Reads and pairs for it, of the caller whose breakpoints stand"),
    ("IMPRECISE", "0", "Flag", "No split read places the breakpoints"),
    ("MATEID", "1", "String", "The record of a breakend's other end"),
)


@dataclass(frozen=True, kw_only=True)
class Called:
    """An event of the call set, ready to be written.

    Attributes:
        name: its name in the file.
        merged: what callers say.
        filter: PASS, or why it is doubted.
    """

    name: str
    merged: Merged
    filter: str


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Copies of X and Y in the genome, outside of what they share; none: not assessed."""

    x: int | None = None
    y: int | None = None


def named(merged: Sequence[Merged], filters: Sequence[str]) -> list[Called]:
    """Events with names: type and a number in the order of the file, e.g. ``DEL.7``."""
    return [
        Called(name=f"{TYPES[item.event.kind]}.{number}", merged=item, filter=word)
        for number, (item, word) in enumerate(zip(merged, filters, strict=True), start=1)
    ]


def header(lengths: Mapping[str, int], versions: Iterable[str], key: str, sample: str) -> str:
    """Header of the VCF: declarations, contigs, callers; nothing of a machine."""
    lines = ["##fileformat=VCFv4.2", '##FILTER=<ID=PASS,Description="All filters passed">']
    lines += [f'##FILTER=<ID={word},Description="{says}">' for word, says in WORDS.items()]
    lines += [f'##ALT=<ID={name},Description="{kind}">' for kind, name in TYPES.items()][:4]
    lines += [
        f'##INFO=<ID={name},Number={number},Type={dtype},Description="{says}">'
        for name, number, dtype, says in _INFO
    ]
    lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    lines += [f"##contig=<ID={name},length={length}>" for name, length in lengths.items()]
    lines += [f"##{key}={caller}" for caller in versions]
    columns = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", sample]
    return "\n".join([*lines, "#" + "\t".join(columns)]) + "\n"


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One record: an event, or one end of a breakend."""

    contig: str
    position: int
    name: str
    called: Called
    mate: End | None = None
    left: bool = True
    mate_name: str = ""


def lines(called: Sequence[Called], order: Mapping[str, int]) -> list[_Line]:
    """What records there are, sorted by place: a breakend has two, one at each of its ends."""
    made = [line for item in called for line in _lines(item)]
    return sorted(made, key=lambda line: (order[line.contig], line.position, line.name))


def _lines(called: Called) -> Iterator[_Line]:
    event = called.merged.event
    if not event.mate:
        position = event.start + 1 if event.kind == INSERTION else max(event.start, 1)
        yield _Line(contig=event.contig, position=position, name=called.name, called=called)
        return
    here = End(contig=event.contig, position=event.start + 1, left=event.left)
    ends = ((f"{called.name}_1", here), (f"{called.name}_2", event.mate))
    for (name, end), (mate_name, mate) in (ends, ends[::-1]):
        yield _Line(
            contig=end.contig,
            position=end.position,
            name=name,
            called=called,
            mate=mate,
            left=end.left,
            mate_name=mate_name,
        )


def record(line: _Line, base: str) -> str:
    """A line of the VCF.

    Args:
        line: what it says.
        base: base of the reference at its position.
    """
    event, merged = line.called.merged.event, line.called.merged
    fields = [
        line.contig,
        str(line.position),
        line.name,
        base,
        _alt(line, event, base),
        "." if event.quality is None else f"{event.quality:g}",
        line.called.filter,
        ";".join(_info(line, merged)),
        "GT",
        merged.genotype,
    ]
    return "\t".join(fields) + "\n"


def _alt(line: _Line, event: Event, base: str) -> str:
    """Symbolic but for insertions of known bases; a breakend as VCF 4.2, section 5.4, writes it."""
    if line.mate is None:
        return base + event.sequence if event.sequence else f"<{TYPES[event.kind]}>"
    side = "]" if line.mate.left else "["
    place = f"{side}{line.mate.contig}:{line.mate.position}{side}"
    return base + place if line.left else place + base


def _info(line: _Line, merged: Merged) -> Iterator[str]:
    event = merged.event
    yield f"SVTYPE={TYPES[event.kind]}"
    if event.kind != BREAKEND:
        yield f"END={line.position if event.kind == INSERTION else event.end}"
    if event.length:
        yield f"SVLEN={-event.length if event.kind == DELETION else event.length}"
    yield f"KIND={event.kind}"
    yield f"CALLERS={','.join(merged.callers)}"
    if event.support is not None:
        yield f"SUPPORT={event.support}"
    if not event.precise:
        yield "IMPRECISE"
    if line.mate_name:
        yield f"MATEID={line.mate_name}"


def row(called: Called, sample: str, assembly: Assembly, copies: Copies) -> dict[str, Any]:
    """A row of the events table; a breakend has one, of the end that comes first."""
    event, merged = called.merged.event, called.merged
    return {
        "sample": sample,
        "event": called.name,
        "source": "structural",
        "kind": event.kind,
        "contig": event.contig,
        "start": event.start,
        "end": event.end,
        "length": event.length,
        "mate_contig": event.mate.contig if event.mate else "",
        "mate_position": event.mate.position if event.mate else None,
        "genotype": merged.genotype,
        "copies": None,
        "expected_copies": expected_copies(event.contig, event.start, assembly, copies),
        "support": event.support,
        "quality": event.quality,
        "callers": ";".join(merged.callers),
        "filter": called.filter,
    }


def expected_copies(contig: str, start: int, assembly: Assembly, copies: Copies) -> int:
    """Copies that a genome has at a place: 2, or those of X or Y where they were assessed.

    The two pseudo-autosomal regions are on both.
    """
    name = bare(contig)
    own = {"X": copies.x, "Y": copies.y}.get(name)
    if own is None:
        return 2
    shared = any(a <= start < b for a, b in PSEUDO_AUTOSOMAL[assembly][name])
    if not shared:
        return own
    return 2 if copies.x is None or copies.y is None else copies.x + copies.y

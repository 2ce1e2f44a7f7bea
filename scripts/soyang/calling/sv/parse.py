"""What callers write, as events: each has its own idea of where an event begins and ends.

The off-by-ones below were found by planting events of known place (``bench-structural`` measures
them) and hold for the versions in ``resources/system-packages.txt`` and the lock file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from soyang.calling.sv.events import (
    BREAKEND,
    DELETION,
    DUPLICATION,
    INSERTION,
    INVERSION,
    NO_GENOTYPE,
    End,
    Event,
)
from soyang.core.errors import ToolError

_KINDS = {
    "DEL": DELETION,
    "DUP": DUPLICATION,
    "DUP:TANDEM": DUPLICATION,
    "INS": INSERTION,
    "INV": INVERSION,
    "BND": BREAKEND,
    "TRA": BREAKEND,
}
_BREAKEND = re.compile(r"^(?P<before>[A-Za-z.]*)(?P<side>[\[\]])(?P<place>.+):(?P<at>\d+)[\[\]]")
_BASES = re.compile(r"^[ACGTN]+$")
_GENOTYPES = {"0/0", "0/1", "1/1"}
_FEWEST_COLUMNS = 10


@dataclass(frozen=True, kw_only=True)
class Record:
    """One line of a single-sample VCF, its fields as text."""

    contig: str
    position: int
    name: str
    ref: str
    alt: str
    quality: float | None
    filter: str
    info: Mapping[str, str]
    sample: Mapping[str, str]

    def number(self, field: str) -> int:
        """An integer of INFO or of the sample; 0 where it is missing."""
        value = self.info.get(field, self.sample.get(field, "0")).split(",")[0]
        return int(float(value)) if value not in {"", ".", "nan"} else 0


def read_lines(lines: Iterable[str], caller: str) -> tuple[list[str], list[Record]]:
    """Samples and records of a VCF's text.

    Raises:
        ToolError: there is no header, or a line is not a record.
    """
    samples: list[str] | None = None
    records = []
    for number, line in enumerate(lines, start=1):
        fields = line.rstrip("\r\n").split("\t")
        if line.startswith("#CHROM"):
            samples = fields[9:]
        elif line.strip() and not line.startswith("#"):
            if len(fields) < _FEWEST_COLUMNS or not fields[1].isdigit():
                raise ToolError(f"{caller} wrote no record in line {number} of its VCF")
            records.append(_record(fields))
    if samples is None:
        raise ToolError(f"{caller} wrote no VCF header")
    return samples, records


def _record(fields: list[str]) -> Record:
    info = dict(_pair(item) for item in fields[7].split(";"))
    return Record(
        contig=fields[0],
        position=int(fields[1]),
        name=fields[2],
        ref=fields[3].upper(),
        alt=fields[4],
        quality=None if fields[5] in {".", "nan"} else float(fields[5]),
        filter=fields[6],
        info=info,
        sample=dict(zip(fields[8].split(":"), fields[9].split(":"), strict=False)),
    )


def _pair(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return name, value


def dysgu(record: Record) -> Iterator[Event]:
    """Of dysgu 1.9. POS is the first base changed (1-based), of insertions the one after.

    SVLEN of an insertion that reads don't span is a guess from the fragments: not a length.
    """
    kind = _kind(record)
    if kind is None:
        return
    start = record.position - 1
    sequence = ""
    length: int | None = record.number("SVLEN")
    if kind == INSERTION:
        start = max(record.position - 2, 0)
        sequence = record.alt.upper() if _BASES.match(record.alt.upper()) else ""
        length = len(sequence) or None
    yield from _event(
        record,
        kind,
        "dysgu",
        start=start,
        length=length,
        sequence=sequence,
        support=record.number("SU"),
        precise=record.number("CIPOS95") == record.number("CIEND95") == 0,
    )


def delly(record: Record) -> Iterator[Event]:
    """Of delly 1.1. END is the base after a deletion; an inversion is two records, one a junction.

    POS is the base before a deletion, an insertion and the left junction of an inversion (3to3),
    and the first base of a duplication and at the right junction of an inversion (5to5).
    """
    kind = _kind(record)
    if kind is None:
        return
    type_of_join = record.info.get("CT", "")
    last = int(record.info.get("END", record.position))
    start, end = {
        DELETION: (record.position, last - 1),
        DUPLICATION: (record.position - 1, last),
        INVERSION: (record.position, last)
        if type_of_join == "3to3"
        else (record.position - 1, last - 1),
    }.get(kind, (record.position - 1, record.position))
    yield from _event(
        record,
        kind,
        "delly",
        start=start,
        length=(record.number("SVLEN") or None) if kind == INSERTION else end - start,
        support=record.number("PE") + record.number("SR"),
        precise="PRECISE" in record.info,
    )


def tiddit(record: Record) -> Iterator[Event]:
    """Of tiddit 3.5. POS is the first base changed; each breakend is told from both its ends.

    The second of the two records of a breakend (its name ends in ``_2``) is left out.
    """
    kind = _kind(record)
    if kind is None or (kind == BREAKEND and record.name.endswith("_2")):
        return
    support = record.info.get("LTE", "0").split(",")
    yield from _event(
        record,
        kind,
        "tiddit",
        start=record.position - 1,
        length=None if kind == INSERTION else abs(record.number("SVLEN")),
        support=sum(int(float(n)) for n in support),
        precise=len(support) > 1 and support[-1] != "0",
    )


def _kind(record: Record) -> str | None:
    return _KINDS.get(record.info.get("SVTYPE", ""))


def _event(
    record: Record,
    kind: str,
    caller: str,
    *,
    start: int,
    length: int | None,
    support: int,
    precise: bool,
    sequence: str = "",
) -> Iterator[Event]:
    """The event, unless it has neither length nor mate, which no reader could place."""
    mate, left = (None, True) if kind != BREAKEND else breakend(record)
    if kind == BREAKEND:
        start, length = record.position - 1, None
        if mate is None:
            return
    elif kind != INSERTION and (not length or length < 0):
        return
    spans = length if length and kind not in {INSERTION, BREAKEND} else 1
    yield Event(
        caller=caller,
        name=record.name,
        kind=kind,
        contig=record.contig,
        start=start,
        end=start + spans,
        length=length,
        sequence=sequence,
        left=left,
        mate=mate,
        genotype=genotype(record.sample.get("GT", "")),
        quality=record.quality,
        support=support or None,
        precise=precise,
        passed=record.filter in {"PASS", "."},
    )


def breakend(record: Record) -> tuple[End | None, bool]:
    """The other end that a breakend's ALT names, and whether the left piece is kept here.

    VCF 4.2, section 5.4; a symbolic ``<TRA>`` is read from CHR2, CHR2_POS (or POS2) and CT.
    """
    found = _BREAKEND.match(record.alt)
    if found:
        mate = End(contig=found["place"], position=int(found["at"]), left=found["side"] == "]")
        return mate, bool(found["before"])
    position = record.number("CHR2_POS") or record.number("POS2") or record.number("END")
    here, _, there = record.info.get("CT", "").partition("to")
    if not (record.info.get("CHR2") and position and here in {"3", "5"} and there in {"3", "5"}):
        return None, True
    mate = End(contig=record.info["CHR2"], position=position, left=there == "3")
    return mate, here == "3"


def genotype(text: str) -> str:
    """A diploid genotype without phase; whatever else is ``./.``."""
    alleles = "/".join(sorted(text.replace("|", "/").split("/")))
    return alleles if alleles in _GENOTYPES else NO_GENOTYPE


PARSERS: Mapping[str, Callable[[Record], Iterator[Event]]] = {
    "delly": delly,
    "dysgu": dysgu,
    "tiddit": tiddit,
}
"""Caller to what makes events of its records."""

"""What the platform has on record that a genotype contradicts, or that confuses it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from soyang.core.files import read_rows
from soyang.identity.inputs import Subject, day

SEXES = {"sex_male": "male", "sex_female": "female"}
TRANSPLANT = "stem-cell transplant on record: blood carries the donor's genotype"
TRANSFUSION = "transfusion on record"
MAY = "the sample may show the donor's DNA"


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days of one kind of record.

    Attributes:
        first: first day, None if it is not known since when.
        last: last day on which it was recorded, None if no day was.
    """

    first: date | None
    last: date | None


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What the platform has on record of a person.

    Attributes:
        sex: male, female, or empty where it has none.
        transplants: of stem cells, another person's or not said to be whose.
        transfusions: of blood products.
    """

    sex: str = ""
    transplants: tuple[Span, ...] = ()
    transfusions: tuple[Span, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OnRecord:
    """What the records say of a sample.

    Attributes:
        sex: recorded sex, the platform's where the sheet has none.
        reasons: for which it is held back.
        note: what a reader of its genotypes must know, empty if nothing.
        donor: whether its genotype may be a donor's.
    """

    sex: str
    reasons: tuple[str, ...] = ()
    note: str = ""
    donor: bool = False


def read_facts(path: Path) -> dict[str, Recorded]:
    """Person to what is on record (phenotypes' FACTS)."""
    sexes: dict[str, str] = {}
    spans: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for row in read_rows(path, "person", "fact", "first_date", "last_date"):
        if row["fact"] in SEXES:
            sexes[row["person"]] = SEXES[row["fact"]]
        else:
            span = Span(first=day(row["first_date"]), last=day(row["last_date"]))
            spans[row["person"], row["fact"]].append(span)
    return {
        person: Recorded(
            sex=sexes.get(person, ""),
            transplants=tuple(spans.get((person, "stem_cell_transplant"), ())),
            transfusions=tuple(spans.get((person, "transfusion"), ())),
        )
        for person in sorted({*sexes, *(person for person, _ in spans)})
    }


def judge_record(subject: Subject, recorded: Recorded, transfusion_days: int) -> OnRecord:
    """What the platform's record says of a sample.

    Args:
        subject: what the sheet says.
        recorded: what the platform says.
        transfusion_days: days after a transfusion in which a sample may show the donor's DNA.
    """
    unknown = subject.sex == "unknown"
    transplant = transplant_reason(recorded.transplants, subject.collected)
    reasons = [transplant] if transplant else []
    if not unknown and recorded.sex and recorded.sex != subject.sex:
        reasons.append(
            "discordant: recorded sex differs between sheet and platform "
            f"({subject.sex}, {recorded.sex})"
        )
    return OnRecord(
        sex=(recorded.sex or "unknown") if unknown else subject.sex,
        reasons=tuple(reasons),
        note=transfusion_note(recorded.transfusions, subject.collected, transfusion_days),
        donor=bool(transplant),
    )


def transplant_reason(transplants: Sequence[Span], collected: date | None) -> str:
    """Why a sample is held back for a transplant, empty if none can be older than the specimen.

    A transplant of the specimen's own day counts: which came first is not recorded.
    """
    older = [t for t in transplants if not (collected and t.first and t.first > collected)]
    if not older:
        return ""
    firsts = [t.first for t in older if t.first]
    lasts = [t.last for t in older if t.last]
    if firsts:
        since = f"since {min(firsts)}"
    else:
        since = f"recorded on {min(lasts)}" if lasts else "day not recorded"
    taken = f"specimen taken on {collected}" if collected else "specimen's day not known"
    return f"{TRANSPLANT} ({since}; {taken})"


def transfusion_note(transfusions: Sequence[Span], collected: date | None, days: int) -> str:
    """What to know of transfusions, empty if none can matter to the specimen."""
    if not transfusions:
        return ""
    if collected is None:
        return f"{TRANSFUSION}, and not known when the specimen was taken: {MAY}"
    before = sorted((collected - known).days for known in _days(transfusions))
    within = [number for number in before if 0 <= number <= days]
    if within:
        return f"{TRANSFUSION} {within[0]} day(s) before the specimen was taken: {MAY}"
    if any(_perhaps(span, collected, days) for span in transfusions):
        return f"{TRANSFUSION}, perhaps within {days} days before the specimen was taken: {MAY}"
    return ""


def _days(spans: Sequence[Span]) -> Iterator[date]:
    """Days on which something is known to have been."""
    for span in spans:
        if span.first:
            yield span.first
            if span.last:
                yield span.last


def _perhaps(span: Span, collected: date, days: int) -> bool:
    """Whether there may have been one in the days before: a span tells its ends only."""
    if span.first is None:
        return span.last is None or span.last >= collected - timedelta(days=days)
    return span.last is not None and span.first <= collected <= span.last

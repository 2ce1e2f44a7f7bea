"""Who is held back, for what, and what confirms whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soyang.identity.blame import Link, duplicates, refuted
from soyang.identity.facts import TRANSPLANT, OnRecord
from soyang.identity.inputs import Subject
from soyang.identity.overrides import ANY, Decision, Signed
from soyang.identity.reasons import (
    contamination_reason,
    duplicate_reason,
    kinship_reason,
    name_of,
    relatives_note,
    swap_reason,
)
from soyang.identity.sex import (
    SexEvidence,
    SexLimits,
    contradicts,
    sex_found,
    sex_note,
    sex_reason,
)
from soyang.identity.swaps import Swap, partners, swaps

NOTHING = SexEvidence()


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Share of another person's DNA, with its 95 % interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that was found, by sample where not said otherwise.

    Attributes:
        links: rows of KINSHIP.
        sexes: X and Y; a sample without is not assessed.
        mixtures: contamination; a sample without is not assessed.
        records: what the platform has on record.
    """

    links: Sequence[Link]
    sexes: Mapping[str, SexEvidence]
    mixtures: Mapping[str, Mixture]
    records: Mapping[str, OnRecord]


@dataclass(frozen=True, kw_only=True)
class _Held:
    """Samples held back, each with what shows it."""

    swapped: Mapping[str, list[Swap]]
    same: Mapping[str, list[Link]]
    discordant: frozenset[str]
    mixed: frozenset[str]
    on_record: frozenset[str]
    against: Mapping[str, list[Link]]

    @property
    def everyone(self) -> set[str]:
        return {*self.swapped, *self.same, *self.against} | (
            self.discordant | self.mixed | self.on_record
        )


def verdict_rows(
    subjects: Mapping[str, Subject],
    evidence: Evidence,
    limits: SexLimits,
    max_contamination: float,
    decisions: Sequence[Decision] = (),
) -> list[dict[str, Any]]:
    """One row of VERDICTS for each subject, by sample name; and ``gate``, its reasons by word.

    Args:
        subjects: what the sheet says.
        evidence: what was found.
        limits: thresholds of sex.
        max_contamination: share of another person's DNA, at most.
        decisions: of staff.
    """
    records = evidence.records
    foreign = {sample for sample, record in records.items() if record.donor}
    own = [link for link in evidence.links if not link.both & foreign and _counts(link)]
    sexes = {s: sex_found(evidence.sexes.get(s, NOTHING), limits) for s in subjects}
    held = _held(subjects, evidence, own, sexes, foreign, limits, max_contamination)
    rows = []
    for sample in sorted(subjects):
        record = records[sample]
        reasons = dict(_reasons(sample, subjects, evidence, held, limits, max_contamination))
        confirmed = "" if record.donor else _confirmed_by(sample, own, held.everyone)
        mixture = evidence.mixtures.get(sample)
        row: dict[str, Any] = {
            "person": subjects[sample].person,
            "sample": sample,
            "confirmed_by": confirmed,
            "sex_found": sexes[sample],
            "contamination": mixture.share if mixture else None,
            "note": "; ".join(_notes(sample, subjects, evidence, limits, max_contamination)),
            "gate": reasons,
        }
        rows.append(row | _decided(reasons, [d for d in decisions if d.sample == sample]))
    return rows


def _counts(link: Link) -> bool:
    """A sample that was held back in its earlier batch says nothing of this one."""
    return not link.batch or bool(link.earlier_passed)


def _held(
    subjects: Mapping[str, Subject],
    evidence: Evidence,
    own: Sequence[Link],
    sexes: Mapping[str, str],
    foreign: Collection[str],
    limits: SexLimits,
    max_contamination: float,
) -> _Held:
    records = evidence.records
    here = [link for link in own if not link.batch]
    swapped = partners(swaps(here, subjects, sexes, {s: r.sex for s, r in records.items()}))
    same = duplicates(link for link in own if not _explained(link, swapped, subjects))
    discordant = {
        sample
        for sample in set(subjects) - set(foreign)
        if contradicts(records[sample].sex, evidence.sexes.get(sample, NOTHING), limits)
    }
    mixed = {s for s, found in evidence.mixtures.items() if found.share > max_contamination}
    on_record = {sample for sample, record in records.items() if record.reasons}
    before = {*swapped, *same, *discordant, *mixed, *on_record}
    return _Held(
        swapped=swapped,
        same=same,
        discordant=frozenset(discordant),
        mixed=frozenset(mixed),
        on_record=frozenset(on_record),
        against=refuted(own, before),
    )


def _explained(
    link: Link, swapped: Mapping[str, list[Swap]], subjects: Mapping[str, Subject]
) -> bool:
    """Whether a swap explains that two look like one: it is the partner's own other sample."""
    return not link.batch and any(
        subjects[swap.other(sample)].person == subjects[link.other(sample)].person
        for sample in link.both
        for swap in swapped.get(sample, ())
    )


def _reasons(
    sample: str,
    subjects: Mapping[str, Subject],
    evidence: Evidence,
    held: _Held,
    limits: SexLimits,
    max_contamination: float,
) -> Iterator[tuple[str, str]]:
    """Words of the reasons, as decisions name them, with what is said."""
    record = evidence.records[sample]
    for text in record.reasons:
        yield ("transplant" if text.startswith(TRANSPLANT) else "discordant"), text
    if sample in held.swapped:
        yield "swap", swap_reason(sample, held.swapped[sample])
    if sample in held.same:
        yield "duplicate", duplicate_reason(sample, held.same[sample])
    if sample in held.discordant:
        yield "sex", sex_reason(record.sex, evidence.sexes[sample], limits)
    if sample in held.mixed:
        found = evidence.mixtures[sample]
        yield (
            "contamination",
            contamination_reason(found.share, found.low, found.high, max_contamination),
        )
    if sample in held.against:
        yield "kinship", kinship_reason(subjects[sample], subjects, held.against[sample])


def _confirmed_by(sample: str, links: Sequence[Link], held: set[str]) -> str:
    """A relative who is held back confirms nobody, and the recorded sex alone does not."""
    found = {
        "genotype" if link.recorded == "same_person" else "kinship"
        for link in links
        if link.finding == "confirmed"
        and sample in link.both
        and (link.batch or link.other(sample) not in held)
    }
    return ";".join(word for word in ("kinship", "genotype") if word in found)


def _notes(
    sample: str,
    subjects: Mapping[str, Subject],
    evidence: Evidence,
    limits: SexLimits,
    max_contamination: float,
) -> Iterator[str]:
    record = evidence.records[sample]
    links = evidence.links
    found = evidence.sexes.get(sample, NOTHING)
    mixture = evidence.mixtures.get(sample)
    notes = [
        record.note,
        "" if record.donor else sex_note(record.sex, found, limits),
        "" if record.donor else relatives_note(sample, links, subjects),
    ]
    if mixture and mixture.share <= max_contamination < mixture.high:
        notes.append(f"contamination of up to {mixture.high:.1%} can't be excluded")
    notes += [
        f"looks like {name_of(link, sample)}, which was held back there"
        for link in links
        if link.finding == "duplicate" and sample in link.both and not _counts(link)
    ]
    yield from filter(None, notes)


def _decided(reasons: Mapping[str, str], decisions: Sequence[Decision]) -> dict[str, str]:
    """Verdict, reason and override, with what staff decided."""
    left = dict(reasons)
    applied = [d for d in decisions if applies(d, reasons)]
    for decision in applied:
        if decision.decision == "pass":
            del left[decision.reason]
        else:
            left["staff"] = f"staff: held back by {decision.who} on {decision.date}: {decision.why}"
    return {
        "verdict": "quarantine" if left else "pass",
        "reason": "; ".join(left.values()),
        "override": "; ".join(decision.told for decision in applied),
    }


def applies(decision: Decision, reasons: Mapping[str, str]) -> bool:
    """Whether there is something to decide on: to hold back always, to let pass that reason."""
    return decision.reason == ANY or decision.reason in reasons


def override_rows(signed: Signed, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of OVERRIDES.

    Args:
        signed: the decisions.
        rows: what :func:`verdict_rows` gave.
    """
    by_sample = {row["sample"]: row for row in rows}
    found = []
    for decision in sorted(signed.decisions, key=lambda d: (d.sample, d.reason)):
        row = by_sample.get(decision.sample)
        reasons = row["gate"] if row else {}
        found.append(
            {
                "sample": decision.sample,
                "reason": decision.reason,
                "decision": decision.decision,
                "who": decision.who,
                "date": decision.date,
                "why": decision.why,
                "applied": row is not None and applies(decision, reasons),
                "gate": "; ".join(reasons.values()),
                "verdict": row["verdict"] if row else "",
                "file_sha256": signed.file_sha256,
                "key_sha256": signed.key_sha256,
            }
        )
    return found

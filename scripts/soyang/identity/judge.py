"""``soyang identity judge``: pass or quarantine, one verdict a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soyang.core.files import read_rows
from soyang.core.tables import read_table, write_table
from soyang.identity.blame import Link, duplicates, refuted
from soyang.identity.facts import OnRecord, Recorded, judge_record, read_facts
from soyang.identity.inputs import Subject, read_calls, read_subjects, require
from soyang.identity.tables import KINSHIP, VERDICTS


@dataclass(frozen=True, kw_only=True)
class SexDepth:
    """Depth of X and Y over that of the autosomes, None where there is no such sequence."""

    x: float | None
    y: float | None


def judge(
    *,
    admitted: Path,
    kinship: Path,
    quality: list[Path] | None = None,
    calls: list[Path] | None = None,
    facts: Path | None = None,
    max_male_x_depth_ratio: float,
    min_male_y_depth_ratio: float,
    transfusion_days: int,
    verdicts: Path,
) -> None:
    """Say of each sample whether it goes on or is held back, and why.

    Held back are, in this order:

    1. who has a stem-cell transplant on record that may be older than the specimen: the blood
       carries the donor's genotype, so that no relative and no look-alike is held back for it;
    2. whose recorded sex differs between sheet and platform: which of the two is this person's
       can't be seen from here;
    3. who looks like somebody else's sample ('duplicate'): of a group that looks like one
       sample all, unless exactly one is confirmed by its relatives, then the others;
    4. whose X and Y depth is discordant with the recorded sex ('sex'), the platform's where the
       sheet has none;
    5. whom relatives refute ('kinship'), as far as 1 to 4 do not explain it. A refuted link
       does not say which of the two is not who the record says. While links are unexplained,
       those samples are held back that have most of them; of these, those with the fewest
       confirmed links; of these, the children; who still is equal, together. So a child that
       both parents refute is held back alone, and a father whom one of two confirmed
       siblings' samples refutes stays.

    A transfusion shortly before the specimen holds nobody back; it is noted.

    Reasons can show non-paternity. They are for the ledger, which staff read, and for no report.
    What judges medicines by genotype reads the facts themselves, not these verdicts.

    Args:
        admitted: who may enter, with sex and parents (ADMITTED).
        kinship: related and similar pairs (KINSHIP).
        quality: each sample's row of QUALITY; only samples with reads have one.
        calls: each sample's row of CALLS; each gets a verdict.
        facts: what the platform has on record of sex, transplants and transfusions (FACTS).
        max_male_x_depth_ratio: X depth over autosomes, at most, in one X.
        min_male_y_depth_ratio: Y depth over autosomes, at least, in one Y.
        transfusion_days: days after a transfusion in which a sample may show the donor's DNA.
        verdicts: table to write (VERDICTS).

    Raises:
        FaultError: a sample is not admitted, or a pair's or quality's sample has no calls.
    """
    everyone = read_subjects(admitted)
    called = sorted(read_calls(calls or ()))
    require(called, everyone, admitted)
    subjects = {sample: everyone[sample] for sample in called}
    links = _read_links(kinship, subjects)
    depths = _read_depths(quality or ())
    require(depths, subjects, admitted)
    sexes = {
        sample: sex_found(
            depths.get(sample, SexDepth(x=None, y=None)),
            max_male_x=max_male_x_depth_ratio,
            min_male_y=min_male_y_depth_ratio,
        )
        for sample in called
    }
    known = read_facts(facts) if facts else {}
    records = {
        sample: judge_record(subject, known.get(subject.person, Recorded()), transfusion_days)
        for sample, subject in subjects.items()
    }
    rows = verdict_rows(subjects, links, depths, sexes, records)
    write_table(VERDICTS.frame(rows), verdicts, VERDICTS)


def _read_links(kinship: Path, subjects: Mapping[str, Subject]) -> list[Link]:
    rows = read_table(kinship, KINSHIP).to_dicts()
    require((row[end] for row in rows for end in ("sample_1", "sample_2")), subjects, kinship)
    links = []
    for row in rows:
        one, two = row.pop("sample_1"), row.pop("sample_2")
        child = one if subjects[two].person in subjects[one].parents else two
        is_child = row["recorded"] == "parent_child"
        links.append(Link(one=one, two=two, child=child if is_child else "", **row))
    return links


def _read_depths(quality: Iterable[Path]) -> dict[str, SexDepth]:
    ratios = ("x_depth_ratio", "y_depth_ratio")
    rows = [row for path in quality for row in read_rows(path, "sample", *ratios)]
    return {
        row["sample"]: SexDepth(x=_number(row["x_depth_ratio"]), y=_number(row["y_depth_ratio"]))
        for row in rows
    }


def _number(text: str) -> float | None:
    return float(text) if text else None


def sex_found(depth: SexDepth, *, max_male_x: float, min_male_y: float) -> str:
    """Sex from X and Y depth: male (one X, a Y), female (two X, no Y), else unclear.

    One of the two alone says too little: without either it is not assessed.
    """
    if depth.x is None or depth.y is None:
        return "not_assessed"
    one_x, a_y = depth.x <= max_male_x, depth.y >= min_male_y
    if one_x != a_y:
        return "unclear"
    return "male" if one_x else "female"


def verdict_rows(
    subjects: Mapping[str, Subject],
    links: Sequence[Link],
    depths: Mapping[str, SexDepth],
    sexes: Mapping[str, str],
    records: Mapping[str, OnRecord],
) -> list[dict[str, str]]:
    """One row of VERDICTS for each subject, by sample name."""
    foreign = {s for s, record in records.items() if record.donor}
    own = [link for link in links if not link.both & foreign]
    same = duplicates(own)
    discordant = {s for s in subjects if _discordant(records[s].sex, sexes[s])} - foreign
    on_record = {s for s, record in records.items() if record.reasons}
    against = refuted(own, {*same, *discordant, *on_record})
    held = {*same, *discordant, *on_record, *against}
    rows = []
    for sample in sorted(subjects):
        subject, record = subjects[sample], records[sample]
        reasons = list(record.reasons)
        if sample in same:
            reasons.append(_duplicate_reason(sample, same[sample]))
        if sample in discordant:
            reasons.append(_sex_reason(record.sex, sexes[sample], depths[sample]))
        if sample in against:
            reasons.append(_kinship_reason(subject, subjects, against[sample]))
        rows.append(
            {
                "person": subject.person,
                "sample": sample,
                "verdict": "quarantine" if reasons else "pass",
                "reason": "; ".join(reasons),
                "confirmed_by": ""
                if record.donor
                else _confirmed_by(sample, record.sex, sexes[sample], own, held),
                "sex_found": sexes[sample],
                "note": record.note,
            }
        )
    return rows


def _discordant(recorded: str, found: str) -> bool:
    return {recorded, found} == {"male", "female"}


def _confirmed_by(
    sample: str, recorded: str, sex: str, links: Sequence[Link], held: set[str]
) -> str:
    """A relative who is held back confirms nobody."""
    by_kin = any(
        link.finding == "confirmed" and sample in link.both and link.other(sample) not in held
        for link in links
    )
    by_sex = recorded == sex
    return ";".join(word for word, said in (("kinship", by_kin), ("sex", by_sex)) if said)


def _duplicate_reason(sample: str, links: Sequence[Link]) -> str:
    pairs = [
        f"{link.concordant:,} of {link.sites:,} sites with the same genotype as "
        f"{link.other(sample)} (coefficient {link.kinship:.3f})"
        for link in links
    ]
    return f"duplicate: {', '.join(pairs)}"


def _sex_reason(recorded: str, found: str, depth: SexDepth) -> str:
    return (
        f"sex: discordant, recorded {recorded}, {found} by depth "
        f"(X {depth.x:.2f}, Y {depth.y:.2f} of the autosomes)"
    )


def _kinship_reason(subject: Subject, subjects: Mapping[str, Subject], links: list[Link]) -> str:
    pairs = []
    for link in links:
        other = subjects[link.other(subject.sample)]
        figures = f"{link.ibs0:,} of {link.sites:,} sites with opposite homozygotes"
        if link.recorded != "parent_child" and link.kinship is not None:
            figures += f" (coefficient {link.kinship:.3f})"
        pairs.append(f"{figures} against {_role(subject, other)} ({other.sample})")
    return f"kinship: {', '.join(pairs)}"


def _role(subject: Subject, other: Subject) -> str:
    if other.person == subject.person:
        return "the person's other sample"
    roles = {subject.father: "recorded father", subject.mother: "recorded mother"}
    if other.person in roles:
        return roles[other.person]
    return "recorded child" if subject.person in other.parents else "recorded sibling"

"""What is said of a sample that is held back. For staff: it can show non-paternity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soyang.identity.blame import Link
from soyang.identity.inputs import Subject
from soyang.identity.swaps import Swap


def name_of(link: Link, sample: str) -> str:
    """The other sample of a link, with its batch if that is an earlier one."""
    return f"{link.two} of batch {link.batch}" if link.batch else link.other(sample)


def swap_reason(sample: str, found: Sequence[Swap]) -> str:
    """What is said of a suspected swap."""
    return "swap: " + ", ".join(
        f"suspected with {swap.other(sample)}: their exchange would explain "
        f"{len(swap.explained)} refuted relation(s)"
        for swap in found
    )


def duplicate_reason(sample: str, links: Sequence[Link]) -> str:
    """What is said of a sample that looks like another's."""
    pairs = [
        f"{link.concordant:,} of {link.sites:,} sites with the same genotype as "
        f"{name_of(link, sample)} (coefficient {link.kinship:.3f})"
        for link in links
    ]
    twins = any(link.recorded == "siblings" for link in links)
    return f"duplicate: {', '.join(pairs)}" + (", monozygotic twins possible" if twins else "")


def kinship_reason(subject: Subject, subjects: Mapping[str, Subject], links: Sequence[Link]) -> str:
    """What is said of a sample that relatives refute."""
    pairs = []
    for link in links:
        figures = f"{link.ibs0:,} of {link.sites:,} sites with opposite homozygotes"
        if link.recorded != "parent_child" and link.kinship is not None:
            figures += f" (coefficient {link.kinship:.3f})"
        role = "recorded relative" if link.batch else _role(subject, subjects, link)
        if link.recorded == "same_person":
            role = "the person's other sample"
        pairs.append(f"{figures} against {role} ({name_of(link, subject.sample)})")
    return f"kinship: {', '.join(pairs)}"


def _role(subject: Subject, subjects: Mapping[str, Subject], link: Link) -> str:
    other = subjects[link.other(subject.sample)]
    roles = {subject.father: "recorded father", subject.mother: "recorded mother"}
    if other.person in roles:
        return roles[other.person]
    return "recorded child" if subject.person in other.parents else "recorded sibling"


def contamination_reason(share: float, low: float, high: float, most: float) -> str:
    """What is said of another person's DNA."""
    return (
        f"contamination: {share:.1%} of another person's DNA (95 % {low:.1%} to {high:.1%}), "
        f"at most {most:.1%} go on"
    )


def relatives_note(sample: str, links: Sequence[Link], subjects: Mapping[str, Subject]) -> str:
    """First-degree relations that the record does not have, outside the recorded family."""
    family = subjects[sample].family
    found = []
    for link in links:
        if link.finding != "unrecorded" or sample not in link.both:
            continue
        if not link.batch and family and subjects[link.other(sample)].family == family:
            continue
        found.append(f"{name_of(link, sample)} (coefficient {link.kinship:.3f})")
    return f"first-degree relation not on record: {', '.join(found)}" if found else ""

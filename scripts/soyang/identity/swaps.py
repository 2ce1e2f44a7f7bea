"""Two samples whose exchange would make the recorded relations true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from soyang.identity.blame import Link
from soyang.identity.inputs import Subject
from soyang.identity.relations import recorded_relation


@dataclass(frozen=True, kw_only=True)
class Swap:
    """Two samples, and the refuted links that their exchange would explain."""

    both: frozenset[str]
    explained: frozenset[Link]

    def other(self, sample: str) -> str:
        """The one of the two that is not ``sample``."""
        (found,) = self.both - {sample}
        return found


def swaps(
    links: Collection[Link],
    subjects: Mapping[str, Subject],
    sexes: Mapping[str, str],
    recorded: Mapping[str, str],
) -> list[Swap]:
    """Suspected swaps, sorted.

    A swap of two samples is suspected where relatives refute one of them at least, and each
    recorded relative of the first degree who refutes one is of the first degree to the other;
    relatives who confirm one must be so too (then both are children of one couple, say). The
    sex found in each must not be the other's opposite.

    Of several exchanges those that explain most refuted links are taken; who is equal can't be
    told apart, and all are taken. Then the same for links that are still unexplained.

    Args:
        links: rows of KINSHIP of this batch.
        subjects: sample to its record.
        sexes: sample to the sex found.
        recorded: sample to the recorded sex.
    """
    near = _Near(links, subjects)
    fitting = [
        swap
        for one, two in near.candidates()
        if _sex_fits(one, two, sexes, recorded) and (swap := near.exchange(one, two))
    ]
    taken: list[Swap] = []
    explained: set[Link] = set()
    while left := {swap: swap.explained - explained for swap in fitting}:
        most = max(map(len, left.values()))
        if not most:
            break
        best = [swap for swap, said in left.items() if len(said) == most]
        taken += best
        held = {sample for swap in best for sample in swap.both}
        explained |= {link for link in links if link.both & held}
    return sorted(taken, key=lambda swap: sorted(swap.both))


def _sex_fits(one: str, two: str, sexes: Mapping[str, str], recorded: Mapping[str, str]) -> bool:
    opposite = {"male", "female"}
    return {sexes[one], recorded[two]} != opposite and {sexes[two], recorded[one]} != opposite


class _Near:
    """Links of each sample, by the other one."""

    def __init__(self, links: Collection[Link], subjects: Mapping[str, Subject]) -> None:
        self._subjects = subjects
        self._links = sorted(links, key=lambda link: (link.one, link.two))
        self._of: dict[str, dict[str, Link]] = defaultdict(dict)
        for link in self._links:
            self._of[link.one][link.two] = link
            self._of[link.two][link.one] = link

    def candidates(self) -> Iterator[tuple[str, str]]:
        """Pairs to try: one refuted by somebody, to whom the other is near."""
        found = {
            (min(sample, other), max(sample, other))
            for link in self._links
            if link.finding == "refuted"
            for sample in link.both
            for other in self._of[link.other(sample)]
            if other != sample and self._near(other, link.other(sample))
            # near at all here; whether as near as the record says, ``exchange`` looks
        }
        yield from sorted(found)

    def _near(self, one: str, two: str) -> bool:
        """Whether the genotypes are of the first degree or nearer."""
        link = self._of[one].get(two)
        return link is not None and (link.finding == "confirmed" or link.first_degree)

    def _would_be(self, recorded: str, one: str, two: str) -> bool:
        """Whether the genotypes of two are those of a recorded relation of the first degree."""
        link = self._of[one].get(two)
        if link is None:
            return False
        if link.recorded == recorded and link.finding == "confirmed":
            return True
        if recorded == "same_person" or link.finding == "duplicate":
            return recorded == "same_person" and link.finding == "duplicate"
        return link.parental if recorded == "parent_child" else link.first_degree

    def exchange(self, one: str, two: str) -> Swap | None:
        """The swap of the two, if what the record says would be true with it."""
        explained: set[Link] = set()
        for sample, other in ((one, two), (two, one)):
            for relative, link in self._of[sample].items():
                recorded = self._first_degree_recorded(sample, relative)
                if relative == other or not recorded:
                    continue
                told = link.finding in ("refuted", "confirmed")
                if told and not self._would_be(recorded, other, relative):
                    return None
                if link.finding == "refuted":
                    explained.add(link)
        both = frozenset({one, two})
        return Swap(both=both, explained=frozenset(explained)) if explained else None

    def _first_degree_recorded(self, one: str, two: str) -> str:
        """The recorded relation, empty if it is none of the first degree."""
        first, second = self._subjects[one], self._subjects[two]
        recorded = recorded_relation(first, second)
        half = recorded == "siblings" and len(first.parents & second.parents) == 1
        return "" if half or recorded == "unrelated" else recorded


def partners(found: Sequence[Swap]) -> dict[str, list[Swap]]:
    """Sample to the swaps that it may be part of."""
    of: dict[str, list[Swap]] = defaultdict(list)
    for swap in found:
        for sample in sorted(swap.both):
            of[sample].append(swap)
    return of

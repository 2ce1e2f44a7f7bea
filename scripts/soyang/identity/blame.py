"""Who of a pair that does not fit is held back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Link:
    """One row of KINSHIP.

    Attributes:
        one: sample.
        two: another sample.
        recorded: their relation by the record.
        sites: sites where both have a genotype and at least one carries the alternate allele.
        ibs0: of these, with opposite homozygotes.
        concordant: of these, with the same genotype.
        kinship: KING-robust coefficient, None if there is none.
        finding: what the figures say.
        child: which of the two is the child, empty if neither is.
    """

    one: str
    two: str
    recorded: str
    sites: int
    ibs0: int
    concordant: int
    kinship: float | None
    finding: str
    child: str = ""

    @property
    def both(self) -> frozenset[str]:
        """The two samples."""
        return frozenset({self.one, self.two})

    def other(self, sample: str) -> str:
        """The one of the two that is not ``sample``."""
        return self.two if sample == self.one else self.one


def _links_of(links: Iterable[Link]) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        found[link.one].append(link)
        found[link.two].append(link)
    return found


def duplicates(links: Collection[Link]) -> dict[str, list[Link]]:
    """Samples held back because they look like somebody else's, with the links that show it.

    Of a group that looks like one sample, all are held back, unless exactly one is confirmed
    by its relatives: then that one is who the record says, and the others are not.
    """
    same = _links_of(link for link in links if link.finding == "duplicate")
    confirmed = {s for link in links if link.finding == "confirmed" for s in link.both}
    held: dict[str, list[Link]] = {}
    for group in _groups(same):
        sure = group & confirmed
        spared = sure if len(sure) == 1 else set()
        held |= {sample: same[sample] for sample in group - spared}
    return held


def _groups(links: Mapping[str, list[Link]]) -> list[set[str]]:
    groups: list[set[str]] = []
    for sample in sorted(links):
        if any(sample in group for group in groups):
            continue
        group, todo = {sample}, [sample]
        while todo:
            here = todo.pop()
            found = {link.other(here) for link in links[here]} - group
            group |= found
            todo += found
        groups.append(group)
    return groups


def refuted(links: Collection[Link], explained: Collection[str]) -> dict[str, list[Link]]:
    """Samples held back because their relatives refute them, with the refuted links.

    A refuted link says that one of the two is not who the record says, not which. It is
    explained once one of them is held back. While links are unexplained, those samples are
    held back that have the most of them; of these, those with the fewest confirmed links to
    others who are not held back; of these, the children. Who still is equal can't be told
    apart, and all are held back.

    Args:
        links: rows of KINSHIP.
        explained: samples already held back for another reason.

    Returns:
        Sample to its links that were unexplained when it was held back.
    """
    open_links = [link for link in links if not link.both & set(explained)]
    held: dict[str, list[Link]] = {}
    while against := _links_of(link for link in open_links if link.finding == "refuted"):
        sure = _links_of(link for link in open_links if link.finding == "confirmed")
        rank = {
            sample: (len(bad), -len(sure[sample]), any(link.child == sample for link in bad))
            for sample, bad in against.items()
        }
        worst = {sample for sample in rank if rank[sample] == max(rank.values())}
        held |= {sample: against[sample] for sample in sorted(worst)}
        open_links = [link for link in open_links if not link.both & worst]
    return held

"""Who of a pair that does not fit is held back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
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
        batch: earlier batch of ``two``, empty for this one.
        earlier_passed: whether ``two`` passed the gate in its earlier batch.
        first_degree: whether the coefficient is that of the first degree or nearer.
        parental: whether, besides, opposite homozygotes are as rare as in parent and child.
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
    batch: str = ""
    earlier_passed: bool | None = None
    first_degree: bool = False
    parental: bool = False

    @property
    def both(self) -> frozenset[str]:
        """The samples of this batch."""
        if self.batch:
            return frozenset({self.one})
        return frozenset({self.one, self.two})

    def other(self, sample: str) -> str:
        """The one of the two that is not ``sample``."""
        return self.two if sample == self.one else self.one


def _links_of(links: Iterable[Link]) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        for sample in sorted(link.both):
            found[sample].append(link)
    return found


def duplicates(links: Iterable[Link]) -> dict[str, list[Link]]:
    """Samples held back because they look like somebody else's, with the links that show it.

    All of a group are held back: relatives who confirm one say that the genotype is that
    person's, not that the tube is, and the other tube's person has none.
    """
    return _links_of(link for link in links if link.finding == "duplicate")


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

"""A synthetic cohort for the identity gate: families and singletons, and what went wrong.

Nobody in it is real: genotypes are drawn from made-up allele frequencies, children inherit
segments of 10 Mb, reads are drawn from genotypes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Haplotypes = npt.NDArray[np.int8]
"""(2, sites): alternate alleles, autosomes then X."""

LENGTHS = (
    *(248, 242, 198, 190, 181, 170, 159, 145, 138, 133, 135, 133, 114, 107, 101, 90, 83, 80),
    *(58, 64, 46, 50, 156),
)
"""Chromosomes 1 to 22 and X, about, in Mb."""
CONTIGS = tuple(f"chr{name}" for name in (*range(1, 23), "X"))
SEGMENT = 10_000_000
X_START = 3_000_000
"""Behind the first pseudo-autosomal region, of either assembly."""


@dataclass(frozen=True, kw_only=True)
class Sites:
    """Common SNVs in order.

    Attributes:
        contig: index into ``CONTIGS``.
        position: 1-based.
        frequency: of the alternate allele.
    """

    contig: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    frequency: npt.NDArray[np.float64]

    @property
    def on_x(self) -> npt.NDArray[np.bool_]:
        """Which of them are on X."""
        return np.equal(self.contig, len(CONTIGS) - 1)


@dataclass(kw_only=True)
class Human:
    """One person with their record, and the tube that bears their name.

    Attributes:
        sample: sample.
        sex: true sex.
        recorded_sex: what the record says.
        family: family, empty for a singleton.
        father: sample of the father, empty if he is not in the cohort.
        mother: the same.
        haplotypes: both haplotypes.
        tube: sample of who is in the tube.
        contaminant: sample of who else is, empty if nobody.
        contamination: share of that one's reads.
        depth: mean reads at a site.
    """

    sample: str
    sex: str
    haplotypes: Haplotypes
    family: str = ""
    father: str = ""
    mother: str = ""
    recorded_sex: str = ""
    tube: str = ""
    contaminant: str = ""
    contamination: float = 0.0
    depth: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """People by sample, and what went wrong.

    Attributes:
        sites: where they are genotyped.
        people: by sample name, in order.
        wrong: sample to what is wrong with it, for those who must be held back.
    """

    sites: Sites
    people: dict[str, Human]
    wrong: dict[str, str] = field(default_factory=dict)


def make_sites(random: np.random.Generator, autosomal: int, on_x: int) -> Sites:
    """Sites spread over autosomes by length, and over X, with common alleles."""
    genome = np.array(LENGTHS[:-1])
    counts = [*np.round(autosomal * genome / genome.sum()).astype(int), on_x]
    positions = [
        np.sort(random.choice(length * 1_000 - 8_000, count, replace=False)) * 1_000 + X_START
        for length, count in zip(LENGTHS, counts, strict=True)
    ]
    return Sites(
        contig=np.repeat(np.arange(len(CONTIGS)), counts),
        position=np.concatenate(positions),
        frequency=random.beta(1, 1, sum(counts)) * 0.9 + 0.05,
    )


class Births:
    """Draws people."""

    def __init__(self, random: np.random.Generator, sites: Sites) -> None:
        self._random = random
        self._sites = sites
        self._segment = np.unique(
            sites.contig * 1_000 + sites.position // SEGMENT, return_inverse=True
        )[1]

    def founder(self, sex: str) -> Haplotypes:
        """Somebody without parents in the cohort."""
        drawn = self._random.random((2, len(self._sites.frequency))) < self._sites.frequency
        return self._hemizygous(drawn.astype(np.int8), sex)

    def child(self, father: Haplotypes, mother: Haplotypes, sex: str) -> Haplotypes:
        """One haplotype of each parent, drawn anew for each 10 Mb; X of the father as it is."""
        sides = self._random.integers(0, 2, (2, self._segment[-1] + 1))[:, self._segment]
        sides[0, self._sites.on_x] = 0
        pair = np.stack(
            [
                np.take_along_axis(parent, sides[[n]], 0)[0]
                for n, parent in enumerate((father, mother))
            ]
        )
        if sex == "male":  # his X is his mother's
            pair[0, self._sites.on_x] = pair[1, self._sites.on_x]
        return pair

    def _hemizygous(self, pair: Haplotypes, sex: str) -> Haplotypes:
        if sex == "male":
            pair[1, self._sites.on_x] = pair[0, self._sites.on_x]
        return pair


def make_cohort(
    seed: int, *, families: int = 28, people: int = 200, autosomal: int = 3_000, on_x: int = 300
) -> Cohort:
    """Families of two parents and one to three children, singletons, and what went wrong.

    Wrong are three swaps (children of two families; a father and a singleton; two singletons of
    either sex), two duplicates (a singleton's tube holds another singleton, a singleton's holds
    a child of a family), two sexes recorded otherwise (a singleton, a child), and one sample with
    5 % of another's DNA.

    Args:
        seed: of all that is drawn.
        families: how many.
        people: how many in all.
        autosomal: sites on autosomes.
        on_x: sites on X.
    """
    random = np.random.default_rng(seed)
    sites = make_sites(random, autosomal, on_x)
    drawn = list(_families(random, Births(random, sites), families))
    births = Births(random, sites)
    for number in range(people - len(drawn)):
        sex = ("male", "female")[number % 2]
        drawn.append(Human(sample="", sex=sex, haplotypes=births.founder(sex)))
    by_name = _named(random, drawn)
    for person in by_name.values():
        person.recorded_sex = person.sex
        person.tube = person.sample
        person.depth = float(random.uniform(18, 45))
    return Cohort(sites=sites, people=by_name, wrong=_go_wrong(random, by_name))


def _families(random: np.random.Generator, births: Births, families: int) -> Iterator[Human]:
    for number in range(families):
        name = f"F{number + 1:02d}"
        father = Human(sample=f"{name}-f", sex="male", haplotypes=births.founder("male"))
        mother = Human(sample=f"{name}-m", sex="female", haplotypes=births.founder("female"))
        father.family = mother.family = name
        yield from (father, mother)
        for child in range(1 + number % 3):
            sex = str(random.choice(["male", "female"]))
            yield Human(
                sample=f"{name}-c{child}",
                sex=sex,
                haplotypes=births.child(father.haplotypes, mother.haplotypes, sex),
                family=name,
                father=father.sample,
                mother=mother.sample,
            )


def _named(random: np.random.Generator, drawn: list[Human]) -> dict[str, Human]:
    """Everyone in a random order, with a name that tells nothing of family or sex."""
    order = random.permutation(len(drawn))
    names = {id(drawn[place]): f"S{number + 1:03d}" for number, place in enumerate(order)}
    new = {person.sample: names[id(person)] for person in drawn if person.sample}
    for person in drawn:
        person.father = new.get(person.father, "")
        person.mother = new.get(person.mother, "")
        person.sample = names[id(person)]
    return {person.sample: person for person in sorted(drawn, key=lambda p: p.sample)}


class _Pick:
    """People to whom nothing has happened yet; each family and person is picked once."""

    def __init__(self, random: np.random.Generator, people: dict[str, Human]) -> None:
        self._random = random
        self._people = people
        self._families: set[str] = set()
        self._taken: set[str] = set()

    def one(self, kind: str, sex: str = "") -> Human:
        """A ``child``, ``father`` or ``single``, of a sex."""
        fitting = [
            person
            for person in self._people.values()
            if self._kind(person) == kind
            and sex in ("", person.sex)
            and person.sample not in self._taken
            and person.family not in self._families
        ]
        person = fitting[self._random.integers(len(fitting))]
        self._taken.add(person.sample)
        self._families |= {person.family} - {""}
        return person

    @staticmethod
    def _kind(person: Human) -> str:
        if not person.family:
            return "single"
        return "child" if person.father else "father" if person.sex == "male" else "mother"


def _go_wrong(random: np.random.Generator, people: dict[str, Human]) -> dict[str, str]:
    pick = _Pick(random, people)
    wrong: dict[str, str] = {}
    sex = str(random.choice(["male", "female"]))
    swaps = [
        (pick.one("child", sex), pick.one("child", sex)),
        (pick.one("father"), pick.one("single", "male")),
        (pick.one("single", "male"), pick.one("single", "female")),
    ]
    for one, two in swaps:
        one.tube, two.tube = two.sample, one.sample
        wrong |= {one.sample: f"swap with {two.sample}", two.sample: f"swap with {one.sample}"}
    for owner in (pick.one("single"), pick.one("child")):
        other = pick.one("single", owner.sex)
        other.tube = owner.sample
        said = f"duplicate of {owner.sample}, {other.sample}"
        wrong |= {owner.sample: said, other.sample: said}
    for person in (pick.one("single"), pick.one("child")):
        person.recorded_sex = {"male": "female", "female": "male"}[person.sex]
        wrong[person.sample] = "sex"
    dirty, other = pick.one("single"), pick.one("single")
    dirty.contaminant, dirty.contamination = other.sample, 0.05
    wrong[dirty.sample] = f"contaminated with 5 % of {other.sample}"
    return wrong

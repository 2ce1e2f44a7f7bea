"""Two haplotypes for each person: ordinary variation, what they carry, and the pedigree.

Ordinary variation is invented: its sites are drawn once (seeded), each with a frequency, and
each founder haplotype draws its alleles from these. Children receive, gene by gene, one
haplotype of each parent. Coding ordinary variation is synonymous and comes from ClinVar's
benign records, so that nothing ordinary looks like a cause.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from bioutils.sequences import translate_cds

from demo.genes import (
    GENES,
    RESOURCES,
    Gene,
    Transcript,
    gene_at,
    reverse_complement,
    sequences,
    transcripts,
)
from demo.people import BY_NAME, CAUSES, DECOYS, PEOPLE, Change, Person

SEED = "soyang demo 1"
SNVS, INDELS, MULTIALLELIC = 760, 70, 8
SPACING = 60
"""Fewest bases between ordinary sites, so that each is called alone."""
EDGE = 400
"""Bases at the end of a kept sequence where coverage falls; without variation."""
EXON_MARGIN = 20
"""Ordinary non-coding variation keeps clear of exons and splice sites."""
BASES = "ACGT"
RARE_SHARE, RARE, COMMON = 0.25, (0.002, 0.05), (0.05, 0.5)
"""Share of rare sites, and the frequencies of rare and of common ones."""

Haplotype = tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class Site:
    """An ordinary site: its alternate alleles and their population frequencies."""

    changes: tuple[Change, ...]
    frequencies: tuple[float, ...]

    @property
    def position(self) -> int:
        """1-based position of the site."""
        return self.changes[0].position


@cache
def ordinary_sites() -> tuple[Site, ...]:
    """All ordinary sites in order of position."""
    draw = random.Random(f"{SEED} sites")
    taken = [change.position for change in (*CAUSES, *DECOYS)]
    sites = []
    for change in synonymous_changes():
        if _clear(change.position, taken):
            taken.append(change.position)
            sites.append(Site(changes=(change,), frequencies=(_frequency(draw),)))
    wanted = {"snv": SNVS, "indel": INDELS, "multiallelic": MULTIALLELIC}
    for kind, count in wanted.items():
        for _ in range(count):
            sites.append(_new_site(kind, draw, taken))
            taken.append(sites[-1].position)
    return tuple(sorted(sites, key=lambda site: site.position))


def _clear(position: int, taken: Iterable[int]) -> bool:
    return all(abs(position - other) >= SPACING for other in taken)


def _frequency(draw: random.Random) -> float:
    return round(draw.uniform(*(RARE if draw.random() < RARE_SHARE else COMMON)), 4)


def _new_site(kind: str, draw: random.Random, taken: list[int]) -> Site:
    while True:
        gene = draw.choices(GENES, weights=[g.end - g.start for g in GENES])[0]
        position = draw.randint(gene.slice_start + EDGE, gene.slice_end - EDGE)
        changes = _draw_changes(kind, gene, position, draw)
        if changes and _clear(position, taken) and not _near_exon(gene, position):
            frequencies = (0.3, 0.3) if kind == "multiallelic" else (_frequency(draw),)
            return Site(changes=changes, frequencies=frequencies)


def _near_exon(gene: Gene, position: int) -> bool:
    return any(
        first - EXON_MARGIN <= position <= last + EXON_MARGIN
        for first, last in transcripts()[gene.symbol].exons
    )


def _draw_changes(
    kind: str, gene: Gene, position: int, draw: random.Random
) -> tuple[Change, ...] | None:
    """Changes at a position, or None if they would not be left-aligned as VCF asks."""
    sequence = sequences()[gene.symbol]
    offset = position - gene.slice_start
    ref = sequence[offset]
    others = draw.sample([b for b in BASES if b != ref], 2)
    length = draw.randint(1, 6)
    inserted = "".join(draw.choices(BASES, k=length))
    insertion = Change(position, ref, ref + inserted)
    if kind == "snv":
        return (Change(position, ref, others[0]),)
    first_way = bool(draw.getrandbits(1))
    if kind == "multiallelic" and first_way:
        return tuple(Change(position, ref, alt) for alt in others)
    if kind == "multiallelic":
        return (Change(position, ref, others[0]), insertion) if inserted[-1] != ref else None
    if first_way:
        return (insertion,) if inserted[-1] != ref else None
    deleted = sequence[offset : offset + length + 1]
    return (Change(position, deleted, ref),) if deleted[-1] != ref else None


def synonymous_changes() -> Iterator[Change]:
    """Benign single-base records of the committed ClinVar that change no amino acid."""
    for line in (RESOURCES / "clinvar.vcf").read_text().splitlines():
        if line.startswith("#"):
            continue
        _, position, _, ref, alt, _, _, info = line.split("\t")
        change = Change(int(position), ref, alt)
        if "CLNSIG=Benign;" in info and len(ref) == len(alt) == 1:
            transcript = transcripts()[gene_at(change.position).symbol]
            if is_synonymous(change, transcript):
                yield change


def is_synonymous(change: Change, transcript: Transcript) -> bool:
    """Whether a single-base change lies in the coding sequence and changes no amino acid."""
    positions = transcript.coding_positions()
    if change.position not in positions:
        return False
    before = coding_sequence(transcript)
    index = positions.index(change.position)
    alt = change.alt if transcript.strand == "+" else reverse_complement(change.alt)
    after = before[:index] + alt + before[index + 1 :]
    return bool(translate_cds(before) == translate_cds(after))


@cache
def coding_sequence(transcript: Transcript) -> str:
    """The reference coding sequence in the direction of transcription."""
    gene = next(g for g in GENES if g.symbol == transcript.symbol)
    sequence = sequences()[gene.symbol]
    bases = "".join(sequence[p - gene.slice_start] for p in transcript.coding_positions())
    return bases if transcript.strand == "+" else bases.translate(str.maketrans("ACGT", "TGCA"))


@cache
def haplotypes(person: str) -> tuple[Mapping[str, Haplotype], Mapping[str, Haplotype]]:
    """A person's two haplotypes, each gene symbol to its changes in order of position."""
    who = BY_NAME[person]
    both = (
        _inherited(who, who.father_in_truth) if who.father_in_truth else _founder(who, 0),
        _inherited(who, who.mother_in_truth) if who.mother_in_truth else _founder(who, 1),
    )
    first, second = (
        {gene.symbol: _with(gene, side[gene.symbol], own) for gene in GENES}
        for side, own in zip(both, (who.first, who.second), strict=True)
    )
    if who.deleted:
        gene = gene_at(who.deleted[0])
        first[gene.symbol] = _without(gene, first[gene.symbol], *who.deleted)
    return first, second


def _founder(who: Person, side: int) -> dict[str, Haplotype]:
    draw = random.Random(f"{SEED} {who.person} {side}")
    carried: dict[str, list[Change]] = {gene.symbol: [] for gene in GENES}
    for site in ordinary_sites():
        place = draw.random()
        for change, frequency in zip(site.changes, site.frequencies, strict=True):
            if 0 <= place < frequency:
                carried[gene_at(change.position).symbol].append(change)
            place -= frequency
    return {symbol: tuple(changes) for symbol, changes in carried.items()}


def _inherited(who: Person, parent: str) -> dict[str, Haplotype]:
    """One of the parent's haplotypes for each gene; one that carries a decoy is passed on."""
    draw = random.Random(f"{SEED} {who.person} from {parent}")
    sides = haplotypes(parent)
    given = {}
    for gene in GENES:
        side = draw.randrange(2)
        with_decoy = [n for n in (0, 1) if set(sides[n][gene.symbol]) & set(DECOYS)]
        given[gene.symbol] = sides[with_decoy[0] if with_decoy else side][gene.symbol]
    return given


def _with(gene: Gene, changes: Haplotype, own: Haplotype) -> Haplotype:
    mine = [c for c in own if gene_at(c.position) is gene]
    return tuple(sorted((*changes, *mine)))


def _without(gene: Gene, changes: Haplotype, start: int, end: int) -> Haplotype:
    """A haplotype that lacks the bases from start to end, and what it carried there."""
    before = start - 1
    ref = sequences()[gene.symbol][before - gene.slice_start : end + 1 - gene.slice_start]
    kept = [c for c in changes if c.end < before or c.position > end]
    return tuple(sorted([*kept, Change(before, ref, ref[0])]))


def apply(gene: Gene, changes: Haplotype) -> str:
    """The gene's kept sequence with changes made.

    Raises:
        ValueError: a change's reference bases are not there, or two overlap.
    """
    sequence = sequences()[gene.symbol]
    parts, done = [], 0
    for change in changes:
        offset = change.position - gene.slice_start
        if offset < done or sequence[offset : offset + len(change.ref)] != change.ref:
            raise ValueError(f"{change} does not fit {gene.symbol}")
        parts += [sequence[done:offset], change.alt]
        done = offset + len(change.ref)
    return "".join([*parts, sequence[done:]])


def genotype(person: str, change: Change) -> int:
    """Number of a person's haplotypes that carry a change."""
    symbol = gene_at(change.position).symbol
    return sum(change in side[symbol] for side in haplotypes(person))


def founders() -> list[str]:
    """People whose haplotypes are their own."""
    return [p.person for p in PEOPLE if not p.father_in_truth]

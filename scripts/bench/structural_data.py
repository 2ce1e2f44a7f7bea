"""Truth for structural variants: a person's two haplotypes with planted events, and reads of them.

The reference is made up, since a real one at hand is too short for events of 50 kb: random
bases of varying GC with what makes events hard in a genome, diverged copies of a mobile element
and short tandem repeats, and pieces of the demo's genes. All from one seed.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

READ_LENGTH = 150
FRAGMENT, FRAGMENT_SPREAD = 420, 90
ERROR_RATE = 0.002
"""Substitutions a base, as of a present-day Illumina run."""
SNV_DISTANCE = 1_000
"""Bases between a person's small variants, on average."""
MARGIN = 2_000
"""Bases between events, and between an event and a contig's end, at least."""
ELEMENT_LENGTH, ELEMENT_DIVERGENCE = 300, 0.12
"""A mobile element as Alu: a tenth of the genome, copies some tenth apart (Lander 2001)."""
REPEAT_LENGTH, REPEAT_DIVERGENCE = 5_000, 0.02
"""A segmental duplication: copies at least 90 % alike (Bailey 2001), some as much as 98 %."""
PIECES, REPEATS, TANDEMS = 0.1, 0.13, 0.28
"""Up to which random value a stretch is a piece of a gene, a segmental duplication (one stretch
in thirty, which is the genome's twentieth), or a tandem repeat; above, unique with an element."""
HALF = 0.5
HOMOZYGOUS = 2

SIZES: Mapping[str, Sequence[tuple[int, int]]] = {
    "deletion": ((50, 100), (100, 300), (300, 1_000), (1_000, 5_000), (5_000, 50_000)),
    "duplication": ((300, 1_000), (1_000, 5_000), (5_000, 50_000)),
    "insertion": ((50, 100), (100, 250), (250, 251), (500, 600), (1_000, 1_001)),
    "inversion": ((500, 1_000), (1_000, 5_000), (5_000, 50_000)),
    "breakend": ((0, 1),),
}
"""Kinds and their size classes: lengths from, to (exclusive)."""

_COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One event of the truth.

    Attributes:
        kind: as in the events table.
        contig: contig of the reference.
        start: 0-based first base changed, or the base before which something is inserted; of a
            breakend the first base of the tail that went elsewhere.
        end: exclusive; ``start`` of insertions and breakends.
        length: bases deleted, duplicated, inserted or inverted; 0 of a breakend.
        inserted: inserted bases.
        copies: on how many of the two haplotypes.
        mate_contig: of a breakend.
        mate_start: of a breakend, 0-based first base of the tail that came in.
    """

    kind: str
    contig: str
    start: int
    end: int
    length: int
    inserted: str = ""
    copies: int = 1
    mate_contig: str = ""
    mate_start: int = 0


Sequences = dict[str, str]
Edit = tuple[int, int, str]
"""0-based start, end, and what stands there instead."""


def make_reference(
    lengths: Mapping[str, int], generator: random.Random, pieces: Sequence[str]
) -> Sequences:
    """Contigs of given lengths; ``pieces`` are strewn over them."""
    element = _random_bases(ELEMENT_LENGTH, 0.6, generator)
    left = [piece[at : at + 5_000] for piece in pieces for at in range(0, len(piece), 5_000)]
    generator.shuffle(left)  # each is used once: identical copies would be segmental duplications
    repeats = [_random_bases(REPEAT_LENGTH, 0.45, generator) for _ in range(5)]
    made = {}
    for contig, length in lengths.items():
        parts: list[str] = []
        made_bases = 0
        while made_bases < length:
            part = _part(element, generator, left, repeats)
            parts.append(part)
            made_bases += len(part)
        made[contig] = "".join(parts)[:length]
    return made


def _part(element: str, generator: random.Random, pieces: list[str], repeats: Sequence[str]) -> str:
    """Some bases: one of the pieces, a long repeat, a tandem repeat, or an element's copy."""
    chosen = generator.random()
    unique = _random_bases(generator.randint(500, 5_000), generator.uniform(0.35, 0.5), generator)
    if chosen < PIECES and pieces:
        return pieces.pop()
    if PIECES < chosen < REPEATS:
        return unique + mutate(generator.choice(repeats), REPEAT_DIVERGENCE, generator)
    if chosen < TANDEMS:
        unit = _random_bases(generator.randint(2, 6), 0.5, generator)
        return unique + unit * generator.randint(8, 25)
    copy = mutate(element, ELEMENT_DIVERGENCE, generator)
    return unique + (copy if generator.random() < HALF else reverse_complement(copy))


def _random_bases(count: int, gc: float, generator: random.Random) -> str:
    weights = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return "".join(generator.choices("ACGT", weights, k=count))


def mutate(bases: str, share: float, generator: random.Random) -> str:
    """Bases of which a share is another one."""
    return "".join(
        generator.choice("ACGT".replace(base, "")) if generator.random() < share else base
        for base in bases
    )


def reverse_complement(bases: str) -> str:
    """The other strand."""
    return bases.translate(_COMPLEMENT)[::-1]


def plant(
    reference: Mapping[str, str], copies_of_each: int, generator: random.Random
) -> list[Planted]:
    """Events of all kinds and sizes at random places, apart from each other; sorted.

    Half of each class are homozygous. One translocation, heterozygous, exchanges the last parts
    of the first two contigs: two breakends.
    """
    wanted = [
        (kind, generator.randrange(low, high), 1 + number % 2)
        for kind, classes in SIZES.items()
        if kind != "breakend"
        for low, high in classes
        for number in range(copies_of_each)
    ]
    generator.shuffle(wanted)
    places = _places(reference, [length for _, length, _ in wanted], generator)
    events = [
        _event(kind, contig, start, length, copies, generator)
        for (kind, length, copies), (contig, start) in zip(wanted, places, strict=True)
    ]
    return sorted([*events, *_translocation(reference)], key=lambda e: (e.contig, e.start, e.kind))


def _places(
    reference: Mapping[str, str], lengths: Sequence[int], generator: random.Random
) -> list[tuple[str, int]]:
    """A place for each length, with a margin; the ends of contigs stay free."""
    taken: dict[str, list[tuple[int, int]]] = {contig: [] for contig in reference}
    places: dict[int, tuple[str, int]] = {}
    contigs = list(reference)
    for number in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
        for _ in range(10_000):
            contig = generator.choices(contigs, [len(reference[c]) for c in contigs])[0]
            last = len(reference[contig]) - lengths[number] - 15 * MARGIN
            if last <= MARGIN:
                continue
            start = generator.randrange(MARGIN, last)
            low, high = start - MARGIN, start + lengths[number] + MARGIN
            if all(high < a or b < low for a, b in taken[contig]):
                taken[contig].append((low, high))
                places[number] = (contig, start)
                break
        else:
            raise ValueError("the reference is too short for so many events")
    return [places[number] for number in range(len(lengths))]


def _event(
    kind: str, contig: str, start: int, length: int, copies: int, generator: random.Random
) -> Planted:
    inserted = _random_bases(length, 0.45, generator) if kind == "insertion" else ""
    end = start if inserted else start + length
    return Planted(
        kind=kind,
        contig=contig,
        start=start,
        end=end,
        length=length,
        inserted=inserted,
        copies=copies,
    )


def _translocation(reference: Mapping[str, str]) -> list[Planted]:
    if len(reference) == 1:
        return []
    (one, first), (two, second) = list(reference.items())[:2]
    at, there = len(first) - 6 * MARGIN, len(second) - 7 * MARGIN
    return [
        Planted(kind="breakend", contig=a, start=x, end=x, length=0, mate_contig=b, mate_start=y)
        for a, x, b, y in ((one, at, two, there), (two, there, one, at))
    ]


def haplotypes(
    reference: Mapping[str, str], events: Sequence[Planted], generator: random.Random
) -> list[Sequences]:
    """The two haplotypes: homozygous events on both, heterozygous on the first or second."""
    heterozygous = [event for event in events if event.copies == 1]
    sides = {event: generator.randrange(2) for event in heterozygous}
    exchange = next((event for event in events if event.kind == "breakend"), None)
    small = {
        contig: _small(contig, bases, events, generator) for contig, bases in reference.items()
    }
    made = []
    for side in (0, 1):
        edits = {
            contig: sorted(
                [edit for edit, sides_of in small[contig] if side in sides_of]
                + [
                    _edit(event, reference[contig])
                    for event in events
                    if event.contig == contig
                    and event.kind != "breakend"
                    and sides.get(event, side) == side
                ]
            )
            for contig in reference
        }
        made.append(_assemble(reference, edits, exchange if side == 0 else None))
    return made


def _edit(event: Planted, bases: str) -> Edit:
    segment = bases[event.start : event.end]
    if event.kind == "duplication":
        return event.end, event.end, segment
    new = {"deletion": "", "inversion": reverse_complement(segment)}.get(event.kind)
    return event.start, event.end, event.inserted if new is None else new


def _small(
    contig: str, bases: str, events: Sequence[Planted], generator: random.Random
) -> list[tuple[Edit, tuple[int, ...]]]:
    """SNVs away from the breakpoints' bases, each on one or both haplotypes."""
    taken = [(e.start - 3, e.end + 3) for e in events if e.contig == contig]
    found: list[tuple[Edit, tuple[int, ...]]] = []
    position = 0
    while (position := position + 1 + int(generator.expovariate(1 / SNV_DISTANCE))) < len(bases):
        if not any(a <= position <= b for a, b in taken):
            other = generator.choice("ACGT".replace(bases[position], ""))
            sides = generator.choice(((0,), (1,), (0, 1)))
            found.append(((position, position + 1, other), sides))
    return found


def _assemble(
    reference: Mapping[str, str], edits: Mapping[str, Sequence[Edit]], exchange: Planted | None
) -> Sequences:
    cut = (
        {exchange.contig: exchange.start, exchange.mate_contig: exchange.mate_start}
        if exchange
        else {}
    )
    heads, tails = {}, {}
    for contig, bases in reference.items():
        at = cut.get(contig, len(bases))
        heads[contig] = edited(bases, [e for e in edits[contig] if e[1] <= at], 0, at)
        tails[contig] = edited(bases, [e for e in edits[contig] if e[0] >= at], at, len(bases))
    other = (
        {exchange.contig: exchange.mate_contig, exchange.mate_contig: exchange.contig}
        if exchange
        else {}
    )
    return {contig: heads[contig] + tails[other.get(contig, contig)] for contig in reference}


def edited(bases: str, edits: Sequence[Edit], start: int, end: int) -> str:
    """Bases from start to end with sorted, disjoint edits made."""
    borders = [(start, start, ""), *edits, (end, end, "")]
    return "".join(bases[a[1] : b[0]] + b[2] for a, b in pairwise(borders))


def write_fasta(path: Path, sequences: Mapping[str, str]) -> None:
    """Contigs in lines of 60."""
    with path.open("w") as out:
        for name, bases in sequences.items():
            out.write(f">{name}\n")
            out.writelines(f"{bases[i : i + 60]}\n" for i in range(0, len(bases), 60))


def simulate_reads(folder: Path, made: Sequence[Sequences], depth: int, seed: int) -> list[Path]:
    """Pairs of both haplotypes at half the depth each, in two gzipped FASTQ files."""
    mates = [folder / "reads_1.fastq", folder / "reads_2.fastq"]
    for mate in mates:
        mate.write_bytes(b"")
    for side, sequences in enumerate(made):
        fasta = folder / f"haplotype_{side}.fa"
        write_fasta(fasta, {f"{name}.{side}": bases for name, bases in sequences.items()})
        bases = sum(map(len, sequences.values()))
        pairs = bases * depth // (2 * 2 * READ_LENGTH)
        parts = [folder / f"part_{n}.fastq" for n in (1, 2)]
        words = [
            *["wgsim", "-S", str(seed * 2 + side + 1), "-N", str(pairs), "-r", "0", "-R", "0"],
            *["-e", str(ERROR_RATE), "-d", str(FRAGMENT), "-s", str(FRAGMENT_SPREAD)],
            *["-1", str(READ_LENGTH), "-2", str(READ_LENGTH), str(fasta), *map(str, parts)],
        ]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for mate, part in zip(mates, parts, strict=True):
            with mate.open("ab") as out:
                out.write(part.read_bytes())
            part.unlink()
    for mate in mates:
        subprocess.run(["bgzip", "-f", "-l", "1", mate], check=True)
    return [mate.with_name(f"{mate.name}.gz") for mate in mates]


def truth_lines(
    events: Sequence[Planted], reference: Mapping[str, str], sample: str
) -> Iterator[str]:
    """The truth as VCF 4.2: deletions and insertions with sequence, others symbolic or BND."""
    yield "##fileformat=VCFv4.2"
    for name, bases in reference.items():
        yield f"##contig=<ID={name},length={len(bases)}>"
    for kind in ("DUP", "INV"):
        yield f'##ALT=<ID={kind},Description="{kind}">'
    for name, number, dtype in (
        ("SVTYPE", 1, "String"),
        ("SVLEN", ".", "Integer"),
        ("END", 1, "Integer"),
    ):
        yield f'##INFO=<ID={name},Number={number},Type={dtype},Description="{name}">'
    yield '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">'
    columns = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", sample]
    yield "#" + "\t".join(columns)
    order = list(reference)
    made = [
        line
        for number, event in enumerate(events)
        for line in truth_records(event, reference, f"truth{number}")
    ]
    for line in sorted(made, key=lambda line: (order.index(line[0]), line[1], line[2])):
        yield "\t".join(map(str, line))


_TYPES = {"deletion": "DEL", "duplication": "DUP", "insertion": "INS", "inversion": "INV"}
Line = tuple[str, int, str, str, str, str, str, str, str, str]


def truth_records(event: Planted, reference: Mapping[str, str], name: str) -> list[Line]:
    """The lines of an event: one, or of a breakend one for each of its ends."""
    at = event.start
    genotype = "1/1" if event.copies == HOMOZYGOUS else "0/1"
    before = reference[event.contig][at - 1]
    if event.kind == "breakend":
        there, after = event.mate_start + 1, reference[event.mate_contig][event.mate_start]
        ends = (
            (event.contig, at, before, f"{before}[{event.mate_contig}:{there}["),
            (event.mate_contig, there, after, f"]{event.contig}:{at}]{after}"),
        )
        return [
            (contig, place, f"{name}_{n}", ref, alt, ".", "PASS", "SVTYPE=BND", "GT", genotype)
            for n, (contig, place, ref, alt) in enumerate(ends, start=1)
        ]
    sign = "-" if event.kind == "deletion" else ""
    info = f"SVTYPE={_TYPES[event.kind]};SVLEN={sign}{event.length};END={event.end}"
    symbolic = {"duplication": "<DUP>", "inversion": "<INV>"}
    ref = before + reference[event.contig][at : event.end] if sign else before
    alt = symbolic.get(event.kind, before + event.inserted)
    return [(event.contig, at, name, ref, alt, ".", "PASS", info, "GT", genotype)]

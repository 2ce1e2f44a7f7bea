"""People of known genotypes on real sequence, and reads of both their chromosomes.

The sequence is the demo's: nine genes of chr20 with their introns and repeats. Variants are
planted in both haplotypes: SNVs; insertions and deletions of each length class, of which half
lengthen or shorten the repeat that they stand in, as most real ones do; and clusters, in which
the next variant lies a few bases on. Reads are art_illumina's: HiSeq 2500's quality profile,
shifted to the error rate that is wanted, with its errors of insertion and deletion.

Not simulated: systematic errors (PCR stutter, strand bias, chimeras), variants longer than 50
bases, copies elsewhere in the genome that reads may be aligned to.
"""

from __future__ import annotations

import gzip
import math
import random
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.accuracy_compare import Variant, to_left
from bench.accuracy_figures import INDEL_LENGTHS

READ_LENGTH = 150
FRAGMENT, FRAGMENT_SPREAD = 400, 60
PROFILE = "HS25"
PROFILE_ERROR = 0.0020
"""Mean error of a base that the profile's qualities of 2 x 150 bases say, as measured."""

EDGE = 600
"""Bases at either end of a sequence without variants: there, fragments thin out."""
PAD = 2_000
"""Unknown bases at either end of a contig, as a chromosome has them."""

SNV_EVERY = 700
INDEL_EVERY = 1_000
"""Mean distances: an indel, which the classes share, is made as frequent as needed to judge it."""
CLUSTERED = 0.15
"""Share of variants with another one at 1 to :data:`NEAR` bases."""
NEAR = 25
HOMOZYGOUS = 1 / 3
"""Share with both copies, about that of a person's variants (het/hom of 2)."""
TRANSITIONS = 2 / 3
"""Share of SNVs, about a genome's (transitions/transversions of 2)."""
IN_REPEAT = 0.5

_TRANSITION = {"A": "G", "G": "A", "C": "T", "T": "C"}


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A variant and the haplotypes that carry it, of 0 and 1."""

    variant: Variant
    haplotypes: tuple[int, ...]


def gene_sequences(genes: Path, bases: int = 0) -> dict[str, str]:
    """A contig of each gene of the demo's sequence, by the gene's name, with N at both ends.

    Args:
        genes: FASTA, gzip.
        bases: of each gene, at most; 0 for all.
    """
    with gzip.open(genes, "rt") as lines:
        records = [record.splitlines() for record in lines.read().split(">")[1:]]
    return {
        head.split()[1]: f"{'N' * PAD}{''.join(rows).upper()[: bases or None]}{'N' * PAD}"
        for head, *rows in records
    }


# --------------------------------------------------------------------------------- variants


def plant(contig: str, sequence: str, seed: str, rarer: float = 1.0) -> list[Planted]:
    """A person's variants on one sequence, sorted and apart by at least one base.

    Args:
        contig: name of the sequence.
        sequence: its bases, padded.
        seed: of the random numbers.
        rarer: how many times as far apart as usual variants stand.
    """
    dice = random.Random(f"{seed} {contig}")
    planted: list[Planted] = []
    at = PAD + EDGE + _next(dice, rarer)
    while at < len(sequence) - PAD - EDGE:
        one = _variant(dice, contig, sequence, at)
        # A repeat's indel moves to the left, perhaps into the one before it.
        if one and (not planted or one.variant.start > planted[-1].variant.end):
            planted.append(one)
            at = max(at, one.variant.end)
        at += dice.randint(1, NEAR) if dice.random() < CLUSTERED else _next(dice, rarer)
    return planted


def _next(dice: random.Random, rarer: float) -> int:
    return 1 + int(rarer * dice.expovariate(1 / SNV_EVERY + 1 / INDEL_EVERY))


def _variant(dice: random.Random, contig: str, sequence: str, at: int) -> Planted | None:
    share = INDEL_EVERY / (SNV_EVERY + INDEL_EVERY)
    start, end, bases = (
        _snv(dice, sequence, at) if dice.random() < share else _indel(dice, sequence, at)
    )
    copies = 2 if dice.random() < HOMOZYGOUS else 1
    haplotypes = (0, 1) if copies == len((0, 1)) else (dice.randint(0, 1),)
    if sequence[start:end] == bases:
        return None
    raw = Variant(contig=contig, start=start, end=end, bases=bases, copies=copies)
    return Planted(variant=to_left(raw, sequence), haplotypes=haplotypes)


def _snv(dice: random.Random, sequence: str, at: int) -> tuple[int, int, str]:
    old = sequence[at]
    transversions = sorted(set("ACGT") - {old, _TRANSITION[old]})
    new = _TRANSITION[old] if dice.random() < TRANSITIONS else dice.choice(transversions)
    return at, at + 1, new


def _indel(dice: random.Random, sequence: str, at: int) -> tuple[int, int, str]:
    """A deletion, or an insertion of what follows (a longer repeat) or of random bases."""
    size = dice.randint(*dice.choice(INDEL_LENGTHS))
    if dice.random() < IN_REPEAT:
        at = _repeat(sequence, at, size)
    if dice.random() < 1 / 2:
        return at, at + size, ""
    copied = sequence[at : at + size]
    return at, at, copied if dice.random() < 1 / 2 else "".join(dice.choices("ACGT", k=size))


def _repeat(sequence: str, at: int, size: int, within: int = 100) -> int:
    """Where, near by, the next ``size`` bases are most often repeated at once; at least twice."""
    places = range(at, min(at + within, len(sequence) - PAD - EDGE - 2 * size))

    def times(place: int) -> int:
        unit, count = sequence[place : place + size], 1
        while sequence[place + count * size : place + (count + 1) * size] == unit:
            count += 1
        return count

    return max(places, key=lambda place: (times(place), -place), default=at)


# ------------------------------------------------------------------------------------ reads


def haplotype(sequence: str, planted: Sequence[Planted], number: int) -> str:
    """One of a person's two sequences."""
    parts, at = [], 0
    for one in planted:
        if number in one.haplotypes:
            parts += [sequence[at : one.variant.start], one.variant.bases]
            at = one.variant.end
    return "".join([*parts, sequence[at:]])


def quality_shift(error: float) -> int:
    """What is added to the profile's qualities, so that their mean error is the wanted one."""
    return round(10 * math.log10(PROFILE_ERROR / error))


def art_seed(seed: str) -> int:
    """art_illumina's seed of a name: a positive number below 2 to the power of 31."""
    return random.Random(seed).randrange(1, 2**31)


def simulate_reads(
    sequences: dict[str, str],
    planted: dict[str, list[Planted]],
    depth: float,
    error: float,
    seed: str,
    folder: Path,
) -> tuple[Path, Path]:
    """Write read pairs of a person.

    Args:
        sequences: bases of each contig.
        planted: the person's variants of each contig.
        depth: mean reads over a base, of both haplotypes together.
        error: mean error of a base.
        seed: of the random numbers.
        folder: where the reads go.

    Returns:
        FASTQ of mate 1 and of mate 2, gzip.
    """
    mates = folder / "reads_1.fastq.gz", folder / "reads_2.fastq.gz"
    prefixes = []
    for number in range(2):
        fasta = folder / f"haplotype{number}.fa"
        pieces = (
            f">h{number}{name}\n{haplotype(bases, planted[name], number).strip('N')}\n"
            for name, bases in sequences.items()
        )
        fasta.write_text("".join(pieces))
        prefixes.append(folder / f"art{number}_")
        art = _art(fasta, depth / 2, error, art_seed(f"{seed} {number}"), prefixes[-1])
        subprocess.run(art, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        fasta.unlink()
    for mate, out in enumerate(mates, 1):
        parts = [Path(f"{prefix}{mate}.fq") for prefix in prefixes]
        with gzip.open(out, "wb", compresslevel=1) as sink:
            for part in parts:
                sink.write(part.read_bytes())
                part.unlink()
    return mates


def _art(fasta: Path, depth: float, error: float, seed: int, prefix: Path) -> list[str]:
    shift = str(quality_shift(error))
    return [
        *["art_illumina", "-q", "-na", "-p", "-ss", PROFILE, "-i", str(fasta)],
        *["-l", str(READ_LENGTH), "-f", str(depth)],
        *["-m", str(FRAGMENT), "-s", str(FRAGMENT_SPREAD)],
        *["-qs", shift, "-qs2", shift, "-rs", str(seed), "-o", str(prefix)],
    ]


def fasta_lines(sequences: dict[str, str]) -> Iterator[str]:
    """A FASTA's lines of 60 bases."""
    for name, bases in sequences.items():
        yield f">{name}\n"
        yield from (f"{bases[i : i + 60]}\n" for i in range(0, len(bases), 60))

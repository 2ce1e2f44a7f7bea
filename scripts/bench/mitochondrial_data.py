"""Reads of a made-up mitochondrion with planted variants of several shares.

The sequence is random but for a few homopolymers, of the length of rCRS. Fragments are cut from
the circle, so that some lie across its origin. Qualities are drawn from a short list, and errors
are as frequent as they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from soyang.core.process import pipe, run

LENGTH = 16_569
NUCLEAR_LENGTH = 60_000
READ_LENGTH = 150
INSERT, INSERT_SD = 380, 60
QUALITIES = (37, 30, 25, 12)
QUALITY_SHARES = (0.85, 0.09, 0.04, 0.02)
HOMOPOLYMERS = {4_000: 5, 8_500: 6, 12_000: 7}
"""0-based place of a homopolymer to its length."""

_LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8)
_DELETION, _INSERTION, _KINDS = 4, 5, 6
_OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}


@dataclass(frozen=True, order=True)
class Planted:
    """A variant of some of the copies: ``position`` 1-based, left-aligned as in a VCF."""

    position: int
    ref: str
    alt: str
    share: float


def mitochondrion(seed: int, contig: str = "chrM") -> dict[str, str]:
    """A reference of a mitochondrion and a nuclear contig."""
    generator = np.random.default_rng(seed)
    bases = list("".join(generator.choice(list("ACGT"), LENGTH)))
    for place, length in HOMOPOLYMERS.items():
        bases[place : place + length] = ["A"] * length
        bases[place - 1], bases[place + length] = "C", "G"
    nuclear = "".join(generator.choice(list("ACGT"), NUCLEAR_LENGTH))
    return {"chr1": nuclear, contig: "".join(bases)}


def substitution(circle: str, position: int, share: float) -> Planted:
    """A single-base variant at a 1-based position."""
    ref = circle[position - 1]
    return Planted(position, ref, _OTHER[ref], share)


def deletion(circle: str, position: int, length: int, share: float) -> Planted:
    """A deletion of the bases after a 1-based position, left-aligned."""
    while position > 1 and circle[position - 1] == circle[position + length - 1]:
        position -= 1
    return Planted(position, circle[position - 1 : position + length], circle[position - 1], share)


def insertion(circle: str, position: int, inserted: str, share: float) -> Planted:
    """An insertion after a 1-based position, left-aligned."""
    while position > 1 and circle[position - 1] == inserted[-1]:
        inserted = circle[position - 1] + inserted[:-1]
        position -= 1
    return Planted(position, circle[position - 1], circle[position - 1] + inserted, share)


def planted_set(circle: str, shares: Sequence[float], each: int, seed: int) -> list[Planted]:
    """Variants of several shares and kinds, 150 bases apart, some beside the origin.

    Args:
        circle: the sequence.
        shares: heteroplasmies.
        each: variants of each share.
        seed: where they lie.
    """
    generator = np.random.default_rng(seed)
    count = len(shares) * each
    first, apart = 2, (LENGTH - 20) // count
    places = [first + n * apart for n in range(count - 1)] + [LENGTH - 1]
    order = generator.permutation(count)
    found = []
    for number, which in enumerate(order):
        share, place, kind = shares[which % len(shares)], places[number], number % _KINDS
        if kind == _DELETION and place + 20 < LENGTH:
            found.append(deletion(circle, place, int(generator.integers(1, 5)), share))
        elif kind == _INSERTION and place + 20 < LENGTH:
            added = "".join(generator.choice(list("ACGT"), int(generator.integers(1, 5))))
            found.append(insertion(circle, place, added, share))
        else:
            found.append(substitution(circle, place, share))
    return sorted(found)


def haplotype(circle: str, variants: Sequence[Planted]) -> str:
    """The circle with variants."""
    pieces, end = [], len(circle)
    for variant in sorted(variants, reverse=True):
        start = variant.position - 1
        pieces += [circle[start + len(variant.ref) : end], variant.alt]
        end = start
    return "".join([circle[:end], *reversed(pieces)])


def fragments(
    copies: Sequence[tuple[str, float]],
    depth: float,
    generator: np.random.Generator,
    *,
    circular: bool = True,
) -> list[tuple[str, str]]:
    """Fragments' sequences, both mates, of copies by their weight.

    Args:
        copies: sequences and their shares of all copies.
        depth: mean depth.
        generator: where they lie.
        circular: whether a fragment may lie across the end.
    """
    count = int(depth * len(copies[0][0]) / (2 * READ_LENGTH))
    weights = np.array([share for _, share in copies])
    which = generator.choice(len(copies), count, p=weights / weights.sum())
    sizes = np.clip(generator.normal(INSERT, INSERT_SD, count), READ_LENGTH, None).astype(int)
    pairs = []
    for copy, size, at in zip(which, sizes, generator.random(count), strict=True):
        sequence = copies[copy][0]
        room = len(sequence) if circular else len(sequence) - size
        start = int(at * room)
        pieces = (sequence + sequence[: size + 1])[start : start + size]
        pairs.append((pieces[:READ_LENGTH], _turned(pieces[-READ_LENGTH:])))
    return pairs


def _turned(bases: str) -> str:
    return bases[::-1].translate(str.maketrans("ACGT", "TGCA"))


def with_errors(
    reads: Sequence[str], generator: np.random.Generator
) -> tuple[list[bytes], list[bytes]]:
    """Reads of one length with errors, and their qualities as FASTQ has them."""
    bases = np.frombuffer("".join(reads).encode(), dtype=np.uint8).reshape(len(reads), -1)
    codes = np.searchsorted(_LETTERS, bases)
    qualities = generator.choice(QUALITIES, bases.shape, p=QUALITY_SHARES)
    wrong = generator.random(bases.shape) < 10 ** (-qualities / 10)
    codes = np.where(wrong, (codes + generator.integers(1, 4, bases.shape)) % 4, codes)
    signs = (qualities + 33).astype(np.uint8)
    return [row.tobytes() for row in _LETTERS[codes]], [row.tobytes() for row in signs]


def mixture(circle: str, variants: Sequence[Planted]) -> list[tuple[str, float]]:
    """Copies of the circle that carry variants in their shares: one below another.

    Variants are sorted by share; a copy has all variants of a share above its own place.
    """
    shares = sorted({v.share for v in variants} | {1.0})
    below, copies = 0.0, []
    for share in shares:
        carried = [v for v in variants if v.share >= share]
        copies.append((haplotype(circle, carried), share - below))
        below = share
    return copies


def write_reads(pairs: Sequence[tuple[str, str]], fastq: Path, seed: int) -> None:
    """Pairs as interleaved FASTQ, half of them beginning with the other strand's mate."""
    mates = [m for n, pair in enumerate(pairs) for m in (pair if n % 2 else pair[::-1])]
    bases, qualities = with_errors(mates, np.random.default_rng(seed))
    with fastq.open("wb") as out:
        for number, (read, signs) in enumerate(zip(bases, qualities, strict=True)):
            name = b"@f%d/%d" % (number // 2, number % 2 + 1)
            out.write(b"%b\n%b\n+\n%b\n" % (name, read, signs))


def write_reference(contigs: dict[str, str], folder: Path) -> Path:
    """An indexed FASTA with a bwa index."""
    folder.mkdir(parents=True, exist_ok=True)
    fasta = folder / "genome.fa"
    with fasta.open("w", encoding="ascii") as out:
        for name, bases in contigs.items():
            out.write(f">{name}\n")
            out.writelines(f"{bases[i : i + 60]}\n" for i in range(0, len(bases), 60))
    pysam.faidx(str(fasta))
    run(["bwa", "index", fasta])
    return fasta


def write_cram(fastq: Path, fasta: Path, cram: Path, sample: str) -> Path:
    """Align interleaved reads as a genome's would be."""
    group = f"@RG\\tID:{sample}\\tSM:{sample}"
    pipe(
        [
            ["bwa", "mem", "-p", "-t", "2", "-R", group, str(fasta), str(fastq)],
            ["samtools", "sort", "-O", "cram", "--reference", str(fasta), "-"],
        ],
        stdout=cram,
    )
    run(["samtools", "index", cram])
    return cram

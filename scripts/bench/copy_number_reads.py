"""A small genome with planted losses and gains, down to reads and a CRAM.

Two haplotypes are written with the events in them, wgsim draws reads from both, bwa aligns them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.copy_number_data import BIN, READ_LENGTH, Truth
from bench.mitochondrial_data import write_reference
from soyang.core.process import pipe, run

CONTIG = "chr1"
SIZES = (3, 5, 10, 30)
_COPIES = (0, 1, 3, 4)
_APART = 25
_HAPLOTYPE_COPIES = {0: (0, 0), 1: (1, 0), 3: (1, 2), 4: (1, 3)}
"""Copies of a segment on either haplotype."""


def planted() -> tuple[int, list[Truth]]:
    """Length of the contig, and events of each size and number of copies."""
    truth, at = [], _APART * BIN
    for size in SIZES:
        for copies in _COPIES:
            end = at + size * BIN
            truth.append(Truth(contig=CONTIG, start=at, end=end, bins=size, copies=copies))
            at = end + _APART * BIN
    return at, truth


def haplotypes(bases: str, truth: Sequence[Truth]) -> tuple[str, str]:
    """Both haplotypes; gains lie in tandem."""
    pieces: tuple[list[str], list[str]] = ([], [])
    at = 0
    for event in truth:
        for which, times in enumerate(_HAPLOTYPE_COPIES[event.copies]):
            segment = bases[event.start : event.end]
            pieces[which].extend([bases[at : event.start], segment * times])
        at = event.end
    first, second = ("".join([*part, bases[at:]]) for part in pieces)
    return first, second


def make_cram(depth: float, folder: Path, seed: int) -> tuple[Path, Path, list[Truth]]:
    """Reference, CRAM and what was planted."""
    length, truth = planted()
    generator = np.random.default_rng(seed)
    bases = "".join(generator.choice(list("ACGT"), length))
    fasta = write_reference({CONTIG: bases}, folder)
    parts: list[list[str]] = [[], []]
    for number, haplotype in enumerate(haplotypes(bases, truth)):
        source = folder / f"haplotype{number}.fa"
        source.write_text(f">h{number}\n{haplotype}\n", encoding="ascii")
        pairs = int(depth / 2 * len(haplotype) / (2 * READ_LENGTH))
        mates = [str(folder / f"h{number}.{mate}.fq") for mate in (1, 2)]
        lengths = ["-1", str(READ_LENGTH), "-2", str(READ_LENGTH)]
        words = ["wgsim", "-S", str(seed + number), "-e", "0.002", "-r", "0", "-N", str(pairs)]
        run([*words, *lengths, str(source), *mates])
        for mate, path in enumerate(mates):
            parts[mate].append(path)
    both = [folder / "1.fq", folder / "2.fq"]
    for mate, paths in enumerate(parts):
        both[mate].write_bytes(b"".join(Path(path).read_bytes() for path in paths))
    cram = folder / "S1.cram"
    pipe(
        [
            ["bwa", "mem", "-t", "2", "-R", "@RG\\tID:S1\\tSM:S1", str(fasta), *map(str, both)],
            ["samtools", "sort", "-O", "cram", "--reference", str(fasta), "-"],
        ],
        stdout=cram,
    )
    run(["samtools", "index", cram])
    return fasta, cram, truth

"""Simulated reads: ART on a person's haplotypes, 30x, 2 x 150, with sequencing errors."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from demo.genes import GENES, Gene, transcripts
from demo.haplotypes import Haplotype, apply, haplotypes
from demo.people import Person
from soyang.core.process import run

DEPTH_PER_HAPLOTYPE = 15
READ_LENGTH = 150
FRAGMENT_MEAN, FRAGMENT_SD = 350, 50
GAP_MARGIN = 25
"""Bases on both sides of an uncovered exon that no fragment reaches either."""
TRUNCATED_SHARE = 0.6
"""Share of the bytes that a truncated file keeps."""
GZIP_LEVEL = 1


def write_fastq(person: Person, scratch: Path, lanes: list[tuple[Path, Path]]) -> None:
    """Simulate a person's reads and write them as gzip FASTQ, one pair of files for each lane.

    Args:
        person: whose reads.
        scratch: a folder for intermediate files.
        lanes: the files of mate 1 and mate 2 of each lane; pairs go to the lanes in turn.
    """
    stems = [_simulate(person, side, scratch) for side in (0, 1)]
    for mate in (1, 2):
        entries = [
            entry for stem in stems for entry in _entries(stem.with_name(f"{stem.name}{mate}.fq"))
        ]
        for lane, pair in enumerate(lanes):
            text = b"".join(entries[lane :: len(lanes)])
            content = gzip.compress(text, compresslevel=GZIP_LEVEL, mtime=0)
            if person.truncated and mate == len((1, 2)):
                content = content[: int(len(content) * TRUNCATED_SHARE)]
            pair[mate - 1].write_bytes(content)


def _simulate(person: Person, side: int, scratch: Path) -> Path:
    """Run ART on one haplotype; return the stem of its two FASTQ files."""
    stem = scratch / f"{person.sample}.h{side + 1}."
    fasta = stem.with_name(f"{stem.name}fa")
    carried = haplotypes(person.person)[side]
    with fasta.open("w") as out:
        for number, sequence in enumerate(_pieces(person, carried), start=1):
            out.write(f">{person.sample}.h{side + 1}.{number}\n{sequence}\n")
    seed = zlib.crc32(f"{person.sample} {side}".encode()) % 1_000_000 + 1
    run(
        [
            "art_illumina", "--quiet", "--seqSys", "HS25", "--len", str(READ_LENGTH),
            "--fcov", str(DEPTH_PER_HAPLOTYPE), "--mflen", str(FRAGMENT_MEAN),
            "--sdev", str(FRAGMENT_SD), "--paired", "--noALN", "--rndSeed", str(seed),
            "--in", fasta, "--out", stem,
        ]
    )  # fmt: skip
    return stem


def _pieces(person: Person, carried: dict[str, Haplotype] | object) -> Iterator[str]:
    assert isinstance(carried, dict)
    for gene in GENES:
        changes = carried[gene.symbol]
        if person.uncovered and person.uncovered[0] == gene.symbol:
            yield from _around_gap(gene, changes, person.uncovered[1])
        else:
            yield apply(gene, changes)


def _around_gap(gene: Gene, changes: Haplotype, exon: int) -> tuple[str, str]:
    """The haplotype before and after an exon; no change may lie in the gap."""
    first, last = transcripts()[gene.symbol].exon(exon)
    start, end = first - GAP_MARGIN, last + GAP_MARGIN
    left = tuple(c for c in changes if c.end < start)
    right = tuple(c for c in changes if c.position > end)
    whole = len(apply(gene, ()))
    before = apply(gene, left)[: start - gene.slice_start + _growth(left)]
    after = apply(gene, right)[-(gene.slice_end - end + _growth(right)) :]
    assert len(before) + len(after) < whole + _growth(changes)
    return before, after


def _growth(changes: Haplotype) -> int:
    return sum(len(c.alt) - len(c.ref) for c in changes)


def _entries(path: Path) -> Iterator[bytes]:
    """The four-line entries of a FASTQ file."""
    with path.open("rb") as file:
        while entry := b"".join(islice(file, 4)):
            yield entry

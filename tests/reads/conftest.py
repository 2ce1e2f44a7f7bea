"""A small world for reads: a reference that is mostly N, and pairs from its islands."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from soyang.core.process import run
from soyang.reads.align import align
from soyang.reads.reference import reference

GAP = 30_000
READ = 100
ADAPTERS = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCA", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT")


@dataclass(frozen=True)
class World:
    """A prepared reference, and the sequences that reads come from, with their 0-based places.

    ``index`` is bwa-mem3's, ``bwa_index`` bwa's, both of the islands.
    """

    source: Path
    fasta: Path
    places: dict[tuple[str, int], str]

    @property
    def index(self) -> Path:
        return self.fasta.with_name("index")

    @property
    def bwa_index(self) -> Path:
        return self.fasta.parent.parent / "reference bwa" / "index"


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    """chr20: N, 3 kb (with a short gap of N), N, 3 kb; chrX: 2 kb."""
    folder = tmp_path_factory.mktemp("읽기 공간")
    generator = random.Random(20)
    one, two, x = ("".join(generator.choices("ACGT", k=n)) for n in (3_000, 3_000, 2_000))
    chr20 = "N" * GAP + one + "N" * 50 + two[:1_000] + "N" * GAP + two[1_000:]
    source = folder / "source.fa"
    source.write_text(f">chr20 a description\n{chr20.lower()}\n>chrX\n{x}\n")
    reference(fasta=source, assembly="GRCh38", output=folder / "reference")
    reference(fasta=source, assembly="GRCh38", output=folder / "reference bwa", aligner="bwa")
    places = {
        ("chr20", GAP): one,
        ("chr20", GAP + 3_050): two[:1_000],
        ("chr20", 2 * GAP + 4_050): two[1_000:],
        ("chrX", 0): x,
    }
    return World(source, folder / "reference" / "genome.fa", places)


def reverse_complement(bases: str) -> str:
    return bases[::-1].translate(str.maketrans("ACGT", "TGCA"))


def pairs_of(
    places: dict[tuple[str, int], str], seed: int, step: int = 20
) -> list[tuple[str, ...]]:
    """Name and both mates of pairs whose names tell contig and 0-based start."""
    generator = random.Random(seed)
    pairs = []
    for (contig, offset), bases in places.items():
        for start in range(0, len(bases) - 320, step):
            length = generator.randrange(220, 320)
            fragment = bases[start : start + length]
            name = f"{contig}:{offset + start}:{seed}"
            pairs.append((name, fragment[:READ], reverse_complement(fragment)[:READ]))
    return pairs


def write_pairs(folder: Path, name: str, pairs: list[tuple[str, ...]]) -> tuple[Path, Path]:
    """Write gzip FASTQ of both mates."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}_1.fastq.gz", folder / f"{name}_2.fastq.gz"
    for mate, path in enumerate(paths, start=1):
        text = "".join(f"@{p[0]}\n{p[mate]}\n+\n{'I' * len(p[mate])}\n" for p in pairs)
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return paths


def write_units(table: Path, rows: list[tuple[str, str, Path, Path | str]], umi: str = "") -> Path:
    """Admission's table of units of sample S1: unit, entry and paths."""
    lines = ["unit\tperson\tsample\tentry\tpath_1\tpath_2\tumi"]
    lines += [f"{unit}\tP1\tS1\t{entry}\t{one}\t{two}\t{umi}" for unit, entry, one, two in rows]
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


Align = Callable[..., Path]


@pytest.fixture(scope="session")
def run_align(world) -> Align:
    """Align lanes of pairs; return the CRAM."""

    def run_(
        folder: Path,
        lanes: list[list[tuple[str, ...]]],
        threads: int = 2,
        index: Path = world.index,
        umi: str = "",
    ) -> Path:
        rows: list[tuple[str, str, Path, Path | str]] = []
        for number, pairs in enumerate(lanes, start=1):
            one, two = write_pairs(folder / "fastq 읽기", f"L{number}", pairs)
            rows.append((f"S1.L{number}", "fastq", one, two))
        cram = folder / "S1" / "S1.cram"
        align(
            sample="S1",
            units=write_units(folder / "units.tsv", rows, umi),
            reference=world.fasta,
            index=index,
            threads=threads,
            cram=cram,
            fastp=folder / "S1" / "fastp",
        )
        return cram

    return run_


@pytest.fixture
def empty_cram(world, tmp_path) -> Path:
    """A CRAM of S1 without reads."""
    header = world.fasta.with_name("genome.fa.dict").read_text() + "@RG\tID:S1.L1\tSM:S1\n"
    sam, cram = tmp_path / "empty.sam", tmp_path / "empty.cram"
    sam.write_text(header)
    run(["samtools", "view", "-C", "-T", world.fasta, "-o", cram, sam])
    run(["samtools", "index", cram])
    return cram


@pytest.fixture(scope="session")
def two_lanes(world, run_align, tmp_path_factory) -> Path:
    """CRAM of two lanes, the second of which repeats a tenth of the first (duplicates)."""
    first, second = pairs_of(world.places, 1), pairs_of(world.places, 2)
    repeated = [(f"{name}:again", one, two) for name, one, two in first[::10]]
    return run_align(tmp_path_factory.mktemp("두 레인"), [first, second + repeated])

"""bwa and bwa-mem3 give the same records, but for alignments that tie."""

from __future__ import annotations

import random
from pathlib import Path

import pysam
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from soyang.reads.align import align
from soyang.reads.aligners import Aligner, read_index
from soyang.reads.reference import reference
from soyang.reads.tables import ALIGNER
from tests.reads.conftest import READ, reverse_complement, write_pairs, write_units

MOST_DIFFERING = 0.05
"""Share of reads that may differ here, where half of the sequence is repeats."""
MOST_QUALITY = 10
"""Mapping quality of an alignment that ties with another, at most."""


def repetitive(seed: int) -> str:
    """56 kb: unique sequence, 4 kb of it twice, and 60 copies of 200 bases, some changed."""
    generator = random.Random(seed)
    unique = "".join(generator.choices("ACGT", k=32_000))
    element = "".join(generator.choices("ACGT", k=200))
    scattered = ""
    for number in range(60):
        copy = list(element)
        for _ in range(number % 12):
            copy[generator.randrange(len(copy))] = generator.choice("ACGT")
        scattered += "".join(copy) + "".join(generator.choices("ACGT", k=133))
    return unique[:20_000] + scattered + unique[2_000:6_000] + "N" * 40 + unique[20_000:]


def erring_pairs(bases: str, number: int, seed: int) -> list[tuple[str, ...]]:
    """Pairs of both strands with 1 % wrong bases, and some with a base lost or gained."""
    generator = random.Random(seed)
    pairs = []
    for name in range(number):
        start = generator.randrange(len(bases) - 420)
        fragment = bases[start : start + generator.randrange(250, 400)].replace("N", "A")
        if generator.random() < 0.5:
            fragment = reverse_complement(fragment)
        mates = [fragment[: READ + 1], reverse_complement(fragment)[: READ + 1]]
        pairs.append((f"r{name}", *(_erring(mate, generator) for mate in mates)))
    return pairs


def _erring(bases: str, generator: random.Random) -> str:
    changed = [generator.choice("ACGT") if generator.random() < 0.013 else b for b in bases]
    place = generator.randrange(20, 80)
    if generator.random() < 0.1:
        changed[place : place + 1] = generator.choice(["", "AC"])
    return "".join(changed)[:READ]


@pytest.fixture(scope="module")
def repeats(tmp_path_factory) -> dict[str, Path]:
    """Reads over repetitive sequence, aligned by both aligners on one and on two threads."""
    folder = tmp_path_factory.mktemp("반복 서열")
    bases = repetitive(3)
    source = folder / "source.fa"
    source.write_text(f">chr20\n{'N' * 12_000}{bases}\n>chr21\n{repetitive(4)}\n")
    one, two = write_pairs(folder, "L1", erring_pairs(bases, 8_000, 5))
    units = write_units(folder / "units.tsv", [("S1.L1", "fastq", one, two)])
    crams = {}
    for aligner in Aligner:
        reference(fasta=source, assembly="GRCh38", output=folder / aligner, aligner=aligner)
        for threads in (1, 2):
            cram = folder / f"{aligner} {threads}" / "S1.cram"
            align(
                sample="S1",
                units=units,
                reference=folder / aligner / "genome.fa",
                index=folder / aligner / "index",
                threads=threads,
                cram=cram,
                fastp=cram.parent / "fastp",
            )
            crams[f"{aligner} {threads}"] = cram
    return crams


def records(cram: Path) -> dict[tuple, list[tuple]]:
    """Read and mate to its records: where and how each is aligned."""
    found: dict[tuple, list[tuple]] = {}
    fasta = cram.parent.parent / "bwa" / "genome.fa"
    with pysam.AlignmentFile(str(cram), reference_filename=str(fasta)) as opened:
        for r in opened:
            row = r.to_string().split("\t")[:9]
            tags = [f"{tag}{r.get_tag(tag)}" for tag in ("AS", "NM", "SA", "MC") if r.has_tag(tag)]
            found.setdefault((r.query_name, r.is_read1), []).append((*row, *tags))
    return {name: sorted(rows) for name, rows in found.items()}


def scores(cram: Path) -> dict[tuple, int]:
    """Read and mate to the score of its primary alignment."""
    fasta = cram.parent.parent / "bwa" / "genome.fa"
    with pysam.AlignmentFile(str(cram), reference_filename=str(fasta)) as opened:
        return {
            (r.query_name, r.is_read1): r.get_tag("AS")
            for r in opened
            if not r.is_secondary and not r.is_supplementary
        }


def test_records_are_the_same_but_for_ties(repeats, capsys):
    """bwa chooses among pairs of equal score by a number that counts its reads, bwa-mem3 by one
    that counts its batch's: only a pair that has such a choice may differ."""
    bwa, mem3 = records(repeats["bwa 1"]), records(repeats["bwa-mem3 1"])
    assert bwa.keys() == mem3.keys() and len(bwa) > 15_500
    differing = [name for name in bwa if bwa[name] != mem3[name]]
    share = len(differing) / len(bwa)
    with capsys.disabled():
        print(f"\nbwa-mem3 and bwa: {share:.2%} of {len(bwa):,} reads differ, all ties", end=" ")
    assert 0 < share < MOST_DIFFERING
    ours, theirs = scores(repeats["bwa-mem3 1"]), scores(repeats["bwa 1"])
    for pair in {name for name, _ in differing}:
        of_pair = [sum(found[pair, mate] for mate in (True, False)) for found in (ours, theirs)]
        assert of_pair[0] == of_pair[1], pair
        for found in (bwa, mem3):
            quality = min(int(row[4]) for mate in (True, False) for row in found[pair, mate])
            assert quality <= MOST_QUALITY, pair


@pytest.mark.parametrize("aligner", Aligner)
def test_threads_change_no_byte(repeats, aligner):
    one, two = repeats[f"{aligner} 1"], repeats[f"{aligner} 2"]
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("aligner", Aligner)
def test_an_index_says_whose_it_is(repeats, aligner):
    folder = repeats["bwa 1"].parent.parent / aligner / "index"
    row = read_table(folder / "aligner.tsv", ALIGNER).row(0, named=True)
    assert row == {"aligner": aligner, "version": aligner.version(), "origin": "made"}
    index = read_index(folder)
    assert index.aligner is aligner
    with pysam.AlignmentFile(str(repeats[f"{aligner} 1"])) as opened:
        assert opened.header.to_dict()["PG"] == [
            {"ID": aligner, "PN": aligner, "VN": aligner.version()}
        ]


def test_an_index_that_lacks_a_file_is_named(world, tmp_path):
    folder = tmp_path / "index"
    folder.mkdir()
    for path in world.index.iterdir():
        if path.suffix != ".64":
            (folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(FaultError, match=r"no genome\.bwt\.2bit\.64"):
        read_index(folder)


@pytest.mark.shared
def test_real_reads_give_the_same_records_but_for_ties(shared_data, tmp_path, capsys):
    """NA12878 over BRCA1, a gene rich in Alu repeats."""
    source = shared_data / "na12878_brca1"
    mates = [source / f"BRCA1_R{mate}.fastq.gz" for mate in (1, 2)]
    units = write_units(tmp_path / "units.tsv", [("S1.L1", "fastq", *mates)])
    found = []
    for aligner in Aligner:
        folder = tmp_path / aligner
        fasta = source / "hg38-brca1.fasta"
        reference(fasta=fasta, assembly="GRCh38", output=folder, aligner=aligner)
        align(
            sample="S1",
            units=units,
            reference=folder / "genome.fa",
            index=folder / "index",
            threads=2,
            cram=tmp_path / f"{aligner} out" / "S1.cram",
            fastp=tmp_path / f"{aligner} out",
        )
        found.append(records(tmp_path / f"{aligner} out" / "S1.cram"))
    bwa, mem3 = found
    differing = [name for name in bwa if bwa[name] != mem3[name]]
    with capsys.disabled():
        print(f"\nNA12878: {len(differing)} of {len(bwa):,} reads differ, all ties", end=" ")
    assert bwa.keys() == mem3.keys() and len(differing) < len(bwa) / 1000
    for pair in {name for name, _ in differing}:
        rows = [row for mate in (True, False) for row in mem3[pair, mate]]
        assert min(int(row[4]) for row in rows) <= MOST_QUALITY, pair

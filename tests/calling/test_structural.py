"""Structural variants with the real callers, and what they do where there is nothing."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pysam
import pytest

from bench.structural_data import Planted, haplotypes, make_reference, simulate_reads, write_fasta
from soyang.calling.structural import structural
from soyang.calling.sv.callers import Caller
from soyang.calling.tables import EVENTS
from soyang.core.errors import FaultError, ToolError
from soyang.core.tables import read_table

LENGTHS = {"chr20": 60_000, "chrX": 40_000}
EVENTS_OF_S1 = [
    Planted(kind="deletion", contig="chr20", start=8_000, end=9_200, length=1_200, copies=2),
    Planted(kind="duplication", contig="chr20", start=18_000, end=20_000, length=2_000),
    Planted(kind="inversion", contig="chr20", start=30_000, end=32_500, length=2_500),
    Planted(
        kind="insertion",
        contig="chr20",
        start=42_000,
        end=42_000,
        length=61,
        inserted="GATTACAGGCTTAACCGGTTAGCATCGATCGGATATTCGCGATCCTAGGACTTACGTCAGC",
    ),
    Planted(kind="deletion", contig="chrX", start=5_000, end=5_600, length=600),
]


@dataclass(frozen=True)
class World:
    """A reference, a person's CRAM over it, and one without any reads that tell of events."""

    fasta: Path
    cram: Path
    plain: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    folder = tmp_path_factory.mktemp("구조 변이")
    generator = random.Random(5)
    reference = make_reference(LENGTHS, generator, [])
    fasta = folder / "genome.fa"
    write_fasta(fasta, reference)
    pysam.faidx(str(fasta))
    subprocess.run(["bwa", "index", fasta], check=True, capture_output=True)
    made = haplotypes(reference, EVENTS_OF_S1, generator)
    cram = align(fasta, simulate_reads(folder, made, 26, 1), folder / "S1.cram")
    plain = folder / "plain.cram"
    with pysam.AlignmentFile(str(cram), reference_filename=str(fasta)) as reads:
        made_of = {"mode": "wc", "template": reads, "reference_filename": str(fasta)}
        with pysam.AlignmentFile(str(plain), **made_of) as kept:
            for read in reads:
                whole = read.cigarstring == "150M" and not read.has_tag("SA")
                if whole and read.is_proper_pair and abs(read.template_length) < 700:
                    kept.write(read)
    pysam.index(str(plain))
    return World(fasta, cram, plain)


def align(fasta: Path, mates: list[Path], cram: Path) -> Path:
    group = "@RG\\tID:S1.L1\\tSM:S1\\tPL:ILLUMINA"
    aligned = subprocess.run(
        ["bwa", "mem", "-t", "2", "-R", group, fasta, *mates], check=True, capture_output=True
    ).stdout
    sort = ["samtools", "sort", "-O", "cram,version=3.0", "--reference", fasta, "-o", cram]
    subprocess.run(sort, input=aligned, check=True, capture_output=True)
    pysam.index(str(cram))
    return cram


def call(world: World, folder: Path, **changes: object) -> tuple[Path, Path]:
    vcf, events = folder / "S1.structural.vcf.gz", folder / "S1.structural.tsv"
    words = {
        "sample": "S1",
        "cram": world.cram,
        "reference": world.fasta,
        "assembly": "GRCh38",
        "caller": list(Caller),
        "max_distance": 500,
        "min_similarity": 0.7,
        "gap_distance": 250,
        "threads": 2,
        "vcf": vcf,
        "events": events,
    }
    structural(**(words | changes))
    return vcf, events


@pytest.fixture(scope="module")
def called(world, tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("결과 folder")
    quality = folder / "S1.quality.tsv"
    quality.write_text("sample\tx_copies\ty_copies\nS1\t1\t1\n")
    return call(world, folder, quality=quality)


def test_every_planted_event_is_found_with_its_genotype(called):
    found = read_table(called[1], EVENTS).filter(filter="PASS")
    columns = ["kind", "contig", "start", "length", "genotype", "expected_copies"]
    rows = {(*row[:2], round(row[2], -2), *row[3:]) for row in found.select(columns).iter_rows()}
    assert rows == {
        ("deletion", "chr20", 8_000, 1_200, "1/1", 2),
        ("duplication", "chr20", 18_000, 2_000, "0/1", 2),
        ("inversion", "chr20", 30_000, 2_500, "0/1", 2),
        ("insertion", "chr20", 42_000, 61, "0/1", 2),
        ("deletion", "chrX", 5_000, 600, "0/1", 1),
    }


def test_callers_agree_on_what_all_can_see(called):
    found = read_table(called[1], EVENTS).filter(pl.col("kind").is_in(["deletion", "inversion"]))
    assert found["callers"].to_list() == ["delly;dysgu;tiddit"] * 3


def test_the_vcf_says_the_same_and_whose_it_is(called):
    with pysam.VariantFile(str(called[0])) as records:
        header, samples = str(records.header), list(records.header.samples)
        made = {record.id: record for record in records}
    assert samples == ["S1"]
    assert header.count("##soyang_caller=") == 3
    assert "구조" not in header and "scratch" not in header
    table = read_table(called[1], EVENTS)
    assert set(table["event"]) == set(made)
    inserted = next(r for r in made.values() if r.info["KIND"] == "insertion")
    planted = next(event.inserted for event in EVENTS_OF_S1 if event.inserted)
    assert len(inserted.alts[0]) == 62 and inserted.alts[0][1:] in planted * 2, "moved left"
    index = pysam.TabixFile(str(called[0]))
    assert len(list(index.fetch("chrX"))) == 1


@pytest.mark.slow
def test_threads_do_not_change_a_byte(world, called, tmp_path):
    quality = called[1].parent / "S1.quality.tsv"
    again = call(world, tmp_path, quality=quality, threads=1)
    for one, two in zip(called, again, strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_reads_that_tell_of_nothing_give_an_empty_result(world, tmp_path):
    vcf, events = call(world, tmp_path, cram=world.plain)
    assert read_table(events, EVENTS).is_empty()
    with pysam.VariantFile(str(vcf)) as records:
        assert list(records.header.samples) == ["S1"]
        assert list(records) == []


def test_another_persons_reads_are_refused(world, tmp_path):
    with pytest.raises(ToolError, match=r"delly wrote samples \['S1'\], not S2"):
        call(world, tmp_path, sample="S2", caller=[Caller.DELLY])
    assert list(tmp_path.iterdir()) == []


def test_a_quality_table_of_another_sample_is_refused(world, tmp_path):
    quality = tmp_path / "S2.quality.tsv"
    quality.write_text("sample\tx_copies\ty_copies\nS2\t1\t1\n")
    with pytest.raises(FaultError, match="no row of the sample"):
        call(world, tmp_path, quality=quality)


def test_excluded_regions_that_are_no_bed_are_refused(world, tmp_path):
    bed = tmp_path / "excluded.bed"
    bed.write_text("chr20\t100\n")
    with pytest.raises(FaultError, match="line 1"):
        call(world, tmp_path, excluded=bed)

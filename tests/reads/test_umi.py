"""Molecular identifiers: from name, tag or bases into RX, and into the marking of duplicates."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.core.errors import FaultError, ToolError
from soyang.core.process import run
from soyang.reads.adopt import adopt
from soyang.reads.umi import Umi, fastp_words, umi_of
from tests.reads.conftest import pairs_of, write_units
from tests.reads.test_align import reads_of
from tests.reads.test_unaligned import aligned, lines_of, write_ubam

IDENTIFIERS = ("ACGTAC", "ACGTAC", "TTGGCA")
"""Of three copies of one fragment: the first two are one molecule."""


def molecules(world) -> list[tuple[str, str, str, str]]:
    """Identifier, name and mates of three copies of each fragment."""
    return [
        (umi, f"{name}:{number}", one, two)
        for name, one, two in pairs_of(world.places, 1, step=100)
        for number, umi in enumerate(IDENTIFIERS)
    ]


def check_marked(cram: Path, world, number: int, umis=("ACGTAC", "TTGGCA")) -> None:
    """Two of three copies stay, and names are what they were without identifiers."""
    reads = reads_of(cram, world.fasta)
    assert len(reads) == 2 * number
    assert {read.get_tag("RX") for read in reads} == set(umis)
    kept = [read for read in reads if not read.is_duplicate]
    assert len(kept) == 2 * number * 2 // 3
    copies = {(r.query_name.rsplit(":", 1)[0], r.is_read1, r.get_tag("RX")) for r in kept}
    assert len(copies) == len(kept)
    assert all(read.query_name[-2:] in (":0", ":1", ":2") for read in reads)


@pytest.mark.parametrize("aligner", ["bwa", "bwa-mem3"])
@pytest.mark.parametrize("joint", ["", "+", "_"])
def test_identifiers_at_the_end_of_names(world, run_align, tmp_path, aligner, joint):
    copies = molecules(world)
    ends = {umi: f"{umi}{joint}GG" if joint else umi for umi in IDENTIFIERS}
    pairs = [(f"{name}:{ends[umi]} 1:N:0:ATCACG", one, two) for umi, name, one, two in copies]
    index = world.index if aligner == "bwa-mem3" else world.bwa_index
    cram = run_align(tmp_path, [pairs], index=index, umi="name")
    joined = {f"{umi}-GG" if joint else umi for umi in IDENTIFIERS}
    check_marked(cram, world, len(copies), joined)


def test_without_the_column_identifiers_are_part_of_the_name(world, run_align, tmp_path):
    copies = molecules(world)
    reads = reads_of(
        run_align(tmp_path, [[(f"{n}:{umi}", one, two) for umi, n, one, two in copies]]),
        world.fasta,
    )
    assert not any(read.has_tag("RX") for read in reads)
    assert sum(not read.is_duplicate for read in reads) == 2 * len(copies) // 3


@pytest.mark.parametrize(
    ("umi", "first", "second", "expected"),
    [
        ("read1:6", True, False, ("ACGTAC", "TTGGCA")),
        ("read2:6", False, True, ("ACGTAC", "TTGGCA")),
        ("per_read:6", True, True, ("ACGTAC-ACGTAC", "TTGGCA-TTGGCA")),
    ],
)
def test_identifiers_in_bases(world, run_align, tmp_path, umi, first, second, expected):
    copies = molecules(world)
    pairs = [(name, own * first + one, own * second + two) for own, name, one, two in copies]
    cram = run_align(tmp_path, [pairs], umi=umi)
    check_marked(cram, world, len(copies), expected)
    assert {read.query_length for read in reads_of(cram, world.fasta)} == {100}


@pytest.mark.parametrize("place", ["name", "tag"])
def test_identifiers_of_a_ubam(world, tmp_path, place):
    copies = molecules(world)
    records = []
    for umi, name, one, two in copies:
        named = (f"{name}:{umi}" if place == "name" else name, one, two)
        records += lines_of([named], tags=f"\tRX:Z:{umi}" if place == "tag" else "\tBC:Z:AA")
    cram = aligned(write_ubam(tmp_path / "a.bam", records), world, tmp_path / "out", umi=place)
    check_marked(cram, world, len(copies))
    assert {read.get_tag("RG") for read in reads_of(cram, world.fasta)} == {"A.1"}


@pytest.mark.parametrize("place", ["name", "tag"])
def test_identifiers_of_alignments(world, run_align, tmp_path, place):
    copies = molecules(world)
    pairs = [(f"{name}:{umi}", one, two) for umi, name, one, two in copies]
    made = run_align(tmp_path / "made", [pairs], umi="name" if place == "tag" else "")
    text = run(["samtools", "view", "-h", "-T", world.fasta, made])
    sam, bam = tmp_path / "a.sam", tmp_path / "a.bam"
    sam.write_text(text)
    run(["samtools", "view", "-b", "-o", bam, sam])
    units = write_units(tmp_path / "units.tsv", [("S1.L1", "bam", bam, "")], place)
    cram = tmp_path / "out" / "S1.cram"
    adopt(sample="S1", units=units, reference=world.fasta, threads=1, cram=cram)
    check_marked(cram, world, len(copies))


def test_a_name_without_identifier_is_a_fault_before_the_work(world, run_align, tmp_path):
    with pytest.raises(FaultError, match="doesn't end with a UMI"):
        run_align(tmp_path, [pairs_of(world.places, 1)], umi="name")


def test_a_later_name_without_identifier_fails(world, run_align, tmp_path):
    copies = [(f"{name}:{umi}", one, two) for umi, name, one, two in molecules(world)]
    name, one, two = copies[-1]
    with pytest.raises(ToolError, match="no UMI at its end"):
        run_align(tmp_path, [[*copies[:-1], (name[:-7], one, two)]], umi="name")
    assert not list((tmp_path / "S1").glob("*cram*"))


def test_a_ubam_without_the_tag_fails(world, tmp_path):
    records = lines_of([m[1:] for m in molecules(world)])
    with pytest.raises(ToolError, match="no UMI in a tag RX"):
        aligned(write_ubam(tmp_path / "a.bam", records), world, tmp_path / "out", umi="tag")


def test_cells_of_the_sheet():
    assert umi_of("", "fastq") is None
    assert umi_of("name", "cram") == Umi(place="name")
    assert umi_of("per_read:8", "ubam") == Umi(place="per_read", bases=8)
    assert fastp_words(umi_of("read2:12", "fastq")) == [
        *("--umi", "--umi_loc", "read2", "--umi_len", "12")
    ]
    assert fastp_words(umi_of("tag", "ubam")) == fastp_words(None) == []


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        *(("tag", "fastq"), ("read1:8", "bam"), ("read1", "fastq"), ("read1:0", "fastq")),
        *(("name:3", "fastq"), ("read1:x", "ubam"), ("read3:4", "fastq"), ("read1:101", "fastq")),
        ("name", "gvcf"),
    ],
)
def test_cells_that_cannot_be(text, entry, world, tmp_path):
    with pytest.raises(ValueError, match="empty, "):
        umi_of(text, entry)


def test_a_cell_that_cannot_be_is_named(world, run_align, tmp_path):
    with pytest.raises(FaultError, match="column umi: found 'tag'"):
        run_align(tmp_path, [pairs_of(world.places, 1)], umi="tag")


@given(st.text(max_size=12), st.sampled_from(["fastq", "ubam", "bam", "cram", "vcf"]))
def test_any_cell_is_understood_or_refused(text, entry):
    try:
        umi = umi_of(text, entry)
    except ValueError as error:
        assert str(error).startswith("empty, ")
        return
    assert (umi is None) == (text == "")
    assert umi is None or (umi.bases > 0) == (umi.place in ("read1", "read2", "per_read"))

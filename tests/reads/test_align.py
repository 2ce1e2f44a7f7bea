"""FASTQ to CRAM in one pipe."""

from __future__ import annotations

import gzip
import json
from importlib.metadata import version
from pathlib import Path

import pysam
import pytest

from soyang.core.errors import FaultError, ToolError
from soyang.reads.align import align
from soyang.reads.reference import reference
from tests.reads.conftest import ADAPTERS, pairs_of, reverse_complement, write_units


def reads_of(cram: Path, fasta: Path) -> list[pysam.AlignedSegment]:
    with pysam.AlignmentFile(str(cram), reference_filename=str(fasta)) as alignment:
        return list(alignment)


def test_reads_lie_where_they_came_from(two_lanes, world):
    """Names tell contig and start; islands must be back in the contig's coordinates."""
    wrong = []
    for read in reads_of(two_lanes, world.fasta):
        contig, start = read.query_name.split(":")[:2]
        forward = read if read.is_read1 else None
        if read.reference_name != contig or (forward and read.reference_start != int(start)):
            wrong.append(read.query_name)
        assert read.next_reference_name == contig
        assert abs(read.template_length) < 330
    assert wrong == []


def test_duplicates_are_marked_across_lanes(two_lanes, world):
    reads = reads_of(two_lanes, world.fasta)
    duplicates = [read for read in reads if read.is_duplicate]
    repeated = {name for name, *_ in pairs_of(world.places, 1)[::10]}
    marked = {read.query_name.removesuffix(":again") for read in duplicates}
    assert repeated <= marked
    assert len(marked) < 1.2 * len(repeated)
    assert len(reads) == 2 * (2 * len(pairs_of(world.places, 1)) + len(repeated))


def test_header_is_ours(two_lanes, world):
    with pysam.AlignmentFile(str(two_lanes)) as alignment:
        header = alignment.header.to_dict()
        assert alignment.format == "CRAM"
        assert alignment.version == (3, 0)
        assert alignment.has_index()
    assert header["HD"]["SO"] == "coordinate"
    assert [group["ID"] for group in header["RG"]] == ["S1.L1", "S1.L2"]
    assert {(g["SM"], g["LB"], g["PL"]) for g in header["RG"]} == {("S1", "S1", "ILLUMINA")}
    assert [set(line) for line in header["SQ"]] == [{"SN", "LN", "M5", "AS"}] * 2
    assert header["PG"] == [{"ID": "bwa-mem3", "PN": "bwa-mem3", "VN": version("bwa-mem3")}]
    assert "/" not in str(header)


def test_bytes_do_not_depend_on_threads_or_folder(world, run_align, tmp_path):
    lanes = [pairs_of(world.places, 1), pairs_of(world.places, 2, step=30)]
    one = run_align(tmp_path / "one", lanes, threads=1)
    two = run_align(tmp_path / "또 다른 긴 이름의 폴더", lanes, threads=3)
    assert one.read_bytes() == two.read_bytes()
    assert Path(f"{one}.crai").read_bytes() == Path(f"{two}.crai").read_bytes()
    for unit in ("S1.L1", "S1.L2"):
        reports = [c.parent / "fastp" / f"{unit}.fastp.json" for c in (one, two)]
        assert reports[0].read_bytes() == reports[1].read_bytes()
    names = sorted(p.name for p in one.parent.rglob("*"))
    assert names == ["S1.L1.fastp.json", "S1.L2.fastp.json", "S1.cram", "S1.cram.crai", "fastp"]


def test_adapters_are_trimmed_and_reported(world, run_align, tmp_path):
    bases = world.places["chrX", 0]
    pairs = []
    for name, first, _ in pairs_of({("chrX", 0): bases}, 5):
        fragment = first[:60]
        pairs.append((name, fragment + ADAPTERS[0], reverse_complement(fragment) + ADAPTERS[1]))
    cram = run_align(tmp_path, [pairs])
    report = json.loads((cram.parent / "fastp" / "S1.L1.fastp.json").read_text())
    assert report["adapter_cutting"]["adapter_trimmed_reads"] == 2 * len(pairs)
    assert report["command"] == "fastp --report_title S1.L1"
    assert {read.query_length for read in reads_of(cram, world.fasta)} == {60}


def test_split_reads_point_to_contigs(world, run_align, tmp_path):
    """A read of two distant pieces: SA must hold contig coordinates too."""
    one, two = world.places["chr20", 30_000], world.places["chr20", 64_050]
    chimera = one[100:150] + two[200:250]
    normal = pairs_of(world.places, 3, step=40)
    mate = reverse_complement(one[300:400])
    cram = run_align(tmp_path, [[*normal, ("chimera", chimera, mate)]])
    found = [r for r in reads_of(cram, world.fasta) if r.query_name == "chimera" and r.is_read1]
    starts = {read.reference_start for read in found}
    assert starts == {30_100, 64_250}
    named = {int(read.get_tag("SA").split(",")[1]) - 1 for read in found}
    assert named == starts


@pytest.mark.parametrize("empty", [0, 1])
def test_an_empty_lane_is_refused_though_others_have_reads(world, run_align, tmp_path, empty):
    """A failed transfer must not lose depth silently; who means it removes the row."""
    lanes = [pairs_of(world.places, 1)] * 2
    lanes[empty] = []
    with pytest.raises(FaultError) as error:
        run_align(tmp_path, lanes)
    (fault,) = error.value.faults
    assert (fault.code, fault.row, fault.sample) == ("lane-empty", f"S1.L{empty + 1}", "S1")
    assert "remove its row" in fault.next_step
    assert not list((tmp_path / "S1").glob("*cram*")) and not list((tmp_path / "S1").glob(".*"))


def test_reads_that_all_fail_the_filters_are_no_sample(run_align, tmp_path):
    with pytest.raises(FaultError, match="no read that passes"):
        run_align(tmp_path, [[("short", "ACGT", "ACGT")]])


def test_a_truncated_lane_fails_and_leaves_nothing(world, run_align, tmp_path):
    good = pairs_of(world.places, 1)
    cram = run_align(tmp_path / "good", [good])
    fastq = tmp_path / "good" / "fastq 읽기" / "L1_1.fastq.gz"
    fastq.write_bytes(fastq.read_bytes()[:-2000])
    rows = [("S1.L1", "fastq", fastq, fastq.with_name("L1_2.fastq.gz"))]
    bad = tmp_path / "bad" / "S1.cram"
    with pytest.raises(ToolError, match="fastp"):
        align(
            sample="S1",
            units=write_units(tmp_path / "units.tsv", rows),
            reference=world.fasta,
            index=world.index,
            threads=1,
            cram=bad,
            fastp=tmp_path / "bad" / "fastp",
        )
    assert sorted(p.name for p in bad.parent.rglob("*")) == ["fastp"]
    assert cram.exists()


@pytest.mark.parametrize(
    "case",
    [
        ("fastq", "none_1.fastq.gz", "none_2.fastq.gz", "no such file"),
        ("fastq", "none_1.fastq.gz", "", "no FASTQ of mate 2"),
        ("bam", "a.bam", "", "no row of sample S1"),
    ],
)
def test_missing_input_is_named(world, tmp_path, case):
    entry, one, two, found = case
    units = write_units(tmp_path / "units.tsv", [("S1.L1", entry, Path(one), two)])
    with pytest.raises(FaultError, match=found):
        align(
            sample="S1",
            units=units,
            reference=world.fasta,
            index=world.index,
            threads=1,
            cram=tmp_path / "S1.cram",
            fastp=tmp_path,
        )


@pytest.mark.shared
def test_real_reads_map(shared_data, tmp_path):
    """NA12878 over BRCA1: nearly all reads map to the slice that they were taken from."""
    source = shared_data / "na12878_brca1"
    reference(fasta=source / "hg38-brca1.fasta", assembly="GRCh38", output=tmp_path / "ref")
    mates = [source / f"BRCA1_R{mate}.fastq.gz" for mate in (1, 2)]
    fasta, cram = tmp_path / "ref" / "genome.fa", tmp_path / "S1.cram"
    align(
        sample="S1",
        units=write_units(tmp_path / "units.tsv", [("S1.L1", "fastq", *mates)]),
        reference=fasta,
        index=tmp_path / "ref" / "index",
        threads=2,
        cram=cram,
        fastp=tmp_path,
    )
    reads = [r for r in reads_of(cram, fasta) if not r.is_secondary and not r.is_supplementary]
    with gzip.open(mates[0], "rt") as lines:
        count = sum(1 for _ in lines) // 4
    assert len(reads) > 2 * 0.9 * count
    assert sum(not r.is_unmapped for r in reads) / len(reads) > 0.97

"""Unaligned BAM and CRAM: read groups, pairs, single reads, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pysam
import pytest

from soyang.core.errors import FaultError, ToolError
from soyang.core.process import run
from soyang.reads import groups
from soyang.reads.align import align
from tests.reads.conftest import pairs_of, reverse_complement, write_units
from tests.reads.test_align import reads_of

GROUPS = (
    "@RG\tID:A.1\tSM:S1\tLB:lib1\tPL:ILLUMINA\tPU:F1.1\tDS:Ward 3",
    "@RG\tID:A.2\tSM:S1\tLB:lib2\tPL:ILLUMINA\tPU:F1.2",
)
QUERY_NAMES = "@HD\tVN:1.6\tSO:queryname"


def lines_of(pairs, group: str = "A.1", tags: str = "") -> list[str]:
    """Records of unaligned pairs."""
    return [
        "\t".join([name, flag, "*", "0", "0", "*", "*", "0", "0", bases, "I" * len(bases)])
        + f"\tRG:Z:{group}{tags}"
        for name, *mates in pairs
        for flag, bases in zip(("77", "141"), mates, strict=True)
    ]


def write_ubam(path: Path, records: list[str], *, groups=GROUPS, first: str = QUERY_NAMES) -> Path:
    """A BAM or CRAM, by the suffix, of the records in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sam = path.with_suffix(".sam")
    sam.write_text("\n".join([first, *groups, *records]) + "\n")
    run(["samtools", "view", "-O", path.suffix[1:], "-o", path, sam])
    return path


def aligned(
    file: Path, world, folder: Path, *, index=None, umi: str = "", threads: int = 2
) -> Path:
    cram = folder / "S1.cram"
    align(
        sample="S1",
        units=write_units(folder / "units.tsv", [("S1.L1", "ubam", file, "")], umi),
        reference=world.fasta,
        index=index or world.index,
        threads=threads,
        cram=cram,
        fastp=folder / "fastp",
    )
    return cram


@pytest.fixture(scope="module")
def two_groups(world) -> list[str]:
    first, second = pairs_of(world.places, 1, step=60), pairs_of(world.places, 2, step=60)
    return [*lines_of(first, "A.1"), *lines_of(second, "A.2")]


@pytest.mark.parametrize("form", ["bam", "cram"])
@pytest.mark.parametrize("aligner", ["bwa", "bwa-mem3"])
def test_reads_keep_their_groups(two_groups, world, tmp_path, form, aligner):
    file = write_ubam(tmp_path / f"정렬 전.{form}", two_groups)
    index = world.index if aligner == "bwa-mem3" else world.bwa_index
    cram = aligned(file, world, tmp_path / "결과 1", index=index)
    found = reads_of(cram, world.fasta)
    assert len(found) == len(two_groups)
    for read in found:
        contig, start, seed = read.query_name.split(":")
        assert read.get_tag("RG") == f"A.{seed}"
        assert read.reference_name == contig and read.is_paired
        assert not read.is_read1 or read.reference_start == int(start)
    with pysam.AlignmentFile(str(cram)) as opened:
        header = str(opened.header)
    assert [ln for ln in header.splitlines() if ln.startswith("@RG")] == [
        GROUPS[0].removesuffix("\tDS:Ward 3"),
        GROUPS[1],
    ]
    report = json.loads((tmp_path / "결과 1" / "fastp" / "S1.L1.fastp.json").read_text())
    assert report["summary"]["before_filtering"]["total_reads"] == len(two_groups)
    names = sorted(p.name for p in (tmp_path / "결과 1").iterdir())
    assert names == ["S1.cram", "S1.cram.crai", "fastp", "units.tsv"]


def test_mates_apart_are_brought_together(two_groups, world, tmp_path):
    """A header that does not promise an order: first all first mates, then all second ones."""
    apart = [*two_groups[0::2], *two_groups[1::2]]
    whole = aligned(write_ubam(tmp_path / "a.bam", two_groups), world, tmp_path / "a")
    mixed = write_ubam(tmp_path / "b.bam", apart, first="@HD\tVN:1.6\tSO:unsorted")
    cram = aligned(mixed, world, tmp_path / "b")
    rows = [
        sorted((r.query_name, r.flag & 0x8C, r.reference_start) for r in reads_of(c, world.fasta))
        for c in (whole, cram)
    ]
    assert rows[0] == rows[1]


def test_a_promised_order_that_is_not_kept_is_found(two_groups, world, tmp_path):
    apart = [*two_groups[0::2], *two_groups[1::2]]
    with pytest.raises(ToolError, match="its mate does not follow it"):
        aligned(write_ubam(tmp_path / "a.bam", apart), world, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*cram*"))


@pytest.mark.parametrize("aligner", ["bwa", "bwa-mem3"])
def test_single_reads(world, tmp_path, aligner):
    pairs = pairs_of(world.places, 1, step=60)
    records = [ln.replace("\t77\t", "\t4\t") for ln in lines_of(pairs) if "\t77\t" in ln]
    strange = "\t".join(["none", "4", "*", "0", "0", "*", "*", "0", "0", "ACGGT" * 20, "I" * 100])
    file = write_ubam(tmp_path / "a.bam", [*records, f"{strange}\tRG:Z:A.1"])
    index = world.index if aligner == "bwa-mem3" else world.bwa_index
    found = reads_of(aligned(file, world, tmp_path / "out", index=index), world.fasta)
    assert len(found) == len(pairs) + 1
    for read in found:
        assert not read.flag & (0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x80)
        assert read.next_reference_id == -1 and read.template_length == 0
        assert not read.has_tag("MC") and not read.has_tag("MQ")
        if read.query_name == "none":
            assert read.is_unmapped and read.reference_id == -1
        else:
            assert read.reference_start == int(read.query_name.split(":")[1])


def test_single_reads_are_the_same_by_both_aligners(world, tmp_path):
    pairs = pairs_of(world.places, 1, step=30)
    records = [ln.replace("\t77\t", "\t4\t") for ln in lines_of(pairs) if "\t77\t" in ln]
    chimera = world.places["chr20", 30_000][100:160] + world.places["chr20", 64_050][200:270]
    records += lines_of([("chimera", chimera, "A")])[:1]
    file = write_ubam(tmp_path / "a.bam", [r.replace("\t77\t", "\t4\t") for r in records])
    crams = [
        aligned(file, world, tmp_path / name, index=index)
        for name, index in (("mem3", world.index), ("bwa", world.bwa_index))
    ]
    rows = [[r.to_string() for r in reads_of(cram, world.fasta)] for cram in crams]
    assert sorted(rows[0]) == sorted(rows[1])
    assert any("SA:Z:chr20,64251,+" in row for row in rows[0])


def test_reads_that_failed_the_sequencers_checks_are_left_out(two_groups, world, tmp_path):
    failed = [
        line.replace("\t77\t", "\t589\t").replace("\t141\t", "\t653\t") for line in two_groups[:10]
    ]
    file = write_ubam(tmp_path / "a.bam", [*failed, *two_groups[10:]])
    assert len(reads_of(aligned(file, world, tmp_path / "out"), world.fasta)) == (
        len(two_groups) - 10
    )


REFUSED = {
    "another sample": ([g.replace("SM:S1", "SM:S9") for g in GROUPS], None, "read groups of 'S9'"),
    "no group": ([], None, "read groups of nobody"),
    "aligned": (GROUPS, "\t0\tchr20\t30001\t60\t100M\t", "aligned reads"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_the_samples_reads_is_refused(two_groups, world, tmp_path, case):
    groups, place, found = case
    records, header = two_groups, list(groups)
    if place:
        records = [ln.replace("\t77\t*\t0\t0\t*\t", place, 1) for ln in two_groups]
        header.append("@SQ\tSN:chr20\tLN:66050")
    if not groups:
        records = [line.rsplit("\t", 1)[0] for line in records]
    file = write_ubam(tmp_path / "a.bam", records, groups=header)
    with pytest.raises(FaultError, match=found) as error:
        aligned(file, world, tmp_path / "out")
    assert error.value.faults[0].file == str(file)


def test_a_read_without_a_group_is_found(two_groups, world, tmp_path):
    records = [*two_groups[:-2], *(ln.rsplit("\t", 1)[0] for ln in two_groups[-2:])]
    with pytest.raises(ToolError, match=r"no read group \(RG\)"):
        aligned(write_ubam(tmp_path / "a.bam", records), world, tmp_path / "out")


def test_a_truncated_ubam_fails_and_leaves_nothing(two_groups, world, tmp_path):
    file = write_ubam(tmp_path / "a.bam", two_groups)
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(FaultError, match=r"a\.bam: .*damage near its beginning"):
        aligned(file, world, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*cram*"))


def test_damage_far_behind_the_header_fails_too(two_groups, world, tmp_path, monkeypatch):
    """What is beyond samtools' reading ahead is left to samtools."""
    monkeypatch.setattr(groups, "_AHEAD", 1)
    file = write_ubam(tmp_path / "a.bam", two_groups)
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(ToolError):
        aligned(file, world, tmp_path / "out", threads=1)
    assert not list((tmp_path / "out").glob("*cram*"))


def test_a_ubam_without_reads_is_refused(world, tmp_path):
    with pytest.raises(FaultError, match="no reads"):
        aligned(write_ubam(tmp_path / "a.bam", []), world, tmp_path / "out")


def test_bytes_do_not_depend_on_threads(two_groups, world, tmp_path):
    file = write_ubam(tmp_path / "a.bam", two_groups)
    one = aligned(file, world, tmp_path / "one", threads=1)
    two = aligned(file, world, tmp_path / "둘", threads=3)
    assert one.read_bytes() == two.read_bytes()


def test_mates_are_of_one_fragment(two_groups, world, tmp_path):
    """The second mate of each pair is its own, not a neighbour's."""
    cram = aligned(write_ubam(tmp_path / "a.bam", two_groups), world, tmp_path / "out")
    given = {tuple(line.split("\t")[i] for i in (0, 1, 9)) for line in two_groups}
    for read in reads_of(cram, world.fasta):
        flag = "77" if read.is_read1 else "141"
        bases = read.query_sequence or ""
        bases = reverse_complement(bases) if read.is_reverse else bases
        assert (read.query_name, flag, bases) in given

"""Indexes: made by us as bwa and bwa-mem2 make them, or taken as they are."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from soyang.core.errors import FaultError
from soyang.core.process import run
from soyang.core.tables import read_table
from soyang.reads.aligners import Aligner
from soyang.reads.index import MAX_BASES, chosen_aligner, wrapped
from soyang.reads.reference import reference
from soyang.reads.suffixes import both_strands, occurrences, write_suffixes
from soyang.reads.tables import ALIGNER
from tests.reads.conftest import pairs_of
from tests.reads.test_align import reads_of


@pytest.fixture(scope="module")
def ready(world, tmp_path_factory) -> Path:
    """Prefix of an index of the whole FASTA, for both aligners, as others would have made it."""
    folder = tmp_path_factory.mktemp("있는 색인")
    prefix = folder / "hg.fa"
    run(["bwa", "index", "-p", prefix, world.source])
    bases = int(prefix.with_name("hg.fa.ann").read_text().split()[0])
    write_suffixes(prefix, bases)
    return prefix


def prepared(world, prefix: Path, output: Path, aligner: str = "auto") -> Path:
    reference(fasta=world.source, assembly="GRCh38", output=output, aligner=aligner, index=prefix)
    return output / "index"


@pytest.mark.parametrize("aligner", [*Aligner, "auto"])
def test_an_index_there_is_serves_each_aligner(world, ready, run_align, tmp_path, aligner):
    index = prepared(world, ready, tmp_path / "ref", aligner)
    row = read_table(index / "aligner.tsv", ALIGNER).row(0, named=True)
    assert row["origin"] == "given"
    assert row["aligner"] == ("bwa-mem3" if aligner == "auto" else aligner)
    assert not (index / "islands.tsv").exists()
    assert (index / "genome.pac").resolve() == ready.with_name("hg.fa.pac")
    pairs = pairs_of(world.places, 1, step=60)
    cram = run_align(tmp_path / "out", [pairs], index=index)
    reads = reads_of(cram, world.fasta)
    assert len(reads) == 2 * len(pairs)
    for read in reads:
        contig, start = read.query_name.split(":")[:2]
        assert read.reference_name == contig and read.next_reference_name == contig
        assert not read.is_read1 or read.reference_start == int(start)
    with pysam.AlignmentFile(str(cram)) as opened:
        assert opened.header.to_dict()["PG"][0]["ID"] == row["aligner"]


def test_auto_takes_the_aligner_whose_files_there_are(world, ready, tmp_path):
    for suffix in Aligner.BWA.suffixes:
        shutil.copy(f"{ready}{suffix}", tmp_path / f"x{suffix}")
    index = prepared(world, tmp_path / "x", tmp_path / "ref")
    assert read_table(index / "aligner.tsv", ALIGNER)["aligner"].item() == "bwa"
    with pytest.raises(FaultError, match=r"of bwa-mem3: no x\.0123, x\.bwt\.2bit\.64"):
        prepared(world, tmp_path / "x", tmp_path / "ref2", "bwa-mem3")
    with pytest.raises(FaultError, match=r"correct reads\.index"):
        prepared(world, tmp_path / "nothing", tmp_path / "ref3")


CHANGES = {
    "name": (lambda text: text.replace(">chrX", ">X"), "contig X of 2,000 bases"),
    "length": (lambda text: text[:-2] + "\n", "contig chrX of 1,999 bases"),
    "order": (
        lambda text: ">chrX" + text.split(">chrX")[1] + text.split(">chrX")[0],
        "contig chrX of 2,000 bases; allowed: contig chr20",
    ),
    "one more": (lambda text: text + ">chrY\nACGT\n", "contig chrY of 4 bases"),
    "one less": (lambda text: text.split(">chrX")[0], "no further contig"),
    "one base": (
        lambda text: text[:-50] + {"A": "C"}.get(text[-50], "A") + text[-49:],
        r"another base at chrX:1952",
    ),
}


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES.keys())
def test_an_index_of_another_sequence_is_refused(world, tmp_path, case):
    change, found = case
    other = tmp_path / "other.fa"
    other.write_text(change(world.source.read_text()))
    run(["bwa", "index", "-p", tmp_path / "other", other])
    with pytest.raises(FaultError, match=found) as error:
        prepared(world, tmp_path / "other", tmp_path / "ref")
    assert error.value.faults[0].code == "index-reference"
    assert list((tmp_path / "ref").iterdir()) == []


def test_a_list_of_contigs_that_is_none_is_refused(world, ready, tmp_path):
    for path in ready.parent.iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / "hg.fa.ann").write_text("66050 2 11\n0 chr20\n")
    with pytest.raises(FaultError, match=r"no list of contigs"):
        prepared(world, tmp_path / "hg.fa", tmp_path / "ref")


def test_auto_decides_by_the_reference_alone():
    assert chosen_aligner("auto", MAX_BASES) is Aligner.BWA_MEM3
    assert chosen_aligner("auto", MAX_BASES + 1) is Aligner.BWA
    assert chosen_aligner("bwa", 1) is Aligner.BWA
    assert chosen_aligner("bwa-mem3", MAX_BASES + 1) is Aligner.BWA_MEM3


def naive(text: str) -> tuple[list[int], list[int]]:
    """Suffix array with the sentinel, and the codes of its transform (4: sentinel)."""
    array = sorted(range(len(text) + 1), key=lambda place: text[place:])
    return array, ["ACGT".index(text[place - 1]) if place else 4 for place in array]


@settings(max_examples=20)
@given(st.text("ACGT", min_size=1, max_size=150))
@example("ACGT" * 8)  # 65 rows: one more than a block
@example("A" * 31 + "C" * 32 + "A" * 32)
def test_the_layout_holds_the_naive_suffix_array(tmp_path_factory, bases):
    """bwa-mem2's layout, read back against sorted suffixes."""
    prefix = tmp_path_factory.mktemp("색인") / "x"
    codes = np.array(["ACGT".index(base) for base in bases], dtype=np.uint8)
    padded = np.pad(codes, (0, -len(codes) % 4)).reshape(-1, 4)
    packed = (padded << np.array([6, 4, 2, 0], dtype=np.uint8)).sum(axis=1).astype(np.uint8)
    packed.tofile(f"{prefix}.pac")
    write_suffixes(prefix, len(bases))
    both = bases + bases[::-1].translate(str.maketrans("ACGT", "TGCA"))
    assert np.fromfile(f"{prefix}.0123", np.uint8).tolist() == ["ACGT".index(b) for b in both]
    array, transformed = naive(both)
    content = Path(f"{prefix}.bwt.2bit.64").read_bytes()
    rows = len(array)
    number, *less = np.frombuffer(content, "<i8", 6).tolist()
    assert number == rows
    assert less == [0, *np.cumsum([both.count(base) for base in "ACGT"]).tolist()]
    count = rows // 64 + 1
    blocks = np.frombuffer(content, "<u8", 8 * count, 48).reshape(-1, 8)
    for row, code in enumerate(transformed):
        block, place = divmod(row, 64)
        for base in range(4):
            assert int(blocks[block, 4 + base]) >> (63 - place) & 1 == (code == base)
    for block, row in enumerate(range(0, rows, 64)):
        so_far = [transformed[:row].count(base) for base in range(4)]
        assert blocks[block, :4].tolist() == so_far
    sampled = rows // 8 + 1
    high = np.frombuffer(content, "i1", sampled, 48 + 64 * count)
    low = np.frombuffer(content, "<u4", sampled, 48 + 64 * count + sampled)
    kept = array[::8]
    assert not high.any() and low[: len(kept)].tolist() == kept
    (sentinel,) = np.frombuffer(content, "<i8", 1, 48 + 64 * count + 5 * sampled)
    assert array[int(sentinel)] == 0
    assert len(content) == 48 + 64 * count + 5 * sampled + 8


def test_blocks_of_many_pieces_are_those_of_one(monkeypatch):
    transformed = np.array(random.Random(1).choices(range(5), k=1000), dtype=np.uint8)
    zero = np.zeros(4, dtype=np.uint64)
    whole, after = occurrences(transformed, zero)
    first, middle = occurrences(transformed[:640], zero)
    second, end = occurrences(transformed[640:], middle)
    assert np.array_equal(whole, np.concatenate([first, second]))
    assert np.array_equal(after, end)


def test_strands_of_a_sequence_that_ends_within_an_octet():
    packed = np.array([0b00011011, 0b11000000], dtype=np.uint8)  # ACGT T
    assert both_strands(packed, 5).tolist() == [0, 1, 2, 3, 3, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("length", [0, 1, 59, 60, 61, 120, 121])
def test_lines_are_of_sixty(length):
    lines = wrapped(b"A" * length).decode().splitlines()
    assert "".join(lines) == "A" * length
    assert all(len(line) == 60 for line in lines[:-1])


@pytest.mark.slow
def test_memory_of_making_an_index(tmp_path, capsys):
    """The figure by which ``auto`` decides: at most 11 bytes a base, and what pieces take."""
    bases = 10_000_000
    codes = np.random.default_rng(1).integers(0, 256, bases // 4, dtype=np.uint8)
    codes.tofile(tmp_path / "x.pac")
    program = (
        "import re, sys; from pathlib import Path; "
        "from soyang.reads.suffixes import write_suffixes; "
        "most = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]); "
        "before = most(); "
        f"write_suffixes(Path(sys.argv[1]), {bases}); "
        "print(1024 * (most() - before))"
    )
    words = [sys.executable, "-c", program, str(tmp_path / "x")]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    per_base = int(said) / bases
    with capsys.disabled():
        print(f"\nindex: {per_base:.1f} bytes of memory a base", end=" ")
    assert per_base < 11 + 60e6 / bases

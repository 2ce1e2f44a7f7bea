"""FASTQ pairs read to their end, also where blocks end within records."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from soyang.admission import stream
from soyang.admission.fastq import check_pair, mate_of

ILLUMINA = "@A:1:{} {}:N:0:ACGT"
OLD = "@run.{}/{}"
PLAIN = "@SRR1.{}"


def record(number: int, style: str = ILLUMINA, mate: int = 1, length: int = 10) -> bytes:
    name = style.format(number, mate)
    return f"{name}\n{'A' * length}\n+\n{'I' * length}\n".encode()


@pytest.fixture
def pair(tmp_path: Path):
    """Write a pair and give the faults found, as (mate, code, words)."""

    def check(one: bytes, two: bytes, *, packed: bool = True):
        paths = tmp_path / "한 1.fastq.gz", tmp_path / "한 2.fastq.gz"
        for path, text in zip(paths, (one, two), strict=True):
            path.write_bytes(gzip.compress(text) if packed else text)
        return [(mate, damage.code, damage.found) for mate, damage in check_pair(*paths)]

    return check


def reads(numbers: range | list[int], style: str = ILLUMINA, mate: int = 1, **more: int) -> bytes:
    return b"".join(record(n, style, mate, **more) for n in numbers)


@pytest.mark.parametrize("block", [7, 50, 64, 1000, 1 << 22])
@pytest.mark.parametrize("style", [ILLUMINA, OLD, PLAIN])
def test_good_pairs(pair, monkeypatch, block, style):
    monkeypatch.setattr(stream, "BLOCK", block)
    assert pair(reads(range(60), style), reads(range(60), style, 2)) == []


@pytest.mark.parametrize("packed", [True, False])
def test_mates_of_different_length_are_fine(pair, packed, monkeypatch):
    monkeypatch.setattr(stream, "BLOCK", 100)
    one, two = reads(range(50), length=20), reads(range(50), mate=2, length=7)
    assert pair(one, two, packed=packed) == []


def test_last_line_without_end_and_blank_lines_are_fine(pair):
    assert pair(reads(range(3))[:-1], reads(range(3), mate=2) + b"\n\n") == []


def test_crlf_is_fine(pair):
    one, two = (reads(range(9), mate=mate).replace(b"\n", b"\r\n") for mate in (1, 2))
    assert pair(one, two) == []


@pytest.mark.parametrize("block", [13, 100, 1 << 22])
def test_the_first_wrong_record_is_named(pair, monkeypatch, block):
    monkeypatch.setattr(stream, "BLOCK", block)
    bad = record(31).replace(b"IIII\n", b"III\n")
    one = reads(range(31)) + bad + reads(range(32, 40))
    found = pair(one, reads(range(40), mate=2))
    assert [(mate, code) for mate, code, _ in found] == [(1, "fastq-record")]
    assert "record 32 has 10 bases and 9 qualities" in found[0][2]


@pytest.mark.parametrize("block", [13, 100, 1 << 22])
def test_the_first_pair_that_differs_is_named(pair, monkeypatch, block):
    monkeypatch.setattr(stream, "BLOCK", block)
    found = pair(reads(range(40)), reads([*range(20), 99, *range(21, 40)], mate=2))
    assert found == [
        (2, "mates-differ", "mates that don't belong together: record 21 is '@A:1:99', "
         "in mate 1's file '@A:1:20'"),
    ]  # fmt: skip


def test_counts(pair):
    found = pair(reads(range(40)), reads(range(37), mate=2))
    assert [(mate, code) for mate, code, _ in found] == [(2, "mates-count")]
    assert "37 reads, mate 1 has 40" in found[0][2]


@pytest.mark.parametrize("style", [ILLUMINA, OLD])
def test_swapped_mates_are_told_for_both_files(pair, style):
    found = pair(reads(range(4), style, 2), reads(range(4), style, 1))
    assert [(mate, code) for mate, code, _ in found] == [(1, "mates-swapped"), (2, "mates-swapped")]


def test_both_files_are_mate_1(pair):
    found = pair(reads(range(4)), reads(range(4)))
    assert found == [(2, "mates-swapped", "swapped mates: reads of mate 1")]


def test_no_reads(pair):
    assert [(mate, code) for mate, code, _ in pair(b"\n", reads(range(3), mate=2))] == [
        (1, "file-empty")
    ]


@pytest.mark.parametrize("cut", [1, 9, 12, 22, 30])
def test_ends_within_a_record(pair, cut):
    whole = reads(range(5), mate=2)
    found = pair(reads(range(5)), whole[: -len(record(4)) + cut])
    assert [(mate, code) for mate, code, _ in found] == [(2, "truncated")]
    assert found[0][2].startswith("truncated FASTQ: ends within a record, 4 whole reads before")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_gzip_never_passes(tmp_path, share):
    paths = tmp_path / "1.fq.gz", tmp_path / "2.fq.gz"
    packed = gzip.compress(reads(range(2000)))
    paths[0].write_bytes(packed)
    paths[1].write_bytes(packed[: int(len(packed) * share)])
    found = list(check_pair(*paths))
    assert [(mate, damage.code) for mate, damage in found] == [(2, "truncated")]
    assert found[0][1].found.startswith("truncated gzip")


def test_gzip_of_several_members_is_read_whole(tmp_path):
    paths = tmp_path / "1.fq.gz", tmp_path / "2.fq.gz"
    for mate, path in enumerate(paths, start=1):
        parts = [gzip.compress(reads(range(s, s + 9), mate=mate)) for s in (0, 9)]
        path.write_bytes(b"".join(parts))
    assert list(check_pair(*paths)) == []
    paths[1].write_bytes(gzip.compress(reads(range(9), mate=2)))
    assert [damage.code for _, damage in check_pair(*paths)] == ["mates-count"]


@pytest.mark.parametrize(
    ("header", "mate"),
    [(b"@a/1", "1"), (b"@a/2", "2"), (b"@a 1:N:0:A", "1"), (b"@a 2:Y:18:A", "2"), (b"@a", ""),
     (b"@a/3", ""), (b"@a 12", ""), (b"@a 2", "")],
)  # fmt: skip
def test_mate_of(header, mate):
    assert mate_of(header) == mate

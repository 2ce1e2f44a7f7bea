"""Simulated reads: truncation, lanes, an uncovered exon, and the same bytes each time."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from demo import reads
from demo.genes import GENES, base, reverse_complement, transcripts
from demo.haplotypes import apply, haplotypes
from demo.people import BY_NAME, Person

FEW = tuple(gene for gene in GENES if gene.symbol in {"AVP", "JAG1"})


@pytest.fixture(autouse=True)
def _few_genes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate two genes only, to be quick; JAG1 is the one with the uncovered exon."""
    monkeypatch.setattr(reads, "GENES", tuple(g for g in FEW if g.symbol in {"AVP", "JAG1"}))


def fastq_entries(path: Path) -> list[list[str]]:
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    return [lines[i : i + 4] for i in range(0, len(lines), 4)]


def make(person: Person, folder: Path) -> list[tuple[Path, Path]]:
    folder.mkdir()
    lanes = [(folder / f"{n}_1.fq.gz", folder / f"{n}_2.fq.gz") for n in range(person.lanes)]
    reads.write_fastq(person, folder, lanes)
    return lanes


def test_lanes_share_the_pairs(tmp_path: Path) -> None:
    lanes = make(BY_NAME["SYN-05"], tmp_path / "reads")
    entries = [[fastq_entries(path) for path in lane] for lane in lanes]
    for first, second in entries:
        assert [e[0][:-2] for e in first] == [e[0][:-2] for e in second]
    names = [{e[0] for e in first} for first, _ in entries]
    assert not names[0] & names[1]
    assert abs(len(names[0]) - len(names[1])) <= 1
    assert {len(e[1]) for e in entries[0][0]} == {150}


def test_depth_and_errors(tmp_path: Path) -> None:
    person = replace(BY_NAME["SYN-02"], first=(), second=())
    ((first, second),) = make(person, tmp_path / "reads")
    entries = fastq_entries(first) + fastq_entries(second)
    length = sum(len(apply(g, ())) for g in FEW)
    assert 28 <= len(entries) * 150 / length <= 31
    sides = haplotypes(person.person)
    whole = "".join(apply(g, side[g.symbol]) for side in sides for g in FEW)
    both = whole + reverse_complement(whole)
    exact = sum(e[1] in both for e in entries[:400]) / 400
    assert 0.2 < exact < 0.95  # most reads are right, and some have sequencing errors


def test_no_read_reaches_the_uncovered_exon(tmp_path: Path) -> None:
    person = BY_NAME["SYN-07"]
    assert person.uncovered == ("JAG1", 4)
    first, last = transcripts()["JAG1"].exon(4)
    assert (first, last) == (10_658_468, 10_658_722)
    lanes = make(person, tmp_path / "reads")
    text = "".join(e[1] for path in lanes[0] for e in fastq_entries(path))
    words = [base(p, 25) for p in range(first - 20, last + 20 - 25, 10)]
    assert not any(w in text or reverse_complement(w) in text for w in words)
    exon_3 = transcripts()["JAG1"].exon(3)[0]
    beside = base(exon_3, 25)
    assert beside in text or reverse_complement(beside) in text


def test_truncated_file_ends_in_the_middle(tmp_path: Path) -> None:
    person = BY_NAME["SYN-11"]
    assert person.truncated
    ((first, second),) = make(person, tmp_path / "reads")
    assert fastq_entries(first)
    with pytest.raises((EOFError, zlib.error)), gzip.open(second) as file:
        file.read()
    whole = reads.TRUNCATED_SHARE
    assert second.stat().st_size < first.stat().st_size * (whole + 0.1)


def test_same_bytes_each_time_and_no_time_stamp(tmp_path: Path) -> None:
    person = BY_NAME["SYN-03"]
    one, two = make(person, tmp_path / "one"), make(person, tmp_path / "한 글")
    for a, b in zip(one[0], two[0], strict=True):
        assert a.read_bytes() == b.read_bytes()
        assert a.read_bytes()[4:8] == b"\0\0\0\0"

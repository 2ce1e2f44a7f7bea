"""The prepared reference: letters, dictionary, indices."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pysam
import pytest

from soyang.core.errors import FaultError
from soyang.core.interval import Interval
from soyang.core.sequence import known_stretches
from soyang.reads.islands import islands
from soyang.reads.reference import reference

INDEX_FILES = {
    "bwa": [
        *("aligner.tsv", "genome.amb", "genome.ann", "genome.bwt", "genome.pac", "genome.sa"),
        "islands.tsv",
    ],
    "bwa-mem3": [
        *("aligner.tsv", "genome.0123", "genome.amb", "genome.ann", "genome.bwt.2bit.64"),
        *("genome.pac", "islands.tsv"),
    ],
}


def prepare(tmp_path, text: str | bytes, name: str = "참조 서열.fa", output: str = "out"):
    source = tmp_path / name
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    reference(fasta=source, assembly="GRCh38", output=tmp_path / output)
    return tmp_path / output / "genome.fa"


def test_letters_are_upper_case_and_unambiguous(tmp_path):
    genome = prepare(tmp_path, ">a text\r\nacgtRYkmN\r\nAC GT\r\n\r\n>b\nnnACGT")
    assert genome.read_text() == ">a\nACGTNNNNNACGT\n>b\nNNACGT\n"
    with pysam.FastaFile(str(genome)) as sequence:
        assert sequence.fetch("a", 9, 13) == "ACGT"


def test_dictionary_has_md5_and_no_path(tmp_path):
    genome = prepare(tmp_path, ">a\nacgtR\n>b\nACGT\n")
    lines = genome.with_name("genome.fa.dict").read_text().splitlines()
    md5 = {bases: hashlib.md5(bases).hexdigest() for bases in (b"ACGTN", b"ACGTR", b"ACGT")}
    assert lines == [
        "@HD\tVN:1.6",
        f"@SQ\tSN:a\tLN:5\tM5:{md5[b'ACGTN']}\tAS:GRCh38\tom:{md5[b'ACGTR']}",
        f"@SQ\tSN:b\tLN:4\tM5:{md5[b'ACGT']}\tAS:GRCh38",
    ]


def test_gzip_and_plain_give_the_same_bytes_twice(tmp_path, world):
    text = world.source.read_bytes()
    first = prepare(tmp_path, text, output="one")
    second = prepare(tmp_path, gzip.compress(text), "b.fa.gz", output="두 번째")
    names = sorted(p.name for p in first.parent.iterdir())
    suffixes = ["dict", "fai", "known.bed"]
    assert names == ["genome.fa", *(f"genome.fa.{suffix}" for suffix in suffixes), "index"]
    folders = first.with_name("index"), second.with_name("index")
    for one, two in ((first.parent, second.parent), folders):
        for path in filter(Path.is_file, one.iterdir()):
            assert path.read_bytes() == (two / path.name).read_bytes()
    assert sorted(p.name for p in folders[0].iterdir()) == INDEX_FILES["bwa-mem3"]


def test_only_what_is_known_is_indexed(world):
    known = known_stretches(world.fasta)
    assert known == [
        Interval("chr20", 30_000, 33_000),
        Interval("chr20", 33_050, 34_050),
        Interval("chr20", 64_050, 66_050),
        Interval("chrX", 0, 2_000),
    ]
    parts = islands(known)
    assert [p.interval for p in parts] == [
        Interval("chr20", 30_000, 34_050),
        Interval("chr20", 64_050, 66_050),
        Interval("chrX", 0, 2_000),
    ]
    packed = (world.index / "genome.pac").stat().st_size
    assert packed == pytest.approx(sum(len(p.interval) for p in parts) / 4, abs=2)


def test_known_stretches_without_their_file(make_fasta):
    fasta = make_fasta({"HLA:1:2": "NNACNNNGT", "b": "ACGT", "c": "NNN"})
    assert known_stretches(fasta) == [
        Interval("HLA:1:2", 2, 4),
        Interval("HLA:1:2", 7, 9),
        Interval("b", 0, 4),
    ]


BAD = {
    "empty": (b"", "no sequence"),
    "no header": (b"ACGT\n", "before the first '>'"),
    "no name": (b"> \nACGT\n", "without name"),
    "twice": (b">a\nACGT\n>a\nACGT\n", "second contig"),
    "no bases": (b">a\n>b\nACGT\n", "without bases"),
    "protein": (b">a\nACGTL\n", "'L' at base 5"),
    "only N": (b">a\nNNNN\n", "nothing but N"),
    "truncated": (gzip.compress(b">a\nACGT\n")[:-9], "ended"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_what_is_not_a_reference_is_refused(tmp_path, case):
    content, found = case
    with pytest.raises(FaultError, match=found):
        prepare(tmp_path, content)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FaultError, match="no such file"):
        reference(fasta=tmp_path / "none.fa", assembly="GRCh38", output=tmp_path / "out")

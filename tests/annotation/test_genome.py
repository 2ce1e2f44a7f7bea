"""The reference: its bases whatever the file's shape, and no stale index taken for a good one."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.annotation.genome import Genome, fits, require_match
from soyang.core.errors import FaultError

MakeFasta = Callable[..., Path]


def text(genome: Genome, contig: str) -> str:
    return genome.sequence(contig).tobytes().decode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("width", [1, 7, 60, 5_000])
def test_any_width_and_line_end(tmp_path: Path, width: int, end: str) -> None:
    generator = random.Random(width)
    sequences = {
        name: "".join(generator.choices("ACGTNacgtnRy", k=size))
        for name, size in {"chr1": 1_000, "one": 1, "chrM": 120, "last": 61}.items()
    }
    path = tmp_path / "한글 genome.fa"
    with path.open("w", newline="") as out:
        for name, sequence in sequences.items():
            lines = [sequence[i : i + width] for i in range(0, len(sequence), width)]
            out.write(end.join([f">{name} {len(sequence)} bases", *lines, ""]))
    genome = Genome(path)
    assert genome.lengths == {name: len(s) for name, s in sequences.items()}
    for name, sequence in sequences.items():
        assert text(genome, name) == sequence.upper()
        assert genome.md5(name) == hashlib.md5(sequence.upper().encode()).hexdigest()


@given(st.text("ACGTNacgt", min_size=1, max_size=300), st.integers(1, 80))
@settings(max_examples=40, deadline=None)
def test_bases_as_pysam_reads_them(
    tmp_path_factory: pytest.TempPathFactory, sequence: str, width: int
) -> None:
    path = tmp_path_factory.mktemp("fasta") / "a.fa"
    lines = "\n".join(sequence[i : i + width] for i in range(0, len(sequence), width))
    path.write_text(f">a\nAC\n>b\n{lines}")
    genome = Genome(path)
    with pysam.FastaFile(str(path)) as fasta:
        assert text(genome, "b") == fasta.fetch("b").upper() == sequence.upper()


def test_bgzipped(make_fasta: MakeFasta) -> None:
    plain = make_fasta({"chr1": 500, "chrM": "acgt" * 30})
    packed = plain.with_suffix(".fa.gz")
    pysam.tabix_compress(str(plain), str(packed))
    assert text(Genome(packed), "chrM") == "ACGT" * 30
    assert Genome(packed).md5("chr1") == Genome(plain).md5("chr1")


def test_sequences_are_the_callers_own(make_fasta: MakeFasta) -> None:
    genome = Genome(make_fasta({"chr1": "ACGT"}))
    genome.sequence("chr1")[0] = ord("T")
    assert text(genome, "chr1") == "ACGT"


def test_index_of_another_file(make_fasta: MakeFasta) -> None:
    path = make_fasta({"chr1": 150, "chr2": 90})
    path.write_text(path.read_text().replace(">chr2", ">chromosome2"))
    genome = Genome(path)
    assert len(genome.sequence("chr1")) == 150
    with pytest.raises(FaultError, match=r"chr2: found lines of other lengths.*samtools faidx"):
        genome.sequence("chr2")
    path.write_text(path.read_text()[:200])
    with pytest.raises(FaultError, match="chr2"):
        genome.sequence("chr2")


def test_no_such_contig_and_no_such_file(make_fasta: MakeFasta, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        Genome(make_fasta({"chr1": 10})).sequence("chr2")
    for name, content in (("missing.fa", None), ("empty.fa", ""), ("text.fa", "no sequence\n")):
        path = tmp_path / name
        if content is not None:
            path.write_text(content)
        with pytest.raises(FaultError, match=name.removesuffix(".fa")):
            Genome(path)


def test_names_of_both_kinds(make_fasta: MakeFasta) -> None:
    genome = Genome(make_fasta({"chr1": 10, "MT": 10, "HLA": 10}))
    names = genome.names(["1", "chr1", "chrM", "M", "HLA", "chrHLA", "GL000220.1"])
    assert names == {
        "1": "chr1", "chr1": "chr1", "chrM": "MT", "M": "MT", "HLA": "HLA", "chrHLA": "HLA",
    }  # fmt: skip


def test_refs_that_fit(make_fasta: MakeFasta) -> None:
    genome = Genome(make_fasta({"chr1": "ACGTN"}))
    sites = pl.DataFrame({"contig": "chr1", "position": [1, 2, 4, 5, 6], "ref": list("acTAA")})
    sequence = genome.sequence("chr1")
    assert fits(sites, sequence).to_list() == [True, True, True, False, False]
    require_match(sites[:3], genome, file=Path("a.parquet"))
    with pytest.raises(FaultError, match=r"chr1:5, column ref: found A, another base.*2 of 5"):
        require_match(sites, genome, file=Path("a.parquet"))

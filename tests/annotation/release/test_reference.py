"""A reference is held against a release by its dictionary, or else by its sequence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soyang.annotation.genome import Genome
from soyang.annotation.release.reader import Release
from soyang.annotation.release.reference import ReferenceCheck, dictionary_md5s
from soyang.core.errors import FaultError
from tests.annotation.conftest import write_release
from tests.conftest import MakeFasta

CONTIGS = ["chr20", "chr21", "decoy"]


@pytest.fixture
def genome(make_fasta: MakeFasta) -> Genome:
    return Genome(make_fasta({"chr20": 90, "chr21": 50, "decoy": 10}))


@pytest.fixture
def release(tmp_path: Path, genome: Genome) -> Release:
    return Release(write_release(tmp_path / "release", {}, genome=genome))


def note(genome: Genome, *lines: str, age: int = 0) -> None:
    path = genome.path.with_name(f"{genome.path.name}.dict")
    path.write_text("@HD\tVN:1.6\n" + "".join(f"{line}\n" for line in lines))
    time = genome.path.stat().st_mtime - age
    os.utime(path, (time, time))


def test_the_same_sequences_pass(release: Release, genome: Genome) -> None:
    ReferenceCheck(release, genome).require_all(CONTIGS)
    ReferenceCheck(None, genome).require_all(CONTIGS)


def test_all_that_differ_are_named(release: Release, make_fasta: MakeFasta) -> None:
    other = Genome(make_fasta({"chr20": 90, "chr21": 51, "decoy": 11}, name="b.fa", seed=2))
    with pytest.raises(FaultError) as caught:
        ReferenceCheck(release, other).require_all([*CONTIGS[:2], "chr7"][:2])
    assert [fault.row for fault in caught.value.faults] == ["chr20", "chr21"]


def test_the_dictionary_spares_reading_the_sequence(
    release: Release, genome: Genome, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = release.manifest.reference_md5
    note(
        genome,
        f"@SQ\tSN:chr20\tLN:90\tM5:{stated['20']}",
        f"@SQ\tSN:chr21\tM5:x\tom:{stated['21']}",
    )
    monkeypatch.setattr(Genome, "sequence", lambda *_: pytest.fail("the sequence was read"))
    ReferenceCheck(release, genome).require_all(CONTIGS[:2])  # chr21 by what it was before N
    note(genome, "@SQ\tSN:chr20\tLN:90\tM5:0")
    with pytest.raises(FaultError, match="chr20: found another sequence"):
        ReferenceCheck(release, genome).require("chr20")


def test_an_old_dictionary_is_not_trusted(release: Release, genome: Genome) -> None:
    note(genome, "@SQ\tSN:chr20\tLN:90\tM5:0", age=10)
    assert dictionary_md5s(genome.path) == {}
    ReferenceCheck(release, genome).require_all(CONTIGS)


def test_lines_without_names_or_sums_are_passed_over(genome: Genome) -> None:
    note(genome, "@SQ\tLN:90\tM5:0", "@SQ\tSN:chr20", "@CO\tSN:chr21\tM5:1")
    assert dictionary_md5s(genome.path) == {}

"""A partner's panel: counts are asked for, homozygotes need not be there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pysam
import pytest

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.sources import panel
from soyang.core.errors import FaultError

SEQUENCE = "GATTACAAAAAACGTCAGTCAGTC"


def entry_of(**changes) -> CatalogSource:
    given = {
        "id": "partner", "kind": "panel", "assembly": ["GRCh38"], "name": "Partner's panel",
        "version": "1", "date": "2026-01-01", "licence": "agreement", "file": ["panel.vcf.gz"],
        "note": "1,200 people",
    }  # fmt: skip
    return CatalogSource.model_validate(given | changes)


def write_vcf(path: Path, records, info) -> Path:
    lines = ["##fileformat=VCFv4.2"]
    for name in info:
        number, kind = ("1" if name == "AN" else "A"), ("Float" if name == "AF" else "Integer")
        lines.append(f'##INFO=<ID={name},Number={number},Type={kind},Description="{name}">')
    lines.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]))
    lines += ["\t".join(record.split()) for record in records]
    with pysam.BGZFile(str(path), "wb") as out:
        out.write("\n".join([*lines, ""]).encode())
    return path


@pytest.fixture
def genome(make_fasta) -> Genome:
    return Genome(make_fasta({"1": SEQUENCE}))


def read(path, genome, entry=None) -> pl.DataFrame:
    parts = panel.read(
        entry or entry_of(), path, genome, threads=1, left_out=Counter(), vocabularies={}
    )
    return pl.concat([frame for _, frame in parts])


def test_a_panel_without_homozygotes(tmp_path, genome, capsys):
    records = ["chr1 4 . T C . PASS AC=3;AN=10", "chr1 12 . AC C . PASS AC=0;AN=0"]
    path = write_vcf(tmp_path / "패널.vcf.gz", records, ["AC", "AN"])
    frame = read(path, genome)
    names = [fact.name for fact in panel.columns(entry_of())]
    assert names == ["passed", "ac", "an", "nhomalt"]
    assert frame.select("position", *names).rows() == [
        (4, True, 3, 10, None),
        (6, True, 0, 0, None),
    ]
    assert frame.schema["nhomalt"] == pl.Int32
    assert "no nhomalt" in capsys.readouterr().err


def test_a_panel_with_homozygotes(tmp_path, genome):
    records = ["chr1 4 . T C . q10 AC=3;AN=10;nhomalt=1"]
    frame = read(write_vcf(tmp_path / "p.vcf.gz", records, ["AC", "AN", "nhomalt"]), genome)
    assert frame.select("passed", "nhomalt").rows() == [(False, 1)]


def test_frequencies_alone_are_refused(tmp_path, genome):
    path = write_vcf(tmp_path / "p.vcf.gz", ["chr1 4 . T C . PASS AF=0.3"], ["AF"])
    with pytest.raises(FaultError, match="can't be pooled") as caught:
        read(path, genome)
    assert "no AC, AN" in caught.value.faults[0].found


def test_no_counts_at_all(tmp_path, genome):
    path = write_vcf(tmp_path / "p.vcf.gz", ["chr1 4 . T C . PASS DP=3"], ["DP"])
    with pytest.raises(FaultError, match="no AC, AN; there are none like them"):
        read(path, genome)


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ("AC=12;AN=10", "AC=12, AN=10"),
        ("AC=-3;AN=10", "AC=-3"),
        ("AC=0.5;AN=10", "0.5"),
        ("AC=;AN=10", "no AC"),
    ],
)
def test_counts_that_can_not_be(tmp_path, genome, info, told):
    records = ["chr1 4 . T C . PASS AC=3;AN=10", f"chr1 5 . A C . PASS {info}"]
    path = write_vcf(tmp_path / "p.vcf.gz", records, ["AC", "AN"])
    with pytest.raises(FaultError) as caught:
        read(path, genome)
    assert told in caught.value.faults[0].found


def test_alleles_of_homozygotes_taken_for_people(tmp_path, genome):
    """bcftools' AC_Hom counts alleles, ExAC's people: with the wrong one numbers don't fit."""
    records = ["chr1 4 . T C . PASS AC=10;AN=20;AC_Hom=8"]
    path = write_vcf(tmp_path / "p.vcf.gz", records, ["AC", "AN", "AC_Hom"])
    with pytest.raises(FaultError, match=r"2 x AC_Hom <= AC"):
        read(path, genome)

"""Which genotypes go into a sketch."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from soyang.identity.sketch import sketch
from soyang.identity.tables import SKETCH
from tests.conftest import MakeVcf

HEADER = ['##FILTER=<ID=LowQual,Description="Low quality">']
CONTIGS = {"chr1": 10_000, "chr2": 10_000, "chr10": 10_000}


def dosages(vcf: Path, tmp_path: Path) -> dict[tuple[str, int, str], int | None]:
    out = tmp_path / "S1.parquet"
    sketch(vcf=vcf, sketch=out)
    rows = read_table(out, SKETCH)
    return {(row["contig"], row["position"], row["alt"]): row["dosage"] for row in rows.to_dicts()}


@pytest.mark.parametrize(
    ("record", "dosage"),
    [
        ("chr1 10 . A G . PASS . GT:DP:GQ 0/1:30:99", 1),
        ("chr1 10 . A G . . . GT:DP:GQ 1|1:30:99", 2),
        ("chr1 10 . A G . . . GT:DP:GQ 0|1:8:20", 1),
        ("chr1 10 . A G . . . GT 0/1", 1),
        ("chr1 10 . A G . . . GT:DP:GQ 0/1:.:.", 1),
        ("chr1 10 . A G . LowQual . GT:DP:GQ 0/1:30:99", None),
        ("chr1 10 . A G . PASS . GT:DP:GQ 0/1:7:99", None),
        ("chr1 10 . A G . PASS . GT:DP:GQ 0/1:30:19", None),
        ("chr1 10 . A G . PASS . GT:DP:GQ 1/.:30:99", None),
        ("chr1 10 . A G . PASS . GT:DP:GQ ./1:30:99", None),
        ("chr1 10 . A G . PASS . GT:DP:GQ ./.:30:99", None),
        ("chr1 10 . A G . PASS . GT:DP:GQ 1:30:99", None),
        ("chr1 10 . A G . PASS . GT:DP:GQ 0/0:30:10", None),
    ],
)
def test_a_genotype_counts_if_it_is_a_good_biallelic_one(
    record: str, dosage: int | None, make_vcf: MakeVcf, tmp_path: Path
) -> None:
    vcf = make_vcf([record], samples=["S1"], contigs=CONTIGS, header=HEADER)
    assert dosages(vcf, tmp_path) == {("chr1", 10, "G"): dosage}


@pytest.mark.parametrize(
    "record",
    [
        "chr1 10 . A AG . PASS . GT:DP:GQ 0/1:30:99",
        "chr1 10 . AT A . PASS . GT:DP:GQ 0/1:30:99",
        "chr1 10 . AT GC . PASS . GT:DP:GQ 0/1:30:99",
        "chr1 10 . A * . PASS . GT:DP:GQ 0/1:30:99",
        "chr1 10 . A G . PASS . GT:DP:GQ 0/0:30:99",
    ],
)
def test_what_is_no_carried_snv_is_left_out(record: str, make_vcf: MakeVcf, tmp_path: Path) -> None:
    vcf = make_vcf([record], samples=["S1"], contigs=CONTIGS)
    assert dosages(vcf, tmp_path) == {}


def test_both_records_of_a_site_with_two_alternates_are_unknown(
    make_vcf: MakeVcf, tmp_path: Path
) -> None:
    records = ["chr1 10 . A C . . . GT 1/.", "chr1 10 . A G . . . GT ./1"]
    vcf = make_vcf(records, samples=["S1"], contigs=CONTIGS)
    assert dosages(vcf, tmp_path) == {("chr1", 10, "C"): None, ("chr1", 10, "G"): None}


def test_rows_are_in_contig_order_and_bytes_repeat(make_vcf: MakeVcf, tmp_path: Path) -> None:
    records = [f"{contig} {n} . A G . . . GT 0/1" for contig in CONTIGS for n in (5, 50)]
    vcf = make_vcf(records, samples=["S1"], contigs=CONTIGS, name="한글 이름/S1.vcf.gz")
    for name in ("one.parquet", "two.parquet"):
        sketch(vcf=vcf, sketch=tmp_path / name)
    rows = pl.read_parquet(tmp_path / "one.parquet")
    assert rows["contig"].unique(maintain_order=True).to_list() == ["chr1", "chr2", "chr10"]
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert not list(tmp_path.glob(".records-*"))


def test_a_vcf_without_records_gives_an_empty_sketch(make_vcf: MakeVcf, tmp_path: Path) -> None:
    assert dosages(make_vcf([], samples=["S1"]), tmp_path) == {}


def test_a_truncated_vcf_is_refused(make_vcf: MakeVcf, tmp_path: Path) -> None:
    vcf = make_vcf(["chr20 10 . A G . . . GT 0/1"], samples=["S1"])
    vcf.write_bytes(vcf.read_bytes()[:-28])
    with pytest.raises(FaultError, match="no BGZF end-of-file block"):
        sketch(vcf=vcf, sketch=tmp_path / "S1.parquet")
    assert not (tmp_path / "S1.parquet").exists()


@pytest.mark.parametrize("samples", [[], ["S1", "S2"]])
def test_a_vcf_of_not_one_sample_is_refused(
    samples: list[str], make_vcf: MakeVcf, tmp_path: Path
) -> None:
    with pytest.raises(FaultError, match="exactly one sample"):
        sketch(vcf=make_vcf([], samples=samples), sketch=tmp_path / "S1.parquet")


def test_what_is_no_vcf_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "S1.vcf"
    text.write_text("hello\n")
    for vcf in (text, tmp_path / "none.vcf"):
        with pytest.raises(FaultError, match="allowed: a VCF"):
            sketch(vcf=vcf, sketch=tmp_path / "S1.parquet")

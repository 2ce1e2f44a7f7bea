"""Which genotypes go into a sketch."""

from __future__ import annotations

import gzip
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


SITES_HEADER = """##fileformat=VCFv4.2
##contig=<ID=1>
##contig=<ID=X>
##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
"""


@pytest.fixture
def listed(make_vcf: MakeVcf, tmp_path: Path) -> dict[str, Path]:
    """A sample, its callable regions and calls, and a list of sites in the other spelling."""
    records = [
        "chr1 10 . A G . PASS . GT:DP:GQ 0/1:30:99",
        "chr1 20 . A C . PASS . GT:DP:GQ 0/1:30:99",
        "chr1 50 . A T . PASS . GT:DP:GQ 1/1:30:99",
        "chr1 60 . A G . PASS . GT:DP:GQ 0/1:3:99",
        "chrX 77 . A G . PASS . GT:DP:GQ 0/1:30:99",
        "chrY 5 . A G . PASS . GT:DP:GQ 0/1:30:99",
    ]
    contigs = {"chr1": 10_000, "chrX": 10_000, "chrY": 10_000}
    vcf = make_vcf(records, samples=["S1"], contigs=contigs)
    bed = tmp_path / "S1.callable.bed.gz"
    bed.write_bytes(gzip.compress(b"chr1\t0\t35\nchr1\t59\t80\n"))
    calls = tmp_path / "S1.calls.tsv"
    calls.write_text("sample\tcallable_known\nS1\ttrue\n")
    sites = tmp_path / "sites.vcf"
    places = (10, 20, 30, 40, 60, 70)
    sites.write_text(SITES_HEADER + "".join(f"1\t{p}\t.\tA\tG\t.\t.\tAF=0.3\n" for p in places))
    return {"vcf": vcf, "callable_bed": bed, "calls": calls, "sites": sites}


def sketched(tmp_path: Path, **files: Path) -> dict[tuple[str, int, str], int | None]:
    out = tmp_path / "S1.parquet"
    sketch(**files, sketch=out)
    rows = read_table(out, SKETCH).to_dicts()
    return {(row["contig"], row["position"], row["alt"]): row["dosage"] for row in rows}


def test_with_listed_sites_a_sketch_stands_for_itself(
    listed: dict[str, Path], tmp_path: Path
) -> None:
    # At 20 the sample carries another base, 40 is not callable, 50 is not listed.
    assert sketched(tmp_path, **listed) == {
        ("chr1", 10, "G"): 1,
        ("chr1", 30, "G"): 0,
        ("chr1", 60, "G"): None,
        ("chr1", 70, "G"): 0,
        ("chrX", 77, "G"): 1,
    }


def test_where_absence_is_unknown_there_is_no_reference_genotype(
    listed: dict[str, Path], tmp_path: Path
) -> None:
    listed["calls"].write_text("sample\tcallable_known\nS1\tfalse\n")
    assert 0 not in sketched(tmp_path, **listed).values()


def test_sites_of_an_ancestry_reference_are_added(listed: dict[str, Path], tmp_path: Path) -> None:
    reference = tmp_path / "groups.tsv"
    reference.write_text(
        "#name=G\n#version=1\n#assembly=GRCh38\ncontig\tposition\tref\talt\ta\tb\n"
        "chr1\t33\tC\tT\t0.1\t0.9\nchr1\t50\tA\tT\t0.1\t0.9\n"
    )
    both = sketched(tmp_path, **listed, ancestry_reference=reference)
    assert (both["chr1", 33, "T"], both["chr1", 50, "T"]) == (0, 2)
    del listed["sites"]
    alone = sketched(tmp_path, **listed, ancestry_reference=reference)
    assert alone["chr1", 20, "C"] == 1
    assert alone["chr1", 33, "T"] == 0
    assert ("chr1", 30, "G") not in alone

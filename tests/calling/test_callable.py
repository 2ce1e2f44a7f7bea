"""Where absence of a variant means the reference allele, and where it is unknown."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from soyang.calling.callable import callable as callable_verb
from soyang.calling.callable import merged
from soyang.calling.tables import CALLS
from soyang.core.errors import ToolError
from soyang.core.tables import read_table

CONTIGS = {"chr20": 1000, "chr10": 1000}
CALLER = ["##soyang_caller=bcftools 1.16"]
GATK = ['##FORMAT=<ID=MIN_DP,Number=1,Type=Integer,Description="Least depth">']
BCFTOOLS = ['##INFO=<ID=MinDP,Number=1,Type=Integer,Description="Least depth">']


@pytest.fixture
def regions(make_vcf, tmp_path):
    """Callable regions of gVCF records, and the row of calls."""

    def run(rows, *, header=(), entry="gvcf", gvcf=True, min_depth=10):
        options = {"samples": ["S1"], "contigs": CONTIGS, "header": [*CALLER, *header]}
        variants = make_vcf(["chr20 5 . A C . . . GT 0/1"], name="v.vcf.gz", **options)
        blocks = make_vcf(rows, name="g.vcf.gz", **options)
        bed = tmp_path / "한 글" / "S1.callable.bed.gz"
        calls = tmp_path / "calls.tsv"
        callable_verb(
            sample="S1",
            entry=entry,
            vcf=variants,
            min_depth=min_depth,
            callable_bed=bed,
            calls=calls,
            gvcf=blocks if gvcf else None,
        )
        with gzip.open(bed, "rt") as lines:
            found = [" ".join(line.split()) for line in lines]
        return found, read_table(calls, CALLS).row(0, named=True)

    return run


def test_blocks_and_variants_are_merged_in_file_order(regions):
    found, row = regions(
        [
            "chr20 11 . A . . . END=20;MinDP=12 GT:DP 0/0:12",
            "chr20 21 . A AT . . . GT:DP:GQ 0/1:10:5",
            "chr20 22 . A . . . END=30;MinDP=9 GT:DP 0/0:9",
            "chr20 31 . ACGT A . . . GT:DP 1/1:30",
            "chr20 40 . A . . . MinDP=10 GT:DP 0/0:10",
            "chr10 1 . A . . . END=5;MinDP=40 GT:DP 0:40",
        ],
        header=BCFTOOLS,
    )
    assert found == ["chr20 10 21", "chr20 30 34", "chr20 39 40", "chr10 0 5"]
    assert row == {
        "sample": "S1",
        "entry": "gvcf",
        "caller": "bcftools 1.16",
        "variants": 1,
        "callable_known": True,
        "callable_bases": 11 + 4 + 1 + 5,
        "provenance": "bcftools 1.16; bands unknown; reference unknown",
        "agreed": None,
    }


@pytest.mark.parametrize(
    ("record", "is_callable"),
    [
        ("chr20 1 . A . . . END=9 GT:DP:GQ:MIN_DP 0/0:30:60:10", True),
        ("chr20 1 . A . . . END=9 GT:DP:GQ:MIN_DP 0/0:30:60:9", False),
        ("chr20 1 . A . . . END=9 GT:DP:GQ:MIN_DP 0/0:30:19:30", False),
        ("chr20 1 . A . . . END=9 GT:DP:GQ:MIN_DP ./.:30:60:30", False),
        ("chr20 1 . A . . . END=9 GT:DP:GQ:MIN_DP 0/0:30:.:30", True),
        ("chr20 1 . A . . . END=9 GT:DP:GQ 0/0:30:20", True),
        ("chr20 1 . A . . . END=9 GT 0/0", False),
        ("chr20 1 . A . . RefCall END=9 GT:DP 0/0:30", True),
        ("chr20 1 . A . . PASS END=9 GT:DP 0/0:30", True),
        ("chr20 1 . A . . LowQual END=9 GT:DP 0/0:30", False),
        ("chr20 1 . AAAAAAAAA A . . . GT:DP:GQ 1/.:30:3", True),
        ("chr20 1 . AAAAAAAAA A . . . GT:DP:GQ .|.:30:30", False),
    ],
)
def test_a_block_counts_if_it_is_believed(regions, record, is_callable):
    filters = [f'##FILTER=<ID={f},Description="{f}">' for f in ("RefCall", "LowQual")]
    found, row = regions([record], header=[*GATK, *filters])
    assert found == (["chr20 0 9"] if is_callable else [])
    assert row["callable_bases"] == (9 if is_callable else 0)


def test_a_plain_vcf_makes_absence_unknown(regions):
    found, row = regions([], entry="vcf", gvcf=False)
    assert (found, row["callable_known"], row["callable_bases"]) == ([], False, 0)


@pytest.mark.parametrize("entry", ["fastq", "bam", "cram"])
def test_reads_count_as_cram(regions, entry):
    _, row = regions(["chr20 1 . A . . . END=9 GT:DP 0/0:30"], entry=entry)
    assert (row["entry"], row["callable_known"]) == ("cram", True)


def test_an_empty_gvcf_says_that_nothing_is_callable(regions):
    found, row = regions([])
    assert (found, row["callable_known"]) == ([], True)


def test_another_samples_vcf_is_refused(make_vcf, tmp_path):
    vcf = make_vcf([], samples=["S2"])
    with pytest.raises(ToolError, match="S2"):
        callable_verb(
            sample="S1",
            entry="vcf",
            vcf=vcf,
            min_depth=10,
            callable_bed=tmp_path / "b.bed.gz",
            calls=tmp_path / "c.tsv",
        )
    assert not (tmp_path / "c.tsv").exists()


def test_merging_knows_contigs_and_contained_spans():
    spans = pl.LazyFrame(
        {
            "contig": ["b", "b", "b", "a", "b"],
            "start": [0, 2, 11, 0, 10],
            "end": [10, 4, 12, 9, 11],
        }
    )
    assert merged(spans).rows() == [("b", 0, 12), ("a", 0, 9)]

"""A gVCF's variants; double heterozygotes and foreign gVCFs are in test_adopt_gvcf."""

from __future__ import annotations

from pathlib import Path

import pytest

from soyang.calling.variants import variants
from soyang.core.errors import ToolError

BASES = "ACGTACGTTTTTACGGATCCATGCAAAGCTTACGCATGCA"
CONTIGS = {"chr20": len(BASES)}
HEADER = ["##soyang_caller=bcftools 1.16"]


@pytest.fixture
def run(make_fasta, make_vcf, tmp_path):
    """Variants of gVCF records."""

    def make(rows, samples=("S1",)) -> Path:
        fasta = make_fasta({"chr20": BASES})
        gvcf = make_vcf(rows, samples=samples, contigs=CONTIGS, header=HEADER)
        vcf = tmp_path / "변이 결과" / "S1.vcf.gz"
        variants(gvcf=gvcf, reference=fasta, vcf=vcf)
        return vcf

    return make


def test_blocks_and_missing_genotypes_go_carried_alleles_stay(run, records):
    vcf = run(
        [
            "chr20 1 . A . . . END=4 GT:DP 0/0:20",
            "chr20 5 . A C . . . GT:DP 0/1:20",
            "chr20 6 . C G . . . GT:DP ./.:2",
            "chr20 7 . G T . . . GT:DP 1/.:20",
            "chr20 8 . T * . . . GT:DP 1/.:20",
            "chr20 9 . T <*> . . END=12 GT:DP 0/0:20",
            "chr20 13 . A T,<*> . . . GT:DP:AD 0/1:20:9,11,0",
        ]
    )
    assert records(vcf) == [
        "5 A C GT:DP 0/1:20",
        "7 G T GT:DP 1/.:20",
        "13 A T GT:DP:AD 0/1:20:9,11",
    ]


def test_twice_is_the_same(run, records, make_fasta, tmp_path):
    vcf = run(["chr20 12 . TA TTA,T . . . GT 1/2"])
    again = tmp_path / "again.vcf.gz"
    variants(gvcf=vcf, reference=tmp_path / "genome.fa", vcf=again)
    assert again.read_bytes() == vcf.read_bytes()
    assert records(vcf) == ["7 G GT GT 1/.", "12 TA T GT ./1"]


def test_a_gvcf_of_two_people_is_refused(run):
    with pytest.raises(ToolError, match="2 samples"):
        run(["chr20 5 . A C . . . GT 0/1 0/1"], samples=("S1", "S2"))


def test_a_missing_gvcf_says_which(make_fasta, tmp_path):
    with pytest.raises(ToolError, match="No such file"):
        variants(
            gvcf=tmp_path / "none.g.vcf.gz",
            reference=make_fasta({"chr20": BASES}),
            vcf=tmp_path / "v.vcf.gz",
        )
    assert not (tmp_path / "v.vcf.gz").exists()

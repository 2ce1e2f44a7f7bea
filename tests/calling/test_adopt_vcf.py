"""Another house's plain VCF of variants."""

from __future__ import annotations

import pysam
import pytest

from soyang.calling.adopt_vcf import adopt_vcf
from soyang.core.errors import FaultError

#        1234567890123456789012345678901234567890
BASES = "ACGTACGTTTTTACGGATCCATGCAAAGCTTACGCATGCA"
CONTIGS = {"chr20": len(BASES)}


@pytest.fixture
def adopt(make_fasta, make_vcf, make_units, tmp_path):
    """Adopt records of a person S1 over the small reference."""

    def run(rows, **options):
        fasta = make_fasta({"chr20": BASES})
        source = make_vcf(rows, **{"samples": ["S1"], "contigs": CONTIGS} | options)
        vcf = tmp_path / "S1.vcf.gz"
        adopt_vcf(sample="S1", units=make_units(source, "vcf"), reference=fasta, vcf=vcf)
        return vcf

    return run


def test_only_carried_sequence_alleles_stay(adopt, records):
    vcf = adopt(
        [
            "chr20 1 . A C . . . GT 0/0",
            "chr20 2 . C A . . . GT ./.",
            "chr20 3 . G A . . . GT ./1",
            "chr20 4 . T A,C . . . GT:AD 0/2:5,0,6",
            "chr20 5 . A <DEL> . . END=9 GT 0/1",
            "chr20 6 . C A . . . GT 1|1",
        ]
    )
    assert records(vcf) == ["3 G A GT ./1", "4 T C GT:AD 0/1:5,6", "6 C A GT 1|1"]


def test_missing_fields_stay_missing(adopt, records):
    vcf = adopt(["chr20 1 . A C . . . GT 0/1", "chr20 2 . C G . . . GT:DP:GQ 0/1:.:30"])
    assert records(vcf) == ["1 A C GT 0/1", "2 C G GT:DP:GQ 0/1:.:30"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("chr20 5 . A C,G . . . GT 1/2", ["5 A C GT 1/.", "5 A G GT ./1"]),
        ("chr20 5 . A G,C . . . GT 2|1", ["5 A G GT .|1", "5 A C GT 1|."]),
        ("chr20 11 . TT T,TTT . . . GT 1/2", ["7 G GT GT ./1", "7 GT G GT 1/."]),
        ("chr20 17 . A AT,ATTT . . . GT 1/2", ["17 A AT GT 1/.", "17 A ATTT GT ./1"]),
        ("chr20 17 . AT A,GT . . . GT 1/2", ["17 A G GT ./1", "17 AT A GT 1/."]),
        ("chr20 17 . ATCC ATC,GTCC . . . GT 2/1", ["17 A G GT 1/.", "18 TC T GT ./1"]),
    ],
)
def test_no_allele_of_a_double_heterozygote_is_lost(adopt, records, record, expected):
    assert sorted(records(adopt([record]))) == sorted(expected)


def test_our_column_of_several_is_taken(adopt, records):
    rows = ["chr20 1 . A C . . . GT 0/0 0/1", "chr20 2 . C G . . . GT 0/1 0/0"]
    vcf = adopt(rows, samples=["S1", "S2"])
    assert records(vcf) == ["2 C G GT 0/1"]
    with pysam.VariantFile(str(vcf)) as opened:
        assert list(opened.header.samples) == ["S1"]


def test_indels_are_put_in_order(adopt, records):
    vcf = adopt(["chr20 8 . T A . . . GT 0/1", "chr20 12 . TA TTA . . . GT 0/1"])
    assert records(vcf) == ["7 G GT GT 0/1", "8 T A GT 0/1"]


def test_a_vcf_without_genotypes_is_refused(adopt):
    with pytest.raises(FaultError, match="S1"):
        adopt(["chr20 1 . A C . . ."], samples=[])


def test_no_variants_give_an_empty_vcf(adopt, records):
    assert records(adopt([])) == []

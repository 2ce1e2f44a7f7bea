"""Another house's gVCF: no carried allele and no reference block may be lost."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from soyang.calling.adopt_gvcf import adopt_gvcf
from soyang.calling.tables import OTHERS
from soyang.calling.variants import variants
from soyang.core.errors import FaultError
from soyang.core.tables import read_table

#        1234567890123456789012345678901234567890
BASES = "ACGTACGTTTTTACGGATCCATGCAAAGCTTACGCATGCA"
CONTIGS = {"chr20": len(BASES), "chr21": 20}
HEADER = [
    '##ALT=<ID=NON_REF,Description="Any other allele">',
    '##FORMAT=<ID=MIN_DP,Number=1,Type=Integer,Description="Least depth">',
    '##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Likelihoods">',
    '##GATKCommandLine=<ID=HaplotypeCaller,CommandLine="/home/kim/x.bam",Version="4.2.0.0",Date=1>',
    '##FILTER=<ID=LowQual,Description="Low quality">',
    "##source=HaplotypeCaller",
    "##reference=file:///home/kim/ref.fa",
]
GATK = [
    "chr20 1 . A <NON_REF> . . END=4 GT:DP:GQ:MIN_DP 0/0:20:50:18",
    "chr20 5 . A C,T,<NON_REF> 90 PASS . GT:AD:DP:GQ:PL 1/2:1,9,10,0:20:99:9,8,7,6,5,4,3,2,1,0",
    "chr20 6 . C <NON_REF> . . END=10 GT:DP:GQ:MIN_DP 0/0:20:50:18",
    "chr20 11 . T TA,TTT,<NON_REF> 90 PASS . GT:AD:DP:GQ 1/2:0,9,10,0:19:99",
    "chr20 12 . T <NON_REF> . . END=16 GT:DP:GQ:MIN_DP 0/0:20:50:18",
    "chr20 17 . ATC A,GTC,<NON_REF> 90 PASS . GT:AD:DP:GQ 2|1:0,9,10,0:19:99",
    "chr20 20 . C <NON_REF> . . . GT:DP:GQ:MIN_DP ./.:0:0:0",
    "chr20 21 . A G,<NON_REF> 10 LowQual . GT:AD:DP:GQ 0/0:12,1,0:13:22",
    "chr20 22 . T G,<NON_REF> 50 PASS . GT:AD:DP:GQ 0/1:12,9,0:21:99",
    "chr20 25 . A *,C,<NON_REF> 50 PASS . GT:AD:DP:GQ 1/2:0,9,8,0:17:99",
    "chr20 26 . A G,<NON_REF> 50 PASS . GT:AD:DP:GQ 1:0,9,0:9:99",
]


def adopted(make_fasta, make_vcf, make_units, tmp_path: Path, rows: list[str]) -> tuple[Path, Path]:
    fasta = make_fasta({"chr20": BASES, "chr21": 20})
    source = make_vcf(rows, samples=["S1"], contigs=CONTIGS, header=HEADER, name="남의 g.vcf.gz")
    gvcf = tmp_path / "결과 폴더" / "S1.g.vcf.gz"
    units = make_units(source, "gvcf")
    adopt_gvcf(sample="S1", units=units, reference=fasta, gvcf=gvcf)
    return fasta, gvcf


def test_alleles_and_blocks_survive(make_fasta, make_vcf, make_units, records, tmp_path):
    _, gvcf = adopted(make_fasta, make_vcf, make_units, tmp_path, GATK)
    assert records(gvcf) == [
        "1 A . GT:DP:GQ:MIN_DP 0/0:20:50:18",
        "5 A C GT:AD:DP:GQ:PL 1/.:1,9:20:99:9,8,7",
        "5 A T GT:AD:DP:GQ:PL ./1:1,10:20:99:9,6,4",
        "6 C . GT:DP:GQ:MIN_DP 0/0:20:50:18",
        "7 G GTT GT:AD:DP:GQ ./1:0,10:19:99",
        "11 T TA GT:AD:DP:GQ 1/.:0,9:19:99",
        "12 T . GT:DP:GQ:MIN_DP 0/0:20:50:18",
        "17 ATC A GT:AD:DP:GQ .|1:0,9:19:99",
        "17 A G GT:AD:DP:GQ 1|.:0,10:19:99",
        "20 C . GT:DP:GQ:MIN_DP ./.:0:0:0",
        "21 A . GT:AD:DP:GQ 0/0:12:13:22",
        "22 T G GT:AD:DP:GQ 0/1:12,9:21:99",
        "25 A * GT:AD:DP:GQ 1/.:0,9:17:99",
        "25 A C GT:AD:DP:GQ ./1:0,8:17:99",
        "26 A G GT:AD:DP:GQ 1:0,9:9:99",
    ]


def test_variants_are_what_is_carried(make_fasta, make_vcf, make_units, records, tmp_path):
    fasta, gvcf = adopted(make_fasta, make_vcf, make_units, tmp_path, GATK)
    vcf = tmp_path / "결과 폴더" / "S1.vcf.gz"
    variants(gvcf=gvcf, reference=fasta, vcf=vcf)
    found = [" ".join(r.split()[:3]) + " " + r.split()[4].split(":")[0] for r in records(vcf)]
    assert found == [
        "5 A C 1/.",
        "5 A T ./1",
        "7 G GTT ./1",
        "11 T TA 1/.",
        "17 ATC A .|1",
        "17 A G 1|.",
        "22 T G 0/1",
        "25 A C ./1",
        "26 A G 1",
    ]
    assert Path(f"{vcf}.tbi").exists()


def test_variants_of_a_gvcf_as_it_came(make_fasta, make_vcf, records, tmp_path):
    """The verb gives the same without adoption: it normalises what it is given."""
    fasta = make_fasta({"chr20": BASES, "chr21": 20})
    source = make_vcf(GATK, samples=["S1"], contigs=CONTIGS, header=HEADER)
    variants(gvcf=source, reference=fasta, vcf=tmp_path / "v.vcf.gz")
    assert len(records(tmp_path / "v.vcf.gz")) == 9


def test_header_names_the_caller_and_no_machine(make_fasta, make_vcf, make_units, tmp_path):
    _, gvcf = adopted(make_fasta, make_vcf, make_units, tmp_path, GATK)
    with gzip.open(gvcf, "rt") as lines:
        header = [line for line in lines if line.startswith("##")]
    assert "##soyang_caller=GATK 4.2.0.0\n" in header
    assert not [line for line in header if "/" in line or "SOYANG_SPLIT" in line]
    assert "##contig=<ID=chr21,length=20>\n" in header


def test_order_of_input_files_and_paths_does_not_show(make_fasta, make_vcf, make_units, tmp_path):
    _, first = adopted(make_fasta, make_vcf, make_units, tmp_path, GATK)
    before = first.read_bytes()
    _, again = adopted(make_fasta, make_vcf, make_units, tmp_path, GATK)
    assert again.read_bytes() == before


REFUSED = {
    "other base": ("chr20 2 . A G . . . GT 0/1", CONTIGS, "S1", "another reference base"),
    "other names": ("20 1 . A G . . . GT 0/1", {"20": 40}, "S1", "contigs 20"),
    "other build": ("chr20 1 . A G . . . GT 0/1", {"chr20": 63_025_520}, "S1", "63,025,520"),
    "other sample": ("chr20 1 . A G . . . GT 0/1", CONTIGS, "S2", "samples S2"),
    "undeclared field": ("chr20 1 . A G . . NEW=1 GT 0/1", CONTIGS, "S1", "not declare"),
    "unknown contig": (
        "chr9 1 . A G . . . GT 0/1",
        CONTIGS | {"chr9": 9},
        "S1",
        "a record on an unknown contig",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_ours_is_refused(make_fasta, make_vcf, make_units, tmp_path, case):
    record, contigs, column, found = case
    fasta = make_fasta({"chr20": BASES, "chr21": 20})
    source = make_vcf([record], samples=[column], contigs=contigs)
    gvcf = tmp_path / "out" / "S1.g.vcf.gz"
    with pytest.raises(FaultError, match=found) as error:
        adopt_gvcf(sample="S1", units=make_units(source, "gvcf"), reference=fasta, gvcf=gvcf)
    assert error.value.faults[0].file == str(source)
    assert error.value.faults[0].scope == "sample"
    assert not gvcf.parent.exists() or list(gvcf.parent.iterdir()) == []


@pytest.mark.parametrize(
    "case", [("gvcf", 1, "no such file"), ("gvcf", 2, "2 rows"), ("vcf", 1, "0 rows")]
)
def test_no_file_and_two_files_are_refused(make_fasta, make_units, tmp_path, case):
    entry, rows, found = case
    fasta = make_fasta({"chr20": BASES})
    units = make_units(tmp_path / "none.g.vcf.gz", entry, rows=rows)
    with pytest.raises(FaultError, match=found):
        adopt_gvcf(sample="S1", units=units, reference=fasta, gvcf=tmp_path / "o.g.vcf.gz")


def test_empty_gvcf_gives_an_empty_gvcf(make_fasta, make_vcf, make_units, records, tmp_path):
    _, gvcf = adopted(make_fasta, make_vcf, make_units, tmp_path, [])
    assert records(gvcf) == []
    assert Path(f"{gvcf}.tbi").exists()


def provenance(gvcf: Path) -> list[str]:
    with gzip.open(gvcf, "rt") as lines:
        return [line.strip()[2:] for line in lines if line.startswith("##soyang_")]


BANDS = [
    f"##GVCFBlock{a}-{b}=minGQ={a}(inclusive),maxGQ={b}(exclusive)" for a, b in ((20, 99), (0, 20))
]
OURS = [
    "##soyang_caller=bcftools 1.16",
    "##soyang_bands=depth 1,5",
    f"##soyang_reference_md5={'a' * 32}",
]


@pytest.mark.parametrize(
    ("header", "sheet", "told"),
    [
        ([], "", ["unknown", "unknown", "unknown"]),
        ([], "DeepVariant 1.6.1", ["DeepVariant 1.6.1", "unknown", "unknown"]),
        (HEADER[3:4], "", ["GATK 4.2.0.0", "unknown", "unknown"]),
        ([*HEADER[3:4], *BANDS], "gatk", ["GATK 4.2.0.0", "GQ 20", "unknown"]),
        (HEADER[3:4], "HaplotypeCaller 4.2.0.0", ["GATK 4.2.0.0", "unknown", "unknown"]),
        (OURS, "", ["bcftools 1.16", "depth 1,5", "a" * 32]),
    ],
)
def test_provenance_is_the_headers_else_the_sheets(
    make_fasta, make_vcf, make_units, tmp_path, header, sheet, told
):
    source = make_vcf([], samples=["S1"], contigs=CONTIGS, header=header)
    units = make_units(source, "gvcf", caller=sheet)
    gvcf, others = tmp_path / "S1.g.vcf.gz", tmp_path / "S1.others.tsv"
    fasta = make_fasta({"chr20": BASES, "chr21": 20})
    adopt_gvcf(sample="S1", units=units, reference=fasta, gvcf=gvcf, others=others)
    names = ("caller", "bands", "reference_md5")
    assert provenance(gvcf) == [f"soyang_{n}={v}" for n, v in zip(names, told, strict=True)]
    assert read_table(others, OTHERS).is_empty()


@pytest.mark.parametrize("sheet", ["DeepVariant", "GATK 4.6.2.0"])
def test_a_sheet_that_names_another_caller_is_refused(
    make_fasta, make_vcf, make_units, tmp_path, sheet
):
    source = make_vcf([], samples=["S1"], contigs=CONTIGS, header=HEADER[3:4])
    units = make_units(source, "gvcf", caller=sheet)
    fasta = make_fasta({"chr20": BASES, "chr21": 20})
    with pytest.raises(FaultError, match=r"caller GATK 4\.2\.0\.0 in its header") as error:
        adopt_gvcf(sample="S1", units=units, reference=fasta, gvcf=tmp_path / "o.g.vcf.gz")
    assert sheet in error.value.faults[0].allowed

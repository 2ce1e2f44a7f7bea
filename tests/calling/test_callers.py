"""Callers behind one interface: their words, and what is made of what they write."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from soyang.calling.call import call
from soyang.calling.callers.deepvariant import DeepVariant, regions
from soyang.calling.callers.freebayes import BLOCKS
from soyang.calling.callers.gatk import NO_CALL, Gatk, quality_bands, start
from soyang.calling.callers.haplotypes import SPLIT
from soyang.calling.variants import variants
from soyang.core.errors import ToolError
from soyang.core.interval import Interval
from tests.conftest import MakeFasta

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"


def awk(program: str, text: str, **variables: str) -> list[list[str]]:
    """Records that an awk program makes of text."""
    words = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
    environment = {**os.environ, **variables, "LC_ALL": "C"}
    made = subprocess.run(
        ["awk", *words, program], input=text, env=environment, capture_output=True, check=True,
        text=True,
    ).stdout  # fmt: skip
    return [line.split("\t") for line in made.splitlines() if not line.startswith("#")]


def split(
    alleles: str, cigar: str, genotype: str, depths: str, likely: str = "-60,0,-60"
) -> list[str]:
    """Pieces of one freebayes record at 100: ``POS REF ALT GT AD [PS]``."""
    ref, alt = alleles.split(">")
    count = len(alt.split(","))
    info = f"DP=20;SRF=1;SRR=1;SAF={','.join('12'[:count])};SAR={','.join('34'[:count])}"
    sample = f"{genotype}:9:20:{depths}:{likely}"
    row = ["c", "100", ".", ref, alt, "50", ".", f"{info};CIGAR={cigar}", "GT:GQ:DP:AD:GL", sample]
    made = awk(SPLIT, HEAD + "\t".join(row) + "\n", prior="30", least="20")
    values = [dict(zip(r[8].split(":"), r[9].split(":"), strict=True)) for r in made]
    return [
        " ".join(filter(None, [r[1], r[3], r[4], v["GT"], v["AD"], v.get("PS", "")]))
        for r, v in zip(made, values, strict=True)
    ]


BOTH = "-60,-50,-50,-50,0,-50"


@pytest.mark.parametrize(
    ("record", "pieces"),
    [
        (("A>G", "1X", "0/1", "9,11"), ["100 A G 0/1 9,11"]),
        (
            ("ATG>CTA", "1X1M1X", "0/1", "9,11"),
            ["100 A C 0|1 9,11 100", "102 G A 0|1 9,11 100"],
        ),
        (("ATG>CTA", "1X1M1X", "1/1", "0,11"), ["100 A C 1/1 0,11", "102 G A 1/1 0,11"]),
        (("TCAGTCT>TT", "1M5D1M", "0/1", "9,11"), ["100 TCAGTC T 0/1 9,11"]),
        (("TTC>TCCCTAGTC", "1M6I2M", "0/1", "9,11"), ["100 T TCCCTAG 0/1 9,11"]),
        (
            ("A>C,G", "1X,1X", "1/2", "0,9,11", BOTH),
            ["100 A C 1|. 0,9 100", "100 A G .|1 0,11 100"],
        ),
        (
            ("ATG>GTC,GTG", "1X1M1X,1X2M", "1/2", "1,9,10", BOTH),
            ["100 A G 1|1 1,19 100", "102 G C 1|0 1,9 100"],
        ),
        (
            ("GCA>G,GCAT", "1M2D,3M1I", "1/2", "1,9,9", BOTH),
            ["100 GCA G 1|0 1,9 100", "102 A AT 0|1 1,9 100"],
        ),
        (("AT>AGGT,A", "1M2I1M,1M1D", "0/1", "9,6,5"), ["100 A AGG 0/1 9,6"]),
        (("A>G", "1X", "1", "0,11", "-60,0"), ["100 A G 1 0,11"]),
        (("AT>GGAT", "2I2M", "0/1", "9,11"), ["100 AT GGAT 0/1 9,11"]),
        (("AT>GC", "5X", "0/1", "9,11"), ["100 AT GC 0/1 9,11"]),
        (("A>G", "1X", "0/0", "20,1", "0,-9,-60"), ["100 A . 0/0 20"]),
        (("A>G", "1X", "0/1", "9,2", "-4.9,0,-60"), ["100 A . ./. 9"]),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_haplotypes_become_changes_with_their_genotypes(record, pieces):
    assert split(*record) == pieces


def test_qualities_are_of_likelihoods():
    row = "c\t100\t.\tA\tG\t3\t.\tDP=9;SRF=1;SRR=1;SAF=1;SAR=1;CIGAR=1X\tGT:GQ:DP:AD:GL\t"
    made = awk(SPLIT, f"{HEAD}{row}0/1:1:9:4,5:-12.5,0,-7.25\n", prior="30", least="20")
    assert made[0][5] == "95.00"
    assert made[0][9].split(":")[1] == "73"


def test_blocks_end_at_bands_gaps_and_records(tmp_path):
    found = tmp_path / "found.vcf"
    found.write_text(HEAD + "c\t5\t.\tAC\tA\t50\t.\t.\tGT\t0/1\n")
    depths = {1: 1, 2: 4, 3: 5, 4: 9, 5: 9, 6: 9, 7: 7, 8: 5, 10: 5, 11: 0}
    pile = "".join(f"c\t{p}\tg\t{d}\t{'.' * d}\t{'I' * d}\n" for p, d in depths.items())
    pile += "d\t12\tT\t6\t....**\tIIIIII\n"
    made = awk(BLOCKS, pile, FOUND=str(found), BANDS="1,5")
    blocks = [f"{r[0]} {r[1]} {r[3]} {r[7]} {r[9]}" for r in made if r[4] == "."]
    assert blocks == [
        "c 1 G END=2 0/0:1:1",
        "c 3 G END=4 0/0:5:5",
        "c 7 G END=8 0/0:5:5",
        "c 10 G END=10 0/0:5:5",
        "d 12 T END=12 0/0:4:4",
    ]
    assert [r[1] for r in made if r[4] != "."] == ["5"]


@pytest.mark.parametrize(
    ("quality", "genotype", "expected"),
    [
        ("29.9", "0/1:9", "LowQual ./.:9"),
        ("30", "0/1:9", ". 0/1:9"),
        (".", "0/0:9", ". 0/0:9"),
        ("0", "0/0:9", ". 0/0:9"),
        ("5", "1", "LowQual ."),
        ("5", "1|2:9", "LowQual .|.:9"),
    ],
)
def test_a_variant_below_gatks_own_threshold_is_no_call(quality, genotype, expected):
    row = f"c\t1\t.\tA\tG,<NON_REF>\t{quality}\t.\tDP=9\tGT:DP\t{genotype}\n"
    made = awk(NO_CALL, HEAD + row, least="30")
    assert f"{made[0][6]} {made[0][9]}" == expected


def test_gatks_bands_are_the_qualities_that_depths_give():
    assert quality_bands((1, 5, 10, 20, 40)) == [3, 15, 20, 30, 60, 99]
    assert quality_bands((1, 33, 40)) == [3, 20, 99]


def test_java_optimises_where_it_pays():
    long, short = (Interval("chr1", 0, end) for end in (600_000, 100_000))
    assert "TieredStopAtLevel" not in start((long,))[2]
    assert "TieredStopAtLevel=1" in start((short, short))[2]


def test_a_missing_gatk_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="gatk is not installed"):
        Gatk().version()
    with pytest.raises(ToolError, match="run_deepvariant is not installed"):
        DeepVariant().version()


#        1234567890123456789012345678901234567890
BASES = "ACGTACGTTTTTACGGATCCATGCAAAGCTTACGCATGCA"
RECORDED = """\
##fileformat=VCFv4.2
##FILTER=<ID=PASS,Description="All filters passed">
##FILTER=<ID=RefCall,Description="Genotyping model thinks this site is reference.">
##FILTER=<ID=LowQual,Description="Confidence in this variant is below calling threshold.">
##FILTER=<ID=NoCall,Description="Site has depth=0 resulting in no call.">
##INFO=<ID=END,Number=1,Type=Integer,Description="End position (for use with symbolic alleles)">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Conditional genotype quality">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Read depth">
##FORMAT=<ID=MIN_DP,Number=1,Type=Integer,Description="Minimum DP observed within the GVCF block.">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Read depth for each allele">
##FORMAT=<ID=VAF,Number=A,Type=Float,Description="Variant allele fractions.">
##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Phred-scaled genotype likelihoods rounded">
##DeepVariant_version=1.6.1
##contig=<ID=chr20,length=40>
##contig=<ID=chrX,length=40>
#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT S1
chr20 1 . A <*> 0 . END=4 GT:GQ:MIN_DP:PL 0/0:50:18:0,54,539
chr20 5 . A C,T,<*> 41.3 PASS . GT:GQ:DP:AD:VAF:PL 1/2:9:20:0,9,11,0:0.4,0.5,0:41,11,9,8,0,6,9,9,9,9
chr20 6 . C <*> 0 . END=20 GT:GQ:MIN_DP:PL 0/0:50:22:0,66,659
chr20 21 . A G,<*> 0.1 RefCall . GT:GQ:DP:AD:VAF:PL 0/0:25:20:17,3,0:0.15,0:0,26,29,9,9,9
chr20 22 . T G,<*> 3 NoCall . GT:GQ:DP:AD:VAF:PL ./.:3:5:3,2,0:0.4,0:0,2,5,9,9,9
chr20 23 . G <*> 0 . END=40 GT:GQ:MIN_DP:PL ./.:0:0:0,0,0
chrX 1 . A <*> 0 . END=11 GT:GQ:MIN_DP:PL 0/0:40:12:0,36,359
chrX 12 . T G,<*> 45 PASS . GT:GQ:DP:AD:VAF:PL 1/1:40:14:0,14,0:1,0:45,40,0,9,9,9
chrX 13 . A T,<*> 12 PASS . GT:GQ:DP:AD:VAF:PL 0/1:10:14:7,7,0:0.5,0:12,0,20,9,9,9
"""
"""Made by hand in the form that DeepVariant 1.6 writes."""

FAKE = """\
#!/bin/sh
[ "$1" = --version ] && {{ echo "DeepVariant version 1.6.1"; exit 0; }}
printf '%s\\n' "$@" >{told}
for word in "$@"; do case $word in
    --output_gvcf=*) bgzip -c {recorded} >"${{word#*=}}" ;;
    --regions=*) cp "${{word#*=}}" {told}.bed ;;
esac; done
"""


@pytest.fixture
def deepvariant(tmp_path: Path, make_fasta: MakeFasta) -> Callable[..., list[str]]:
    """Run the verb with a stand-in that gives the recorded gVCF; return what it was told."""

    def run(sex: str, recorded: str = RECORDED) -> list[str]:
        text = tmp_path / "recorded.vcf"
        lines = recorded.splitlines()
        rows = [x if x.startswith("##") else "\t".join(x.split()) for x in lines]
        text.write_text("\n".join(rows) + "\n")
        told = tmp_path / "told"
        fake = tmp_path / "run_deepvariant"
        fake.write_text(FAKE.format(told=told, recorded=text))
        fake.chmod(0o755)
        call(
            sample="S1", cram=tmp_path / "S1.cram", assembly="GRCh38", sex=sex, assay="exome",
            reference=make_fasta({"chr20": BASES, "chrX": BASES}), min_mapping_quality=20,
            min_base_quality=13, max_depth=250, bands=[5], shard_bases=10, threads=3,
            gvcf=tmp_path / "S1.g.vcf.gz", caller=["deepvariant"], deepvariant=["env", str(fake)],
        )  # fmt: skip
        return told.read_text().splitlines()

    return run


def test_a_recorded_gvcf_of_deepvariant_becomes_the_contract(deepvariant, records, tmp_path):
    deepvariant("female")
    assert [row.replace(" GT", " |GT") for row in records(tmp_path / "S1.g.vcf.gz")] == [
        "1 A . |GT:GQ:MIN_DP:PL 0/0:50:18:0",
        "5 A C |GT:GQ:DP:AD:PL 1/.:9:20:0,9:41,11,9",
        "5 A T |GT:GQ:DP:AD:PL ./1:9:20:0,11:41,8,6",
        "6 C . |GT:GQ:MIN_DP:PL 0/0:50:22:0",
        "21 A . |GT:GQ:DP:AD:PL 0/0:25:20:17:0",
        "22 T . |GT:GQ:DP:AD:PL ./.:3:5:3:0",
        "23 G . |GT:GQ:MIN_DP:PL ./.:0:0:0",
        "1 A . |GT:GQ:MIN_DP:PL 0/0:40:12:0",
        "12 T G |GT:GQ:DP:AD:PL 1/1:40:14:0,14:45,40,0",
        "13 A T |GT:GQ:DP:AD:PL 0/1:10:14:7,7:12,0,20",
    ]


def test_one_x_has_one_allele_and_no_heterozygote(deepvariant, records, tmp_path, make_fasta):
    told = deepvariant("male")
    fasta = tmp_path / "genome.fa"
    variants(gvcf=tmp_path / "S1.g.vcf.gz", reference=fasta, vcf=tmp_path / "S1.vcf.gz")
    found = [" ".join(row.split()[:3] + row.split()[4:]) for row in records(tmp_path / "S1.vcf.gz")]
    assert found[2:] == ["12 T G 1:40:14:0,14"]
    assert "--haploid_contigs=chrX" in told


def test_deepvariants_words(deepvariant, tmp_path):
    told = deepvariant("female")
    assert "--model_type=WES" in told
    assert "--num_shards=3" in told
    assert "--sample_name=S1" in told
    assert "--make_examples_extra_args=gvcf_gq_binsize=5" in told
    assert not [word for word in told if word.startswith(("--haploid", "--par"))]
    # One run for all shards, and no margin beyond a contig.
    assert (tmp_path / "told.bed").read_text() == "chr20\t0\t40\nchrX\t0\t40\n"


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        (RECORDED.replace(" S1\n", " S2\n"), "S2"),
        ("", "wrote no VCF header|wrote nothing|annotate"),
    ],
    ids=["another sample", "nothing"],
)
def test_a_caller_that_drops_the_sample_is_caught(deepvariant, recorded, found, tmp_path):
    with pytest.raises(ToolError, match=found):
        deepvariant("female", recorded)
    assert not (tmp_path / "S1.g.vcf.gz").exists()


def test_pseudo_autosomal_regions_are_what_is_left_of_a_haploid_contig():
    parts = [(Interval("X", 0, 10), 1), (Interval("X", 20, 90), 1), (Interval("Y", 0, 5), 0)]
    haploid, shared = regions(parts, {"X": 100, "Y": 5})
    assert [interval for interval, _ in haploid] == [Interval("X", 0, 10), Interval("X", 20, 90)]
    assert shared == [Interval("X", 10, 20), Interval("X", 90, 100)]

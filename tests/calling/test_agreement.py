"""Who has an allele, who the same genotype, and what only others have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pysam
import pytest

from soyang.calling.agreement import agreement, carried, compare
from soyang.calling.callable import callable as callable_verb
from soyang.calling.records import Provenance
from soyang.calling.tables import CALLS, OTHERS
from soyang.calling.variants import variants
from soyang.core.tables import read_table
from tests.conftest import MakeFasta, MakeVcf

FIRST = [
    "chr20 1 . A . . . END=4 GT:DP 0/0:30",
    "chr20 5 . A C . . . GT:DP:GQ 0/1:20:50",
    "chr20 6 . C . . . . GT:DP ./.:3",
    "chr20 7 . G T . . . GT:DP:GQ 1/1:20:50",
    "chr20 9 . T A . . . GT:DP:GQ 1/.:20:50",
    "chr20 9 . T C . . . GT:DP:GQ ./1:20:50",
    "chr20 10 . T G . . . GT:DP:GQ 1:20:50",
]
OTHER = [
    "chr20 2 . C T . . . GT:DP:GQ 0/1:9:30",
    "chr20 5 . A C . . . GT:DP:GQ 1|0:21:40",
    "chr20 6 . C A . . . GT:DP:GQ 1/1:.:.",
    "chr20 7 . G T . . . GT:DP:GQ 0/1:20:50",
    "chr20 9 . T A . . . GT:DP:GQ 0|1:20:50",
    "chr20 10 . T G . . . GT:DP:GQ 1/1:20:50",
    "chr20 30 . T G . . . GT:DP:GQ 0/1:20:50",
]
THIRD = ["chr20 2 . C T . . . GT 1/1", "chr20 7 . G T . . . GT 1/1", "chr20 7 . G * . . . GT 1/1"]
Compared = Callable[..., tuple[list[str], list[str], Path, str]]


@pytest.fixture
def compared(make_vcf: MakeVcf, make_fasta: MakeFasta, tmp_path: Path, capsys) -> Compared:
    """``POS ALT CALLERS AGREED``, rows of OTHERS, the gVCF, and what was said."""

    def run(**calls: Sequence[str]) -> tuple[list[str], list[str], Path, str]:
        bases = "ACGTACGTTTTTACGGATCCATGCAAAGCTTACGCATGCA"
        fasta = make_fasta({"chr20": bases})
        files = {
            name: make_vcf(rows, samples=["S1"], contigs={"chr20": 40}, name=f"{name}.g.vcf.gz")
            for name, rows in calls.items()
        }
        scratch, output = tmp_path / "scratch", tmp_path / "결과" / "S1.g.vcf.gz"
        scratch.mkdir()
        made = Provenance("one 1", "depth 1", "0" * 32, tuple(files))
        only = compare(files, "S1", fasta, made, output, scratch)
        vcf = tmp_path / "S1.vcf.gz"
        variants(gvcf=output, reference=fasta, vcf=vcf)
        rows = OTHERS.validate(only, source="others").rows()
        others = [" ".join(map(str, row[2:])) for row in rows]
        return _infos(vcf), others, output, capsys.readouterr().err

    return run


def _infos(vcf: Path) -> list[str]:
    with pysam.VariantFile(str(vcf)) as found:
        return [
            f"{r.pos} {r.alts[0]} {','.join(r.info['CALLERS'])} {r.info['AGREED']}" for r in found
        ]


def test_each_variant_says_who_has_it(compared: Compared) -> None:
    found, _, _, said = compared(one=FIRST, two=OTHER, three=THIRD)
    assert found == [
        "5 C one,two 2",
        "7 T one,two,three 2",
        "9 A one,two 2",
        "9 C one 1",
        "10 G one,two 1",
    ]
    assert "alleles of one 5, two 7, three 2; of one's 5, 0 have the same genotype in all" in said


def test_what_only_others_have_is_listed_with_what_the_first_says(compared: Compared) -> None:
    _, others, _, _ = compared(one=FIRST, two=OTHER, three=THIRD)
    assert others == [
        "2 C T two 0/1 9 30.0 0/0",
        "2 C T three 1/1 None None 0/0",
        "6 C A two 1/1 None None ./.",
        "30 T G two 0/1 20 50.0 ",
    ]


@pytest.mark.parametrize(("one", "two"), [([], OTHER), (FIRST, []), ([], [])])
def test_a_caller_that_finds_nothing_is_no_error(compared: Compared, one, two) -> None:
    found, others, _, _ = compared(one=one, two=two)
    assert len(others) == len(two)
    assert [line.split()[2:] for line in found] == [["one", "1"]] * (5 if one else 0)


def test_calls_count_what_all_agree_on(compared: Compared, tmp_path: Path) -> None:
    _, _, gvcf, _ = compared(one=FIRST, two=OTHER)
    calls = tmp_path / "S1.calls.tsv"
    callable_verb(
        sample="S1", entry="cram", vcf=tmp_path / "S1.vcf.gz", gvcf=gvcf, min_depth=10,
        callable_bed=tmp_path / "S1.callable.bed.gz", calls=calls,
    )  # fmt: skip
    row = read_table(calls, CALLS).row(0, named=True)
    assert row["agreed"] == 2
    assert row["provenance"] == "one 1; bands depth 1; reference 00000000"


def test_agreement_is_of_copies_not_of_phase(make_vcf: MakeVcf, tmp_path: Path) -> None:
    def calls(genotype: str) -> object:
        vcf = make_vcf([f"chr20 5 . A C . . . GT {genotype}"], samples=["S1"], name="g.vcf.gz")
        return carried(vcf, tmp_path)

    agreed = {
        (one, two): agreement({"a": calls(one), "b": calls(two)})["agreed"].item()
        for one, two in [("0/1", "1|0"), ("0/1", "1/."), ("1/1", "1"), ("1/1", "0/1"), ("1", "1")]
    }
    assert list(agreed.values()) == [2, 2, 1, 1, 2]

"""Reading alleles: nothing lost, every value that of its allele, every bad row named."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cyvcf2
import numpy as np
import polars as pl
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.annotation import bgzf
from soyang.annotation.normalise import written
from soyang.annotation.records import (
    MISSING,
    Alleles,
    by_contig,
    joined,
    key_order,
    repeated,
    require_sorted,
    spell,
    take,
)
from soyang.annotation.vcf_columns import read_alleles, read_header
from soyang.core.errors import FaultError
from soyang.core.variant_key import allele_codes

HEADER = """##fileformat=VCFv4.3
##contig=<ID=chr1,length=1000>
##contig=<assembly=x,ID=chrM,length=500>
##contig=<ID=HLA-A*01:01>
##INFO=<ID=AC,Number=A,Type=Integer,Description="Allele count, of alts">
##INFO=<ID=AN,Number=1,Type=Integer,Description="Alleles">
##INFO=<ID=AF,Number=A,Type=Float,Description="Share">
##INFO=<ID=AD,Number=R,Type=Integer,Description="Depths">
##INFO=<ID=PL,Number=G,Type=Integer,Description="Likelihoods">
##INFO=<ID=X,Number=.,Type=Integer,Description="Any number">
##INFO=<ID=DB,Number=0,Type=Flag,Description="In dbSNP">
##INFO=<ID=SIG,Number=.,Type=String,Description="Words">
##INFO=<ID=EACH,Number=A,Type=String,Description="A word each">
##INFO=<ID=U,Number=1,Type=Integer,Description="Never asked">
##ALT=<ID=DEL,Description="Deletion">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
"""
NAMES = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
ReadOne = Callable[..., Alleles]


def write(path: Path, records: Sequence[str], samples: Sequence[str] = (), end: str = "\n") -> Path:
    """A plain VCF; records with spaces for tabs."""
    names = "\t".join([NAMES, "FORMAT", *samples] if samples else [NAMES])
    lines = [*HEADER.splitlines(), names, *("\t".join(r.split()) for r in records)]
    path.write_text("".join(line + end for line in lines), encoding="utf-8", newline="")
    return path


def read(path: Path, **asked: Any) -> Alleles:
    """All alleles of a file of one contig."""
    return joined(list(read_alleles(path, **asked)))


def rows(alleles: Alleles) -> list[tuple[int, str, str]]:
    words = written(alleles)
    return list(zip(alleles.position.tolist(), words["ref"], words["alt"], strict=True))


@pytest.fixture
def one(tmp_path: Path) -> ReadOne:
    """Read records of one file."""

    def make(*records: str, samples: Sequence[str] = (), **asked: Any) -> Alleles:
        return read(write(tmp_path / "한글 a.vcf", records, samples), **asked)

    return make


def test_header(tmp_path: Path) -> None:
    header = read_header(write(tmp_path / "a.vcf", [], ["NA1", "NA2"], end="\r\n"))
    assert header.contigs == {"chr1": 1000, "chrM": 500, "HLA-A*01:01": 0}
    assert header.samples == ("NA1", "NA2")
    assert (header.info["AC"].number, header.info["DB"].type) == ("A", "Flag")
    assert header.lines == 17
    assert header.meta.startswith("##fileformat=VCFv4.3\n")
    assert "#CHROM" not in header.meta


def test_no_records(tmp_path: Path) -> None:
    assert list(read_alleles(write(tmp_path / "a.vcf", []), integers=["AC"])) == []


def test_every_allele_has_a_row(one: ReadOne) -> None:
    alleles = one(
        "chr1 10 rs1 A C,G . PASS .", "chr1 10 . AT A . PASS .", "chr1 12 . acgtn <DEL> . . ."
    )
    assert rows(alleles) == [
        (10, "A", "C"), (10, "A", "G"), (10, "AT", "A"), (12, "ACGTN", "<DEL>"),
    ]  # fmt: skip
    assert alleles.record.tolist() == [0, 0, 1, 2]
    assert alleles.allele.tolist() == [1, 2, 1, 1]
    assert alleles.clear.tolist() == [True, True, True, False]
    assert alleles.contig == "chr1"
    assert alleles.spelt.rows() == [(3, "ACGTN", "<DEL>")]


@pytest.mark.parametrize(
    ("ref", "alt"),
    [
        ("A", "."), ("A", "*"), ("A", "<NON_REF>"), ("A", "<INS:ME:alu>"), ("N", "C"), ("A", "R"),
        ("A", "G]chr17:198982]"), ("A", "]13:123456]T"), ("A", "A"), ("A", "a"), ("A", ".A"),
    ],
)  # fmt: skip
def test_what_is_no_sequence_is_kept_and_marked(one: ReadOne, ref: str, alt: str) -> None:
    alleles = one(f"chr1 10 . {ref} {alt},T . . .")
    plain = alt.upper() if alt.isalpha() else alt
    assert rows(alleles) == [(10, ref, plain), (10, ref, "T")]
    assert alleles.clear.tolist() == [False, ref != "N"]


def test_lower_case_and_long_alleles(one: ReadOne) -> None:
    long = "acgt" * 150
    alleles = one(f"chr1 10 . {long} a . . .", "chr1 11 . c {}g . . .".format("T" * 9))
    assert rows(alleles) == [(10, long.upper(), "A"), (11, "C", "T" * 9 + "G")]
    assert alleles.clear.all()
    expected = allele_codes(pl.Series([long.upper()]), pl.Series(["A"]))
    assert alleles.code[0] == expected[0]
    assert spell(alleles).rows() == [(long.upper(), "A"), (None, None)]


def test_values_are_those_of_the_allele(one: ReadOne) -> None:
    alleles = one(
        "chr1 1 rs1;rs2 A C,G 31.5 PASS AN=8;AC=1,2;AF=0.125,2.5e-01;AD=5,6,7;DB;SIG=a,b;EACH=x,y",
        "chr1 2 . A C . q10;s50 DBX=3;SIG=.;AC=3;XAC=9;X=4;AF=.;EACH=.",
        "chr1 3 . A C,G,T 7 . X=5;AC=.,-2,;AF=1,nan,-1.5E+3;AN=",
        "chr1 4 . A C . . .",
        integers=["AC", "AN", "AD", "X", "DB"],
        floats=["AF"],
        texts=["SIG", "EACH"],
        columns=["ID", "QUAL", "FILTER", "PASS"],
    )  # fmt: skip
    none = int(MISSING)
    got = {k: list(v) for k, v in alleles.values.items()}
    assert got["AC"] == [1, 2, 3, none, -2, none, none]
    assert got["AN"] == [8, 8, none, none, none, none, none]
    assert got["AD"] == [6, 7, none, none, none, none, none]
    assert got["X"] == [none, none, 4, 5, 5, 5, none]
    assert got["DB"] == [1, 1, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal(
        got["AF"], np.float32([0.125, 0.25, np.nan, 1, np.nan, -1500, np.nan])
    )
    assert got["SIG"] == ["a,b", "a,b", None, None, None, None, None]
    assert got["EACH"] == ["x", "y", None, None, None, None, None]
    assert got["ID"] == ["rs1;rs2", "rs1;rs2", None, None, None, None, None]
    np.testing.assert_array_equal(got["QUAL"], np.float32([31.5, 31.5, np.nan, 7, 7, 7, np.nan]))
    assert got["FILTER"] == ["PASS", "PASS", "q10;s50", None, None, None, None]
    assert got["PASS"] == [1, 1, 0, none, none, none, none]


@pytest.mark.parametrize(
    "text",
    [
        "0.1",
        "1e-30",
        "123456.789",
        "5.60e-05",
        "9007199254740993",
        ".5",
        "1.",
        "3e38",
        "inf",
        "-1e-6",
    ],
)
def test_numbers_are_read_to_the_precision_kept(one: ReadOne, text: str) -> None:
    got = one(f"chr1 1 . A C {text.lstrip('-')} . AF={text}", floats=["AF"], columns=["QUAL"])
    assert got.values["AF"][0] == np.float32(text)
    assert got.values["QUAL"][0] == np.float32(text.lstrip("-"))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from("efg"))
@settings(max_examples=60, deadline=None)
def test_any_float(tmp_path_factory: pytest.TempPathFactory, number: float, style: str) -> None:
    text = f"{number:.9{style}}"
    path = write(tmp_path_factory.mktemp("f") / "a.vcf", [f"chr1 1 . A C . . AF={text}"])
    got = np.float32(read(path, floats=["AF"]).values["AF"][0])
    assert got == pytest.approx(np.float32(text), rel=1e-7, abs=0)


@pytest.mark.parametrize(
    ("genotype", "dosage"),
    [
        ("0/0", [0, 0]), ("0/1", [1, 0]), ("1|2", [1, 1]), ("2/2:7", [0, 2]), ("1", [1, 0]),
        ("./.", [None, None]), (".", [None, None]), ("./1", [1, None]), ("0/.", [None, None]),
        (".:7", [None, None]), ("1/1/2", [2, 1]),
    ],
)  # fmt: skip
def test_dosage_of_the_first_sample(one: ReadOne, genotype: str, dosage: list[int | None]) -> None:
    record = f"chr1 1 . A C,G . . . GT:DP {genotype} 1/1"
    got = one(record, samples=["a", "b"], genotype=True).values["GT"]
    assert list(got) == [MISSING if d is None else d for d in dosage]


def test_record_without_genotype(one: ReadOne) -> None:
    got = one("chr1 1 . A C . . . DP 7", "chr1 2 . A C . . . GT 0/1", samples="a", genotype=True)
    assert list(got.values["GT"]) == [MISSING, 1]


def test_crlf_blank_lines_and_no_line_feed_at_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vcf", ["chr1 1 . A C . . AC=5", "chr1 2 . A C . . DB"], end="\r\n")
    path.write_bytes(path.read_bytes()[:-2].replace(b"AC=5\r\n", b"AC=5\r\n\r\n"))
    got = read(path, integers=["AC", "DB"])
    assert got.position.tolist() == [1, 2]
    assert got.record.tolist() == [0, 1]
    assert list(got.values["DB"]) == [0, 1]
    with_sample = write(tmp_path / "b.vcf", ["chr1 1 . A C . . . GT 0/1"], ["s"], end="\r\n")
    assert list(read(with_sample, genotype=True).values["GT"]) == [1]


def test_contigs_apart_and_mitochondrion_in_both_namings(tmp_path: Path) -> None:
    records = ["chr1 9 . A C . . .", "chrM 3 . A C . . .", "MT 5 . A C,G . . ."]
    got = list(read_alleles(write(tmp_path / "a.vcf", records), columns=["ID"]))
    assert [(a.contig, a.position.tolist(), a.record.tolist()) for a in got] == [
        ("chr1", [9], [0]), ("chrM", [3], [1]), ("MT", [5, 5], [2, 2]),
    ]  # fmt: skip


def test_contig_that_comes_back(tmp_path: Path) -> None:
    records = ["chr1 9 . A C . . .", "chrM 3 . A C . . .", "chr1 10 . A C . . ."]
    with pytest.raises(FaultError, match=r"record 3: found chr1 again, after chrM.*bcftools sort"):
        list(read_alleles(write(tmp_path / "a.vcf", records)))


def test_unsorted_records_are_read_and_told_apart_from_duplicates(one: ReadOne) -> None:
    long = "C" * 20
    alleles = one(
        "chr1 9 . A C . . .", f"chr1 5 . A {long} . . .", "chr1 9 . A G,C . . .",
        f"chr1 5 . A {long} . . .", f"chr1 5 . A {long}T . . .",
    )  # fmt: skip
    assert repeated(alleles).tolist() == [False, False, False, True, True, False]
    ordered = take(alleles, key_order(alleles))
    assert ordered.position.tolist() == [5, 5, 5, 9, 9, 9]
    assert sorted(rows(ordered)) == sorted(rows(alleles))
    with pytest.raises(FaultError, match="record 2: found chr1:5 after chr1:9"):
        list(require_sorted([alleles], Path("a.vcf")))
    list(require_sorted([ordered], Path("a.vcf")))


def test_sorted_across_batches(one: ReadOne) -> None:
    a, b = one("chr1 9 . A C . . ."), one("chr1 8 . A C . . .")
    assert len(list(require_sorted([b, a, take(a, np.array([], np.int64)), a], Path("x")))) == 4
    with pytest.raises(FaultError, match="chr1:8 after chr1:9"):
        list(require_sorted([a, b], Path("x")))


def test_take_and_join_keep_the_words(one: ReadOne) -> None:
    long = ["A" + "C" * n for n in (12, 13, 14)]
    a = one(*(f"chr1 {n} . A {alt},G . . SIG=s{n}" for n, alt in enumerate(long)), texts=["SIG"])
    some = take(a, np.array([4, 0, 3]))
    assert rows(some) == [rows(a)[n] for n in (4, 0, 3)]
    assert list(some.values["SIG"]) == ["s2", "s0", "s1"]
    assert rows(take(a, a.position > 0)) == rows(a)[2:]
    assert rows(joined([some, a])) == rows(some) + rows(a)
    assert [len(b) for b in by_contig([a, some, one("chrM 1 . A C . . .")])] == [9, 1]


BAD_ROWS = [
    ("chr1 1 . A C . .", "", "eight columns"),
    ("chr1", "", "eight columns"),
    ("chr1 x1 . A C . . .", "POS", "digits"),
    ("chr1 -1 . A C . . .", "POS", "digits"),
    ("chr1 99999999999 . A C . . .", "POS", "digits"),
    ("chr1 1 . A C, . . .", "ALT", "commas"),
    ("chr1 1 . A C high . .", "QUAL", "number"),
    ("chr1 1 . A C . . AC=1.5", "INFO/AC", "number"),
    ("chr1 1 . A C . . AC=3000000000", "INFO/AC", "number"),
    ("chr1 1 . A C . . AC=1,2", "INFO/AC", "as many values"),
    ("chr1 1 . A C,G . . AC=1", "INFO/AC", "as many values"),
    ("chr1 1 . A C,G . . AD=1,2", "INFO/AD", "as many values"),
    ("chr1 1 . A C,G . . X=1,2,3", "INFO/X", "as many values"),
    ("chr1 1 . A C . . AN=1,2", "INFO/AN", "as many values"),
    ("chr1 1 . A C . . AF=0.1x", "INFO/AF", "number"),
    ("chr1 1 . A C,G . . EACH=x", "INFO/EACH", "as many values"),
    ("chr1 1 . A C . . . GT 0/2", "sample", "genotype"),
    ("chr1 1 . A C . . . GT 0/x", "sample", "genotype"),
    ("chr1 1 . A C . . . GT 0/", "sample", "genotype"),
]


@pytest.mark.parametrize(("record", "column", "allowed"), BAD_ROWS)
def test_bad_row_is_named(one: ReadOne, record: str, column: str, allowed: str) -> None:
    good = "chr1 1 . A C . . . GT 0/1"
    with pytest.raises(FaultError) as caught:
        one(
            good, good, record, good, samples=["a"], integers=["AC", "AN", "AD", "X"],
            floats=["AF"], texts=["EACH"], columns=["QUAL"], genotype=True,
        )  # fmt: skip
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == ("20", column)
    assert allowed in fault.allowed
    assert fault.file.endswith("한글 a.vcf")


def test_fields_that_are_not_asked_may_be_odd(one: ReadOne) -> None:
    assert len(one("chr1 1 . A C high . AC=x;AF", texts=["SIG"])) == 1


def test_empty_alleles_and_spaces_for_tabs(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vcf", [])
    for row, what in (("chr1\t1\t.\t\tC\t.\t.\t.", "REF"), ("chr1\t1\t.\tA\t\t.\t.\t.", "ALT"),
                      ("chr1 1 . A C . . .", "eight columns")):  # fmt: skip
        path.write_text(HEADER + NAMES + "\n" + row + "\n")
        with pytest.raises(FaultError, match=what):
            read(path)


@pytest.mark.parametrize(
    ("text", "what"),
    [("", "no header"), ("chr1\t1\n", "no header"), ("##fileformat=VCFv4.2\n", "last line"),
     ("#CHROM POS ID REF ALT QUAL FILTER INFO\n", "last line"), ("a,b\n1,2\n", "no header")],
)  # fmt: skip
def test_no_vcf(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "a.vcf"
    path.write_text(text)
    with pytest.raises(FaultError, match=what):
        read_header(path)


def test_field_that_the_header_lacks(one: ReadOne) -> None:
    with pytest.raises(FaultError, match=r"no INFO ZZ, YY declared.*AC, AD, AF, AN, DB"):
        one("chr1 1 . A C . . ZZ=1", integers=["ZZ"], texts=["YY"])
    got = one("chr1 1 . A C . . .", integers=["ZZ"], texts=["YY"], floats=["WW"], optional=True)
    assert [list(got.values["ZZ"]), list(got.values["YY"])] == [[MISSING], [None]]
    assert np.isnan(got.values["WW"][0])


def test_what_can_not_be_asked(one: ReadOne) -> None:
    with pytest.raises(FaultError, match=r"PL \(Number=G\)"):
        one("chr1 1 . A C . . .", integers=["PL"])
    with pytest.raises(FaultError, match="no sample"):
        one("chr1 1 . A C . . .", genotype=True)
    with pytest.raises(ValueError, match="twice"):
        one("chr1 1 . A C . . .", integers=["AC"], texts=["AC"])
    with pytest.raises(ValueError, match="no columns POS"):
        one("chr1 1 . A C . . .", columns=["POS"])


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vcf", ["chr1 1 . A C . . SIG=café"])
    assert list(read(path, texts=["SIG"]).values["SIG"]) == ["café"]
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xe9"))
    with pytest.raises(FaultError, match=r"SIG: found text that is not UTF-8"):
        read(path, texts=["SIG"])


def random_records(count: int, generator: random.Random) -> list[str]:
    records, position, contig = [], 0, "chr1"
    for number in range(count):
        if number == count // 2:
            position, contig = 0, "chrM"
        position += generator.randrange(0, 40)
        ref = "".join(generator.choices("ACGTacgt", k=generator.choice([1, 1, 1, 2, 15])))
        alts = [generator.choice(["A", "CT", "*", "<DEL>", "ACGTTGCAACGT", "t"])
                for _ in range(generator.choice([1, 1, 2, 3]))]  # fmt: skip
        info = [f"AC={','.join(generator.choice(['.', '0', '17', '2046']) for _ in alts)}",
                f"AN={generator.randrange(9999)}",
                f"AF={','.join(generator.choice(['0.25', '1e-5', '.']) for _ in alts)}", "DB",
                f"SIG={generator.choice(['x', 'x,y', 'long_' * 9])}", "U=1"]  # fmt: skip
        generator.shuffle(info)
        chosen = ";".join(info[: generator.randrange(7)]) or "."
        records.append(
            f"{contig} {position} . {ref} {','.join(alts)} {generator.choice(['.', '50', '3.7'])} "
            f"PASS {chosen} GT {generator.choice(['0/1', '1|1', './.', '0'])}"
        )
    return records


@pytest.mark.parametrize("threads", [1, 2])
def test_same_as_cyvcf2_however_the_file_is_cut(
    tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bgzf, "MEMBERS", 1)
    records = random_records(4_000, random.Random(3))
    plain = write(tmp_path / "a.vcf", records, ["s"])
    packed = tmp_path / "a.vcf.gz"
    pysam.tabix_compress(str(plain), str(packed))
    batches = list(
        read_alleles(packed, threads=threads, integers=["AC", "AN", "DB"], floats=["AF"],
                     texts=["SIG"], columns=["QUAL"], genotype=True)
    )  # fmt: skip
    assert len(batches) > 4
    place = 0
    whole = [pl.DataFrame({"contig": [b.contig] * len(b), "position": b.position,
                           "record": b.record, "allele": b.allele, **b.values,
                           **written(b).to_dict()}) for b in batches]  # fmt: skip
    got = pl.concat(whole).rows(named=True)
    for number, variant in enumerate(cyvcf2.VCF(str(packed))):
        for k, alt in enumerate(variant.ALT):
            row = got[place]
            place += 1
            assert (row["contig"], row["position"]) == (variant.CHROM, variant.POS)
            assert (row["record"], row["allele"]) == (number, k + 1)
            assert (row["ref"], row["alt"]) == (
                variant.REF.upper(), alt if alt.startswith("<") else alt.upper()
            )  # fmt: skip
            assert row["AC"] == number_of(variant.INFO.get("AC"), k, MISSING)
            assert row["AN"] == number_of(variant.INFO.get("AN"), 0, MISSING)
            assert row["DB"] == bool(variant.INFO.get("DB"))
            assert row["SIG"] == variant.INFO.get("SIG")
            expected = (
                number_of(variant.INFO.get("AF"), k, np.nan),
                number_of(variant.QUAL, 0, np.nan),
            )
            np.testing.assert_allclose((row["AF"], row["QUAL"]), expected, rtol=1e-6)
            called = [a for a in variant.genotypes[0][:-1] if a >= 0]
            assert row["GT"] == (called.count(k + 1) if called else MISSING)
    assert place == len(got)


def number_of(value: Any, k: int, missing: Any) -> Any:
    one = value[k] if isinstance(value, tuple) else value
    return missing if one is None else one


def test_bcf_gives_what_vcf_gives(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.vcf", random_records(300, random.Random(5)), ["s"])
    bcf = tmp_path / "a.bcf"
    subprocess.run(["bcftools", "view", "-Ob", "-o", bcf, plain], check=True)
    asked: dict[str, Any] = {"integers": ["AC", "AN"], "texts": ["SIG"], "genotype": True}
    for one, other in zip(read_alleles(plain, **asked), read_alleles(bcf, **asked), strict=True):
        assert one.contig == other.contig
        assert rows(one) == rows(other)
        assert list(one.values["AC"]) == list(other.values["AC"])
        assert list(one.values["SIG"]) == list(other.values["SIG"])


def test_truncated_file_gives_no_short_answer(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.vcf", random_records(3_000, random.Random(1)), ["s"])
    packed = tmp_path / "a.vcf.gz"
    pysam.tabix_compress(str(plain), str(packed))
    packed.write_bytes(packed.read_bytes()[:-2_000])
    with pytest.raises(FaultError, match="unfinished BGZF member at byte"):
        list(read_alleles(packed))

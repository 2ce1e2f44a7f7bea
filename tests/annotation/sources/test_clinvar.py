"""ClinVar: its words, its stars, and which records a release has of it."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import clinvar
from soyang.annotation.sources.clinvar import (
    STARS,
    best_reviewed,
    classified,
    count_values,
    split_terms,
    terms,
)
from soyang.annotation.sources.variants import CONTRADICTS, NO_ALLELE, NO_CHROMOSOME, OUTSIDE
from soyang.core.errors import FaultError

ONE = "CLNREVSTAT=criteria_provided,_single_submitter"
NAMES = [column.name for column in clinvar.COLUMNS]
FIELDS = ("CLNSIG", "CLNREVSTAT", "CLNDN", "CLNSIGCONF", "CLNVC", "CLNSIGINCL", "ONC", "ORIGIN")


def vcf(*records: str, date: str = "2025-01-01", fields: tuple[str, ...] = FIELDS) -> str:
    """ClinVar's VCF of records ``CHROM POS ID REF ALT INFO``."""
    lines = ["##fileformat=VCFv4.1", f"##fileDate={date}", "##reference=GRCh38"]
    lines += [f'##INFO=<ID={name},Number=.,Type=String,Description="x">' for name in fields]
    lines += ["\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"])]
    for record in records:
        *cells, info = record.split(" ")
        lines.append("\t".join([*cells, ".", ".", info]))
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(entry, put, read_all):
    """Read ClinVar's VCF without a reference, or with the one of the fixture ``genome``."""

    def run(text: str, *, aligned: bool = False, name: str = "clinvar.vcf", **other):
        path = put(text, name)
        more = {} if aligned else {"reference": None}
        return read_all(clinvar, entry(Kind.CLINVAR, **other), path, **more)

    return run


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Pathogenic", ["Pathogenic"]),
        ("Pathogenic/Likely_pathogenic", ["Pathogenic", "Likely_pathogenic"]),
        ("Pathogenic|drug_response", ["Pathogenic", "drug_response"]),
        ("Pathogenic,_low_penetrance", ["Pathogenic,_low_penetrance"]),
        ("Pathogenic,low_penetrance", ["Pathogenic,_low_penetrance"]),
        (
            "Pathogenic/Likely_pathogenic/Pathogenic,_low_penetrance|other",
            ["Pathogenic", "Likely_pathogenic", "Pathogenic,_low_penetrance", "other"],
        ),
        ("Pathogenic,_risk_factor", ["Pathogenic", "risk_factor"]),  # 2019
        ("Benign/Likely_benign,_other", ["Benign", "Likely_benign", "other"]),
        ("Benign||other", ["Benign", "other"]),
        ("", []),
        (None, None),
    ],
)
def test_atomic_terms(value, expected):
    frame = pl.DataFrame({"x": [value]}, schema={"x": pl.String})
    assert frame.select(split_terms(pl.col("x")))["x"].to_list() == [expected]


def test_the_same_class_in_other_words():
    frame = pl.DataFrame({"x": ["Likely_pathogenic/Pathogenic", "Pathogenic/Likely_pathogenic"]})
    assert frame.select(terms(pl.col("x")))["x"].n_unique() == 1
    assert frame.select(terms(pl.lit("Benign|Benign")))["literal"].to_list() == ["Benign"]


def test_values_are_counted_once_a_record():
    records = pl.DataFrame(
        {
            "CLNSIG": ["Benign|other", "Benign", "Benign/Benign"],
            "CLNSIGCONF": ["Benign(2)|Pathogenic,_low_penetrance(1)", None, None],
            "CLNREVSTAT": ["reviewed_by_expert_panel", "practice_guideline", None],
            "CLNVC": ["Deletion", "Deletion", "Deletion"],
        }
    )
    counts: dict[str, Counter[str]] = {"CLNVC": Counter({"Deletion": 1})}
    count_values(records, counts)
    assert counts == {
        "CLNSIG": {"Benign": 3, "other": 1},
        "CLNSIGCONF": {"Benign": 1, "Pathogenic,_low_penetrance": 1},
        "CLNREVSTAT": {"reviewed_by_expert_panel": 1, "practice_guideline": 1},
        "CLNVC": {"Deletion": 4},
    }


def test_a_record(read):
    more = "CLNDN=Noonan_syndrome|not_provided|A,_b;ORIGIN=33;CLNVC=Deletion;CLNSIGCONF=X(1)"
    given = read(vcf(f"1 7 41 A G {ONE};CLNSIG=Pathogenic/Likely_pathogenic;{more}"))
    ((name, frame),) = given.frames
    assert name == "1" and frame.columns == ["position", "code", "ref", "alt", *NAMES]
    assert frame.schema["position"] == pl.Int32 and frame.schema["code"] == pl.UInt32
    for column in clinvar.COLUMNS:
        assert str(frame.schema[column.name]) == column.dtype
    row = frame.row(0, named=True)
    assert (row["ref"], row["alt"]) == (None, None)  # the code spells them
    assert [row[name] for name in NAMES] == [
        41,
        "Pathogenic/Likely_pathogenic",
        "criteria provided, single submitter",
        1,
        "Noonan syndrome|A, b",
        "X(1)",
        33,
    ]
    assert given.vocabularies["CLNVC"] == {"Deletion": 1} and not given.left_out


def test_what_is_not_given_is_missing(read):
    given = read(vcf(f"1 7 . A G {ONE};CLNSIG=Benign;CLNDN=not_provided;ORIGIN=."))
    row = given.frames[0][1].row(0, named=True)
    assert [row[name] for name in ("id", "conditions", "conflict", "origin")] == [None] * 4
    fewer = read(vcf(f"1 7 x1 A G {ONE};CLNSIG=Benign", fields=FIELDS[:2]))
    assert fewer.frames[0][1]["id"].to_list() == [None]


@pytest.mark.parametrize(("review", "stars"), [*STARS.items(), ("reviewed by a friend", None)])
def test_stars(review, stars):
    records = pl.DataFrame(
        {"position": [1], "code": [2], "ref": [None], "alt": [None], "ID": ["1"],
         "CLNSIG": ["Benign"], "CLNREVSTAT": [review.replace(" ", "_")], "CLNDN": [None],
         "CLNSIGCONF": [None], "ORIGIN": [1]},
        schema_overrides={"CLNDN": pl.String},
    )  # fmt: skip
    assert classified(records)["stars"].to_list() == [stars]


def test_the_best_reviewed_record_stays(read):
    expert = "CLNREVSTAT=reviewed_by_expert_panel"
    given = read(
        vcf(
            f"1 7 9 A G {ONE};CLNSIG=Benign",
            f"1 7 8 A G {expert};CLNSIG=Pathogenic",
            "1 7 7 A G CLNREVSTAT=unheard_of;CLNSIG=Likely_benign",
            f"1 7 6 A T {ONE};CLNSIG=Benign",
            f"1 8 5 A T {ONE};CLNSIG=Benign",
            f"1 8 4 A T {ONE};CLNSIG=Pathogenic",
        )
    )
    frame = given.frames[0][1].sort("id")
    assert frame["id"].to_list() == [4, 6, 8]  # of equally reviewed ones the oldest
    assert given.left_out == {clinvar.REPEATED: 3}


def test_the_best_of_long_alleles():
    rows = {"position": [1, 1], "code": [3, 3], "ref": ["A" * 20] * 2, "alt": ["C" * 9, "G" * 9]}
    frame = pl.DataFrame(rows | {"stars": [1, 0], "id": [1, 2]})
    assert best_reviewed(frame).height == 2  # one hash, two alleles: not the same


def test_what_is_left_out_is_counted(read):
    given = read(
        vcf(
            f"1 1 1 A . {ONE};CLNSIG=Benign",
            f"1 2 2 A <DEL> {ONE};CLNSIG=Benign",
            f"1 3 3 A R {ONE};CLNSIG=Benign",
            f"1 4 4 A G {ONE};CLNSIGINCL=9:Pathogenic",
            f"1 5 5 A G {ONE};ONC=Oncogenic",
            f"1 6 6 A G {ONE}",
            f"1 7 7 A G {ONE};CLNSIG=.",
            f"MT 8 8 A G {ONE};CLNSIG=Benign",
            f"NW_003315950.2 9 9 A G {ONE};CLNSIG=Benign",
        )
    )
    assert given.left_out == {
        NO_ALLELE: 3,
        clinvar.PART_ONLY: 1,
        clinvar.SOMATIC_ONLY: 1,
        clinvar.NO_CLASS: 2,
        NO_CHROMOSOME: 1,
    }
    assert [name for name, _ in given.frames] == ["M"]
    assert given.vocabularies["CLNSIG"] == {"Benign": 1}


def test_alleles_are_left_aligned(read):
    # The fixture's chr2 is ACGTAAAAAACGT: a base less anywhere in the A-tract is one variant.
    given = read(
        vcf(
            f"2 9 1 AA A {ONE};CLNSIG=Benign",
            "2 4 2 TA T CLNREVSTAT=practice_guideline;CLNSIG=Pathogenic",
        ),
        aligned=True,
    )
    frame = given.frames[0][1]
    assert frame.select("position", "id").rows() == [(4, 2)]
    assert given.left_out == {clinvar.REPEATED: 1}


def test_alleles_that_the_reference_contradicts(read):
    right = [f"1 {p} {p} {'ACGT'[(p - 1) % 4]} {'CGTA'[(p - 1) % 4]} {ONE};CLNSIG=Benign"
             for p in range(1, 41)]  # fmt: skip
    given = read(vcf(*right, f"1 41 90 A G {ONE};CLNSIG=Benign"), aligned=True)
    assert given.frames[0][1].height + given.left_out.total() == 41
    wrong = read(vcf(f"1 1 91 G T {ONE};CLNSIG=Benign", *right[1:]), aligned=True)
    assert wrong.left_out[CONTRADICTS] == 1
    outside = read(vcf(*right, f"1 999 92 A G {ONE};CLNSIG=Benign"), aligned=True)
    assert outside.left_out[OUTSIDE] == 1


def test_another_assembly_is_refused(read):
    records = [f"1 {p} {p} {'CGTA'[(p - 1) % 4]} {'GTAC'[(p - 1) % 4]} {ONE};CLNSIG=Benign"
               for p in range(1, 37)]  # fmt: skip
    with pytest.raises(FaultError, match="36 of 36"):
        read(vcf(*records), aligned=True)


@pytest.mark.parametrize(
    ("text", "column", "found"),
    [
        (vcf(date="2024-12-31"), "fileDate", "2024-12-31"),
        (vcf().replace("GRCh38", "GRCh37"), "reference", "GRCh37"),
        (vcf(fields=("CLNSIG",)), "", "no INFO CLNREVSTAT declared"),
        (vcf(fields=("MC",)), "", "no INFO CLNSIG, CLNREVSTAT declared"),
    ],
)
def test_a_file_that_the_catalogue_does_not_describe(read, text, column, found):
    with pytest.raises(FaultError) as error:
        read(text)
    (fault,) = error.value.faults
    assert (fault.column, fault.found) == (column, found)


def test_both_faults_of_a_header_at_once(read):
    with pytest.raises(FaultError) as error:
        read(vcf(date="2024-12-31").replace("GRCh38", "GRCh37"))
    assert [fault.column for fault in error.value.faults] == ["fileDate", "reference"]
    assert "set version, date and sha256" in error.value.faults[0].next_step


def test_no_records(read):
    given = read(vcf())
    assert given.frames == [] and not given.vocabularies and not given.left_out


def test_windows_line_ends_and_a_mark(read):
    text = vcf(f"1 7 1 A G {ONE};CLNSIG=Benign").replace("\n", "\r\n")
    given = read("\ufeff" + text)
    assert given.rows[0][1] == 7
    assert given.frames[0][1]["significance"].to_list() == ["Benign"]


def test_a_truncated_file(read, put, entry, read_all):
    records = [f"1 {p} {p} A G {ONE};CLNSIG=Benign" for p in range(1, 2_000)]
    path = put(vcf(*records), "c.vcf.gz")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(FaultError, match="truncated"):
        read_all(clinvar, entry(Kind.CLINVAR), path, reference=None)


def test_the_demos_clinvar(root, entry, read_all):
    made = entry(Kind.CLINVAR, version="2020-11", date="2020-11-01")
    given = read_all(clinvar, made, root / "resources/demo/clinvar.vcf", reference=None)
    ((name, frame),) = given.frames
    assert name == "20"
    assert frame.height + given.left_out.total() == 794
    assert frame["stars"].null_count() == 0 and set(frame["stars"]) == {0, 1, 2, 3}
    assert "Conflicting_interpretations_of_pathogenicity" in given.vocabularies["CLNSIG"]

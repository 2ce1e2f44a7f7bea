"""From per-sample files to columns."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from soyang.cohort.inputs import merged
from soyang.cohort.join import join
from soyang.cohort.tables import CALLABLE, GENOTYPES, SAMPLES
from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from tests.cohort.conftest import CONTIGS, House
from tests.conftest import MakeVcf

OUTPUTS = {"samples": SAMPLES, "genotypes": GENOTYPES, "callable": CALLABLE}


def run(house: House, name: str = "out", **files: Any) -> dict[str, pl.DataFrame]:
    admitted, verdicts = house.write()
    folder = house.folder / name
    outputs = {table: folder / f"{table}.parquet" for table in OUTPUTS}
    arguments: dict[str, Any] = {**house.files, **files, **outputs}
    join(admitted=admitted, verdicts=verdicts, **arguments)
    assert not list(folder.glob(".*"))
    return {table: read_table(path, OUTPUTS[table]) for table, path in outputs.items()}


def test_a_genotype_says_what_the_vcf_says(house: House) -> None:
    house.add("S1", ["chr1 10 . A G . PASS . GT:DP:AD:GQ:PS 0|1:30:14,16:99:7"])
    assert run(house)["genotypes"].row(0, named=True) == {
        "contig": "chr1",
        "position": 10,
        "ref": "A",
        "alt": "G",
        "person": "PS1",
        "sample": "S1",
        "genotype": "0|1",
        "dosage": 1,
        "copies": 2,
        "depth": 30,
        "alt_depth": 16,
        "genotype_quality": 99.0,
        "phase_set": 7,
        "filter": "PASS",
        "agreement": None,
    }


AGREED = '##INFO=<ID=AGREED,Number=1,Type=Integer,Description="Callers with the same genotype">'


def test_agreement_of_callers_is_carried(house: House, make_vcf: MakeVcf) -> None:
    house.add("S1", ["chr1 10 . A G . . . GT 0/1", "chr1 20 . A G . . . GT 0/1"])
    house.files["vcf"] = [
        make_vcf(
            ["chr1 10 . A G . . AGREED=2 GT 0/1", "chr1 20 . A G . . AGREED=3 GT 0/1"],
            samples=["S1"],
            contigs=CONTIGS,
            header=[AGREED, "##soyang_callers=bcftools 1.16, freebayes 1.3.6, GATK 4.6.2.0"],
        )
    ]
    assert run(house)["genotypes"]["agreement"].to_list() == ["2/3", "3/3"]


def test_one_provenance_needs_no_admission(house: House) -> None:
    house.add("S1", caller="GATK 4.2.0.0")
    house.add("S2", caller="GATK 4.2.0.0")
    assert run(house)["samples"].height == 2


@pytest.mark.parametrize("word", ["GATK 4.2.0.0", "GATK 4.2.0.0; bands b; reference r"])
def test_calls_made_otherwise_enter_where_a_setting_says_so(house: House, word: str) -> None:
    house.add("S1")
    house.add("S2", caller="GATK 4.2.0.0")
    with pytest.raises(FaultError, match="admit_mixed") as error:
        run(house)
    (fault,) = error.value.faults
    assert fault.code == "provenance-mixed"
    assert "S2 called by 'GATK 4.2.0.0; bands b; reference r'" in fault.found
    assert "beside S1 by 'bcftools 1.16; bands b; reference r'" in fault.found
    assert run(house, admit_mixed=[word])["samples"].height == 2
    with pytest.raises(FaultError, match="admit_mixed"):
        run(house, admit_mixed=["GATK"])


def test_every_provenance_that_is_not_admitted_is_told(house: House) -> None:
    for number in range(7):
        house.add(f"S{number}")
    house.add("S7", caller="DeepVariant 1.6.1")
    house.add("S8", caller="unknown")
    with pytest.raises(FaultError) as error:
        run(house)
    assert len(error.value.faults) == 2
    assert "S0, S1, S2, S3, S4 and 2 more" in error.value.faults[0].found
    with pytest.raises(FaultError) as error:
        run(house, admit_mixed=["unknown"])
    assert [f.found.split()[0] for f in error.value.faults] == ["S7"]


def test_of_adopted_calls_alone_each_provenance_is_admitted(house: House) -> None:
    house.add("S1", caller="DeepVariant 1.6.1")
    house.add("S2", caller="unknown")
    with pytest.raises(FaultError) as error:
        run(house, admit_mixed=["unknown"])
    assert [f.found.split()[0] for f in error.value.faults] == ["S1"]
    assert run(house, admit_mixed=["unknown", "DeepVariant 1.6.1"])["samples"].height == 2


def test_who_did_not_pass_makes_no_mixture(house: House) -> None:
    house.add("S1")
    house.add("S2", caller="unknown", verdict="quarantine")
    assert run(house)["samples"].height == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("GT 0/1", {"dosage": 1, "copies": 2}),
        ("GT 1/1", {"dosage": 2, "copies": 2}),
        ("GT 1", {"dosage": 1, "copies": 1}),
        ("GT 1/.", {"dosage": 1, "copies": 2, "genotype": "1/."}),
        ("GT .|1", {"dosage": 1, "copies": 2, "genotype": ".|1"}),
        ("GT 0/1", {"depth": None, "alt_depth": None, "genotype_quality": None}),
        ("GT:DP:AD:GQ:PS 0/1:.:.:.:.", {"depth": None, "alt_depth": None, "phase_set": None}),
        ("GT:AD 0/1:7", {"alt_depth": None}),
        ("GT:AD 0/1:7,.", {"alt_depth": None}),
        ("GT 0/1", {"filter": "."}),
    ],
)
def test_fields_of_a_genotype(fields: str, expected: dict[str, Any], house: House) -> None:
    house.add("S1", [f"chr1 10 . A G . . . {fields}"])
    row = run(house)["genotypes"].row(0, named=True)
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("genotype", ["./.", ".", "0/0", "0", "./0"])
def test_what_is_missing_or_reference_has_no_row(genotype: str, house: House) -> None:
    house.add("S1", [f"chr1 10 . A G . . . GT {genotype}"])
    assert run(house)["genotypes"].is_empty()


def test_a_site_of_two_alternates_keeps_both(house: House) -> None:
    house.add("S1", ["chr1 10 . A C . . . GT 1/.", "chr1 10 . A G . . . GT ./1"])
    rows = run(house)["genotypes"]
    assert rows.select("alt", "dosage", "copies").rows() == [("C", 1, 2), ("G", 1, 2)]


def test_a_spanning_deletion_is_no_allele_of_its_own(house: House) -> None:
    house.add("S1", ["chr1 10 . A * . . . GT 1/.", "chr1 12 . A <NON_REF> . . . GT 0/1"])
    assert run(house)["genotypes"].is_empty()


def test_rows_are_ordered_by_site_and_sample(house: House) -> None:
    contigs = ("chr1", "chr2", "chr10", "chrX")
    records = [f"{contig} {n} . A G . . . GT 0/1" for contig in contigs for n in (5, 50)]
    for sample in ("S2", "S1"):
        house.add(sample, records, regions=[("chr10", 5, 9), ("chr2", 0, 4), ("chr2", 4, 6)])
    tables = run(house)
    rows = tables["genotypes"].select("contig", "position", "sample").rows()
    assert rows == [(c, n, s) for c in contigs for n in (5, 50) for s in ("S1", "S2")]
    regions = [("chr2", 0, 6), ("chr10", 5, 9)]
    assert tables["callable"].rows() == [(s, *r) for s in ("S1", "S2") for r in regions]


def test_the_order_of_files_does_not_change_a_byte(house: House) -> None:
    for sample in ("S1", "S2", "S3"):
        house.add(sample, ["chr1 10 . A G . . . GT 0/1", "chr2 10 . A G . . . GT 1/1"])
    run(house, "one")
    run(house, "two", **{kind: paths[::-1] for kind, paths in house.files.items()})
    for table in OUTPUTS:
        one, two = ((house.folder / n / f"{table}.parquet").read_bytes() for n in ("one", "two"))
        assert one == two


def test_only_who_passed_enters(house: House) -> None:
    house.add("S1", ["chr1 10 . A G . . . GT 0/1"])
    house.add("S2", ["chr1 20 . A G . . . GT 0/1"], verdict="quarantine")
    tables = run(house)
    for table in OUTPUTS:
        assert tables[table]["sample"].to_list() == ["S1"]


def test_counted_needs_callable_regions_and_research_consent(house: House) -> None:
    house.add("S1")
    house.add("S2", consent="clinical_care")
    house.add("S3", regions=None)
    house.add("S4", consent="clinical_care;research_of_others")
    tables = run(house)
    assert tables["samples"].select("sample", "callable_known", "counted").rows() == [
        ("S1", True, True),
        ("S2", True, False),
        ("S3", False, False),
        ("S4", True, False),
    ]
    assert tables["callable"]["sample"].to_list() == ["S1", "S2", "S4"]


@pytest.mark.parametrize("verdict", ["quarantine", "none"])
def test_without_anyone_the_tables_are_empty(verdict: str, house: House) -> None:
    if verdict != "none":
        house.add("S1", ["chr1 10 . A G . . . GT 0/1"], verdict=verdict)
    assert all(table.is_empty() for table in run(house).values())


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (["chr1 10 . A C,G . . . GT 1/2"], "chr1:10 A>C,G: found more than one alternate"),
        (["chr1 10 . A C . . . GT 1/2"], "chr1:10 A>C: found more than one alternate"),
        (["chr1 10 . A C . . . GT 0/1"] * 2, "chr1:10 A>C: found a second record"),
    ],
)
def test_a_vcf_that_is_not_normalised_is_refused(
    records: list[str], message: str, house: House
) -> None:
    house.add("S1", records)
    with pytest.raises(FaultError, match=message):
        run(house)


@pytest.mark.parametrize("kind", ["vcf", "callable_bed", "calls"])
def test_who_passed_needs_all_files(kind: str, house: House) -> None:
    house.add("S1")
    with pytest.raises(FaultError, match="sample 'S1' without"):
        run(house, "out", **{kind: []})


def test_a_sample_that_is_not_admitted_is_refused(house: House) -> None:
    house.add("S1")
    house.add("S2", status="withheld")
    with pytest.raises(FaultError, match="sample 'S2' without admission"):
        run(house)


def test_a_vcf_of_a_stranger_is_refused(house: House, make_vcf: MakeVcf) -> None:
    house.add("S1")
    stranger = make_vcf([], samples=["S9"], name="S9.vcf.gz")
    with pytest.raises(FaultError, match="sample 'S9' without admission"):
        run(house, vcf=[*house.files["vcf"], stranger])


def test_two_vcfs_of_a_sample_are_refused(house: House, make_vcf: MakeVcf) -> None:
    house.add("S1")
    again = make_vcf([], samples=["S1"], name="again.vcf.gz")
    with pytest.raises(FaultError, match="one VCF a sample"):
        run(house, vcf=[*house.files["vcf"], again])


def test_lost_records_are_found(house: House, make_vcf: MakeVcf) -> None:
    house.add("S1", [f"chr1 {n} . A G . . . GT 0/1" for n in (10, 20)])
    make_vcf(["chr1 10 . A G . . . GT 0/1"], samples=["S1"], contigs={"chr1": 100},
             name="S1.vcf.gz")  # fmt: skip
    with pytest.raises(FaultError, match="found 1 records; allowed: the 2"):
        run(house)
    assert not (house.folder / "out" / "genotypes.parquet").exists()


def test_what_is_no_bed_is_refused(house: House) -> None:
    house.add("S1")
    house.files["callable_bed"][0].write_text("chr1\tone\ttwo\n")
    with pytest.raises(FaultError, match="contig, start and end"):
        run(house)


def test_regions_that_overlap_or_touch_become_one() -> None:
    rows = [("2", 5, 9), ("1", 10, 20), ("1", 0, 3), ("1", 3, 5), ("1", 12, 14), ("1", 19, 30)]
    regions = pl.DataFrame(rows, schema=["contig", "start", "end"], orient="row")
    assert merged(regions).rows() == [("1", 0, 5), ("1", 10, 30), ("2", 5, 9)]

"""One unit's files, read to their end through the command."""

from __future__ import annotations

from pathlib import Path

import pysam
import pytest

from soyang.admission.faults import read_faults
from soyang.admission.tables import FAULTS
from soyang.core.tables import read_table


@pytest.fixture
def verify(cohort, soyang):
    """Check, then verify one unit; the faults."""

    def run(unit: str, spoil=lambda: None):
        ended = soyang("admission", "check", "--settings", "config.yaml",
                       "--units", "units.tsv", "--faults", "faults.tsv")  # fmt: skip
        assert ended.code == 0, ended.err
        pysam.faidx(str(cohort.path("genome.fa")))
        spoil()
        ended = soyang("admission", "verify", "--unit", unit, "--units", "units.tsv",
                       "--reference", cohort.path("genome.fa"),
                       "--faults", "verified.tsv")  # fmt: skip
        assert ended.code == 0, ended.err
        return read_faults(Path("verified.tsv"))

    return run


@pytest.mark.parametrize("unit", ["S1.L1", "S2.L1", "S3.L1", "S4.L1", "S5.L1"])
def test_a_whole_unit_has_no_fault(verify, unit):
    assert verify(unit) == []
    assert read_table(Path("verified.tsv"), FAULTS).is_empty()


def test_fault_names_file_row_column_and_person(verify, cohort):
    file = cohort.path("S6_R2.fastq.gz")
    [fault] = verify("S6.L1", lambda: file.write_bytes(file.read_bytes()[:400]))
    assert (fault.file, fault.row, fault.column) == (
        "자료 1/S6_R2.fastq.gz", "sheet row 8", "fastq_2",
    )  # fmt: skip
    assert (fault.scope, fault.person, fault.sample) == ("sample", "P6", "S6")
    assert fault.found.startswith("truncated gzip")


def test_a_file_that_went_away_is_a_fault_of_its_sample(verify, cohort):
    [fault] = verify("S6.L1", lambda: cohort.path("S6_R1.fastq.gz").unlink())
    assert (fault.code, fault.found) == ("damaged", "unreadable: No such file or directory")


def test_cram_against_another_sequence_fails(verify, cohort):
    def other():
        text = cohort.path("genome.fa").read_text()
        cohort.path("genome.fa").write_text(text[:900] + text[900:1500][::-1] + text[1500:])

    [fault] = verify("S2.L1", other)
    assert fault.code == "other-reference"
    assert fault.found.startswith("another reference: its sequence differs at chr20:")


def test_cram_damaged_in_the_middle(verify, cohort):
    def damage():
        content = bytearray(cohort.path("S2.cram").read_bytes())
        content[len(content) // 2] ^= 0xFF
        cohort.path("S2.cram").write_bytes(content)

    [fault] = verify("S2.L1", damage)
    assert fault.code == "damaged"
    assert fault.found.startswith("damaged CRAM")


def test_ref_where_the_reference_has_n_is_not_compared(verify, cohort, spoiler):
    records = [
        "chr20 100 . A G . . . GT 0/1",
        f"chr20 800 . {spoiler.reference[799]} <DEL> . . . GT 0/1",
    ]
    assert verify("S5.L1", lambda: spoiler.vcf(cohort.path("S5.vcf.gz"), "S5", records)) == []


def test_wrong_ref_behind_an_n_is_found(verify, cohort, spoiler):
    wrong = "A" if spoiler.reference[799] != "A" else "C"
    records = ["chr20 100 . A G . . . GT 0/1", f"chr20 800 . {wrong} T . . . GT 0/1"]
    [fault] = verify("S5.L1", lambda: spoiler.vcf(cohort.path("S5.vcf.gz"), "S5", records))
    assert fault.found == (
        f"wrong build: REF of chr20:800 is {wrong}, the reference has {spoiler.reference[799]}"
    )


def test_a_vcf_record_that_is_none(verify, cohort, spoiler):
    def spoil():
        path = cohort.path("S5.vcf.gz")
        spoiler.rewrite_vcf(path, path, "chr20\t800\t", "chr20\t800\t.\t.\t.\t")

    [fault] = verify("S5.L1", spoil)
    assert fault.code in {"damaged", "wrong-build"}
    assert str(cohort.folder) not in fault.found


def test_unknown_unit(cohort, verify, soyang):
    verify("S1.L1")
    ended = soyang("admission", "verify", "--unit", "S9.L1", "--units", "units.tsv",
                   "--reference", cohort.path("genome.fa"), "--faults", "v.tsv")  # fmt: skip
    assert ended.code == 2
    assert "no unit 'S9.L1'" in ended.err


def test_missing_tool_is_not_the_samples_fault(verify, cohort, monkeypatch, soyang):
    verify("S2.L1")
    monkeypatch.setenv("PATH", "/nowhere")
    ended = soyang("admission", "verify", "--unit", "S2.L1", "--units", "units.tsv",
                   "--reference", cohort.path("genome.fa"), "--faults", "v.tsv")  # fmt: skip
    assert ended.code == 1
    assert "samtools is not installed" in ended.err
    assert not Path("v.tsv").exists()

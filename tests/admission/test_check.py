"""A whole cohort has no fault; its tables are what the contract says."""

import stat
from pathlib import Path

import polars as pl
import pysam

from soyang.admission.check import read_inputs
from soyang.admission.tables import FAULTS, UNITS
from soyang.core.tables import read_table


def test_whole_cohort_has_no_fault(cohort, soyang):
    ended = soyang("admission", "check", "--settings", "config.yaml",
                   "--units", "private/units.tsv", "--faults", "results/faults.tsv")  # fmt: skip
    assert (ended.code, ended.out) == (0, "")
    assert read_table(Path("results/faults.tsv"), FAULTS).is_empty()
    units = read_table(Path("private/units.tsv"), UNITS)
    assert units["unit"].to_list() == [
        "S1.L1",
        "S1.L2",
        "S2.L1",
        "S3.L1",
        "S4.L1",
        "S5.L1",
        "S6.L1",
    ]
    assert units["entry"].to_list() == ["fastq", "fastq", "cram", "bam", "gvcf", "vcf", "fastq"]
    assert units.filter(unit="S1.L2")["path_2"].item() == "자료 1/S1_L2_R2.fastq.gz"
    assert units.filter(unit="S5.L1").select("assay", "affected").row(0) == ("wgs", "unknown")


def test_units_are_private(cohort, soyang):
    soyang("admission", "check", "--settings", "config.yaml",
           "--units", "private/admission/units.tsv", "--faults", "faults.tsv")  # fmt: skip
    file, folder = Path("private/admission/units.tsv"), Path("private/admission")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(Path().stat().st_mode) != 0o700


def test_same_bytes_again(cohort, soyang):
    cohort.cell("P6", "sex", "femal")
    cohort.write()
    seen = []
    for _ in range(2):
        soyang("admission", "check", "--settings", "config.yaml",
               "--units", "private/units.tsv", "--faults", "faults.tsv")  # fmt: skip
        seen.append((Path("private/units.tsv").read_bytes(), Path("faults.tsv").read_bytes()))
    assert seen[0] == seen[1]
    assert str(cohort.folder).encode() not in seen[0][1]


def test_files_of_the_withdrawn_are_not_opened(cohort, monkeypatch):
    opened: list[str] = []
    real = Path.open

    def spy(self, *arguments, **options):
        opened.append(self.name)
        return real(self, *arguments, **options)

    cohort.cell("P6", "consent", "research")
    cohort.write()
    monkeypatch.setattr(Path, "open", spy)
    inputs = read_inputs([Path("config.yaml")])
    assert inputs.faults == ()
    assert any(name.startswith("S1") for name in opened)
    assert not [name for name in opened if name.startswith(("S6", "S7", "targets"))]
    assert {row.person for row in inputs.units} == {"P1", "P2", "P3", "P4", "P5"}


def test_all_faults_at_once(cohort, soyang):
    cohort.cell("P1", "sex", "girl")
    cohort.cell("P2", "cram", "nowhere.cram")
    cohort.put("reports.date", "2026-02-30")
    cohort.put("platform.omop", "no.duckdb")
    cohort.put("refrence", 1)
    cohort.write()
    ended = soyang("admission", "check", "--settings", "config.yaml",
                   "--units", "units.tsv", "--faults", "faults.tsv")  # fmt: skip
    assert ended.code == 2
    codes = pl.read_csv("faults.tsv", separator="\t")["code"].to_list()
    assert codes == ["settings-value", "settings-unknown", "file-missing", "sex-unknown",
                     "sex-unknown", "file-missing"]  # fmt: skip
    assert len(ended.out.splitlines()) == len(codes)
    assert "did you mean 'reference'?" in ended.out


def test_settings_over_settings(cohort, soyang):
    Path("more.yaml").write_text("calling: {max_depth: 5}\n")
    ended = soyang("admission", "check", "--settings", "config.yaml", "--settings", "more.yaml",
                   "--units", "units.tsv", "--faults", "faults.tsv")  # fmt: skip
    assert ended.code == 2
    assert "more.yaml, row 1, column calling.max_depth: found 5" in ended.out


def test_reference_in_bgzip_and_with_indexes(cohort):
    path = cohort.path("genome.fa")
    pysam.tabix_compress(str(path), f"{path}.gz", force=True)
    cohort.put("reference.fasta", "자료 1/genome.fa.gz")
    cohort.write()
    before = sorted(entry.name for entry in path.parent.iterdir())
    assert read_inputs([Path("config.yaml")]).faults == ()
    assert sorted(entry.name for entry in path.parent.iterdir()) == before
    pysam.faidx(f"{path}.gz")
    assert read_inputs([Path("config.yaml")]).faults == ()

"""The working folder as a whole, made with the real tools."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pysam
import pytest

from demo import sheet
from demo.genes import base, gene_at, transcripts
from demo.haplotypes import genotype, ordinary_sites
from demo.people import BY_NAME, CAUSES, DECOYS, PEOPLE, Change
from demo.steps import Steps
from soyang.core.process import run
from soyang.core.settings import load


def sums(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".made" not in path.parts and path.suffix != ".duckdb"
    }


def test_sheet_has_the_columns_and_everyone() -> None:
    rows = list(csv.DictReader(sheet.samples_tsv().splitlines(), delimiter="\t"))
    assert tuple(rows[0]) == sheet.COLUMNS
    assert [r["person"] for r in rows].count("SYN-05") == 2
    assert {r["person"] for r in rows} == set(BY_NAME)
    entries = {r["person"]: [c for c in ("fastq_1", "cram", "gvcf", "vcf") if r[c]] for r in rows}
    assert entries["SYN-06"] == ["cram"]
    assert entries["SYN-08"] == ["gvcf"]
    assert entries["SYN-09"] == ["vcf"]
    assert [len(e) for e in entries.values()] == [1] * len(BY_NAME)
    assert {r["person"] for r in rows if r["consent"] == "withdrawn"} == {"SYN-12"}
    assert {r["person"] for r in rows if r["father"] == "SYN-02"} == {"SYN-01", "SYN-10"}


def test_plan_makes_each_file_of_sheet_and_settings(tmp_path: Path) -> None:
    steps = Steps(tmp_path, "")
    sheet.plan(steps)
    planned = [name for step in steps.steps for name in step.outputs]
    assert len(planned) == len(set(planned))
    for row in csv.DictReader(sheet.samples_tsv().splitlines(), delimiter="\t"):
        files = {row[c] for c in ("fastq_1", "fastq_2", "cram", "gvcf", "vcf") if row[c]}
        assert files <= set(planned)
    step = next(step for step in steps.steps if step.name == "sheet")
    step.make(tmp_path)
    settings = load([tmp_path / "config.yaml"])
    assert settings.knowledge.release and settings.platform.omop
    for path in (
        settings.sheet, settings.reference.fasta, settings.reference.transcripts,
        settings.knowledge.release, settings.platform.omop,
    ):  # fmt: skip
        assert str(path) in planned


def test_knowledge_is_built_and_tells_what_is_synthetic(tmp_path: Path) -> None:
    steps = Steps(tmp_path, "")
    sheet.plan(steps)
    for name in ("data", "knowledge"):
        (tmp_path / name).mkdir()
    next(step for step in steps.steps if step.name == "knowledge").make(tmp_path)
    with pysam.VariantFile(str(tmp_path / "data/frequencies.vcf.gz")) as vcf:
        assert "SYNTHETIC" in str(vcf.header)
        counts = {
            Change(r.pos, r.ref or "", r.alts[0] if r.alts else ""): r.info["AC"][0]
            for r in vcf.fetch("chr20")
        }
    assert all(counts[decoy] == 1 for decoy in DECOYS)
    assert not set(CAUSES) & set(counts)
    ordinary = {c for site in ordinary_sites() for c in site.changes}
    assert ordinary | set(DECOYS) == set(counts)
    with pysam.VariantFile(str(tmp_path / "data/clinvar.vcf.gz")) as vcf:
        (record,) = vcf.fetch("chr20", 10_648_630, 10_648_631)
        assert (record.ref, record.alts) == ("CAG", ("C",))
    manifest = json.loads((tmp_path / sheet.RELEASE / "manifest.json").read_text())
    assert manifest["sources"]["synthetic"]["rows"] == {"20": len(counts)}
    assert "Invented" in manifest["sources"]["synthetic"]["note"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The whole cohort, in a folder with Hangul and a space in its name."""
    output = tmp_path_factory.mktemp("demo") / "데모 폴더"
    make(root, output)
    return output


def make(root: Path, output: Path) -> str:
    script = root / "scripts/demo/make_cohort.py"
    command = [sys.executable, str(script), "--output", str(output)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_missing_tool_is_told(root: Path, tmp_path: Path) -> None:
    script = root / "scripts/demo/make_cohort.py"
    command = [sys.executable, str(script), "--output", str(tmp_path / "demo")]
    told = subprocess.run(
        command, capture_output=True, text=True, env={"PATH": str(tmp_path)}, check=False
    )
    assert told.returncode == 1
    assert "not installed or not on PATH" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.slow
def test_second_call_does_nothing(cohort: Path, root: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in cohort.rglob("*")}
    assert "nothing to do" in make(root, cohort)
    assert {p: p.stat().st_mtime_ns for p in cohort.rglob("*")} == before


@pytest.mark.slow
def test_same_bytes_elsewhere(cohort: Path, root: Path, tmp_path: Path) -> None:
    make(root, tmp_path / "demo")
    assert sums(tmp_path / "demo") == sums(cohort)


@pytest.mark.slow
def test_fastq_files_are_whole_but_for_one(cohort: Path) -> None:
    broken = []
    for path in sorted(cohort.glob("data/*.fastq.gz")):
        try:
            with gzip.open(path) as file:
                lines = file.read().count(b"\n")
            assert lines % 4 == 0
        except EOFError:
            broken.append(path.name)
    assert broken == ["S11_L1_R2.fastq.gz"]


@pytest.mark.slow
def test_cram_is_whole_and_names_no_path(cohort: Path) -> None:
    cram = cohort / "data/S06.cram"
    run(["samtools", "quickcheck", cram])
    with pysam.AlignmentFile(
        str(cram), reference_filename=str(cohort / "data/reference.fa")
    ) as file:
        header = str(file.header)
        change = next(c for c in CAUSES if genotype("SYN-06", c))
        bases = [
            column.get_query_sequences() for column in
            file.pileup("chr20", change.position - 1, change.position, truncate=True)
        ]  # fmt: skip
    assert "UR:" not in header
    assert "@PG" not in header
    assert "SM:S06" in header
    share = sum(b.upper() == change.alt for b in bases[0]) / len(bases[0])
    assert 0.2 < share < 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("person", "name"), [("SYN-08", "S08.g.vcf.gz"), ("SYN-09", "S09.vcf.gz")])
def test_calls_of_other_houses_are_the_truth(cohort: Path, person: str, name: str) -> None:
    with pysam.VariantFile(str(cohort / "data" / name)) as vcf:
        assert list(vcf.header.samples) == [BY_NAME[person].sample]
        assert "file:" not in str(vcf.header)
        called = {}
        blocks = 0
        for record in vcf:
            blocks += record.rlen > len(record.ref or "")
            for index, alt in enumerate(record.alts or (), start=1):
                alleles = record.samples[0]["GT"]
                if len(record.ref or "") == len(alt) == 1 and index in alleles:
                    called[Change(record.pos, record.ref or "", alt)] = alleles.count(index)
    truth = {
        c: genotype(person, c)
        for site in ordinary_sites()
        for c in site.changes
        if len(c.ref) == len(c.alt) == 1 and genotype(person, c)
    }
    assert len(truth) > 200
    assert len(truth.items() & called.items()) / len(truth) > 0.95
    assert len(truth.items() & called.items()) / len(called) > 0.95
    assert (blocks > 100) == name.endswith(".g.vcf.gz")


def test_people_are_told_apart_from_patients() -> None:
    for person in PEOPLE:
        assert person.person.startswith("SYN-")
        assert person.hospital.startswith("synthetic-")


def test_gene_lookup() -> None:
    exon = transcripts()["JAG1"].exon(4)
    assert gene_at(exon[0]).symbol == "JAG1"
    assert len(base(exon[0], exon[1] - exon[0] + 1)) == 255
    with pytest.raises(LookupError):
        gene_at(1)

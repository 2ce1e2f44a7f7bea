"""A small whole cohort, in a folder with Hangul and a space, that tests then break."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pysam
import pytest
import yaml

from soyang.admission.faults import write_faults
from soyang.admission.omop import TABLES
from soyang.admission.sheet import COLUMNS
from soyang.main import main

DATA = "자료 1"
LENGTH = 4_000
N_UNTIL = 500
START = 600
"""0-based start of the one coding sequence: ATG, 98 codons, TAA."""


@dataclass
class Cohort:
    """A working folder with settings, sheet and files."""

    folder: Path
    rows: list[dict[str, str]]
    settings: dict[str, Any]
    sheet_text: Callable[[str], bytes] = field(default=lambda text: text.encode())

    def path(self, name: str) -> Path:
        """A data file."""
        return self.folder / DATA / name

    def cell(self, person: str, column: str, value: str) -> None:
        """Set a cell in all rows of a person."""
        for row in self.rows:
            if row.get("person") == person:
                row[column] = value

    def row(self, person: str) -> dict[str, str]:
        """The first row of a person."""
        return next(row for row in self.rows if row.get("person") == person)

    def put(self, keys: str, value: Any) -> None:
        """Set a setting by its dotted name."""
        *parents, last = keys.split(".")
        node = self.settings
        for key in parents:
            node = node.setdefault(key, {})
        node[last] = value

    def write(self) -> None:
        """Write settings and sheet."""
        columns = [c for c in COLUMNS if any(c in row for row in self.rows)] or list(COLUMNS)
        columns += [c for row in self.rows for c in row if c not in columns]
        lines = ["\t".join(columns)]
        lines += ["\t".join(row.get(c, "") for c in columns) for row in self.rows]
        sheet = self.folder / "samples.tsv"
        sheet.write_bytes(self.sheet_text("\n".join(lines) + "\n"))
        text = yaml.safe_dump(self.settings, allow_unicode=True)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")


def shell(*words: str | Path) -> bytes:
    return subprocess.run(list(map(str, words)), check=True, capture_output=True).stdout


def fastq(path: Path, mate: int, reads: list[tuple[str, str]]) -> None:
    text = "".join(f"@{n} {mate}:N:0:ACGT\n{s}\n+\n{'I' * len(s)}\n" for n, s in reads)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def vcf(path: Path, sample: str, records: list[str], *, length: int = LENGTH) -> None:
    header = [
        "##fileformat=VCFv4.2",
        f"##contig=<ID=chr20,length={length}>",
        '##INFO=<ID=END,Number=1,Type=Integer,Description="End">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##ALT=<ID=NON_REF,Description="Any other">',
    ]
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
    columns += ["FORMAT", sample] if sample else []
    lines = [*header, "\t".join(columns), *("\t".join(r.split()) for r in records)]
    plain = path.with_suffix("")
    plain.write_text("\n".join(lines) + "\n")
    pysam.tabix_compress(str(plain), str(path), force=True)
    pysam.tabix_index(str(path), preset="vcf", force=True)
    plain.unlink()


def sequence() -> str:
    generator = random.Random(20)
    bases = generator.choices("ACGT", k=LENGTH)
    codons = ["ATG", *("GCT" for _ in range(98)), "TAA"]
    bases[START : START + 300] = "".join(codons)
    return "N" * N_UNTIL + "".join(bases[N_UNTIL:])


def sam(reference: str, sample: str) -> str:
    lines = ["@HD\tVN:1.6\tSO:coordinate", f"@SQ\tSN:chr20\tLN:{len(reference)}"]
    lines.append(f"@RG\tID:{sample}\tSM:{sample}")
    for start in range(N_UNTIL, N_UNTIL + 1200, 10):
        read = reference[start : start + 80]
        lines.append(
            f"r{start}\t0\tchr20\t{start + 1}\t60\t80M\t*\t0\t0\t{read}\t{'I' * 80}\tRG:Z:{sample}"
        )
    return "\n".join(lines) + "\n"


def alignment(path: Path, reference: Path, text: str) -> None:
    plain = path.with_suffix(".sam")
    plain.write_text(text)
    kind = "-C" if path.suffix == ".cram" else "-b"
    shell("samtools", "view", kind, "--no-PG", "-T", reference, "-o", path, plain)
    plain.unlink()


def make_omop(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        for table, columns in TABLES.items():
            declared = ", ".join(
                f"{c} {'BIGINT' if c.endswith('_id') else 'VARCHAR'}" for c in columns
            )
            connection.execute(f"create table {table} ({declared})")
        connection.execute("insert into person values (1, 8507, '1990')")


def release(folder: Path, reference: str) -> None:
    """A knowledge release, as far as admission looks at it."""
    folder.mkdir()
    (folder / "genes.parquet").write_bytes(b"PAR1")
    manifest = {
        "release": "test 1",
        "assembly": "GRCh38",
        "reference_md5": {"20": hashlib.md5(reference.encode()).hexdigest()},
        "files": {"genes.parquet": hashlib.sha256(b"PAR1").hexdigest()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


GFF = "\n".join(
    "\t".join(
        ["chr20", "MANE", kind, str(START + 1), str(START + 300), ".", "+", phase, attributes]
    )
    for kind, phase, attributes in (
        ("gene", ".", "ID=gene:G1;Name=GENE1"),
        ("mRNA", ".", "ID=transcript:T1;Parent=gene:G1"),
        ("CDS", "0", "ID=CDS:P1;Parent=transcript:T1"),
    )
)


def build(folder: Path) -> None:
    """Make the cohort's data files."""
    data = folder / DATA
    data.mkdir(parents=True)
    reference = sequence()
    (data / "genome.fa").write_text(f">chr20\n{reference}\n")
    (data / "transcripts.gff3").write_text(f"##gff-version 3\n{GFF}\n")
    refs = [(p, reference[p - 1]) for p in (700, 800, 900)]
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    records = [f"chr20 {p} . {r} {other[r]} 50 PASS . GT 0/1" for p, r in refs]
    release(data / "release", reference)
    vcf(data / "S5.vcf.gz", "S5", records)
    blocks = [f"chr20 501 . {reference[500]} <NON_REF> . . END=699 GT 0/0", *records]
    vcf(data / "S4.g.vcf.gz", "S4", blocks)
    alignment(data / "S2.cram", data / "genome.fa", sam(reference, "S2"))
    alignment(data / "S3.bam", data / "genome.fa", sam(reference, "S3"))
    for name in ("S1_L1", "S1_L2", "S6"):
        reads = [(f"{name}:{i}", reference[i : i + 100]) for i in range(600, 1600, 5)]
        fastq(data / f"{name}_R1.fastq.gz", 1, reads)
        fastq(data / f"{name}_R2.fastq.gz", 2, reads)
    (data / "targets.bed").write_text("chr20\t600\t900\n")
    make_omop(data / "omop.duckdb")
    index = data / "genome.fa.fai"
    index.unlink(missing_ok=True)


def sheet_rows() -> list[dict[str, str]]:
    common = {"hospital": "병원 A", "consent": "clinical_care;research"}
    child = {"person": "P1", "sample": "S1", "sex": "female", "father": "P2", "mother": "P3",
             "family": "F1", "affected": "yes", "platform_person_id": "11"}  # fmt: skip
    return [
        common | row
        for row in (
            *(child | {"lane": lane, "fastq_1": f"{DATA}/S1_{lane}_R1.fastq.gz",
                       "fastq_2": f"{DATA}/S1_{lane}_R2.fastq.gz"} for lane in ("L1", "L2")),
            {"person": "P2", "sample": "S2", "sex": "male", "cram": f"{DATA}/S2.cram",
             "family": "F1", "platform_person_id": "12"},
            {"person": "P3", "sample": "S3", "sex": "female", "bam": f"{DATA}/S3.bam",
             "family": "F1"},
            {"person": "P4", "sample": "S4", "sex": "male", "gvcf": f"{DATA}/S4.g.vcf.gz"},
            {"person": "P5", "sample": "S5", "sex": "unknown", "vcf": f"{DATA}/S5.vcf.gz"},
            {"person": "P6", "sample": "S6", "sex": "female", "assay": "wes",
             "targets": f"{DATA}/targets.bed", "fastq_1": f"{DATA}/S6_R1.fastq.gz",
             "fastq_2": f"{DATA}/S6_R2.fastq.gz"},
            {"person": "P7", "sample": "S7", "sex": "female", "consent": "withdrawn",
             "fastq_1": "gone/S7_R1.fastq.gz", "fastq_2": "gone/S7_R2.fastq.gz",
             "platform_person_id": "17"},
        )
    ]  # fmt: skip


def default_settings() -> dict[str, Any]:
    return {
        "sheet": "samples.tsv",
        "reference": {
            "assembly": "GRCh38",
            "fasta": f"{DATA}/genome.fa",
            "transcripts": f"{DATA}/transcripts.gff3",
            "transcripts_release": "test 1",
        },
        "knowledge": {"release": f"{DATA}/release"},
        "calling": {"admit_mixed": ["unknown"]},
        "platform": {"omop": f"{DATA}/omop.duckdb"},
        "reports": {"date": "2026-01-15"},
    }  # fmt: skip


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data files, made once."""
    folder = tmp_path_factory.mktemp("built")
    build(folder)
    return folder


@pytest.fixture
def cohort(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    """A whole cohort in the current folder; change it, then `write` it."""
    folder = tmp_path / "작업 폴더"
    shutil.copytree(built, folder)
    folder.chmod(0o755)
    monkeypatch.chdir(folder)
    made = Cohort(folder, sheet_rows(), default_settings())
    made.write()
    return made


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def soyang(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run the command ``soyang`` in this process."""

    def run(*words: str | Path) -> Ended:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["soyang", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capfd.readouterr()
        return Ended(int(stop.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def admission(soyang: Callable[..., Ended]) -> Callable[[], tuple[Ended, pl.DataFrame]]:
    """Run check, verify and admit; how check ended, and ADMITTED.

    Verified are the units of some persons, or of all; the others' tables are those of a
    whole cohort, to spare time. Answers are options with what the platform told.
    """

    def run(*persons: str, answers: tuple[str, ...] = ()) -> tuple[Ended, pl.DataFrame]:
        checked = soyang(
            "admission", "check", "--settings", "config.yaml", "--units", "private/units.tsv",
            "--faults", "faults.tsv",
        )  # fmt: skip
        if checked.code:
            return checked, pl.DataFrame()
        reference = Path("prepared.fa")
        shutil.copy(Path(DATA) / "genome.fa", reference)
        pysam.faidx(str(reference))
        units = pl.read_csv("private/units.tsv", separator="\t", infer_schema=False)
        verified = Path("verified")
        verified.mkdir()
        for unit, person in units.select("unit", "person").iter_rows():
            if persons and person not in persons:
                write_faults([], verified / f"{unit}.tsv")
                continue
            ended = soyang(
                "admission", "verify", "--unit", unit, "--units", "private/units.tsv",
                "--reference", reference, "--faults", f"verified/{unit}.tsv",
            )  # fmt: skip
            assert ended.code == 0, ended.err
        ended = soyang(
            "admission", "admit", "--settings", "config.yaml", "--units", "private/units.tsv",
            "--check-faults", "faults.tsv", "--verified", "verified", "--admitted",
            "admitted.tsv", "--faults", "all_faults.tsv", "--crosswalk", "private/crosswalk.tsv",
            "--consents", "consents.tsv", *answers,
        )  # fmt: skip
        assert ended.code == 0, ended.err
        return checked, pl.read_csv(
            "admitted.tsv", separator="\t", infer_schema=False, empty_string_is_null=False
        )

    return run


def later(path: Path, seconds: int = 3600) -> None:
    """Make a file newer than its index."""
    stat = path.stat()
    os.utime(path, (stat.st_atime + seconds, stat.st_mtime + seconds))


class Spoiler:
    """Ways to break a cohort's files."""

    def __init__(self) -> None:
        self.reference = sequence()
        self.vcf = vcf
        self.shell = shell
        self.later = later
        self._after: list[Callable[[], Any]] = []

    def after(self, action: Callable[[], Any]) -> None:
        """Do something once the cohort is written."""
        self._after.append(action)

    def finish(self) -> None:
        for action in self._after:
            action()

    def unpacked(self, path: Path) -> Path:
        """The text of a gzip file, beside it."""
        plain = path.with_suffix("")
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        return plain

    def edit_lines(self, path: Path, number: int, change: Callable[[bytes], bytes]) -> None:
        """Change one line, from 0, of a gzip file."""
        lines = gzip.decompress(path.read_bytes()).split(b"\n")
        lines[number] = change(lines[number])
        path.write_bytes(gzip.compress(b"\n".join(lines)))

    def cut_records(self, path: Path, start: int, end: int) -> None:
        """Remove FASTQ records, from 0, half-open."""
        lines = gzip.decompress(path.read_bytes()).split(b"\n")
        path.write_bytes(gzip.compress(b"\n".join(lines[: start * 4] + lines[end * 4 :])))

    def replace(self, path: Path, old: str, new: str) -> None:
        """Replace words in a text file."""
        path.write_text(path.read_text().replace(old, new))

    def rewrite_vcf(self, path: Path, output: Path, old: str, new: str) -> None:
        """Replace words in a VCF and index it."""
        plain = output.with_suffix("")
        plain.write_text(gzip.decompress(path.read_bytes()).decode().replace(old, new))
        pysam.tabix_compress(str(plain), str(output), force=True)
        pysam.tabix_index(str(output), preset="vcf", force=True)

    def align(
        self,
        path: Path,
        sample: str,
        words: tuple[str, str] = ("", ""),
        *,
        other: bool = False,
        reads: bool = True,
    ) -> None:
        """Make alignments of a sample, perhaps to another reference, or with other words."""
        bases = self.reference[::-1] if other else self.reference
        bases = "N" * N_UNTIL + bases[N_UNTIL:] if other else bases
        fasta = path.with_name("other.fa")
        fasta.write_text(f">chr20\n{bases}\n")
        text = sam(bases, sample)
        if not reads:
            text = "".join(line for line in text.splitlines(True) if line.startswith("@"))
        alignment(path, fasta, text.replace(*words) if words[0] else text)

    def long_reference(self, cohort: Cohort, contig: str, length: int) -> None:
        """Give the reference another contig of N."""
        with cohort.path("genome.fa").open("a") as out:
            out.write(f">{contig}\n{'N' * length}\n")

    def without_pedigree(self, cohort: Cohort) -> None:
        """Empty the sheet's pedigree columns."""
        for row in cohort.rows:
            row.update(dict.fromkeys(("family", "father", "mother", "affected"), ""))

    def ped(self, cohort: Cohort, text: str) -> None:
        """Use a PED file instead of the sheet's columns."""
        self.without_pedigree(cohort)
        (cohort.folder / "a.ped").write_bytes(text.encode())
        cohort.put("pedigree", "a.ped")


@pytest.fixture
def spoiler() -> Spoiler:
    """Ways to break a cohort's files."""
    return Spoiler()

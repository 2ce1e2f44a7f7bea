"""Bad input in one run: each fault is told in the ledger, and the good ones are reported."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest

pytestmark = [pytest.mark.workflow]

Row = dict[str, str]
BLANK = dict.fromkeys(("fastq_1", "fastq_2", "bam", "cram", "gvcf", "vcf"), "")
GOOD = ("SYN-08", "SYN-09")


def lines(path: Path, last: int) -> bytes:
    with gzip.open(path) as handle:
        return b"".join(line for _, line in zip(range(last), handle, strict=False))


class Maker:
    """Makes bad files beside the cohort's good ones."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data = folder, data
        self.mate_1, self.mate_2 = data / "S07_L1_R1.fastq.gz", data / "S07_L1_R2.fastq.gz"

    def write(self, name: str, content: bytes, *, compress: bool = False) -> str:
        (self.folder / "bad").mkdir(exist_ok=True)
        path = self.folder / "bad" / name
        path.write_bytes(gzip.compress(content, mtime=0) if compress else content)
        return str(path.relative_to(self.folder))

    def pair(self, name: str, one: bytes | None = None, two: bytes | None = None) -> Row:
        ones = lines(self.mate_1, 400) if one is None else one
        twos = lines(self.mate_2, 400) if two is None else two
        return {
            "fastq_1": self.write(f"{name} 일 1.fastq.gz", ones, compress=True),
            "fastq_2": self.write(f"{name} 일 2.fastq.gz", twos, compress=True),
        }


def missing(make: Maker) -> Row:
    return {"fastq_1": "bad/none_1.fastq.gz", "fastq_2": "bad/none_2.fastq.gz"}


def empty(make: Maker) -> Row:
    return make.pair("empty") | {"fastq_2": make.write("zero.fastq.gz", b"")}


def truncated(make: Maker) -> Row:
    whole = make.mate_1.read_bytes()
    return make.pair("cut") | {"fastq_1": make.write("cut.fastq.gz", whole[: len(whole) // 2])}


def not_fastq(make: Maker) -> Row:
    return make.pair("prose", one=b"this is no FASTQ\n" * 8)


def counts_differ(make: Maker) -> Row:
    return make.pair("counts", two=lines(make.mate_2, 392))


def names_differ(make: Maker) -> Row:
    ones = lines(make.mate_1, 404).splitlines(keepends=True)
    return make.pair("names", one=b"".join(ones[4:]))


def swapped(make: Maker) -> Row:
    return make.pair("swap", one=lines(make.mate_2, 400), two=lines(make.mate_1, 400))


def no_mate(make: Maker) -> Row:
    return make.pair("alone") | {"fastq_2": ""}


def truncated_vcf(make: Maker) -> Row:
    whole = (make.data / "S09.vcf.gz").read_bytes()
    return {"vcf": make.write("cut.vcf.gz", whole[: len(whole) // 2])}


def vcf_of(make: Maker, name: str, *changes: tuple[str, str]) -> str:
    """The good VCF with its text changed, compressed again."""
    text = gzip.decompress((make.data / "S09.vcf.gz").read_bytes()).decode()
    for old, new in changes:
        text = text.replace(old, new)
    path = make.folder / make.write(f"{name}.vcf", text.encode())
    pysam.tabix_compress(str(path), f"{path}.gz", force=True)
    return f"{path.relative_to(make.folder)}.gz"


def another_sample(make: Maker) -> Row:
    return {"vcf": vcf_of(make, "another")}


def vcf_as_gvcf(make: Maker) -> Row:
    return {"gvcf": vcf_of(make, "plain", ("\tS09", "\tB-vcf-as-gvcf"))}


def wrong_build(make: Maker) -> Row:
    b37 = ("length=10700000", "length=63025520")
    return {"vcf": vcf_of(make, "b37", b37, ("\tS09", "\tB-wrong-build"))}


def truncated_cram(make: Maker) -> Row:
    whole = (make.data / "S06.cram").read_bytes()
    return {"cram": make.write("cut.cram", whole[: len(whole) // 2])}


def unknown_sex(make: Maker) -> Row:
    return make.pair("sex") | {"sex": "M?"}


def unknown_parent(make: Maker) -> Row:
    return make.pair("parent") | {"father": "NOBODY"}


def bad_bed(make: Maker) -> Row:
    bed = make.write("targets.bed", b"chr20\t900\t100\n")
    return make.pair("bed") | {"targets": bed, "assay": "panel"}


def bed_of_other_contigs(make: Maker) -> Row:
    bed = make.write("other.bed", b"20\t100\t900\n")
    return make.pair("bed2") | {"targets": bed, "assay": "panel"}


CASES: dict[str, tuple[Callable[[Maker], Row], tuple[str, ...]]] = {
    "missing": (missing, ("no such file",)),
    "empty": (empty, ("empty",)),
    "truncated": (truncated, ("truncated",)),
    "not-fastq": (not_fastq, ("text file",)),
    "counts-differ": (counts_differ, ("100", "98")),
    "names-differ": (names_differ, ("mates that don't belong together",)),
    "swapped": (swapped, ("swapped",)),
    "no-mate": (no_mate, ("fastq_2",)),
    "truncated-vcf": (truncated_vcf, ("truncated",)),
    "another-sample": (another_sample, ("S09",)),
    "vcf-as-gvcf": (vcf_as_gvcf, ("gvcf",)),
    "wrong-build": (wrong_build, ("wrong build", "GRCh37")),
    "truncated-cram": (truncated_cram, ("truncated",)),
    "unknown-sex": (unknown_sex, ("M?",)),
    "unknown-parent": (unknown_parent, ("NOBODY",)),
    "bad-bed": (bad_bed, ("bed",)),
    "bed-of-other-contigs": (bed_of_other_contigs, ("20",)),
}


@pytest.fixture(scope="module")
def bad_run(copy_cohort):
    working = copy_cohort(*GOOD)
    data = (working.folder / "data").resolve()
    (working.folder / "data").unlink()
    shutil.copytree(data, working.folder / "data", copy_function=lambda a, b: Path(b).symlink_to(a))
    make = Maker(working.folder, data)
    good = working.sheet()
    rows = [row | {"hospital": "병원 하나"} for row in good]
    for number, (name, (change, _)) in enumerate(CASES.items()):
        row = good[0] | BLANK | {"person": f"BAD-{name}", "sample": f"B-{name}", "family": ""}
        row |= {"lane": "L1", "platform_person_id": str(900 + number)} | change(make)
        rows.append(row)
    working.write_sheet(rows)
    text = (working.folder / "samples.tsv").read_text(encoding="utf-8")
    (working.folder / "samples.tsv").write_bytes(
        b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    )
    return working, working.run()


def test_the_good_ones_are_reported_and_the_run_ends_with_3(bad_run):
    working, ended = bad_run
    assert ended.code == 3, ended.said[-5000:]
    ledger = working.rows()
    assert len(ledger) == len(GOOD) + len(CASES)
    assert {ledger[person]["status"] for person in GOOD} == {"reported"}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_fails_its_person_and_says_why(bad_run, name):
    row = bad_run[0].rows()[f"BAD-{name}"]
    assert row["status"] == "failed"
    for word in CASES[name][1]:
        assert word.lower() in row["reason"].lower(), row["reason"]


STOPPING = {
    "unknown-setting": (lambda w: w.change_settings(lambda s: s.update(colour=1)), "colour"),
    "empty-cohort": (
        lambda w: (w.folder / "samples.tsv").write_text("\t".join(w.sheet()[0]) + "\n"),
        "samples.tsv",
    ),
    "no-sheet": (lambda w: (w.folder / "samples.tsv").unlink(), "samples.tsv"),
    "unknown-column": (
        lambda w: w.write_sheet([row | {"colour": "x"} for row in w.sheet()]),
        "colour",
    ),
    "no-reference": (
        lambda w: w.change_settings(lambda s: s["reference"].update(fasta="none.fa")),
        "none.fa",
    ),
    "no-release": (
        lambda w: w.change_settings(lambda s: s["knowledge"].update(release="no-release")),
        "no-release",
    ),
    "no-omop": (
        lambda w: w.change_settings(lambda s: s["platform"].update(omop="no.duckdb")),
        "no.duckdb",
    ),
}


@pytest.mark.parametrize("name", STOPPING)
def test_a_fault_of_the_whole_stops_the_run_before_the_work(copy_cohort, name):
    working = copy_cohort(*GOOD)
    change, word = STOPPING[name]
    change(working)
    ended = working.run()
    assert ended.code == 2, ended.said[-3000:]
    assert word in ended.said and "Next step" in ended.said
    assert not (working.folder / "results" / "calling").exists()


def test_one_sample_alone(copy_cohort):
    working = copy_cohort("SYN-09")
    assert working.run().code == 0
    assert working.rows()["SYN-09"]["status"] == "reported"

"""Bad input, one row each: what is said, how the command ends, and that the others enter.

A row is a name, what is done to a whole cohort, and the fault expected: code, words of the
message, and who fails; nobody means that the run stops. Everyone else enters as before.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl
import pytest

from soyang.admission.faults import read_faults
from soyang.admission.tables import UNITS
from soyang.core.tables import read_table
from tests.admission.conftest import shell

EVERYONE = {"P1", "P2", "P3", "P4", "P5", "P6"}
DATA = "자료 1"

Break = Callable[..., object]


class Case(NamedTuple):
    """What is done to a cohort, and the fault expected."""

    spoil: Break
    code: str
    words: str
    persons: tuple[str, ...]


CASES: dict[str, Case] = {}


def case(name: str, code: str, words: str, *persons: str) -> Callable[[Break], Break]:
    """A row for the table: without persons, the run stops."""

    def add(function: Break) -> Break:
        assert name not in CASES
        CASES[name] = Case(function, code, words, persons)
        return function

    return add


def cells(name: str, change: tuple[str, str, str], code: str, words: str, *who: str) -> None:
    """A row that changes one cell: person, column, new value."""
    case(name, code, words, *(who or change[:1]))(lambda c, t: c.cell(*change))


def setting(name: str, key: str, value: object, code: str, words: str) -> None:
    """A row that changes one setting."""
    case(name, code, words)(lambda c, t: c.put(key, value))


# The sheet: its form


@case("sheet missing", "file-missing", "samples.tsv: found no such file")
def _(c, t):
    c.put("sheet", "other samples.tsv")


@case("sheet a folder", "file-unreadable", "자료 1")
def _(c, t):
    c.put("sheet", DATA)


@case("sheet empty", "sheet-empty", "found nothing")
def _(c, t):
    c.sheet_text = lambda text: b""


@case("empty cohort", "sheet-empty", "an empty cohort")
def _(c, t):
    c.rows = []


@case("sheet separated by commas", "sheet-separator", "columns separated by ','")
def _(c, t):
    c.sheet_text = lambda text: text.replace("\t", ",").encode()


@case("sheet a spreadsheet", "not-utf8", "row 1: found byte 0x")
def _(c, t):
    c.sheet_text = lambda text: b"PK\x03\x04\xff\xfe\x00"


@case("sheet in a Korean code page", "not-utf8", "row 2")
def _(c, t):
    c.sheet_text = lambda text: text.encode("cp949")


@case("unknown column", "sheet-column", "did you mean 'platform_person_id'?")
def _(c, t):
    c.rows[0]["platform_personid"] = "1"


@case("required column missing", "sheet-column", "no column 'consent'")
def _(c, t):
    for row in c.rows:
        del row["consent"]


@case("column twice", "sheet-column", "the column twice")
def _(c, t):
    c.sheet_text = lambda text: text.replace("hospital\t", "sex\t", 1).encode()


@case("too many cells", "row-width", "cells under a header", "P6")
def _(c, t):
    c.row("P6")["platform_person_id"] = "9\textra"


# The sheet: its rows

cells("no sample name", ("P6", "sample", ""), "id-missing", "row 8, column sample: found nothing")
cells("no hospital", ("P6", "hospital", ""), "id-missing", "column hospital")
cells("slash in a name", ("P6", "sample", "../S6"), "id-characters", "'../S6'; allowed: letters")
cells("space in a name", ("P6", "sample", "S 6"), "id-characters", "'S 6'")
cells("Hangul in a name", ("P6", "lane", "레인"), "id-characters", "'레인'")
cells("unknown sex", ("P6", "sex", "femal"), "sex-unknown", "did you mean 'female'?")
cells("sex empty", ("P6", "sex", ""), "sex-unknown", "found nothing; allowed: male, female")
cells("unknown affected", ("P6", "affected", "maybe"), "affected-unknown", "'maybe'")
cells("unknown assay", ("P5", "assay", "exome"), "assay-unknown", "allowed: wgs, wes, panel")
cells("unknown consent", ("P6", "consent", "clinical_care;reserch"), "consent-unknown",
      "did you mean 'research'?")  # fmt: skip
cells("no targets for an exome", ("P6", "targets", ""), "targets-missing", "nothing for assay wes")
cells("mate not named", ("P6", "fastq_2", ""), "mate-missing", "column fastq_2")
cells("mate 1 not named", ("P6", "fastq_1", ""), "mate-missing", "column fastq_1")
cells("one file as both mates", ("P6", "fastq_2", f"{DATA}/S6_R1.fastq.gz"), "mate-same",
      "the same file as mate 1")  # fmt: skip
cells("two kinds of file", ("P5", "cram", f"{DATA}/S2.cram"), "file-kinds", "more than one kind",
      "P5", "P2")  # fmt: skip
cells("no file", ("P5", "vcf", ""), "file-none", "found no file")
cells("a file used twice", ("P5", "vcf", f"{DATA}/../{DATA}/S4.g.vcf.gz"), "file-twice",
      "also named in row 6", "P4", "P5")  # fmt: skip
cells("unknown father", ("P6", "father", "P22"), "parent-unknown", "did you mean 'P2'?")
cells("father recorded female", ("P6", "father", "P3"), "parent-sex", "who is recorded female")
cells("mother recorded male", ("P6", "mother", "P2"), "parent-sex", "P2 as mother")
cells("one's own mother", ("P6", "mother", "P6"), "own-ancestor", "P6 as their own ancestor")


@case("one's own grandfather", "own-ancestor", "P2 as their own ancestor", "P2", "P4")
def _(c, t):
    c.cell("P2", "father", "P4")
    c.cell("P4", "father", "P2")


cells("platform id of another person", ("P6", "platform_person_id", "12"), "platform-id-twice",
      "an id that another person has too (row 4)", "P2", "P6")  # fmt: skip
cells(
    "platform id not a number", ("P6", "platform_person_id", "A-1"), "platform-id", "whole number"
)


cells("a day that is none", ("P6", "collected", "2025-02-30"), "collected-date", "no such day")
cells("a day of another form", ("P6", "collected", "20.12.2025"), "collected-date", "'99.99.9999'")
cells("a day in the future", ("P6", "collected", "2026-01-16"), "collected-date",
      "a day after the reports' date")  # fmt: skip
cells("several runs in a row", ("P6", "run", "R1;R2"), "run-several", "column run: found a ';'")


@case("specimen of two persons", "specimen-two-persons", "another person has too (row 4)",
      "P2", "P6")  # fmt: skip
def _(c, t):
    c.cell("P2", "specimen", "B1")
    c.cell("P6", "specimen", "B1")


@case("lifelog id of two persons", "lifelog-id-twice", "another person has too (row 8)",
      "P2", "P6")  # fmt: skip
def _(c, t):
    c.cell("P2", "lifelog_id", "L1")
    c.cell("P6", "lifelog_id", "L1")


@case("lanes of two specimens", "sample-conflict", "column specimen: found another value", "P1")
def _(c, t):
    c.rows[0]["specimen"] = "B1"
    c.rows[1]["specimen"] = "B2"


@case("lanes of two days", "sample-conflict", "column collected: found another value", "P1")
def _(c, t):
    c.rows[0]["collected"] = "2025-12-20"


@case("lanes of two platform ids", "person-conflict", "another value than in row 2", "P1")
def _(c, t):
    c.rows[1]["platform_person_id"] = "19"


@case("reads of another run", "run-differs", "another flow cell than the run's", "P6")
def _(c, t):
    c.cell("P6", "run", "260105_A00001_0042_AHXXXXDSX2")
    for name in ("S6_R1.fastq.gz", "S6_R2.fastq.gz"):
        file = c.path(name)
        lines = gzip.decompress(file.read_bytes()).replace(b"@S6:", b"@A1:42:HYYYYDSX2:1:1:1:")
        file.write_bytes(gzip.compress(lines))


@case("read group of another run", "run-differs", "another flow cell than the run's", "P3")
def _(c, t):
    c.cell("P3", "run", "260105_A00001_0042_AHXXXXDSX2")
    t.align(c.path("S3.bam"), "S3", ("\tSM:S3", "\tSM:S3\tPU:HYYYYDSX2.1"))


@case("no person name", "id-missing", "column person", "row-8")
def _(c, t):
    c.row("P6")["person"] = ""


@case("sample and lane twice", "unit-duplicate", "S1.L1 is also row 2", "P1")
def _(c, t):
    c.rows[1]["lane"] = "L1"


@case("units that would share a name", "unit-duplicate", "S1.L2.x is also row 3", "P6")
def _(c, t):
    c.rows[1]["lane"] = "L2.x"
    c.row("P6").update(sample="S1.L2", lane="x")


@case("one sample of two persons", "sample-two-persons", "sample S1", "P1", "P6")
def _(c, t):
    c.cell("P6", "sample", "S1")
    c.cell("P6", "lane", "L6")


@case("two samples of one person", "person-two-samples", "2 samples for P1: S1, S9", "P1")
def _(c, t):
    c.rows[1]["sample"] = "S9"


@case("lanes that disagree", "person-conflict", "'병원 B', but '병원 A' in row 2", "P1")
def _(c, t):
    c.rows[1]["hospital"] = "병원 B"


@case("two gVCFs of one sample", "sample-files", "can't be joined", "P4")
def _(c, t):
    c.rows.append(c.row("P4") | {"lane": "L2", "gvcf": f"{DATA}/copy.g.vcf.gz"})
    c.path("copy.g.vcf.gz").write_bytes(c.path("S4.g.vcf.gz").read_bytes())


@case("a tumour", "tumour", "a tumour sample", "P4")
def _(c, t):
    c.cell("P4", "origin", "Tumour")


@case("an unknown origin", "origin-unknown", "'blood'", "P4")
def _(c, t):
    c.cell("P4", "origin", "blood")


@case("UMIs in no known place", "umi-unknown", "'read3:8'", "P6")
def _(c, t):
    c.cell("P6", "umi", "read3:8")


@case("UMIs in first bases of aligned reads", "umi-entry", "'read1:8' of a row with cram", "P2")
def _(c, t):
    c.cell("P2", "umi", "read1:8")


@case("caller of reads", "caller-entry", "variants of these reads are called here", "P6")
def _(c, t):
    c.cell("P6", "caller", "GATK 4.5.0.0")


@case("caller with markup", "caller-name", "a caller and its version", "P4")
def _(c, t):
    c.cell("P4", "caller", "<b>GATK")


@case("uBAM that is a CRAM", "wrong-format", "a CRAM file", "P2")
def _(c, t):
    c.row("P2").update(ubam=c.row("P2").pop("cram"))


@case("uBAM truncated", "truncated", "no end-of-file block", "P2")
def _(c, t):
    ubam(c, "S2")
    c.path("S2.ubam").write_bytes(c.path("S2.ubam").read_bytes()[:-28])


@case("uBAM of another sample", "sample-differs", "sample 'S9' in @RG SM", "P2")
def _(c, t):
    ubam(c, "S9")


def ubam(cohort, sample):
    """Let P2 enter by unaligned reads of a sample."""
    text = f"@HD\tVN:1.6\tSO:unsorted\n@RG\tID:a\tSM:{sample}\n"
    text += "".join(f"r{n}\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\tRG:Z:a\n" for n in range(9))
    path = cohort.path("S2.ubam")
    path.with_suffix(".sam").write_text(text)
    shell("samtools", "view", "-b", "--no-PG", "-o", path, path.with_suffix(".sam"))
    row = cohort.row("P2")
    row.pop("cram")
    row["ubam"] = f"{DATA}/{path.name}"


@case("calls of other houses that nobody allowed", "settings-calling", "admit_mixed")
def _(c, t):
    c.put("calling.admit_mixed", [])


@case("a caller that is not there", "settings-calling", "no command run_deepvariant")
def _(c, t):
    c.put("calling.callers", ["bcftools", "deepvariant"])


@case("an index that is not there", "settings-calling", "column reads.index")
def _(c, t):
    c.put("reads.index", "index/genome.fa")


# FASTQ


@case("FASTQ missing", "file-missing", "the folder has 'S6_R1.fastq.gz'", "P6")
def _(c, t):
    c.cell("P6", "fastq_1", f"{DATA}/S6_R1.fastq")


@case("FASTQ empty", "file-empty", "an empty file", "P6")
def _(c, t):
    c.path("S6_R2.fastq.gz").write_bytes(b"")


@case("FASTQ empty inside of gzip", "file-empty", "an empty file", "P6")
def _(c, t):
    c.path("S6_R2.fastq.gz").write_bytes(gzip.compress(b""))


@case("FASTQ a folder", "file-folder", "a folder", "P6")
def _(c, t):
    c.cell("P6", "fastq_1", DATA)


@case("FASTQ a CRAM", "wrong-format", "a CRAM file; allowed: FASTQ", "P6")
def _(c, t):
    c.path("S6_R1.fastq.gz").write_bytes(c.path("S2.cram").read_bytes())


@case("FASTQ a FASTA", "wrong-format", "a FASTA file", "P6")
def _(c, t):
    c.path("S6_R1.fastq.gz").write_bytes(gzip.compress(b">a\nACGT\n"))


@case("FASTQ truncated", "truncated", "truncated gzip: ends early", "P6")
def _(c, t):
    file = c.path("S6_R2.fastq.gz")
    file.write_bytes(file.read_bytes()[:-300])


@case("FASTQ truncated on the other lane", "truncated", "column fastq_1", "P1")
def _(c, t):
    file = c.path("S1_L2_R1.fastq.gz")
    file.write_bytes(file.read_bytes()[:500])


@case("BGZF FASTQ without its end block", "truncated", "truncated BGZF: no end-of-file", "P6")
def _(c, t):
    file = c.path("S6_R2.fastq.gz")
    packed = t.shell("bgzip", "-c", t.unpacked(file))
    file.write_bytes(packed[:-28])


@case("FASTQ damaged in the middle", "damaged", "damaged gzip", "P6")
def _(c, t):
    file = c.path("S6_R2.fastq.gz")
    content = bytearray(file.read_bytes())
    content[-6] ^= 0xFF
    file.write_bytes(content)


@case("FASTQ that ends within a record", "truncated", "truncated FASTQ", "P6")
def _(c, t):
    file = c.path("S6_R2.fastq.gz")
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes())[:-40]))


@case("bases and qualities differ", "fastq-record", "record 3 has 100 bases and 99", "P6")
def _(c, t):
    t.edit_lines(c.path("S6_R1.fastq.gz"), 11, lambda line: line[:-1])


@case("a line too many", "fastq-record", "record 2 does not begin with '@'", "P6")
def _(c, t):
    t.edit_lines(c.path("S6_R1.fastq.gz"), 3, lambda line: line + b"\n" + line)


@case("swapped mates", "mates-swapped", "swapped mates: reads of mate 2", "P6")
def _(c, t):
    row = c.row("P6")
    row["fastq_1"], row["fastq_2"] = row["fastq_2"], row["fastq_1"]


@case("mates of another lane", "mates-differ", "record 1 is '@S1_L1:600'", "P6")
def _(c, t):
    c.path("S6_R2.fastq.gz").write_bytes(c.path("S1_L1_R2.fastq.gz").read_bytes())


@case("a mate that is missing in the middle", "mates-differ", "record 51", "P6")
def _(c, t):
    t.cut_records(c.path("S6_R2.fastq.gz"), 50, 51)


@case("mates missing at the end", "mates-count", "190 reads, mate 1 has 200", "P6")
def _(c, t):
    t.cut_records(c.path("S6_R2.fastq.gz"), 190, 200)


# CRAM and BAM


@case("CRAM missing", "file-missing", "no such file", "P2")
def _(c, t):
    c.path("S2.cram").unlink()


@case("CRAM truncated", "truncated", "truncated CRAM", "P2")
def _(c, t):
    file = c.path("S2.cram")
    file.write_bytes(file.read_bytes()[:-200])


@case("BAM truncated", "truncated", "truncated BGZF", "P3")
def _(c, t):
    file = c.path("S3.bam")
    file.write_bytes(file.read_bytes()[:-28])


@case("BAM damaged", "damaged", "damaged BAM", "P3")
def _(c, t):
    content = bytearray(c.path("S3.bam").read_bytes())
    content[len(content) // 2] ^= 0xFF
    c.path("S3.bam").write_bytes(content)


@case("CRAM a BAM", "wrong-format", "a BAM file; allowed: a CRAM file", "P2")
def _(c, t):
    c.path("S2.cram").write_bytes(c.path("S3.bam").read_bytes())


@case("CRAM of another sample", "sample-differs", "sample 'S9' in @RG SM", "P2")
def _(c, t):
    t.align(c.path("S2.cram"), "S9")


@case("BAM of another build", "wrong-build", "63,025,520 bases as in GRCh37", "P3")
def _(c, t):
    t.align(c.path("S3.bam"), "S3", ("LN:4000", "LN:63025520"))


@case("CRAM of another sequence", "other-reference", "the sequence of chr20 differs (@SQ M5)", "P2")
def _(c, t):
    t.align(c.path("S2.cram"), "S2", other=True)


@case("BAM with other names", "contig-names", "contig names like '20'", "P3")
def _(c, t):
    t.align(c.path("S3.bam"), "S3", ("chr20", "20"))


@case("CRAM without reads", "file-empty", "a CRAM without reads", "P2")
def _(c, t):
    t.align(c.path("S2.cram"), "S2", reads=False)


# gVCF and VCF


@case("VCF empty", "file-empty", "an empty file", "P5")
def _(c, t):
    c.path("S5.vcf.gz").write_bytes(b"")


@case("VCF truncated at a block", "truncated", "truncated BGZF", "P5")
def _(c, t):
    file = c.path("S5.vcf.gz")
    file.write_bytes(file.read_bytes()[:-28])


@case("VCF truncated in gzip", "truncated", "truncated gzip", "P5")
def _(c, t):
    file = c.path("S5.vcf.gz")
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()))[:-30])


@case("VCF a BED", "wrong-format", "a text file", "P5")
def _(c, t):
    c.path("S5.vcf.gz").write_bytes(b"chr20\t1\t2\n")


@case("VCF of another sample", "sample-differs", "sample column(s) S9", "P5")
def _(c, t):
    t.vcf(c.path("S5.vcf.gz"), "S9", [])


@case("VCF of two samples", "sample-differs", "S5, S9", "P5")
def _(c, t):
    t.vcf(c.path("S5.vcf.gz"), "S5\tS9", [])


@case("VCF of another build by its header", "wrong-build", "as in GRCh37", "P5")
def _(c, t):
    t.vcf(c.path("S5.vcf.gz"), "S5", [], length=63_025_520)


@case("VCF of another build by its bases", "wrong-build", "wrong build: REF of chr20:800", "P5")
def _(c, t):
    wrong = "A" if t.reference[799] != "A" else "C"
    t.vcf(c.path("S5.vcf.gz"), "S5", [f"chr20 800 . {wrong} G . . . GT 0/1"])


@case("VCF with records on an unknown contig", "contig-names", "records on chrZ", "P5")
def _(c, t):
    t.vcf(c.path("S5.vcf.gz"), "S5", ["chrZ 800 . A G . . . GT 0/1"])


@case("gVCF that is a VCF", "not-gvcf", "a plain VCF, without reference blocks", "P4")
def _(c, t):
    t.vcf(c.path("S4.g.vcf.gz"), "S4", [f"chr20 800 . {t.reference[799]} <DEL> . . END=900 GT 0/1"])


@case("gVCF without records", "file-empty", "a gVCF without records", "P4")
def _(c, t):
    t.vcf(c.path("S4.g.vcf.gz"), "S4", [])


@case("VCF that is a gVCF", "is-gvcf", "a gVCF, with reference blocks", "P5")
def _(c, t):
    t.vcf(c.path("S5.vcf.gz"), "S5", ["chr20 600 . N <*> . . END=610 GT 0/0"])


# Targets


@case("BED missing", "file-missing", "targets.be, sheet row 8, column targets", "P6")
def _(c, t):
    c.cell("P6", "targets", f"{DATA}/targets.be")


@case("BED without regions", "bed-empty", "a BED without regions", "P6")
def _(c, t):
    c.path("targets.bed").write_text("# nothing\n")


@case("BED with a bad line", "bed-line", "line 2", "P6")
def _(c, t):
    c.path("targets.bed").write_text("chr20\t1\t2\nchr20\t9\t3\n")


@case("BED a VCF", "wrong-format", "a VCF file in BGZF", "P6")
def _(c, t):
    c.path("targets.bed").write_bytes(c.path("S5.vcf.gz").read_bytes())


@case("BED beyond the contig", "bed-bounds", "beyond the contig's 4,000 bases", "P6")
def _(c, t):
    c.path("targets.bed").write_text("chr20\t100\t60000000\n")


@case("BED with other names", "contig-names", "contig names like '20'", "P6")
def _(c, t):
    c.path("targets.bed").write_text("20\t100\t200\n")


@case("BED with one unknown contig", "bed-contig", "chrUn:1-2", "P6")
def _(c, t):
    c.path("targets.bed").write_text("chr20\t100\t200\nchrUn\t1\t2\n")


# PED


@case("PED missing", "file-missing", "no.ped")
def _(c, t):
    t.without_pedigree(c)
    c.put("pedigree", "no.ped")


@case("PED empty", "ped-empty", "no person")
def _(c, t):
    t.ped(c, "")


@case("PED with too few columns", "ped-format", "row 2: found 3 column(s)")
def _(c, t):
    t.ped(c, "F1 P1 P2 P3 2 2\nF1 P2 0\n")


@case("PED with a person twice", "ped-duplicate", "P1 is also line 1")
def _(c, t):
    t.ped(c, "F1 P1 P2 P3 2 2\nF1 P1 P2 P3 2 2\n")


@case("PED with an unknown sex", "ped-sex", "sex 'F'")
def _(c, t):
    t.ped(c, "F1 P1 P2 P3 F 2\n")


@case("PED with an unknown person", "ped-unknown", "did you mean 'P1'?")
def _(c, t):
    t.ped(c, "F1 P11 P2 P3 2 2\n")


@case("PED beside the sheet's pedigree", "pedigree-twice", "row 2, column family")
def _(c, t):
    (c.folder / "a.ped").write_text("F1 P1 P2 P3 2 2\n")
    c.put("pedigree", "a.ped")


@case("PED with another sex", "sex-differs", "female, but male in the PED file", "P1")
def _(c, t):
    t.ped(c, "F1 P1 P2 P3 1 2\n")


@case("PED with parents exchanged", "parent-sex", "P3 as father", "P1")
def _(c, t):
    t.ped(c, "F1 P1 P3 P2 2 2\n")


# Settings, reference and knowledge

setting("unknown setting", "calling.min_depht", 3, "settings-unknown", "found an unknown setting")
setting("setting out of bounds", "calling.max_depth", 1, "settings-value", "found 1; allowed")
setting("no date", "reports.date", "", "settings-value", "it must be set")
setting("a date that is none", "reports.date", "2026-13-01", "settings-value", "2026-13-01")
setting("an expected person who is not there", "expected",
        [{"person": "P77", "status": "failed", "reason": "x"}], "expected-person",
        "column expected.0.person: found 'P77'")  # fmt: skip
setting("reference missing", "reference.fasta", "no.fa", "file-missing", "column reference.fasta")
setting("reference not a FASTA", "reference.fasta", f"{DATA}/S3.bam", "wrong-format", "a BAM file")
setting("transcripts missing", "reference.transcripts", "no.gff3", "file-missing", "no.gff3")
setting("transcripts not GFF3", "reference.transcripts", f"{DATA}/targets.bed", "wrong-format",
        "a text file; allowed: a GFF3")  # fmt: skip
setting("release missing", "knowledge.release", "없음", "folder-missing", "없음")
setting("release a file", "knowledge.release", f"{DATA}/S3.bam", "folder-missing", "a file")
setting("OMOP missing", "platform.omop", "no.duckdb", "file-missing", "column platform.omop")
setting("OMOP not DuckDB", "platform.omop", f"{DATA}/S3.bam", "wrong-format", "not a DuckDB file")


@case("settings missing", "file-missing", "config.yaml: found no such file")
def _(c, t):
    t.after(lambda: Path("config.yaml").unlink())


@case("settings not YAML", "settings-yaml", "config.yaml, row 2")
def _(c, t):
    t.after(lambda: Path("config.yaml").write_text("sheet: a\n\treports: b\n"))


@case("a setting twice", "settings-yaml", "row 2, column sheet: found the setting twice")
def _(c, t):
    t.after(lambda: Path("config.yaml").write_text("sheet: a\nsheet: b\n"))


@case("reference empty", "file-empty", "an empty file")
def _(c, t):
    c.path("genome.fa").write_text("")


@case("reference of another build", "reference-build", "chr22 has 51,304,566 bases as in GRCh37")
def _(c, t):
    t.long_reference(c, "chr22", 51_304_566)


@case("reference with a stale index", "index-stale", "an index (genome.fa.fai)")
def _(c, t):
    c.path("genome.fa.fai").write_text("chr20\t3000\t7\t3000\t3001\n")


@case("reference newer than its index", "index-stale", "delete the index")
def _(c, t):
    c.path("genome.fa.fai").write_text("chr20\t4000\t7\t4000\t4001\n")
    t.later(c.path("genome.fa"))


@case("transcripts with other names", "contig-names", "contig names like '20'")
def _(c, t):
    t.replace(c.path("transcripts.gff3"), "chr20", "20")


@case("transcripts of another place", "wrong-build", "neither start nor stop there")
def _(c, t):
    t.replace(c.path("transcripts.gff3"), "\t601\t900\t", "\t611\t910\t")


@case("transcripts that say another build", "wrong-build", "it says GRCh37")
def _(c, t):
    t.replace(
        c.path("transcripts.gff3"), "##gff-version 3", "##gff-version 3\n#!genome-build GRCh37.p13"
    )


@case("transcripts in another style", "gff-style", "no transcripts in Ensembl style")
def _(c, t):
    t.replace(c.path("transcripts.gff3"), "transcript:", "rna-")


@case("transcripts with a bad line", "gff-line", "row 3")
def _(c, t):
    t.replace(c.path("transcripts.gff3"), "MANE\tmRNA", "MANE mRNA")


@case("release without manifest", "knowledge-release", "no manifest.json that tells")
def _(c, t):
    c.path("release/manifest.json").write_text('{"assembly": "GRCh38"}')


@case("release cut short", "checksum", "other bytes than were built")
def _(c, t):
    c.path("release/genes.parquet").write_bytes(b"PA")


@case("release with a file gone", "file-missing", "release/genes.parquet")
def _(c, t):
    c.path("release/genes.parquet").unlink()


@case("release of another build", "wrong-build", "a release of GRCh37")
def _(c, t):
    t.replace(c.path("release/manifest.json"), "GRCh38", "GRCh37")


@case("release built on another sequence", "wrong-reference", "another sequence (chr20)")
def _(c, t):
    t.replace(c.path("release/manifest.json"), '"20": "', '"20": "0')


@case("OMOP empty", "omop-empty", "no person")
def _(c, t):
    with duckdb.connect(str(c.path("omop.duckdb"))) as connection:
        connection.execute("delete from person")


@case("OMOP without a table", "omop-table", "no table concept")
def _(c, t):
    with duckdb.connect(str(c.path("omop.duckdb"))) as connection:
        connection.execute("drop table concept")


@case("OMOP without a column", "omop-table", "no gender_concept_id in person")
def _(c, t):
    with duckdb.connect(str(c.path("omop.duckdb"))) as connection:
        connection.execute("alter table person drop column gender_concept_id")


@case("OMOP truncated", "omop-unreadable", "a damaged or locked DuckDB file")
def _(c, t):
    file = c.path("omop.duckdb")
    file.write_bytes(file.read_bytes()[:6000])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_bad_input(case, cohort, spoiler, admission):
    case.spoil(cohort, spoiler)
    cohort.write()
    spoiler.finish()
    checked, admitted = admission(*case.persons)
    if not case.persons:
        assert checked.code == 2
        assert_told(Path("faults.tsv"), case)
        assert case.code in checked.out
        return
    assert checked.code == 0
    assert_told(Path("all_faults.tsv"), case)
    nameless = {"P6"} if "row-8" in case.persons else set()
    status = dict(admitted.select("person", "status").iter_rows())
    assert {p for p, s in status.items() if s == "failed"} == set(case.persons)
    assert {p for p, s in status.items() if s == "admitted"} == (
        EVERYONE - set(case.persons) - nameless
    )
    assert status["P7"] == "withheld"
    reasons = admitted.filter(status="failed")["reason"]
    assert reasons.str.contains("row").all()
    assert not reasons.str.contains(str(cohort.folder), literal=True).any()


def assert_told(path: Path, case: Case) -> None:
    faults = [fault for fault in read_faults(path) if fault.code == case.code]
    assert faults, path.read_text()
    assert any(case.words in str(fault) for fault in faults), list(map(str, faults))
    assert {fault.scope for fault in faults} == {"sample" if case.persons else "run"}
    assert {fault.person for fault in faults} <= (set(case.persons) or {""})


GOOD = {
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "BOM": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "old Mac line ends": lambda text: text.replace("\n", "\r").encode(),
    "comments and blank lines": lambda text: b"# my cohort\n\n" + text.encode() + b"\n\n",
    "trailing tabs": lambda text: text.replace("\n", "\t\t\n").encode(),
    "quoted cells": lambda text: text.replace("병원 A", '"병원 A"').encode(),
    "dots for empty cells": lambda text: text.replace("\t\t", "\t.\t").encode(),
}


@pytest.mark.parametrize("form", GOOD.values(), ids=GOOD.keys())
def test_forms_of_a_sheet_that_are_fine(form, cohort, soyang):
    cohort.sheet_text = form
    if form is GOOD["trailing tabs"]:
        cohort.sheet_text = lambda text: (
            text.replace("\n", "\t\t\n").replace("\t\t\n", "\n", 1).encode()
        )
    cohort.write()
    ended = soyang("check", "--config", "config.yaml", "--quick")
    assert (ended.code, ended.out.splitlines()) == (
        0,
        ["7 person(s), 8 unit(s): 6 may enter, 0 with faults, 1 withheld by consent; 0 fault(s)"],
    )


def test_one_sample_only(cohort, admission):
    cohort.rows = [row for row in cohort.rows if row["person"] == "P4"]
    cohort.write()
    _, admitted = admission()
    assert admitted.select("person", "status", "entry").rows() == [("P4", "admitted", "gvcf")]


def test_only_the_withdrawn(cohort, admission):
    cohort.rows = [row for row in cohort.rows if row["person"] == "P7"]
    cohort.write()
    checked, admitted = admission()
    assert checked.code == 0
    assert admitted["status"].to_list() == ["withheld"]
    crosswalk = pl.read_csv("private/crosswalk.tsv", separator="\t")
    assert crosswalk.is_empty()


def test_ped_with_bom_crlf_and_absent_parents(cohort, spoiler, admission):
    spoiler.ped(
        cohort, "\ufeff#family\r\nF1\tP1\tP2\tP3\t2\t2\r\nF1 P2 G1 0 1 0\r\nF1 G1 0 0 1 1\r\n"
    )
    cohort.write()
    _, admitted = admission()
    assert set(admitted.filter(status="admitted")["person"]) == EVERYONE
    rows = {row["person"]: row for row in admitted.iter_rows(named=True)}
    assert (rows["P1"]["mother"], rows["P1"]["affected"]) == ("P3", "yes")
    assert (rows["P2"]["father"], rows["P4"]["family"]) == ("G1", "")


def test_unaligned_reads_enter(cohort, admission):
    ubam(cohort, "S2")
    cohort.cell("P2", "umi", "tag")
    cohort.cell("P4", "caller", "GATK 4.5.0.0")
    cohort.cell("P4", "origin", "germline")
    cohort.write()
    checked, admitted = admission()
    assert checked.code == 0
    rows = {row["person"]: row for row in admitted.iter_rows(named=True)}
    assert (rows["P2"]["status"], rows["P2"]["entry"]) == ("admitted", "ubam")
    units = read_table(Path("private/units.tsv"), UNITS)
    told = {row["person"]: row for row in units.iter_rows(named=True)}
    assert (told["P2"]["umi"], told["P4"]["caller"]) == ("tag", "GATK 4.5.0.0")

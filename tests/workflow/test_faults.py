"""Faults that a run survives: the others end, the ledger tells the truth, a second start completes.

All in one cohort, as they come in life: each person meets another fault. A lost node of a cluster
is in ``tests/slurm``, a killed Snakemake and a full disk are in ``test_run.py``.
"""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.workflow.conftest import Ended, Working
from tests.workflow.test_bad_input import lines

pytestmark = [pytest.mark.workflow, pytest.mark.faults]

GOOD = ("SYN-08", "SYN-09")
BROKEN = {
    "SYN-01": "samples [], not S01",  # a caller that ends well and drops the sample
    "SYN-02": "killed",  # a tool killed by memory
    "SYN-04": "beyond the contig",  # a BED of another build
    "SYN-05": "an empty file",  # a lane without reads
    "SYN-06": "truncated",  # a CRAM cut short
    "SYN-07": "mates that don't belong together",  # mates in another order
    "TWIN-A": "under another person too",  # two samples with one name
    "TWIN-B": "T1.L1 is also row",
    "DOUBLE": "2 samples for DOUBLE: D1, D2",  # one person with two samples
}
"""Person to words of the reason."""

JAVA = r"""#!/bin/bash
# Of one sample the caller ends with 0 and writes a VCF without it.
{java} "$@" || exit
written="${@: -1}"
if [[ "$written" == */S01/*.vcf.gz ]]; then
    gzip -dc "$written" | cut -f 1-8 | bgzip >"$written.part"
    mv "$written.part" "$written"
fi
"""
SAMTOOLS = r"""#!/bin/bash
# As the kernel does where memory ends: without a word, and with the whole step.
if [[ "$1" == sort && "$*" == *S02* ]]; then
    kill -KILL "$PPID"; kill -KILL $$
fi
exec {samtools} "$@"
"""


class Survived(NamedTuple):
    """Two starts of one cohort."""

    working: Working
    first: Ended
    ledger: dict[str, dict[str, str]]
    times: dict[str, int]
    second: Ended
    mended: dict[str, dict[str, str]]


def tools(folder: Path) -> dict[str, str]:
    """Tools that fail one sample each."""
    folder.mkdir()
    for name, text in (("java", JAVA), ("samtools", SAMTOOLS)):
        real = shutil.which(name)
        assert real
        (folder / name).write_text(text.replace(f"{{{name}}}", real))
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def broken_inputs(working: Working) -> list[dict[str, str]]:
    """The sheet with a fault for each person; broken files go beside the good ones."""
    folder, data = working.folder, working.folder / "data"
    (folder / "bad").mkdir()
    rows = {row["person"]: row for row in working.sheet()}
    bed = folder / "bad" / "GRCh37.bed"
    bed.write_text("chr20\t100\t62000000\n")
    rows["SYN-04"] |= {"assay": "panel", "targets": "bad/GRCh37.bed"}
    for mate in "12":
        (folder / "bad" / f"none_{mate}.fastq.gz").write_bytes(gzip.compress(b""))
        rows["SYN-05"][f"fastq_{mate}"] = f"bad/none_{mate}.fastq.gz"
    whole = (data / "S06.cram").read_bytes()
    (folder / "bad" / "S06.cram").write_bytes(whole[: len(whole) // 2])
    rows["SYN-06"]["cram"] = "bad/S06.cram"
    pairs = lines(data / "S07_L1_R2.fastq.gz", 800).splitlines(keepends=True)
    (folder / "bad" / "S07_2.fastq.gz").write_bytes(
        gzip.compress(b"".join([*pairs[400:], *pairs[:400]]))
    )
    first = gzip.compress(lines(data / "S07_L1_R1.fastq.gz", 800))
    (folder / "bad" / "S07_1.fastq.gz").write_bytes(first)
    rows["SYN-07"] |= {"fastq_1": "bad/S07_1.fastq.gz", "fastq_2": "bad/S07_2.fastq.gz"}
    # An index that is older than its file, and of another: no step may rely on it.
    shutil.copy(data / "S08.g.vcf.gz", folder / "bad" / "S08.g.vcf.gz")
    stale = folder / "bad" / "S08.g.vcf.gz.tbi"
    stale.write_bytes(b"TBI\1")
    os.utime(stale, (1, 1))
    rows["SYN-08"]["gvcf"] = "bad/S08.g.vcf.gz"
    vcf = rows["SYN-09"] | {"family": "", "specimen": "", "lifelog_id": ""}
    shared = {"vcf": "bad/none.vcf.gz", "platform_person_id": ""}
    extra = [
        vcf | shared | {"person": "TWIN-A", "sample": "T1"},
        vcf | shared | {"person": "TWIN-B", "sample": "T1", "vcf": "bad/nobody.vcf.gz"},
        vcf | shared | {"person": "DOUBLE", "sample": "D1", "vcf": "bad/one.vcf.gz"},
        vcf | shared | {"person": "DOUBLE", "sample": "D2", "vcf": "bad/two.vcf.gz"},
    ]
    return [*rows.values(), *extra]


@pytest.fixture(scope="module")
def survived(copy_cohort, tmp_path_factory) -> Survived:
    people = [person for person in BROKEN if person.startswith("SYN")]
    working = copy_cohort(*people, *GOOD, caller="gatk")
    good = [row | {"father": "", "mother": "", "family": ""} for row in working.sheet()]
    seen: set[str] = set()
    good = [row for row in good if not (row["person"] in seen or seen.add(row["person"]))]
    working.write_sheet(good)
    working.write_sheet(broken_inputs(working))
    first = working.run(env=tools(tmp_path_factory.mktemp("tools") / "bin"))
    ledger, times = working.rows(), working.times()
    working.write_sheet(good)
    second = working.run()
    return Survived(working, first, ledger, times, second, working.rows())


def test_the_others_are_done(survived):
    assert survived.first.code == 3, survived.first.said[-5000:]
    told = {person: survived.ledger[person]["status"] for person in GOOD}
    assert told == dict.fromkeys(GOOD, "reported"), survived.first.said[-5000:]


@pytest.mark.parametrize("person", BROKEN)
def test_the_ledger_tells_the_truth(survived, person):
    row = survived.ledger[person]
    assert row["status"] == "failed"
    assert BROKEN[person].lower() in row["reason"].lower(), row["reason"]


def test_nobody_else_is_in_the_ledger(survived):
    assert set(survived.ledger) == {*GOOD, *BROKEN}


def test_a_second_start_completes(survived):
    assert survived.second.code == 0, survived.second.said[-5000:]
    assert {row["status"] for row in survived.mended.values()} == {"reported"}
    assert set(survived.mended) == {*GOOD, *(p for p in BROKEN if p.startswith("SYN"))}


def test_what_was_done_is_not_done_again(survived):
    after = survived.working.times()
    kept = [p for p in survived.times if p.startswith(("results/calling/S09",))]
    assert kept
    assert [p for p in kept if after[p] != survived.times[p]] == []

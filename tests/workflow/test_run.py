"""The main job, whole: what it ends with, what a second start does, what a kill does."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time

import polars as pl
import pytest

from demo.people import JAG1_DELETED

pytestmark = [pytest.mark.workflow]

REPORTED = {*(f"SYN-{n:02d}" for n in range(1, 10)), "SYN-13"}


def report(working, person):
    return json.loads((working.folder / f"results/reports/{person}/report.json").read_text())


def findings(working, person):
    path = working.folder / f"results/interpretation/{person}.findings.json"
    return json.loads(path.read_text())


def test_everyone_ends_as_the_demo_declares(finished):
    working, ended = finished
    assert ended.code == 0, ended.said[-4000:]
    ledger = working.rows()
    assert len(ledger) == 13
    assert {p for p, row in ledger.items() if row["status"] == "reported"} == REPORTED
    assert ledger["SYN-10"]["status"] == "quarantined" and "kinship" in ledger["SYN-10"]["reason"]
    assert ledger["SYN-11"]["status"] == "failed" and "truncated" in ledger["SYN-11"]["reason"]
    assert ledger["SYN-12"]["status"] == "withheld" and "consent" in ledger["SYN-12"]["reason"]


@pytest.mark.parametrize(
    ("person", "gene", "model"),
    [
        ("SYN-01", "JAG1", "de_novo"),
        ("SYN-04", "SLC52A3", "compound_heterozygous"),
        ("SYN-05", "AVP", "dominant"),
    ],
)
def test_the_right_gene_is_first_over_decoys(finished, person, gene, model):
    candidates = findings(finished[0], person)["candidates"]
    assert (candidates[0]["gene"], candidates[0]["model"]) == (gene, model)
    assert len({c["gene"] for c in candidates} - {gene}) >= 2, "no decoys to be better than"


def test_a_loss_of_exons_explains_and_its_traces_do_not(finished):
    told = findings(finished[0], "SYN-13")
    (event,) = told["events"]["events"]
    assert (event["first"], event["last"]) == JAG1_DELETED
    assert event["callers"] == ["delly", "depth", "dysgu", "tiddit"]
    assert (event["classification"], event["points"]) == ("likely_pathogenic", 0.9)
    assert told["candidates"] == [] and told["result"] == "candidate"
    assert event["traces"], "the caller tells no insertions at the breakpoint any more"
    shown = report(finished[0], "SYN-13")["events"]["shown"]
    assert [one["event"] for one in shown] == [event["event"]]


def test_the_carrier_is_told_only_with_consent(finished):
    assert [c["variant"]["gene"] for c in findings(finished[0], "SYN-06")["carriers"]] == ["MKKS"]
    assert findings(finished[0], "SYN-05")["carriers"] is None


def test_an_exon_without_reads_is_said(finished):
    regions = findings(finished[0], "SYN-07")["coverage"]["not_callable"]
    assert ("JAG1", 4) in {(r["gene"], r["exon"]) for r in regions}
    assert findings(finished[0], "SYN-07")["result"] == "nothing_found"


def test_of_a_plain_vcf_absence_is_unknown_and_it_adds_no_an(finished):
    working = finished[0]
    found = findings(working, "SYN-09")
    assert found["coverage"]["known"] is False and "absence_unknown" in found["not_assessed"]
    samples = pl.read_parquet(working.folder / "results/cohort/samples.parquet")
    counted = samples.filter("counted")["person"].to_list()
    assert "SYN-09" not in counted and len(counted) == 9
    assert pl.read_parquet(working.folder / "results/cohort/sites.parquet")["an"].max() == 18


def test_nothing_of_who_did_not_consent_is_computed(finished):
    working = finished[0]
    paths = [p for p in working.results() if "S12" in p or "SYN-12" in p]
    assert paths == []


def test_no_machine_path_file_name_or_platform_identifier_is_left(finished):
    working = finished[0]
    planted = {row["platform_person_id"] for row in working.sheet()}
    planted |= {str(working.folder.parent), str(working.folder.parent.parent)}
    columns = ("fastq_1", "fastq_2", "cram", "gvcf", "vcf")
    planted |= {row[column] for row in working.sheet() for column in columns if row[column]}
    for path, content in working.results().items():
        for word in planted:
            assert word.encode() not in content, f"{word} in {path}"


def test_a_second_start_does_nothing(finished):
    working = finished[0]
    before = working.times()
    ended = working.run()
    assert ended.code == 0
    assert "Nothing to be done" in ended.said
    assert working.times() == before


@pytest.mark.faults
def test_a_killed_run_completes_to_the_same_bytes(finished, copy_cohort):
    working = copy_cohort()
    running = subprocess.Popen(
        working.command(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not list((working.folder / "results/calling").glob("*/*.g.vcf.gz")):
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.2)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not (working.folder / "results/governance/ledger.tsv").exists()
    ended = working.run()
    assert ended.code == 0, ended.said[-4000:]
    ours, undisturbed = working.results(), finished[0].results()
    assert list(ours) == list(undisturbed)
    assert [p for p in ours if ours[p] != undisturbed[p]] == []


def test_another_setting_of_calling_calls_anew_and_keeps_the_reads(copy_cohort):
    working = copy_cohort("SYN-05")
    assert working.run("--until", "call").code == 0
    before = working.times()
    working.change_settings(lambda s: s["calling"].update(min_base_quality=14))
    assert working.run("--until", "call").code == 0
    after = working.times()
    changed = {path for path in after if after[path] != before.get(path)}
    assert "results/calling/S05/S05.g.vcf.gz" in changed
    assert [path for path in changed if path.startswith("results/reads/")] == []


def test_one_changed_fastq_redoes_nobody_elses_reads_or_calling(finished):
    working = finished[0]
    before = working.times()
    row = next(row for row in working.sheet() if row["person"] == "SYN-07")
    time.sleep(1.1)
    (working.folder / row["fastq_1"]).touch()
    assert working.run().code == 0
    after = working.times()
    redone = {p for p in after if after[p] != before.get(p)}
    heavy = {p for p in redone if p.startswith(("results/reads/S", "results/calling/"))}
    assert "results/reads/S07/S07.cram" in heavy
    assert {p.split("/")[2] for p in heavy} == {"S07"}


def fake(folder, name, text):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.faults
def test_one_samples_failure_stops_no_other(copy_cohort, tmp_path):
    working = copy_cohort("SYN-05", "SYN-07", "SYN-09")
    env = fake(
        tmp_path / "bin", "fastp",
        'case "$*" in *S07*) echo "[E] no luck" >&2; exit 9;; esac\nexec /usr/bin/fastp "$@"',
    )  # fmt: skip
    ended = working.run(env=env)
    assert ended.code == 3, ended.said[-4000:]
    ledger = working.rows()
    assert ledger["SYN-07"]["status"] == "failed" and "no luck" in ledger["SYN-07"]["reason"]
    assert ledger["SYN-05"]["status"] == ledger["SYN-09"]["status"] == "reported"
    assert working.run().code == 0, "who failed is tried again"
    assert working.rows()["SYN-07"]["status"] == "reported"


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(disk)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.faults
def test_a_full_disk_stops_the_run_with_the_next_step_and_loses_nothing(copy_cohort, small_disk):
    working = copy_cohort("SYN-05", "SYN-09", under=small_disk)
    filler = small_disk / "filler"
    ended = working.run("--until", "reference")
    assert ended.code == 0, ended.said[-3000:]
    subprocess.run(["sh", "-c", f"yes > '{filler}'"], capture_output=True, check=False)
    with filler.open("r+b") as handle:
        handle.truncate(filler.stat().st_size - 1_500_000)
    ended = working.run()
    assert ended.code == 2, ended.said[-4000:]
    assert "no space left" in ended.said.lower() and "free space" in ended.said
    filler.unlink()
    ended = working.run()
    assert ended.code == 0, ended.said[-4000:]
    assert {row["status"] for row in working.rows().values()} == {"reported"}

"""A real Slurm under the workflow: failures, memory, time, a lost node, the demo cohort.

The first tests run a small workflow of made-up steps through ``workflow/engine.py`` with the
executor of our profile, once, and look at what came of it; the last runs the demo itself.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time

import pytest
import yaml

STEPS = """
rule all:
    input: expand("done/{sample}", sample=config["samples"])

rule step:
    output: "done/{sample}"
    log: "logs/reads/step/{sample}.log"
    params: python=config["python"], steps=config["steps"]
    resources:
        mem_mb=lambda wildcards, attempt: config["mem_mb"] * attempt,
        runtime=lambda wildcards, attempt: attempt,
    shell: "{params.python} {params.steps} {wildcards.sample} {resources.mem_mb} {output} {log}"
"""
PROGRAM = """
import json, os, pathlib, sys, time
sample, memory, output, log = sys.argv[1], int(sys.argv[2]), *map(pathlib.Path, sys.argv[3:])
attempt = memory // int(os.environ["STEP_MEM_MB"])
log.parent.mkdir(parents=True, exist_ok=True)
marker = log.with_name(log.name + ".unfinished")
marker.write_text(json.dumps({"subject": sample, "exit": None, "message": "was killed"}))
if sample == "fails" and attempt == 1:
    sys.exit("no luck")
if sample in ("hungry", "insatiable"):
    held = bytearray(b"x") * ((memory if sample == "insatiable" or attempt == 1 else 10) * 2**20)
    time.sleep(15)
if sample == "slow" and attempt == 1:
    time.sleep(300)
marker.unlink()
output.write_text(str(attempt))
"""
MEM_MB = 900
"""Snakemake on the node takes a third of it, twice."""


@pytest.fixture(scope="module")
def ended(cluster, root, tmp_path_factory):
    """The small workflow, run to its end; its folder."""
    folder = tmp_path_factory.mktemp("small") / "작은 흐름"
    folder.mkdir()
    (folder / "Snakefile").write_text(STEPS)
    (folder / "steps.py").write_text(PROGRAM)
    settings = {
        "samples": ["fine", "fails", "hungry", "insatiable", "slow"],
        "mem_mb": MEM_MB, "python": sys.executable, "steps": "steps.py",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(settings))
    ours = yaml.safe_load((root / "workflow/profiles/slurm/config.yaml").read_text())
    profile = {key: ours[key] for key in ("executor", "retries", "keep-going", "slurm-requeue")}
    profile |= {"jobs": 10, "latency-wait": 20, "slurm-init-seconds-before-status-checks": 3}
    (folder / "profile").mkdir()
    (folder / "profile" / "config.yaml").write_text(yaml.safe_dump(profile))
    words = [sys.executable, str(root / "workflow/engine.py"), "--configfile", "config.json"]
    done = subprocess.run(
        [*words, "--profile", "profile"],
        cwd=folder,
        env=cluster.env | {"STEP_MEM_MB": str(MEM_MB)},
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / "said").write_text(done.stdout + done.stderr)
    assert done.returncode == 1, done.stderr[-3000:]  # insatiable
    return folder


def attempts(folder, sample):
    lines = map(json.loads, (folder / "logs/attempts.jsonl").read_text().splitlines())
    return [line for line in lines if line["subject"] == sample]


def test_one_that_is_well_runs_once(ended):
    assert (ended / "done/fine").read_text() == "1" and not attempts(ended, "fine")


def test_a_failed_job_is_seen_and_tried_again(ended):
    assert (ended / "done/fails").read_text() == "2"
    (failure,) = attempts(ended, "fails")
    assert failure["kind"] == "" and not failure["final"]


def test_a_job_over_its_memory_is_killed_and_gets_more(ended):
    assert (ended / "done/hungry").read_text() == "2"
    (failure,) = attempts(ended, "hungry")
    assert (failure["kind"], failure["mem_mb"], failure["final"]) == ("memory", MEM_MB, False)


def test_a_job_over_its_time_is_killed_and_gets_more(ended):
    assert (ended / "done/slow").read_text() == "2"
    (failure,) = attempts(ended, "slow")
    assert (failure["kind"], failure["runtime"], failure["final"]) == ("time", 1, False)


def test_who_is_never_content_ends_and_only_their_marker_is_left(ended):
    assert not (ended / "done/insatiable").exists()
    failures = attempts(ended, "insatiable")
    assert [f["mem_mb"] for f in failures] == [MEM_MB, 2 * MEM_MB, 3 * MEM_MB]
    assert [f["final"] for f in failures] == [False, False, True]
    assert {f["kind"] for f in failures} == {"memory"}
    markers = [path.name for path in ended.glob("logs/**/*.unfinished")]
    assert markers == ["insatiable.log.unfinished"]


def test_slurm_itself_was_asked_for_memory_and_time(ended, cluster):
    asked = {(job["reqmem"], job["timelimit"]) for job in cluster.jobs("reqmem", "timelimit")}
    assert {("900M", "00:01:00"), ("1800M", "00:02:00"), ("2700M", "00:03:00")} <= asked


REPORTED = {*(f"SYN-{n:02d}" for n in range(1, 10)), "SYN-13"}


@pytest.fixture(scope="module")
def demo(root, tmp_path_factory):
    """The demo cohort's inputs, in a folder of their own."""
    folder = tmp_path_factory.mktemp("demo") / "코호트"
    maker = root / "scripts" / "demo" / "make_cohort.py"
    subprocess.run([sys.executable, str(maker), "--output", str(folder)], check=True)
    return folder


def profile_for_one_node(root, folder):
    """Our Slurm profile, with requests that this node can meet and more steps a job."""
    profile = yaml.safe_load((root / "workflow/profiles/slurm/config.yaml").read_text())
    for wanted in profile["set-resources"].values():
        wanted["mem_mb"] = "3000 * attempt"
    profile["default-resources"]["mem_mb"] = "2000 * attempt"
    profile |= {"latency-wait": 20, "slurm-init-seconds-before-status-checks": 3}
    # The node may have two processors: a job that asks for more would wait for ever.
    profile |= {"max-threads": 2}
    profile["group-components"] |= {"person": 2}
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(profile))
    return folder


def test_the_demo_completes_though_its_node_is_lost_in_the_middle(cluster, root, demo):
    profile = profile_for_one_node(root, demo.parent / "profile")
    words = ["--directory", str(demo), "--profile", str(profile)]
    with (demo.parent / "said").open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, str(root / "workflow" / "run.py"), *words],
            env=cluster.env, stdout=said, stderr=said,
        )  # fmt: skip
        deadline = time.monotonic() + 1800
        while not list((demo / "logs/reads/align").glob("*.unfinished")):
            assert running.poll() is None and time.monotonic() < deadline, text(said.name)
            time.sleep(0.2)
        cluster.lose_node()
        lost = list((demo / "logs/reads/align").glob("*.unfinished"))
        time.sleep(5)
        cluster.start_node()
        assert running.wait(5400) == 0, text(said.name)
    assert lost, "nothing was lost"
    with (demo / "results/governance/ledger.tsv").open(newline="", encoding="utf-8") as handle:
        ledger = {row["person"]: row for row in csv.DictReader(handle, delimiter="\t")}
    assert {p for p, row in ledger.items() if row["status"] == "reported"} == REPORTED
    assert ledger["SYN-10"]["status"] == "quarantined" and "kinship" in ledger["SYN-10"]["reason"]
    assert ledger["SYN-11"]["status"] == "failed" and "truncated" in ledger["SYN-11"]["reason"]
    assert ledger["SYN-12"]["status"] == "withheld" and len(ledger) == 13
    assert not list((demo / "logs").glob("**/*.unfinished"))


def text(path: str | os.PathLike[str]) -> str:
    """The end of what was said."""
    with open(path, encoding="utf-8", errors="replace") as handle:  # noqa: PTH123
        return handle.read()[-4000:]

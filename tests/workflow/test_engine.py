"""What workflow/engine.py changes of Snakemake: what it writes down, and Slurm's lost nodes."""

from __future__ import annotations

import json
from importlib import import_module
from types import SimpleNamespace

import pytest
from snakemake import jobs
from snakemake.iocontainers import Params, Wildcards


@pytest.fixture(scope="module")
def engine(root):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "workflow")
        yield import_module("engine")


def a_job(rule="align", attempt=3, retries=2, **wildcards):
    return SimpleNamespace(
        rule=SimpleNamespace(name=rule),
        log=[f"logs/reads/{rule}/{next(iter(wildcards.values()), '')}.log"],
        wildcards=Wildcards(fromdict=wildcards),
        params=Params(fromdict={"sample": "S9"}),
        resources={"mem_mb": 24000, "runtime": 60},
        attempt=attempt,
        restart_times=retries,
        jobid=7,
    )


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("SLURM status is: 'OUT_OF_MEMORY'", "memory"),
        ("SLURM status is: 'FAILED'\nslurmstepd: error: Exceeded job memory limit", "memory"),
        ("slurmstepd: error: Detected 1 oom-kill event(s)", "memory"),
        ("SLURM status is: 'TIMEOUT'", "time"),
        ("slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026 DUE TO TIME LIMIT ***", "time"),
        ("SLURM status is: 'NODE_FAIL'", "node"),
        ("SLURM status is: 'CANCELLED'", "cancelled"),
        ("the tool said no", ""),
    ],
)
def test_why_slurm_killed_a_job(engine, said, kind):
    (line,) = engine.failed([a_job(sample="S1")], a_job(sample="S1"), said)
    assert (line["kind"], line["subject"], line["final"]) == (kind, "S1", True)
    assert (line["mem_mb"], line["runtime"], line["attempt"]) == (24000, 60, 3)


def test_who_a_step_is_for(engine):
    group = a_job(attempt=1)
    members = [a_job("report", person=person) for person in ("P2", "P1")]
    members.append(a_job("verify", unit="u"))
    lines = list(engine.failed(members, group, ""))
    assert [line["subject"] for line in lines] == ["P1", "P2", "S9"]
    assert {line["together"] for line in lines} == {3}
    assert not any(line["final"] for line in lines), "it will be tried again"
    (whole,) = engine.failed([a_job("join")], group, "")
    assert (whole["subject"], whole["together"]) == ("", 1)


def test_a_failure_is_written_with_the_end_of_slurms_log(engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("Job", "GroupJob"):
        log_error = getattr(jobs, name).log_error
        monkeypatch.setattr(getattr(jobs, name), "log_error", log_error)
    told = []
    monkeypatch.setattr(jobs.Job, "log_error", lambda self, **words: told.append(words))
    engine.write_down_failures()
    log = tmp_path / "12.log"
    log.write_bytes(b"\xff" * 50_000 + b"exceeded memory limit")
    jobs.Job.log_error(a_job(sample="S1"), msg="failed", aux_logs=[str(log), "none.log"])
    jobs.Job.log_error(a_job(sample="S1"), indent=True)
    (line,) = map(json.loads, (tmp_path / "logs/attempts.jsonl").read_text().splitlines())
    assert line["kind"] == "memory"
    assert [words["msg"] for words in told] == ["failed", None], "Snakemake tells as before"


@pytest.mark.parametrize(
    ("told", "excluded"),
    [
        ({"None assigned", "node7"}, {"node7"}),
        ({"None assigned"}, set()),
        ({"rack[1-3]", "a.b-c_d"}, {"rack[1-3]", "a.b-c_d"}),
        (None, set()),
    ],
)
def test_only_nodes_are_excluded(engine, monkeypatch, told, excluded):
    """sacct tells 'None assigned' of a job that waits again after its node was lost."""
    seen = []
    monkeypatch.setattr(
        engine.slurm, "get_submit_command", lambda *_, failed_nodes: seen.append(failed_nodes)
    )
    engine.exclude_nodes_only()
    engine.slurm.get_submit_command("job", {}, failed_nodes=told)
    assert seen == [excluded]

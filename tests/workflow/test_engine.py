"""What workflow/engine.py changes of Snakemake: nothing but speed, and what it writes down."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import SimpleNamespace

import pytest
from snakemake import jobs
from snakemake.iocontainers import InputFiles, Params, Wildcards


@pytest.fixture(scope="module")
def engine(root):
    spec = importlib.util.spec_from_file_location("engine", root / "workflow" / "engine.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["engine"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def by_set(engine, monkeypatch):
    """The change of InputFiles, undone afterwards."""
    monkeypatch.setattr(InputFiles, "__contains__", list.__contains__)
    engine.find_inputs_by_set()


@pytest.mark.parametrize("count", [0, 1, 16, 17, 1000])
def test_a_file_is_found_among_few_and_many_inputs(by_set, count):
    names = [f"결과/{n} {n}.tsv" for n in range(count)]
    inputs = InputFiles(names)
    assert all(name in inputs for name in names)
    assert "none" not in inputs and None not in inputs
    inputs.append("more")
    assert "more" in inputs


def test_records_are_asked_once_until_one_changes(engine):
    asked = []

    def changed(self, job, file=None):
        asked.append((job, file))
        return (f for f in ("a", "b") if file is None or f == file)

    known = {}
    compared = engine._once("input_changed", changed, known)
    cleared = []
    clear = engine._forgetting(cleared.append, known)
    assert [list(compared("p", "job 1")) for _ in range(3)] == [["a", "b"]] * 3
    assert list(compared("p", "job 2")) == ["a", "b"]
    assert list(compared("p", "job 1", file="b")) == ["b"]
    assert asked == [("job 1", None), ("job 2", None), ("job 1", "b")]
    clear("p")
    compared("p", "job 1")
    assert asked[3:] == [("job 1", None)] and cleared == ["p"]


def test_what_is_asked_of_records_is_there(engine):
    """Another version of Snakemake may name it otherwise."""
    for name in engine.COMPARISONS:
        assert callable(getattr(engine.PersistenceBase, name))
    for backend in (engine.FilePersistence, engine.DbPersistence):
        assert "_clear_cache" in vars(backend)


def test_parameters_are_expanded_for_environments_that_a_function_names(engine, monkeypatch):
    monkeypatch.setattr(jobs.Job, "conda_env_spec", property(lambda job: f"plain {job.name}"))
    engine.name_environments_without_parameters()
    told = jobs.Job.conda_env_spec.fget
    for named, expected in ((None, "of {}"), ("e.yaml", "of {}"), (print, "plain a")):
        rule = SimpleNamespace(
            conda_env=named, expand_conda_env=lambda wildcards: f"of {wildcards}"
        )
        job = SimpleNamespace(name="a", rule=rule, wildcards_dict={}, _conda_env_spec=None)
        assert told(job) == told(job) == expected


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

"""The cohort of idle tools, what Snakemake plans of it, and what a changed sheet does anew."""

from __future__ import annotations

import csv
import json
import subprocess
from collections import Counter

import pytest

from bench import bench_overhead
from bench.bench_overhead import plan_lines
from bench.overhead_cohort import Rule, finish, make, rules
from bench.platform_measure import Usage


@pytest.fixture(scope="module")
def found():
    return rules()


def shown(folder, *words):
    """What Snakemake says of a run."""
    bench_overhead.snakemake(folder, "run", *words)
    return (folder / "said").read_text(encoding="utf-8")


def planned(folder):
    """Steps of a dry run, by rule."""
    said = shown(folder, "--dry-run", "--quiet", "rules")
    table = [line.split() for line in said.splitlines()]
    return {w[0]: int(w[1]) for w in table if len(w) == 2 and w[1].isdigit() and w[0] != "total"}


def test_rules_are_those_of_the_workflow(found):
    named = {rule.name: rule for rule in found}
    assert named["align"].place == "reads/align" and named["align"].wildcard == "sample"
    assert "results/reads/{sample}/{sample}.cram" in named["align"].outputs
    assert "results/reads/{sample}/qc/" in named["measure"].outputs, "folders end with a slash"
    assert named["judge"].wildcard == "" and named["report"].wildcard == "person"
    assert not any("," in output for rule in found for output in rule.outputs)


def test_at_most_fifteen_steps_a_sample(found):
    assert len([rule for rule in found if rule.wildcard]) <= bench_overhead.GOAL_JOBS


def test_files_of_a_cohort(tmp_path):
    own = [
        Rule("check", "admission/check", "", ("private/admission/units.tsv",)),
        Rule("align", "reads/align", "sample", ("results/{sample}/{sample}.cram", "r/{sample}/")),
        Rule("report", "reports/report", "person", ("results/reports/{person}.json",)),
    ]
    make(tmp_path, 3, own)
    finish(tmp_path, own, but=["report"])
    with (tmp_path / "private/admission/units.tsv").open(newline="") as handle:
        units = list(csv.DictReader(handle, delimiter="\t"))
    assert [unit["sample"] for unit in units] == ["S00000", "S00001", "S00002"]
    assert (tmp_path / "results/S00002/S00002.cram").exists() and (tmp_path / "r/S00001").is_dir()
    assert not (tmp_path / "results/reports").exists()
    tool = [
        str(tmp_path / "bin/soyang"),
        "--log",
        "logs/reports/report/P00001.log",
        "--subject",
        "x",
    ]
    subprocess.run(tool, cwd=tmp_path, check=True)
    assert [path.name for path in (tmp_path / "results/reports").iterdir()] == ["P00001.json"]
    assert (tmp_path / "calls").read_text() == "reports/report/P00001\n"


def test_goals_are_those_of_the_largest_cohort():
    used = Usage(wall=100, cpu=90, memory=5000)
    small = plan_lines("plan", 1000, used, 7)
    large = plan_lines("plan", 10_000, used, 7)
    assert [line.holds for line in small] == [None] * 4
    assert [line.holds for line in large] == [True, None, False, None]


@pytest.fixture(scope="module")
def done(tmp_path_factory, found):
    """A cohort of 200 that is done but for its reports and ledger, and its plan."""
    folder = tmp_path_factory.mktemp("overhead")
    make(folder, 200, found)
    finish(folder, found, but=["interpret", "report", "ledger"])
    return folder


@pytest.mark.slow
def test_who_is_done_is_not_planned_again(done, found):
    steps = planned(done)
    assert steps["interpret"] == steps["report"] == 200
    assert not set(steps) & {rule.name for rule in found if rule.wildcard in {"sample", "unit"}}


@pytest.mark.slow
def test_many_files_go_to_a_list_that_a_dry_run_does_not_write(done, found):
    finish(done, found, but=["ledger"])
    lists = done / ".snakemake/soyang/lists"
    said = shown(done, "--dry-run", "--printshellcmds")
    assert f"--report @{lists.relative_to(done)}/" in said and not lists.exists()
    shown(done)
    listed = [path.read_text(encoding="utf-8").splitlines() for path in lists.iterdir()]
    assert [f"results/reports/P{n:05d}/report.json" for n in range(200)] in listed
    called = (done / "calls").read_text().splitlines()
    assert "governance/ledger" in called and all(call.count("/") == 1 for call in called)
    assert planned(done) == {}, "a list changes no parameter"


def calls(folder):
    """What was called since the last look, and forget it."""
    text = (folder / "calls").read_text(encoding="utf-8")
    (folder / "calls").unlink()
    return text.splitlines()


@pytest.mark.slow
def test_a_new_sample_on_the_sheet_is_the_only_one_computed(tmp_path_factory, found):
    folder, larger = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("larger")
    make(folder, 3, found)
    shown(folder)
    first = Counter(call.split("/")[1] for call in calls(folder))
    assert first["align"] == first["variants"] == first["report"] == 3
    make(larger, 4, found)
    (larger / "samples.tsv").replace(folder / "samples.tsv")
    (folder / "samples.tsv").touch()
    for path in [*(larger / "given").iterdir(), *(larger / "data").glob("S00003*")]:
        path.replace(folder / path.relative_to(larger))
    shown(folder)
    second = [call.split("/") for call in calls(folder)]
    before_gate = [c for c in second if c[0] in ("reads", "calling", "identity") and len(c) == 3]
    assert {call[2] for call in before_gate} == {"S00003"}
    assert {call[2] for call in second if call[1] == "verify"} == {"S00003.L1"}
    assert ["cohort", "join"] in second and ["governance", "ledger"] in second
    assert planned(folder) == {}


@pytest.mark.slow
def test_the_benchmark_ends_with_its_table(tmp_path, monkeypatch, capsys):
    words = ["bench_overhead", "--samples", "2", "--largest-run", "2", "--output", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    assert bench_overhead.main() == 0
    figures = json.loads((tmp_path / "overhead.json").read_text())
    lines = {line["name"]: line for line in figures["lines"]}
    assert lines["run of 2 samples, started again: steps to do"]["ours"] == 0
    assert lines["run of 2 samples: steps of a sample"]["holds"] is True
    assert 0 < lines["run of 2 samples: files a sample"]["ours"] < 500
    assert "run of 2 samples: wall a step" in capsys.readouterr().out

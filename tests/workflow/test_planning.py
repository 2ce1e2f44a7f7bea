"""What workflow/planning.py changes of Snakemake: how fast it plans, and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake import common, io, iocontainers, jobs, rules
from snakemake.iocontainers import InputFiles
from snakemake.output_index import OutputIndex
from snakemake.persistence.file import FilePersistence


@pytest.fixture(scope="module")
def planning(root):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "workflow")
        yield import_module("planning")


@pytest.fixture
def by_set(planning, monkeypatch):
    """The change of InputFiles, undone afterwards."""
    monkeypatch.setattr(InputFiles, "__contains__", list.__contains__)
    planning.find_inputs_by_set()


@pytest.mark.parametrize("count", [0, 1, 16, 17, 1000])
def test_a_file_is_found_among_few_and_many_inputs(by_set, count):
    names = [f"결과/{n} {n}.tsv" for n in range(count)]
    inputs = InputFiles(names)
    assert all(name in inputs for name in names)
    assert "none" not in inputs and None not in inputs
    inputs.append("more")
    assert "more" in inputs


def test_records_are_asked_once_until_one_changes(planning):
    asked = []

    def changed(self, job, file=None):
        asked.append((job, file))
        return (f for f in ("a", "b") if file is None or f == file)

    known = {}
    compared = planning._once("input_changed", changed, known)
    cleared = []
    clear = planning._forgetting(cleared.append, known)
    assert [list(compared("p", "job 1")) for _ in range(3)] == [["a", "b"]] * 3
    assert list(compared("p", "job 2")) == ["a", "b"]
    assert list(compared("p", "job 1", file="b")) == ["b"]
    assert asked == [("job 1", None), ("job 2", None), ("job 1", "b")]
    clear("p")
    compared("p", "job 1")
    assert asked[3:] == [("job 1", None)] and cleared == ["p"]


def test_what_is_asked_of_records_is_there(planning):
    """Another version of Snakemake may name it otherwise."""
    for name in planning.COMPARISONS:
        assert callable(getattr(planning.PersistenceBase, name))
    for backend in (planning.FilePersistence, planning.DbPersistence):
        assert "_clear_cache" in vars(backend)


def test_parameters_are_expanded_for_environments_that_a_function_names(planning, monkeypatch):
    monkeypatch.setattr(jobs.Job, "conda_env_spec", property(lambda job: f"plain {job.name}"))
    planning.name_environments_without_parameters()
    told = jobs.Job.conda_env_spec.fget
    for named, expected in ((None, "of {}"), ("e.yaml", "of {}"), (print, "plain a")):
        rule = SimpleNamespace(
            conda_env=named, expand_conda_env=lambda wildcards: f"of {wildcards}"
        )
        job = SimpleNamespace(name="a", rule=rule, wildcards_dict={}, _conda_env_spec=None)
        assert told(job) == told(job) == expected


WORKFLOW = """
SAMPLES = [f"표본{number:02}" for number in range(1, 19)]
LATE = config.get("late", "")

rule all:
    input: "out/all.txt"

rule start:
    output: "out/{sample}.a.txt", "out/{sample}.b.txt"
    input: "in/{sample}.txt", ancient("in/shared.txt"), lambda w: config["more"].get(w.sample, [])
    benchmark: "out/{sample}.benchmark"
    log: "logs/{sample}.log"
    params:
        "unnamed {sample}",
        same=config["same"], words=["x", "y"], number=4, nothing=None,
        own=lambda wildcards: config["own"].get(wildcards.sample, "usual"),
        derived=lambda wildcards, input, threads: f"{input[0]} {threads} {LATE}",
    shell: "cat {input[0]:q} | tee {output[0]:q} > {output[1]:q}"

checkpoint choose:
    input: expand("out/{sample}.a.txt", sample=SAMPLES)
    output: "out/chosen.txt"
    params: same=config["same"]
    shell: "printf '%s\\\\n' {input:q} > {output:q}"

def chosen(wildcards):
    with open(checkpoints.choose.get().output[0], encoding="utf-8") as lines:
        return [line.strip().replace(".a.", ".c.") for line in lines]

rule finish:
    input: "out/{sample}.b.txt", "out/chosen.txt"
    output: "out/{sample}.c.txt"
    params: code=config["code"]
    shell: "cp {input[0]:q} {output:q}"

rule gather:
    input: chosen
    output: "out/all.txt"
    shell: "cat {input:q} > {output:q}"
"""
BEFORE = {"same": "1", "code": "a", "more": {}, "own": {}}


@pytest.fixture(scope="module")
def done(root, tmp_path_factory):
    """A folder in which a small workflow has run."""
    folder = tmp_path_factory.mktemp("계획 하나")
    (folder / "in").mkdir()
    for number in range(1, 19):
        (folder / "in" / f"표본{number:02}.txt").write_text(f"{number}\n")
    (folder / "in" / "shared.txt").write_text("shared\n")
    (folder / "Snakefile").write_text(WORKFLOW, encoding="utf-8")
    said = snakemake(folder, "-m", "snakemake", BEFORE, "--quiet", "all")
    assert (folder / "out/all.txt").read_text().split() == [str(n) for n in range(1, 19)], said
    return folder


def snakemake(folder, *words):
    *program, settings, asked, what = words
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, *program, "--configfile", "config.json", "--cores", "2", asked, what]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr


def plan(folder, settings, *program):
    """Steps to do with their inputs and reasons, in whatever order and under whatever number."""
    said = snakemake(folder, *program, settings, "--dry-run", "all")
    blocks = re.split(r"^(?=\w*(?:rule|checkpoint) \w+:$)", said.split("Reasons:")[0], flags=re.M)
    return sorted(
        "\n".join(
            " ".join(sorted(line.replace(",", "").split()))  # files of a reason have no order
            for line in block.splitlines()
            if line[:1] != "[" and "jobid: " not in line
        )
        for block in blocks
        if "reason: " in block
    )


def test_a_plan_is_what_it_would_be(root, done):
    """Everything for which Snakemake does a step again, each for another sample."""

    def same(settings):
        found = plan(done, settings, str(root / "workflow/engine.py"))
        assert found == plan(done, settings, "-m", "snakemake")
        return found, "\n".join(found)

    assert same(BEFORE)[0] == []
    assert same({**BEFORE, "late": "derived from inputs, so not compared"})[0] == []
    for changed in ({"same": "2"}, {"code": "b"}):
        steps, text = same({**BEFORE, **changed})
        assert "Params" in text and len(steps) > 18

    metadata = str(done / ".snakemake/metadata")
    where = SimpleNamespace(_fetch_max_len=lambda subject: os.pathconf(subject, "PC_NAME_MAX"))
    for name in ("all", "표본02.c"):
        (done / "out" / f"{name}.txt").unlink()
    Path(FilePersistence._record_path(where, metadata, "out/표본03.c.txt")).write_text("{ cut")
    Path(FilePersistence._record_path(where, metadata, "out/표본04.a.txt")).unlink()
    os.utime(done / "in/shared.txt")
    steps, text = same(BEFORE)
    assert "Missing files: out/표본02.c.txt output reason:" in text, text
    assert len(steps) == 3, "with the two that gather, and none for a record that can't be read"

    (done / "in/표본01.txt").write_text("changed\n")
    changed = {"own": {"표본05": "unusual"}, "more": {"표본06": "in/shared.txt"}}
    steps, text = same({**BEFORE, **changed})
    assert [word in text for word in ("Updated", "'unusual'", "Set changed")] == [True] * 3
    starts = [step for step in steps if "rule start:" in step or "start: rule" in step]
    assert len(starts) == 3


def test_parameters_that_are_compared(planning, monkeypatch):
    """Those that depend on a step's files, threads or resources are not."""
    asked = []

    def expand(self, wildcards, input, output, job):
        asked.append(wildcards["sample"])
        assert "in" in input and input._plainstrings() is input
        return None, [*map(str, self._params), wildcards["sample"]]

    monkeypatch.setattr(jobs.Job, "non_derived_params", None)
    planning.expand_compared_parameters_only()
    told = jobs.Job.non_derived_params.fget

    def step(rule, sample):
        return SimpleNamespace(
            rule=rule, wildcards_dict={"sample": sample}, input=["in"], output=[],
            _non_derived_params=None,
        )  # fmt: skip

    def rule(*params):
        made = type(
            "Rule", (), {"expand_params": expand, "params": property(lambda s: s._params)}
        )()
        made._is_deriving_function = rules.Rule._is_deriving_function
        made._params = iocontainers.Params(params)
        return made

    same = rule("x", 4, lambda wildcards, input: 1)
    whole = same._params
    assert told(step(same, "S1")) == told(step(same, "S2")) == ["x", "4", "S1"]
    assert asked == ["S1"], "expanded once"
    assert same._params is whole
    for item in ("{sample}", ["{sample}"], lambda wildcards: wildcards.sample):
        own = rule("x", item)
        assert told(step(own, "S1")) != told(step(own, "S2"))


@pytest.fixture
def storage(planning, monkeypatch):
    """The changes of files, undone afterwards."""
    for owner, name in (
        (io._IOFile, "is_storage"), (io._IOFile, "exists"), (io.ExistsDict, "__contains__"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, name, getattr(owner, name))
    for module in list(sys.modules.values()):
        if getattr(module, "is_flagged", None) is io.is_flagged:
            monkeypatch.setattr(module, "is_flagged", io.is_flagged)
    plain = io.is_flagged
    planning.look_up_flags_directly()
    planning.look_up_existence_first()
    return plain


def test_flags_are_those_that_a_file_has(storage):
    assert io.is_flagged is not storage, "changed"
    values = [
        "plain", io.temp("kept"), io.IOFile(io.temp("kept"), rule=None),
        io.IOFile("plain", rule=None), io.flag("off", "temp", False), print, io.temp(str),
    ]  # fmt: skip
    for value in values:
        for name in ("temp", "storage_object"):
            assert io.is_flagged(value, name) is bool(storage(value, name))
    kept = io.IOFile(io.flag("remote", "storage_object", SimpleNamespace()), rule=None)
    assert kept.is_storage and not values[2].is_storage and not values[3].is_storage


def test_rules_that_make_a_file_are_looked_up_once(planning, monkeypatch):
    asked = []
    monkeypatch.setattr(
        OutputIndex, "match_producers", lambda self, name: asked.append(name) or {name[0]}
    )
    planning.remember_producers()
    one, other = OutputIndex([]), OutputIndex([])
    assert [one.match_producers(name) for name in ("ab", "ac", "ab")] == [{"a"}] * 3
    assert one.match_producers("ab") is one.match_producers("ac"), "kept once"
    other.match_producers("ab")
    assert asked == ["ab", "ac", "ab"]


def test_guards_of_names_are_shared_and_still_guard(planning):
    planning.share_guards()  # not undone: Python can't take back a __new__
    one, other = InputFiles(["a"]), InputFiles(["b"])
    assert one.index is other.index and one.index is not one.sort
    with pytest.raises(AttributeError, match=r"index\(\) cannot be used"):
        one.index("a")
    assert InputFiles(fromdict={"sort": "a"}).sort == "a" and callable(other.sort)


def test_arguments_of_a_function_are_looked_up_once(planning, monkeypatch):
    plain = common.get_function_params
    for module in (common, jobs, rules):
        monkeypatch.setattr(module, "get_function_params", plain)
    planning.remember_parameters_of_functions()
    found = rules.get_function_params(lambda wildcards, input: 1)
    assert list(found) == ["wildcards", "input"]
    assert jobs.get_function_params is rules.get_function_params is not plain

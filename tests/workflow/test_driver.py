"""The driver's decisions, without a run."""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import sys

import pytest
import yaml

from soyang.governance.tables import LEDGER


@pytest.fixture(scope="module")
def driver(root):
    spec = importlib.util.spec_from_file_location("driver", root / "workflow" / "run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["driver"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def leave(tmp_path, monkeypatch):
    """Leave a marker as a failed step does."""
    monkeypatch.chdir(tmp_path)

    def left(place, subject="", code=1, message="no luck", faults=()):
        path = tmp_path / "logs" / f"{place}.log.unfinished"
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {"subject": subject, "exit": code, "message": message, "faults": list(faults)}
        path.write_text(json.dumps(told))

    return left


def test_a_marker_tells_room_verb_and_log(driver, leave):
    leave("reads/align/S1", "S1")
    leave("cohort/join")
    one, two = sorted(driver.unfinished(), key=lambda f: f.subject)
    assert (one.room, one.verb, str(one.log)) == ("cohort", "join", "logs/cohort/join.log")
    assert (two.room, two.verb, two.subject) == ("reads", "align", "S1")


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([("reads/align/S1", "S1", 1, "x", ())], None),
        ([("reads/align/S1", "S1", 1, "x", ()), ("cohort/join", "", 1, "x", ())], None),
        ([("cohort/join", "", 1, "x", ())], 1),
        ([("admission/check", "", 2, "x", ("sheet",))], 2),
        ([("reads/align/S1", "S1", 2, "no space left", ("disk-full",))], 2),
    ],
)
def test_what_stops_a_run(driver, leave, capsys, steps, status):
    for place, subject, code, message, faults in steps:
        leave(place, subject, code, message, faults)
    assert driver.stop_for(list(driver.unfinished())) == status
    assert bool(capsys.readouterr().err) == (status is not None)


def test_who_is_not_reported_now_keeps_no_earlier_report(driver, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for person in ("P1", "P2"):
        (tmp_path / "results/reports" / person).mkdir(parents=True)
        (tmp_path / "results/interpretation").mkdir(exist_ok=True)
        (tmp_path / f"results/interpretation/{person}.findings.json").write_text("{}")
    ends = [("P1", "reported", ""), ("P2", "withheld", "consent withdrawn")]
    rows = [
        {"person": p, "sample": "S", "hospital": "A", "status": s, "reason": r} for p, s, r in ends
    ]
    driver.clear_unreported(LEDGER.frame(rows))
    assert [path.name for path in (tmp_path / "results/reports").iterdir()] == ["P1"]
    left = [path.name for path in (tmp_path / "results/interpretation").iterdir()]
    assert left == ["P1.findings.json"]


def attempt(place, subject="", *, job="7.3", together=1, final=True, kind="memory"):
    return {
        "rule": place.split("/")[1], "log": f"logs/{place}.log", "subject": subject, "job": job,
        "together": together, "attempt": 3, "final": final, "kind": kind,
        "mem_mb": 24000, "runtime": 60,
    }  # fmt: skip


@pytest.fixture
def attempts(tmp_path, monkeypatch):
    """Write down failed attempts, as workflow/engine.py does."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir(exist_ok=True)

    def written(*lines):
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (tmp_path / "logs/attempts.jsonl").write_text(text)

    return written


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("memory", "killed by the memory limit after 3 attempts, the last with 24000 MB"),
        ("time", "killed by the time limit after 3 attempts, the last with 60 minutes"),
        ("node", "lost with its node after 3 attempts. Next step: start the run again"),
        ("cancelled", "cancelled on the cluster after 3 attempts"),
        ("", "logs/reads/align/S1.log"),
    ],
)
def test_a_killed_step_says_how_it_ended_and_what_to_do(driver, leave, attempts, kind, said):
    leave("reads/align/S1", "S1", None, "was killed")
    attempts(attempt("reads/align/S1", "S1", kind=kind))
    (found,) = driver.unfinished()
    assert said in found.message and "Next step" in found.message
    assert found.subject == "S1" and driver.stop_for([found]) is None


def test_what_a_step_said_itself_stands(driver, leave, attempts):
    leave("reads/align/S1", "S1", 1, "no luck")
    attempts(attempt("reads/align/S1", "S1", kind=""))
    assert [f.message for f in driver.unfinished()] == ["no luck"]


def test_who_was_killed_before_it_could_leave_a_marker_is_seen(driver, attempts):
    attempts(attempt("reads/align/S1", "S1"), attempt("calling/call/S2", "S2", final=False))
    (found,) = driver.unfinished()
    assert (found.room, found.verb, found.subject) == ("reads", "align", "S1")
    assert found.code is None and "24000 MB" in found.message
    assert driver._drop([found]) and not driver.last_attempts()


def test_of_a_job_of_several_steps_those_failed_that_left_a_marker(driver, leave, attempts):
    leave("interpretation/interpret/P2", "P2", None, "was killed")
    steps = ("interpretation/interpret", "reports/report")
    lines = [attempt(f"{s}/{p}", p, together=2) for s in steps for p in ("P1", "P2")]
    attempts(*lines, attempt("reads/align/S9", "S9", job="8.3"))
    found = {(f.subject, f.verb): f.together for f in driver.unfinished()}
    assert found == {("P2", "interpret"): 2, ("S9", "align"): 1}


def test_a_full_disk_is_told_before_anyone_is_dropped(driver, leave, attempts, monkeypatch, capsys):
    attempts(attempt("reads/align/S1", "S1", kind=""))
    monkeypatch.setattr(driver, "NO_ROOM", 2**62)
    assert driver.stop_for(list(driver.unfinished())) == 2
    assert "no space left" in capsys.readouterr().err


@pytest.fixture
def rounds(driver, tmp_path, monkeypatch):
    """Let rounds of Snakemake end as told: each a function that leaves what it leaves."""
    monkeypatch.chdir(tmp_path)
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "config.yaml").write_text("executor: slurm\ngroup-components: {person: 10}\n")
    said = []

    def run(*ends):
        left = iter(ends)

        def snakemake(options, words, lock):
            said.append(list(words))
            end = next(left)
            return end() or 1 if end else 0

        monkeypatch.setattr(driver, "_snakemake", snakemake)
        options = argparse.Namespace(profile=profile)
        return driver._rounds(options, ["--until", "report"], 0), said

    return run


def test_who_was_killed_together_is_tried_alone_before_being_dropped(
    driver, leave, attempts, rounds, capsys
):
    def killed(*persons):
        for person in persons:
            leave(f"interpretation/interpret/{person}", person, None, "was killed")
        attempts(
            *(attempt(f"interpretation/interpret/{p}", p, together=len(persons)) for p in persons)
        )

    status, said = rounds(lambda: killed("P1", "P2"), lambda: killed("P2"), None)
    assert status == 0
    assert [words[2:] for words in said] == [[], *[["--group-components", "person=1"]] * 2]
    dropped = driver.read_table(driver.DROPPED_PATH, driver.DROPPED)
    assert dropped["subject"].to_list() == ["P2"]
    assert driver.in_part() == 3 and "P2 was dropped" in capsys.readouterr().err


def test_a_run_in_part_without_failure_ends_well(driver, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert driver.in_part() == 0


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--until", "call"], True),
        (["--until=call"], True),
        (["-n"], True),
        (["--rerun-triggers", "mtime"], False),
        ([], False),
    ],
)
def test_words_that_end_a_run_early(driver, words, part):
    assert driver.has(driver.IN_PART, words) is part


def test_profiles_and_their_cores(driver, tmp_path, capsys):
    ours = {name: driver.profile_folder(name) for name in ("default", "slurm")}
    assert driver.cores(None, ours["default"]) == ["--cores", "all"]
    assert driver.cores(None, ours["slurm"]) == []
    assert driver.cores("8", ours["slurm"]) == ["--cores", "8"]
    assert driver.one_by_one(ours["default"]) == []
    (tmp_path / "내 것").mkdir()
    (tmp_path / "내 것" / "config.yaml").write_text("{}")
    assert driver.profile_folder(str(tmp_path / "내 것")) == tmp_path / "내 것"
    with pytest.raises(SystemExit) as stopped:
        driver.profile_folder("none")
    assert stopped.value.code == 2 and "default, slurm" in capsys.readouterr().err


def test_every_rule_that_a_profile_names_exists(root):
    rules = "".join(p.read_text() for p in (root / "workflow" / "rules").glob("*.smk"))
    for name in ("default", "slurm"):
        path = root / "workflow" / "profiles" / name / "config.yaml"
        profile = yaml.safe_load(path.read_text())
        for rule in {*profile["set-resources"], *profile.get("groups", {})}:
            assert re.search(rf"^(rule|checkpoint) {rule}:", rules, re.M), f"{name}: {rule}"


@pytest.mark.parametrize("word", [["--until", "call"], ["--until=call"], ["-U", "call"]])
def test_until_does_the_checkpoints_before_a_rule_first(driver, word):
    told = driver.stages(["--keep-going", *word, "--quiet"])
    assert [words[words.index("--quiet") + 1 :] for words in told] == [
        ["--until", "check"],
        ["--until", "check", "admit"],
        ["--until", "check", "admit", "call"],
    ]


def test_until_a_rule_behind_the_gate_has_it_judge_first(driver):
    assert driver.stages(["--until", "report"])[-2:] == [
        ["--until", "report", "--until", "check", "admit", "judge"],
        ["--until", "report", "--until", "check", "admit", "judge", "report"],
    ]
    assert driver.stages(["--cores", "2"]) == [["--cores", "2"]]

"""``soyang status``: how far a run is."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from soyang.core.errors import FaultError
from soyang.status import ANY, STAGES, Job, Stage, is_running, jobs_of, seconds_left, show, words

CALL = next(stage for stage in STAGES if stage.verb == "call")
SKETCH = next(stage for stage in STAGES if stage.verb == "sketch")


class Folder:
    """A working folder in the middle of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        rows = [
            ("S1.L1", "S1", "P1", "fastq"),
            ("S1.L2", "S1", "P1", "fastq"),
            ("S2.L1", "S2", "P2", "vcf"),
            ("S3.L1", "S3", "P3", "cram"),
        ]
        self.table("private/admission/units.tsv", "unit\tsample\tperson\tentry", rows)

    def table(self, name: str, header: str, rows: list[tuple[str, ...]]) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([header, *("\t".join(row) for row in rows)]) + "\n")

    def ended(self, stage: Stage, name: str, seconds: float | None = None) -> None:
        log = self.path / stage.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        if seconds is not None:
            log.with_suffix(".benchmark.tsv").write_text(f"s\th:m:s\n{seconds}\t0:00:10\n")

    def marked(self, stage: Stage, name: str, code: int | None, message: str = "") -> None:
        self.ended(stage, name)
        marker = self.path / f"{stage.log(name)}.unfinished"
        marker.write_text(json.dumps({"subject": name, "exit": code, "message": message}))

    def states(self, stage: Stage) -> dict[str, str]:
        return {job.name: job.state for job in jobs_of(self.path) if job.stage == stage}

    @contextmanager
    def held(self) -> Iterator[None]:
        with (self.path / "private" / "run.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def shown(self) -> str:
        console = Console(width=200, record=True)
        show(self.path, console, every_sample=False)
        return console.export_text()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "작업 1").mkdir()
    return Folder(tmp_path / "작업 1")


def test_every_rule_with_a_wildcard_is_a_stage(root):
    """A new rule for each sample that status does not know would be left out in silence."""
    text = "\n".join(p.read_text() for p in (root / "workflow" / "rules").glob("*.smk"))
    logs = re.findall(r'"logs/(\w+)/(\w+)/\{(\w+)\}\.log"', text)
    assert len(logs) > 8
    assert set(logs) == {(s.room, s.verb, s.of) for s in STAGES}


def test_nothing_was_started(tmp_path):
    with pytest.raises(FaultError, match="no table of units"):
        list(jobs_of(tmp_path))


def test_states(folder):
    folder.ended(CALL, "S1", 10)
    folder.marked(CALL, "S3", None)
    assert folder.states(CALL) == {"S1": "done", "S3": "running"}
    folder.marked(CALL, "S3", 1, "bcftools ended\nwith status 1")
    assert folder.states(CALL) == {"S1": "done", "S3": "failed"}
    assert folder.states(SKETCH) == {"S1": "waiting", "S2": "waiting", "S3": "waiting"}
    assert folder.states(STAGES[0]) == dict.fromkeys(
        ["S1.L1", "S1.L2", "S2.L1", "S3.L1"], "waiting"
    )
    assert "S3: call: bcftools ended with status 1" in folder.shown()


def test_stages_that_settings_can_do_without_show_once_started(folder):
    optional = next(stage for stage in STAGES if stage.optional)
    assert folder.states(optional) == {}
    folder.ended(optional, "S1", 3)
    assert folder.states(optional) == {"S1": "done", "S3": "waiting"}


def test_who_was_dropped_waits_for_nothing(folder):
    row = ("S3", "calling", "call", "tool failed")
    folder.table("results/governance/dropped.tsv", "subject\troom\tverb\treason", [row])
    assert folder.states(CALL) == {"S1": "waiting", "S3": "failed"}
    assert folder.states(SKETCH) == {"S1": "waiting", "S2": "waiting"}
    assert "tool failed" in folder.shown()


def test_only_the_admitted_and_those_who_passed_are_waited_for(folder):
    rows = [("S1", "admitted"), ("S2", "admitted"), ("S3", "withheld")]
    folder.table("results/admission/admitted.tsv", "sample\tstatus", rows)
    assert set(folder.states(SKETCH)) == {"S1", "S2"}
    told = [("P1", "quarantine"), ("P2", "pass")]
    folder.table("results/identity/verdicts.tsv", "person\tverdict", told)
    assert set(folder.states(STAGES[-1])) == {"P2"}


def test_a_killed_run_is_told(folder):
    folder.marked(CALL, "S1", None)
    assert not is_running(folder.path)
    assert "it was killed, or waits to be started again" in folder.shown()
    with folder.held():
        assert is_running(folder.path)
        assert "no run holds" not in folder.shown()
    assert not is_running(folder.path)


def job(state, seconds=None, stage=CALL):
    return Job(stage, "x", "x", state, seconds=seconds)


def test_the_end_as_estimated():
    jobs = [job("done", 100.0), job("done", 200.0), job("running"), job("waiting"), job("waiting")]
    assert seconds_left(jobs) == (150 * 2.5, [])
    assert list(words(jobs, running=True)) == [
        "2 of 5 jobs done",
        "about 6 min more at 1 side by side",
    ]
    jobs += [job("waiting", stage=SKETCH)]
    assert seconds_left(jobs)[1] == ["sketch"]
    assert "and of sketch, which nobody has ended yet" in list(words(jobs, running=True))[-1]


def test_no_estimate_before_anything_ended():
    assert list(words([job("waiting")], running=True)) == ["0 of 1 jobs done"]


def test_days_and_hours():
    jobs = [job("done", 3600.0), *[job("waiting")] * 30]
    assert list(words(jobs, running=True))[-1].startswith("about 1 d 6 h more")


def test_thousands_are_counted_and_only_who_runs_is_listed(folder):
    rows = [(f"S{n}.L1", f"S{n}", f"P{n}", "fastq") for n in range(3000)]
    folder.table("private/admission/units.tsv", "unit\tsample\tperson\tentry", rows)
    folder.marked(CALL, "S77", None)
    text = folder.shown()
    assert "2,999" in text and "S77 " in text and "S78 " not in text


def test_entries_are_those_of_admission():
    from soyang.admission.tables import ENTRIES  # noqa: PLC0415

    assert set(ANY) == set(ENTRIES)

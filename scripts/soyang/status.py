"""What people type while a run goes on: how far it is, who failed, and when it may end."""

from __future__ import annotations

import fcntl
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from rich.console import Console
from rich.table import Table

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows

State = Literal["done", "running", "failed", "waiting"]
READS = ("fastq", "ubam", "bam", "cram")
ANY = (*READS, "gvcf", "vcf")
MARKS: dict[State, str] = {"done": "+", "running": ">", "failed": "!", "waiting": "."}
SHOWN = 40
"""Samples in a table; more are only counted, but for who runs or failed."""


@dataclass(frozen=True)
class Stage:
    """A verb that is run for each unit, sample or person.

    Attributes:
        room: its room.
        verb: its name, that of its rule and log.
        of: what it is run for.
        entries: kinds of file for which it is run.
        optional: whether settings can do without it: then it is shown once it was started.
    """

    room: str
    verb: str
    of: Literal["unit", "sample", "person"]
    entries: tuple[str, ...] = ANY
    optional: bool = False

    def log(self, name: str) -> Path:
        """Log of one job, relative to the working folder."""
        return Path("logs") / self.room / self.verb / f"{name}.log"


STAGES = (
    Stage("admission", "verify", "unit"),
    Stage("reads", "align", "sample", READS),
    Stage("reads", "measure", "sample", READS),
    Stage("calling", "call", "sample", (*READS, "gvcf")),
    Stage("calling", "variants", "sample"),
    Stage("calling", "callable", "sample"),
    Stage("calling", "structural", "sample", READS, optional=True),
    Stage("calling", "copy_number", "sample", READS, optional=True),
    Stage("calling", "mitochondrial", "sample", READS, optional=True),
    Stage("identity", "sketch", "sample"),
    Stage("identity", "contamination", "sample", optional=True),
    Stage("interpretation", "interpret", "person"),
    Stage("reports", "report", "person"),
)
"""Every rule with a wildcard, in the order of the way through the house."""


@dataclass(frozen=True)
class Job:
    """One stage of one sample: what is known of it."""

    stage: Stage
    name: str
    sample: str
    state: State
    said: str = ""
    seconds: float | None = None


def status(*, directory: Path = Path(), every: int = 0, samples: bool = False) -> None:
    """Show the progress of a run: each stage, each sample, who failed, and the end as estimated.

    Args:
        directory: the working folder.
        every: show it again after so many seconds, as long as the run goes on; 0: once.
        samples: show every sample, however many there are.

    Raises:
        FaultError: no run was started there.
    """
    console = Console()
    while True:
        show(directory, console, every_sample=samples)
        if not every or not is_running(directory):
            return
        time.sleep(every)


def show(directory: Path, console: Console, *, every_sample: bool) -> None:
    """Print the state of a working folder."""
    jobs = list(jobs_of(directory))
    running = is_running(directory)
    console.print(_stages(jobs))
    rows = _samples(jobs, every_sample=every_sample)
    if rows.row_count:
        console.print(rows)
    for job in jobs:
        if job.state == "failed":
            console.print(f"{job.name}: {job.stage.verb}: {job.said}", markup=False)
    for line in words(jobs, running=running):
        console.print(line)


def is_running(directory: Path) -> bool:
    """Whether a run holds the working folder."""
    lock = directory / "private" / "run.lock"
    if not lock.exists():
        return False
    with lock.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def jobs_of(directory: Path) -> Iterator[Job]:
    """Every job that the run has or had for somebody, as far as can be known now.

    Raises:
        FaultError: no run was started there.
    """
    units = directory / "private" / "admission" / "units.tsv"
    if not units.exists():
        raise FaultError(
            Fault(
                code="no-run", file=str(directory), found="no table of units",
                allowed="the working folder of a run",
                next_step="start it with workflow/run.py, or name its folder with --directory",
            )
        )  # fmt: skip
    known = read_rows(units, "unit", "sample", "person", "entry")
    fallen = _fallen(directory)
    left = _admitted(directory)
    told = _verdicts(directory)
    for stage in STAGES:
        if stage.optional and not (directory / stage.log("x").parent).is_dir():
            continue
        seen: set[str] = set()
        for row in known:
            name = row[stage.of]
            person, sample = row["person"], row["sample"]
            if name in seen or row["entry"] not in stage.entries:
                continue
            seen.add(name)
            if stage.verb != "verify" and left is not None and sample not in left:
                continue
            if stage.of == "person" and told is not None and person not in told:
                continue
            job = _job(directory, stage, name, sample, fallen.get(name, fallen.get(sample)))
            if job:
                yield job


def _job(
    directory: Path, stage: Stage, name: str, sample: str, dropped: tuple[str, str] | None
) -> Job | None:
    log = directory / stage.log(name)
    marker = log.with_name(f"{log.name}.unfinished")
    if dropped and dropped[0] == stage.verb:
        return Job(stage, name, sample, "failed", dropped[1])
    if marker.exists():
        return Job(stage, name, sample, *_marked(marker))
    if log.exists():
        return Job(stage, name, sample, "done", seconds=_seconds(log))
    return None if dropped else Job(stage, name, sample, "waiting")


def _marked(marker: Path) -> tuple[State, str]:
    """What the marker of a step says that has not ended well, or not ended."""
    try:
        told = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # gone or written at this moment
        return "running", ""
    if told["exit"] is None:
        return "running", ""
    return "failed", " ".join(str(told["message"]).split())


def _seconds(log: Path) -> float | None:
    """How long a step took, as its benchmark tells; None if it has none."""
    path = log.with_suffix(".benchmark.tsv")
    try:
        header, values = path.read_text(encoding="utf-8").splitlines()[:2]
        return float(dict(zip(header.split("\t"), values.split("\t"), strict=True))["s"])
    except (OSError, ValueError, KeyError):
        return None


def _fallen(directory: Path) -> dict[str, tuple[str, str]]:
    """Who was dropped: the verb that failed, and why."""
    path = directory / "results" / "governance" / "dropped.tsv"
    rows = read_rows(path, "subject", "verb", "reason") if path.exists() else []
    return {row["subject"]: (row["verb"], row["reason"]) for row in rows}


def _admitted(directory: Path) -> set[str] | None:
    path = directory / "results" / "admission" / "admitted.tsv"
    if not path.exists():
        return None
    return {r["sample"] for r in read_rows(path, "sample", "status") if r["status"] == "admitted"}


def _verdicts(directory: Path) -> set[str] | None:
    path = directory / "results" / "identity" / "verdicts.tsv"
    if not path.exists():
        return None
    return {r["person"] for r in read_rows(path, "person", "verdict") if r["verdict"] == "pass"}


def _stages(jobs: Sequence[Job]) -> Table:
    table = Table(title="Stages")
    for column in ("stage", "done", "running", "waiting", "failed", "seconds each"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage in dict.fromkeys(job.stage for job in jobs):
        own = [job for job in jobs if job.stage == stage]
        counts = Counter(job.state for job in own)
        took = [job.seconds for job in own if job.seconds is not None]
        states: tuple[State, ...] = ("done", "running", "waiting", "failed")
        numbers = [f"{counts[state]:,}" for state in states]
        table.add_row(f"{stage.room} {stage.verb}", *numbers, f"{fmean(took):.0f}" if took else "-")
    return table


def _samples(jobs: Sequence[Job], *, every_sample: bool) -> Table:
    by_sample: dict[str, list[Job]] = {}
    for job in jobs:
        by_sample.setdefault(job.sample, []).append(job)
    shown = dict(sorted(by_sample.items()))
    if not every_sample and len(shown) > SHOWN:
        moving = {"running", "failed"}
        shown = {s: own for s, own in shown.items() if moving & {job.state for job in own}}
    table = Table(title="Samples  (+ done, > running, . waiting, ! failed)")
    table.add_column("sample")
    stages = list(dict.fromkeys(job.stage for job in jobs))
    for stage in stages:
        table.add_column(stage.verb, justify="center")
    for sample, own in shown.items():
        table.add_row(sample, *(_mark(own, stage) for stage in stages))
    return table


def _mark(jobs: Iterable[Job], stage: Stage) -> str:
    """Marks of one sample's jobs of a stage; several lanes are counted."""
    counts = Counter(job.state for job in jobs if job.stage == stage)
    order: tuple[State, ...] = ("failed", "running", "done", "waiting")
    return "".join(
        MARKS[state] + (f"{counts[state]}" if counts[state] > 1 else "")
        for state in order
        if counts[state]
    )


def words(jobs: Sequence[Job], *, running: bool) -> Iterator[str]:
    """How many jobs are done, and when the run may end."""
    counts = Counter(job.state for job in jobs)
    yield f"{counts['done']:,} of {len(jobs) - counts['failed']:,} jobs done"
    if counts["failed"]:
        yield f"{counts['failed']:,} failed; the others go on"
    if not running:
        yield "no run holds this folder" + (
            ": it was killed, or waits to be started again" if counts["running"] else ""
        )
        return
    left, unknown = seconds_left(jobs)
    side = max(counts["running"], 1)
    if left is not None:
        rest = f", and of {', '.join(unknown)}, which nobody has ended yet" if unknown else ""
        yield f"about {_span(left / side)} more at {side} side by side{rest}"


def seconds_left(jobs: Sequence[Job]) -> tuple[float | None, list[str]]:
    """Seconds of work that waits, one job after another, and stages of which none can be said.

    A stage's jobs are taken to last as long as its jobs that ended; of a running one half is
    taken to be done.
    """
    total, known, unknown = 0.0, False, []
    for stage in dict.fromkeys(job.stage for job in jobs):
        own = [job for job in jobs if job.stage == stage]
        counts = Counter(job.state for job in own)
        took = [job.seconds for job in own if job.seconds is not None]
        ahead = counts["waiting"] + counts["running"] / 2
        if took:
            known = True
            total += ahead * fmean(took)
        elif ahead and not counts["done"]:
            unknown.append(stage.verb)
    return (total if known else None), unknown


def _span(seconds: float) -> str:
    """A duration in words of minutes, for seconds would say more than is known."""
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts: Mapping[str, int] = {"d": days, "h": hours, "min": minutes}
    said = [f"{n} {unit}" for unit, n in parts.items() if n]
    return " ".join(said[:2]) or "a minute"

"""Start a run: ``workflow/run.py [--directory DIR] [--configfile FILE] [snakemake options]``.

Everyone of the sheet ends somewhere: if a sample's or person's own step fails, they are
dropped with the reason and the others go on. The exit status is 0 if everyone ended as
expected, 2 for a fault that stops everything, 3 if someone unexpectedly failed or was
quarantined, 1 for a bug.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage, rmtree
from typing import Any

import polars as pl
import yaml
from rich.console import Console
from rich.table import Table as RichTable

from soyang.core.errors import ExitCode
from soyang.core.files import SCRATCH, disk_full, restrict
from soyang.core.settings import examine
from soyang.core.tables import read_columns, read_table, write_table
from soyang.governance.consents import words as consent_words
from soyang.governance.tables import AFFECTED, DROPPED, LEDGER

HOUSE = Path(__file__).resolve().parent.parent
LOGS = Path("logs")
ATTEMPTS = LOGS / "attempts.jsonl"
"""Failed attempts of this run; workflow/engine.py writes them."""
PRIVATE = Path("private")
DROPPED_PATH = Path("results/governance/dropped.tsv")
LEDGER_PATH = Path("results/governance/ledger.tsv")
ADMITTED_PATH = Path("results/admission/admitted.tsv")
AFFECTED_PATH = Path("results/governance/affected.tsv")
NO_ROOM = 16 * 2**20
"""Free bytes below which a step that could not even leave its marker met a full disk."""
IN_PART = {
    *("-n", "--dry-run", "--dryrun", "-U", "--until", "-O", "--omit-from", "-t", "--touch"),
    *("--unlock", "--lint", "--delete-all-output", "--summary", "--dag", "--rulegraph"),
}
"""Snakemake's words with which a run does not go to its end, so that no ledger tells of it."""
BEHIND_GATE = ("cohort", "annotation", "interpretation", "reports", "governance")
"""Rooms whose rules are planned when the identity gate has judged."""
NO_WORK = IN_PART - {"-U", "--until", "-O", "--omit-from"}
"""Those with which nothing is computed: what is there is left as it is."""
KILLED = {
    "memory": ("killed by the memory limit", "raise mem_mb of {rule} in the profile"),
    "time": ("killed by the time limit", "raise runtime of {rule} in the profile"),
    "node": ("lost with its node", "start the run again"),
    "cancelled": ("cancelled on the cluster", "start the run again"),
    "": ("was killed or could not start", "look at {log} and at the machine's memory"),
}
"""How a step that could not tell its end itself ended, and the next step."""
STOPS_EVERYTHING = {"disk-full"}
"""Faults that would hit everyone, whoever met them first."""


@dataclass(frozen=True)
class Unfinished:
    """A step that did not end well, as its marker tells.

    Attributes:
        marker: ``logs/<room>/<verb>[/<wildcard>].log.unfinished``.
        subject: sample or person, ``""`` for a step of the whole cohort.
        code: its exit status; None if it was killed.
        message: the error.
        faults: codes of its faults.
        together: how many samples or persons shared the job that ended with it.
    """

    marker: Path
    subject: str
    code: int | None
    message: str
    faults: tuple[str, ...]
    together: int = 1

    @property
    def room(self) -> str:
        """Room of the step."""
        return self.marker.relative_to(LOGS).parts[0]

    @property
    def verb(self) -> str:
        """Verb of the step."""
        return self.marker.relative_to(LOGS).parts[1].removesuffix(".log.unfinished")

    @property
    def log(self) -> Path:
        """What the step said."""
        return self.marker.with_suffix("")


def main(words: Sequence[str] | None = None) -> int:
    """Run the workflow in a working folder; return the exit status."""
    options, passed_on = _options(words)
    options.profile = profile_folder(options.profile)
    os.chdir(options.directory)
    settings = [HOUSE / "config" / "config.yaml", *options.configfile]
    if has(NO_WORK, passed_on) is False and _fetch(options, settings):
        return ExitCode.FAULT
    if _check(settings) == ExitCode.FAULT:
        return ExitCode.FAULT
    with _lock() as lock:
        if has(NO_WORK, passed_on):
            return _snakemake(options, passed_on, lock)
        _forget_last_run()
        for words_of_stage in stages(passed_on):
            status = _rounds(options, words_of_stage, lock)
            if status != ExitCode.EXPECTED:
                break
        clear_withheld()
        if status != ExitCode.EXPECTED:
            return status
        return in_part() if has(IN_PART, passed_on) else _reconcile(settings)


def _fetch(options: argparse.Namespace, settings: Sequence[Path]) -> int:
    """Have the reference fetched that settings name and that is not there yet; 0 if all is well.

    Before the check, which reads it.
    """
    told = examine(settings).settings
    wanted = told.reference if told else None
    if wanted is None or not wanted.fetch or wanted.fasta.exists():
        return 0
    with _lock() as lock:
        return _snakemake(options, [str(wanted.fasta)], lock)


def has(names: Collection[str], words: Sequence[str]) -> bool:
    """Whether one of these options is among words, as ``--name``, ``--name=value``."""
    return any(word.split("=")[0] in names for word in words)


def profile_folder(name: str) -> Path:
    """Folder of a profile of ours, or one's own.

    Raises:
        SystemExit: there is none; exit status 2.
    """
    for folder in (HOUSE / "workflow" / "profiles" / name, Path(name).resolve()):
        if (folder / "config.yaml").is_file():
            return folder
    ours = ", ".join(sorted(p.name for p in (HOUSE / "workflow" / "profiles").iterdir()))
    print(
        f"soyang: --profile: found {name}; allowed: {ours}, or a folder with config.yaml",
        file=sys.stderr,
    )
    raise SystemExit(ExitCode.FAULT)


def _options(words: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=__doc__, prog="workflow/run.py")
    parser.add_argument("--directory", type=Path, default=Path(), help="the working folder")
    parser.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        default=[Path("config.yaml")],
        help="settings, relative to the working folder; laid over the defaults",
    )
    parser.add_argument("--cores", help="cores to use: all of this machine, unless on a cluster")
    parser.add_argument(
        "--profile", default="default", help="default, slurm, or a folder with config.yaml"
    )
    return parser.parse_known_args(words)


def _check(settings: Sequence[Path]) -> int:
    """Show every fault that can be seen without reading whole files, before any work."""
    return _soyang("check", "--quick", *_repeat("--config", settings))


def _soyang(*words: str) -> int:
    return subprocess.run([sys.executable, "-m", "soyang.main", *words], check=False).returncode


def _repeat(option: str, files: Sequence[Path]) -> list[str]:
    return [word for file in files for word in (option, str(file))]


@contextmanager
def _lock() -> Iterator[int]:
    """Hold the working folder; the kernel lets go of it however a run ends.

    Snakemake inherits the lock, so that a run whose starter was killed still holds it.
    """
    PRIVATE.mkdir(exist_ok=True)
    restrict(PRIVATE)
    with (PRIVATE / "run.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("soyang: another run holds this folder; waiting for its end", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


def _forget_last_run() -> None:
    """Whoever failed last time is tried again; what a killed run left half-made goes."""
    DROPPED_PATH.unlink(missing_ok=True)
    ATTEMPTS.unlink(missing_ok=True)
    for marker in LOGS.glob("**/*.unfinished"):
        marker.unlink()
    for left in [*Path("results").rglob(f"{SCRATCH}*"), *PRIVATE.rglob(f"{SCRATCH}*")]:
        rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def stages(words: Sequence[str]) -> list[list[str]]:
    """Snakemake's words, run by run: with ``--until RULE`` the checkpoints before RULE come first.

    What is behind a checkpoint is not planned before it is done, and of ``--until`` Snakemake
    leaves out what is not planned.
    """
    asked = _until(words)
    if not asked:
        return [list(words)]
    behind = {name for room in BEHIND_GATE for name in _rules_of(room)}
    checkpoints = ["check", "admit", *(["judge"] if behind & set(asked) else [])]
    told = [checkpoints[:number] for number in range(1, len(checkpoints) + 1)]
    # Of options given twice the last one counts.
    return [[*words, "--until", *names] for names in [*told, [*checkpoints, *asked]]]


def _until(words: Sequence[str]) -> list[str]:
    """Rules after which to stop, as Snakemake reads its words."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-U", "--until", nargs="+", default=[])
    asked: list[str] = parser.parse_known_args(words)[0].until
    return asked


def _rules_of(room: str) -> list[str]:
    text = (HOUSE / "workflow" / "rules" / f"{room}.smk").read_text(encoding="utf-8")
    return re.findall(r"^(?:rule|checkpoint) (\w+):", text, re.MULTILINE)


def _rounds(options: argparse.Namespace, passed_on: Sequence[str], lock: int) -> int:
    """Run Snakemake; drop who failed; again, until it ends well or nobody is left to drop.

    Who was killed with others in one job is tried once more alone before being dropped.
    """
    alone: list[str] = []
    while _snakemake(options, [*passed_on, *alone], lock):
        failures = list(unfinished())
        shared = [f for f in failures if f.code is None and f.together > 1]
        if shared and not alone:
            alone = one_by_one(options.profile)
            failures = [f for f in failures if f not in shared]
            _clear(shared)
            if not failures:
                continue
        status = stop_for(failures)
        if status is not None:
            return status
        if not _drop(failures):
            print("soyang: the same steps failed again after a drop", file=sys.stderr)
            return ExitCode.BUG
    return ExitCode.EXPECTED


def one_by_one(profile: Path) -> list[str]:
    """Options with which no two samples or persons share a job."""
    groups = _read_profile(profile).get("group-components") or {}
    return ["--group-components", *(f"{name}=1" for name in groups)] if groups else []


def _read_profile(profile: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((profile / "config.yaml").read_text(encoding="utf-8"))
    return found


def _snakemake(options: argparse.Namespace, passed_on: Sequence[str], lock: int) -> int:
    command = [
        sys.executable, str(HOUSE / "workflow" / "engine.py"),
        "--snakefile", str(HOUSE / "Snakefile"),
        "--configfile", *map(str, options.configfile),
        "--workflow-profile", str(options.profile),
        *cores(options.cores, options.profile),
        "--nolock",
        *passed_on,
    ]  # fmt: skip
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.run(
        command, env=os.environ | {"PATH": tools}, pass_fds=(lock,), check=False
    ).returncode


def cores(asked: str | None, profile: Path) -> list[str]:
    """Cores as an option; a cluster's are bounded by its own ``jobs``, unless asked for."""
    if asked is None and "executor" in _read_profile(profile):
        return []
    return ["--cores", asked or "all"]


def unfinished() -> Iterator[Unfinished]:
    """Steps that did not end well in this run, by name.

    Most left a marker. Whoever was killed before it could leave one is known to Snakemake alone.
    """
    attempts, jobs = last_attempts(), set()
    for marker in sorted(LOGS.glob("**/*.unfinished")):
        told = json.loads(marker.read_text(encoding="utf-8"))
        attempt = attempts.get(marker.with_suffix(""))
        if told["exit"] is None and attempt:
            told["message"] = how_it_ended(attempt)
        yield Unfinished(
            marker=marker,
            subject=told["subject"],
            code=told["exit"],
            message=told["message"],
            faults=tuple(told.get("faults", ())),
            together=attempt["together"] if attempt else 1,
        )
        jobs |= {attempt["job"]} if attempt else set()
    for log, attempt in attempts.items():
        if attempt["job"] in jobs:  # a step of it left a marker: the others had ended, or not begun
            continue
        yield Unfinished(
            marker=log.with_name(f"{log.name}.unfinished"),
            subject=attempt["subject"],
            code=None,
            message=how_it_ended(attempt),
            faults=(),
            together=attempt["together"],
        )


def last_attempts() -> dict[Path, dict[str, Any]]:
    """The last attempt at each step of this round that failed for good, by its log."""
    if not ATTEMPTS.exists():
        return {}
    lines = map(json.loads, ATTEMPTS.read_text(encoding="utf-8").splitlines())
    return {Path(line["log"]): line for line in lines if line["final"] and line["log"]}


def how_it_ended(attempt: Mapping[str, Any]) -> str:
    """Reason of a step that was killed, and the next step."""
    told, next_step = KILLED[attempt["kind"]]
    tried = attempt["attempt"]
    given = {"memory": (attempt["mem_mb"], "MB"), "time": (attempt["runtime"], "minutes")}
    value, unit = given.get(attempt["kind"], (None, ""))
    last = f", the last with {value} {unit}" if value else ""
    after = f"after {tried} attempt{'s' if tried > 1 else ''}{last}"
    return f"{told} {after}. Next step: {next_step.format(**attempt)}"


def stop_for(failures: Sequence[Unfinished]) -> int | None:
    """The exit status if the run can't go on, after saying why; None if it can."""
    if all(f.code is None for f in failures) and disk_usage(".").free < NO_ROOM:
        print(f"soyang: {disk_full(Path.cwd() / 'results')}", file=sys.stderr)
        return ExitCode.FAULT
    stopping = [f for f in failures if STOPS_EVERYTHING & set(f.faults)] or [
        f for f in failures if not f.subject
    ]
    own = [f for f in failures if f.subject]
    if own and not any(STOPS_EVERYTHING & set(f.faults) for f in stopping):
        return None
    for failure in stopping:
        print(f"soyang: {failure.room} {failure.verb}: {failure.message}", file=sys.stderr)
        print(f"soyang: its log is {failure.log}", file=sys.stderr)
    if not stopping:
        print("soyang: the workflow stopped; its own message is above", file=sys.stderr)
    faults = bool(stopping) and all(f.code == ExitCode.FAULT for f in stopping)
    return ExitCode.FAULT if faults else ExitCode.BUG


def _drop(failures: Sequence[Unfinished]) -> bool:
    """Take failed samples and persons out of the rest of the run; False if nobody is new."""
    before = read_table(DROPPED_PATH, DROPPED) if DROPPED_PATH.exists() else DROPPED.empty()
    new = {
        failure.subject: {
            "subject": failure.subject,
            "room": failure.room,
            "verb": failure.verb,
            "reason": " ".join(failure.message.split()),
        }
        for failure in failures
        if failure.subject
    }
    for row in new.values():
        print(f"soyang: {row['subject']} dropped: {row['reason']}", file=sys.stderr)
    kept = before.filter(~pl.col("subject").is_in(list(new)))
    write_table(pl.concat([kept, DROPPED.frame(new.values())]), DROPPED_PATH, DROPPED)
    _clear(failures)
    return not set(new) <= set(before["subject"])


def _clear(failures: Sequence[Unfinished]) -> None:
    """Forget failures before the next round."""
    for failure in failures:
        failure.marker.unlink(missing_ok=True)
    ATTEMPTS.unlink(missing_ok=True)


def in_part() -> int:
    """End of a run that was not to go to its end: the ledger is another run's."""
    if not DROPPED_PATH.exists():
        return ExitCode.EXPECTED
    for row in read_table(DROPPED_PATH, DROPPED).iter_rows(named=True):
        print(f"soyang: {row['subject']} was dropped: {row['reason']}", file=sys.stderr)
    return ExitCode.UNEXPECTED


def _reconcile(settings: Sequence[Path]) -> int:
    """Show the ledger, compare it with what is expected."""
    if not LEDGER_PATH.exists():  # only some targets
        return ExitCode.EXPECTED
    ledger = read_table(LEDGER_PATH, LEDGER)
    clear_unreported(ledger)
    _show(ledger)
    show_affected()
    words = ["--ledger", str(LEDGER_PATH)]
    return _soyang("governance", "reconcile", *_repeat("--settings", settings), *words)


def clear_withheld() -> None:
    """Remove all that earlier runs derived from the data of who has no consent now.

    However the run ended: admission has decided, and a broken run must not keep it.
    """
    if not ADMITTED_PATH.exists():
        return
    admitted = read_columns(ADMITTED_PATH, "person", "sample", "status")
    for row in admitted.filter(pl.col("status") == "withheld").iter_rows(named=True):
        person, sample = row["person"], row["sample"]
        _remove(
            f"of {person}, who has no consent now",
            Path("results/reads") / sample,
            Path("results/calling") / sample,
            *Path("results/identity/sketch").glob(f"{sample}.parquet"),
            *Path("results/identity/contamination").glob(f"{sample}.tsv"),
            *_of_person(person),
        )


def clear_unreported(ledger: pl.DataFrame) -> None:
    """Remove reports and findings that an earlier run made of who is not reported now.

    Who was quarantined or failed since must not be left with a report.
    """
    for person in ledger.filter(pl.col("status") != "reported")["person"]:
        _remove(f"of {person}, who is not reported now", *_of_person(person))


def _of_person(person: str) -> tuple[Path, Path]:
    """What reports read, and the reports."""
    return Path(f"results/interpretation/{person}.findings.json"), Path("results/reports") / person


def _remove(of_whom: str, *paths: Path) -> None:
    """Remove files and folders that are there, and say so."""
    for path in paths:
        if path.is_dir():
            rmtree(path)
        elif path.exists():
            path.unlink()
        else:
            continue
        print(f"soyang: removed {path} {of_whom}", file=sys.stderr)


def show_affected() -> None:
    """Say what changes of consent reached, and whose consent ends soon.

    The list is that of the reports' date: started again on the same date, a run shows it again.
    """
    if AFFECTED_PATH.exists():
        lines = list(consent_words(read_table(AFFECTED_PATH, AFFECTED)))
        if lines:
            print("Changes of consent on the date of these reports:", *lines, sep="\n  ")


def _show(ledger: pl.DataFrame) -> None:
    table = RichTable(title=str(Path.cwd() / LEDGER_PATH))
    for column in ledger.columns:
        table.add_column(column)
    for row in ledger.iter_rows():
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    if (ledger["status"] == "reported").any():
        console.print(f"Reports: {Path.cwd() / 'results/reports'}/<person>/report.html")


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

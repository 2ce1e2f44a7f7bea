"""Snakemake, started by workflow/run.py: it writes down which attempts failed, and plans faster.

A step that is killed by Slurm can't say so: its memory, its time or its node ended. Snakemake
learns it, tells it on the screen, and forgets. Here each failed attempt becomes a line of
``logs/attempts.jsonl``, from which the driver tells the ledger.

Planning 10,000 samples takes Snakemake a time that grows with their square, since it looks for
a file among the inputs of a rule that gathers all samples by comparing it with each; and it asks
the same of every step in each of several passes. The changes to Snakemake below alter no answer,
only how fast it is given; nodes of a cluster, which plan one job each, do without. Another keeps
its Slurm executor going after a node was lost.
"""

from __future__ import annotations

import gc
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import snakemake_executor_plugin_slurm as slurm
from snakemake import cli, common, jobs, rules
from snakemake.iocontainers import InputFiles
from snakemake.persistence import PersistenceBase
from snakemake.persistence.db import DbPersistence
from snakemake.persistence.file import FilePersistence

ATTEMPTS = Path("logs/attempts.jsonl")
FEW = 16
"""Inputs up to which comparing with each is as fast as a set."""
SELDOM = (200_000, 20, 100)
"""Thresholds of the collection of cycles (gc.set_threshold): a plan is millions of objects that
stay, and looking through them at Python's own thresholds takes a fifth of its time."""
COMPARISONS = (
    "has_metadata", "has_outdated_metadata", "params_changed", "input_changed", "code_changed",
    "software_stack_changed",
)  # fmt: skip
"""What Snakemake asks of the record of how a step's outputs were made."""
TOLD = (
    ("memory", r"OUT_OF_MEMORY|exceeded memory limit|Exceeded job memory limit|oom.kill"),
    ("time", r"TIMEOUT|DEADLINE|DUE TO TIME LIMIT"),
    ("node", r"NODE_FAIL|BOOT_FAIL|DUE TO NODE FAILURE"),
    ("cancelled", r"CANCELLED"),
)
"""What Slurm says of a job that it killed: sacct(1), "JOB STATE CODES", and slurmstepd's words."""
END = 20_000
"""Characters at the end of a Slurm log in which it says why it killed a job."""


def main(words: Sequence[str]) -> None:
    """Run Snakemake with these words; exits as it does."""
    gc.set_threshold(*SELDOM)
    find_inputs_by_set()
    remember_parameters_of_functions()
    compare_with_records_once()
    name_environments_without_parameters()
    write_down_failures()
    exclude_nodes_only()
    cli.main(list(words))


def find_inputs_by_set() -> None:
    """Let ``file in inputs`` take the same time however many inputs there are."""
    plain = list.__contains__

    def contains(self: Any, file: object) -> bool:
        if len(self) <= FEW:
            return plain(self, file)
        known = self.__dict__.get("_soyang_known")
        if known is None or known[0] != len(self):
            known = len(self), frozenset(map(str, self))
            self.__dict__["_soyang_known"] = known
        return str(file) in known[1]

    InputFiles.__contains__ = contains


def remember_parameters_of_functions() -> None:
    """Look up only once which arguments an input function takes."""
    remembered = lru_cache(maxsize=None)(common.get_function_params)
    for module in (common, jobs, rules):
        module.get_function_params = remembered


def compare_with_records_once() -> None:
    """Compare a step with its outputs' records once, until a record changes.

    A step whose inputs or parameters change, as a checkpoint may have it, is another object.
    """
    known: dict[tuple[str, Any], Any] = {}
    for name in COMPARISONS:
        setattr(PersistenceBase, name, _once(name, getattr(PersistenceBase, name), known))
    for backend in (FilePersistence, DbPersistence):
        backend._clear_cache = _forgetting(backend._clear_cache, known)


def _once(name: str, plain: Any, known: dict[tuple[str, Any], Any]) -> Any:
    def compared(self: Any, job: Any, file: Any = None) -> Any:
        if file is not None:
            return plain(self, job, file=file)
        key = (name, job)
        if key not in known:
            found = plain(self, job)
            known[key] = tuple(found) if isinstance(found, Iterator) else found
        return known[key]

    return compared


def _forgetting(plain: Any, known: dict[tuple[str, Any], Any]) -> Any:
    def clear(self: Any) -> None:
        known.clear()
        plain(self)

    return clear


def name_environments_without_parameters() -> None:
    """Expand a step's parameters for its conda environment only where a function names that."""
    plain = jobs.Job.conda_env_spec.fget

    def spec(self: Any) -> Any:
        if callable(self.rule.conda_env):
            return plain(self)
        if self._conda_env_spec is None:
            self._conda_env_spec = self.rule.expand_conda_env(self.wildcards_dict)
        return self._conda_env_spec

    jobs.Job.conda_env_spec = property(spec)


def write_down_failures() -> None:
    """Add a line to :data:`ATTEMPTS` for every attempt that failed."""
    of_job, of_group = jobs.Job.log_error, jobs.GroupJob.log_error

    def job_error(
        self: Any, msg: str | None = None, indent: bool = False, aux_logs: Any = None, **more: Any
    ) -> None:
        if not indent:  # with indent it is one of a group, which was written down
            _write([self], self, msg, aux_logs)
        of_job(self, msg=msg, indent=indent, aux_logs=aux_logs, **more)

    def group_error(self: Any, msg: str | None = None, aux_logs: Any = None, **more: Any) -> None:
        _write(self.jobs, self, msg, aux_logs)
        of_group(self, msg=msg, aux_logs=aux_logs, **more)

    jobs.Job.log_error = job_error
    jobs.GroupJob.log_error = group_error


def exclude_nodes_only() -> None:
    """Let Slurm's executor exclude lost nodes, and nothing that is no node.

    Of a job that waits again after its node was lost, sacct tells "None assigned" instead of a
    node's name. The executor (2.8) takes that for one, and every later submission fails.
    """
    plain = slurm.get_submit_command

    def command(*given: Any, failed_nodes: Iterable[str] | None = None, **more: Any) -> Any:
        return plain(*given, failed_nodes=node_names(failed_nodes or ()), **more)

    slurm.get_submit_command = command


def node_names(told: Iterable[str]) -> set[str]:
    """What of it are names of nodes, or of several (node[1-3])."""
    return {name for name in told if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.,\[\]-]*", name)}


def _write(members: Iterable[Any], submitted: Any, message: str | None, logs: Any) -> None:
    lines = failed(list(members), submitted, f"{message or ''}\n{_said(logs)}")
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    with suppress(OSError):  # on a full disk; the driver sees that by itself
        ATTEMPTS.parent.mkdir(exist_ok=True)
        with ATTEMPTS.open("a", encoding="utf-8") as out:
            out.write(text)


def failed(members: Sequence[Any], submitted: Any, said: str) -> Iterator[dict[str, object]]:
    """A line for each step of a job that failed.

    Args:
        members: the job's steps; one, if it is no group.
        submitted: the job as it was submitted.
        said: what Slurm said of it.
    """
    final = submitted.attempt > submitted.restart_times
    kind = next((name for name, words in TOLD if re.search(words, said)), "")
    names = sorted({_subject(job) for job in members})
    for job in sorted(members, key=lambda job: (job.rule.name, _subject(job))):
        yield {
            "rule": job.rule.name,
            "log": str(job.log[0]) if job.log else "",
            "subject": _subject(job),
            "job": f"{submitted.jobid}.{submitted.attempt}",
            "together": len(names),
            "attempt": submitted.attempt,
            "final": final,
            "kind": kind,
            "mem_mb": _number(submitted.resources.get("mem_mb")),
            "runtime": _number(submitted.resources.get("runtime")),
        }


def _subject(job: Any) -> str:
    """Sample or person that a step is for; ``""`` for a step of the whole cohort."""
    for name in ("sample", "person"):
        if name in job.wildcards.keys():  # noqa: SIM118  Namedlist, not a mapping
            return str(job.wildcards[name])
    return str(job.params.get("sample", "")) if "unit" in job.wildcards.keys() else ""  # noqa: SIM118


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _said(logs: Iterable[str] | None) -> str:
    """The ends of Slurm's logs; a node may have taken its own with it."""
    ends = []
    for log in logs or ():
        path = Path(str(log))
        if path.is_file():
            ends.append(path.read_text(encoding="utf-8", errors="replace")[-END:])
    return "\n".join(ends)


if __name__ == "__main__":
    main(sys.argv[1:])

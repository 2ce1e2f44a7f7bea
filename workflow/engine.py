"""Snakemake, started by workflow/run.py: it writes down which attempts failed, and plans faster.

A step that is killed by Slurm can't say so: its memory, its time or its node ended. Snakemake
learns it, tells it on the screen, and forgets. Here each failed attempt becomes a line of
``logs/attempts.jsonl``, from which the driver tells the ledger.

Another change keeps Snakemake's Slurm executor going after a node was lost. How plans are made
faster stands in ``planning.py``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import snakemake_executor_plugin_slurm as slurm
from planning import plan_faster
from snakemake import cli, jobs

ATTEMPTS = Path("logs/attempts.jsonl")
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
    plan_faster()
    write_down_failures()
    exclude_nodes_only()
    cli.main(list(words))


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

"""Snakemake as the driver starts it, for one of two measurements.

``plan``: until the first step would begin. A dry run goes on to print every step, at 10,000 samples
for longer than the planning took; a real run prints a step when it begins.

``record``: a dry run that also records how each result was made. A resumed run compares each
result's recorded parameters and inputs with what they are now, which costs time; results that a
benchmark only placed have no record.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from snakemake.api import Workflow
from snakemake.scheduling.job_scheduler import JobScheduler

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"


def begin_nothing() -> None:
    """Let the scheduler end before the first step."""
    JobScheduler.schedule = lambda _: True


def record_results() -> None:
    """Record every result that is there as soon as the plan is made."""
    plain = Workflow._build_dag

    def build(self: Any) -> None:
        plain(self)
        self.async_run(_record(self))

    Workflow._build_dag = build


async def _record(workflow: Any) -> None:
    waiting = set(workflow.dag.needrun_jobs())
    for job in workflow.dag.jobs:
        if job not in waiting and job.output:
            await workflow.persistence.finished(job)
    await asyncio.sleep(0)


if __name__ == "__main__":
    {"plan": begin_nothing, "record": record_results}[sys.argv[1]]()
    sys.path.insert(0, str(WORKFLOW))
    import_module("engine").main(sys.argv[2:])

"""Snakemake as the driver starts it, in a dry run that also records how each result was made.

A resumed run compares each result's recorded parameters and inputs with what they are now, which
costs time; results that a benchmark only placed have no record.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from snakemake.api import Workflow

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"


def main(words: list[str]) -> None:
    """Run with these words, which ask for a dry run; exits as Snakemake does."""
    plain = Workflow._build_dag

    def build(self: Any) -> None:
        plain(self)
        self.async_run(_record(self))

    Workflow._build_dag = build
    sys.path.insert(0, str(WORKFLOW))
    import_module("engine").main(words)


async def _record(workflow: Any) -> None:
    waiting = set(workflow.dag.needrun_jobs())
    for job in workflow.dag.jobs:
        if job not in waiting and job.output:
            await workflow.persistence.finished(job)
    await asyncio.sleep(0)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Snakemake as the driver starts it, until the first step would begin.

A dry run goes on to print every step, at 10,000 samples for longer than the planning took; a real
run prints a step when it begins.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from snakemake.scheduling.job_scheduler import JobScheduler

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"


def schedule(self: Any) -> bool:
    """Begin nothing."""
    del self
    return True


if __name__ == "__main__":
    JobScheduler.schedule = schedule
    sys.path.insert(0, str(WORKFLOW))
    import_module("engine").main(sys.argv[1:])

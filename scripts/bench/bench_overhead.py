"""What the workflow itself costs: planning 10 to 10,000 samples, and a run of idle tools.

Planning is measured until the first step would begin, twice: of a cohort that was just admitted,
with all its samples' steps before it, and of one that is done but for its reports, where every step
of every sample is in the graph and each result is compared with the record of how it was made. The
steps after the identity gate are not known before it, so that no plan has all steps waiting.

A run starts each step, with tools that only make its outputs: what is left is Snakemake's time
for a step, and the files that a run leaves.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import platform_measure
from bench.overhead_cohort import ROOT, Rule, finish, make, rules
from bench.platform_measure import Usage
from bench.table import Benchmark, Comparison

SIZES = (10, 100, 1_000, 10_000)
LARGEST_RUN = 100
"""Samples up to which steps are started: more take hours on one machine and show nothing new."""

GOAL_SAMPLES = 10_000
GOAL_SECONDS = 180
GOAL_MEGABYTES = 4_000
GOAL_JOBS = 15
AFTER_ADMISSION = ("check", "admit", "verify", "enquire", "reference", "provenance")
"""Rules whose results are there when the samples' own steps are planned."""
LAST = ("interpret", "report", "ledger")
"""Rules whose results are missing in a cohort that is done but for its reports."""


def main() -> int:
    """Run the benchmark; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, nargs="+", default=SIZES, help="sizes of cohorts")
    parser.add_argument("--largest-run", type=int, default=LARGEST_RUN, help="samples run, at most")
    parser.add_argument("--output", type=Path, default=ROOT / "bench", help="folder of the figures")
    options = parser.parse_args()
    found = rules()
    benchmark = Benchmark(name="overhead", facts=facts(found))
    for samples in options.samples:
        with TemporaryDirectory(prefix="soyang-overhead-") as folder:
            benchmark.lines += planned(Path(folder), samples, found)
            if samples <= options.largest_run:
                benchmark.lines += run(Path(folder), samples, found)
    return benchmark.finish(options.output)


def facts(found: Sequence[Rule]) -> dict[str, str]:
    """What was measured with."""
    steps = [rule.name for rule in found if rule.wildcard]
    return {
        "Snakemake": version("snakemake"),
        "processors": str(len(platform_measure.PROCESSORS)),
        "steps of one sample": f"{len(steps)}: {', '.join(steps)}",
    }


def planned(folder: Path, samples: int, found: Sequence[Rule]) -> list[Comparison]:
    """Lines of the two plans."""
    lines = []
    names = [rule.name for rule in found]
    for title, absent in (
        ("admitted", [name for name in names if name not in AFTER_ADMISSION]),
        ("done but for its reports", list(LAST)),
    ):
        place = folder / title.split()[0]
        make(place, samples, found)
        finish(place, found, but=absent)
        snakemake(place, "record", "--dry-run", "--quiet", "all")
        used, jobs = dry(place)
        lines += plan_lines(f"plan of {samples:,} samples, {title}", samples, used, jobs)
        shutil.rmtree(place)
    return lines


def plan_lines(title: str, samples: int, used: Usage, jobs: int) -> list[Comparison]:
    """Wall time and memory of a plan; their goals are those of the largest cohort."""
    goal = 1.0 if samples == GOAL_SAMPLES else None
    return [
        Comparison(name=f"{title}: wall", ours=used.wall, peer=GOAL_SECONDS, goal=goal),
        Comparison(name=f"{title}: CPU", ours=used.cpu),
        Comparison(
            name=f"{title}: memory", ours=used.memory, peer=GOAL_MEGABYTES, unit="MB", goal=goal
        ),
        Comparison(name=f"{title}: steps to do", ours=jobs, unit=""),
    ]


def run(folder: Path, samples: int, found: Sequence[Rule]) -> list[Comparison]:
    """Lines of a run in which no tool works, and of starting it again."""
    place = folder / "run"
    make(place, samples, found)
    before = files(place)
    used = snakemake(place, "run", "--quiet", "all")
    steps = len((place / "calls").read_text(encoding="utf-8").splitlines())
    made = files(place) - before
    per_sample = sum(1 for rule in found if rule.wildcard)
    again, jobs = dry(place)
    title = f"run of {samples:,} samples"
    return [
        Comparison(name=f"{title}: wall", ours=used.wall),
        Comparison(name=f"{title}: CPU", ours=used.cpu),
        Comparison(name=f"{title}: wall a step", ours=used.wall / steps),
        Comparison(name=f"{title}: memory", ours=used.memory, unit="MB"),
        Comparison(name=f"{title}: steps of a sample", ours=per_sample, peer=GOAL_JOBS, unit="",
                   goal=1.0),
        Comparison(name=f"{title}: files a sample", ours=made / samples, unit=""),
        Comparison(name=f"{title}, started again: wall", ours=again.wall),
        Comparison(name=f"{title}, started again: steps to do", ours=jobs, peer=0, unit=""),
    ]  # fmt: skip


def files(folder: Path) -> int:
    """Files below a folder, those of Snakemake itself among them."""
    return sum(len(names) for _, _, names in os.walk(folder))


def dry(folder: Path) -> tuple[Usage, int]:
    """Planning as the driver does it, and how many steps are to do."""
    used = snakemake(folder, "plan", "--dry-run", "--quiet", "rules")
    said = (folder / "said").read_text(encoding="utf-8")
    stats = [line.split() for line in said.splitlines()]
    totals = [int(words[1]) for words in stats if len(words) == 2 and words[0] == "total"]  # noqa: PLR2004
    return used, totals[0] - 1 if totals else 0  # less ``all`` itself


def snakemake(folder: Path, what: str, *words: str) -> Usage:
    """Run, plan or record with Snakemake in a folder; what it says goes to its file ``said``."""
    engine = [str(ROOT / "workflow" / "engine.py")]
    command = [
        sys.executable,
        *(engine if what == "run" else [str(ROOT / "scripts/bench/overhead_engine.py"), what]),
        "--snakefile", str(ROOT / "Snakefile"),
        "--configfile", "config.yaml",
        "--workflow-profile", str(ROOT / "workflow" / "profiles" / "default"),
        "--cores", str(len(platform_measure.PROCESSORS)),
        "--nolock",
        *words,
    ]  # fmt: skip
    shell = ["sh", "-c", 'exec "$@" >said 2>&1', "sh", *command]
    tools = f"{folder / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", platform_measure.__file__, *shell],
        cwd=folder,
        env=os.environ | {"PATH": tools + os.environ["PATH"]},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (folder / "said").read_text(encoding="utf-8", errors="replace")
        raise SystemExit(f"bench-overhead: Snakemake failed: {said[-2000:]}")
    return Usage(**json.loads(done.stdout))


if __name__ == "__main__":
    sys.exit(main())

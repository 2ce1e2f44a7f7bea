"""The demo cohort and real reads with each caller: `make evaluate-callers`.

Whole runs. In the first, all three callers look at each sample and the default's genotypes stand;
then calling and what follows it is done again with each of the others alone. Printed are how
everyone of the sheet ended, the variants of each sample by caller, and how far the callers agree.
Every run has to end as it should, with the same ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import yaml
from rich.console import Console
from rich.table import Table

from soyang.calling.tables import CALLS, OTHERS
from soyang.core.tables import read_table
from soyang.governance.tables import LEDGER

ROOT = Path(__file__).resolve().parents[2]
CALLERS = ("gatk", "bcftools", "freebayes")
"""Those that run here, the default first."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """One cohort's run.

    Attributes:
        callers: which looked; the genotypes of the first stand.
        status: person to how they ended.
        first: person to the first explanation of their report, as gene and HGVS; of a structural
            variant HGVS.
        variants: sample to its variants.
        agreed: sample to those of them whose genotype all callers have, where several looked.
        others: sample to alleles that only others have.
    """

    callers: tuple[str, ...]
    status: Mapping[str, str]
    first: Mapping[str, str]
    variants: Mapping[str, int]
    agreed: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)


class RunError(Exception):
    """A run did not end as it should."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the cohorts with each caller and print; 1 if a run ended otherwise than the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, help="the evaluation data; without it no real reads")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "callers", help="where")
    options = parser.parse_args(words)
    console = Console(width=140)
    same = True
    for name, maker in cohorts(options.shared):
        place = options.folder / name
        subprocess.run([sys.executable, *maker, "--output", str(place)], check=True)
        runs = [run(place, callers) for callers in (CALLERS, *((one,) for one in CALLERS[1:]))]
        console.print(table(name, runs))
        console.print(ledger(runs))
        for text in differences(runs):
            console.print(f"[red]{text}")
            same = False
    return 0 if same else 1


def cohorts(shared: Path | None) -> Iterator[tuple[str, list[str]]]:
    """Name of each cohort, and the program that makes its working folder."""
    yield "demo", [str(ROOT / "scripts" / "demo" / "make_cohort.py")]
    if shared is not None:
        program = str(ROOT / "scripts" / "real" / "prepare.py")
        yield "NA12878 over BRCA1", [program, "--shared", str(shared)]


def run(folder: Path, callers: tuple[str, ...]) -> Ended:
    """Run a cohort with these callers; what is there and does not depend on them is kept.

    Raises:
        RunError: someone ended otherwise than the cohort's settings expect.
    """
    settings = folder / "config.yaml"
    told = yaml.safe_load(settings.read_text(encoding="utf-8"))
    told["calling"] = (told.get("calling") or {}) | {"callers": list(callers)}
    settings.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    driver = [sys.executable, str(ROOT / "workflow" / "run.py"), "--directory", str(folder)]
    said = folder / f"said.{'-'.join(callers)}.txt"
    with said.open("wb") as out:
        done = subprocess.run(
            [*driver, "--cores", str(os.cpu_count())], stdout=out, stderr=out, check=False
        )
    if done.returncode:
        raise RunError(f"the run with {', '.join(callers)} ended with {done.returncode}: {said}")
    return ended(folder, callers)


def ended(folder: Path, callers: tuple[str, ...]) -> Ended:
    """How a finished run ended."""
    results = folder / "results"
    rows = read_table(results / "governance" / "ledger.tsv", LEDGER).to_dicts()
    reported = [row["person"] for row in rows if row["status"] == "reported"]
    paths = sorted((results / "calling").glob("*/*.calls.tsv"))
    calls = pl.concat([read_table(path, CALLS) for path in paths]).filter(
        pl.col("entry") == "cram"  # called here; others brought their calls
    )
    for sample, told in calls.select("sample", "caller").iter_rows():
        if not told.lower().startswith(callers[0]):
            raise RunError(f"{sample} was called by {told}, not by {callers[0]}: {folder}")
    samples = calls["sample"].to_list()
    others = {
        sample: read_table(results / "calling" / sample / f"{sample}.others.tsv", OTHERS).height
        for sample in samples
    }
    several = len(callers) > 1
    return Ended(
        callers=callers,
        status={row["person"]: row["status"] for row in rows},
        first={person: explanation(results / "reports" / person) for person in reported},
        variants=dict(zip(samples, calls["variants"].to_list(), strict=True)),
        agreed=dict(zip(samples, calls["agreed"].to_list(), strict=True)) if several else {},
        others=others if several else {},
    )


def explanation(report: Path) -> str:
    """A report's first explanation by small variants, or else its first event; or empty."""
    told = json.loads((report / "report.json").read_text(encoding="utf-8"))
    for explained in told["explanations"]:
        return "; ".join(f"{v['gene']} {v['hgvs_c']}" for v in explained["variants"])
    return next(
        (event["hgvs_g"] or event["event"] for event in (told["events"] or {}).get("shown", [])), ""
    )


def differences(runs: Sequence[Ended]) -> Iterator[str]:
    """In what runs differ that must be alike: how people ended."""
    first, *rest = runs
    for other in rest:
        for person, status in first.status.items():
            if other.status.get(person) != status:
                found = other.status.get(person)
                yield f"{person}: {status} with {first.callers[0]}, {found} with {other.callers[0]}"


def table(name: str, runs: Sequence[Ended]) -> Table:
    """A line for each sample: variants by caller, and how far the callers agree."""
    together, *_ = runs
    made = Table(title=name, title_justify="left")
    made.add_column("sample")
    for one in runs:
        made.add_column(one.callers[0], justify="right")
    made.add_column("same genotype in all", justify="right")
    made.add_column("only others", justify="right")
    for sample in together.variants:
        counts = [f"{one.variants[sample]:,}" for one in runs]
        agreed, whole = together.agreed[sample], together.variants[sample]
        share = f"{agreed:,} ({agreed / whole:.1%})" if whole else "-"
        made.add_row(sample, *counts, share, f"{together.others[sample]:,}")
    return made


def ledger(runs: Sequence[Ended]) -> Table:
    """A line for each person: how they ended, and the report's first explanation by caller."""
    made = Table(title="how everyone ended", title_justify="left")
    for column in ("person", "status", "first explanation", "the same with every caller"):
        made.add_column(column, overflow="fold")
    first, *rest = runs
    for person, status in first.status.items():
        told = first.first.get(person, "")
        other = [
            f"{one.callers[0]}: {one.first.get(person) or 'none'}"
            for one in rest
            if one.first.get(person, "") != told
        ]
        made.add_row(person, status, told or "-", "; ".join(other) or "yes")
    return made


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except RunError as error:
        raise SystemExit(f"evaluate-callers: {error}") from None

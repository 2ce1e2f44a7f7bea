"""A cohort for the workflow alone: a sheet of any size, and tools that only make their outputs.

The tools know what to make from the rules themselves: a verb is told its log,
``logs/<room>/<verb>[/<whom>].log``, which names the rule and its wildcard. What admission and the
identity gate decide is written beforehand, since the rest of the graph rests on it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soyang.admission.tables import ADMITTED, UNITS
from soyang.identity.tables import VERDICTS

ROOT = Path(__file__).resolve().parents[2]
BEFORE = 1_600_000_000
"""Time of the inputs' last change, before anything that is made of them."""
TOOLS = ("soyang", "multiqc")
SETTINGS = {
    "sheet": "samples.tsv",
    "reference": {"fasta": "data/genome.fa", "transcripts": "data/transcripts.gff3"},
    "reports": {"date": "2026-01-15"},
}


@dataclass(frozen=True)
class Rule:
    """A rule as the workflow declares it.

    Attributes:
        name: its name.
        place: its log without suffix and wildcard, e.g. ``reads/align``.
        wildcard: ``sample``, ``person`` or ``unit``; ``""`` for a step of the whole cohort.
        outputs: files and folders that it makes, with ``{wildcard}``; folders end with ``/``.
    """

    name: str
    place: str
    wildcard: str
    outputs: tuple[str, ...]


def rules() -> list[Rule]:
    """Every rule that makes something, as Snakemake reads them."""
    program = ROOT / "scripts" / "bench" / "overhead_rules.py"
    words = [sys.executable, str(program), str(ROOT / "Snakefile")]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
    return [Rule(**{**rule, "outputs": tuple(rule["outputs"])}) for rule in json.loads(done.stdout)]


def make(folder: Path, samples: int, found: Sequence[Rule]) -> None:
    """Write a cohort's inputs, what the checkpoints will say, and the tools.

    Args:
        folder: the working folder, new.
        samples: persons, of one sample and one lane each.
        found: the rules that the tools stand for.
    """
    sheet = [_row(number) for number in range(samples)]
    data = folder / "data"
    data.mkdir(parents=True)
    (folder / "config.yaml").write_text(json.dumps(SETTINGS), encoding="utf-8")
    _write(folder / "samples.tsv", list(sheet[0]), sheet)
    paths = [row[column] for row in sheet for column in ("path_1", "path_2")]
    for path in ["data/genome.fa", "data/transcripts.gff3", *paths]:
        (folder / path).touch()
        os.utime(folder / path, (BEFORE, BEFORE))
    for name in ("config.yaml", "samples.tsv"):
        os.utime(folder / name, (BEFORE, BEFORE))
    _decisions(folder / "given", sheet)
    _tools(folder, found)


def _row(number: int) -> dict[str, str]:
    sample, person = f"S{number:05d}", f"P{number:05d}"
    values = {"row": str(number + 2), "unit": f"{sample}.L1", "person": person, "sample": sample}
    values |= {"hospital": "A", "lane": "L1", "entry": "fastq", "sex": "female", "assay": "wgs"}
    values |= {"path_1": f"data/{sample}_1.fastq.gz", "path_2": f"data/{sample}_2.fastq.gz"}
    values |= {"affected": "unknown", "consent": "clinical_care;research", "status": "admitted"}
    return values | {"verdict": "pass"}


def _decisions(folder: Path, sheet: Sequence[Mapping[str, str]]) -> None:
    folder.mkdir()
    for name, table in (("units", UNITS), ("admitted", ADMITTED), ("verdicts", VERDICTS)):
        rows = [{column: row.get(column, "") for column in table.names} for row in sheet]
        _write(folder / f"{name}.tsv", table.names, rows)


def _write(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, columns, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _tools(folder: Path, found: Sequence[Rule]) -> None:
    """Put the tools on a path of their own: ``bin``."""
    table = {rule.place: [rule.wildcard, list(rule.outputs)] for rule in found}
    (folder / "given" / "rules.json").write_text(json.dumps(table), encoding="utf-8")
    program = (ROOT / "scripts" / "bench" / "overhead_tool.py").read_text(encoding="utf-8")
    (folder / "bin").mkdir()
    for name in TOOLS:
        tool = folder / "bin" / name
        tool.write_text(f"#!{sys.executable} -IS\n{program}", encoding="utf-8")
        tool.chmod(0o755)


def finish(folder: Path, found: Sequence[Rule], *, but: Sequence[str] = ()) -> None:
    """Make every result of a finished run, as if all were made at one time.

    Args:
        folder: the working folder.
        found: the rules.
        but: names of the rules whose results are not there.
    """
    with (folder / "given" / "units.tsv").open(newline="", encoding="utf-8") as handle:
        units = list(csv.DictReader(handle, delimiter="\t"))
    now = time.time()  # the project's own files, which rules take in too, are not newer
    for rule in found:
        if rule.name not in but:
            for path in _results(rule, units):
                _place(folder, path, now)


def _results(rule: Rule, units: Sequence[Mapping[str, str]]) -> Iterator[str]:
    whom = [unit[rule.wildcard] for unit in units] if rule.wildcard else [""]
    for name in whom:
        for output in rule.outputs:
            yield output.replace(f"{{{rule.wildcard}}}", name)


def _place(folder: Path, path: str, made: float) -> None:
    place = folder / path
    given = folder / "given" / place.name
    if path.endswith("/"):
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(given.read_bytes() if given.exists() else b"")
    os.utime(place, (made, made))

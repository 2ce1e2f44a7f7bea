"""Who takes part: read from the tables that admission, the gate and governance hand on."""

import csv
import json
import shlex
from functools import lru_cache

from soyang import __version__ as SOYANG

SETTINGS = [
    f"{workflow.basedir}/config/config.yaml",
    *map(str, workflow.overwrite_configfiles),
]
TOOLS = f"{workflow.basedir}/workflow/envs/tools.yaml"
SCHEMAS = f"{workflow.basedir}/workflow/schemas"
DROPPED = "results/governance/dropped.tsv"
BEFORE_GATE = ("reads", "calling", "identity")
AFTER_GATE = ("interpretation", "reports")
REFERENCE = "results/reads/reference/genome.fa"
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


wildcard_constraints:
    sample=NAME,
    person=NAME,
    unit=NAME,


def rows(path):
    """Rows of a tab-separated table with a header; read once as long as it stays as it is."""
    return _rows(str(path), Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _rows(path, changed):
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def dropped(*rooms):
    """Samples and persons whose own step in these rooms failed in this run."""
    found = rows(DROPPED) if Path(DROPPED).exists() else []
    return {r["subject"] for r in found if r["room"] in rooms}


def units(sample=None):
    """Rows of admission's units, of one sample or of all."""
    found = rows(checkpoints.check.get().output.units)
    return [r for r in found if sample in (None, r["sample"])]


def entry(sample):
    """Kind of file with which a sample enters."""
    return units(sample)[0]["entry"]


def samples(*entries):
    """Admitted samples still in the run, those of some kinds of entry or all."""
    fallen = dropped(*BEFORE_GATE)
    return [
        r["sample"]
        for r in rows(checkpoints.admit.get().output.admitted)
        if r["status"] == "admitted"
        and r["sample"] not in fallen
        and (not entries or r["entry"] in entries)
    ]


def with_reads():
    """Admitted samples that have reads."""
    return samples("fastq", "bam", "cram")


def passed():
    """Samples that passed the gate."""
    found = rows(checkpoints.judge.get().output.verdicts) if samples() else []
    return [r["sample"] for r in found if r["verdict"] == "pass"]


def persons_to_report():
    """Persons who passed the gate and whose own later steps did not fail."""
    found = rows(checkpoints.judge.get().output.verdicts) if samples() else []
    fallen = dropped(*AFTER_GATE)
    return [
        r["person"]
        for r in found
        if r["verdict"] == "pass" and r["person"] not in fallen
    ]


def optional(name):
    """An option with the input of that name, or nothing where there is none."""

    def flag(wildcards, input):
        path = input.get(name)
        return f"--{name.replace('_', '-')} {shlex.quote(str(path))}" if path else ""

    return flag


def options(section, *names):
    """Settings of a section as options; a sequence becomes a repeated option."""
    words = []
    for name in names:
        value = config[section][name]
        for item in value if isinstance(value, (list, tuple)) else [value]:
            words.append(f"--{name.replace('_', '-')} {shlex.quote(str(item))}")
    return " ".join(words)


def named_inputs(wildcards, input):
    """Every named input that there is, as an option of its name."""
    return " ".join(
        f"--{name.replace('_', '-')} {shlex.quote(path)}"
        for name, value in input.items()
        for path in _listed(value)
    )


def json_of(section):
    """A section of the settings as one JSON text."""
    return json.dumps(config.get(section) or {}, sort_keys=True)


def repeated(option, name):
    """An option repeated for each input of that name."""
    return lambda wildcards, input: " ".join(
        f"--{option} {shlex.quote(str(path))}" for path in _listed(input.get(name))
    )


def _listed(value):
    return [] if value is None else [value] if isinstance(value, str) else list(value)

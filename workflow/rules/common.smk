"""Who takes part: read from the tables that admission, the gate and governance hand on."""

import csv
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


def rows_of(path, column, value):
    """Rows of a table with that value in a column, found without going through the others."""
    found = _indexed(str(path), Path(path).stat().st_mtime_ns, column)
    return found.get(value, [])


@lru_cache(maxsize=8)
def _rows(path, changed):
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@lru_cache(maxsize=16)
def _indexed(path, changed, column):
    found = {}
    for row in _rows(path, changed):
        found.setdefault(row[column], []).append(row)
    return found


MADE = {}


def made(checkpoint, name):
    """An output of a checkpoint that is done; asked once, as what is done stays done in a run."""
    key = (checkpoint, name)
    if key not in MADE:
        MADE[key] = getattr(getattr(checkpoints, checkpoint).get().output, name)
    return MADE[key]


def dropped(*rooms):
    """Samples and persons whose own step in these rooms failed in this run."""
    found = rows(DROPPED) if Path(DROPPED).exists() else []
    return {r["subject"] for r in found if r["room"] in rooms}


def units(sample=None):
    """Rows of admission's units, of one sample or of all."""
    path = made("check", "units")
    return rows(path) if sample is None else rows_of(path, "sample", sample)


def entry(sample):
    """Kind of file with which a sample enters."""
    return units(sample)[0]["entry"]


def samples(*entries):
    """Admitted samples still in the run, those of some kinds of entry or all."""
    fallen = dropped(*BEFORE_GATE)
    return [
        r["sample"]
        for r in rows(made("admit", "admitted"))
        if r["status"] == "admitted"
        and r["sample"] not in fallen
        and (not entries or r["entry"] in entries)
    ]


def with_reads():
    """Admitted samples that have reads."""
    return samples("fastq", "ubam", "bam", "cram")


def passed():
    """Samples that passed the gate."""
    found = rows(made("judge", "verdicts")) if samples() else []
    return [r["sample"] for r in found if r["verdict"] == "pass"]


def persons_to_report():
    """Persons who passed the gate and whose own later steps did not fail."""
    found = rows(made("judge", "verdicts")) if samples() else []
    fallen = dropped(*AFTER_GATE)
    return [
        r["person"]
        for r in found
        if r["verdict"] == "pass" and r["person"] not in fallen
    ]

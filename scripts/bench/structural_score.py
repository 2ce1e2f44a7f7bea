"""Scoring structural calls with truvari: counts by kind and size class, and what follows of them.

Insertions are scored on their own, by place alone (100 bp): short reads seldom tell an insertion's
length, and the call set then gives none, which truvari would take for no event. All else is scored
at truvari's defaults (English et al. 2022): 500 bp, size similarity 0.7. Bases are not compared,
since three of the kinds are written without. Only calls with FILTER PASS count.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pysam

from bench.accuracy_figures import Share

KINDS = {
    "DEL": "deletion",
    "DUP": "duplication",
    "INS": "insertion",
    "INV": "inversion",
    "BND": "breakend",
}
CLASSES = ((50, 100), (100, 300), (300, 1_000), (1_000, 5_000), (5_000, 1_000_000))
"""Size classes: bases from, to (exclusive)."""
ALL = "all"
_PLACE = ["--pctsize", "0", "--refdist", "100"]
_SMALLEST = 50
"""Bases from which on an event is structural (Mahmoud 2019); shorter calls are left out."""


@dataclass(kw_only=True)
class Counts:
    """What was found of what is there.

    Attributes:
        found: events of the truth that are in the calls.
        missed: that are not.
        right: calls that are in the truth.
        wrong: that are not.
        genotyped: found events whose genotype is the truth's.
    """

    found: int = 0
    missed: int = 0
    right: int = 0
    wrong: int = 0
    genotyped: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another genome."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def recall(self) -> Share:
        """Share of the truth that was found."""
        return Share(part=self.found, whole=self.found + self.missed)

    @property
    def precision(self) -> Share:
        """Share of the calls that are true."""
        return Share(part=self.right, whole=self.right + self.wrong)

    @property
    def concordance(self) -> Share:
        """Share of found events with the right genotype."""
        return Share(part=self.genotyped, whole=self.found)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was found."""
        precision, recall = self.precision.value or 0.0, self.recall.value or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


Key = tuple[str, str]
"""Kind and size class; class ``all`` of a kind."""


@dataclass(kw_only=True)
class Scores:
    """Counts of each kind and size class, and of everything."""

    counts: dict[Key, Counts] = field(default_factory=dict)

    def of(self, key: Key) -> Counts:
        """Counts of a kind and class."""
        return self.counts.setdefault(key, Counts())

    def add(self, other: Scores) -> None:
        """Add another genome's."""
        for key, counts in other.counts.items():
            self.of(key).add(counts)

    def count(self, record: pysam.VariantRecord, name: str) -> None:
        """Count a record in its class, in its kind, and in everything."""
        kind, size = class_of(record)
        for key in ((kind, size), (kind, ALL), (ALL, ALL)):
            counts = self.of(key)
            setattr(counts, name, getattr(counts, name) + 1)


def class_of(record: pysam.VariantRecord) -> Key:
    """Kind and size class of a record."""
    kind = KINDS[str(record.info["SVTYPE"])]
    if kind == "breakend":
        return kind, ALL
    length = size_of(record)
    named = [f"{low:,}-{high:,}" for low, high in CLASSES if low <= length < high]
    return kind, named[0] if named else ALL


def size_of(record: pysam.VariantRecord) -> int:
    """Bases of an event by its SVLEN; 0 without."""
    found = record.info.get("SVLEN", 0)
    return abs(int(found[0] if isinstance(found, tuple) else found))


def score(truth: Path, calls: Path, fasta: Path, folder: Path) -> Scores:
    """Score one call set.

    Args:
        truth: the truth, bgzipped and indexed.
        calls: the calls.
        fasta: their reference.
        folder: scratch folder.
    """
    scores = Scores()
    for part, extra in (("insertion", _PLACE), ("others", [])):
        own = folder / part
        own.mkdir(parents=True)
        pair = [own / "truth.vcf", own / "calls.vcf"]
        for source, place in zip((truth, calls), pair, strict=True):
            _write_part(source, place, insertions=part == "insertion")
        packed = [packed_vcf(place) for place in pair]
        _truvari(packed[0], packed[1], fasta, own / "result", extra)
        _count(own / "result", scores)
    return scores


def _write_part(source: Path, place: Path, *, insertions: bool) -> None:
    """Insertions or all else, those that pass; an insertion of unknown length gets any."""
    with pysam.VariantFile(str(source)) as records, place.open("w") as out:
        out.write(str(records.header))
        for record in records:
            if set(record.filter) - {"PASS"}:
                continue
            kind = str(record.info["SVTYPE"])
            if (kind == "INS") is not insertions:
                continue
            line = str(record)
            if kind == "INS" and not size_of(record):
                line = line.replace("SVTYPE=INS", f"SVTYPE=INS;SVLEN={_SMALLEST}")
            if kind in {"BND", "INS"} or size_of(record) >= _SMALLEST:
                out.write(line)


def packed_vcf(place: Path) -> Path:
    """A VCF bgzipped and indexed."""
    packed = place.with_name(f"{place.name}.gz")
    pysam.tabix_compress(str(place), str(packed), force=True)
    pysam.tabix_index(str(packed), preset="vcf", force=True)
    return packed


def _truvari(truth: Path, calls: Path, fasta: Path, result: Path, extra: Iterable[str]) -> None:
    words = ["truvari", "bench", "-b", truth, "-c", calls, "-f", fasta, "-o", result]
    limits = ["--pctseq", "0", "--sizemax", "-1", "--sizemin", _SMALLEST, "--sizefilt", "30"]
    command = list(map(str, [*words, *limits, *extra]))
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"bench-structural: truvari failed: {ran.stderr[-800:]}")


def _count(result: Path, scores: Scores) -> None:
    for file, name in (
        ("tp-base", "found"),
        ("fn", "missed"),
        ("tp-comp", "right"),
        ("fp", "wrong"),
    ):
        with pysam.VariantFile(str(result / f"{file}.vcf.gz")) as records:
            for record in records:
                scores.count(record, name)
                if name == "found" and _genotype_is_right(record):
                    scores.count(record, "genotyped")


def _genotype_is_right(record: pysam.VariantRecord) -> bool:
    """Whether truvari's GTMatch says so: it is the difference in allele count."""
    found = record.info.get("GTMatch")
    return bool((found[0] if isinstance(found, tuple) else found) == 0)


def keys(scores: Mapping[str, Scores]) -> Iterator[Key]:
    """Kinds and classes that any of some call sets has, in order."""
    sizes = [f"{low:,}-{high:,}" for low, high in CLASSES]
    present = {key for found in scores.values() for key in found.counts}
    for kind in (ALL, *KINDS.values()):
        for size in (ALL, *sizes):
            if (kind, size) in present:
                yield kind, size

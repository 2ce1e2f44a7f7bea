"""Structural variants on simulated truth: each caller alone, and the merged call set.

A made-up reference, a person's two haplotypes with planted events, reads of them by wgsim, aligned
and called by our own verbs. A caller alone goes through the same verb as the merged set, so that
what is compared is the rule of merging and not how files are read. Goal: the merged set's F1 is at
least the best single caller's.

The rule was made on seeds 1 to 13; the figures are of others.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from bench.accuracy_figures import Share
from bench.structural_data import (
    haplotypes,
    make_reference,
    plant,
    simulate_reads,
    truth_lines,
    write_fasta,
)
from bench.structural_score import ALL, Key, Scores, keys, packed_vcf, score
from bench.table import Benchmark, Comparison

ROOT = Path(__file__).resolve().parents[2]
GENES = ROOT / "resources" / "demo" / "genes.fa.gz"
FOLDER = ROOT / "bench"

GOAL = 1.0
SAMPLE = "S1"
CALLERS = ("delly", "dysgu", "tiddit")
MERGED = "merged"
WAYS = {**{caller: (caller,) for caller in CALLERS}, MERGED: CALLERS}
SEEDS = (101, 102, 103, 104)
DEPTHS = (15, 30, 45)
LENGTHS = {"chr20": 2_000_000, "chr21": 1_000_000}
THREADS = 2
RECALL, GENOTYPE = "recall", "genotype"
MEASURES = {RECALL: "recall", "precision": "precision", GENOTYPE: "concordance"}
"""What is shown, and the name of its share."""
RULE = ("--max-distance", "500", "--min-similarity", "0.7", "--gap-distance", "250")
"""The defaults of the settings."""


def main() -> int:
    """Run the benchmark; 1 if the merged call set is not the best."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="genomes")
    parser.add_argument("--depths", type=int, nargs="+", default=DEPTHS, help="depths of each")
    parser.add_argument("--copies", type=int, default=2, help="events of each kind and size")
    options = parser.parse_args()
    benchmark = Benchmark(name="structural", facts=facts(options))
    times = dict.fromkeys(WAYS, 0.0)
    for depth in options.depths:
        scores = {way: Scores() for way in WAYS}
        for seed in options.seeds:
            for way, (found, taken) in measure(seed, depth, options.copies).items():
                scores[way].add(found)
                times[way] += taken
        show(depth, scores)
        benchmark.lines += comparisons(depth, scores)
    benchmark.lines += [Comparison(name=f"{way}: wall time", ours=times[way]) for way in WAYS]
    return benchmark.finish(FOLDER)


def facts(options: argparse.Namespace) -> dict[str, str]:
    """What the figures were measured with."""
    said = {
        "truvari": ["truvari", "version"],
        "dysgu": ["dysgu", "--version"],
        "delly": ["delly", "--version"],
        "tiddit": ["tiddit", "--help"],
    }
    versions = []
    for command in said.values():
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        versions.append(" ".join((ran.stdout + ran.stderr).split()[:3]))
    genome = sum(LENGTHS.values()) // 1_000_000
    return {
        "data": f"{len(options.seeds)} genomes of {genome} Mb, seeds {options.seeds}",
        "threads": f"{THREADS} of {os.cpu_count()} processors",
        "versions": ", ".join(versions),
        "wall time": "seconds of the verb, over all genomes and depths",
    }


# ------------------------------------------------------------------------------- measuring


def measure(seed: int, depth: int, copies: int) -> dict[str, tuple[Scores, float]]:
    """Scores and wall time of each way on one genome."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=FOLDER) as scratch:
        folder = Path(scratch)
        truth, cram, genome = make_person(folder, seed, depth, copies)
        made = {}
        for way, callers in WAYS.items():
            start = time.perf_counter()
            calls = call(cram, genome, callers, folder / way)
            taken = time.perf_counter() - start
            made[way] = score(truth, calls, genome, folder / f"{way}.scored"), taken
        return made


def make_person(folder: Path, seed: int, depth: int, copies: int) -> tuple[Path, Path, Path]:
    """Truth, CRAM and prepared reference of a simulated person."""
    generator = random.Random(seed)
    reference = make_reference(LENGTHS, generator, gene_pieces())
    events = plant(reference, copies, generator)
    made = haplotypes(reference, events, generator)
    fasta, truth = folder / "reference.fa", folder / "truth.vcf"
    write_fasta(fasta, reference)
    truth.write_text("\n".join(truth_lines(events, reference, SAMPLE)) + "\n")
    mates = simulate_reads(folder, made, depth, seed)
    genome = folder / "reference" / "genome.fa"
    verb("reads", "reference", "--fasta", fasta, "--assembly", "GRCh38", "--output", genome.parent)
    return packed_vcf(truth), align(folder, mates, genome), genome


def gene_pieces() -> list[str]:
    """Bases of the demo's genes, without N."""
    with gzip.open(GENES, "rt") as lines:
        records = lines.read().split(">")[1:]
    return ["".join(record.splitlines()[1:]).upper().replace("N", "") for record in records]


def align(folder: Path, mates: Sequence[Path], genome: Path) -> Path:
    """The person's CRAM, made by our own verb."""
    units, cram = folder / "units.tsv", folder / f"{SAMPLE}.cram"
    columns = ["unit", "sample", "entry", "path_1", "path_2", "umi"]
    row = [f"{SAMPLE}.L1", SAMPLE, "fastq", *map(str, mates), ""]
    units.write_text("\t".join(columns) + "\n" + "\t".join(row) + "\n")
    verb(
        *["reads", "align", "--sample", SAMPLE, "--units", units, "--reference", genome],
        *["--index", genome.parent / "index"],
        *["--threads", THREADS, "--cram", cram, "--fastp", folder / "fastp"],
    )
    return cram


def call(cram: Path, genome: Path, callers: Sequence[str], folder: Path) -> Path:
    """A call set of some callers, made by our own verb."""
    vcf = folder / f"{SAMPLE}.structural.vcf.gz"
    verb(
        *["calling", "structural", "--sample", SAMPLE, "--cram", cram, "--reference", genome],
        *["--assembly", "GRCh38", "--threads", THREADS, *RULE],
        *[word for caller in callers for word in ("--caller", caller)],
        *["--vcf", vcf, "--events", folder / f"{SAMPLE}.structural.tsv"],
    )
    return vcf


def verb(*words: object) -> None:
    """Run one of our verbs; what it says is shown if it fails."""
    command = [str(Path(sys.executable).with_name("soyang")), *map(str, words)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"bench-structural: {' '.join(command[1:3])} failed: {ran.stderr[-2000:]}")


# --------------------------------------------------------------------------------- showing


def comparisons(depth: int, scores: dict[str, Scores]) -> Iterator[Comparison]:
    """What the F1 of the merged call set lacks, against the single caller that lacks least."""
    for key in (key for key in keys(scores) if key[1] == ALL):
        lacking = {way: 100 * (1 - scores[way].of(key).f1) for way in WAYS}
        peer = min(CALLERS, key=lambda caller: (lacking[caller], caller))
        yield Comparison(
            name=f"{depth}x, {key[0]}: F1 lacking, against {peer}",
            ours=lacking[MERGED],
            peer=lacking[peer],
            unit="%",
            goal=GOAL if key == (ALL, ALL) else None,
        )


def show(depth: int, scores: dict[str, Scores]) -> None:
    """Print recall, precision and genotype concordance of all, with 95 % intervals (Wilson).

    Precision by kind alone: a wrong call of an insertion has no length to have a class by.
    """
    table = Table("kind", "size", "events", "share", *WAYS, title=f"{depth}x", title_justify="left")
    for key in keys(scores):
        for name in MEASURES if key[1] == ALL else (RECALL, GENOTYPE):
            shares = [_share(getattr(scores[way].of(key), MEASURES[name])) for way in WAYS]
            first = (*key, str(_events(scores, key))) if name == RECALL else ("", "", "")
            table.add_row(*first, name, *shares, end_section=name == GENOTYPE)
    Console(width=140).print(table)


def _events(scores: dict[str, Scores], key: Key) -> int:
    counts = scores[MERGED].of(key)
    return counts.found + counts.missed


def _share(share: Share) -> str:
    if share.value is None:
        return "-"
    low, high = share.interval
    return f"{share.value:.2f} ({low:.2f}-{high:.2f})"


if __name__ == "__main__":
    raise SystemExit(main())

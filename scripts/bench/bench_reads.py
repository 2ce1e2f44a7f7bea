"""FASTQ to called VCF: our verbs against the usual chain, and against GATK's workflow.

The usual chain runs one step after another with files, by the same tools and thresholds, except
that it aligns with bwa mem. GATK's steps are those of snakemake-workflows'
dna-seq-gatk-variant-calling (see :mod:`bench.reads_gatk`); ours then calls with HaplotypeCaller
too. All end with the statistics of reads; ours writes a gVCF on the way and normalises, which for
the peers is done after their time was taken. The usual chain's intermediate files are written as
plainly as its tools can (trimmed FASTQ and SAM uncompressed), so that it does not lose time by
compression.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.accuracy_callers import absent, version
from bench.accuracy_compare import Outcome, compare, read_sequences, read_variants
from bench.accuracy_simulate import READ_LENGTH
from bench.reads_chain import Chain, FailedError
from bench.reads_data import (
    BRCA1_NAME,
    FOLDER,
    PAIRS,
    REFERENCE_LENGTH,
    SEED,
    Data,
    brca1,
    simulated,
)
from bench.reads_gatk import GatkWorkflow, trimmer
from bench.reads_measure import Cost, cost_of, middle
from bench.reads_peer import Peer
from bench.table import Benchmark, Comparison, Line, in_turn

GOAL = 0.7
"""Of either's wall time."""
DISK = 0.3
"""Of either's peak disk."""
DIFFERENT = 0.02
"""Share of variants of which the ways may say something else: alignment, trimming and
recalibration are not the same, and a few calls lie at a threshold."""
THREADS = 2


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a comparison misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="simulated read pairs")
    parser.add_argument("--length", type=int, default=REFERENCE_LENGTH, help="bases of reference")
    parser.add_argument("--repeats", type=int, default=1, help="repeats over simulated reads")
    parser.add_argument("--small-repeats", type=int, default=7, help="repeats over BRCA1 reads")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results are written")
    options = parser.parse_args(words)
    options.folder.mkdir(parents=True, exist_ok=True)
    data = simulated(options.pairs, options.length, options.repeats, options.folder)
    benchmark = Benchmark(name="reads", facts=facts(options.pairs, options.length))
    add(benchmark, usual(data, options.folder))
    add(benchmark, recalibrated(data, options.folder))
    real = brca1(options.small_repeats)
    if not options.small_repeats:
        real = "left out"
    if isinstance(real, Data):
        add(benchmark, usual(real, options.folder))
    else:
        benchmark.lines.append(Comparison(name=BRCA1_NAME, goal=GOAL, skipped=real))
    benchmark.lines.append(Comparison(name="Snakemake's own start-up", ours=snakemake_start()))
    return benchmark.finish(options.folder)


def add(benchmark: Benchmark, lines: Iterator[Line]) -> None:
    """Take up lines, and tell each as it comes: a run takes long."""
    for line in lines:
        benchmark.lines.append(line)
        if isinstance(line, Comparison):
            print(f"  {line.name}: {line.ours} {line.peer} {line.skipped}", flush=True)


def facts(pairs: int, length: int) -> dict[str, str]:
    """What the figures were measured with."""
    reads = f"{pairs:,} pairs of 2 x {READ_LENGTH}, art_illumina, seed {SEED}"
    return {
        "data": f"{reads}, over {length:,} bases; BRCA1: 9,862 pairs of NA12878",
        "threads": f"{THREADS} of {os.cpu_count()} processors",
        "versions": ", ".join([*tools(), *([] if absent("gatk") else [version("gatk")])]),
        "usual chain": "fastp, bwa mem, samtools fixmate, sort, markdup, index, stats, mosdepth, "
        "bcftools mpileup | call",
        "GATK's steps": f"{trimmer()}, bwa mem | samtools sort, MarkDuplicates, BaseRecalibrator, "
        "ApplyBQSR, HaplotypeCaller by contig, CombineGVCFs, GenotypeGVCFs, MergeVcfs, "
        "SelectVariants and VariantFiltration by type, MergeVcfs, samtools stats",
        "wall time": "seconds, median of repeats taken in turn; making an index is not in it",
        "disk": "most at once of all files but reads, reference and index, as seen twice a second",
    }


def tools() -> Iterator[str]:
    """Name and version of each tool."""
    for words in (["samtools", "--version"], ["bcftools", "--version"], ["fastp", "-v"], ["bwa"]):
        # bwa tells its version in its help; samtools' text is not UTF-8.
        said = subprocess.run(words, capture_output=True, check=False)
        lines = (said.stdout + said.stderr).decode(errors="replace").splitlines()
        named = [line for line in lines if line.startswith((words[0], "Version"))]
        yield named[0].replace("Version:", words[0])


# ----------------------------------------------------------------------------------- ways


class Ours:
    """Our verbs, as processes, with one caller."""

    def __init__(self, data: Data, folder: Path, caller: str) -> None:
        folder.mkdir(parents=True)
        self.data, self.folder, self.caller = data, folder / "work", caller
        self.folder.mkdir()
        self.chain = Chain(reference=folder / "reference", folder=self.folder, threads=THREADS)

    def index(self) -> None:
        """Prepare the reference."""
        self.chain.prepare(self.data.fasta)

    def call(self) -> None:
        """From FASTQ to a normalised VCF."""
        self.chain.align(self.data.mate_1, self.data.mate_2)
        self.chain.measure()
        self.chain.call(self.caller)

    @property
    def vcf(self) -> Path:
        """What was called."""
        return self.chain.vcf(self.caller)


def usual(data: Data, where: Path) -> Iterator[Line]:
    """Ours and the usual chain, both with bcftools."""
    with TemporaryDirectory(dir=where) as scratch:
        ours = Ours(data, Path(scratch) / "ours", "bcftools")
        peer = Peer(data.fasta, Path(scratch) / "peer", THREADS)
        index = in_turn(1, [ours.index]) + in_turn(1, [peer.index])
        costs: tuple[list[Cost], list[Cost]] = ([], [])
        for _ in range(data.repeats):
            costs[0].append(cost_of(ours.call, ours.folder))
            costs[1].append(cost_of(lambda: peer.call(data.mate_1, data.mate_2), peer.folder))
        name = f"{data.name}: usual chain"
        yield from against(name, middle(costs[0]), middle(costs[1]), GOAL)
        yield different(name, data.fasta, ours.vcf, peer.vcf)
    yield Comparison(name=f"{data.name}: index (once)", ours=index[0], peer=index[1])


def recalibrated(data: Data, where: Path) -> Iterator[Line]:
    """Ours and GATK's steps, both with HaplotypeCaller."""
    name = f"{data.name}: GATK's steps"
    if why := absent("gatk"):
        yield Comparison(name=name, goal=GOAL, skipped=why)
        return
    with TemporaryDirectory(dir=where) as scratch:
        ours = Ours(data, Path(scratch) / "ours", "gatk")
        ours.index()
        resources, work = Path(scratch) / "resources", Path(scratch) / "peer"
        peer = GatkWorkflow(resources=resources, folder=work, threads=THREADS)
        known_bases = ours.chain.reference / "genome.fa.known.bed"
        peer.prepare(data.fasta, data.known, known_bases.read_text())
        mine = cost_of(ours.call, ours.folder)
        theirs = cost_of(lambda: peer.call(data.mate_1, data.mate_2), work)
        yield from against(name, mine, theirs, GOAL)
        yield different(name, data.fasta, ours.vcf, peer.vcf)


def against(name: str, mine: Cost, theirs: Cost, goal: float) -> Iterator[Comparison]:
    """Wall time, processor time, disk and files."""
    megabytes = [[cost / 1e6 for cost in (of.disk, of.left)] for of in (mine, theirs)]
    yield Comparison(name=f"{name}: wall time", ours=mine.wall, peer=theirs.wall, goal=goal)
    yield Comparison(name=f"{name}: CPU", ours=mine.cpu, peer=theirs.cpu)
    for number, what, most in ((0, "peak disk", DISK), (1, "disk in the end", None)):
        yield Comparison(
            name=f"{name}: {what}",
            ours=megabytes[0][number],
            peer=megabytes[1][number],
            unit="MB",
            goal=most,
        )
    yield Comparison(name=f"{name}: files in the end", ours=mine.files, peer=theirs.files, unit="")


def different(name: str, fasta: Path, ours: Path, peer: Path) -> Comparison:
    """Variants that only one way has, or with another genotype, in percent of all of both."""
    sequences = read_sequences(fasta)
    sides = [read_variants(vcf, sequences) for vcf in (ours, peer)]
    found = compare(sides[0], sides[1], sequences)
    alike = sum(outcome is Outcome.GENOTYPE for _, outcome in found.truth)
    own, other = (
        sum(outcome is not Outcome.GENOTYPE for _, outcome in side)
        for side in (found.truth, found.calls)
    )
    whole = alike + own + other
    counts = f"{alike:,} alike, {own:,} only ours, {other:,} only theirs"
    return Comparison(
        name=f"{name}: other calls ({counts}); allowed",
        ours=100 * (own + other) / whole if whole else 100.0,
        peer=100 * DIFFERENT,
        unit="%",
        goal=1.0,
    )


def snakemake_start() -> float:
    """Wall time of Snakemake on a workflow with nothing to do, in seconds."""
    with TemporaryDirectory() as scratch:
        (Path(scratch) / "Snakefile").write_text("rule all:\n    input: []\n")
        words = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all"]
        start = time.perf_counter()
        subprocess.run(words, cwd=scratch, capture_output=True, check=True)
        return time.perf_counter() - start


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except FailedError as error:
        raise SystemExit(f"bench-reads: {error}") from None

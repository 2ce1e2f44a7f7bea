"""How accurate our calls are: each caller, on people of known genotypes and on real reads.

People are simulated on real sequence at several depths and error rates; their reads go through our
verbs as in a run, and the calls are compared with the truth by haplotypes. The default caller has
to be about as good as the best one. What the simulation leaves out is told in
:mod:`bench.accuracy_simulate`; the real reads of NA12878 over BRCA1 are the second support.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.accuracy_callers import CALLERS, default_caller, split, version
from bench.accuracy_compare import Variant, compare, read_sequences, read_variants
from bench.accuracy_figures import INDEL, SNV, Tally, added, tallies
from bench.accuracy_real import Judged, judged, known_alleles
from bench.accuracy_simulate import fasta_lines, gene_sequences, plant, simulate_reads
from bench.accuracy_tables import DEPTHS_JUDGED, Cell, callers_of, markdown, pooled, reason
from bench.reads_chain import Chain, FailedError
from bench.reads_data import FOLDER, GENES, brca1
from bench.table import Benchmark, Comparison

DEPTHS = (10.0, 20.0, 30.0, 60.0)
ERRORS = (0.001, 0.005)
PEOPLE = 2
"""Simulated people of each depth and error rate."""
THREADS = 2

LESS = 0.005
"""By how much F1 of the default caller may be below that of the best other one."""
MISSED = 0.01
"""Share of SNVs that the default caller may miss at :data:`USUAL` depth."""
USUAL = 30.0

BRCA1_FIRST = 43_044_045
"""0-based position on chr17 (GRCh38) of the first base of the BRCA1 slice."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is measured.

    Attributes:
        depths: mean depths.
        errors: mean errors of a base.
        people: of each depth and error rate.
        bases: of each gene, at most; 0 for all.
        callers: those that are there.
    """

    depths: Sequence[float]
    errors: Sequence[float]
    people: int
    bases: int
    callers: Sequence[str]


@dataclass(kw_only=True)
class Measured:
    """What came out.

    Attributes:
        cells: counts of each caller, depth and error rate.
        real: figures of each caller on the real reads; empty without them.
        seconds: wall time of each caller over all simulated people.
    """

    cells: dict[Cell, dict[str, Tally]] = field(default_factory=dict)
    real: dict[str, Judged] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a comparison misses its goal, 2 without anything to show."""
    options = _options(words)
    if options.readme:
        return _show(options.folder / "accuracy.md")
    there, absent = split(options.callers)
    plan = Plan(
        depths=options.depths,
        errors=options.errors,
        people=options.scale,
        bases=options.bases,
        callers=there,
    )
    options.folder.mkdir(parents=True, exist_ok=True)
    measured = Measured()
    with TemporaryDirectory(dir=options.folder) as scratch:
        simulated(plan, Path(scratch) / "simulated", measured)
        told = "left out" if options.no_real else real(plan, Path(scratch) / "real", measured)
    benchmark = Benchmark(name="accuracy", facts=facts(plan, measured, told))
    benchmark.lines += lines(measured, default_caller(), absent)
    write(measured, options.folder)
    print(markdown(measured.cells, measured.real))
    return benchmark.finish(options.folder)


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=PEOPLE, help="people per depth and error")
    parser.add_argument("--depths", type=float, nargs="+", default=DEPTHS, help="mean depths")
    parser.add_argument("--errors", type=float, nargs="+", default=ERRORS, help="errors of a base")
    parser.add_argument("--bases", type=int, default=0, help="bases of each gene; 0: all")
    parser.add_argument(
        "--callers", nargs="+", choices=CALLERS, default=CALLERS, help="callers to compare"
    )
    parser.add_argument("--no-real", action="store_true", help="leave the real reads out")
    parser.add_argument("--readme", action="store_true", help="print the last run's tables")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results are written")
    return parser.parse_args(words)


def _show(tables: Path) -> int:
    if not tables.is_file():
        print(f"no {tables}: run the benchmark first")
        return 2
    print(tables.read_text(encoding="utf-8"), end="")
    return 0


# --------------------------------------------------------------------------------- measuring


def simulated(plan: Plan, folder: Path, measured: Measured) -> None:
    """Measure every caller on every simulated person; tell each as it is done."""
    sequences = gene_sequences(GENES, plan.bases)
    folder.mkdir()
    fasta = folder / "genes.fa"
    fasta.write_text("".join(fasta_lines(sequences)))
    Chain(reference=folder / "reference", folder=folder, threads=THREADS).prepare(fasta)
    for depth in plan.depths:
        for error in plan.errors:
            found: dict[str, list[dict[str, Tally]]] = {caller: [] for caller in plan.callers}
            for number in range(plan.people):
                seed = f"person {number} {depth:g} {error:g}"
                person = folder / seed.replace(" ", "_")
                for caller, table in _person(plan, sequences, depth, error, seed, person, measured):
                    found[caller].append(table)
            for caller, tables in found.items():
                cell = Cell(caller=caller, depth=depth, error=error)
                measured.cells[cell] = added(tables)
                print(f"{caller} {depth:g}x {error:g}: {_brief(measured.cells[cell])}", flush=True)


def _brief(figures: Mapping[str, Tally]) -> str:
    return ", ".join(f"F1 {name} {figures[name].f1 or 0:.4f}" for name in (SNV, INDEL))


def _person(
    plan: Plan,
    sequences: dict[str, str],
    depth: float,
    error: float,
    seed: str,
    folder: Path,
    measured: Measured,
) -> Iterator[tuple[str, dict[str, Tally]]]:
    """Counts of each caller on one person, whose files are removed in the end."""
    with TemporaryDirectory(prefix=folder.name, dir=folder.parent) as scratch:
        place = Path(scratch)
        planted = {name: plant(name, bases, seed) for name, bases in sequences.items()}
        truth = [one.variant for of in planted.values() for one in of]
        mates = simulate_reads(sequences, planted, depth, error, seed, place)
        chain = Chain(reference=folder.parent / "reference", folder=place, threads=THREADS)
        chain.align(*mates)
        for caller in plan.callers:
            start = time.perf_counter()
            chain.call(caller)
            taken = time.perf_counter() - start
            measured.seconds[caller] = measured.seconds.get(caller, 0.0) + taken
            calls = read_variants(chain.vcf(caller), sequences)
            yield caller, tallies(compare(truth, calls, sequences))


def real(plan: Plan, folder: Path, measured: Measured) -> str:
    """Judge every caller on the real reads; what they are, or why they are not there."""
    data = brca1(1)
    if isinstance(data, str):
        return data
    folder.mkdir()
    chain = Chain(reference=folder / "reference", folder=folder, threads=THREADS)
    chain.prepare(data.fasta)
    chain.align(data.mate_1, data.mate_2)
    sequences = read_sequences(data.fasta)
    (contig, bases), *_ = sequences.items()
    calls: dict[str, list[Variant]] = {}
    for caller in plan.callers:
        chain.call(caller)
        calls[caller] = read_variants(chain.vcf(caller), sequences)
    source = data.mate_1.parent
    known = [
        one
        for name in ("brca1_hg38_dbsnp138.vcf.gz", "brca1_hg38_known_indels.vcf.gz")
        for one in known_alleles(source / name, contig, BRCA1_FIRST, bases)
    ]
    measured.real.update(judged(calls, known, sequences))
    return "9,862 pairs of NA12878 over BRCA1 (GRCh38), dbSNP 138 and known indels"


# --------------------------------------------------------------------------------- telling


def lines(measured: Measured, default: str, absent: Mapping[str, str]) -> Iterator[Comparison]:
    """The goals: shares that are missing, against what may be missing, in percent."""
    cells, low, high = measured.cells, *DEPTHS_JUDGED
    if default not in callers_of(cells):
        why = absent.get(default, "not asked for")
        yield Comparison(name=f"default caller {default}", goal=1.0, skipped=why)
    others = {name: pooled(cells, name) for name in callers_of(cells) if name != default}
    for kind in (SNV, INDEL):
        name = f"{default}: F1 lacking, {kind}, {low:g}-{high:g}x; best other + {100 * LESS:g} %"
        if default in callers_of(cells) and others:
            best = max(of[kind].f1 or 0.0 for of in others.values())
            mine = pooled(cells, default)[kind].f1 or 0.0
            yield _lacking(name, 1 - mine, 1 - best + LESS)
    recall = pooled(cells, default, (USUAL, USUAL))[SNV].recall.value
    if recall is not None:
        yield _lacking(f"{default}: SNVs missed at {USUAL:g}x; allowed", 1 - recall, MISSED)
    for caller in callers_of(cells):
        yield from _informing(caller, pooled(cells, caller), measured.seconds[caller])
    for caller, why in absent.items():
        yield Comparison(name=f"{caller}", skipped=why)


def _lacking(name: str, mine: float, allowed: float) -> Comparison:
    return Comparison(name=name, ours=100 * mine, peer=100 * allowed, unit="%", goal=1.0)


def _informing(caller: str, figures: Mapping[str, Tally], seconds: float) -> Iterator[Comparison]:
    for kind in (SNV, INDEL):
        of, where = figures[kind], f"{caller}, {kind}, {DEPTHS_JUDGED[0]:g}-{DEPTHS_JUDGED[1]:g}x"
        for what, value in (
            ("F1", of.f1),
            ("recall", of.recall.value),
            ("precision", of.precision.value),
            ("genotype", of.concordance.value),
        ):
            share = None if value is None else 100 * value
            yield Comparison(name=f"{where}: {what}", ours=share, unit="%")
    yield Comparison(name=f"{caller}: calling, all simulated people", ours=seconds)


def facts(plan: Plan, measured: Measured, told: str) -> dict[str, str]:
    """What was measured, and what it supports."""
    depths = ", ".join(f"{depth:g}x" for depth in plan.depths)
    errors = ", ".join(f"{100 * error:g} %" for error in plan.errors)
    truth = sum(
        figures[SNV].truth + figures[INDEL].truth
        for cell, figures in measured.cells.items()
        if cell.caller == callers_of(measured.cells)[0]
    )
    size = f"{plan.bases:,} bases of each gene" if plan.bases else "all bases"
    return {
        "simulated": f"{plan.people} people for each of {depths} and {errors}; {size}; "
        f"{truth:,} variants in all; art_illumina",
        "real": told,
        "versions": ", ".join(version(caller) for caller in plan.callers),
        "threads": f"{THREADS} of {os.cpu_count()} processors",
        "intervals": "95 %: Wilson's of precision, recall and genotype; of F1 that of their bounds",
        "supported": reason(measured.cells, measured.real).replace("**", ""),
    }


def write(measured: Measured, folder: Path) -> None:
    """Keep the tables as Markdown, and all counts as JSON."""
    (folder / "accuracy.md").write_text(markdown(measured.cells, measured.real), encoding="utf-8")
    counts = [
        {**vars(cell), "class": name, **vars(tally)}
        for cell, figures in measured.cells.items()
        for name, tally in figures.items()
    ]
    text = json.dumps({"counts": counts}, indent=1)
    (folder / "accuracy-counts.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except FailedError as error:
        raise SystemExit(f"bench-accuracy: {error}") from None

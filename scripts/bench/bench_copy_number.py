"""Copy number and the mitochondrion on simulated truth, against CNVkit on the same depths.

Of genomes and exomes the depth of bins is simulated (reads are counted, not made), of one small
genome and of the mitochondrion the reads are. Goals: missed and false events together are not
more than CNVkit's best method's.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from bench import mitochondrial_data as mito
from bench.accuracy_figures import Share
from bench.copy_number_data import (
    Library,
    Sample,
    Truth,
    exome_bins,
    genome_bins,
    plant,
    sequence,
)
from bench.copy_number_peer import METHODS, flat_reference, pooled_reference, run_cnvkit
from bench.copy_number_reads import make_cram
from bench.copy_number_score import Call, exact, precision, recall, shown, together
from bench.table import Benchmark, Comparison, Line
from soyang.calling.copy_number import copy_number
from soyang.calling.depth.events import events_of, find_segments
from soyang.calling.depth.normalise import panel_normalised, relative, self_normalised
from soyang.calling.mitochondrial import mitochondrial
from soyang.core.files import read_rows

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "bench"
MIN_QUALITY = 30.0
BIN_LENGTH = 1_000
OURS = "ours"
WAYS = (OURS, *METHODS)

GENOME_SIZES = (1, 2, 3, 5, 10, 50, 200, 1_000)
GENOME_DEPTHS = (10.0, 20.0, 30.0)
GENOME_BINS = 150_000
EXOME_SIZES = (1, 2, 3, 5, 10, 20)
EXOME_DEPTHS = (50.0, 100.0)
EXOME_GENES = 2_000
NORMALS = 25
EVENTS = 20
DISPERSIONS = (0.005, 0.02)
"""Squared spread beyond counting: a library without PCR, and one with."""

MITO_DEPTHS = (300.0, 1_000.0, 2_000.0)
MITO_SHARES = (0.03, 0.05, 0.1, 0.2, 0.5, 1.0)
MITO_EVENTS = 16
MITO_MIN_SHARE = 0.025
AUTOSOMAL_DEPTH = 10.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one way told of samples with the same sizes planted: pairs of truth and calls."""

    pairs: tuple[tuple[tuple[Truth, ...], tuple[Call, ...]], ...]

    def recall(self, size: int) -> Share:
        """Share of events of one size that were found."""
        return together(recall([t for t in ts if t.bins == size], cs) for ts, cs in self.pairs)

    def all_recall(self) -> Share:
        """Share of all events that were found."""
        return together(recall(ts, cs) for ts, cs in self.pairs)

    def precision(self) -> Share:
        """Share of what was told that was planted."""
        return together(precision(ts, cs) for ts, cs in self.pairs)

    def exact(self) -> Share:
        """Share of what was found whose copies are right."""
        return together(exact(ts, cs) for ts, cs in self.pairs)

    def wrong(self) -> int:
        """Missed and false events."""
        found, told = self.all_recall(), self.precision()
        return found.whole - found.part + told.whole - told.part


def main() -> int:
    """Run the benchmark; 1 if CNVkit is better somewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of bins and events")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results are written")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    benchmark = Benchmark(name="copy-number", facts=facts(options.scale))
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        benchmark.lines += genomes(options.scale)
        benchmark.lines += exomes(options.scale, folder)
        benchmark.lines += real_reads(folder / "reads", 20.0 if options.scale >= 1 else 10.0)
        benchmark.lines += mitochondria(options.scale, folder)
    return benchmark.finish(options.folder)


def facts(scale: float) -> dict[str, str]:
    """What was measured."""
    return {
        "simulated": "depth of bins (negative binomial about GC bias, of targets about capture "
        "and batch); reads (wgsim, bwa) of a small random genome and of the mitochondrion",
        "matched": "both a loss or both a gain, half of each other shared",
        "CNVkit": f"methods without R: {', '.join(METHODS)}; goals are against its best",
        "scale": f"{scale:g}",
    }


def genomes(scale: float) -> Iterator[Line]:
    """Genomes of several depths and libraries."""
    for depth in GENOME_DEPTHS:
        for dispersion in DISPERSIONS:
            generator = np.random.default_rng(int(depth * 1_000 + dispersion * 10_000))
            bins = genome_bins(int(GENOME_BINS * scale), generator)
            each = max(int(EVENTS * scale), 1)
            copies, truth = plant(bins, GENOME_SIZES, (0, 1, 3, 4), each, generator)
            library = Library(depth=depth, dispersion=dispersion)
            sample = Sample(bins=sequence(bins, copies, library, generator), truth=truth)
            reference = flat_reference(sample.bins)
            outcomes = {OURS: outcome([sample], lambda bins: called(bins, None))}
            for method in METHODS:
                outcomes[method] = outcome(
                    [sample],
                    lambda bins, m=method, r=reference: run_cnvkit(bins, r, m),  # type: ignore[misc]
                )
            name = f"genome {depth:g}x, spread {dispersion:g}"
            yield from lines(name, GENOME_SIZES, outcomes, f"{BIN_LENGTH // 1000} kb bins")


def exomes(scale: float, folder: Path) -> Iterator[Line]:
    """Exomes of several depths, against one panel of normals each."""
    for depth in EXOME_DEPTHS:
        generator = np.random.default_rng(int(depth))
        bins = exome_bins(max(int(EXOME_GENES * scale), 200), generator)
        kit = generator.normal(0, 0.5, len(bins))
        batches = generator.normal(0, 0.25, (3, len(bins)))

        def capture(n: np.random.Generator) -> np.ndarray:
            weights = np.abs(n.normal(0, 0.25, 3))
            return np.asarray(np.exp(kit + weights @ batches))  # noqa: B023  used in this round

        def library(n: np.random.Generator) -> Library:
            return Library(
                depth=depth * n.uniform(0.7, 1.4),  # noqa: B023  used in this round
                dispersion=0.008,
                slope=n.normal(-0.05, 0.08),
                bend=n.normal(-0.1, 0.04),
            )

        def drawn(copies: np.ndarray) -> pl.DataFrame:
            return sequence(bins, copies, library(generator), generator, capture(generator))  # noqa: B023

        normals = [drawn(np.full(len(bins), 2)) for _ in range(NORMALS)]
        panel = np.stack([relative(normal) for normal in normals], axis=1)
        pooled = pooled_reference(normals, folder / f"normals{depth:g}")
        samples = []
        for _ in range(3):
            each = max(int(EVENTS * scale / 2), 1)
            copies, truth = plant(bins, EXOME_SIZES, (0, 1, 3), each, generator)
            samples.append(Sample(bins=drawn(copies), truth=truth))
        outcomes = {OURS: outcome(samples, lambda b, p=panel: called(b, p))}  # type: ignore[misc]
        for method in METHODS:
            outcomes[method] = outcome(
                samples,
                lambda b, m=method, r=pooled: run_cnvkit(b, r, m),  # type: ignore[misc]
            )
        yield from lines(f"exome {depth:g}x", EXOME_SIZES, outcomes, "targets")


def outcome(samples: Sequence[Sample], way: Callable[[pl.DataFrame], Sequence[Call]]) -> Outcome:
    """What a way tells of samples."""
    return Outcome(pairs=tuple((s.truth, tuple(way(s.bins))) for s in samples))


def called(bins: pl.DataFrame, normals: np.ndarray | None) -> list[Call]:
    """Events that we tell."""
    targets = normals is not None
    ratios = self_normalised(bins) if normals is None else panel_normalised(bins, normals)
    return passed(events_of("S1", find_segments(bins, ratios, targets=targets), MIN_QUALITY))


def passed(events: Sequence[dict[str, object]]) -> list[Call]:
    """Events that are not doubted."""
    return [
        Call(
            contig=str(e["contig"]),
            start=int(str(e["start"])),
            end=int(str(e["end"])),
            copies=int(str(e["copies"])),
        )
        for e in events
        if e["filter"] == "PASS"
    ]


def lines(
    name: str, sizes: Sequence[int], outcomes: dict[str, Outcome], unit: str
) -> Iterator[Line]:
    """Print precision and recall with intervals; give the lines of the comparison."""
    title = f"{name}: recall by size in {unit}, precision, copies right (95 % interval)"
    table = Table("size", *outcomes, title=title, title_justify="left")
    for size in sizes:
        table.add_row(str(size), *(shown(o.recall(size)) for o in outcomes.values()))
    table.add_row("all", *(shown(o.all_recall()) for o in outcomes.values()))
    table.add_row("precision", *(shown(o.precision()) for o in outcomes.values()))
    table.add_row("copies", *(shown(o.exact()) for o in outcomes.values()))
    Console(width=140).print(table)
    ours = outcomes[OURS]
    peers = [o for way, o in outcomes.items() if way != OURS]
    best = min(peers, key=Outcome.wrong)
    yield Comparison(
        name=f"{name}: missed and false",
        ours=float(ours.wrong()),
        peer=float(best.wrong()),
        unit="events",
        goal=1.0,
    )
    for told, share in (("recall", Outcome.all_recall), ("precision", Outcome.precision)):
        yield Comparison(
            name=f"{name}: {told}", ours=share(ours).value, peer=share(best).value, unit=""
        )


def real_reads(folder: Path, depth: float) -> Iterator[Line]:
    """The verb itself on reads of a small genome."""
    fasta, cram, truth = make_cram(depth, folder, seed=5)
    events = folder / "events.tsv"
    copy_number(
        sample="S1",
        cram=cram,
        reference=fasta,
        assembly="GRCh38",
        bin_length=BIN_LENGTH,
        min_mapping_quality=20,
        min_depth=3.0,
        max_noise=0.5,
        min_quality=MIN_QUALITY,
        threads=2,
        depth=folder / "depth.parquet",
        events=events,
        segments=folder / "segments.tsv",
        status=folder / "status.tsv",
    )
    calls = passed([dict(row) for row in read_rows(events)])
    found, told = recall(truth, calls), precision(truth, calls)
    Console(width=140).print(
        f"reads {depth:g}x: recall {shown(found)}, precision {shown(told)}", highlight=False
    )
    yield Comparison(name=f"reads {depth:g}x: recall", ours=found.value, unit="")
    yield Comparison(name=f"reads {depth:g}x: precision", ours=told.value, unit="")


def mitochondria(scale: float, folder: Path) -> Iterator[Line]:
    """Variants of the mitochondrion by depth and heteroplasmy."""
    contigs = mito.mitochondrion(1)
    circle = contigs["chrM"]
    fasta = mito.write_reference(contigs, folder / "mito")
    each = max(int(MITO_EVENTS * scale), 2)
    planted = mito.planted_set(circle, MITO_SHARES, each, seed=3)
    md5 = hashlib.md5(circle.encode(), usedforsecurity=False).hexdigest()
    for depth in MITO_DEPTHS if scale >= 1 else MITO_DEPTHS[:1]:
        with mock.patch("soyang.calling.mito.contig.RCRS_MD5", md5):
            calls = _mitochondrial_calls(contigs, planted, depth, fasta)
        yield from _mitochondrial_lines(depth, planted, calls)


def _mitochondrial_calls(
    contigs: dict[str, str], planted: Sequence[mito.Planted], depth: float, fasta: Path
) -> dict[tuple[int, str, str], str]:
    """Position, reference and alternate allele of what was told, with its filter."""
    folder = fasta.parent
    generator = np.random.default_rng(int(depth))
    copies = mito.mixture(contigs["chrM"], planted)
    nuclear = [(contigs["chr1"], 1.0)]
    pairs = mito.fragments(copies, depth, generator)
    pairs += mito.fragments(nuclear, AUTOSOMAL_DEPTH, generator, circular=False)
    mito.write_reads(pairs, folder / "reads.fq", seed=int(depth))
    cram = mito.write_cram(folder / "reads.fq", fasta, folder / "S1.cram", "S1")
    quality = folder / "quality.tsv"
    quality.write_text(f"sample\tmean_depth\nS1\t{AUTOSOMAL_DEPTH}\n", encoding="utf-8")
    mitochondrial(
        sample="S1",
        cram=cram,
        reference=fasta,
        min_heteroplasmy=MITO_MIN_SHARE,
        threads=2,
        vcf=folder / "S1.vcf.gz",
        table=folder / "variants.tsv",
        status=folder / "status.tsv",
        callable_bed=folder / "callable.bed.gz",
        quality=quality,
    )
    rows = read_rows(folder / "variants.tsv")
    return {(int(r["position"]), r["ref"], r["alt"]): r["filter"] for r in rows}


def _mitochondrial_lines(
    depth: float, planted: Sequence[mito.Planted], calls: dict[tuple[int, str, str], str]
) -> Iterator[Line]:
    truth = {(v.position, v.ref, v.alt): v.share for v in planted}
    sure = {key for key, word in calls.items() if word == "PASS"}
    title = f"mitochondrion {depth:g}x, autosomes {AUTOSOMAL_DEPTH:g}x (95 % interval)"
    table = Table("", "not doubted", "also doubted", title=title, title_justify="left")
    for share in MITO_SHARES:
        keys = {key for key, planted_share in truth.items() if planted_share == share}
        passed_, told = (
            Share(part=len(keys & found), whole=len(keys)) for found in (sure, set(calls))
        )
        table.add_row(f"recall, {share:.0%}", shown(passed_), shown(told))
        yield Comparison(
            name=f"mitochondrion {depth:g}x, {share:.0%}: recall", ours=passed_.value, unit=""
        )
    right = [Share(part=len(found & set(truth)), whole=len(found)) for found in (sure, set(calls))]
    table.add_row("precision", *map(shown, right))
    Console(width=140).print(table)
    yield Comparison(name=f"mitochondrion {depth:g}x: precision", ours=right[0].value, unit="")


if __name__ == "__main__":
    raise SystemExit(main())

"""Read and alignment quality of one sample."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from soyang.core.assembly import CHROMOSOMES, PSEUDO_AUTOSOMAL, Assembly, bare
from soyang.core.files import SCRATCH, write_text
from soyang.core.interval import Interval, merge, read_bed
from soyang.core.process import run
from soyang.core.sequence import contig_lengths, known_stretches
from soyang.core.tables import write_table
from soyang.reads.copies import Evidence, Limits, x_copies, y_copies
from soyang.reads.depth import Region, bases_of, cut, depth_of, mean_depth
from soyang.reads.genes import coding_exons, edges_of, gene_coverage, merged
from soyang.reads.tables import GENE_COVERAGE, QUALITY, SHOWN_DEPTHS

_SEX_CHROMOSOMES = ("X", "Y")
_AUTOSOMES = frozenset(CHROMOSOMES) - {*_SEX_CHROMOSOMES, "M"}
_PSEUDO_AUTOSOMAL = "pseudo_autosomal"
_UNIQUE = "unique"
_CODING = "coding"
_SIDE_BY_SIDE = 2
"""Threads from which on samtools and mosdepth work side by side, each with half of them: both do
most of their work in one thread."""
_NOT_MAPPED = "0x904"
"""Neither unmapped, nor secondary or supplementary."""
_PLACE_ONLY = "required_fields=0x2e"
"""htslib decodes FLAG, RNAME, POS and CIGAR alone: where a read lies needs no bases."""


def measure(
    *,
    sample: str,
    cram: Path,
    reference: Path,
    assembly: str,
    transcripts: Path,
    min_mapping_quality: int,
    callable_min_depth: int,
    max_male_x_depth_ratio: float,
    min_male_y_depth_ratio: float,
    copies_tolerance: float,
    threads: int,
    output: Path,
    quality: Path,
    genes: Path,
    targets: Path | None = None,
) -> None:
    """Measure reads (samtools stats) and depth (mosdepth) of one sample.

    A genome is read once for its own depth and that of its genes, a targeted sample twice: its
    genes need not be its targets.

    Args:
        sample: sample, the start of each file's name in the output folder.
        cram: the sample's CRAM.
        reference: prepared reference (genome.fa).
        assembly: GRCh38 or GRCh37; places the pseudo-autosomal regions.
        transcripts: GFF3 of the transcripts over whose coding exons depth is told.
        min_mapping_quality: reads below don't count as depth.
        callable_min_depth: reads at a position from which on absence of a variant is said.
        max_male_x_depth_ratio: X depth over autosomes, at most, in one X.
        min_male_y_depth_ratio: Y depth over autosomes, at least, in one Y.
        copies_tolerance: copies by which X or Y depth may differ from a whole number of copies.
        threads: threads of both tools together; the result doesn't depend on it.
        output: folder for the tools' own tables, which MultiQC shows.
        quality: output table, one row.
        genes: output table, one row for each transcript with a known coding base.
        targets: BED of the regions that were sequenced; without, all bases that are not N.

    Raises:
        FaultError: the transcripts can't be read.
    """
    output.mkdir(parents=True, exist_ok=True)
    own = max(threads // 2, 1)
    with ThreadPoolExecutor(1) as beside:
        counting = beside.submit(statistics_of, cram, reference, own)
        if threads < _SIDE_BY_SIDE:
            wait([counting])
        regions = list(measured_regions(reference, Assembly(assembly), targets))
        exons = coding_exons(transcripts, list(contig_lengths(reference)))
        settings: list[str | Path] = ["--mapq", str(min_mapping_quality), "--threads", str(own)]
        settings += ["--fasta", reference, cram]
        depths = sorted({callable_min_depth, *SHOWN_DEPTHS})
        edges = edges_of(exons)
        depth = depth_of(cut(regions, {} if targets else edges), output / sample, depths, settings)
        of_genes = depth
        if targets:
            coding = [(place, _CODING) for place in _known(reference, merged(exons))]
            with TemporaryDirectory(prefix=SCRATCH, dir=quality.parent) as scratch:
                of_genes = depth_of(cut(coding, edges), Path(scratch) / sample, depths, settings)
        statistics = counting.result()
    write_text(output / f"{sample}.stats.txt", without_command(statistics))
    coverage = gene_coverage(sample, of_genes, exons, callable_min_depth)
    write_table(coverage, genes, GENE_COVERAGE)
    limits = Limits(
        max_male_x=max_male_x_depth_ratio,
        min_male_y=min_male_y_depth_ratio,
        tolerance=copies_tolerance,
    )
    sequenced = fragment_bases(statistics)
    copies = copies_of(
        depth, regions, limits, fragment_bases=sequenced, targeted=targets is not None
    )
    row = {
        "sample": sample,
        **read_figures(statistics),
        **depth_figures(depth),
        **copies,
        **target_figures(depth, callable_min_depth, targets, cram, quality.parent),
    }
    write_table(QUALITY.frame([row]), quality, QUALITY)


def statistics_of(cram: Path, reference: Path, threads: int) -> str:
    """Text of ``samtools stats``."""
    stats: list[str | Path] = [
        "samtools",
        "stats",
        "--reference",
        reference,
        "-@",
        str(threads - 1),
        cram,
    ]
    return run(stats)


def target_figures(
    depth: pl.DataFrame, callable_depth: int, targets: Path | None, cram: Path, folder: Path
) -> dict[str, float | None]:
    """Share of target bases that are callable, and of mapped reads that overlap a target."""
    if targets is None:
        return {"target_covered_share": None, "on_target_share": None}
    bases = bases_of(depth)
    covered = int(depth[f"at_{callable_depth}"].sum())
    counting = ["samtools", "view", "-c", "-F", _NOT_MAPPED]
    counting += ["--input-fmt-option", _PLACE_ONLY]
    mapped = int(run([*counting, cram]))
    with TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        bed = Path(scratch) / "targets.bed"
        regions = merge(read_bed(targets))
        write_text(bed, "".join(f"{r.contig}\t{r.start}\t{r.end}\n" for r in regions))
        on_target = int(run([*counting, "-M", "-L", bed, cram]))
    return {
        "target_covered_share": covered / bases if bases else None,
        "on_target_share": on_target / mapped if mapped else None,
    }


def fragment_bases(statistics: str) -> float:
    """Mean bases that were sequenced of a fragment, by ``samtools stats``' summary."""
    summary = _summary(statistics)
    mates = 2 if summary.get("reads paired", 0) else 1
    return mates * summary.get("average length", 0.0)


def without_command(statistics: str) -> str:
    """``samtools stats`` output without the line that tells its command and paths."""
    lines = statistics.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("# The command line was"))


def measured_regions(
    reference: Path, assembly: Assembly, targets: Path | None
) -> Iterator[tuple[Interval, str]]:
    """Regions that depth is measured in, each inside or outside the pseudo-autosomal regions.

    Known bases of the reference, or the targets' part of them; sorted as in the reference and
    disjoint, so that a base counts once.
    """
    wanted = None if targets is None else merge(read_bed(targets))
    for interval in _known(reference, wanted):
        shared = PSEUDO_AUTOSOMAL[assembly].get(bare(interval.contig), ())
        yield from split(interval, shared)


def _known(reference: Path, wanted: Iterable[Interval] | None = None) -> list[Interval]:
    """Known stretches, or the known parts of what is wanted, sorted as in the reference."""
    known = known_stretches(reference)
    if wanted is not None:
        known = list(intersection(wanted, known))
    order = {contig: number for number, contig in enumerate(contig_lengths(reference))}
    return sorted(known, key=lambda i: (order[i.contig], i.start))


def intersection(left: Iterable[Interval], right: Iterable[Interval]) -> Iterator[Interval]:
    """Parts that are in an interval of both; each input disjoint, contigs in any order."""
    by_contig: dict[str, list[Interval]] = {}
    for interval in right:
        by_contig.setdefault(interval.contig, []).append(interval)
    position: dict[str, int] = {}
    for one in left:
        others = by_contig.get(one.contig, [])
        number = position.get(one.contig, 0)
        while number < len(others) and others[number].end <= one.start:
            number += 1
        position[one.contig] = number
        for other in others[number:]:
            if other.start >= one.end:
                break
            yield Interval(one.contig, max(one.start, other.start), min(one.end, other.end))


def split(interval: Interval, shared: Sequence[tuple[int, int]]) -> Iterator[tuple[Interval, str]]:
    """An interval cut at the edges of the pseudo-autosomal regions, each part with its kind."""
    inside = [edge for pair in shared for edge in pair if interval.start < edge < interval.end]
    edges = [interval.start, *sorted(inside), interval.end]
    for start, end in pairwise(edges):
        within = any(low <= start and end <= high for low, high in shared)
        yield Interval(interval.contig, start, end), _PSEUDO_AUTOSOMAL if within else _UNIQUE


def read_figures(statistics: str) -> dict[str, int | float]:
    """Figures of ``samtools stats``' summary; shares of no reads are 0."""
    summary = _summary(statistics)
    reads = summary["raw total sequences"]
    return {
        "reads": int(reads),
        "mapped_share": summary["reads mapped"] / reads if reads else 0.0,
        "duplicate_share": summary["reads duplicated"] / reads if reads else 0.0,
        "error_rate": summary["error rate"],
        "insert_size": summary["insert size average"],
    }


def _summary(statistics: str) -> dict[str, float]:
    return {
        fields[1].rstrip(":"): float(fields[2])
        for line in statistics.splitlines()
        if (fields := line.split("\t"))[0] == "SN"
    }


def depth_figures(depth: pl.DataFrame) -> dict[str, float | None]:
    """Mean depth, and that of X and Y outside the pseudo-autosomal regions over autosomes'.

    Args:
        depth: columns contig, start, end (0-based, half-open), kind, depth.
    """
    autosomal = mean_depth(_unique(depth, _AUTOSOMES))
    figures: dict[str, float | None] = {"mean_depth": mean_depth(depth) or 0.0}
    for name in _SEX_CHROMOSOMES:
        own = mean_depth(_unique(depth, {name}))
        figures[f"{name.lower()}_depth_ratio"] = (
            own / autosomal if own is not None and autosomal else None
        )
    return figures


def _unique(depth: pl.DataFrame, chromosomes: Collection[str]) -> pl.DataFrame:
    """Regions of some chromosomes outside the pseudo-autosomal regions."""
    chromosome = pl.col("contig").map_elements(bare, return_dtype=pl.String)
    return depth.filter((pl.col("kind") == _UNIQUE) & chromosome.is_in(list(chromosomes)))


def copies_of(
    depth: pl.DataFrame,
    regions: Sequence[Region],
    limits: Limits,
    *,
    fragment_bases: float,
    targeted: bool,
) -> dict[str, int | None]:
    """Copies of X and Y, ``None`` where not assessed.

    Args:
        depth: as for :func:`depth_figures`.
        regions: the measured regions, uncut.
        limits: thresholds.
        fragment_bases: bases of a fragment that were sequenced.
        targeted: whether the regions are targets.
    """
    ratios = depth_figures(depth)
    autosomal = mean_depth(_unique(depth, _AUTOSOMES)) or 0.0
    evidence = {}
    for name in _SEX_CHROMOSOMES:
        bases = bases_of(_unique(depth, {name}))
        own = sum(kind == _UNIQUE and bare(place.contig) == name for place, kind in regions)
        evidence[name] = Evidence(
            ratio=ratios[f"{name.lower()}_depth_ratio"],
            fragments=autosomal / 2 * bases / fragment_bases if fragment_bases else 0.0,
            targets=own if targeted else None,
        )
    return {
        "x_copies": x_copies(evidence["X"], limits),
        "y_copies": y_copies(evidence["Y"], limits),
    }

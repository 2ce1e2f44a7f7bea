"""Read and alignment quality of one sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import polars as pl

from soyang.core.assembly import CHROMOSOMES, PSEUDO_AUTOSOMAL, Assembly, bare
from soyang.core.files import write_text
from soyang.core.interval import Interval, merge, read_bed
from soyang.core.process import Command, run
from soyang.core.sequence import contig_lengths, known_stretches
from soyang.core.tables import write_table
from soyang.reads.tables import QUALITY

_SEX_CHROMOSOMES = ("X", "Y")
_AUTOSOMES = frozenset(CHROMOSOMES) - {*_SEX_CHROMOSOMES, "M"}
_PSEUDO_AUTOSOMAL = "pseudo_autosomal"
_UNIQUE = "unique"
_DIGITS = "6"
"""Decimals of mosdepth's means; with its two, sums over long regions would be rough."""


def measure(
    *,
    sample: str,
    cram: Path,
    reference: Path,
    assembly: str,
    min_mapping_quality: int,
    threads: int,
    output: Path,
    quality: Path,
    targets: Path | None = None,
) -> None:
    """Measure reads (samtools stats) and depth (mosdepth) of one sample.

    Args:
        sample: sample, the start of each file's name in the output folder.
        cram: the sample's CRAM.
        reference: prepared reference (genome.fa).
        assembly: GRCh38 or GRCh37; places the pseudo-autosomal regions.
        min_mapping_quality: reads below don't count as depth.
        threads: threads that decode; the result doesn't depend on it.
        output: folder for the tools' own tables, which MultiQC shows.
        quality: output table, one row.
        targets: BED of the regions that were sequenced; without, all bases that are not N.
    """
    output.mkdir(parents=True, exist_ok=True)
    statistics = run(
        ["samtools", "stats", "--reference", reference, "-@", str(max(threads - 1, 0)), cram]
    )
    write_text(output / f"{sample}.stats.txt", without_command(statistics))
    regions = list(measured_regions(reference, Assembly(assembly), targets))
    threshold = ["--mapq", str(min_mapping_quality), "--threads", str(threads)]
    depth = _depth(regions, output / sample, [*threshold, "--fasta", reference, cram])
    row = {"sample": sample, **read_figures(statistics), **depth_figures(depth)}
    write_table(QUALITY.frame([row]), quality, QUALITY)


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
    known = known_stretches(reference)
    if targets is not None:
        known = list(intersection(merge(read_bed(targets)), known))
    order = {contig: number for number, contig in enumerate(contig_lengths(reference))}
    for interval in sorted(known, key=lambda i: (order[i.contig], i.start)):
        shared = PSEUDO_AUTOSOMAL[assembly].get(bare(interval.contig), ())
        yield from split(interval, shared)


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


def _depth(regions: Sequence[tuple[Interval, str]], prefix: Path, words: Command) -> pl.DataFrame:
    """Mean depth of each region, by mosdepth: columns contig, start, end, kind, depth.

    Args:
        regions: disjoint regions, each with its kind.
        prefix: folder and start of the names of mosdepth's tables.
        words: further words of mosdepth's command, the last of them the CRAM.
    """
    bed = prefix.with_name(f"{prefix.name}.measured.bed")
    write_text(bed, "".join(f"{r.contig}\t{r.start}\t{r.end}\t{kind}\n" for r, kind in regions))
    precision = f"MOSDEPTH_PRECISION={_DIGITS}"
    run(
        ["env", precision, "mosdepth", "--no-per-base", "--by", bed, *words[:-1], prefix, words[-1]]
    )
    bed.unlink()
    return pl.read_csv(
        prefix.with_name(f"{prefix.name}.regions.bed.gz"),
        separator="\t",
        has_header=False,
        schema={
            "contig": pl.String,
            "start": pl.Int64,
            "end": pl.Int64,
            "kind": pl.String,
            "depth": pl.Float64,
        },
    )


def read_figures(statistics: str) -> dict[str, int | float]:
    """Figures of ``samtools stats``' summary; shares of no reads are 0."""
    summary = {
        fields[1].rstrip(":"): float(fields[2])
        for line in statistics.splitlines()
        if (fields := line.split("\t"))[0] == "SN"
    }
    reads = summary["raw total sequences"]
    return {
        "reads": int(reads),
        "mapped_share": summary["reads mapped"] / reads if reads else 0.0,
        "duplicate_share": summary["reads duplicated"] / reads if reads else 0.0,
        "error_rate": summary["error rate"],
        "insert_size": summary["insert size average"],
    }


def depth_figures(depth: pl.DataFrame) -> dict[str, float | None]:
    """Mean depth, and that of X and Y outside the pseudo-autosomal regions over autosomes'.

    Args:
        depth: columns contig, start, end (0-based, half-open), kind, depth.
    """
    chromosome = pl.col("contig").map_elements(bare, return_dtype=pl.String)
    unique = depth.filter(pl.col("kind") == _UNIQUE).with_columns(chromosome.alias("contig"))
    autosomal = _mean(unique.filter(pl.col("contig").is_in(list(_AUTOSOMES))))
    figures: dict[str, float | None] = {"mean_depth": _mean(depth) or 0.0}
    for name in _SEX_CHROMOSOMES:
        own = _mean(unique.filter(pl.col("contig") == name))
        figures[f"{name.lower()}_depth_ratio"] = (
            own / autosomal if own is not None and autosomal else None
        )
    return figures


def _mean(depth: pl.DataFrame) -> float | None:
    """Depth over all bases of some regions; ``None`` if there are none."""
    length = pl.col("end") - pl.col("start")
    bases, total = depth.select(
        length.sum().alias("bases"), (length * pl.col("depth")).sum().alias("total")
    ).row(0)
    return total / bases if bases else None

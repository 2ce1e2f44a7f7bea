"""Structural variants of one sample: several callers, one call set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pysam

from soyang.calling.records import CALLER_KEY, require_sample
from soyang.calling.sv.callers import Caller, call_all, version
from soyang.calling.sv.crossing import genotypes
from soyang.calling.sv.events import INSERTION, Event
from soyang.calling.sv.filters import Places, doubts, gaps
from soyang.calling.sv.merge import Merged, Rule, merge
from soyang.calling.sv.normal import Bases, leftmost
from soyang.calling.sv.output import Called, Copies, header, lines, named, record, row
from soyang.calling.tables import EVENTS
from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH, atomic_path
from soyang.core.interval import Interval, read_bed
from soyang.core.process import feeding, run
from soyang.core.sequence import bases_at, contig_lengths, known_stretches
from soyang.core.tables import read_columns, write_table


def structural(
    *,
    sample: str,
    cram: Path,
    reference: Path,
    assembly: str,
    caller: list[Caller],
    max_distance: int,
    min_similarity: float,
    gap_distance: int,
    threads: int,
    vcf: Path,
    events: Path,
    quality: Path | None = None,
    excluded: Path | None = None,
) -> None:
    """Call one sample's structural variants with several callers and merge them by rule.

    Args:
        sample: sample, as the CRAM's read groups name it.
        cram: the sample's CRAM, indexed.
        reference: prepared reference (genome.fa).
        assembly: GRCh38 or GRCh37; places the pseudo-autosomal regions.
        caller: dysgu, delly or tiddit; may be repeated.
        max_distance: bases between breakpoints of what is one event, at most.
        min_similarity: shorter over longer of what is one event, at least.
        gap_distance: bases from bases that are N within which a breakpoint is doubted.
        threads: callers run side by side; results don't depend on it.
        vcf: output .structural.vcf.gz; its .tbi goes beside it.
        events: output table of events.
        quality: the sample's quality table, of which copies of X and Y are read.
        excluded: BED of regions in which a breakpoint is doubted, as centromeres.

    Raises:
        FaultError: the BED or the quality table is not readable.
        ToolError: a caller failed, or left what is not the sample's.
    """
    lengths = contig_lengths(reference)
    order = {contig: place for place, contig in enumerate(lengths)}
    rule = Rule(max_distance=max_distance, min_similarity=min_similarity)
    chosen = sorted(set(caller))
    gap = Places(gaps(known_stretches(reference), lengths, gap_distance))
    left_out = Places(_read_excluded(excluded))
    copies = _read_copies(quality, sample)
    vcf.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH, dir=vcf.parent) as scratch:
        found = call_all(chosen, cram, reference, sample, Path(scratch), threads)
    with _reading(reference) as bases:
        placed = [leftmost(event, bases) for made in found.values() for event in made]
    merged = _genotyped(merge(placed, rule, order), cram, reference)
    called = named(merged, [doubts(item, chosen, gap, left_out) for item in merged])
    top = header(lengths, [version(name) for name in chosen], CALLER_KEY, sample)
    _write_vcf(vcf, top, called, order, reference)
    require_sample(vcf, sample)
    rows = [row(item, sample, Assembly(assembly), copies) for item in called]
    write_table(EVENTS.frame(rows), events, EVENTS)


@contextmanager
def _reading(fasta: Path) -> Iterator[Bases]:
    """Bases of the reference, fetched as they are asked for."""
    with pysam.FastaFile(str(fasta)) as sequence:
        yield lambda contig, start, end: sequence.fetch(contig, start, end).upper()


def _genotyped(merged: Sequence[Merged], cram: Path, fasta: Path) -> list[Merged]:
    """Insertions with the genotype that reads at their place tell, where they do."""
    inserted = [item.event for item in merged if item.event.kind == INSERTION]
    told: Mapping[Event, str | None] = dict(
        zip(inserted, genotypes(cram, fasta, inserted), strict=True)
    )
    return [replace(item, genotype=told.get(item.event) or item.genotype) for item in merged]


def _write_vcf(
    vcf: Path, top: str, called: Sequence[Called], order: Mapping[str, int], fasta: Path
) -> None:
    """Write the records as bgzip with a tabix index."""
    made = lines(called, order)
    bases = bases_at(fasta, [(line.contig, line.position - 1) for line in made])
    index = vcf.with_name(f"{vcf.name}.tbi")
    with atomic_path(vcf) as temporary, atomic_path(index) as temporary_index:
        with feeding([["bgzip", "-c"]], stdout=temporary) as sink:
            sink.write(top.encode())
            for line, base in zip(made, bases, strict=True):
                sink.write(record(line, base.upper()).encode())
        run(["bcftools", "index", "-t", "-o", temporary_index, temporary])


def _read_excluded(bed: Path | None) -> list[Interval]:
    try:
        return list(read_bed(bed)) if bed else []
    except (OSError, ValueError) as error:
        raise FaultError(
            Fault(
                code="bed-unreadable",
                file=str(bed),
                found=str(error),
                allowed="contig, start and end, separated by tabs",
                next_step="correct the file, or the setting calling.structural_excluded",
            )
        ) from None


def _read_copies(quality: Path | None, sample: str) -> Copies:
    """Copies of X and Y of the sample's quality table; none where there is none."""
    if quality is None:
        return Copies()
    rows = read_columns(quality, "sample", "x_copies", "y_copies")
    found = [row for row in rows.iter_rows(named=True) if row["sample"] == sample]
    if not found:
        raise FaultError(
            Fault(
                code="quality-sample",
                file=str(quality),
                column="sample",
                found="no row of the sample",
                allowed=sample,
                next_step="measure the sample's reads again",
                sample=sample,
            )
        )
    return Copies(x=_count(found[0]["x_copies"]), y=_count(found[0]["y_copies"]))


def _count(text: str) -> int | None:
    return int(float(text)) if text else None

"""Variants of one sample's mitochondrion, with their heteroplasmy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from soyang import __version__
from soyang.calling.mito.calls import LARGEST_ERROR, Called, Variant, call_circle
from soyang.calling.mito.contig import Circle, mitochondrial_contig, read_circle, why_not_rcrs
from soyang.calling.mito.model import FILTER_WORDS, HOMOPLASMIC, depth_for
from soyang.calling.mito.pileup import pile
from soyang.calling.mito.realign import align, extract
from soyang.calling.records import Provenance, header_text, reference_md5, require_sample
from soyang.calling.tables import MITOCHONDRIAL, MITOCHONDRION
from soyang.core.errors import ToolError
from soyang.core.files import SCRATCH, atomic_path, read_rows
from soyang.core.process import feeding, run
from soyang.core.sequence import contig_lengths
from soyang.core.tables import write_table

_LEAST_DEPTH = 10.0
"""Mean depth below which not even what all copies have is told."""

_HEADER = (
    "##fileformat=VCFv4.2\n",
    '##FILTER=<ID=PASS,Description="All filters passed">\n',
    *(f'##FILTER=<ID={word},Description="{told}">\n' for word, told in FILTER_WORDS.items()),
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype: 1 where all copies have it">\n',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads of reference and alternate">\n',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Reads that tell an allele">\n',
    '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Heteroplasmy: share of these reads">\n',
)
_COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"


def mitochondrial(
    *,
    sample: str,
    cram: Path,
    reference: Path,
    min_heteroplasmy: float,
    threads: int,
    vcf: Path,
    table: Path,
    status: Path,
    callable_bed: Path,
    quality: Path | None = None,
) -> None:
    """Find variants of the mitochondrion, and say whether it could be assessed.

    Its reads are aligned anew to the contig and to the same circle cut open half-way, so that its
    origin has the depth of the rest.

    Args:
        sample: sample.
        cram: the sample's CRAM, indexed.
        reference: prepared reference (genome.fa); its mitochondrion must be rCRS.
        min_heteroplasmy: share of reads from which on a variant is told.
        threads: threads of the aligner; the result doesn't depend on it.
        vcf: output .vcf.gz; its .tbi goes beside it.
        table: output table of variants.
        status: output table, one row: whether and how deeply it was assessed.
        callable_bed: output .bed.gz: where absence of a variant means the reference allele.
        quality: the sample's quality, whose depth nuclear copies have; without, they can't be
            told.

    Raises:
        ToolError: a tool failed, or lost reads.
    """
    contig = mitochondrial_contig(contig_lengths(reference))
    circle = read_circle(reference, contig) if contig else None
    strange = why_not_rcrs(circle) if circle else ""
    row: dict[str, object] = {
        "sample": sample,
        "contig": contig or "",
        "mean_depth": None,
        "autosomal_depth": _autosomal_depth(quality, sample),
        "min_heteroplasmy": min_heteroplasmy,
        "min_depth": depth_for(min_heteroplasmy, LARGEST_ERROR),
    }
    reason, found, called = "no_contig", "no contig is named chrM, M or MT", None
    if circle and strange:
        reason, found = "not_rcrs", strange
    elif circle:
        called = call_reads(circle, cram, reference, row, threads=threads, folder=vcf.parent)
        depth = float(called.depth.mean())
        row["mean_depth"] = round(depth, 2)
        shallow = depth < _LEAST_DEPTH
        found = f"mean depth {depth:.1f}x, {_LEAST_DEPTH:g}x needed" if shallow else ""
        reason = "too_shallow" if shallow else ""
    told = called if called and not reason else None
    variants = told.variants if told else ()
    regions = enough_depth(circle, told, int(str(row["min_depth"])))
    bases = sum(end - start for start, end in regions)
    row |= {"assessed": not reason, "reason": reason, "found": found, "callable_bases": bases}
    row["callable_share"] = round(bases / len(circle), 4) if circle else 0.0
    _write_vcf(sample, contig or "", variants, reference, vcf)
    _write_bed(contig or "", regions, callable_bed)
    rows = [_row(sample, contig or "", variant) for variant in variants]
    write_table(MITOCHONDRIAL.frame(rows), table, MITOCHONDRIAL)
    write_table(MITOCHONDRION.frame([row]), status, MITOCHONDRION)


def call_reads(
    circle: Circle,
    cram: Path,
    reference: Path,
    row: dict[str, object],
    *,
    threads: int,
    folder: Path,
) -> Called:
    """Variants and depth of a circle from the reads on it.

    Args:
        circle: the mitochondrion.
        cram: the sample's CRAM, indexed.
        reference: what the CRAM is written against.
        row: min_heteroplasmy and autosomal_depth.
        threads: of the aligner.
        folder: where temporary files may lie.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        fastq = Path(scratch) / "reads.fq"
        count = extract(cram, reference, circle.contig, fastq)
        piles = [
            pile(align(circle, bases, fastq, count, threads), len(circle))
            for bases in (circle.bases, circle.shifted)
        ]
    autosomal = row["autosomal_depth"]
    return call_circle(
        circle,
        piles[0],
        piles[1],
        min_heteroplasmy=float(str(row["min_heteroplasmy"])),
        autosomal_depth=None if autosomal is None else float(str(autosomal)),
    )


def _autosomal_depth(quality: Path | None, sample: str) -> float | None:
    """Mean depth of the genome or of targets, which is that of autosomes but for a little."""
    if quality is None:
        return None
    rows = read_rows(quality, "sample", "mean_depth")
    return next((float(r["mean_depth"]) for r in rows if r["sample"] == sample), None)


def enough_depth(circle: Circle | None, called: Called | None, least: int) -> list[tuple[int, int]]:
    """Stretches of known bases with enough depth, 0-based and half-open.

    Args:
        circle: the mitochondrion, if there is one.
        called: its depth, if it was assessed.
        least: reads from which on depth suffices.
    """
    if circle is None or called is None:
        return []
    known = np.array([base != "N" for base in circle.bases])
    enough = np.concatenate([[False], known & (called.depth >= least), [False]])
    edges = np.flatnonzero(enough[1:] != enough[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _row(sample: str, contig: str, variant: Variant) -> dict[str, object]:
    return {
        "sample": sample,
        "contig": contig,
        "position": variant.position,
        "ref": variant.ref,
        "alt": variant.alt,
        "heteroplasmy": variant.heteroplasmy,
        "depth": variant.depth,
        "alt_depth": variant.alt_depth,
        "quality": variant.quality,
        "filter": variant.filter,
    }


def record(contig: str, variant: Variant) -> str:
    """One VCF record."""
    genotype = "1" if variant.heteroplasmy >= HOMOPLASMIC else "0/1"
    others = variant.depth - variant.alt_depth
    values = f"{genotype}:{others},{variant.alt_depth}:{variant.depth}:{variant.heteroplasmy:g}"
    fields = [contig, variant.position, ".", variant.ref, variant.alt, f"{variant.quality:g}"]
    return "\t".join(map(str, [*fields, variant.filter, ".", "GT:AD:DP:AF", values])) + "\n"


def _write_vcf(
    sample: str, contig: str, variants: Iterable[Variant], reference: Path, vcf: Path
) -> None:
    made = Provenance(
        caller=f"soyang mitochondrial {__version__}", reference=reference_md5(reference)
    )
    head = header_text([*_HEADER, f"{_COLUMNS}\t{sample}\n"], contig_lengths(reference), made)
    lines = [record(contig, variant) for variant in variants]
    index = vcf.with_name(f"{vcf.name}.tbi")
    with atomic_path(vcf) as temporary, atomic_path(index) as temporary_index:
        with feeding([["bgzip", "-c"]], stdout=temporary) as sink:
            sink.write((head + "".join(lines)).encode())
        run(["bcftools", "index", "-t", "-o", temporary_index, temporary])
    require_sample(vcf, sample)
    written = int(run(["bcftools", "index", "--nrecords", vcf]))
    if written != len(lines):
        raise ToolError(f"{vcf.name} has {written} records of {len(lines)}")


def _write_bed(contig: str, regions: Iterable[tuple[int, int]], bed: Path) -> None:
    text = "".join(f"{contig}\t{start}\t{end}\n" for start, end in regions)
    with atomic_path(bed) as temporary, feeding([["bgzip", "-c"]], stdout=temporary) as sink:
        sink.write(text.encode())

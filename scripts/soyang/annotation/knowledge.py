"""Reading ClinVar, dbSNP and population frequencies where the cohort has sites."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pysam

from soyang.annotation.genome import Genome, fits, known_bases
from soyang.annotation.sites import read_columns, sequence_alleles
from soyang.annotation.tables import SITE
from soyang.core.assembly import CHROMOSOMES, bare
from soyang.core.errors import Fault, FaultError
from soyang.core.process import pipe

_PADDING = 1_000
"""Bases around a site in which a source may have written the same allele differently."""

_FEW = 3
"""Contradicting alleles that make a source suspect; single odd records occur in all of them."""

_REFSEQ = re.compile(r"NC_0*(\d+)\.\d+\Z")
_MITOCHONDRION = 12_920


@dataclass(frozen=True)
class Source:
    """A VCF or BCF file of sites.

    Attributes:
        path: the file.
        contigs: its contig names, from header or index; empty if neither names any.
        info: INFO fields that its header declares.
        indexed: whether parts can be read without the whole.
    """

    path: Path
    contigs: tuple[str, ...]
    info: frozenset[str]
    indexed: bool


def open_source(path: Path, needed: Sequence[str]) -> Source:
    """Look at a source's header and index.

    Raises:
        FaultError: missing, truncated, not VCF, or without an INFO field that is needed.
    """
    said = pysam.set_verbosity(0)
    try:
        with pysam.VariantFile(str(path)) as vcf:
            info = frozenset(vcf.header.info)
            named = tuple(map(str, vcf.header.contigs))
            indexed = vcf.index is not None
            if indexed:
                named = tuple(dict.fromkeys([*named, *map(str, vcf.index)]))
    except (OSError, ValueError) as error:
        next_step = "correct the path or fetch it again"
        raise FaultError(_fault(path, str(error), "a whole VCF or BCF file", next_step)) from None
    finally:
        pysam.set_verbosity(said)
    if missing := [name for name in needed if name not in info]:
        found = f"no INFO {', '.join(missing)} in the header"
        allowed = f"a source with {', '.join(needed)}"
        raise FaultError(_fault(path, found, allowed, "give another file for this source"))
    return Source(path, named, info, indexed)


def _fault(path: Path, found: str, allowed: str, next_step: str) -> Fault:
    return Fault(
        code="knowledge-source", file=str(path), found=found, allowed=allowed, next_step=next_step
    )


def chromosome(name: str) -> str:
    """A contig's bare name, also of a RefSeq accession such as ``NC_000020.11``."""
    match = _REFSEQ.match(name)
    if not match:
        return bare(name)
    number = int(match[1])
    if number == _MITOCHONDRION:
        return "M"
    return CHROMOSOMES[number - 1] if 0 < number < len(CHROMOSOMES) else name


def contig_names(source: Source, contigs: Sequence[str]) -> dict[str, str]:
    """The sites' contig names to the source's, ``chr`` or not; those it lacks left out.

    Raises:
        FaultError: the source has no contig that could be a human chromosome or is ours.
    """
    if not source.contigs:
        return {name: name for name in contigs}
    theirs = {chromosome(name): name for name in reversed(source.contigs)}
    if not set(theirs) & {*CHROMOSOMES, *map(bare, contigs)}:
        found = f"contigs {', '.join(source.contigs[:5])}"
        allowed = f"names such as {', '.join([*contigs][:3])}"
        raise FaultError(_fault(source.path, found, allowed, "rename its contigs"))
    return {
        name: name if name in source.contigs else theirs[bare(name)]
        for name in contigs
        if name in source.contigs or bare(name) in theirs
    }


def fetch(
    source: Source, sites: pl.DataFrame, fields: Sequence[str], genome: Genome | None
) -> pl.DataFrame:
    """The source's alleles around the sites, one row each, written as the sites are.

    Only regions around sites are read (by index, else by streaming); multi-allelic records
    are split, and left-aligned if there is a reference.

    Args:
        source: where from.
        sites: columns contig, position, ref.
        fields: INFO fields to take; fields that the header lacks come out missing.
        genome: the sites' reference, if at hand.

    Returns:
        Columns contig, position, ref, alt (on the sites' contig names), id, and ``fields``,
        all but position as text; ``.`` as missing.

    Raises:
        FaultError: most of the source's ref alleles are not what the reference has.
    """
    names = contig_names(source, sites["contig"].unique().sort().to_list())
    regions = _regions(sites, names)
    known = [field for field in fields if field in source.info]
    columns = [*SITE, "id", *known]
    empty = pl.DataFrame(schema=dict.fromkeys([*SITE, "id", *fields], pl.String)).with_columns(
        pl.col("position").cast(pl.Int64)
    )
    if regions.is_empty():
        return empty
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "alleles.tsv"
        _query(source, regions=regions, names=names, fields=known, genome=genome, out=out)
        raw = read_columns(out, dict.fromkeys(columns, pl.String))
    frame = raw.with_columns(
        pl.col("position").cast(pl.Int64),
        pl.col("ref", "alt").str.to_uppercase(),
        *(pl.lit(None, pl.String).alias(field) for field in fields if field not in known),
    ).filter(sequence_alleles())
    if genome:
        frame = _of_this_assembly(frame, source, genome)
    return frame.select(empty.columns)


def _regions(sites: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Padded, merged regions (0-based, half-open) on the source's contig names."""
    start = pl.col("position") - 1
    end = start + pl.col("ref").str.len_bytes().cast(pl.Int64)
    spans = (
        sites.filter(pl.col("contig").is_in(list(names)))
        .select(
            pl.col("contig").replace_strict(dict(names), return_dtype=pl.String),
            start=pl.max_horizontal(start - _PADDING, 0),
            end=end + _PADDING,
        )
        .sort("contig", "start", "end")
        .with_columns(reach=pl.col("end").cum_max().shift(1).over("contig"))
    )
    new = (pl.col("start") > pl.col("reach")).fill_null(True)
    return (
        spans.with_columns(block=new.cast(pl.Int64).cum_sum())
        .group_by("contig", "block", maintain_order=True)
        .agg(pl.col("start").min(), pl.col("end").max())
        .drop("block")
    )


def _query(
    source: Source,
    *,
    regions: pl.DataFrame,
    names: Mapping[str, str],
    fields: Sequence[str],
    genome: Genome | None,
    out: Path,
) -> None:
    bed, chromosomes = out.with_name("regions.bed"), out.with_name("names.txt")
    regions.write_csv(bed, separator="\t", include_header=False)
    chromosomes.write_text("".join(f"{theirs} {ours}\n" for ours, theirs in names.items()))
    where = "--regions-file" if source.indexed else "--targets-file"
    slim = ["bcftools", "annotate", "--no-version", "--rename-chrs", str(chromosomes), "-O", "u"]
    if source.info - set(fields):
        keep = "^" + ",".join(f"INFO/{field}" for field in fields) if fields else "INFO"
        slim += ["--remove", keep]
    norm = ["bcftools", "norm", "--no-version", "--multiallelics", "-any", "-O", "u"]
    if genome:
        norm += ["--fasta-ref", str(genome.path), "--check-ref", "w"]
    columns = ["%CHROM", "%POS", "%REF", "%ALT", "%ID", *(f"%INFO/{field}" for field in fields)]
    pipe(
        [
            ["bcftools", "view", "--no-version", "-G", "-O", "u", where, bed, source.path],
            [*slim, "-"],
            [*norm, "-"],
            ["bcftools", "query", "--format", "\t".join(columns) + "\n", "-"],
        ],
        stdout=out,
    )  # fmt: skip


def _of_this_assembly(frame: pl.DataFrame, source: Source, genome: Genome) -> pl.DataFrame:
    """Drop alleles whose ref contradicts the reference; refuse a source where most do.

    Where the reference has N nothing contradicts it, and none of our sites can be.
    """
    parts = [
        part.with_columns(_fits=fits(part, sequence), _known=known_bases(part, sequence))
        for (contig,), part in frame.group_by("contig", maintain_order=True)
        for sequence in [genome.sequence(str(contig))]
    ]
    if not parts:
        return frame
    checked = pl.concat(parts).filter("_known")
    wrong = checked.filter(~pl.col("_fits"))
    if wrong.height >= _FEW and wrong.height * 2 > checked.height:
        first = wrong.row(0, named=True)
        found = f"{wrong.height} of {checked.height} ref alleles that the reference has not, the "
        found += f"first {first['ref'][:20]} at {first['contig']}:{first['position']}"
        allowed = f"a source of the assembly of {genome.path.name}"
        raise FaultError(_fault(source.path, found, allowed, "give the source for this assembly"))
    return checked.filter("_fits").drop("_fits", "_known")

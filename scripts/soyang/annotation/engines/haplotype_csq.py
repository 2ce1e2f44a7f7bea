"""``bcftools csq`` on haplotypes: several variants of one copy of a transcript, read together."""

from __future__ import annotations

import heapq
import tempfile
from pathlib import Path

import polars as pl

from soyang.annotation.engines.contract import tab_separated
from soyang.annotation.engines.csq import CSQ, FIELDS
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts
from soyang.annotation.sites import read_columns
from soyang.annotation.terms import to_so
from soyang.core.process import pipe

_CARRIED = "1|0"
_COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tHAPLOTYPE\n"
_ENTRIES = "1000"
"""Consequences of a haplotype at one record for which csq keeps room."""


def read_together(
    sites: pl.DataFrame, haplotypes: pl.DataFrame, genome: Genome, known: Transcripts
) -> pl.DataFrame:
    """What each haplotype does to its transcript.

    Haplotypes of transcripts that lie apart are read in one run, as one sample; those of the same
    transcript in different runs. Several samples in one run would be quicker, but ``bcftools csq``
    1.16 then gives a sample consequences of others' haplotypes too.

    Args:
        sites: columns site (its row number), contig, position, ref, alt, in order.
        haplotypes: columns haplotype (a number), id (transcript), site; one row for each of a
            haplotype's variants.
        genome: the reference.
        known: the transcripts.

    Returns:
        Columns haplotype, terms (SO), amino_acids; of those of which csq says something.
    """
    placed = haplotypes.join(layers(haplotypes, known), on="haplotype")
    lines = _owned(known, sites["contig"].unique().to_list())
    said = [pl.DataFrame(schema={"site": pl.Int64, "layer": pl.Int64, "bcsq": pl.String})]
    for (layer,), part in placed.group_by("layer", maintain_order=True):
        mine = part["site"].unique().to_list()
        used = sites.filter(pl.col("site").is_in(mine))
        words = _run(used, _of(lines, part["id"].unique().to_list()), genome)
        said.append(words.with_columns(layer=pl.lit(layer, pl.Int64)))
    return _parse(pl.concat(said, how="diagonal"), placed)


def layers(haplotypes: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Give each haplotype a run in which no other transcript overlaps its own.

    Returns:
        Columns haplotype, layer (number of its run).
    """
    spans = known.table.select("id", "contig", "start", "end")
    every = haplotypes.select("haplotype", "id").unique().join(spans, on="id")
    free: list[tuple[str, int, int]] = []
    found = []
    for name, contig, low, high in (
        every.sort("contig", "start", "end", "haplotype")
        .select("haplotype", "contig", "start", "end")
        .iter_rows()
    ):
        over = free and (free[0][0] < contig or free[0][:2] <= (contig, low))
        number = heapq.heappop(free)[2] if over else len(free)
        heapq.heappush(free, (contig, high, number))
        found.append((name, number))
    schema = {"haplotype": pl.Int64, "layer": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row").sort("layer", "haplotype")


def _owned(known: Transcripts, contigs: list[str]) -> pl.DataFrame:
    """GFF lines with the transcript that each belongs to, and the gene."""
    attributes = pl.col("attributes")
    part_of = attributes.str.extract(r"(?:^|;)(?:ID|Parent)=transcript:([^;]*)")
    gene = attributes.str.extract(r"(?:^|;)(?:ID|Parent)=gene:([^;]*)")
    lines = known.lines.filter(pl.col("contig").is_in(contigs))
    return lines.with_columns(_transcript=part_of, _gene=gene)


def _of(lines: pl.DataFrame, ids: list[str]) -> bytes:
    """GFF3 of some transcripts and their genes."""
    mine = pl.col("_transcript").is_in(ids)
    genes = lines.filter(mine)["_gene"].drop_nulls().unique().to_list()
    whole = pl.col("_transcript").is_null() & pl.col("_gene").is_in(genes)
    kept = lines.filter(mine | whole).drop("_transcript", "_gene")
    return b"##gff-version 3\n" + tab_separated(kept)


def _run(sites: pl.DataFrame, lines: bytes, genome: Genome) -> pl.DataFrame:
    """Columns site and bcsq of what csq says of a copy that has all these variants."""
    with tempfile.TemporaryDirectory() as folder:
        vcf, gff, out = (Path(folder) / name for name in ("haps.vcf", "genes.gff3", "bcsq.tsv"))
        contigs = sites["contig"].unique(maintain_order=True).to_list()
        vcf.write_bytes(_vcf(sites, {name: genome.lengths[name] for name in contigs}))
        gff.write_bytes(lines)
        csq: list[str | Path] = [*CSQ, "--phase", "a", "--ncsq", _ENTRIES]
        what = "[%ID\t%TBCSQ{0}\n]"
        pipe(
            [
                [*csq, "--fasta-ref", genome.path, "--gff-annot", gff, "--output-type", "u", vcf],
                ["bcftools", "query", "--format", what, "-"],
            ],
            stdout=out,
        )
        return read_columns(out, {"site": pl.Int64, "bcsq": pl.String}).drop_nulls("bcsq")


def _vcf(sites: pl.DataFrame, lengths: dict[str, int]) -> bytes:
    """A phased VCF of one sample that has all these variants on its first copy."""
    head = ["##fileformat=VCFv4.2"]
    head += [f"##contig=<ID={name},length={n}>" for name, n in lengths.items()]
    head += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">', _COLUMNS]
    words = {"qual": ".", "filter": ".", "info": ".", "format": "GT", "sample": _CARRIED}
    rest = [pl.lit(word).alias(name) for name, word in words.items()]
    body = sites.select("contig", "position", "site", "ref", "alt", *rest)
    return "\n".join(head).encode() + tab_separated(body)


def _parse(said: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Of each haplotype the entries for its own transcript; ``@pos`` says: see there."""
    entries = (
        said.join(placed.select("haplotype", "id", "site", "layer"), on=["site", "layer"])
        .with_columns(pl.col("bcsq").str.split(","))
        .explode("bcsq")
        .with_row_index("entry")
        .filter(~pl.col("bcsq").str.starts_with("@"))
        .with_columns(pl.col("bcsq").str.split_exact("|", len(FIELDS) - 1).alias("f"))
        .with_columns(pl.col("f").struct.rename_fields([f"csq_{name}" for name in FIELDS]))
        .unnest("f")
        .filter(pl.col("csq_id") == pl.col("id"))
        .sort("haplotype", "site", "entry")
        .with_columns(pl.col("csq_terms").str.split("&"))
        .explode("csq_terms")
    )
    changed = pl.col("csq_amino_acids").drop_nulls().unique(maintain_order=True)
    return (
        entries.with_columns(to_so(entries["csq_terms"]).alias("terms"))
        .group_by("haplotype", maintain_order=True)
        .agg("terms", changed.str.join(",").alias("amino_acids"))
        .with_columns(pl.col("amino_acids").replace("", None))
    )

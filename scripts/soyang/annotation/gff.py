"""Transcripts of an Ensembl-style GFF3 file (MANE's and Ensembl's own).

The hierarchy is ``ID=gene:…`` <- ``ID=transcript:…`` <- exon and CDS, as ``bcftools csq``
wants it. Coordinates in the frames are 0-based and half-open.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.index import Index, index_of
from soyang.annotation.tables import MANE
from soyang.core.assembly import bare
from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text

_BIOTYPES = (
    *("protein_coding", "polymorphic_pseudogene", "nonsense_mediated_decay", "non_stop_decay"),
    *("antisense", "lincRNA", "lncRNA", "macro_lncRNA", "miRNA", "misc_RNA", "Mt_rRNA"),
    *("Mt_tRNA", "processed_transcript", "ribozyme", "rRNA", "sRNA", "scRNA", "scaRNA"),
    *("sense_intronic", "sense_overlapping", "snRNA", "snoRNA"),
    *(f"{kind}_gene" for kind in ("IG_C", "IG_D", "IG_J", "IG_LV", "IG_V")),
    *(f"{kind}_gene" for kind in ("TR_C", "TR_D", "TR_J", "TR_V")),
)
"""Biotypes that ``bcftools csq`` 1.16 knows; transcripts of others it leaves out, and so do we."""

_COLUMNS = ("contig", "source", "type", "start", "end", "score", "strand", "phase", "attributes")


@dataclass(frozen=True)
class Transcripts:
    """Transcripts on the reference's contigs.

    Attributes:
        table: one row each: id (as in the GFF), transcript (RefSeq, else Ensembl
            accession), ensembl, protein (accession or missing), gene, mane ("select",
            "plus_clinical" or missing), contig, start, end, strand, coding, cds_start and
            cds_end (0-based, in the spliced transcript; missing if not coding), length, whole
            (whether the coding part is known from its first to its last codon, in the
            standard genetic code: never so on the mitochondrion).
        exons: one row each: id, exon (number in transcript order), start, end, first
            (0-based position of the exon's 5'-most base in the spliced transcript).
        coding: one row for each exon's coding part: id, exon, start, end.
        lines: the GFF lines of all this, contigs named as in the reference; those of the
            mitochondrion excepted, whose genetic code ``bcftools csq`` doesn't speak.
    """

    table: pl.DataFrame
    exons: pl.DataFrame
    coding: pl.DataFrame
    lines: pl.DataFrame

    @cached_property
    def index(self) -> Index:
        """The transcripts as sorted arrays."""
        return index_of(self.table, self.exons, self.coding)


def read_transcripts(path: Path, genome: Genome) -> Transcripts:
    """Read a GFF3 file, plain or gzip, ``chr`` or not.

    Transcripts on contigs that the reference lacks are left out.

    Raises:
        FaultError: not GFF3, no transcripts in it, or none on the reference.
    """
    known = transcripts_of(_lines(path), genome)
    if known is None:
        raise FaultError(
            Fault(
                code="transcripts-none",
                file=str(path),
                found=f"no usable transcript on {', '.join(list(genome.lengths)[:5])}",
                allowed="Ensembl-style GFF3 (ID=transcript:…) on the reference's contigs",
                next_step="give MANE's ensembl_genomic.gff of the reference's assembly",
            )
        )
    return known


def transcripts_of(raw: pl.DataFrame, genome: Genome) -> Transcripts | None:
    """Transcripts of GFF lines; None if none of them lies on the reference.

    Args:
        raw: the nine columns of GFF3 as text, attributes in Ensembl's style.
        genome: the reference.
    """
    names = genome.names(raw["contig"].unique().sort().to_list())
    lines = raw.filter(pl.col("contig").is_in(list(names))).with_columns(
        pl.col("contig").replace_strict(names, default=None, return_dtype=pl.String)
    )
    features = _features(lines)
    table = _table(features)
    if table.is_empty():
        return None
    parts = features.rename({"parent": "id", "id": "_id"}).join(
        table.select("id", "strand"), on="id"
    )
    exons = _exons(parts)
    coding = _coding(parts, exons)
    nuclear = lines.filter(~pl.col("contig").is_in(mitochondria(genome)))
    return Transcripts(_measured(table, exons, coding, parts, genome), exons, coding, nuclear)


def mitochondria(genome: Genome) -> list[str]:
    """The reference's names of the mitochondrion, ``chr`` or not; of what it has."""
    return [name for name in genome.lengths if bare(name) == "M"]


def _lines(path: Path) -> pl.DataFrame:
    text = _unzipped(path) if path.suffix == ".gz" else read_text(path)
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    wide = pl.DataFrame({"line": rows}, schema={"line": pl.String}).with_row_index("row", offset=1)
    fields = wide.select(
        "row", pl.col("line").str.split_exact("\t", len(_COLUMNS) - 1).alias("f")
    ).unnest("f")
    fields.columns = ["row", *_COLUMNS]
    bad = fields.filter(
        pl.col("attributes").is_null()
        | pl.col("start").cast(pl.Int64, strict=False).is_null()
        | pl.col("end").cast(pl.Int64, strict=False).is_null()
    )
    if bad.height:
        raise FaultError(
            Fault(
                code="transcripts-format",
                file=str(path),
                row=f"feature {bad['row'][0]}",
                found=repr(rows[bad["row"][0] - 1][:60]),
                allowed="nine tab-separated columns as GFF3 has",
                next_step="give an intact GFF3 file",
            )
        )
    return fields.drop("row")


def _unzipped(path: Path) -> str:
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") as handle:
            return handle.read()
    except FileNotFoundError:
        return read_text(path)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise FaultError(
            Fault(
                code="transcripts-format",
                file=str(path),
                found=str(error),
                allowed="a whole gzip file",
                next_step="fetch the file again",
            )
        ) from None


def _attribute(name: str) -> pl.Expr:
    return pl.col("attributes").str.extract(rf"(?:^|;){name}=([^;]*)").alias(name)


def _features(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(
        "contig",
        "type",
        (pl.col("start").cast(pl.Int64) - 1).alias("start"),
        pl.col("end").cast(pl.Int64),
        "strand",
        "phase",
        _attribute("ID").alias("id"),
        _attribute("Parent").str.strip_prefix("transcript:").alias("parent"),
        *map(_attribute, ("Name", "version", "refseq", "protein_id")),
        _mane().alias("mane"),
        pl.col("attributes").str.extract(r"(?:^|;)(?:gene_)?biotype=([^;]*)").alias("biotype"),
    )


def _mane() -> pl.Expr:
    """Set of MANE from ``tag=``: MANE and Ensembl write ``MANE_Select``, NCBI a space."""
    tags = pl.col("attributes").str.extract(r"(?:^|;)tag=([^;]*)")
    return (
        pl.when(tags.str.contains(r"MANE[_ ]Select"))
        .then(pl.lit(MANE[0]))
        .when(tags.str.contains(r"MANE[_ ]Plus[_ ]Clinical"))
        .then(pl.lit(MANE[1]))
    )


def _table(features: pl.DataFrame) -> pl.DataFrame:
    genes = features.filter(pl.col("id").str.starts_with("gene:")).select(
        pl.col("id").alias("parent"), pl.col("Name").alias("gene")
    )
    proteins = (
        features.filter((pl.col("type") == "CDS") & pl.col("protein_id").is_not_null())
        .group_by(pl.col("parent").alias("id"))
        .agg(pl.col("protein_id").first().alias("cds_protein"))
    )
    ensembl = pl.when(pl.col("version").is_null()).then(pl.col("id"))
    return (
        features.filter(
            pl.col("id").str.starts_with("transcript:") & pl.col("biotype").is_in(_BIOTYPES)
        )
        .with_columns(pl.col("id").str.strip_prefix("transcript:"))
        .join(genes.unique("parent"), on="parent", how="left", maintain_order="left")
        .join(proteins, on="id", how="left", maintain_order="left")
        .with_columns(ensembl=ensembl.otherwise(pl.format("{}.{}", "id", "version")))
        .select(
            "id",
            pl.coalesce("refseq", "ensembl").alias("transcript"),
            "ensembl",
            pl.coalesce("protein_id", "cds_protein").alias("protein"),
            pl.coalesce("gene", pl.col("parent").str.strip_prefix("gene:"), "id").alias("gene"),
            *("mane", "contig", "start", "end", "strand"),
        )
        .unique("id", keep="first", maintain_order=True)
    )


def _exons(parts: pl.DataFrame) -> pl.DataFrame:
    """Exons numbered in transcript order, each with its place in the spliced transcript.

    Where a transcript lists no exons, the coding parts are its exons.
    """
    five_prime_first = pl.when(pl.col("strand") == "-").then(-pl.col("end")).otherwise("start")
    length = pl.col("end") - pl.col("start")
    bare = ~(pl.col("type") == "exon").any().over("id")
    return (
        parts.filter((pl.col("type") == "exon") | ((pl.col("type") == "CDS") & bare))
        .unique(["id", "start", "end"])
        .with_columns(_order=five_prime_first)
        .sort("id", "_order")
        .with_columns(
            exon=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("id"),
            first=(length.cum_sum() - length).over("id"),
        )
        .select("id", "exon", "start", "end", "first")
    )


def _coding(parts: pl.DataFrame, exons: pl.DataFrame) -> pl.DataFrame:
    pieces = parts.filter(pl.col("type") == "CDS").select("id", "start", "end")
    return (
        pieces.join(exons, on="id", suffix="_exon")
        .filter((pl.col("start") >= pl.col("start_exon")) & (pl.col("end") <= pl.col("end_exon")))
        .select("id", "exon", "start", "end")
        .unique()
        .sort("id", "exon", "start")
    )


def _measured(
    table: pl.DataFrame,
    exons: pl.DataFrame,
    coding: pl.DataFrame,
    parts: pl.DataFrame,
    genome: Genome,
) -> pl.DataFrame:
    """Add where the coding part lies in the spliced transcript, and whether it is whole."""
    length = pl.col("end") - pl.col("start")
    total = exons.group_by("id").agg(length=length.sum())
    lead = (
        pl.when(pl.col("strand") == "-")
        .then(pl.col("end_exon") - pl.col("end"))
        .otherwise(pl.col("start") - pl.col("start_exon"))
    )
    span = (
        coding.join(exons, on=["id", "exon"], suffix="_exon")
        .join(table.select("id", "strand"), on="id")
        .group_by("id")
        .agg(cds_start=(pl.col("first") + lead).min(), cds=length.sum())
        .with_columns(cds_end=pl.col("cds_start") + pl.col("cds"))
    )
    cds = parts.filter(pl.col("type") == "CDS")
    phase = cds.group_by("id").agg(
        phase=pl.when(pl.col("strand").first() == "-")
        .then(pl.col("phase").sort_by("end").last())
        .otherwise(pl.col("phase").sort_by("start").first())
    )
    return (
        table.join(total, on="id", how="inner", maintain_order="left")
        .join(span, on="id", how="left", maintain_order="left")
        .join(phase, on="id", how="left", maintain_order="left")
        .with_columns(
            whole=(pl.col("cds") % 3 == 0).fill_null(False)
            & pl.col("phase").is_in(["0", "."])
            & ~pl.col("contig").is_in(mitochondria(genome))
        )
        .with_columns(coding=pl.col("cds").is_not_null())
        .drop("cds", "phase")
    )

"""Depth over the coding exons of transcripts."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from soyang.core.assembly import bare
from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.core.interval import Interval, merge
from soyang.core.tables import DTypes
from soyang.reads.depth import over_pieces
from soyang.reads.tables import SHOWN_DEPTHS

_COLUMNS = ("contig", "source", "type", "start", "end", "score", "strand", "phase", "attributes")
_CODING: dict[str, DTypes] = {
    "contig": pl.String,
    "start": pl.Int64,
    "end": pl.Int64,
    "gene": pl.String,
    "transcript": pl.String,
}


def coding_exons(transcripts: Path, contigs: list[str]) -> pl.DataFrame:
    """Coding parts of exons: contig, start (0-based), end (exclusive), gene, transcript.

    The gene is named by its symbol, else its identifier; the transcript by its RefSeq accession,
    else its own with version.

    Args:
        transcripts: GFF3 in Ensembl style (gene <- transcript <- CDS), plain or gzip, ``chr`` or
            not.
        contigs: names in the reference; transcripts on others are left out.

    Raises:
        FaultError: not GFF3, or without coding exons.
    """
    rows = _rows(transcripts)
    names = {bare(contig): contig for contig in contigs}
    coding = _attributes(rows.filter(pl.col("type") == "CDS"), "Parent")
    if coding.is_empty():
        raise FaultError(_fault(transcripts, "no row of type CDS"))
    carriers = _attributes(
        rows.filter(pl.col("attributes").str.contains("ID=transcript:", literal=True)),
        *("ID", "Parent", "transcript_id", "version", "refseq"),
    ).select(
        "ID",
        gene_id="Parent",
        transcript=pl.coalesce(
            "refseq", pl.col("transcript_id") + "." + pl.col("version"), "transcript_id"
        ),
    )
    genes = _attributes(
        rows.filter(pl.col("attributes").str.contains("ID=gene:", literal=True)), "ID", "Name"
    ).select(gene_id="ID", name="Name")
    joined = coding.join(carriers, left_on="Parent", right_on="ID", how="left").join(
        genes, on="gene_id", how="left", maintain_order="left"
    )
    return (
        joined.select(
            pl.col("contig")
            .map_elements(bare, return_dtype=pl.String)
            .replace_strict(names, default=None, return_dtype=pl.String),
            pl.col("start") - 1,
            "end",
            gene=pl.coalesce("name", pl.col("gene_id").str.strip_prefix("gene:"), "Parent"),
            transcript=pl.coalesce("transcript", pl.col("Parent").str.strip_prefix("transcript:")),
        )
        .filter(pl.col("contig").is_not_null())
        .cast(pl.Schema(_CODING))
    )


def _rows(path: Path) -> pl.DataFrame:
    try:
        text = (
            gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else read_text(path)
        )
        return pl.read_csv(
            text.replace("\r\n", "\n").encode(),
            separator="\t",
            has_header=False,
            comment_prefix="#",
            quote_char=None,
            schema={name: pl.Int64 if name in ("start", "end") else pl.String for name in _COLUMNS},
            truncate_ragged_lines=True,
        )
    except (OSError, EOFError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        found = str(error).split("\n", 1)[0] or "no rows"
        raise FaultError(_fault(path, found)) from None


def _attributes(rows: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Attributes as columns, missing where a row has none of the name."""
    return rows.with_columns(
        pl.col("attributes").str.extract(rf"(?:^|;)\s*{name}=([^;]+)").alias(name) for name in names
    )


def merged(exons: pl.DataFrame) -> Iterator[Interval]:
    """Stretches that lie in at least one exon."""
    yield from merge(Interval(*row) for row in exons.select("contig", "start", "end").iter_rows())


def edges_of(exons: pl.DataFrame) -> dict[str, list[int]]:
    """Starts and ends of exons, sorted, each once, by contig."""
    ends = pl.concat(
        [exons.select("contig", edge="start"), exons.select("contig", edge="end")]
    ).unique()
    return {
        str(contig): frame["edge"].sort().to_list() for (contig,), frame in ends.group_by("contig")
    }


def gene_coverage(
    sample: str, depth: pl.DataFrame, exons: pl.DataFrame, callable_depth: int
) -> pl.DataFrame:
    """Rows of GENE_COVERAGE; transcripts without a known base have none.

    Args:
        sample: the sample.
        depth: of regions cut at the exons' edges, with ``at_`` 20, 30 and ``callable_depth``.
        exons: :func:`coding_exons`.
        callable_depth: depth from which on absence of a variant is said.
    """
    share = {"callable_share": callable_depth}
    share |= {f"share_{shown}x": shown for shown in SHOWN_DEPTHS}
    sums = exons.select("gene", "transcript").hstack(over_pieces(depth, exons))
    return (
        sums.group_by("gene", "transcript")
        .agg(pl.col(name).sum() for name in sums.columns[2:])
        .filter(pl.col("bases") > 0)
        .sort("gene", "transcript")
        .select(
            pl.lit(sample).alias("sample"),
            "gene",
            "transcript",
            pl.col("bases").cast(pl.Int64),
            (pl.col("total") / pl.col("bases")).round(4).alias("mean_depth"),
            *(
                (pl.col(f"at_{depth_}") / pl.col("bases")).round(6).alias(name)
                for name, depth_ in share.items()
            ),
        )
    )


def _fault(path: Path, found: str) -> Fault:
    return Fault(
        code="transcripts-unreadable",
        file=str(path),
        found=found,
        allowed="GFF3 in Ensembl style with genes, transcripts and their CDS",
        next_step="correct reference.transcripts in the settings",
    )

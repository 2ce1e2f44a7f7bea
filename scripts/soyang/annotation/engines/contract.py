"""What every consequence engine is given and gives."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts

PREDICTED = {
    "site": pl.Int64(),
    "id": pl.String(),
    "terms": pl.List(pl.String()),
    "amino_acids": pl.String(),
}
"""Columns that an engine returns: the site's number, the transcript as the GFF names it (without
``transcript:``), its SO terms (of :data:`soyang.annotation.terms.IMPACT_OF`), and the amino-acid
change in the engine's words (missing: none)."""


class Engine(StrEnum):
    """Tools that predict consequences."""

    CSQ = "csq"
    SNPEFF = "snpeff"
    VEP = "vep"


class Predictor(Protocol):
    """A tool that says what sites do to transcripts, each site by itself."""

    def predict(
        self, sites: pl.DataFrame, genome: Genome, known: Transcripts, *, threads: int
    ) -> pl.DataFrame:
        """Predict.

        Args:
            sites: columns site (a number), contig, position (1-based), ref, alt (sequences in
                upper case that differ, ref as the reference has it), each contig in one block,
                by position.
            genome: the reference.
            known: the transcripts; the tool is given exactly these.
            threads: how many processes may run at once; the answer doesn't depend on it.

        Returns:
            :data:`PREDICTED`, one row for each site and transcript of which the tool says
            something.
        """
        ...


def nothing() -> pl.DataFrame:
    """An engine's answer where it says nothing."""
    return pl.DataFrame(schema=PREDICTED)


def vcf_text(sites: pl.DataFrame, lengths: dict[str, int]) -> bytes:
    """A VCF without genotypes, whose IDs are the sites' numbers.

    Args:
        sites: columns site, contig, position, ref, alt.
        lengths: length of each contig, for the header.
    """
    contigs = (f"##contig=<ID={name},length={n}>\n" for name, n in lengths.items())
    header = "##fileformat=VCFv4.2\n" + "".join(contigs)
    header += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    dot = [pl.lit(".").alias(name) for name in ("qual", "filter", "info")]
    body = sites.select("contig", "position", "site", "ref", "alt", *dot)
    return header.encode() + tab_separated(body)


def tab_separated(frame: pl.DataFrame) -> bytes:
    """Rows of a frame as tab-separated text without header."""
    text = frame.write_csv(include_header=False, separator="\t", quote_style="never")
    return text.encode()

"""REVEL 1.3: missense scores.

Format: the site's ``revel_with_transcript_ids`` (https://sites.google.com/site/revelgenomics,
Zenodo 7072866): comma-separated ``chr,hg19_pos,grch38_pos,ref,alt,aaref,aaalt,REVEL,
Ensembl_transcriptid``, sorted by hg19; ``grch38_pos`` is ``.`` where lift-over failed. A
substitution has a row for each group of transcripts with one amino-acid change. Ioannidis et al.
2016, doi:10.1016/j.ajhg.2016.08.016.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.scores import (
    BASE,
    UNIT,
    Reference,
    substitutions,
    whole,
)
from soyang.annotation.sources.text import Layout, fault, frames
from soyang.core.assembly import Assembly

COLUMNS = (
    ColumnFact(
        name="revel",
        annotated="revel",
        dtype="UInt16",
        unit=UNIT,
        meaning="REVEL score of the substitution, 0 to 10000 of 10000, the higher the likelier "
        "pathogenic; the highest where transcripts differ; missing: REVEL has no score",
    ),
)
PREFER = ("revel",)
"""Of several rows of one allele (transcripts that differ) the one with the highest stays."""

_POSITION = {Assembly.GRCH37: "hg19_pos", Assembly.GRCH38: "grch38_pos"}
NOT_LIFTED = "no position on this assembly"


def read(
    entry: CatalogSource,
    path: Path,
    genome: Genome | None,
    *,
    threads: int,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Scores by chromosome, in the file's order; an allele may come several times.

    Args:
        entry: the catalogue's entry, with the one assembly to take positions on.
        path: the CSV file, plain, gzipped or zipped.
        genome: the reference; None: refs are not checked.
        threads: not used: one pass reads as fast as the file inflates.
        left_out: rows left out, by reason; added to.
        vocabularies: REVEL has none.

    Raises:
        FaultError: not REVEL's format, truncated, or the reference contradicts it.
    """
    del threads, vocabularies
    position = _position(entry, path)
    layout = Layout(
        columns={
            "chr": pl.String(),
            position: pl.Int32(),
            "ref": BASE,
            "alt": BASE,
            "REVEL": pl.Float64(),
        },
        separator=",",
        nulls={position: "."},
        required=("chr", "ref", "alt", "REVEL"),
    )
    reference = Reference(genome, path, left_out)
    for block in frames(path, layout):
        there = block.rename({position: "position"}).filter(pl.col("position").is_not_null())
        if lost := block.height - there.height:
            left_out[NOT_LIFTED] += lost
        for name, rows in reference.chromosomes(there, "chr"):
            score = whole(rows["REVEL"], path).alias("revel")
            yield name, substitutions(rows.with_columns(score).drop("REVEL"), reference)


def _position(entry: CatalogSource, path: Path) -> str:
    """The column of positions on the assembly that is built for."""
    known = entry.assembly or ()
    if len(known) == 1:
        return _POSITION[known[0]]
    raise fault(
        path,
        f"positions on {' and '.join(known) or 'no assembly'}",
        "one assembly to take positions of",
        "name the assembly to build for",
    )

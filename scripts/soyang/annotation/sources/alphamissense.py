"""AlphaMissense: missense scores and classes of the canonical transcripts.

Format: ``AlphaMissense_hg38.tsv.gz`` or ``_hg19`` (Zenodo 8208688 and 10813168): lines of licence
beginning with ``#``, then ``#CHROM POS REF ALT genome uniprot_id transcript_id protein_variant
am_pathogenicity am_class``. Classes are the authors': likely benign below 0.34, likely pathogenic
above 0.564. Cheng et al. 2023, doi:10.1126/science.adg7492.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.scores import BASE, SCHEMA, UNIT, Reference, substitutions, whole
from soyang.annotation.sources.text import Layout, fault, frames
from soyang.core.assembly import Assembly

COLUMNS = (
    ColumnFact(
        name="alphamissense",
        annotated="alphamissense",
        dtype="UInt16",
        unit=UNIT,
        meaning="AlphaMissense pathogenicity of the substitution, 0 to 10000 of 10000; the highest "
        "where proteins differ; missing: AlphaMissense has no score",
    ),
    ColumnFact(
        name="alphamissense_class",
        annotated="alphamissense_class",
        dtype="String",
        meaning="AlphaMissense's class of that score: likely_benign, ambiguous or "
        "likely_pathogenic; missing: no score",
    ),
)
PREFER = ("alphamissense",)
"""Of several rows of one allele (overlapping genes) the one with the highest score stays."""

CLASS_FIELD = "am_class"

_LAYOUT = Layout(
    columns={
        "CHROM": pl.String,
        "POS": pl.Int32,
        "REF": BASE,
        "ALT": BASE,
        "genome": pl.String,
        "am_pathogenicity": pl.Float64,
        CLASS_FIELD: pl.String,
    },
    required=("CHROM", "POS", "REF", "ALT", "genome", "am_pathogenicity", CLASS_FIELD),
)
_ASSEMBLY: Mapping[str, Assembly] = {"hg19": Assembly.GRCH37, "hg38": Assembly.GRCH38}


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
        entry: the catalogue's entry, with the assembly that the file must name.
        path: the tab-separated file, plain or gzipped.
        genome: the reference; None: refs are not checked.
        threads: not used: one pass reads as fast as the file inflates.
        left_out: rows left out, by reason; added to.
        vocabularies: classes and their rows; added to.

    Raises:
        FaultError: not AlphaMissense's format, of another assembly, or truncated.
    """
    del threads
    allowed = tuple(entry.assembly or ())
    classes = vocabularies.setdefault(CLASS_FIELD, Counter())
    reference = Reference(genome, path, left_out)
    for block in frames(path, _LAYOUT):
        _require_assembly(block["genome"], allowed, path)
        classes.update(dict(block[CLASS_FIELD].value_counts().iter_rows()))
        rows = block.drop("genome").rename(
            {"POS": "position", "REF": "ref", "ALT": "alt", CLASS_FIELD: "alphamissense_class"}
        )
        for name, part in reference.chromosomes(rows, "CHROM"):
            score = whole(part["am_pathogenicity"], path).alias("alphamissense")
            known = part.with_columns(score).drop("am_pathogenicity")
            yield name, substitutions(known, reference).select(*SCHEMA, *(c.name for c in COLUMNS))


def _require_assembly(said: pl.Series, allowed: tuple[Assembly, ...], path: Path) -> None:
    for name in said.unique().sort():
        if allowed and _ASSEMBLY.get(name) not in allowed:
            raise fault(
                path,
                f"scores on {name}",
                f"scores on {', '.join(allowed)} (hg19 is GRCh37, hg38 GRCh38)",
                "give AlphaMissense's file for the assembly",
                column="genome",
            )

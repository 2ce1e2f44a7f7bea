"""ClinGen's dosage sensitivity of regions: recurrent deletions and duplications, and benign ones.

Format: ``ClinGen_region_curation_list_GRCh38.tsv`` (ftp.clinicalgenome.org): title lines and column
names beginning with ``#``; positions 1-based with both ends, ``tbd`` where there is none yet.
Scores as for genes: 0 none, 1 little, 2 some, 3 sufficient evidence; 30 autosomal recessive; 40
dosage sensitivity unlikely. Riggs et al. 2012, doi:10.1111/j.1399-0004.2011.01818.x.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.named import count_values, require, texts
from soyang.annotation.sources.spans import SPAN, VALUE, Contigs
from soyang.annotation.sources.text import fault
from soyang.core.assembly import contig_order

NO_PLACE = "without a place on the assembly"
UNPLACED = ("tbd", "")
SEPARATOR = ";"
"""Between id, the two scores and the name in a value; the name comes last and may hold it."""

_FIELDS = {
    "haploinsufficiency": "haploinsufficiency_score",
    "triplosensitivity": "triplosensitivity_score",
}
_NAMES = {
    "id": ("ISCA ID",),
    "name": ("ISCA Region Name",),
    "location": ("Genomic Location",),
    "haploinsufficiency": ("Haploinsufficiency Score",),
    "triplosensitivity": ("Triplosensitivity Score",),
}
_PLACE = r"^(?P<chromosome>[^:\s]+):(?P<first>\d+)-(?P<last>\d+)$"


def columns(entry: CatalogSource) -> tuple[ColumnFact, ...]:
    """What the source says of a region."""
    return (
        ColumnFact(
            name=VALUE,
            annotated=entry.id,
            dtype="String",
            meaning=f"{entry.name}: id;haploinsufficiency;triplosensitivity;name of the region, "
            "a score empty where nobody has looked; several of the same bounds joined by '|'",
        ),
    )


def read(
    entry: CatalogSource,
    path: Path,
    genome: Genome | None,
    *,
    threads: int,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Regions by chromosome: start, end (0-based, half-open), value.

    Args:
        entry: the catalogue's entry.
        path: the table, plain or gzipped.
        genome: the reference; None: contigs and their lengths are not compared.
        threads: not used.
        left_out: rows left out, by reason; added to.
        vocabularies: the scores as they stand, and their rows; added to.

    Raises:
        FaultError: not the format, truncated, or of another assembly.
    """
    del entry, threads
    frame = texts(path, _NAMES)
    require(frame, path, "id", "name")
    for column, field in _FIELDS.items():
        count_values(frame[column], vocabularies.setdefault(field, Counter()))
    regions = _placed(frame, path, left_out)
    for name, part in Contigs(genome, path, left_out).chromosomes(regions, "chromosome"):
        yield name, _distinct(part)


def split(values: pl.Expr) -> list[pl.Expr]:
    """What a value says: region, haploinsufficiency and triplosensitivity (Int8), region_name."""
    parts = values.str.splitn(SEPARATOR, 4).struct
    scores = ("haploinsufficiency", "triplosensitivity")
    return [
        parts.field("field_0").alias("region"),
        *(
            parts.field(f"field_{at}").cast(pl.Int8, strict=False).alias(name)
            for at, name in enumerate(scores, start=1)
        ),
        parts.field("field_3").alias("region_name"),
    ]


def _placed(frame: pl.DataFrame, path: Path, left_out: Counter[str]) -> pl.DataFrame:
    """Columns chromosome, start, end, value; in the order of the genome."""
    location = pl.col("location").fill_null("").str.strip_chars()
    there = frame.filter(~location.is_in(UNPLACED))
    if there.height < frame.height:
        left_out[NO_PLACE] += frame.height - there.height
    place = location.str.replace_all(",", "").str.extract_groups(_PLACE).struct
    # A word that is no score stops the build as a new value of the vocabulary.
    scores = [pl.col(c).cast(pl.Int8, strict=False).cast(pl.String).fill_null("") for c in _FIELDS]
    rows = there.select(
        "location",
        place.field("chromosome"),
        start=place.field("first").cast(pl.Int32) - 1,
        end=place.field("last").cast(pl.Int32),
        value=pl.concat_str(
            "id", *scores, pl.col("name").str.replace_all("|", "/", literal=True),
            separator=SEPARATOR,
        ),
    )  # fmt: skip
    strange = rows.filter(pl.col("chromosome").is_null())
    if strange.height:
        found, allowed = repr(strange["location"][0][:40]), "chromosome:first-last, or tbd"
        raise fault(path, found, allowed, "fetch the file again", column="Genomic Location")
    order = {name: n for n, name in enumerate(sorted(set(rows["chromosome"]), key=contig_order))}
    rank = pl.col("chromosome").replace_strict(order, return_dtype=pl.Int32)
    return rows.sort(rank, "start", "end", "value").select("chromosome", "start", "end", "value")


def _distinct(frame: pl.DataFrame) -> pl.DataFrame:
    values = pl.col(VALUE).unique().sort().str.join("|")
    return frame.group_by(SPAN, maintain_order=True).agg(values)

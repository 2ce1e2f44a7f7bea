"""Repeats and segmental duplications, as intervals with class and name.

Formats: UCSC's ``rmsk.txt.gz`` (RepeatMasker; 17 columns without names, genoStart 0-based),
``genomicSuperDups.txt.gz`` (30 columns), and BED: chromosome, start, end, name, and a class as
fifth column (a number there is BED's score). genome.ucsc.edu/cgi-bin/hgTables, "rmsk" and
"genomicSuperDups". Intervals may overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.spans import SPAN, VALUE, Contigs
from soyang.annotation.sources.text import Layout, fault, first_row, frames

_RMSK = (
    "bin", "swScore", "milliDiv", "milliDel", "milliIns", "genoName", "genoStart", "genoEnd",
    "genoLeft", "strand", "repName", "repClass", "repFamily", "repStart", "repEnd", "repLeft", "id",
)  # fmt: skip
_SUPER_DUPS = 30
_LEAST = 3


def columns(entry: CatalogSource) -> tuple[ColumnFact, ...]:
    """What the source says of an interval."""
    return (
        ColumnFact(
            name=VALUE,
            annotated=entry.id,
            dtype="String",
            meaning=f"{entry.name} that the changed bases touch, class:name, several joined by "
            "'|'; missing: none",
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
    """Intervals by chromosome: start, end (0-based, half-open), value (``class:name``).

    Intervals of one block with the same bounds are one, their values joined by ``|``.

    Args:
        entry: the catalogue's entry.
        path: one of the formats, plain or gzipped.
        genome: the reference; None: contigs and their lengths are not compared.
        threads: not used.
        left_out: rows left out, by reason; added to.
        vocabularies: repeats have none that is closed.

    Raises:
        FaultError: none of the formats, truncated, or of another assembly.
    """
    del entry, threads, vocabularies
    contigs = Contigs(genome, path, left_out)
    layout, value = _layout(path)
    for block in frames(path, layout):
        names = dict(zip(layout.columns, ("chromosome", *SPAN), strict=False))
        rows = block.with_columns(value.alias(VALUE)).rename(names)
        for name, part in contigs.chromosomes(
            rows.select("chromosome", *SPAN, VALUE), "chromosome"
        ):
            yield name, _distinct(part)


def _layout(path: Path) -> tuple[Layout, pl.Expr]:
    """How the file is to be read, and what of it is the value."""
    row = first_row(path)
    if len(row) == len(_RMSK):
        return _wanted(_RMSK, "genoName", "genoStart", "genoEnd", "repName", "repClass"), (
            pl.concat_str("repClass", pl.lit(":"), "repName")
        )
    names = [f"column{number}" for number in range(len(row))]
    if len(row) == _SUPER_DUPS:
        value = pl.concat_str(pl.lit("segmental_duplication:"), "column4")
        return _wanted(tuple(names), *names[1:5]), value
    if len(row) < _LEAST:
        raise fault(
            path,
            f"{len(row)} columns" if row else "no rows",
            "BED with at least chromosome, start and end, or UCSC's rmsk or genomicSuperDups",
            "fetch the file again, or convert it to BED",
        )
    return _bed(row, names)


def _bed(row: list[str], names: list[str]) -> tuple[Layout, pl.Expr]:
    name_at, class_at = 3, 4
    classed = len(row) > class_at and not _is_number(row[class_at])
    kind = pl.col(names[class_at]) if classed else pl.lit("repeat")
    named = len(row) > name_at
    value = pl.concat_str(kind, pl.lit(":"), names[name_at]) if named else kind
    return _wanted(tuple(names), *names[: class_at + 1 if classed else name_at + named]), value


def _wanted(header: tuple[str, ...], chromosome: str, start: str, end: str, *texts: str) -> Layout:
    wanted = (chromosome, start, end, *texts)
    types = {name: pl.Int32() if name in (start, end) else pl.String() for name in wanted}
    return Layout(columns=types, required=wanted, header=header)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _distinct(frame: pl.DataFrame) -> pl.DataFrame:
    if not frame.select(SPAN).is_duplicated().any():
        return frame
    values = pl.col(VALUE).unique().sort().str.join("|")
    return frame.group_by(SPAN, maintain_order=True).agg(values)

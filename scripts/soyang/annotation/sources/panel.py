"""Partners' reference panels: a sites VCF with AC and AN, and nhomalt where they have it.

A panel without counts of homozygotes is admitted; they are missing then, which is not zero. One
with frequencies only is refused: AF without AN can't be pooled with other panels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources import counts

PREFER = counts.PREFER


def columns(entry: CatalogSource) -> tuple[ColumnFact, ...]:
    """passed; ac, an, nhomalt; and the same of each group that the catalogue names."""
    return counts.column_facts(entry)


def read(
    entry: CatalogSource,
    path: Path,
    genome: Genome | None,
    *,
    threads: int,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Counts of normalised alleles by chromosome, in the file's order.

    Args:
        entry: the catalogue's entry.
        path: the VCF or BCF.
        genome: the reference; None: alleles stay as they stand.
        threads: to read with.
        left_out: alleles left out, by reason; added to.
        vocabularies: there are none.

    Raises:
        FaultError: see :func:`soyang.annotation.sources.counts.read_counts`.
    """
    del vocabularies
    yield from counts.read_counts(
        entry,
        path,
        genome,
        threads=threads,
        left_out=left_out,
        optional=frozenset({counts.NHOMALT}),
    )

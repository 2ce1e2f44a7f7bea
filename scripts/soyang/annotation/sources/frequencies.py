"""Frequencies in populations: a sites VCF as gnomAD gives, exomes or genomes.

Fields AC, AN and nhomalt of everybody and of each group that the catalogue names: gnomAD's
README (gnomad.broadinstitute.org/downloads), Karczewski et al. 2020, doi:10.1038/s41586-020-2308-7.
A filtered site is kept and says so: its counts are of unknown quality, and the allele is not
absent.
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
    """passed; ac, an, nhomalt; and the same of each group, e.g. ac_afr."""
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
        entry: the catalogue's entry; ``groups`` and ``fields`` say what is read.
        path: the VCF or BCF.
        genome: the reference; None: alleles stay as they stand.
        threads: to read with.
        left_out: alleles left out, by reason; added to.
        vocabularies: there are none.

    Raises:
        FaultError: see :func:`soyang.annotation.sources.counts.read_counts`.
    """
    del vocabularies
    yield from counts.read_counts(entry, path, genome, threads=threads, left_out=left_out)

"""``soyang cohort count``: how many alleles of each site the counted samples have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from soyang.cohort.counting import count_contig
from soyang.cohort.inputs import by_rank, read_subjects, require
from soyang.cohort.parquet import write_pieces
from soyang.cohort.tables import SAMPLES, SITES
from soyang.core.assembly import Assembly
from soyang.core.tables import read_table


def count(
    *,
    samples: Path,
    genotypes: Path,
    callable: Path,
    admitted: Path,
    assembly: Assembly,
    sites: Path,
) -> None:
    """Count alleles, homozygotes and haploid carriers of each site, only where callable.

    AN is the sum over the counted samples that are callable at the site's position of their
    copies by recorded sex. AC counts of these samples only: a carrier outside its callable
    regions is in neither, nor is one that is heterozygous where it has one copy. A site
    that only uncounted people carry is there with an AC of 0.

    Args:
        samples: who is in the cohort and who is counted (SAMPLES).
        genotypes: their genotypes (GENOTYPES).
        callable: their callable regions (CALLABLE).
        admitted: recorded sex (ADMITTED).
        assembly: assembly, for the pseudo-autosomal regions.
        sites: table to write (SITES), by contig, position, ref and alt.

    Raises:
        FaultError: a counted sample is not admitted.
    """
    counted = read_table(samples, SAMPLES).filter("counted")["sample"].to_list()
    subjects = read_subjects(admitted)
    require(counted, subjects, admitted, "admission")
    sexes = pl.DataFrame(
        {"sample": counted, "sex": [subjects[name].sex for name in counted]},
        schema={"sample": pl.String, "sex": pl.String},
    )
    write_pieces(_pieces(genotypes, callable, sexes, assembly), sites, SITES)


def _pieces(
    genotypes: Path, regions: Path, sexes: pl.DataFrame, assembly: Assembly
) -> Iterator[pl.DataFrame]:
    rows = pl.scan_parquet(genotypes, glob=False)
    where = pl.scan_parquet(regions, glob=False)
    contigs = rows.select(pl.col("contig").unique()).collect()["contig"]
    for contig in by_rank(contigs):
        here = pl.col("contig") == contig
        yield count_contig(
            rows.filter(here).collect(), where.filter(here).collect(), sexes, contig, assembly
        )

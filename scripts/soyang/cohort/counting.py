"""Allele counts over the samples that are callable, one contig at a time.

Ploidy by recorded sex: two copies of an autosome and of the pseudo-autosomal regions; of X
outside these two in women and one in men; of Y outside these none in women and one in men;
one of the mitochondrion. Where the recorded sex is unknown, so is the number of X and Y, and
the sample is not counted there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.cohort.tables import SITE, SITES
from soyang.core.assembly import PSEUDO_AUTOSOMAL, Assembly, bare

Ploidy = dict[str, int]
Integers = npt.NDArray[np.int64]

DIPLOID = 2
END = 2**62
"""Beyond the end of every contig."""
_TWO = {"male": 2, "female": 2, "unknown": 2}
_OUTSIDE = {
    "X": {"male": 1, "female": 2, "unknown": 0},
    "Y": {"male": 1, "female": 0, "unknown": 0},
    "M": {"male": 1, "female": 1, "unknown": 1},
}


def ploidy_regions(contig: str, assembly: Assembly) -> Iterator[tuple[int, int, Ploidy]]:
    """Stretches of a contig with their ploidy by recorded sex, from 0 to its end.

    Yields:
        start (0-based), end (exclusive), copies by sex.
    """
    name = bare(contig)
    outside = _OUTSIDE.get(name, _TWO)
    at = 0
    for start, end in PSEUDO_AUTOSOMAL[assembly].get(name, ()):
        yield at, start, outside
        yield start, end, _TWO
        at = end
    yield at, END, outside


def count_contig(
    genotypes: pl.DataFrame,
    regions: pl.DataFrame,
    sexes: pl.DataFrame,
    contig: str,
    assembly: Assembly,
) -> pl.DataFrame:
    """Count one contig's sites.

    A sample takes part at a site if it is counted and callable at the site's position. Its
    copies there are by recorded sex. A carrier outside its callable regions does not take
    part, nor does one whose genotype contradicts its copies: heterozygous where there is one.

    Args:
        genotypes: this contig's rows of GENOTYPES, of all samples.
        regions: this contig's rows of CALLABLE; disjoint within a sample.
        sexes: sample and recorded sex of the counted samples.
        contig: its name.
        assembly: of the pseudo-autosomal regions.

    Returns:
        The columns of SITES, by position, ref and alt.
    """
    counted = regions.join(sexes, on="sample")
    stretches = list(ploidy_regions(contig, assembly))
    carriers = with_copies(callable_carriers(genotypes, counted), stretches)
    fits = (pl.col("have") == DIPLOID) | (pl.col("dosage") == pl.col("copies"))
    takes_part = fits & (pl.col("have") > 0)
    alleles = pl.min_horizontal("dosage", "have")
    counts = carriers.group_by(SITE).agg(
        ac=alleles.filter(takes_part).sum(),
        nhomalt=((pl.col("have") == DIPLOID) & (pl.col("dosage") == DIPLOID)).sum(),
        nhemi=(takes_part & (pl.col("have") == 1)).sum(),
        unfit=pl.col("have").filter(~takes_part).sum(),
    )
    sites = genotypes.select(SITE).unique().sort(SITE[1:])
    covered = callable_copies(sites["position"].to_numpy(), counted, stretches)
    return (
        sites.with_columns(covered=covered)
        .join(counts, on=SITE, how="left", maintain_order="left")
        .with_columns(pl.col("ac", "nhomalt", "nhemi", "unfit").fill_null(0))
        .with_columns(an=pl.col("covered") - pl.col("unfit"))
        .select(*SITE, pl.col("ac", "an", "nhomalt", "nhemi").cast(pl.Int32))
        .select(SITES.names)
    )


def callable_carriers(genotypes: pl.DataFrame, regions: pl.DataFrame) -> pl.DataFrame:
    """Genotypes of counted samples whose position lies in a callable region, with sex."""
    return (
        genotypes.with_columns(at=pl.col("position") - 1)
        .sort("at")
        .join_asof(
            regions.select("sample", "start", "end", "sex").sort("start"),
            left_on="at",
            right_on="start",
            by="sample",
            strategy="backward",
            check_sortedness=False,
        )
        .filter(pl.col("at") < pl.col("end"))
    )


def with_copies(carriers: pl.DataFrame, stretches: list[tuple[int, int, Ploidy]]) -> pl.DataFrame:
    """Add ``have``: copies of the locus that each carrier has by recorded sex."""
    parts = [
        carriers.filter(pl.col("at").is_between(start, end, closed="left")).with_columns(
            have=pl.col("sex").replace_strict(ploidy, return_dtype=pl.Int8)
        )
        for start, end, ploidy in stretches
    ]
    return pl.concat(parts)


def callable_copies(
    positions: Integers, regions: pl.DataFrame, stretches: list[tuple[int, int, Ploidy]]
) -> Integers:
    """Copies of all counted samples that are callable at each position.

    A region adds its sample's copies from the first position in it on, and takes them away
    after the last: one sum over all samples, whatever their number.

    Args:
        positions: sorted, 1-based.
        regions: start (0-based), end (exclusive) and sex; disjoint within a sample.
        stretches: see :func:`ploidy_regions`.

    Returns:
        A count for each position.
    """
    change = np.zeros(len(positions) + 1, np.int64)
    offsets = positions - 1
    starts, ends = regions["start"].to_numpy(), regions["end"].to_numpy()
    for low, high, ploidy in stretches:
        copies = regions["sex"].replace_strict(ploidy, return_dtype=pl.Int64).to_numpy()
        first = np.searchsorted(offsets, np.clip(starts, low, high))
        last = np.searchsorted(offsets, np.clip(ends, low, high))
        np.add.at(change, first, copies)
        np.subtract.at(change, last, copies)
    return np.cumsum(change[:-1])

"""dbSNP: reference SNP numbers.

Format: dbSNP's VCF (ftp.ncbi.nih.gov/snp/latest_release/VCF), whose contigs are RefSeq
accessions, or a copy with other names; the number stands in ID. INFO RS is not read: numbers have
passed 2,147,483,647, the largest integer that VCF's INFO can hold. Sherry et al. 2001,
doi:10.1093/nar/29.1.308.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.variants import Source, key_columns, read_normalised

COLUMNS = (
    ColumnFact(
        name="rs",
        annotated="rsid",
        dtype="UInt32",
        meaning="number of the reference SNP, without 'rs'; the lowest where an allele has "
        "several; missing: not in dbSNP",
    ),
)
PREFER = ("-rs",)
"""An allele with several numbers keeps the lowest, the one that is longest known."""

NO_NUMBER = "no rs number"

_LARGEST = 2**32 - 1


def read(
    entry: CatalogSource,
    path: Path,
    genome: Genome | None,
    *,
    threads: int,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Numbers of normalised alleles by chromosome, in the file's order.

    An allele comes once for each of its numbers.

    Args:
        entry: the catalogue's entry.
        path: the VCF.
        genome: the reference; None: alleles stay as they stand.
        threads: to read with.
        left_out: alleles left out, by reason; added to.
        vocabularies: there are none.

    Raises:
        FaultError: another assembly, an ID that is no rs number, no rs numbers at all, a file that
            is truncated or no VCF.
    """
    del vocabularies
    source = Source(entry=entry, path=path, genome=genome, left_out=left_out)
    numbered = 0
    for chromosome, alleles in read_normalised(source, threads=threads, columns=("ID",)):
        ids = pl.Series("id", alleles.values["ID"], dtype=pl.String)
        frame = pl.DataFrame({**key_columns(alleles), "rs": ids})
        given = _numbers(_split(frame), chromosome, source)
        if lost := len(alleles) - given.height + _further(ids):
            left_out[NO_NUMBER] += lost
        numbered += given.height
        if given.height:
            yield chromosome, given
    if not numbered and left_out[NO_NUMBER]:
        raise source.fault(
            "source-columns",
            column="ID",
            found="no rs number in any record",
            allowed="dbSNP's numbers, e.g. rs80357906",
            next_step="give dbSNP's own VCF",
        )


def _further(ids: pl.Series) -> int:
    """Numbers beyond the first of each record."""
    return int(ids.str.count_matches(";", literal=True).sum() or 0)


def _split(frame: pl.DataFrame) -> pl.DataFrame:
    """A row for each of several numbers, which VCF joins with ``;``."""
    several = frame["rs"].str.contains(";", literal=True).fill_null(value=False)
    if not several.any():
        return frame
    return frame.with_columns(pl.col("rs").str.split(";")).explode("rs")


def _numbers(frame: pl.DataFrame, chromosome: str, source: Source) -> pl.DataFrame:
    """Rows with a number, as an integer.

    Raises:
        FaultError: another identifier, or a number that doesn't fit.
    """
    frame = frame.filter(pl.col("rs").is_not_null())
    number = frame["rs"].str.strip_prefix("rs").cast(pl.UInt32, strict=False)
    wrong = number.is_null() | ~frame["rs"].str.starts_with("rs")
    if wrong.any():
        first = frame.filter(wrong).row(0, named=True)
        raise source.fault(
            "source-value",
            row=f"{chromosome}:{first['position']}",
            column="ID",
            found=f"{first['rs'][:60]!r}",
            allowed=f"rs and a number of at most {_LARGEST}",
            next_step="give dbSNP's own VCF",
        )
    return frame.with_columns(number.alias("rs"))

"""ClinVar: classifications of variants by those who tested them.

Format: the VCF of ClinVar (ftp.ncbi.nlm.nih.gov/pub/clinvar/vcf_GRCh38/README.txt), one record
for a variant's germline classification: ID is the VariationID, CLNSIG the aggregate class,
CLNREVSTAT its review. Landrum et al. 2020, doi:10.1093/nar/gkz972.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.records import Alleles
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.variants import (
    Source,
    integers_of,
    key_columns,
    nullable,
    read_normalised,
)
from soyang.annotation.vcf_columns import read_header
from soyang.annotation.vcf_header import header_fault
from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError

COLUMNS = (
    ColumnFact(
        name="id",
        annotated="clinvar_id",
        dtype="Int32",
        meaning="VariationID; missing: the source has no ids",
    ),
    ColumnFact(
        name="significance",
        annotated="clinvar_significance",
        dtype="String",
        meaning="aggregate germline classification as CLNSIG has it, e.g. Likely_pathogenic",
    ),
    ColumnFact(
        name="review",
        annotated="clinvar_review",
        dtype="String",
        meaning="review status in ClinVar's words, e.g. reviewed by expert panel",
    ),
    ColumnFact(
        name="stars",
        annotated="clinvar_stars",
        dtype="Int8",
        unit="stars",
        meaning="0 to 4, from the review status; missing: a status whose stars nobody has told",
    ),
    ColumnFact(
        name="conditions",
        annotated="clinvar_conditions",
        dtype="String",
        meaning="conditions joined by '|'; missing: not given",
    ),
    ColumnFact(
        name="conflict",
        annotated="clinvar_conflict",
        dtype="String",
        meaning="where submitters disagree, each class with its submissions, as CLNSIGCONF has "
        "it, e.g. Pathogenic(1)|Uncertain_significance(3)",
    ),
    ColumnFact(
        name="origin",
        annotated="clinvar_origin",
        dtype="Int32",
        meaning="origins of the allele among those tested, summed: 1 germline, 2 somatic, "
        "4 inherited, 8 paternal, 16 maternal, 32 de novo, 64 biparental, 128 uniparental, "
        "256 not tested, 512 inconclusive, 1073741824 other; 0 unknown; missing: not given",
    ),
)

STARS = {
    "practice guideline": 4,
    "reviewed by expert panel": 3,
    "criteria provided, multiple submitters, no conflicts": 2,
    "criteria provided, multiple submitters": 1,
    "criteria provided, conflicting classifications": 1,
    "criteria provided, conflicting interpretations": 1,
    "criteria provided, single submitter": 1,
    "no assertion criteria provided": 0,
    "no assertion provided": 0,
    "no classification provided": 0,
    "no assertion for the individual variant": 0,
    "no interpretation for the single variant": 0,
    "no classification for the single variant": 0,
    "no classifications from unflagged records": 0,
}
"""Review status to stars: ClinVar, "Review status in ClinVar" (the words of 2018, 2023 and 2024
on)."""

NO_CLASS = "no classification"
PART_ONLY = "classified only as part of a haplotype or genotype"
SOMATIC_ONLY = "classified only for cancer (oncogenicity or clinical impact)"
REPEATED = "another record of the allele is better reviewed"

_NEEDED = ("CLNSIG", "CLNREVSTAT")
_TEXTS = (*_NEEDED, "CLNDN", "CLNSIGCONF", "CLNVC", "CLNSIGINCL", "ONC", "SCI")
_NOT_GIVEN = ("not provided", "not specified", "")
_MARK = "\x01"
"""Stands for the comma in ``Pathogenic,_low_penetrance``, which is one term."""
_META = re.compile(r"^##(fileDate|reference)=(.*)$", re.MULTILINE)


def read(
    entry: CatalogSource,
    path: Path,
    genome: Genome | None,
    *,
    threads: int,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Classified alleles by chromosome, each once: of several records the best reviewed.

    Args:
        entry: the catalogue's entry; its date and assembly must be those of the file's header.
        path: the VCF.
        genome: the reference; None: alleles stay as they stand.
        threads: for reading.
        left_out: records left out, by reason; added to.
        vocabularies: CLNSIG (atomic terms), CLNSIGCONF (likewise), CLNREVSTAT, CLNVC; added to.

    Raises:
        FaultError: not ClinVar's VCF, another date or assembly than the catalogue says,
            truncated, or most of its alleles contradict the reference.
    """
    _require_header(entry, path)
    source = Source(entry=entry, path=path, genome=genome, left_out=left_out)
    batches = read_normalised(
        source,
        threads=threads,
        integers=("ORIGIN",),
        texts=_TEXTS,
        columns=("ID",),
        optional=True,
    )
    for chromosome, parts in groupby(batches, key=itemgetter(0)):
        records = _with_class(pl.concat([_frame(alleles) for _, alleles in parts]), left_out)
        count_values(records, vocabularies)
        kept = best_reviewed(classified(records))
        if lost := records.height - kept.height:
            left_out[REPEATED] += lost
        if kept.height:
            yield chromosome, kept


def _require_header(entry: CatalogSource, path: Path) -> None:
    """Check that the file is the one that the catalogue describes."""
    header = read_header(path)
    if missing := [name for name in _NEEDED if name not in header.info]:
        found = f"no INFO {', '.join(missing)} declared"
        raise FaultError(header_fault(path, found, f"ClinVar's VCF, with {', '.join(_NEEDED)}"))
    said = {name: value.strip() for name, value in _META.findall(header.meta)}
    faults = []
    if entry.date and said.get("fileDate", entry.date) != entry.date:
        faults.append(_other(path, "fileDate", said["fileDate"], entry.date))
    assemblies = entry.assembly or tuple(Assembly)
    if said.get("reference") in {*Assembly} - {*assemblies}:
        faults.append(_other(path, "reference", said["reference"], " or ".join(assemblies)))
    if faults:
        raise FaultError(faults)


def _other(path: Path, column: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="knowledge-source",
        file=str(path),
        column=column,
        found=found,
        allowed=f"{allowed}, as the catalogue has it",
        next_step="fetch the file that the catalogue describes, or set version, date and sha256 "
        "of this one there",
    )


def _frame(alleles: Alleles) -> pl.DataFrame:
    """Position, code, ref and alt (of hashed codes), and the fields as text; ``.`` is missing."""
    texts = {name: pl.Series(alleles.values[name], dtype=pl.String) for name in ("ID", *_TEXTS)}
    origin = {"ORIGIN": nullable(integers_of(alleles, "ORIGIN"))}
    frame = pl.DataFrame(key_columns(alleles) | origin | texts)
    return frame.with_columns(pl.when(pl.col(name) != ".").then(name) for name in texts)


def _with_class(records: pl.DataFrame, left_out: Counter[str]) -> pl.DataFrame:
    """Records with a germline classification; the others are counted by why they have none."""
    without = records.filter(pl.col("CLNSIG").is_null())
    if without.is_empty():
        return records
    reason = (
        pl.when(pl.col("CLNSIGINCL").is_not_null())
        .then(pl.lit(PART_ONLY))
        .when(pl.any_horizontal(pl.col("ONC", "SCI").is_not_null()))
        .then(pl.lit(SOMATIC_ONLY))
        .otherwise(pl.lit(NO_CLASS))
    )
    left_out.update(dict(without.select(reason.alias("why"))["why"].value_counts().iter_rows()))
    return records.filter(pl.col("CLNSIG").is_not_null())


def split_terms(values: pl.Expr) -> pl.Expr:
    """The atomic terms of CLNSIG, a list.

    ``|`` parts classifications of different kinds and ``/`` terms of one kind; the comma parts
    terms to 2021 (``Pathogenic,_risk_factor``), but belongs to ``Pathogenic,_low_penetrance``.
    """
    return (
        values.str.replace_all(r",_?low_penetrance", f"{_MARK}low_penetrance")
        .str.replace_all(r"[/,]", "|")
        .str.split("|")
        .list.eval(
            pl.element()
            .str.strip_chars_start("_")
            .str.replace_all(_MARK, ",_", literal=True)
            .filter(pl.element() != "")
        )
    )


def terms(values: pl.Expr) -> pl.Expr:
    """The class as its terms in order, each once: the same for the same class in other words."""
    return split_terms(values).list.unique().list.sort().list.join("|")


def count_values(records: pl.DataFrame, vocabularies: dict[str, Counter[str]]) -> None:
    """Count the values of closed vocabularies, a record for each value that it has.

    Args:
        records: columns CLNSIG, CLNSIGCONF, CLNREVSTAT, CLNVC.
        vocabularies: field to value to records; added to.
    """
    split = {
        "CLNSIG": split_terms(pl.col("CLNSIG")),
        "CLNSIGCONF": split_terms(pl.col("CLNSIGCONF").str.replace_all(r"\(\d+\)", "")),
        "CLNREVSTAT": pl.concat_list("CLNREVSTAT"),
        "CLNVC": pl.concat_list("CLNVC"),
    }
    for field, values in split.items():
        # Few values are different: taken apart once each, not in each record.
        counted = records.select(field).drop_nulls().group_by(field).len()
        single = counted.select(values.list.unique().alias(field), "len").explode(field)
        sums = single.drop_nulls().group_by(field).agg(pl.col("len").sum())
        if sums.height:
            vocabularies.setdefault(field, Counter()).update(dict(sums.iter_rows()))


def classified(records: pl.DataFrame) -> pl.DataFrame:
    """The columns of a release.

    Args:
        records: position, code, ref, alt, ID, CLNSIG, CLNREVSTAT, CLNDN, CLNSIGCONF (text),
            ORIGIN (integer).
    """
    review = pl.col("CLNREVSTAT").str.replace_all("_", " ", literal=True)
    named = pl.col("CLNDN").str.replace_all("_", " ", literal=True).str.split("|")
    given = named.list.eval(pl.element().filter(~pl.element().is_in(_NOT_GIVEN)))
    return records.select(
        "position",
        "code",
        "ref",
        "alt",
        id=pl.col("ID").cast(pl.Int32, strict=False),
        significance="CLNSIG",
        review=review,
        stars=review.replace_strict(STARS, default=None, return_dtype=pl.Int8),
        conditions=pl.when(given.list.len() > 0).then(given.list.join("|")),
        conflict="CLNSIGCONF",
        origin="ORIGIN",
    )


def best_reviewed(alleles: pl.DataFrame) -> pl.DataFrame:
    """Each allele once, sorted: of several records that with most stars, then the oldest.

    Args:
        alleles: as :func:`classified` gives them; an unknown review has less than no stars.
    """
    key = ["position", "code", "ref", "alt"]
    return alleles.sort(
        *key,
        pl.col("stars").fill_null(-1),
        -pl.col("id").fill_null(0),
        descending=[False] * len(key) + [True, True],
        maintain_order=True,
    ).unique(key, keep="first", maintain_order=True)

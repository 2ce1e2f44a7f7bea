"""Who is affected when a knowledge release says something else of stored sites."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from soyang.annotation.known import annotated_table, filled_by, known_schema
from soyang.annotation.release.manifest import Manifest, SourceFact, manifest_text
from soyang.annotation.release.reader import Release
from soyang.annotation.tables import AFFECTED, SITE
from soyang.core.errors import Fault, FaultError
from soyang.core.files import atomic_path
from soyang.core.tables import read_table

KNOWLEDGE = "knowledge.parquet"
"""What was known of each site the last time; its metadata holds the release's manifest."""

WATCHED = ("clinvar_significance", "clinvar_stars", "clinvar_conditions", "clinvar_conflict")
"""Columns whose changes are told of people unless others are asked for: those that a report rests
on. Counts of alleles change at every site with every release."""

_MANIFEST = "soyang.manifest"
_MOST_TRANSITIONS = 10
"""Changes of one column that the summary shows; the table has all of those watched."""


def reannotate(
    *,
    annotated: Path,
    genotypes: Path,
    stored: Path,
    affected: Path,
    release: Path | None = None,
    column: list[str] | None = None,
) -> None:
    """Compare annotated sites with the last time, and list who carries what changed.

    Only sites that were there the last time are compared: a site that nobody carried before is
    new, and not changed. The first time there is nothing to compare with.

    Args:
        annotated: table that `annotation annotate` wrote with the release.
        genotypes: the cohort's genotypes.
        stored: folder kept between runs: what was known of each site the last time, and the
            manifest of the release that said so. Brought up to date.
        affected: table to write: person, allele, column, before, after, and why.
        release: the release; none if nothing is known.
        column: columns whose changes are told of people; ClinVar's unless given. The summary
            counts those of all.
    """
    new = Release(release) if release else None
    rows = read_table(annotated, annotated_table(new))
    now = rows.select(*SITE, *known_schema(new)).unique(SITE, maintain_order=True)
    before, manifest = read_stored(stored)
    names = _watched(column, [*known_schema(new), *(before.columns if before is not None else ())])
    changed = changes(before, now)
    told = with_reasons(
        changed.filter(pl.col("column").is_in(names)),
        reasons(manifest, new.manifest if new else None),
        rows,
    )
    people = write_affected(told, genotypes, affected)
    if before is None:
        print(f"nothing to compare with yet; {now.height} sites stored")
    else:
        compared = before.join(now, on=SITE, how="semi").height
        for line in summary(changed, compared, people):
            print(line)
    write_stored(now, new, stored)


def _watched(column: list[str] | None, there: list[str]) -> list[str]:
    if unknown := [name for name in column or () if name not in there]:
        raise FaultError(
            Fault(
                code="option-value",
                file="--column",
                found=", ".join(unknown),
                allowed=", ".join(dict.fromkeys(there)),
                next_step="name columns that a release gave to the annotated sites",
            )
        )
    return list(column or WATCHED)


def read_stored(folder: Path) -> tuple[pl.DataFrame | None, Manifest | None]:
    """What was known of each site the last time, and the manifest of the release that said so.

    Raises:
        FaultError: the file is damaged.
    """
    path = folder / KNOWLEDGE
    if not path.exists():
        return None, None
    try:
        stated = json.loads(pl.read_parquet_metadata(path)[_MANIFEST])
        return pl.read_parquet(path), Manifest.model_validate(stated) if stated else None
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        raise FaultError(
            Fault(
                code="stored-knowledge",
                file=str(path),
                found=str(error).splitlines()[0],
                allowed="the file that the last `soyang annotation reannotate` wrote",
                next_step="remove it; the next run then has nothing to compare with",
            )
        ) from None


def write_stored(sites: pl.DataFrame, release: Release | None, folder: Path) -> None:
    """Keep what is known of each site for the next time."""
    stated = manifest_text(release.manifest) if release else "null"
    with atomic_path(folder / KNOWLEDGE) as temporary:
        sites.write_parquet(temporary, compression="zstd", metadata={_MANIFEST: stated})


def changes(before: pl.DataFrame | None, now: pl.DataFrame) -> pl.DataFrame:
    """What is known otherwise than before of the sites that were there before.

    Args:
        before: SITE and what was known; None: nothing was stored.
        now: SITE and what is known; the columns may be others.

    Returns:
        SITE, column, before, after (text), in the order of ``now``; columns in its order, then
        those that are no longer there.
    """
    schema = {
        **dict.fromkeys([*SITE, "column", "before", "after"], pl.String),
        "position": pl.Int64,
    }
    empty = pl.DataFrame(schema=schema).with_row_index("row")
    if before is None:
        return empty.drop("row")
    both = now.with_row_index("row").join(before, on=SITE, suffix=" before")
    parts = [
        _changed(both, name, now, before)
        for name in dict.fromkeys([*now.columns, *before.columns])
        if name not in (*SITE, "key")
    ]
    return pl.concat([empty, *parts]).sort("row", maintain_order=True).drop("row")


def _changed(
    both: pl.DataFrame, name: str, now: pl.DataFrame, before: pl.DataFrame
) -> pl.DataFrame:
    """The rows of one column whose value is another; a column that was not there was missing."""
    missing = pl.lit(None, pl.String)
    beside = f"{name} before" if name in now.columns else name
    old = pl.col(beside) if name in before.columns else missing
    new = pl.col(name) if name in now.columns else missing
    texts = old.cast(pl.String).alias("before"), new.cast(pl.String).alias("after")
    compared = both.select("row", *SITE, pl.lit(name).alias("column"), *texts)
    return compared.filter(pl.col("before").ne_missing(pl.col("after")))


def reasons(before: Manifest | None, now: Manifest | None) -> Mapping[str, str]:
    """Column to the sources that fill it, each with its version before and after."""
    old = before.sources if before else {}
    new = now.sources if now else {}
    found: dict[str, list[str]] = {}
    for source in sorted({*old, *new}):
        one, other = old.get(source), new.get(source)
        if one and other and one.sha256 == other.sha256 and one.version == other.version:
            continue
        columns = (filled_by(one) if one else set()) | (filled_by(other) if other else set())
        for column in columns:
            found.setdefault(column, []).append(_why(one, other))
    return {column: "; ".join(texts) for column, texts in found.items()}


def _why(one: SourceFact | None, other: SourceFact | None) -> str:
    name = other.name if other else one.name if one else ""
    versions = (fact.version if fact else "not there" for fact in (one, other))
    return f"{name} {' -> '.join(versions)}"


def with_reasons(changed: pl.DataFrame, why: Mapping[str, str], rows: pl.DataFrame) -> pl.DataFrame:
    """Changes with the columns gene (of the annotated rows) and why."""
    genes = (
        rows.select(*SITE, "gene")
        .join(changed.select(SITE).unique(), on=SITE, how="semi")
        .group_by(SITE)
        .agg(pl.col("gene").drop_nulls().unique().sort().str.join(";").replace("", None))
    )
    another = "the same sources, read or normalised otherwise"
    reason = pl.col("column").replace_strict(why, default=another, return_dtype=pl.String)
    return changed.join(genes, on=SITE, how="left", maintain_order="left").with_columns(why=reason)


def write_affected(told: pl.DataFrame, genotypes: Path, path: Path) -> int:
    """Write who carries what changed (AFFECTED), contig after contig.

    Args:
        told: changes with gene and why, in order.
        genotypes: the cohort's genotypes, sorted by site.
        path: table to write.

    Returns:
        Number of people affected.
    """
    people: set[str] = set()
    with atomic_path(path) as temporary:
        AFFECTED.empty().write_csv(temporary, separator="\t")
        with temporary.open("ab") as out:
            for part in told.partition_by("contig", maintain_order=True):
                found = carriers(part, genotypes)
                people.update(found["person"].unique())
                found.write_csv(out, include_header=False, separator="\t", null_value="")
    return len(people)


def carriers(told: pl.DataFrame, genotypes: Path) -> pl.DataFrame:
    """Rows of AFFECTED of one contig.

    Only where position and contig fit is a genotype's row looked at: Polars decodes these two
    first, and passes over row groups that can't have them.
    """
    here = (pl.col("contig") == told["contig"][0]) & pl.col("position").is_in(
        told["position"].unique().implode()
    )
    carried = (
        pl.scan_parquet(genotypes)
        .filter(here & (pl.col("dosage") > 0))
        .select(*SITE, "person")
        .collect(engine="streaming")
        .unique()
    )
    order = told.with_row_index("order")
    return order.join(carried, on=SITE).sort(*SITE[1:], "person", "order").select(AFFECTED.names)


def summary(changed: pl.DataFrame, compared: int, people: int) -> Iterator[str]:
    """What changed, in lines."""
    sites = changed.select(SITE).n_unique()
    yield f"{sites} of {compared} stored sites changed; {people} people carry what is watched"
    counted = changed.group_by("column", maintain_order=True).len().rows()
    for column, number in counted:
        yield f"{column}: {number} sites"
        if column not in WATCHED:
            continue
        moves = changed.filter(pl.col("column") == column).group_by("before", "after").len()
        moves = moves.sort("len", "before", "after", descending=[True, False, False])
        for before, after, times in moves.head(_MOST_TRANSITIONS).rows():
            yield f"  {before or 'nothing'} -> {after or 'nothing'}: {times}"

"""What changed from one knowledge release to the next, counted and, where it matters, listed.

ClinVar's variants and facts of genes are listed one by one: each may change what a report says.
Of frequencies, scores and rs numbers, millions may change by little, and the counts are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from soyang.annotation.release.changes import (
    BEFORE,
    CHANGED,
    NEW,
    REMOVED,
    Side,
    changes,
    common,
    differences,
)
from soyang.annotation.release.manifest import (
    GENES,
    INTERVAL_KINDS,
    INTERVALS,
    REGION_KINDS,
    VARIANT_KINDS,
    Kind,
    SourceFact,
)
from soyang.annotation.sources.clinvar import terms
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import Column, Table

LISTED = {Kind.CLINVAR: ("significance", "stars")}
"""Kinds whose variants are listed, with the columns whose change is: the class and its review."""

_COUNTED = (NEW, REMOVED, CHANGED)

DIFF = Table(
    name="annotation.knowledge_diff",
    meaning="one difference between two knowledge releases",
    columns=(
        Column(name="source", dtype=pl.String, meaning="id of the source, or 'genes'"),
        Column(
            name="what",
            dtype=pl.String,
            allowed=("source", "value", "rows", "class", "variant", "gene"),
            meaning="source: another version, or a source come or gone; value: a word of a closed "
            "vocabulary come or gone; rows: how many rows differ; class: how many variants went "
            "from before to after; variant, gene: one of them",
        ),
        Column(name="change", dtype=pl.String, allowed=_COUNTED, meaning="seen from the newer"),
        Column(name="chromosome", dtype=pl.String, nullable=True, meaning="without chr"),
        Column(name="position", dtype=pl.Int32, nullable=True, meaning="1-based, left-aligned"),
        Column(name="ref", dtype=pl.String, nullable=True, meaning="reference allele"),
        Column(name="alt", dtype=pl.String, nullable=True, meaning="alternate allele"),
        Column(name="gene", dtype=pl.String, nullable=True, meaning="HGNC symbol or id"),
        Column(name="column", dtype=pl.String, nullable=True, meaning="what differs"),
        Column(name="before", dtype=pl.String, nullable=True, meaning="missing: had none"),
        Column(name="after", dtype=pl.String, nullable=True, meaning="missing: has none"),
        Column(name="count", dtype=pl.Int64, meaning="rows, records or variants concerned"),
    ),
)


@dataclass
class SourceDiff:
    """What changed of one source.

    Attributes:
        key: its id.
        before: what the old release says of it; None: not there.
        after: likewise the new one.
        values: (vocabulary, value, new or removed) to its records.
        rows: rows new, removed, changed.
        columns: rows in which each column changed.
        classes: (column, before, after) to variants of which this changed.
        listed: one row for each variant and column that changed.
    """

    key: str
    before: SourceFact | None
    after: SourceFact | None
    values: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    columns: Counter[str] = field(default_factory=Counter)
    classes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    listed: list[pl.DataFrame] = field(default_factory=list)

    @property
    def fact(self) -> SourceFact:
        """What the newest release that has it says of it."""
        fact = self.after or self.before
        assert fact is not None
        return fact


@dataclass
class Diff:
    """What changed from one release to the next."""

    old: Side
    new: Side
    sources: list[SourceDiff]
    genes: pl.DataFrame


def compare_releases(old: Path, new: Path) -> Diff:
    """Compare two releases; memory holds a stretch of a chromosome at a time.

    Raises:
        FaultError: no release there, or releases of two assemblies.
    """
    before, after = Side.open(old), Side.open(new)
    if before.manifest.assembly != after.manifest.assembly:
        raise FaultError(
            Fault(
                code="knowledge-assembly",
                file=str(new),
                found=after.manifest.assembly,
                allowed=before.manifest.assembly,
                next_step="compare releases of one assembly",
            )
        )
    keys = sorted({*before.manifest.sources, *after.manifest.sources})
    sources = [_source(before, after, key) for key in keys]
    return Diff(before, after, sources, gene_changes(_genes(before), _genes(after)))


def _source(old: Side, new: Side, key: str) -> SourceDiff:
    found = SourceDiff(key, old.manifest.sources.get(key), new.manifest.sources.get(key))
    found.values = _values(found.before, found.after)
    if found.fact.kind in LISTED:
        _list_variants(found, old, new)
    elif found.fact.kind in VARIANT_KINDS:
        _count_rows(found, old, new)
    elif found.fact.kind in (*INTERVAL_KINDS, *REGION_KINDS):
        _count_intervals(found, old, new)
    return found


def _values(before: SourceFact | None, after: SourceFact | None) -> Counter[tuple[str, str, str]]:
    """Values of closed vocabularies that came and went, with their records."""
    there, here = (fact.vocabularies if fact else {} for fact in (before, after))
    found: Counter[tuple[str, str, str]] = Counter()
    for name in sorted({*there, *here}):
        old, new = there.get(name, {}), here.get(name, {})
        found.update({(name, value, NEW): new[value] for value in sorted(set(new) - set(old))})
        found.update({(name, value, REMOVED): old[value] for value in sorted(set(old) - set(new))})
    return found


def _list_variants(found: SourceDiff, old: Side, new: Side) -> None:
    main, *_ = LISTED[found.fact.kind]
    shared = common(old, new, found.key)
    columns = [name for name in LISTED[found.fact.kind] if name in shared]
    for part in changes(old, new, found.key, columns):
        # A new variant is one, however many columns it brings.
        kept = part.filter((pl.col("change") == CHANGED) | (pl.col("column") == main))
        found.listed.append(kept)
        once = part.unique(["position", "ref", "alt"], keep="any")
        found.rows.update(once["change"].to_list())
        moved = kept.filter(pl.col("change") == CHANGED)
        found.columns.update(moved["column"].to_list())
        found.classes.update(_transitions(moved, main))


def _transitions(moved: pl.DataFrame, main: str) -> dict[tuple[str, str, str], int]:
    """(column, before, after) to variants; of the class, words in another order are no change."""
    is_class = pl.col("column") == main
    reduced = [
        pl.when(is_class).then(terms(pl.col(name))).otherwise(pl.col(name)).alias(name)
        for name in ("before", "after")
    ]
    counted = (
        moved.with_columns(reduced)
        .filter(pl.col("before").ne_missing(pl.col("after")))
        .group_by("column", "before", "after")
        .len()
    )
    return {(c, b or "", a or ""): n for c, b, a, n in counted.iter_rows()}


def _count_rows(found: SourceDiff, old: Side, new: Side) -> None:
    columns = common(old, new, found.key)
    for _, wide in differences(old, new, found.key, columns):
        kinds = wide["change"].value_counts()
        found.rows.update(dict(kinds.iter_rows()))
        moved = wide.lazy().filter(pl.col("change") == CHANGED)
        counts = moved.select(
            pl.col(name).ne_missing(pl.col(BEFORE + name)).sum() for name in columns
        ).collect()
        found.columns.update(Counter(counts.row(0, named=True)))


def _count_intervals(found: SourceDiff, old: Side, new: Side) -> None:
    """Rows of the chromosomes whose files differ; which interval became which, nobody can say."""
    prefix = f"{INTERVALS}/{found.key}/"
    for name in sorted({*_rows(found.before), *_rows(found.after)}):
        file = f"{prefix}{name}.parquet"
        if old.manifest.files.get(file) != new.manifest.files.get(file):
            found.rows[REMOVED] += _rows(found.before).get(name, 0)
            found.rows[NEW] += _rows(found.after).get(name, 0)


def _genes(side: Side) -> pl.DataFrame:
    path = side.path / GENES
    return pl.read_parquet(path) if GENES in side.manifest.files else pl.DataFrame()


def gene_changes(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Facts of genes that differ: gene, column, before, after (as text), change.

    Args:
        old: a release's table of genes, or a frame without columns.
        new: likewise; a gene's symbol is its key.
    """
    schema = dict.fromkeys(("gene", "column", "before", "after", "change"), pl.String)
    names = list(dict.fromkeys([*new.columns, *old.columns]))
    there, here = (
        _melted(frame, names, value) for frame, value in ((old, "before"), (new, "after"))
    )
    both = there.join(here, on=["gene", "column"], how="full", coalesce=True)
    genes = {value: frame["gene"].unique() for value, frame in (("before", there), ("after", here))}
    change = (
        pl.when(~pl.col("gene").is_in(genes["before"].implode()))
        .then(pl.lit(NEW))
        .when(~pl.col("gene").is_in(genes["after"].implode()))
        .then(pl.lit(REMOVED))
        .otherwise(pl.lit(CHANGED))
    )
    return (
        both.filter(pl.col("before").ne_missing(pl.col("after")))
        .with_columns(change=change)
        .sort("gene", "column")
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    )


def _melted(frame: pl.DataFrame, names: list[str], value: str) -> pl.DataFrame:
    """One row for each gene and column; a gene's symbol stands in all, so none gets lost."""
    if not frame.width:
        return pl.DataFrame(schema=dict.fromkeys(("gene", "column", value), pl.String))
    texts = [_as_text(frame[name]) for name in names if name in frame.columns and name != "gene"]
    wide = pl.DataFrame([frame["gene"].cast(pl.String), *texts])
    long = wide.with_columns(gene_=pl.col("gene")).unpivot(
        index="gene", variable_name="column", value_name=value
    )
    return long.with_columns(pl.col("column").replace("gene_", "gene"))


def _as_text(values: pl.Series) -> pl.Series:
    if isinstance(values.dtype, pl.List):
        structs = isinstance(values.dtype.inner, pl.Struct)
        one = pl.element().struct.json_encode() if structs else pl.element().cast(pl.String)
        return values.list.eval(one).list.join("; ")
    return values.cast(pl.String)


def _rows(fact: SourceFact | None) -> Mapping[str, int]:
    return fact.rows if fact else {}

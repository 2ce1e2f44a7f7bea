"""Releases and their differences in words and tables, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from soyang.annotation.release.changes import CHANGED, NEW, REMOVED
from soyang.annotation.release.diff import DIFF, Diff, SourceDiff
from soyang.annotation.release.manifest import Manifest, SourceFact

TRANSITIONS = 20
"""Most frequent changes of a column that are printed; the table has all."""


def shown(manifest: Manifest) -> Iterator[str]:
    """A release in lines: what it is, a table of its sources, and what was left out of each."""
    previous = f", compared with {manifest.previous}" if manifest.previous else ""
    yield f"{manifest.release}: {manifest.assembly}, Soyang {manifest.soyang}{previous}"
    head = ("source", "name", "version", "date", "rows", "licence", "may be shared")
    rows = [_cells(key, fact) for key, fact in manifest.sources.items()]
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    for key, fact in manifest.sources.items():
        yield from _aside(key, fact)


def _cells(key: str, fact: SourceFact) -> tuple[str, ...]:
    rows = f"{sum(fact.rows.values()):,}"
    shared = "yes" if fact.redistributable else "no"
    return key, fact.name, fact.version, fact.date, rows, fact.licence, shared


def _aside(key: str, fact: SourceFact) -> Iterator[str]:
    if fact.note:
        yield f"{key}: {' '.join(fact.note.split())}"
    for reason, count in fact.left_out.items():
        yield f"{key}: left out {count:,}: {reason}"


def told(diff: Diff) -> Iterator[str]:
    """A difference in lines."""
    old, new = diff.old.manifest, diff.new.manifest
    yield f"{old.release} -> {new.release} ({new.assembly})"
    other = [
        name for name, md5 in new.reference_md5.items() if old.reference_md5.get(name, md5) != md5
    ]
    if other:
        yield f"reference sequence: differs on {', '.join(other)}"
    for source in diff.sources:
        yield from _source_lines(source)
    if diff.genes.height:
        genes = diff.genes["gene"].n_unique()
        yield f"genes: {genes:,} with other facts"
        counts = diff.genes.group_by("column", "change").len().sort("column", "change")
        for column, change, count in counts.iter_rows():
            yield f"  {column}: {change} in {count:,}"


def _source_lines(source: SourceDiff) -> Iterator[str]:
    counts = ", ".join(f"{source.rows[change]:,} {change}" for change in (NEW, REMOVED, CHANGED))
    yield f"{source.key}: {_versions(source)}; rows: {counts}"
    for name, count in sorted(source.columns.items()):
        if count:
            yield f"  {name} changed in {count:,}"
    ordered = sorted(source.classes.items(), key=lambda item: (-item[1], item[0]))
    for (column, before, after), count in ordered[:TRANSITIONS]:
        yield f"  {column}: {before or 'none'} -> {after or 'none'}: {count:,}"
    if len(ordered) > TRANSITIONS:
        yield f"  and {len(ordered) - TRANSITIONS} rarer changes (in the table)"
    for (field, value, change), count in source.values.items():
        yield f"  {field}: {change} value {value} in {count:,} record(s)"


def _versions(source: SourceDiff) -> str:
    before, after = source.before, source.after
    if before is None:
        return f"new, version {source.fact.version}"
    if after is None:
        return f"removed, was version {before.version}"
    if before.version == after.version:
        same = "" if before.sha256 == after.sha256 else ", other content"
        return f"version {after.version} in both{same}"
    return f"version {before.version} -> {after.version}"


def table(diff: Diff) -> pl.DataFrame:
    """A difference as the rows of :data:`DIFF`, sources in the order of their ids."""
    parts = [part for source in diff.sources for part in _source_parts(source)]
    genes = diff.genes.with_columns(
        source=pl.lit("genes"), what=pl.lit("gene"), count=pl.lit(1, pl.Int64)
    )
    empty = DIFF.empty()
    whole = pl.concat([empty, *parts, genes], how="diagonal_relaxed").select(DIFF.names)
    return DIFF.validate(whole, source="diff")


def _source_parts(source: SourceDiff) -> Iterator[pl.DataFrame]:
    rows = [*_version_row(source)]
    rows += [
        _row("value", change, column=field, **{_side(change): value}, count=count)
        for (field, value, change), count in source.values.items()
    ]
    rows += [
        _row("rows", change, count=source.rows[change])
        for change in (NEW, REMOVED, CHANGED)
        if source.rows[change]
    ]
    rows += [
        _row("rows", CHANGED, column=name, count=count)
        for name, count in sorted(source.columns.items())
        if count
    ]
    rows += [
        _row("class", CHANGED, column=column, before=before, after=after, count=count)
        for (column, before, after), count in sorted(source.classes.items())
    ]
    key = pl.lit(source.key).alias("source")
    yield pl.DataFrame(rows, schema=_ROW).with_columns(key)
    for part in source.listed:
        count = pl.lit(1, pl.Int64).alias("count")
        yield part.drop("code").with_columns(key, pl.lit("variant").alias("what"), count)


_ROW: dict[str, Any] = {
    name: dtype
    for name, dtype in DIFF.schema.items()
    if name in ("what", "change", "column", "before", "after", "count")
}


def _row(what: str, change: str, **values: Any) -> dict[str, Any]:
    given = {name: value or None for name, value in values.items()}
    return dict.fromkeys(_ROW) | {"what": what, "change": change} | given


def _side(change: str) -> str:
    return "after" if change == NEW else "before"


def _version_row(source: SourceDiff) -> Iterator[dict[str, Any]]:
    before, after = (fact.version if fact else None for fact in (source.before, source.after))
    same = source.before and source.after and source.before.sha256 == source.after.sha256
    if before == after and same:
        return
    change = NEW if before is None else REMOVED if after is None else CHANGED
    yield _row("source", change, column="version", before=before, after=after, count=1)

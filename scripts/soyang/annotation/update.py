"""Bringing annotated sites to another knowledge release, reading only what changed."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.annotation.annotate import each_contig
from soyang.annotation.known import (
    Queries,
    annotated_table,
    columns_of,
    complete,
    known_schema,
    told,
)
from soyang.annotation.release.manifest import (
    INTERVAL_KINDS,
    INTERVALS,
    VARIANT_KINDS,
    VARIANTS,
    Kind,
)
from soyang.annotation.release.reader import Release
from soyang.annotation.tables import SITE
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_table, write_table


def update(*, annotated: Path, previous: Path, release: Path, updated: Path) -> None:
    """Bring annotated sites to another release, asking only the sources that changed.

    The table is the one that `annotation annotate` would write with the new release.

    Args:
        annotated: table that `annotation annotate` wrote with the previous release.
        previous: that release, or a folder with its manifest.
        release: the release to bring it to, of the same reference.
        updated: table to write.
    """
    old, new = Release(previous, whole=False), Release(release)
    _require_same_reference(old, new)
    rows = read_table(annotated, annotated_table(old))
    sites = rows.select(*SITE, *known_schema(old)).unique(SITE, maintain_order=True)
    table = annotated_table(new)
    wide = rows.drop(known_schema(old)).join(
        refreshed(sites, old, new), on=SITE, how="left", maintain_order="left"
    )
    write_table(wide.select(table.names), updated, table)


def _require_same_reference(old: Release, new: Release) -> None:
    before, after = old.manifest, new.manifest
    differ = [
        name for name, md5 in after.reference_md5.items() if before.reference_md5.get(name) != md5
    ]
    if before.assembly != after.assembly or differ:
        raise FaultError(
            Fault(
                code="knowledge-reference",
                file=str(new.path),
                found=f"{after.assembly} with another sequence of {', '.join(differ) or 'all'}",
                allowed=f"the {before.assembly} of release {before.release}",
                next_step="annotate anew with `soyang annotation annotate`",
            )
        )


def refreshed(sites: pl.DataFrame, old: Release, new: Release) -> pl.DataFrame:
    """Sites as :func:`~soyang.annotation.annotate.site_knowledge` gives them with ``new``.

    Sources whose files are the same are not read. In the others every site is looked up: that
    reads the new release once, and finding what changed would read both. Sources of one kind go
    together, since population frequencies are their sum.

    Args:
        sites: SITE and the columns that ``old`` gave, in order.
        old: the release that they were looked up in; only its manifest is used.
        new: the release to bring them to.
    """
    kept = sites.select(
        *SITE,
        *(
            pl.col(name) if name in sites.columns else pl.lit(None, dtype).alias(name)
            for name, dtype in known_schema(new).items()
        ),
    )
    for kind in (*VARIANT_KINDS, *INTERVAL_KINDS):
        if changed(kind, old, new):
            kept = _anew(kept, kind, old, new)
    return kept


def changed(kind: Kind, old: Release, new: Release) -> bool:
    """Whether the sources of a kind may say something else than before."""
    names = {*old.of_kind(kind), *new.of_kind(kind)}
    return any(_files(old, name) != _files(new, name) for name in names)


def _files(release: Release, source: str) -> tuple[object, ...]:
    """All that decides what a source says of sites."""
    folders = tuple(f"{folder}/{source}/" for folder in (VARIANTS, INTERVALS))
    stated = release.manifest.files.items()
    files = sorted((name, digest) for name, digest in stated if name.startswith(folders))
    return (release.sources[source].columns if source in release.sources else None, *files)


def _anew(sites: pl.DataFrame, kind: Kind, old: Release, new: Release) -> pl.DataFrame:
    """Sites with the columns of one kind's sources looked up again, missing if it has none."""
    filled = columns_of(old, kind) | columns_of(new, kind)
    schema = {name: dtype for name, dtype in sites.schema.items() if name in filled}
    names = new.of_kind(kind)
    release = Release(new.path, names) if names else None

    def known(queries: Queries) -> pl.DataFrame:
        return complete(told(release, queries), len(queries), schema)

    return sites.with_columns(each_contig(sites, known, schema))

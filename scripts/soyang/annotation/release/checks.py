"""What stops a build: a value never seen before, a source that shrank, what is not set.

A filter that knows ``Pathogenic`` and not tomorrow's word for it fails in silence; so a word that
nobody has looked at yet does not get into a release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import GENE_KINDS, Kind, Manifest, SourceFact
from soyang.core.errors import Fault, FaultError
from soyang.core.yaml_files import read_mapping

Known = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Kind of source, field, value: what the value means."""


def read_vocabularies(path: Path) -> Known:
    """The values that somebody has looked at, and their meanings.

    Raises:
        FaultError: not kind, field, value and meaning, in three levels.
    """
    content = read_mapping(path)
    faults = []
    for kind, fields in content.items():
        if not isinstance(fields, dict):
            faults.append(_shape(path, kind))
            continue
        for field, values in fields.items():
            told = isinstance(values, dict) and all(
                isinstance(k, str) and isinstance(v, str) and v for k, v in values.items()
            )
            if not told:
                faults.append(_shape(path, f"{kind}.{field}"))
    if faults:
        raise FaultError(faults)
    return content


def _shape(path: Path, column: str) -> Fault:
    return Fault(
        code="vocabularies",
        file=str(path),
        column=column,
        found="something else",
        allowed="fields, and in each its values as text with their meaning",
        next_step="correct it as resources/knowledge/vocabularies.yaml shows",
    )


def unset(sources: Mapping[str, CatalogSource], catalog: Path) -> Iterator[Fault]:
    """A fault for each version and date that the catalogue leaves to who fetches the source."""
    for key, source in sources.items():
        for field in ("version", "date"):
            if getattr(source, field) is None:
                yield Fault(
                    code="catalog",
                    file=str(catalog),
                    column=f"sources.{key}.{field}",
                    found="nothing",
                    allowed=f"the {field} of the file that was fetched",
                    next_step=f"set it; the file or {source.url or 'its owner'} tells it",
                )


SINGLE_KINDS = (Kind.CLINVAR, Kind.DBSNP, *GENE_KINDS)
"""Kinds that fill fixed columns, which have room for what one source says."""


def several(sources: Mapping[str, CatalogSource], catalog: Path) -> Iterator[Fault]:
    """A fault for each kind of which a release takes one source, and there are more."""
    for kind in SINGLE_KINDS:
        keys = [key for key, source in sources.items() if source.kind == kind]
        if len(keys) > 1:
            yield Fault(
                code="catalog",
                file=str(catalog),
                column="kind",
                found=f"{len(keys)} sources of kind {kind}: {', '.join(keys)}",
                allowed="one in a release, so that it is clear which of them speaks",
                next_step="name the sources to take (--source), without all but one of these",
            )


def new_values(
    facts: Mapping[str, SourceFact], known: Known, previous: Manifest | None, words: Path
) -> Iterator[Fault]:
    """A fault for each value that neither the vocabularies nor the previous release have."""
    for key, fact in facts.items():
        before = previous.sources.get(key) if previous else None
        for field, values in sorted(fact.vocabularies.items()):
            seen = {*known.get(fact.kind, {}).get(field, {})}
            if before and before.kind == fact.kind:
                seen |= {*before.vocabularies.get(field, {})}
            for value in sorted(set(values) - seen):
                yield Fault(
                    code="knowledge-new-value",
                    file=fact.file,
                    column=field,
                    found=f"{value!r} in {values[value]:,} record(s), never seen before",
                    allowed="values that somebody has looked at",
                    next_step=f"read what {fact.name} says of it, look for filters and reports "
                    f"that must know it, then add it with its meaning to {words} under "
                    f"{fact.kind}: {field}",
                )


def shrunk(
    facts: Mapping[str, SourceFact],
    sources: Mapping[str, CatalogSource],
    previous: Manifest | None,
) -> Iterator[Fault]:
    """A fault for each source that has fewer rows than its share of the previous release's."""
    for key, fact in facts.items():
        before = previous.sources.get(key) if previous else None
        if before is None:
            continue
        rows, rows_before = sum(fact.rows.values()), sum(before.rows.values())
        allowed = sources[key].max_shrink
        if rows < rows_before * (1 - allowed):
            share = (rows_before - rows) / rows_before
            yield Fault(
                code="knowledge-shrank",
                file=fact.file,
                row=key,
                found=f"{rows:,} rows, {share:.1%} fewer than the {rows_before:,} of version "
                f"{before.version} in {previous.release if previous else ''}",
                allowed=f"at most {allowed:.1%} fewer",
                next_step="fetch the file again; if the source really shrank, set "
                f"sources.{key}.max_shrink in the catalogue for this build",
            )


def gone(previous: Manifest | None, facts: Mapping[str, SourceFact]) -> list[str]:
    """Sources of the previous release that this one lacks."""
    return sorted(set(previous.sources) - set(facts)) if previous else []

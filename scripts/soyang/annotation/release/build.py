"""Building a release: each source through its reader into Parquet, then the checks, then the seal.

Small sources are read first, so that what stops a build stops it before the hours that the large
ones take.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from soyang import __version__
from soyang.annotation.genome import Genome
from soyang.annotation.release import checks
from soyang.annotation.release.catalog import CatalogSource, read_catalog
from soyang.annotation.release.folder import checksums, new_folder
from soyang.annotation.release.inputs import Input, digest, examine
from soyang.annotation.release.manifest import (
    GENE_KINDS,
    GENES,
    INTERVAL_KINDS,
    INTERVALS,
    MANIFEST,
    REGION_KINDS,
    VARIANTS,
    ColumnFact,
    Kind,
    Manifest,
    SourceFact,
    manifest_text,
    read_manifest,
)
from soyang.annotation.release.writer import IntervalWriter, VariantWriter
from soyang.core.assembly import CHROMOSOMES, Assembly, bare
from soyang.core.errors import Fault, FaultError
from soyang.core.files import write_text

_LARGE = 4 << 30
"""Bytes of a source before which the others are checked: an hour's reading is not to be lost."""

_NOT_ALIGNED = "variants are not left-aligned: built without a reference sequence"
_ALIGNED_KINDS = (Kind.CLINVAR, Kind.FREQUENCIES, Kind.PANEL, Kind.DBSNP, Kind.SPLICEAI)
"""Kinds whose files have insertions and deletions."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be built.

    Attributes:
        catalog: catalogue file.
        files: folder that its files are relative to.
        vocabularies: values that somebody has looked at.
        assembly: of the release.
        reference: FASTA of the assembly; None: nothing is left-aligned or checked against it.
        previous: release to compare with.
        sources: ids; empty: all that there are for the assembly.
        threads: readers and writers may use.
        output: folder of the release; new.
    """

    catalog: Path
    files: Path
    vocabularies: Path
    assembly: Assembly
    reference: Path | None
    previous: Path | None
    sources: Sequence[str]
    threads: int
    output: Path


@dataclass
class _Taken:
    """What reading a source gave."""

    rows: dict[str, int] = field(default_factory=dict)
    columns: tuple[ColumnFact, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)
    vocabularies: dict[str, Counter[str]] = field(default_factory=dict)
    genes: pl.DataFrame | None = None


def build(order: Order) -> Manifest:
    """Build a release.

    Raises:
        FaultError: a fault in the catalogue or a file, a value never seen before, a source that
            shrank, an output that exists, or a full disk. Nothing is left behind.
    """
    known = checks.read_vocabularies(order.vocabularies)
    previous = _previous(order)
    with new_folder(order.output) as folder:
        sources = _selected(order)
        genome = Genome(order.reference) if order.reference else None
        inputs = examine(sources, order.files, order.assembly, threads=order.threads)
        taken: dict[str, _Taken] = {}
        facts: dict[str, SourceFact] = {}

        def check() -> None:
            faults = [
                *checks.new_values(facts, known, previous, order.vocabularies),
                *checks.shrunk(facts, sources, previous),
            ]
            if faults:
                raise FaultError(faults)

        for key in sorted(sources, key=lambda key: (_size(inputs[key]), key)):
            if _size(inputs[key]) > _LARGE:
                check()
            taken[key] = _take(sources[key], inputs[key], genome, folder, order.threads)
            facts[key] = _fact(sources[key], inputs[key], taken[key], aligned=genome is not None)
        check()
        _write_genes(sources, taken, folder)
        manifest = Manifest(
            release=order.output.name,
            assembly=order.assembly,
            reference_md5=_md5(genome),
            soyang=__version__,
            previous=previous.release if previous else "",
            sources=dict(sorted(facts.items())),
            files=checksums(folder),
        )
        write_text(folder / MANIFEST, manifest_text(manifest))
    _tell(manifest, previous)
    return manifest


def _previous(order: Order) -> Manifest | None:
    if order.previous is None:
        return None
    previous = read_manifest(order.previous)
    if previous.assembly != order.assembly:
        raise FaultError(
            Fault(
                code="knowledge-assembly",
                file=str(order.previous),
                found=previous.assembly,
                allowed=order.assembly,
                next_step="compare with a release of the same assembly",
            )
        )
    return previous


def _selected(order: Order) -> dict[str, CatalogSource]:
    """The sources to read, by id."""
    there = read_catalog(order.catalog).of(order.assembly)
    unknown = [key for key in order.sources if key not in there]
    if unknown or not there:
        raise FaultError(
            Fault(
                code="catalog",
                file=str(order.catalog),
                found=f"no source {', '.join(unknown)} for {order.assembly}".replace("  ", " "),
                allowed=", ".join(there) or f"sources for {order.assembly}",
                next_step="correct the name, or add the source to the catalogue",
            )
        )
    one = {"assembly": (order.assembly,)}  # readers take positions of the release's assembly
    sources = {
        key: entry if entry.assembly is None else entry.model_copy(update=one)
        for key, entry in there.items()
        if not order.sources or key in order.sources
    }
    faults = [
        *checks.unset(sources, order.catalog),
        *checks.several(sources, order.catalog),
    ]
    if faults:
        raise FaultError(faults)
    return sources


def _size(inputs: Iterable[Input]) -> int:
    return sum(found.size for found in inputs)


def _take(
    entry: CatalogSource,
    inputs: Sequence[Input],
    genome: Genome | None,
    folder: Path,
    threads: int,
) -> _Taken:
    """Read a source and write what it says; facts of genes are kept for their one table."""
    reader = import_module(f"soyang.annotation.sources.{entry.kind}")
    taken = _Taken()
    told = {"left_out": taken.left_out, "vocabularies": taken.vocabularies}
    if entry.kind in GENE_KINDS:
        parts = [reader.read(entry, found.path, **told) for found in inputs]
        taken.genes = pl.concat(parts)
        taken.rows = {"genes": taken.genes.height}
    else:
        taken.columns = _columns(reader, entry)
        with _writer(reader, entry, taken.columns, inputs, folder, threads) as writer:
            for found in inputs:
                rows = reader.read(entry, found.path, genome, threads=threads, **told)
                for chromosome, frame in rows:
                    writer.add(chromosome, frame)
            taken.rows = dict(writer.close())
            if writer.repeated:
                taken.left_out["another row says more of the same"] += writer.repeated
    for found in inputs:
        found.require_unchanged()
    return taken


def _columns(reader: ModuleType, entry: CatalogSource) -> tuple[ColumnFact, ...]:
    columns: Any = getattr(reader, "columns", None) or reader.COLUMNS
    return tuple(columns(entry) if callable(columns) else columns)


def _writer(
    reader: ModuleType,
    entry: CatalogSource,
    columns: tuple[ColumnFact, ...],
    inputs: Sequence[Input],
    folder: Path,
    threads: int,
) -> VariantWriter | IntervalWriter:
    if entry.kind in (*INTERVAL_KINDS, *REGION_KINDS):
        (value,) = columns
        return IntervalWriter(folder / INTERVALS / entry.id, value, threads=threads)
    return VariantWriter(
        folder / VARIANTS / entry.id,
        columns,
        prefer=getattr(reader, "PREFER", ()),
        source=inputs[0].path,
        threads=threads,
    )


def _fact(
    entry: CatalogSource, inputs: Sequence[Input], taken: _Taken, *, aligned: bool
) -> SourceFact:
    assert entry.version is not None and entry.date is not None  # checks.unset
    unaligned = _NOT_ALIGNED if not aligned and entry.kind in _ALIGNED_KINDS else ""
    return SourceFact(
        kind=entry.kind,
        name=entry.name,
        version=entry.version,
        date=entry.date,
        licence=entry.licence,
        url=entry.url.replace("{assembly}", entry.assembly[0]) if entry.assembly else entry.url,
        note="; ".join(filter(None, (entry.note.strip(), unaligned))),
        file=inputs[0].name,
        size=_size(inputs),
        sha256=digest(inputs),
        files={found.name: found.sha256 for found in inputs},
        redistributable=entry.redistributable,
        records=sum(taken.rows.values()) + taken.left_out.total(),
        rows=taken.rows,
        left_out=dict(sorted(taken.left_out.items())),
        columns=taken.columns,
        vocabularies={
            name: dict(sorted(values.items()))
            for name, values in sorted(taken.vocabularies.items())
        },
    )


def _write_genes(
    sources: Mapping[str, CatalogSource], taken: Mapping[str, _Taken], folder: Path
) -> None:
    frames = {
        sources[key].kind: one.genes for key, one in sorted(taken.items()) if one.genes is not None
    }
    if frames:
        genes = import_module("soyang.annotation.sources.genes")
        table = genes.gene_table(frames)
        table.write_parquet(folder / GENES, compression="zstd", statistics=True)
        if Kind.HGNC in frames:
            _tell_unresolved(genes.unresolved(table))


def _tell_unresolved(genes: pl.DataFrame) -> None:
    """Say whose facts hang on a symbol that HGNC has for several genes, or for none."""
    for status, rows in genes.sort("gene").group_by("symbol_status", maintain_order=True):
        shown = ", ".join(rows["gene"].head(_SHOWN)) + (" ..." if rows.height > _SHOWN else "")
        print(f"{rows.height:,} symbol(s) {status[0]} to HGNC: {shown}", file=sys.stderr)


_SHOWN = 20
"""Symbols that are named; all are in the release, with their status."""


def _md5(genome: Genome | None) -> dict[str, str]:
    """MD5 of each chromosome's upper-case sequence, as SAM's M5 tag has it (SAM v1, 1.3)."""
    if genome is None:
        return {}
    names = {bare(name): name for name in genome.lengths}
    return {
        chromosome: hashlib.md5(
            genome.sequence(names[chromosome]).tobytes(), usedforsecurity=False
        ).hexdigest()
        for chromosome in CHROMOSOMES
        if chromosome in names
    }


def _tell(manifest: Manifest, previous: Manifest | None) -> None:
    """Say what does not stop a build and yet should be known."""
    if previous is None:
        return
    for key in checks.gone(previous, manifest.sources):
        print(f"{key}: in {previous.release}, not in this release", file=sys.stderr)
    other = [
        name
        for name, md5 in manifest.reference_md5.items()
        if previous.reference_md5.get(name, md5) != md5
    ]
    if other:
        said = f"the reference sequence differs from that of {previous.release}"
        print(f"{said} on {', '.join(other)}", file=sys.stderr)

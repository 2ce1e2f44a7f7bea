"""Looking sites up in a knowledge release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from soyang.annotation.release.inputs import sha256
from soyang.annotation.release.join import Bools, Hits, Ints32, UInts32, find
from soyang.annotation.release.manifest import (
    GENES,
    LONG,
    VARIANTS,
    ColumnFact,
    Kind,
    Manifest,
    SourceFact,
    read_manifest,
)
from soyang.annotation.release.writer import dtype_of
from soyang.core.errors import Fault, FaultError


class Release:
    """A knowledge release, opened.

    Attributes:
        path: its folder.
        manifest: what it says of itself.
        sources: the sources that are asked, by id, sorted.

    Args:
        path: its folder.
        sources: ids of the sources to ask; None or empty: all.
        whole: whether its files must be there, and not only its manifest.

    Raises:
        FaultError: no release there, without one of its files, or without one of the sources.
    """

    def __init__(
        self, path: Path, sources: Sequence[str] | None = None, *, whole: bool = True
    ) -> None:
        self.path = path
        self.manifest: Manifest = read_manifest(path)
        there = self.manifest.sources
        if unknown := [name for name in sources or () if name not in there]:
            raise FaultError(_no_source(path, unknown, sorted(there)))
        absent = [name for name in self.manifest.files if not (path / name).is_file()]
        if whole and absent:
            raise FaultError([_fault(path / name, "no such file") for name in absent])
        self.sources: dict[str, SourceFact] = {
            name: there[name] for name in sorted(sources or there)
        }

    def of_kind(self, *kinds: Kind) -> list[str]:
        """Sources of any of the kinds, by name."""
        return [name for name, fact in self.sources.items() if fact.kind in kinds]

    def columns(self, *kinds: Kind) -> tuple[ColumnFact, ...]:
        """Columns that the sources of some kinds bring to sites."""
        return tuple(
            column for name in self.of_kind(*kinds) for column in self.sources[name].columns
        )

    def verify(self) -> None:
        """Compare every file with the checksum in the manifest.

        Raises:
            FaultError: naming each file that differs.
        """
        stated = self.manifest.files.items()
        if changed := [name for name, digest in stated if sha256(self.path / name) != digest]:
            raise FaultError([_fault(self.path / name, "other content") for name in changed])

    def hits(
        self,
        source: str,
        chromosome: str,
        position: Ints32,
        code: UInts32,
        spelt: pl.DataFrame,
        *,
        columns: Sequence[str] | None = None,
        eligible: Bools | None = None,
    ) -> Hits:
        """Queries that a source of variants has, and what it says of them.

        Args:
            source: the source's id.
            chromosome: bare name.
            position: 1-based positions of the queries, never falling.
            code: their allele codes.
            spelt: columns row (place among the queries), ref, alt (upper case) of those whose
                code is a hash.
            columns: the source's columns to take; None: all of them.
            eligible: queries to look up; None: all.
        """
        facts = self.sources[source]
        names = [column.name for column in facts.columns] if columns is None else list(columns)
        path = self.path / VARIANTS / source / f"{chromosome}.parquet"
        if not facts.rows.get(chromosome):
            schema = {column.name: dtype_of(column) for column in facts.columns}
            return Hits(np.empty(0, dtype=np.int64), pl.DataFrame(schema=schema).select(names))
        asked = np.ones(len(position), dtype=np.bool_) if eligible is None else eligible
        verified = asked & self._same(source, chromosome, position, code, spelt)
        return find(path, position, code, verified, names)

    def lookup(
        self,
        source: str,
        chromosome: str,
        position: Ints32,
        code: UInts32,
        spelt: pl.DataFrame,
        *,
        columns: Sequence[str] | None = None,
        eligible: Bools | None = None,
    ) -> pl.DataFrame:
        """As :meth:`hits`, with one row for each query, missing where the source lacks it."""
        found = self.hits(
            source, chromosome, position, code, spelt, columns=columns, eligible=eligible
        )
        return found.aligned(len(position))

    def _same(
        self, source: str, chromosome: str, position: Ints32, code: UInts32, spelt: pl.DataFrame
    ) -> Bools:
        """Which queries can be looked up: hashed ones only if the source's alleles are theirs."""
        same: Bools = (code & np.uint32(1)) == 0
        path = self.path / VARIANTS / source / LONG
        if same.all() or not path.is_file():
            return same
        rows = spelt["row"].to_numpy()
        asked = spelt.select(
            "row", "ref", "alt", position=pl.Series(position[rows]), code=pl.Series(code[rows])
        )
        long = pl.scan_parquet(path).filter(pl.col("chromosome") == chromosome)
        known = asked.lazy().join(long, on=["position", "code", "ref", "alt"], how="semi")
        same[known.select("row").collect()["row"].to_numpy()] = True
        return same

    def genes(self) -> pl.DataFrame | None:
        """One row of facts for each gene; None: the release has none."""
        path = self.path / GENES
        return pl.read_parquet(path) if GENES in self.manifest.files else None


def _no_source(path: Path, unknown: Sequence[str], there: Sequence[str]) -> Fault:
    return Fault(
        code="knowledge-source",
        file=str(path),
        found=f"no source {', '.join(unknown)}",
        allowed=", ".join(there),
        next_step="name sources that `soyang knowledge show` lists",
    )


def _fault(path: Path, found: str) -> Fault:
    return Fault(
        code="knowledge-damaged",
        file=str(path),
        found=found,
        allowed="the file that the release's manifest names",
        next_step="copy or build the release again",
    )

"""Small hand-written sources, and what a reader gives of them."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import GENE_KINDS, Kind

NOT_SET = object()


@dataclass
class Given:
    """What a reader gave of a source."""

    frames: list[tuple[str, pl.DataFrame]]
    left_out: Counter[str] = field(default_factory=Counter)
    vocabularies: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """All rows, each with its chromosome before it."""
        return [(name, *row) for name, frame in self.frames for row in frame.iter_rows()]


@pytest.fixture
def entry() -> Callable[..., CatalogSource]:
    """An entry of a catalogue, of a kind."""

    def make(kind: Kind, **other: Any) -> CatalogSource:
        known = {
            "id": kind.value,
            "assembly": None if kind in GENE_KINDS else ("GRCh38",),
            "name": kind.value,
            "version": "1",
            "date": "2025-01-01",
            "licence": "made for a test",
            "file": "file.txt",
        }
        return CatalogSource.model_validate({**known, "kind": kind, **other})

    return make


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write a source into a folder with a Hangul name and a space; ``.gz`` by name."""

    def write(text: str | bytes, name: str = "자료 파일.txt") -> Path:
        path = tmp_path / "지식 자료" / name
        path.parent.mkdir(exist_ok=True)
        content = text.encode() if isinstance(text, str) else text
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


@pytest.fixture
def genome(make_fasta: Callable[..., Path]) -> Genome:
    """Chromosomes of known bases: ``ACGT`` again and again, a poly-A tract, an unknown stretch."""
    return Genome(
        make_fasta({"chr1": "ACGT" * 10 + "NNNN", "chr2": "ACGTAAAAAACGT", "chrX": "ACGT" * 5})
    )


@pytest.fixture
def read_all(genome: Genome) -> Callable[..., Given]:
    """Read a source of variants or intervals to its end."""

    def read(
        module: ModuleType, entry: CatalogSource, path: Path, reference: Any = NOT_SET
    ) -> Given:
        given = Given([])
        given.frames = list(
            module.read(
                entry,
                path,
                genome if reference is NOT_SET else reference,
                threads=1,
                left_out=given.left_out,
                vocabularies=given.vocabularies,
            )
        )
        return given

    return read

"""A sample's units, and records of a written VCF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pysam
import pytest

MakeUnits = Callable[..., Path]


@pytest.fixture
def make_units(tmp_path: Path) -> MakeUnits:
    """Write admission's table of units: one row of a sample S1 with a file."""

    def make(file: Path, entry: str, sample: str = "S1", rows: int = 1, caller: str = "") -> Path:
        table = tmp_path / "units.tsv"
        lines = ["unit\tsample\tentry\tpath_1\tpath_2\tcaller"]
        lines += [f"{sample}.L{n}\t{sample}\t{entry}\t{file}\t\t{caller}" for n in range(rows)]
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return table

    return make


@pytest.fixture
def records() -> Callable[[Path], list[str]]:
    """Read a VCF's records as ``POS REF ALT FORMAT sample`` (without INFO)."""

    def read(path: Path) -> list[str]:
        with pysam.BGZFile(str(path)) as lines:
            rows = [line.decode().split("\t") for line in lines if not line.startswith(b"#")]
        return [" ".join([row[1], row[3], row[4], *row[8:]]) for row in rows]

    return read

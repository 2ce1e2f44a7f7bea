"""A sample's rows of admission's private table of sequencing units."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from soyang.core.errors import Fault, FaultError, Scope
from soyang.core.files import read_text


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One sequencing unit: a lane's FASTQ pair, or one alignment file.

    Attributes:
        name: ``<sample>.<lane>``, also the read group.
        path_1: FASTQ of mate 1, or the one file.
        path_2: FASTQ of mate 2, or ``None``.
    """

    name: str
    path_1: Path
    path_2: Path | None = None


def sample_units(table: Path, sample: str, entries: tuple[str, ...]) -> list[Unit]:
    """Units of a sample that enter by one of ``entries``, in the table's order.

    Args:
        table: admission's ``units.tsv``.
        sample: the sample.
        entries: kinds of file, e.g. ``("fastq",)``.

    Raises:
        FaultError: the sample has no such unit.
    """
    rows = [
        row
        for row in csv.DictReader(read_text(table).splitlines(), delimiter="\t")
        if row["sample"] == sample and row["entry"] in entries
    ]
    if not rows:
        raise FaultError(
            Fault(
                code="unit-missing",
                file=str(table),
                column="entry",
                found=f"no row of sample {sample} with one of these entries",
                allowed=" or ".join(entries),
                next_step="give the sample a row in the sample sheet and run the check again",
                scope=Scope.SAMPLE,
                sample=sample,
            )
        )
    return [
        Unit(
            name=row["unit"],
            path_1=Path(row["path_1"]),
            path_2=Path(row["path_2"]) if row["path_2"] else None,
        )
        for row in rows
    ]

"""A sample's rows of admission's private table of sequencing units."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from soyang.core.errors import Fault, FaultError, Scope
from soyang.core.files import read_text
from soyang.reads.umi import Umi, umi_of


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One sequencing unit: a lane's FASTQ pair, or one file of reads or alignments.

    Attributes:
        name: ``<sample>.<lane>``, also the read group of a FASTQ pair.
        sample: the sample.
        entry: kind of file.
        path_1: FASTQ of mate 1, or the one file.
        path_2: FASTQ of mate 2, or ``None``.
        umi: where its molecules' identifiers are, or ``None`` if it has none.
    """

    name: str
    sample: str
    entry: str
    path_1: Path
    path_2: Path | None = None
    umi: Umi | None = None

    def fault(self, code: str, *, found: str, allowed: str, next_step: str) -> Fault:
        """A fault of this unit, which stops its sample only."""
        return Fault(
            code=code,
            file=str(self.path_1),
            row=self.name,
            found=found,
            allowed=allowed,
            next_step=next_step,
            scope=Scope.SAMPLE,
            sample=self.sample,
        )


def sample_units(table: Path, sample: str, entries: tuple[str, ...]) -> list[Unit]:
    """Units of a sample that enter by one of ``entries``, in the table's order.

    Args:
        table: admission's ``units.tsv``; without a column ``umi`` no unit has identifiers.
        sample: the sample.
        entries: kinds of file, e.g. ``("fastq",)``.

    Raises:
        FaultError: the sample has no such unit, or one whose ``umi`` can't be.
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
            sample=sample,
            entry=row["entry"],
            path_1=Path(row["path_1"]),
            path_2=Path(row["path_2"]) if row["path_2"] else None,
            umi=_umi(row, table),
        )
        for row in rows
    ]


def _umi(row: dict[str, str], table: Path) -> Umi | None:
    try:
        return umi_of(row.get("umi") or "", row["entry"])
    except ValueError as error:
        raise FaultError(
            Fault(
                code="unit-umi",
                file=str(table),
                row=row["unit"],
                column="umi",
                found=repr(row["umi"]),
                allowed=str(error),
                next_step="correct the sample sheet and run the check again",
                scope=Scope.SAMPLE,
                sample=row["sample"],
            )
        ) from None

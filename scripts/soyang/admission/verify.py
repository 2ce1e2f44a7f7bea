"""Read one unit's files to their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from soyang.admission.contents import check_alignment, check_variants
from soyang.admission.fastq import check_pair
from soyang.admission.faults import show, write_faults
from soyang.admission.stream import DamagedError
from soyang.admission.tables import UNITS
from soyang.core.errors import Fault, FaultError, Scope
from soyang.core.tables import read_table

ADVICE = {
    "truncated": ("a whole file", "transfer the file again"),
    "damaged": ("a readable file", "transfer the file again"),
    "file-empty": ("a file with data", "transfer the file again, or remove the row"),
    "fastq-record": ("records of four lines", "transfer the file again, or write it anew"),
    "mates-differ": ("mates in the same order", "name the files of one lane in one row"),
    "mates-count": ("as many reads in both files", "transfer both files again"),
    "mates-swapped": ("mate 1 in fastq_1, mate 2 in fastq_2", "exchange fastq_1 and fastq_2"),
    "other-reference": ("alignments to this reference", "align the reads again: enter by FASTQ"),
    "contig-names": ("contigs of the reference", "rename the contigs, or call again"),
    "wrong-build": ("calls on this reference", "call again on this reference"),
}
"""Code to what is allowed and what to do."""


def verify(*, unit: str, units: Path, reference: Path, faults: Path) -> None:
    """Read a unit's files to their end and write the faults found; none is no row.

    Args:
        unit: name of the unit.
        units: table of units.
        reference: the prepared reference, indexed.
        faults: table of faults to write.

    Raises:
        FaultError: the unit is not in the table, or the reference is missing.
    """
    row = _unit(units, unit)
    if not reference.is_file():
        raise FaultError(
            Fault(
                code="file-missing", file=str(reference), found="no such file",
                allowed="the prepared reference", next_step="run reads reference first",
            )
        )  # fmt: skip
    found = list(content_faults(row, reference))
    show(found)
    write_faults(found, faults)


def _unit(units: Path, name: str) -> Mapping[str, Any]:
    found = read_table(units, UNITS).filter(pl.col("unit") == name)
    if found.is_empty():
        raise FaultError(
            Fault(
                code="unit-unknown", file=str(units), column="unit", found=f"no unit '{name}'",
                allowed="a unit of the table", next_step="run admission check again",
            )
        )  # fmt: skip
    return found.row(0, named=True)


def content_faults(unit: Mapping[str, Any], reference: Path) -> Iterator[Fault]:
    """Faults in the content of a unit's files.

    Args:
        unit: a row of UNITS.
        reference: indexed FASTA.
    """
    for column, path, damage in _damages(unit, reference):
        allowed, next_step = ADVICE[damage.code]
        yield Fault(
            code=damage.code, file=path, row=f"sheet row {unit['row']}", column=column,
            found=damage.found, allowed=allowed, next_step=next_step, scope=Scope.SAMPLE,
            person=unit["person"], sample=unit["sample"],
        )  # fmt: skip


def _damages(unit: Mapping[str, Any], reference: Path) -> Iterator[tuple[str, str, DamagedError]]:
    entry, paths = unit["entry"], (unit["path_1"], unit["path_2"])
    try:
        if entry == "fastq":
            for mate, damage in check_pair(Path(paths[0]), Path(paths[1])):
                yield f"fastq_{mate}", paths[mate - 1], damage
            return
        if entry in {"ubam", "bam", "cram"}:
            kind = "CRAM" if entry == "cram" else "BAM"
            found = check_alignment(Path(paths[0]), reference, kind=kind, aligned=entry != "ubam")
        else:
            found = check_variants(Path(paths[0]), reference, gvcf=entry == "gvcf")
        for damage in found:
            yield entry, paths[0], damage
    except OSError as error:
        column = "fastq_1" if entry == "fastq" else entry
        words = f"unreadable: {error.strerror or 'input or output error'}"
        yield column, paths[0], DamagedError("damaged", words)

"""Reading what calling hands on of each sample's events, mitochondrion and copy number."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import DTypes, read_columns

_TEXT, _WHOLE, _PART = pl.String, pl.Int64, pl.Float64

EVENT_COLUMNS: Mapping[str, DTypes] = {
    "sample": _TEXT, "event": _TEXT, "source": _TEXT, "kind": _TEXT, "contig": _TEXT,
    "start": _WHOLE, "end": _WHOLE, "length": _WHOLE, "mate_contig": _TEXT,
    "mate_position": _WHOLE, "genotype": _TEXT, "copies": _WHOLE, "expected_copies": _WHOLE,
    "support": _WHOLE, "quality": _PART, "callers": _TEXT, "filter": _TEXT,
}  # fmt: skip
SITE_COLUMNS: Mapping[str, DTypes] = {
    "sample": _TEXT, "contig": _TEXT, "position": _WHOLE, "ref": _TEXT, "alt": _TEXT,
    "heteroplasmy": _PART, "depth": _WHOLE, "alt_depth": _WHOLE, "quality": _PART, "filter": _TEXT,
}  # fmt: skip
DEPTH_STATUS: Mapping[str, DTypes] = {
    "sample": _TEXT, "assessed": _TEXT, "reason": _TEXT, "design": _TEXT, "smallest_length": _WHOLE,
}  # fmt: skip
MITOCHONDRION_STATUS: Mapping[str, DTypes] = {
    "sample": _TEXT, "assessed": _TEXT, "reason": _TEXT, "min_heteroplasmy": _PART,
    "callable_share": _PART,
}  # fmt: skip

NO_READS = "no_reads"
"""Why a sample was not looked at that has no file."""
LEFT_OUT = "left_out"
"""Why breakpoints were not looked for in a sample whose reads were: settings name no caller."""
YES = "true"


_NAME = re.compile(r"(.+?)\.(?:structural|copy_number|mitochondrial|mitochondrion)[._a-z]*\.tsv")


def sample_of(path: Path) -> str:
    """The sample that a file is of: what stands before ``.structural.tsv`` and the like.

    Raises:
        FaultError: a name that calling gives to none of its tables.
    """
    found = _NAME.fullmatch(path.name)
    if not found:
        allowed = "<sample>.structural.tsv, .copy_number.tsv, .mitochondrial.tsv or their status"
        raise FaultError(_fault(path, "this name", allowed))
    return found[1]


def by_sample(paths: Iterable[Path]) -> dict[str, Path]:
    """Each sample's file.

    Raises:
        FaultError: two files of one sample.
    """
    found: dict[str, Path] = {}
    for path in paths:
        sample = sample_of(path)
        if sample in found:
            raise FaultError(_fault(path, f"a second file of {sample}", "one file a sample"))
        found[sample] = path
    return found


def read_rows(path: Path, columns: Mapping[str, DTypes]) -> pl.DataFrame:
    """A sample's table, as far as these columns go.

    Raises:
        FaultError: missing, without a column, of another sample than its name says, or with a
            value that is none of its type.
    """
    text = read_columns(path, *columns)
    sample = sample_of(path)
    others = text.filter(pl.col("sample") != sample)
    if others.height:
        raise FaultError(_fault(path, f"sample {others['sample'][0]}", sample, "sample"))
    blank = [pl.when(pl.col(n) != "").then(pl.col(n)).alias(n) if t != _TEXT else n
             for n, t in columns.items()]  # fmt: skip
    empty = text.select(blank)
    cast = empty.with_columns(pl.col(n).cast(t, strict=False) for n, t in columns.items())
    for name in columns:
        lost = cast[name].is_null() & empty[name].is_not_null()
        if lost.any():
            raise FaultError(
                _fault(path, repr(empty[name].filter(lost)[0]), str(columns[name]), name)
            )
    return cast


def assessed(
    samples: list[str],
    structural: Mapping[str, Path],
    copy_number: Mapping[str, Path],
    mitochondrial: Mapping[str, Path],
) -> pl.DataFrame:
    """What was looked at in each sample, and why not what was not.

    Args:
        samples: all samples of the cohort.
        structural: their tables of events by breakpoints.
        copy_number: what calling says of each sample's copy number.
        mitochondrial: what calling says of each sample's mitochondrion.

    Returns:
        Columns sample, structural, copy_number, mitochondrial (empty: assessed; else why not),
        design, smallest_length, min_heteroplasmy, mitochondrial_share; by sample.
    """
    return pl.DataFrame(
        [
            {
                "sample": sample,
                "structural": _breakpoints(sample, structural, copy_number),
                **_depth(copy_number.get(sample)),
                **_mitochondrion(mitochondrial.get(sample)),
            }
            for sample in sorted(samples)
        ],
        schema={
            **dict.fromkeys(
                ("sample", "structural", "copy_number", "design", "mitochondrial"), pl.String
            ),
            "smallest_length": pl.Int64,
            "min_heteroplasmy": pl.Float64,
            "mitochondrial_share": pl.Float64,
        },
    )


def _breakpoints(sample: str, by_breakpoint: Container[str], by_depth: Container[str]) -> str:
    if sample in by_breakpoint:
        return ""
    return LEFT_OUT if sample in by_depth else NO_READS


def _depth(path: Path | None) -> dict[str, object]:
    row = _status(path, DEPTH_STATUS)
    if row is None or row["assessed"] != YES:
        reason = row["reason"] if row else ""
        return {"copy_number": reason or NO_READS, "design": "", "smallest_length": None}
    return {
        "copy_number": "",
        "design": row["design"],
        "smallest_length": row["smallest_length"],
    }


def _mitochondrion(path: Path | None) -> dict[str, object]:
    row = _status(path, MITOCHONDRION_STATUS)
    if row is None or row["assessed"] != YES:
        reason = row["reason"] if row else ""
        return {
            "mitochondrial": reason or NO_READS,
            "min_heteroplasmy": None,
            "mitochondrial_share": None,
        }
    return {
        "mitochondrial": "",
        "min_heteroplasmy": row["min_heteroplasmy"],
        "mitochondrial_share": row["callable_share"],
    }


def _status(path: Path | None, columns: Mapping[str, DTypes]) -> dict[str, object] | None:
    if path is None:
        return None
    rows = read_rows(path, columns)
    if rows.height != 1:
        raise FaultError(_fault(path, f"{rows.height} rows", "one row, of its sample"))
    return rows.row(0, named=True)


def _fault(path: Path, found: str, allowed: str, column: str = "") -> Fault:
    return Fault(
        code="table-contract",
        file=path.name,
        column=column,
        found=found,
        allowed=allowed,
        next_step="make the sample's calls anew with this version",
    )

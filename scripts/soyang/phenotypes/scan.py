"""Big declared tables, read lazily: only the columns and rows that a question needs."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import Table


def scan_table(path: Path, table: Table) -> pl.LazyFrame:
    """A Parquet table with its declared columns. Their types are checked, its rows are not read.

    Raises:
        FaultError: the file is missing, or a column is missing or of another type.
    """
    if not path.exists():
        raise FaultError(_fault(path, table, "", "no file"))
    frame = pl.scan_parquet(path)
    found = frame.collect_schema()
    faults = [
        _fault(path, table, name, str(found.get(name, "no such column")), str(dtype))
        for name, dtype in table.schema.items()
        if found.get(name) != dtype
    ]
    if faults:
        raise FaultError(faults)
    return frame.select(table.names)


def _fault(path: Path, table: Table, column: str, found: str, allowed: str = "") -> Fault:
    return Fault(
        code="table-contract" if column else "table-missing",
        file=path.name,
        column=column,
        found=found,
        allowed=allowed or f"the table {table.name}",
        next_step="run the step that writes it with this version",
    )

"""Writing a declared table piece by piece, for what does not fit into memory at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from soyang.core.files import atomic_path
from soyang.core.tables import Table

ROW_GROUP = 262_144
"""Rows of a row group: fixed, so that the same pieces give the same bytes."""


def write_pieces(pieces: Iterable[pl.DataFrame], path: Path, table: Table) -> int:
    """Validate and write pieces of a table one below the other, atomically.

    A key is looked for twice within a piece only: pieces must not share keys.

    Returns:
        Number of rows.

    Raises:
        FaultError: a piece breaks the declaration.
    """
    rows = 0
    schema = table.empty().to_arrow().schema
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as out,
    ):
        for piece in pieces:
            valid = table.validate(piece, source=str(path))
            if len(valid):
                out.write_table(valid.to_arrow().cast(schema), row_group_size=ROW_GROUP)
            rows += len(valid)
    return rows

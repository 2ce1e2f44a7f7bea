"""Tables that only their owner may read."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.files import atomic_path, restrict
from soyang.core.tables import Table


def make_private(folder: Path) -> None:
    """Make a folder, and the missing ones above it, that only their owner may enter."""
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        restrict(missing)


def write_private(frame: pl.DataFrame, path: Path, table: Table) -> None:
    """Write a tab-separated table with mode 0600, in a folder with mode 0700.

    A folder that was there before is restricted only where it lies under ``private/``: the
    working folder itself must stay as it is.
    """
    frame = table.validate(frame, source=str(path))
    folder = path.parent
    new = not folder.exists()
    make_private(folder)
    if new or "private" in folder.parts:
        restrict(folder)
    with atomic_path(path) as temporary:
        temporary.touch(mode=0o600)
        frame.write_csv(temporary, separator="\t", null_value="")
        restrict(temporary)

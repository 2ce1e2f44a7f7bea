"""Did everyone end as expected?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from soyang.core.errors import ExitCode
from soyang.core.settings import Expected, load
from soyang.core.tables import read_table
from soyang.governance.tables import LEDGER


def reconcile(*, settings: list[Path], ledger: Path) -> None:
    """Compare the ledger with what the settings expect; exit 3 and say who differs.

    Args:
        settings: settings files, later ones laid over earlier ones.
        ledger: the ledger.

    Raises:
        SystemExit: with code 3 where somebody did not end as expected.
    """
    surprises = list(unexpected(read_table(ledger, LEDGER), load(settings).expected))
    for line in surprises:
        print(line)
    if surprises:
        raise SystemExit(ExitCode.UNEXPECTED)


def unexpected(ledger: pl.DataFrame, expected: Sequence[Expected]) -> Iterator[str]:
    """A line for everyone who did not end as expected.

    Without an entry in ``expected``, reported and withheld are as expected: withholding is
    what consent asks for.
    """
    wanted = {entry.person: entry for entry in expected}
    for row in ledger.iter_rows(named=True):
        entry = wanted.get(row["person"])
        ended = f"{row['person']} ({row['sample']}) {row['status']}: {row['reason'] or 'no reason'}"
        if entry is None:
            if row["status"] in {"failed", "quarantined"}:
                yield f"unexpected: {ended}"
        elif row["status"] != entry.status or entry.reason not in row["reason"]:
            yield f"expected {entry.status} ({entry.reason}), but {ended}"

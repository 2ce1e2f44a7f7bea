"""The completeness ledger: everyone of the sheet, and how they ended."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_columns, read_table, write_table
from soyang.governance.tables import DROPPED, LEDGER


def ledger(
    *,
    admitted: Path,
    ledger: Path,
    report: list[Path] | None = None,
    verdicts: Path | None = None,
    dropped: Path | None = None,
) -> None:
    """Write how everyone of the sheet ended: reported, quarantined, failed or withheld.

    Args:
        admitted: admission's table, which holds everyone of the sheet.
        ledger: the ledger to write.
        report: each person's canonical report, ``<person>/report.json``.
        verdicts: identity's verdicts; absent where nobody reached the gate.
        dropped: who failed while the run went on; absent where nobody did.

    Raises:
        FaultError: somebody has no report and nothing says why.
    """
    everyone = read_columns(admitted, "person", "sample", "hospital", "status", "reason")
    judging = ("sample", "verdict", "reason")
    judged = (
        read_columns(verdicts, *judging)
        if verdicts
        else pl.DataFrame(schema=dict.fromkeys(judging, pl.String))
    )
    fallen = read_table(dropped, DROPPED) if dropped else DROPPED.empty()
    reported = [path.parent.name for path in report or []]
    ended = end(everyone, judged, fallen, reported)
    lost = ended.filter(pl.col("status").is_null())
    if lost.height:
        raise FaultError(
            [
                Fault(
                    code="lost",
                    file=str(ledger),
                    person=row["person"],
                    found=f"no report of {row['person']} ({row['sample']}) and no reason",
                    allowed="a report or a reason for everyone",
                    next_step="look for *.unfinished in logs/ and start the run again",
                )
                for row in lost.iter_rows(named=True)
            ]
        )
    write_table(ended, ledger, LEDGER)


def end(
    admitted: pl.DataFrame, verdicts: pl.DataFrame, dropped: pl.DataFrame, reported: list[str]
) -> pl.DataFrame:
    """Columns of LEDGER, one row a row of ``admitted``; status is null where nothing is known.

    What happened first decides: admission, then a failed step before the gate, the gate, a
    failed step after it, the report.
    """
    fallen = dropped.select(
        pl.col("subject"), pl.format("{} {}: {}", "room", "verb", "reason").alias("why")
    )
    frame = (
        admitted.rename({"status": "entered", "reason": "refused"})
        .join(
            verdicts.select("sample", "verdict", pl.col("reason").alias("judged")),
            on="sample",
            how="left",
            maintain_order="left",
        )
        .join(
            fallen.rename({"why": "sample_why"}),
            left_on="sample",
            right_on="subject",
            how="left",
            maintain_order="left",
        )
        .join(
            fallen.rename({"why": "person_why"}),
            left_on="person",
            right_on="subject",
            how="left",
            maintain_order="left",
        )
    )
    failed = pl.coalesce("sample_why", "person_why")
    out = pl.col("entered") != "admitted"
    quarantined = pl.col("verdict") == "quarantine"
    has_report = pl.col("person").is_in(reported)
    return frame.select(
        "person",
        "sample",
        "hospital",
        pl.when(out)
        .then("entered")
        .when(quarantined)
        .then(pl.lit("quarantined"))
        .when(failed.is_not_null())
        .then(pl.lit("failed"))
        .when(has_report)
        .then(pl.lit("reported"))
        .alias("status"),
        pl.when(out)
        .then("refused")
        .when(quarantined)
        .then("judged")
        .when(failed.is_not_null())
        .then(failed)
        .otherwise(pl.lit(""))
        .alias("reason"),
    )

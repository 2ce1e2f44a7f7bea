"""Did everyone end as expected?"""

from __future__ import annotations

import pytest

from soyang.core.settings import Expected
from soyang.core.tables import write_table
from soyang.governance.reconcile import reconcile, unexpected
from soyang.governance.tables import LEDGER


def end(person, status, reason=""):
    return {"person": person, "sample": "S", "hospital": "A", "status": status, "reason": reason}


FAILED = end("P2", "failed", "truncated gzip")


@pytest.mark.parametrize(
    ("row", "expected", "said"),
    [
        (end("P1", "reported"), None, ""),
        (end("P3", "withheld", "consent withdrawn"), None, ""),
        (FAILED, None, "unexpected: P2 (S) failed: truncated gzip"),
        (end("P4", "quarantined", "kinship"), None, "unexpected: P4"),
        (FAILED, Expected(person="P2", status="failed", reason="truncated"), ""),
        (FAILED, Expected(person="P2", status="failed", reason="missing"), "expected failed"),
        (
            end("P2", "reported"),
            Expected(person="P2", status="failed", reason="truncated"),
            "expected failed (truncated), but P2 (S) reported",
        ),
    ],
)
def test_only_a_surprise_is_said(row, expected, said):
    lines = list(unexpected(LEDGER.frame([row]), [expected] if expected else []))
    assert len(lines) == bool(said)
    assert "".join(lines).startswith(said)


def test_a_surprise_ends_with_3(tmp_path, capsys):
    settings = tmp_path / "config.yaml"
    settings.write_text(
        "reference: {fasta: a, transcripts: b, transcripts_release: c}\n"
        "reports: {date: '2026-01-15'}\n"
    )
    write_table(LEDGER.frame([end("P1", "reported")]), tmp_path / "ledger.tsv", LEDGER)
    reconcile(settings=[settings], ledger=tmp_path / "ledger.tsv")
    write_table(LEDGER.frame([FAILED]), tmp_path / "ledger.tsv", LEDGER)
    with pytest.raises(SystemExit) as stopped:
        reconcile(settings=[settings], ledger=tmp_path / "ledger.tsv")
    assert stopped.value.code == 3
    assert "truncated gzip" in capsys.readouterr().out

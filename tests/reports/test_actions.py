"""The table of cited actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from soyang.core.errors import FaultError
from soyang.reports.actions import COLUMNS, read_actions

HEADER = "\t".join(COLUMNS)
ROW = "JAG1\tdominant;de_novo\talagille_evaluation\twhen_confirmed\tGeneReviews\tNBK1273\t"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "actions.tsv"
    path.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    return path


def test_house_table_is_cited(actions: Path) -> None:
    rows = read_actions(actions)
    assert {"SLC52A3", "JAG1", "AVP", "BRCA1"} <= {row.gene for row in rows}
    for row in rows:
        assert row.action.citation
        assert row.action.citation.accession.startswith("NBK")


def test_comments_bom_and_windows_lines(tmp_path: Path) -> None:
    rows = read_actions(table(tmp_path, "# why", HEADER, ROW, "", "# more", ROW))
    assert [row.gene for row in rows] == ["JAG1", "JAG1"]
    assert rows[0].models == {"dominant", "de_novo"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (ROW.replace("alagille_evaluation", "pray"), "action"),
        (ROW.replace("de_novo", "denovo"), "models"),
        (ROW.replace("when_confirmed", "soon"), "timing"),
        (ROW.replace("NBK1273", ""), "accession"),
        (ROW.replace("JAG1\t", "\t"), "gene"),
        ("JAG1\tdominant", ""),
    ],
)
def test_faults_name_row_and_column(tmp_path: Path, row: str, column: str) -> None:
    with pytest.raises(FaultError) as raised:
        read_actions(table(tmp_path, "# why", HEADER, ROW, row, row))
    assert [(fault.row, fault.column) for fault in raised.value.faults] == [
        ("4", column),
        ("5", column),
    ]


@pytest.mark.parametrize("lines", [[], ["# only a comment"], ["gene\taction"]])
def test_wrong_header(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(FaultError, match="gene, models, action"):
        read_actions(table(tmp_path, *lines))

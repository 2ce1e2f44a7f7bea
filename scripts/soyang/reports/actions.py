"""What a gene's guideline advises: a small cited table, read and checked.

The table holds codes; the sentences are in the message catalogs. Columns: ``gene`` (HGNC
symbol), ``models`` (inheritance models under which the advice holds, joined by ``;``),
``action`` (code), ``timing`` (``now`` or ``when_confirmed``), ``title``, ``accession`` and
``revision`` of the cited work.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.reports.codes import GeneActionCode
from soyang.reports.model import Action, Citation, Explanation

COLUMNS = ("gene", "models", "action", "timing", "title", "accession", "revision")
MODELS: frozenset[str] = frozenset(get_args(Explanation.model_fields["model"].annotation))


@dataclass(frozen=True)
class GeneAction:
    """One row: advice for a gene under some inheritance models."""

    gene: str
    models: frozenset[str]
    action: Action


def read_actions(path: Path) -> list[GeneAction]:
    """Read the table of cited actions, in its order; lines that start with ``#`` are comments.

    Raises:
        FaultError: with every row that names an unknown code or model, or cites nothing.
    """
    lines = enumerate(read_text(path).split("\n"), start=1)
    rows = [(n, line.split("\t")) for n, line in lines if line.strip() and line[0] != "#"]
    number, header = rows[0] if rows else (1, [])
    if tuple(header) != COLUMNS:
        found = f"columns {', '.join(header)}"
        raise FaultError(_fault(path, number, "", found, ", ".join(COLUMNS)))
    parsed = [_parse(path, number, row) for number, row in rows[1:]]
    if faults := [result for result in parsed if isinstance(result, Fault)]:
        raise FaultError(faults)
    return [result for result in parsed if isinstance(result, GeneAction)]


def actions_for(explanation: Explanation, table: list[GeneAction]) -> list[Action]:
    """The advice that holds for this gene under this inheritance model."""
    return [
        row.action
        for row in table
        if row.gene == explanation.gene and explanation.model in row.models
    ]


def _parse(path: Path, number: int, row: list[str]) -> GeneAction | Fault:
    if len(row) != len(COLUMNS):
        return _fault(path, number, "", f"{len(row)} fields", f"{len(COLUMNS)} fields")
    cells = dict(zip(COLUMNS, (cell.strip() for cell in row), strict=True))
    models = frozenset(cells["models"].split(";"))
    if not models <= MODELS:
        return _fault(path, number, "models", cells["models"], "; ".join(sorted(MODELS)))
    if cells["action"] not in get_args(GeneActionCode):
        allowed = ", ".join(get_args(GeneActionCode))
        return _fault(path, number, "action", cells["action"], allowed)
    for column in ("gene", "title", "accession"):
        if not cells[column]:
            return _fault(path, number, column, "nothing", "a value: advice needs its source")
    try:
        citation = Citation(
            title=cells["title"], accession=cells["accession"], revision=cells["revision"]
        )
        action = Action.model_validate(
            {"code": cells["action"], "timing": cells["timing"], "citation": citation}
        )
    except ValidationError:
        return _fault(path, number, "timing", cells["timing"], "now, when_confirmed")
    return GeneAction(gene=cells["gene"], models=models, action=action)


def _fault(path: Path, number: int, column: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="actions-table",
        file=str(path),
        row=str(number),
        column=column,
        found=found or "nothing",
        allowed=allowed,
        next_step="correct the row; a new action code needs its sentence in every language",
    )

"""One person's report: ``report.json`` and its pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date as calendar_date
from pathlib import Path
from typing import Any, get_args

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text, write_text
from soyang.reports import details, event_details
from soyang.reports.actions import GeneAction, read_actions
from soyang.reports.model import Language, Report, to_json
from soyang.reports.page import file_name, render
from soyang.reports.summary import is_uncertain, summarise

LANGUAGES: tuple[str, ...] = get_args(Language)


def report(
    *,
    findings: Path,
    findings_schema: Path,
    report_schema: Path,
    actions: Path,
    language: list[str],
    date: str,
    output: Path,
    title_note: list[str] | None = None,
) -> None:
    """Write a person's report.json and one page for each language.

    Args:
        findings: the person's findings.json.
        findings_schema: JSON Schema that findings must fit.
        report_schema: JSON Schema that report.json must fit.
        actions: table of cited actions by gene (resources/knowledge/actions.tsv).
        language: language of a page: en, ko or ja; the first is report.html.
        date: date of the report, YYYY-MM-DD.
        output: folder for report.json and its pages.
        title_note: line above the pages of one language, as ``en=Everyone here is synthetic``.

    Raises:
        FaultError: findings, actions or an option break their declaration.
    """
    check_options(language, date, title_note or [])
    notes = dict(note.split("=", 1) for note in title_note or [])
    found = read_findings(findings, findings_schema)
    built = build(found, read_actions(actions), languages=language, date=date, title_note=notes)
    text = to_json(built)
    if faults := list(schema_faults(json.loads(text), report_schema, "report.json")):
        raise FaultError(faults)
    write(text, output)


def build(
    findings: dict[str, Any],
    actions: list[GeneAction],
    *,
    languages: list[str],
    date: str,
    title_note: dict[str, str],
) -> Report:
    """Decide what the report says; findings fit their schema."""
    explanations = details.explanations(findings)
    shown = [explanation for explanation in explanations if not is_uncertain(explanation)]
    carriers = details.carriers(findings)
    events = event_details.events(findings)
    return Report.model_validate(
        {
            "date": date,
            "languages": languages,
            "title_note": title_note,
            "subject": details.subject(findings),
            "summary": summarise(findings, shown, carriers, actions, events),
            "explanations": shown,
            "carriers": carriers,
            "events": events,
            "phenotypes": details.phenotypes(findings),
            "unmapped_records": findings["unmapped_records"],
            "genes_assessed": findings["genes_assessed"],
            "coverage": details.coverage(findings),
            "uncertain": [e for e in explanations if is_uncertain(e)],
            "sources": details.sources(findings),
        }
    )


def write(text: str, folder: Path) -> None:
    """Write report.json and the pages made from it; pages of other languages go away."""
    content = Report.model_validate_json(text)
    pages = {file_name(content, code): render(content, code) for code in content.languages}
    for name, page in pages.items():
        write_text(folder / name, page)
    for stale in folder.glob("report*.html"):
        if stale.name not in pages and re.fullmatch(r"report(\.\w+)?\.html", stale.name):
            stale.unlink()
    write_text(folder / "report.json", text)


def check_options(languages: list[str], date: str, notes: list[str]) -> None:
    """Check languages, date and the notes above the pages.

    Raises:
        FaultError: with every option that is wrong.
    """
    faults = []
    unknown = [code for code in languages if code not in LANGUAGES]
    if unknown or not languages or len(set(languages)) < len(languages):
        faults.append(
            _option("--language", ", ".join(languages), f"each once of {', '.join(LANGUAGES)}")
        )
    try:
        if calendar_date.fromisoformat(date).isoformat() != date:
            raise ValueError(date)
    except ValueError:
        faults.append(_option("--date", date, "a date, YYYY-MM-DD"))
    faults += [
        _option("--title-note", note, "language=text, such as en=Everyone here is synthetic.")
        for note in notes
        if "=" not in note or note.partition("=")[0] not in LANGUAGES
    ]
    if faults:
        raise FaultError(faults)


def read_findings(path: Path, schema: Path) -> dict[str, Any]:
    """Read findings and check them against their schema.

    Raises:
        FaultError: with every place that breaks it.
    """
    content = _json(path)
    if faults := list(schema_faults(content, schema, str(path))):
        raise FaultError(faults)
    return dict(content)


def schema_faults(content: Any, schema: Path, file: str) -> Iterator[Fault]:
    """Every place at which content breaks its schema."""
    errors = Draft202012Validator(_json(schema)).iter_errors(content)
    return (_schema_fault(error, file) for error in sorted(errors, key=lambda e: e.json_path))


def _schema_fault(error: ValidationError, file: str) -> Fault:
    message = error.message if len(error.message) <= 200 else f"{error.message[:200]}…"  # noqa: PLR2004
    return Fault(
        code="json-contract",
        file=file,
        row=error.json_path,
        found=message,
        allowed=str(error.schema.get("description", error.validator_value))[:200]
        if isinstance(error.schema, dict)
        else "what the schema says",
        next_step="make the file anew with this version",
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise FaultError(
            Fault(
                code="json-broken",
                file=str(path),
                row=str(error.lineno),
                found=error.msg,
                allowed="one JSON document",
                next_step="make the file anew; it may be cut off",
            )
        ) from None


def _option(name: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="option",
        file="command line",
        column=name,
        found=found or "nothing",
        allowed=allowed,
        next_step="correct the option, or reports in config.yaml",
    )

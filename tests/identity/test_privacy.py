"""What the gate finds out about families stays with staff."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("interpretation", "reports")
SHOWN = {"sample", "verdict", "confirmed_by", "sex_found"}
"""Columns of the verdicts that interpretation may read: who passed, whether anything confirmed
the sample, and the sex for ploidy."""
FILES = re.compile(r"identity/(kinship|heterozygosity|contamination|ancestry|overrides|sketch)")
WORDS = re.compile(
    r"\b(discordant|quarantined?|kinship|paternity|non-?paternity|ibs0|swap|contaminat\w+|"
    r"ancestry|opposite homozygotes)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("room", ROOMS)
def test_no_rule_behind_the_gate_takes_its_figures(room: str) -> None:
    rules = (ROOT / "workflow" / "rules" / f"{room}.smk").read_text(encoding="utf-8")
    assert not FILES.search(rules)


def test_interpretation_reads_four_columns_of_the_verdicts() -> None:
    read = [
        set(re.findall(r'"(\w+)"', found))
        for path in (ROOT / "scripts" / "soyang" / "interpretation").rglob("*.py")
        for found in re.findall(r"read_columns\(\s*verdicts,([^)]*)\)", path.read_text("utf-8"))
    ]
    assert read
    assert all(columns <= SHOWN for columns in read)


def test_reports_read_no_verdicts() -> None:
    for path in (ROOT / "scripts" / "soyang" / "reports").rglob("*.py"):
        assert "verdicts" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("schema", ["findings", "report"])
def test_schemas_have_no_place_for_it(schema: str) -> None:
    path = ROOT / "workflow" / "schemas" / f"{schema}.schema.json"
    names = set(_names(json.loads(path.read_text(encoding="utf-8"))))
    assert len(names) > 20
    assert not [name for name in names if WORDS.search(name.replace("_", " "))]


def _names(node: object) -> list[str]:
    """Names of fields, and all words of closed vocabularies."""
    if isinstance(node, list):
        return [name for item in node for name in _names(item)]
    if not isinstance(node, dict):
        return []
    own = [*node.get("properties", {}), *map(str, node.get("enum", ()))]
    return own + [name for item in node.values() for name in _names(item)]


def test_sentences_of_reports_do_not_tell_it() -> None:
    sentences = (ROOT / "scripts" / "soyang" / "reports" / "messages" / "en.po").read_text("utf-8")
    told = re.findall(r'^msgstr(?:\\[\d\\])? "(.*)"$', sentences, re.MULTILINE)
    assert len(told) > 100
    assert not [text for text in told if WORDS.search(text)]

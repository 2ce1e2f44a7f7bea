"""The rules of the house, held by walking the code."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from soyang.core.options import add_options
from soyang.core.tables import Table
from soyang.main import PEOPLE_COMMANDS, ROOMS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "scripts" / "soyang"
MODULES = sorted(PACKAGE.rglob("*.py"))
BY_HAND = {
    *("annotate_vcf", "update", "profile", "select", "reconcile", "pseudonymise", "deliver"),
    *("balance", "depth_panel"),
}
"""Verbs that people or the driver start; no rule does."""
SHARED_RULES = {"common", "options", "inputs", "clinical", "aligning", "gate", "resources"}
VERBS = [(room, verb) for room, verbs in ROOMS.items() for verb in verbs]


def imports(module: Path) -> Iterator[str]:
    """Names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_walk_sees_the_house():
    assert len(MODULES) > 40
    assert "soyang.core.errors" in set(imports(PACKAGE / "core" / "tables.py"))


@pytest.mark.parametrize("room", ["core", *ROOMS])
def test_a_room_imports_core_and_itself_only(room):
    others = set(ROOMS) - {room}
    for module in (PACKAGE / room).rglob("*.py"):
        for name in imports(module):
            parts = name.split(".")
            if parts[0] == "soyang" and len(parts) > 1:
                assert parts[1] not in others, f"{module} imports {name}"
                assert room != "core" or parts[1] == "core", f"{module} imports {name}"


def test_only_workflow_knows_snakemake():
    for module in MODULES:
        assert not any(name.split(".")[0] == "snakemake" for name in imports(module)), module


def test_rooms_of_the_package_are_those_of_the_workflow_and_tests():
    folders = {p.parent.name for p in PACKAGE.glob("*/__init__.py")} - {"core"}
    rules = {p.stem for p in (ROOT / "workflow" / "rules").glob("*.smk")} - SHARED_RULES
    assert folders == set(ROOMS) == rules
    for room in ROOMS:
        assert any((ROOT / "tests" / room).glob("test_*.py")), f"no tests of {room}"


@pytest.mark.parametrize(("room", "verb"), VERBS)
def test_a_verb_has_one_name(room, verb):
    function = getattr(import_module(f"soyang.{room}.{verb}"), verb)
    assert (ROOT / "tests" / room / f"test_{verb}.py").exists()
    rules = ROOT / "workflow" / "rules"
    smk = (rules / f"{room}.smk").read_text() + (rules / "inputs.smk").read_text()
    word = verb.replace("_", "-")
    assert word in smk or verb in BY_HAND, f"no rule runs {room} {word}"
    add_options(argparse.ArgumentParser(), function)
    parameters = inspect.signature(function).parameters.values()
    assert verb in BY_HAND or all(p.kind is p.KEYWORD_ONLY for p in parameters)
    for parameter in parameters:
        assert re.search(rf"^ +{parameter.name}: ", function.__doc__, re.M), (
            f"{room} {verb} does not document {parameter.name}"
        )


PEOPLE_VERBS = [
    (word, verb) for word, (_, verbs) in PEOPLE_COMMANDS.items() for verb in verbs or (word,)
]
"""Word and function; a word without verbs is its own."""


@pytest.mark.parametrize(("word", "verb"), PEOPLE_VERBS)
def test_a_command_of_people_lies_beside_core(word, verb):
    function = getattr(import_module(f"soyang.{word}"), verb)
    add_options(argparse.ArgumentParser(), function)
    for name in inspect.signature(function).parameters:
        assert re.search(rf"^ +{name}: ", function.__doc__, re.M), f"{word} {verb}: {name}"


@pytest.mark.parametrize(("word", "verb"), PEOPLE_VERBS)
def test_docs_name_every_command_of_people(word, verb):
    command = word if word == verb else f"{word} {verb}"
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert f"`soyang {command}" in text, f"docs/architecture.md does not name soyang {command}"


def test_nothing_is_read_at_import_time():
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign)
    allowed += (ast.AnnAssign, ast.Expr, ast.If)
    reading = re.compile(r"\b(open|read_text|read_bytes|read_csv|read_parquet|safe_load|run)\(")
    for module in MODULES:
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            assert isinstance(node, allowed), f"{module}:{node.lineno} works at import time"
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.If)):
                assert not reading.search(ast.unparse(node)), f"{module}:{node.lineno}"


def test_every_declared_column_has_a_meaning():
    tables = [
        value
        for room in ROOMS
        for value in vars(import_module(f"soyang.{room}.tables")).values()
        if isinstance(value, Table)
    ]
    assert len(tables) > 15
    for table in tables:
        room, _, name = table.name.partition(".")
        assert room in ROOMS and name
        assert len(set(table.names)) == len(table.names)
        assert set(table.key) <= set(table.names)
        assert all(column.meaning for column in table.columns)


def test_sizes():
    for module in MODULES:
        assert len(module.read_text(encoding="utf-8").splitlines()) < 400, module
    assert len((ROOT / "Snakefile").read_text().splitlines()) <= 60
    for name in SHARED_RULES:
        shared = ROOT / "workflow" / "rules" / f"{name}.smk"
        assert len(shared.read_text().splitlines()) <= 150


def test_the_project_names_no_machine_and_no_registry():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    host = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", r"deb\.debian" + r"\.org")))
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in {".gz", ".png"} or not path.is_file():
            continue
        assert not host.search(path.read_text(encoding="utf-8")), name


@pytest.mark.parametrize(("room", "verb"), VERBS)
def test_docs_name_every_option(room, verb):
    """A row that says 'thresholds' need not name the numbers."""
    function = getattr(import_module(f"soyang.{room}.{verb}"), verb)
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    name = f"| `{room} {verb.replace('_', '-')}` |"
    (row,) = (line for line in text.splitlines() if line.startswith(name))
    for parameter in inspect.signature(function).parameters.values():
        number = str(parameter.annotation) in {"int", "float"}
        option = f"--{parameter.name.replace('_', '-')}"
        if parameter.kind is parameter.KEYWORD_ONLY and not (number and "thresholds" in row):
            assert re.search(rf"`{option}[`*]", row), f"{room} {verb}: {option} is not in its row"


def test_docs_name_every_verb_and_target():
    architecture = (ROOT / "docs" / "architecture.md").read_text()
    for room, verb in VERBS:
        assert f"`{room} {verb.replace('_', '-')}`" in architecture
    readme = (ROOT / "README.md").read_text()
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    assert "demo" in targets
    for target in targets:
        assert f"make {target}" in readme, f"README does not name make {target}"

"""The command: exit codes, logs, and the marker that a failed step leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from soyang.core.tables import write_table
from soyang.governance.tables import LEDGER
from soyang.main import ROOMS, _told, main


def soyang(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "soyang.main", *map(str, words)],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_help_names_every_room(tmp_path):
    said = soyang("--help", cwd=tmp_path).stdout
    for room in ROOMS:
        assert room in said


def test_an_option_is_explained_by_the_docstring(tmp_path):
    said = soyang("governance", "reconcile", "--help", cwd=tmp_path).stdout
    assert "--ledger" in said and "settings files, later ones" in " ".join(said.split())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--version",), 0),
        (("governance", "nonsense"), 2),
        (("governance", "reconcile"), 2),
        (("governance", "reconcile", "--settings", "none.yaml", "--ledger", "x.tsv"), 2),
    ],
)
def test_exit_codes(tmp_path, words, code):
    assert soyang(*words, cwd=tmp_path).returncode == code


@pytest.mark.parametrize("given", [None, "3"])
def test_matrices_take_one_thread_unless_told(monkeypatch, given):
    name = "OPENBLAS_NUM_THREADS"
    monkeypatch.setenv(name, given or "")
    if given is None:
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "argv", ["soyang", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert os.environ[name] == (given or "1")


def test_a_failed_step_leaves_a_marker_and_a_good_one_none(tmp_path):
    log = tmp_path / "logs" / "governance" / "reconcile.log"
    words = ("governance", "reconcile", "--settings", "none.yaml", "--ledger", "x.tsv")
    assert soyang("--log", log, "--subject", "S1", *words, cwd=tmp_path).returncode == 2
    told = json.loads(log.with_name("reconcile.log.unfinished").read_text())
    assert told["subject"] == "S1" and told["exit"] == 2
    assert "x.tsv: found no file" in told["message"]
    assert told["message"] in log.read_text()
    (tmp_path / "none.yaml").write_text(
        "reference: {fasta: a, transcripts: b, transcripts_release: c}\n"
        "reports: {date: '2026-01-15'}\n"
    )
    write_table(LEDGER.empty(), tmp_path / "x.tsv", LEDGER)
    assert soyang("--log", log, *words, cwd=tmp_path).returncode == 0
    assert not log.with_name("reconcile.log.unfinished").exists()


@pytest.mark.parametrize(("room", "shown"), [("calling", True), ("phenotypes", False)])
def test_a_bug_where_identifiers_are_read_tells_no_value(capsys, room, shown):
    row = ["person_id", "7204518"]
    try:
        raise ValueError(f"a strange row: {row}")
    except ValueError as error:
        said = _told(error, [room, "verb"])
    everything = said + capsys.readouterr().err
    assert said.startswith("ValueError")
    assert ("7204518" in everything) is shown
    assert "test_main.py" in everything

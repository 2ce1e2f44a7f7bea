"""``soyang check``: what people type before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from soyang.admission.faults import show
from soyang.core.errors import Fault


def test_nothing_is_wrong(cohort, soyang):
    before = {p: p.stat().st_mtime_ns for p in Path().rglob("*")}
    ended = soyang("check")
    assert ended.code == 0
    assert ended.out == (
        "7 person(s), 8 unit(s): 6 may enter, 0 with faults, 1 withheld by consent; 0 fault(s)\n"
    )
    assert {p: p.stat().st_mtime_ns for p in Path().rglob("*")} == before


def test_content_is_read_unless_quick(cohort, soyang):
    path = cohort.path("S6_R2.fastq.gz")
    path.write_bytes(path.read_bytes()[:-50])
    quick = soyang("check", "--config", "config.yaml", "--quick")
    assert quick.code == 0
    full = soyang("check", "--config", "config.yaml")
    assert full.code == 3
    line, summary = full.out.splitlines()
    assert line.startswith(
        "sample truncated [P6 S6] 자료 1/S6_R2.fastq.gz, sheet row 8, column fastq_2: found "
    )
    assert "5 may enter, 1 with faults, 1 withheld" in summary


def test_fault_of_the_run(cohort, soyang):
    cohort.put("calling.max_depth", "many")
    cohort.cell("P6", "sex", "x")
    cohort.write()
    ended = soyang("check", "--config", "config.yaml")
    assert ended.code == 2
    first, second, summary = ended.out.splitlines()
    assert first.startswith("run settings-value config.yaml, row ")
    assert second.startswith("sample sex-unknown [P6 S6] samples.tsv, row 8, column sex")
    assert "0 may enter" in summary and summary.endswith("2 fault(s)")


def test_no_settings_at_all(tmp_path, monkeypatch, soyang):
    monkeypatch.chdir(tmp_path)
    ended = soyang("check")
    assert ended.code == 2
    assert ended.out.startswith("run file-missing config.yaml: found no such file")


def test_a_terminal_gets_a_table(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    fault = Fault(code="x", file="[red]a.tsv", found="[b]b", allowed="c", next_step="d")
    show([fault])
    said = capsys.readouterr().out
    assert "next step" in said and "[red]a.tsv" in said


@pytest.mark.parametrize("option", ["--quick", "--no-quick"])
def test_options(cohort, soyang, option):
    assert soyang("check", option).code == 0

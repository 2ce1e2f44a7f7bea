"""Running tools."""

from __future__ import annotations

import pytest

from soyang.core.errors import FaultError, ToolError
from soyang.core.process import pipe, run


def test_output_of_a_pipe():
    assert pipe([["printf", "b\\na\\n"], ["sort"]]) == "a\nb\n"


def test_any_failure_in_a_pipe_counts():
    with pytest.raises(ToolError, match=r"sh -c ended with status 3: oops"):
        pipe([["sh", "-c", "echo oops >&2; exit 3"], ["cat"]])


def test_the_cause_is_named_not_the_broken_pipe():
    with pytest.raises(ToolError, match="sh -c ended with status 4"):
        pipe([["yes"], ["sh", "-c", "exit 4"]])


def test_where_in_a_java_program_it_failed_is_not_told():
    said = r"java.io.IOException: no such thing\n\tat x.Y.z(Y.java:3)\n\tat x.Y.a(Native Method)"
    with pytest.raises(ToolError, match=r"IOException: no such thing$"):
        run(["sh", "-c", f"printf '{said}' >&2; exit 3"])


def test_tools_know_names_in_hangul_whatever_the_locale(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    assert run(["sh", "-c", "locale charmap"]) == "UTF-8\n"


def test_a_missing_tool_is_named():
    with pytest.raises(ToolError, match="no-such-tool is not installed"):
        run(["no-such-tool"])


def test_a_tool_that_met_a_full_disk(tmp_path):
    with pytest.raises(FaultError, match="free space"):
        run(["sh", "-c", "echo 'write: No space left on device' >&2; exit 1"])


def test_a_file_takes_the_output(tmp_path):
    run(["printf", "x"], stdout=tmp_path / "a b" / "out")
    assert (tmp_path / "a b" / "out").read_text() == "x"

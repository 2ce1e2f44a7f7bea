"""Pipes that the caller feeds or reads; the reference sequence's helpers."""

from __future__ import annotations

import pytest

from soyang.core.errors import ToolError
from soyang.core.process import feeding, reading
from soyang.core.sequence import bases_at, contig_lengths

MEGABYTE = b"x" * 1_000_000


def test_what_is_fed_reaches_the_end(tmp_path):
    out = tmp_path / "수.txt"
    with feeding([["cat"], ["wc", "-c"]], stdout=out) as sink:
        for _ in range(3):
            sink.write(MEGABYTE)
    assert out.read_text().strip() == "3000000"


def test_a_failing_tool_tells_why_and_not_that_a_pipe_broke(tmp_path):
    with (
        pytest.raises(ToolError, match="status 3: no room"),
        feeding([["sh", "-c", "echo no room >&2; exit 3"], ["cat"]]) as sink,
    ):
        for _ in range(50):
            sink.write(MEGABYTE)


def test_a_tool_that_stops_reading_is_a_failure(tmp_path):
    with pytest.raises(ToolError, match="stopped reading"), feeding([["head", "-c1"]]) as sink:
        for _ in range(50):
            sink.write(MEGABYTE)


def test_an_error_while_feeding_is_the_one_that_is_told(tmp_path):
    with pytest.raises(ValueError, match="mine"), feeding([["cat"]]) as sink:
        sink.write(b"half")
        raise ValueError("mine")


def test_reading_checks_every_tool():
    with reading([["printf", "a\\nb\\n"], ["cat"]]) as source:
        assert source.read() == b"a\nb\n"
    with (
        pytest.raises(ToolError, match="status 4"),
        reading([["sh", "-c", "echo a; exit 4"], ["cat"]]) as source,
    ):
        source.read()


def test_a_failure_that_ends_with_0_is_known_by_its_words():
    tool = ["sh", "-c", "echo half; echo WARNING: cut short >&2"]
    with reading([tool]) as source:
        assert source.read() == b"half\n"
    with pytest.raises(ToolError, match="cut short"), reading([tool], failure="cut sh.*") as source:
        source.read()


def test_bases_are_found_by_the_index(make_fasta):
    sequence = "".join("ACGT"[n % 4] for n in range(130))
    fasta = make_fasta({"a:1": "TTTT", "b": sequence})
    places = [("b", n) for n in (0, 59, 60, 61, 119, 120, 129)] + [("a:1", 3)]
    assert bases_at(fasta, places) == [sequence[n] for _, n in places[:-1]] + ["T"]
    assert contig_lengths(fasta) == {"a:1": 4, "b": 130}
    with pytest.raises(KeyError):
        bases_at(fasta, [("c", 0)])

"""What callers leave is checked: whose it is, and whether it can be the result."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soyang.calling.sv import callers
from soyang.calling.sv.callers import Caller, call_all, events_of, require_plausible, version
from soyang.core.errors import ToolError
from tests.calling.sv.conftest import event

ORDER = {"chr20": 0, "chr21": 1}
HEADER = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1"]


def line(contig: str = "chr20", alt: str = "<DEL>", kind: str = "DEL") -> str:
    return f"{contig}\t10\t1\tA\t{alt}\t9\tPASS\tSVTYPE={kind};END=99;SVLEN=89;PE=3\tGT\t0/1"


def test_another_samples_file_is_refused():
    assert len(events_of("delly", [*HEADER, line()], "S1", ORDER)) == 1
    with pytest.raises(ToolError, match=r"delly wrote samples \['S1'\], not S2"):
        events_of("delly", [*HEADER, line()], "S2", ORDER)


def test_a_contig_that_the_reference_does_not_have_is_refused():
    with pytest.raises(ToolError, match="contig chr9"):
        events_of("delly", [*HEADER, line("chr9")], "S1", ORDER)
    with pytest.raises(ToolError, match="contig chr9"):
        events_of("delly", [*HEADER, line(alt="A[chr9:5[", kind="BND")], "S1", ORDER)


def test_nothing_is_refused_where_another_caller_has_plenty():
    plenty = [event(start=n * 1_000, name=str(n)) for n in range(20)]
    with pytest.raises(ToolError, match="tiddit ended with status 0 but has no event"):
        require_plausible({Caller.DELLY: plenty, Caller.TIDDIT: []})
    require_plausible({Caller.DELLY: plenty[1:], Caller.TIDDIT: []})
    insertions = [event(kind="insertion", start=n * 1_000, name=str(n)) for n in range(40)]
    require_plausible({Caller.DYSGU: insertions, Caller.TIDDIT: []})
    doubted = [event(start=n * 1_000, passed=False) for n in range(40)]
    require_plausible({Caller.DYSGU: doubted, Caller.TIDDIT: []})


@pytest.mark.parametrize("caller", list(Caller))
def test_versions_are_told(caller, need_tool):
    need_tool(caller.value)
    name, number = version(caller).split()
    assert name == caller and number[0].isdigit()


@pytest.mark.parametrize("script", ["exit 0", "echo nonsense; exit 0", "exit 1"])
@pytest.mark.parametrize("caller", list(Caller))
def test_a_caller_that_leaves_nothing_is_caught(caller, script, tmp_path, make_fasta, monkeypatch):
    """Whatever its exit status; with reads that tell of events this is no result."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / caller.value).write_text(f"#!/bin/sh\n{script}\n")
    (tools / caller.value).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "빈 결과"
    folder.mkdir()
    fasta, cram = make_fasta({"chr20": 500}), tmp_path / "S1.cram"
    monkeypatch.setattr(callers, "telling_reads", lambda *_: 3)
    with pytest.raises(ToolError, match=f"{caller} failed"):
        call_all([caller], cram, fasta, "S1", folder, 1)


def test_a_caller_that_fails_where_no_read_tells_has_found_nothing(
    tmp_path: Path, make_fasta, monkeypatch
):
    monkeypatch.setattr(callers, "telling_reads", lambda *_: 2)
    folder = tmp_path / "scratch"
    folder.mkdir()
    fasta, cram = make_fasta({"chr20": 500}), tmp_path / "missing.cram"
    assert call_all([Caller.DELLY], cram, fasta, "S1", folder, 1) == {Caller.DELLY: []}


FAILING_TIDDIT = """#!/bin/sh
{write}
echo "Traceback" >&2
echo "IndexError: {said}" >&2
exit 1
"""
WRITES = (
    "printf '#CHROM\\tPOS\\tID\\tREF\\tALT\\tQUAL\\tFILTER\\tINFO\\tFORMAT\\tS1\\n' >tiddit.vcf"
)
EMPTY_TAKE = "cannot do a non-empty take from an empty axes."


@pytest.mark.parametrize(
    ("write", "said", "expected"),
    [(WRITES, EMPTY_TAKE, True), (":", EMPTY_TAKE, False), (WRITES, "list index", False)],
)
def test_tiddit_without_clusters_has_found_nothing(
    write, said, expected, tmp_path, make_fasta, monkeypatch
):
    tool = tmp_path / "tools" / "tiddit"
    tool.parent.mkdir()
    tool.write_text(FAILING_TIDDIT.format(write=write, said=said))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(callers, "telling_reads", lambda *_: 10)
    folder = tmp_path / "scratch"
    folder.mkdir()
    fasta, cram = make_fasta({"chr20": 500}), tmp_path / "S1.cram"
    if expected:
        assert call_all([Caller.TIDDIT], cram, fasta, "S1", folder, 1) == {Caller.TIDDIT: []}
    else:
        with pytest.raises(ToolError, match="tiddit failed"):
            call_all([Caller.TIDDIT], cram, fasta, "S1", folder, 1)

"""Read pairs to an analysis-ready CRAM in one pipe."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from soyang.core.errors import Fault, FaultError, Scope, ToolError
from soyang.core.files import SCRATCH, write_text
from soyang.core.process import Command, reading
from soyang.reads.cram import dictionary_of, sequence_lines, writing
from soyang.reads.islands import to_contigs
from soyang.reads.units import Unit, sample_units

_BATCH_BASES = 1_000_000
"""Bases that bwa takes at a time (``-K``). Its default grows with the threads, and with it the
estimate of the insert size, and with that the alignments. A million are some three thousand
pairs, enough for that estimate, and let fastp, bwa and what follows work side by side."""

_FASTP_FAILURES = r"different read numbers of the|igzip: .*|ERROR: .*"
"""What fastp says of a FASTQ that ends before its mate, or is damaged, before it ends with 0."""

_COPY_BYTES = 1 << 20


def align(
    *, sample: str, units: Path, reference: Path, threads: int, cram: Path, fastp: Path
) -> None:
    """Trim, align, sort and mark duplicates: FASTQ of all lanes to one CRAM.

    The lanes pass through one pipe, so that nothing but what sorting can't hold in memory
    is written in between.

    Args:
        sample: sample, which becomes SM of each read group.
        units: admission's table of units; the sample's rows with entry fastq are used.
        reference: prepared reference (genome.fa) with dictionary and bwa index.
        threads: threads of the aligner; the result doesn't depend on it.
        cram: output CRAM 3.0; its .crai goes beside it.
        fastp: folder for fastp's report of each unit, <unit>.fastp.json.

    Raises:
        FaultError: the sample has no FASTQ, a file is missing, or the disk is full.
        ToolError: a tool failed, or reads are missing in the end.
    """
    lanes = sample_units(units, sample, ("fastq",))
    _require_pairs(lanes, units, sample)
    fastp.mkdir(parents=True, exist_ok=True)
    lines = [
        *sequence_lines(dictionary_of(reference)),
        *(read_group(lane.name, sample) for lane in lanes),
        f"@PG\tID:bwa\tPN:bwa\tVN:{bwa_version()}",
    ]
    with writing(cram, reference, sample, lines) as sink:
        for lane in lanes:
            tools = [_map(lane, sample, reference, threads), to_contigs(reference)]
            sink.reads += _align_lane(lane, tools, fastp, sink.stream)


def read_group(unit: str, sample: str) -> str:
    """The ``@RG`` line of a unit. The lane is its platform unit, the sample its library."""
    return f"@RG\tID:{unit}\tSM:{sample}\tLB:{sample}\tPL:ILLUMINA\tPU:{unit}"


def bwa_version() -> str:
    """Version of bwa, which says it only in its help.

    Raises:
        ToolError: bwa is not there.
    """
    if not shutil.which("bwa"):
        raise ToolError("bwa is not installed or not on PATH")
    help_text = subprocess.run(["bwa"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"^Version: (\S+)", help_text, re.MULTILINE)
    return found[1] if found else "unknown"


def _require_pairs(lanes: Sequence[Unit], units: Path, sample: str) -> None:
    faults = []
    for lane in lanes:
        for path in (lane.path_1, lane.path_2):
            if path is None or not path.is_file():
                faults.append(
                    Fault(
                        code="fastq-missing",
                        file=str(path or units),
                        row=lane.name,
                        found="no such file" if path else "no FASTQ of mate 2",
                        allowed="FASTQ of mate 1 and of mate 2",
                        next_step="correct the sample sheet or put the file there",
                        scope=Scope.SAMPLE,
                        sample=sample,
                    )
                )
    if faults:
        raise FaultError(faults)


def _align_lane(lane: Unit, tools: Sequence[Command], folder: Path, sink: IO[bytes]) -> int:
    """Write a lane's alignments, without header, to ``sink``; return the reads that went in."""
    with TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        raw = Path(scratch) / "fastp.json"
        with reading([_trim(lane, raw), *tools], failure=_FASTP_FAILURES) as source:
            shutil.copyfileobj(source, sink, _COPY_BYTES)
        report = json.loads(raw.read_text(encoding="utf-8"))
    write_text(folder / f"{lane.name}.fastp.json", _report_text(report, lane.name))
    return int(report["summary"]["after_filtering"]["total_reads"])


def _trim(lane: Unit, report: Path) -> Command:
    """Adapter trimming by overlap, quality and length filters of fastp's defaults.

    One worker: with more, fastp interleaves their packs in the order in which they end.
    Duplicates are marked after alignment, so fastp need not estimate them.
    """
    assert lane.path_2 is not None
    return [
        "fastp",
        *["--in1", str(lane.path_1), "--in2", str(lane.path_2), "--stdout"],
        *["--thread", "1", "--dont_eval_duplication"],
        *["--json", str(report), "--html", "/dev/null"],
    ]


def _map(lane: Unit, sample: str, reference: Path, threads: int) -> Command:
    group = read_group(lane.name, sample).replace("\t", "\\t")
    return [
        *["bwa", "mem", "-p", "-v", "1", "-K", str(_BATCH_BASES), "-t", str(threads)],
        *["-R", group, str(reference), "-"],
    ]


def _report_text(report: dict[str, Any], unit: str) -> str:
    """A report of fastp with a command that names the unit instead of paths.

    MultiQC takes the sample's name from it.
    """
    cleaned = report | {"command": f"fastp --report_title {unit}"}
    return json.dumps(cleaned, indent=1, ensure_ascii=False) + "\n"

"""Reads to an analysis-ready CRAM in one pipe."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from soyang.core.errors import FaultError, ToolError
from soyang.core.files import SCRATCH, write_text
from soyang.core.process import reading
from soyang.reads.aligners import Index, read_index
from soyang.reads.cram import dictionary_of, primary_reads, sequence_lines, writing
from soyang.reads.groups import group_lines
from soyang.reads.umi import tag_fastq
from soyang.reads.unaligned import NOT_GIVEN, given, is_paired, lane_faults, trim
from soyang.reads.units import Unit, sample_units

_FAILURES = r"different read numbers of the|igzip: .*|ERROR: .*"
"""What fastp says of a FASTQ that ends before its mate, or is damaged, before it ends with 0."""

_COPY_BYTES = 1 << 20


def align(
    *,
    sample: str,
    units: Path,
    reference: Path,
    index: Path,
    threads: int,
    cram: Path,
    fastp: Path,
) -> None:
    """Trim, align, sort and mark duplicates: the reads of all lanes to one CRAM.

    The lanes pass through one pipe, so that nothing but what sorting can't hold in memory
    is written in between.

    Args:
        sample: sample, which becomes SM of each read group.
        units: admission's table of units; the sample's rows with entry fastq or ubam are used.
        reference: prepared reference (genome.fa) with dictionary.
        index: folder of the aligner's index, which reads reference made.
        threads: threads of the aligner; the result doesn't depend on it.
        cram: output CRAM 3.0; its .crai goes beside it.
        fastp: folder for fastp's report of each unit, <unit>.fastp.json.

    Raises:
        FaultError: the sample has no reads, a file is missing, or the disk is full.
        ToolError: a tool failed, or reads are missing in the end.
    """
    lanes = sample_units(units, sample, ("fastq", "ubam"))
    faults = [fault for lane in lanes for fault in lane_faults(lane)]
    if faults:
        raise FaultError(faults)
    aligner = read_index(index)
    fastp.mkdir(parents=True, exist_ok=True)
    lines = [
        *sequence_lines(dictionary_of(reference)),
        *(read_group(lane.name, sample) for lane in lanes if lane.entry == "fastq"),
        *group_lines([lane.path_1 for lane in lanes if lane.entry == "ubam"], sample),
        aligner.program,
    ]
    with writing(
        cram,
        reference,
        sample,
        lines,
        binary=aligner.binary,
        identifiers=any(lane.umi for lane in lanes),
    ) as sink:
        for lane in lanes:
            sink.reads += _align_lane(lane, aligner, reference, threads, fastp, sink.stream)
        if not sink.reads:
            raise FaultError(_no_reads(lanes))


def read_group(unit: str, sample: str) -> str:
    """The ``@RG`` line of a FASTQ pair. The lane is its platform unit, the sample its library."""
    return f"@RG\tID:{unit}\tSM:{sample}\tLB:{sample}\tPL:ILLUMINA\tPU:{unit}"


def _align_lane(
    lane: Unit, index: Index, reference: Path, threads: int, folder: Path, sink: IO[bytes]
) -> int:
    """Write a lane's alignments, without header, to ``sink``; return the reads that went in."""
    paired, tagged = is_paired(lane), lane.entry == "ubam"
    group = "" if tagged else read_group(lane.name, lane.sample)
    with TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        raw = Path(scratch) / "fastp.json"
        tools = [
            *(given(lane, reference, threads, Path(scratch), paired=paired) if tagged else ()),
            trim(lane, raw, paired=paired),
            *tag_fastq(lane.umi, tagged=tagged),
            *index.mapping(
                reference,
                threads,
                group=group,
                tagged=tagged or lane.umi is not None,
                paired=paired,
            ),
        ]
        with reading(tools, failure=_FAILURES) as source:
            shutil.copyfileobj(source, sink, _COPY_BYTES)
        report = json.loads(raw.read_text(encoding="utf-8"))
    _require_reads(lane, int(report["summary"]["before_filtering"]["total_reads"]))
    write_text(folder / f"{lane.name}.fastp.json", _report_text(report, lane.name))
    return int(report["summary"]["after_filtering"]["total_reads"])


def _require_reads(lane: Unit, read: int) -> None:
    """Check that a lane gave reads, and all of them.

    An empty lane is refused although others may have reads: it is a transfer or demultiplexing
    that failed far more often than a lane that was meant to be empty, and a sample must not
    lose depth silently. Who means it removes the row.
    """
    if not read:
        raise FaultError(
            lane.fault(
                "lane-empty",
                found="no reads",
                allowed="reads in each lane",
                next_step="transfer the lane's files again, or remove its row from the sheet",
            )
        )
    held = primary_reads(lane.path_1, NOT_GIVEN) if lane.entry == "ubam" else read
    if held != read:
        raise ToolError(f"{held} reads in {lane.path_1.name}, {read} reached fastp")


def _no_reads(lanes: Sequence[Unit]) -> list[Any]:
    return [
        lane.fault(
            "reads-filtered",
            found="no read that passes fastp's filters of quality and length",
            allowed="reads that can be aligned",
            next_step="look at the lane's fastp report; sequence the sample again",
        )
        for lane in lanes
    ]


def _report_text(report: dict[str, Any], unit: str) -> str:
    """A report of fastp with a command that names the unit instead of paths.

    MultiQC takes the sample's name from it.
    """
    cleaned = report | {"command": f"fastp --report_title {unit}"}
    return json.dumps(cleaned, indent=1, ensure_ascii=False) + "\n"

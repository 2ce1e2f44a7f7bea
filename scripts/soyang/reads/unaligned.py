"""Reads of a unit as FASTQ in a pipe: a pair of files, or an unaligned BAM or CRAM."""

from __future__ import annotations

import gzip
import subprocess
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from soyang.core.errors import Fault
from soyang.core.process import Command
from soyang.reads.groups import group_faults, header_of
from soyang.reads.umi import fastp_words
from soyang.reads.units import Unit

NOT_GIVEN = "0xB00"
"""Secondary and supplementary records are no reads; those that failed the sequencer's own checks
are left out, as Picard's SamToFastq does by default (INCLUDE_NON_PF_READS)."""

_LOOKED_AT = 1000
"""Records looked at to tell pairs from single reads, and alignments from reads."""

_PAIRED, _UNMAPPED = 0x1, 0x4

_READS = r"""
function fail(why) { print "unaligned: read " name ": " why > "/dev/stderr"; failed = 1; exit 1 }
NR % 4 == 1 {
    sub(/\t/, " ")
    gap = index($0, " ")
    name = gap ? substr($0, 1, gap - 1) : $0
    if ($0 !~ /[ \t]RG:Z:/) fail("no read group (RG)")
    if (ENVIRON["PAIRED"] && NR % 8 == 5 && name != before) fail("its mate does not follow it")
    before = name
}
{ print }
END {
    if (!failed && ENVIRON["PAIRED"] && NR % 8) fail("its mate is missing")
    exit failed
}
"""
"""awk program on FASTQ: each read has a group, and mates follow each other. The first tab becomes
a space, which is where fastp sees a name end."""


def lane_faults(lane: Unit) -> Iterator[Fault]:
    """Why a lane can't be read: files missing, aligned already, or another sample's."""
    if lane.entry == "ubam":
        yield from _ubam_faults(lane)
        return
    missing = [path for path in (lane.path_1, lane.path_2) if path is None or not path.is_file()]
    for path in missing:
        fault = lane.fault(
            "fastq-missing",
            found="no such file" if path else "no FASTQ of mate 2",
            allowed="FASTQ of mate 1 and of mate 2",
            next_step="correct the sample sheet or put the file there",
        )
        yield replace(fault, file=str(path or lane.path_1))
    if missing:
        return
    if lane.umi and lane.umi.place == "name":
        yield from _name_faults(lane, _first_name(lane.path_1))


def _ubam_faults(lane: Unit) -> Iterator[Fault]:
    header = header_of(lane.path_1, lane.sample)
    yield from group_faults(lane.path_1, lane.sample, header)
    records = _first_records(lane)
    if any(not flag & _UNMAPPED for _, flag in records):
        yield lane.fault(
            "ubam-aligned",
            found="aligned reads",
            allowed="unaligned reads",
            next_step="name the file in the column bam or cram of the sample sheet",
        )
    if records and lane.umi and lane.umi.place == "name":
        yield from _name_faults(lane, records[0][0])


def _name_faults(lane: Unit, name: str) -> Iterator[Fault]:
    _, _, umi = name.removesuffix("/1").rpartition(":")
    if name and not (umi and set(umi) <= set("ACGTN+-_")):
        yield lane.fault(
            "umi-missing",
            found=f"read {name}, whose name doesn't end with a UMI",
            allowed="bases A, C, G, T or N after the last ':' of each read's name",
            next_step="correct the column umi of the sample sheet",
        )


def _first_name(path: Path) -> str:
    """Name of a FASTQ's first read; empty if it has none, or can't be read."""
    with path.open("rb") as start:
        compressed = start.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if compressed else path.open("rb") as lines:
            words = lines.readline()[1:].split()
    except (OSError, EOFError, zlib.error):
        return ""  # fastp will say what is wrong
    return words[0].decode(errors="replace") if words else ""


def _first_records(lane: Unit) -> list[tuple[str, int]]:
    """Names and flags of the first records."""
    words = ["samtools", "view", "--input-fmt-option", "required_fields=0x3", str(lane.path_1)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tool:
        assert tool.stdout is not None
        rows = [line.split(b"\t", 2) for line in islice(tool.stdout, _LOOKED_AT)]
        tool.kill()  # a file that is damaged further on fails where it is read
    return [(row[0].decode(errors="replace"), int(row[1])) for row in rows]


def is_paired(lane: Unit) -> bool:
    """Whether the reads of a lane have mates."""
    if lane.entry != "ubam":
        return True
    records = _first_records(lane)
    return not records or bool(records[0][1] & _PAIRED)


def given(
    lane: Unit, reference: Path, threads: int, scratch: Path, *, paired: bool
) -> list[Command]:
    """Tools that write an unaligned BAM or CRAM as FASTQ whose comments are SAM tags.

    Args:
        lane: the unit.
        reference: prepared reference; a CRAM may have been written against it.
        threads: threads that decode.
        scratch: folder for what bringing mates together writes: the reads, compressed.
        paired: whether reads have mates.
    """
    kept = "RG,RX" if lane.umi and lane.umi.place == "tag" else "RG"
    decoding = ["--reference", str(reference), "-@", str(max(threads - 1, 0))]
    to_fastq = ["samtools", "fastq", "-n", "-T", kept, "-F", NOT_GIVEN]
    check: Command = ["env", "LC_ALL=C", f"PAIRED={'1' if paired else ''}", "awk", _READS]
    if not paired or _together(lane):
        return [[*to_fastq, *decoding, str(lane.path_1)], check]
    collate = ["samtools", "collate", "--no-PG", "-u", "-O", *decoding]
    return [[*collate, str(lane.path_1), str(scratch / "collate")], [*to_fastq, "-"], check]


def _together(lane: Unit) -> bool:
    """Whether the header says that mates follow each other."""
    (said,) = header_of(lane.path_1, lane.sample).get("HD", [{}])
    return said.get("SO") == "queryname" or said.get("GO") == "query"


def trim(lane: Unit, report: Path, *, paired: bool) -> Command:
    """Adapter trimming by overlap, quality and length filters of fastp's defaults.

    One worker: with more, fastp interleaves their packs in the order in which they end.
    Duplicates are marked after alignment, so fastp need not estimate them. It knows adapters of
    single reads only where it may read a file twice, so those in a pipe are left to the
    aligner's clipping.

    Args:
        lane: the unit; what does not come as a pair of files comes on standard input.
        report: JSON that fastp writes.
        paired: whether reads have mates.
    """
    files = ["--in1", str(lane.path_1), "--in2", str(lane.path_2)]
    piped = ["--stdin", *(["--interleaved_in"] if paired else [])]
    return [
        *["fastp", *(piped if lane.entry == "ubam" else files), "--stdout"],
        *["--thread", "1", "--dont_eval_duplication", *fastp_words(lane.umi)],
        *["--json", str(report), "--html", "/dev/null"],
    ]

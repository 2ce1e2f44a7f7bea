"""Another house's BAM or CRAM under our contract."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pysam

from soyang.core.errors import Fault, FaultError, Scope
from soyang.core.files import SCRATCH
from soyang.core.process import Command, reading
from soyang.reads.cram import dictionary_of, primary_reads, read_groups, sequence_lines, writing
from soyang.reads.units import sample_units

_COPY_BYTES = 1 << 20
_READ_GROUP_TAGS = ("ID", "SM", "LB", "PL", "PU")
"""What is kept of a read group: the rest may hold paths, places and times."""


@dataclass(frozen=True, kw_only=True)
class ContigSequence:
    """One ``@SQ`` line of a dictionary: contig, length in bases, and MD5s that are this contig.

    Attributes:
        md5s: the prepared sequence's, and the one before IUPAC codes became N; may be empty.
    """

    name: str
    length: int
    md5s: tuple[str, ...]


def adopt(*, sample: str, units: Path, reference: Path, threads: int, cram: Path) -> None:
    """Sort and mark duplicates anew in alignments from elsewhere; read groups are kept.

    Args:
        sample: sample that each read group must name.
        units: admission's table of units; the sample's rows with entry bam or cram are used.
        reference: prepared reference (genome.fa), of the assembly that was aligned to.
        threads: threads that decode the input; the result doesn't depend on it.
        cram: output CRAM 3.0; its .crai goes beside it.

    Raises:
        FaultError: a file is missing, not aligned to this reference, or another sample's.
        ToolError: a tool failed, or reads are missing in the end.
    """
    files = [unit.path_1 for unit in sample_units(units, sample, ("bam", "cram"))]
    dictionary = dictionary_of(reference)
    faults = [fault for file in files for fault in _faults(file, sample, dictionary)]
    if faults:
        raise FaultError(faults)
    lines = [*sequence_lines(dictionary), *_group_lines(files, sample)]
    with writing(cram, reference, sample, lines) as sink:
        for file in files:
            sink.reads += primary_reads(file)
            with (
                TemporaryDirectory(prefix=SCRATCH, dir=cram.parent) as scratch,
                reading(_by_name(file, reference, threads, Path(scratch))) as source,
            ):
                shutil.copyfileobj(source, sink.stream, _COPY_BYTES)


def _by_name(file: Path, reference: Path, threads: int, scratch: Path) -> list[Command]:
    """Tools that write a file's records grouped by name, as SAM without header.

    As text, so that contigs are found by name where the file has them in another order.
    """
    return [
        [
            *["samtools", "collate", "--no-PG", "-u", "-O", "--reference", str(reference)],
            # The dictionary's M5 were checked; those of slices differ where codes became N.
            *["--input-fmt-option", "ignore_md5=1", "-@", str(max(threads - 1, 0))],
            *[str(file), str(scratch / "collate")],
        ],
        ["samtools", "view", "--no-PG", "-x", "PG", "-"],
    ]


def _faults(file: Path, sample: str, dictionary: Path) -> Iterable[Fault]:
    try:
        with pysam.AlignmentFile(str(file), check_sq=False) as opened:
            header = opened.header.to_dict()
    except (OSError, ValueError) as error:
        yield _fault(file, sample, str(error), "a BAM or CRAM", "correct the path or the file")
        return
    ours = _sequences(_sq(dictionary.read_text(encoding="utf-8")))
    theirs = _sequences(header.get("SQ", []))
    yield from contig_faults(file, sample, theirs, ours)
    named = sorted({group.get("SM", "") for group in header.get("RG", [])})
    if named != [sample]:
        yield _fault(
            file,
            sample,
            f"read groups of {', '.join(map(repr, named)) or 'nobody'}",
            f"SM:{sample} in each read group",
            "correct the sheet's sample, or the file's read groups (samtools addreplacerg)",
        )


def _sq(text: str) -> list[dict[str, str]]:
    rows = [line.split("\t")[1:] for line in text.splitlines() if line.startswith("@SQ")]
    return [dict(field.split(":", 1) for field in row if ":" in field) for row in rows]


def _sequences(rows: Iterable[Mapping[str, object]]) -> dict[str, ContigSequence]:
    return {
        str(row["SN"]): ContigSequence(
            name=str(row["SN"]),
            length=int(str(row["LN"])),
            md5s=tuple(str(row[tag]) for tag in ("M5", "om") if tag in row),
        )
        for row in rows
    }


def contig_faults(
    file: Path,
    sample: str,
    theirs: Mapping[str, ContigSequence],
    ours: Mapping[str, ContigSequence],
) -> list[Fault]:
    """Why alignments to ``theirs`` can't be taken for alignments to ``ours``; empty if they can.

    A contig must be known by name, of the same length, and of the same MD5 where both tell it.
    """
    faults = []
    if not theirs:
        faults.append(("no contigs in the header", "aligned reads"))
    for name, sequence in theirs.items():
        known = ours.get(name)
        if known is None:
            faults.append((f"contig {name}", f"contigs of the reference: {_some(list(ours))}"))
        elif known.length != sequence.length:
            found = f"contig {name} of {sequence.length:,} bases"
            faults.append((found, f"{known.length:,} bases"))
        elif sequence.md5s and known.md5s and not set(sequence.md5s) & set(known.md5s):
            found = f"contig {name} of MD5 {sequence.md5s[0]}"
            faults.append((found, f"MD5 {known.md5s[0]}, as in the reference"))
    next_step = "use the reference that the reads were aligned to, or align them anew"
    return [_fault(file, sample, found, allowed, next_step) for found, allowed in faults[:5]]


def _some(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")


def _group_lines(files: Sequence[Path], sample: str) -> list[str]:
    """The ``@RG`` lines of all files, each once.

    Raises:
        FaultError: two files use one ID for different read groups.
    """
    lines: dict[str, str] = {}
    for file in files:
        for group in read_groups(file):
            kept = [f"{tag}:{group[tag]}" for tag in _READ_GROUP_TAGS if tag in group]
            line = "\t".join(["@RG", *kept])
            if lines.setdefault(group["ID"], line) != line:
                raise FaultError(
                    _fault(
                        file,
                        sample,
                        f"read group {group['ID']}, which another of the files has differently",
                        "one meaning for each read group of a sample",
                        "rename the read group in one of the files",
                    )
                )
    return list(lines.values())


def _fault(file: Path, sample: str, found: str, allowed: str, next_step: str) -> Fault:
    return Fault(
        code="alignment-header",
        file=str(file),
        found=found,
        allowed=allowed,
        next_step=next_step,
        scope=Scope.SAMPLE,
        sample=sample,
    )

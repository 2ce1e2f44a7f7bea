"""Read groups of files from elsewhere."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from soyang.core.errors import Fault, FaultError, Scope, ToolError
from soyang.core.process import run

_KEPT = ("ID", "SM", "LB", "PL", "PU")
"""What is kept of a read group: the rest may hold paths, places and times."""
_AHEAD = 16 << 20
"""Bytes of a BAM's text that samtools' threads may have read before it has read the header: two
blocks of 64 kB for each of 128 threads."""


def header_of(file: Path, sample: str) -> dict[str, list[dict[str, str]]]:
    """Kind of line (HD, SQ, RG, ...) to the lines' tags and values, of a BAM or CRAM.

    Raises:
        FaultError: the file is missing, neither, or damaged in its beginning.
    """
    _require_sound_start(file, sample)
    try:
        text = run(["samtools", "head", file])
    except ToolError as error:
        said = str(error).splitlines()[-1]
        raise FaultError(
            header_fault(file, sample, said, "a BAM or CRAM", "correct the path or the file")
        ) from None
    lines: dict[str, list[dict[str, str]]] = {}
    for line in text.splitlines():
        kind, *fields = line.split("\t")
        pairs = (field.partition(":") for field in fields)
        lines.setdefault(kind[1:], []).append({tag: value for tag, _, value in pairs})
    return lines


def _require_sound_start(file: Path, sample: str) -> None:
    """Refuse a BAM that is damaged where samtools' threads read ahead of the header.

    The thread that meets the damage ends, and samtools waits for it without end (bgzf_check_EOF
    of htslib 1.16); damage further on is an error as it should be.
    """
    if not file.is_file():
        return
    facts = file.stat()
    damage = _damage_at_start(file, facts.st_size, facts.st_mtime_ns)
    if damage:
        raise FaultError(
            header_fault(
                file, sample, f"damage near its beginning: {damage}", "a whole file",
                "fetch the file again",
            )
        )  # fmt: skip


@cache
def _damage_at_start(file: Path, size: int, changed: int) -> str:
    """What is wrong with the beginning of a gzip, empty if nothing is; read once a version."""
    del size, changed
    try:
        with file.open("rb") as stream:
            if stream.read(2) == b"\x1f\x8b":
                stream.seek(0)
                with gzip.open(stream) as text:
                    text.read(_AHEAD)
    except (OSError, EOFError, zlib.error) as error:
        return str(error) or type(error).__name__
    return ""


def group_faults(file: Path, sample: str, header: dict[str, list[dict[str, str]]]) -> list[Fault]:
    """Why a file's read groups are not the sample's; empty if they are."""
    named = sorted({group.get("SM", "") for group in header.get("RG", [])})
    if named == [sample]:
        return []
    return [
        header_fault(
            file,
            sample,
            f"read groups of {', '.join(map(repr, named)) or 'nobody'}",
            f"SM:{sample} in each read group",
            "correct the sheet's sample, or the file's read groups (samtools addreplacerg)",
        )
    ]


def group_lines(files: Sequence[Path], sample: str) -> list[str]:
    """The ``@RG`` lines of all files, each once.

    Raises:
        FaultError: two files use one ID for different read groups.
    """
    lines: dict[str, str] = {}
    for file in files:
        for group in header_of(file, sample).get("RG", []):
            kept = [f"{tag}:{group[tag]}" for tag in _KEPT if tag in group]
            line = "\t".join(["@RG", *kept])
            if lines.setdefault(group["ID"], line) != line:
                raise FaultError(
                    header_fault(
                        file,
                        sample,
                        f"read group {group['ID']}, which another of the files has differently",
                        "one meaning for each read group of a sample",
                        "rename the read group in one of the files",
                    )
                )
    return list(lines.values())


def header_fault(file: Path, sample: str, found: str, allowed: str, next_step: str) -> Fault:
    """A fault in a file's header, which stops its sample only."""
    return Fault(
        code="alignment-header",
        file=str(file),
        found=found,
        allowed=allowed,
        next_step=next_step,
        scope=Scope.SAMPLE,
        sample=sample,
    )

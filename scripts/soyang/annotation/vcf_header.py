"""What a VCF file's header declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from soyang.core.errors import Fault, FaultError

FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
"""The columns that each VCF file has (VCF 4.3, section 1.5)."""

_SAMPLES = 9
_DECLARED = re.compile(r"##INFO=<ID=([^,>]+),Number=([^,>]+),Type=([^,>]+)")
_CONTIG = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+)")
_LENGTH = re.compile(r"[<,]length=(\d+)")
_SHOWN = 60


@dataclass(frozen=True)
class Info:
    """An INFO field as declared.

    Attributes:
        number: ``A`` (each alternate allele), ``R`` (each allele), ``G``, ``.`` or a count.
        type: Integer, Float, Flag, Character or String.
    """

    number: str
    type: str


@dataclass(frozen=True)
class Header:
    """What a VCF file's header says.

    Attributes:
        contigs: names in the header's order, and lengths (0: not said).
        info: declared INFO fields.
        samples: names of the samples.
        lines: lines of the header.
        meta: the header's text without the line of column names.
    """

    contigs: Mapping[str, int]
    info: Mapping[str, Info]
    samples: tuple[str, ...]
    lines: int
    meta: str


def parse_header(lines: list[str], file: Path) -> Header:
    """Take a header apart.

    Args:
        lines: the lines that begin with ``#`` at the file's start, without line ends.
        file: for messages.

    Raises:
        FaultError: no line of column names, or other columns than VCF's.
    """
    names = lines[-1].split("\t") if lines else []
    if tuple(names[: len(FIXED)]) != FIXED:
        found = f"{lines[-1][:_SHOWN]!r} as the header's last line" if lines else "no header"
        raise FaultError(header_fault(file, found, f"a line {' '.join(FIXED)} (tabs between)"))
    return Header(
        contigs=_contigs(lines),
        info={m[1]: Info(m[2], m[3]) for line in lines if (m := _DECLARED.match(line))},
        samples=tuple(names[_SAMPLES:]),
        lines=len(lines),
        meta="\n".join(lines[:-1]),
    )


def _contigs(lines: list[str]) -> dict[str, int]:
    contigs = {}
    for line in lines:
        if found := _CONTIG.match(line):
            length = _LENGTH.search(line)
            contigs[found[1]] = int(length[1]) if length else 0
    return contigs


def header_fault(file: Path, found: str, allowed: str) -> Fault:
    """Fault of a header, or of what is asked of the file."""
    return Fault(
        code="vcf-header",
        file=str(file),
        found=found,
        allowed=allowed,
        next_step="give a VCF or BCF file with these, or correct what is asked of it",
    )

"""The header of a VCF and its first records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from isal import igzip

from soyang.admission.sniff import sniff

_FIXED = 8
"""Columns before FORMAT."""
_NON_REF = re.compile(r"<NON_REF>|<\*>")


@dataclass(frozen=True)
class VcfHead:
    """What a VCF's header says.

    Attributes:
        contigs: name to length, None where not said.
        info: names of INFO fields.
        samples: sample columns.
        records: records looked at.
        blocks: of these, reference blocks (ALT ``.``, ``<NON_REF>`` or ``<*>`` with END).
        non_ref: whether an ALT is ``<NON_REF>`` or ``<*>``.
    """

    contigs: dict[str, int | None]
    info: frozenset[str]
    samples: tuple[str, ...]
    records: int
    blocks: int
    non_ref: bool

    @property
    def is_gvcf(self) -> bool:
        """Whether it says where the sample has the reference."""
        return self.non_ref or self.blocks > 0


def read_head(path: Path, records: int) -> VcfHead:
    """Read the header and some records.

    Args:
        path: the VCF, plain, gzip or BGZF.
        records: how many records to look at.

    Raises:
        EOFError: it ends within the header.
        ValueError: it has no header line (``#CHROM``).
        OSError: damaged gzip.
    """
    contigs: dict[str, int | None] = {}
    info: set[str] = set()
    opener = igzip.open if sniff(path).compression else open
    with opener(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            if line.startswith("##contig="):
                name, length = _contig(line)
                contigs[name] = length
            elif line.startswith("##INFO=<ID="):
                info.add(re.split("[,>]", line[len("##INFO=<ID=") :])[0])
            elif line.startswith("#CHROM"):
                samples = tuple(line.rstrip("\r\n").split("\t")[9:])
                return _with_records(contigs, info, samples, islice(lines, records))
            elif not line.startswith("#"):
                break
    raise ValueError("no header line (#CHROM)")


def _contig(line: str) -> tuple[str, int | None]:
    name = re.search(r"[<,]ID=([^,>]+)", line)
    length = re.search(r"[<,]length=(\d+)", line)
    return name[1] if name else "", int(length[1]) if length else None


def _with_records(
    contigs: dict[str, int | None], info: set[str], samples: tuple[str, ...], lines: Iterable[str]
) -> VcfHead:
    seen = blocks = 0
    non_ref = False
    for line in lines:
        cells = line.rstrip("\r\n").split("\t", _FIXED)
        if len(cells) < _FIXED:
            continue
        seen += 1
        symbolic = bool(_NON_REF.search(cells[4]))
        non_ref |= symbolic
        only_reference = all(_NON_REF.fullmatch(alt) or alt == "." for alt in cells[4].split(","))
        blocks += only_reference and re.search(r"(^|;)END=\d", cells[7]) is not None
    return VcfHead(contigs, frozenset(info), samples, seen, blocks, non_ref)

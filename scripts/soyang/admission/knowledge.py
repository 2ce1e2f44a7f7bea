"""Transcripts: readable, and of the reference's assembly."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from isal import igzip

from soyang.admission.builds import strange_names
from soyang.admission.reference import Reference
from soyang.admission.sniff import sniff, unreachable
from soyang.core.assembly import Assembly
from soyang.core.errors import Fault
from soyang.core.interval import Interval

TRANSCRIPTS_TO_COMPARE = 500
STOPS = {"TAA", "TAG", "TGA"}
GFF_COLUMNS = 9


@dataclass(frozen=True)
class Place:
    """A setting and the file that it names."""

    setting: str
    path: Path

    def fault(self, code: str, found: str, allowed: str, next_step: str, row: str = "") -> Fault:
        """A fault in that file, which stops the run."""
        return Fault(
            code=code, file=str(self.path), row=row, column=self.setting, found=found,
            allowed=allowed, next_step=next_step,
        )  # fmt: skip

    def unreachable(self, allowed: str) -> Fault | None:
        """The fault if the file is missing, empty or a folder."""
        trouble = unreachable(self.path)
        return self.fault(trouble[0], trouble[1], allowed, trouble[2]) if trouble else None


def transcript_faults(
    path: Path, assembly: Assembly, reference: Reference | None
) -> Iterator[Fault]:
    """Faults of the transcripts' GFF3."""
    place = Place("reference.transcripts", path)
    allowed = "a GFF3 file of transcripts, plain or gzip"
    fault = place.unreachable(allowed)
    if fault:
        yield fault
        return
    content = sniff(path)
    if content.kind != "GFF":
        yield place.fault("wrong-format", content.words, allowed, "correct the path")
        return
    try:
        gff = _read_gff(path)
    except (EOFError, OSError) as error:
        yield place.fault("truncated", f"truncated or damaged gzip: {error}", allowed,
                          "transfer the file again")  # fmt: skip
        return
    if gff.bad_line:
        found = "a line without nine columns or without positions"
        yield place.fault("gff-line", found, allowed, "correct the line", row=str(gff.bad_line))
        return
    yield from _gff_faults(place, gff, assembly, reference)


@dataclass(frozen=True)
class _Gff:
    build: str
    contigs: tuple[str, ...]
    coding: dict[str, list[Interval]]
    strands: dict[str, str]
    transcripts: int
    bad_line: int


def _read_gff(path: Path) -> _Gff:
    contigs: dict[str, None] = {}
    coding: dict[str, list[Interval]] = defaultdict(list)
    strands: dict[str, str] = {}
    build, transcripts, bad = "", 0, 0
    opener = igzip.open if sniff(path).compression else open
    with opener(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if line.startswith("#"):
                named = re.match(r"#[#!]\s*genome-build\s+.*?(GRCh3[78]|hg19|hg38|b37)", line)
                build = named[1] if named else build
                continue
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) != GFF_COLUMNS or not (cells[3].isdigit() and cells[4].isdigit()):
                bad = bad or (number if line.strip() else 0)
                continue
            contigs[cells[0]] = None
            transcripts += "ID=transcript:" in cells[8]
            if cells[2] != "CDS" or int(cells[3]) > int(cells[4]):
                continue
            parent = re.search(r"Parent=transcript:([^;\s]+)", cells[8])
            if parent:
                part = Interval(cells[0], int(cells[3]) - 1, int(cells[4]))
                coding[parent[1]].append(part)
                strands[parent[1]] = cells[6]
    return _Gff(build, tuple(contigs), coding, strands, transcripts, bad)


def _gff_faults(
    place: Place, gff: _Gff, assembly: Assembly, reference: Reference | None
) -> Iterator[Fault]:
    if not gff.transcripts or not gff.coding:
        yield place.fault(
            "gff-style", "no transcripts in Ensembl style",
            "'ID=transcript:...' with 'CDS' lines of 'Parent=transcript:...'",
            "take MANE's GFF3 in Ensembl style",
        )  # fmt: skip
    builds = {"GRCh37": "GRCh37", "hg19": "GRCh37", "b37": "GRCh37"}
    stated = builds.get(gff.build, "GRCh38") if gff.build else str(assembly)
    if stated != assembly:
        yield place.fault(
            "wrong-build", f"wrong build: it says {gff.build}", assembly, "take the right file"
        )
    if reference is None:
        return
    strange = strange_names(gff.contigs, reference.contigs)
    if strange:
        yield place.fault("contig-names", strange, "the reference's names", "rename its contigs")
    compared, wrong = _compare_frames(gff, reference)
    if wrong * 2 > compared:
        yield place.fault(
            "wrong-build",
            f"wrong build: {wrong} of {compared} coding sequences neither start nor stop there",
            f"transcripts in {reference.assembly} coordinates", "take the right file",
        )  # fmt: skip


def _compare_frames(gff: _Gff, reference: Reference) -> tuple[int, int]:
    """Transcripts whose ends the reference has, and those with neither start nor stop codon."""
    compared = wrong = 0
    for name, parts in gff.coding.items():
        ends = _end_codons(parts, gff.strands[name], reference)
        if ends:
            compared += 1
            wrong += ends[0] != "ATG" and ends[1] not in STOPS
        if compared == TRANSCRIPTS_TO_COMPARE:
            break
    return compared, wrong


def _end_codons(
    parts: Sequence[Interval], strand: str, reference: Reference
) -> tuple[str, str] | None:
    contig, low, high = parts[0].contig, min(p.start for p in parts), max(p.end for p in parts)
    if high > reference.contigs.get(contig, 0):
        return None
    left = reference.bases(contig, low, low + 3)
    right = reference.bases(contig, high - 3, high)
    if "N" in left + right:
        return None
    if strand == "-":
        complement = str.maketrans("ACGT", "TGCA")
        left, right = right[::-1].translate(complement), left[::-1].translate(complement)
    return left, right

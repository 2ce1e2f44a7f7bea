"""Reading the variants' names that ClinVar gave, as biocommons ``hgvs`` keeps them for its tests.

A line has one variant's names on both assemblies and on transcripts. Lines that its makers set
aside, since the names of one variant contradict each other, begin with ``#``.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from bioutils.sequences import reverse_complement

from soyang.annotation.alleles import Bases
from soyang.core.assembly import CHROMOSOMES, Assembly

SUBSTITUTIONS = "substitutions"
OTHERS = "insertions, deletions"

NO_PLACE = "no one place on GRCh38 named"
NO_MANE = "no name on a transcript of MANE"
NO_SEQUENCE = "no sequence at hand"
NO_BASES = "inserted bases not spelt"
OTHER_BASES = "the bases it names are not the sequence's"

Site = tuple[int, str, str]
"""1-based position, ref, alt."""

_GENOMIC = re.compile(
    r"(NC_\d+\.\d+):g\.(\d+)(?:_(\d+))?"
    r"(?:([ACGT])>([ACGT])|(del|dup|ins|inv)([ACGT]*)(?:ins([ACGT]+))?(\d*))"
)


@dataclass(frozen=True)
class Record:
    """A line of the file: one variant's names."""

    variation: str
    aside: bool
    names: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A genomic name taken apart.

    Attributes:
        contig: with ``chr``.
        first: 1-based first base changed, or before an insertion.
        last: the last one, or the one after an insertion.
        kind: sub, del, dup, ins, inv or delins; with ``?`` where the bases are only counted.
        bases: those named behind the kind.
        into: those that stand there instead.
    """

    contig: str
    first: int
    last: int
    kind: str
    bases: str
    into: str


@dataclass(frozen=True)
class Case:
    """What a record says of its variant on one version of a transcript of MANE.

    Attributes:
        record: the record.
        change: the genomic change.
        transcript: accession without version.
        version: the version that the record speaks of.
        stated: its names behind ``c.``, as HGVS recommends to write them.
    """

    record: Record
    change: Change
    transcript: str
    version: str
    stated: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Which score it counts in."""
        return SUBSTITUTIONS if self.change.kind == "sub" else OTHERS


def read_records(path: Path) -> list[Record]:
    """The records of the file; its makers' remarks between them are left out."""
    records = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            if not line.startswith("# ") and line.strip():
                gene, variation, names = line.lstrip("#").rstrip("\n").split("\t")
                words = tuple(names.split())
                records.append(Record(f"{gene} {variation}", line.startswith("#"), words))
    return records


def changes(record: Record, assembly: Assembly) -> list[Change]:
    """The genomic changes that a record names on an assembly, apart from ``=``."""
    contigs = {assembly.accession(name): f"chr{name}" for name in CHROMOSOMES[:-1]}
    found = []
    for match in map(_GENOMIC.fullmatch, record.names):
        if match and match[1] in contigs:
            first, last = int(match[2]), int(match[3] or match[2])
            kind = "sub" if match[4] else "delins" if match[8] else match[6]
            counted = "?" if match[9] and not match[7] else ""
            bases, into = match[4] or match[7], match[5] or match[8] or ""
            found.append(Change(contigs[match[1]], first, last, kind + counted, bases, into))
    return found


def both_assemblies(records: list[Record]) -> pl.DataFrame:
    """Places of variants that are named once on each assembly: contig, position, position_b37."""
    rows = []
    for record in records:
        here, there = changes(record, Assembly.GRCH38), changes(record, Assembly.GRCH37)
        if len(here) == len(there) == 1 and here[0].contig == there[0].contig:
            rows.append((here[0].contig, here[0].first, there[0].first))
    schema = {"contig": pl.String, "position": pl.Int64, "position_b37": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def gather(records: list[Record], transcripts: set[str]) -> tuple[list[Case], dict[str, list[str]]]:
    """The cases, and by kind why the other records give none.

    Args:
        records: the records.
        transcripts: accessions without version that are looked at.
    """
    cases: list[Case] = []
    apart: dict[str, list[str]] = defaultdict(list)
    for record in records:
        here = changes(record, Assembly.GRCH38)
        substitutes = here[0].kind == "sub" if here else any(">" in name for name in record.names)
        kind = SUBSTITUTIONS if substitutes else OTHERS
        stated = coding(record, transcripts)
        if len(here) != 1:
            apart[kind].append(NO_PLACE)
        elif not stated:
            apart[kind].append(NO_MANE)
        else:
            cases += [Case(record, here[0], *key, tuple(value)) for key, value in stated.items()]
    return cases, apart


def coding(record: Record, transcripts: set[str]) -> dict[tuple[str, str], list[str]]:
    """Coding names by accession and version, of the transcripts given."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in record.names:
        match = re.fullmatch(r"(NM_\d+)\.(\d+):c\.(.+)", name)
        if match and match[1] in transcripts:
            found[match[1], match[2]].append(plain(match[3]))
    return dict(found)


def plain(change: str) -> str:
    """A change without the deleted bases or their number, which HGVS advises against."""
    change = re.sub(r"del([ACGT]+|\d+)ins", "delins", change)
    return re.sub(r"(del|dup|inv)([ACGT]+|\d+)$", r"\1", change)


def site(change: Change, sequence: Bases) -> Site | str:
    """The change as VCF has it, or why it can't be had."""
    if change.kind == "sub":
        return change.first, change.bases, change.into
    here = sequence[change.first - 2 : change.last + 1].tobytes().decode("ascii")
    before, gone = here[0], here[1:-1]
    kind = change.kind.removesuffix("?")
    if "N" in here:
        return NO_SEQUENCE
    if kind != "ins" and change.bases not in ("", gone):
        return OTHER_BASES
    if change.kind == "ins?":
        return NO_BASES
    into = {
        "del": "",
        "dup": gone + gone,
        "ins": gone[0] + change.bases + gone[1:],
        "inv": reverse_complement(gone),
        "delins": change.into,
    }[kind]
    return change.first - 1, before + gone, before + into

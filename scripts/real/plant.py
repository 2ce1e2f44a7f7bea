"""Writing one ClinVar pathogenic variant into half of the reads that cover it.

The rule, the same on every call: of the BRCA1 records with one base changed, a nonsense
consequence, CLNSIG "Pathogenic" and at least two stars, at which enough fragments align
well, the one with the lowest ClinVar variation id. Of the fragments that cover it, sorted by
name, every second one is changed, in both mates where both cover it.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pysam

from real.brca1 import Entry, Slice
from soyang.core.process import pipe, run

STARS = {
    "criteria_provided,_multiple_submitters,_no_conflicts": 2,
    "reviewed_by_expert_panel": 3,
    "practice_guideline": 4,
}
MIN_STARS = 2
MIN_FRAGMENTS = 20
MIN_MAPPING_QUALITY = 30
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True, kw_only=True)
class Record:
    """A ClinVar record of one changed base; ``position`` is 1-based on GRCh38 chr17."""

    clinvar_id: int
    position: int
    ref: str
    alt: str
    significance: str
    review: str
    hgvs: str


@dataclass(frozen=True, order=True)
class Cover:
    """A read over the variant.

    Attributes:
        fragment: name of the fragment.
        mate: 1 or 2.
        offset: 0-based place of the variant in the read as it was sequenced.
        reverse: whether the read aligned to the reverse strand.
    """

    fragment: str
    mate: int
    offset: int
    reverse: bool


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What was planted, and into which reads."""

    record: Record
    covering_fragments: int
    changed: tuple[Cover, ...]


def candidates(clinvar: Path, piece: Slice) -> Iterator[Record]:
    """Records of ClinVar that the rule allows, by variation id."""
    with gzip.open(clinvar, "rt") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if line.startswith("chr17\t")]
    found = []
    for _, position, name, ref, alt, _, _, text in lines:
        info = dict(part.partition("=")[::2] for part in text.split(";"))
        if _allowed(info, ref, alt) and piece.bases(int(position), 1) == ref:
            found.append(
                Record(
                    clinvar_id=int(name),
                    position=int(position),
                    ref=ref,
                    alt=alt,
                    significance=info["CLNSIG"],
                    review=info["CLNREVSTAT"],
                    hgvs=info["CLNHGVS"],
                )
            )
    yield from sorted(found, key=lambda record: record.clinvar_id)


def _allowed(info: Mapping[str, str], ref: str, alt: str) -> bool:
    return (
        len(ref) == len(alt) == 1
        and info.get("GENEINFO", "").split(":")[0] == "BRCA1"
        and info.get("CLNSIG") == "Pathogenic"
        and STARS.get(info.get("CLNREVSTAT", ""), 0) >= MIN_STARS
        and "|nonsense" in info.get("MC", "")
    )


def align(piece: Slice, fastq_1: Path, fastq_2: Path, bam: Path) -> None:
    """Align the reads to the slice alone, sorted and indexed; only to know who covers what."""
    with tempfile.TemporaryDirectory() as folder:
        fasta = Path(folder, "slice.fa")
        fasta.write_text(f">slice\n{piece.sequence}\n")
        run(["bwa", "index", fasta])
        pipe(
            [
                ["bwa", "mem", "-v", "1", "-K", "10000000", fasta, fastq_1, fastq_2],
                ["samtools", "sort", "-o", bam, "-"],
            ]
        )
    run(["samtools", "index", bam])


def covering(bam: Path, piece: Slice, position: int) -> list[Cover]:
    """Reads with an aligned base at a 1-based GRCh38 position, sorted by fragment."""
    where = position - 1 - piece.start
    covers = []
    with pysam.AlignmentFile(str(bam)) as file:
        for read in file.fetch("slice", where, where + 1):
            if read.is_secondary or read.is_supplementary or read.is_duplicate:
                continue
            if read.mapping_quality < MIN_MAPPING_QUALITY:
                continue
            offsets = {r: q for q, r in read.get_aligned_pairs(matches_only=True)}
            if where in offsets:
                offset, length = offsets[where], read.infer_read_length() or 0
                hard = _clipped_before(read)
                as_sequenced = length - 1 - (offset + hard) if read.is_reverse else offset + hard
                mate = 2 if read.is_read2 else 1
                covers.append(Cover(str(read.query_name), mate, as_sequenced, read.is_reverse))
    return sorted(covers)


def _clipped_before(read: pysam.AlignedSegment) -> int:
    """Hard-clipped bases before the first stored base."""
    operation, length = (read.cigartuples or [(0, 0)])[0]
    return length if operation == pysam.CHARD_CLIP else 0


def choose(clinvar: Path, piece: Slice, bam: Path) -> Planted:
    """The record and the reads to change.

    Raises:
        LookupError: no record meets the rule.
    """
    for record in candidates(clinvar, piece):
        covers = covering(bam, piece, record.position)
        fragments = sorted({cover.fragment for cover in covers})
        if len(fragments) >= MIN_FRAGMENTS:
            half = set(fragments[::2])
            return Planted(
                record=record,
                covering_fragments=len(fragments),
                changed=tuple(cover for cover in covers if cover.fragment in half),
            )
    raise LookupError("no BRCA1 record of ClinVar meets the rule")


def edit(planted: Planted, mate: int, entry: Entry) -> Entry:
    """A FASTQ entry with the planted base, if it is one of those to change."""
    name, bases, plus, qualities = entry
    fragment = name.removeprefix("@").split()[0].removesuffix(f"/{mate}")
    for cover in planted.changed:
        if (cover.fragment, cover.mate) == (fragment, mate):
            alt = planted.record.alt
            base = alt.translate(_COMPLEMENT) if cover.reverse else alt
            bases = bases[: cover.offset] + base + bases[cover.offset + 1 :]
    return name, bases, plus, qualities


def table(planted: Planted) -> str:
    """``planted.tsv``: what was planted, so that the report can be held against it."""
    record = planted.record
    row = {
        "contig": "chr17",
        "position": record.position,
        "ref": record.ref,
        "alt": record.alt,
        "clinvar_id": record.clinvar_id,
        "hgvs_g": record.hgvs,
        "significance": record.significance,
        "review_status": record.review,
        "covering_fragments": planted.covering_fragments,
        "changed_fragments": len({cover.fragment for cover in planted.changed}),
        "changed_reads": len(planted.changed),
    }
    return "\t".join(row) + "\n" + "\t".join(map(str, row.values())) + "\n"

"""Quick checks of the files that a row names: there, whole at their end, of the right kind.

The whole content is read later (:mod:`soyang.admission.verify`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pysam
from isal import igzip

from soyang.admission.builds import differing_length, strange_names
from soyang.admission.crosswalk import run_differs
from soyang.admission.fastq import mate_of
from soyang.admission.reference import Reference
from soyang.admission.sheet import FILES, Row
from soyang.admission.sniff import Content, ends_whole, sniff, unreachable
from soyang.admission.targets import Trouble, target_trouble
from soyang.admission.vcf_head import VcfHead, read_head
from soyang.core.errors import Fault

KIND = (
    {"fastq_1": "FASTQ", "fastq_2": "FASTQ", "ubam": "BAM"}
    | {"bam": "BAM", "cram": "CRAM"}
    | dict.fromkeys(("gvcf", "vcf"), "VCF")
)
AGAIN = "transfer the file again"
RECORDS = 500
"""Records of a VCF that are looked at for reference blocks."""


class FileCheck:
    """Checks rows' files against one reference; a target BED is read once.

    Args:
        reference: the reference, None if it is faulty itself: then nothing is compared with it.
    """

    def __init__(self, reference: Reference | None) -> None:
        self.reference = reference
        contigs = reference.contigs if reference else None
        self._targets = cache(lambda path: target_trouble(Path(path), contigs))

    def faults(self, row: Row) -> Iterator[Fault]:
        """Faults in the files of one row."""
        whole: dict[str, Path] = {}
        for column in FILES:
            if row.cells[column]:
                path = Path(row.cells[column])
                trouble = _content_trouble(path, KIND[column])
                if trouble:
                    yield row.file_fault(trouble[0], column, *trouble[1:])
                else:
                    whole[column] = path
        yield from self._inside(row, whole)
        if row.cells["targets"]:
            trouble = self._targets(row.cells["targets"])
            if trouble:
                yield row.file_fault(trouble[0], "targets", *trouble[1:])

    def _inside(self, row: Row, whole: dict[str, Path]) -> Iterator[Fault]:
        for column, path in whole.items():
            if column in {"ubam", "bam", "cram"}:
                yield from self._alignment(row, column, path)
            elif column in {"gvcf", "vcf"}:
                yield from self._variants(row, column, path)
        if {"fastq_1", "fastq_2"} <= whole.keys():
            yield from _mates(row, whole)

    def _alignment(self, row: Row, column: str, path: Path) -> Iterator[Fault]:
        try:
            header = _alignment_header(path)
        except (OSError, ValueError):
            yield row.file_fault("damaged", column, "a header that can't be read",
                                 f"a {KIND[column]} file", AGAIN)  # fmt: skip
            return
        names = {group.get("SM", "") for group in header.get("RG", [])}
        if names and names != {row.sample}:
            yield row.file_fault(
                "sample-differs", column, f"sample '{', '.join(sorted(names))}' in @RG SM",
                f"'{row.sample}', the sample of its row",
                "correct the row, or rename with samtools addreplacerg",
            )  # fmt: skip
        yield from _run(row, column, [group.get("PU", "") for group in header.get("RG", [])])
        if self.reference and column != "ubam":
            differs = _header_differs(header, self.reference)
            if differs:
                yield row.file_fault(
                    differs[0], column, differs[1],
                    f"alignments to the reference ({self.reference.assembly})",
                    "align the reads again: enter by FASTQ",
                )  # fmt: skip

    def _variants(self, row: Row, column: str, path: Path) -> Iterator[Fault]:
        try:
            head = read_head(path, RECORDS)
        except EOFError:
            yield row.file_fault("truncated", column, "truncated gzip: ends within the first "
                                 "records", "a whole VCF", AGAIN)  # fmt: skip
            return
        except (OSError, ValueError) as error:
            yield row.file_fault("damaged", column, f"a damaged VCF: {error}", "a VCF", AGAIN)
            return
        if head.samples != (row.sample,):
            found = ", ".join(head.samples[:3]) or "none"
            yield row.file_fault(
                "sample-differs", column, f"sample column(s) {found}",
                f"one, '{row.sample}', the sample of its row",
                "correct the row, or the file with bcftools view --samples or bcftools reheader",
            )  # fmt: skip
        for trouble in (_blocks_trouble(column, head), self._contigs_trouble(head)):
            if trouble:
                yield row.file_fault(trouble[0], column, *trouble[1:])

    def _contigs_trouble(self, head: VcfHead) -> Trouble | None:
        if self.reference is None:
            return None
        ours = self.reference
        differs = differing_length(head.contigs, ours.contigs, ours.assembly, cut=True)
        allowed = f"calls on the reference ({ours.assembly})"
        if differs:
            return _code(differs), differs, allowed, "call again on this reference"
        strange = strange_names(head.contigs, ours.contigs)
        if strange:
            return (
                "contig-names", strange, allowed, "rename them with bcftools annotate --rename-chrs"
            )  # fmt: skip
        return None


def _blocks_trouble(column: str, head: VcfHead) -> Trouble | None:
    """A gVCF says where the sample has the reference; a plain VCF does not."""
    if column == "gvcf" and head.records and not head.is_gvcf:
        return (
            "not-gvcf", "a plain VCF, without reference blocks",
            "a gVCF (blocks of <NON_REF>, <*>, or END)", "name it in column vcf",
        )  # fmt: skip
    if column == "vcf" and head.blocks:
        return "is-gvcf", "a gVCF, with reference blocks", "a plain VCF", "name it in column gvcf"
    return None


def _content_trouble(path: Path, kind: str) -> Trouble | None:
    allowed = {
        "FASTQ": "FASTQ, plain, gzip or BGZF", "VCF": "VCF, plain, gzip or BGZF",
    }.get(kind, f"a {kind} file")  # fmt: skip
    reason = unreachable(path)
    if reason:
        return reason[0], reason[1], allowed, reason[2]
    content = sniff(path)
    if content.kind == "empty":
        return "file-empty", content.words, allowed, AGAIN
    if content.kind == "damaged gzip":
        return "damaged", content.words, allowed, AGAIN
    if content.kind != kind:
        return "wrong-format", content.words, allowed, "name the right file in the right column"
    return _end_trouble(path, content, allowed)


def _end_trouble(path: Path, content: Content, allowed: str) -> Trouble | None:
    if ends_whole(path, content):
        return None
    what = "CRAM" if content.kind == "CRAM" else "BGZF"
    return "truncated", f"truncated {what}: no end-of-file block", allowed, AGAIN


def _mates(row: Row, paths: dict[str, Path]) -> Iterator[Fault]:
    try:
        lines = {column: _first_line(path) for column, path in paths.items()}
    except (EOFError, OSError):
        return
    for column, line in lines.items():
        yield from _run(row, column, [line.decode(errors="replace")])
    said = {column: mate_of(line) for column, line in lines.items()}
    for column, other in (("fastq_1", "2"), ("fastq_2", "1")):
        if said[column] == other:
            yield row.file_fault(
                "mates-swapped", column, f"swapped mates: reads of mate {other}",
                f"reads of mate {column[-1]}", "exchange fastq_1 and fastq_2",
            )  # fmt: skip


def _run(row: Row, column: str, names: list[str]) -> Iterator[Fault]:
    if run_differs(row.cells["run"], names):
        yield row.file_fault(
            "run-differs", column, "reads of another flow cell than the run's",
            "files of the run that the row names", "correct the run or the file of the row",
        )  # fmt: skip


def _first_line(path: Path) -> bytes:
    opener = igzip.open if sniff(path).compression else open
    with opener(path, "rb") as lines:
        line: bytes = lines.readline()
        return line.rstrip(b"\r\n")


def _alignment_header(path: Path) -> dict[str, list[dict[str, str]]]:
    verbosity = pysam.set_verbosity(0)
    try:
        with pysam.AlignmentFile(str(path), check_sq=False) as handle:
            header: dict[str, list[dict[str, str]]] = handle.header.to_dict()
            return header
    finally:
        pysam.set_verbosity(verbosity)


def _header_differs(
    header: dict[str, list[dict[str, str]]], reference: Reference
) -> tuple[str, str] | None:
    """Code and what shows that alignments are not to this reference; None if nothing does."""
    lines = {_our_name(line, reference): line for line in header.get("SQ", [])}
    if not lines:
        return "unaligned", "reads that are not aligned: no @SQ"
    lengths: dict[str, int | None] = {name: int(line["LN"]) for name, line in lines.items()}
    differs = differing_length(lengths, reference.contigs, reference.assembly, cut=False)
    if differs:
        return _code(differs), differs
    strange = strange_names(lengths, reference.contigs)
    if strange:
        return "contig-names", strange
    unknown = [name for name in lengths if name not in reference.contigs]
    if unknown:
        found = f"{len(unknown)} contig(s) that the reference lacks, first {unknown[0]}"
        return "other-reference", found
    for name, line in lines.items():
        if line.get("M5") and line["M5"] != reference.m5(name):
            return "other-reference", f"another reference: the sequence of {name} differs (@SQ M5)"
    return None


def _our_name(line: dict[str, str], reference: Reference) -> str:
    """The reference's name of a contig: its own, or that of the same sequence by its MD5."""
    name, md5 = line["SN"], line.get("M5")
    if md5 and name not in reference.contigs:
        for ours, length in reference.contigs.items():
            if length == int(line["LN"]) and reference.m5(ours) == md5:
                return ours
    return name


def _code(differs: str) -> str:
    return "wrong-build" if differs.startswith("wrong build") else "other-reference"

"""Alignments and variants read to their end, against the reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from soyang.admission.stream import DamagedError, exhaust
from soyang.admission.tools import listen
from soyang.admission.vcf_head import read_head
from soyang.core.contig_names import header_sequences, our_names, under_names

_OTHER_REFERENCE = re.compile(
    r"MD5 checksum reference mismatch|Failed to populate reference|Unable to fetch reference|"
    r"not found in the reference|Reference sequence .* not found"
)
_MISMATCH = re.compile(
    r"Reference allele mismatch at (\S+):(\d+) .. REF_SEQ:'(\w*)' vs VCF:'(\S*)'"
)
_LISTED = re.compile(r"^REF_MISMATCH\t(\S+)\t(\d+)\t(\S+)\t(\S+)$", re.MULTILINE)
_ABSENT = re.compile(r'The sequence "([^"]+)" was not found')


def check_alignment(
    path: Path, reference: Path, *, kind: str, aligned: bool = True
) -> Iterator[DamagedError]:
    """Faults of a BAM or CRAM: every record is decoded, a CRAM against the reference.

    Args:
        path: the file.
        reference: indexed FASTA.
        kind: ``BAM`` or ``CRAM``.
        aligned: whether it must have contigs; an unaligned BAM has none.
    """
    if listen(["samtools", "quickcheck", *([] if aligned else ["-u"]), path]).code:
        yield DamagedError("truncated", f"truncated {kind}: no end-of-file block, or no header")
        return
    with TemporaryDirectory() as folder:
        fasta = _as_named(path, reference, Path(folder))
        said = listen(
            ["samtools", "view", "--uncompressed", "--reference", fasta, path],
            ["samtools", "view", "--count", "-"],
        )
    reads = int(said.output.strip() or 0)
    place = re.search(r"mismatch at (\S+)", said.error)
    if _OTHER_REFERENCE.search(said.error):
        where = f" at {place[1]}" if place else ""
        yield DamagedError("other-reference", f"another reference: its sequence differs{where}")
    elif "truncated" in said.error.lower() or "EOF marker is absent" in said.error:
        yield DamagedError("truncated", f"truncated {kind}: ends after {reads:,} reads")
    elif said.code:
        yield DamagedError("damaged", f"damaged {kind}: unreadable after {reads:,} reads")
    elif not reads:
        yield DamagedError("file-empty", f"a {kind} without reads")


def _as_named(path: Path, reference: Path, folder: Path) -> Path:
    """The reference under the names that a file has for its contigs, where MD5s tell them."""
    dictionary = reference.with_name(f"{reference.name}.dict")
    if not dictionary.exists():
        return reference
    theirs = header_sequences(listen(["samtools", "head", path]).output)
    names = our_names(theirs, header_sequences(dictionary.read_text(encoding="utf-8")))
    same = all(name == ours for name, ours in names.items())
    return reference if same else under_names(reference, names, folder)


def check_variants(path: Path, reference: Path, *, gvcf: bool) -> Iterator[DamagedError]:
    """Faults of a VCF or gVCF: read to its end, every REF compared with the reference.

    Args:
        path: the file.
        reference: indexed FASTA; where it has N, nothing can be compared.
        gvcf: whether it must have reference blocks.
    """
    try:
        exhaust(path)
    except DamagedError as damage:
        yield damage
        return
    if gvcf and not read_head(path, records=1).records:
        yield DamagedError("file-empty", "a gVCF without records")
        return
    said = listen(_norm(path, reference, "e"))
    found = _MISMATCH.search(said.error)
    if found and "N" in found[3]:
        listed = listen(_norm(path, reference, "w"))
        wrong = [m for m in _LISTED.finditer(listed.error) if "N" not in m[4]]
        if wrong:
            yield _wrong(wrong[0][1], wrong[0][2], wrong[0][3], wrong[0][4])
            return
        said, found = listed, None
    if found:
        yield _wrong(found[1], found[2], found[4], found[3])
    elif _ABSENT.search(said.error):
        name = _ABSENT.findall(said.error)[0]
        yield DamagedError("contig-names", f"records on {name}, which the reference lacks")
    elif said.code:
        why = said.error.strip().splitlines()[-1:] or [""]
        yield DamagedError("damaged", f"a damaged VCF: {why[0].replace(str(path), path.name)}")


def _norm(path: Path, reference: Path, mode: str) -> list[str | Path]:
    return [
        "bcftools", "norm", "--no-version", "--check-ref", mode, "--fasta-ref", reference,
        "--output-type", "u", "--output", "/dev/null", path,
    ]  # fmt: skip


def _wrong(contig: str, position: str, ref: str, ours: str) -> DamagedError:
    found = f"wrong build: REF of {contig}:{position} is {ref}, the reference has {ours}"
    return DamagedError("wrong-build", found)

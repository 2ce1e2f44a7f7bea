"""What adopting a gVCF and adopting a VCF have in common."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from soyang.calling.records import (
    UNKNOWN,
    Provenance,
    declared,
    header_of,
    normalising,
    provenance_of,
    require_sample,
    samples_of,
    write_records,
)
from soyang.core.errors import Fault, FaultError, Scope, ToolError
from soyang.core.files import read_text
from soyang.core.sequence import contig_lengths


def adopt(
    sample: str, units: Path, reference: Path, output: Path, *, entry: Literal["gvcf", "vcf"]
) -> None:
    """Check a foreign file and write it normalised.

    Raises:
        FaultError: the file is missing, another sample's, or of another build.
        ToolError: a tool failed.
    """
    source, named = unit_of(units, sample, entry)
    header = _checked_header(source, sample, reference)
    made = told_by(source, header, named, entry)
    # -I keeps INFO as it was given. A lone sample needs no choosing, which is stricter on headers.
    chosen = ["-s", sample] if len(samples_of(header)) > 1 else []
    choosing = ["bcftools", "view", "--no-version", "-I", *chosen, "-Ou", str(source)]
    try:
        write_records(
            normalising([choosing], reference, carried=entry == "vcf"),
            reference,
            made,
            output,
        )
    except ToolError as error:
        raise _explained(error, source) from error
    require_sample(output, sample)


def told_by(vcf: Path, header: str, named: str, entry: str) -> Provenance:
    """What a foreign file was made by: its header's word, else the sample sheet's.

    Args:
        vcf: the file, for the fault.
        header: its header.
        named: caller as the sheet has it, maybe with its version; may be empty.
        entry: gvcf, or vcf, which has no bands.

    Raises:
        FaultError: the header and the sheet name different callers.
    """
    made = provenance_of(header)
    if entry == "vcf":
        made = replace(made, bands="none")
    if made.caller == UNKNOWN:
        return replace(made, caller=named or UNKNOWN)
    if named and not same_caller(made.caller, named):
        next_step = "correct the sheet's caller, or leave it empty: the file's header tells it"
        raise FaultError(
            _fault(vcf, f"caller {made.caller} in its header", f"the sheet's {named}", next_step)
        )
    return made


def same_caller(told: str, named: str) -> bool:
    """Whether a sheet's word is the caller that a header tells.

    The same name and, where the sheet has one, the same version; letter case doesn't count.
    """
    words, ours = told.lower().split(), named.lower().split()
    aliases = {"haplotypecaller": "gatk"}
    words, ours = ([aliases.get(word, word) for word in part] for part in (words, ours))
    versions = [word.removeprefix("v") for word in words[1:]]
    return words[:1] == ours[:1] and all(word.removeprefix("v") in versions for word in ours[1:])


def unit_of(units: Path, sample: str, entry: str) -> tuple[Path, str]:
    """File and caller of a sample's one row with this entry, in admission's table of units.

    The caller is empty where the sheet does not name it.

    Raises:
        FaultError: no such row, more than one, or no such file.
    """
    rows = [
        row
        for row in csv.DictReader(read_text(units).splitlines(), delimiter="\t")
        if row["sample"] == sample and row["entry"] == entry
    ]
    if len(rows) != 1:
        next_step = "give the sample one file of this kind in the sample sheet"
        raise FaultError(_fault(units, f"{len(rows)} rows of entry {entry}", "one", next_step))
    path = Path(rows[0]["path_1"])
    if not path.is_file():
        next_step = "correct the sample sheet or put the file there"
        raise FaultError(_fault(path, "no such file", "a readable file", next_step))
    return path, (rows[0].get("caller") or "").strip()


def _checked_header(vcf: Path, sample: str, fasta: Path) -> str:
    """The header of a foreign VCF that holds the sample's genotypes on contigs of the reference.

    Raises:
        FaultError: no VCF, another sample's, without genotypes, or of another build.
    """
    try:
        header = header_of(vcf)
    except ToolError as error:
        next_step = "correct the path or the file"
        raise FaultError(_fault(vcf, str(error), "a VCF or BCF", next_step)) from error
    faults = list(_header_faults(vcf, header, sample, fasta))
    if faults:
        raise FaultError(faults)
    return header


def _header_faults(vcf: Path, header: str, sample: str, fasta: Path) -> Iterable[Fault]:
    samples = samples_of(header)
    if sample not in samples:
        yield _fault(
            vcf,
            f"samples {', '.join(samples) or '(none)'}",
            f"a column {sample}",
            "correct the sheet's sample or rename the column (bcftools reheader)",
        )
    if "GT" not in declared(header, "FORMAT"):
        next_step = "export genotypes with the variants"
        yield _fault(vcf, "no FORMAT GT in the header", "genotypes", next_step)
    yield from _contig_faults(vcf, header, contig_lengths(fasta))


def _contig_faults(vcf: Path, header: str, lengths: dict[str, int]) -> Iterable[Fault]:
    declared = re.findall(r"^##contig=<ID=([^,>]+)(?:.*?\blength=(\d+))?", header, re.MULTILINE)
    next_step = "use the reference that the variants were called on, or call them anew"
    names = [name for name, _ in declared]
    if names and not set(names) & set(lengths):
        found = f"contigs {', '.join(names[:3])}"
        yield _fault(vcf, found, f"contigs {', '.join(list(lengths)[:3])}", next_step)
    for name, length in declared:
        if length and lengths.get(name, int(length)) != int(length):
            found = f"contig {name} of {int(length):,} bases"
            yield _fault(vcf, found, f"{lengths[name]:,} bases", next_step)


def _explained(error: ToolError, vcf: Path) -> FaultError | ToolError:
    """What a tool's failure on a foreign VCF says about that VCF."""
    text = str(error)
    for pattern, found, next_step in _EXPLANATIONS:
        match = re.search(pattern, text)
        if match:
            allowed = "records that fit the header and the reference"
            return FaultError(_fault(vcf, found, allowed, next_step, row=match[1].rstrip(".")))
    return error


_OTHER_REFERENCE = "use the reference that the variants were called on, or call them anew"
_EXPLANATIONS = (
    (r"Reference allele mismatch at (\S+)", "another reference base", _OTHER_REFERENCE),
    (r"faidx_fetch_seq failed at (\S+)", "a record on an unknown contig", _OTHER_REFERENCE),
    (
        r"'?(\S+?)'? is not defined in the header",
        "a field that the header does not declare",
        "declare it in the header (bcftools annotate --header-lines)",
    ),
    (
        r"(\S+:\d+)\S* .*(?:number of columns|[Ii]ncorrect number|[Ee]rror)",
        "a malformed record",
        "export the file anew",
    ),
)
"""What bcftools says, with the record or field, and what it means for whoever gave the file."""


def _fault(file: Path, found: str, allowed: str, next_step: str, *, row: str = "") -> Fault:
    return Fault(
        code="vcf-foreign",
        file=str(file),
        row=row,
        found=found,
        allowed=allowed,
        next_step=next_step,
        scope=Scope.SAMPLE,
    )

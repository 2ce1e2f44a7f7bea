"""Normalising a stream of VCF records, and writing it without traces of a machine.

One person's genotypes throughout: of a record's alternate alleles those that the person
carries are kept, and a record that then has two is heterozygous for both (``1/2``).
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from soyang.core.errors import ToolError
from soyang.core.files import atomic_path
from soyang.core.process import Command, feeding, reading, run
from soyang.core.sequence import contig_lengths

CALLER_KEY = "soyang_caller"
"""Header line that names the caller and its version."""

BANDS_KEY = "soyang_bands"
"""Header line that says where reference blocks end."""

REFERENCE_KEY = "soyang_reference_md5"
"""Header line with the digest of the reference's dictionary."""

CALLERS_KEY = "soyang_callers"
"""Header line with all callers, where several looked; the first's genotypes stand."""

UNKNOWN = "unknown"

_SPLIT_TAG = "SOYANG_SPLIT"
_SITE_WINDOW = "10000"
"""Bases in which records are put in order again after left-alignment; an indel in a long
repeat moves far."""

_COPY_BYTES = 1 << 20
_KEPT_HEADER = re.compile(r"##(fileformat=|FILTER=<|FORMAT=<|INFO=<|ALT=<)")
_CALLERS = (
    (re.compile(r"##soyang_caller=(.+)"), "{}"),
    (re.compile(r"##DeepVariant_version=(.+)"), "DeepVariant {}"),
    (re.compile(r'##GATKCommandLine.*<ID=HaplotypeCaller.*Version="?([^",>]+)'), "GATK {}"),
    (re.compile(r"##bcftools_callVersion=([^+\s]+)"), "bcftools {}"),
    (re.compile(r"##source=(?!/)([^/\\]+)$"), "{}"),
)

_BODY = r"""
BEGIN { FS = OFS = "\t" }
/^#/ { print; next }
{
    at = index($8, tag "=")
    if (at) {
        value = substr($8, at)
        end = index(value, ";")
        rest = end ? substr(value, end + 1) : ""
        if (end) value = substr(value, 1, end - 1)
        before = substr($8, 1, at - 1)
        $8 = before rest
        sub(/;$/, "", $8)
        if ($8 == "") $8 = "."
        if (value ~ /\|[0-9]+$/ && $9 ~ /^GT(:|$)/) {
            colon = index($10, ":")
            genotype = colon ? substr($10, 1, colon - 1) : $10
            gsub(/0/, ".", genotype)
            $10 = genotype (colon ? substr($10, colon) : "")
        }
    }
    if (carried) {
        colon = index($10, ":")
        genotype = colon ? substr($10, 1, colon - 1) : $10
        if (genotype !~ /[1-9]/ || $5 !~ /^[ACGTNacgtn]+$/) next
    }
    print
}
"""
"""awk program on split records of one sample.

A record that ``norm`` split off a ``1/2`` site says so in its tag. bcftools before 1.17 fills
the place of the other allele with 0, which would be a claim of a reference allele that is not
there; it becomes ``.``. With ``carried``, only records with a sequence allele in the genotype
pass.
"""


def normalising(source: Sequence[Command], fasta: Path, *, carried: bool) -> list[Command]:
    """Tools that write normalised VCF text: split, left-aligned, unseen alleles removed.

    Args:
        source: tools whose output is VCF or BCF of one sample.
        fasta: prepared reference.
        carried: only records of which an alternate allele is carried; else reference blocks
            pass too.
    """
    quiet = "--no-version"
    # GT="ref" drops blocks early; what is not carried falls to awk, once records are split.
    chosen = ["-e", 'GT="ref"'] if carried else []
    return [
        *source,
        ["bcftools", "view", quiet, "-I", "-a", *chosen, "-Ou", "-"],
        [
            *["bcftools", "norm", quiet, "-f", str(fasta), "-c", "e", "-m", "-any"],
            *["--old-rec-tag", _SPLIT_TAG, "-w", _SITE_WINDOW, "-Ov", "-"],
        ],
        ["awk", "-v", f"tag={_SPLIT_TAG}", "-v", f"carried={int(carried)}", _BODY],
    ]


@dataclass(frozen=True)
class Provenance:
    """By what and on what a gVCF was made: gVCFs that differ in it are not comparable as such.

    Attributes:
        caller: caller and version.
        bands: where reference blocks end; ``none`` of a plain VCF.
        reference: digest of the reference's dictionary.
        callers: all callers, where several looked.
    """

    caller: str = UNKNOWN
    bands: str = UNKNOWN
    reference: str = UNKNOWN
    callers: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Caller, bands and reference in one short stable line."""
        return f"{self.caller}; bands {self.bands}; reference {self.reference[:8]}"

    def lines(self) -> list[str]:
        """Header lines."""
        pairs = [(CALLER_KEY, self.caller), (BANDS_KEY, self.bands)]
        pairs += [(REFERENCE_KEY, self.reference)]
        pairs += [(CALLERS_KEY, ", ".join(self.callers))] if self.callers else []
        return [f"##{key}={value}\n" for key, value in pairs]


def provenance_of(header: str) -> Provenance:
    """What a VCF's header tells of its making; ``unknown`` where it doesn't."""
    callers = _told(header, CALLERS_KEY)
    return Provenance(
        caller=caller_of(header),
        bands=_told(header, BANDS_KEY) or _gatk_bands(header) or UNKNOWN,
        reference=_told(header, REFERENCE_KEY) or UNKNOWN,
        callers=tuple(callers.split(", ")) if callers else (),
    )


def _told(header: str, key: str) -> str:
    found = re.search(rf"^##{key}=(.+)$", header, re.MULTILINE)
    return found[1].strip() if found else ""


def _gatk_bands(header: str) -> str:
    """Bands as GATK's own header lists them, one line each."""
    found = re.findall(r"^##GVCFBlock.*minGQ=(\d+)\(inclusive\)", header, re.MULTILINE)
    return f"GQ {','.join(map(str, sorted(map(int, found))[1:]))}" if len(found) > 1 else ""


def reference_md5(fasta: Path) -> str:
    """Digest over the MD5 sums of a reference's sequences, in order.

    Of sequences alone (``M5``, SAM specification 1.3.2), so that names and paths don't count.

    Read from the dictionary beside the FASTA where that is there, else made of the sequence.

    Raises:
        ToolError: the dictionary has a sequence without M5.
    """
    kept = fasta.with_name(f"{fasta.name}.dict")
    text = kept.read_text(encoding="utf-8") if kept.exists() else run(["samtools", "dict", fasta])
    rows = [line.split("\t") for line in text.splitlines() if line.startswith("@SQ\t")]
    sums = [word[3:].lower() for row in rows for word in row if word.startswith("M5:")]
    if len(sums) < len(rows) or not rows:
        raise ToolError(f"{kept.name} lacks the M5 of a sequence; make the reference anew")
    return hashlib.md5("\n".join(sums).encode(), usedforsecurity=False).hexdigest()


def write_records(commands: Sequence[Command], fasta: Path, made: Provenance, vcf: Path) -> None:
    """Write the VCF text that tools give as bgzip with a tabix index.

    Of their header only the declarations are kept; contigs are the reference's.

    Args:
        commands: tools; the last writes VCF text.
        fasta: prepared reference.
        made: what made the records, for the header.
        vcf: output, ``.vcf.gz``; its ``.tbi`` goes beside it.
    """
    index = vcf.with_name(f"{vcf.name}.tbi")
    with atomic_path(vcf) as temporary, atomic_path(index) as temporary_index:
        with feeding([["bgzip", "-c"]], stdout=temporary) as sink:
            with reading(commands) as source:
                lines = _read_header(source)
                if lines:
                    header = header_text(lines, contig_lengths(fasta), made)
                    sink.write(header.encode())
                    shutil.copyfileobj(source, sink, _COPY_BYTES)
            if not lines:
                raise ToolError(f"{commands[0][0]} wrote no VCF header")
        run(["bcftools", "index", "-t", "-o", temporary_index, temporary])


def _read_header(source: IO[bytes]) -> list[str]:
    """Header lines, up to ``#CHROM``; none if that is missing."""
    lines = []
    for line in iter(source.readline, b""):
        lines.append(line.decode())
        if line.startswith(b"#CHROM"):
            return lines
    return []


def header_text(lines: Sequence[str], lengths: dict[str, int], made: Provenance) -> str:
    """A header of declarations, the reference's contigs and what made it: nothing of a machine.

    Args:
        lines: header lines as they came, ``#CHROM`` last.
        lengths: contig name to length.
        made: what made the records.
    """
    kept = [line for line in lines if _KEPT_HEADER.match(line) and f"<ID={_SPLIT_TAG}," not in line]
    contigs = [f"##contig=<ID={name},length={n}>\n" for name, n in lengths.items()]
    return "".join([*kept, *contigs, *made.lines(), lines[-1]])


def caller_of(header: str) -> str:
    """Caller and version as a VCF's header tells, ``unknown`` if it doesn't."""
    for pattern, form in _CALLERS:
        for line in header.splitlines():
            found = pattern.match(line)
            if found:
                return form.format(found[1].strip())
    return UNKNOWN


def samples_of(header: str) -> list[str]:
    """Sample columns of a VCF's header."""
    return header.rstrip("\n").splitlines()[-1].split("\t")[9:]


def declared(header: str, kind: str) -> set[str]:
    """IDs of the ``FORMAT`` or ``INFO`` fields that a VCF's header declares."""
    return set(re.findall(rf"^##{kind}=<ID=([^,>]+)", header, re.MULTILINE))


def header_of(vcf: Path) -> str:
    """The header of a VCF or BCF, as text."""
    return run(["bcftools", "view", "-h", "--no-version", vcf])


def require_sample(vcf: Path, sample: str) -> None:
    """Check that a VCF just written is the sample's and is indexed.

    Raises:
        ToolError: it is not, although no tool said so.
    """
    found = samples_of(header_of(vcf))
    if found != [sample]:
        raise ToolError(f"{vcf.name} holds samples {found}, not {sample}")
    run(["bcftools", "index", "--nrecords", vcf])

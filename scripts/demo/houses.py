"""What other houses send: a CRAM, a gVCF, a VCF, made with the usual tools from FASTQ."""

from __future__ import annotations

import hashlib
from pathlib import Path

from demo.genes import CONTIG, CONTIG_LENGTH, GENES, sequences
from demo.knowledge import compress
from demo.people import Person
from soyang.core.process import Command, pipe, run

BANDS = "5,10,20,40"


def index(slices: Path) -> None:
    """Write the genes' slices alone and index them for bwa; made once, used by all houses.

    Indexing the whole contig, nearly all N, would take longer than all the rest; aligned
    reads are lifted to it afterwards.
    """
    with slices.open("w") as out:
        for gene in GENES:
            out.write(f">{gene.slice_start - 1}\n{sequences()[gene.symbol]}\n")
    run(["bwa", "index", slices])


def align(
    person: Person, reference: Path, slices: Path, pair: tuple[Path, Path], cram: Path
) -> None:
    """Align, sort and mark duplicates into a CRAM with index.

    The header names no path of this machine: the sequence is told by its MD5, and the
    aligner's line with its command is left out.
    """
    checksum = _checksum(reference)
    line = f"@SQ\tSN:{CONTIG}\tLN:{CONTIG_LENGTH}\tM5:{checksum}\tAS:GRCh38"
    group = rf"@RG\tID:{person.sample}.1\tSM:{person.sample}\tLB:{person.sample}\tPL:ILLUMINA"
    whole = cram.with_suffix(".whole.cram")
    commands: list[Command] = [
        ["bwa", "mem", "-v", "1", "-K", "10000000", "-H", line, "-R", group, slices, *pair],
        ["awk", "-f", Path(__file__).with_name("lift.awk")],
        ["samtools", "fixmate", "--no-PG", "-u", "-m", "-", "-"],
        ["samtools", "sort", "--no-PG", "-u", "-T", cram.with_suffix(".sort"), "-"],
        ["samtools", "markdup", "--no-PG", "-u", "-T", cram.with_suffix(".markdup"), "-", "-"],
        ["samtools", "view", "--no-PG", "-C", "-T", reference, "-o", whole, "-"],
    ]  # fmt: skip
    pipe(commands)
    # samtools writes the reference's full path into the header, whatever it is given
    run(
        ["samtools", "reheader", "--no-PG", "-c", "sed 's/\\tUR:[^\\t]*//'", whole],
        stdout=cram,
    )
    run(["samtools", "index", cram])


def _checksum(reference: Path) -> str:
    sequence = "".join(reference.read_text().split("\n")[1:])
    return hashlib.md5(sequence.encode(), usedforsecurity=False).hexdigest()


def call(cram: Path, reference: Path, vcf: Path, *, blocks: bool) -> None:
    """Call a CRAM; with ``blocks`` as a gVCF that also tells where the reference was seen."""
    bands = ["--gvcf", BANDS] if blocks else []
    text = pipe(
        [
            [
                "bcftools", "mpileup", "--no-version", "-Ou", "-f", reference,
                "-q", "20", "-a", "FORMAT/AD,FORMAT/DP", *bands, cram,
            ],
            [
                "bcftools", "call", "--no-version", "-m", "-a", "GQ", "-Ov",
                *(bands or ["--variants-only"]),
            ],
        ]
    )  # fmt: skip
    kept = [line for line in text.splitlines(keepends=True) if "=file:" not in line]
    compress("".join(kept), vcf)

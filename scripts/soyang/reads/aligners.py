"""The aligners: the folder of an index, which says whose it is, and how each is run on it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from soyang.core.errors import Fault, FaultError, ToolError
from soyang.core.files import read_rows
from soyang.core.process import Command
from soyang.reads.islands import to_contigs

BATCH_BASES = 1_000_000
"""Bases that are aligned as one batch (``bwa mem -K``). bwa's default grows with the threads, and
with it the estimate of the insert size, and with that the alignments. A million are some three
thousand pairs, enough for that estimate, and let fastp, aligner and what follows work side by
side."""

_NO_HEADER = "!/^@/"
"""awk program; no read's name begins with ``@`` (SAM specification, 1.4)."""


class Aligner(StrEnum):
    """An aligner of the bwa-mem family."""

    BWA = "bwa"
    BWA_MEM3 = "bwa-mem3"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What its index's files end with after the prefix."""
        return {
            Aligner.BWA: (".amb", ".ann", ".bwt", ".pac", ".sa"),
            Aligner.BWA_MEM3: (".0123", ".amb", ".ann", ".bwt.2bit.64", ".pac"),
        }[self]

    def version(self) -> str:
        """Its version.

        Raises:
            ToolError: it is not installed.
        """
        return bwa_version() if self is Aligner.BWA else version("bwa-mem3")


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index in its folder.

    Attributes:
        folder: the folder.
        aligner: whose it is.
    """

    folder: Path
    aligner: Aligner

    @property
    def prefix(self) -> Path:
        """What the names of its files begin with."""
        return self.folder / "genome"

    @property
    def islands(self) -> Path:
        """Table of its islands; only an index that was made here has one."""
        return self.folder / "islands.tsv"

    @property
    def program(self) -> str:
        """The ``@PG`` line of what aligns with it."""
        name = self.aligner
        return f"@PG\tID:{name}\tPN:{name}\tVN:{name.version()}"

    @property
    def binary(self) -> bool:
        """Whether :meth:`mapping` writes BAM records; else it writes SAM."""
        return self.aligner is Aligner.BWA_MEM3

    @property
    def facts(self) -> Path:
        """Table that says whose it is (ALIGNER)."""
        return self.folder / "aligner.tsv"

    def mapping(
        self, fasta: Path, threads: int, *, group: str, tagged: bool, paired: bool
    ) -> list[Command]:
        """Tools from FASTQ to alignments on the contigs, without header.

        Args:
            fasta: the prepared reference.
            threads: threads that align; nothing depends on them.
            group: ``@RG`` line of all reads, empty if their tags name theirs.
            tagged: whether comments are SAM tags, which the alignments get.
            paired: whether mates follow each other.
        """
        if self.aligner is Aligner.BWA_MEM3:
            return [self._mem3(fasta, threads, group=group, tagged=tagged, paired=paired)]
        words = ["bwa", "mem", "-v", "1", "-K", str(BATCH_BASES), "-t", str(threads)]
        words += ["-p"] if paired else []
        words += ["-C"] if tagged else []
        words += ["-R", group.replace("\t", "\\t")] if group else []
        alignments = [*words, str(self.prefix), "-"]
        if self.islands.exists():
            return [alignments, to_contigs(self.islands)]
        return [alignments, ["env", "LC_ALL=C", "awk", _NO_HEADER]]

    def _mem3(
        self, fasta: Path, threads: int, *, group: str, tagged: bool, paired: bool
    ) -> Command:
        name = re.search(r"\tID:([^\t]+)", group)
        return [
            *[sys.executable, "-m", "soyang.reads.mem3", "--prefix", str(self.prefix)],
            *["--reference", str(fasta), "--threads", str(threads)],
            *["--batch-bases", str(BATCH_BASES)],
            *(["--islands", str(self.islands)] if self.islands.exists() else []),
            *(["--group", name[1]] if name else []),
            *(["--tagged"] if tagged else []),
            *([] if paired else ["--single"]),
        ]


def read_index(folder: Path) -> Index:
    """The index in a folder that ``reads reference`` made.

    Raises:
        FaultError: it is not one, or lacks a file.
    """
    (facts,) = read_rows(folder / "aligner.tsv", "aligner")
    index = Index(folder=folder, aligner=Aligner(facts["aligner"]))
    missing = missing_files(index.prefix, index.aligner)
    if missing:
        raise FaultError(
            Fault(
                code="index-missing",
                file=str(folder),
                found=f"no {', '.join(missing)}",
                allowed=f"a whole index of {index.aligner}",
                next_step="run reads reference again",
            )
        )
    return index


def missing_files(prefix: Path, aligner: Aligner) -> list[str]:
    """Names of an index's files that are not there."""
    names = [f"{prefix.name}{suffix}" for suffix in aligner.suffixes]
    return [name for name in names if not prefix.with_name(name).is_file()]


def bwa_version() -> str:
    """Version of bwa, which says it only in its help.

    Raises:
        ToolError: bwa is not there.
    """
    if not shutil.which("bwa"):
        raise ToolError("bwa is not installed or not on PATH")
    help_text = subprocess.run(["bwa"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"^Version: (\S+)", help_text, re.MULTILINE)
    return found[1] if found else "unknown"

"""The usual chain from FASTQ to VCF, as written by hand: each step reads the file before it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from bench.reads_chain import SAMPLE, run
from soyang.core.genomic import Calling, Reads

_BATCH_BASES = 1_000_000
"""Of bwa, as ours: alignments depend on it."""


@dataclass(frozen=True)
class Peer:
    """fastp, bwa, samtools, mosdepth and bcftools with ours' thresholds.

    Attributes:
        source: reference.
        place: where everything goes: the reference's copy and its index, and a folder of work.
        threads: of each tool that has threads.
    """

    source: Path
    place: Path
    threads: int

    @property
    def folder(self) -> Path:
        """Where the steps write."""
        return self.place / "work"

    @property
    def vcf(self) -> Path:
        """What was called."""
        return self.folder / "calls.vcf.gz"

    @property
    def _fasta(self) -> Path:
        return self.place / "reference.fa"

    def index(self) -> None:
        """Index the reference as it is."""
        self.folder.mkdir(parents=True)
        self._run("cp", self.source, self._fasta)
        self._run("samtools", "faidx", self._fasta)
        self._run("bwa", "index", self._fasta)

    def call(self, mate_1: Path, mate_2: Path) -> None:
        """From FASTQ to a VCF."""
        threads = str(self.threads)
        one, two = self.folder / "trimmed_1.fastq", self.folder / "trimmed_2.fastq"
        fixed, ordered, marked = (self.folder / f"{s}.bam" for s in ("fixed", "sorted", "marked"))
        sam, group = self.folder / "aligned.sam", f"@RG\\tID:{SAMPLE}\\tSM:{SAMPLE}"
        self._run(
            *["fastp", "-i", mate_1, "-I", mate_2, "-o", one, "-O", two, "-w", threads],
            *["-j", self.folder / "fastp.json", "-h", self.folder / "fastp.html"],
        )
        bwa = ["bwa", "mem", "-t", threads, "-K", _BATCH_BASES, "-R", group]
        self._run(*bwa, self._fasta, one, two, stdout=sam)
        self._run("samtools", "fixmate", "-m", "-@", threads, sam, fixed)
        self._run("samtools", "sort", "-@", threads, "-o", ordered, fixed)
        self._run("samtools", "markdup", "-@", threads, ordered, marked)
        self._run("samtools", "index", "-@", threads, marked)
        self._measure(marked)
        self._call(marked)

    def _measure(self, bam: Path) -> None:
        quality = Reads().coverage_min_mapping_quality
        self._run("samtools", "stats", bam, stdout=self.folder / "stats.txt")
        self._run(
            *["mosdepth", "--no-per-base", "--threads", self.threads, "--mapq", quality],
            *[self.folder / SAMPLE, bam],
        )

    def _call(self, bam: Path) -> None:
        """Run mpileup | call, the one pipe that the usual chain has."""
        limits = Calling()
        depth = limits.max_depth
        pileup = [
            *["bcftools", "mpileup", "--threads", self.threads, "-Ou", "-a", "AD,DP"],
            *["-q", limits.min_mapping_quality, "-Q", limits.min_base_quality],
            *["-d", depth, "-L", depth, "-f", self._fasta, bam],
        ]
        call = ["bcftools", "call", "-mv", "-a", "GQ", "-Oz", "-o", self.vcf, "-"]
        pipe = " | ".join(shlex.join(map(str, words)) for words in (pileup, call))
        self._run("bash", "-o", "pipefail", "-c", pipe)

    def _run(self, *words: object, stdout: Path | None = None) -> None:
        run(words, self.folder / "messages.txt", stdout)

"""The steps of snakemake-workflows/dna-seq-gatk-variant-calling (v2.1.1), as commands.

FASTQ to filtered VCF by its rules ``mapping``, ``calling`` and ``filtering`` with its default
settings, restricted to the known bases as its ``restrict-regions`` does, and ``samtools stats``
of its ``qc``: in its order, with the files that it keeps; what it declares ``temp()`` is removed
as soon as nothing needs it. Independent jobs run side by side, as many as there are threads.

Left out, in its favour: FastQC, MultiQC, plots, annotation, and the start of Snakemake and of a
conda environment for each job. Where Trimmomatic is not installed fastp trims, to the same files.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.reads_chain import SAMPLE, run

TRIMMERS = ("LEADING:3", "TRAILING:3", "SLIDINGWINDOW:4:15", "MINLEN:36")
HARD_FILTERS = {
    "snvs": "QD < 2.0 || FS > 60.0 || MQ < 40.0 || MQRankSum < -12.5 || ReadPosRankSum < -8.0",
    "indels": "QD < 2.0 || FS > 200.0 || ReadPosRankSum < -20.0",
}
"""The settings of its ``config/config.yaml``."""

TYPES = {"snvs": "SNP", "indels": "INDEL"}
_MEMORY = "-Xmx2g"


def trimmer() -> str:
    """What trims: Debian's name for Trimmomatic on pairs, or fastp."""
    return "TrimmomaticPE" if shutil.which("TrimmomaticPE") else "fastp"


@dataclass(frozen=True, kw_only=True)
class GatkWorkflow:
    """The workflow's steps for one sample of one unit.

    Attributes:
        resources: folder for the reference, its indices, regions and known variants.
        folder: where the steps write.
        threads: processors.
    """

    resources: Path
    folder: Path
    threads: int

    @property
    def fasta(self) -> Path:
        """The reference."""
        return self.resources / "genome.fasta"

    @property
    def vcf(self) -> Path:
        """The filtered calls."""
        return self.folder / "filtered" / "all.vcf.gz"

    @property
    def _known(self) -> Path:
        return self.resources / "variation.noiupac.vcf.gz"

    @property
    def _regions(self) -> Path:
        return self.resources / "regions.bed"

    def prepare(self, fasta: Path, known: str, regions: str) -> None:
        """Lay out and index what the workflow downloads or makes once.

        Args:
            fasta: reference.
            known: VCF text of known variants, sorted.
            regions: BED text of what is called.
        """
        self.resources.mkdir(parents=True, exist_ok=True)
        shutil.copy(fasta, self.fasta)
        self._regions.write_text(regions)
        plain = self._known.with_suffix("")
        plain.write_text(known)
        messages = self.resources / "messages.txt"
        for words in (
            ["samtools", "faidx", self.fasta],
            ["samtools", "dict", "-o", self.fasta.with_suffix(".dict"), self.fasta],
            ["bwa", "index", self.fasta],
            ["bgzip", plain],
            ["tabix", "-p", "vcf", self._known],
        ):
            run(words, messages)

    # ------------------------------------------------------------------------------- steps

    def call(self, mate_1: Path, mate_2: Path) -> None:
        """From FASTQ to filtered VCF."""
        self.folder.mkdir(parents=True, exist_ok=True)
        trimmed = self._trim(mate_1, mate_2)
        bam = self._map(trimmed)
        bam = self._mark(bam)
        bam = self._recalibrate(bam)
        contigs = self._contigs()
        calls = [partial(self._haplotypes, bam, contig) for contig in contigs]
        self._together([*calls, partial(self._stats, bam)])
        self._together([partial(self._genotype, contig) for contig in contigs])
        self._merge(
            [self._at("genotyped", f"all.{contig}.vcf.gz") for contig in contigs],
            self._at("genotyped", "all.vcf.gz"),
        )
        self._together([partial(self._filter, kind) for kind in TYPES])
        self._merge(
            [self._at("filtered", f"all.{kind}.hardfiltered.vcf.gz") for kind in TYPES], self.vcf
        )

    def _contigs(self) -> list[str]:
        lines = self.fasta.with_name(f"{self.fasta.name}.fai").read_text().splitlines()
        return [line.split("\t")[0] for line in lines]

    def _trim(self, mate_1: Path, mate_2: Path) -> list[Path]:
        """Trimmed pairs; what lost its mate is written and removed."""
        paired = [self._at("trimmed", f"{SAMPLE}.{n}.fastq.gz") for n in (1, 2)]
        alone = [self._at("trimmed", f"{SAMPLE}.{n}.unpaired.fastq.gz") for n in (1, 2)]
        if trimmer() == "fastp":
            self._run(
                *["fastp", "-i", mate_1, "-I", mate_2, "-o", paired[0], "-O", paired[1]],
                *["-w", "1", "-j", "/dev/null", "-h", "/dev/null"],
            )
            return paired
        log = self._at("trimmed", f"{SAMPLE}.trimlog.txt")
        self._run(
            *["TrimmomaticPE", "-threads", "1", "-trimlog", log, mate_1, mate_2],
            *[paired[0], alone[0], paired[1], alone[1], *TRIMMERS],
        )
        _remove(*alone)
        return paired

    def _map(self, trimmed: Sequence[Path]) -> Path:
        bam = self._at("mapped", f"{SAMPLE}.sorted.bam")
        group = f"@RG\\tID:{SAMPLE}\\tSM:{SAMPLE}\\tPL:ILLUMINA"
        bwa = ["bwa", "mem", "-t", self.threads, "-R", group, self.fasta, *trimmed]
        sort = ["samtools", "sort", "-T", bam.with_suffix(""), "-o", bam, "-"]
        pipe = " | ".join(shlex.join(map(str, words)) for words in (bwa, sort))
        self._run("bash", "-o", "pipefail", "-c", pipe)
        _remove(*trimmed)
        return bam

    def _mark(self, mapped: Path) -> Path:
        bam = self._at("dedup", f"{SAMPLE}.bam")
        metrics = self._at("qc", f"{SAMPLE}.metrics.txt")
        self._java(
            *["MarkDuplicates", "--REMOVE_DUPLICATES", "true"],
            *["--INPUT", mapped, "--OUTPUT", bam, "--METRICS_FILE", metrics],
        )
        _remove(mapped)
        self._run("samtools", "index", bam)
        return bam

    def _recalibrate(self, marked: Path) -> Path:
        table = self._at("recal", f"{SAMPLE}.grp")
        bam = self._at("recal", f"{SAMPLE}.bam")
        common = ["-I", marked, "-R", self.fasta, "--intervals", self._regions]
        known = ["--known-sites", self._known]
        self._java("BaseRecalibrator", *common, *known, "-O", table)
        self._java("ApplyBQSR", *common, "--bqsr-recal-file", table, "-O", bam)
        _remove(marked)
        return bam

    def _stats(self, bam: Path) -> None:
        stats = self._at("qc", f"{SAMPLE}.txt")
        run(["samtools", "stats", bam], self._messages("stats"), stdout=stats)

    def _haplotypes(self, bam: Path, contig: str) -> None:
        regions = self._at("called", f"{contig}.regions.bed")
        lines = self._regions.read_text().splitlines(keepends=True)
        regions.write_text("".join(line for line in lines if line.split("\t")[0] == contig))
        self._java(
            *["HaplotypeCaller", "--intervals", regions, "-R", self.fasta, "-I", bam],
            *["-ERC", "GVCF", "--dbsnp", self._known],
            *["-O", self._at("called", f"{SAMPLE}.{contig}.g.vcf.gz")],
            name=f"call.{contig}",
        )

    def _genotype(self, contig: str) -> None:
        """Combine the gVCFs of all samples (one here), then genotype."""
        combined = self._at("called", f"all.{contig}.g.vcf.gz")
        own = self._at("called", f"{SAMPLE}.{contig}.g.vcf.gz")
        called = self._at("genotyped", f"all.{contig}.vcf.gz")
        for tool, taken, made in (
            ("CombineGVCFs", own, combined),
            ("GenotypeGVCFs", combined, called),
        ):
            words = [tool, "-R", self.fasta, "-V", taken, "-O", made]
            self._java(*words, name=f"{tool}.{contig}")

    def _filter(self, kind: str) -> None:
        chosen = self._at("filtered", f"all.{kind}.vcf.gz")
        called = self._at("genotyped", "all.vcf.gz")
        self._java(
            *["SelectVariants", "-R", self.fasta, "-V", called],
            *["--select-type-to-include", TYPES[kind], "-O", chosen],
            name=f"select.{kind}",
        )
        self._java(
            *["VariantFiltration", "-R", self.fasta, "-V", chosen],
            *["--filter-name", "snv-hard-filter", "--filter-expression", HARD_FILTERS[kind]],
            *["-O", self._at("filtered", f"all.{kind}.hardfiltered.vcf.gz")],
            name=f"filter.{kind}",
        )
        _remove(chosen)

    def _merge(self, parts: Sequence[Path], whole: Path) -> None:
        given = [word for part in parts for word in ("--INPUT", part)]
        self._java("MergeVcfs", *given, "--OUTPUT", whole)
        _remove(*parts)

    # ------------------------------------------------------------------------------ helpers

    def _at(self, room: str, name: str) -> Path:
        folder = self.folder / room
        folder.mkdir(exist_ok=True)
        return folder / name

    def _messages(self, name: str) -> Path:
        return self._at("logs", f"{name}.txt")

    def _run(self, *words: object) -> None:
        run(words, self._messages(Path(str(words[0])).name))

    def _java(self, tool: object, *words: object, name: str = "") -> None:
        """Run a tool of GATK, which has Picard's too, with its temporary files in the folder."""
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        java = f"{_MEMORY} -Djava.io.tmpdir={temporary}"
        run(["gatk", "--java-options", java, tool, *words], self._messages(name or str(tool)))

    def _together(self, jobs: Sequence[Callable[[], object]]) -> None:
        with ThreadPoolExecutor(self.threads) as workers:
            for done in [workers.submit(job) for job in jobs]:
                done.result()


def _remove(*files: Path) -> None:
    """Remove files as ``temp()`` does: an index that no rule declares stays."""
    for file in files:
        file.unlink()

"""FASTQ to called VCF: our verbs against the usual chain, one step after another with files.

Both trim with fastp, since both call the same reads then. Both use the same tools, versions,
thread count, and thresholds; ours writes a gVCF on the way and normalises, which for the peer is
done after its time was taken. The peer's intermediate files are written as plainly as its tools
can (trimmed FASTQ and SAM uncompressed), so that it does not lose by compression.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.table import Agreement, Benchmark, Comparison, in_turn

ROOT = Path(__file__).resolve().parents[2]
GENES = ROOT / "resources" / "demo" / "genes.fa.gz"
FOLDER = ROOT / "bench"

GOAL = 0.8
THREADS = 2
SAMPLE = "S1"
SEED = 11
PAIRS = 1_000_000
READ_LENGTH = 150
ERROR_RATE = 0.002
REFERENCE_LENGTH = 10_700_000
"""As the demo's reference: true coordinates on chr20p, N between the genes."""

BATCH_BASES = "1000000"
MIN_MAPPING_QUALITY = "20"
MIN_BASE_QUALITY = "13"
MAX_DEPTH = "250"
BANDS = ("5", "10", "20", "40")
SHARD_BASES = "5000000"
"""The defaults of the settings."""

Call = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Data:
    """Reads, their reference, and what to call them."""

    name: str
    fasta: Path
    mate_1: Path
    mate_2: Path
    repeats: int


def main() -> int:
    """Run the benchmark; 1 if a comparison misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="simulated read pairs")
    parser.add_argument("--repeats", type=int, default=1, help="repeats over simulated reads")
    parser.add_argument("--small-repeats", type=int, default=7, help="repeats over BRCA1 reads")
    options = parser.parse_args()
    benchmark = Benchmark(name="reads", facts=facts(options.pairs))
    compare(benchmark, simulated(options.pairs, options.repeats))
    real = brca1(options.small_repeats)
    if isinstance(real, Data):
        compare(benchmark, real)
    else:
        benchmark.lines.append(Comparison(name=BRCA1_NAME, goal=GOAL, skipped=real))
    benchmark.lines.append(Comparison(name="Snakemake's own start-up", ours=snakemake_start()))
    return benchmark.finish(FOLDER)


def facts(pairs: int) -> dict[str, str]:
    """What the figures were measured with."""
    reads = f"{pairs:,} pairs of 2 x {READ_LENGTH}, wgsim, seed {SEED}, over the demo reference"
    return {
        "data": f"{reads}; BRCA1: 9,862 pairs of NA12878",
        "threads": f"{THREADS} of {os.cpu_count()} processors",
        "versions": ", ".join(versions()),
        "peer": "fastp, bwa mem, samtools fixmate, sort, markdup, index, bcftools mpileup | call",
        "wall time": "seconds, median of repeats taken in turn; making an index is not in it",
    }


def versions() -> Iterator[str]:
    """Name and version of each tool."""
    for words in (["samtools", "--version"], ["bcftools", "--version"], ["fastp", "-v"], ["bwa"]):
        # bwa tells its version in its help; samtools' text is not UTF-8.
        said = subprocess.run(words, capture_output=True, check=False)
        lines = (said.stdout + said.stderr).decode(errors="replace").splitlines()
        named = [line for line in lines if line.startswith((words[0], "Version"))]
        yield named[0].replace("Version:", words[0])


# ------------------------------------------------------------------------------------ data


def simulated(pairs: int, repeats: int) -> Data:
    """Reads over the demo reference, made once and kept."""
    made_from = f"{pairs} {SEED} {READ_LENGTH} {ERROR_RATE}".encode() + GENES.read_bytes()
    folder = FOLDER / f"simulated-{hashlib.sha256(made_from).hexdigest()[:12]}"
    if not folder.exists():
        with whole_folder(folder) as making:
            write_reference(making / "reference.fa")
            simulate(making, pairs)
    return Data(
        name=f"{pairs:,} simulated pairs",
        fasta=folder / "reference.fa",
        mate_1=folder / "reads_1.fastq.gz",
        mate_2=folder / "reads_2.fastq.gz",
        repeats=repeats,
    )


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder that takes its name once all is in it."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=FOLDER) as making:
        yield Path(making)
        shutil.copytree(making, f"{folder}.new")
        Path(f"{folder}.new").rename(folder)


def gene_sequences() -> Iterator[tuple[int, str]]:
    """0-based start on chr20 and bases of each piece of the demo reference."""
    with gzip.open(GENES, "rt") as lines:
        for record in lines.read().split(">")[1:]:
            header, *rows = record.splitlines()
            yield int(header.split()[0].split(":")[1].split("-")[0]) - 1, "".join(rows)


def write_reference(fasta: Path) -> None:
    """chr20 up to the last gene: the genes at their coordinates, N elsewhere."""
    sequence = bytearray(b"N" * REFERENCE_LENGTH)
    for start, bases in gene_sequences():
        sequence[start : start + len(bases)] = bases.encode()
    write_fasta(fasta, "chr20", sequence.decode())


def write_fasta(fasta: Path, name: str, sequence: str) -> None:
    """One contig in lines of 60."""
    rows = "\n".join(sequence[i : i + 60] for i in range(0, len(sequence), 60))
    fasta.write_text(f">{name}\n{rows}\n")


def simulate(folder: Path, pairs: int) -> None:
    """Pairs from the two haplotypes of a person whom wgsim makes up."""
    genes = folder / "genes.fa"
    pieces = (f">{start}\n{bases}\n" for start, bases in gene_sequences())
    genes.write_text("".join(pieces))
    lengths = ["-1", str(READ_LENGTH), "-2", str(READ_LENGTH)]
    mates = [folder / "reads_1.fastq", folder / "reads_2.fastq"]
    words = ["wgsim", "-S", str(SEED), "-N", str(pairs), "-e", str(ERROR_RATE), *lengths]
    subprocess.run(
        [*words, genes, *mates], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    for mate in mates:
        subprocess.run(["bgzip", "-l", "1", mate], check=True)


BRCA1_NAME = "BRCA1 reads of NA12878"


def brca1(repeats: int) -> Data | str:
    """The evaluation data's reads, or why they are not there."""
    shared = Path(os.environ.get("SOYANG_SHARED_DATA", ROOT.parent / "shared" / "data"))
    source = shared / "na12878_brca1"
    if not source.is_dir():
        return f"no {source}; set SOYANG_SHARED_DATA"
    folder = FOLDER / "brca1"
    if not folder.exists():
        with whole_folder(folder) as making:
            rows = (source / "hg38-brca1.fasta").read_text().splitlines()[1:]
            write_fasta(making / "reference.fa", "BRCA1_slice", "".join(rows).upper())
    return Data(
        name=BRCA1_NAME,
        fasta=folder / "reference.fa",
        mate_1=source / "BRCA1_R1.fastq.gz",
        mate_2=source / "BRCA1_R2.fastq.gz",
        repeats=repeats,
    )


# ----------------------------------------------------------------------------------- ways


def compare(benchmark: Benchmark, data: Data) -> None:
    """Both ways over some data: their wall times, and whether they call the same."""
    with TemporaryDirectory(dir=FOLDER) as scratch:
        ours, peer = Ours(data, Path(scratch) / "ours"), Peer(data, Path(scratch) / "peer")
        index = [timed(ours.index), timed(peer.index)]
        mine, theirs = in_turn(data.repeats, [ours.call, peer.call])
        calls = ours.calls(), peer.calls()
    benchmark.lines += [
        Comparison(name=f"{data.name}: FASTQ to VCF", ours=mine, peer=theirs, goal=GOAL),
        Agreement(
            name=f"{data.name}: calls",
            shared=len(calls[0] & calls[1]),
            only_ours=len(calls[0] - calls[1]),
            only_peer=len(calls[1] - calls[0]),
        ),
        Comparison(name=f"{data.name}: index (once)", ours=index[0], peer=index[1]),
    ]


def timed(way: object) -> float:
    """Wall time of one call, in seconds."""
    assert callable(way)
    return in_turn(1, [way])[0]


class Way:
    """One way from FASTQ to VCF, in a folder of its own."""

    def __init__(self, data: Data, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.data, self.folder = data, folder

    def run(self, *words: object, stdout: Path | None = None) -> None:
        """Run one tool quietly; its messages are shown if it fails."""
        messages = self.folder / "messages.txt"
        with (stdout or messages.with_suffix(".out")).open("wb") as out, messages.open("wb") as err:
            command = list(map(str, words))
            status = subprocess.run(command, stdout=out, stderr=err, check=False).returncode
        if status:
            sys.stderr.write(messages.read_text(errors="replace"))
            raise SystemExit(f"bench-reads: {' '.join(command[:3])} failed")

    def normalised(self, vcf: Path) -> set[Call]:
        """Calls with genotype, left-aligned and split alike for both ways."""
        norm = ["bcftools", "norm", "-m", "-any", "-f", str(self.data.fasta), str(vcf)]
        text = subprocess.run(norm, capture_output=True, text=True, check=True).stdout
        rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
        return {(row[0], row[1], row[3], row[4], genotype(row[9])) for row in rows}


def genotype(column: str) -> str:
    """Whether the allele is on one or on all of the chromosomes: ``1/.``, ``0/1`` are one."""
    alleles = column.split(":", maxsplit=1)[0].replace("|", "/").split("/")
    return "all" if set(alleles) == {"1"} else "one"


class Ours(Way):
    """Our verbs, as processes."""

    def index(self) -> None:
        """Prepare the reference."""
        self._verb(
            *["reads", "reference", "--fasta", self.data.fasta, "--assembly", "GRCh38"],
            *["--output", self.folder / "reference"],
        )

    def call(self) -> None:
        """From FASTQ to a normalised VCF."""
        units, cram = self.folder / "units.tsv", self.folder / f"{SAMPLE}.cram"
        mates = f"{self.data.mate_1}\t{self.data.mate_2}"
        units.write_text(
            f"unit\tsample\tentry\tpath_1\tpath_2\n{SAMPLE}.L1\t{SAMPLE}\tfastq\t{mates}\n"
        )
        common = ["--sample", SAMPLE, "--threads", str(THREADS), "--cram", cram]
        genome = ["--reference", self.folder / "reference" / "genome.fa"]
        gvcf = ["--gvcf", self.folder / f"{SAMPLE}.g.vcf.gz"]
        self._verb(
            *["reads", "align", *common, *genome, "--units", units],
            *["--fastp", self.folder / "fastp"],
        )
        self._verb(
            *["calling", "call", *common, *genome, *gvcf, "--assembly", "GRCh38"],
            *["--sex", "female", "--min-mapping-quality", MIN_MAPPING_QUALITY],
            *["--min-base-quality", MIN_BASE_QUALITY, "--max-depth", MAX_DEPTH],
            *[word for band in BANDS for word in ("--bands", band)],
            *["--shard-bases", SHARD_BASES],
        )
        self._verb("calling", "variants", *genome, *gvcf, "--vcf", self._vcf)

    def calls(self) -> set[Call]:
        """What was called."""
        return self.normalised(self._vcf)

    @property
    def _vcf(self) -> Path:
        return self.folder / f"{SAMPLE}.vcf.gz"

    def _verb(self, *words: object) -> None:
        self.run(Path(sys.executable).with_name("soyang"), *words)


class Peer(Way):
    """The usual chain: each step reads the file that the one before it wrote."""

    def index(self) -> None:
        """Index the reference as it is."""
        self.run("cp", self.data.fasta, self._fasta)
        self.run("samtools", "faidx", self._fasta)
        self.run("bwa", "index", self._fasta)

    def call(self) -> None:
        """From FASTQ to a VCF."""
        threads = str(THREADS)
        one, two = self.folder / "trimmed_1.fastq", self.folder / "trimmed_2.fastq"
        bam = {step: self.folder / f"{step}.bam" for step in ("fixed", "sorted", "marked")}
        sam = self.folder / "aligned.sam"
        self.run(
            *["fastp", "-i", self.data.mate_1, "-I", self.data.mate_2, "-o", one, "-O", two],
            *["-w", threads, "-j", self.folder / "fastp.json", "-h", self.folder / "fastp.html"],
        )
        group = f"@RG\\tID:{SAMPLE}\\tSM:{SAMPLE}"
        self.run(
            *["bwa", "mem", "-t", threads, "-K", BATCH_BASES, "-R", group, self._fasta, one, two],
            stdout=sam,
        )
        self.run("samtools", "fixmate", "-m", "-@", threads, sam, bam["fixed"])
        self.run("samtools", "sort", "-@", threads, "-o", bam["sorted"], bam["fixed"])
        self.run("samtools", "markdup", "-@", threads, bam["sorted"], bam["marked"])
        self.run("samtools", "index", "-@", threads, bam["marked"])
        self._call(bam["marked"])

    def _call(self, bam: Path) -> None:
        """Run mpileup | call, the one pipe that the usual chain has."""
        limits = ["-q", MIN_MAPPING_QUALITY, "-Q", MIN_BASE_QUALITY, "-d", MAX_DEPTH]
        pileup = ["bcftools", "mpileup", "--threads", str(THREADS), "-Ou", "-a", "AD,DP"]
        with subprocess.Popen(
            [*pileup, *limits, "-L", MAX_DEPTH, "-f", self._fasta, bam],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as source:
            subprocess.run(
                ["bcftools", "call", "-mv", "-a", "GQ", "-Oz", "-o", self._vcf, "-"],
                stdin=source.stdout,
                stderr=subprocess.DEVNULL,
                check=True,
            )
        if source.returncode:
            raise SystemExit("bench-reads: bcftools mpileup failed")

    def calls(self) -> set[Call]:
        """What was called."""
        return self.normalised(self._vcf)

    @property
    def _fasta(self) -> Path:
        return self.folder / "reference.fa"

    @property
    def _vcf(self) -> Path:
        return self.folder / "calls.vcf.gz"


def snakemake_start() -> float:
    """Wall time of Snakemake on a workflow with nothing to do, in seconds."""
    with TemporaryDirectory(dir=FOLDER) as scratch:
        (Path(scratch) / "Snakefile").write_text("rule all:\n    input: []\n")
        words = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all"]
        start = time.perf_counter()
        subprocess.run(words, cwd=scratch, capture_output=True, check=True)
        return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())

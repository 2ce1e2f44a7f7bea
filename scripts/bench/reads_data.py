"""Reads of bench-reads: simulated over a reference of some megabases, and the real ones."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.accuracy_simulate import READ_LENGTH, plant, simulate_reads

ROOT = Path(__file__).resolve().parents[2]
GENES = ROOT / "resources" / "demo" / "genes.fa.gz"
FOLDER = ROOT / "bench"
SEED = 11
PAIRS = 1_000_000
ERROR_RATE = 0.002
RARER = 2.5
"""So that a variant stands in about a thousand bases, as in a person."""
REFERENCE_LENGTH = 10_700_000
"""The demo's genes at their places on chr20p, and made-up bases between: a million pairs are 28x
over two contigs of half of that."""
GC = 0.41
"""Share of G and C of the made-up bases: the human genome's."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """Reads, their reference, and what is known of it.

    Attributes:
        name: as lines of the table name it.
        fasta: reference.
        mate_1: FASTQ of mate 1.
        mate_2: of mate 2.
        repeats: how often each way takes its turn.
        known: VCF text of known variants, for recalibration; empty where there is none.
    """

    name: str
    fasta: Path
    mate_1: Path
    mate_2: Path
    repeats: int
    known: str = ""


def simulated(pairs: int, length: int, repeats: int, where: Path) -> Data:
    """Reads over the demo's genes with made-up bases between, made once and kept."""
    told = f"art {pairs} {length} {SEED} {READ_LENGTH} {ERROR_RATE} {RARER} {GC}"
    digest = hashlib.sha256(told.encode() + GENES.read_bytes()).hexdigest()
    folder = where / f"simulated-{digest[:12]}"
    if not folder.exists():
        with whole_folder(folder) as making:
            sequences = made_up(length)
            write_fasta(making / "reference.fa", sequences)
            (making / "known.vcf").write_text(
                known_text(sequences, simulate(making, sequences, pairs))
            )
    return Data(
        name=f"{pairs:,} simulated pairs",
        fasta=folder / "reference.fa",
        mate_1=folder / "reads_1.fastq.gz",
        mate_2=folder / "reads_2.fastq.gz",
        repeats=repeats,
        known=(folder / "known.vcf").read_text(),
    )


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder that takes its name once all is in it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as making:
        yield Path(making)
        shutil.copytree(making, f"{folder}.new")
        Path(f"{folder}.new").rename(folder)


def gene_pieces() -> Iterator[tuple[int, str]]:
    """0-based start on chr20 and bases of each piece of the demo reference."""
    with gzip.open(GENES, "rt") as lines:
        for record in lines.read().split(">")[1:]:
            header, *rows = record.splitlines()
            yield int(header.split()[0].split(":")[1].split("-")[0]) - 1, "".join(rows)


def made_up(length: int) -> dict[str, str]:
    """Two contigs of half of a length: made-up bases, with the demo's genes at their places."""
    dice = random.Random(SEED)
    weights = [(1 - GC) / 2, GC / 2, GC / 2, (1 - GC) / 2]
    sequence = bytearray("".join(dice.choices("ACGT", weights, k=length)), "ascii")
    for start, bases in gene_pieces():
        if start + len(bases) <= length:
            sequence[start : start + len(bases)] = bases.encode()
    whole, half = sequence.decode(), length // 2
    return {"chr20": whole[:half], "chr21": whole[half:]}


def write_fasta(fasta: Path, sequences: dict[str, str]) -> None:
    """Contigs in lines of 60."""
    with fasta.open("w") as out:
        for name, bases in sequences.items():
            rows = "\n".join(bases[i : i + 60] for i in range(0, len(bases), 60))
            out.write(f">{name}\n{rows}\n")


def simulate(folder: Path, sequences: dict[str, str], pairs: int) -> list[tuple[str, int]]:
    """Write pairs from the two haplotypes of a made-up person.

    Returns:
        Contig and position, 1-based, of each of the person's SNVs.
    """
    seed = f"speed {SEED}"
    planted = {name: plant(name, bases, seed, RARER) for name, bases in sequences.items()}
    depth = pairs * 2 * READ_LENGTH / sum(map(len, sequences.values()))
    simulate_reads(sequences, planted, depth, ERROR_RATE, seed, folder)
    snvs = [one.variant for of in planted.values() for one in of if not one.variant.grown]
    return [(variant.contig, variant.start + 1) for variant in snvs]


def known_text(sequences: dict[str, str], snvs: Sequence[tuple[str, int]]) -> str:
    """VCF of sites that recalibration leaves out, as dbSNP would have them; any other base."""
    lengths = "".join(f"##contig=<ID={name},length={len(b)}>\n" for name, b in sequences.items())
    rows = [
        f"{contig}\t{position}\t.\t{ref}\t{'A' if ref != 'A' else 'G'}\t.\t.\t.\n"
        for contig, position in snvs
        for ref in [sequences[contig][position - 1]]
    ]
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    return f"##fileformat=VCFv4.2\n{lengths}{columns}{''.join(rows)}"


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
            write_fasta(making / "reference.fa", {"BRCA1_slice": "".join(rows).upper()})
    return Data(
        name=BRCA1_NAME,
        fasta=folder / "reference.fa",
        mate_1=source / "BRCA1_R1.fastq.gz",
        mate_2=source / "BRCA1_R2.fastq.gz",
        repeats=repeats,
    )

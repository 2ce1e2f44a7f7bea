"""Our way from FASTQ to a normalised VCF: the verbs that the workflow's rules call, as processes.

A verb is given the settings' defaults for whichever of its options are settings.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel

from soyang.calling.shard_bed import write_shards
from soyang.core.genomic import Calling, Identity, Reads

SAMPLE = "S1"
ASSEMBLY = "GRCh38"
SEX = "female"
GENOME = "genome.fa"
TRANSCRIPTS = Path(__file__).resolve().parents[2] / "resources" / "demo" / "transcripts.gff3"

_RENAMED = {"coverage_min_mapping_quality": "min_mapping_quality", "gvcf_bands": "bands"}
"""Settings whose option has another name."""


class FailedError(Exception):
    """A command failed; holds the command and the end of what it said."""


def run(words: Sequence[object], messages: Path, stdout: Path | None = None) -> None:
    """Run one command quietly.

    Args:
        words: the command.
        messages: file for what it says.
        stdout: file for its result; without one it goes to the messages.

    Raises:
        FailedError: it failed.
    """
    command = [str(word) for word in words]
    with messages.open("wb") as said:
        if stdout is None:
            done = subprocess.run(command, stdout=said, stderr=said, check=False)
        else:
            with stdout.open("wb") as out:
                done = subprocess.run(command, stdout=out, stderr=said, check=False)
    if done.returncode:
        text = messages.read_text(errors="replace")[-3000:]
        raise FailedError(f"{' '.join(command)[:300]} failed:\n{text}")


def has_option(room: str, verb: str, option: str) -> bool:
    """Whether a verb has an option."""
    function = getattr(import_module(f"soyang.{room}.{verb}"), verb)
    return option in inspect.signature(function).parameters


def settings_words(room: str, verb: str, *settings: BaseModel) -> list[str]:
    """A verb's options that are settings, with the settings' values; later ones override."""
    given = {
        _RENAMED.get(name, name): value
        for of_room in settings
        for name, value in of_room.model_dump().items()
    }
    words: list[str] = []
    for option, value in given.items():
        if value is not None and has_option(room, verb, option):
            for one in value if isinstance(value, list | tuple) else [value]:
                words += [f"--{option.replace('_', '-')}", str(one)]
    return words


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Our verbs over one person's reads.

    Attributes:
        reference: folder of the prepared reference.
        folder: where everything else goes.
        threads: of each verb.
    """

    reference: Path
    folder: Path
    threads: int

    @property
    def cram(self) -> Path:
        """The person's reads, aligned."""
        return self.folder / f"{SAMPLE}.cram"

    def vcf(self, caller: str) -> Path:
        """A caller's variants."""
        return self.folder / f"{SAMPLE}.{caller}.vcf.gz"

    @property
    def _shards(self) -> Path:
        return self.reference / "shards.bed"

    def prepare(self, fasta: Path) -> None:
        """Make the reference and its index, and one shard for each thread.

        Results don't depend on shards. Those that are made of a reference without a BED are too
        small here for a caller that takes seconds to start.
        """
        self._verb(
            *["reads", "reference", "--fasta", fasta, "--assembly", ASSEMBLY],
            *["--output", self.reference, *settings_words("reads", "reference", Reads())],
        )
        write_shards(self.reference / GENOME, "bench", self.threads, self._shards, None)

    def align(self, mate_1: Path, mate_2: Path) -> None:
        """FASTQ to CRAM."""
        units = self.folder / "units.tsv"
        units.write_text(
            "unit\tsample\tentry\tpath_1\tpath_2\n"
            f"{SAMPLE}.L1\t{SAMPLE}\tfastq\t{mate_1}\t{mate_2}\n"
        )
        self._verb(
            *["reads", "align", *self._common(), "--units", units],
            *["--index", self.reference / "index"],
            *["--fastp", self.folder / "fastp", *settings_words("reads", "align", Reads())],
        )

    def measure(self) -> None:
        """Depth and quality."""
        self._verb(
            *["reads", "measure", *self._common(), "--assembly", ASSEMBLY],
            *["--output", self.folder / "qc", "--quality", self.folder / "quality.tsv"],
            *["--transcripts", TRANSCRIPTS, "--genes", self.folder / "genes.tsv"],
            *settings_words("reads", "measure", Calling(), Identity(), Reads()),
        )

    def call(self, caller: str) -> None:
        """CRAM to gVCF and to normalised VCF, by a caller as settings name it."""
        gvcf = self.folder / f"{SAMPLE}.{caller}.g.vcf.gz"
        self._verb(
            *["calling", "call", *self._common(), "--assembly", ASSEMBLY, "--sex", SEX],
            *["--caller", caller, *settings_words("calling", "call", Calling())],
            *["--shards", self._shards, "--gvcf", gvcf],
            *["--others", self.folder / f"{SAMPLE}.{caller}.others.tsv"],
        )
        self._verb(
            *["calling", "variants", "--reference", self.reference / GENOME],
            *["--gvcf", gvcf, "--vcf", self.vcf(caller)],
        )

    def _common(self) -> list[object]:
        return [
            *["--sample", SAMPLE, "--cram", self.cram, "--threads", self.threads],
            *["--reference", self.reference / GENOME],
        ]

    def _verb(self, *words: object) -> None:
        messages = self.folder / "messages.txt"
        run([Path(sys.executable).with_name("soyang"), *words], messages)

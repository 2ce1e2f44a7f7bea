"""The annotation benchmark's peers: their commands, set up as one would who knows them well.

Each is given its fastest options that still do the work: two threads where it has any, no reports,
no search beyond the transcripts. What a peer needs once (SnpEff's database) is not timed.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.annotation_data import Data
from bench.annotation_genome import fingerprint
from bench.annotation_measure import one_after_another, piped
from bench.annotation_sites import FIELDS

PACKAGES = Path(__file__).resolve().parents[2] / "resources" / "bench-packages.txt"
JAR = Path("/usr/share/java/snpeff.jar")
HEAP = "-Xmx8g"
GENOME = "bench"
"""What SnpEff's configuration calls the genome."""

CLINVAR_FIELDS = ("CLNSIG", "CLNREVSTAT", "CLNDN")


def missing() -> list[str]:
    """What is to be installed before this can run, one line each."""
    tools = ("bcftools", "bgzip", "tabix", "vcfanno", "java")
    lacking = [tool for tool in tools if not shutil.which(tool)]
    lacking += [] if JAR.exists() else [str(JAR)]
    if not lacking:
        return []
    packages = " ".join(PACKAGES.read_text().split()) if PACKAGES.exists() else "vcfanno snpeff"
    return [
        f"missing: {', '.join(lacking)}",
        f"Debian has them: apt-get install bcftools tabix {packages}",
    ]


def versions() -> Iterator[str]:
    """Name and version of each peer."""
    for words, mark in (
        (["bcftools", "--version"], "bcftools"),
        (["vcfanno"], "vcfanno version"),
        ([*_java(), "-version"], "SnpEff"),
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        said = next((line for line in lines if line.startswith(mark)), f"{mark}: unknown")
        yield said.split(" [")[0].replace("\t", " ").split(" (build")[0]


def _java() -> list[str]:
    return ["java", HEAP, "-cp", str(JAR), "org.snpeff.SnpEff"]


@dataclass(frozen=True, kw_only=True)
class Peers:
    """Commands on some data; what they write goes to a folder.

    Attributes:
        data: what they work on.
        folder: where they write.
    """

    data: Data
    folder: Path

    # ------------------------------------------------------------------------- frequencies

    def bcftools(self, vcf: Path, name: str, *, source: str = "vcf.gz") -> list[str]:
        """``bcftools annotate`` with all counts.

        Args:
            vcf: what is annotated.
            name: of the answer; by its end compressed VCF or BCF.
            source: the end of the frequency source's name: ``vcf.gz`` or ``bcf``.
        """
        return self._annotate(
            vcf, self.data.frequencies / f"frequencies.{source}", FIELDS, self.folder / name
        )

    def _annotate(
        self, vcf: Path, source: Path, fields: Sequence[str], to: Path, level: str = ""
    ) -> list[str]:
        columns = ",".join(f"INFO/{field}" for field in fields)
        kind = "b" if to.suffix == ".bcf" else "z"
        words = ["bcftools", "annotate", "--no-version", "--threads", "2", "-a", source]
        return [*map(str, words), "-c", columns, f"-O{kind}{level}", "-o", str(to), str(vcf)]

    def vcfanno(self, vcf: Path, name: str) -> list[str]:
        """``vcfanno -p 2`` with all counts; it writes VCF as text."""
        settings = self.folder / "vcfanno.toml"
        names = ", ".join(f'"{field}"' for field in FIELDS)
        same = ", ".join('"self"' for _ in FIELDS)
        settings.write_text(
            f'[[annotation]]\nfile="{self.data.frequencies / "frequencies.vcf.gz"}"\n'
            f"fields=[{names}]\nnames=[{names}]\n"
            f"ops=[{same}]\n"
        )
        return piped(["vcfanno", "-p", "2", settings, vcf], to=self.folder / name)

    # ------------------------------------------------------------------------ consequences

    @property
    def database(self) -> Path:
        """SnpEff's database of the genome and its transcripts."""
        print_of = fingerprint(Path(__file__))
        return self.data.folder / f"snpeff-{self.data.reference.name.split('-')[1]}-{print_of}"

    def prepare(self) -> None:
        """Make SnpEff's database, if it is not there."""
        if self.database.exists():
            return
        making = self.database.with_name(f"{self.database.name}.new")
        shutil.rmtree(making, ignore_errors=True)
        inside = making / "data" / GENOME
        inside.mkdir(parents=True)
        (making / "snpEff.config").write_text(f"data.dir = ./data/\n{GENOME}.genome : {GENOME}\n")
        (inside / "sequences.fa").symlink_to((self.data.reference / "genome.fa").resolve())
        gff = (self.data.reference / "transcripts.gff3").read_text()
        # Ensembl's GFF names a transcript with a prefix in ID and Parent; SnpEff takes its name
        # from transcript_id, and would not know it again.
        for kind in ("transcript", "gene"):
            for field in ("ID", "Parent"):
                gff = gff.replace(f"{field}={kind}:", f"{field}=")
        (inside / "genes.gff").write_text(gff)
        checks = ["-noCheckCds", "-noCheckProtein", "-nodownload"]
        words = [*_java(), "build", "-gff3", *checks, "-c", "snpEff.config", GENOME]
        with (making / "messages.txt").open("wb") as said:
            subprocess.run(words, cwd=making, stdout=said, stderr=said, check=True)
        making.rename(self.database)

    def _snpeff(self, *options: object) -> list[str]:
        quick = ["-noStats", "-noLog", "-nodownload", "-ud", "0", "-noLof", "-noInteraction"]
        words = [*_java(), "ann", *quick, "-c", self.database / "snpEff.config"]
        return [str(word) for word in (*words, *options)]

    def snpeff(self, vcf: Path, name: str, *, hgvs: bool = False) -> list[str]:
        """SnpEff: terms for each allele and transcript, and their names if asked for."""
        options = [GENOME, vcf] if hgvs else ["-noHgvs", GENOME, vcf]
        return piped(self._snpeff(*options), to=self.folder / name)

    # --------------------------------------------------------------------------- all of it

    def chain(self, vcf: Path, name: str) -> list[str]:
        """Normalise, frequencies, ClinVar, and SnpEff with HGVS, as one command.

        ``bcftools annotate`` reads neither of its inputs from a pipe, so that files lie between;
        the last step runs beside SnpEff.
        """
        split, counted = self.folder / "split.bcf", self.folder / "counted.bcf"
        fasta, clinvar = self.data.reference / "genome.fa", self.data.clinvar / "clinvar.vcf.gz"
        norm = ["bcftools", "norm", "--no-version", "--threads", "2", "-m", "-any", "-f", fasta]
        source = self.data.frequencies / "frequencies.vcf.gz"
        columns = ",".join(f"INFO/{field}" for field in CLINVAR_FIELDS)
        classify = ["bcftools", "annotate", "--no-version", "-a", clinvar, "-c", f"ID,{columns}"]
        return one_after_another(
            [*norm, "-Ob1", "-o", split, vcf],
            ["bcftools", "index", split],
            self._annotate(split, source, FIELDS, counted, "1"),
            ["bcftools", "index", counted],
            piped([*classify, "-Ov", counted], self._snpeff(GENOME, "-"), to=self.folder / name),
        )

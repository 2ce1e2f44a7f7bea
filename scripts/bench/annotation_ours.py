"""Ours in the annotation benchmark: the commands that people type, and the catalogue they need."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.annotation_clinvar import DATES
from bench.annotation_data import Data, shared
from bench.annotation_sites import GROUPS

SOYANG = Path(sys.executable).with_name("soyang")
GENE_FACTS = {
    "constraint": ("constraint", "gnomad_v2.1.1_constraint.tsv.gz"),
    "clingen_validity": ("clingen_validity", "clingen_validity_2025-01.tsv.gz"),
    "clingen_dosage": ("clingen_dosage", "clingen_dosage_2026-02-06_GRCh38.tsv.gz"),
    "acmg_sf": ("acmg_sf", "acmg_sf_v3.3.tsv"),
}
"""Source to its kind and its file among the shared data."""

Command = list[str]


@dataclass(frozen=True, kw_only=True)
class Ours:
    """Commands on some data; what they write goes to a folder.

    Attributes:
        data: what they work on.
        folder: where they write.
    """

    data: Data
    folder: Path

    # ----------------------------------------------------------------------------- release

    @property
    def release(self) -> Path:
        """The knowledge release."""
        return self.folder / "release"

    @property
    def renewed(self) -> Path:
        """The release after it, which has the next ClinVar."""
        return self.folder / "renewed"

    def build(self) -> Command:
        """Make the knowledge release from all sources."""
        return self._build(self.release, "before", [])

    def renew(self) -> Command:
        """Make the release after it; the other sources are read again."""
        return self._build(self.renewed, "after", ["--previous", self.release])

    def _build(self, to: Path, release: str, more: list[object]) -> Command:
        files = self._files(release)
        catalog = files.with_suffix(".yaml")
        catalog.write_text(json.dumps({"sources": self._catalog(release)}, indent=1) + "\n")
        return self._words(
            *["knowledge", "build", "--catalog", catalog, "--files", files, "--assembly", "GRCh38"],
            *["--reference", self._fasta, "--threads", 2, "--output", to, *more],
        )

    def _files(self, release: str) -> Path:
        """A folder with links to the files that the catalogue names."""
        folder = self.folder / f"files-{release}"
        folder.mkdir(exist_ok=True)
        clinvar = "clinvar.vcf.gz" if release == "before" else "next.vcf.gz"
        links = {
            "clinvar.vcf.gz": self.data.clinvar / clinvar,
            "frequencies.vcf.gz": self.data.frequencies / "frequencies.vcf.gz",
        }
        links |= {file: shared() / "gene_facts" / file for _, file in GENE_FACTS.values()}
        for name, target in links.items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(target.resolve())
        return folder

    def _catalog(self, release: str) -> dict[str, object]:
        day = DATES[release]
        of_genome: dict[str, object] = {"assembly": ["GRCh38"], "licence": "made up"}
        genes = {
            name: {
                "kind": kind,
                "name": name,
                "version": file.removesuffix(".gz").removesuffix(".tsv"),
                "date": DATES["before"],
                "licence": "see the shared data",
                "file": file,
            }
            for name, (kind, file) in GENE_FACTS.items()
        }
        clinvar = {"kind": "clinvar", "name": "made-up ClinVar", "version": day, "date": day}
        frequencies = {
            "kind": "frequencies",
            "name": "made-up frequencies",
            "version": "1",
            "date": DATES["before"],
            "groups": list(GROUPS),
            "fields": {"nhomalt_{group}": ""},
        }
        return genes | {
            "clinvar": clinvar | of_genome | {"file": "clinvar.vcf.gz"},
            "frequencies": frequencies | of_genome | {"file": "frequencies.vcf.gz"},
        }

    # -------------------------------------------------------------------------- annotation

    def frequencies(self, vcf: Path, name: str, *, aligned: bool = True) -> Command:
        """VCF to Parquet with the counts.

        Args:
            vcf: what is annotated.
            name: of the answer.
            aligned: whether it is left-aligned already, as the peers need it; else it is done.
        """
        known = ["--release", self.release, "--source", "frequencies"]
        return self._annotate(vcf, name, *known, *([] if aligned else ["--reference", self._fasta]))

    def consequences(self, vcf: Path, name: str) -> Command:
        """VCF to Parquet with SO terms and HGVS."""
        return self._annotate(vcf, name, *self._transcripts, "--assembly", "GRCh38")

    def whole(self, vcf: Path, name: str, threads: int = 2) -> Command:
        """VCF to Parquet with all that is known."""
        known = ["--release", self.release, "--genes", self.folder / "genes.parquet"]
        return self._annotate(vcf, name, *self._transcripts, *known, threads=threads)

    def _annotate(self, vcf: Path, name: str, *more: object, threads: int = 2) -> Command:
        return self._words(
            *["annotation", "annotate-vcf", "--vcf", vcf, "--annotated", self.folder / name],
            *["--threads", threads, *more],
        )

    @property
    def _fasta(self) -> Path:
        return self.data.reference / "genome.fa"

    @property
    def _transcripts(self) -> list[object]:
        gff = self.data.reference / "transcripts.gff3"
        return ["--reference", self._fasta, "--transcripts", gff]

    @staticmethod
    def _words(*words: object) -> Command:
        return [str(SOYANG), *map(str, words)]

    # ------------------------------------------------------------------------------ cohort

    def describe(self) -> list[Command]:
        """The cohort's sites described, as the workflow does before it annotates."""
        sites, to = self.data.cohort / "sites.parquet", self.folder
        return [
            self._words(
                *["annotation", "consequence", "--sites", sites, *self._transcripts],
                *["--consequences", to / "consequences.parquet"],
            ),
            self._words(
                *["annotation", "describe", "--consequences", to / "consequences.parquet"],
                *["--sites", sites, *self._transcripts, "--assembly", "GRCh38"],
                *["--described", to / "described.parquet", "--exons", to / "exons.parquet"],
            ),
        ]

    def annotate(self, release: Path) -> Command:
        """The cohort's described sites joined with a release."""
        return self._words(
            *["annotation", "annotate", "--described", self.folder / "described.parquet"],
            *["--sites", self.data.cohort / "sites.parquet", "--reference", self._fasta],
            *["--release", release, "--annotated", self.folder / "cohort.parquet"],
            *["--genes", self.folder / "genes.parquet"],
        )

    def reannotate(self, release: Path) -> Command:
        """What another release changed since the last time, and who carries it."""
        return self._words(
            *["annotation", "reannotate", "--annotated", self.folder / "cohort.parquet"],
            *["--genotypes", self.data.cohort / "genotypes.parquet", "--release", release],
            *["--stored", self.folder / "stored", "--affected", self.affected],
        )

    @property
    def affected(self) -> Path:
        """Who is affected by the release after."""
        return self.folder / "affected.tsv"

"""People with simulated genotypes, and the files that the gate reads of them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from soyang.admission.tables import ADMITTED
from soyang.core.tables import write_table
from soyang.identity.tables import SKETCH

Haplotype = npt.NDArray[np.int8]
WriteAdmitted = Callable[..., Path]


class People:
    """Haplotypes at the same sites for everyone, and files made from them."""

    def __init__(self, folder: Path, positions: npt.NDArray[np.int64], seed: int = 1) -> None:
        self.folder = folder
        self.positions = positions
        self.random = np.random.default_rng(seed)
        self.frequencies = self.random.uniform(0.05, 0.5, len(positions))
        self.files: list[str] = []

    def founder(self) -> tuple[Haplotype, Haplotype]:
        first, second = (
            (self.random.random(len(self.positions)) < self.frequencies).astype(np.int8)
            for _ in range(2)
        )
        return first, second

    def child(
        self, father: tuple[Haplotype, Haplotype], mother: tuple[Haplotype, Haplotype]
    ) -> tuple[Haplotype, Haplotype]:
        """One haplotype of each parent, drawn anew for each 10 Mb."""
        segments = self.positions // 10_000_000
        sides = self.random.integers(0, 2, (2, segments.max() + 1))[:, segments]
        return np.where(sides[0], *father), np.where(sides[1], *mother)

    def write(
        self,
        sample: str,
        haplotypes: tuple[Haplotype, Haplotype],
        *,
        callable_known: bool = True,
        unusable: slice = slice(0, 0),
    ) -> None:
        """Sketch, callable regions and calls of one sample."""
        dosage = haplotypes[0] + haplotypes[1]
        values: list[int | None] = dosage.tolist()
        values[unusable] = [None] * len(values[unusable])
        kept = [n for n, value in enumerate(values) if value != 0]
        frame = pl.DataFrame(
            {
                "contig": ["chr1"] * len(kept),
                "position": self.positions[kept],
                "ref": ["A"] * len(kept),
                "alt": ["G"] * len(kept),
                "dosage": [values[n] for n in kept],
            },
            schema=SKETCH.schema,
        )
        write_table(frame, self.folder / f"{sample}.parquet", SKETCH)
        with gzip.open(self.folder / f"{sample}.callable.bed.gz", "wt") as bed:
            bed.write("chr1\t0\t900000000\n" if callable_known else "")
        (self.folder / f"{sample}.calls.tsv").write_text(
            "sample\tentry\tcaller\tvariants\tcallable_known\tcallable_bases\n"
            f"{sample}\tcram\tbcftools\t{len(kept)}\t{str(callable_known).lower()}\t0\n"
        )
        self.files.append(sample)

    def with_reference(self, sample: str) -> None:
        """Give a sketch the reference genotypes at all sites, as with a fixed list of them."""
        path = self.folder / f"{sample}.parquet"
        everywhere = pl.DataFrame(
            {"contig": "chr1", "position": self.positions, "ref": "A", "alt": "G", "dosage": 0}
        ).with_columns(pl.col("dosage").cast(pl.Int8), pl.col("position").cast(pl.Int64))
        carried = pl.read_parquet(path)
        absent = everywhere.join(carried, on="position", how="anti").select(SKETCH.names)
        write_table(pl.concat([carried, absent]).sort("position"), path, SKETCH)

    def write_sites(self) -> Path:
        """A VCF of all sites with their frequencies."""
        lines = [
            "##fileformat=VCFv4.2",
            "##contig=<ID=chr1>",
            '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">',
            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        ]
        lines += [
            f"chr1\t{position}\t.\tA\tG\t.\t.\tAF={frequency:.4f}"
            for position, frequency in zip(self.positions, self.frequencies, strict=True)
        ]
        path = self.folder / "sites.vcf"
        path.write_text("\n".join(lines) + "\n")
        return path

    def paths(self, suffix: str) -> list[Path]:
        return [self.folder / f"{sample}{suffix}" for sample in self.files]


def signed(path: Path, decisions: list[tuple[str, ...]] | None) -> dict[str, Any]:
    """Write decisions and their signature; options of the gate, none for None."""
    if decisions is None:
        return {}
    lines = [("sample", "reason", "decision", "who", "date", "why"), *decisions]
    path.write_text("".join("\t".join(line) + "\r\n" for line in lines), encoding="utf-8-sig")
    return {"overrides": path, "override_key": [sign(path)]}


def sign(path: Path, *, name: str = "key") -> Path:
    """Sign a file with a new key, as whoever may decide; the public key."""
    private = Ed25519PrivateKey.generate()
    path.with_name(f"{path.name}.sig").write_bytes(private.sign(path.read_bytes()))
    public = path.with_name(f"{name}.pem")
    public.write_bytes(
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return public


@pytest.fixture
def genes(tmp_path: Path) -> People:
    """400 sites in nine blocks on one chromosome arm, as in a panel of nine genes."""
    blocks = np.arange(9) * 1_000_000 + 500_000
    return People(_folder(tmp_path), np.sort((blocks[:, None] + np.arange(45) * 400).ravel()))


@pytest.fixture
def genome(tmp_path: Path) -> People:
    """4,000 sites all over 400 Mb."""
    return People(_folder(tmp_path), np.arange(1, 4_001) * 100_000)


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "한글 폴더"
    folder.mkdir()
    return folder


@pytest.fixture
def write_admitted(tmp_path: Path) -> WriteAdmitted:
    """Write ADMITTED; each sample is named, its person is P and the sample's name."""

    def write(people: dict[str, dict[str, Any]]) -> Path:
        rows = [
            {
                "person": f"P{sample}",
                "sample": sample,
                "hospital": "A",
                "entry": "fastq",
                "status": "admitted",
                "reason": "",
                "sex": "unknown",
                "family": "",
                "father": "",
                "mother": "",
                "affected": "unknown",
                "assay": "wgs",
                "consent": "clinical_care",
                "collected": None,
            }
            | facts
            for sample, facts in people.items()
        ]
        path = tmp_path / "admitted.tsv"
        write_table(ADMITTED.frame(rows), path, ADMITTED)
        return path

    return write

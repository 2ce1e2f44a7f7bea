"""Fixtures that several rooms' tests share: small references, VCFs and the evaluation data."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pysam
import pytest
from hypothesis import settings

settings.register_profile("seeded", derandomize=True, deadline=None)
settings.load_profile("seeded")

ROOT = Path(__file__).resolve().parent.parent

MakeFasta = Callable[..., Path]
MakeVcf = Callable[..., Path]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the evaluation data; skips with a reason where it is absent."""
    folder = Path(os.environ.get("SOYANG_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no evaluation data at {folder}; set SOYANG_SHARED_DATA")
    return folder


@pytest.fixture
def need_tool() -> Callable[[str], None]:
    """Fail (not skip) where a tool that `make setup` installs is missing."""

    def need(name: str) -> None:
        assert shutil.which(name), f"{name} is not on PATH; run `make setup`"

    return need


@pytest.fixture
def make_fasta(tmp_path: Path) -> MakeFasta:
    """Write an indexed FASTA: given sequences, or seeded random ones of given lengths."""

    def make(contigs: dict[str, str | int], name: str = "genome.fa", seed: int = 1) -> Path:
        generator = random.Random(seed)
        path = tmp_path / name
        with path.open("w") as out:
            for contig, content in contigs.items():
                sequence = (
                    "".join(generator.choices("ACGT", k=content))
                    if isinstance(content, int)
                    else content
                )
                out.write(f">{contig}\n")
                out.writelines(f"{sequence[i : i + 60]}\n" for i in range(0, len(sequence), 60))
        pysam.faidx(str(path))
        return path

    return make


@pytest.fixture
def make_vcf(tmp_path: Path) -> MakeVcf:
    """Write a bgzipped, tabix-indexed VCF from records.

    A record is a tab- or space-separated string of VCF columns (CHROM POS ID REF ALT QUAL
    FILTER INFO [FORMAT sample...]).
    """

    def make(
        records: Sequence[str],
        *,
        samples: Sequence[str] = (),
        contigs: dict[str, int] | None = None,
        header: Sequence[str] = (),
        name: str = "calls.vcf.gz",
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ["##fileformat=VCFv4.2", '##FILTER=<ID=PASS,Description="All filters passed">']
        lines += [
            f"##contig=<ID={c},length={n}>" for c, n in (contigs or {"chr20": 10_700_000}).items()
        ]
        lines += [
            '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
            '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
            '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allele depths">',
            '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Genotype quality">',
            '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">',
            '##INFO=<ID=AC,Number=A,Type=Integer,Description="Allele count">',
            '##INFO=<ID=AN,Number=1,Type=Integer,Description="Allele number">',
            '##INFO=<ID=nhomalt,Number=A,Type=Integer,Description="Homozygotes">',
            '##INFO=<ID=END,Number=1,Type=Integer,Description="Block end">',
            *header,
        ]
        columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
        if samples:
            columns += ["FORMAT", *samples]
        lines.append("\t".join(columns))
        lines += ["\t".join(record.split()) for record in records]
        plain = path.with_suffix("")
        plain.write_text("\n".join(lines) + "\n")
        pysam.tabix_compress(str(plain), str(path), force=True)
        pysam.tabix_index(str(path), preset="vcf", force=True)
        plain.unlink()
        return path

    return make

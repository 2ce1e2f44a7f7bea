"""The files that the cohort reads of each sample."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from soyang.admission.tables import ADMITTED
from soyang.core.tables import write_table
from soyang.identity.tables import VERDICTS
from tests.conftest import MakeVcf

Regions = Sequence[tuple[str, int, int]]
CONTIGS = {"chr1": 1_000_000, "chr2": 1_000_000, "chr10": 1_000_000, "chrX": 156_040_895}


def write_admitted(path: Path, people: dict[str, dict[str, str]]) -> Path:
    """ADMITTED; each sample is named, its person is P and the sample's name."""
    rows = [
        dict.fromkeys(ADMITTED.names, "")
        | {"person": f"P{sample}", "sample": sample, "status": "admitted", "affected": "unknown"}
        | {"sex": "female", "consent": "clinical_care;research", "collected": None}
        | facts
        for sample, facts in people.items()
    ]
    write_table(ADMITTED.frame(rows), path, ADMITTED)
    return path


class House:
    """Samples' files from calling, and the tables beside them."""

    def __init__(self, folder: Path, make_vcf: MakeVcf) -> None:
        self.folder = folder
        self.make_vcf = make_vcf
        self.files: dict[str, list[Path]] = {"vcf": [], "callable_bed": [], "calls": []}
        self.people: dict[str, dict[str, str]] = {}
        self.verdicts: dict[str, str] = {}

    def add(
        self,
        sample: str,
        records: Sequence[str] = (),
        regions: Regions | None = (("chr1", 0, 1_000_000),),
        verdict: str = "pass",
        caller: str = "bcftools 1.16",
        **facts: str,
    ) -> None:
        """One sample; ``regions`` of None is a plain VCF. A caller but ours is another house's."""
        self.people[sample] = facts
        self.verdicts[sample] = verdict
        vcf = self.make_vcf(records, samples=[sample], contigs=CONTIGS, name=f"{sample}.vcf.gz")
        bed = self.folder / f"{sample}.callable.bed.gz"
        with gzip.open(bed, "wt") as out:
            out.writelines(f"{c}\t{start}\t{end}\n" for c, start, end in regions or ())
        calls = self.folder / f"{sample}.calls.tsv"
        known = str(regions is not None).lower()
        entry = "cram" if caller == "bcftools 1.16" else "gvcf"
        row = {"sample": sample, "entry": entry, "caller": caller, "variants": str(len(records))}
        row |= {"callable_known": known, "provenance": f"{caller}; bands b; reference r"}
        calls.write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n")
        for kind, path in (("vcf", vcf), ("callable_bed", bed), ("calls", calls)):
            self.files[kind].append(path)

    def write(self) -> tuple[Path, Path]:
        """ADMITTED and VERDICTS."""
        rows = [
            {column.name: "" for column in VERDICTS.columns if column.dtype == pl.String}
            | {"person": f"P{sample}", "sample": sample, "verdict": verdict}
            | {"sex_found": "not_assessed"}
            for sample, verdict in self.verdicts.items()
        ]
        verdicts = self.folder / "verdicts.tsv"
        write_table(VERDICTS.frame(rows), verdicts, VERDICTS)
        return write_admitted(self.folder / "admitted.tsv", self.people), verdicts


@pytest.fixture
def house(tmp_path: Path, make_vcf: MakeVcf) -> House:
    folder = tmp_path / "한글 폴더"
    folder.mkdir()
    return House(folder, make_vcf)

"""A desk on which knowledge releases are made from small hand-written sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from soyang.annotation.release.build import Order, build
from soyang.core.assembly import Assembly

ONE_STAR = "criteria_provided,_single_submitter"
EXPERTS = "reviewed_by_expert_panel"
CLINVAR_FIELDS = (
    *("CLNSIG", "CLNREVSTAT", "CLNDN", "CLNSIGCONF", "CLNVC", "CLNSIGINCL", "ONC", "SCI"),
    *("CLNHGVS", "GENEINFO", "ORIGIN"),
)
BASE = [
    ("20", 1_000, "11", "A", "G", "Pathogenic", EXPERTS),
    ("20", 1_010, "12", "C", "T", "Likely_pathogenic", ONE_STAR),
    ("20", 1_020, "13", "C", "CTT", "Benign/Likely_benign", ONE_STAR),
    ("20", 1_030, "14", "G" + "ACGT" * 5, "G", "Uncertain_significance", ONE_STAR),
    ("X", 500, "15", "T", "C", "Pathogenic/Likely_pathogenic", ONE_STAR),
]
"""Chromosome, position, id, ref, alt, class, review; one deletion whose key is a hash."""

Record = tuple[Any, ...]


def clinvar_text(records: Sequence[Record], date: str = "2025-09-28") -> str:
    """ClinVar's VCF; an eighth element of a record is further INFO."""
    lines = ["##fileformat=VCFv4.1", f"##fileDate={date}", "##source=ClinVar"]
    lines += ["##reference=GRCh38"]
    lines += [
        f'##INFO=<ID={name},Number=.,Type=String,Description="{name}">' for name in CLINVAR_FIELDS
    ]
    lines += ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    for chromosome, position, number, ref, alt, significance, review, *more in records:
        classed = [f"CLNSIG={significance}"] if significance else []
        info = ";".join([f"CLNREVSTAT={review}", *classed, *more])
        lines.append("\t".join([chromosome, str(position), number, ref, alt, ".", ".", info]))
    return "\n".join(lines) + "\n"


@dataclass
class Desk:
    """A folder with sources, a catalogue, and the releases made from them."""

    folder: Path
    root: Path

    @property
    def files(self) -> Path:
        return self.folder / "files"

    def put(self, records: Sequence[Record] = BASE, date: str = "2025-09-28") -> Path:
        """Write ClinVar's file."""
        path = self.files / "clinvar.vcf"
        path.parent.mkdir(exist_ok=True)
        path.write_text(clinvar_text(records, date))
        return path

    def clinvar(self, **other: Any) -> dict[str, Any]:
        """ClinVar's entry in a catalogue."""
        return {
            "kind": "clinvar",
            "assembly": ["GRCh38"],
            "name": "ClinVar",
            "version": "2025-09-28",
            "date": "2025-09-28",
            "licence": "public domain",
            "file": "clinvar.vcf",
            **other,
        }

    def catalog(self, **sources: dict[str, Any]) -> Path:
        """Write the catalogue."""
        path = self.folder / "catalog.yaml"
        path.write_text(yaml.safe_dump({"sources": sources}, allow_unicode=True))
        return path

    def order(self, release: str = "release", **other: Any) -> Order:
        """An order for a release; without a catalogue one of ClinVar alone is written."""
        if "catalog" not in other:
            other["catalog"] = self.catalog(clinvar=self.clinvar(max_shrink=0.5))
        known = {
            "files": self.files,
            "vocabularies": self.root / "resources" / "knowledge" / "vocabularies.yaml",
            "assembly": Assembly.GRCH38,
            "reference": None,
            "previous": None,
            "sources": (),
            "threads": 1,
            "output": self.folder / release,
        }
        return Order(**{**known, **other})

    def build(self, release: str = "release", **other: Any) -> Path:
        """Build a release."""
        order = self.order(release, **other)
        build(order)
        return order.output


@pytest.fixture
def desk(tmp_path: Path, root: Path) -> Desk:
    """A desk with ClinVar's file, in a folder with a Hangul name and a space."""
    folder = tmp_path / "지식 자료"
    folder.mkdir()
    made = Desk(folder, root)
    made.put()
    return made

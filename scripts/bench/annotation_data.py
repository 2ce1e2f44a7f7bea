"""What the annotation benchmark works on, each part made once and kept.

A part is a folder that takes its name once all is in it; the name changes with the code that makes
it and with the parts that it is made from, so that an old one is never taken for a new one. Run as
a program it makes what is missing: its memory is then not the benchmark's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import (
    annotation_clinvar,
    annotation_cohort,
    annotation_genome,
    annotation_person,
    annotation_sites,
)
from bench.annotation_genome import fingerprint

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "bench" / "annotation"


def shared() -> Path:
    """Where the data of other sources is."""
    return Path(os.environ.get("SOYANG_SHARED_DATA", ROOT.parent / "shared" / "data"))


@dataclass(frozen=True, kw_only=True)
class Data:
    """Where all parts of one size are.

    Attributes:
        scale: share of the genome.
        gff: MANE's GFF3.
        folder: parent of the parts.
    """

    scale: float
    gff: Path
    folder: Path

    def _part(self, name: str, *modules: str) -> Path:
        files = [HERE / f"annotation_{module}.py" for module in modules]
        return self.folder / f"{name}-{fingerprint(self.gff, *files)}"

    @property
    def reference(self) -> Path:
        """``genome.fa``, its index, ``transcripts.gff3``."""
        return self._part("reference", "genome")

    @property
    def frequencies(self) -> Path:
        """``frequencies.vcf.gz`` and ``.bcf`` with indexes."""
        return self._part("frequencies", "genome", "sites")

    @property
    def person(self) -> Path:
        """``person.vcf.gz``, ``truth.parquet``."""
        return self._part("person", "genome", "sites", "person")

    @property
    def clinvar(self) -> Path:
        """``clinvar.vcf.gz``, and the release after it: ``next.vcf.gz``."""
        return self._part("clinvar", "genome", "sites", "person", "clinvar")

    @property
    def cohort(self) -> Path:
        """``samples.parquet``, ``sites.parquet``, ``genotypes.parquet``, ``sites.vcf.gz``."""
        return self._part("cohort", "genome", "sites", "person", "clinvar", "cohort")

    def parts(self) -> dict[Path, Callable[[Path], None]]:
        """Each part and what makes it, in the order in which they need each other."""
        return {
            self.reference: lambda to: annotation_genome.make(to, self.gff, self.scale),
            self.frequencies: lambda to: annotation_sites.make(to, self.reference),
            self.person: lambda to: annotation_person.make(to, self.reference, self.frequencies),
            self.clinvar: lambda to: annotation_clinvar.make(to, self.reference, self.person),
            self.cohort: lambda to: annotation_cohort.make(
                to, self.reference, self.frequencies, self.clinvar, self.scale
            ),
        }


def data(scale: float, folder: Path = FOLDER) -> Data:
    """The data of one size.

    Raises:
        SystemExit: MANE's transcripts are not there.
    """
    gff = shared() / "mane" / "MANE.GRCh38.gff3.gz"
    if not gff.exists():
        raise SystemExit(f"bench-annotation: no {gff}; set SOYANG_SHARED_DATA")
    return Data(scale=scale, gff=gff, folder=folder / f"{scale:g}")


def make(wanted: Data) -> None:
    """Make the parts that are missing, and remove those that other versions of the code made."""
    parts = wanted.parts()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    kinds = {part.name.split("-")[0] for part in parts}
    for old in wanted.folder.iterdir():
        if old.name.split("-")[0] in kinds and old not in parts:
            shutil.rmtree(old)
    for part, maker in parts.items():
        if part.exists():
            continue
        start, making = time.perf_counter(), part.with_name(f"{part.name}.new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        maker(making)
        making.rename(part)
        print(f"made {part.name} in {time.perf_counter() - start:.0f} s", flush=True)


def main() -> None:
    """Make the data of one size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the genome")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the data lies")
    options = parser.parse_args()
    make(data(options.scale, options.folder))


if __name__ == "__main__":
    main()

"""The identity gate on 200 synthetic people: `make evaluate-identity`.

Each cohort has three swaps, two duplicates, two discordant sexes and one contaminated sample. The
real verbs run on files as calling writes them; the list of those held back is printed, and must be
exactly the expected one: both members of each swap and duplicate.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pysam
from rich.console import Console
from rich.table import Table

from evaluate.identity_people import CONTIGS, Cohort, Human, Sites, make_cohort
from soyang.admission.tables import ADMITTED
from soyang.calling.tables import CALLS
from soyang.core.genomic import Identity
from soyang.core.tables import Table as SomeTable
from soyang.core.tables import read_table, write_table
from soyang.identity.contamination import contamination
from soyang.identity.judge import judge
from soyang.identity.relate import relate
from soyang.identity.sketch import sketch
from soyang.identity.tables import VERDICTS
from soyang.reads.tables import QUALITY

SEEDS = (1, 2, 3, 4, 5)
ERROR = 0.002
"""Share of reads with another base."""
PRIOR = np.log([0.5, 0.25, 0.25])
MAX_QUALITY = 99
HEADER = [
    "##fileformat=VCFv4.2",
    '##FILTER=<ID=PASS,Description="All filters passed">',
    *(f"##contig=<ID={contig}>" for contig in CONTIGS),
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allelic depths">',
    '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Genotype quality">',
]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One cohort's verdicts.

    Attributes:
        seed: of the cohort.
        expected: sample to what is wrong with it.
        found: sample to the reason for which it is held back.
    """

    seed: int
    expected: Mapping[str, str]
    found: Mapping[str, str]

    @property
    def exact(self) -> bool:
        """Whether exactly the expected samples are held back."""
        return set(self.expected) == set(self.found)


def evaluate(seed: int, folder: Path, *, listed: bool = True, people: int = 200) -> Outcome:
    """Run the gate on one cohort.

    Args:
        seed: of the cohort.
        folder: where its files go.
        listed: whether the gate is given the list of common sites.
        people: how many.
    """
    cohort = make_cohort(seed, people=people)
    files = _Files(folder, cohort, np.random.default_rng([seed, 1]), listed=listed)
    verdicts = files.run()
    rows = read_table(verdicts, VERDICTS).to_dicts()
    return Outcome(
        seed=seed,
        expected=cohort.wrong,
        found={row["sample"]: row["reason"] for row in rows if row["verdict"] == "quarantine"},
    )


class _Files:
    """A cohort's files, as admission, reads and calling write them."""

    def __init__(
        self, folder: Path, cohort: Cohort, random: np.random.Generator, *, listed: bool
    ) -> None:
        self._folder = folder
        self._cohort = cohort
        self._random = random
        self._sites = write_sites(folder / "sites.vcf.gz", cohort.sites) if listed else None
        self._settings = Identity().model_dump()

    def run(self) -> Path:
        """All verbs; the table of verdicts."""
        people = self._cohort.people
        write_table(ADMITTED.frame(map(admitted_row, people.values())), self._at("admitted.tsv"),
                    ADMITTED)  # fmt: skip
        for person in people.values():
            self._sample(person)
        relate(
            admitted=self._at("admitted.tsv"),
            sketch=self._all("sketch/{}.parquet"),
            callable_bed=[] if self._sites else self._all("{}.callable.bed.gz"),
            calls=self._all("{}.calls.tsv"),
            sites=self._sites,
            **self._limits(
                *("min_sites", "max_parent_child_ibs0", "min_duplicate_kinship"),
                *("min_duplicate_concordance", "min_first_degree_kinship"),
            ),
            kinship=self._at("kinship.tsv"),
            heterozygosity=self._at("heterozygosity.tsv"),
        )
        judge(
            admitted=self._at("admitted.tsv"),
            kinship=self._at("kinship.tsv"),
            heterozygosity=self._at("heterozygosity.tsv"),
            quality=self._all("{}.quality.tsv"),
            calls=self._all("{}.calls.tsv"),
            contamination=self._all("contamination/{}.tsv"),
            **self._limits(
                *("max_one_x_heterozygosity", "min_two_x_heterozygosity", "min_sites"),
                *(
                    "min_first_degree_kinship",
                    "max_contamination",
                    "transfusion_days",
                    "max_parent_child_ibs0",
                ),
            ),
            verdicts=self._at("verdicts.tsv"),
            decisions=self._at("overrides.tsv"),
        )
        return self._at("verdicts.tsv")

    def _at(self, name: str) -> Path:
        return self._folder / name

    def _all(self, pattern: str) -> list[Path]:
        return [self._at(pattern.format(sample)) for sample in self._cohort.people]

    def _limits(self, *names: str) -> dict[str, Any]:
        return {name: self._settings[name] for name in names}

    def _sample(self, person: Human) -> None:
        name = person.sample
        in_tube = self._cohort.people[person.tube]
        reference, alternate = self._reads(person, in_tube)
        vcf = self._at(f"{name}.vcf.gz")
        write_calls(vcf, name, self._cohort.sites, reference, alternate)
        with gzip.open(self._at(f"{name}.callable.bed.gz"), "wt") as bed:
            bed.writelines(f"{contig}\t0\t300000000\n" for contig in CONTIGS)
        write_table(CALLS.frame([calls_row(name)]), self._at(f"{name}.calls.tsv"), CALLS)
        quality = quality_row(name, in_tube.sex, person.depth, self._random)
        write_table(QUALITY.frame([quality]), self._at(f"{name}.quality.tsv"), QUALITY)
        sketch(
            vcf=vcf,
            callable_bed=self._at(f"{name}.callable.bed.gz"),
            calls=self._at(f"{name}.calls.tsv"),
            sites=self._sites,
            sketch=self._at(f"sketch/{name}.parquet"),
        )
        contamination(
            sample=name,
            sites=self._at("sites.vcf.gz") if self._sites else None,
            vcf=vcf,
            min_contamination_sites=self._settings["min_contamination_sites"],
            contamination=self._at(f"contamination/{name}.tsv"),
        )

    def _reads(self, person: Human, in_tube: Human) -> tuple[Numbers, Numbers]:
        """Reference and alternate reads at each site."""
        copies = in_tube.haplotypes.sum(axis=0) / 2
        if person.contaminant:
            other = self._cohort.people[person.contaminant].haplotypes.sum(axis=0) / 2
            copies = (1 - person.contamination) * copies + person.contamination * other
        return draw_reads(self._random, copies, person.depth)


def draw_reads(
    random: np.random.Generator, share: npt.NDArray[np.float64], depth: float
) -> tuple[Numbers, Numbers]:
    """Reads with either base.

    Args:
        random: what draws.
        share: of alternate alleles among the molecules, a site each.
        depth: mean number of reads with either base.
    """
    reads = random.poisson(depth, len(share))
    shown = share * (1 - ERROR) + (1 - share) * ERROR / 3
    alternate = random.binomial(reads, shown / (1 - 2 * ERROR / 3))
    return reads - alternate, alternate


def write_calls(
    path: Path, sample: str, sites: Sites, reference: Numbers, alternate: Numbers
) -> None:
    """A VCF of what a caller makes of reads: diploid genotypes by likelihood, no references."""
    share = np.array([ERROR, 0.5, 1 - ERROR])
    scores = alternate[:, None] * np.log(share) + reference[:, None] * np.log(1 - share) + PRIOR
    dosage = scores.argmax(axis=1)
    order = np.sort(scores, axis=1)
    quality = np.minimum(10 / np.log(10) * (order[:, 2] - order[:, 1]), MAX_QUALITY).astype(int)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pysam.BGZFile(str(path), "wb", None) as out:
        columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", sample]
        lines = [*HEADER, "\t".join(columns)]
        lines += _records(sites, dosage, reference, alternate, quality)
        out.write(("\n".join(lines) + "\n").encode())


def _records(
    sites: Sites, dosage: Numbers, reference: Numbers, alternate: Numbers, quality: Numbers
) -> Iterator[str]:
    for n in np.flatnonzero((dosage > 0) & (reference + alternate > 0)).tolist():
        genotype = ("0/0", "0/1", "1/1")[dosage[n]]
        counts = f"{reference[n] + alternate[n]}:{reference[n]},{alternate[n]}:{quality[n]}"
        place = f"{CONTIGS[sites.contig[n]]}\t{sites.position[n]}"
        yield f"{place}\t.\tA\tG\t.\tPASS\t.\tGT:DP:AD:GQ\t{genotype}:{counts}"


def write_sites(path: Path, sites: Sites) -> Path:
    """The list of common sites."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = [line for line in HEADER if "FORMAT" not in line]
    header += ['##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">']
    header += ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    with pysam.BGZFile(str(path), "wb", None) as out:
        out.write(("\n".join([*header, *_site_lines(sites)]) + "\n").encode())
    return path


def _site_lines(sites: Sites) -> Iterator[str]:
    for contig, position, frequency in zip(
        sites.contig.tolist(), sites.position.tolist(), sites.frequency.tolist(), strict=True
    ):
        yield f"{CONTIGS[contig]}\t{position}\t.\tA\tG\t.\tPASS\tAF={frequency:.4f}"


def blank_row(table: SomeTable) -> dict[str, object]:
    """A row in which nothing is said."""
    nothing = {pl.String: "", pl.Boolean: False, pl.Int64: 0, pl.Float64: 0.0}
    return {
        column.name: None
        if column.nullable
        else column.allowed[0]
        if column.allowed
        else next(value for dtype, value in nothing.items() if column.dtype == dtype)
        for column in table.columns
    }


def admitted_row(person: Human) -> dict[str, object]:
    """A person's row of ADMITTED."""
    return blank_row(ADMITTED) | {
        "person": f"P-{person.sample}",
        "sample": person.sample,
        "hospital": "A",
        "entry": "fastq",
        "status": "admitted",
        "sex": person.recorded_sex,
        "family": person.family,
        "father": person.father and f"P-{person.father}",
        "mother": person.mother and f"P-{person.mother}",
        "affected": "unknown",
        "assay": "wgs",
        "consent": "clinical_care",
    }


def calls_row(sample: str) -> dict[str, object]:
    """A sample's row of CALLS."""
    return blank_row(CALLS) | {"sample": sample, "entry": "cram", "callable_known": True}


def quality_row(
    sample: str, sex: str, depth: float, random: np.random.Generator
) -> dict[str, object]:
    """A sample's row of QUALITY, with the depth of X and Y of the sex that is in the tube."""
    x, y = (1, 1) if sex == "male" else (2, 0)
    return blank_row(QUALITY) | {
        "sample": sample,
        "mean_depth": depth,
        "x_copies": x,
        "y_copies": y,
        "x_depth_ratio": round(x / 2 + random.normal(0, 0.01), 4),
        "y_depth_ratio": round(abs(y / 2 + random.normal(0, 0.01)), 4),
    }


def show(outcome: Outcome, console: Console) -> None:
    """Print who is held back, and who should have been."""
    table = Table(title=f"seed {outcome.seed}: held back", title_justify="left")
    for column in ("sample", "expected", "found"):
        table.add_column(column, overflow="fold")
    for sample in sorted({*outcome.expected, *outcome.found}):
        expected = outcome.expected.get(sample, "[red]nothing")
        table.add_row(sample, expected, outcome.found.get(sample, "[red]passed"))
    console.print(table)
    word = "exactly the expected list" if outcome.exact else "[red]NOT the expected list"
    console.print(f"{len(outcome.found)} held back: {word}\n")


def main() -> int:
    """Print the lists; 1 if one is not the expected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="cohorts (default: 1 to 5)")
    seeds = parser.parse_args().seed or SEEDS
    console = Console(width=140)
    pysam.set_verbosity(0)  # the files have no index, and need none
    outcomes = []
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="identity-") as folder:
            outcomes.append(evaluate(seed, Path(folder)))
        show(outcomes[-1], console)
    return 0 if all(outcome.exact for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

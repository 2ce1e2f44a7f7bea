"""Reading what other rooms hand to cohort."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from soyang.core.assembly import contig_order
from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows
from soyang.core.people import Consent
from soyang.core.regions import REGIONS


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the record says of one admitted sample.

    Attributes:
        sample: sample.
        person: person's pseudonym.
        sex: recorded sex: male, female or unknown.
        consent: scopes joined by ';'.
    """

    sample: str
    person: str
    sex: str
    consent: str

    @property
    def for_research(self) -> bool:
        """Whether the person agreed to be counted in frequencies."""
        return Consent.RESEARCH.value in self.consent.split(";")


def read_subjects(admitted: Path) -> dict[str, Subject]:
    """Admitted samples by name; who was not admitted is left out."""
    return {
        row["sample"]: Subject(**{name: row[name] for name in Subject.__annotations__})
        for row in read_rows(admitted, "status", *Subject.__annotations__)
        if row["status"] == "admitted"
    }


def passed(verdicts: Path) -> list[str]:
    """Samples that the identity gate let pass, sorted."""
    return sorted(
        row["sample"]
        for row in read_rows(verdicts, "sample", "verdict")
        if row["verdict"] == "pass"
    )


def require(samples: Iterable[str], known: Collection[str], source: Path, what: str) -> None:
    """Refuse samples that a table or the given files lack.

    Args:
        samples: samples that are needed.
        known: samples that are there.
        source: file named in the fault.
        what: what each sample must have, for the fault.

    Raises:
        FaultError: with each of them.
    """
    faults = [
        Fault(
            code="sample-unknown",
            file=str(source),
            found=f"sample {sample!r} without {what}",
            allowed=f"{what} for each sample (there: {', '.join(sorted(known)) or 'none'})",
            next_step="give the files of all samples that passed, and of admitted samples only",
            sample=sample,
        )
        for sample in sorted(set(samples) - set(known))
    ]
    if faults:
        raise FaultError(faults)


def by_rank(contigs: Iterable[str]) -> dict[str, int]:
    """Contig to its place: chromosomes in their order, then others by name."""
    return {contig: rank for rank, contig in enumerate(sorted(set(contigs), key=contig_order))}


def merged(regions: pl.DataFrame) -> pl.DataFrame:
    """Overlapping and touching regions joined; sorted by contig order and start."""
    ranks = by_rank(regions["contig"].unique())
    reached = pl.col("end").cum_max().shift(1).over("contig")
    begins = (pl.col("start") > reached).fill_null(value=True)
    return (
        regions.with_columns(rank=pl.col("contig").replace_strict(ranks, return_dtype=pl.Int32))
        .sort("rank", "start", "end")
        .with_columns(run=begins.cum_sum())
        .group_by("run", maintain_order=True)
        .agg(pl.col("contig").first(), pl.col("start").first(), pl.col("end").max())
        .select(*REGIONS)
    )

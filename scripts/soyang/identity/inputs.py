"""Reading what other rooms hand to identity."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows

NAMES = ("sample", "person", "sex", "father", "mother")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the record says of one sample.

    Attributes:
        sample: sample.
        person: person's pseudonym.
        sex: recorded sex: male, female or unknown.
        father: father's pseudonym, empty if none.
        mother: mother's pseudonym, empty if none.
        family: recorded family, empty if none.
        collected: day on which the specimen was taken, None if not known.
        batch: earlier batch of the sample, empty for this one.
        earlier_passed: whether it passed the gate in its earlier batch.
    """

    sample: str
    person: str
    sex: str
    father: str
    mother: str
    family: str = ""
    collected: date | None = None
    batch: str = ""
    earlier_passed: bool | None = None

    @property
    def parents(self) -> frozenset[str]:
        """Pseudonyms of the recorded parents."""
        return frozenset({self.father, self.mother} - {""})


def read_subjects(admitted: Path) -> dict[str, Subject]:
    """Admitted samples by name; who was not admitted is left out."""
    return {
        row["sample"]: Subject(
            sample=row["sample"],
            person=row["person"],
            sex=row["sex"],
            father=row["father"],
            mother=row["mother"],
            family=row.get("family", ""),
            collected=day(row["collected"]),
        )
        for row in read_rows(admitted, "status", *NAMES, "collected")
        if row["status"] == "admitted"
    }


def day(text: str) -> date | None:
    """A day as tables have it; None where it is missing."""
    return date.fromisoformat(text) if text else None


def read_calls(calls: Iterable[Path]) -> dict[str, bool]:
    """Sample to whether absence of a variant can mean the reference allele."""
    rows = [row for path in calls for row in read_rows(path, "sample", "callable_known")]
    return {row["sample"]: row["callable_known"] == "true" for row in rows}


def by_sample(paths: Iterable[Path], suffix: str) -> dict[str, Path]:
    """Files named ``<sample><suffix>`` by sample."""
    return {path.name.removesuffix(suffix): path for path in paths}


def require(samples: Iterable[str], known: Collection[str], source: Path) -> None:
    """Refuse samples that a table does not know.

    Raises:
        FaultError: with each of them.
    """
    faults = [
        Fault(
            code="sample-unknown",
            file=str(source),
            column="sample",
            found=f"no admitted sample {sample!r}",
            allowed=f"each sample whose files are given (known: {', '.join(sorted(known))})",
            next_step="give the files of admitted samples only",
            sample=sample,
        )
        for sample in sorted(set(samples) - set(known))
    ]
    if faults:
        raise FaultError(faults)

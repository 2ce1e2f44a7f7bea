"""Print one person's phenotypes with the records that they came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import Table, read_table
from soyang.phenotypes.tables import EVIDENCE, PERSON_MAPPING, PERSONS, PROFILE

RECORDS = {
    "found": "The platform has a record of this person.",
    "not_found": "The platform was asked and has no record of this person: not found is not "
    "healthy.",
    "no_platform": "Nobody looked: this person has no id on the platform, or there is none.",
}
_TERMS = (
    "hpo_id", "name", "status", "concept", "code", "dates", "hospital", "match", "resolved",
)  # fmt: skip
_MEDICINES = ("hpo_id", "name", "recorded", "medicine", "concept", "code", "dates")


def profile(person: str, /, *, directory: Path = Path("results/phenotypes")) -> None:
    """Print a person's HPO terms with concept, code, dates, hospital and match level.

    Below them: medicines that speak for a phenotype, how many records led to no term, and
    whether the platform has a record of the person. As a table in a terminal, else one line for
    each term with tabs between the fields.

    Args:
        person: the person's pseudonym.
        directory: folder with persons.tsv, profile.tsv, person_mapping.tsv and evidence.tsv.

    Raises:
        FaultError: the person or a table is not there.
    """
    persons = read_table(directory / "persons.tsv", PERSONS)
    held = persons.filter(pl.col("person") == person)
    if held.is_empty():
        raise FaultError(_stranger(person, directory, persons["person"].to_list()))
    terms = list(_terms(_of(person, directory / "profile.tsv", PROFILE)))
    evidence = list(_medicines(_of(person, directory / "evidence.tsv", EVIDENCE)))
    counts = _of(person, directory / "person_mapping.tsv", PERSON_MAPPING)
    console = Console(highlight=False)
    _show(console, f"Phenotypes of {person}", _TERMS, terms)
    if evidence:
        _show(console, "Medicines that speak for a phenotype", _MEDICINES, evidence)
    for line in _remarks(held.row(0, named=True), counts.to_dicts(), terms):
        print(line)


def _of(person: str, path: Path, table: Table) -> pl.DataFrame:
    return read_table(path, table).filter(pl.col("person") == person)


def _terms(rows: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    """Observed terms first, then by name."""
    for row in rows.sort("status", "hpo_name", *PROFILE.key, descending=[True, *[False] * 8]).rows(
        named=True
    ):
        yield (
            row["hpo_id"],
            row["hpo_name"],
            row["status"],
            _coded(row["concept_code"], row["concept_vocabulary"]),
            _coded(row["source_code"], row["source_vocabulary"]),
            _dates(row),
            row["hospital"],
            row["match"],
            "resolved" if row["resolved"] else "",
        )


def _medicines(rows: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    for row in rows.sort("hpo_name", *EVIDENCE.key).rows(named=True):
        yield (
            row["hpo_id"],
            row["hpo_name"],
            "in the profile" if row["recorded"] else "not in the profile",
            row["medicine"],
            str(row["concept_id"]),
            row["source_code"],
            _dates(row),
        )


def _coded(code: str, vocabulary: str) -> str:
    return f"{code} ({vocabulary})" if code and vocabulary else code


def _dates(row: dict[str, Any]) -> str:
    first, last = row["first_date"], row["last_date"]
    if first is None:
        return "undated"
    return f"{first}" if last in (None, first) else f"{first} to {last}"


def _show(
    console: Console, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    if not console.is_terminal:
        for row in (header, *rows):
            print("\t".join(" ".join(field.split()) for field in row))
        return
    table = RichTable(*header, title=title, title_justify="left")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _remarks(
    held: dict[str, Any], counts: Sequence[dict[str, Any]], terms: Sequence[object]
) -> Iterator[str]:
    yield RECORDS[held["record"]]
    if held["record"] == "found" and not terms:
        yield "None of the records led to an HPO term, which does not mean that there is none."
    for count in counts:
        if count["records"]:
            yield (
                f"{count['unmapped']} of {count['records']} condition and observation records "
                "led to no HPO term; unmapped.tsv lists their codes by hospital."
            )


def _stranger(person: str, directory: Path, known: Sequence[str]) -> Fault:
    near = get_close_matches(person, known, n=3, cutoff=0.5)
    allowed = f"a person of this cohort, e.g. {', '.join(near or sorted(known)[:3]) or 'nobody'}"
    return Fault(
        code="person-unknown",
        file=str(directory / "persons.tsv"),
        column="person",
        found=f"no row for {person!r}",
        allowed=allowed,
        next_step="correct the name, or name another folder with --directory",
        person=person,
    )

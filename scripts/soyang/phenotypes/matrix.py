"""Lay the research cohort out as people x phecodes, traits and medicines."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import polars as pl

from soyang.core.files import SCRATCH
from soyang.core.people import Consent
from soyang.core.tables import read_columns, read_table, write_table
from soyang.phenotypes import matrix_medicines, matrix_phecodes, matrix_traits
from soyang.phenotypes.answers import ANCESTORS, CONCEPTS, EVENTS
from soyang.phenotypes.matrix_tables import (
    LEFT_OUT,
    MATRIX_COLUMNS,
    MEDICINES,
    SELECTED,
    TRAITS,
)
from soyang.phenotypes.tables import PERSONS, PHECODE_PERSONS, PHECODES
from soyang.phenotypes.units import read_molecules


def matrix(
    *,
    admitted: Path,
    persons: Path,
    events: Path,
    concepts: Path,
    ancestors: Path,
    phecodes: Path,
    people_table: Path,
    molar_masses: Path,
    output: Path,
    labels: Path | None = None,
    selected: Path | None = None,
) -> None:
    """Lay the research cohort out for statistics: only those who consented to research.

    Writes ``phecodes.parquet`` (person, then an Int8 column for each phecode with a case: 1 case,
    0 control, missing unknown) with ``phecode_columns.tsv`` (MATRIX_COLUMNS), ``traits.parquet``
    (TRAITS) and its twin ``traits_wide.parquet`` (medians), ``medicines.parquet`` (MEDICINES),
    and ``left_out.tsv`` (LEFT_OUT).

    Args:
        admitted: who takes part and what they consented to (ADMITTED).
        persons: who is on the platform (PERSONS).
        events: their records (EVENTS).
        concepts: concepts of the records and their ancestors (CONCEPTS).
        ancestors: of the records' concepts (ANCESTORS).
        phecodes: who is a case or unknown (PHECODES).
        people_table: of whom absence of codes says anything (PHECODE_PERSONS).
        molar_masses: molar mass and charge by LOINC code (tab-separated).
        output: folder of the matrix; what was in it before is replaced.
        labels: phecodes' categories, if it has a column category (comma- or tab-separated).
        selected: only these persons (SELECTED, from `phenotypes select`).

    Raises:
        FaultError: a table breaks its contract.
    """
    people = research_persons(admitted, persons, selected)
    wanted = people.to_frame("person")
    table = read_table(events, EVENTS).join(wanted, on="person", how="semi")
    names, lines = read_table(concepts, CONCEPTS), read_table(ancestors, ANCESTORS)
    codes = read_table(phecodes, PHECODES)
    grid = matrix_phecodes.spread(codes, read_table(people_table, PHECODE_PERSONS), people)
    columns = matrix_phecodes.describe(grid, codes, _labels(labels))

    values = matrix_traits.values_of(table, names)
    values = matrix_traits.harmonise(values, read_molecules(molar_masses))
    values = matrix_traits.mark_outliers(values)
    traits = matrix_traits.summarise(values)
    medicines = matrix_medicines.exposures(table, lines, names)
    missing = pl.concat([matrix_traits.left_out(values), matrix_medicines.left_out(table)])

    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}matrix-", dir=output.parent) as scratch:
        folder = Path(scratch) / "matrix"
        folder.mkdir()
        grid.write_parquet(folder / "phecodes.parquet", compression="zstd")
        write_table(columns, folder / "phecode_columns.tsv", MATRIX_COLUMNS)
        write_table(traits, folder / "traits.parquet", TRAITS)
        wide = matrix_traits.widen(traits, people)
        wide.write_parquet(folder / "traits_wide.parquet", compression="zstd")
        write_table(medicines, folder / "medicines.parquet", MEDICINES)
        write_table(missing.sort(LEFT_OUT.names), folder / "left_out.tsv", LEFT_OUT)
        if output.exists():
            shutil.rmtree(output)
        folder.replace(output)
    print(
        f"matrix: {len(people):,} persons, {len(columns):,} phecodes, "
        f"{traits['loinc'].n_unique():,} traits, {medicines['concept_id'].n_unique():,} medicines"
    )


def research_persons(admitted: Path, persons: Path, selected: Path | None = None) -> pl.Series:
    """Pseudonyms, sorted, of the admitted who consented to research and have a record.

    Who is not on the platform, or not found there, has no row: nothing is known of them.

    Args:
        admitted: ADMITTED.
        persons: PERSONS.
        selected: SELECTED, where only these count.
    """
    rows = read_columns(admitted, "person", "status", "consent")
    agreed = rows.filter(
        (pl.col("status") == "admitted")
        & pl.col("consent").str.split(";").list.contains(str(Consent.RESEARCH))
    )
    found = read_table(persons, PERSONS).filter(pl.col("record") == "found")
    kept = found.join(agreed.select("person"), on="person", how="semi")
    if selected:
        chosen = read_table(selected, SELECTED)
        kept = kept.join(chosen.select("person"), on="person", how="semi")
    return kept["person"].unique().sort()


def _labels(path: Path | None) -> pl.DataFrame | None:
    """Phecodes and their categories, where the labels have any."""
    if path is None:
        return None
    with path.open(encoding="utf-8-sig") as file:
        separator = "\t" if "\t" in file.readline() else ","
    labels = pl.read_csv(path, separator=separator, infer_schema=False)
    if not {"phecode", "category"} <= set(labels.columns):
        return None
    return labels.with_columns(pl.col("phecode", "category").fill_null("").str.strip_chars())

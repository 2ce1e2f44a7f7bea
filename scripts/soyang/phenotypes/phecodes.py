"""Tell who is a case of which phecode, and of whom nothing is known."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.core.people import Consent
from soyang.core.tables import read_columns, read_table, write_table
from soyang.phenotypes.answers import ANCESTORS, CODE_MAPS, CONCEPTS, EVENTS, PERIODS
from soyang.phenotypes.evidence import exposures, named_medicines, read_medicines
from soyang.phenotypes.phecode_map import parents, read_labels, read_map
from soyang.phenotypes.phecode_rules import (
    bounds,
    coded_days,
    observed_days,
    phecode_days,
    statuses,
)
from soyang.phenotypes.scan import scan_table
from soyang.phenotypes.tables import PERSONS, PHECODE_PERSONS, PHECODES


def phecodes(
    *,
    admitted: Path,
    persons: Path,
    events: Path,
    periods: Path,
    concepts: Path,
    phecodes: Path,
    labels: Path,
    phecodes_table: Path,
    people_table: Path,
    code_maps: Path | None = None,
    ancestors: Path | None = None,
    medicines: Path | None = None,
    min_case_days: int = 2,
    min_observed_days: int = 365,
) -> None:
    """Tell who is a case of which phecode, of the admitted who consented to research.

    Codes are read by the map of the WHO's ICD-10: KCD codes exactly, else cut to 4, else to 3
    characters. Nobody is healthy for lack of a code: who is in no row is a control only if
    PHECODE_PERSONS says that absence of codes says anything of that person, else unknown.

    Args:
        admitted: who was admitted, and to what they consented (ADMITTED).
        persons: what the platform holds of each person (PERSONS).
        events: their records (EVENTS).
        periods: their observation periods (PERIODS).
        concepts: concepts of the records (CONCEPTS).
        phecodes: map from ICD-10 (WHO) to phecodes (CSV).
        labels: phecodes with name and sex (CSV).
        phecodes_table: where cases and the unknown go (PHECODES).
        people_table: where goes of whom absence says anything (PHECODE_PERSONS).
        code_maps: source codes in the site's vocabulary (CODE_MAPS), for records that do not say
            whose code they have.
        ancestors: ancestors of the concepts (ANCESTORS), for medicines by ingredient.
        medicines: medicines and the phecodes that they are given for.
        min_case_days: distinct days with codes that make a case.
        min_observed_days: days under observation that make a control.

    Raises:
        FaultError: the map is one of ICD-10-CM, or a table is not what it should be.
    """
    icd, named = read_map(phecodes), read_labels(labels)
    every = _labelled(named, icd)
    people = read_table(persons, PERSONS).filter(
        pl.col("person").is_in(_researched(admitted).implode())
    )
    observed = read_table(periods, PERIODS).join(people, on="person", how="semi")
    records = scan_table(events, EVENTS)
    maps = read_table(code_maps, CODE_MAPS) if code_maps else CODE_MAPS.empty()
    days = coded_days(records, bounds(people, observed), maps)
    treated = _treated(
        records,
        people,
        read_medicines(medicines),
        concepts=read_table(concepts, CONCEPTS),
        ancestors=read_table(ancestors, ANCESTORS) if ancestors else ANCESTORS.empty(),
    )
    coded = phecode_days(days, icd, parents(every["phecode"]))
    write_table(statuses(coded, treated, every, people, min_case_days), phecodes_table, PHECODES)
    write_table(_people(people, observed, days, min_observed_days), people_table, PHECODE_PERSONS)
    _tell(days)


def _researched(path: Path) -> pl.Series:
    """Admitted persons who consented to research with every sample."""
    rows = read_columns(path, "person", "status", "consent").filter(pl.col("status") == "admitted")
    agreed = pl.col("consent").str.split(";").list.contains(Consent.RESEARCH.value)
    return rows.group_by("person").agg(agreed=agreed.all()).filter("agreed")["person"].sort()


def _labelled(labels: pl.DataFrame, icd: pl.DataFrame) -> pl.DataFrame:
    """Labels, and a nameless row for each phecode of the map that has none."""
    bare = icd.select("phecode").unique().join(labels, on="phecode", how="anti")
    nameless = bare.with_columns(
        name=pl.lit(""), sex=pl.lit("both"), excluded=pl.lit([""], dtype=pl.List(pl.String))
    )
    return pl.concat([labels, nameless]).sort("phecode")


def _treated(
    events: pl.LazyFrame,
    people: pl.DataFrame,
    medicines: pl.DataFrame,
    *,
    concepts: pl.DataFrame,
    ancestors: pl.DataFrame,
) -> pl.DataFrame:
    """Columns person, phecode: who took a medicine that is given for it."""
    wanted = events.join(people.lazy().select("person"), on="person", how="semi")
    taken = named_medicines(exposures(wanted), medicines, concepts, ancestors)
    given_for = (
        medicines.select("medicine", "phecode")
        .filter(pl.col("phecode").list.len() > 0)
        .explode("phecode")
    )
    return taken.join(given_for, on="medicine").select("person", "phecode").unique()


def _people(
    people: pl.DataFrame, periods: pl.DataFrame, days: pl.DataFrame, min_observed_days: int
) -> pl.DataFrame:
    """Of whom absence of codes says anything, as PHECODE_PERSONS declares.

    Of who was observed long enough, and whose conditions, if there are any, are not all in codes
    that the map can't read.
    """
    counts = (
        days.filter(pl.col("domain") == "condition")
        .group_by("person")
        .agg(
            conditions=pl.col("records").sum(),
            not_coded=pl.col("records").filter(pl.col("key").is_null()).sum(),
        )
    )
    long_enough = (pl.col("observed_days") >= min_observed_days).fill_null(False)
    unreadable = (pl.col("conditions") > 0) & (pl.col("conditions") == pl.col("not_coded"))
    return (
        people.select("person", "record")
        .join(observed_days(periods), on="person", how="left")
        .join(counts, on="person", how="left")
        .with_columns(pl.col("conditions", "not_coded").fill_null(0))
        .with_columns(control=(pl.col("record") == "found") & long_enough & ~unreadable)
        .drop("record")
        .sort("person")
    )


def _tell(days: pl.DataFrame) -> None:
    told = days.group_by("implausible").agg(pl.col("records").sum()).rows()
    counts = dict(told)
    print(
        f"{sum(counts.values())} records; {counts.get(True, 0)} of them before birth or after "
        "the last day observed, which make nobody a case"
    )

"""Select people by a cohort definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from pydantic import BaseModel

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_table, write_table
from soyang.phenotypes.answers import ANCESTORS, CONCEPTS, EVENTS, PERIODS
from soyang.phenotypes.circe_cdm import Records, build
from soyang.phenotypes.circe_definition import Definition, read_definition
from soyang.phenotypes.matrix import research_persons
from soyang.phenotypes.matrix_tables import SELECTED
from soyang.phenotypes.tables import PERSONS

_SCHEMAS = (
    "target_database_schema", "cdm_database_schema", "vocabulary_database_schema",
    "results_database_schema",
)  # fmt: skip


def select(
    *,
    definition: Path,
    admitted: Path,
    persons: Path,
    events: Path,
    periods: Path,
    concepts: Path,
    ancestors: Path,
    selected: Path,
    period_from_records: bool = False,
) -> None:
    """Select, among those who consented to research, by a Circe definition (ATLAS JSON).

    Circe's own SQL (ohdsi-circepy, the port of OHDSI's CIRCE-BE) runs on an OMOP-shaped copy of
    what was extracted, so the same definition works for every source. Denied and undated records
    are no occurrences. Units are those that records tell; nothing is converted.

    Args:
        definition: cohort definition as ATLAS exports it.
        admitted: who takes part and what they consented to (ADMITTED).
        persons: who is on the platform (PERSONS).
        events: their records (EVENTS).
        periods: when they were under observation (PERIODS).
        concepts: concepts of records and of their ancestors (CONCEPTS).
        ancestors: of the records' concepts (ANCESTORS).
        selected: where the persons go, with first and last day in the cohort (SELECTED).
        period_from_records: take the time from first to last record as the observation period of
            who has none; without it a source without periods (FHIR) is refused, since Circe
            selects nobody outside a period.

    Raises:
        FaultError: the definition is faulty or asks for what is not extracted, or there are no
            observation periods.
    """
    wanted = read_definition(definition)
    people = research_persons(admitted, persons).to_frame("person")

    def of_people(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.join(people, on="person", how="semi")

    records = of_people(read_table(events, EVENTS))
    observed = of_people(read_table(periods, PERIODS))
    if period_from_records:
        observed = with_periods(observed, records)
    elif observed.is_empty() and not records.is_empty():
        raise FaultError(_no_periods(periods))
    cohort = run(
        wanted,
        Records(
            persons=of_people(read_table(persons, PERSONS)),
            events=records,
            periods=observed,
            concepts=read_table(concepts, CONCEPTS),
            ancestors=read_table(ancestors, ANCESTORS),
        ),
        str(definition),
    )
    write_table(cohort, selected, SELECTED)
    for place in wanted.unitless:
        print(f"select: {place} compares a number without naming its unit")
    print(
        f"select: {cohort['person'].n_unique():,} of {len(people):,} persons; not used: "
        f"{records['absent'].sum():,} denied and "
        f"{records['start_date'].null_count():,} undated records; "
        f"{len(people) - observed['person'].n_unique():,} persons without an observation period"
    )


def with_periods(periods: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """PERIODS, and for who has none the time from first to last dated record."""
    lacking = events.filter(pl.col("start_date").is_not_null()).join(
        periods, on="person", how="anti"
    )
    derived = lacking.group_by("person").agg(
        pl.col("start_date").min().alias("first"),
        pl.max_horizontal("start_date", "end_date").max().alias("last"),
    )
    own = derived.select(
        "person", pl.col("first").alias("start_date"), pl.col("last").alias("end_date")
    )
    return pl.concat([periods.select(PERIODS.names), own]).sort(PERIODS.names)


def run(definition: Definition, records: Records, file: str) -> pl.DataFrame:
    """SELECTED of the records' persons.

    Args:
        definition: what to select by.
        records: of whom.
        file: the definition's file, named in a fault.

    Raises:
        FaultError: the library can't read the definition.
    """
    statements = cohort_sql(definition, file)
    with duckdb.connect(config={"threads": 1}) as connection:  # ties in Circe's order stay put
        numbers = build(connection, records, definition.units)
        try:
            connection.execute(statements)
        except duckdb.Error as error:
            raise FaultError(_unrunnable(file, error)) from error
        found = connection.sql(
            "SELECT subject_id, cohort_start_date AS cohort_start, cohort_end_date AS cohort_end "
            "FROM cohort"
        ).to_arrow_table()
    frame = pl.DataFrame(found).with_columns(pl.col("subject_id").cast(pl.UInt32))
    return (
        frame.join(numbers, left_on="subject_id", right_on="person_id")
        .select(pl.col(name).cast(dtype) for name, dtype in SELECTED.schema.items())
        .sort(SELECTED.names)
    )


def cohort_sql(definition: Definition, file: str) -> str:
    """Circe's SQL of a definition for DuckDB, filling the table ``cohort``.

    Raises:
        FaultError: the library can't read the definition, or reads something else than it says.
    """
    from circe import api, sqlrender  # noqa: PLC0415  a second to load
    from circe.cohortdefinition import BuildExpressionQueryOptions  # noqa: PLC0415

    _check_criteria(definition, file)
    asked = Counter(kind for _, kind, _ in definition.criteria)
    options = BuildExpressionQueryOptions()  # type: ignore[no-untyped-call]
    options.cohort_id = 1
    options.generate_stats = False
    try:
        expression = api.cohort_expression_from_json(definition.expression)
        if Counter(_kinds(expression)) != asked:
            raise ValueError("criteria were read as others than they are")
        query = api.build_cohort_query(expression, options)
    except (ValueError, TypeError, AttributeError, KeyError, RuntimeError) as error:
        raise FaultError(_unreadable(file, "$", error)) from error
    named = dict.fromkeys(_SCHEMAS, "main")
    rendered = sqlrender.render(query, target_cohort_table="cohort", target_cohort_id="1", **named)
    return str(sqlrender.translate(rendered, "duckdb"))


def _check_criteria(definition: Definition, file: str) -> None:
    """Read each criterion as the kind that it is.

    Circe 0.3 tries kind after kind, and takes a criterion with one bad attribute for any condition
    at all.
    """
    from circe.cohortdefinition import criteria as kinds  # noqa: PLC0415

    faults = []
    for place, kind, attributes in definition.criteria:
        try:
            getattr(kinds, kind).model_validate(attributes)
        except ValueError as error:
            faults.append(_unreadable(file, place, error))
    if faults:
        raise FaultError(faults)


def _kinds(value: Any) -> Iterator[str]:
    """Kinds of all criteria in what the library has read."""
    from circe.cohortdefinition.criteria import Criteria  # noqa: PLC0415

    if isinstance(value, Criteria):
        yield type(value).__name__
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _kinds(getattr(value, name))
    if isinstance(value, list):
        for item in value:
            yield from _kinds(item)


def _unreadable(file: str, place: str, error: Exception) -> Fault:
    """A fault with the library's own words, without the values that pydantic repeats."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = " ".join(lines[1:3] or lines).split(" [type=")[0] or type(error).__name__
    return Fault(
        code="cohort-definition",
        file=file,
        row=place,
        found=f"what circe can't read ({words[:200]})",
        allowed="a cohort definition of ATLAS",
        next_step="open it in ATLAS, correct it and export it again",
    )


def _no_periods(path: Path) -> Fault:
    return Fault(
        code="no-observation-period",
        file=str(path),
        found="no observation period of anyone",
        allowed="observation periods, outside which Circe selects nobody",
        next_step="if first to last record may stand for them, give --period-from-records",
    )


def _unrunnable(file: str, error: Exception) -> Fault:
    return Fault(
        code="cohort-definition",
        file=file,
        found=f"a definition of which circe makes SQL that does not run ({type(error).__name__})",
        allowed="criteria that circe supports",
        next_step="take the unusual attributes out of the definition one by one",
    )

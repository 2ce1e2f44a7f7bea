"""Tables of the research matrix and of cohort selection.

``matrix/phecodes.parquet`` and ``matrix/traits_wide.parquet`` have one column for each phecode
and LOINC code that there is, so they are no declared tables: ``person`` (String), then Int8
columns (1 case, 0 control, missing: unknown) and Float64 columns (medians).
"""

import polars as pl

from soyang.core.tables import Column, Table

PERSON = Column(name="person", dtype=pl.String, meaning="person's pseudonym")

TRAITS = Table(
    name="phenotypes.traits",
    meaning="one quantity measured in one person, of those who consented to research",
    columns=(
        PERSON,
        Column(name="loinc", dtype=pl.String, meaning="LOINC code"),
        Column(name="name", dtype=pl.String, meaning="its name"),
        Column(name="unit", dtype=pl.String, meaning="the one unit of this code, UCUM if known"),
        Column(
            name="first",
            dtype=pl.Float64,
            nullable=True,
            meaning="median of the first day, in `unit`; missing: no value is dated, or all "
            "values are outliers",
        ),
        Column(
            name="median",
            dtype=pl.Float64,
            nullable=True,
            meaning="median of all values, in `unit`; missing: all are outliers",
        ),
        Column(name="last", dtype=pl.Float64, nullable=True, meaning="as `first`, of the last day"),
        Column(name="first_date", dtype=pl.Date, nullable=True, meaning="missing: as `first`"),
        Column(name="last_date", dtype=pl.Date, nullable=True, meaning="missing: as `first`"),
        Column(name="values", dtype=pl.Int64, meaning="values used, outliers not among them"),
        Column(name="outliers", dtype=pl.Int64, meaning="values far from the cohort's, not used"),
    ),
    key=("person", "loinc"),
)

MEDICINES = Table(
    name="phenotypes.medicines",
    meaning="one ingredient that one person was given, of those who consented to research",
    columns=(
        PERSON,
        Column(name="concept_id", dtype=pl.Int64, meaning="ingredient, or the record's concept"),
        Column(name="name", dtype=pl.String, meaning="its name"),
        Column(name="code", dtype=pl.String, meaning="its code, e.g. of RxNorm"),
        Column(name="vocabulary", dtype=pl.String, meaning="its vocabulary"),
        Column(
            name="ingredient",
            dtype=pl.Boolean,
            meaning="false: the site's vocabulary leads from the record's concept to no ingredient",
        ),
        Column(name="first_date", dtype=pl.Date, nullable=True, meaning="missing: none is dated"),
        Column(name="last_date", dtype=pl.Date, nullable=True, meaning="missing: none is dated"),
        Column(
            name="days", dtype=pl.Int64, unit="day", meaning="distinct days on which one begins"
        ),
        Column(name="records", dtype=pl.Int64, meaning="records"),
    ),
    key=("person", "concept_id"),
)

MATRIX_COLUMNS = Table(
    name="phenotypes.matrix_columns",
    meaning="one column of matrix/phecodes.parquet",
    columns=(
        Column(name="phecode", dtype=pl.String, meaning="phecode, the column's name"),
        Column(name="name", dtype=pl.String, meaning="its name"),
        Column(name="category", dtype=pl.String, meaning="its category, '' without labels"),
        Column(name="cases", dtype=pl.Int64, meaning="persons with 1"),
        Column(name="controls", dtype=pl.Int64, meaning="persons with 0"),
        Column(name="unknown", dtype=pl.Int64, meaning="persons without a value"),
    ),
    key=("phecode",),
)

LEFT_OUT = Table(
    name="phenotypes.left_out",
    meaning="records that are in no trait and no medicine, and why",
    columns=(
        Column(name="domain", dtype=pl.String, allowed=("measurement", "medicine"), meaning="kind"),
        Column(name="loinc", dtype=pl.String, meaning="LOINC code, '' if none"),
        Column(
            name="reason",
            dtype=pl.String,
            allowed=("no_loinc", "no_concept", "no_unit", "other_unit", "outlier"),
            meaning="no LOINC code; no standard concept; no unit recorded; a unit that does not "
            "convert into the trait's; far from the cohort's values",
        ),
        Column(name="records", dtype=pl.Int64, meaning="records"),
        Column(name="persons", dtype=pl.Int64, meaning="persons"),
    ),
    key=("domain", "loinc", "reason"),
)

SELECTED = Table(
    name="phenotypes.selected",
    meaning="one stay of a person in a cohort that a Circe definition selects",
    columns=(
        PERSON,
        Column(name="cohort_start", dtype=pl.Date, meaning="first day in the cohort"),
        Column(name="cohort_end", dtype=pl.Date, meaning="last day in the cohort"),
    ),
    key=("person", "cohort_start"),
)

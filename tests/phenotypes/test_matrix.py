"""The research matrix: people x phecodes, traits and medicines."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from soyang.core.tables import read_table, write_table
from soyang.phenotypes import matrix_traits
from soyang.phenotypes.answers import ANCESTORS, CONCEPTS, EVENTS
from soyang.phenotypes.matrix import matrix
from soyang.phenotypes.matrix_medicines import ingredients
from soyang.phenotypes.matrix_phecodes import describe, spread
from soyang.phenotypes.matrix_tables import (
    LEFT_OUT,
    MATRIX_COLUMNS,
    MEDICINES,
    SELECTED,
    TRAITS,
)
from soyang.phenotypes.tables import PERSONS, PHECODE_PERSONS, PHECODES

MASSES = Path(__file__).resolve().parents[2] / "resources" / "knowledge" / "molar_masses.tsv"
DAY = date(2020, 1, 1)


def event(person, domain, concept=0, **kept):
    row = {
        "person": person,
        "domain": domain,
        "concept_id": concept,
        "source_code": "",
        "source_vocabulary": "",
        "start_date": DAY,
        "end_date": None,
        "value": None,
        "value_concept_id": 0,
        "unit": "",
        "range_low": None,
        "range_high": None,
        "absent": False,
        "hospital": "서울",
    }
    return row | kept


def glucose(person, value, unit="mg/dL", day=0, **kept):
    day = {"start_date": DAY + timedelta(days=day)}
    return event(person, "measurement", 1, value=value, unit=unit, **day | kept)


def concept(ident, code, name, vocabulary="LOINC", standard=True):
    return {
        "concept_id": ident,
        "concept_code": code,
        "concept_name": name,
        "vocabulary": vocabulary,
        "domain": "Measurement",
        "standard": standard,
        "valid": True,
    }


CONCEPT_ROWS = [
    concept(1, "2345-7", "Glucose [Mass/volume] in Serum or Plasma"),
    concept(2, "1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum"),
    concept(3, "38341003", "Hypertension", "SNOMED"),
    concept(10, "6809", "metformin", "RxNorm"),
    concept(11, "860975", "metformin 500 MG Oral Tablet", "RxNorm"),
    concept(12, "861743", "glipizide 5 MG / metformin 500 MG Oral Tablet", "RxNorm"),
    concept(13, "4821", "glipizide", "RxNorm"),
    concept(14, "A10BA", "Biguanides", "ATC", standard=False),
    concept(15, "99", "a home-made remedy", "EDI", standard=True),
]
ANCESTOR_ROWS = [
    {"concept_id": c, "ancestor_id": a, "levels": n}
    for c, a, n in [(11, 11, 0), (11, 10, 2), (11, 14, 3), (12, 10, 2), (12, 13, 2), (12, 14, 3)]
]


@pytest.fixture
def run(tmp_path):
    def start(events=(), phecodes=(), control=("P1", "P2"), *, chosen=None, labels=None):
        people = [f"P{n}" for n in range(1, 6)]
        paths = {
            name: tmp_path / f"{name}.parquet"
            for name in ("events", "concepts", "ancestors", "phecodes")
        }
        admitted, persons = tmp_path / "admitted.tsv", tmp_path / "persons.tsv"
        consent = ["research;sharing", "clinical_care;research", "clinical_care", "", "research"]
        rows = [f"{p}\tadmitted\t{c}" for p, c in zip(people, consent, strict=True)]
        rows[4] = rows[4].replace("admitted", "withheld")
        admitted.write_text("\ufeffperson\tstatus\tconsent\r\n" + "\r\n".join(rows) + "\r\n")
        known = [
            {
                "person": p,
                "hospital": "서울",
                "record": "found",
                "sex_recorded": "female",
                "birth_year": 1980,
                "birth_date": None,
                "death_date": None,
                "observed_from": None,
                "observed_to": None,
                "records": 1,
            }
            for p in people
        ]
        write_table(PERSONS.frame(known), persons, PERSONS)
        write_table(EVENTS.frame(events), paths["events"], EVENTS)
        write_table(CONCEPTS.frame(CONCEPT_ROWS), paths["concepts"], CONCEPTS)
        write_table(ANCESTORS.frame(ANCESTOR_ROWS), paths["ancestors"], ANCESTORS)
        rows = [
            {"person": p, "phecode": c, "name": f"name of {c}", "status": s, "reason": ""}
            | {"days": 2, "first_date": None}
            for p, c, s in phecodes
        ]
        write_table(PHECODES.frame(rows), paths["phecodes"], PHECODES)
        table = tmp_path / "phecode_persons.tsv"
        rows = [
            {"person": p, "control": p in control, "observed_days": 400}
            | {"conditions": 1, "not_coded": 0}
            for p in people
        ]
        write_table(PHECODE_PERSONS.frame(rows), table, PHECODE_PERSONS)
        more = {}
        if chosen is not None:
            more["selected"] = tmp_path / "selected.tsv"
            stays = [{"person": p, "cohort_start": DAY, "cohort_end": DAY} for p in chosen]
            write_table(SELECTED.frame(stays), more["selected"], SELECTED)
        if labels:
            more["labels"] = tmp_path / "labels.csv"
            more["labels"].write_text(labels)
        output = tmp_path / "연구" / "matrix"
        matrix(
            admitted=admitted,
            persons=persons,
            people_table=table,
            molar_masses=MASSES,
            output=output,
            **paths,
            **more,
        )
        assert {p.name for p in output.parent.iterdir()} == {"matrix"}
        return output

    return start


def test_case_control_and_unknown(run):
    calls = [
        ("P1", "EM_202", "case"),
        ("P2", "CV_401", "case"),
        ("P1", "CV_401", "unknown"),
        ("P2", "GI_1", "unknown"),
        ("P3", "EM_202", "case"),
    ]
    output = run(phecodes=calls, control=("P1",))
    grid = pl.read_parquet(output / "phecodes.parquet")
    assert grid.columns == ["person", "CV_401", "EM_202"]
    assert grid.schema["CV_401"] == pl.Int8
    assert grid.rows() == [("P1", None, 1), ("P2", 1, None)]
    columns = read_table(output / "phecode_columns.tsv", MATRIX_COLUMNS)
    assert columns.rows()[1] == ("EM_202", "name of EM_202", "", 1, 0, 1)
    assert not any("P3" in path.read_bytes().decode("latin-1") for path in output.iterdir())


def test_a_control_is_zero_and_labels_give_categories(run):
    labels = "phecode,phecode_string,category,sex\nEM_202,Diabetes,Endocrine,Both\n"
    output = run(phecodes=[("P1", "EM_202", "case")], labels=labels)
    assert pl.read_parquet(output / "phecodes.parquet").rows() == [("P1", 1), ("P2", 0)]
    columns = read_table(output / "phecode_columns.tsv", MATRIX_COLUMNS).row(0, named=True)
    assert (columns["category"], columns["controls"]) == ("Endocrine", 1)


def test_only_the_selected(run):
    output = run(phecodes=[("P1", "A", "case"), ("P2", "B", "case")], chosen=["P2", "P3"])
    assert pl.read_parquet(output / "phecodes.parquet").rows() == [("P2", 1)]


def test_without_any_record(run):
    output = run()
    assert pl.read_parquet(output / "phecodes.parquet").rows() == [("P1",), ("P2",)]
    assert read_table(output / "traits.parquet", TRAITS).is_empty()
    assert read_table(output / "medicines.parquet", MEDICINES).is_empty()
    assert read_table(output / "left_out.tsv", LEFT_OUT).is_empty()
    assert pl.read_parquet(output / "traits_wide.parquet").rows() == [("P1",), ("P2",)]


def test_no_one_consented_or_was_chosen(run):
    output = run([glucose("P1", 90.0)], [("P1", "A", "case")], chosen=[])
    assert pl.read_parquet(output / "phecodes.parquet").shape == (0, 1)
    assert read_table(output / "traits.parquet", TRAITS).is_empty()


def test_a_trait_has_one_unit_and_first_median_last(run):
    events = [
        glucose("P1", 100.0, day=5),
        glucose("P1", 5.5, "mmol/L", day=1),
        glucose("P1", 7.5, "mmol/L", day=1),
        glucose("P1", 120.0, "MG/DL", day=9),
        glucose("P1", 90.0, "", day=10),
        glucose("P1", 3.0, "titer", day=11),
        glucose("P1", 500.0, day=12, absent=True),
        glucose("P1", 110.0, start_date=None),
        glucose("P3", 95.0),
        event("P1", "measurement", 3, value=1.0, unit="mg/dL"),
        event("P2", "measurement", source_code="2345-7", source_vocabulary="LOINC")
        | {"value": 80.0, "unit": "mg/dL"},
        event("P2", "measurement", 2, value=40.0, unit="IU/L"),
        event("P2", "measurement", 2, value=50.0, unit="U/L", start_date=date(2021, 1, 1)),
    ]
    output = run(events)
    traits = read_table(output / "traits.parquet", TRAITS)
    first = traits.row(0, named=True)
    assert first["person"] == "P1" and first["loinc"] == "2345-7" and first["unit"] == "mg/dL"
    assert first["first"] == pytest.approx(6.5 * 18.0156)
    assert first["last"] == 120.0
    assert first["first_date"] == date(2020, 1, 2)
    assert first["last_date"] == date(2020, 1, 10)
    assert first["median"] == 110.0
    assert (first["values"], first["outliers"]) == (5, 0)
    alt = traits.row(1, named=True)
    assert (alt["loinc"], alt["unit"], alt["first"], alt["last"]) == ("1742-6", "U/L", 40, 50)
    assert traits["person"].to_list() == ["P1", "P2", "P2"], "no P3 without research consent"
    missing = read_table(output / "left_out.tsv", LEFT_OUT)
    assert missing.select("loinc", "reason", "records").rows() == [
        ("", "no_loinc", 1),
        ("2345-7", "no_unit", 1),
        ("2345-7", "other_unit", 1),
    ]
    wide = pl.read_parquet(output / "traits_wide.parquet")
    assert wide.columns == ["person", "1742-6", "2345-7"]
    assert wide.rows() == [("P1", None, 110.0), ("P2", 45.0, 80.0)]


def measured(values, reason=""):
    return pl.DataFrame({"value": values}, schema={"value": pl.Float64}).with_columns(
        pl.lit("P1").alias("person"),
        pl.lit("x").alias("loinc"),
        pl.lit(reason).alias("reason"),
    )


def outliers(values):
    return matrix_traits.mark_outliers(measured(values)).filter("outlier")["value"].to_list()


def test_outliers_are_far_from_the_cohort_in_robust_deviations():
    values = np.random.default_rng(3).normal(140, 3, 200).round(1).tolist()
    assert outliers([*values, 14.0, 1400.0]) == [14.0, 1400.0]
    assert outliers(values) == []


def test_a_skewed_quantity_keeps_the_sick():
    values = np.random.default_rng(4).lognormal(0, 1.2, 400).round(2).tolist()
    assert outliers([*values, 150.0, 0.0]) == []
    assert outliers([*values, 1e6]) == [1e6]


def test_negative_quantities_are_judged_as_they_are():
    values = np.random.default_rng(5).normal(0, 2, 100).round(2).tolist()
    assert outliers([*values, -90.0]) == [-90.0]


def test_few_or_equal_values_are_not_judged():
    assert outliers([1.0] * 5 + [1000.0]) == []
    assert outliers([1.0] * 50 + [1000.0]) == []
    assert outliers([]) == []


def test_outliers_are_counted_and_not_used(run):
    events = [glucose("P2", 90.0 + n % 7, day=n) for n in range(40)]
    events += [glucose("P1", 9000.0), glucose("P1", 95.0, day=2)]
    output = run(events)
    row = read_table(output / "traits.parquet", TRAITS).row(0, named=True)
    assert (row["first"], row["median"], row["values"], row["outliers"]) == (95.0, 95.0, 1, 1)
    missing = read_table(output / "left_out.tsv", LEFT_OUT)
    assert missing.row(0) == ("measurement", "2345-7", "outlier", 1, 1)


def test_medicines_by_ingredient(run):
    events = [
        event("P1", "medicine", 11, end_date=date(2020, 2, 1)),
        event("P1", "medicine", 12, start_date=date(2020, 1, 5)),
        event("P1", "medicine", 10, start_date=None),
        event("P1", "medicine", 15),
        event("P1", "medicine", 0, source_code="644501440"),
        event("P1", "medicine", 11, absent=True),
        event("P3", "medicine", 11),
    ]
    output = run(events)
    rows = read_table(output / "medicines.parquet", MEDICINES).rows()
    assert rows == [
        ("P1", 10, "metformin", "6809", "RxNorm", True, DAY, date(2020, 2, 1), 2, 3),
        ("P1", 13, "glipizide", "4821", "RxNorm", True, date(2020, 1, 5), date(2020, 1, 5), 1, 1),
        ("P1", 15, "a home-made remedy", "99", "EDI", False, DAY, DAY, 1, 1),
    ]
    missing = read_table(output / "left_out.tsv", LEFT_OUT)
    assert missing.rows() == [("medicine", "", "no_concept", 1, 1)]


def test_ingredients_of_a_combination_alone():
    found = ingredients(
        pl.Series([12]), ANCESTORS.frame(ANCESTOR_ROWS), CONCEPTS.frame(CONCEPT_ROWS)
    )
    assert found.rows() == [(12, 10), (12, 13)]


def test_the_same_input_gives_the_same_bytes(run):
    events = [glucose(f"P{1 + n % 2}", 90.0 + n, day=n) for n in range(30)]
    events += [event("P1", "medicine", 12)]
    calls = [("P1", "B", "case"), ("P2", "A", "case")]
    first = {path.name: path.read_bytes() for path in run(events, calls).iterdir()}
    second = {path.name: path.read_bytes() for path in run(events[::-1], calls[::-1]).iterdir()}
    assert first == second
    assert len(first) == 6


def test_thousands_of_people_and_phecodes_take_seconds():
    generator = np.random.default_rng(1)
    persons = pl.Series("person", [f"P{n:05d}" for n in range(3000)])
    rows = pl.DataFrame(
        {
            "person": persons.gather(generator.integers(0, 3000, 200_000)),
            "phecode": pl.Series([f"C{n:04d}" for n in generator.integers(0, 3600, 200_000)]),
            "name": "",
            "status": pl.Series(["case", "unknown"]).gather(generator.integers(0, 2, 200_000)),
        }
    ).unique(["person", "phecode"], keep="first", maintain_order=True)
    people = pl.DataFrame({"person": persons, "control": [True] * 3000})
    began = time.monotonic()
    grid = spread(rows, people, persons)
    columns = describe(grid, rows, None)
    assert time.monotonic() - began < 10
    assert grid.shape == (3000, 3601)
    assert columns["cases"].sum() == len(rows.filter(pl.col("status") == "case"))
    assert columns["unknown"].sum() == len(rows.filter(pl.col("status") == "unknown"))

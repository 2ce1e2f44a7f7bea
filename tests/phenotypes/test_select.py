"""Circe cohort definitions, held against the same question written by hand."""

from __future__ import annotations

import copy
import json
import random
from datetime import date, timedelta

import duckdb
import polars as pl
import pytest
from circe import api
from circe.cohortdefinition import BuildExpressionQueryOptions

from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from soyang.phenotypes.answers import ANCESTORS, CONCEPTS, EVENTS, PERIODS
from soyang.phenotypes.circe_cdm import Records, build
from soyang.phenotypes.circe_definition import ANSWERED, IGNORED, read_definition
from soyang.phenotypes.matrix_tables import SELECTED
from soyang.phenotypes.select import run as run_circe
from soyang.phenotypes.select import select, with_periods
from soyang.phenotypes.tables import PERSONS

DIABETES, TYPE_2, TYPE_1, HBA1C, METFORMIN, TABLET, SURGERY, SMOKER = 1, 2, 3, 4, 5, 6, 7, 8
PERCENT = 8554
ROWS = [
    (DIABETES, "73211009", "Diabetes mellitus", "SNOMED", "Condition"),
    (TYPE_2, "44054006", "Type 2 diabetes mellitus", "SNOMED", "Condition"),
    (TYPE_1, "46635009", "Type 1 diabetes mellitus", "SNOMED", "Condition"),
    (HBA1C, "4548-4", "Hemoglobin A1c", "LOINC", "Measurement"),
    (METFORMIN, "6809", "metformin", "RxNorm", "Drug"),
    (TABLET, "860975", "metformin 500 MG Oral Tablet", "RxNorm", "Drug"),
    (SURGERY, "387713003", "Surgical procedure", "SNOMED", "Procedure"),
    (SMOKER, "77176002", "Smoker", "SNOMED", "Observation"),
]
NAMES = CONCEPTS.frame(
    [
        {
            "concept_id": ident,
            "concept_code": code,
            "concept_name": name,
            "vocabulary": vocabulary,
            "domain": domain,
            "standard": True,
            "valid": True,
        }
        for ident, code, name, vocabulary, domain in ROWS
    ]
)
LINES = ANCESTORS.frame(
    [
        {"concept_id": c, "ancestor_id": a, "levels": n}
        for c, a, n in [
            *((c, c, 0) for c in range(1, 9)),
            (TYPE_2, DIABETES, 1),
            (TYPE_1, DIABETES, 1),
            (TABLET, METFORMIN, 2),
        ]
    ]
)
KINDS = {
    TYPE_2: "condition",
    TYPE_1: "condition",
    HBA1C: "measurement",
    TABLET: "medicine",
    SURGERY: "procedure",
    SMOKER: "observation",
}


def event(person, concept, day, **kept):
    row = {
        "person": person,
        "domain": KINDS[concept],
        "concept_id": concept,
        "source_code": "",
        "source_vocabulary": "",
        "start_date": day,
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


def person(name, sex="female", born=1970, **kept):
    return {
        "person": name,
        "hospital": "서울",
        "record": "found",
        "sex_recorded": sex,
        "birth_year": born,
        "birth_date": None,
        "death_date": None,
        "observed_from": None,
        "observed_to": None,
        "records": 1,
    } | kept


@pytest.fixture(scope="module")
def cohort():
    """200 persons with gaps, denied and undated records and units of all kinds."""
    generator = random.Random(7)
    people, events, periods = [], [], []
    for number in range(200):
        name = f"P{number:03d}"
        sex = generator.choice(["male", "female", "unknown"])
        people.append(person(name, sex, generator.randint(1930, 2010)))
        if number % 10:
            start = date(2010, 1, 1) + timedelta(days=generator.randint(0, 900))
            end = start + timedelta(days=generator.randint(30, 3500))
            periods.append({"person": name, "start_date": start, "end_date": end})
        for _ in range(generator.randint(0, 25)):
            concept = generator.choice(list(KINDS))
            day = date(2009, 1, 1) + timedelta(days=generator.randint(0, 4500))
            row = event(name, concept, day, absent=generator.random() < 0.1)
            if concept == HBA1C:
                row |= {"value": round(generator.uniform(4, 12), 1)}
                row |= {"unit": generator.choice(["%", "% ", "mmol/mol", ""])}
            if generator.random() < 0.5:
                row |= {"end_date": day + timedelta(days=generator.randint(0, 90))}
            if generator.random() < 0.05:
                row |= {"start_date": None}
            events.append(row)
    return Records(
        persons=PERSONS.frame(people),
        events=EVENTS.frame(events),
        periods=PERIODS.frame(periods),
        concepts=NAMES,
        ancestors=LINES,
    )


def item(ident, *, descendants=True, excluded=False):
    code, name, vocabulary, domain = next(row[1:] for row in ROWS if row[0] == ident)
    concept = {
        "CONCEPT_ID": ident,
        "CONCEPT_NAME": name,
        "STANDARD_CONCEPT": "S",
        "STANDARD_CONCEPT_CAPTION": "Standard",
        "INVALID_REASON": "V",
        "INVALID_REASON_CAPTION": "Valid",
        "CONCEPT_CODE": code,
        "DOMAIN_ID": domain,
        "VOCABULARY_ID": vocabulary,
        "CONCEPT_CLASS_ID": "",
    }
    return {
        "concept": concept,
        "isExcluded": excluded,
        "includeDescendants": descendants,
        "includeMapped": False,
    }


def concept_set(number, name, *items):
    return {"id": number, "name": name, "expression": {"items": list(items)}}


def definition(sets, criteria, *, prior=0, rules=(), limit="First", **kept):
    """A definition as ATLAS exports it."""
    return {
        "ConceptSets": sets,
        "PrimaryCriteria": {
            "CriteriaList": criteria,
            "ObservationWindow": {"PriorDays": prior, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": limit},
        },
        "QualifiedLimit": {"Type": limit},
        "ExpressionLimit": {"Type": limit},
        "InclusionRules": list(rules),
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
        "cdmVersionRange": ">=5.0.0",
    } | kept


def group(*criteria, kind="ALL", demographics=()):
    return {
        "Type": kind,
        "CriteriaList": list(criteria),
        "DemographicCriteriaList": list(demographics),
        "Groups": [],
    }


def within(criterion, before, after, *, kind=2, count=1):
    """Occurrence type 0: exactly, 1: at most, 2: at least."""
    return {
        "Criteria": criterion,
        "StartWindow": {
            "Start": {"Days": before, "Coeff": -1},
            "End": {"Days": after, "Coeff": 1},
            "UseEventEnd": False,
        },
        "Occurrence": {"Type": kind, "Count": count, "IsDistinct": False},
    }


UNIT = {"CONCEPT_ID": PERCENT, "CONCEPT_CODE": "%", "VOCABULARY_ID": "UCUM"}
FEMALE = {"CONCEPT_ID": 8532, "CONCEPT_CODE": "F", "VOCABULARY_ID": "Gender"}
DIABETICS = definition(
    [concept_set(0, "diabetes, not type 1", item(DIABETES), item(TYPE_1, excluded=True))],
    [{"ConditionOccurrence": {"CodesetId": 0, "ConditionTypeExclude": False}}],
)
TREATED = definition(
    [concept_set(3, "metformin", item(METFORMIN)), concept_set(4, "HbA1c", item(HBA1C))],
    [{"DrugExposure": {"CodesetId": 3, "DrugTypeExclude": False}}],
    AdditionalCriteria=group(
        within(
            {
                "Measurement": {
                    "CodesetId": 4,
                    "ValueAsNumber": {"Value": 6.5, "Op": "gte"},
                    "Unit": [UNIT],
                }
            },
            1000,
            0,
        )
    ),
    limit="All",
)
WOMEN = definition(
    [concept_set(0, "diabetes", item(DIABETES)), concept_set(1, "surgery", item(SURGERY))],
    [
        {
            "ConditionOccurrence": {
                "CodesetId": 0,
                "First": True,
                "Age": {"Value": 30, "Op": "bt", "Extent": 65},
                "Gender": [FEMALE],
            }
        }
    ],
    prior=180,
    rules=[
        {
            "name": "no surgery before",
            "expression": group(
                within({"ProcedureOccurrence": {"CodesetId": 1}}, 9999, 0, kind=0, count=0)
            ),
        }
    ],
    EndStrategy={"DateOffset": {"DateField": "StartDate", "Offset": 90}},
)


def circe(tmp_path, asked, records):
    path = tmp_path / "정의.json"
    path.write_text("\ufeff" + json.dumps(asked, indent=1).replace("\n", "\r\n"))
    return run_circe(read_definition(path), records, str(path))


def observed(records, *concepts):
    """Occurrences of concepts inside an observation period."""
    return (
        records.events.filter(
            pl.col("concept_id").is_in(concepts)
            & ~pl.col("absent")
            & pl.col("start_date").is_not_null()
        )
        .join(records.periods.rename({"start_date": "op_start", "end_date": "op_end"}), on="person")
        .filter(pl.col("start_date").is_between("op_start", "op_end"))
    )


def test_a_condition_with_descendants(tmp_path, cohort):
    expected = (
        observed(cohort, TYPE_2, DIABETES)
        .group_by("person")
        .agg(pl.col("start_date").min().alias("cohort_start"), pl.col("op_end").first())
        .rename({"op_end": "cohort_end"})
        .sort("person")
    )
    found = circe(tmp_path, DIABETICS, cohort)
    assert found.rows() == expected.rows()
    assert 20 < len(found) < 100


def test_a_medicine_with_a_measurement_over_a_threshold(tmp_path, cohort):
    high = observed(cohort, HBA1C).filter(
        (pl.col("value") >= 6.5) & (pl.col("unit").str.strip_chars() == "%")
    )
    expected = (
        observed(cohort, TABLET)
        .join(high.select("person", pl.col("start_date").alias("measured")), on="person")
        .filter(
            pl.col("measured").is_between(
                pl.col("start_date") - pl.duration(days=1000), pl.col("start_date")
            )
        )
        .group_by("person")
        .agg(pl.col("start_date").min(), pl.col("op_end").first())
        .sort("person")
    )
    found = circe(tmp_path, TREATED, cohort)
    assert found.rows() == expected.rows()
    assert len(found) >= 3, "too few to hold anything"


def test_age_sex_prior_observation_and_an_inclusion_rule(tmp_path, cohort):
    sql = """
    WITH first AS (
        SELECT person, min(start_date) AS d FROM events
        WHERE concept_id IN (1, 2, 3) AND NOT absent AND start_date IS NOT NULL GROUP BY person
    )
    SELECT first.person, d, least(d + 90, o.end_date) FROM first
    JOIN persons p USING (person) JOIN periods o USING (person)
    WHERE p.sex_recorded = 'female' AND year(d) - p.birth_year BETWEEN 30 AND 65
      AND d BETWEEN o.start_date + 180 AND o.end_date
      AND NOT EXISTS (
        SELECT 1 FROM events s WHERE s.person = first.person AND s.concept_id = 7 AND NOT s.absent
          AND s.start_date BETWEEN o.start_date AND first.d)
    ORDER BY first.person"""
    with duckdb.connect() as connection:
        for name in ("events", "persons", "periods"):
            connection.register(name, getattr(cohort, name).to_arrow())
        expected = connection.execute(sql).fetchall()
    found = circe(tmp_path, WOMEN, cohort)
    assert found.rows() == expected
    assert len(found) >= 3


def test_eras_follow_the_thirty_day_rule(tmp_path):
    start = date(2015, 1, 1)

    def days(*spans):
        return [
            event("P1", TABLET, start + timedelta(days=a), end_date=start + timedelta(days=b))
            for a, b in spans
        ]

    events = days((0, 10), (5, 20), (50, 60), (91, 95))
    events.append(event("P1", TYPE_2, start))
    records = Records(
        persons=PERSONS.frame([person("P1")]),
        events=EVENTS.frame(events),
        periods=PERIODS.frame(
            [{"person": "P1", "start_date": date(2014, 1, 1), "end_date": date(2020, 1, 1)}]
        ),
        concepts=NAMES,
        ancestors=LINES,
    )
    with duckdb.connect() as connection:
        build(connection, records, {})
        eras = connection.execute(
            "SELECT drug_concept_id, drug_era_start_date, drug_era_end_date, drug_exposure_count "
            "FROM drug_era ORDER BY ALL"
        ).fetchall()
        conditions = connection.execute(
            "SELECT condition_era_start_date, condition_era_end_date FROM condition_era"
        ).fetchall()
    at = [start + timedelta(days=n) for n in (0, 60, 91, 95)]
    assert eras == [(METFORMIN, at[0], at[1], 3), (METFORMIN, at[2], at[3], 1)]
    assert conditions == [(start, start + timedelta(days=1))]
    asked = definition(
        [concept_set(0, "metformin", item(METFORMIN))],
        [{"DrugEra": {"CodesetId": 0, "EraLength": {"Value": 30, "Op": "gt"}}}],
    )
    assert circe(tmp_path, asked, records)["cohort_start"].to_list() == [start]


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ({"Death": {}}, ["P2"]),
        ({"Observation": {"CodesetId": 1}}, ["P1"]),
        ({"ObservationPeriod": {"First": True, "PeriodLength": {"Value": 3, "Op": "gt"}}}, None),
        ({"ConditionEra": {"CodesetId": 0}}, ["P1"]),
        (
            {"Measurement": {"CodesetId": 3, "RangeHighRatio": {"Value": 1.2, "Op": "gt"}}},
            ["P1"],
        ),
    ],
)
def test_every_kind_of_criterion(tmp_path, criterion, expected):
    day = date(2015, 5, 5)
    records = Records(
        persons=PERSONS.frame([person("P1"), person("P2", death_date=date(2016, 1, 1))]),
        events=EVENTS.frame(
            [
                event("P1", SMOKER, day),
                event("P2", SURGERY, day),
                event("P1", TYPE_1, day),
                event("P1", HBA1C, day, value=9.0, range_low=4.0, range_high=6.0),
                event("P2", HBA1C, day, value=5.0, range_low=4.0, range_high=6.0),
            ]
        ),
        periods=PERIODS.frame(
            [
                {"person": p, "start_date": date(2014, 1, 1), "end_date": date(2020, 1, 1)}
                for p in ("P1", "P2")
            ]
        ),
        concepts=NAMES,
        ancestors=LINES,
    )
    sets = [
        concept_set(number, "a set", item(ident))
        for number, ident in enumerate([DIABETES, SMOKER, SURGERY, HBA1C])
    ]
    found = circe(tmp_path, definition(sets, [criterion]), records)
    assert found["person"].to_list() == (["P1", "P2"] if expected is None else expected)


SOME_DAY, SOME, ANY_SET = (
    {"Value": "2014-01-01", "Op": "gt"},
    {"Value": 1, "Op": "gt"},
    {"CodesetId": 0, "IsExclusion": False},
)
ATTRIBUTES = {
    "First": True,
    "CodesetId": 0,
    "Gender": [FEMALE],
    "Unit": [UNIT],
    "ValueAsConcept": [UNIT],
    "DateAdjustment": {"StartWith": "START_DATE", "StartOffset": 1, "EndWith": "END_DATE"}
    | {"EndOffset": 2},
    "CorrelatedCriteria": group(within({"ConditionOccurrence": {"CodesetId": 0}}, 1, 1)),
    "UserDefinedPeriod": {"StartDate": "2015-01-01", "EndDate": "2016-01-01"},
}


def attribute(name):
    """A value that an attribute may have."""
    if name in ATTRIBUTES:
        return ATTRIBUTES[name]
    if name.endswith("CS"):
        return ANY_SET
    return SOME_DAY if name.endswith("Date") else SOME


@pytest.mark.parametrize("kind", ANSWERED)
def test_circe_asks_for_every_attribute_that_is_let_through(kind):
    """What the library reads and then leaves out of its SQL has to be refused."""

    def sql(attributes):
        options = BuildExpressionQueryOptions()
        asked = definition([concept_set(0, "any", item(DIABETES))], [{kind: attributes}])
        expression = api.cohort_expression_from_json(json.dumps(asked))
        return api.build_cohort_query(expression, options)

    plain = sql({})
    for name in sorted(ANSWERED[kind] - IGNORED.get(kind, set())):
        if (kind, name) != ("Death", "First"):  # nobody dies twice
            assert sql({name: attribute(name)}) != plain, name


@pytest.fixture
def verb(tmp_path, cohort):
    def start(asked=DIABETICS, *, periods=cohort.periods, consent="research", **more):
        paths = {
            "persons": tmp_path / "persons.tsv",
            **{
                name: tmp_path / f"{name}.parquet"
                for name in ("events", "periods", "concepts", "ancestors")
            },
        }
        write_table(cohort.persons, paths["persons"], PERSONS)
        write_table(cohort.events, paths["events"], EVENTS)
        write_table(periods, paths["periods"], PERIODS)
        write_table(NAMES, paths["concepts"], CONCEPTS)
        write_table(LINES, paths["ancestors"], ANCESTORS)
        admitted, path = tmp_path / "admitted.tsv", tmp_path / "atlas.json"
        rows = "".join(f"{p}\tadmitted\t{consent}\n" for p in cohort.persons["person"])
        admitted.write_text(f"person\tstatus\tconsent\n{rows}")
        path.write_text(asked if isinstance(asked, str) else json.dumps(asked))
        out = tmp_path / "selected.tsv"
        select(definition=path, admitted=admitted, selected=out, **paths, **more)
        return read_table(out, SELECTED)

    return start


def test_the_verb_selects_who_consented_to_research(verb, cohort, tmp_path, capsys):
    assert verb().equals(circe(tmp_path, DIABETICS, cohort))
    assert "of 200 persons" in capsys.readouterr().out
    assert verb(consent="clinical_care;sharing").is_empty()


def test_atlas_wraps_the_expression(tmp_path):
    forms = [DIABETICS, {"name": "d", "expression": DIABETICS}]
    forms.append({"id": 7, "name": "d", "expression": json.dumps(DIABETICS)})
    paths = [tmp_path / f"{number}.json" for number in range(3)]
    for path, form in zip(paths, forms, strict=True):
        path.write_text(json.dumps(form))
    bare, object_, text = map(read_definition, paths)
    assert bare == object_ == text


def test_a_number_without_its_unit_is_told(tmp_path):
    asked = copy.deepcopy(TREATED)
    del asked["AdditionalCriteria"]["CriteriaList"][0]["Criteria"]["Measurement"]["Unit"]
    path = tmp_path / "atlas.json"
    path.write_text(json.dumps(asked))
    (told,) = read_definition(path).unitless
    assert told == "$.AdditionalCriteria.CriteriaList[0].Criteria.Measurement"


def test_without_periods_circe_is_not_asked(verb, cohort):
    with pytest.raises(FaultError, match="--period-from-records"):
        verb(periods=PERIODS.empty())
    found = verb(periods=PERIODS.empty(), period_from_records=True)
    spans = with_periods(PERIODS.empty(), cohort.events)
    assert set(found["cohort_end"]) <= set(spans["end_date"])
    assert len(found) > 20


def test_periods_from_records_only_for_who_has_none(cohort):
    found = with_periods(cohort.periods, cohort.events)
    own = found.join(cohort.periods, on="person", how="semi")
    assert own.equals(cohort.periods.sort(PERIODS.names))
    assert len(found) > len(own)


def changed(place, value, base=TREATED):
    asked = copy.deepcopy(base)
    inside = asked
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return asked


CRITERION = ("PrimaryCriteria", "CriteriaList", 0, "DrugExposure")
MEASURED = ("AdditionalCriteria", "CriteriaList", 0)


@pytest.mark.parametrize(
    ("asked", "place", "found"),
    [
        ("{", "line 1", "no JSON"),
        ("[]", "$", "no PrimaryCriteria"),
        ({"ConceptSets": []}, "$", "no PrimaryCriteria"),
        (
            changed(("PrimaryCriteria", "CriteriaList"), []),
            "$.PrimaryCriteria.CriteriaList",
            "no criterion",
        ),
        (
            changed((*CRITERION, "CodesetId"), 9),
            "$.PrimaryCriteria.CriteriaList[0].DrugExposure.CodesetId",
            "concept set 9",
        ),
        (
            changed((*CRITERION, "DaysSupply"), {"Value": 3, "Op": "gt"}),
            "$.PrimaryCriteria.CriteriaList[0].DrugExposure.DaysSupply",
            "can't be answered",
        ),
        (
            changed(("PrimaryCriteria", "CriteriaList"), [{"VisitOccurrence": {"CodesetId": 3}}]),
            "$.PrimaryCriteria.CriteriaList[0].VisitOccurrence",
            "VisitOccurrence",
        ),
        (
            changed((*MEASURED, "Criteria", "Measurement", "Abnormal"), True),
            "$.AdditionalCriteria.CriteriaList[0].Criteria.Measurement.Abnormal",
            "can't be answered",
        ),
        (
            changed(
                (*MEASURED, "Criteria", "Measurement", "OccurrenceEndDate"),
                {"Value": "2015-01-01", "Op": "gt"},
            ),
            "$.AdditionalCriteria.CriteriaList[0].Criteria.Measurement.OccurrenceEndDate",
            "can't be answered",
        ),
        (
            changed((*MEASURED, "RestrictVisit"), True),
            "$.AdditionalCriteria.CriteriaList[0].RestrictVisit",
            "one visit",
        ),
        (
            changed((*MEASURED, "Criteria"), {"Moonphase": {}}),
            "$.AdditionalCriteria.CriteriaList[0].Criteria",
            "Moonphase",
        ),
        (
            changed((*MEASURED, "Criteria", "Measurement", "Unit"), [{"CONCEPT_ID": 8554}]),
            "$.AdditionalCriteria.CriteriaList[0].Criteria.Measurement.Unit[0]",
            "without its UCUM code",
        ),
        (
            changed(("ConceptSets", 0, "expression", "items"), []),
            "$.ConceptSets[0].expression.items",
            "no concept",
        ),
        (changed(("ConceptSets", 0, "id"), 4), "$.ConceptSets[0]", "another set"),
        (
            changed(
                ("AdditionalCriteria", "DemographicCriteriaList"), [{"Race": [{"CONCEPT_ID": 1}]}]
            ),
            "$.AdditionalCriteria.DemographicCriteriaList[0].Race",
            "can't be answered",
        ),
    ],
)
def test_a_faulty_definition_is_told_by_file_and_path(verb, asked, place, found):
    with pytest.raises(FaultError) as raised:
        verb(asked)
    faults = {fault.row: fault for fault in raised.value.faults}
    assert found in faults[place].found
    assert faults[place].file.endswith("atlas.json")


def test_several_faults_are_told_at_once(verb):
    asked = changed((*CRITERION, "CodesetId"), 9)
    asked["AdditionalCriteria"]["CriteriaList"][0]["RestrictVisit"] = True
    with pytest.raises(FaultError) as raised:
        verb(asked)
    assert len(raised.value.faults) == 2


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ((*CRITERION, "First"), "sometimes", "DrugExposure"),
        ((*CRITERION, "Age"), "old", "DrugExposure"),
        ((*MEASURED, "Criteria", "Measurement", "ValueAsNumber"), 6.5, "Criteria.Measurement"),
        ((*MEASURED, "StartWindow"), "soon", "$"),
    ],
)
def test_what_the_library_can_not_read_is_a_fault(verb, place, value, told):
    """By itself it takes the first three for any condition at all and selects by that."""
    with pytest.raises(FaultError, match="circe can't read") as raised:
        verb(changed(place, value))
    assert raised.value.faults[0].row.endswith(told)

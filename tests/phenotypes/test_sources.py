"""What the sources over DuckDB and Parquet answer, and which platforms they refuse."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from soyang.core.clinical import Fhir, Platform
from soyang.core.errors import FaultError
from soyang.phenotypes.contract import DATE, ID, NUMBER, TABLES
from soyang.phenotypes.duckdb_source import parquet_tables
from soyang.phenotypes.source import Source
from soyang.phenotypes.sources import open_source

WANTED = pl.DataFrame({"person": ["A"], "person_id": ["900001"]})


def opened(site: Any, wanted: pl.DataFrame = WANTED) -> AbstractContextManager[Source]:
    site.build()
    return open_source(site.platform(), wanted)


def sets(*rows: tuple[str, int, float | None]) -> pl.DataFrame:
    schema = {"concept_set": pl.String, "concept_id": pl.Int64, "at_least": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def observation(site: Any, concept: int = 100, **more: Any) -> None:
    site.add("observation", person_id=900001, observation_concept_id=concept,
             **{"observation_date": "2021-02-03", **more})  # fmt: skip


def measurement(site: Any, day: str = "2021-02-03", **more: Any) -> None:
    site.add("measurement", person_id=900001, measurement_concept_id=110, measurement_date=day,
             **more)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "qualifier", "absent"),
    [
        (4132135, None, True),
        (None, 4132135, True),
        (4188540, None, True),
        (130, None, True),
        (4188539, None, False),
        (None, None, False),
        (0, 0, False),
    ],
)
def test_a_record_is_denied_only_where_it_says_so(
    site: Any, value: int | None, qualifier: int | None, absent: bool
) -> None:
    observation(site, value_as_concept_id=value, qualifier_concept_id=qualifier)
    with opened(site) as source:
        assert source.events("observation")["absent"].to_list() == [absent]
        assert source.occurrences(sets(("s", 100, None))).is_empty() == absent


@pytest.mark.parametrize(
    ("concept", "text", "unit"),
    [(120, "MG/DL", "mg/dL"), (121, " mg/dl ", "mg/dl"), (121, None, "258797006"),
     (0, "mg%", "mg%"), (None, None, "")],
)  # fmt: skip
def test_a_unit_is_the_ucum_code_else_the_sources_text(
    site: Any, concept: int | None, text: str | None, unit: str
) -> None:
    measurement(site, value_as_number=5.5, range_high=6.1, unit_concept_id=concept,
                unit_source_value=text)  # fmt: skip
    with opened(site) as source:
        row = source.events("measurement").row(0, named=True)
    assert (row["value"], row["unit"], row["range_low"], row["range_high"]) == (
        5.5,
        unit,
        None,
        6.1,
    )


def test_numbers_that_are_none_are_missing(site: Any) -> None:
    for value in ("nan", "inf", -0.0):
        measurement(site, value_as_number=float(value))
    with opened(site) as source:
        values = source.events("measurement")["value"].to_list()
    assert values == [None, None, 0.0]
    assert str(values[2]) == "0.0"


def test_a_missing_concept_is_0_and_a_missing_code_is_that_of_the_source_concept(site: Any) -> None:
    site.condition(900001, None, None)
    site.condition(900001, None, "  ", condition_source_concept_id=None)
    with opened(site) as source:
        events = source.events("condition")
    columns = ("concept_id", "source_code", "source_vocabulary")
    assert events.select(columns).rows() == [(0, "", ""), (0, "G40.9", "KCD7")]


def test_the_hospital_is_of_the_visit_else_of_the_person(site: Any) -> None:
    for number, name, source in ((1, "가 병원", "x"), (2, None, "B"), (3, " ", None)):
        site.add("care_site", care_site_id=number, care_site_name=name,
                 care_site_source_value=source)  # fmt: skip
    for visit, care_site in ((10, 1), (11, 3), (12, None), (12, 2)):
        site.add("visit_occurrence", visit_occurrence_id=visit, person_id=900001,
                 care_site_id=care_site)  # fmt: skip
    site.add("visit_occurrence", visit_occurrence_id=13, person_id=5, care_site_id=1)
    site.rows["person"][0]["care_site_id"] = 2
    for visit in (10, 11, 12, 13, 99, None):
        site.condition(900001, 100, str(visit), visit_occurrence_id=visit)
    with opened(site) as source:
        events = source.events("condition")
        assert source.persons()["hospital"].to_list() == ["B"]
    assert dict(events.select("source_code", "hospital").rows()) == {
        "10": "가 병원", "11": "B", "12": "B", "13": "B", "99": "B", "None": "B",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("exists", "temporal", "modifiers", "expected"),
    [
        ("Y", None, None, [(False, None)]),
        ("N", None, None, [(True, None)]),
        ("N", None, "Negation=true", [(True, None)]),
        ("N", None, "Subject=mother", []),
        ("N", "", "Uncertain=very low", []),
        ("Y", "Past", "", [(False, date(2020, 5, 5))]),
        (None, "present", None, [(False, None)]),
    ],
)
def test_a_note_denies_only_what_it_negates(
    site: Any, exists: Any, temporal: Any, modifiers: Any, expected: Any
) -> None:
    site.add("note", note_id=1, person_id=900001, note_date="2020-05-05")
    site.add("note_nlp", note_id=1, note_nlp_concept_id=100, term_exists=exists,
             term_temporal=temporal, term_modifiers=modifiers)  # fmt: skip
    with opened(site) as source:
        notes = source.events("note")
    assert notes.select("absent", "end_date").rows() == expected


def test_occurrences_are_counted_by_day(site: Any) -> None:
    for day in ("2020-01-01", "2020-01-01", "2022-02-02", None):
        site.condition(900001, 100, "x", day)
    site.add("drug_exposure", person_id=900001, drug_concept_id=100,
             drug_exposure_start_date="2019-01-01")  # fmt: skip
    for day, value in (("2021-01-01", 4.9), ("2021-01-02", 5.0), ("2021-01-03", None)):
        measurement(site, day, value_as_number=value)
    site.condition(900001, 110, "a condition has no value", "2018-01-01")
    site.condition(900001, 0, "x", "2017-01-01")
    asked = sets(("seizure", 100, None), ("seizure", 100, None), ("epilepsy", 101, None),
                 ("high", 110, 5.0), ("glucose", 110, None), ("glucose", 110, 7.0),
                 ("none", 0, None))  # fmt: skip
    with opened(site) as source:
        assert source.occurrences(asked).rows() == [
            ("A", "glucose", date(2018, 1, 1), date(2021, 1, 3), 4),
            ("A", "high", date(2021, 1, 2), date(2021, 1, 2), 1),
            ("A", "seizure", date(2019, 1, 1), date(2022, 2, 2), 3),
        ]
        assert source.occurrences(sets()).is_empty()


def test_vocabulary(site: Any) -> None:
    site.add("vocabulary", vocabulary_id="KCD7", vocabulary_version=" 2016 ")
    site.add("concept_relationship", concept_id_1=200, concept_id_2=100,
             relationship_id="Maps to", invalid_reason="D")  # fmt: skip
    site.add("concept_relationship", concept_id_1=200, concept_id_2=101,
             relationship_id="Maps to", invalid_reason="")  # fmt: skip
    with opened(site) as source:
        rows = source.concepts(pl.Series([203, 100, 100, 0, 999])).rows()
        maps = source.code_maps(
            pl.DataFrame({"vocabulary": ["", "KCD7", "KCD7"], "code": ["G40.9", "Q44", "it's"]})
        )
        assert source.vocabularies().filter(vocabulary="KCD7").rows() == [("KCD7", "2016")]
    assert rows == [
        (100, "91175000", "Seizure", "SNOMED", "Condition", True, True),
        (203, "Q44", "담낭의 선천기형", "KCD7", "Condition", False, False),
    ]
    assert maps.rows() == [("ICD10CM", "G40.9", 0), ("KCD7", "G40.9", 101), ("KCD7", "Q44", 0)]


def test_a_named_schema_is_found(site: Any) -> None:
    site.schema = "cdm54"
    site.condition(900001, 100, "G40.9")
    with opened(site) as source:
        assert len(source.events()) == 1


@pytest.mark.parametrize("shape", [{}, {"upper": True}, {"split": True}])
def test_parquet_gives_what_duckdb_gives(site: Any, shape: dict[str, bool]) -> None:
    site.condition(900001, 100, "G40.9 '\"\t")
    measurement(site, value_as_number=5.5, unit_concept_id=120)
    folder = site.build_parquet(**shape)
    with opened(site) as first, open_source(Platform(omop=folder), WANTED) as second:
        assert (first.name, second.name) == ("OMOP CDM (DuckDB)", "OMOP CDM (Parquet)")
        assert second.events().equals(first.events())
        assert len(first.events()) == 2
        assert second.concepts(pl.Series([100, 200])).equals(first.concepts(pl.Series([100, 200])))


def test_two_parquet_files_of_one_table_are_refused(site: Any) -> None:
    folder = site.build_parquet()
    (folder / "Person.parquet").write_bytes((folder / "person.parquet").read_bytes())
    with pytest.raises(FaultError, match="table person: found two files"):
        parquet_tables(folder, set(TABLES))


@pytest.mark.parametrize("content", [None, b"", b"no Parquet" * 99])
def test_a_folder_without_tables_and_a_damaged_one(site: Any, content: bytes | None) -> None:
    folder = site.folder / "빈 폴더"
    folder.mkdir()
    if content is not None:
        (folder / "person.parquet").write_bytes(content)
    with (
        pytest.raises(FaultError, match="it can't be read"),
        open_source(Platform(omop=folder), WANTED),
    ):
        pass


@pytest.mark.parametrize("content", [None, b"", b"not a database\n" * 100, "truncated"])
def test_a_file_that_is_no_database_is_refused(site: Any, content: Any) -> None:
    if content == "truncated":
        content = site.build().read_bytes()[:5000]
    if content is not None:
        site.omop.write_bytes(content)
    with (
        pytest.raises(FaultError, match="a DuckDB database") as caught,
        open_source(site.platform(), WANTED),
    ):
        pass
    assert "병원 CDM" in caught.value.faults[0].file


def refused(site: Any) -> list[Any]:
    with pytest.raises(FaultError) as caught, opened(site):
        pass
    assert all(fault.next_step and "병원 CDM" in fault.file for fault in caught.value.faults)
    return list(caught.value.faults)


def test_every_missing_table_and_column_is_named_at_once(site: Any) -> None:
    site.rows.clear()
    site.tables -= {"measurement", "observation", "death"}
    site.types = {
        ("person", "gender_concept_id"): None,
        ("person", "care_site_id"): None,
        ("drug_exposure", "person_id"): "VARCHAR",
        ("specimen", "specimen_date"): "VARCHAR",
        ("condition_occurrence", "condition_start_date"): "INTEGER",
    }
    told = {(f.code, f.row.removeprefix("table "), f.column) for f in refused(site)}
    assert told == {
        ("omop-table", "measurement", ""),
        ("omop-table", "observation", ""),
        ("omop-column", "person", "gender_concept_id"),
        ("omop-type", "drug_exposure", "person_id"),
        ("omop-type", "specimen", "specimen_date"),
        ("omop-type", "condition_occurrence", "condition_start_date"),
    }


@pytest.mark.parametrize("version", ["5.4", "v5.4.0", "CDM v5.4.2", "5.3.1", " ", None])
def test_versions_that_are_read(site: Any, version: str | None) -> None:
    site.add("cdm_source", cdm_version=version)
    with opened(site) as source:
        assert len(source.persons()) == 1


@pytest.mark.parametrize(("version", "told"), [("5.2.2", "5.2.2"), ("v6.0", "6.0"), ("비밀", "no")])
def test_another_version_is_refused(site: Any, version: str, told: str) -> None:
    site.add("cdm_source", cdm_version="5.4")
    site.add("cdm_source", cdm_version=version)
    (fault,) = refused(site)
    assert fault.code == "omop-version"
    assert told in fault.found
    assert "5.4" in fault.allowed
    assert "비밀" not in str(fault)


def test_without_optional_tables_a_source_says_what_it_can_not_answer(site: Any) -> None:
    site.tables = {t for t, needed in TABLES.items() if needed.required}
    site.condition(900001, 100, "G40.9")
    with opened(site) as source:
        assert source.unanswered == {
            "periods", "consents", "specimens", "ancestors", "code_maps", "events.procedure",
            "events.note",
        }  # fmt: skip
        assert len(source.events()) == 1
        assert source.persons()["death_date"].to_list() == [None]
        empty = (source.periods(), source.consents(), source.specimens(),
                 source.ancestors(pl.Series([100])), source.events("note"))  # fmt: skip
        assert all(frame.is_empty() for frame in empty)
        assert source.vocabularies()["version"].unique().to_list() == [""]


def test_a_period_without_end_is_refused(site: Any) -> None:
    site.add("observation_period", person_id=900001, observation_period_start_date="2019-05-01")
    with opened(site) as source, pytest.raises(FaultError, match="without first or last day"):
        source.periods()


def test_what_the_database_says_of_values_is_not_repeated(site: Any) -> None:
    site.types = {("person", "year_of_birth"): "DOUBLE"}
    site.rows["person"][0]["year_of_birth"] = 1e300
    with opened(site) as source, pytest.raises(FaultError, match="a query failed") as caught:
        source.persons()
    assert "1e+300" not in str(caught.value)
    assert "1000000" not in str(caught.value)


def test_fhir_is_asked_by_the_servers_ids_and_says_that_it_has_no_periods(site: Any) -> None:
    site.rows["person"][0] |= {"person_id": 1, "person_source_value": "pt-가/1"}
    site.known(2, person_source_value="someone else")
    site.condition(1, 100, "G40.9")
    site.condition(2, 100, "G40.9")
    fetched = site.build_parquet()
    for table, needed in TABLES.items():
        if needed.vocabulary:
            (fetched / f"{table}.parquet").unlink()
    site.tables = {t for t, needed in TABLES.items() if needed.vocabulary}
    fhir = Fhir(base_url="https://fhir.example.org", vocabulary=site.build())
    wanted = pl.DataFrame({"person": ["A", "B"], "person_id": ["pt-가/1", "pt-2"]})
    with open_source(Platform(fhir=fhir), wanted, fetched=fetched) as source:
        assert source.name == "FHIR R4"
        assert source.unanswered == {"periods"}
        assert source.persons()["person"].to_list() == ["A"]
        assert source.events().select("person", "source_vocabulary").rows() == [("A", "KCD7")]


@pytest.mark.parametrize(
    ("kind", "fits", "does_not"),
    [
        (ID, ["BIGINT", "integer", "NUMERIC(10,0)", "smallint", "DECIMAL(38,0)"],
         ["VARCHAR", "numeric", "DOUBLE", "DECIMAL(10,2)", "text"]),
        (NUMBER, ["double precision", "numeric", "DECIMAL(10,2)", "float", "INT"], ["VARCHAR"]),
        (DATE, ["DATE", "timestamp without time zone", "TIMESTAMP_NS", "timestamp_ntz"],
         ["VARCHAR", "INTEGER"]),
    ],
)  # fmt: skip
def test_kinds_of_columns_in_the_words_of_each_engine(kind: Any, fits: Any, does_not: Any) -> None:
    assert all(kind.types.fullmatch(name.upper()) for name in fits)
    assert not any(kind.types.fullmatch(name.upper()) for name in does_not)


def test_only_the_row_groups_of_the_cohort_are_read(site: Any, tmp_path: Path) -> None:
    """Of a table clustered by person, what is read grows with the cohort."""
    folder = site.build_parquet()
    path = folder / "measurement.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT range // 10 AS person_id, 110 AS measurement_concept_id, "
            "DATE '2020-01-01' AS measurement_date, '' AS measurement_source_value, "
            "0 AS measurement_source_concept_id, 1.5 AS value_as_number FROM range(40960)) "
            f"TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048, WRITE_BLOOM_FILTER false)"
        )
    # the bytes of all row groups but the first are made useless
    with duckdb.connect() as connection:
        starts = connection.execute(
            "SELECT min(coalesce(dictionary_page_offset, data_page_offset)) "
            f"FROM parquet_metadata('{path}') WHERE row_group_id = 1"
        ).fetchone()
        last = connection.execute(
            f"SELECT max(data_page_offset + total_compressed_size) FROM parquet_metadata('{path}')"
        ).fetchone()
    assert starts and last
    content = bytearray(path.read_bytes())
    end = min(last[0], len(content) - 8 - int.from_bytes(content[-8:-4], "little"))
    content[starts[0] : end] = b"\xff" * (end - starts[0])
    path.write_bytes(content)
    wanted = pl.DataFrame({"person": ["A", "B"], "person_id": ["3", "7"]})
    with open_source(Platform(omop=folder), wanted) as source:
        assert len(source.events("measurement")) == 20
        assert source.occurrences(sets(("s", 110, 1.0)))["days"].to_list() == [1, 1]

"""The admitted persons' records, from an OMOP CDM to the tables that the rest works with."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.core.clinical import Platform
from soyang.core.errors import FaultError
from soyang.phenotypes.extracted import codes_to_ask


def test_a_condition_with_all_it_says(site: Any) -> None:
    site.add("observation_period", person_id=900001, observation_period_start_date="2019-05-01",
             observation_period_end_date="2022-06-30")  # fmt: skip
    site.condition(900001, 100, " G40.9 간질 ", "2020-03-01", condition_end_date="2020-04-01")
    found = site.extract()
    assert found["events"].to_dicts() == [
        {
            "person": "A", "domain": "condition", "concept_id": 100, "source_code": "G40.9 간질",
            "source_vocabulary": "KCD7", "start_date": date(2020, 3, 1),
            "end_date": date(2020, 4, 1), "value": None, "value_concept_id": 0, "unit": "",
            "range_low": None, "range_high": None, "absent": False, "hospital": "",
        }
    ]  # fmt: skip
    assert found["persons"].to_dicts() == [
        {
            "person": "A", "hospital": "H1", "record": "found", "sex_recorded": "female",
            "birth_year": 1984, "birth_date": None, "death_date": None,
            "observed_from": date(2019, 5, 1), "observed_to": date(2022, 6, 30), "records": 1,
        }
    ]  # fmt: skip
    assert found["periods"].rows() == [("A", date(2019, 5, 1), date(2022, 6, 30))]


def test_found_not_found_and_nobody_looked_are_three_answers(site: Any) -> None:
    site.person("B", "900002")
    site.person("C", "")
    persons = site.extract()["persons"]
    assert persons.select("person", "record", "sex_recorded", "birth_year").rows() == [
        ("A", "found", "female", 1984),
        ("B", "not_found", "unknown", None),
        ("C", "no_platform", "unknown", None),
    ]


def test_without_platform_nobody_is_looked_up(site: Any) -> None:
    found = site.extract(build=False, platform=Platform())
    assert found["persons"]["record"].to_list() == ["no_platform"]
    assert all(frame.is_empty() for name, frame in found.items() if name != "persons")


def test_empty_cohort(empty_site: Any) -> None:
    assert all(frame.is_empty() for frame in empty_site.extract().values())


def test_who_was_not_admitted_and_others_of_the_platform_stay_there(site: Any) -> None:
    site.person("W", "900003", status="withheld")
    for number in (900003, 1):
        site.known(number)
        site.condition(number, 100, "G40.9")
    found = site.extract()
    assert found["persons"]["person"].to_list() == ["A"]
    assert found["events"].is_empty()


def test_dates_before_birth_and_in_the_future_are_kept(site: Any) -> None:
    for day in ("1901-01-01", "2999-12-31", None):
        site.condition(900001, 100, "G40.9", day)
    assert site.extract()["events"]["start_date"].to_list() == [
        None,
        date(1901, 1, 1),
        date(2999, 12, 31),
    ]


def test_equal_records_stay_apart_and_order_does_not_matter(site: Any) -> None:
    for source in ("나", "가", "나"):
        site.condition(900001, 100, source)
    site.extract()
    first = (site.folder / "out" / "events.parquet").read_bytes()
    site.rows["condition_occurrence"].reverse()
    assert site.extract()["events"]["source_code"].to_list() == ["가", "나", "나"]
    assert (site.folder / "out" / "events.parquet").read_bytes() == first


def test_platform_id_is_in_no_output(site: Any) -> None:
    site.condition(900001, 100, "G40.9")
    site.rows["person"][0]["person_source_value"] = "MRN-4711"
    site.extract()
    for path in (site.folder / "out").iterdir():
        assert b"900001" not in path.read_bytes()
        assert b"MRN-4711" not in path.read_bytes()


def test_database_is_left_as_it_was(site: Any) -> None:
    site.condition(900001, 100, "G40.9")
    before = site.build().read_bytes()
    site.extract(build=False)
    assert site.omop.read_bytes() == before
    assert not list(site.folder.glob("*.wal"))


def test_concepts_hold_all_that_is_used_and_what_is_above(site: Any) -> None:
    site.add("concept_ancestor", ancestor_concept_id=103, descendant_concept_id=100,
             min_levels_of_separation=3)  # fmt: skip
    site.add("measurement", person_id=900001, measurement_concept_id=110,
             measurement_date="2020-01-01", value_as_number=5.5, unit_concept_id=120)  # fmt: skip
    site.condition(900001, 100, "G40.9")
    found = site.extract()
    assert found["concepts"]["concept_id"].to_list() == [100, 103, 110, 120, 200]
    assert found["ancestors"].rows() == [(100, 103, 3)]
    assert found["vocabularies"].filter(vocabulary="KCD7").rows() == [("KCD7", "")]


def test_code_maps_fall_back_within_the_vocabulary_only(site: Any) -> None:
    for source, target in ((200, 101), (201, 100), (202, 103), (203, 121)):
        site.add("concept_relationship", concept_id_1=source, concept_id_2=target,
                 relationship_id="Maps to")  # fmt: skip
    site.condition(900001, 0, "G40.97")
    site.condition(900001, 0, "Q44.7", condition_source_concept_id=203)
    maps = site.extract()["code_maps"]
    # Q44 maps to a concept that is not standard: known, but without a standard concept
    assert maps.rows() == [("KCD7", "G40", 100), ("KCD7", "G40.9", 101), ("KCD7", "Q44", 0)]


def _records(*rows: tuple[str, str, int, str]) -> pl.DataFrame:
    columns = ["source_code", "source_vocabulary", "concept_id", "domain"]
    return pl.DataFrame(rows, schema=columns, orient="row")


@pytest.mark.parametrize(
    ("row", "codes"),
    [
        (("Q44.71", "KCD7", 5, "condition"), {"Q44.71", "Q4471", "Q44.7", "Q447", "Q44"}),
        (("g409 간질", "KCD7", 5, "condition"), {"g409 간질", "G40.9", "G409", "G40"}),
        (("G40", "KCD7", 5, "observation"), {"G40"}),
        (("L3001", "EDI", 0, "measurement"), {"L3001"}),
        (("L3001", "EDI", 5, "measurement"), set()),
        (("G40.9", "ICD10CM", 0, "condition"), set()),
        (("", "KCD7", 0, "condition"), set()),
        (("C5000123", "KCD7", 0, "condition"), {"C5000123"}),
    ],
)
def test_codes_to_ask(row: tuple[str, str, int, str], codes: set[str]) -> None:
    assert set(codes_to_ask(_records(row))["code"]) == codes


def test_a_code_without_vocabulary_is_looked_up_in_classifications_of_the_who() -> None:
    asked = codes_to_ask(_records(("G40", "", 0, "condition")))
    assert asked["vocabulary"].to_list() == ["ICD10", "KCD", "KCD7", "KCD8"]


@pytest.mark.parametrize("identifier", ["P-17", "12.5", "9" * 20, "１２"])
def test_an_id_that_is_no_number_is_refused_without_telling_it(
    empty_site: Any, identifier: str
) -> None:
    empty_site.person("A", identifier)
    with pytest.raises(FaultError, match="not a whole number") as caught:
        empty_site.extract()
    assert identifier not in str(caught.value)
    assert caught.value.faults[0].person == "A"


@pytest.mark.parametrize("same", ["900001", "0900001", " +900001"])
def test_two_people_with_one_id_are_refused(site: Any, same: str) -> None:
    site.person("B", same)
    with pytest.raises(FaultError, match="another has") as caught:
        site.extract()
    assert {fault.person for fault in caught.value.faults} == {"A", "B"}
    assert "900001" not in str(caught.value)


def test_one_person_with_two_ids_is_refused(site: Any) -> None:
    site.person("A", "900002")
    with pytest.raises(FaultError, match="two ids"):
        site.extract()


def test_a_person_with_two_samples_is_asked_about_once(site: Any) -> None:
    site.person("A", "900001")
    site.condition(900001, 100, "G40.9")
    found = site.extract()
    assert (len(found["persons"]), len(found["events"])) == (1, 1)


def test_a_person_twice_on_the_platform_is_refused(site: Any) -> None:
    site.known(900001)
    with pytest.raises(FaultError, match="several rows") as caught:
        site.extract()
    assert caught.value.faults[0].person == "A"
    assert "900001" not in str(caught.value)
    assert not (site.folder / "out").exists()


def shifts(site: Any, text: str) -> None:
    path: Path = site.folder / "shifts.tsv"
    path.write_bytes(text.encode())
    site.settings["date_shifts"] = str(path)


def test_all_dates_of_a_person_are_shifted_alike(site: Any) -> None:
    site.rows["person"][0] |= {"month_of_birth": 1, "day_of_birth": 2}
    site.person("B", "900002")
    site.known(900002, year=1990)
    site.add("death", person_id=900001, death_date="2021-01-31")
    site.add("observation_period", person_id=900001, observation_period_start_date="2019-05-01",
             observation_period_end_date="2020-06-30")  # fmt: skip
    site.condition(900001, 100, "G40.9", "2020-03-01", condition_end_date="2020-03-05")
    site.condition(900002, 100, "G40.9", "2020-03-01")
    shifts(site, "\ufeffperson\tdays\r\nA\t-10\r\nB\t200\r\n")
    found = site.extract()
    assert found["events"].select("person", "start_date", "end_date").rows() == [
        ("A", date(2020, 2, 20), date(2020, 2, 24)),
        ("B", date(2020, 9, 17), None),
    ]
    assert found["periods"].row(0) == ("A", date(2019, 4, 21), date(2020, 6, 20))
    first, second = found["persons"].rows(named=True)
    assert (first["birth_date"], first["birth_year"]) == (date(1983, 12, 23), 1983)
    assert (first["death_date"], first["observed_to"]) == (date(2021, 1, 21), date(2020, 6, 20))
    assert second["birth_year"] == 1991


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("person\tdays\nB\t3\n", "no row"),
        ("person\tdays\nA\t3\nA\t4\n", "a person twice"),
        ("person\tdays\nA\t2.5\n", "no number of days"),
        ("person\tdays\nA\n", "no number of days"),
        ("person\n", "column"),
    ],
)
def test_date_shifts_that_are_none_are_refused(site: Any, text: str, told: str) -> None:
    shifts(site, text)
    with pytest.raises(FaultError, match=told):
        site.extract()


def test_crosswalk_with_bom_and_windows_line_ends(site: Any, monkeypatch: Any) -> None:
    site.condition(900001, 100, "G40.9")
    write = type(site).inputs

    def windows(self: Any) -> None:
        write(self)
        path = self.folder / "crosswalk.tsv"
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    monkeypatch.setattr(type(site), "inputs", windows)
    assert len(site.extract()["events"]) == 1

"""From records to HPO terms, whole, with small tables."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.phenotypes.evidence import read_medicines
from soyang.phenotypes.given import read_phenopackets
from soyang.phenotypes.hpo import release_names
from soyang.phenotypes.laboratory import read_annotations
from soyang.phenotypes.ranges import read_ranges
from tests.phenotypes.records import (
    DIABETES,
    EAR,
    FOCAL,
    HEARING,
    HIGH,
    LOW,
    SEIZURE,
    SODIUM,
    Records,
)

LOINC2HPO = """loincId\tloincScale\toutcome\thpoTermId\tsupplementalTermId\tcuration\tcomment
2951-2\tQn\tL\tHP:0002902\t.\tx\t.
2951-2\tQn\tN\tHP:0010931\t.\tx\t.
2951-2\tQn\tH\tHP:0003228\t.\tx\t.
2947-0\tQn\tL\tHP:0002902\t.\tx\t.
2947-0\tQn\tN\tHP:0010931\t.\tx\t.
2947-0\tQn\tH\tHP:0003228\t.\tx\t.
5778-6\tOrd\tPOS\tHP:0000365\t.\tx\t.
5778-6\tOrd\tNEG\tHP:0000365\t.\tx\t.
"""
RANGES = """# a comment
loinc\tunit\tsex\tage_from\tage_to\tlow\thigh\tsource
2951-2\tmmol/L\tfemale\t18\t150\t135\t145\ta paper
2951-2\tmmol/L\tmale\t18\t150\t130\t140\ta paper
2951-2\tmmol/L\tany\t0\t18\t125\t135\ta paper
"""
MASSES = "loinc\tsubstance\tg_per_mol\tcharge\tsource\n2951-2\tsodium\t22.99\t1\tIUPAC\n"
MEDICINES = """medicine\trxnorm\tatc\thpo_id\tphecode\tsource
metformin\t6809\tA10BA02\tHP:0000819\tEM_202\tlabel
insulin\t\tA10A\tHP:0000819\tEM_202\tATC
"""


@pytest.fixture
def site(tmp_path: Path) -> Records:
    """One person, A, of hospital H1."""
    made = Records(folder=tmp_path)
    made.person("A")
    return made


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    return path


def terms(found: dict[str, pl.DataFrame], *columns: str) -> list[tuple[Any, ...]]:
    return found["profile"].select("hpo_id", "status", *columns).rows()


def test_a_condition_leads_to_its_term_with_all_that_it_came_from(site: Records) -> None:
    site.add("A", "condition", 100, "G40.9 간질", start_date=date(2020, 3, 1))
    site.add("A", "condition", 100, "G40.9 간질", start_date=date(2021, 4, 2))
    assert site.map()["profile"].to_dicts() == [
        {
            "person": "A",
            "hpo_id": SEIZURE,
            "hpo_name": "Seizure",
            "status": "observed",
            "domain": "condition",
            "concept_id": 100,
            "concept_code": "91175000",
            "concept_vocabulary": "SNOMED",
            "source_code": "G40.9 간질",
            "source_vocabulary": "KCD7",
            "vocabulary_version": "2025-02",
            "match": "exact",
            "hospital": "H1",
            "first_date": date(2020, 3, 1),
            "last_date": date(2021, 4, 2),
            "records": 2,
            "resolved": False,
        }
    ]


@pytest.mark.parametrize("concept", [100, 106, 107])
def test_snomed_umls_and_hpo_concepts_are_cross_referenced(site: Records, concept: int) -> None:
    site.add("A", "note", concept, "x", source_vocabulary="")
    assert terms(site.map(), "match", "domain") == [(SEIZURE, "observed", "exact", "note")]


@pytest.mark.parametrize(
    ("vocabulary", "code"),
    [
        ("HPO", "HP:0001250"),
        ("HP", "HP_0001250"),
        ("SNOMED", "91175000"),
        ("UMLS", "C0036572"),
        ("HPO", "HP:0010553"),
    ],
)
def test_a_source_code_that_hpo_knows_needs_no_concept(
    site: Records, vocabulary: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "soyang.phenotypes.map.release_names", lambda: {"HP:0010553": SEIZURE, SEIZURE: SEIZURE}
    )
    site.add("A", "observation", 0, code, source_vocabulary=vocabulary)
    assert terms(site.map(), "match", "concept_id") == [(SEIZURE, "observed", "exact", 0)]


def test_the_same_digits_in_another_vocabulary_say_nothing(site: Records) -> None:
    site.add("A", "condition", 108, "G40")
    found = site.map()
    assert terms(found) == []
    assert found["unmapped"].rows() == [("H1", "condition", "G40", 108, "no_term", 1, 1)]


def test_the_nearest_telling_ancestor_stands_in(site: Records) -> None:
    site.ancestors = [(101, 101, 0), (101, 105, 1), (101, 100, 2), (101, 103, 5)]
    site.add("A", "condition", 101, "G40.3")
    assert terms(site.map(), "match", "concept_code") == [
        (SEIZURE, "observed", "ancestor", "230456007")
    ]


def test_an_exact_term_may_be_wide_but_an_ancestor_may_not(site: Records) -> None:
    site.ancestors = [(104, 105, 1)]
    site.add("A", "condition", 105, "H93")
    site.add("A", "condition", 104, "H93.8")
    assert terms(site.map(), "source_code") == [(EAR, "observed", "H93")]


def test_absence_of_the_narrow_is_not_absence_of_the_wide(site: Records) -> None:
    site.ancestors = [(101, 100, 1)]
    site.code_maps = [("KCD7", "G40", 100)]
    site.add("A", "observation", 101, "G40.31", absent=True)
    site.add("A", "observation", 102, "H91", absent=True)
    found = site.map()
    assert terms(found) == [(HEARING, "excluded")]
    assert found["person_mapping"].rows() == [("A", 2, 1)]


def test_what_contradicts_itself_stays_both(site: Records) -> None:
    site.add("A", "condition", 100, "G40")
    site.add("A", "observation", 100, "G40", absent=True)
    assert terms(site.map()) == [(SEIZURE, "excluded"), (SEIZURE, "observed")]


@pytest.mark.parametrize(
    ("code", "maps", "match", "version"),
    [
        ("G40.31", [("KCD7", "G40.31", 100)], "exact", "2025-02"),
        ("g4031", [("KCD7", "G40.31", 100)], "exact", "2025-02"),
        ("G40.31 간질", [("KCD7", "G4031", 100)], "exact", "2025-02"),
        ("G40.31", [("KCD7", "G40.3", 100)], "code4", "7.5"),
        ("G4031", [("KCD7", "G403", 100), ("KCD7", "G40", 102)], "code4", "7.5"),
        ("G40.31", [("KCD7", "G40.3", 0), ("KCD7", "G40", 100)], "code3", "7.5"),
        ("G40.31†", [("KCD7", "G40", 100)], "code3", "7.5"),
    ],
)
def test_a_kcd_code_without_concept_falls_back_and_says_so(
    site: Records, code: str, maps: list[Any], match: str, version: str
) -> None:
    site.code_maps = maps
    site.add("A", "condition", 0, code)
    assert terms(site.map(), "match", "concept_id", "source_code", "vocabulary_version") == [
        (SEIZURE, "observed", match, 100, code, version)
    ]


def test_a_concept_that_leads_nowhere_falls_back_too(site: Records) -> None:
    site.code_maps = [("KCD7", "G40", 100)]
    site.add("A", "condition", 104, "G40.3")
    assert terms(site.map(), "match", "concept_id") == [(SEIZURE, "observed", "code3", 104)]


def test_a_cut_code_leads_to_an_ancestor_of_its_concept(site: Records) -> None:
    site.code_maps, site.ancestors = [("KCD7", "G40", 101)], [(101, 100, 1)]
    site.add("A", "condition", 0, "G40.3")
    assert terms(site.map(), "match", "concept_id") == [(SEIZURE, "observed", "code3", 101)]


def test_a_cut_code_does_not_lead_to_what_says_nothing(site: Records) -> None:
    site.code_maps = [("KCD7", "H93", 105)]
    site.add("A", "condition", 0, "H93.81")
    assert terms(site.map()) == []


def test_a_code_that_is_not_of_icd_is_not_cut(site: Records) -> None:
    site.code_maps = [("EDI", "C37", 100), ("KCD7", "C37", 100)]
    site.add("A", "observation", 0, "C3710", source_vocabulary="EDI")
    site.add("A", "observation", 0, "간질", source_vocabulary="KCD7")
    site.add("A", "observation", 0, "")
    found = site.map()
    assert terms(found) == []
    assert found["unmapped"]["reason"].unique().to_list() == ["no_concept"]


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        ([("KCD7", "G40.9", 100)], [SEIZURE]),
        ([("KCD7", "G40.9", 100), ("ICD10", "G40.9", 100)], [SEIZURE]),
        ([("KCD7", "G40.9", 100), ("ICD10", "G40.9", 102)], []),
    ],
)
def test_a_code_without_vocabulary_is_read_where_vocabularies_agree(
    site: Records, maps: list[Any], expected: list[str]
) -> None:
    site.code_maps = maps
    site.add("A", "condition", 0, "G40.9", source_vocabulary="")
    assert site.map()["profile"]["hpo_id"].to_list() == expected


def test_a_code_is_read_in_its_own_vocabulary_only(site: Records) -> None:
    site.code_maps = [("ICD10CM", "G40.9", 100)]
    site.add("A", "condition", 0, "G40.9")
    assert terms(site.map()) == []


@pytest.mark.parametrize(("ends", "resolved"), [([2, 3], True), ([2, None], False)])
def test_resolved_is_what_has_ended_in_every_record(
    site: Records, ends: list[int | None], resolved: bool
) -> None:
    for day, end in enumerate(ends, start=1):
        site.add(
            "A",
            "condition",
            100,
            "G40",
            start_date=date(2020, 1, day),
            end_date=date(2020, 2, end) if end else None,
        )
    assert terms(site.map(), "resolved") == [(SEIZURE, "observed", resolved)]


def test_hospitals_stay_apart_and_the_person_s_stands_in(site: Records) -> None:
    site.add("A", "condition", 100, "G40", hospital="가람병원")
    site.add("A", "condition", 100, "G40", hospital="")
    assert terms(site.map(), "hospital") == [
        (SEIZURE, "observed", "H1"),
        (SEIZURE, "observed", "가람병원"),
    ]


def test_undated_records_count(site: Records) -> None:
    site.add("A", "condition", 100, "G40", start_date=None)
    assert terms(site.map(), "first_date", "records") == [(SEIZURE, "observed", None, 1)]


def test_unmapped_codes_that_matter_most_come_first(site: Records, capsys: Any) -> None:
    site.person("B", hospital="H2")
    for person, code, times in (("A", "R69", 3), ("A", "Z00", 1), ("B", "Z00", 1)):
        for _ in range(times):
            site.add(person, "condition", 0, code)
    site.add("A", "condition", 100, "G40")
    site.add("A", "medicine", 0, "EDI-1", source_vocabulary="EDI")
    site.add("A", "medicine", 401, "EDI-2", source_vocabulary="EDI")
    found = site.map()
    assert found["unmapped"].rows() == [
        ("H1", "condition", "Z00", 0, "no_concept", 2, 2),
        ("H1", "condition", "R69", 0, "no_concept", 3, 1),
        ("H1", "medicine", "EDI-1", 0, "no_concept", 1, 1),
    ]
    assert found["mapping"].rows() == [
        ("H1", "condition", 2, 6, 5, 5, 0.833333, 0.833333),
        ("H1", "medicine", 1, 2, 1, 2, 0.5, 1.0),
    ]
    assert found["person_mapping"].rows() == [("A", 5, 4), ("B", 1, 1)]
    said = capsys.readouterr().out
    assert "H1, condition: 6 records of 2 persons; without standard concept 83.3%" in said
    assert said.index("Z00") < said.index("R69")


def test_an_empty_cohort_gives_empty_tables(tmp_path: Path) -> None:
    found = Records(folder=tmp_path).map()
    assert all(frame.is_empty() for frame in found.values())


def test_order_of_records_does_not_matter(site: Records) -> None:
    for number, code in enumerate(("나", "가", "G40", "H91.1")):
        site.add("A", "condition", (100, 102, 0, 0)[number], code)
    site.code_maps = [("KCD7", "H91", 102), ("KCD7", "G40", 100)]
    names = ("profile", "unmapped", "mapping", "person_mapping", "evidence")
    site.map()
    first = [site.path(f"{name}.tsv").read_bytes() for name in names]
    site.events.reverse()
    site.map()
    assert [site.path(f"{name}.tsv").read_bytes() for name in names] == first


def measure(site: Records, value: float | None, day: int = 1, **columns: Any) -> None:
    columns = {"unit": "mmol/L", "range_low": 135.0, "range_high": 145.0, **columns}
    site.add(
        columns.pop("person", "A"),
        "measurement",
        columns.pop("concept", 300),
        columns.pop("code", "LAB-1"),
        value=value,
        start_date=date(2020, 1, day),
        source_vocabulary=columns.pop("vocabulary", "EDI"),
        **columns,
    )


@pytest.fixture
def judge(site: Records, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Map with loinc2hpo and ranges."""
    known = {row: row for row in (SEIZURE, HEARING, SODIUM, LOW, HIGH)}
    monkeypatch.setattr("soyang.phenotypes.map.release_names", lambda: known)

    def run() -> dict[str, pl.DataFrame]:
        return site.map(
            loinc2hpo=write(site.folder, "loinc2hpo 주석.tsv", LOINC2HPO),
            ranges=write(site.folder, "ranges.tsv", RANGES),
            molar_masses=write(site.folder, "masses.tsv", MASSES),
        )

    return run


@pytest.mark.parametrize(
    ("value", "term", "status"),
    [(134.9, LOW, "observed"), (135, SODIUM, "excluded"), (145.1, HIGH, "observed")],
)
def test_a_result_is_judged_by_its_own_range(
    site: Records, judge: Any, value: float, term: str, status: str
) -> None:
    measure(site, value)
    found = judge()
    assert terms(found, "match", "concept_code", "vocabulary_version", "domain") == [
        (term, status, "laboratory", "2951-2", "2.78", "measurement")
    ]
    assert found["unmapped"].is_empty()


def test_a_normal_result_excludes_only_if_none_was_ever_abnormal(site: Records, judge: Any) -> None:
    measure(site, 150, day=1)
    measure(site, 140, day=2)
    measure(site, 141, day=2, concept=301, code="LAB-2")
    assert terms(judge(), "records", "resolved") == [(HIGH, "observed", 1, True)]


def test_a_result_that_is_abnormal_again_is_not_resolved(site: Records, judge: Any) -> None:
    measure(site, 150, day=1)
    measure(site, 140, day=2)
    measure(site, 151, day=3)
    assert terms(judge(), "records", "resolved", "last_date") == [
        (HIGH, "observed", 2, False, date(2020, 1, 3))
    ]


def test_a_normal_result_does_not_exclude_what_says_nothing(site: Records, judge: Any) -> None:
    site.events.clear()
    text = LOINC2HPO.replace("N\tHP:0010931", "N\tHP:0000598")
    measure(site, 140)
    known = {EAR: EAR, LOW: LOW}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("soyang.phenotypes.map.release_names", lambda: known)
        found = site.map(loinc2hpo=write(site.folder, "l.tsv", text))
    assert terms(found) == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, [(HIGH, "observed")]),
        ({"unit": "mol/L", "scale": 1e-3}, [(HIGH, "observed")]),
        ({"unit": "mEq/L"}, [(HIGH, "observed")]),
        ({"unit": "mg/dL", "value": 300.0}, [(LOW, "observed")]),
        ({"unit": ""}, "no_unit"),
        ({"unit": "s"}, "other_unit"),
        ({"unit": "밀리몰"}, "other_unit"),
        ({"concept": 301}, "no_range"),
        ({"concept": 303}, "no_term"),
        ({"concept": 0}, "no_concept"),
        ({"value": None}, "no_value"),
        ({"vocabulary": "LOINC", "code": "2951-2", "concept": 0}, [(HIGH, "observed")]),
        ({"range_low": 0.0, "range_high": 0.0}, [(HIGH, "observed")]),
        ({"range_low": 9.0, "range_high": 1.0}, [(HIGH, "observed")]),
        ({"range_high": 149.0, "unit": ""}, [(SODIUM, "excluded")]),
        ({"value": float("nan")}, "no_value"),
        ({"start_date": None}, "no_range"),
    ],
)
def test_a_result_without_range_is_judged_by_sex_age_and_unit_or_not_at_all(
    site: Records, judge: Any, columns: dict[str, Any], expected: Any
) -> None:
    columns = {"range_low": None, "range_high": None, **columns}
    value = columns.pop("value", 146.0)
    scale = columns.pop("scale", 1)
    measure(site, value * scale if value is not None else None)
    site.events[-1].update(
        {
            {"concept": "concept_id", "code": "source_code", "vocabulary": "source_vocabulary"}.get(
                name, name
            ): given
            for name, given in columns.items()
        }
    )
    found = judge()
    if isinstance(expected, list):
        assert terms(found) == expected
    else:
        assert terms(found) == []
        assert found["unmapped"]["reason"].to_list() == [expected]


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"sex": "male"}, [(HIGH, "observed")]),
        ({"sex": "unknown"}, []),
        ({"born": date(2010, 1, 1)}, [(HIGH, "observed")]),
        ({"born": None, "year": 1990}, [(SODIUM, "excluded")]),
        ({"born": None, "year": 2002}, [(HIGH, "observed")]),
        ({"born": None, "year": 2001}, [(SODIUM, "excluded")]),
        ({"born": None}, []),
    ],
)
def test_sex_and_age_choose_the_range(
    site: Records, judge: Any, person: dict[str, Any], expected: Any
) -> None:
    site.person("B", **person)
    measure(site, 142, person="B", range_low=None, range_high=None)
    assert terms(judge()) == expected


def test_a_range_must_fit_the_whole_year_of_an_age_known_to_the_year(
    site: Records, judge: Any
) -> None:
    site.person("B", born=None, year=2002)
    measure(site, 142, person="B", range_low=None, range_high=None)
    site.events[-1]["start_date"] = date(2020, 7, 1)
    found = judge()
    assert terms(found) == []
    assert found["unmapped"]["reason"].to_list() == ["no_range"]


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"value_concept_id": 310}, "observed"),
        ({"value_concept_id": 311}, "excluded"),
        ({"absent": True}, "excluded"),
    ],
)
def test_coded_results(site: Records, judge: Any, columns: dict[str, Any], status: str) -> None:
    measure(site, None, concept=302, range_low=None, range_high=None, **columns)
    assert terms(judge()) == [(HEARING, status)]


def test_without_loinc2hpo_no_result_is_judged(site: Records) -> None:
    measure(site, 150)
    found = site.map()
    assert terms(found) == []
    assert found["unmapped"]["reason"].to_list() == ["no_term"]


@pytest.mark.parametrize("text", ["", "loincId\toutcome\n1-2\tL\n"])
def test_another_table_than_loinc2hpo_is_refused(site: Records, text: str) -> None:
    with pytest.raises(FaultError, match="loincScale"):
        site.map(loinc2hpo=write(site.folder, "l.tsv", text))


@pytest.mark.parametrize(
    ("text", "found"), [("", "loinc"), (RANGES.replace("135\t145", "low\t145"), "not a number")]
)
def test_ranges_of_another_shape_are_refused(site: Records, text: str, found: str) -> None:
    with pytest.raises(FaultError, match=found):
        site.map(ranges=write(site.folder, "r.tsv", text))


def test_medicines_are_evidence_and_no_phenotype(site: Records) -> None:
    site.ancestors = [(401, 400, 2)]
    site.add("A", "medicine", 401, "metformin 500", source_vocabulary="EDI")
    site.add("A", "medicine", 401, "metformin 500", start_date=date(2020, 5, 1))
    site.add("A", "medicine", 0, "A10AB05", source_vocabulary="ATC")
    site.add("A", "medicine", 402, "x", absent=True)
    found = site.map(medicines=write(site.folder, "m.tsv", MEDICINES))
    assert terms(found) == []
    assert found["evidence"].select(
        "hpo_id", "recorded", "medicine", "concept_id", "first_date", "last_date", "days"
    ).rows() == [
        (DIABETES, False, "insulin", 0, date(2020, 1, 1), date(2020, 1, 1), 1),
        (DIABETES, False, "metformin", 401, date(2020, 1, 1), date(2020, 5, 1), 2),
    ]


def test_evidence_says_whether_the_profile_has_the_term_or_one_below(site: Records) -> None:
    site.add("A", "medicine", 400, "x")
    site.add("A", "condition", 109, "G40.1")
    text = MEDICINES.replace("HP:0000819", SEIZURE)
    found = site.map(medicines=write(site.folder, "m.tsv", text))
    assert terms(found) == [(FOCAL, "observed")]
    assert found["evidence"]["recorded"].to_list() == [True]


def test_a_class_above_the_medicine_is_no_evidence(site: Records) -> None:
    site.add("A", "medicine", 403, "x")
    assert site.map(medicines=write(site.folder, "m.tsv", MEDICINES))["evidence"].is_empty()


def test_a_missing_table_is_named(site: Records) -> None:
    paths = site.write()
    paths["events"].unlink()
    with pytest.raises(FaultError, match=r"events\.parquet"):
        site_map_without_writing(site, paths)


def test_a_table_of_another_version_is_named(site: Records) -> None:
    paths = site.write()
    pl.read_parquet(paths["events"]).drop("absent").write_parquet(paths["events"])
    with pytest.raises(FaultError, match="absent"):
        site_map_without_writing(site, paths)


def site_map_without_writing(site: Records, paths: dict[str, Path]) -> None:
    site.write = lambda: paths  # type: ignore[method-assign]
    site.map()


PACKET = {
    "id": "x",
    "subject": {"id": "A"},
    "phenotypicFeatures": [
        {"type": {"id": SEIZURE}, "onset": {"timestamp": "2019-05-01T00:00:00Z"}},
        {"type": {"id": HEARING}, "excluded": True, "onset": {"age": {"iso8601duration": "P3Y"}}},
        {"type": {"id": FOCAL}, "resolution": {"timestamp": "2021-06-01T00:00:00Z"}},
    ],
    "metaData": {"resources": [{"namespacePrefix": "HP", "version": "2024-04-26"}]},
}


def packets(site: Records, *contents: Any) -> Path:
    folder = site.folder / "표현형 패킷"
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(contents):
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{number}.json").write_text(text, encoding="utf-8")
    return folder


def test_phenopackets_give_terms_of_the_admitted(site: Records) -> None:
    site.person("W", status="withheld")
    site.people.pop()
    other = {**PACKET, "subject": {"id": "W"}}
    found = site.map(phenopackets=packets(site, PACKET, other))
    assert terms(found, "match", "domain", "vocabulary_version", "first_date", "resolved") == [
        (HEARING, "excluded", "given", "phenopacket", "2024-04-26", None, False),
        (SEIZURE, "observed", "given", "phenopacket", "2024-04-26", date(2019, 5, 1), False),
        (FOCAL, "observed", "given", "phenopacket", "2024-04-26", None, True),
    ]
    assert found["profile"]["person"].unique().to_list() == ["A"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ({**PACKET, "subject": {}}, "subject.id"),
        ({**PACKET, "phenotypicFeatures": {}}, "no list"),
        ({**PACKET, "phenotypicFeatures": [{"type": {"id": "HP:9999999"}}]}, r"\[0\]\.type\.id"),
        ({**PACKET, "phenotypicFeatures": [{"type": {}}]}, "no term"),
        (
            {
                **PACKET,
                "phenotypicFeatures": [
                    {"type": {"id": SEIZURE}, "onset": {"timestamp": "yesterday"}}
                ],
            },
            "onset",
        ),
    ],
)
def test_what_is_no_phenopacket_is_refused_by_file_and_place(
    site: Records, content: Any, told: str
) -> None:
    with pytest.raises(FaultError, match=told) as caught:
        site.map(phenopackets=packets(site, PACKET, content))
    assert all("1.json" in fault.file and fault.next_step for fault in caught.value.faults)


def test_a_missing_folder_of_phenopackets_is_named(site: Records) -> None:
    with pytest.raises(FaultError, match="no such folder"):
        site.map(phenopackets=site.folder / "nowhere")


def test_a_sheet_gives_terms_and_older_names_are_made_current(site: Records) -> None:
    text = (
        "person\thpo_id\tstatus\tdate\nA\tHP:0002279\tobserved\t2020-02-03\n"
        f"A\t{HEARING}\tEXCLUDED\t\nB\t{SEIZURE}\t\t\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        known = {"HP:0002279": SEIZURE, SEIZURE: SEIZURE, HEARING: HEARING}
        patch.setattr("soyang.phenotypes.map.release_names", lambda: known)
        found = site.map(hpo_sheet=write(site.folder, "시트.tsv", text))
    assert terms(found, "source_code", "domain", "first_date") == [
        (HEARING, "excluded", HEARING, "sheet", None),
        (SEIZURE, "observed", "HP:0002279", "sheet", date(2020, 2, 3)),
    ]


def test_every_wrong_row_of_a_sheet_is_told_without_its_content(site: Records) -> None:
    text = (
        "person\thpo_id\tstatus\tdate\n"
        f"A\tHP:0000000\tobserved\t\nA\t{SEIZURE}\tmaybe\t\n\t{SEIZURE}\t\t\nA\t{SEIZURE}\t\t홍길동\n"
    )
    with pytest.raises(FaultError) as caught:
        site.map(hpo_sheet=write(site.folder, "s.tsv", text))
    assert [(f.row, f.column) for f in caught.value.faults] == [
        ("2", "hpo_id"),
        ("3", "status"),
        ("4", "person"),
        ("5", "date"),
    ]
    assert "홍길동" not in str(caught.value)


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    """Every name of the HPO release in use, to its current term."""
    return release_names()


def test_the_tables_that_we_bring_name_current_terms(root: Path, names: dict[str, str]) -> None:
    medicines = read_medicines(root / "resources/knowledge/medicine_evidence.tsv")
    assert len(medicines) >= 20
    assert all(names.get(term) == term for term in medicines["hpo_id"])
    ranges = read_ranges(root / "resources/knowledge/reference_ranges.tsv")
    assert len(ranges) >= 12
    assert (ranges["source"].str.len_chars() > 10).all()
    assert ranges.filter(pl.col("low") >= pl.col("high")).is_empty()
    assert ranges.filter(pl.col("age_from") >= pl.col("age_to")).is_empty()
    raw = (root / "resources/demo/loinc2hpo.tsv").read_text().splitlines()
    assert len(read_annotations(root / "resources/demo/loinc2hpo.tsv", names)) == len(raw) - 1


@pytest.mark.shared
def test_published_cases_as_phenopackets(
    site: Records, shared_data: Path, names: dict[str, str]
) -> None:
    with gzip.open(shared_data / "phenopackets" / "cases.jsonl.gz", "rt") as lines:
        cases = [json.loads(line) for line, _ in zip(lines, range(300), strict=False)]
    known = [c for c in cases if names.keys() >= {*c["observed"], *c["excluded"]}]
    assert len(known) > 250, "a few have terms newer than the release in use"
    found = read_phenopackets(packets(site, *map(packet, known)), {c["id"] for c in cases}, names)
    assert len(found) == sum(len(case["observed"]) + len(case["excluded"]) for case in known)
    assert set(found["person"]) == {c["id"] for c in known if c["observed"] or c["excluded"]}
    assert found["hpo_id"].is_in(list(set(names.values()))).all()
    newer = next(case for case in cases if case not in known)
    with pytest.raises(FaultError, match="the HPO release in use does not know"):
        read_phenopackets(packets(site, packet(newer)), {newer["id"]}, names)


def packet(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "subject": {"id": case["id"], "sex": case["sex"]},
        "phenotypicFeatures": [
            *({"type": {"id": term}} for term in case["observed"]),
            *({"type": {"id": term}, "excluded": True} for term in case["excluded"]),
        ],
    }

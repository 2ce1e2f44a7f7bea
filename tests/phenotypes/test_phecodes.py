"""Cases, controls and the unknown."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.phenotypes.fallback import code_key
from soyang.phenotypes.phecode_map import parents, read_labels, read_map
from soyang.phenotypes.phecode_rules import exclusions, observed_days, to_map
from tests.phenotypes.records import Records

UNROLLED = """"phecode","ICD","vocabulary_id"
"EM_202","E10","ICD10"
"EM_202.1","E10","ICD10"
"EM_202","E11","ICD10"
"EM_202.2","E11","ICD10"
"EM_202","E11.9","ICD10"
"EM_202.2","E11.9","ICD10"
"GI_526","A04.7","ICD10"
"GI_526.1","A04.7","ICD10"
"GI_526.12","A04.7","ICD10"
"CA_107","C61","ICD10"
"CA_107.2","C61","ICD10"
"CA_106","C56","ICD10"
"NS_330","G40","ICD10"
"""
FLAT = """"icd","vocabulary_id","ICD_string","phecode","phecode_string","category_num","category"
"A04.7","ICD10","x","GI_526.12","y","01","z"
"E11","ICD10","x","EM_202.2","y","01","z"
"""
LABELS = """"phecode","phecode_string","category","sex"
"EM_202","Diabetes mellitus","Endocrine","Both"
"EM_202.1","Type 1 diabetes","Endocrine","Both"
"EM_202.2","Type 2 diabetes","Endocrine","Both"
"GI_526","Intestinal infection","GI","Both"
"GI_526.1","Bacterial","GI","Both"
"GI_526.12","C. difficile","GI","Both"
"CA_107","Malignant neoplasm of male genitalia","Neoplasms","Male"
"CA_107.2","Malignant neoplasm of the prostate","Neoplasms","Male"
"CA_106","Gynecological malignant neoplasms","Neoplasms","Female"
"NS_330","Epilepsy","Neurological","Both"
"""
MEDICINES = """medicine\trxnorm\tatc\thpo_id\tphecode\tsource
insulin\t\tA10A\tHP:0000819\tEM_202;250\tATC
"""
BOTH = ("CA_107", "CA_107.2")
"""Phecodes of the other sex than our people."""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    return path


@pytest.fixture
def site(tmp_path: Path) -> Records:
    """One woman, A, observed for five years."""
    made = Records(folder=tmp_path)
    made.person("A")
    made.observed("A", date(2018, 1, 1), date(2022, 12, 31))
    return made


def judge(
    site: Records, icd: str = UNROLLED, labels: str = LABELS, **options: Any
) -> tuple[pl.DataFrame, pl.DataFrame]:
    return site.phecodes(
        write(site.folder, "지도.csv", icd), write(site.folder, "labels.csv", labels), **options
    )


def statuses(site: Records, **options: Any) -> dict[str, tuple[str, str, int]]:
    table = judge(site, **options)[0]
    rows = table.filter(~pl.col("phecode").is_in(BOTH))
    return {
        phecode: (status, reason, days)
        for phecode, status, reason, days in rows.select(
            "phecode", "status", "reason", "days"
        ).iter_rows()
    }


def code(site: Records, what: str, *days: date | None, person: str = "A", **columns: Any) -> None:
    for day in days:
        site.add(person, "condition", 0, what, start_date=day, **columns)


def test_two_distinct_days_make_a_case_and_one_leaves_it_open(site: Records) -> None:
    code(site, "E11.9", date(2020, 1, 1), date(2020, 1, 1), date(2020, 3, 1))
    code(site, "G40.3", date(2020, 1, 1), date(2020, 1, 1))
    assert statuses(site) == {
        "EM_202": ("case", "", 2),
        "EM_202.1": ("unknown", "related", 0),
        "EM_202.2": ("case", "", 2),
        "NS_330": ("unknown", "few_days", 1),
    }
    first = judge(site)[0].filter(pl.col("phecode") == "EM_202.2")["first_date"].to_list()
    assert first == [date(2020, 1, 1)]


def test_days_of_children_add_up_in_the_parent(site: Records) -> None:
    code(site, "E10", date(2020, 1, 1))
    code(site, "E11", date(2020, 1, 2))
    found = statuses(site)
    assert found["EM_202"] == ("case", "", 2)
    assert found["EM_202.1"] == ("unknown", "few_days", 1)


@pytest.mark.parametrize("icd", [UNROLLED, FLAT])
def test_a_flat_map_rolls_up_as_an_unrolled_one(site: Records, icd: str) -> None:
    code(site, "A04.7", date(2020, 1, 1), date(2020, 1, 2))
    found = statuses(site, icd=icd)
    assert {p for p, (status, _, _) in found.items() if status == "case"} == {
        "GI_526",
        "GI_526.1",
        "GI_526.12",
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("E11.9", "E119"),
        ("E1190", "E119"),
        ("E11.90 당뇨병", "E119"),
        ("E11.5", "E11"),
        ("e11", "E11"),
        ("E12", None),
    ],
)
def test_kcd_codes_lead_to_their_who_code(written: str, expected: str | None) -> None:
    icd = pl.DataFrame({"key": ["E11", "E119"], "phecode": ["a", "b"]})
    written_so = pl.DataFrame({"code": [written], "vocabulary": ["KCD7"]})
    keys = written_so.select(code_key("code", "vocabulary")).to_series()
    assert to_map(keys, icd)["mapped"].to_list() == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("vocabulary", "counted"),
    [("KCD7", True), ("KCD8", True), ("ICD10", True), ("ICD10CM", False), ("EDI", False)],
)
def test_american_codes_are_never_read_by_the_who_map(
    site: Records, vocabulary: str, counted: bool
) -> None:
    code(site, "E11.9", date(2020, 1, 1), date(2020, 1, 2), source_vocabulary=vocabulary)
    table, people = judge(site)
    assert ("case" in table["status"].to_list()) is counted
    assert people["not_coded"].to_list() == [0 if counted else 2]
    assert people["control"].to_list() == [counted], "nobody could read the conditions"


@pytest.mark.parametrize(
    ("maps", "counted"),
    [
        ([], False),
        ([("KCD7", "E11.9", 0)], True),
        ([("KCD7", "E11", 0)], True),
        ([("ICD10CM", "E11.9", 0)], False),
    ],
)
def test_a_code_without_vocabulary_counts_where_the_site_knows_it_as_kcd(
    site: Records, maps: list[Any], counted: bool
) -> None:
    site.code_maps = maps
    code(site, "E11.9", date(2020, 1, 1), date(2020, 1, 2), source_vocabulary="")
    assert ("EM_202" in statuses(site)) is counted


def test_codes_that_became_observations_count_and_denied_ones_don_t(site: Records) -> None:
    site.add("A", "observation", 0, "E11.9", start_date=date(2020, 1, 1))
    site.add("A", "procedure", 0, "E11.9", start_date=date(2020, 1, 2))
    code(site, "G40", date(2020, 1, 1), date(2020, 1, 2), absent=True)
    found = statuses(site)
    assert found["EM_202.2"] == ("case", "", 2)
    assert "NS_330" not in found


def test_impossible_days_make_no_case_and_no_control(site: Records, capsys: Any) -> None:
    code(site, "E11.9", date(1980, 4, 30), date(2023, 1, 1), date(2020, 1, 1), None)
    assert statuses(site)["EM_202.2"] == ("unknown", "few_days", 1)
    assert "4 records; 2 of them before birth or after" in capsys.readouterr().out


def test_a_medicine_without_a_code_leaves_its_phecodes_open(site: Records) -> None:
    site.add("A", "medicine", 402, "x", source_vocabulary="EDI")
    medicines = write(site.folder, "m.tsv", MEDICINES)
    family = ("EM_202", "EM_202.1", "EM_202.2")
    assert statuses(site, medicines=medicines) == dict.fromkeys(family, ("unknown", "medicine", 0))
    code(site, "E11", date(2020, 1, 1), date(2020, 1, 2))
    assert statuses(site, medicines=medicines)["EM_202.1"] == ("unknown", "related", 0)


@pytest.mark.parametrize(
    ("sex", "written", "expected"),
    [
        ("female", "C61", {"CA_107": "sex", "CA_107.2": "sex"}),
        ("female", "C56", {"CA_106": "", "CA_107": "sex", "CA_107.2": "sex"}),
        ("male", "C61", {"CA_107": "", "CA_107.2": "", "CA_106": "sex"}),
        ("unknown", "C61", {"CA_107": "", "CA_107.2": "", "CA_106": "sex"}),
    ],
)
def test_phecodes_of_one_sex(
    tmp_path: Path, sex: str, written: str, expected: dict[str, str]
) -> None:
    site = Records(folder=tmp_path)
    site.person("A", sex=sex)
    code(site, written, date(2020, 1, 1), date(2020, 1, 2))
    table = judge(site)[0]
    assert dict(table.select("phecode", "reason").iter_rows()) == expected
    assert set(table.filter(pl.col("reason") == "")["status"]) <= {"case"}


@pytest.mark.parametrize(
    ("periods", "control", "observed"),
    [
        ([], False, None),
        ([(date(2020, 1, 1), date(2020, 12, 29))], False, 364),
        ([(date(2020, 1, 1), date(2020, 12, 30))], True, 365),
        (
            [(date(2020, 1, 1), date(2020, 6, 30)), (date(2020, 3, 1), date(2020, 12, 30))],
            True,
            365,
        ),
        ([(date(2020, 1, 1), date(2020, 12, 30)), (date(2020, 2, 1), date(2020, 3, 1))], True, 365),
        ([(date(2020, 1, 1), date(2020, 1, 10)), (date(2021, 1, 1), date(2021, 1, 5))], False, 15),
    ],
)
def test_only_who_was_observed_long_enough_can_be_a_control(
    tmp_path: Path, periods: list[Any], control: bool, observed: int | None
) -> None:
    site = Records(folder=tmp_path)
    site.person("A")
    for start, end in periods:
        site.observed("A", start, end)
    assert judge(site)[1].rows() == [("A", control, observed, 0, 0)]


def test_a_period_within_another_is_counted_once() -> None:
    rows = [("A", 0, 100), ("A", 10, 20), ("A", 30, 40), ("A", 90, 110), ("B", 5, 4)]
    periods = pl.DataFrame(
        rows,
        schema={"person": pl.String, "start_date": pl.Int32, "end_date": pl.Int32},
        orient="row",
    ).cast({"start_date": pl.Date, "end_date": pl.Date})
    assert observed_days(periods).rows() == [("A", 111)]


def test_only_research_consent_and_only_records_that_were_found(site: Records) -> None:
    site.person("B", consent="clinical_care")
    site.person("C", record="not_found")
    site.person("D", record="no_platform", consent="research")
    for person in "BCD":
        site.observed(person, date(2018, 1, 1), date(2022, 12, 31))
        code(site, "E11", date(2020, 1, 1), date(2020, 1, 2), person=person)
    table, people = judge(site)
    assert people.select("person", "control").rows() == [("A", True), ("C", False), ("D", False)]
    assert "B" not in table["person"].to_list()


def test_an_empty_cohort(tmp_path: Path) -> None:
    table, people = judge(Records(folder=tmp_path))
    assert table.is_empty()
    assert people.is_empty()


def test_order_of_records_does_not_matter(site: Records) -> None:
    code(site, "E11.9", date(2020, 1, 1), date(2020, 1, 2))
    code(site, "G40", date(2020, 1, 1))
    judge(site)
    names = ("phecodes.parquet", "phecode_persons.tsv")
    first = [site.path(name).read_bytes() for name in names]
    site.events.reverse()
    judge(site)
    assert [site.path(name).read_bytes() for name in names] == first


@pytest.mark.parametrize(
    "text",
    [
        UNROLLED.replace('"ICD10"', '"ICD10CM"'),
        UNROLLED + '"NS_330","G40.909","ICD10CM"\n',
        "phecode,ICD,flag\nNS_330,G40.909,10\n",
        "PHECODE,ICD10CM\n345,G40\n",
    ],
)
def test_a_map_of_the_american_edition_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(FaultError, match="ICD-10-CM") as caught:
        read_map(write(tmp_path, "m.csv", text))
    assert "ICD_10_WHO" in caught.value.faults[0].next_step


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "phecode,ICD,vocabulary_id\nX_1,001,ICD9CM\n"])
def test_what_is_no_map_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FaultError, match="phecode"):
        read_map(write(tmp_path, "m.csv", text))


@pytest.mark.parametrize(
    "text", ["", "phecode,sex\nX_1,Both\n", "phecode,phecode_string\nX_1,a\nX_1,b\n"]
)
def test_what_are_no_labels_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FaultError):
        read_labels(write(tmp_path, "l.csv", text))


def test_phecode_1_2_and_its_exclusion_ranges(site: Records) -> None:
    icd = "ICD10,PHECODE\nE11,250.2\nE10,250.1\nR73,249\n"
    labels = (
        "phecode,phenotype,phecode_exclude_range,sex\n250,DM,249-250.99,\n"
        "250.1,T1DM,249-250.99,\n250.2,T2DM,249-250.99,\n249,Secondary DM,249-250.99,\n"
        "251,Other,,\n"
    )
    code(site, "E11", date(2020, 1, 1), date(2020, 1, 2))
    assert statuses(site, icd=icd, labels=labels) == {
        "249": ("unknown", "related", 0),
        "250": ("case", "", 2),
        "250.1": ("unknown", "related", 0),
        "250.2": ("case", "", 2),
    }


def test_exclusions_may_be_a_list(tmp_path: Path) -> None:
    labels = read_labels(
        write(
            tmp_path,
            "l.csv",
            'phecode,phecode_string,exclude_range\n8,a,"9,10.1,77"\n9,b,\n10.1,c,\n',
        )
    )
    assert exclusions(labels).rows() == [("8", "10.1"), ("8", "9")]


def test_parents_are_those_that_exist() -> None:
    phecodes = pl.Series(["GI_526", "GI_526.12", "CM_763", "CM_763.21", "CM_763.212", "GI_52"])
    assert parents(phecodes).filter(pl.col("phecode") != pl.col("above")).rows() == [
        ("CM_763.21", "CM_763"),
        ("CM_763.212", "CM_763"),
        ("CM_763.212", "CM_763.21"),
        ("GI_526.12", "GI_526"),
    ]


def test_the_demo_s_excerpt_reads_and_is_complete(root: Path) -> None:
    icd = read_map(root / "resources/demo/phecodes.csv")
    labels = read_labels(root / "resources/demo/phecodes_labels.csv")
    assert set(icd["phecode"]) == set(labels["phecode"])
    codes = pl.read_csv(root / "resources/demo/concepts.tsv", separator="\t")["kcd_code"]
    keys = codes.str.replace(".", "", literal=True)
    assert set(keys) - set(to_map(keys, icd)["key"]) == {"Z000"}


def test_phecodes_of_the_medicines_are_phecodes(root: Path) -> None:
    path = root / "resources/knowledge/medicine_evidence.tsv"
    text = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("#"))
    table = pl.read_csv(text.encode(), separator="\t", infer_schema=False, quote_char=None)
    told = table["phecode"].drop_nulls().str.split(";").explode()
    assert told.str.contains(r"^(?:[A-Z]{2}_\d{3}(?:\.\d{1,3})?|\d{3}(?:\.\d{1,2})?)$").all()
    assert table["source"].is_not_null().all()
    assert table["medicine"].is_unique().all()

"""What the platform told before admission: it narrows consent, and breaks admission where wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from soyang.admission.enquired import read_known, read_records, record_faults
from soyang.admission.tables import CONSENTS
from soyang.core.clinical import Consents
from soyang.core.errors import FaultError, Scope
from soyang.core.people import UNKNOWN_SCOPE
from soyang.core.tables import read_table

KNOWN = "person\trecord\tsex_recorded\tbirth_year\tbirth_date"
RECORDS = (
    "person\tscope\tdecision\tvalid_from\tvalid_until\tgiven_by\tassent\tduo\trecorded\tsource"
)
RULES = Consents.model_validate({})


def write(name: str, header: str, *rows: str, ends: str = "\n") -> Path:
    path = Path("private") / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(ends.join([header, *(r.replace(" ", "\t") for r in rows), ""]).encode())
    return path


def asked(*records: str, known: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Options of `admit` with what the platform told; a record is its cells, '-' for empty."""
    rows = [r.replace("-|", "|").replace("|-", "|").replace("|", "\t") for r in records]
    return (
        "--known", str(write("known.tsv", KNOWN, *(r.replace("|", "\t") for r in known))),
        "--consent-records", str(write("asked.tsv", RECORDS, *rows)),
    )  # fmt: skip


def consents() -> dict[tuple[str, str], tuple[bool, str]]:
    table = read_table(Path("consents.tsv"), CONSENTS)
    return {(r["person"], r["scope"]): (r["permitted"], r["reason"]) for r in table.to_dicts()}


def test_a_withdrawal_on_the_platform_withholds_and_a_narrowing_narrows(cohort, admission):
    cohort.cell("P4", "consent", "clinical_care;research;secondary_findings")
    cohort.write()
    answers = asked(
        "P1|all|permit|||unknown|unknown||2020-01-01|platform",
        "P1|all|deny|||unknown|unknown||2025-12-01|platform",
        "P4|secondary_findings|deny|||self|unknown||2025-12-01|table",
        known=("P2|found|male|1980|",),
    )
    _, admitted = admission("nobody", answers=answers)
    rows = {row["person"]: row for row in admitted.to_dicts()}
    assert (rows["P1"]["status"], rows["P1"]["reason"], rows["P1"]["consent"]) == (
        "withheld", "consent withdrawn (platform)", "withdrawn",
    )  # fmt: skip
    assert (rows["P4"]["status"], rows["P4"]["consent"]) == ("admitted", "clinical_care;research")
    assert rows["P2"]["consent"] == "clinical_care;research"
    found = consents()
    assert len(found) == 7 * 6
    assert found["P4", "secondary_findings"] == (False, "table: denied")
    assert found["P2", "research"] == (True, "sheet; platform says nothing")
    assert "P1" not in Path("private/crosswalk.tsv").read_text()


def test_an_expired_consent_to_care_withholds_with_the_day(cohort, admission):
    answers = asked("P4|clinical_care|permit||2025-03-01|self|unknown|||platform")
    _, admitted = admission("nobody", answers=answers)
    row = admitted.filter(person="P4").row(0, named=True)
    reason = "consent: clinical_care, platform: expired on 2025-03-01"
    assert (row["status"], row["reason"], row["consent"]) == ("withheld", reason, "research")


def test_a_person_twice_on_the_platform_fails_and_one_without_record_enters(cohort, admission):
    answers = asked(known=("P1|twice|unknown||", "P2|not_found|unknown||"))
    _, admitted = admission("nobody", answers=answers)
    rows = {row["person"]: row for row in admitted.to_dicts()}
    assert rows["P1"]["status"] == "failed"
    assert rows["P1"]["reason"].startswith("two records on the platform for one person id")
    assert (rows["P2"]["status"], rows["P3"]["status"]) == ("admitted", "admitted")
    assert consents()["P2", "research"] == (True, "sheet; not on the platform")


@pytest.mark.parametrize(
    ("record", "column", "told"),
    [
        (
            "P4|reserch|permit|||self|yes|||platform",
            "scope",
            "'reserch' (did you mean 'research'?)",
        ),
        ("P4|research|maybe|||self|yes|||platform", "decision", "'maybe'"),
        ("P4|research|permit|||홍길동|yes|||platform", "given_by", "text that is no such word"),
        ("P4|research|permit|01.02.2020||self|yes|||platform", "valid_from", "no day"),
        ("P4|research|permit|||self|yes|HMB||platform", "duo", "'HMB'"),
        ("P4|research|permit|||self|yes|||", "source", "nothing"),
    ],
)
def test_a_word_that_is_not_known_fails_its_person_and_permits_nothing(
    record, column, told, cohort, admission
):
    _, admitted = admission("nobody", answers=asked(record))
    row = admitted.filter(person="P4").row(0, named=True)
    assert (row["status"], row["reason"]) == ("failed", f"{told} (row 2, column {column})")
    faults = pl.read_csv("all_faults.tsv", separator="\t")
    assert faults["file"].to_list() == ["asked.tsv"]
    assert "홍길동" not in Path("all_faults.tsv").read_text()


def test_a_purpose_without_a_word_here_is_no_fault(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write("asked.tsv", RECORDS, f"P1\t{UNKNOWN_SCOPE}\tpermit\t\t\tself\tyes\t\t\tplatform")
    assert list(record_faults(path, {"P1": "S1"})) == []


def test_faults_come_all_at_once_and_of_the_sheets_people_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = "{}\tx\ty\t\t\tself\tyes\t\t\tplatform"
    path = write("asked.tsv", RECORDS, bad.format("P1"), bad.format("stranger"), bad.format("P2"))
    faults = list(record_faults(path, {"P1": "S1", "P2": "S2"}))
    assert [(f.person, f.row, f.column) for f in faults] == [
        ("P1", "2", "scope"), ("P1", "2", "decision"),
        ("P2", "4", "scope"), ("P2", "4", "decision"),
    ]  # fmt: skip
    assert {f.scope for f in faults} == {Scope.SAMPLE}
    assert read_records(path) == {}


def test_records_with_windows_line_ends_and_bom(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = "P1\tresearch\tpermit\t2020-01-01\t\tguardian\tyes\tDUO:0000046;DUO:0000042\t\ttable"
    path = write("asked.tsv", "\ufeff" + RECORDS, row, ends="\r\n")
    (record,) = read_records(path)["P1"]
    assert (record.permit, record.valid_from, record.source) == (True, date(2020, 1, 1), "table")
    assert record.duo == ("DUO:0000042", "DUO:0000046")


def test_without_platform_nobody_was_asked_and_without_columns_nothing_is_known(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert read_records(None) == {}
    assert read_known(None, RULES, ["P1"])["P1"].record == "no_platform"
    with pytest.raises(FaultError, match="decision"):
        read_records(write("asked.tsv", "person\tscope"))


def test_ages_from_a_day_a_year_and_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write("known.tsv", KNOWN, "P1\tfound\tmale\t1990\t1990-02-03",
                 "P2\tfound\tmale\t1990\t", "P3\tfound\tmale\t\t")  # fmt: skip
    ages = {p: k.age for p, k in read_known(path, RULES, ["P1", "P2", "P3", "P4"]).items()}
    assert (ages["P1"].earliest, ages["P1"].latest) == (date(1990, 2, 3), date(1990, 2, 3))
    assert (ages["P2"].earliest, ages["P2"].latest) == (date(1990, 1, 1), date(1990, 12, 31))
    assert not ages["P3"].known and not ages["P4"].known


def test_a_minors_guardian_and_the_age_settings(cohort, admission):
    cohort.put("consent.age_of_majority", 18)
    cohort.write()
    answers = asked(
        "P4|all|permit|||guardian|yes|||platform",
        known=("P4|found|male|2007|2007-12-30",),
    )
    _, admitted = admission("nobody", answers=answers)
    row = admitted.filter(person="P4").row(0, named=True)
    assert row["status"] == "withheld"
    assert row["reason"].endswith("platform: guardian's consent ended at majority")


def test_same_answers_same_bytes(cohort, admission, soyang):
    answers = asked(
        "P4|all|permit|||self|yes|DUO:0000006||platform", known=("P4|found|male|1990|",)
    )
    admission("nobody", answers=answers)
    before = Path("consents.tsv").read_bytes()
    ended = soyang(
        "admission", "admit", "--settings", "config.yaml", "--units", "private/units.tsv",
        "--check-faults", "faults.tsv", "--verified", "verified", "--admitted", "admitted.tsv",
        "--faults", "all_faults.tsv", "--crosswalk", "private/crosswalk.tsv",
        "--consents", "again.tsv", *answers,
    )  # fmt: skip
    assert ended.code == 0
    assert Path("again.tsv").read_bytes() == before

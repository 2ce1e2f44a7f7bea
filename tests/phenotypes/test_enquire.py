"""Who the sheet's people are to the platform, what they consented to, before anyone is admitted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from soyang.core.clinical import Platform
from soyang.core.errors import FaultError

HEADER = (
    "platform_person_id\tscope\tdecision\tvalid_from\tvalid_until\tgiven_by\tassent\tduo\trecorded"
)


def table(site: Any, *rows: str, header: str = HEADER) -> None:
    path = site.folder / "동의.tsv"
    path.write_bytes(("\ufeff" + "\r\n".join([header, *rows]) + "\r\n").encode())
    site.settings["consents"] = str(path)


def test_four_kinds_of_record(site: Any) -> None:
    site.rows["person"][0] |= {"month_of_birth": 2, "day_of_birth": 29}
    site.person("B", "900002")
    site.person("C", "")
    site.person("D", "900004", status="withheld")
    site.known(900004)
    site.known(900004, gender=8532)
    assert site.enquire()["known"].rows() == [
        ("A", "found", "female", 1984, date(1984, 2, 29)),
        ("B", "not_found", "unknown", None, None),
        ("C", "no_platform", "unknown", None, None),
        ("D", "twice", "unknown", None, None),
    ]


@pytest.mark.parametrize(("month", "day"), [(2, None), (None, None), (2, 30), (13, 1)])
def test_a_day_of_birth_that_is_not_known_or_none_is_not_made_up(
    site: Any, month: int | None, day: int | None
) -> None:
    site.rows["person"][0] |= {"month_of_birth": month, "day_of_birth": day}
    known = site.enquire()["known"]
    assert known.select("birth_year", "birth_date").row(0) == (1984, None)


def test_tables_are_their_owners(site: Any) -> None:
    site.enquire()
    folder = site.folder / "private" / "phenotypes"
    assert folder.stat().st_mode & 0o077 == 0
    assert {p.name: p.stat().st_mode & 0o777 for p in folder.iterdir()} == {
        "known.tsv": 0o600, "consents.tsv": 0o600, "specimens.tsv": 0o600,
    }  # fmt: skip


def test_no_platform_and_an_empty_sheet(site: Any, empty_site: Any) -> None:
    found = site.enquire(build=False, platform=Platform())
    assert found["known"]["record"].to_list() == ["no_platform"]
    empty_site.people.clear()
    assert all(frame.is_empty() for frame in empty_site.enquire().values())


def test_nothing_clinical_is_asked(site: Any, monkeypatch: Any) -> None:
    from soyang.phenotypes.duckdb_source import DuckdbEngine  # noqa: PLC0415

    asked = []
    answer = DuckdbEngine.answer
    monkeypatch.setattr(DuckdbEngine, "answer", lambda s, q: asked.append(q) or answer(s, q))
    site.enquire()
    clinical = ("condition", "observation ", "measurement", "drug", "procedure", "note")
    assert asked
    assert not [q for q in asked for word in clinical if word in q]


def test_consents_of_platform_and_table_side_by_side(site: Any) -> None:
    site.add("consent", person_id=900001, scope=" Research ", decision="PERMIT", assent="yes",
             duo="DUO:0000042,DUO:0000006; DUO:0000042", valid_until="2030-01-01")  # fmt: skip
    site.add("consent", person_id=1, scope="research", decision="deny")
    table(
        site,
        "0900001\tall\tdeny\t2024-02-29\t\tguardian\tno\t\t2024-03-01",
        "77\tresearch\tpermit\t\t\tself\t\t\t",
    )
    assert site.enquire()["consents"].rows() == [
        ("A", "all", "deny", date(2024, 2, 29), None, "guardian", "no", "", date(2024, 3, 1),
         "table"),
        ("A", "research", "permit", None, date(2030, 1, 1), "unknown", "yes",
         "DUO:0000006;DUO:0000042", None, "platform"),
    ]  # fmt: skip


def test_a_table_without_a_platform(site: Any) -> None:
    table(site, "900001\tresearch\tpermit\t\t\tself\t\t\t")
    found = site.enquire(build=False, platform=Platform(consents=site.settings["consents"]))
    assert found["consents"].select("person", "scope", "source").rows() == [
        ("A", "research", "table")
    ]


SECRET = "김철수 1984-05-05"


@pytest.mark.parametrize(
    ("row", "column", "told"),
    [
        (f"900001\t{SECRET}\tpermit\t\t\tself\t\t\t", "scope", "none of these words"),
        (f"900001\tall\t{SECRET}\t\t\tself\t\t\t", "decision", "none of these words"),
        (f"900001\tall\tpermit\t{SECRET}\t\tself\t\t\t", "valid_from", "no date"),
        ("900001\tall\tpermit\t\t2024-02-30\tself\t\t\t", "valid_until", "no date"),
        ("900001\tall\tpermit\t2024-02-02\t2024-02-01\tself\t\t\t", "valid_until", "a day before"),
        (f"900001\tall\tpermit\t\t\t{SECRET}\t\t\t", "given_by", "none of these words"),
        ("900001\tall\tpermit\t\t\tself\tmaybe\t\t", "assent", "none of these words"),
        (f"900001\tall\tpermit\t\t\tself\t\t{SECRET}\t", "duo", "no DUO term"),
        ("\tall\tdeny", "platform_person_id", "nothing"),
    ],
)
def test_a_consent_that_is_none_is_refused_with_its_row_and_without_its_words(
    site: Any, row: str, column: str, told: str
) -> None:
    table(site, "900001\tall\tpermit\t\t\tself\t\t\t", row)
    with pytest.raises(FaultError, match=told) as caught:
        site.enquire()
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == ("3", column)
    assert "동의.tsv" in fault.file
    assert SECRET not in str(fault)
    assert "900001" not in str(fault)


def test_all_faults_of_a_table_at_once(site: Any) -> None:
    table(site, "900001\tall\tmaybe", "900001\tevery\tdeny")
    with pytest.raises(FaultError) as caught:
        site.enquire()
    assert [fault.row for fault in caught.value.faults] == ["3", "2"]


def test_a_table_without_a_column(site: Any) -> None:
    table(site, "900001\tall\tpermit", header="platform_person_id\tscope\tdecision")
    with pytest.raises(FaultError, match="given_by"):
        site.enquire()


def test_a_consent_on_the_platform_that_can_not_be_read(site: Any) -> None:
    site.add("consent", person_id=900001, scope="research", decision=SECRET)
    with pytest.raises(FaultError, match="a row of A, column decision") as caught:
        site.enquire()
    assert SECRET not in str(caught.value)


def test_specimens_by_the_sources_name_or_number(site: Any) -> None:
    site.add("specimen", person_id=900001, specimen_id=7, specimen_date="2024-01-01",
             specimen_source_id=" SP-1 ")  # fmt: skip
    site.add("specimen", person_id=900001, specimen_id=8, specimen_date=None)
    assert site.enquire()["specimens"].rows() == [("A", "8", None), ("A", "SP-1", date(2024, 1, 1))]


def test_a_platform_that_keeps_no_consents_says_so(site: Any, capsys: Any) -> None:
    site.tables -= {"consent", "specimen"}
    found = site.enquire()
    assert found["consents"].is_empty()
    assert found["specimens"].is_empty()
    assert "can't say: consents, specimens" in capsys.readouterr().out

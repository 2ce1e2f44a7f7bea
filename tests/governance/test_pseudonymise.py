"""Random pseudonyms, and the one file that says whose they are."""

from __future__ import annotations

import csv
import re
import stat
from pathlib import Path

import pytest

from soyang.core.errors import FaultError
from soyang.governance.pseudonymise import ALPHABET, LENGTH, draw, pseudonymise

HEADER = "platform_person_id\tname\tbirth_date\tmedical_record_number"
ONE, TWO = "1001\t홍길동\t1980-05-06\tA-1", "1002\tBaker, Ann\t1990-01-02\tA-2"


def listing(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "명단 1.tsv"
    path.write_bytes(("\ufeff" + "\r\n".join([header, *rows]) + "\r\n").encode())
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    return tmp_path / "private" / "governance" / "mapping.tsv"


def test_each_person_gets_a_random_pseudonym_and_keeps_what_identifies(
    tmp_path: Path, mapping: Path
) -> None:
    pseudonymise(people=listing(tmp_path, ONE, TWO), mapping=mapping, prefix="KW-")
    rows = read(mapping)
    assert list(rows[0]) == ["person", *HEADER.split("\t")]
    assert [row["name"] for row in rows] == ["홍길동", "Baker, Ann"]
    names = [row["person"] for row in rows]
    assert len(set(names)) == 2
    assert all(re.fullmatch(rf"KW-[{ALPHABET}]{{{LENGTH}}}", name) for name in names)
    other = tmp_path / "private" / "other.tsv"
    pseudonymise(people=listing(tmp_path, ONE, TWO), mapping=other)
    assert {row["person"] for row in read(other)}.isdisjoint(names)


def test_only_the_owner_may_read_it(tmp_path: Path, mapping: Path) -> None:
    pseudonymise(people=listing(tmp_path, ONE), mapping=mapping)
    assert mode(mapping) == 0o600
    assert {mode(mapping.parent), mode(mapping.parent.parent)} == {0o700}
    assert [path.name for path in mapping.parent.iterdir()] == [mapping.name]


def test_a_mapping_is_extended_and_never_changed(
    tmp_path: Path, mapping: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pseudonymise(people=listing(tmp_path, ONE), mapping=mapping)
    first = mapping.read_text()
    capsys.readouterr()
    renamed = "1001\tHong\t1980-05-06\tA-1\tW-7"
    people = listing(tmp_path, renamed, f"{TWO}\tW-8", header=f"{HEADER}\tward")
    pseudonymise(people=people, mapping=mapping)
    rows = read(mapping)
    assert list(rows[0].values())[:5] == first.splitlines()[1].split("\t")
    assert [row["ward"] for row in rows] == ["", "W-8"]
    said = capsys.readouterr().out
    assert said.startswith("1 pseudonym(s) given, 1 known before\nrows 2 of the list differ")
    assert not any(word in said for word in ("1001", "Hong", "홍길동", "W-7"))
    again = mapping.read_bytes()
    pseudonymise(people=people, mapping=mapping)
    assert mapping.read_bytes() == again


def test_faulty_lists_are_refused_by_row_and_say_nothing_of_anyone(
    tmp_path: Path, mapping: Path
) -> None:
    people = listing(tmp_path, ONE, "\tNobody\t\t", ONE, f"{TWO}\tXYZZY")
    with pytest.raises(FaultError) as caught:
        pseudonymise(people=people, mapping=mapping)
    assert [(f.code, f.row) for f in caught.value.faults] == [
        ("row-width", "5"), ("people-missing", "3"), ("people-twice", "4"),
    ]  # fmt: skip
    said = str(caught.value)
    assert not any(word in said for word in ("1001", "홍길동", "Nobody", "A-1", "1980", "XYZZY"))
    assert not mapping.exists()


@pytest.mark.parametrize(
    ("header", "prefix", "code"),
    [
        ("name\tbirth_date", "P", "people-columns"),
        (f"{HEADER}\tname", "P", "people-columns"),
        (f"person\t{HEADER}", "P", "pseudonyms-given"),
        (HEADER, "-P", "option"),
        (HEADER, "홍", "option"),
    ],
)
def test_lists_and_prefixes_that_do_not_fit(
    header: str, prefix: str, code: str, tmp_path: Path, mapping: Path
) -> None:
    with pytest.raises(FaultError) as caught:
        pseudonymise(people=listing(tmp_path, header=header), mapping=mapping, prefix=prefix)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_an_empty_list_makes_an_empty_mapping(tmp_path: Path, mapping: Path) -> None:
    pseudonymise(people=listing(tmp_path, header="platform_person_id"), mapping=mapping)
    assert mapping.read_text() == "person\tplatform_person_id\n"


def test_a_mapping_is_never_among_the_results(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="inside a folder named results"):
        pseudonymise(people=listing(tmp_path, ONE), mapping=tmp_path / "results" / "m.tsv")
    (tmp_path / "results").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "results")
    with pytest.raises(FaultError, match="inside a folder named results"):
        pseudonymise(people=listing(tmp_path, ONE), mapping=tmp_path / "link" / "m.tsv")


def test_a_mapping_that_others_may_read_is_refused(tmp_path: Path, mapping: Path) -> None:
    pseudonymise(people=listing(tmp_path, ONE), mapping=mapping)
    mapping.chmod(0o640)
    with pytest.raises(FaultError, match="mode 0640"):
        pseudonymise(people=listing(tmp_path, TWO), mapping=mapping)


def test_a_pseudonym_that_is_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("2" * LENGTH + "3" * LENGTH)
    monkeypatch.setattr("secrets.choice", lambda _: next(letters))
    assert draw("P", {"P" + "2" * LENGTH}) == "P" + "3" * LENGTH

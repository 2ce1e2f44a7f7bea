"""Reports with identifiers: who gets one, what stands in it, and what is taken away."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from soyang.governance.deliver import deliver, folder_name
from soyang.governance.identified import LABELS, identified_json, identified_page
from soyang.governance.tables import DELIVERED, LEDGER
from soyang.reports.report import report
from tests.reports.conftest import findings

PAGES = {"en": "report.html", "ko": "report.ko.html", "ja": "report.ja.html"}
PAGE = (
    '<!doctype html>\n<html lang="{language}">\n<h1>Report</h1>\n'
    '<dl class="who" data-slot="identifiers">\n    <div><dt>Person</dt><dd>{person}</dd></div>\n'
    '</dl>\n<footer>\n  <p data-slot="pseudonyms">Pseudonyms only.</p>\n</footer>\n</html>\n'
)
HONG = {"name": "홍길동", "birth_date": "1980-05-06", "medical_record_number": "A-1"}
ANN = {"name": "Ann <b>& Co</b>", "birth_date": "1990", "medical_record_number": "../B/2"}


class House:
    """Reports, a ledger and a mapping."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "작업 폴더"
        self.reports = self.folder / "results" / "reports"
        self.output = self.folder / "전달"
        self.mapping = self.folder / "private" / "mapping.tsv"
        self.mapping.parent.mkdir(parents=True)
        self.ended: dict[str, tuple[str, str]] = {}
        self.people: dict[str, dict[str, str]] = {}

    def add(
        self, person: str, hospital: str = "병원 A", status: str = "reported", **who: str
    ) -> None:
        self.ended[person] = (hospital, status)
        if who:
            self.people[person] = who
        folder = self.reports / person
        folder.mkdir(parents=True, exist_ok=True)
        subject = {"version": 1, "subject": {"person": person}, "summary": {}}
        (folder / "report.json").write_text(json.dumps(subject))
        for language, name in PAGES.items():
            (folder / name).write_text(PAGE.format(language=language, person=person))

    def deliver(self) -> list[dict[str, Any]]:
        rows = [
            {"person": p, "sample": f"{p}-s", "hospital": hospital, "status": status, "reason": ""}
            for p, (hospital, status) in self.ended.items()
        ]
        write_table(LEDGER.frame(rows), self.folder / "ledger.tsv", LEDGER)
        columns = ("person", "platform_person_id", *HONG, "phone")
        lines = ["\t".join(columns)]
        for number, (person, who) in enumerate(self.people.items()):
            row = {"person": person, "platform_person_id": f"77{number}", "phone": "010"} | who
            lines.append("\t".join(row.get(column, "") for column in columns))
        if not self.mapping.exists():
            self.mapping.touch(mode=0o600)
        self.mapping.write_text("\n".join(lines) + "\n")
        deliver(
            ledger=self.folder / "ledger.tsv",
            reports=self.reports,
            identifiers=self.mapping,
            output=self.output,
        )
        return read_table(self.output / "delivered.tsv", DELIVERED).to_dicts()

    def files(self) -> list[str]:
        found = (path.relative_to(self.output) for path in self.output.rglob("*"))
        return sorted(map(str, found))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_reported_people_get_their_report_with_who_they_are(house: House) -> None:
    house.add("P1", **HONG)
    house.add("P2", hospital="B", **ANN)
    house.add("P3", status="quarantined", **HONG)
    house.people["P9"] = HONG | {"medical_record_number": "Z"}  # of another run: fine
    rows = house.deliver()
    assert [(row["person"], row["folder"], row["file"]) for row in rows] == [
        (person, folder, name)
        for person, folder in (("P1", "병원 A/A-1"), ("P2", "B/_B_2"))
        for name in sorted([*PAGES.values(), "report.json"])
    ]
    for row in rows:
        path = house.output / row["folder"] / row["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
        assert mode(path) == 0o600
        assert {mode(path.parent), mode(path.parent.parent)} == {0o700}
    assert (mode(house.output), mode(house.output / "delivered.tsv")) == (0o700, 0o600)
    told = json.loads((house.output / "병원 A/A-1/report.json").read_text())
    assert list(told) == ["version", "patient", "subject", "summary"]
    assert told["patient"] == HONG
    everything = "".join(p.read_text() for p in house.output.rglob("report*"))
    assert "010" not in everything and "770" not in everything


def test_only_copies_are_changed(house: House) -> None:
    house.add("P1", **HONG)
    before = {path: path.read_bytes() for path in house.reports.rglob("report*")}
    house.deliver()
    assert {path: path.read_bytes() for path in house.reports.rglob("report*")} == before
    assert not any("홍길동".encode() in content for content in before.values())


@pytest.mark.parametrize(
    ("language", "born"), [("en", "May 6, 1980"), ("ko", "1980년 5월 6일"), ("ja", "1980年5月6日")]
)
def test_a_page_in_each_language(language: str, born: str) -> None:
    page = identified_page(PAGE.format(language=language, person="P1"), "P1", HONG)
    words = LABELS[language]
    lines = [
        f'<div><dt>{words["name"]}</dt><dd class="strong">홍길동</dd></div>',
        f'<div><dt>{words["birth_date"]}</dt><dd class="strong"><time datetime="1980-05-06">{born}'
        "</time></dd></div>",
        f'<div><dt>{words["medical_record_number"]}</dt><dd class="strong">A-1</dd></div>',
        "<div><dt>Person</dt><dd>P1</dd></div>",
    ]
    assert page.splitlines()[3] == '<dl class="who" data-slot="identifiers">'
    assert [line.strip() for line in page.splitlines()[4:8]] == lines
    assert words["note"] in page and "Pseudonyms only" not in page


def test_what_identifies_is_escaped() -> None:
    who = ANN | {"name": r"\1 <i>&\g<0>"}
    page = identified_page(PAGE.format(language="en", person="P1"), "P1", who)
    assert r"\1 &lt;i&gt;&amp;\g&lt;0&gt;" in page
    assert '<dd class="strong">1990</dd>' in page
    text = identified_json('{"subject": {"person": "P1"}}', "P1", ANN)
    assert json.loads(text)["patient"] == ANN


def test_a_real_page_has_a_place_for_identifiers(root: Path, tmp_path: Path) -> None:
    source = tmp_path / "findings.json"
    source.write_text(json.dumps(findings("SYN-1")))
    report(
        findings=source,
        findings_schema=root / "workflow/schemas/findings.schema.json",
        report_schema=root / "workflow/schemas/report.schema.json",
        actions=root / "resources/knowledge/actions.tsv",
        language=list(PAGES),
        date="2026-01-15",
        output=tmp_path / "SYN-1",
    )
    for language, name in PAGES.items():
        plain = (tmp_path / "SYN-1" / name).read_text()
        page = identified_page(plain, "SYN-1", HONG)
        assert page.index("<h1>") < page.index("홍길동") < page.index("SYN-1</dd>")
        title = plain[plain.index("<title>") : plain.index("</title>")]
        assert title in page and "홍길동" not in title
        assert LABELS[language]["note"] in page[page.index("<footer>") :]
        inserted = [line for line in page.splitlines() if line not in plain.splitlines()]
        assert len(inserted) == len(HONG) + 1
        assert page.count("<dl") == plain.count("<dl")
        assert page.count("<div") == plain.count("<div") + len(HONG)
        assert "&lt;d" not in page
    text = (tmp_path / "SYN-1" / "report.json").read_text()
    filled = json.loads(identified_json(text, "SYN-1", HONG))
    assert {k: v for k, v in filled.items() if k != "patient"} == json.loads(text)


def test_a_second_delivery_replaces_the_first(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.add("P1", **HONG)
    house.add("P2", hospital="B", **ANN)
    first = house.deliver()
    assert house.deliver() == first
    (house.reports / "P1" / "report.ja.html").unlink()
    (house.reports / "P1" / "report.json").write_text('{"subject": {"person": "P1"}, "new": 1}')
    house.deliver()
    folder = house.output / "병원 A/A-1"
    assert sorted(path.name for path in folder.iterdir()) == [
        "report.html", "report.json", "report.ko.html",
    ]  # fmt: skip
    assert json.loads((folder / "report.json").read_text())["new"] == 1
    assert "removed" not in capsys.readouterr().out


def test_who_is_no_longer_reported_is_removed_and_told(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.add("P1", **HONG)
    house.add("P2", hospital="B", **ANN)
    house.deliver()
    house.ended["P2"] = ("B", "withheld")
    assert {row["person"] for row in house.deliver()} == {"P1"}
    assert not (house.output / "B").exists()
    said = capsys.readouterr().out
    assert "P2: no longer reported; the earlier copy was removed" in said
    assert not any(word in said for word in ("홍길동", "A-1", "_B_2"))
    house.people["P1"] = HONG | {"medical_record_number": "A-7"}
    house.deliver()
    assert [name for name in house.files() if name.startswith("병원 A/A")] == [
        "병원 A/A-7", *(f"병원 A/A-7/{n}" for n in sorted([*PAGES.values(), "report.json"])),
    ]  # fmt: skip
    assert "P1: its folder has another name now" in capsys.readouterr().out


def test_nobody_reported(house: House) -> None:
    house.add("P1", status="failed")
    assert house.deliver() == []
    assert house.files() == ["delivered.tsv"]


def test_without_a_number_the_pseudonym_names_the_folder(house: House) -> None:
    house.add("P1", name="홍길동")
    assert house.deliver()[0]["folder"] == "병원 A/P1"


def test_everyone_who_cannot_be_served_is_told_at_once_and_nothing_is_delivered(
    house: House,
) -> None:
    house.add("P1", **HONG)
    house.add("P2")
    house.add("P3", phone="1")
    house.add("P4", **HONG)
    house.add("P5", name="B")
    (house.reports / "P5" / "report.json").unlink()
    with pytest.raises(FaultError) as caught:
        house.deliver()
    assert [(fault.code, fault.person) for fault in caught.value.faults] == [
        ("not-in-mapping", "P2"), ("not-in-mapping", "P3"), ("not-in-mapping", "P4"),
        ("report-missing", "P5"),
    ]  # fmt: skip
    assert not any(word in str(caught.value) for word in ("홍길동", "A-1", "1980"))
    assert not house.output.exists()


def test_a_mapping_that_others_may_read_is_refused(house: House) -> None:
    house.add("P1", **HONG)
    house.mapping.touch()
    house.mapping.chmod(0o604)
    with pytest.raises(FaultError, match="mode 0604"):
        house.deliver()


@pytest.mark.parametrize("place", ["results/delivery", "results", "results/reports/x"])
def test_never_among_the_results(place: str, house: House) -> None:
    house.add("P1", **HONG)
    house.output = house.folder / place
    with pytest.raises(FaultError, match="folder named results"):
        house.deliver()


def test_a_folder_with_other_files_is_refused(house: House) -> None:
    house.add("P1", **HONG)
    house.output.mkdir()
    (house.output / "letter.txt").touch()
    with pytest.raises(FaultError, match="holds other files"):
        house.deliver()
    assert mode(house.output) != 0o700


def test_a_killed_delivery_is_taken_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.add("P1", **HONG)
    house.add("P2", hospital="B", **ANN)
    with monkeypatch.context() as patch:
        patch.setattr("soyang.governance.deliver._write", _killed)
        with pytest.raises(KeyboardInterrupt):
            house.deliver()
    assert [name for name in house.files() if "report" in name] == []
    (house.output / "B").mkdir(exist_ok=True)
    (house.output / "B" / ".scratch-left").mkdir()
    house.ended["P2"] = ("B", "failed")
    rows = house.deliver()
    assert {row["person"] for row in rows} == {"P1"}
    assert all(row["sha256"] for row in rows)
    assert [name for name in house.files() if "scratch" in name] == []


def _killed(path: Path, text: str) -> str:
    raise KeyboardInterrupt


def test_a_full_disk_leaves_the_earlier_report(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add("P1", **HONG)
    house.deliver()
    before = {path: path.read_bytes() for path in house.output.rglob("report*")}

    def full(path: Path, text: str) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("soyang.governance.deliver._write", full)
    with pytest.raises(FaultError, match="no space left"):
        house.deliver()
    assert {path: path.read_bytes() for path in house.output.rglob("report*")} == before


def test_a_page_of_another_version_is_refused(house: House) -> None:
    house.add("P1", **HONG)
    (house.reports / "P1" / "report.html").write_text('<html lang="en"><p>old</p>')
    with pytest.raises(FaultError, match="no place for identifiers"):
        house.deliver()


@pytest.mark.parametrize("name", ["report.json", "report.ko.html"])
def test_another_persons_report_gets_no_name(name: str, house: House) -> None:
    """Others are served, and the copy of before stays."""
    house.add("P1", **HONG)
    house.add("P2", hospital="B", **ANN)
    first = house.deliver()
    other = house.reports / "P1" / name
    other.write_bytes((house.reports / "P2" / name).read_bytes())
    copy = (house.output / "병원 A/A-1" / name).read_bytes()
    (house.output / "B/_B_2/report.html").unlink()
    with pytest.raises(FaultError, match="another person's report") as caught:
        house.deliver()
    assert [fault.person for fault in caught.value.faults] == ["P1"]
    assert (house.output / "병원 A/A-1" / name).read_bytes() == copy
    assert (house.output / "B/_B_2/report.html").is_file()
    assert read_table(house.output / "delivered.tsv", DELIVERED).to_dicts() == first


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"subject": 1}'])
def test_a_broken_report_is_told(text: str, house: House) -> None:
    house.add("P1", **HONG)
    (house.reports / "P1" / "report.json").write_text(text)
    with pytest.raises(FaultError, match="found no report"):
        house.deliver()


def test_other_files_stay_behind_and_are_told(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.add("P1", **HONG)
    (house.reports / "P1" / "reads.bam").touch()
    house.deliver()
    assert "P1: reads.bam has no place for identifiers" in capsys.readouterr().out
    assert not any("bam" in name for name in house.files())


@pytest.mark.parametrize(
    ("text", "name"),
    [("A/1", "A_1"), ("..", "P1"), ("", "P1"), (" .x ", "x"), ("가/나", "가_나"), ("a\n", "a_")],
)
def test_folder_names_stay_in_their_place(text: str, name: str) -> None:
    assert folder_name(text, "P1") == name

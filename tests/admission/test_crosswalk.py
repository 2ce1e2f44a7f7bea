"""Person, specimen, run and VCF column: what contradicts the sheet, and what is never told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from soyang.admission.admit import reason_of
from soyang.admission.crosswalk import (
    Specimen,
    collected_days,
    collected_faults,
    crosswalk_rows,
    read_shifts,
    read_specimens,
    run_differs,
    specimen_faults,
)
from soyang.admission.row_rules import shape
from soyang.admission.sheet import COLUMNS, Row
from soyang.admission.tables import CROSSWALK, UNITS
from soyang.core.errors import FaultError
from soyang.core.tables import read_table

DAY = "2025-12-20"


def row(person: str, line: int = 2, **cells: str) -> Row:
    empty = dict.fromkeys(COLUMNS, "")
    return Row(sheet="s.tsv", line=line, cells=empty | {"person": person, "sample": f"S{person}"}
               | cells)  # fmt: skip


def known(person: str, specimen: str, collected: str = "") -> Specimen:
    day = date.fromisoformat(collected) if collected else None
    return Specimen(person=person, specimen=specimen, collected=day)


def codes(rows: list[Row], *specimens: Specimen) -> list[tuple[str, str]]:
    return [(fault.code, fault.person) for fault in specimen_faults(rows, specimens)]


def test_one_row_for_a_person_with_all_runs() -> None:
    rows = [
        row("P2", 2, specimen="B2", run="R2", platform_person_id="7"),
        row("P1", 3, run="R9", lifelog_id="L1"),
        row("P1", 4, run="R10", lifelog_id="L1"),
        row("P1", 5, lifelog_id="L1"),
        row("P3", 6),
    ]
    frame = CROSSWALK.frame(crosswalk_rows(rows))
    assert frame.rows() == [
        ("P2", "SP2", "B2", "R2", "7", ""),
        ("P1", "SP1", "", "R10;R9", "", "L1"),
        ("P3", "SP3", "", "", "", ""),
    ]
    assert crosswalk_rows([]) == []


@pytest.mark.parametrize(
    ("specimens", "expected"),
    [
        ([], []),
        ([known("P1", "B1")], []),
        ([known("P1", "B1"), known("P1", "B0")], []),
        ([known("P1", "B1", DAY)], []),
        ([known("P1", "B1", "2025-12-19"), known("P1", "B1", DAY)], []),
        ([known("P1", "B1", "2025-12-19")], [("specimen-collected", "P1")]),
        ([known("P1", "b1")], [("specimen-unknown", "P1")]),
        # The platform keeps no specimens of this person: nothing is confirmed or denied.
        ([known("P2", "B7")], []),
        ([known("P2", "B1")], [("specimen-other-person", "P1"), ("specimen-other-person", "P2")]),
        (
            [known("P1", "B1"), known("P2", "B1")],
            [("specimen-other-person", "P1"), ("specimen-other-person", "P2")],
        ),
    ],
)
def test_the_platforms_specimens(
    specimens: list[Specimen], expected: list[tuple[str, str]]
) -> None:
    rows = [row("P1", 2, specimen="B1", collected=DAY), row("P2", 3)]
    assert codes(rows, *specimens) == expected


def test_two_people_whose_tubes_were_exchanged_are_both_held_back() -> None:
    rows = [row("P1", 2, specimen="B1"), row("P2", 3, specimen="B2")]
    faults = list(specimen_faults(rows, [known("P1", "B2"), known("P2", "B1")]))
    assert {fault.person for fault in faults} == {"P1", "P2"}
    assert {fault.scope for fault in faults} == {"sample"}


def test_a_person_without_specimen_in_the_sheet_is_not_asked() -> None:
    assert codes([row("P1")], known("P1", "B1", DAY)) == []


def test_messages_name_rows_and_no_specimen_or_day() -> None:
    rows = [
        row("P1", 2, specimen="SECRET1", collected=DAY),
        row("P2", 3, specimen="SECRET2", collected=DAY),
        row("P3", 4, specimen="SECRET3", collected=DAY),
        row("P4", 5, specimen="SECRET4", collected="2030-01-01"),
    ]
    faults = [
        *specimen_faults(
            rows,
            [known("P1", "SECRET9"), known("P2", "SECRET1"), known("P3", "SECRET3", "2025-12-01")],
        ),
        *collected_faults(rows, until=date(2026, 1, 15)),
    ]
    said = [reason_of(fault) for fault in faults]
    assert said == [
        "a specimen that is another person's on the platform (row 2, column specimen)",
        "a specimen of this person stands under another person (row 2) (row 3, column specimen)",
        "a specimen that the platform does not have, though it has 1 of this person "
        "(row 3, column specimen)",
        "a day that differs from the platform's by 19 day(s) (row 4, column collected)",
        "a day after the reports' date (row 5, column collected)",
    ]
    assert not any(word in str(faults) for word in ("SECRET", "2025-", "2030-"))


def test_a_specimen_from_before_birth() -> None:
    rows = [row("P1", collected="1999-12-31"), row("P2", collected="1999-12-31")]
    births = {"P1": date(2000, 1, 1), "P2": date(1999, 12, 31)}
    faults = list(collected_faults(rows, until=date(2026, 1, 1), births=births))
    assert [(fault.person, fault.found) for fault in faults] == [
        ("P1", "a day before the person's birth")
    ]


@pytest.mark.parametrize(
    ("cells", "specimens", "shifts", "day"),
    [
        ({"collected": DAY}, [], None, DAY),
        ({}, [], None, None),
        ({"specimen": "B1"}, [known("P1", "B1", "2025-12-01")], None, "2025-12-01"),
        ({"specimen": "B2"}, [known("P1", "B1", "2025-12-01")], None, None),
        ({"specimen": "B1"}, [known("P2", "B1", "2025-12-01")], None, None),
        ({"collected": DAY}, [], {"P1": -20}, "2025-11-30"),
        ({"collected": DAY}, [], {"P2": -20}, None),
        ({"collected": DAY}, [], {}, None),
    ],
)
def test_the_day_that_other_rooms_are_told(
    cells: dict[str, str],
    specimens: list[Specimen],
    shifts: dict[str, int] | None,
    day: str | None,
) -> None:
    found = collected_days([row("P1", **cells)], specimens, shifts)
    assert found == {"P1": date.fromisoformat(day) if day else None}


def test_specimens_and_shifts_are_read_whatever_their_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "검체 1.tsv"
    path.write_bytes(
        b"\xef\xbb\xbfperson\tspecimen\tcollected\r\nP1\tB1\t\r\nP1\tB2\t2025-12-20\r\n"
    )
    assert read_specimens(path) == [known("P1", "B1"), known("P1", "B2", DAY)]
    path.write_bytes(b"person\tspecimen\tcollected\nP1\tB1\t20.12.2025\n")
    with pytest.raises(FaultError, match="row 2, column collected: found text that is no day"):
        read_specimens(path)
    path.write_bytes(b"\xef\xbb\xbfperson\tdays\r\nP1\t-20\r\nP2\t+3\r\n")
    assert read_shifts(path) == {"P1": -20, "P2": 3}
    path.write_bytes("person\tdays\nP1\t1.5\nP2\t３\nP3\t\nP4\t1\nP4\t2\n".encode())
    with pytest.raises(FaultError) as caught:
        read_shifts(path)
    assert [fault.row for fault in caught.value.faults] == ["2", "3", "4", "6"]


FOLDER = "260105_A00001_0042_AHXXXXDSX2"


@pytest.mark.parametrize(
    ("run", "names", "differs"),
    [
        (FOLDER, ["@A00001:42:HXXXXDSX2:1:1101:1000:2000 1:N:0:ACGT"], False),
        (FOLDER, ["@A00001:42:HYYYYDSX2:1:1101:1000:2000 1:N:0:ACGT"], True),
        (FOLDER, ["@A00001:42:HYYYYDSX2:1:1101:1000:2000/1"], False),
        (FOLDER, ["HXXXXDSX2.1.ACGTACGT"], False),
        (FOLDER, ["HYYYYDSX2.2"], True),
        (FOLDER, ["HYYYYDSX2.2", "HXXXXDSX2.1"], False),
        (FOLDER, ["SAMPLE001.1", "", "@read1", "lane1"], False),
        ("run 7", ["HYYYYDSX2.2"], False),
        ("", ["HYYYYDSX2.2"], False),
        ("20260105_M00001_0042_000000000-AB12C", ["@M00001:42:000000000-AB12C:1:1:2:3"], False),
        ("20260105_M00001_0042_000000000-AB12C", ["@M00001:42:000000000-ZZ12C:1:1:2:3"], True),
    ],
)
def test_a_run_that_the_files_contradict(run: str, names: list[str], differs: bool) -> None:
    assert run_differs(run, names) is differs


@pytest.mark.parametrize(
    ("text", "shown"),
    [("20/12/2025", "99/99/9999"), ("홍길동", "aaa"), ("x" * 30, "a" * 20 + "…"), ("", "")],
)
def test_the_shape_of_a_text_tells_nothing_that_it_says(text: str, shown: str) -> None:
    assert shape(text) == shown


def test_units_carry_what_the_sheet_says(cohort, soyang) -> None:
    for lane in cohort.rows[:2]:
        lane.update(specimen="B1", run="R1", collected=DAY, lifelog_id="L1")
    cohort.write()
    soyang("admission", "check", "--settings", "config.yaml", "--units", "private/units.tsv",
           "--faults", "faults.tsv")  # fmt: skip
    units = read_table(Path("private/units.tsv"), UNITS)
    told = units.select("person", "specimen", "run", "collected", "lifelog_id").rows()
    assert told[:3] == [("P1", "B1", "R1", date(2025, 12, 20), "L1")] * 2 + [
        ("P2", "", "", None, "")
    ]


def test_nothing_that_identifies_leaves_the_private_folder(cohort, admission) -> None:
    """Markers in every such cell, in rows that agree, that differ, and that two people share."""
    for lane in cohort.rows[:2]:
        lane.update(specimen="MARKER1", collected=DAY, lifelog_id="MARKER2", run="MARKER3")
    cohort.rows[1].update(
        specimen="MARKER4", collected="2025-12-21", lifelog_id="MARKER5", platform_person_id="9911"
    )
    cohort.row("P2").update(specimen="MARKER6", lifelog_id="MARKER7", platform_person_id="9912")
    cohort.row("P3").update(specimen="MARKER6", lifelog_id="MARKER7", platform_person_id="9912")
    cohort.row("P4").update(specimen="MARKER8", collected="MARKER9", run="MARKERA;MARKERB")
    cohort.row("P5").update(specimen="MARKERC", lifelog_id="MARKERD", run="MARKERE")
    cohort.write()
    checked, admitted = admission("nobody")
    failed = admitted.filter(status="failed")
    assert set(failed["person"]) == {"P1", "P2", "P3", "P4"}
    private = Path("private/crosswalk.tsv").read_text()
    assert "MARKERC" in private and "MARKERD" in private and "MARKERE" in private
    told = [checked.out, checked.err, Path("admitted.tsv").read_text()]
    told += [Path(name).read_text() for name in ("faults.tsv", "all_faults.tsv")]
    for marker in ("MARKER", "9911", "9912", "2025-12-2"):
        assert not any(marker in text for text in told), marker

"""Who is held back, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from soyang.identity.blame import Link, duplicates, refuted
from soyang.identity.judge import judge
from soyang.identity.tables import CONTAMINATION, KINSHIP, OVERRIDES, VERDICTS
from tests.identity.conftest import WriteAdmitted, signed

LIMITS: dict[str, Any] = {
    "max_one_x_heterozygosity": 0.2,
    "min_two_x_heterozygosity": 0.5,
    "min_sites": 50,
    "min_first_degree_kinship": 0.177,
    "max_parent_child_ibs0": 0.02,
    "max_contamination": 0.03,
    "transfusion_days": 30,
}
GOOD, BAD, SAME = "confirmed", "refuted", "duplicate"


def link(one: str, two: str, finding: str, child: str = "") -> Link:
    return Link(
        one=one,
        two=two,
        recorded="parent_child" if child else "siblings",
        sites=1_000,
        ibs0=0 if finding == GOOD else 100,
        concordant=500,
        kinship=0.25,
        finding=finding,
        child=child,
    )


def family(*links: str) -> list[Link]:
    """Links written 'C-F bad': a child and its parent; 'C=D bad': siblings or duplicates."""
    words = {"good": GOOD, "bad": BAD, "same": SAME}
    found = []
    for text in links:
        pair, word = text.split()
        one, two = pair.replace("=", "-").split("-")
        found.append(link(one, two, words[word], child="" if "=" in pair else one))
    return found


@pytest.mark.parametrize(
    ("links", "held"),
    [
        ([], ""),
        (["C-F good", "C-M good"], ""),
        # A child that both parents refute, whose other child they confirm.
        (["C-F good", "C-M good", "D-F bad", "D-M bad"], "D"),
        # The same without another child: most refuted links.
        (["D-F bad", "D-M bad"], "D"),
        # A father refuted by a child that its mother confirms.
        (["C-F bad", "C-M good"], "F"),
        # One of two children refutes the father: equal, so the child.
        (["C-F good", "C-M good", "D-F bad", "D-M good"], "D"),
        # A father whom all children refute.
        (["C-F bad", "C-M good", "D-F bad", "D-M good"], "F"),
        # One parent, one child, nothing else: the child.
        (["C-F bad"], "C"),
        # Both parents refuted by confirmed siblings.
        (["C-F bad", "C-M bad", "D-F bad", "D-M bad", "C=D good"], "FM"),
        # The middle of three generations explains both links.
        (["C-P bad", "P-G bad"], "P"),
        # Siblings alone can't be told apart.
        (["C=D bad"], "CD"),
        # Two families are judged each for itself.
        (["C-F bad", "C-M bad", "X-Y bad", "X-Z good"], "CY"),
    ],
)
def test_who_is_held_back_explains_the_refuted_links(links: list[str], held: str) -> None:
    assert sorted(refuted(family(*links), explained=())) == sorted(held)


def test_a_link_is_explained_by_who_is_already_held_back() -> None:
    assert refuted(family("C-F bad"), explained={"F"}) == {}


@pytest.mark.parametrize(
    ("links", "held"),
    [
        (["A=B same"], "AB"),
        (["A=B same", "A-F good"], "AB"),
        (["A=B same", "B=C same", "X-Y good"], "ABC"),
        (["A-F good"], ""),
    ],
)
def test_all_who_look_like_one_sample_are_held_back(links: list[str], held: str) -> None:
    assert sorted(duplicates(family(*links))) == sorted(held)


def test_of_a_pair_with_an_earlier_batch_only_this_ones_is_held_back() -> None:
    old = replace(link("A", "B", SAME), batch="one", earlier_passed=True)
    assert list(duplicates([old])) == ["A"]
    assert list(refuted([replace(old, finding=BAD)], explained=())) == ["A"]
    assert refuted([replace(old, finding=BAD)], explained={"A"}) == {}


class Gate:
    """The verb on small tables."""

    def __init__(self, folder: Path, write_admitted: WriteAdmitted) -> None:
        self.folder = folder
        self.write_admitted = write_admitted

    def run(
        self,
        people: dict[str, dict[str, Any]],
        pairs: list[dict[str, Any]] | None = None,
        copies: dict[str, tuple[int | None, int | None]] | None = None,
        called: str = "",
        mixtures: dict[str, tuple[float, float, float] | None] | None = None,
        decisions: list[tuple[str, ...]] | None = None,
        facts: list[tuple[str, str, str, str]] | None = None,
    ) -> dict[str, dict[str, str]]:
        write_table(KINSHIP.frame(pairs or []), self.folder / "kinship.tsv", KINSHIP)
        out = self.folder / "verdicts.tsv"
        self.overrides = self.folder / "overrides.tsv"
        judge(
            admitted=self.write_admitted(people),
            kinship=self.folder / "kinship.tsv",
            quality=[self._quality(sample, *xy) for sample, xy in (copies or {}).items()],
            calls=[self._calls(sample) for sample in called or people],
            contamination=[self._mixture(s, found) for s, found in (mixtures or {}).items()],
            facts=self._facts(facts) if facts is not None else None,
            **signed(self.folder / "decisions.tsv", decisions),
            **LIMITS,
            verdicts=out,
            decisions=self.overrides,
        )
        return {row["sample"]: row for row in read_table(out, VERDICTS).to_dicts()}

    def _calls(self, sample: str) -> Path:
        path = self.folder / f"{sample}.calls.tsv"
        path.write_text(f"sample\tcallable_known\r\n{sample}\ttrue\r\n")
        return path

    def _facts(self, rows: list[tuple[str, str, str, str]]) -> Path:
        path = self.folder / "facts.tsv"
        lines = [("person", "fact", "first_date", "last_date"), *rows]
        path.write_text("".join("\t".join(line) + "\n" for line in lines))
        return path

    def _mixture(self, sample: str, found: tuple[float, float, float] | None) -> Path:
        path = self.folder / f"{sample}.contamination.tsv"
        share, low, high = found or (None, None, None)
        row = {"sample": sample, "source": "pileup", "sites": 5, "depth": 30.0, "estimate": share,
               "low": low, "high": high, "assessed": found is not None, "reason": ""}  # fmt: skip
        write_table(CONTAMINATION.frame([row]), path, CONTAMINATION)
        return path

    def _quality(self, sample: str, x: int | None, y: int | None) -> Path:
        path = self.folder / f"{sample}.quality.tsv"
        row = {"sample": sample, "x_copies": x, "y_copies": y}
        row |= {"x_depth_ratio": None if x is None else x / 2}
        row |= {"y_depth_ratio": None if y is None else y / 2}
        path.write_text(
            "\t".join(row) + "\n" + "\t".join("" if v is None else str(v) for v in row.values())
        )
        return path


def pair(one: str, two: str, recorded: str, finding: str, ibs0: int = 0) -> dict[str, Any]:
    return {
        "sample_1": one,
        "sample_2": two,
        "recorded": recorded,
        "sites": 1_022,
        "ibs0": ibs0,
        "concordant": 1_020,
        "kinship": 0.0123 if finding == "refuted" else 0.4987,
        "finding": finding,
        "batch": "",
        "earlier_passed": None,
    }


@pytest.fixture
def gate(tmp_path: Path, write_admitted: WriteAdmitted) -> Gate:
    return Gate(tmp_path, write_admitted)


PARENTS = {"father": "PF", "mother": "PM"}


def test_only_the_refuted_child_is_held_back_with_figures(gate: Gate) -> None:
    verdicts = gate.run(
        {"C": PARENTS, "D": PARENTS, "F": {}, "M": {}, "X": {}},
        [
            pair("C", "F", "parent_child", "confirmed"),
            pair("C", "M", "parent_child", "confirmed"),
            pair("D", "F", "parent_child", "refuted", 143),
            pair("D", "M", "parent_child", "refuted", 120),
        ],
    )
    held = [sample for sample, row in verdicts.items() if row["verdict"] == "quarantine"]
    assert held == ["D"]
    assert verdicts["D"]["reason"] == (
        "kinship: 143 of 1,022 sites with opposite homozygotes against recorded father (F), "
        "120 of 1,022 sites with opposite homozygotes against recorded mother (M)"
    )
    confirmed = {sample: row["confirmed_by"] for sample, row in verdicts.items()}
    assert confirmed == {"C": "kinship", "D": "", "F": "kinship", "M": "kinship", "X": ""}
    assert {row["sex_found"] for row in verdicts.values()} == {"not_assessed"}


def test_a_parent_and_a_sibling_are_named_by_their_role(gate: Gate) -> None:
    verdicts = gate.run(
        {"C": PARENTS, "D": PARENTS, "F": {}, "M": {}},
        [
            pair("C", "D", "siblings", "confirmed"),
            pair("C", "F", "parent_child", "refuted", 99),
            pair("D", "F", "parent_child", "refuted", 98),
        ],
    )
    assert "against recorded child (C)" in verdicts["F"]["reason"]
    siblings = gate.run({"C": PARENTS, "D": PARENTS}, [pair("C", "D", "siblings", "refuted", 9)])
    assert "(coefficient 0.012) against recorded sibling (D)" in siblings["C"]["reason"]
    two = {"C": {"person": "P"}, "D": {"person": "P"}}
    again = gate.run(two, [pair("C", "D", "same_person", "refuted", 9)])
    assert "against the person's other sample (D)" in again["C"]["reason"]


def test_duplicates_are_told_with_figures(gate: Gate) -> None:
    verdicts = gate.run({"A": {}, "B": {}}, [pair("A", "B", "unrelated", "duplicate")])
    assert verdicts["A"]["reason"] == (
        "duplicate: 1,020 of 1,022 sites with the same genotype as B (coefficient 0.499)"
    )
    assert verdicts["B"]["verdict"] == "quarantine"


@pytest.mark.parametrize(
    ("recorded", "copies", "verdict"),
    [
        ("male", (1, 1), "pass"),
        ("female", (2, 0), "pass"),
        ("female", (1, 1), "quarantine"),
        ("male", (2, 0), "quarantine"),
        ("unknown", (2, 0), "pass"),
        ("male", (None, None), "pass"),
    ],
)
def test_discordant_sex_holds_back_and_the_recorded_sex_confirms_nobody(
    recorded: str, copies: tuple[int | None, int | None], verdict: str, gate: Gate
) -> None:
    row = gate.run({"S": {"sex": recorded}}, copies={"S": copies})["S"]
    assert (row["verdict"], row["confirmed_by"]) == (verdict, "")
    if verdict == "quarantine":
        assert row["reason"].startswith(f"sex: discordant, recorded {recorded}, ")
        assert "of the autosomes)" in row["reason"]


def test_discordant_sex_explains_a_refuted_link_and_confirms_nobody(gate: Gate) -> None:
    verdicts = gate.run(
        {"C": PARENTS, "F": {"sex": "male"}, "M": {"sex": "female"}},
        [
            pair("C", "F", "parent_child", "refuted", 99),
            pair("C", "M", "parent_child", "confirmed"),
        ],
        {"F": (2, 0), "M": (2, 0)},
    )
    assert [verdicts[s]["verdict"] for s in "CFM"] == ["pass", "quarantine", "pass"]
    assert verdicts["M"]["confirmed_by"] == "kinship"
    alone = gate.run(
        {"C": PARENTS, "F": {"sex": "male"}},
        [pair("C", "F", "parent_child", "confirmed")],
        {"F": (2, 0)},
    )
    assert alone["C"]["confirmed_by"] == ""


TRANSPLANT = "stem-cell transplant on record: blood carries the donor's genotype"


@pytest.mark.parametrize(
    ("first", "last", "collected", "said"),
    [
        ("2020-01-01", "2020-01-01", date(2022, 5, 6), "since 2020-01-01; specimen taken on 2022"),
        ("2022-05-06", "2022-05-06", date(2022, 5, 6), "since 2022-05-06; specimen taken on 2022"),
        ("2020-01-01", "2024-01-01", None, "since 2020-01-01; specimen's day not known"),
        ("", "2024-01-01", date(2022, 5, 6), "recorded on 2024-01-01; specimen taken on 2022"),
        ("", "", None, "day not recorded; specimen's day not known"),
        ("2022-05-07", "2024-01-01", date(2022, 5, 6), ""),
    ],
)
def test_a_transplant_that_may_be_older_than_the_specimen_holds_back(
    first: str, last: str, collected: date | None, said: str, gate: Gate
) -> None:
    facts = [("PS", "stem_cell_transplant", first, last)]
    row = gate.run({"S": {"collected": collected}}, facts=facts)["S"]
    assert row["verdict"] == ("quarantine" if said else "pass")
    assert row["reason"].startswith(f"{TRANSPLANT} ({said}" if said else "")
    assert bool(row["reason"]) == bool(said)


def test_a_donor_and_relatives_are_not_held_back_for_a_recipient(gate: Gate) -> None:
    """The recipient's blood looks like the donor's, and like no child of its parents."""
    people = {"R": PARENTS, "D": PARENTS, "F": {}, "M": {}}
    pairs = [
        pair("D", "R", "siblings", "duplicate"),
        pair("F", "R", "parent_child", "refuted", 99),
        pair("D", "F", "parent_child", "confirmed"),
    ]
    without = gate.run(people, pairs)
    assert without["R"]["reason"].startswith("duplicate: ")
    facts = [("PR", "stem_cell_transplant", "2020-01-01", "2020-01-01")]
    verdicts = gate.run(people, pairs[:2], facts=facts)
    assert [s for s, row in verdicts.items() if row["verdict"] == "quarantine"] == ["R"]
    assert verdicts["R"]["confirmed_by"] == ""
    assert verdicts["R"]["reason"].startswith(TRANSPLANT)


def test_a_recipients_sex_by_depth_is_the_donors(gate: Gate) -> None:
    facts = [("PS", "stem_cell_transplant", "", "")]
    row = gate.run({"S": {"sex": "female"}}, copies={"S": (1, 1)}, facts=facts)["S"]
    assert (row["sex_found"], row["confirmed_by"]) == ("male", "")
    assert "sex: discordant" not in row["reason"]


@pytest.mark.parametrize(
    ("sheet", "platform", "copies", "reason"),
    [
        ("female", "sex_female", None, ""),
        ("female", "sex_male", None, "discordant: recorded sex differs between sheet "
         "and platform (female, male)"),
        ("unknown", "sex_male", None, ""),
        ("unknown", "sex_male", (1, 1), ""),
        ("unknown", "sex_male", (2, 0), "sex: discordant, recorded male, female "
         "by depth (X 1.00, Y 0.00 of the autosomes)"),
        ("female", "", None, ""),
    ],
)  # fmt: skip
def test_the_platforms_sex(
    sheet: str, platform: str, copies: tuple[int, int] | None, reason: str, gate: Gate
) -> None:
    facts = [("PS", platform, "", "")] if platform else []
    given = {"S": copies} if copies else {}
    row = gate.run({"S": {"sex": sheet}}, copies=given, facts=facts)["S"]
    assert row["verdict"] == ("quarantine" if reason else "pass")
    assert row["reason"].startswith(reason) and bool(row["reason"]) == bool(reason)
    assert "wrong" not in row["reason"]


def test_sex_that_differs_on_record_explains_a_refuted_link(gate: Gate) -> None:
    verdicts = gate.run(
        {"C": PARENTS, "F": {"sex": "male"}},
        [pair("C", "F", "parent_child", "refuted", 99)],
        facts=[("PF", "sex_female", "", "")],
    )
    assert [verdicts[s]["verdict"] for s in "CF"] == ["pass", "quarantine"]


@pytest.mark.parametrize(
    ("first", "last", "collected", "note"),
    [
        ("2022-04-20", "2022-04-20", date(2022, 5, 6), "16 day(s) before the specimen"),
        ("2022-05-06", "2022-05-06", date(2022, 5, 6), "0 day(s) before the specimen"),
        ("2020-01-01", "2022-05-01", date(2022, 5, 6), "5 day(s) before the specimen"),
        ("2022-04-06", "2022-04-06", date(2022, 5, 6), "30 day(s) before the specimen"),
        ("2022-04-05", "2022-04-05", date(2022, 5, 6), ""),
        ("2022-05-07", "2022-05-07", date(2022, 5, 6), ""),
        ("2020-01-01", "2024-01-01", date(2022, 5, 6), "perhaps within 30 days before"),
        ("", "2022-05-01", date(2022, 5, 6), "perhaps within 30 days before"),
        ("", "2020-05-01", date(2022, 5, 6), ""),
        ("2010-01-01", "2010-01-01", None, "not known when the specimen was taken"),
    ],
)
def test_a_transfusion_is_noted_and_holds_nobody_back(
    first: str, last: str, collected: date | None, note: str, gate: Gate
) -> None:
    facts = [("PS", "transfusion", first, last)]
    row = gate.run({"S": {"collected": collected}}, facts=facts)["S"]
    assert (row["verdict"], row["reason"]) == ("pass", "")
    assert note in row["note"]
    assert bool(row["note"]) == bool(note)


def test_facts_of_people_without_a_sample_are_passed_over(gate: Gate) -> None:
    row = gate.run({"S": {}}, facts=[("PX", "stem_cell_transplant", "", "")])["S"]
    assert (row["verdict"], row["note"]) == ("pass", "")


def test_each_called_sample_has_a_verdict_and_no_other(gate: Gate) -> None:
    assert list(gate.run({"A": {}, "B": {}, "C": {}}, called="CA")) == ["A", "C"]


def test_samples_that_nothing_is_known_of_are_refused(gate: Gate) -> None:
    with pytest.raises(FaultError, match="no admitted sample 'B'"):
        gate.run({"A": {}, "B": {"status": "failed"}})
    with pytest.raises(FaultError, match="no admitted sample 'B'"):
        gate.run({"A": {}, "B": {}}, [pair("A", "B", "unrelated", "duplicate")], called="A")


def test_without_samples_the_table_is_empty(gate: Gate) -> None:
    assert gate.run({}) == {}


def test_a_table_without_its_columns_is_refused(gate: Gate, tmp_path: Path) -> None:
    quality = tmp_path / "Q.tsv"
    quality.write_text("sample\treads\nA\t1\n")
    write_table(KINSHIP.frame([]), tmp_path / "kinship.tsv", KINSHIP)
    with pytest.raises(FaultError, match="x_depth_ratio, y_depth_ratio, x_copies, y_copies"):
        judge(
            admitted=gate.write_admitted({"A": {}}),
            kinship=tmp_path / "kinship.tsv",
            quality=[quality],
            calls=[gate._calls("A")],
            **LIMITS,
            verdicts=tmp_path / "verdicts.tsv",
            decisions=tmp_path / "overrides.tsv",
        )


def test_contamination_holds_back_and_is_told(gate: Gate) -> None:
    mixtures = {"A": (0.05, 0.04, 0.06), "B": (0.02, 0.01, 0.04), "C": (0.03, 0.02, 0.03)}
    verdicts = gate.run({s: {} for s in "ABCDE"}, mixtures={**mixtures, "D": None})
    assert {s: row["verdict"] for s, row in verdicts.items() if row["reason"]} == {
        "A": "quarantine"
    }
    assert verdicts["A"]["reason"] == (
        "contamination: 5.0% of another person's DNA (95 % 4.0% to 6.0%), at most 3.0% go on"
    )
    assert verdicts["B"]["note"] == "contamination of up to 4.0% can't be excluded"
    told = {s: row["contamination"] for s, row in verdicts.items()}
    assert told == {"A": 0.05, "B": 0.02, "C": 0.03, "D": None, "E": None}


def test_a_contaminated_sample_explains_a_refuted_link(gate: Gate) -> None:
    verdicts = gate.run(
        {"C": PARENTS, "F": {}},
        [pair("C", "F", "parent_child", "refuted", 99)],
        mixtures={"F": (0.2, 0.1, 0.3)},
    )
    assert [verdicts[s]["verdict"] for s in "CF"] == ["pass", "quarantine"]


def test_a_relative_not_on_record_is_noted_for_both(gate: Gate) -> None:
    verdicts = gate.run({"A": {}, "B": {}}, [pair("A", "B", "unrelated", "unrecorded")])
    assert verdicts["A"]["note"] == ("first-degree relation not on record: B (coefficient 0.499)")
    assert "record: A" in verdicts["B"]["note"]
    assert {row["verdict"] for row in verdicts.values()} == {"pass"}
    together = {"A": {"family": "F1"}, "B": {"family": "F1"}}
    assert gate.run(together, [pair("A", "B", "unrelated", "unrecorded")])["A"]["note"] == ""


def test_both_of_a_swap_are_held_back_and_named(gate: Gate) -> None:
    people = {"C": PARENTS, "F": {}, "M": {}, "X": {}}
    pairs = [
        pair("C", "F", "parent_child", "refuted", 99),
        pair("C", "M", "parent_child", "refuted", 98),
        pair("F", "X", "unrelated", "unrecorded"),
        pair("M", "X", "unrelated", "unrecorded"),
    ]
    verdicts = gate.run(people, pairs)
    held = {s: row["reason"] for s, row in verdicts.items() if row["verdict"] == "quarantine"}
    assert held == {
        "C": "swap: suspected with X: their exchange would explain 2 refuted relation(s)",
        "X": "swap: suspected with C: their exchange would explain 2 refuted relation(s)",
    }


def earlier(one: str, two: str, recorded: str, finding: str, *, passed: bool) -> dict[str, Any]:
    return pair(one, two, recorded, finding, 99) | {"batch": "one", "earlier_passed": passed}


def test_an_earlier_batch_confirms_refutes_and_duplicates(gate: Gate) -> None:
    people = {"A": {}, "B": {}, "C": {}, "D": {}, "E": {}}
    pairs = [
        earlier("A", "A1", "same_person", "confirmed", passed=True),
        earlier("B", "B1", "same_person", "refuted", passed=True),
        earlier("C", "X1", "unrelated", "duplicate", passed=True),
        earlier("D", "X2", "unrelated", "duplicate", passed=False),
        earlier("E", "E1", "same_person", "confirmed", passed=False),
    ]
    verdicts = gate.run(people, pairs)
    assert [verdicts[s]["verdict"] for s in people] == [
        *("pass", "quarantine", "quarantine", "pass", "pass")
    ]
    assert [verdicts[s]["confirmed_by"] for s in people] == ["genotype", "", "", "", ""]
    assert "the person's other sample (B1 of batch one)" in verdicts["B"]["reason"]
    assert "same genotype as X1 of batch one" in verdicts["C"]["reason"]
    assert verdicts["D"]["note"] == "looks like X2 of batch one, which was held back there"


def test_a_signed_decision_changes_a_verdict_and_is_written_down(gate: Gate) -> None:
    people = {"A": {}, "B": {}, "C": {}}
    row = ("pass", "Dr. 김", "2026-01-15", "monozygotic twins, by their own word")
    verdicts = gate.run(
        people,
        [pair("A", "B", "unrelated", "duplicate")],
        decisions=[
            ("A", "duplicate", *row),
            ("B", "sex", *row),
            ("C", "any", "quarantine", "Dr. 이", "2026-01-16", "tube was broken"),
        ],
    )
    assert [verdicts[s]["verdict"] for s in "ABC"] == ["pass", "quarantine", "quarantine"]
    assert verdicts["A"]["reason"] == ""
    assert verdicts["A"]["override"] == (
        "pass (duplicate): Dr. 김, 2026-01-15: monozygotic twins, by their own word"
    )
    assert (verdicts["B"]["override"], verdicts["C"]["note"]) == ("", "")
    assert verdicts["C"]["reason"] == "staff: held back by Dr. 이 on 2026-01-16: tube was broken"
    trail = read_table(gate.overrides, OVERRIDES).to_dicts()
    assert [(r["sample"], r["applied"], r["verdict"]) for r in trail] == [
        ("A", True, "pass"), ("B", False, "quarantine"), ("C", True, "quarantine"),
    ]  # fmt: skip
    assert trail[0]["gate"].startswith("duplicate: 1,020 of")
    assert all(len(r["file_sha256"]) == len(r["key_sha256"]) == 64 for r in trail)


def test_a_decision_on_one_reason_leaves_the_others(gate: Gate) -> None:
    row = gate.run(
        {"A": {"sex": "male"}},
        copies={"A": (2, 0)},
        mixtures={"A": (0.2, 0.1, 0.3)},
        decisions=[("A", "sex", "pass", "Dr. 김", "2026-01-15", "aneuploidy by karyotype")],
    )["A"]
    assert row["verdict"] == "quarantine"
    assert row["reason"].startswith("contamination: ") and "sex" not in row["reason"]
    assert row["override"].startswith("pass (sex): ")


def test_a_decision_on_somebody_else_of_the_sheet_is_written_down(gate: Gate) -> None:
    people = {"A": {}, "B": {"status": "failed"}}
    decided = [("B", "sex", "pass", "Dr. 김", "2026-01-15", "why")]
    gate.run(people, called="A", decisions=decided)
    (row,) = read_table(gate.overrides, OVERRIDES).to_dicts()
    assert (row["applied"], row["verdict"]) == (False, "")

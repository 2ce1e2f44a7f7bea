"""The register grows by what is new, and says what a change reaches."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from soyang.admission.tables import ADMITTED, CONSENTS
from soyang.core.errors import FaultError
from soyang.core.people import Consent
from soyang.core.tables import read_table, write_table
from soyang.governance.consents import SHAPES, consents, words
from soyang.governance.tables import AFFECTED, CONSENT_REGISTER

DAY = "2026-01-15"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the verb on who permits what; AFFECTED and the register."""
    monkeypatch.chdir(tmp_path)

    def go(permits, day=DAY, *, reasons=None, until=None, status=None, entry="fastq", duo=""):
        rows = [
            {
                "person": person, "scope": scope, "permitted": scope in given,
                "reason": (reasons or {}).get((person, scope), "sheet"),
                "valid_until": until if scope in given else None, "given_by": "unknown",
                "duo": duo if scope in given else "", "sources": "sheet",
            }
            for person, given in permits.items()
            for scope in Consent
        ]  # fmt: skip
        write_table(CONSENTS.frame(rows), Path("consents.tsv"), CONSENTS)
        ended = {p: "admitted" if "clinical_care" in g else "withheld" for p, g in permits.items()}
        people = [
            dict.fromkeys(ADMITTED.names, "")
            | {
                "person": p, "sample": f"S{p}", "entry": entry, "sex": "male", "affected": "no",
                "status": (status or ended)[p], "collected": None,
            }
            for p in permits
        ]  # fmt: skip
        write_table(ADMITTED.frame(people), Path("admitted.tsv"), ADMITTED)
        consents(
            consents=Path("consents.tsv"), admitted=Path("admitted.tsv"), date=day,
            register=Path("register.tsv"), affected=Path("affected.tsv"),
        )  # fmt: skip
        return (
            read_table(Path("affected.tsv"), AFFECTED),
            read_table(Path("register.tsv"), CONSENT_REGISTER),
        )

    return go


ALL = set(Consent)


def test_everyone_is_new_at_first_and_nothing_is_reached(run, capsys):
    affected, register = run({"P1": ALL, "P2": {"clinical_care"}})
    assert affected.is_empty()
    assert register.height == 12 and set(register["before"]) == {""}
    assert register["day"].unique().to_list() == [date(2026, 1, 15)]
    assert register.filter(person="P2")["after"].to_list() == ["permitted", *["not permitted"] * 5]
    assert capsys.readouterr().out == "no consent changed, and none ends soon\n"


def test_the_same_again_adds_nothing_and_gives_the_same_bytes(run):
    run({"P1": ALL})
    run({"P1": ALL - {"sharing"}})
    before = [Path(p).read_bytes() for p in ("register.tsv", "affected.tsv")]
    run({"P1": ALL - {"sharing"}})
    assert [Path(p).read_bytes() for p in ("register.tsv", "affected.tsv")] == before


def test_rows_are_only_added(run):
    run({"P1": ALL})
    first = Path("register.tsv").read_text()
    run({"P1": ALL - {"research"}}, "2026-02-01")
    second = Path("register.tsv").read_text()
    run({"P1": ALL}, "2026-03-01")
    third = Path("register.tsv").read_text()
    assert second.startswith(first) and third.startswith(second)
    added = read_table(Path("register.tsv"), CONSENT_REGISTER).tail(2).select("before", "after")
    assert added.rows() == [("permitted", "not permitted"), ("not permitted", "permitted")]


def test_a_narrowing_rebuilds_the_persons_own_and_nobody_elses(run, capsys):
    run({"P1": ALL, "P2": ALL})
    why = {("P1", "secondary_findings"): "platform: denied"}
    affected, register = run({"P1": ALL - {"secondary_findings"}, "P2": ALL}, reasons=why)
    assert affected.select("person", "output", "action").rows() == [
        ("P1", "results/interpretation/P1.findings.json", "rebuilt"),
        ("P1", "results/reports/P1", "rebuilt"),
    ]
    assert register.height == 13
    assert capsys.readouterr().out.splitlines()[1:] == [
        "P1: secondary_findings was permitted, is now not permitted (platform: denied)",
        "  rebuilt: results/interpretation/P1.findings.json",
        "  rebuilt: results/reports/P1",
    ]


def test_a_withdrawal_removes_all_of_the_person_and_rebuilds_the_cohort(run):
    run({"P1": ALL, "P2": ALL})
    affected, register = run({"P1": set(), "P2": ALL})
    assert register.height == 18
    assert set(affected["person"]) == {"P1"} and set(affected["scope"]) == {"clinical_care"}
    removed = affected.filter(action="removed")["output"].to_list()
    assert sorted(removed) == [
        "results/calling/SP1", "results/identity/contamination/SP1.tsv",
        "results/identity/sketch/SP1.parquet",
        "results/interpretation/P1.findings.json", "results/reads/SP1", "results/reports/P1",
    ]  # fmt: skip
    assert {"results/cohort", "results/phenotypes"} <= set(
        affected.filter(action="rebuilt")["output"]
    )


def test_of_a_vcf_there_are_no_reads_to_remove(run):
    run({"P1": ALL}, entry="vcf")
    affected, _ = run({"P1": set()}, entry="vcf")
    assert "results/reads/SP1" not in affected["output"].to_list()


def test_consent_given_again_makes_what_was_removed(run):
    run({"P1": ALL})
    run({"P1": set()}, "2026-02-01")
    affected, _ = run({"P1": ALL}, "2026-03-01")
    assert ("results/reports/P1", "made") in affected.select("output", "action").rows()
    released = affected.filter(scope="sharing").select("output", "action").rows()
    assert ("results/panels", "made") in released


def test_of_who_does_not_enter_nothing_is_made(run):
    run({"P1": {"clinical_care"}}, status={"P1": "failed"})
    affected, register = run({"P1": ALL}, status={"P1": "failed"})
    assert affected.is_empty() and register.height == 11


def test_new_terms_or_dates_are_recorded_and_reach_nothing(run):
    run({"P1": {"research"}})
    affected, register = run({"P1": {"research"}}, until=date(2030, 1, 1), duo="DUO:0000046")
    assert affected.is_empty()
    assert register.tail(1).row(0, named=True) == {
        "day": date(2026, 1, 15), "person": "P1", "scope": "research", "before": "permitted",
        "after": "permitted", "reason": "sheet", "duo": "DUO:0000046",
        "valid_until": date(2030, 1, 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("until", "named"),
    [(date(2026, 1, 15), True), (date(2026, 2, 14), True), (date(2026, 2, 15), False)],
)
def test_a_consent_that_ends_within_30_days_is_named(run, until, named):
    affected, _ = run({"P1": {"clinical_care"}}, until=until)
    told = [f"P1: consent to clinical_care ends on {until}; ask again in time"]
    assert list(words(affected)) == (told if named else [])


def test_an_earlier_days_change_is_told_once_only(run):
    run({"P1": ALL}, "2026-01-15")
    assert run({"P1": ALL - {"recontact"}}, "2026-02-01")[0].height == 2
    assert run({"P1": ALL - {"recontact"}}, "2026-03-01")[0].is_empty()


def test_who_leaves_the_sheet_keeps_the_last_word(run):
    run({"P1": ALL, "P2": ALL})
    affected, register = run({"P2": ALL})
    assert affected.is_empty() and register.height == 12
    affected, register = run({"P1": ALL - {"research"}, "P2": ALL})
    assert set(affected["person"]) == {"P1"} and register.height == 13


def test_an_empty_cohort(run):
    affected, register = run({})
    assert affected.is_empty() and register.is_empty()


def test_a_register_of_another_form_is_refused_and_left(run):
    Path("register.tsv").write_text("person\tscope\nP1\tresearch\n")
    with pytest.raises(FaultError, match="consent_register"):
        run({"P1": ALL})
    assert Path("register.tsv").read_text() == "person\tscope\nP1\tresearch\n"


def test_every_scope_shapes_something_of_this_house(root):
    assert set(SHAPES) == ALL
    rules = "".join(p.read_text() for p in (root / "workflow" / "rules").glob("*.smk"))
    for patterns in (p for shape in SHAPES.values() for p in shape):
        for pattern in patterns:
            folder = "/".join(pattern.split("/")[:2])
            assert folder in rules or folder == "results/panels", pattern


def test_a_long_register_stays_readable(run):
    for month in range(1, 13):
        run({"P1": ALL if month % 2 else ALL - {"research"}}, f"2026-{month:02}-01")
    register = pl.read_csv("register.tsv", separator="\t")
    assert register.height == 6 + 11

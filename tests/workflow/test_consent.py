"""A change of consent changes the graph, and what an earlier run made goes with it."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Iterable

import pytest

from soyang.admission.tables import ADMITTED
from soyang.core.tables import write_table
from soyang.governance.tables import AFFECTED, LEDGER

PEOPLE = ("SYN-06", "SYN-08", "SYN-09")
"""A carrier by CRAM; one by gVCF, who is counted in frequencies; one by VCF, who is not."""
NARROWED, WITHDRAWN, OTHER = PEOPLE
COLUMNS = "platform_person_id scope decision valid_from valid_until given_by assent duo recorded"


def platform_says(working, denials: Iterable[tuple[str, str, str]] = ()) -> None:
    """Write the platform's consents: everything permitted, and then some of it denied."""
    ids = {row["person"]: row["platform_person_id"] for row in working.sheet()}
    said = [(person, "all", "permit", "2025-01-01") for person in ids]
    said += [(person, scope, "deny", day) for person, scope, day in denials]
    rows = [[ids[p], scope, word, "", "", "self", "", "", day] for p, scope, word, day in said]
    text = "\n".join("\t".join(row) for row in [COLUMNS.split(), *rows])
    time.sleep(1.1)
    (working.folder / "consents.tsv").write_text(text + "\n", encoding="utf-8")


def mine(times: dict[str, int], person: str) -> dict[str, int]:
    return {path: at for path, at in times.items() if person in path}


@pytest.fixture(scope="module")
def told(copy_cohort):
    """A finished run in which the platform permits everything."""
    working = copy_cohort(*PEOPLE)
    working.change_settings(lambda s: s["platform"].update(consents="consents.tsv"))
    platform_says(working)
    ended = working.run()
    assert ended.code == 0, ended.said[-4000:]
    return working


@pytest.mark.workflow
def test_consent_narrowed_then_withdrawn(told, copy_cohort):
    working = told
    page = working.folder / f"results/reports/{NARROWED}/report.html"
    findings = working.folder / f"results/interpretation/{NARROWED}.findings.json"
    assert json.loads(findings.read_text())["carriers"]
    before = working.times()
    earlier = {path.name: path.read_text() for path in page.parent.iterdir()}

    narrowed = [(NARROWED, "secondary_findings", "2025-12-01")]
    platform_says(working, narrowed)
    ended = working.run()
    assert ended.code == 0, ended.said[-4000:]
    after = working.times()
    assert mine(after, OTHER) == mine(before, OTHER)
    assert mine(after, WITHDRAWN) == mine(before, WITHDRAWN)
    redone = {path for path in after if after[path] != before.get(path)}
    rooms = ("admission", "governance", f"interpretation/{NARROWED}", f"reports/{NARROWED}")
    about = ("ro-crate-metadata.json",)  # what a run is made of: anew with every run
    allowed = tuple(f"results/{place}" for place in (*rooms, *about))
    assert {path for path in redone if not path.startswith(allowed)} == set()
    assert json.loads(findings.read_text())["carriers"] is None
    twins = {path.name: path.read_text() for path in page.parent.iterdir()}
    assert len(twins) == 4
    for word in ("carriers-heading", "carrier_finding", "carrier_counselling", "Tyr37Cys"):
        assert word in earlier[page.name] or word in earlier["report.json"], word
        assert [name for name, text in twins.items() if word in text] == []
    line = f"{NARROWED}: secondary_findings was permitted, is now not permitted (table: denied)"
    assert line in ended.said and f"rebuilt: results/reports/{NARROWED}" in ended.said

    denials = [*narrowed, (WITHDRAWN, "all", "2026-01-02")]
    platform_says(working, denials)
    ended = working.run()
    assert ended.code == 0, ended.said[-4000:]
    ledger = working.rows()
    assert ledger[WITHDRAWN]["status"] == "withheld"
    assert ledger[WITHDRAWN]["reason"] == "consent withdrawn (table)"
    assert ledger[NARROWED]["status"] == ledger[OTHER]["status"] == "reported"
    left = [p for p in working.results() if WITHDRAWN in p or "S08" in p]
    assert left == []
    named = [p for p, content in working.results().items() if WITHDRAWN.encode() in content]
    assert {p.split("/")[1] for p in named} == {"admission", "governance"}
    assert "removed results/calling/S08" in ended.said
    assert f"{WITHDRAWN}: clinical_care was permitted, is now not permitted" in ended.said

    fresh = copy_cohort(*PEOPLE)
    fresh.change_settings(lambda s: s["platform"].update(consents="consents.tsv"))
    platform_says(fresh, denials)
    assert fresh.run().code == 0
    ours, theirs = working.results(), fresh.results()
    history = {f"results/governance/{name}.tsv" for name in ("consent_register", "affected")}
    assert set(ours) == set(theirs)
    assert [p for p in ours if ours[p] != theirs[p] and p not in history] == []


@pytest.fixture(scope="module")
def driver(root):
    spec = importlib.util.spec_from_file_location("driver", root / "workflow" / "run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["driver"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def left_over(tmp_path, monkeypatch):
    """What an earlier run made of three people, and who is what now."""
    monkeypatch.chdir(tmp_path)
    ends = {"P1": "admitted", "P2": "withheld", "P3": "failed"}
    for person in ends:
        sample = person.replace("P", "S")
        for folder in (f"reads/{sample}", f"calling/{sample}", f"reports/{person}"):
            (tmp_path / "results" / folder).mkdir(parents=True)
            (tmp_path / "results" / folder / "file").write_text("x")
        for file in (f"identity/sketch/{sample}.parquet", f"interpretation/{person}.findings.json"):
            path = tmp_path / "results" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
    rows = [
        dict.fromkeys(ADMITTED.names, "")
        | {"person": p, "sample": p.replace("P", "S"), "status": status, "sex": "male"}
        | {"affected": "no", "collected": None}
        for p, status in ends.items()
    ]
    write_table(ADMITTED.frame(rows), tmp_path / "results/admission/admitted.tsv", ADMITTED)
    return tmp_path / "results"


def kept(results, word: str) -> list[str]:
    found = [p for p in results.rglob("*") if p.is_file() and word in str(p.relative_to(results))]
    return sorted(str(p.relative_to(results)) for p in found)


def test_who_is_withheld_keeps_nothing_and_the_others_everything(driver, left_over, capsys):
    driver.clear_withheld()
    assert kept(left_over, "P2") == kept(left_over, "S2") == []
    assert len(kept(left_over, "1")) == len(kept(left_over, "3")) == 5
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 5 and all("of P2, who has no consent now" in line for line in said)
    driver.clear_withheld()
    assert capsys.readouterr().err == ""


def test_who_failed_keeps_reads_and_calls_but_no_report(driver, left_over):
    rows = [{"person": "P3", "sample": "S3", "hospital": "", "status": "failed", "reason": "x"}]
    driver.clear_unreported(LEDGER.frame(rows))
    left = ["calling/S3/file", "identity/sketch/S3.parquet", "reads/S3/file"]
    assert kept(left_over, "3") == left


def test_without_admission_nothing_is_removed(driver, left_over):
    (left_over / "admission/admitted.tsv").unlink()
    driver.clear_withheld()
    assert len(kept(left_over, "2")) == 5


def test_the_list_is_shown_when_there_is_one(driver, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    driver.show_affected()
    write_table(AFFECTED.empty(), driver.AFFECTED_PATH, AFFECTED)
    driver.show_affected()
    assert capsys.readouterr().out == ""
    row = {
        "person": "P1", "sample": "S1", "scope": "research", "before": "permitted",
        "after": "not permitted", "reason": "table: denied", "output": "results/cohort",
        "action": "rebuilt",
    }  # fmt: skip
    write_table(AFFECTED.frame([row]), driver.AFFECTED_PATH, AFFECTED)
    driver.show_affected()
    said = capsys.readouterr().out
    assert "P1: research was permitted, is now not permitted (table: denied)" in said
    assert "rebuilt: results/cohort" in said

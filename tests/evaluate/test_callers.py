"""What evaluate-callers makes of finished runs."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from evaluate import callers
from evaluate.callers import Ended, differences, ended, explanation, ledger, table
from evaluate.identity import blank_row
from soyang.calling.tables import CALLS, OTHERS
from soyang.core.tables import write_table
from soyang.governance.tables import LEDGER


def run(*names: str, status: str = "reported", first: str = "JAG1 c.1del") -> Ended:
    several = len(names) > 1
    return Ended(
        callers=names,
        status={"P1": status, "P2": "withheld"},
        first={"P1": first},
        variants={"S1": 200},
        agreed={"S1": 190} if several else {},
        others={"S1": 3} if several else {},
    )


def shown(what: object) -> str:
    out = StringIO()
    Console(file=out, width=200).print(what)
    return out.getvalue()


def test_how_people_ended_must_be_alike() -> None:
    first = run("gatk", "bcftools")
    assert list(differences([first, run("bcftools")])) == []
    (line,) = differences([first, run("bcftools", status="failed")])
    assert line == "P1: reported with gatk, failed with bcftools"


def test_the_table_shows_each_callers_count_and_the_agreement() -> None:
    text = shown(table("demo", [run("gatk", "bcftools"), run("bcftools")]))
    row = next(line for line in text.splitlines() if "S1" in line)
    assert [word.strip() for word in row.split("│")[1:-1]] == [
        "S1",
        "200",
        "200",
        "190 (95.0%)",
        "3",
    ]


def test_another_first_explanation_is_told() -> None:
    text = shown(ledger([run("gatk", "bcftools"), run("bcftools", first="")]))
    assert "bcftools: none" in text and "yes" in text


def test_what_is_told_is_read_from_the_results(tmp_path: Path) -> None:
    results = tmp_path / "results"
    row = blank_row(CALLS) | {
        "sample": "S1",
        "entry": "cram",
        "caller": "GATK 4.6",
        "variants": 7,
        "agreed": 6,
    }
    write_table(CALLS.frame([row]), results / "calling/S1/S1.calls.tsv", CALLS)
    write_table(OTHERS.empty(), results / "calling/S1/S1.others.tsv", OTHERS)
    people = [
        blank_row(LEDGER) | {"person": "P1", "sample": "S1", "status": "reported"},
        blank_row(LEDGER) | {"person": "P2", "sample": "S2", "status": "withheld"},
    ]
    write_table(LEDGER.frame(people), results / "governance/ledger.tsv", LEDGER)
    report = results / "reports/P1"
    report.mkdir(parents=True)
    told = {"explanations": [{"variants": [{"gene": "G", "hgvs_c": "c.1A>G"}]}], "events": None}
    (report / "report.json").write_text(json.dumps(told))
    found = ended(tmp_path, ("gatk", "bcftools"))
    assert found.status == {"P1": "reported", "P2": "withheld"}
    assert (found.first, found.variants) == ({"P1": "G c.1A>G"}, {"S1": 7})
    assert (found.agreed, found.others) == ({"S1": 6}, {"S1": 0})
    assert ended(tmp_path, ("gatk",)).agreed == {}
    with pytest.raises(callers.RunError, match=r"S1 was called by GATK 4\.6, not by bcftools"):
        ended(tmp_path, ("bcftools",))
    (report / "report.json").write_text('{"explanations": [], "events": null}')
    assert explanation(report) == ""
    lost = '{"explanations": [], "events": {"shown": [{"hgvs_g": "NC_000020.11:g.5_9del"}]}}'
    (report / "report.json").write_text(lost)
    assert explanation(report) == "NC_000020.11:g.5_9del"


def test_a_run_that_fails_is_told_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("calling: {admit_mixed: [unknown]}\n")
    monkeypatch.setattr(callers, "ROOT", tmp_path)  # no workflow/run.py there
    with pytest.raises(callers.RunError, match=r"gatk ended with 2: .*said\.gatk\.txt"):
        callers.run(tmp_path, ("gatk",))
    assert "admit_mixed" in (tmp_path / "config.yaml").read_text()

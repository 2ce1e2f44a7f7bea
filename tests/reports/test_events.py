"""Structural, copy-number and mitochondrial variants in the report: what is said, and what not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from soyang.interpretation import cnv_tables
from soyang.reports import event_model
from soyang.reports.actions import read_actions
from soyang.reports.model import Report
from soyang.reports.page import render
from soyang.reports.report import build
from soyang.reports.sentences import Sentences

Case = Callable[[str], dict[str, Any]]
LANGUAGES = ["en", "ko", "ja"]


def made(findings: dict[str, Any], actions: Path) -> Report:
    return build(
        findings, read_actions(actions), languages=LANGUAGES, date="2025-06-01", title_note={}
    )


def codes(statements: Any) -> list[str]:
    return [statement.code for statement in statements]


def test_a_pathogenic_deletion_leads(case: Case, actions: Path) -> None:
    report = made(case("deletion"), actions)
    assert report.summary.result.code == "event"
    assert report.summary.result.values == {
        "kind": "deletion", "genes": ["JAG1"], "classification": "pathogenic"
    }  # fmt: skip
    assert {"event_what", "event_class", "event_both", "conditions", "event_if_fits"} <= set(
        codes(report.summary.meaning)
    )
    assert "does_not_rule_out" not in codes(report.summary.meaning)
    assert codes(report.summary.actions) == ["confirm_event", "refer_genetics"]
    assert report.events and report.events.shown[0].told_by == "both"
    page = render(report, "en")
    for said in ("51.2\u00a0kb", "MLPA", "+1.10", "whole gene", "delly, depth, dysgu"):
        assert said in page, said


def test_parents_who_were_not_looked_at_are_to_be_tested(case: Case, actions: Path) -> None:
    findings = case("deletion")
    findings["events"]["events"][0]["father"] = "absent"
    assert "test_parents_event" in codes(made(findings, actions).summary.actions)


def test_an_uncertain_gain_stays_in_the_appendix(case: Case, actions: Path) -> None:
    report = made(case("gain"), actions)
    assert report.summary.result.code == "nothing_found"
    first = [*codes(report.summary.meaning), *codes(report.summary.actions)]
    assert not [code for code in first if "event" in code]
    assert report.events and not report.events.shown
    assert [e.kind for e in report.events.uncertain] == ["duplication"]
    assert report.events.harmless == 1
    for language in LANGUAGES:
        front, _, back = render(report, language).partition('class="appendix"')
        assert "MCM8" in back and "g.(?_5950201)" not in front
        assert 'class="caution"' in back


def test_what_is_not_interpreted_is_listed_with_its_reason(case: Case, actions: Path) -> None:
    report = made(case("gain"), actions)
    page = render(report, "en")
    for said in ("insertions are not interpreted", "chr4:190000123", "PRNP", "chr20:4699300<"):
        assert said in page, said
    assert "61 further events touch no coding exon" in page


def test_a_mitochondrial_variant_is_possible_and_not_established(case: Case, actions: Path) -> None:
    report = made(case("mitochondrial"), actions)
    assert report.summary.result.code == "mitochondrial"
    assert "confirm_mitochondrial" in codes(report.summary.actions)
    page = render(report, "en")
    assert "31% of the mitochondrial DNA" in page and "m.1438A&gt;G" in page


def test_likely_small_variants_stay_in_front(case: Case, actions: Path) -> None:
    findings = case("jag1") | {"events": case("deletion")["events"]}
    report = made(findings, actions)
    assert report.summary.result.code in ("candidate", "candidate_condition")
    assert "event_what" in codes(report.summary.meaning)
    assert "confirm_event" in codes(report.summary.actions)


def test_a_loss_of_both_copies_is_possible(case: Case, actions: Path) -> None:
    findings = case("region")
    findings["events"]["events"] = findings["events"]["events"][1:]
    findings["result"] = "possible"
    report = made(findings, actions)
    assert report.summary.result.code == "event_possible"
    assert "event_biallelic" in codes(report.summary.meaning)


def test_many_genes_are_named_and_not_tabulated(case: Case, actions: Path) -> None:
    report = made(case("region"), actions)
    assert report.summary.result.code == "event_region"
    (what, *_) = [m for m in report.summary.meaning if m.code == "event_what_many"]
    assert what.values["further"] == 40
    page = render(report, "ko")
    assert page.count("NM_000214.3") < 12 and "GENE43" in page
    assert "22q11.2 recurrent region" in page


def test_not_looked_for_is_not_nothing_found(case: Case, actions: Path) -> None:
    report = made(case("events_not_looked_for"), actions)
    page = render(report, "en")
    assert "no reads were handed in" in page
    assert "Nothing of this kind" not in page
    assert {"structural", "copy_number", "mitochondrial"} <= set(codes(report.summary.gaps))
    looked = render(made(case("events_nothing"), actions), "en")
    assert "Nothing of this kind" in looked and "from about 3\u00a0kb on" in looked


def test_of_an_unaffected_person_nothing_is_told(case: Case, actions: Path) -> None:
    findings = case("mkks")
    findings["events"] = case("events_nothing")["events"] | {"question": False}
    page = render(made(findings, actions), "en")
    assert "no diagnosis was sought" in page and "Nothing of this kind" not in page


def test_without_events_there_is_no_section(case: Case, actions: Path) -> None:
    report = made(case("nothing"), actions)
    assert report.events is None
    assert "events-heading" not in render(report, "en")


@pytest.mark.parametrize("status", [{"targets_only": True}, {"clinvar_mitochondrial": False}])
def test_gaps_of_events(case: Case, actions: Path, status: dict[str, Any]) -> None:
    findings = case("mitochondrial")
    findings["events"]["looked_for"] |= status
    wanted = "events_targets_only" if "targets_only" in status else "no_clinvar_mitochondrial"
    assert wanted in codes(made(findings, actions).summary.gaps)


def test_both_rooms_speak_of_the_same_codes() -> None:
    assert get_args(event_model.EventReasonCode) == get_args(cnv_tables.EventReasonCode)
    assert get_args(event_model.Why) == get_args(cnv_tables.Unseen)
    shown = event_model.Event.model_fields["not_interpreted"].annotation
    assert set(get_args(get_args(shown)[0])) == set(get_args(cnv_tables.NotInterpreted))


@pytest.mark.parametrize(
    ("bases", "shown"),
    [(50, "50 bp"), (999, "999 bp"), (1_000, "1 kb"), (36_316, "36.3 kb"), (512_400, "512 kb"),
     (2_600_000, "2.6 Mb"), (63_025_520, "63 Mb"), (155_270_560, "155 Mb")],
)  # fmt: skip
def test_sizes(bases: int, shown: str) -> None:
    assert Sentences("ko").size(bases) == shown.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("points", "shown"), [(0.0, "0.00"), (1.0, "+1.00"), (-0.15, "\u22120.15"), (0.9, "+0.90")]
)
def test_points(points: float, shown: str) -> None:
    assert Sentences("en").points(points) == shown

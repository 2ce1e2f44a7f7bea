"""The driver's decisions, without a run."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from soyang.governance.tables import LEDGER


@pytest.fixture(scope="module")
def driver(root):
    spec = importlib.util.spec_from_file_location("driver", root / "workflow" / "run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["driver"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def leave(tmp_path, monkeypatch):
    """Leave a marker as a failed step does."""
    monkeypatch.chdir(tmp_path)

    def left(place, subject="", code=1, message="no luck", faults=()):
        path = tmp_path / "logs" / f"{place}.log.unfinished"
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {"subject": subject, "exit": code, "message": message, "faults": list(faults)}
        path.write_text(json.dumps(told))

    return left


def test_a_marker_tells_room_verb_and_log(driver, leave):
    leave("reads/align/S1", "S1")
    leave("cohort/join")
    one, two = sorted(driver.unfinished(), key=lambda f: f.subject)
    assert (one.room, one.verb, str(one.log)) == ("cohort", "join", "logs/cohort/join.log")
    assert (two.room, two.verb, two.subject) == ("reads", "align", "S1")


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([("reads/align/S1", "S1", 1, "x", ())], None),
        ([("reads/align/S1", "S1", 1, "x", ()), ("cohort/join", "", 1, "x", ())], None),
        ([("cohort/join", "", 1, "x", ())], 1),
        ([("admission/check", "", 2, "x", ("sheet",))], 2),
        ([("reads/align/S1", "S1", 2, "no space left", ("disk-full",))], 2),
    ],
)
def test_what_stops_a_run(driver, leave, capsys, steps, status):
    for place, subject, code, message, faults in steps:
        leave(place, subject, code, message, faults)
    assert driver.stop_for(list(driver.unfinished())) == status
    assert bool(capsys.readouterr().err) == (status is not None)


def test_who_is_not_reported_now_keeps_no_earlier_report(driver, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for person in ("P1", "P2"):
        (tmp_path / "results/reports" / person).mkdir(parents=True)
        (tmp_path / "results/interpretation").mkdir(exist_ok=True)
        (tmp_path / f"results/interpretation/{person}.findings.json").write_text("{}")
    ends = [("P1", "reported", ""), ("P2", "withheld", "consent withdrawn")]
    rows = [
        {"person": p, "sample": "S", "hospital": "A", "status": s, "reason": r} for p, s, r in ends
    ]
    driver.clear_unreported(LEDGER.frame(rows))
    assert [path.name for path in (tmp_path / "results/reports").iterdir()] == ["P1"]
    left = [path.name for path in (tmp_path / "results/interpretation").iterdir()]
    assert left == ["P1.findings.json"]

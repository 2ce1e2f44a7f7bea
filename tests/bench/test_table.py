"""What benchmarks share: goals, agreements, the table and its exit status."""

from __future__ import annotations

import json
import time

import pytest

from bench.table import COLUMNS, Agreement, Benchmark, Comparison, cells, in_turn


@pytest.mark.parametrize(
    ("ours", "peer", "goal", "holds"),
    [
        (0.8, 1.0, 0.8, True),
        (0.81, 1.0, 0.8, False),
        (5.0, 1.0, None, None),
        (None, 1.0, 0.8, False),
        (1.0, 0.0, 0.8, False),
    ],
)
def test_a_goal_is_the_highest_ratio_that_holds(ours, peer, goal, holds):
    assert Comparison(name="x", ours=ours, peer=peer, goal=goal).holds is holds


@pytest.mark.parametrize(
    ("ours", "peer", "holds"),
    [(1.0, 12.0, True), (1.0, 11.9, False), (0.0, 12.0, False), (None, 12.0, False)],
)
def test_a_floor_is_the_least_number_of_times_that_holds(ours, peer, holds):
    line = Comparison(name="x", ours=ours, peer=peer, goal=12, floor=True)
    assert line.holds is holds
    assert cells(line)[4] == ">= 12"


def test_what_was_skipped_neither_holds_nor_fails():
    line = Comparison(name="x", goal=0.8, skipped="no data")
    assert line.holds is None
    assert cells(line) == ("x", "-", "-", "-", "<= 0.8", "skipped: no data")


@pytest.mark.parametrize(
    ("counts", "holds"),
    [((5, 0, 0), True), ((5, 1, 0), False), ((5, 0, 1), False), ((0, 0, 0), False)],
)
def test_agreement_is_the_same_and_something(counts, holds):
    shared, only_ours, only_peer = counts
    line = Agreement(name="x", shared=shared, only_ours=only_ours, only_peer=only_peer)
    assert line.holds is holds


def test_table_json_and_status_agree(tmp_path, capsys):
    good = Comparison(name="quick", ours=1.0, peer=2.0, goal=0.8)
    told = Comparison(name="start", ours=1.5)
    benchmark = Benchmark(name="some", facts={"threads": "2"}, lines=[good, told])
    assert benchmark.finish(tmp_path / "벤치 결과") == 0
    said = capsys.readouterr().out
    assert all(word in said for word in (*COLUMNS, "threads: 2", "1.00 s", "0.50", "yes"))
    content = json.loads((tmp_path / "벤치 결과" / "some.json").read_text())
    assert content["holds"] is True
    assert [line["holds"] for line in content["lines"]] == [True, None]
    assert content["lines"][0]["ratio"] == 0.5
    assert list(content["lines"][0]["shown"]) == list(COLUMNS)
    benchmark.lines.append(Agreement(name="calls", shared=3, only_ours=1, only_peer=0))
    assert benchmark.finish(tmp_path) == 1
    assert "NO" in capsys.readouterr().out


def test_ways_are_timed_in_turn():
    order: list[str] = []

    def way(name: str, seconds: float):
        return lambda: (order.append(name), time.sleep(seconds))

    quick, slow = in_turn(3, [way("a", 0.0), way("b", 0.02)])
    assert order == ["a", "b"] * 3
    assert quick < 0.02 <= slow

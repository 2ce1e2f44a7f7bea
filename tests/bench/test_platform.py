"""The platform benchmark's own parts: the data, the peers, what a process is said to cost."""

from __future__ import annotations

import importlib
import json
import sys

import duckdb
import polars as pl
import pytest

from bench import bench_platform, platform_data
from bench.platform_data import ABSENT, Shape
from bench.platform_measure import Usage, in_turn, least, measured
from bench.platform_same import shared_and_alone

ROWS = 100_000
PEOPLE = 1_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two small platforms, in a folder with a Korean name."""
    place = tmp_path_factory.mktemp("플랫폼 벤치")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(platform_data, "FOLDER", place)
        for order in ("person", "day"):
            platform_data.make(Shape(rows=ROWS, order=order))
        yield place


def table(shape, name):
    return pl.read_parquet(shape.folder / f"{name}.parquet")


def test_a_platform_has_the_rows_asked_for(folder):
    shape = Shape(rows=ROWS)
    assert len(table(shape, "measurement")) == 70_000
    assert len(table(shape, "condition_occurrence")) == 30_000
    assert len(table(shape, "person")) == shape.persons == 2_000
    assert table(shape, "measurement")["measurement_id"].is_unique().all()
    assert set(table(shape, "measurement")["person_id"]) <= set(range(2_000))


def test_the_twin_has_the_same_rows_in_order_of_the_day(folder):
    by_person, by_day = (Shape(rows=ROWS, order=order) for order in ("person", "day"))
    assert table(by_person, "measurement")["person_id"].is_sorted()
    assert table(by_day, "measurement")["measurement_date"].is_sorted()
    assert not table(by_day, "measurement")["person_id"].is_sorted()
    for name, key in (
        ("measurement", "measurement_id"),
        ("condition_occurrence", "condition_occurrence_id"),
    ):
        assert table(by_person, name).sort(key).equals(table(by_day, name).sort(key))


def test_some_results_are_coded_and_some_of_all_reach_the_threshold(folder):
    rows = table(Shape(rows=ROWS), "measurement")
    coded = rows["value_as_concept_id"] == ABSENT
    assert 0.005 < coded.sum() / len(rows) < 0.02
    assert rows.filter(coded)["value_as_number"].is_null().all()
    assert 0.15 < (rows["value_as_number"] >= 80).sum() / len(rows) < 0.25


def test_a_larger_platform_has_the_same_persons_and_more(folder):
    small = Shape(rows=ROWS // 2)
    platform_data.make(small)
    first = table(Shape(rows=ROWS), "measurement").filter(pl.col("person_id") < small.persons)
    assert table(small, "measurement").equals(first)


def test_cohorts_are_from_anywhere_or_in_blocks(folder):
    shape = Shape(rows=ROWS)
    anywhere, blocks = (pl.read_parquet(shape.cohort(PEOPLE, w)) for w in ("anywhere", "blocks"))
    for cohort in (anywhere, blocks):
        assert len(cohort) == cohort["person_id"].n_unique() == PEOPLE
        assert (cohort["platform_person_id"] == cohort["person_id"].cast(pl.String)).all()
    # Ten hospitals of 200 persons each: the first hundred of each.
    assert sorted(blocks["person_id"]) == [200 * h + n for h in range(10) for n in range(100)]
    assert sorted(anywhere["person_id"]) != sorted(blocks["person_id"])


def test_there_are_a_hundred_sets(folder):
    sets = pl.read_parquet(Shape(rows=ROWS).sets)
    assert sets["concept_set"].n_unique() == 100
    assert sets["at_least"].drop_nulls().unique().to_list() == [80.0]
    assert sets.filter(pl.col("at_least").is_null())["concept_set"].n_unique() == 80


def test_what_an_older_version_made_is_removed(folder):
    old = folder / "100000-by-person-00000000-postgres"
    old.mkdir()
    platform_data.forget_old()
    assert not old.exists()
    assert Shape(rows=ROWS).folder.exists()


@pytest.fixture(scope="module")
def answers(folder):
    """What each way answers, by the same commands as in the benchmark."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench_platform, "FOLDER", folder)
        given = {}
        for order in ("person", "day"):
            shape = Shape(rows=ROWS, order=order)
            cohort = shape.cohort(PEOPLE)
            same = (shape.folder, cohort, shape.sets)
            answer = bench_platform.answer
            commands = {
                "ours": bench_platform.ours(shape, cohort),
                "duckdb": bench_platform.way("duckdb", *same, answer("duckdb"), "frame"),
                "file": bench_platform.way("duckdb", *same, answer("file"), "file"),
                "pandas": bench_platform.way("pandas", *same, answer("pandas"), "plain"),
                "filtered": bench_platform.way("pandas", *same, answer("filtered"), "filtered"),
            }
            for name, words in commands.items():
                assert measured(words).asked > 0
                given[order, name] = pl.read_parquet(answer(name))
        yield given


@pytest.mark.parametrize("name", ["duckdb", "file", "pandas", "filtered"])
def test_all_ways_answer_alike(answers, name):
    for order in ("person", "day"):
        shared, *alone = shared_and_alone(answers[order, "ours"], answers[order, name])
        assert shared > 100
        assert alone == [0, 0]


def test_rows_pulled_are_counted_as_where_they_lie(folder, answers):
    pulled = importlib.import_module("bench.platform_pulled")
    shape = Shape(rows=ROWS)
    records = table(shape, "measurement").select(
        "person_id",
        concept_id="measurement_concept_id",
        day="measurement_date",
        value="value_as_number",
        coded=pl.col("value_as_concept_id").fill_null(0),
    )
    conditions = table(shape, "condition_occurrence").select(
        "person_id",
        concept_id="condition_concept_id",
        day="condition_start_date",
        value=pl.lit(None, pl.Float64),
        coded=pl.lit(0, pl.Int32),
    )
    people = pl.read_parquet(shape.cohort(PEOPLE)).select("person", "person_id")
    given = pulled.counted(pl.concat([records, conditions]), people, pl.read_parquet(shape.sets))
    assert shared_and_alone(answers["person", "ours"], given)[1:] == (0, 0)


def test_rows_of_two_answers_are_told_apart():
    one = pl.DataFrame(
        {"person": ["A", "B"], "concept_set": "s", "first_date": None, "last_date": None, "days": 1}
    )
    assert shared_and_alone(one, one) == (2, 0, 0)
    assert shared_and_alone(one, one.head(1)) == (1, 1, 0)
    assert shared_and_alone(one.head(1), pl.concat([one.tail(1), one.tail(1)])) == (0, 1, 2)
    assert shared_and_alone(one, one.with_columns(days=2)) == (0, 2, 2)


def test_a_process_is_charged_what_it_used_itself():
    held = bytearray(400_000_000)  # a child started directly would inherit this peak
    idle = measured([sys.executable, "-c", "print(0.25)"])
    busy = measured([sys.executable, "-c", "x = bytearray(200_000_000); sum(range(10_000_000))"])
    assert idle.memory < 100
    assert 200 < busy.memory < len(held) / 1e6
    assert (idle.asked, busy.asked) == (0.25, 0)
    assert idle.cpu < busy.cpu <= busy.wall * 2.5
    assert idle.wall > 0


def test_a_way_that_fails_ends_the_benchmark():
    with pytest.raises(SystemExit, match="failed"):
        measured([sys.executable, "-c", "raise SystemExit(3)"])


def test_the_least_disturbed_counts():
    uses = [Usage(wall=2, cpu=1, memory=30, asked=1), Usage(wall=1, cpu=2, memory=20, asked=2)]
    assert least(uses) == Usage(wall=1, cpu=1, memory=20, asked=1)


def test_ways_are_measured_in_turn(tmp_path):
    log = tmp_path / "log"
    words = [[sys.executable, "-c", f"open({str(log)!r}, 'a').write('{x}')"] for x in "ab"]
    assert len(in_turn(2, words)) == 2
    assert log.read_text() == "abab"


def test_goals_are_of_the_figures_they_name():
    mine, peer = (Usage(wall=w, cpu=1, memory=100, asked=0) for w in (1.0, 10.0))
    lines = {x.name: x for x in bench_platform.against("x", mine, peer, wall=0.2)}
    assert lines["x, time"].holds is True
    assert lines["x, CPU"].holds is None
    assert lines["x, memory"].unit == "MB"


def test_without_postgresql_its_lines_are_skipped(monkeypatch):
    monkeypatch.setattr(bench_platform, "missing", lambda: "no PostgreSQL")
    shape = Shape(rows=ROWS)
    lines = [
        *bench_platform.over_postgres(shape, 1),
        *bench_platform.growth_in_postgres(shape, shape, 1),
    ]
    assert len(lines) == 3
    assert all(line.skipped and line.holds is None for line in lines)


def test_facts_name_the_data_and_versions():
    facts = bench_platform.facts(ROWS, Shape(rows=ROWS))
    assert "100,000 rows" in facts["data"]
    assert f"duckdb {duckdb.__version__}" in facts["versions"]
    json.dumps(facts)

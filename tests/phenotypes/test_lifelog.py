"""Lifelog: data points of wearables to local days and covariates."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from soyang.phenotypes.lifelog import lifelog
from soyang.phenotypes.tables import LIFELOG, LIFELOG_DAYS

LIMITS = Path(__file__).resolve().parents[2] / "resources" / "knowledge" / "lifelog_limits.tsv"
SEOUL = "+09:00"


def point(schema, body, *, user="U-1", source="watch", ident=None, created=None, namespace="omh"):
    """One data point, in Open mHealth's form, or IEEE 1752.1's for namespace ieee."""
    point.count += 1
    header = {
        "schema_id": {"namespace": namespace, "name": schema, "version": "1.0"},
        "user_id": user,
    }
    ident = ident or f"id-{point.count}"
    created = created or "2026-03-01T00:00:00Z"
    if namespace == "ieee":
        datasheet = {"datasheet_type": "manufacturer", "datasheet_reference": source}
        header |= {"uuid": ident, "source_creation_date_time": created, "modality": "sensed"}
        header |= {"external_datasheets": [datasheet]}
    else:
        header |= {"id": ident, "creation_date_time": created}
        header |= {"acquisition_provenance": {"source_name": source, "modality": "sensed"}}
    return {"header": header, "body": body}


point.count = 0


def interval(start, end):
    return {"time_interval": {"start_date_time": start, "end_date_time": end}}


def at(moment):
    return {"date_time": moment}


def steps(count, start, end, **kept):
    body = {"step_count": {"value": count, "unit": "steps"}}
    return point("step-count", body | {"effective_time_frame": interval(start, end)}, **kept)


def beat(moment, value=60, **kept):
    body = {"heart_rate": {"value": value, "unit": "beats/min"}, "effective_time_frame": at(moment)}
    return point("heart-rate", body, **kept)


def worn(day, hours=12, zone=SEOUL, **kept):
    return [beat(f"{day}T{8 + hour:02d}:30:00{zone}", **kept) for hour in range(hours)]


@pytest.fixture
def run(tmp_path):
    """Write points as NDJSON, run the verb, give back days and summary."""

    def start(points=(), *, files=None, zone="Asia/Seoul", hours=10.0, users=None, shifts=None):
        folder = tmp_path / "생활 기록"
        folder.mkdir(exist_ok=True)
        if points:
            text = "".join(json.dumps(p, ensure_ascii=False) + "\n" for p in points)
            (folder / "points.ndjson").write_text(text, encoding="utf-8")
        for name, content in (files or {}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        users = users or [("P1", "U-1", "901"), ("P2", "", "902"), ("P3", "U-3", "")]
        crosswalk, admitted = tmp_path / "crosswalk.tsv", tmp_path / "admitted.tsv"
        rows = [f"{p}\ts\t\t\t{platform}\t{own}" for p, own, platform in users]
        head = "person\tsample\tspecimen\trun\tplatform_person_id\tlifelog_id"
        crosswalk.write_text("\n".join([head, *rows]) + "\n")
        admitted.write_text("person\tstatus\nP1\tadmitted\nP2\tadmitted\nP3\twithheld\n")
        platform = {"lifelog": str(folder)}
        if shifts:
            (tmp_path / "shifts.tsv").write_text(shifts)
            platform["date_shifts"] = str(tmp_path / "shifts.tsv")
        days, summary = tmp_path / "out" / "days.parquet", tmp_path / "out" / "lifelog.tsv"
        lifelog(
            platform=json.dumps(platform),
            crosswalk=crosswalk,
            admitted=admitted,
            limits=LIMITS,
            time_zone=zone,
            min_wear_hours=hours,
            days=days,
            summary=summary,
        )
        assert [p.name for p in days.parent.iterdir() if p.name.startswith(".")] == []
        return read_table(days, LIFELOG_DAYS), read_table(summary, LIFELOG)

    return start


def values(days, measure, column="value"):
    return dict(days.filter(pl.col("measure") == measure).select("day", column).iter_rows())


def test_steps_of_a_day_with_wear(run):
    points = [
        steps(1000, f"2026-03-02T09:00:00{SEOUL}", f"2026-03-02T10:00:00{SEOUL}"),
        steps(500, f"2026-03-02T18:00:00{SEOUL}", f"2026-03-02T18:30:00{SEOUL}"),
        *worn("2026-03-02"),
    ]
    days, summary = run(points)
    row = days.filter(pl.col("measure") == "steps").row(0, named=True)
    assert row == {
        "person": "P1",
        "day": date(2026, 3, 2),
        "measure": "steps",
        "value": 1500.0,
        "unit": "{steps}",
        "hours_worn": 12.0,
        "points": 2,
        "valid": True,
        "reason": "",
    }
    assert values(days, "heart_rate") == {date(2026, 3, 2): 60.0}
    covariate = summary.filter(pl.col("measure") == "steps").row(0, named=True)
    assert (covariate["days"], covariate["valid_days"], covariate["mean"]) == (1, 1, 1500.0)
    assert covariate["deviation"] is None


def test_an_interval_over_midnight_is_shared_by_time(run):
    points = [steps(90, f"2026-03-02T23:40:00{SEOUL}", f"2026-03-03T00:10:00{SEOUL}")]
    days, _ = run(points, hours=0)
    assert values(days, "steps") == {date(2026, 3, 2): 60.0, date(2026, 3, 3): 30.0}


def test_days_are_local(run):
    """Z tells no local offset (RFC 9557), so the settings' zone holds; +00:00 is an own offset."""
    points = [
        steps(10, "2026-03-02T16:00:00Z", "2026-03-02T16:10:00Z"),
        steps(7, "2026-03-02T16:00:00+00:00", "2026-03-02T16:10:00+00:00"),
        steps(5, "2026-03-02T16:00:00", "2026-03-02T16:10:00", user="902"),
        steps(3, "2026-03-02T16:00:00-0500", "2026-03-02T16:10:00-05:00", user="902"),
    ]
    days, _ = run(points, hours=0)
    both = {date(2026, 3, 3): 10.0, date(2026, 3, 2): 7.0}
    assert values(days.filter(pl.col("person") == "P1"), "steps") == both
    assert values(days.filter(pl.col("person") == "P2"), "steps") == {date(2026, 3, 2): 8.0}


@pytest.mark.parametrize(
    ("day", "start", "end", "hours"),
    [
        ("2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", 23),
        ("2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", 25),
    ],
)
def test_a_day_of_daylight_saving_has_its_own_length(run, day, start, end, hours):
    days, _ = run([steps(100 * hours, start, end)], zone="America/New_York", hours=0)
    assert values(days, "steps") == {date.fromisoformat(day): 100.0 * hours}


def test_a_night_is_of_the_day_it_ends(run):
    night = interval(f"2026-03-02T22:30:00{SEOUL}", f"2026-03-03T06:00:00{SEOUL}")
    nap = interval(f"2026-03-03T13:00:00{SEOUL}", f"2026-03-03T14:00:00{SEOUL}")
    points = [
        point(
            "sleep-episode",
            {"total_sleep_time": {"value": 7, "unit": "h"}, "effective_time_frame": night},
            namespace="ieee",
        ),
        point(
            "sleep-episode",
            {
                "wake_after_sleep_onset": {"value": 10, "unit": "min"},
                "effective_time_frame": nap,
            },
            namespace="ieee",
        ),
        point("sleep-episode", {"effective_time_frame": nap}, user="902"),
        point(
            "sleep-duration",
            {"sleep_duration": {"value": 27600, "unit": "sec"}, "effective_time_frame": night},
            user="902",
        ),
    ]
    days, _ = run(points)
    assert values(days.filter(pl.col("person") == "P1"), "sleep_minutes") == {
        date(2026, 3, 3): 470.0
    }
    assert values(days.filter(pl.col("person") == "P2"), "sleep_minutes") == {
        date(2026, 3, 3): 460.0
    }
    assert days["valid"].all()


def test_duplicates_count_once(run):
    start, end = f"2026-03-02T09:00:00{SEOUL}", f"2026-03-02T10:00:00{SEOUL}"
    points = [
        steps(100, start, end, ident="a", created="2026-03-02T02:00:00Z"),
        steps(130, start, end, ident="a", created="2026-03-02T03:00:00Z"),
        steps(130, start, end, ident="b"),
        steps(40, end, f"2026-03-02T10:05:00{SEOUL}", ident="c"),
        steps(9, end, f"2026-03-02T10:05:00{SEOUL}", ident="a", user="902"),
    ]
    days, _ = run(points, hours=0)
    assert values(days.filter(pl.col("person") == "P1"), "steps") == {date(2026, 3, 2): 170.0}
    assert values(days.filter(pl.col("person") == "P2"), "steps") == {date(2026, 3, 2): 9.0}


def test_the_phone_is_not_added_to_the_watch(run):
    start, end = f"2026-03-02T09:00:00{SEOUL}", f"2026-03-02T10:00:00{SEOUL}"
    points = [
        steps(800, start, end, source="watch"),
        steps(1000, start, end, source="phone"),
        *worn("2026-03-02", source="watch"),
        steps(300, "2026-03-03T09:00:00+09:00", "2026-03-03T10:00:00+09:00", source="watch"),
        steps(400, "2026-03-03T09:00:00+09:00", "2026-03-03T10:00:00+09:00", source="phone"),
    ]
    days, _ = run(points)
    assert values(days, "steps") == {date(2026, 3, 2): 800.0, date(2026, 3, 3): 400.0}
    assert values(days, "steps", "reason") == {
        date(2026, 3, 2): "",
        date(2026, 3, 3): "wear_unknown",
    }


def test_one_source_in_two_schemas_is_not_added(run):
    frame = interval(f"2026-03-02T09:00:00{SEOUL}", f"2026-03-02T09:30:00{SEOUL}")
    walk = {
        "activity_name": "walking",
        "base_movement_quantity": {"value": 2000, "unit": "steps"},
        "effective_time_frame": frame,
    }
    points = [
        point("physical-activity", walk, namespace="ieee"),
        point("physical-activity", walk | {"activity_name": "Sedentary"}, namespace="ieee"),
        steps(2500, f"2026-03-02T00:00:00{SEOUL}", f"2026-03-03T00:00:00{SEOUL}"),
    ]
    days, _ = run(points, hours=0)
    assert values(days, "steps") == {date(2026, 3, 2): 2500.0}
    assert values(days, "activity_minutes") == {date(2026, 3, 2): 30.0}


def test_units_become_one(run):
    moment = at(f"2026-03-02T08:00:00{SEOUL}")
    points = [
        point(
            "blood-glucose", {"blood_glucose": {"value": v, "unit": u}, "effective_time_frame": w}
        )
        for v, u, w in [
            (100, "mg/dL", moment),
            (5.0, "mmol/L", at(f"2026-03-02T12:00:00{SEOUL}")),
        ]
    ]
    points += [
        point(
            "body-weight", {"body_weight": {"value": v, "unit": u}, "effective_time_frame": moment}
        )
        for v, u in [(70, "kg"), (70000, "g"), (160, "lb")]
    ]
    points.append(
        point(
            "minutes-moderate-activity",
            {
                "minutes_moderate_activity": {"value": 45, "unit": "min"},
                "effective_time_frame": {
                    "time_interval": {"date": "2026-03-02", "part_of_day": "morning"}
                },
            },
        )
    )
    days, _ = run(points, hours=0)
    day = date(2026, 3, 2)
    assert values(days, "blood_glucose") == {day: pytest.approx((100 + 5 * 18.0156) / 2)}
    assert values(days, "body_weight") == {day: pytest.approx((70 + 160 * 0.45359237) / 2)}
    assert values(days, "body_weight", "points") == {day: 2}, "70 kg and 70000 g are one"
    assert values(days, "moderate_activity_minutes") == {day: 45.0}
    assert set(days["unit"]) == {"mg/dL", "kg", "min"}


def test_a_bare_count_of_the_older_step_schema(run):
    frame = {
        "time_interval": {
            "start_date_time": f"2026-03-02T09:00:00{SEOUL}",
            "duration": {"value": 1, "unit": "h"},
        }
    }
    ends = {
        "time_interval": {
            "end_date_time": f"2026-03-03T00:30:00{SEOUL}",
            "duration": {"value": 60, "unit": "min"},
        }
    }
    points = [
        point("step-count", {"step_count": 77, "effective_time_frame": frame}),
        point("step-count", {"step_count": 10, "effective_time_frame": ends}),
    ]
    days, _ = run(points, hours=0)
    assert values(days, "steps") == {date(2026, 3, 2): 82.0, date(2026, 3, 3): 5.0}


def test_schema_id_as_one_word_and_resting_heart_rate(run):
    resting = beat(f"2026-03-02T08:00:00{SEOUL}", 52)
    resting["header"]["schema_id"] = "omh:heart-rate:2.0"
    resting["body"]["temporal_relationship_to_physical_activity"] = "at rest"
    mean = beat(f"2026-03-02T09:00:00{SEOUL}", 80)
    mean["body"]["descriptive_statistic"] = "average"
    highest = beat(f"2026-03-02T10:00:00{SEOUL}", 180)
    highest["body"]["descriptive_statistic"] = "maximum"
    days, _ = run([resting, mean, highest])
    assert values(days, "heart_rate_resting") == {date(2026, 3, 2): 52.0}
    assert values(days, "heart_rate_resting", "valid") == {date(2026, 3, 2): True}
    assert values(days, "heart_rate") == {date(2026, 3, 2): 80.0}
    assert values(days, "heart_rate", "reason") == {date(2026, 3, 2): "worn_too_short"}
    assert values(days, "heart_rate", "hours_worn") == {date(2026, 3, 2): 3.0}


def test_implausible_points_are_left_out_and_counted(run, capsys):
    moment = f"2026-03-02T0{{}}:00:00{SEOUL}"
    points = [
        beat(moment.format(1), 400),
        beat(moment.format(2), 70),
        beat("2026-03-03T01:00:00+09:00", 5),
        steps(30_000, f"2026-03-02T09:00:00{SEOUL}", f"2026-03-02T09:10:00{SEOUL}"),
        steps(44_000, f"2026-03-04T09:00:00{SEOUL}", f"2026-03-04T20:00:00{SEOUL}"),
        steps(2_000, f"2026-03-04T20:00:00{SEOUL}", f"2026-03-04T21:00:00{SEOUL}"),
    ]
    days, summary = run(points, hours=0)
    assert values(days, "heart_rate") == {date(2026, 3, 2): 70.0, date(2026, 3, 3): None}
    assert values(days, "heart_rate", "points") == {date(2026, 3, 2): 1, date(2026, 3, 3): 0}
    assert values(days, "steps") == {date(2026, 3, 2): None, date(2026, 3, 4): None}
    assert set(values(days, "steps", "reason").values()) == {"implausible"}
    assert summary.filter(pl.col("measure") == "steps")["valid_days"].to_list() == [0]
    told = capsys.readouterr().out
    assert "implausible heart_rate: 2" in told
    assert "implausible steps: 1" in told


def test_what_can_not_be_used_is_counted_with_its_reason(run, capsys):
    frame = at(f"2026-03-02T08:00:00{SEOUL}")
    weight = {"body_weight": {"value": 70, "unit": "kg"}}
    points = [
        point("body-weight", weight),
        point("body-weight", {"body_weight": {"value": 70}, "effective_time_frame": frame}),
        point(
            "body-weight",
            {"body_weight": {"value": 11, "unit": "st"}} | {"effective_time_frame": frame},
        ),
        point("body-weight", {"body_weight": {"unit": "kg"}, "effective_time_frame": frame}),
        point("body-weight", weight | {"effective_time_frame": at("yesterday")}),
        steps(5, f"2026-03-02T08:00:00{SEOUL}", f"2026-03-02T07:00:00{SEOUL}"),
        steps(5, f"2026-03-02T08:00:00{SEOUL}", f"2026-03-05T07:00:00{SEOUL}"),
        point("blood-pressure", {"systolic_blood_pressure": {"value": 120, "unit": "mmHg"}}),
        point("MARKER-home-made", {"x": 1}),
        point("body-weight", weight | {"effective_time_frame": frame}, user="MARKER-stranger"),
        point("body-weight", weight | {"effective_time_frame": frame}, user="U-3"),
        {"body": {}},
        {"header": [], "body": "MARKER"},
    ]
    days, summary = run(points)
    assert days.is_empty()
    assert summary.is_empty()
    told = capsys.readouterr().out
    for line in (
        "read : 13",
        "unknown user : 4",
        "no time body_weight: 2",
        "no unit body_weight: 1",
        "unknown unit or no number body_weight: 1",
        "no value body_weight: 1",
        "ends before it starts steps: 1",
        "longer than a day steps: 1",
        "schema not used blood-pressure: 1",
        "schema not used other: 1",
    ):
        assert line in told, told
    assert "MARKER" not in told


def test_every_kind_of_file_at_any_depth(run):
    one = steps(1, f"2026-03-02T01:00:00{SEOUL}", f"2026-03-02T01:10:00{SEOUL}")
    two = steps(2, f"2026-03-02T02:00:00{SEOUL}", f"2026-03-02T02:10:00{SEOUL}")
    three = steps(4, f"2026-03-02T03:00:00{SEOUL}", f"2026-03-02T03:10:00{SEOUL}")
    four = steps(8, f"2026-03-02T04:00:00{SEOUL}", f"2026-03-02T04:10:00{SEOUL}")
    files = {
        "one.json": json.dumps(one, indent=2),
        "a/b/둘.json": json.dumps([two], indent=1),
        "a/lines.ndjson": "\ufeff" + json.dumps(three) + "\r\n\r\n",
        "a/zipped.json.gz": gzip.compress(json.dumps(four).encode()),
        "a/empty.json": "",
        "a/none.json": "[]",
        "a/notes.txt": "not a data point",
        "a/.hidden.json": "{",
    }
    days, _ = run(files=files, hours=0)
    assert values(days, "steps") == {date(2026, 3, 2): 15.0}


GOOD = json.dumps({"header": {"user_id": "U-1"}, "body": {}})


@pytest.mark.parametrize(
    ("name", "content", "row", "found"),
    [
        ("MARKER.ndjson", f'{GOOD}\n{{"header" 1}}\n{GOOD}\n', "2", "not JSON"),
        ("MARKER.ndjson", f'{GOOD}\r\n\r\n{GOOD}\r\n{{"header": ', "4", "cut off"),
        ("MARKER.json", f"[{GOOD},\n{GOOD}", "2", "cut off"),
        ("MARKER.json", "<html>\n<body>502</body></html>", "1", "not JSON"),
        ("MARKER.json", "3\n", "1", "not an object"),
        ("MARKER.json", b'{"header": {"id": "\xe9"}}', "1", "not UTF-8"),
        ("MARKER.json.gz", gzip.compress(GOOD.encode() * 9999)[:-30], "", "cut off"),
        ("MARKER.json.gz", GOOD, "", "gzip"),
    ],
)
def test_a_damaged_file_is_a_fault_with_its_line(run, name, content, row, found):
    with pytest.raises(FaultError) as raised:
        run(files={"a.json": "[]", name: content})
    (fault,) = raised.value.faults
    assert fault.code == "lifelog-file"
    assert fault.row == row
    assert found in fault.found
    assert fault.file.startswith("file ")
    assert "MARKER" not in str(fault)


def test_dates_are_shifted_by_person(run):
    point_ = steps(5, f"2026-03-02T09:00:00{SEOUL}", f"2026-03-02T10:00:00{SEOUL}")
    other = steps(6, f"2026-03-02T09:00:00{SEOUL}", f"2026-03-02T10:00:00{SEOUL}", user="902")
    days, summary = run([point_, other], hours=0, shifts="person\tdays\nP1\t-30\n")
    assert values(days.filter(pl.col("person") == "P1"), "steps") == {date(2026, 1, 31): 5.0}
    assert values(days.filter(pl.col("person") == "P2"), "steps") == {date(2026, 3, 2): 6.0}
    assert summary["first_day"].to_list() == [date(2026, 1, 31), date(2026, 3, 2)]


def test_one_id_of_two_persons_is_a_fault(run):
    with pytest.raises(FaultError) as raised:
        run(users=[("P1", "SECRET-1", ""), ("P2", "", "SECRET-1")])
    assert "P1 and P2" in str(raised.value)
    assert "SECRET" not in str(raised.value)


def test_without_a_folder_the_tables_are_empty(tmp_path):
    days, summary = tmp_path / "d.parquet", tmp_path / "s.tsv"
    unread = tmp_path / "nowhere.tsv"
    lifelog(
        platform="{}",
        crosswalk=unread,
        admitted=unread,
        limits=LIMITS,
        time_zone="Asia/Seoul",
        min_wear_hours=10,
        days=days,
        summary=summary,
    )
    assert read_table(days, LIFELOG_DAYS).is_empty()
    assert read_table(summary, LIFELOG).is_empty()


def test_same_points_in_another_order_give_the_same_bytes(run, tmp_path):
    points = []
    for day in range(1, 20):
        moment = datetime(2026, 1, day, 7)
        for minute in range(0, 600, 7):
            start = moment + timedelta(minutes=minute)
            span = (f"{t:%Y-%m-%dT%H:%M:%S}{SEOUL}" for t in (start, start + timedelta(minutes=7)))
            points.append(steps(minute % 97 / 3, *span))
        points += worn(f"2026-01-{day:02d}")
    first = run(points)
    digest = (tmp_path / "out" / "days.parquet").read_bytes()
    second = run(points[::-1])
    assert first[0].equals(second[0])
    assert first[1].equals(second[1])
    assert (tmp_path / "out" / "days.parquet").read_bytes() == digest
    assert first[0].filter(pl.col("measure") == "steps")["valid"].all()


def test_starts_without_heavy_imports():
    code = (
        "import sys; import soyang.phenotypes.timeline, soyang.phenotypes.select, "
        "soyang.phenotypes.matrix; "
        "print([m for m in ('circe', 'pint', 'ucumvert', 'ibis') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"

"""The same question to every source gives the same answer: one dataset, loaded live into all.

Where a source can't express a question, it says so, and the test holds which those are.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
import writers
from generator import Cohort
from questions_asked import digest, questions, wanted
from workspace import ENQUIRED, FETCHED, RECORD, RESULTS, Workspace

from soyang.core.clinical import Platform
from soyang.core.tables import read_table
from soyang.phenotypes.sources import open_source
from soyang.phenotypes.tables import PERSONS

NOT_EXPRESSED = {"fhir": {"periods", "events.note"}}
"""R4 has no observation period, and no coded terms of a note."""

PERIOD_COLUMNS = ("observed_from", "observed_to")

Answers = dict[str, pl.DataFrame]


def ask(
    platform: Platform, cohort: Cohort, fetched: Path | None = None
) -> tuple[Answers, set[str]]:
    """Every answer, and what the source says that it can't answer."""
    with open_source(platform, wanted(cohort), fetched=fetched) as source:
        given = {name: put(source) for name, put in questions().items()}
        return given, set(source.unanswered)


def show(answers: Mapping[str, Answers], unanswered: Mapping[str, set[str]]) -> None:
    """Print question by source, the first characters of each hash."""
    names = list(answers)
    print(f"\n{'question':<20}" + "".join(f"{name:<16}" for name in names) + "rows")
    for question in questions():
        cells = [
            "not expressed" if question in unanswered[n] else digest(answers[n][question])[:12]
            for n in names
        ]
        rows = len(answers[names[0]][question])
        print(f"{question:<20}" + "".join(f"{cell:<16}" for cell in cells) + str(rows))


def compare(answers: Mapping[str, Answers], unanswered: Mapping[str, set[str]]) -> None:
    """Every source gives the first one's answers, byte for byte, or has said that it can't."""
    first, *others = answers
    for other in others:
        for question, expected in answers[first].items():
            if question not in unanswered[other]:
                found = answers[other][question]
                assert_same(expected, found, f"{question}: {first} and {other}")
                assert digest(found) == digest(expected), f"{question}: {first} and {other}"


def assert_same(expected: pl.DataFrame, found: pl.DataFrame, what: str) -> None:
    """Show the rows that differ, which a hash doesn't."""
    assert found.schema == expected.schema, what
    more = found.join(expected, on=found.columns, how="anti", nulls_equal=True)
    less = expected.join(found, on=found.columns, how="anti", nulls_equal=True)
    assert more.is_empty() and less.is_empty(), f"{what}\n{less.head()}\n{more.head()}"


def test_duckdb_and_parquet(
    duckdb_platform: Platform, parquet_platform: Platform, platform_data: Cohort
) -> None:
    asked = {
        "duckdb": ask(duckdb_platform, platform_data),
        "parquet": ask(parquet_platform, platform_data),
    }
    answers = {name: given for name, (given, _) in asked.items()}
    unanswered = {name: told for name, (_, told) in asked.items()}
    assert unanswered == {"duckdb": set(), "parquet": set()}
    compare(answers, unanswered)
    assert all(len(frame) for frame in answers["duckdb"].values())


def test_a_difference_is_seen(platform_data: Cohort, tmp_path: Path) -> None:
    """Of one value in one record: the comparison below can fail."""
    tables = dict(platform_data.tables)
    asked_for = platform_data.crosswalk["platform_person_id"].cast(pl.Int64).implode()
    row = tables["measurement"].filter(
        pl.col("value_as_number").is_not_null() & pl.col("person_id").is_in(asked_for)
    )["measurement_id"][0]
    first = ask(Platform(omop=writers.to_duckdb(tables, tmp_path / "a.duckdb")), platform_data)
    tables["measurement"] = tables["measurement"].with_columns(
        pl.when(measurement_id=row)
        .then(pl.col("value_as_number") + 0.01)
        .otherwise("value_as_number")
        .alias("value_as_number")
    )
    second = ask(Platform(omop=writers.to_duckdb(tables, tmp_path / "b.duckdb")), platform_data)
    with pytest.raises(AssertionError, match=r"events: a and b"):
        compare({"a": first[0], "b": second[0]}, {"a": set(), "b": set()})
    others = [q for q in first[0] if not q.startswith("events")]
    assert all(digest(first[0][q]) == digest(second[0][q]) for q in others if q != "occurrences")


def test_answers_hold_what_was_loaded(duckdb_platform: Platform, platform_data: Cohort) -> None:
    answers, _ = ask(duckdb_platform, platform_data)
    tables = platform_data.tables
    ids = platform_data.crosswalk["platform_person_id"].cast(pl.Int64)
    for domain, table in {
        "condition": "condition_occurrence",
        "observation": "observation",
        "medicine": "drug_exposure",
        "measurement": "measurement",
        "procedure": "procedure_occurrence",
    }.items():
        loaded = tables[table].filter(pl.col("person_id").is_in(ids.implode()))
        assert len(answers[f"events.{domain}"]) == len(loaded), domain
    measured = answers["events.measurement"]
    loaded = tables["measurement"].filter(pl.col("person_id").is_in(ids.implode()))
    assert measured["value"].sum() == pytest.approx(loaded["value_as_number"].sum())
    observed = answers["events.observation"]
    assert observed["absent"].any()
    assert not observed["absent"].all()
    text = "".join(frame.write_csv() for frame in answers.values())
    assert not [i for i in ids if str(i) in text]


@pytest.mark.platform
def test_four_omop_sources(
    duckdb_platform: Platform,
    parquet_platform: Platform,
    postgres_platform: Platform,
    spark_platform: Platform,
    platform_data: Cohort,
) -> None:
    platforms = {
        "duckdb": duckdb_platform,
        "parquet": parquet_platform,
        "postgres": postgres_platform,
        "spark": spark_platform,
    }
    asked = {name: ask(platform, platform_data) for name, platform in platforms.items()}
    answers = {name: given for name, (given, _) in asked.items()}
    unanswered = {name: told for name, (_, told) in asked.items()}
    show(answers, unanswered)
    assert set().union(*unanswered.values()) == set()
    assert all(len(frame) for frame in answers["duckdb"].values())
    compare(answers, unanswered)


@pytest.fixture(scope="module")
def work_of(
    common_platforms: dict[str, Platform],
    fhir_platform: Platform,
    common_data: Cohort,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Workspace]:
    """A working folder for each source; FHIR's resources are fetched in its."""
    works = {
        name: Workspace(
            folder=tmp_path_factory.mktemp("작업") / name, crosswalk=common_data.crosswalk
        ).prepare()
        for name in [*common_platforms, "fhir"]
    }
    works["fhir"].demand("phenotypes", "fetch", *works["fhir"].fetch_words(fhir_platform))
    return works


@pytest.mark.platform
def test_five_sources(
    common_platforms: dict[str, Platform],
    fhir_platform: Platform,
    work_of: dict[str, Workspace],
    common_data: Cohort,
) -> None:
    fetched = work_of["fhir"].folder / FETCHED
    manifest = json.loads((fetched / "manifest.json").read_text())
    assert manifest["method"] == "export"
    assert manifest["left_out"] == {}
    asked = {name: ask(platform, common_data) for name, platform in common_platforms.items()}
    asked["fhir"] = ask(fhir_platform, common_data, fetched)
    answers = {name: given for name, (given, _) in asked.items()}
    unanswered = {name: told for name, (_, told) in asked.items()}
    show(answers, unanswered)
    assert {n: told for n, told in unanswered.items() if told} == NOT_EXPRESSED
    assert set(manifest["unanswered"]) == NOT_EXPRESSED["fhir"]
    empty = {q for q, frame in answers["duckdb"].items() if frame.is_empty()}
    assert empty == {"events.note"}  # left out on purpose: generator.ONLY_OMOP
    compare(answers, unanswered)


@pytest.mark.platform
def test_extract_writes_the_same_files(
    common_platforms: dict[str, Platform], fhir_platform: Platform, work_of: dict[str, Workspace]
) -> None:
    """But for what follows from observation periods, which R4 doesn't have."""
    digests: dict[str, dict[str, str]] = {}
    for name, work in work_of.items():
        platform = {**common_platforms, "fhir": fhir_platform}[name]
        work.demand("phenotypes", "extract", *work.extract_words(platform))
        digests[name] = {f: digest_file(work.folder / RESULTS / f) for f in RECORD.values()}
    print()
    for file in RECORD.values():
        print(f"{file:<20}" + "  ".join(f"{n} {d[file][:12]}" for n, d in digests.items()))
    fhir = digests.pop("fhir")
    assert len({tuple(told.items()) for told in digests.values()}) == 1
    others = digests["duckdb"]
    assert {f for f in others if others[f] != fhir[f]} == {"periods.parquet", "persons.tsv"}
    assert read(work_of["fhir"], "periods.parquet").is_empty()
    left = read(work_of["fhir"], "persons.tsv")
    right = read(work_of["duckdb"], "persons.tsv")
    assert left.drop(PERIOD_COLUMNS).equals(right.drop(PERIOD_COLUMNS))
    assert left.select(PERIOD_COLUMNS).null_count().row(0) == (len(left), len(left))


@pytest.mark.platform
def test_enquire_writes_the_same_files(
    common_platforms: dict[str, Platform], fhir_platform: Platform, work_of: dict[str, Workspace]
) -> None:
    """Who they are, what they consented to, their specimens: private, and the same."""
    told = {}
    for name in ("duckdb", "postgres", "fhir"):
        work = work_of[name]
        platform = {**common_platforms, "fhir": fhir_platform}[name]
        work.demand("phenotypes", "enquire", *work.enquire_words(platform))
        files = [work.folder / ENQUIRED / f"{f}.tsv" for f in ("known", "consents", "specimens")]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        told[name] = [path.read_bytes() for path in files]
        assert all(len(content.splitlines()) > 10 for content in told[name])
    assert told["postgres"] == told["duckdb"]
    assert told["fhir"] == told["duckdb"]


def read(work: Workspace, name: str) -> pl.DataFrame:
    path = work.folder / RESULTS / name
    return pl.read_parquet(path) if path.suffix == ".parquet" else read_table(path, PERSONS)


def digest_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

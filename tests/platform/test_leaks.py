"""Nothing identifying is in results, logs or messages, whether a run ends well or not.

Marks are planted in every field that could identify somebody, verbs run through the command line
with ``--log``, and all that they leave is searched. ``private/`` may hold marks, for its owner.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import leaks
import pytest
from leak_run import (
    COHORT,
    IDENTIFIED,
    assert_silent,
    consent_rows,
    inputs,
    lifelog_words,
    packet,
    points,
    success,
    workspace,
)
from leaks import FILE, mark
from workspace import ENQUIRED, RESULTS, Workspace

from soyang.core.clinical import Platform
from soyang.core.tables import write_table
from soyang.governance.tables import LEDGER


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Platform, list[str]]:
    """A run of every verb that ended well, and what it printed."""
    folder = tmp_path_factory.mktemp("leaks") / "작업 폴더"
    platform = inputs(folder / "inputs")
    work = workspace(folder).prepare()
    told = []
    for room, verb, words in success(work, platform):
        done = work.run(room, verb, *words)
        assert done.returncode == 0, f"{verb}: {work.log(room, verb)}"
        told.append(done.stdout + done.stderr)
    return work, platform, told


def test_the_search_finds_marks(tmp_path: Path) -> None:
    """In text, in file names, in Parquet cells and its metadata, in results and not in private."""
    for place in ("results/a.tsv", "private/b.tsv", f"logs/{mark('name')}.log"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"x\t{leaks.NUMBERS}\n")
    COHORT.crosswalk.write_parquet(tmp_path / "results/c.parquet")
    (tmp_path / "results/d.txt").write_text(f"{FILE}.duckdb")
    found = leaks.leaks(tmp_path, "said ZQXLEAK_password")
    places = {line.split(":")[0] for line in found}
    assert {"output", "results/a.tsv", "results/c.parquet", "results/d.txt"} <= places
    assert not any(place.startswith("private") for place in places)
    assert "logs/ZQXLEAK_name.log" in places
    assert len(leaks.open_to_others(tmp_path / "private")) == 2


@pytest.mark.platform
def test_a_run_that_ends_well(finished: tuple[Workspace, Platform, list[str]]) -> None:
    work, _, told = finished
    written = {p.name for p in (work.folder / RESULTS).iterdir()}
    assert {"events.parquet", "profile.tsv", "timeline.parquet", "matrix", "lifelog.tsv"} <= written
    assert (work.folder / RESULTS / "events.parquet").stat().st_size > 3_000
    assert mark("specimen").split("_")[0] in (work.folder / ENQUIRED / "specimens.tsv").read_text()
    assert_silent(work, *told)
    assert not list((work.folder / "tmp").iterdir())


Break = Callable[[Workspace, Platform], tuple[str, str, list[str]]]


def changed(platform: Platform, **settings: object) -> Platform:
    return Platform.model_validate({**platform.model_dump(), **settings})


def sql(platform: Platform, *statements: str) -> None:
    with duckdb.connect(str(platform.omop)) as connection:
        for statement in statements:
            connection.execute(statement)


def extract_after(*statements: str) -> Break:
    """``extract`` after the CDM was changed."""

    def change(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
        sql(platform, *statements)
        return "phenotypes", "extract", work.extract_words(platform)

    return change


def enquire_with_consents(text: str) -> Break:
    def change(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
        assert platform.consents
        Path(platform.consents).write_text(text)
        return "phenotypes", "enquire", work.enquire_words(platform)

    return change


def with_crosswalk(old: str, new: str, verb: str = "extract") -> Break:
    """A private table edited by hand."""

    def change(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
        name = "crosswalk" if verb == "extract" else "units"
        path = work.folder / f"private/admission/{name}.tsv"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        words = work.extract_words if verb == "extract" else work.enquire_words
        return "phenotypes", verb, words(platform)

    return change


def with_lifelog(text: str) -> Break:
    def change(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
        assert platform.lifelog
        (Path(platform.lifelog) / f"{FILE} points.ndjson").write_text(text, encoding="utf-8")
        return "phenotypes", "lifelog", lifelog_words(f"--platform={platform.model_dump_json()}")

    return change


def with_shifts(text: str) -> Break:
    def change(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
        path = work.folder / "inputs/shifts.tsv"
        path.write_text(text)
        return "phenotypes", "extract", work.extract_words(changed(platform, date_shifts=path))

    return change


def map_with(name: str, text: str) -> Break:
    def change(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
        (work.folder / "inputs" / name).write_text(text)
        words = [f"--hpo-sheet={platform.hpo_sheet}", f"--phenopackets={platform.phenopackets}"]
        return "phenotypes", "map", [*work.map_words(), *words]

    return change


def pseudonymise_with(text: str, mode: int = 0o600) -> Break:
    def change(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
        (work.folder / "inputs/people.tsv").write_text(text)
        (work.folder / "private/mapping.tsv").chmod(mode)
        words = ["--people=inputs/people.tsv", "--mapping=private/mapping.tsv"]
        return "governance", "pseudonymise", words

    return change


def deliver_with(report: str) -> Break:
    """A report that can't be filled in, of somebody in the mapping."""

    def change(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
        mapping = work.folder / "private/mapping.tsv"
        person = mapping.read_text().splitlines()[1].split("\t")[0]
        row = {"person": person, "sample": "s", "hospital": "H", "status": "reported", "reason": ""}
        write_table(LEDGER.frame([row]), work.folder / "results/governance/ledger.tsv", LEDGER)
        folder = work.folder / "results/reports" / person
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(report)
        return "governance", "deliver", [
            "--ledger=results/governance/ledger.tsv", "--reports=results/reports",
            "--identifiers=private/mapping.tsv", "--output=private/delivery",
        ]  # fmt: skip

    return change


def broken_file(work: Workspace, platform: Platform) -> tuple[str, str, list[str]]:
    path = work.folder / "inputs" / f"{FILE} broken.duckdb"
    path.write_text(f"{mark('content')} is no database")
    return "phenotypes", "extract", work.extract_words(changed(platform, omop=path))


FIRST = leaks.NUMBERS
FAILURES: dict[str, Break] = {
    "column missing": extract_after("ALTER TABLE condition_occurrence DROP condition_concept_id"),
    "table missing": extract_after("DROP TABLE measurement"),
    "number is text": extract_after(
        "ALTER TABLE measurement ALTER value_as_number TYPE VARCHAR",
        f"UPDATE measurement SET value_as_number = '{mark('name')}'",
    ),
    "date is text": extract_after(
        "ALTER TABLE condition_occurrence ALTER condition_start_date TYPE VARCHAR",
        f"UPDATE condition_occurrence SET condition_start_date = '{mark('name')}'",
    ),
    "id is text": extract_after(
        "ALTER TABLE person ALTER person_id TYPE VARCHAR",
        f"UPDATE person SET person_id = '{mark('name')}'",
    ),
    "view breaks in the middle": extract_after(
        "ALTER TABLE observation RENAME TO kept",
        "CREATE VIEW observation AS SELECT * REPLACE (CAST(concat('ZQXLEAK_name', person_id) "
        "AS INTEGER) AS observation_concept_id) FROM kept",
    ),
    "person twice": extract_after(
        f"INSERT INTO person SELECT * FROM person WHERE person_id = {FIRST}"
    ),
    "another version": extract_after(f"UPDATE cdm_source SET cdm_version = '{mark('v')[:10]}'"),
    "no database": broken_file,
    "id not a number": with_crosswalk(str(FIRST), mark("patient")),
    "id not a number, before admission": with_crosswalk(str(FIRST), mark("patient"), "enquire"),
    "two people, one id": with_crosswalk(str(FIRST), str(FIRST + 1)),
    "two people, one id, before admission": with_crosswalk(str(FIRST), str(FIRST + 1), "enquire"),
    "consent: unknown decision": enquire_with_consents(consent_rows("research", mark("decision"))),
    "consent: unknown scope": enquire_with_consents(consent_rows(mark("scope"), "permit")),
    "consent: no column": enquire_with_consents(f"{mark('column')}\tscope\n{FIRST}\tresearch\n"),
    "lifelog: broken line": with_lifelog(points()[:-40] + f" {mark('name')}\n"),
    "lifelog: not JSON": with_lifelog(f"<html>{mark('html')}</html>\n"),
    "lifelog: list of text": with_lifelog(f'["{mark("name")}"]\n'),
    "shift is text": with_shifts(f"person\tdays\nSYN-001\t{mark('days')}\n"),
    "shifts lack people": with_shifts(f"person\tdays\n{mark('name')}\t12\n"),
    "sheet: unknown term": map_with(
        f"{FILE} sheet.tsv",
        f"person\thpo_id\tstatus\tdate\nSYN-007\t{mark('term')}\t{mark('status')}\t{mark('date')}\n",
    ),
    "packet: unknown term": map_with(f"packets/{FILE}.json", packet(mark("term"))),
    "packet: broken": map_with(f"packets/{FILE}.json", packet("HP:1")[:-30]),
    "list: person twice": pseudonymise_with(IDENTIFIED + IDENTIFIED.splitlines()[1] + "\n"),
    "list: no id": pseudonymise_with(f"name\n{mark('name')}\n"),
    "list: wide row": pseudonymise_with(IDENTIFIED.rstrip() + f"\t{mark('more')}\n"),
    "mapping open to others": pseudonymise_with(IDENTIFIED, 0o644),
    "report is no JSON": deliver_with("{"),
}


@pytest.mark.platform
@pytest.mark.parametrize("name", FAILURES)
def test_a_run_that_fails(
    finished: tuple[Workspace, Platform, list[str]], tmp_path: Path, name: str
) -> None:
    source, platform, _ = finished
    folder = tmp_path / "작업 폴더"
    shutil.copytree(source.folder, folder)
    work = workspace(folder)
    moved = Platform.model_validate_json(
        platform.model_dump_json().replace(str(source.folder), str(folder))
    )
    room, verb, words = FAILURES[name](work, moved)
    done = work.run(room, verb, *words)
    said = work.log(room, verb)
    assert done.returncode == 2, said
    assert "Next step:" in said
    marker = folder / f"logs/{room}/{verb}/all.log.unfinished"
    assert json.loads(marker.read_text())["exit"] == 2
    (folder / "private/mapping.tsv").chmod(0o600)
    assert_silent(work, done.stdout, done.stderr)
    assert not list((folder / "tmp").iterdir())

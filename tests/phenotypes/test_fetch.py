"""Fetching: by export and by search, interrupted and continued, private, and through the verb."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from soyang.core.clinical import Fhir, Platform
from soyang.core.errors import FaultError
from soyang.phenotypes.fetch import fetch, fetch_into
from soyang.phenotypes.fhir_client import Client, Patience
from soyang.phenotypes.fhir_enquiry import enquire, unknown_consents
from tests.phenotypes.fhir_stub import JSON, NDJSON, Asked, Given, Stub, outcome, stub_server
from tests.phenotypes.test_fhir_tables import KCD, code, vocabulary_frames

WANTED = pl.DataFrame({"person": ["P1", "P2"], "person_id": ["MRN-1", "MRN-2"]})


def people() -> list[dict]:
    found = [
        {"resourceType": "Organization", "id": "o", "name": "나래병원"},
        {"resourceType": "Patient", "id": "MRN-3", "gender": "male"},
    ]
    for who in ("MRN-1", "MRN-2"):
        subject = {"reference": f"Patient/{who}"}
        site = {"reference": "Organization/o"}
        found.append({"resourceType": "Patient", "id": who, "managingOrganization": site})
        found += [
            {"resourceType": "Condition", "id": f"{who}-{n}", "subject": subject,
             "code": code((KCD, "E11.9")), "onsetDateTime": f"2024-01-0{n}"}
            for n in range(1, 6)
        ]  # fmt: skip
        found.append(
            {"resourceType": "Consent", "id": f"c-{who}", "status": "active", "patient": subject,
             "provision": {"type": "deny", "purpose": [{"system": "urn:x", "code": "y"}]}}
        )  # fmt: skip
        found.append({"resourceType": "Specimen", "id": f"s-{who}", "subject": subject})
    return found


@dataclass
class House:
    """A stub, a vocabulary and folders."""

    stub: Stub
    folder: Path
    settings: dict = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    @property
    def fhir(self) -> Fhir:
        given = {"base_url": self.stub.base, "vocabulary": self.folder / "vocabulary"}
        return Fhir.model_validate({**given, **self.settings})

    @property
    def state(self) -> Path:
        return self.folder / "state 상태"

    def fetch(self, wanted: pl.DataFrame = WANTED) -> dict[str, bytes]:
        """Fetch once and give the tables."""
        patience = Patience(attempts=3, timeout=(2, 2))
        client = Client(self.fhir, patience, sleep=self.waits.append)
        fetch_into(client, wanted, self.state, self.folder / "out")
        return self.tables()

    def tables(self) -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in (self.folder / "out").glob("*.parquet")}

    @property
    def manifest(self) -> dict:
        return json.loads((self.folder / "out" / "manifest.json").read_text())

    def stop(self, told: str = "") -> str:
        """Fetch into a fault."""
        with pytest.raises(FaultError, match=told or None) as raised:
            self.fetch()
        assert "MRN-" not in str(raised.value)
        assert "Kim" not in str(raised.value)
        assert not (self.folder / "out" / "manifest.json").exists()
        return str(raised.value)


def furnish(folder: Path) -> Path:
    """Put the vocabulary into a folder."""
    (folder / "vocabulary").mkdir()
    for name, frame in zip(("concept", "concept_relationship"), vocabulary_frames(), strict=True):
        frame.write_parquet(folder / "vocabulary" / f"{name}.parquet")
    return folder


@pytest.fixture
def house(tmp_path):
    with stub_server(resources=people()) as stub:
        yield House(stub, furnish(tmp_path))


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Tables of an undisturbed export."""
    with stub_server(resources=people()) as stub:
        house = House(stub, furnish(tmp_path_factory.mktemp("undisturbed")))
        tables = house.fetch()
        assert stub.deleted == ["1"]
    assert pl.read_parquet(tables["condition_occurrence"]).height == 10
    return tables


def nth(match: str, given: Given | None, at: int = 1, times: int = 1):
    """A script: answer requests whose path has ``match`` with ``given``, from the ``at``-th on."""
    seen = [0]

    def script(asked: Asked) -> Given | None:
        if match not in f"{asked.method} {asked.path}":
            return None
        seen[0] += 1
        return given if at <= seen[0] < at + times else None

    return script


def test_an_export_by_persons(house, expected):
    house.fetch()
    asked = house.stub.asked[0]
    assert (asked.method, asked.path) == ("POST", "/fhir/Patient/$export")
    assert asked.headers["Prefer"] == "respond-async, handling=strict"
    told = json.loads(asked.body)["parameter"]
    named = [one["valueReference"]["reference"] for one in told if one["name"] == "patient"]
    assert named == ["Patient/MRN-1", "Patient/MRN-2"]
    assert house.waits[-1] == 1.0
    assert [line for line in house.stub.lines() if line.startswith("DELETE")] == [
        "DELETE /fhir/status/1"
    ]
    assert house.manifest["method"] == "export"
    assert house.manifest["persons"] == {"asked": 2, "found": 2, "not_found": 0, "twice": 0}
    assert house.manifest["transaction_time"] == "2025-01-01T00:00:00Z"
    assert house.tables() == expected
    person = pl.read_parquet(expected["person"])
    assert person["person_source_value"].to_list() == ["MRN-1", "MRN-2"]


def test_an_export_of_a_group(house, expected):
    house.settings = {"group": "g1"}
    assert house.fetch() == expected
    assert house.stub.lines()[0] == "GET /fhir/Group/g1/$export"
    assert "Observation" in house.stub.asked[0].query["_type"]


def test_what_is_left_is_private_and_little(house):
    house.stub.script = nth("GET /fhir/file", outcome(404, "not-found"), at=2, times=99)
    house.stop("forgotten")
    house.stub.script = nth("GET /fhir/file", (403, {}, b""), at=2)
    house.stop("status 403")
    for path in [house.state, *house.state.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    house.stub.script = lambda asked: None
    house.fetch()
    assert list(house.state.iterdir()) == []
    assert (house.folder / "out").stat().st_mode & 0o077 == 0
    assert "MRN" not in (house.folder / "out" / "manifest.json").read_text()


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("counts", [True, False])
def test_a_cut_download_goes_on(house, expected, ranges, counts, monkeypatch):
    monkeypatch.setattr("soyang.phenotypes.fhir_export.CHUNK", 100)
    house.stub.ranges, house.stub.counts = ranges, counts
    own = [one for one in people() if one["resourceType"] == "Condition"]
    body = "".join(f"{json.dumps(one)}\n" for one in own).encode()
    cut = (200, {**NDJSON, "Content-Length": str(len(body))}, body[:700])
    house.stub.script = nth("/Condition", cut)
    assert house.fetch() == expected
    again = [one for one in house.stub.asked if one.path.endswith("/Condition")]
    assert [one.headers.get("Range") for one in again] == [None, "bytes=700-"]


@pytest.mark.parametrize("counts", [True, False])
def test_a_file_that_ends_in_mid_line_is_fetched_again(house, expected, counts):
    house.stub.counts = counts
    house.stub.script = nth("/Condition", (200, NDJSON, b'{"resourceType": "Condition", "id"'))
    assert house.fetch() == expected


def test_missing_lines_are_seen_by_the_count(house, expected):
    line = json.dumps(people()[3]).encode() + b"\n"
    house.stub.script = nth("/Condition", (200, NDJSON, line))
    assert house.fetch() == expected
    assert not [one for one in house.stub.asked if "Range" in one.headers]
    house.stub.script = nth("/Condition", (200, NDJSON, line), times=99)
    assert "1 lines where the manifest counts 10, 3 times" in house.stop()


def test_another_range_than_asked_for_is_not_taken(house, expected, monkeypatch):
    monkeypatch.setattr("soyang.phenotypes.fhir_export.CHUNK", 10)
    own = [json.dumps(one) for one in people() if one["resourceType"] == "Condition"]
    body = "\n".join(own).encode()
    cut = (200, {**NDJSON, "Content-Length": str(len(body))}, body[:70])
    wrong = (206, {**NDJSON, "Content-Range": "bytes 60-99/100"}, body[60:99])
    answers = [cut, wrong]
    house.stub.script = lambda a: answers.pop(0) if answers and "/Condition" in a.path else None
    assert house.fetch() == expected


@pytest.mark.parametrize(
    "given",
    [
        (200, {"Content-Type": "text/html"}, b"<html>MRN-1 Kim</html>"),
        (403, JSON, b"{}"),
        (401, JSON, b"{}"),
        (429, {"Retry-After": "9999"}, b""),
    ],
)
@pytest.mark.parametrize("at", ["GET /fhir/status", "GET /fhir/file"])
def test_after_a_fault_the_same_export_goes_on(house, expected, given, at):
    house.stub.script = nth(at, given, at=2)
    house.stop()
    house.stub.script = lambda asked: None
    assert house.fetch() == expected
    assert len([line for line in house.stub.lines() if "$export" in line]) == 1
    files = [line for line in house.stub.lines() if "GET /fhir/file" in line]
    assert len(files) == len(set(files)) + (at == "GET /fhir/file")


@pytest.mark.parametrize("at", ["GET /fhir/status", "GET /fhir/file"])
def test_an_export_that_was_forgotten_is_started_anew(house, expected, at):
    house.stub.script = nth(at, outcome(410, "not-found"), at=2)
    assert house.fetch() == expected
    kicked = [one for one in house.stub.asked if one.path.endswith("$export")]
    assert len(kicked) == 2
    assert b"MRN-2" in kicked[1].body  # for the same persons, never for all
    assert len(house.stub.jobs) == 0


def test_other_people_are_another_export(house):
    house.stub.script = nth("GET /fhir/file", (403, {}, b""))
    house.stop()
    house.stub.script = lambda asked: None
    house.fetch(WANTED.head(1))
    assert house.stub.deleted == ["1", "2"]
    assert house.manifest["persons"]["asked"] == 1
    assert pl.read_parquet(house.tables()["condition_occurrence"]).height == 5


def test_a_server_without_such_an_export_is_searched(house, expected):
    house.stub.post_export = False
    assert house.fetch() == expected
    assert house.manifest["method"] == "search"
    assert not [line for line in house.stub.lines() if line.startswith("GET /fhir/Patient/$")]


def test_a_search_goes_on_after_the_last_person(house, expected):
    house.settings = {"method": "search"}
    house.stub.script = lambda asked: (
        (403, {}, b"") if asked.query.get("patient") == "Patient/MRN-2" else None
    )
    house.stop("status 403")
    house.stub.script = lambda asked: None
    house.stub.asked.clear()
    assert house.fetch() == expected
    assert not [one for one in house.stub.asked if one.query.get("patient") == "Patient/MRN-1"]


def test_types_that_a_server_lacks_are_told(house):
    house.settings = {"method": "search"}
    house.stub.script = nth("GET /fhir/Procedure", outcome(404, "not-supported"), times=9)
    house.fetch()
    assert house.manifest["types_not_supported"] == ["Procedure"]


def test_what_the_server_could_not_export_is_told(house, capsys):
    def script(asked: Asked) -> Given | None:
        if asked.path.endswith("errors"):
            return 200, NDJSON, outcome(0, "exception")[2] + b"\n"
        if asked.path.startswith("/fhir/status") and asked.method == "GET":
            listed = [{"type": "OperationOutcome", "url": f"{house.stub.base}/file/1/errors"}]
            listed.append({"type": "Binary", "url": "https://example.com/not-asked-for"})
            manifest = {"transactionTime": "t", "output": listed[1:], "error": listed[:1]}
            return 200, JSON, json.dumps(manifest).encode()
        return None

    house.stub.script = script
    house.fetch()
    problem = {"severity": "error", "code": "exception", "count": 1}
    assert house.manifest["export_problems"] == [problem]
    said = capsys.readouterr().err
    assert "error exception (1 times)" in said
    assert "MRN" not in said


def test_files_elsewhere_get_the_token_only_if_told(house, expected, tmp_path):
    token = tmp_path / "token"
    token.write_text("secret-token")
    token.chmod(0o600)
    with stub_server(resources=people()) as store:
        store.jobs["1"] = ["Condition"]

        def script(asked: Asked) -> Given | None:
            if not asked.path.startswith("/fhir/status") or asked.method != "GET":
                return None
            listed = [{"type": "Condition", "url": f"{store.base}/file/1/Condition"}]
            manifest = {"requiresAccessToken": needed, "output": listed}
            return 200, JSON, json.dumps(manifest).encode()

        house.settings, house.stub.script = {"token_file": token}, script
        for needed in (False, True):
            house.fetch()
            sent = store.asked[-1].headers.get("Authorization")
            assert sent == ("Bearer secret-token" if needed else None)


def test_nobody_wanted_asks_nothing(house):
    tables = house.fetch(WANTED.clear())
    assert house.stub.asked == []
    assert all(pl.read_parquet(table).is_empty() for table in tables.values())


def test_identifiers_that_nobody_has_export_nobody(house):
    house.settings = {"identifier_system": "urn:mrn"}
    house.fetch()
    assert not [line for line in house.stub.lines() if "$export" in line]
    assert house.manifest["persons"]["not_found"] == 2


def test_a_journal_that_is_broken_is_begun_anew(house, expected):
    house.state.mkdir(exist_ok=True)
    (house.state / "journal.json").write_text('{"task": ')
    (house.state / "files").mkdir()
    (house.state / "files" / "left.ndjson").write_text("{}")
    assert house.fetch() == expected


def test_two_ids_for_one_person_are_a_fault(house):
    for wanted in (
        pl.DataFrame({"person": ["P1", "P1"], "person_id": ["a", "b"]}),
        pl.DataFrame({"person": ["P1", "P2"], "person_id": ["a", "a"]}),
    ):
        with pytest.raises(FaultError, match="one id a person") as raised:
            house.fetch(wanted)
        assert "person P1" in str(raised.value)


def verb(house: House) -> list[str]:
    crosswalk = house.folder / "crosswalk.tsv"
    rows = ("person\tsample\tplatform_person_id", "P2\tS2\tMRN-2", "P1\tS1\t MRN-1 ", "P9\tS9\t")
    text = "\ufeff" + "".join(f"{row}\r\n" for row in rows)
    crosswalk.write_text(text, encoding="utf-8", newline="")
    return [
        f"--platform={Platform(fhir=house.fhir).model_dump_json()}", f"--crosswalk={crosswalk}",
        f"--state={house.state}", f"--output={house.folder / 'out'}",
    ]  # fmt: skip


def test_a_killed_process_is_continued(house, expected):
    """SIGKILL while a file is half there."""
    reached = threading.Event()

    def script(asked: Asked) -> Given | None:
        if not asked.path.endswith("/Condition") or reached.is_set():
            return None
        reached.set()
        time.sleep(2)
        return None

    house.stub.script = script
    command = [sys.executable, "-m", "soyang.main", "phenotypes", "fetch", *verb(house)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert reached.wait(30)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (house.folder / "out" / "manifest.json").exists()
    assert (house.state / "journal.json").exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert house.tables() == expected
    assert len([line for line in house.stub.lines() if "$export" in line]) == 1
    assert done.stdout + done.stderr == ""


def test_a_platform_that_is_none_of_fhir_is_a_fault(tmp_path):
    with pytest.raises(FaultError, match="no FHIR server"):
        fetch(platform="{}", crosswalk=tmp_path, state=tmp_path, output=tmp_path)


def test_an_enquiry(house):
    client = Client(house.fhir, Patience(attempts=2), sleep=house.waits.append)
    answer = enquire(house.fhir, WANTED, client=client)
    assert answer.persons.select("person", "sex_recorded", "hospital").rows() == [
        ("P1", "unknown", "나래병원"),
        ("P2", "unknown", "나래병원"),
    ]
    assert answer.consents.select("person", "scope", "decision", "source").rows() == [
        ("P1", "unknown", "deny", "platform"),
        ("P2", "unknown", "deny", "platform"),
    ]
    assert unknown_consents(answer.consents) == 2
    assert answer.specimens["specimen"].to_list() == ["s-MRN-1", "s-MRN-2"]
    asked = {one.path.split("/")[2] for one in house.stub.asked}
    assert asked == {"Patient", "Organization", "Consent", "Specimen"}


def test_an_enquiry_tells_what_a_server_lacks(house):
    house.stub.script = nth("GET /fhir/Consent", outcome(404, "not-supported"), times=9)
    client = Client(house.fhir, Patience(attempts=2), sleep=house.waits.append)
    answer = enquire(house.fhir, WANTED, client=client)
    assert answer.unanswered == {"consents"}
    assert answer.consents.is_empty()

"""Nothing identifying leaks from a live platform: PostgreSQL and FHIR, well, broken and hostile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fhir_resources
import leaks
import live_fhir
import postgres
import pytest
import writers
from leak_run import COHORT, assert_silent, workspace
from leaks import mark
from workspace import Workspace, postgres_settings

from soyang.core.clinical import Fhir, Platform

pytestmark = pytest.mark.platform

ROLE, PASSWORD, TOKEN = "zqxleak_role", mark("password"), mark("token")


@pytest.fixture(scope="module")
def marked_cluster() -> Iterator[postgres.Cluster]:
    """PostgreSQL whose role and password are marked, with the marked people."""
    with postgres.cluster() as own:
        writers.to_postgres(COHORT.tables, own.uri(postgres.OWNER), "cdm")
        writers.psql(
            own.uri(postgres.OWNER),
            f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}';"
            f"GRANT USAGE ON SCHEMA cdm TO {ROLE};"
            f"GRANT SELECT ON ALL TABLES IN SCHEMA cdm TO {ROLE};",
        )
        yield own


def uri(own: postgres.Cluster, password: str = PASSWORD) -> str:
    return f"postgresql://{ROLE}:{password}@127.0.0.1:{own.port}/{postgres.DATABASE}"


def test_postgres_that_answers(marked_cluster: postgres.Cluster, tmp_path: Path) -> None:
    work = workspace(tmp_path / "작업").prepare()
    platform = postgres_settings(uri(marked_cluster), work.folder / "private")
    told = []
    for verb, words in (
        ("enquire", work.enquire_words(platform)),
        ("extract", work.extract_words(platform)),
    ):
        done = work.run("phenotypes", verb, *words)
        assert done.returncode == 0, work.log("phenotypes", verb)
        told += [done.stdout, done.stderr]
    assert_silent(work, *told)


def wrong_password(own: postgres.Cluster, folder: Path) -> Platform:
    return postgres_settings(uri(own, f"{PASSWORD}x"), folder)


def nobody_there(own: postgres.Cluster, folder: Path) -> Platform:
    return postgres_settings(uri(own).replace(f":{own.port}/", f":{postgres.free_port()}/"), folder)


def wrong_database(own: postgres.Cluster, folder: Path) -> Platform:
    return postgres_settings(uri(own).replace("/platform", "/zqxleak_db"), folder)


def no_uri(own: postgres.Cluster, folder: Path) -> Platform:
    return postgres_settings(f"{mark('secret')} {PASSWORD} =", folder)


def wrong_schema(own: postgres.Cluster, folder: Path) -> Platform:
    settings = postgres_settings(uri(own), folder)
    assert settings.postgres
    return Platform(postgres=settings.postgres.model_copy(update={"cdm_schema": "nowhere"}))


def column_missing(own: postgres.Cluster, folder: Path) -> Platform:
    views(own, "bare", person="SELECT person_id, gender_concept_id FROM cdm.person")
    return postgres_settings(uri(own), folder, "bare")


def view_that_breaks(own: postgres.Cluster, folder: Path) -> Platform:
    """Its error names a person's value: the driver's words must not be repeated."""
    broken = (
        "SELECT observation_id, person_id, CAST(concat('ZQXLEAK_name', person_id) AS integer) "
        "AS observation_concept_id, observation_date, observation_source_value, "
        "observation_source_concept_id, value_as_concept_id, qualifier_concept_id "
        "FROM cdm.observation"
    )
    views(own, "broken", observation=broken)
    return postgres_settings(uri(own), folder, "broken")


def views(own: postgres.Cluster, schema: str, **queries: str) -> None:
    """A schema of views of ``cdm``, some of them other queries."""
    owner = own.uri(postgres.OWNER)
    names = writers.psql(owner, "SELECT tablename FROM pg_tables WHERE schemaname = 'cdm'").split()
    made = [
        f"CREATE VIEW {schema}.{name} AS {queries.get(name, f'SELECT * FROM cdm.{name}')};"
        for name in names
    ]
    grant = f"GRANT USAGE ON SCHEMA {schema} TO {ROLE};"
    grant += f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {ROLE};"
    drop = f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema};"
    writers.psql(owner, drop + "".join(made) + grant)


@pytest.mark.parametrize(
    "breaking",
    [
        wrong_password, nobody_there, wrong_database, no_uri, wrong_schema, column_missing,
        view_that_breaks,
    ],
)  # fmt: skip
def test_postgres_that_fails(
    marked_cluster: postgres.Cluster,
    tmp_path: Path,
    breaking: Callable[[postgres.Cluster, Path], Platform],
) -> None:
    work = workspace(tmp_path / "작업").prepare()
    platform = breaking(marked_cluster, work.folder / "private")
    assert_fault(work, "extract", work.extract_words(platform))
    assert not (work.folder / "results/phenotypes").exists() or not list(
        (work.folder / "results/phenotypes").iterdir()
    )


def assert_fault(work: Workspace, verb: str, words: list[str]) -> None:
    done = work.run("phenotypes", verb, *words)
    said = work.log("phenotypes", verb)
    assert done.returncode == 2, said
    assert "Next step:" in said
    assert_silent(work, done.stdout, done.stderr)
    assert not list((work.folder / "tmp").iterdir())


def marked_resources() -> Iterator[dict[str, Any]]:
    """The marked people as FHIR resources, with all the text that FHIR has room for."""
    for resource in fhir_resources.resources(COHORT.tables):
        resource["text"] = {"status": "generated", "div": f"<div>{mark('narrative')}</div>"}
        resource["meta"] = {"source": f"urn:{mark('source')}", "tag": [{"display": mark("tag")}]}
        if resource["resourceType"] == "Patient":
            resource |= {
                "name": [{"text": mark("name"), "family": mark("family")}],
                "telecom": [{"system": "phone", "value": mark("phone")}],
                "address": [{"text": mark("address")}],
                "contact": [{"name": {"text": mark("mother")}}],
            }
            resource["identifier"].append({"system": "urn:rrn", "value": mark("rrn")})
        if resource["resourceType"] in ("Condition", "Observation", "Procedure", "Specimen"):
            resource["note"] = [{"text": mark("note")}]
        if "code" in resource:
            resource["code"]["text"] = mark("codetext")
            for coding in resource["code"].get("coding", []):
                coding["display"] = mark("display")
        if resource["resourceType"] == "Consent":
            resource["sourceAttachment"] = {"title": mark("consenttext")}
            resource["organization"] = [{"display": mark("display")}]
        yield resource


@pytest.fixture(scope="module")
def marked_fhir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live_fhir.Server]:
    with live_fhir.server(tmp_path_factory.mktemp("marked") / "sekmet", TOKEN) as own:
        fhir_resources.load(own.base, marked_resources(), {"Authorization": f"Bearer {TOKEN}"})
        yield own


def fhir_settings(base: str, folder: Path, token: str = TOKEN, **more: Any) -> Platform:
    path = folder / "token"
    path.write_text(f"{token}\n")
    path.chmod(0o600)
    vocabulary = folder / "vocabulary.duckdb"
    if not vocabulary.exists():
        writers.to_duckdb(COHORT.tables, vocabulary, only=writers.VOCABULARY)
        vocabulary.chmod(0o600)
    return Platform(
        fhir=Fhir(
            base_url=base, token_file=path, identifier_system=fhir_resources.PERSON_SYSTEM,
            vocabulary=vocabulary, **more,
        )
    )  # fmt: skip


@pytest.mark.parametrize("method", ["export", "search"])
def test_fhir_that_answers(marked_fhir: live_fhir.Server, tmp_path: Path, method: str) -> None:
    work = workspace(tmp_path / "작업").prepare()
    platform = fhir_settings(marked_fhir.base, work.folder / "private", method=method)
    told = []
    for verb, words in (
        ("enquire", work.enquire_words(platform)),
        ("fetch", work.fetch_words(platform)),
        ("extract", work.extract_words(platform)),
    ):
        done = work.run("phenotypes", verb, *words)
        assert done.returncode == 0, work.log("phenotypes", verb)
        told += [done.stdout, done.stderr]
    assert_silent(work, *told)
    assert (work.folder / "results/phenotypes/events.parquet").stat().st_size > 3_000


def test_fhir_that_refuses(marked_fhir: live_fhir.Server, tmp_path: Path) -> None:
    work = workspace(tmp_path / "작업").prepare()
    platform = fhir_settings(marked_fhir.base, work.folder / "private", f"{TOKEN}x")
    assert_fault(work, "fetch", work.fetch_words(platform))
    assert_fault(work, "enquire", work.enquire_words(platform))


def test_fhir_that_knows_a_person_twice(marked_fhir: live_fhir.Server, tmp_path: Path) -> None:
    twin = {
        "resourceType": "Patient",
        "id": f"twin-{leaks.NUMBERS}",
        "identifier": [{"system": fhir_resources.PERSON_SYSTEM, "value": str(leaks.NUMBERS)}],
    }
    token = {"Authorization": f"Bearer {TOKEN}"}
    fhir_resources.load(marked_fhir.base, [twin], token)
    work = workspace(tmp_path / "작업").prepare()
    platform = fhir_settings(marked_fhir.base, work.folder / "private", method="search")
    for verb, words in (
        ("enquire", work.enquire_words(platform)),
        ("fetch", work.fetch_words(platform)),
    ):
        done = work.run("phenotypes", verb, *words)
        assert_silent(work, done.stdout, done.stderr)
    assert_fault(work, "extract", work.extract_words(platform))


OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": mark("code"), "diagnostics": mark("diagnostics")}],
}
PATIENT = {"resourceType": "Patient", "id": mark("id"), "name": [{"text": mark("name")}]}
HOSTILE: dict[str, tuple[int, str, bytes]] = {
    "login page": (200, "text/html", f"<html>{mark('html')}</html>".encode()),
    "error page": (404, "text/html", f"<html>{mark('html')}</html>".encode()),
    "outcome": (400, "application/fhir+json", json.dumps(OUTCOME).encode()),
    "forbidden": (403, "application/fhir+json", json.dumps(OUTCOME).encode()),
    "outcome with 200": (200, "application/fhir+json", json.dumps(OUTCOME).encode()),
    "broken JSON": (200, "application/fhir+json", json.dumps(PATIENT).encode()[:-4]),
    "another resource": (200, "application/fhir+json", json.dumps(PATIENT).encode()),
    "list": (200, "application/fhir+json", json.dumps([mark("name")]).encode()),
    "nonsense type": (200, mark("type").lower(), b"x"),
    "elsewhere": (302, "text/html", b""),
}


@contextmanager
def hostile(status: int, kind: str, body: bytes) -> Iterator[str]:
    """A server that answers everything with this."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status, mark("reason"))
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", f"http://127.0.0.1:1/{mark('elsewhere')}")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  the library's name

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/fhir"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("method", ["export", "search"])
@pytest.mark.parametrize("name", HOSTILE)
def test_fhir_that_is_hostile(tmp_path: Path, name: str, method: str) -> None:
    work = workspace(tmp_path / "작업").prepare()
    with hostile(*HOSTILE[name]) as base:
        platform = fhir_settings(base, work.folder / "private", method=method)
        assert_fault(work, "fetch", work.fetch_words(platform))
        if method == "search":
            assert_fault(work, "enquire", work.enquire_words(platform))


def test_fhir_key_that_is_none(marked_fhir: live_fhir.Server, tmp_path: Path) -> None:
    """A file that is no key, of which the library's message could quote a part."""
    work = workspace(tmp_path / "작업").prepare()
    private = work.folder / "private"
    settings = fhir_settings(marked_fhir.base, private).fhir
    assert settings
    key = private / "client.pem"
    key.write_text(f"-----BEGIN PRIVATE KEY-----\n{mark('key')}\n-----END PRIVATE KEY-----\n")
    key.chmod(0o600)
    changes = {"token_file": None, "token_url": marked_fhir.token_url, "key_file": key}
    smart = settings.model_copy(update={**changes, "client_id": mark("client")})
    assert_fault(work, "fetch", work.fetch_words(Platform(fhir=smart)))

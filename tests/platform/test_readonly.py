"""PostgreSQL: the role can't write, nor can our session, and a server may die in a question."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import generator
import postgres
import pytest
import writers
from workspace import RECORD, Workspace, environment, postgres_settings

from soyang.core.clinical import Platform
from soyang.core.errors import FaultError
from soyang.phenotypes.postgres_source import open_postgres

pytestmark = pytest.mark.platform

PEOPLE = generator.generate(20, seed=11)
SLOW = """
    CREATE SCHEMA slow;
    CREATE FUNCTION slow.nap() RETURNS integer LANGUAGE sql VOLATILE AS
        'SELECT 0 FROM pg_sleep(0.2)';
    GRANT USAGE ON SCHEMA slow TO platform_reader;
"""
"""A platform that answers about measurements at five rows a second."""


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[postgres.Cluster]:
    """A cluster that may be broken: with ``cdm``, and ``slow`` of the same people."""
    with postgres.cluster() as own:
        owner = own.uri(postgres.OWNER)
        writers.to_postgres(PEOPLE.tables, owner, "cdm")
        tables = writers.psql(owner, "SELECT tablename FROM pg_tables WHERE schemaname = 'cdm'")
        views = [
            f"CREATE VIEW slow.{name} AS SELECT * FROM cdm.{name}"
            + (" WHERE slow.nap() = 0" if name == "measurement" else "")
            for name in tables.split()
        ]
        writers.psql(owner, SLOW + ";\n".join(views))
        own.grant_read("cdm", "slow")
        yield own


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO cdm.person SELECT * FROM cdm.person LIMIT 1",
        "UPDATE cdm.person SET year_of_birth = 1900",
        "DELETE FROM cdm.condition_occurrence",
        "TRUNCATE cdm.measurement",
        "DROP TABLE cdm.observation",
        "CREATE TABLE cdm.mine (a integer)",
        "CREATE TABLE public.mine (a integer)",
        "CREATE TEMPORARY TABLE mine (a integer)",
        "CREATE SCHEMA mine",
    ],
)
def test_role_cannot_write(own_cluster: postgres.Cluster, statement: str) -> None:
    uri = own_cluster.uri()
    assert writers.psql(uri, "SELECT count(*) FROM cdm.person").strip() == "20"
    with pytest.raises(AssertionError, match=r"permission denied|must be owner"):
        writers.psql(uri, statement)


def test_role_that_could_write_is_refused(own_cluster: postgres.Cluster, tmp_path: Path) -> None:
    settings = postgres_settings(own_cluster.uri(postgres.OWNER), tmp_path).postgres
    assert settings is not None
    with pytest.raises(FaultError) as caught, open_postgres(settings):
        pass
    assert [fault.code for fault in caught.value.faults] == ["postgres-can-write"]
    assert postgres.OWNER_PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO scratch.pad VALUES (1)",
        "CREATE TABLE scratch.other (a integer)",
        "SELECT set_config('transaction_read_only', 'off', false)",
    ],
)
def test_session_is_read_only_where_the_role_is_not(
    own_cluster: postgres.Cluster, tmp_path: Path, statement: str
) -> None:
    """A role that may write elsewhere than in the CDM."""
    owner = own_cluster.uri(postgres.OWNER)
    writers.psql(
        owner,
        "CREATE SCHEMA IF NOT EXISTS scratch; CREATE TABLE IF NOT EXISTS scratch.pad (a integer);"
        f"GRANT ALL ON SCHEMA scratch TO {postgres.READER};"
        f"GRANT ALL ON scratch.pad TO {postgres.READER};",
    )
    settings = postgres_settings(own_cluster.uri(), tmp_path).postgres
    assert settings is not None
    with open_postgres(settings) as engine, pytest.raises(FaultError):
        engine.answer(statement)
        engine.answer("INSERT INTO scratch.pad VALUES (2)")
    left = (
        "SELECT count(*) FROM scratch.pad; SELECT count(*) FROM pg_tables WHERE tablename = 'other'"
    )
    assert writers.psql(owner, left).split() == ["0", "0"]


def kill_backend(own: postgres.Cluster) -> None:
    """SIGKILL the process that answers, as the kernel does when memory runs out."""
    pid = busy_backend(own)
    os.kill(pid, signal.SIGKILL)


def stop_server(own: postgres.Cluster) -> None:
    """Stop the whole server at once."""
    busy_backend(own)
    own.stop(signal.SIGQUIT)


def busy_backend(own: postgres.Cluster) -> int:
    """Process id of the backend that is in the middle of the slow question."""
    asked = (
        "SELECT pid FROM pg_stat_activity WHERE usename = 'platform_reader' "
        "AND state = 'active' AND query LIKE '%measurement%' AND wait_event = 'PgSleep'"
    )
    for _ in range(300):
        found = writers.psql(own.uri(postgres.OWNER), asked).split()
        if found:
            return int(found[0])
        time.sleep(0.1)
    raise AssertionError("the slow question was never asked")


@pytest.mark.parametrize("strike", [kill_backend, stop_server])
def test_server_dies_in_the_middle_of_a_question(
    own_cluster: postgres.Cluster, tmp_path: Path, strike: Callable[[postgres.Cluster], None]
) -> None:
    folder = tmp_path / "작업 폴더"
    work = Workspace(folder=folder, crosswalk=PEOPLE.crosswalk).prepare()
    secret = folder / "private"
    slow = postgres_settings(own_cluster.uri(), secret, "slow")
    running = start_extract(work, slow)
    try:
        strike(own_cluster)
        assert running.wait(timeout=60) == 2
    finally:
        running.kill()
        restart(own_cluster)
    said = work.log("phenotypes", "extract")
    assert "platform-lost" in (folder / "logs/phenotypes/extract/all.log.unfinished").read_text()
    assert "Next step:" in said
    assert "Traceback" not in said
    assert postgres.READER_PASSWORD not in said
    assert not list((folder / "results" / "phenotypes").rglob("*"))  # whole or not there

    fast = postgres_settings(own_cluster.uri(), secret, "cdm")
    work.demand("phenotypes", "extract", *work.extract_words(fast))
    assert {p.name for p in (folder / "results/phenotypes").iterdir()} == set(RECORD.values())
    assert not (folder / "logs/phenotypes/extract/all.log.unfinished").exists()


def start_extract(work: Workspace, platform: Platform) -> subprocess.Popen[bytes]:
    log = "logs/phenotypes/extract/all.log"
    command = [sys.executable, "-m", "soyang.main", "--log", log, "phenotypes", "extract"]
    return subprocess.Popen(
        [*command, *work.extract_words(platform)], cwd=work.folder, env=environment()
    )


def restart(own: postgres.Cluster) -> None:
    """The server as it was: started if it is stopped, recovered if a backend was killed."""
    if own.process is None:
        own.start()
    for _ in range(100):
        try:
            assert writers.psql(own.uri(postgres.OWNER), "SELECT 1").strip() == "1"
            return
        except AssertionError:
            time.sleep(0.2)
    raise AssertionError("the server did not come back")


@pytest.mark.parametrize("password", ["wrong", ""])
def test_bad_password_is_a_fault_without_it(
    own_cluster: postgres.Cluster, tmp_path: Path, password: str
) -> None:
    settings = postgres_settings(own_cluster.uri(password=password), tmp_path).postgres
    assert settings is not None
    with pytest.raises(FaultError) as caught, open_postgres(settings):
        pass
    (fault,) = caught.value.faults
    assert fault.code in ("platform-refused", "platform-lost")
    assert "127.0.0.1" not in str(fault)
    assert "wrong" not in str(fault)


def test_open_secret_is_refused(own_cluster: postgres.Cluster, tmp_path: Path) -> None:
    settings = postgres_settings(own_cluster.uri(), tmp_path).postgres
    assert settings is not None
    assert settings.uri_file is not None
    Path(settings.uri_file).chmod(0o644)
    with pytest.raises(FaultError, match="0644"), open_postgres(settings):
        pass

"""A private PostgreSQL of the benchmark's own: loaded once, started for each run, stopped by id.

Indexes as OMOP's own scripts make them (person and concept of each table), each table in the order
of its persons. It listens on this machine only; ``reader`` may only read.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.platform_data import Shape

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
URI_VARIABLE = "SOYANG_BENCH_POSTGRES"
SERVER_USER = "postgres"
SECONDS_TO_START = 60

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "random_page_cost": "1.1",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "fsync": "off",
    "jit": "off",
}
"""A server of a few gigabytes on solid-state disks; what it holds can be made again, so nothing
waits for the disk."""

INDEXED = {
    "measurement": ("person_id", "measurement_concept_id"),
    "condition_occurrence": ("person_id", "condition_concept_id"),
    "observation": ("person_id", "observation_concept_id"),
    "drug_exposure": ("person_id", "drug_concept_id"),
    "person": ("person_id",),
    "visit_occurrence": ("visit_occurrence_id",),
}


def missing() -> str:
    """Why there can be no server; empty if there can."""
    if not PROGRAMS:
        return "no PostgreSQL in /usr/lib/postgresql"
    return ""


@contextmanager
def served(shape: Shape) -> Iterator[str]:
    """A running server with the platform's tables in schema ``cdm``: its reader's URI."""
    folder = Path(f"{shape.folder}-postgres")
    loaded = folder / "loaded"
    if not loaded.exists():
        shutil.rmtree(folder, ignore_errors=True)
        create(folder)
    port = free_port()
    with running(folder, port):
        if not loaded.exists():
            load(uri(SERVER_USER, port), shape.folder)
            loaded.touch()
        yield uri("reader", port)


def uri(user: str, port: int) -> str:
    """Where a user connects."""
    return f"postgresql://{user}@127.0.0.1:{port}/postgres"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def create(folder: Path) -> None:
    """An empty cluster, whose owner is never root: PostgreSQL refuses that."""
    folder.mkdir(parents=True)
    if os.getuid() == 0:
        shutil.chown(folder, SERVER_USER)
    words = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    as_server([PROGRAMS[-1] / "initdb", *words, "--username", SERVER_USER, "-D", folder / "data"])


def as_server(words: Sequence[object]) -> None:
    """Run one command as the server's user, quietly."""
    subprocess.run(
        list(map(str, words)),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        user=_server_user(),
        group=_server_user(),
    )


def _server_user() -> str | None:
    """Who the server runs as, if not as ourselves."""
    return SERVER_USER if os.getuid() == 0 else None


@contextmanager
def running(folder: Path, port: int) -> Iterator[None]:
    """The server as a child of ours."""
    words = [PROGRAMS[-1] / "postgres", "-D", folder / "data", "-p", port]
    options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            list(map(str, [*words, *options])),
            stdout=log,
            stderr=log,
            cwd="/",
            user=_server_user(),
            group=_server_user(),
        )
        try:
            wait_for(port, server)
            yield
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown: nobody is waited for
            server.wait()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    words = [str(PROGRAMS[-1] / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(SECONDS_TO_START * 10):
        if server.poll() is not None:
            raise SystemExit("bench-platform: PostgreSQL did not start, see its server.log")
        if subprocess.run(words, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit("bench-platform: PostgreSQL does not answer")


def load(server: str, tables: Path) -> None:
    """All tables of a platform, their indexes and statistics, and the role that reads them."""
    import adbc_driver_postgresql.dbapi as adbc  # noqa: PLC0415 - not for the measured commands
    import duckdb  # noqa: PLC0415

    with adbc.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA cdm")
        for table in sorted(tables.glob("*.parquet")):
            rows = duckdb.read_parquet(str(table)).to_arrow_reader(100_000)
            cursor.adbc_ingest(table.stem, rows, mode="create", db_schema_name="cdm")
        for name, columns in INDEXED.items():
            for column in columns:
                cursor.execute(f"CREATE INDEX ON cdm.{name} ({column})")
        cursor.execute("CREATE ROLE reader LOGIN")
        cursor.execute("GRANT USAGE ON SCHEMA cdm TO reader")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA cdm TO reader")
        cursor.execute("VACUUM ANALYZE")

"""A private PostgreSQL for tests: on loopback, on a free port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from writers import POSTGRES_BIN, psql

OWNER, READER = "platform_owner", "platform_reader"
OWNER_PASSWORD, READER_PASSWORD = "owner-of-a-test", "reader-of-a-test"
DATABASE = "platform"


@dataclass(kw_only=True)
class Cluster:
    """A cluster of databases with an owner and a role that can only read."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def uri(self, role: str = READER, password: str | None = None) -> str:
        """Connection URI, with the role's password unless another is given."""
        own = OWNER_PASSWORD if role == OWNER else READER_PASSWORD
        secret = own if password is None else password
        return f"postgresql://{role}:{secret}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            POSTGRES_BIN / "postgres", "-D", self.folder / "data", "-p", str(self.port),
            "-h", "127.0.0.1", "-k", self.folder, "-c", "fsync=off", "-c", "full_page_writes=off",
            "-c", "synchronous_commit=off", "-c", "max_connections=20",
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **_as_nobody())
        for _ in range(200):
            if self._answers():
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text())

    def _answers(self) -> bool:
        ready = [POSTGRES_BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server by its process id: SIGINT fast, SIGQUIT at once without a checkpoint."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
            self.process = None

    def grant_read(self, *schemas: str) -> None:
        """Let the reader read these schemas, and nothing else."""
        for schema in schemas:
            psql(
                self.uri(OWNER),
                f"GRANT USAGE ON SCHEMA {schema} TO {READER};"
                f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {READER};",
            )


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running cluster with an empty database; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="soyang-postgres-"))
    own = Cluster(folder=folder, port=free_port())
    try:
        _initialise(folder)
        own.start()
        admin = own.uri(OWNER).removesuffix(DATABASE) + "postgres"
        psql(admin, f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        psql(
            own.uri(OWNER),
            f"CREATE ROLE {READER} LOGIN PASSWORD '{READER_PASSWORD}' NOSUPERUSER NOCREATEDB "
            f"NOCREATEROLE; REVOKE ALL ON SCHEMA public FROM PUBLIC; "
            f"REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC;",
        )
        yield own
    finally:
        own.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(folder: Path) -> None:
    secret = folder / "secret"
    secret.write_text(OWNER_PASSWORD)
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        for path in (folder, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
    command = [
        POSTGRES_BIN / "initdb", "-D", folder / "data", "-U", OWNER, "--auth=scram-sha-256",
        f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8",
        "--locale-provider=icu", "--icu-locale=en-US", "--no-sync",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_as_nobody())
    assert done.returncode == 0, done.stderr
    secret.unlink()


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the account that its package made."""
    common: dict[str, Any] = {"cwd": "/"}
    if os.getuid() != 0:
        return common
    account = pwd.getpwnam("postgres")
    return common | {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

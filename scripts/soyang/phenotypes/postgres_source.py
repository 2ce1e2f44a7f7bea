"""OMOP CDM in PostgreSQL, asked by a role that can only read."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
from adbc_driver_manager import Error
from adbc_driver_postgresql import dbapi

from soyang.core.clinical import LOOPBACK, Postgres
from soyang.core.errors import FaultError
from soyang.core.files import read_text
from soyang.phenotypes.contract import TABLES, Found
from soyang.phenotypes.engine import broken, platform_error
from soyang.phenotypes.translate import translate

PLACE = "platform.postgres"
VERIFIED = ("verify-full", "verify-ca")
"""Values of libpq's sslmode that verify the server's certificate."""

_COLUMNS = """
    SELECT CAST(n.nspname AS text), CAST(c.relname AS text), CAST(a.attname AS text),
           format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ({schemas}) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND a.attnum > 0 AND NOT a.attisdropped
      AND has_schema_privilege(n.oid, 'USAGE')
      AND has_column_privilege(c.oid, a.attnum, 'SELECT')
    ORDER BY 1, 2, a.attnum
"""
_WRITABLE = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ({schemas}) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
"""
_LOST = ("08", "57P", "XX")
"""Classes of SQLSTATE of a connection or server that is gone (PostgreSQL, appendix A)."""


@dataclass
class PostgresEngine:
    """A connection in one read-only transaction, so that all answers are of one moment."""

    settings: Postgres
    connection: dbapi.Connection
    found: dict[str, dict[str, str]] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    name: str = "OMOP CDM (PostgreSQL)"
    place: str = PLACE

    def tables(self) -> Found:
        """Tables that the role may read."""
        return self.found

    def schema_of(self, table: str) -> str:
        """Schema of a table."""
        if TABLES[table].vocabulary and self.settings.vocabulary_schema:
            return self.settings.vocabulary_schema
        return self.settings.cdm_schema

    def place_of(self, table: str) -> str:
        """The table in its schema."""
        return f"{_name(self.schema_of(table))}.{_name(table)}"

    def give(self, name: str, frame: pl.DataFrame) -> None:
        """Keep it as array constants: a role that can only read can't make a table."""
        arrays = ", ".join(_array(frame[column]) for column in frame.columns)
        names = ", ".join(frame.columns)
        self.given[name] = f"(SELECT * FROM unnest({arrays}) AS given({names}))"

    def answer(self, question: str) -> pl.DataFrame:
        """Rows of a question."""
        return self.run(translate(question, "postgres", self.found, self.place_of, self.given))

    def run(self, sql: str) -> pl.DataFrame:
        """Rows of a query in PostgreSQL's own SQL, through Arrow."""
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                frame = pl.from_arrow(cursor.fetch_arrow_table())
        except Error as error:
            raise _failed(error) from None
        assert isinstance(frame, pl.DataFrame)
        return frame

    def rows(self, sql: str) -> list[Any]:
        """Rows of a question on the database itself; ``{schemas}`` are the two schemas."""
        names = {self.settings.cdm_schema, self.settings.vocabulary_schema} - {""}
        listed = ", ".join(_text(name) for name in sorted(names))
        return self.run(sql.replace("{schemas}", listed)).rows()


@contextmanager
def open_postgres(settings: Postgres) -> Iterator[PostgresEngine]:
    """Connect and begin a read-only transaction.

    A role that could write is refused, though the transaction would stop it: the transaction
    guards against our mistakes only, the role also against whoever gets hold of the secret.

    Raises:
        FaultError: the secret can't be read or others can read it, the connection is not
            verified or fails, or the role can write.
    """
    uri = read_uri(settings)
    demand_verified(uri)
    try:
        connection = dbapi.connect(uri, autocommit=True)
    except Error as error:
        raise _failed(error) from None
    try:
        engine = PostgresEngine(settings, connection)
        _begin(connection)
        _demand_read_only(engine)
        for schema, table, column, kind in engine.rows(_COLUMNS):
            if table in TABLES and schema == engine.schema_of(table):
                engine.found.setdefault(table, {})[column] = kind
        yield engine
    finally:
        with suppress(Error):  # the server is gone, and has told so before
            connection.close()


def _begin(connection: dbapi.Connection) -> None:
    """Settings of the session, then one transaction that sees one moment and can't write."""
    try:
        with connection.cursor() as cursor:
            for statement in (
                "SET default_transaction_read_only = on",
                "SET default_transaction_isolation = 'repeatable read'",
                "SET standard_conforming_strings = on",
                "SET TIME ZONE 'UTC'",
            ):
                cursor.execute(statement)
        connection.adbc_connection.set_autocommit(False)
    except Error as error:
        raise _failed(error) from None


def _demand_read_only(engine: PostgresEngine) -> None:
    if engine.rows(_WRITABLE)[0][0]:
        schema = engine.settings.cdm_schema
        raise platform_error(
            PLACE,
            "postgres-can-write",
            "a role that may write to the clinical tables",
            "a role that may only read them",
            f"make one with GRANT USAGE ON SCHEMA {schema} and GRANT SELECT ON ALL TABLES IN "
            f"SCHEMA {schema}, nothing else, and connect as it",
        )


def read_uri(settings: Postgres) -> str:
    """The connection URI, out of its file or the environment.

    Raises:
        FaultError: it is not there, or others than its owner can read the file.
    """
    if not settings.uri_file:
        uri = os.environ.get(settings.uri_variable, "").strip()
        if not uri:
            raise _secret(settings.uri_variable, "an environment variable that is not set")
        return uri
    path = Path(settings.uri_file)
    text = read_text(path).strip()
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise _secret(str(path), f"mode {mode:04o}: others than the owner can read it")
    if not text:
        raise _secret(str(path), "an empty file")
    return text


def demand_verified(uri: str) -> None:
    """Refuse a connection to another machine that does not verify its certificate.

    Raises:
        FaultError: such a connection, or a text that is no connection string.
    """
    hosts, mode = _hosts_and_mode(uri)
    mode = mode or os.environ.get("PGSSLMODE", "")
    away = [h for h in hosts if h and h not in LOOPBACK and not h.startswith(("/", "@"))]
    if away and mode not in VERIFIED:
        raise platform_error(
            PLACE,
            "postgres-tls",
            f"a connection to another machine with sslmode={mode}"
            if mode in ("disable", "allow", "prefer", "require")
            else "a connection to another machine without sslmode",
            "sslmode=verify-full (or verify-ca)",
            "add it to the connection URI, with sslrootcert if the site has its own authority",
        )


def _hosts_and_mode(uri: str) -> tuple[list[str], str]:
    """Hosts and sslmode of a libpq URI or of its ``key=value`` form."""
    try:
        if re.match(r"postgres(ql)?://", uri):
            parts = urlsplit(uri)
            asked = parse_qs(parts.query)
            named = re.sub(r"^.*@", "", parts.netloc).split(",")
            hosts = [re.sub(r":\d*$", "", host).strip("[]") for host in named]
            hosts += [h for name in ("host", "hostaddr") for h in asked.get(name, [])]
            return [h for host in hosts for h in host.split(",")], asked.get("sslmode", [""])[-1]
        words = dict(word.split("=", 1) for word in shlex.split(uri))
    except ValueError:
        raise _secret(PLACE, "a text that is no connection URI") from None
    hosts = [h for name in ("host", "hostaddr") for h in words.get(name, "").split(",")]
    return hosts, words.get("sslmode", "")


def _secret(place: str, found: str) -> FaultError:
    return platform_error(
        place,
        "postgres-secret",
        found,
        "a connection URI in a file of mode 0600, or in an environment variable",
        "write postgresql://role:password@host/database into it; chmod 600 a file",
    )


def _failed(error: Any) -> FaultError:
    """The fault for an error of the driver, whose own words may hold secrets or values."""
    state = error.sqlstate or ""
    if state.startswith(_LOST) or not state:
        return platform_error(
            PLACE,
            "platform-lost",
            f"the connection failed or broke (SQLSTATE {state or 'none'})",
            "a server that answers to the end",
            "see that the server runs and takes this role, then start again; nothing was written",
        )
    if state.startswith("28"):
        return platform_error(
            PLACE,
            "platform-refused",
            f"the server refused the role or its password (SQLSTATE {state})",
            "a role that may connect and read",
            "correct the connection URI",
        )
    return broken(PLACE, f"SQLSTATE {state}")


_ARRAYS = {pl.Int32: "int", pl.Int64: "bigint", pl.Float64: "double precision", pl.String: "text"}


def _array(values: pl.Series) -> str:
    """A column as an array constant; text is quoted for the array and then for the statement."""
    kind = _ARRAYS[type(values.dtype)]
    if values.dtype == pl.String:
        texts = values.str.replace_all("\x00", "", literal=True)
        texts = texts.str.replace_all("\\", "\\\\", literal=True)
        quoted = texts.str.replace_all('"', '\\"', literal=True)
        elements = ['"' + text + '"' if text is not None else "NULL" for text in quoted]
    else:
        elements = ["NULL" if value is None else repr(value) for value in values]
    return f"CAST({_text('{' + ','.join(elements) + '}')} AS {kind}[])"


def _text(value: str) -> str:
    return "'{}'".format(value.replace("'", "''"))


def _name(value: str) -> str:
    return '"{}"'.format(value.replace('"', '""'))

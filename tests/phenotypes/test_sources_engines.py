"""What of PostgreSQL and Spark can be held without a server: secrets, quoting, translation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from sqlglot import exp, parse_one

from soyang.core.clinical import Platform, Postgres
from soyang.core.errors import FaultError
from soyang.phenotypes import questions
from soyang.phenotypes.answers import DOMAINS
from soyang.phenotypes.contract import TABLES
from soyang.phenotypes.postgres_source import PostgresEngine, demand_verified, read_uri
from soyang.phenotypes.sources import open_source
from soyang.phenotypes.spark_source import _literal
from soyang.phenotypes.translate import translate

SECRET = "s3cret-금고"
WANTED = pl.DataFrame({"person": ["A"], "person_id": ["1"]})

TEXTS = [
    text
    for name, text in vars(questions).items()
    if name.isupper() and isinstance(text, str) and "SELECT" in text
]
ALL = [*TEXTS, *map(questions.events, DOMAINS), questions.occurrences([1, 2])]
GIVEN = {"wanted": "given_w", "asked": "given_a", "sets": "given_s"}
FOUND = {table: dict.fromkeys(needed.kinds, "X") for table, needed in TABLES.items()}


def uri_file(tmp_path: Path, text: str, mode: int = 0o600) -> Postgres:
    path = tmp_path / "비밀 주소"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return Postgres(uri_file=path)


def test_a_secret_in_a_file_of_its_owner(tmp_path: Path) -> None:
    uri = f"postgresql://reader:{SECRET}@localhost/cdm"
    assert read_uri(uri_file(tmp_path, f"\ufeff{uri}\r\n")) == uri


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(FaultError, match=f"mode {mode:04o}") as caught:
        read_uri(uri_file(tmp_path, SECRET, mode))
    assert SECRET not in str(caught.value)


def test_a_secret_that_is_not_there(tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(FaultError, match="an empty file"):
        read_uri(uri_file(tmp_path, " \n"))
    with pytest.raises(FaultError, match="no such file"):
        read_uri(Postgres(uri_file=tmp_path / "none"))
    monkeypatch.delenv("SOYANG_TEST_URI", raising=False)
    with pytest.raises(FaultError, match="SOYANG_TEST_URI"):
        read_uri(Postgres(uri_variable="SOYANG_TEST_URI"))
    monkeypatch.setenv("SOYANG_TEST_URI", f" {SECRET}\n")
    assert read_uri(Postgres(uri_variable="SOYANG_TEST_URI")) == SECRET


AWAY = f"postgresql://reader:{SECRET}@db.hospital.example:5432/cdm"


@pytest.mark.parametrize(
    "uri",
    [
        f"postgresql://reader:{SECRET}@127.0.0.1:5432/cdm",
        f"postgres://reader:{SECRET}@[::1]/cdm",
        "postgresql:///cdm?host=/var/run/postgresql",
        "postgresql:///cdm",
        f"host=localhost password='{SECRET}' dbname=cdm",
        f"{AWAY}?sslmode=verify-full",
        f"host=db.hospital.example sslmode=verify-ca password={SECRET}",
    ],
)
def test_a_verified_connection_or_one_on_this_machine(uri: str, monkeypatch: Any) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    demand_verified(uri)


@pytest.mark.parametrize(
    "uri",
    [
        AWAY,
        f"{AWAY}?sslmode=require",
        f"{AWAY}?sslmode=disable",
        f"postgresql://reader:{SECRET}@localhost,db.hospital.example/cdm",
        f"postgresql://localhost/cdm?password={SECRET}&hostaddr=10.0.0.7",
        f"host=db.hospital.example password={SECRET}",
        f"not a connection string {SECRET}",
        f"host='{SECRET}",
    ],
)
def test_a_connection_that_is_not_verified_is_refused_without_telling_it(
    uri: str, monkeypatch: Any
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    with pytest.raises(FaultError) as caught:
        demand_verified(uri)
    assert SECRET not in str(caught.value)
    assert "hospital.example" not in str(caught.value)


def test_no_server_is_a_fault_without_the_secret(tmp_path: Path) -> None:
    uri = f"postgresql://reader:{SECRET}@127.0.0.1:1/cdm?connect_timeout=2"
    settings = Platform(postgres=uri_file(tmp_path, uri))
    with pytest.raises(FaultError, match=r"platform\.postgres") as caught:
        open_source(settings, WANTED).__enter__()
    assert caught.value.faults[0].code == "platform-lost"
    assert SECRET not in str(caught.value)
    assert "reader" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_small_tables_go_as_constants_that_no_text_breaks_out_of() -> None:
    engine = PostgresEngine(Postgres(uri_variable="X"), None)  # type: ignore[arg-type]
    odd = ["it's", '"', "\\", "{,}", "NULL", "한글", "'; DROP TABLE person; --", None, ""]
    frame = pl.DataFrame(
        {"code": odd, "n": pl.Series([1, None, *range(7)], dtype=pl.Int64)}
    ).with_columns(at_least=pl.lit(0.5))
    engine.give("asked", frame)
    sql = translate(
        "SELECT a.code, a.n FROM asked a", "postgres", {}, engine.place_of, engine.given
    )
    # DuckDB's list literals are not PostgreSQL's, so what is held is the one string of each
    literals = [lit.this for lit in parse_one(sql, read="postgres").find_all(exp.Literal)]
    assert len(literals) == 3
    assert literals[0] == (
        '{"it\'s","\\"","\\\\","{,}","NULL","한글","\'; DROP TABLE person; --",NULL,""}'
    )
    assert literals[1:] == ["{1,NULL,0,1,2,3,4,5,6}", "{" + ",".join(["0.5"] * 9) + "}"]


@pytest.mark.parametrize("dialect", ["postgres", "spark"])
@pytest.mark.parametrize("question", ALL, ids=range(len(ALL)))
def test_every_question_is_translated_to_the_platforms_own_tables(
    question: str, dialect: str
) -> None:
    sql = translate(question, dialect, FOUND, lambda table: f"cdm.{table}", GIVEN)
    tables = list(parse_one(sql, read=dialect).find_all(exp.Table))
    assert tables
    assert all(t.db == "cdm" or t.name in GIVEN.values() for t in tables)
    assert translate(question, dialect, {}, str, GIVEN)


@pytest.mark.parametrize("question", ALL, ids=range(len(ALL)))
def test_every_question_reads_declared_columns_only(question: str) -> None:
    """On tables that have all declared columns as NULL, no other column is asked for."""
    with duckdb.connect() as connection:
        for table in TABLES:
            connection.execute(f"CREATE VIEW {table} AS {questions.with_missing(table, {}, table)}")
        connection.execute("CREATE TABLE wanted (n BIGINT, person_id BIGINT)")
        connection.execute("CREATE TABLE sets (k BIGINT, concept_id BIGINT, at_least DOUBLE)")
        connection.execute(
            "CREATE TABLE asked (n BIGINT, identifier VARCHAR, concept_id BIGINT, "
            "vocabulary VARCHAR, code VARCHAR)"
        )
        assert connection.execute(question).fetchall() == []


def test_a_path_is_no_pattern_for_spark() -> None:
    assert _literal(Path("/자료 [1]/{a}*")) == "/자료 \\[1\\]/\\{a\\}\\*"


def test_without_pyspark_the_fault_says_so(monkeypatch: Any) -> None:
    import sys  # noqa: PLC0415

    monkeypatch.setitem(sys.modules, "soyang.phenotypes.spark_source", None)
    settings = Platform.model_validate({"spark": {"folder": "x"}})
    with pytest.raises(FaultError, match="no pyspark"):
        open_source(settings, WANTED).__enter__()


def test_a_source_that_is_not_named_or_not_fetched() -> None:
    with pytest.raises(ValueError, match="no source"):
        open_source(Platform(), WANTED).__enter__()

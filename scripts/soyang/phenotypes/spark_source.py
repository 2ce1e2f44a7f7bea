"""OMOP CDM on Spark SQL: a folder of Parquet tables, or schemas of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from pyspark.sql import SparkSession

from soyang.core.clinical import Spark
from soyang.core.errors import FaultError
from soyang.phenotypes.contract import TABLES, Found
from soyang.phenotypes.duckdb_source import parquet_tables
from soyang.phenotypes.engine import broken, platform_error
from soyang.phenotypes.translate import translate

PLACE = "platform.spark"

_CONF = {
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.log.level": "OFF",
}
_LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
}
"""Where driver and workers are one process: nobody else may reach it, and its few partitions
fit one machine."""


@dataclass
class SparkEngine:
    """A Spark session and the tables in it.

    Attributes:
        settings: where the tables are.
        session: Spark's.
        bounds: lowest and highest person_id asked for; Spark skips row groups of Parquet by
            constants, not by what it joins.
    """

    settings: Spark
    session: SparkSession
    found: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    bounds: tuple[int, int] | None = None
    given: dict[str, str] = field(default_factory=dict)
    name: str = "OMOP CDM (Spark)"
    place: str = PLACE

    def tables(self) -> Found:
        """Tables of the folder, or of the schemas."""
        return self.found

    def place_of(self, table: str) -> str:
        """The table, only the stretch of persons asked for where it has persons."""
        if self.bounds and "person_id" in TABLES[table].kinds:
            low, high = self.bounds
            where = f"person_id BETWEEN {low} AND {high}"
            return f"(SELECT * FROM {self.places[table]} WHERE {where})"
        return self.places[table]

    def give(self, name: str, frame: pl.DataFrame) -> None:
        """Make it a temporary view of the session."""
        if name == "wanted" and len(frame):
            ids = frame["person_id"].to_list()
            self.bounds = (min(ids), max(ids))
        self.given[name] = view = f"soyang_given_{name}"
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        try:
            self.session.createDataFrame(table).createOrReplaceTempView(view)
        except Exception as error:  # noqa: BLE001  Py4J and Connect have no common ancestor
            raise _failed(error) from None

    def answer(self, question: str) -> pl.DataFrame:
        """Rows of a question, through Arrow."""
        sql = translate(question, "spark", self.found, self.place_of, self.given)
        try:
            frame = pl.from_arrow(self.session.sql(sql).toArrow())
        except Exception as error:  # noqa: BLE001
            raise _failed(error) from None
        assert isinstance(frame, pl.DataFrame)
        return frame

    def add(self, table: str, place: str, frame: Any) -> None:
        """Take a table that Spark has opened."""
        self.places[table] = place
        self.found[table] = {name.lower(): kind for name, kind in frame.dtypes}


@contextmanager
def open_spark(settings: Spark) -> Iterator[SparkEngine]:
    """Start Spark or connect to it, and find the tables.

    A session that was there before is used and left open.

    Raises:
        FaultError: Java is missing, the server can't be reached, or a table can't
            be read.
    """
    before = SparkSession.getActiveSession()
    try:
        session = before or _start(settings)
        engine = SparkEngine(settings, session)
        if settings.folder:
            _add_folder(engine, Path(settings.folder))
        else:
            _add_schemas(engine)
    except FaultError:
        raise
    except Exception as error:  # noqa: BLE001
        raise _failed(error) from None
    try:
        yield engine
    finally:
        if before is None:
            session.stop()


def _start(settings: Spark) -> SparkSession:
    builder: Any = SparkSession.builder.appName("soyang")
    if settings.remote:
        session: SparkSession = builder.remote(settings.remote).getOrCreate()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        return session
    conf = {**_CONF, **(_LOCAL if settings.master.startswith("local") else {})}
    for key, value in conf.items():
        builder = builder.config(key, value)
    started: SparkSession = builder.master(settings.master).getOrCreate()
    return started


def _add_folder(engine: SparkEngine, folder: Path) -> None:
    if not folder.is_dir():
        raise platform_error(
            str(folder), "omop-file", "no such folder", "a folder with one Parquet table each",
            "correct the path",
        )  # fmt: skip
    for table, files in parquet_tables(folder, set(TABLES)).items():
        view = f"soyang_{table}"
        paths = [_literal(file.resolve()) for file in files]
        frame = engine.session.read.option("mergeSchema", "true").parquet(*paths)
        frame.createOrReplaceTempView(view)
        engine.add(table, view, frame)


def _literal(path: Path) -> str:
    """A path as Hadoop reads it, whose own signs for patterns are escaped."""
    return re.sub(r"([\[\]{}*?\\,^])", r"\\\1", str(path))


def _add_schemas(engine: SparkEngine) -> None:
    settings, catalogue = engine.settings, engine.session.catalog
    schemas = {False: settings.cdm_schema}
    schemas[True] = settings.vocabulary_schema or settings.cdm_schema
    for schema in sorted(set(schemas.values())):
        for listed in catalogue.listTables(schema):
            table = listed.name.lower()
            if table in TABLES and schemas[TABLES[table].vocabulary] == schema:
                names = [*schema.split("."), listed.name]
                place = ".".join(f"`{name.replace('`', '``')}`" for name in names)
                engine.add(table, place, engine.session.table(place))


def _failed(error: Exception) -> FaultError:
    """The fault for an error of Spark, whose own words may hold values of records."""
    condition = getattr(error, "getCondition", lambda: None)() or type(error).__name__
    if condition.startswith(
        ("JAVA_GATEWAY", "CONNECT", "Py4JNetwork", "_InactiveRpc", "Connection")
    ):
        return platform_error(
            PLACE,
            "platform-lost",
            f"Spark could not be started or reached, or broke ({condition})",
            "a Spark that answers to the end",
            "see that Java 17 is installed or that the server runs, then start again",
        )
    return broken(PLACE, condition)

"""One synthetic platform, loaded into DuckDB, Parquet, PostgreSQL, Spark and a FHIR server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import fhir_resources  # noqa: E402  the modules beside this file
import generator  # noqa: E402
import live_fhir  # noqa: E402
import postgres  # noqa: E402
import writers  # noqa: E402
from generator import Cohort  # noqa: E402
from workspace import postgres_settings  # noqa: E402

from soyang.core.clinical import Fhir, Platform, Spark  # noqa: E402

GROUP = "cohort"
"""The Group of the FHIR server with the people of the sheet."""


@pytest.fixture(scope="session")
def platform_data() -> Cohort:
    """People with all that OMOP can say."""
    return generator.generate(90, seed=5)


@pytest.fixture(scope="session")
def common_data() -> Cohort:
    """People with what OMOP and FHIR R4 can both say."""
    return generator.generate(70, seed=7, common=True)


@pytest.fixture(scope="session")
def private_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where secrets lie; Hangul and a space in its name."""
    folder = tmp_path_factory.mktemp("platform") / "비밀 폴더"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session")
def duckdb_platform(platform_data: Cohort, private_folder: Path) -> Platform:
    return Platform(omop=writers.to_duckdb(platform_data.tables, private_folder / "cdm.duckdb"))


@pytest.fixture(scope="session")
def parquet_platform(platform_data: Cohort, private_folder: Path) -> Platform:
    return Platform(omop=writers.to_parquet(platform_data.tables, private_folder / "parquet"))


@pytest.fixture(scope="session")
def cluster(platform_data: Cohort, common_data: Cohort) -> Iterator[postgres.Cluster]:
    """PostgreSQL with both platforms, in the schemas ``cdm`` and ``common``."""
    with postgres.cluster() as own:
        writers.to_postgres(platform_data.tables, own.uri(postgres.OWNER), "cdm")
        writers.to_postgres(common_data.tables, own.uri(postgres.OWNER), "common")
        own.grant_read("cdm", "common")
        yield own


@pytest.fixture(scope="session")
def postgres_platform(cluster: postgres.Cluster, private_folder: Path) -> Platform:
    return postgres_settings(cluster.uri(), private_folder)


@contextmanager
def loopback() -> Iterator[None]:
    """Spark's driver listens on loopback only; its session ends with the tests."""
    before = os.environ.get("SPARK_LOCAL_IP")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    try:
        yield
    finally:
        os.environ.pop("SPARK_LOCAL_IP")
        if before is not None:
            os.environ["SPARK_LOCAL_IP"] = before


@pytest.fixture(scope="session")
def spark_platform(parquet_platform: Platform) -> Iterator[Platform]:
    with loopback():
        yield Platform(spark=Spark(master="local[2]", folder=parquet_platform.omop))


@pytest.fixture(scope="session")
def common_platforms(
    common_data: Cohort, cluster: postgres.Cluster, private_folder: Path
) -> Iterator[dict[str, Platform]]:
    """The same people in DuckDB, Parquet, PostgreSQL and Spark, by name."""
    tables = common_data.tables
    folder = writers.to_parquet(tables, private_folder / "common")
    with loopback():
        yield {
            "duckdb": Platform(omop=writers.to_duckdb(tables, private_folder / "common.duckdb")),
            "parquet": Platform(omop=folder),
            "postgres": postgres_settings(cluster.uri(), private_folder, "common"),
            "spark": Platform(spark=Spark(master="local[2]", folder=folder)),
        }


@pytest.fixture(scope="session")
def fhir_server(
    common_data: Cohort, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[live_fhir.Server]:
    """A live FHIR R4 server with the people of ``common_data``."""
    with live_fhir.server(tmp_path_factory.mktemp("fhir") / "sekmet") as own:
        there = set(common_data.tables["person"]["person_id"].cast(pl.String))
        asked = there & set(common_data.crosswalk["platform_person_id"])
        made = [
            *fhir_resources.resources(common_data.tables),
            fhir_resources.group(GROUP, asked),
        ]
        token = {"Authorization": f"Bearer {live_fhir.LOADING_TOKEN}"}
        assert fhir_resources.load(own.base, made, token) > 2_000
        yield own


@pytest.fixture(scope="session")
def fhir_platform(
    fhir_server: live_fhir.Server, common_data: Cohort, private_folder: Path
) -> Platform:
    """The FHIR server by SMART Backend Services and Bulk Data export."""
    vocabulary = private_folder / "vocabulary.duckdb"
    writers.to_duckdb(common_data.tables, vocabulary, only=writers.VOCABULARY)
    return Platform(
        fhir=Fhir(
            base_url=fhir_server.base,
            token_url=fhir_server.token_url,
            client_id=live_fhir.CLIENT,
            key_file=fhir_server.key_file,
            group=GROUP,
            identifier_system=fhir_resources.PERSON_SYSTEM,
            vocabulary=vocabulary,
        )
    )

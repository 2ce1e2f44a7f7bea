"""Opening the clinical data platform, whatever it runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import polars as pl

from soyang.core.clinical import Platform, Spark
from soyang.phenotypes.engine import Engine, platform_error
from soyang.phenotypes.source import Source

FHIR_UNANSWERED = frozenset({"periods"})
"""R4 has no observation period, the days in which a record would be there."""


@contextmanager
def open_source(
    platform: Platform, wanted: pl.DataFrame, *, fetched: Path | None = None
) -> Iterator[Source]:
    """Open the platform's source of records for some persons.

    Args:
        platform: settings; they must name a source.
        wanted: columns person, person_id (String), each once.
        fetched: where the source is FHIR, the folder that ``phenotypes fetch`` wrote.

    Raises:
        FaultError: the platform can't be opened, or is not as OMOP CDM 5.4 prescribes.
        ValueError: no source is named, or nothing was fetched.
    """
    # engines take their time to load, and a verb needs one of them
    from soyang.phenotypes.sql_source import SqlSource  # noqa: PLC0415

    with _open_engine(platform, fetched) as engine:
        if platform.kind == "fhir":
            yield SqlSource(
                engine, wanted, by_source_value=True, never=FHIR_UNANSWERED, name="FHIR R4"
            )
        else:
            yield SqlSource(engine, wanted)


def _open_engine(platform: Platform, fetched: Path | None) -> AbstractContextManager[Engine]:
    if platform.postgres:
        from soyang.phenotypes.postgres_source import open_postgres  # noqa: PLC0415

        return open_postgres(platform.postgres)
    if platform.spark:
        return _open_spark(platform.spark)
    from soyang.phenotypes.duckdb_source import open_duckdb  # noqa: PLC0415

    if platform.omop:
        return open_duckdb(Path(platform.omop))
    if platform.fhir and fetched:
        return open_duckdb(fetched, Path(platform.fhir.vocabulary))
    raise ValueError("no source of records, or FHIR resources that were not fetched")


def _open_spark(settings: Spark) -> AbstractContextManager[Engine]:
    try:
        from soyang.phenotypes.spark_source import open_spark  # noqa: PLC0415
    except ImportError:
        raise platform_error(
            "platform.spark",
            "spark-missing",
            "no pyspark in this environment",
            "the package's extra 'spark'",
            "install soyang[spark]",
        ) from None
    return open_spark(settings)

"""The platform's folder of Parquet tables, as admission looks at it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from soyang.admission.omop import TABLES, omop_faults


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole CDM, one table of it as a folder, one in upper case."""
    folder = tmp_path / "쪽 마루"
    folder.mkdir()
    (folder / "observation").mkdir()
    with duckdb.connect() as connection:
        for table, columns in TABLES.items():
            path = folder / f"{table}.parquet"
            if table == "observation":
                path = folder / table / "part-0.parquet"
            if table == "concept":
                path = folder / "CONCEPT.parquet"
            listed = ", ".join(f"1 AS {column}" for column in columns)
            connection.execute(f"COPY (SELECT {listed}) TO '{path}' (FORMAT parquet)")
    return folder


def test_a_whole_folder_has_no_fault(folder: Path) -> None:
    assert list(omop_faults(folder)) == []


def test_missing_tables_and_columns_are_named_at_once(folder: Path) -> None:
    (folder / "measurement.parquet").unlink()
    (folder / "observation" / "part-0.parquet").unlink()
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 1 AS person_id WHERE false) TO '{folder / 'person.parquet'}'"
        )
    told = [(fault.code, fault.found) for fault in omop_faults(folder)]
    assert told == [
        ("omop-table", "no gender_concept_id, year_of_birth in person"),
        ("omop-table", "no table observation"),
        ("omop-table", "no table measurement"),
        ("omop-empty", "no person"),
    ]


def test_a_damaged_table_is_named_once(folder: Path) -> None:
    (folder / "person.parquet").write_bytes(b"no Parquet at all")
    (fault,) = omop_faults(folder)
    assert fault.code == "omop-unreadable"
    assert "table person" in fault.found


def test_a_folder_without_tables(tmp_path: Path) -> None:
    assert len(list(omop_faults(tmp_path))) == len(TABLES)

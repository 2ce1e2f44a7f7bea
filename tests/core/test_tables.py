"""Declared tables."""

from __future__ import annotations

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import Column, Table, read_columns, read_table, write_table

TABLE = Table(
    name="room.things",
    meaning="one thing",
    columns=(
        Column(name="name", dtype=pl.String, meaning="its name"),
        Column(name="kind", dtype=pl.String, allowed=("a", "b"), meaning="its kind"),
        Column(name="size", dtype=pl.Int64, nullable=True, meaning="missing: not measured"),
        Column(name="good", dtype=pl.Boolean, meaning="whether it is good"),
        Column(name="day", dtype=pl.Date, nullable=True, meaning="when"),
    ),
    key=("name",),
)
ROWS = [
    {"name": "하나", "kind": "a", "size": 1, "good": True, "day": None},
    {"name": "", "kind": "b", "size": None, "good": False, "day": None},
]


@pytest.mark.parametrize("name", ["things.tsv", "things.parquet"])
def test_what_is_written_is_read_back(tmp_path, name):
    frame = TABLE.frame(ROWS)
    write_table(frame, tmp_path / "sub folder" / name, TABLE)
    assert read_table(tmp_path / "sub folder" / name, TABLE).equals(frame)
    assert [p.name for p in (tmp_path / "sub folder").iterdir()] == [name]


@pytest.mark.parametrize("name", ["none.tsv", "none.parquet"])
def test_an_empty_table_keeps_its_types(tmp_path, name):
    write_table(TABLE.empty(), tmp_path / name, TABLE)
    assert read_table(tmp_path / name, TABLE).schema == TABLE.empty().schema


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "c"}, ["kind", "'c'", "a, b"]),
        ({"good": None}, ["good", "missing value"]),
    ],
)
def test_a_value_that_breaks_the_declaration_is_named(change, words):
    with pytest.raises(FaultError) as caught:
        TABLE.frame([ROWS[0] | change])
    for word in words:
        assert word in str(caught.value)


def test_all_breaches_are_shown_at_once():
    with pytest.raises(FaultError) as caught:
        TABLE.frame([ROWS[0] | {"kind": "c", "good": None}])
    assert len(caught.value.faults) == 2


def test_a_second_row_for_a_key_is_refused():
    with pytest.raises(FaultError, match="second row"):
        TABLE.frame([ROWS[0], ROWS[0]])


def test_a_foreign_file_is_refused_by_name(tmp_path):
    (tmp_path / "x.tsv").write_text("name\tsomething\n1\t2\n")
    with pytest.raises(FaultError, match=r"x\.tsv.*something"):
        read_table(tmp_path / "x.tsv", TABLE)
    with pytest.raises(FaultError, match=r"y\.tsv: found no file"):
        read_table(tmp_path / "y.tsv", TABLE)


def test_another_rooms_columns_are_read_as_text(tmp_path):
    path = tmp_path / "표.tsv"
    path.write_bytes(b"\xef\xbb\xbfa\tb\r\n1\t\r\n")
    assert read_columns(path, "a", "b").rows() == [("1", "")]
    with pytest.raises(FaultError, match="column c"):
        read_columns(path, "a", "c")
    path.write_text("")
    with pytest.raises(FaultError, match="column a"):
        read_columns(path, "a")

"""The merge join finds what a dictionary finds, whatever falls into which row group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from soyang.annotation.release import join
from soyang.annotation.release.join import find
from soyang.core.errors import FaultError

Keys = list[tuple[int, int]]
CODES = st.integers(0, 5)
KEYS = st.lists(st.tuples(st.integers(1, 60), CODES), max_size=80)


def write(path: Path, keys: Keys, row_group: int = 8, **options: Any) -> Path:
    """A chromosome's file: of each key the number of its row, a text, and now and then nothing."""
    frame = pl.DataFrame(
        {
            "position": pl.Series([p for p, _ in keys], dtype=pl.Int32),
            "code": pl.Series([c for _, c in keys], dtype=pl.UInt32),
            "number": pl.Series([n if n % 3 else None for n in range(len(keys))], dtype=pl.Int32),
            "text": pl.Series([f"t{n % 4}" for n in range(len(keys))], dtype=pl.String),
        }
    )
    pq.write_table(frame.to_arrow(), path, row_group_size=row_group, **options)
    return path


def look(path: Path, queries: Keys, columns: tuple[str, ...] = ("number", "text")) -> Any:
    position = np.array([p for p, _ in queries], dtype=np.int32)
    code = np.array([c for _, c in queries], dtype=np.uint32)
    return find(path, position, code, np.ones(len(queries), dtype=np.bool_), columns)


@example(there=[(1, 0), (1, 1)], asked=[(1, 1), (1, 0)], row_group=1, bounds=True)
@settings(max_examples=60, deadline=None)
@given(there=KEYS, asked=KEYS, row_group=st.sampled_from([1, 2, 7, 100]), bounds=st.booleans())
def test_the_same_as_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory,
    there: Keys,
    asked: Keys,
    row_group: int,
    bounds: bool,
) -> None:
    there = sorted(set(there))
    queries = sorted(asked, key=lambda key: key[0])  # codes in any order, and twice
    path = tmp_path_factory.getbasetemp() / "one.parquet"
    write(path, there, row_group, write_statistics=bounds)

    hits = look(path, queries)

    rows = {key: number for number, key in enumerate(there)}
    expected = [rows.get(key) for key in queries]
    assert hits.query.tolist() == [place for place, row in enumerate(expected) if row is not None]
    aligned = hits.aligned(len(queries))
    assert aligned["text"].to_list() == [None if r is None else f"t{r % 4}" for r in expected]
    assert aligned["number"].to_list() == [None if r is None or not r % 3 else r for r in expected]
    assert aligned.schema == {"number": pl.Int32, "text": pl.String}


def test_what_is_not_eligible_is_not_found(tmp_path: Path) -> None:
    path = write(tmp_path / "one.parquet", [(1, 2), (3, 4)])
    ints, codes = np.array([1, 3], dtype=np.int32), np.array([2, 4], dtype=np.uint32)
    hits = find(path, ints, codes, np.array([False, True]), ["text"])
    assert hits.query.tolist() == [1]
    assert hits.payload["text"].to_list() == ["t1"]


def test_only_row_groups_with_queries_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "one.parquet", [(n, 0) for n in range(1, 101)], 10)
    read: list[tuple[int, tuple[str, ...]]] = []
    real = pq.ParquetFile.read_row_group

    def counting(self: Any, group: int, columns: Any, **options: Any) -> Any:
        read.append((group, tuple(columns)))
        return real(self, group, columns=columns, **options)

    monkeypatch.setattr(join.pq.ParquetFile, "read_row_group", counting)

    hits = look(path, [(15, 0), (33, 1), (34, 0)])

    assert hits.query.tolist() == [0, 2]
    key, payload = ("position", "code"), ("number", "text")
    assert read == [(1, key), (1, payload), (3, key), (3, payload)]
    read.clear()
    assert len(look(path, [(51, 1)]).query) == 0
    assert read == [(5, key)]  # the payload only where there is a hit


@pytest.mark.parametrize("queries", [[], [(5, 1)]])
def test_an_empty_source_or_no_queries(tmp_path: Path, queries: Keys) -> None:
    empty = write(tmp_path / "empty.parquet", [])
    some = write(tmp_path / "some.parquet", [(1, 1)])
    for path in (empty, some):
        hits = look(path, queries)
        assert hits.aligned(len(queries)).height == len(queries)
        assert hits.payload.schema == {"number": pl.Int32, "text": pl.String}


def test_no_columns_still_say_which_are_there(tmp_path: Path) -> None:
    path = write(tmp_path / "one.parquet", [(1, 1), (2, 2)])
    assert look(path, [(1, 1), (2, 1)], ()).query.tolist() == [0]


def test_unsorted_queries_are_a_bug(tmp_path: Path) -> None:
    path = write(tmp_path / "one.parquet", [(1, 1)])
    with pytest.raises(ValueError, match="not sorted"):
        look(path, [(2, 1), (1, 1)])


@pytest.mark.parametrize("damage", ["missing", "truncated", "no column"])
def test_a_damaged_file_is_told(tmp_path: Path, damage: str) -> None:
    path = write(tmp_path / "지식 1.parquet", [(1, 1)])
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-20])
    columns = ("nonsense",) if damage == "no column" else ("text",)
    with pytest.raises(FaultError, match=r"지식 1\.parquet.*copy or build the release again"):
        look(path, [(1, 1)], columns)

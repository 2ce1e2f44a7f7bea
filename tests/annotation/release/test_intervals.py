"""What a release's intervals say of places."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from soyang.annotation.release import intervals
from soyang.annotation.release.intervals import intervals_at
from soyang.annotation.release.reader import Release

SIZE = 500
KINDS = {"phylop": "conservation", "repeatmasker": "repeats"}


def sources(seed: int, count: int = 120) -> dict[str, list[tuple[int, int, str]]]:
    """Runs of a value that do not overlap, and repeats that do."""
    random = np.random.default_rng(seed)
    cuts = np.unique(random.integers(0, SIZE, count))
    runs = [
        (int(start), int(end), str(random.integers(-20_000, 10_000) / 1000))
        for start, end in itertools.pairwise(cuts)
        if random.random() < 0.7
    ]
    spans = {
        (int(start), int(start + size)): f"R{random.integers(9)}\tC{random.integers(3)}"
        for start, size in zip(
            random.integers(0, SIZE - 60, count), random.integers(1, 60, count), strict=True
        )
    }
    spans[0, SIZE - 1] = "span\twhole"
    repeats = [(*span, said) for span, said in sorted(spans.items())]
    return {"phylop": runs, "repeatmasker": repeats}


def built(desk: Any, content: dict[str, list[tuple[int, int, str]]]) -> Release:
    """A release with these intervals on chromosome 20."""
    entries = {}
    for name, rows in content.items():
        text = "".join(f"chr20\t{start}\t{end}\t{said}\n" for start, end, said in rows)
        (desk.files / f"{name}.bed").write_text(text)
        entries[name] = {**desk.clinvar(kind=KINDS[name], name=name), "file": f"{name}.bed"}
    return Release(desk.build(catalog=desk.catalog(**entries)))


def expected(
    rows: list[tuple[int, int, str]], position: int, end: int, *, numbers: bool
) -> int | str | None:
    touching = [said for start, stop, said in rows if start < end and stop > position - 1]
    if not touching:
        return None
    if numbers:
        return max(round(float(said) * 1000) for said in touching)
    return "|".join(sorted({":".join(said.split("\t")[::-1]) for said in touching}))


@pytest.mark.parametrize("seed", range(3))
def test_every_stretch_is_answered_as_by_looking_at_all(desk: Any, seed: int) -> None:
    content = sources(seed)
    release = built(desk, content)
    random = np.random.default_rng(seed + 100)
    position = random.integers(1, SIZE + 20, 400).astype(np.int32)
    end = position + random.choice([0, 0, 0, 1, 5, 80], 400).astype(np.int32)
    for name, rows in content.items():
        numbers = name == "phylop"
        found = intervals_at(release, name, "20", position, end)
        wanted = [
            expected(rows, int(p), int(e), numbers=numbers)
            for p, e in zip(position, end, strict=True)
        ]
        assert found.to_list() == wanted
        assert found.name == name
        assert any(value is None for value in wanted)


def test_answers_do_not_depend_on_row_groups(desk: Any) -> None:
    content = sources(9)
    release = built(desk, content)
    position = np.arange(1, SIZE, dtype=np.int32)
    end = (position + 7).astype(np.int32)
    for name in content:
        whole = intervals_at(release, name, "20", position, end)
        path = release.path / "intervals" / name / "20.parquet"
        for statistics in (True, False):
            table = pq.read_table(path)
            path.unlink()
            pq.write_table(table, path, row_group_size=5, write_statistics=statistics)
            assert intervals_at(release, name, "20", position, end).equals(whole)


def test_row_groups_without_queries_are_not_read(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {"phylop": [(n, n + 1, str(n)) for n in range(SIZE)]}
    release = built(desk, content)
    path = release.path / "intervals" / "phylop" / "20.parquet"
    table = pq.read_table(path)
    path.unlink()
    pq.write_table(table, path, row_group_size=10)
    read: list[int] = []
    original = pq.ParquetFile.read_row_group

    def spy(self: Any, group: int, **other: Any) -> Any:
        read.append(group)
        return original(self, group, **other)

    monkeypatch.setattr(intervals.pq.ParquetFile, "read_row_group", spy)
    at = np.array([205], dtype=np.int32)
    assert intervals_at(release, "phylop", "20", at, at).to_list() == [204_000]
    assert set(read) == {20}


def test_first_and_last_base_of_a_run(desk: Any) -> None:
    release = built(desk, {"phylop": [(10, 20, "1.5")]})
    position = np.array([10, 11, 20, 21, 9, 21], dtype=np.int32)
    end = np.array([10, 11, 20, 21, 11, 30], dtype=np.int32)
    found = intervals_at(release, "phylop", "20", position, end)
    assert found.to_list() == [None, 1500, 1500, None, 1500, None]


def test_an_insertion_is_asked_by_the_bases_beside_it(desk: Any) -> None:
    release = built(desk, {"phylop": [(10, 20, "-1.5"), (20, 21, "-3")]})
    found = intervals_at(release, "phylop", "20", np.array([20]), np.array([21]))
    assert found.to_list() == [-1500]


def test_no_queries_and_other_chromosomes(desk: Any) -> None:
    release = built(desk, sources(1))
    none = np.empty(0, dtype=np.int32)
    one = np.array([5], dtype=np.int32)
    for name, dtype in (("phylop", pl.Int32), ("repeatmasker", pl.String)):
        assert intervals_at(release, name, "20", none, none).is_empty()
        elsewhere = intervals_at(release, name, "X", one, one)
        assert elsewhere.to_list() == [None]
        assert elsewhere.dtype == dtype


def test_the_same_release_twice_has_the_same_bytes(desk: Any) -> None:
    content = sources(4)
    one = built(desk, content)
    two = Release(desk.build("again", catalog=desk.folder / "catalog.yaml", threads=2))
    assert one.manifest.files == two.manifest.files

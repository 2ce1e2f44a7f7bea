"""Blocks of text of any size, and the tables in them."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.annotation.sources.text import Layout, blocks, first_row, frames, table
from soyang.core.errors import FaultError

Put = Callable[..., Path]

LAYOUT = Layout(columns={"place": pl.Int32, "name": pl.String}, required=("place", "name"))
TEXT = "place\tname\tmore\n1\ta\tx\n2\tb\ty\n"


@given(
    lines=st.lists(st.text("ab", max_size=9), max_size=12),
    size=st.integers(1, 20),
    ended=st.booleans(),
)
def test_blocks_are_whole_lines_and_together_the_file(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], size: int, ended: bool
) -> None:
    text = "\n".join(lines) + ("\n" if ended else "")
    path = tmp_path_factory.mktemp("blocks") / "lines.txt"
    path.write_text(text)
    parts = list(blocks(path, size=size))
    assert b"".join(parts).decode() == text
    assert all(part.endswith(b"\n") for part in parts[:-1])


@pytest.mark.parametrize("name", ["plain.txt", "packed.txt.gz"])
def test_plain_and_gzipped_are_read_alike(put: Put, name: str) -> None:
    assert table(put(TEXT, name), LAYOUT).rows() == [(1, "a"), (2, "b")]


def test_gzip_members_one_after_the_other_are_one_file(put: Put) -> None:
    half = TEXT.index("2\t")
    packed = gzip.compress(TEXT[:half].encode()) + gzip.compress(TEXT[half:].encode())
    path = put(packed, "members.tsv")
    assert table(path, LAYOUT)["place"].to_list() == [1, 2]


def test_a_zip_of_one_file_is_read_past_resource_forks(put: Put) -> None:
    path = put("", "rows.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._rows", "x")
        archive.writestr("rows", TEXT)
    assert table(path, LAYOUT).height == 2


def test_a_zip_of_two_files_is_refused_by_their_names(put: Put) -> None:
    path = put("", "rows.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one", TEXT)
        archive.writestr("two", TEXT)
    with pytest.raises(FaultError, match=r"2 files in the zip .one, two"):
        table(path, LAYOUT)


def test_bom_and_crlf_are_nothing(put: Put) -> None:
    path = put("\ufeff" + TEXT.replace("\n", "\r\n"))
    assert table(path, Layout(columns={**LAYOUT.columns, "more": pl.String})).rows() == [
        (1, "a", "x"),
        (2, "b", "y"),
    ]


def test_titles_before_the_header_are_passed_over(put: Put) -> None:
    path = put("# a licence\n#\nmore titles, with commas\n#" + TEXT)
    assert table(path, LAYOUT).height == 2


def test_optional_columns_come_out_missing(put: Put) -> None:
    layout = Layout(columns=LAYOUT.columns, optional={"more": pl.String, "less": pl.Int8})
    frame = table(put(TEXT), layout)
    assert frame.columns == ["place", "name", "more", "less"]
    assert frame["less"].to_list() == [None, None]


def test_a_file_with_a_header_alone_has_no_rows(put: Put) -> None:
    frame = table(put("place\tname\n"), LAYOUT)
    assert frame.is_empty()
    assert frame.columns == ["place", "name"]


def test_missing_columns_are_named_with_those_there(put: Put) -> None:
    with pytest.raises(FaultError, match=r"no column name; there are place, label") as caught:
        table(put("place\tlabel\n1\ta\n"), LAYOUT)
    assert caught.value.faults[0].row == "1"


@pytest.mark.parametrize(
    ("rows", "line", "said"),
    [
        ("1\ta\tx\nzwei\tb\ty\n", "3", "'zwei'"),
        ("1\ta\tx\n2\t\ty\n", "3", "''"),
        ("1\ta\tx\n2\tb\n", "3", "2 fields"),
        ("1\ta\tx\n2\tb\ty\tz\n", "3", "4 fields"),
    ],
)
def test_a_strange_row_is_named_by_its_line(put: Put, rows: str, line: str, said: str) -> None:
    with pytest.raises(FaultError) as caught:
        table(put("place\tname\tmore\n" + rows), LAYOUT)
    assert (caught.value.faults[0].row, caught.value.faults[0].found) == (line, said)


def test_a_line_number_counts_all_blocks(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soyang.annotation.sources.text.blocks.__kwdefaults__", {"size": 64})
    rows = "".join(f"{n}\tname\tmore\n" for n in range(1_000)) + "bad\tname\tmore\n"
    path = put("place\tname\tmore\n" + rows)
    assert len(list(blocks(path))) > 10
    with pytest.raises(FaultError) as caught:
        list(frames(path, LAYOUT))
    assert caught.value.faults[0].row == "1002"


def test_an_empty_file_is_told(put: Put) -> None:
    with pytest.raises(FaultError, match="an empty file"):
        table(put(""), LAYOUT)


def test_a_truncated_gzip_is_told(put: Put) -> None:
    path = put(TEXT * 1_000, "cut.tsv.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FaultError, match="truncated or damaged"):
        table(path, LAYOUT)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="No such file"):
        table(tmp_path / "없는 파일.txt", LAYOUT)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("track type=bedGraph\n#x\nchr1\t1\t2\n", ["chr1", "1", "2"]),
        ("chr1 1  2\n", ["chr1", "1", "2"]),
        ("", []),
        ("# nothing else\n", []),
    ],
)
def test_the_first_row_of_a_file_without_header(put: Put, text: str, row: list[str]) -> None:
    assert first_row(put(text)) == row

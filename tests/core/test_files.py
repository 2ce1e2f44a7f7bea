"""Files that are whole or not there."""

from __future__ import annotations

import errno

import pytest

from soyang.core.errors import FaultError
from soyang.core.files import atomic_path, read_text, write_text


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "결과 파일.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_a_fault_that_says_what_to_do(tmp_path):
    wanted = pytest.raises(FaultError, match=r"no space left .*Next step: free space")
    with wanted, atomic_path(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_bom_and_line_ends_are_tolerated(tmp_path):
    path = tmp_path / "sheet.tsv"
    path.write_bytes(b"\xef\xbb\xbfa\tb\r\n1\t2\r")
    assert read_text(path) == "a\tb\n1\t2\n"


def test_text_that_is_not_utf8_is_named_with_its_line(tmp_path):
    path = tmp_path / "sheet.tsv"
    path.write_bytes("a\n병원\n".encode("euc-kr"))
    with pytest.raises(FaultError, match=r"row 2: found byte 0xba.*save the file as UTF-8"):
        read_text(path)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(FaultError, match="no such file"):
        read_text(tmp_path / "none")
    with pytest.raises(FaultError, match="directory"):
        read_text(tmp_path)

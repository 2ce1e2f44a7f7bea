"""Streaming the text of plain, gzip and BGZF files in large blocks of whole lines.

BGZF is a row of small gzip members, each with its compressed size in its header and CRC-32 and
size of its text at its end, closed by an empty one (SAM specification, section 4.1). So members
are inflated independently of each other, on several threads, and each is checked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from isal import igzip_lib, isal_zlib

from soyang.core.errors import Fault, FaultError, ToolError
from soyang.core.process import reading

Bytes = npt.NDArray[np.uint8]

MEMBERS = 256
"""BGZF members of one block: 16 MB of text, some hundred thousand records."""

BLOCK = 16 << 20
"""Bytes of text of one block of the files that are no BGZF."""

_ROOM = 1 << 20
"""Bytes before a block's text for the line that the block before has begun."""

_READ = 4 << 20
_GZIP = b"\x1f\x8b"
_EXTRA = 4
_FIXED = 12
_TRAILER = 8
_NEWLINE = 10
_BCF = b"BCF\x02"
END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty member at the end of a whole BGZF file (SAM specification, section 4.1.2)."""


@dataclass(frozen=True)
class Lines:
    """Whole lines: ``text[start:stop]``, which ends with a line feed."""

    text: Bytes
    start: int
    stop: int


Task = Callable[[], Bytes]
"""Makes a block: ``_ROOM`` bytes of space and text after them; no text: the end."""


def whole_lines(path: Path, pool: Executor, *, ahead: int) -> Iterator[Lines]:
    """The text of a plain, gzip, BGZF or BCF file, BCF as ``bcftools view`` prints it.

    A last line without line feed gets one. A byte order mark is passed over.

    Args:
        path: the file.
        pool: runs the inflating of BGZF.
        ahead: blocks to inflate before they are asked for.

    Raises:
        FaultError: missing, unreadable, truncated or corrupt; names file and byte.
    """
    with _tasks(path) as (tasks, parallel), ThreadPoolExecutor(1) as single:
        try:
            blocks = _in_order(tasks, pool if parallel else single, ahead)
            yield from _cut(_without_mark(blocks))
        finally:
            single.shutdown(wait=True, cancel_futures=True)


def _in_order(tasks: Iterator[Task], pool: Executor, ahead: int) -> Iterator[Bytes]:
    waiting: deque[Future[Bytes]] = deque()
    for task in tasks:
        waiting.append(pool.submit(task))
        if len(waiting) > ahead:
            block = waiting.popleft().result()
            if len(block) == _ROOM:
                return
            yield block
    for future in waiting:
        block = future.result()
        if len(block) > _ROOM:
            yield block


def _without_mark(blocks: Iterator[Bytes]) -> Iterator[Bytes]:
    for number, block in enumerate(blocks):
        marked = number == 0 and bytes(block[_ROOM : _ROOM + 3]) == b"\xef\xbb\xbf"
        yield np.delete(block, slice(_ROOM, _ROOM + 3)) if marked else block


def _cut(blocks: Iterator[Bytes]) -> Iterator[Lines]:
    """Move the line that a block only begins into the room before the next one."""
    rest = np.empty(0, np.uint8)
    for block in blocks:
        text, start = _joined(rest, block)
        stop = _after_last_newline(text, start)
        rest = text[stop:].copy()
        if stop > start:
            yield Lines(text, start, stop)
    if len(rest):
        last = np.append(rest, np.uint8(_NEWLINE))
        yield Lines(last, 0, len(last))


def _joined(rest: Bytes, block: Bytes) -> tuple[Bytes, int]:
    if len(rest) > _ROOM:
        return np.concatenate([rest, block[_ROOM:]]), 0
    start = _ROOM - len(rest)
    block[start:_ROOM] = rest
    return block, start


def _after_last_newline(text: Bytes, start: int) -> int:
    stop, step = len(text), 4096
    while stop > start:
        here = np.flatnonzero(text[max(start, stop - step) : stop] == _NEWLINE)
        if len(here):
            return max(start, stop - step) + int(here[-1]) + 1
        stop, step = max(start, stop - step), step * 2
    return start


@contextmanager
def _tasks(path: Path) -> Iterator[tuple[Iterator[Task], bool]]:
    """The tasks that make the blocks, and whether they may run at the same time."""
    with _opened(path) as handle:
        head = handle.read(1 << 16)
        handle.seek(0)
        member = _member_size(head, 0)
        if member and _text_start(head, member) == _BCF:
            with _printed(path) as stream:
                yield _stream_tasks(stream), False
        elif member:
            yield _bgzf_tasks(handle, path), True
        elif head.startswith(_GZIP):
            yield _gzip_tasks(handle, path), False
        else:
            yield _stream_tasks(handle), False


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        handle = path.open("rb")
    except OSError as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise FaultError(_fault(path, str(found), "a readable file", "correct the path")) from None
    with handle:
        yield handle


@contextmanager
def _printed(path: Path) -> Iterator[IO[bytes]]:
    """BCF as text; what bcftools says of a broken file becomes a fault."""
    said = r"EOF marker is absent|truncated|[Cc]orrupt|Failed to read"
    command: list[str | Path] = ["bcftools", "view", "--no-version", "--output-type", "v", path]
    try:
        with reading([command], failure=said) as stream:
            yield stream
    except ToolError as error:
        raise FaultError(_broken(path, str(error).splitlines()[0])) from None


def _text_start(head: bytes, member: int) -> bytes:
    try:
        return bytes(_inflated(head[:member])[: len(_BCF)])
    except ValueError:
        return b""


def _stream_tasks(stream: IO[bytes]) -> Iterator[Task]:
    """Blocks of plain text, one after the other."""

    def block() -> Bytes:
        out = np.empty(_ROOM + BLOCK, np.uint8)
        size = _ROOM
        view = out.data
        while size < len(out) and (got := stream.readinto(view[size:])):  # type: ignore[attr-defined]
            size += got
        return out[:size]

    while True:
        yield block


def _gzip_tasks(handle: IO[bytes], path: Path) -> Iterator[Task]:
    """Blocks of a gzip file of one or more members."""
    pieces = _gzip_pieces(handle, path)

    def block() -> Bytes:
        parts = [bytes(_ROOM)]
        size = 0
        while size < BLOCK and (piece := next(pieces, b"")):
            parts.append(piece)
            size += len(piece)
        return np.frombuffer(bytearray().join(parts), np.uint8)

    while True:
        yield block


def _gzip_pieces(handle: IO[bytes], path: Path) -> Iterator[bytes]:
    """Text of all members; the library checks their CRC-32 and sizes (RFC 1952)."""
    data, given = b"", 0
    while data := data or handle.read(_READ):
        data = data.lstrip(b"\0")  # members may be padded
        if not data:
            continue
        member = igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP)
        while not member.eof:
            if member.needs_input and not (data := data or handle.read(_READ)):
                raise FaultError(_broken(path, f"a sudden end after {given} bytes of text"))
            try:
                text = member.decompress(data, BLOCK)
            except igzip_lib.IsalError as error:  # type: ignore[misc]
                raise FaultError(_broken(path, f"{error} after {given} bytes of text")) from None
            data = b""
            given += len(text)
            if text:
                yield text
        data = member.unused_data


def _bgzf_tasks(handle: IO[bytes], path: Path) -> Iterator[Task]:
    """Blocks of BGZF: a task for each :data:`MEMBERS` members."""
    data, place, last, members = b"", 0, b"", list[bytes]()
    first = 0
    while more := handle.read(_READ):
        data, start = data + more, 0
        while len(data) - start >= _FIXED + 6:
            size = _member_size(data, start)
            if not size:
                found = f"no BGZF member at byte {place + start}"
                raise FaultError(_broken(path, found))
            if len(data) - start < size:
                break
            last = data[start : start + size]
            members.append(last)
            start += size
            if len(members) == MEMBERS:
                yield _inflating(members, path, first)
                members, first = [], place + start
        data, place = data[start:], place + start
    if data:
        raise FaultError(_broken(path, f"an unfinished BGZF member at byte {place}"))
    if last != END:
        raise FaultError(_broken(path, f"no end-of-file member at byte {place}"))
    yield _inflating(members, path, first)


def _inflating(members: Sequence[bytes], path: Path, first: int) -> Task:
    def block() -> Bytes:
        sizes = [int.from_bytes(member[-4:], "little") for member in members]
        out = np.empty(_ROOM + sum(sizes), np.uint8)
        view, place, byte = out.data, _ROOM, first
        for member, size in zip(members, sizes, strict=True):
            try:
                view[place : place + size] = _inflated(member)
            except ValueError as error:
                raise FaultError(_broken(path, f"{error} in the member at byte {byte}")) from None
            place += size
            byte += len(member)
        return out

    return block


def _inflated(member: bytes) -> bytes:
    """Text of one member.

    Raises:
        ValueError: it can't be inflated, or CRC or size are others than stated.
    """
    extra = int.from_bytes(member[10:12], "little")
    size = int.from_bytes(member[-4:], "little")
    packed = memoryview(member)[_FIXED + extra : -_TRAILER]
    try:
        text: bytes = igzip_lib.decompress(packed, igzip_lib.DECOMP_DEFLATE, 15, max(size, 1))
    except (igzip_lib.IsalError, EOFError) as error:  # type: ignore[misc]
        raise ValueError(str(error)) from None
    if len(text) != size:
        raise ValueError(f"{len(text)} bytes instead of {size}")
    if isal_zlib.crc32(text) != int.from_bytes(member[-8:-4], "little"):
        raise ValueError("another CRC-32 than stated")
    return text


def _member_size(data: bytes, start: int) -> int:
    """Bytes of the BGZF member at ``start``; 0 if there is none."""
    if data[start : start + 2] != _GZIP or not data[start + 3 : start + 4]:
        return 0
    if not data[start + 3] & _EXTRA:
        return 0
    place = start + _FIXED
    stop = place + int.from_bytes(data[start + 10 : start + 12], "little")
    while place + 6 <= min(stop, len(data)):
        size = int.from_bytes(data[place + 2 : place + 4], "little")
        if data[place : place + 2] == b"BC" and size == 2:  # noqa: PLR2004  two bytes of size
            return int.from_bytes(data[place + 4 : place + 6], "little") + 1
        place += 4 + size
    return 0


def _broken(path: Path, found: str) -> Fault:
    return _fault(path, found, "a whole file", "fetch or write it again")


def _fault(path: Path, found: str, allowed: str, next_step: str) -> Fault:
    return Fault(
        code="file-broken", file=str(path), found=found, allowed=allowed, next_step=next_step
    )

"""Fetching large files over an unreliable line: resumed where it was cut, checked at the end.

What is there of a file stands in ``<file>.part`` until all of it was checked; what a server calls
the file's version (ETag or Last-Modified) stands beside it, so that the end of a newer file is
never put after the beginning of an older one (RFC 9110, 13.1.5, If-Range).
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3

from soyang.core.errors import Fault, FaultError
from soyang.core.files import disk_full, is_disk_full

_BLOCK = 1 << 20
_TIMEOUT = (20, 60)
"""Seconds to connect, and between two pieces."""
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_PARTIAL, _NOT_SATISFIABLE = 206, 416
_TRY_LATER = (408, 425, 429, 500, 502, 503, 504)
"""Status codes of a server that may answer later."""
PATIENCE = (1.0, 4.0, 15.0, 60.0)
"""Seconds to wait before another attempt; counted anew whenever an attempt got further: it went
on where another was cut, or brought more than any before it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file to be had.

    Attributes:
        url: from where.
        size: bytes, None if not known.
        sha256: None if not known.
        md5: None if not known.
    """

    url: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None


@dataclass(frozen=True, kw_only=True)
class Had:
    """A file's size in bytes and its SHA-256."""

    size: int
    sha256: str


class _CutError(Exception):
    """The line broke, or the server asks to come again: what is there is kept.

    Attributes:
        further: whether something was added to what was there.
    """

    def __init__(self, told: str, *, further: bool = False) -> None:
        super().__init__(told)
        self.further = further


def fetch(wanted: Wanted, path: Path, *, patience: tuple[float, ...] = PATIENCE) -> Had:
    """Fetch a file, going on where an earlier attempt, also of another run, was cut.

    Args:
        wanted: the file.
        path: where it goes, once all of it is there and right.
        patience: seconds to wait before each further attempt.

    Raises:
        FaultError: not there, not what was promised in size or checksum, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part, version = _beside(path, "part"), _beside(path, "part.version")
    try:
        total = _to_the_end(wanted, part, version, patience)
        had = _checked(wanted, part, total)
    except _WrongError as wrong:
        part.unlink(missing_ok=True)
        version.unlink(missing_ok=True)
        raise FaultError(_fault(wanted, path, wrong.found, wrong.allowed, wrong.step)) from None
    except OSError as error:
        if is_disk_full(error):
            raise FaultError(disk_full(path)) from error
        raise
    part.replace(path)
    version.unlink(missing_ok=True)
    return had


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}.{suffix}")


class _WrongError(Exception):
    """The file is not what was promised: what is there is of no use."""

    def __init__(self, found: str, allowed: str, step: str) -> None:
        self.found, self.allowed, self.step = found, allowed, step


def _to_the_end(
    wanted: Wanted, part: Path, version: Path, patience: tuple[float, ...]
) -> int | None:
    """Get what is missing; return the size that the server told, None if it told none."""
    waits, furthest = iter(patience), _size(part)
    while True:
        try:
            return _attempt(wanted, part, version)
        except (_CutError, requests.ConnectionError, requests.Timeout) as error:
            there = _size(part)
            if there > furthest or (isinstance(error, _CutError) and error.further):
                waits, furthest = iter(patience), max(there, furthest)
            wait = next(waits, None)
            if wait is None:
                raise FaultError(
                    _fault(
                        wanted, part, f"the line broke after {there:,} bytes ({_told(error)})",
                        "the whole file", "start again later: it goes on where it was cut",
                    )
                ) from None  # fmt: skip
            print(f"{part.stem}: cut after {there:,} bytes; again in {wait:g} s", file=sys.stderr)
            time.sleep(wait)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, _CutError) else type(error).__name__


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _attempt(wanted: Wanted, part: Path, version: Path) -> int | None:
    """One request; what comes is added to the part. Return the whole size as the server tells."""
    start = _size(part)
    known = version.read_text(encoding="utf-8") if version.exists() else ""
    if start and not known:
        part.unlink()
        start = 0
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": known}
    with requests.get(wanted.url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
        if answer.status_code == _NOT_SATISFIABLE:  # the part is the whole, or of another file
            found = _RANGE.match(answer.headers.get("Content-Range", "").replace("*", "0-0", 1))
            if found and found[2] == str(start):
                return start
            part.unlink()
            raise _CutError("another file than before")
        if answer.status_code in _TRY_LATER:
            raise _CutError(f"HTTP {answer.status_code}")
        if answer.status_code >= requests.codes.bad_request:
            raise _WrongError(
                f"HTTP {answer.status_code}", "the file",
                "correct the URL, or fetch the file by hand and put it there",
            )  # fmt: skip
        resumed = _RANGE.match(answer.headers.get("Content-Range", ""))
        if answer.status_code == _PARTIAL and (not resumed or int(resumed[1]) != start):
            part.unlink()
            raise _CutError("another part than was asked for")
        resuming = answer.status_code == _PARTIAL
        # A weak validator can't tell two versions' bytes apart (RFC 9110, 8.8.1).
        tag = answer.headers.get("ETag", "")
        named = tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")
        version.write_text(named, encoding="utf-8")
        broken = ""
        with part.open("ab" if resuming else "wb") as out:
            try:
                for block in _blocks(answer):
                    out.write(block)
            except _CutError as cut:
                broken = str(cut)
        total = _total(answer, start if resuming else 0)
    there = _size(part)
    if not broken and total is not None and there < total:
        broken = f"{there:,} of {total:,} bytes"
    if broken:
        raise _CutError(broken, further=resuming and there > start)
    return total


def _blocks(answer: requests.Response) -> Iterator[bytes]:
    """What comes, as it comes: a whole block that breaks off would be lost."""
    try:
        while block := answer.raw.read1(_BLOCK):
            yield block
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _CutError(type(error).__name__) from None


def _total(answer: requests.Response, start: int) -> int | None:
    """Bytes of the whole file as the answer tells, None if it doesn't."""
    whole = _RANGE.match(answer.headers.get("Content-Range", ""))
    if whole and whole[2] != "*":
        return int(whole[2])
    length = answer.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


def _checked(wanted: Wanted, part: Path, total: int | None) -> Had:
    again = "fetch it again; if the publisher renewed the file, look at the change and pin anew"
    size = _size(part)
    for promised, who in ((wanted.size, "the catalogue"), (total, "the server")):
        if promised is not None and size != promised:
            raise _WrongError(f"{size:,} bytes", f"{promised:,} bytes, as {who} says", again)
    digests = digests_of(part)
    for kind, pinned in (("sha256", wanted.sha256), ("md5", wanted.md5)):
        if pinned and digests[kind] != pinned:
            raise _WrongError(f"{kind} {digests[kind]}", f"{kind} {pinned}", again)
    return Had(size=size, sha256=digests["sha256"])


def digests_of(path: Path) -> dict[str, str]:
    """SHA-256 and MD5 of a file."""
    found = {
        "sha256": hashlib.sha256(),
        "md5": hashlib.md5(usedforsecurity=False),
    }
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            for digest in found.values():
                digest.update(block)
    return {kind: digest.hexdigest() for kind, digest in found.items()}


def _fault(wanted: Wanted, path: Path, found: str, allowed: str, step: str) -> Fault:
    return Fault(
        code="resource-fetch", file=str(path), row=wanted.url, found=found, allowed=allowed,
        next_step=step,
    )  # fmt: skip

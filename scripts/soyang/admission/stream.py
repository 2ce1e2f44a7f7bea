"""Compressed files read to their end, and how far one that is damaged got."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isal import igzip
from isal.igzip_lib import IsalError

from soyang.admission.sniff import ends_whole, sniff

_BROKEN: tuple[Any, ...] = (igzip.BadGzipFile, IsalError, zlib.error)
BLOCK = 1 << 22
"""Bytes of text handed on at a time."""


class DamagedError(Exception):
    """A file that is not whole.

    Attributes:
        code: code of the fault.
        found: what is wrong, first a short plain phrase.
    """

    def __init__(self, code: str, found: str) -> None:
        self.code = code
        self.found = found
        super().__init__(found)


def blocks(path: Path) -> Iterator[bytes]:
    """Text of a plain, gzip or BGZF file, in blocks.

    Raises:
        DamagedError: it is truncated, or its checksums are wrong; raised where that shows, so
            that what comes before has been handed on.
    """
    content = sniff(path)
    opener = igzip.open if content.compression else open
    name = {"bgzf": "BGZF"}.get(content.compression, "gzip")
    done = 0
    try:
        with opener(path, "rb") as handle:
            while block := handle.read(BLOCK):
                done += len(block)
                yield block
    except EOFError:
        raise DamagedError(
            "truncated", f"truncated {name}: ends early, after at least {done:,} bytes of text"
        ) from None
    except _BROKEN as error:
        raise DamagedError(
            "damaged", f"damaged {name}: unreadable after {done:,} bytes of text ({error})"
        ) from None
    if not ends_whole(path, content):
        raise DamagedError(
            "truncated", f"truncated BGZF: no end-of-file block after {done:,} bytes of text"
        )


def exhaust(path: Path) -> int:
    """Read a file to its end; bytes of text in it.

    Raises:
        DamagedError: it is not whole.
    """
    return sum(map(len, blocks(path)))

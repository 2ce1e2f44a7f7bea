"""The files of a lifelog folder: which they are, in what batches, and what is wrong with one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from soyang.core.errors import Fault, FaultError
from soyang.core.files import BOM

SUFFIXES = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")
BATCH_FILES, BATCH_BYTES = 500, 256 << 20


def files(folder: Path) -> list[Path]:
    """Data files of the folder at any depth, by path.

    Raises:
        FaultError: there is no such folder.
    """
    if not folder.is_dir():
        raise FaultError(
            Fault(
                code="lifelog-missing",
                file="platform.lifelog",
                found="no such folder",
                allowed="a folder of data points",
                next_step="correct the setting or put the folder there",
            )
        )
    found = (p for p in folder.rglob("*") if p.name.lower().endswith(SUFFIXES) and p.is_file())
    return sorted(path for path in found if not path.name.startswith("."))


def batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Files in order, so many at a time that their points fit in memory."""
    batch: list[Path] = []
    size = 0
    for path in paths:
        if batch and (len(batch) == BATCH_FILES or size + path.stat().st_size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += path.stat().st_size
    if batch:
        yield batch


def fault(path: Path, number: int, of: int, error: str) -> Fault:
    """What is wrong with a file that DuckDB could not read; its name may hold a person's id."""
    line, found = locate(path, error)
    return Fault(
        code="lifelog-file",
        file=f"file {number} of {of} of the lifelog folder, by path",
        row=str(line) if line else "",
        found=found,
        allowed="JSON data points: one object, an array, or one object a line",
        next_step="get the file again from its source, or take it out of the folder",
    )


def locate(path: Path, error: str) -> tuple[int, str]:
    """Line (0: not known) and kind of the first thing in a file that is no data point."""
    if "GZIP" in error:
        return 0, "a gzip file that is cut off or damaged"
    raw = path.read_bytes()
    if path.suffix.lower() == ".gz":
        raw = gzip.decompress(raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as bad:
        return raw[: bad.start].count(b"\n") + 1, "a byte that is not UTF-8"
    text = text.removeprefix(BOM)
    return _bad_line(text) or _bad_document(text)


def _bad_line(text: str) -> tuple[int, str] | None:
    """The bad line, where the file is one object a line."""
    lines = text.splitlines()
    filled = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    for position, (number, line) in enumerate(filled):
        try:
            value = json.loads(line)
        except ValueError:
            if position == 0:
                return None
            cut = position == len(filled) - 1 and not line.rstrip().endswith("}")
            return number, "a line that is cut off" if cut else "a line that is not JSON"
        if not isinstance(value, dict) and not (len(filled) == 1 and isinstance(value, list)):
            return number, "a value that is not an object"
    return None


def _bad_document(text: str) -> tuple[int, str]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as bad:
        cut = bad.pos >= len(text.rstrip())
        return bad.lineno, "text that is cut off" if cut else "text that is not JSON"
    bad_item = isinstance(value, list) and any(not isinstance(item, dict) for item in value)
    return 0, "a value that is not an object" if bad_item else "something DuckDB can't read"

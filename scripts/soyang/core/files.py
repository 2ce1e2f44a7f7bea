"""Reading and writing files so that a killed run or a full disk leaves no half file."""

from __future__ import annotations

import csv
import errno
import io
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soyang.core.errors import Fault, FaultError

_DISK_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded")
BOM = "\ufeff"
SCRATCH = ".scratch-"
"""How the names of temporary files and folders beside results begin; a killed run leaves them,
and the next start removes them."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place on success.

    The temporary name keeps the suffixes, so that tools which look at them work. On any
    error it is removed and ``path`` stays as it was.

    Raises:
        FaultError: the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{SCRATCH}{uuid.uuid4().hex}.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    except Exception as error:
        if is_disk_full(error):
            raise FaultError(disk_full(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def is_disk_full(error: BaseException | str) -> bool:
    """Whether an error, of ours, a library's or a tool's text, tells of a full disk."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return True
    return bool(_DISK_FULL.search(str(error)))


def disk_full(path: Path) -> Fault:
    """The fault for a full disk, with what is free where ``path`` would go."""
    free = shutil.disk_usage(path.parent).free
    return Fault(
        code="disk-full",
        file=str(path),
        found=f"no space left ({free:,} bytes free)",
        allowed="room for the output",
        next_step="free space or move the working folder, then start the run again; "
        "finished steps are kept",
    )


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically, with Unix line ends."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        out.write(text)


def read_text(path: Path) -> str:
    """Read UTF-8 text with or without BOM and with any line ends.

    Raises:
        FaultError: the file is missing, a folder, or not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise FaultError(
            Fault(
                code="file-missing",
                file=str(path),
                found="no such file",
                allowed="a readable file",
                next_step="correct the path or put the file there",
            )
        ) from None
    except (IsADirectoryError, PermissionError, NotADirectoryError) as error:
        raise FaultError(
            Fault(
                code="file-unreadable",
                file=str(path),
                found=error.strerror or "unreadable",
                allowed="a readable file",
                next_step="correct the path or its permissions",
            )
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise FaultError(
            Fault(
                code="not-utf8",
                file=str(path),
                row=str(line),
                found=f"byte 0x{error.object[error.start]:02x}, which is not UTF-8",
                allowed="UTF-8 text",
                next_step="save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8' or 'Unicode')",
            )
        ) from None
    return text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")


def restrict(path: Path) -> None:
    """Make a file or folder readable by its owner only."""
    path.chmod(0o700 if path.is_dir() else 0o600)


def read_rows(path: Path, *columns: str) -> list[dict[str, str]]:
    """Rows of a small tab-separated table, all values as text.

    Raises:
        FaultError: the file is missing or lacks one of ``columns``.
    """
    reader = csv.DictReader(io.StringIO(read_text(path)), delimiter="\t")
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise FaultError(
            Fault(
                code="table-contract",
                file=str(path),
                column=", ".join(missing),
                found="no such column",  # a file without header has somebody's row in its place
                allowed=f"columns {', '.join(columns)} among others",
                next_step="run the step that writes the file again",
            )
        )
    return list(reader)

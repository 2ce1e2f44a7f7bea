"""A release's folder: made aside, sealed, and put in place as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soyang.annotation.release.inputs import sha256
from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH, disk_full, is_disk_full

_READ_ONLY = 0o444


@contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """Yield a folder beside ``output`` that takes its place when the block ends well.

    Whatever ends the block otherwise, nothing is left; what a killed build left is removed by
    the next. Files are made read-only: a release is never changed.

    Raises:
        FaultError: ``output`` exists, another build makes it now, or the disk is full.
    """
    _require_new(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    _remove_left(output)
    folder = output.with_name(f"{SCRATCH}{uuid.uuid4().hex}.{output.name}")
    folder.mkdir()
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                path.chmod(_READ_ONLY)
        _require_new(output)
        folder.rename(output)
    except Exception as error:
        if is_disk_full(error):
            raise FaultError(disk_full(output)) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _require_new(output: Path) -> None:
    if output.exists() or output.is_symlink():
        raise FaultError(
            Fault(
                code="knowledge-exists",
                file=str(output),
                found="a file or folder of this name",
                allowed="a new name: a release is never changed",
                next_step="give the release another name, such as the date of its newest source",
            )
        )


def _remove_left(output: Path) -> None:
    """Remove what killed builds of this release left; a running one holds a lock on its folder."""
    for left in output.parent.iterdir():
        if not (left.name.startswith(SCRATCH) and left.name.endswith(f".{output.name}")):
            continue
        lock = os.open(left, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FaultError(
                Fault(
                    code="knowledge-running",
                    file=str(output),
                    found="another build of this release that is running",
                    allowed="one build at a time",
                    next_step="wait for it, or give another name",
                )
            ) from None
        finally:
            os.close(lock)
        shutil.rmtree(left, ignore_errors=True)


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below a folder, by its name there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}

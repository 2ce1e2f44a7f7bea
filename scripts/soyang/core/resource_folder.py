"""A folder of references: what is in it, carried as one file into a place without internet.

A reference is a folder with its files and ``resource.json``, which tells each file's size and
SHA-256. A pack is a tar (POSIX.1-2001, ustar or pax) of such folders, in which each
``resource.json`` comes before its files: so that nothing is taken out that it doesn't name.
"""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from soyang.core.errors import Fault, FaultError
from soyang.core.fetching import Had, digests_of
from soyang.core.files import SCRATCH, atomic_path, disk_full, is_disk_full, read_text, write_text

RECORD = "resource.json"
_MOST_RECORD = 1 << 20
"""Bytes of a record, at most: it is read into memory before it is believed."""


class Kept(BaseModel):
    """One file of a reference as it is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    url: str = Field(description="from where, or the file that it was unpacked from")


class Record(BaseModel):
    """What a reference's folder holds: ``resource.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    assembly: str
    licence: str
    redistributable: bool
    files: dict[str, Kept]


def read_record(folder: Path) -> Record | None:
    """What a folder holds; None if nothing was put there.

    Raises:
        FaultError: its record can't be read.
    """
    path = folder / RECORD
    return _record(path, read_text(path)) if path.exists() else None


def _record(path: Path, text: str) -> Record:
    try:
        return Record.model_validate_json(text)
    except ValidationError as error:
        found = f"a record that can't be read: {error.errors()[0]['msg']}"
        raise FaultError(_fault(path, found, "a record as fetch writes it", _AGAIN)) from None


def write_record(folder: Path, record: Record) -> None:
    """Write a folder's record, files by name."""
    content = record.model_dump() | {
        "files": {name: kept.model_dump() for name, kept in sorted(record.files.items())}
    }
    write_text(folder / RECORD, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def troubles(folder: Path, record: Record, *, whole: bool) -> Iterator[Fault]:
    """Files that are not as the record says.

    Args:
        folder: the reference's folder.
        record: what it should hold.
        whole: whether checksums are taken, and not sizes only.
    """
    for name, kept in sorted(record.files.items()):
        path = folder / name
        if not path.is_file():
            yield _fault(path, "no such file", f"{kept.size:,} bytes", _AGAIN)
        elif path.stat().st_size != kept.size:
            yield _fault(path, f"{path.stat().st_size:,} bytes", f"{kept.size:,} bytes", _AGAIN)
        elif whole and (found := digests_of(path)["sha256"]) != kept.sha256:
            yield _fault(path, f"sha256 {found}", f"sha256 {kept.sha256}", _AGAIN)


_AGAIN = "remove the file, and fetch or unpack it again"


def _fault(path: Path, found: str, allowed: str, step: str) -> Fault:
    return Fault(code="resource", file=str(path), found=found, allowed=allowed, next_step=step)


def gunzip(path: Path) -> Path:
    """Unpack a gzip file beside itself, which then goes; return what it held.

    Raises:
        FaultError: not a whole gzip file.
    """
    target = path.with_suffix("")
    try:
        with (
            gzip.open(path, "rb") as source,
            atomic_path(target) as temporary,
            temporary.open("wb") as out,
        ):
            shutil.copyfileobj(source, out, 1 << 20)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FaultError(_fault(path, str(error), "a whole gzip file", _AGAIN)) from None
    path.unlink()
    return target


def untar(path: Path) -> list[Path]:
    """Unpack the files of a tar beside it, without folders; the tar goes. Return them.

    Raises:
        FaultError: not a whole tar.
    """
    made = []
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                source = archive.extractfile(member) if member.isfile() else None
                if source is None:
                    continue
                target = path.with_name(PurePosixPath(member.name).name)
                with atomic_path(target) as temporary, temporary.open("wb") as out:
                    _copy(source, out, member.size, path)
                made.append(target)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise FaultError(_fault(path, str(error), "a whole tar", _AGAIN)) from None
    path.unlink()
    return made


def _copy(source: IO[bytes], out: IO[bytes], size: int, path: Path) -> None:
    shutil.copyfileobj(source, out, 1 << 20)
    if out.tell() != size:
        raise FaultError(_fault(path, "an archive that ends early", "a whole archive", _AGAIN))


def pack(folders: Sequence[Path], output: Path) -> None:
    """Write references into one file; the same bytes each time.

    Raises:
        FaultError: a folder has no record, or not what its record says.
    """
    faults: list[Fault] = []
    for folder in folders:
        record = read_record(folder)
        if record is None:
            faults.append(_fault(folder, f"no {RECORD}", "a fetched reference", "fetch it first"))
        else:
            faults += troubles(folder, record, whole=True)
    if faults:
        raise FaultError(faults)
    with atomic_path(output) as temporary, tarfile.open(temporary, "w") as archive:
        for folder in sorted(folders):
            record = read_record(folder)
            for name in (RECORD, *sorted(record.files if record else ())):
                archive.add(folder / name, f"{folder.name}/{name}", filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A member without its maker's name, time and rights."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Take references out of a pack; each folder is there as a whole or not at all.

    Raises:
        FaultError: not a whole pack, not what its records say, or a folder that is there already
            with other files.
    """
    made: list[Path] = []
    with _scratch(folder) as scratch:
        try:
            with tarfile.open(archive) as tar:
                _take_out(tar, scratch, archive)
        except (tarfile.TarError, EOFError) as error:
            found = f"not a whole pack: {str(error).splitlines()[0].rstrip(':')}"
            raise FaultError(_fault(archive, found, "a pack", _COPY)) from None
        found_there = sorted(path for path in scratch.iterdir())
        if not found_there:
            raise FaultError(_fault(archive, "an empty pack", "a pack", _COPY))
        _require_whole(found_there, archive)
        for path in found_there:
            made.append(_put(path, folder / path.name))
    return made


_COPY = "copy the pack again from where it was made"


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f"{SCRATCH}{uuid.uuid4().hex}"
    scratch.mkdir()
    try:
        yield scratch
    except OSError as error:
        if is_disk_full(error):
            raise FaultError(disk_full(folder / "pack")) from error
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _take_out(tar: tarfile.TarFile, scratch: Path, archive: Path) -> None:
    """Take out the files that a record before them names, and nothing else."""
    records: dict[str, Record] = {}
    for member in tar:
        parts = PurePosixPath(member.name).parts
        strange = len(parts) != len(("folder", "file")) or {"..", "/"} & set(parts)
        source = tar.extractfile(member) if member.isfile() and not strange else None
        if source is None:
            raise FaultError(_fault(archive, f"{member.name!r}", "folder/file", _COPY))
        folder, name = parts
        if name == RECORD:
            if member.size > _MOST_RECORD:
                raise FaultError(_fault(archive, "a record too large", "a pack", _COPY))
            text = source.read().decode(errors="replace")
            records[folder] = _record(archive, text)
            (scratch / folder).mkdir(exist_ok=True)
            (scratch / folder / name).write_text(text, encoding="utf-8")
        elif folder in records and name in records[folder].files:
            with (scratch / folder / name).open("wb") as out:
                _copy(source, out, member.size, archive)
        else:
            raise FaultError(
                _fault(archive, f"{member.name!r}, which its record doesn't name", "a pack", _COPY)
            )


def _require_whole(folders: Sequence[Path], archive: Path) -> None:
    faults = []
    for folder in folders:
        record = read_record(folder)
        assert record is not None
        faults += [
            _fault(archive, f"{folder.name}/{Path(t.file).name}: {t.found}", t.allowed, _COPY)
            for t in troubles(folder, record, whole=True)
        ]
    if faults:
        raise FaultError(faults)


def _put(made: Path, target: Path) -> Path:
    """Move a reference into place; one with the same record stays as it is."""
    if not target.exists():
        made.rename(target)
        return target
    if read_record(target) != read_record(made):
        raise FaultError(
            _fault(
                target, "another version, or files that were not fetched", "nothing there",
                "name another folder, or move this one away",
            )
        )  # fmt: skip
    for path in made.iterdir():  # what was damaged since is whole again
        path.replace(target / path.name)
    return target


def kept_of(path: Path, url: str) -> Kept:
    """A file as a record keeps it."""
    return Kept(size=path.stat().st_size, sha256=digests_of(path)["sha256"], url=url)


def kept(had: Had, url: str) -> Kept:
    """A file that was fetched, as a record keeps it."""
    return Kept(size=had.size, sha256=had.sha256, url=url)

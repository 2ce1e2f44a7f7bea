"""The files that a release is made from: there, whole, and the ones that the catalogue pins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from soyang.annotation.release.catalog import CatalogSource
from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError


@dataclass(frozen=True)
class Input:
    """One file of a source, as it was when it was hashed.

    Attributes:
        name: relative to the folder of files, as the catalogue names it.
        path: where it is.
        size: bytes.
        changed: time of its last change, ns.
        sha256: its checksum.
    """

    name: str
    path: Path
    size: int
    changed: int
    sha256: str

    def require_unchanged(self) -> None:
        """Check that nobody has written to the file since it was hashed.

        Raises:
            FaultError: it was changed or removed.
        """
        stat = self.path.stat() if self.path.exists() else None
        if stat is None or (stat.st_size, stat.st_mtime_ns) != (self.size, self.changed):
            raise FaultError(
                _fault(self.path, "a file that changed while it was read", "a file at rest")
            )


def examine(
    sources: Mapping[str, CatalogSource], folder: Path, assembly: Assembly, *, threads: int
) -> dict[str, tuple[Input, ...]]:
    """Find and hash each source's files; the first that is read is the first of them.

    Raises:
        FaultError: with every file that is missing, empty, or not the one that is pinned.
    """
    wanted = [(key, name) for key, entry in sources.items() for name in entry.files(assembly)]
    faults = [fault for _, name in wanted for fault in _absent(folder / name)]
    if faults:
        raise FaultError(faults)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        inputs = list(pool.map(lambda one: _input(folder, one[1]), wanted))
    faults = [
        fault
        for (key, _), found in zip(wanted, inputs, strict=True)
        for fault in _not_pinned(sources[key], found)
    ]
    if faults:
        raise FaultError(faults)
    return {
        key: tuple(found for (of, _), found in zip(wanted, inputs, strict=True) if of == key)
        for key in sources
    }


def _absent(path: Path) -> Iterator[Fault]:
    if not path.is_file():
        yield _fault(path, "no such file", "the source's file")
    elif not path.stat().st_size:
        yield _fault(path, "an empty file", "the source's file")


def _input(folder: Path, name: str) -> Input:
    path = folder / name
    stat = path.stat()
    return Input(name, path, stat.st_size, stat.st_mtime_ns, sha256(path))


def sha256(path: Path) -> str:
    """A file's SHA-256.

    Raises:
        FaultError: it can't be read.
    """
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise FaultError(_fault(path, error.strerror or "unreadable", "a readable file")) from None


def _not_pinned(entry: CatalogSource, found: Input) -> Iterator[Fault]:
    pinned = entry.checksum(found.name)
    if pinned is not None and pinned != found.sha256:
        yield _fault(found.path, f"SHA-256 {found.sha256}", f"SHA-256 {pinned}")


def digest(inputs: Sequence[Input]) -> str:
    """One checksum of a source: its file's, or that of the list ``sha256sum`` prints of them."""
    if len(inputs) == 1:
        return inputs[0].sha256
    listed = "".join(f"{found.sha256}  {found.name}\n" for found in inputs)
    return hashlib.sha256(listed.encode()).hexdigest()


def _fault(path: Path, found: str, allowed: str) -> Fault:
    return Fault(
        code="knowledge-file",
        file=str(path),
        found=found,
        allowed=allowed,
        next_step="fetch it again from the URL in the catalogue; if it is a newer version, set "
        "version, date and sha256 there",
    )

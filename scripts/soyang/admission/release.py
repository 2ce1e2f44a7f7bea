"""The knowledge release: whole, unchanged, and of the reference's assembly.

Its manifest is the file contract: ``release``, ``assembly``, ``reference_md5`` and ``files``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from soyang.admission.reference import Reference
from soyang.core.assembly import Assembly, bare
from soyang.core.errors import Fault

MANIFEST = "manifest.json"
CHROMOSOMES_TO_COMPARE = 3
"""Chromosomes, the shortest first, whose sequence is compared; one that agrees is enough, since
distributions of one assembly differ in what they mask."""
_REBUILD = "give a folder that `soyang knowledge build` wrote, as a whole"


def release_faults(path: Path, assembly: Assembly, reference: Reference | None) -> Iterator[Fault]:
    """Faults of a knowledge release.

    Args:
        path: its folder.
        assembly: assembly of the run.
        reference: the reference, None if that is faulty.
    """
    if not path.is_dir():
        found = "a file" if path.exists() else "no such folder"
        yield _fault(path, "folder-missing", found, _REBUILD)
        return
    manifest = _manifest(path / MANIFEST)
    if manifest is None:
        found = "no manifest.json that tells assembly and files"
        yield _fault(path / MANIFEST, "knowledge-release", found, _REBUILD)
        return
    if manifest["assembly"] != assembly:
        found = f"wrong build: a release of {manifest['assembly']}"
        yield _fault(path, "wrong-build", found, "take the release of this assembly", assembly)
        return
    yield from _file_faults(path, manifest["files"])
    if reference:
        yield from _sequence_faults(path, manifest["reference_md5"], reference)


def _manifest(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    kinds = {"assembly": str, "files": dict, "reference_md5": dict}
    sound = isinstance(content, dict) and all(
        isinstance(content.get(name), kind) for name, kind in kinds.items()
    )
    return content if sound else None


def _file_faults(folder: Path, files: Mapping[str, str]) -> Iterator[Fault]:
    """Files that are gone or not what was built; a release never changes."""
    for name, sha256 in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            yield _fault(path, "file-missing", "no such file", _REBUILD)
            continue
        with path.open("rb") as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
        if found != sha256:
            told = "other bytes than were built: cut short or changed"
            yield _fault(path, "checksum", told, "transfer the release again", "its checksum")


def _sequence_faults(path: Path, sums: Mapping[str, str], reference: Reference) -> Iterator[Fault]:
    shared = [name for name in reference.contigs if bare(name) in sums]
    if not sums or not reference.contigs:
        return
    shortest = sorted(shared, key=lambda name: (reference.contigs[name], name))
    compared = shortest[:CHROMOSOMES_TO_COMPARE]
    if any(reference.m5(name) == sums[bare(name)] for name in compared):
        return
    names = ", ".join(compared) or "no chromosome in common"
    yield _fault(
        path, "wrong-reference", f"built on another sequence ({names})",
        "build the release with this reference, or take the reference that it was built with",
        "the sequence of reference.fasta",
    )  # fmt: skip


def _fault(
    path: Path, code: str, found: str, next_step: str, allowed: str = "a whole knowledge release"
) -> Fault:
    return Fault(
        code=code, file=str(path), column="knowledge.release", found=found, allowed=allowed,
        next_step=next_step,
    )  # fmt: skip

"""Databases that engines make of transcripts and a reference, and find again."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from soyang.annotation.genome import Genome
from soyang.core.files import SCRATCH


def stored(
    folder: Path, name: str, transcripts: bytes, genome: Genome, make: Callable[[Path], None]
) -> Path:
    """The engine's database of these transcripts and this reference, made unless it is there.

    A run that is killed leaves no half database; of two that make it at once one is kept.

    Args:
        folder: where databases are kept.
        name: the engine, and what else its database depends on.
        transcripts: the transcripts as the engine is given them.
        genome: the reference; its file's size and date stand for its bases.
        make: writes the database into a folder that it makes.

    Returns:
        The folder of the database.
    """
    state = genome.path.stat()
    text = f"{sorted(genome.lengths.items())} {state.st_size} {state.st_mtime_ns}"
    digest = hashlib.sha256(transcripts + text.encode()).hexdigest()[:16]
    place = folder.absolute() / f"{name}-{digest}"
    if place.exists():
        return place
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        made = Path(scratch) / "made"
        make(made)
        if not place.exists():
            made.rename(place)
    return place

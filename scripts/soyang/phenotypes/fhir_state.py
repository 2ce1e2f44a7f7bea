"""What a fetch has done so far, kept in a private folder so that the next one goes on from there.

The folder holds other people's records until they are converted: it is its owner's only. The
journal is written before and after each step, whole or not at all; a process killed anywhere
leaves a journal that is true.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.clinical import Fhir
from soyang.core.files import SCRATCH, restrict, write_text
from soyang.core.private import make_private

JOURNAL = "journal.json"


@dataclass
class State:
    """A fetch's folder and journal.

    Attributes:
        folder: private folder.
        journal: what is done: ``task`` (what is fetched), and what each method notes.
    """

    folder: Path
    journal: dict[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        """Folder of the NDJSON files."""
        return self.folder / "files"

    def save(self) -> None:
        """Write the journal, whole or not at all."""
        write_text(self.folder / JOURNAL, json.dumps(self.journal, indent=1, sort_keys=True))
        restrict(self.folder / JOURNAL)

    def clear(self) -> None:
        """Forget everything: the journal first, for files without it are nobody's."""
        (self.folder / JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(self.files, ignore_errors=True)
        self.journal = {}

    def begin(self, task: str) -> None:
        """Start a new task in an empty folder."""
        self.clear()
        self.files.mkdir()
        restrict(self.files)
        self.journal = {"task": task}
        self.save()

    def write_resources(self, name: str, resources: list[dict[str, Any]]) -> Path:
        """Write resources as NDJSON, whole or not at all."""
        path = self.files / name
        lines = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in resources)
        write_text(path, "".join(f"{line}\n" for line in lines))
        restrict(path)
        return path


def open_state(folder: Path) -> State:
    """The state kept in a folder, which is made private; an unreadable journal is none."""
    make_private(folder)
    restrict(folder)
    for left in [*folder.glob(f"{SCRATCH}*"), *(folder / "files").glob(f"{SCRATCH}*")]:
        left.unlink(missing_ok=True)
    state = State(folder)
    try:
        journal = json.loads((folder / JOURNAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        journal = None
    if isinstance(journal, dict) and state.files.is_dir():
        state.journal = journal
    return state


def task_of(fhir: Fhir, wanted: pl.DataFrame) -> str:
    """What is fetched, in a word that changes with it: whose records, from where and how."""
    people = wanted.select("person", "person_id").unique().sort("person", "person_id").rows()
    said = [fhir.base_url, fhir.method, fhir.group, fhir.identifier_system, people]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()

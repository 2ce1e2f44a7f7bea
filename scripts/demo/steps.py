"""Steps that make files once, remember what they were made from, and survive a kill."""

from __future__ import annotations

import filecmp
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path

from soyang.core.files import write_text

Maker = Callable[[Path], None]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        name: stable name.
        outputs: files and folders that it makes, relative to the working folder.
        make: makes them at the same relative names in the scratch folder that it is given.
    """

    name: str
    outputs: tuple[str, ...]
    make: Maker


class Steps:
    """The steps of one working folder.

    Args:
        output: the working folder.
        made_from: checksum of all that its files are made from; see :func:`fingerprint`.
    """

    def __init__(self, output: Path, made_from: str) -> None:
        self.output = output
        self.made_from = made_from
        self.steps: list[Step] = []

    def add(self, name: str, outputs: tuple[str, ...], make: Maker) -> None:
        """Plan a step."""
        self.steps.append(Step(name=name, outputs=outputs, make=make))

    def run(self, *, jobs: int) -> list[str]:
        """Make what is missing or was made from something else; return the steps' names.

        What the tools say goes to ``.made/tools.log``; an error carries the end of it.
        """
        todo = [step for step in self.steps if not self._is_made(step)]
        shutil.rmtree(self._scratch, ignore_errors=True)
        if todo:
            log = self.output / ".made" / "tools.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            try:
                with log.open("w") as said, redirect_stderr(said), ThreadPoolExecutor(jobs) as pool:
                    list(pool.map(self._make, todo))
            finally:
                shutil.rmtree(self._scratch, ignore_errors=True)
        return [step.name for step in todo]

    @property
    def _scratch(self) -> Path:
        return self.output / ".making"

    def _stamp(self, step: Step) -> Path:
        return self.output / ".made" / f"{step.name}.json"

    def _is_made(self, step: Step) -> bool:
        """Whether the stamp is of this version and each output has the size it had."""
        try:
            stamp = json.loads(self._stamp(step).read_text())
        except (FileNotFoundError, ValueError):
            return False
        return bool(stamp == self._content(step))

    def _content(self, step: Step) -> dict[str, object]:
        paths = {name: self.output / name for name in step.outputs}
        sizes = {name: _size(p) if p.exists() else -1 for name, p in paths.items()}
        return {"made_from": self.made_from, "outputs": sizes}

    def _make(self, step: Step) -> None:
        scratch = self._scratch / step.name
        for name in step.outputs:
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        step.make(scratch)
        for name in step.outputs:
            _place(scratch / name, self.output / name)
        write_text(self._stamp(step), json.dumps(self._content(step), indent=1) + "\n")
        shutil.rmtree(scratch)


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(p.stat().st_size for p in _files(path))


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _place(made: Path, target: Path) -> None:
    """Move a file or folder into place; one with the same bytes stays, and keeps its time."""
    if target.exists() and _same(made, target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    made.replace(target)


def _same(one: Path, other: Path) -> bool:
    names = [[p.relative_to(path) for p in _files(path)] for path in (one, other)]
    return names[0] == names[1] and all(
        filecmp.cmp(one / name, other / name, shallow=False) for name in names[0]
    )


def fingerprint(sources: Iterable[Path]) -> str:
    """Checksum of files, by name and content; folders among them are left out."""
    digest = hashlib.sha256()
    for path in sorted(p for p in sources if p.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()

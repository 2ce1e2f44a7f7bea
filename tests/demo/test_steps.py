"""Steps: nothing is made twice, an interrupted call is completed, equal bytes are left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from demo.steps import Steps, fingerprint


class Maker:
    """Plans two steps and counts how often each is made."""

    def __init__(self, output: Path, *, made_from: str = "v1", text: str = "same") -> None:
        self.made: list[str] = []
        self.text = text
        self.fail = ""
        self.steps = Steps(output, made_from)
        for name in ("one", "two"):
            self.steps.add(name, (f"data/{name}.txt", f"data/{name}.idx"), self._maker(name))

    def _maker(self, name: str) -> Callable[[Path], None]:
        def make(folder: Path) -> None:
            self.made.append(name)
            (folder / f"data/{name}.txt").write_text(f"{name} {self.text}")
            if self.fail == name:
                raise OSError("interrupted")
            (folder / f"data/{name}.idx").write_text(name)

        return make


def times(output: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in (output / "data").iterdir()}


def test_second_call_does_nothing(tmp_path: Path) -> None:
    assert Maker(tmp_path).steps.run(jobs=2) == ["one", "two"]
    before = times(tmp_path)
    again = Maker(tmp_path)
    assert again.steps.run(jobs=2) == []
    assert (again.made, times(tmp_path)) == ([], before)
    assert not (tmp_path / ".making").exists()


def test_touched_file_is_left_alone(tmp_path: Path) -> None:
    Maker(tmp_path).steps.run(jobs=1)
    (tmp_path / "data/one.txt").touch()
    before = times(tmp_path)
    assert Maker(tmp_path).steps.run(jobs=1) == []
    assert times(tmp_path) == before


@pytest.mark.parametrize("harm", ["unlink", "shorten"])
def test_missing_or_shortened_output_is_made_again(tmp_path: Path, harm: str) -> None:
    Maker(tmp_path).steps.run(jobs=1)
    before = times(tmp_path)
    target = tmp_path / "data/two.txt"
    target.unlink() if harm == "unlink" else target.write_text("tw")
    assert Maker(tmp_path).steps.run(jobs=1) == ["two"]
    assert target.read_text() == "two same"
    after = times(tmp_path)
    assert {n for n in after if after[n] != before.get(n)} == {"two.txt"}


def test_interrupted_call_is_completed(tmp_path: Path) -> None:
    first = Maker(tmp_path)
    first.fail = "two"
    with pytest.raises(OSError, match="interrupted"):
        first.steps.run(jobs=1)
    assert not (tmp_path / "data/two.txt").exists()
    assert not (tmp_path / ".making").exists()
    second = Maker(tmp_path)
    assert second.steps.run(jobs=1) == ["two"]
    assert (tmp_path / "data/two.idx").read_text() == "two"


def test_leftovers_of_a_killed_call_go_away(tmp_path: Path) -> None:
    Maker(tmp_path).steps.run(jobs=1)
    leftover = tmp_path / ".making/one/data"
    leftover.mkdir(parents=True)
    (leftover / "one.txt").write_text("half")
    Maker(tmp_path).steps.run(jobs=1)
    assert not (tmp_path / ".making").exists()


def test_new_version_with_the_same_bytes_keeps_the_files(tmp_path: Path) -> None:
    Maker(tmp_path).steps.run(jobs=1)
    before = times(tmp_path)
    assert Maker(tmp_path, made_from="v2").steps.run(jobs=1) == ["one", "two"]
    assert times(tmp_path) == before
    assert Maker(tmp_path, made_from="v3", text="new").steps.run(jobs=1) == ["one", "two"]
    after = times(tmp_path)
    assert {n for n in after if after[n] != before[n]} == {"one.txt", "two.txt"}


def test_broken_stamp_counts_as_not_made(tmp_path: Path) -> None:
    Maker(tmp_path).steps.run(jobs=1)
    (tmp_path / ".made/one.json").write_text("{")
    assert Maker(tmp_path).steps.run(jobs=1) == ["one"]


def test_fingerprint_tells_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "folder").mkdir()
    first = fingerprint(tmp_path.iterdir())
    assert first == fingerprint(tmp_path.iterdir())
    (tmp_path / "a").rename(tmp_path / "b")
    assert fingerprint(tmp_path.iterdir()) != first
    (tmp_path / "b").rename(tmp_path / "a")
    (tmp_path / "a").write_text("y")
    assert fingerprint(tmp_path.iterdir()) != first

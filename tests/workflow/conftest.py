"""Working folders for whole runs. Their path has Hangul and a space, as users' paths do."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Ended:
    """How a run ended: exit status and all that it said."""

    code: int
    said: str


@dataclass
class Working:
    """A working folder."""

    folder: Path

    def command(self, *words: str) -> list[str]:
        """The command that starts a run here."""
        run = str(ROOT / "workflow" / "run.py")
        return [sys.executable, run, "--directory", str(self.folder), "--cores", "2", *words]

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run the workflow here."""
        ended = subprocess.run(
            self.command(*words),
            env=os.environ | dict(env or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout + ended.stderr)

    def rows(self, path: str = "results/governance/ledger.tsv") -> dict[str, dict[str, str]]:
        """Rows of a table here, by person."""
        with (self.folder / path).open(newline="", encoding="utf-8") as handle:
            return {row["person"]: row for row in csv.DictReader(handle, delimiter="\t")}

    def sheet(self) -> list[dict[str, str]]:
        """Rows of the sheet."""
        with (self.folder / "samples.tsv").open(newline="", encoding="utf-8") as handle:
            return list(csv.DictReader(handle, delimiter="\t"))

    def write_sheet(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Write the sheet anew."""
        rows = list(rows)
        with (self.folder / "samples.tsv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, list(rows[0]), delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def change_settings(self, change: Callable[[dict], None]) -> None:
        """Change config.yaml."""
        path = self.folder / "config.yaml"
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(settings)
        path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")

    def results(self) -> dict[str, bytes]:
        """Every result but those with the time of the run, and MultiQC's page, by path."""
        found = sorted((self.folder / "results").rglob("*"))
        skipped = {"provenance.json", "ro-crate-metadata.json", "multiqc.html"}
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in found
            if path.is_file() and path.name not in skipped
        }

    def times(self) -> dict[str, int]:
        """Modification time of every result, by path."""
        return {
            str(path.relative_to(self.folder)): path.stat().st_mtime_ns
            for path in sorted((self.folder / "results").rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Working:
    """The demo cohort's inputs, made anew; not to be changed."""
    folder = tmp_path_factory.mktemp("cohort") / "코호트 하나"
    maker = ROOT / "scripts" / "demo" / "make_cohort.py"
    subprocess.run([sys.executable, str(maker), "--output", str(folder)], check=True)
    return Working(folder)


@pytest.fixture(scope="session")
def copy_cohort(
    cohort: Working, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Working]:
    """A function that gives a fresh copy of the cohort's inputs, of some people or all.

    Some are called by bcftools, which takes a fifth of the default's time, unless told otherwise:
    what is tested on them does not depend on the caller.
    """

    def copy(*people: str, under: Path | None = None, caller: str = "bcftools") -> Working:
        parent = under or tmp_path_factory.mktemp("copy")
        working = Working(parent / "또 다른 폴더")
        working.folder.mkdir()
        for name in ("config.yaml", "samples.tsv"):
            shutil.copy(cohort.folder / name, working.folder)
        for name in ("data", "knowledge"):
            (working.folder / name).symlink_to(cohort.folder / name)
        if people:
            rows = [row for row in working.sheet() if row["person"] in people]
            for row in rows:
                row["father"] = row["father"] if row["father"] in people else ""
                row["mother"] = row["mother"] if row["mother"] in people else ""
            working.write_sheet(rows)
            working.change_settings(lambda s: s.update(expected=[]))
            working.change_settings(lambda s: s["calling"].update(callers=[caller]))
        return working

    return copy


@pytest.fixture(scope="session")
def finished(copy_cohort: Callable[..., Working]) -> tuple[Working, Ended]:
    """An undisturbed run of the whole cohort."""
    working = copy_cohort()
    return working, working.run()

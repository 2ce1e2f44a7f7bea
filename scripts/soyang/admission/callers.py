"""Whether what settings choose to run is there, before hours of work lead up to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from soyang.admission.sheet import Row
from soyang.core.errors import Fault
from soyang.core.settings import Settings

READS = ("fastq", "ubam", "bam", "cram")
INDEX = ".ann"
"""What each index of the bwa family has beside the prefix that names it."""


def caller_faults(settings: Settings, rows: Sequence[Row], file: Path) -> Iterator[Fault]:
    """Callers and files that settings name and nobody can start or read.

    Args:
        settings: the settings.
        rows: the sheet: without reads no caller is started.
        file: settings file to name.
    """
    entries = {row.entry for row in rows}
    if entries & set(READS):
        yield from _callers(settings, file)
        yield from _files(settings, file)
    yield from _mixed(settings, entries, file)


def _callers(settings: Settings, file: Path) -> Iterator[Fault]:
    calling = settings.calling
    starts = {"deepvariant": calling.deepvariant[0]}
    for section, chosen in (("callers", calling.callers), ("structural", calling.structural)):
        for name in chosen:
            word = starts.get(name, name)
            if shutil.which(word) is None:
                yield _fault(
                    file, f"calling.{section}", f"{name}, but no command {word}",
                    "callers that are installed",
                    "install it (make gatk does all), or choose another",
                )  # fmt: skip


def _files(settings: Settings, file: Path) -> Iterator[Fault]:
    calling, reads = settings.calling, settings.reads
    named = {
        "calling.shards": calling.shards,
        "calling.structural_excluded": calling.structural_excluded,
        "reads.index": reads.index and Path(f"{reads.index}{INDEX}"),
        **{f"calling.depth_panels.{n}": path for n, path in enumerate(calling.depth_panels)},
    }
    for key, path in named.items():
        if path is not None and not path.is_file():
            yield _fault(file, key, f"no file {path}", "a readable file", "correct the path")


def _mixed(settings: Settings, entries: set[str], file: Path) -> Iterator[Fault]:
    """Calls of other houses beside our own: the cohort would refuse them after all the work."""
    foreign = sorted(entries & {"gvcf", "vcf"})
    if foreign and entries & set(READS) and not settings.calling.admit_mixed:
        yield _fault(
            file, "calling.admit_mixed",
            f"nothing, and a sheet with reads and with {' and '.join(foreign)} of other houses",
            "the callers whose calls may enter beside those made here",
            "name them (as the column caller or the file's header does; unknown, where neither "
            "tells), or run them apart",
        )  # fmt: skip


def _fault(file: Path, column: str, found: str, allowed: str, step: str) -> Fault:
    return Fault(
        code="settings-calling", file=str(file), column=column, found=found, allowed=allowed,
        next_step=step,
    )  # fmt: skip

"""Samples of earlier batches, whose genotypes this batch's are compared with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows
from soyang.identity.genotypes import Source
from soyang.identity.inputs import Subject, read_calls, read_subjects

ADMITTED = Path("admission/admitted.tsv")
VERDICTS = Path("identity/verdicts.tsv")
SKETCHES = Path("identity/sketch")
CALLING = Path("calling")


def read_earlier(named: Iterable[str]) -> list[tuple[Subject, Source, bool]]:
    """Samples of earlier batches: record, genotypes, and whether absence is known.

    A batch is the ``results`` folder of its run, or what was kept of it: who was admitted, the
    verdicts and the sketches; the callable regions too where the sketches are of no fixed list.
    A sample whose sketch was removed (a withdrawal) is passed over.

    Args:
        named: batches as ``name=folder``.

    Raises:
        FaultError: not so written, a name twice, or one of the tables is missing.
    """
    folders: dict[str, Path] = {}
    for text in named:
        batch, equals, folder = text.partition("=")
        if not (batch and equals and folder) or batch in folders or "/" in batch:
            raise FaultError(
                Fault(
                    code="earlier-batch",
                    file=text,
                    found="no new name with a folder",
                    allowed="name=folder, each name once",
                    next_step="name each earlier batch (setting identity.earlier)",
                )
            )
        folders[batch] = Path(folder)
    return [found for batch in sorted(folders) for found in _batch(batch, folders[batch])]


def _batch(batch: str, folder: Path) -> Iterable[tuple[Subject, Source, bool]]:
    people = read_subjects(folder / ADMITTED)
    rows = read_rows(folder / VERDICTS, "sample", "verdict")
    passed = {row["sample"]: row["verdict"] == "pass" for row in rows}
    for sample in sorted(passed.keys() & people.keys()):
        sketch = folder / SKETCHES / f"{sample}.parquet"
        if not sketch.exists():
            continue
        bed = folder / CALLING / sample / f"{sample}.callable.bed.gz"
        calls = folder / CALLING / sample / f"{sample}.calls.tsv"
        known = calls.exists() and read_calls([calls])[sample] and bed.exists()
        subject = replace(people[sample], batch=batch, earlier_passed=passed[sample])
        source = Source(sample=sample, sketch=sketch, callable_bed=bed if known else None)
        yield subject, source, known

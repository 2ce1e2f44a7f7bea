"""What people type to make and compare knowledge releases: ``soyang knowledge ...``."""

from __future__ import annotations

from pathlib import Path

from soyang.annotation.release import build as making
from soyang.annotation.release import diff as comparing
from soyang.annotation.release import tell
from soyang.annotation.release.manifest import read_manifest
from soyang.core.assembly import Assembly
from soyang.core.tables import write_table

RESOURCES = Path(__file__).resolve().parents[2] / "resources"


def build(
    *,
    files: Path,
    output: Path,
    catalog: Path = RESOURCES / "catalog.yaml",
    vocabularies: Path = RESOURCES / "knowledge" / "vocabularies.yaml",
    assembly: Assembly = Assembly.GRCH38,
    reference: Path | None = None,
    previous: Path | None = None,
    source: list[str] | None = None,
    threads: int = 2,
) -> None:
    """Build a knowledge release: an immutable folder of all that is known of variants and genes.

    A value that nobody has looked at yet and a source that shrank stop it, and nothing is left.

    Args:
        files: folder with the files that the catalogue names.
        output: folder of the release; must be new.
        catalog: which sources, of which version, licence and checksum.
        vocabularies: values of closed vocabularies that somebody has looked at.
        assembly: of the release.
        reference: FASTA of the assembly, with its .fai; without it variants are neither
            left-aligned nor checked against it.
        previous: release to compare with: its values are known, and no source may have shrunk.
        source: id of a source to take; all that there are for the assembly if not given.
        threads: for reading and writing; the release does not depend on it.
    """
    order = making.Order(
        catalog=catalog,
        files=files,
        vocabularies=vocabularies,
        assembly=assembly,
        reference=reference,
        previous=previous,
        sources=source or (),
        threads=threads,
        output=output,
    )
    for line in tell.shown(making.build(order)):
        print(line)


def diff(old: Path, new: Path, /, *, output: Path | None = None) -> None:
    """Show what changed from one knowledge release to the next.

    Args:
        old: folder of the release before.
        new: folder of the release after.
        output: tab-separated table to write, with each variant of ClinVar and each fact of a
            gene that changed.
    """
    found = comparing.compare_releases(old, new)
    for line in tell.told(found):
        print(line)
    if output:
        write_table(tell.table(found), output, comparing.DIFF)


def show(release: Path, /) -> None:
    """Show what a knowledge release holds: sources, versions, licences, rows, what was left out.

    Args:
        release: folder of the release.
    """
    for line in tell.shown(read_manifest(release)):
        print(line)

"""Whether a reference is the one that a release was normalised to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from soyang.annotation.genome import Genome, Sequence
from soyang.annotation.release.reader import Release
from soyang.core.assembly import bare
from soyang.core.errors import Fault, FaultError

_TAGS = ("M5:", "om:")
"""MD5 of a sequence (SAM specification 1.3), and of what it was before `soyang reads reference`
made N of its IUPAC codes."""


class ReferenceCheck:
    """Compares contigs of a reference with those that a release states.

    Their MD5 are taken from the sequence dictionary beside the FASTA, if it has one that is not
    older; else from the sequence, which takes seconds for a genome.

    Args:
        release: what is known; None: nothing is compared.
        genome: the reference.
    """

    def __init__(self, release: Release | None, genome: Genome) -> None:
        self._release, self._genome = release, genome
        self._noted = dictionary_md5s(genome.path)

    def require(self, contig: str, sequence: Sequence | None = None) -> None:
        """Check one contig.

        Args:
            contig: as the reference names it.
            sequence: its bases, if they are at hand.

        Raises:
            FaultError: it is not the sequence that the release was made for.
        """
        stated = self._release.manifest.reference_md5.get(bare(contig)) if self._release else None
        if self._release is None or stated is None or stated in self._md5s(contig, sequence):
            return
        manifest = self._release.manifest
        raise FaultError(
            Fault(
                code="knowledge-reference",
                file=str(self._genome.path),
                row=contig,
                found="another sequence than the release was made for",
                allowed=f"the {manifest.assembly} of release {manifest.release}, MD5 {stated}",
                next_step="give the reference that the release was built with, or build a "
                "release for this one",
            )
        )

    def require_all(self, contigs: Iterable[str]) -> None:
        """Check several contigs; every one that differs is named.

        Raises:
            FaultError: as :meth:`require`.
        """
        faults: list[Fault] = []
        for contig in contigs:
            try:
                self.require(contig)
            except FaultError as error:
                faults += error.faults
        if faults:
            raise FaultError(faults)

    def _md5s(self, contig: str, sequence: Sequence | None) -> tuple[str, ...]:
        if contig in self._noted:
            return self._noted[contig]
        bases = self._genome.sequence(contig) if sequence is None else sequence
        return (hashlib.md5(bases.data, usedforsecurity=False).hexdigest(),)


def dictionary_md5s(fasta: Path) -> Mapping[str, tuple[str, ...]]:
    """Contig to its MD5, of the sequence dictionary ``<fasta>.dict``; nothing without one."""
    path = fasta.with_name(f"{fasta.name}.dict")
    if not path.exists() or path.stat().st_mtime < fasta.stat().st_mtime:
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        names = [field[3:] for field in fields if field.startswith("SN:")]
        md5s = tuple(field[3:] for field in fields if field.startswith(_TAGS))
        if fields[0] == "@SQ" and names and md5s:
            found[names[0]] = md5s
    return found

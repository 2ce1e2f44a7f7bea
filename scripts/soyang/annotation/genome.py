"""The reference genome, contig by contig, and whether sites fit it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pysam

from soyang.annotation.alleles import Ragged
from soyang.core.assembly import bare
from soyang.core.errors import Fault, FaultError

Sequence = npt.NDArray[np.uint8]


class Genome:
    """An indexed FASTA file.

    Raises:
        FaultError: missing, not FASTA, or without an index that can be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fasta = pysam.FastaFile(str(path))
        except (OSError, ValueError) as error:
            raise FaultError(
                Fault(
                    code="reference-unreadable",
                    file=str(path),
                    found=str(error),
                    allowed="a FASTA file with its .fai (and .gzi if bgzipped)",
                    next_step="give the reference that `soyang reads reference` wrote",
                )
            ) from None
        self.lengths: dict[str, int] = dict(
            zip(self._fasta.references, self._fasta.lengths, strict=True)
        )

    def sequence(self, contig: str) -> Sequence:
        """All bases of a contig as upper-case ASCII codes."""
        text = self._fasta.fetch(contig).upper()
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)

    def names(self, others: list[str]) -> dict[str, str]:
        """Other files' contig names to this reference's, ``chr`` or not; unknown ones left out."""
        here = {bare(name): name for name in self.lengths}
        return {
            name: name if name in self.lengths else here[bare(name)]
            for name in others
            if name in self.lengths or bare(name) in here
        }


def require_match(sites: pl.DataFrame, genome: Genome, *, file: Path) -> None:
    """Check that every site's ref is what the reference has there.

    A site that contradicts the reference was called on another one; each consequence and
    each HGVS name made from it would be wrong, so nothing is annotated.

    Args:
        sites: columns contig, position (1-based), ref.
        genome: the reference.
        file: the sites' file, for the message.

    Raises:
        FaultError: naming the first such site and how many there are.
    """
    strange = sites.filter(~pl.col("contig").is_in(list(genome.lengths)))
    if strange.height:
        raise FaultError(_mismatch(strange, sites, file, genome, "no such contig there"))
    for (contig,), part in sites.group_by("contig", maintain_order=True):
        wrong = part.filter(~fits(part, genome.sequence(str(contig))))
        if wrong.height:
            raise FaultError(_mismatch(wrong, sites, file, genome, "another base there"))


def fits(sites: pl.DataFrame, sequence: Sequence) -> pl.Series:
    """Whether each site's ref stands in its contig's sequence at its position.

    A ref that runs over the contig's end is compared as far as the contig goes.
    """
    ref = Ragged.of(sites["ref"].str.to_uppercase())
    start = sites["position"].to_numpy() - 1
    inside = (start >= 0) & (start < len(sequence))
    length = np.where(inside, np.minimum(ref.length, len(sequence) - start), 0)
    same = ref.run(lambda rows, k: sequence[start[rows] + k], length)
    return pl.Series(inside & (same == length), dtype=pl.Boolean)


def known_bases(sites: pl.DataFrame, sequence: Sequence) -> pl.Series:
    """Whether the reference knows the first base of each site's ref (it may be N)."""
    place = np.clip(sites["position"].to_numpy() - 1, 0, len(sequence) - 1)
    return pl.Series(sequence[place] != ord("N"), dtype=pl.Boolean)


def _mismatch(
    wrong: pl.DataFrame, sites: pl.DataFrame, file: Path, genome: Genome, why: str
) -> Fault:
    first = wrong.row(0, named=True)
    return Fault(
        code="reference-mismatch",
        file=str(file),
        row=f"{first['contig']}:{first['position']}",
        column="ref",
        found=f"{first['ref'][:20]}, {why} ({wrong.height} of {sites.height} sites)",
        allowed=f"the bases of {genome.path.name}",
        next_step="annotate with the reference that the cohort was called on",
    )

"""What readers of sources in VCF share: contigs, normalisation, and INFO fields by their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.genome import Sequence as Bases
from soyang.annotation.normalise import BuildCheck, normalised
from soyang.annotation.records import MISSING, Alleles, Mask, spell, take
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.sources.scores import NO_CONTIG, WRONG_SHARE
from soyang.annotation.vcf_columns import read_alleles
from soyang.core.assembly import CHROMOSOMES, Assembly, bare
from soyang.core.errors import Fault, FaultError

NO_CHROMOSOME = "on a contig that is no chromosome"
NO_ALLELE = "no alternate allele of A, C, G, T"
CONTRADICTS = "the reference has another base there"
OUTSIDE = "beyond the contig's end"

_ACCESSION = re.compile(r"NC_\d{6}\.\d+")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source's file and what it must fit.

    Attributes:
        entry: the catalogue's entry.
        path: the file.
        genome: the reference; None: alleles stay as they stand.
        left_out: alleles left out, by reason; added to.
    """

    entry: CatalogSource
    path: Path
    genome: Genome | None
    left_out: Counter[str]

    @property
    def assemblies(self) -> tuple[Assembly, ...]:
        """Assemblies that the catalogue has the source for."""
        return self.entry.assembly or tuple(Assembly)

    def fault(
        self,
        code: str,
        *,
        found: str,
        allowed: str,
        next_step: str,
        row: str = "",
        column: str = "",
    ) -> FaultError:
        """A fault of the file."""
        return FaultError(
            Fault(
                code=code,
                file=str(self.path),
                row=row,
                column=column,
                found=found,
                allowed=allowed,
                next_step=next_step,
            )
        )


def read_normalised(
    source: Source,
    *,
    threads: int,
    integers: Sequence[str] = (),
    texts: Sequence[str] = (),
    columns: Sequence[str] = (),
    optional: bool = False,
) -> Iterator[tuple[str, Alleles]]:
    """A VCF's alleles of A, C, G, T on chromosomes, normalised, in the file's order.

    What is left out is counted. Left-alignment may move alleles before those above them.

    Args:
        source: the file and its reference.
        threads: to read with.
        integers: INFO fields.
        texts: INFO fields kept as text.
        columns: further columns, see :func:`soyang.annotation.vcf_columns.read_alleles`.
        optional: take a field that the header does not declare as missing everywhere.

    Yields:
        Bare name of the chromosome, and alleles.

    Raises:
        FaultError: what ``read_alleles`` raises; accessions or bases of another assembly.
    """
    place = _Place(source)
    batches = read_alleles(
        source.path,
        threads=threads,
        integers=integers,
        texts=texts,
        columns=columns,
        optional=optional,
    )
    for alleles in batches:
        chromosome = place.chromosome(alleles.contig)
        if not chromosome:
            source.left_out[NO_CHROMOSOME] += len(alleles)
            continue
        usable = _kept(alleles, alleles.clear, NO_ALLELE, source.left_out)
        usable = place.normalised(usable, chromosome)
        if len(usable):
            yield chromosome, usable
    place.finish()


class _Place:
    """The chromosome that is being read, and its sequence."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._genome = source.genome
        self._names = {bare(name): name for name in self._genome.lengths} if self._genome else {}
        self._check = (
            BuildCheck(source.path, self._genome.path.name, most=WRONG_SHARE)
            if self._genome
            else None
        )
        self._chromosomes: dict[str, str] = {}
        self._loaded = ""
        self._sequence: Bases = np.empty(0, dtype=np.uint8)

    def chromosome(self, contig: str) -> str:
        """Bare name of a contig, by name or RefSeq accession; empty: no chromosome."""
        if contig not in self._chromosomes:
            self._chromosomes[contig] = chromosome_of(contig, self._source)
        return self._chromosomes[contig]

    def normalised(self, alleles: Alleles, chromosome: str) -> Alleles:
        """Alleles that fit the reference, trimmed and left-aligned."""
        if self._genome is None or self._check is None:
            return alleles
        left_out = self._source.left_out
        if chromosome not in self._names:
            left_out[NO_CONTIG] += len(alleles)
            return take(alleles, np.zeros(len(alleles), dtype=np.bool_))
        done = normalised(alleles, self._sequence_of(chromosome))
        self._check.add(done)
        fits = _kept(done.alleles, ~done.mismatch, CONTRADICTS, left_out)
        if len(fits) == len(alleles):
            return _kept(fits, ~done.outside, OUTSIDE, left_out)
        return _kept(fits, ~done.outside[~done.mismatch], OUTSIDE, left_out)

    def _sequence_of(self, chromosome: str) -> Bases:
        if chromosome != self._loaded:
            assert self._genome is not None, "asked only where there is a reference"
            self._sequence = np.empty(0, dtype=np.uint8)  # frees one before the next is read
            self._sequence = self._genome.sequence(self._names[chromosome])
            self._loaded = chromosome
        return self._sequence

    def finish(self) -> None:
        """The last judgement on the assembly."""
        if self._check is not None:
            self._check.finish()


def _kept(alleles: Alleles, kept: Mask, reason: str, left_out: Counter[str]) -> Alleles:
    if kept.all():
        return alleles
    left_out[reason] += int(np.count_nonzero(~kept))
    return take(alleles, kept)


def chromosome_of(contig: str, source: Source) -> str:
    """Bare name of a chromosome, named plainly, with ``chr`` or by its RefSeq accession.

    Returns:
        Empty where the contig is no chromosome (patches, decoys, HLA, unplaced).

    Raises:
        FaultError: a chromosome's accession in the version of another assembly.
    """
    name = bare(contig)
    if name in CHROMOSOMES:
        return name
    if not _ACCESSION.fullmatch(contig):
        return ""
    known = {
        assembly.accession(name): name for assembly in source.assemblies for name in CHROMOSOMES
    }
    if contig in known:
        return known[contig]
    versions = {accession.split(".")[0]: accession for accession in known}
    ours = versions.get(contig.partition(".")[0])
    if ours is None:
        return ""
    assemblies = " or ".join(source.assemblies)
    raise source.fault(
        "wrong-build",
        row=contig,
        found=f"accession {contig}",
        allowed=f"{ours}, that of {assemblies}",
        next_step=f"give the source's file for {assemblies}",
    )


def key_columns(alleles: Alleles) -> dict[str, pl.Series]:
    """Position, code, ref and alt (missing unless the code is a hash), as a release has them."""
    if alleles.spelt.is_empty():
        nothing = pl.repeat(None, len(alleles), dtype=pl.String, eager=True)
        spelt = pl.DataFrame({"ref": nothing, "alt": nothing})
    else:
        spelt = spell(alleles)
    return {
        "position": pl.Series(alleles.position, dtype=pl.Int32),
        "code": pl.Series(alleles.code, dtype=pl.UInt32),
        "ref": spelt["ref"],
        "alt": spelt["alt"],
    }


def integers_of(alleles: Alleles, name: str) -> npt.NDArray[np.int32]:
    """The values of an INFO field that was read as integers, ``MISSING`` where it has none."""
    values: npt.NDArray[np.int32] = np.asarray(alleles.values[name], dtype=np.int32)
    return values


def nullable(values: npt.NDArray[np.int32]) -> pl.Series:
    """Integers, null where missing."""
    missing = values == MISSING
    whole = pl.Series(values, dtype=pl.Int32)
    return whole.set(pl.Series(missing), None) if missing.any() else whole

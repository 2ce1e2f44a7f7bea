"""What a knowledge release says of sites: the fixed columns, and the release's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.annotation.columns import KNOWN_COLUMNS
from soyang.annotation.records import Alleles
from soyang.annotation.release.intervals import intervals_at
from soyang.annotation.release.manifest import (
    INTERVAL_KINDS,
    VARIANT_KINDS,
    ColumnFact,
    Kind,
    SourceFact,
)
from soyang.annotation.release.reader import Release
from soyang.annotation.release.writer import dtype_of
from soyang.annotation.tables import ANNOTATED
from soyang.core.assembly import CHROMOSOMES, bare
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import Column, DTypes, Table
from soyang.core.variant_key import allele_codes, chromosome_number, keys

LEAST_ALLELES = 2_000
"""Alleles that a group must have been counted with for its frequency to stand for it: ClinGen SVI
(Ghosh et al. 2018, Hum Mutat 39:1525, updated BA1) asks for at least 2,000 observed alleles."""

_CLINVAR = ("id", "significance", "review", "stars", "conditions", "conflict")
_COUNTS = ("ac", "an", "nhomalt")
_SCHEMA = {column.name: column.dtype for column in KNOWN_COLUMNS}


@dataclass(frozen=True, kw_only=True)
class Queries:
    """Sites of one contig that are looked up, sorted by position.

    Attributes:
        contig: as the sites name it.
        position: 1-based.
        code: allele codes.
        clear: those whose alleles are sequences; the others are in no source.
        spelt: columns row, ref, alt of those whose code is a hash.
    """

    contig: str
    position: npt.NDArray[np.int32]
    code: npt.NDArray[np.uint32]
    clear: npt.NDArray[np.bool_]
    spelt: pl.DataFrame

    def __len__(self) -> int:
        return len(self.position)

    @classmethod
    def of_alleles(cls, alleles: Alleles) -> Queries:
        """Normalised alleles as queries."""
        return cls(
            contig=alleles.contig,
            position=alleles.position,
            code=alleles.code,
            clear=alleles.clear,
            spelt=alleles.spelt,
        )

    @classmethod
    def of_sites(cls, sites: pl.DataFrame) -> Queries:
        """Sites of one contig as queries.

        Args:
            sites: columns contig, position, ref, alt; sorted, normalised, at least one row.
        """
        code = allele_codes(sites["ref"], sites["alt"]).to_numpy()
        plain = r"^[ACGT]+$"
        clear = pl.all_horizontal(pl.col("ref", "alt").str.contains(plain))
        hashed = pl.Series((code & np.uint32(1)) == 1)
        return cls(
            contig=sites["contig"][0],
            position=sites["position"].cast(pl.Int32).to_numpy(),
            code=code,
            clear=sites.select(clear & (pl.col("ref") != pl.col("alt"))).to_series().to_numpy(),
            spelt=sites.select("ref", "alt").with_row_index("row").filter(hashed),
        )

    def changed(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """First and last base (1-based, both included) that each clear allele changes.

        Of an insertion these are the bases beside it.
        """
        ref = (self.code >> np.uint32(27)).astype(np.int32)
        alt = ((self.code >> np.uint32(23)) & np.uint32(15)).astype(np.int32)
        rows = self.spelt["row"].to_numpy()
        ref[rows] = self.spelt["ref"].str.len_bytes().to_numpy()
        alt[rows] = self.spelt["alt"].str.len_bytes().to_numpy()
        # Normalised insertions and deletions keep the base before them, and nothing else does.
        first = self.position + ((alt == 1) & (ref > 1))
        last = self.position + ref - 1 + ((ref == 1) & (alt > 1))
        return first.astype(np.int32), last.astype(np.int32)


def own_columns(release: Release | None) -> tuple[ColumnFact, ...]:
    """Columns that only this release has, beside those of ANNOTATED.

    Raises:
        FaultError: two sources bring a column of the same name.
    """
    facts = release.columns(*VARIANT_KINDS, *INTERVAL_KINDS) if release else ()
    own = tuple(fact for fact in facts if fact.annotated not in ANNOTATED.names)
    names = [fact.annotated for fact in own]
    twice = sorted({name for name in names if names.count(name) > 1})
    if release and twice:
        raise FaultError(
            Fault(
                code="knowledge-columns",
                file=str(release.path),
                column=", ".join(twice),
                found="two sources that bring it",
                allowed="one source for each column",
                next_step="build the release from one of them",
            )
        )
    return own


def known_schema(release: Release | None) -> dict[str, DTypes]:
    """Columns that :func:`look_up` gives, with their types."""
    return _SCHEMA | {fact.annotated: dtype_of(fact) for fact in own_columns(release)}


def annotated_table(release: Release | None, table: Table = ANNOTATED) -> Table:
    """The table of annotated sites that a release gives: ``table`` and the release's columns."""
    own = tuple(
        Column(
            name=fact.annotated,
            dtype=dtype_of(fact),
            unit=fact.unit,
            nullable=True,
            meaning=fact.meaning,
        )
        for fact in own_columns(release)
    )
    return replace(table, columns=(*table.columns, *own))


def site_keys(queries: Queries) -> pl.Series:
    """Keys of sites, UInt64; missing off the 25 chromosomes."""
    number = chromosome_number(queries.contig)
    if not number:
        return pl.Series("key", [None] * len(queries), dtype=pl.UInt64)
    return pl.Series("key", keys(number, queries.position, queries.code))


def look_up(release: Release | None, queries: Queries) -> pl.DataFrame:
    """What a release says of sites: columns of :func:`known_schema`, one row for each site."""
    schema = known_schema(release)
    found = {"key": site_keys(queries)} | told(release, queries)
    return complete(found, len(queries), schema)


def complete(
    found: Mapping[str, pl.Series], size: int, schema: Mapping[str, DTypes]
) -> pl.DataFrame:
    """Columns of a schema, those that are not there missing in all of ``size`` rows."""
    return pl.DataFrame(
        {
            name: found[name].cast(dtype)
            if name in found
            else pl.repeat(None, size, dtype=dtype, eager=True)
            for name, dtype in schema.items()
        }
    )


def told(release: Release | None, queries: Queries) -> dict[str, pl.Series]:
    """Columns that the sources of a release fill; a value, or missing, for each site."""
    if release is None or bare(queries.contig) not in CHROMOSOMES:
        return {}
    said = {name: _said(release, name, queries) for name in release.of_kind(*VARIANT_KINDS)}
    found = _fixed(release, said)
    for name, frame in said.items():
        found |= _own(release.sources[name].columns, frame)
    return found | _intervals(release, queries)


_FILLED = {Kind.DBSNP: "rsid", Kind.CLINVAR: "clinvar_", Kind.FREQUENCIES: "population_"}
"""Kind of a source to what the columns of ANNOTATED that it fills begin with."""


def filled_by(fact: SourceFact) -> set[str]:
    """Columns that a source may fill."""
    own = {column.annotated for column in fact.columns} - set(ANNOTATED.names)
    if fact.kind not in _FILLED:
        return own
    return own | {name for name in _SCHEMA if name.startswith(_FILLED[fact.kind])}


def columns_of(release: Release, kind: Kind) -> set[str]:
    """Columns that a release's sources of one kind may fill."""
    return {name for source in release.of_kind(kind) for name in filled_by(release.sources[source])}


def _said(release: Release, source: str, queries: Queries) -> pl.DataFrame:
    return release.lookup(
        source,
        bare(queries.contig),
        queries.position,
        queries.code,
        queries.spelt,
        eligible=queries.clear,
    )


def _intervals(release: Release, queries: Queries) -> dict[str, pl.Series]:
    """What the bases that alleles change lie in."""
    sources = release.of_kind(*INTERVAL_KINDS)
    if not sources:
        return {}
    first, last = queries.changed()
    clear = pl.Series(queries.clear)
    found = {}
    for name in sources:
        said = intervals_at(release, name, bare(queries.contig), first, last)
        found[said.name] = said.to_frame().select(pl.when(clear).then(pl.first())).to_series()
    return found


def _own(facts: Sequence[ColumnFact], frame: pl.DataFrame) -> dict[str, pl.Series]:
    return {
        fact.annotated: frame[fact.name] for fact in facts if fact.annotated not in ANNOTATED.names
    }


def _fixed(release: Release, said: dict[str, pl.DataFrame]) -> dict[str, pl.Series]:
    found: dict[str, pl.Series] = {}
    for name in release.of_kind(Kind.DBSNP)[:1]:
        found["rsid"] = said[name].select("rs" + pl.col("rs").cast(pl.String)).to_series()
    for name in release.of_kind(Kind.CLINVAR)[:1]:
        found |= {f"clinvar_{column}": said[name][column] for column in _CLINVAR}
    if counted := [said[name] for name in release.of_kind(Kind.FREQUENCIES)]:
        found |= population(counted)
    return found


def population(counted: Sequence[pl.DataFrame]) -> dict[str, pl.Series]:
    """Population columns of ANNOTATED.

    Args:
        counted: columns ac, an, nhomalt, and ``ac_<group>`` and ``an_<group>`` of groups, for
            each source; rows are the same sites.
    """
    found = {f"population_{name}": _total(counted, name) for name in _COUNTS}
    groups = sorted(
        {
            name.removeprefix("ac_")
            for frame in counted
            for name in frame.columns
            if name.startswith("ac_") and f"an_{name.removeprefix('ac_')}" in frame.columns
        }
    )
    return found | (most_frequent(counted, groups) if groups else {})


def _total(counted: Sequence[pl.DataFrame], column: str) -> pl.Series:
    """A count over all sources that have it; missing where none has."""
    parts = [frame[column] for frame in counted if column in frame.columns]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return pl.repeat(None, len(counted[0]), dtype=pl.Int32, eager=True)
    numbered = pl.DataFrame({str(number): part for number, part in enumerate(parts)})
    any_has = pl.any_horizontal(pl.all().is_not_null())
    return numbered.select(
        pl.when(any_has).then(pl.sum_horizontal(pl.all()).cast(pl.Int32))
    ).to_series()


def most_frequent(counted: Sequence[pl.DataFrame], groups: Sequence[str]) -> dict[str, pl.Series]:
    """The group in which each allele is most frequent, of those with :data:`LEAST_ALLELES`.

    ACMG's BA1 and BS1 ask for the highest frequency in a group counted well enough, not for the
    mean of all. Of equally frequent groups the first by name is taken.

    Args:
        counted: as for :func:`population`.
        groups: names, sorted.
    """
    totals = [
        [_total(counted, f"{kind}_{group}").fill_null(0).to_numpy() for group in groups]
        for kind in ("ac", "an")
    ]
    ac, an = (np.stack(arrays) for arrays in totals)
    enough = an >= LEAST_ALLELES
    share = np.where(enough, ac / np.maximum(an, 1), -1.0)
    best = share.argmax(axis=0)
    rows = np.arange(len(best))
    some = pl.Series(enough.any(axis=0))
    columns = pl.DataFrame(
        {
            "population_max_ac": ac[best, rows].astype(np.int32),
            "population_max_an": an[best, rows].astype(np.int32),
            "population_max_group": pl.Series(list(groups)).gather(best),
        }
    )
    return columns.select(pl.when(some).then(pl.all())).to_dict()

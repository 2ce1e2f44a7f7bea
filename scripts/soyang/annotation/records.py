"""Alternate alleles of many records at once: what readers give and normalisation takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.core.errors import Fault, FaultError

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.int32] | npt.NDArray[np.float32] | pl.Series

SPELT = {"row": pl.UInt32, "ref": pl.String, "alt": pl.String}
"""Columns of :attr:`Alleles.spelt`."""


@dataclass(frozen=True, kw_only=True)
class Alleles:
    """Alternate alleles of one contig, one row each, in the order of their file.

    A record with several alternate alleles gives a row for each.

    Attributes:
        contig: as the file names it.
        position: 1-based position of ref's first base, int32.
        code: alleles as :mod:`soyang.core.variant_key` codes them, uint32.
        record: number of the record in the file, from 0, int64.
        allele: which of the record's alternate alleles, from 1, int16.
        clear: whether ref and alt are sequences of A, C, G, T that differ (not symbolic, not a
            breakend, ``*``, ``.``, nor with other IUPAC letters).
        spelt: columns row (UInt32, place in the arrays, rising), ref, alt (String, upper case;
            symbolic alleles and breakends as they stand) of the rows whose code is a hash.
        values: fields asked for, an array each (int32 with ``MISSING``, float32 with NaN) or a
            Series of text.
    """

    contig: str
    position: npt.NDArray[np.int32]
    code: npt.NDArray[np.uint32]
    record: npt.NDArray[np.int64]
    allele: npt.NDArray[np.int16]
    clear: npt.NDArray[np.bool_]
    spelt: pl.DataFrame
    values: Mapping[str, Values] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.position)


MISSING = np.int32(-(2**31))
"""A missing integer, as BCF has it."""


def spell(alleles: Alleles) -> pl.DataFrame:
    """Columns ref and alt (String) as a knowledge source hands them on: of hashed codes only.

    The others are missing, since their code says them.
    """
    rows = pl.DataFrame({"row": np.arange(len(alleles), dtype=np.uint32)})
    return rows.join(alleles.spelt, on="row", how="left", maintain_order="left").drop("row")


def take(alleles: Alleles, rows: Rows | Mask) -> Alleles:
    """Some of the alleles, in the order of ``rows`` (row numbers, each at most once, or a mask)."""
    picked = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    if alleles.spelt.is_empty():
        spelt = alleles.spelt
    else:
        place = np.full(len(alleles), -1, dtype=np.int64)
        place[picked] = np.arange(len(picked))
        new = place[alleles.spelt["row"].to_numpy()]
        spelt = alleles.spelt.with_columns(pl.Series("row", new))
        spelt = spelt.filter(pl.col("row") >= 0).sort("row").cast({"row": pl.UInt32})
    return replace(
        alleles,
        position=alleles.position[picked],
        code=alleles.code[picked],
        record=alleles.record[picked],
        allele=alleles.allele[picked],
        clear=alleles.clear[picked],
        spelt=spelt,
        values={name: value[picked] for name, value in alleles.values.items()},
    )


def joined(batches: Sequence[Alleles]) -> Alleles:
    """Alleles of one contig that came in several batches.

    Args:
        batches: at least one; all with the same values.
    """
    if len(batches) == 1:
        return batches[0]
    starts = np.cumsum([0, *map(len, batches)])
    spelt = [
        batch.spelt.with_columns((pl.col("row") + int(start)).cast(pl.UInt32))
        for batch, start in zip(batches, starts[:-1], strict=True)
    ]
    return Alleles(
        contig=batches[0].contig,
        position=np.concatenate([batch.position for batch in batches]),
        code=np.concatenate([batch.code for batch in batches]),
        record=np.concatenate([batch.record for batch in batches]),
        allele=np.concatenate([batch.allele for batch in batches]),
        clear=np.concatenate([batch.clear for batch in batches]),
        spelt=pl.concat(spelt),
        values={name: _joined([b.values[name] for b in batches]) for name in batches[0].values},
    )


def _joined(parts: Sequence[Values]) -> Values:
    if isinstance(parts[0], pl.Series):
        return pl.concat([part for part in parts if isinstance(part, pl.Series)])
    return np.concatenate([part for part in parts if not isinstance(part, pl.Series)])


def by_contig(batches: Iterable[Alleles]) -> Iterator[Alleles]:
    """The batches of each contig as one; for files whose contigs fit into memory."""
    waiting: list[Alleles] = []
    for batch in batches:
        if waiting and waiting[0].contig != batch.contig:
            yield joined(waiting)
            waiting = []
        waiting.append(batch)
    if waiting:
        yield joined(waiting)


def key_order(alleles: Alleles) -> Rows:
    """Row numbers in the order of position and code, equal ones as they stand."""
    keys = _keys(alleles)
    if bool(np.all(keys[1:] >= keys[:-1])):
        return np.arange(len(keys), dtype=np.int64)
    return np.argsort(keys, kind="stable").astype(np.int64)


def repeated(alleles: Alleles) -> Mask:
    """Whether an allele stood already further up among ``alleles``: duplicated records.

    Hashed codes are compared by what they stand for.
    """
    keys = _keys(alleles)
    order = np.argsort(keys, kind="stable")
    mask = np.zeros(len(alleles), dtype=np.bool_)
    mask[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    if not alleles.spelt.is_empty():
        rows = alleles.spelt["row"].to_numpy()
        spelt = alleles.spelt.with_columns(pl.Series("position", alleles.position[rows]))
        mask[rows] = (
            ~spelt.select(pl.struct("position", "ref", "alt").is_first_distinct())
            .to_series()
            .to_numpy()
        )
    return mask


def _keys(alleles: Alleles) -> npt.NDArray[np.uint64]:
    high = alleles.position.astype(np.uint64) << np.uint64(32)
    return high | alleles.code.astype(np.uint64)


def require_sorted(batches: Iterable[Alleles], file: Path) -> Iterator[Alleles]:
    """Pass on batches whose positions never go back within a contig.

    Args:
        batches: of one file, contig after contig.
        file: for the message.

    Raises:
        FaultError: at the first record whose position lies before that of the one above it.
    """
    contig, last = "", 0
    for batch in batches:
        if batch.contig != contig:
            contig, last = batch.contig, 0
        before = np.concatenate([np.array([last], np.int32), batch.position[:-1]])
        back = np.flatnonzero(batch.position < before)
        if len(back):
            raise FaultError(_unsorted(batch, int(back[0]), int(before[back[0]]), file))
        last = int(batch.position[-1]) if len(batch) else last
        yield batch


def _unsorted(batch: Alleles, row: int, before: int, file: Path) -> Fault:
    place = f"{batch.contig}:{batch.position[row]}"
    return Fault(
        code="vcf-unsorted",
        file=str(file),
        row=f"record {batch.record[row] + 1}",
        found=f"{place} after {batch.contig}:{before}",
        allowed="records sorted by position within each contig",
        next_step="sort it: bcftools sort",
    )

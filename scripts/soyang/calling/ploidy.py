"""How many alleles a genotype has on X, Y and the mitochondrion: by the copies that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soyang.core.assembly import PSEUDO_AUTOSOMAL, Assembly, bare
from soyang.core.errors import ToolError
from soyang.core.files import read_rows
from soyang.core.interval import Interval
from soyang.core.people import Sex

_DIPLOID = 2
"""Copies of an autosome, and the most that a genotype is called with: bcftools knows no more, so
a third X of a woman is called as two."""


@dataclass(frozen=True)
class Copies:
    """Copies of X and Y in the genome that was sequenced."""

    x: int
    y: int


_OF_RECORD = {Sex.MALE: Copies(1, 1), Sex.FEMALE: Copies(2, 0), Sex.UNKNOWN: Copies(2, 1)}
"""Without a recorded sex X is called diploid and Y haploid, so that neither hides a variant."""

Stretch = tuple[Interval, int]
"""Part of a contig, and the copies of it."""


def copies_of(sex: Sex, x_found: int | None, y_found: int | None) -> Copies:
    """Copies as the reads have them; where they don't tell, as the recorded sex has them.

    Args:
        sex: recorded sex.
        x_found: copies of X by depth; missing: not assessed. No X at all is no finding: nobody
            lives without.
        y_found: copies of Y by depth; missing: not assessed.
    """
    record = _OF_RECORD[sex]
    return Copies(x_found or record.x, record.y if y_found is None else y_found)


def copies_found(quality: Path, sample: str) -> tuple[int | None, int | None]:
    """Copies of X and Y by depth, out of a sample's row of reads' table of quality.

    Raises:
        FaultError: the table is missing or lacks a column.
        ToolError: it has no row of the sample.
    """
    rows = {row["sample"]: row for row in read_rows(quality, "sample", "x_copies", "y_copies")}
    if sample not in rows:
        raise ToolError(f"{quality.name} has no row of sample {sample}")
    x, y = (rows[sample][name] for name in ("x_copies", "y_copies"))
    return int(x) if x else None, int(y) if y else None


def stretches(lengths: Mapping[str, int], assembly: Assembly, copies: Copies) -> list[Stretch]:
    """Where a genotype is not diploid, in the order of the contigs; 0 where there is nothing.

    The pseudo-autosomal regions of X have as many copies as X and Y together: reads of Y's lie
    there in a reference that masks them, as it should. The contigs' own names are used, so ``X``
    and ``chrX`` both work.

    Args:
        lengths: contig name to length.
        assembly: places the pseudo-autosomal regions.
        copies: of X and Y.
    """
    found = [
        (Interval(contig, start, end), min(count, _DIPLOID))
        for contig, length in lengths.items()
        for start, end, count in _pieces(bare(contig), length, assembly, copies)
    ]
    return [(interval, count) for interval, count in found if count != _DIPLOID]


def _pieces(
    name: str, length: int, assembly: Assembly, copies: Copies
) -> Iterator[tuple[int, int, int]]:
    if name == "M":
        yield 0, length, 1
    elif name == "Y":
        yield 0, length, copies.y
    elif name == "X":
        both = min(copies.x + copies.y, _DIPLOID)
        start = 0
        for shared_start, shared_end in PSEUDO_AUTOSOMAL[assembly]["X"]:
            yield from _piece(start, min(shared_start, length), copies.x)
            yield from _piece(shared_start, min(shared_end, length), both)
            start = shared_end
        yield from _piece(start, length, copies.x)


def _piece(start: int, end: int, count: int) -> Iterator[tuple[int, int, int]]:
    if start < end:
        yield start, end, count


def ploidy_text(parts: Iterable[Stretch], label: str) -> str:
    """Rules for ``bcftools call --ploidy-file``: CHROM, FROM, TO (1-based), SEX, PLOIDY.

    Args:
        parts: where a genotype is not diploid.
        label: what the samples file says in its column of sexes.
    """
    rows = [f"{i.contig}\t{i.start + 1}\t{i.end}\t{label}\t{n}\n" for i, n in parts]
    return "".join(rows) + f"*\t*\t*\t{label}\t{_DIPLOID}\n"


def bed_text(parts: Iterable[Stretch], *words: str) -> str:
    """BED lines of the parts there are, further words, then copies (0-based, half-open)."""
    return "".join(
        "\t".join((i.contig, str(i.start), str(i.end), *words, str(n))) + "\n"
        for i, n in parts
        if n
    )


def present(pieces: Iterable[Interval], parts: Sequence[Stretch]) -> Iterator[Interval]:
    """What of some intervals there is a copy of."""
    missing = [interval for interval, count in parts if not count]
    for piece in pieces:
        start = piece.start
        for gap in (m for m in missing if m.contig == piece.contig):
            if gap.start < piece.end and gap.end > start:
                if gap.start > start:
                    yield Interval(piece.contig, start, gap.start)
                start = gap.end
        if start < piece.end:
            yield Interval(piece.contig, start, piece.end)

"""Target regions of exomes and panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from soyang.admission.builds import strange_names
from soyang.admission.sniff import sniff, unreachable
from soyang.core.interval import Interval, read_bed

Trouble = tuple[str, str, str, str]
"""Code, found, allowed, next step."""


def target_trouble(path: Path, contigs: Mapping[str, int] | None) -> Trouble | None:
    """The first thing that is wrong with a target BED.

    Args:
        path: the BED, plain or gzip.
        contigs: the reference's contigs and lengths; None if they are not known.
    """
    allowed = "a BED file with regions of the reference"
    reason = unreachable(path)
    if reason:
        return reason[0], reason[1], allowed, reason[2]
    content = sniff(path)
    if content.kind != "text":
        return "wrong-format", content.words, allowed, "name the BED of the targets"
    try:
        regions = list(read_bed(path))
    except (ValueError, EOFError, OSError) as error:
        return "bed-line", f"not a BED: {error}", allowed, "correct the line"
    if not regions:
        return "bed-empty", "a BED without regions", allowed, "name the BED of the targets"
    return _outside(regions, contigs, allowed) if contigs is not None else None


def _outside(
    regions: Sequence[Interval], contigs: Mapping[str, int], allowed: str
) -> Trouble | None:
    strange = strange_names({r.contig: None for r in regions}, contigs)
    if strange:
        return "contig-names", strange, allowed, "rename its contigs"
    for region in regions:
        end = contigs.get(region.contig)
        where = f"{region.contig}:{region.start:,}-{region.end:,}"
        if end is None:
            return (
                "bed-contig",
                f"a contig that the reference lacks: {where}",
                allowed,
                "correct it",
            )
        if region.end > end:
            found = f"wrong build or position: {where} is beyond the contig's {end:,} bases"
            return "bed-bounds", found, allowed, "take the BED of this assembly"
    return None

"""A BED of calling shards that take about as long as each other."""

from __future__ import annotations

from pathlib import Path

from soyang.calling.shard_bed import read_shards, write_shards


def balance(
    *, reference: Path, name: str, count: int, bed: Path, depth: Path | None = None
) -> None:
    """Write a BED of calling shards of about equal work, for the setting calling.shards.

    Results don't depend on shards; how long the longest takes does.

    Args:
        reference: prepared reference (genome.fa).
        name: name of this set of shards, e.g. GRCh38.1.
        count: shards.
        bed: output.
        depth: plain BED of mean depths in windows (contig, start, end, depth; mosdepth's regions)
            of a usual sample; none: what is expected of autosomes, X, Y and the mitochondrion.

    Raises:
        ValueError: the name has a space, or no shard is wanted.
    """
    write_shards(reference, name, count, bed, depth)
    read_shards(bed, reference)

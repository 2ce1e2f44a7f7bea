"""What every small-variant caller is asked, and what it answers.

A caller writes, of one shard, VCF text with a header: variants, and reference blocks that end at
its bands and hold the least depth in them (``MIN_DP`` or ``MinDP``). A position that it looked at
and could not tell has a genotype without digits. :mod:`soyang.calling.call` joins the shards and
makes the contract of :mod:`soyang.calling.records` of them, the same for all callers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from soyang.calling.ploidy import Stretch
from soyang.calling.shards import Shard


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is called: the same for all shards and callers.

    Attributes:
        sample: sample, as the CRAM's read groups name it.
        cram: the sample's CRAM, indexed.
        reference: prepared reference (genome.fa).
        assay: wgs, exome or panel.
        min_mapping_quality: reads below are not used.
        min_base_quality: bases below are not used.
        max_depth: reads used at one position, at most, where the caller has such a limit.
        depths: depths at which a reference block ends, rising, from 1 on.
        ploidy: where a genotype is not diploid.
        threads: for a caller that divides the work itself.
        folder: the caller's own folder of temporary files.
    """

    sample: str
    cram: Path
    reference: Path
    assay: str
    min_mapping_quality: int
    min_base_quality: int
    max_depth: int
    depths: tuple[int, ...]
    ploidy: tuple[Stretch, ...]
    threads: int
    folder: Path


class Caller(Protocol):
    """A small-variant caller."""

    @property
    def name(self) -> str:
        """As settings name it."""

    @property
    def divides(self) -> bool:
        """Whether it divides the work itself, so that all shards are given to it as one."""

    @property
    def fewest_bases(self) -> int:
        """Bases below which a shard is not worth its start: neighbours are then one."""

    def version(self) -> str:
        """Name and version, e.g. ``bcftools 1.16``.

        Raises:
            ToolError: it is not installed.
        """

    def bands(self, depths: tuple[int, ...]) -> str:
        """Where its reference blocks end, e.g. ``depth 1,5,10``."""

    def prepare(self, job: Job) -> None:
        """Write what all shards need into the job's folder."""

    def call(self, job: Job, shard: Shard, part: Path) -> None:
        """Call one shard into a file of VCF text.

        Raises:
            ToolError: the caller failed.
        """

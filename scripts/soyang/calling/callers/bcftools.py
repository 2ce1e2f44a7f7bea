"""bcftools mpileup and call (Li 2011; Danecek et al. 2021)."""

from __future__ import annotations

from pathlib import Path

from soyang.calling.callers.protocol import Job
from soyang.calling.ploidy import ploidy_text
from soyang.calling.shards import CLIP, Shard, bed, clip_table, with_margin
from soyang.core.process import Command, pipe, run
from soyang.core.sequence import bases_at, contig_lengths

_LABEL = "sample"
"""Stands where bcftools wants a sex: its rules of ploidy are written for the one sample."""


class Bcftools:
    """bcftools; it reports depth alone in reference blocks."""

    name = "bcftools"
    divides = False
    fewest_bases = 0

    def version(self) -> str:
        """Name and version."""
        return " ".join(run(["bcftools", "--version"]).splitlines()[0].split()[:2])

    def bands(self, depths: tuple[int, ...]) -> str:
        """The depths at which a block ends."""
        return f"depth {','.join(map(str, depths))}"

    def prepare(self, job: Job) -> None:
        """Write ploidy rules and the file of samples."""
        (job.folder / "ploidy.txt").write_text(ploidy_text(job.ploidy, _LABEL))
        (job.folder / "samples.txt").write_text(f"{job.sample}\t{_LABEL}\n")

    def call(self, job: Job, shard: Shard, part: Path) -> None:
        """Call one shard. The tools see a margin around it; what lies inside is kept."""
        wide, table = part.with_suffix(".bed"), part.with_suffix(".tsv")
        wide.write_text(bed(with_margin(shard, contig_lengths(job.reference))))
        table.write_text(
            clip_table(shard, bases_at(job.reference, [(i.contig, i.start) for i in shard]))
        )
        clip = ["env", "LC_ALL=C", f"SHARD={table}", "awk", CLIP]
        pipe([*commands(job, wide), clip], stdout=part)


def commands(job: Job, wide: Path) -> list[Command]:
    """Tools that call one shard with its margin.

    BQBZ goes: bcftools 1.16 leaves in an indel's what the site before it had, which is another
    one at the start of a shard.
    """
    depth = str(job.max_depth)
    blocks = ["-g", ",".join(map(str, job.depths))]
    return [
        [
            *["bcftools", "mpileup", "--no-version", "-Ou", "-R", str(wide)],
            *[*blocks, "-a", "FORMAT/AD,FORMAT/DP"],
            *["-q", str(job.min_mapping_quality), "-Q", str(job.min_base_quality)],
            # Without -L, bcftools calls no indel where more than 250 reads lie.
            *["-d", depth, "-L", depth, "-f", str(job.reference), str(job.cram)],
        ],
        [
            *["bcftools", "call", "--no-version", "-m", "-a", "GQ", *blocks],
            *["--ploidy-file", str(job.folder / "ploidy.txt")],
            *["-S", str(job.folder / "samples.txt"), "-Ou", "-"],
        ],
        ["bcftools", "annotate", "--no-version", "-x", "INFO/BQBZ", "-Ov", "-"],
    ]

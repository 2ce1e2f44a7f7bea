"""Small variants and reference blocks of one sample, with bcftools."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from soyang.calling.ploidy import ploidy_text
from soyang.calling.records import caller_version, normalising, require_sample, write_records
from soyang.calling.shards import (
    CLIP,
    Shard,
    bed,
    clip_table,
    make_shards,
    shard_size,
    with_margin,
)
from soyang.core.assembly import Assembly
from soyang.core.files import SCRATCH
from soyang.core.people import Sex
from soyang.core.process import Command, pipe
from soyang.core.sequence import bases_at, contig_lengths, known_stretches

_FIRST_BAND = 1
"""A band from one read on, so that thin coverage too is blocks and not a record per base."""


def call(
    *,
    sample: str,
    cram: Path,
    reference: Path,
    assembly: str,
    sex: str,
    min_mapping_quality: int,
    min_base_quality: int,
    max_depth: int,
    bands: list[int],
    shard_bases: int,
    threads: int,
    gvcf: Path,
) -> None:
    """Call one sample's variants and reference blocks into a normalised gVCF.

    Args:
        sample: sample, as the CRAM's read groups name it.
        cram: the sample's CRAM, indexed.
        reference: prepared reference (genome.fa).
        assembly: GRCh38 or GRCh37; places the pseudo-autosomal regions.
        sex: male, female or unknown; gives the ploidy on X and Y.
        min_mapping_quality: reads below are not used.
        min_base_quality: bases below are not used.
        max_depth: reads used at one position, at most; for indels too.
        bands: depths at which a reference block ends; may be repeated.
        shard_bases: bases called at a time, at most; results don't depend on it.
        threads: shards called side by side; results don't depend on it.
        gvcf: output .g.vcf.gz; its .tbi goes beside it.

    Raises:
        ToolError: a tool failed, or the result is not the sample's.
    """
    known = known_stretches(reference)
    shards = make_shards(known, shard_size(known, shard_bases))
    gvcf.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH, dir=gvcf.parent) as scratch:
        folder = Path(scratch)
        ploidy = folder / "ploidy.txt"
        ploidy.write_text(ploidy_text(contig_lengths(reference), Assembly(assembly), Sex(sex)))
        samples = folder / "samples.txt"
        samples.write_text(f"{sample}\t{sex}\n")
        limits = [
            *["-q", str(min_mapping_quality), "-Q", str(min_base_quality)],
            # Without -L, bcftools calls no indel where more than 250 reads lie.
            *["-d", str(max_depth), "-L", str(max_depth)],
        ]
        blocks = ["-g", ",".join(map(str, sorted({_FIRST_BAND, *bands})))]
        fields = ["-a", "FORMAT/AD,FORMAT/DP"]
        words = _Words(
            pileup=[*blocks, *fields, *limits, "-f", str(reference), str(cram)],
            model=[*blocks, "--ploidy-file", str(ploidy), "-S", str(samples)],
        )
        parts = _call_shards(shards, folder, reference, words, threads)
        write_records(
            normalising(joining(parts), reference, carried=False),
            reference,
            caller_version(),
            gvcf,
        )
    require_sample(gvcf, sample)


@dataclass(frozen=True)
class _Words:
    """Further words of the commands that pile up and call; the same for all shards."""

    pileup: Sequence[str]
    model: Sequence[str]


def joining(parts: Sequence[Path]) -> list[Command]:
    """Tools that write parts one after another.

    bcftools 1.16 leaves in an indel's BQBZ what the site before it had, which is another one at
    the start of a shard: the field goes.
    """
    return [
        ["bcftools", "concat", "--no-version", "-Ou", *map(str, parts)],
        ["bcftools", "annotate", "--no-version", "-x", "INFO/BQBZ", "-Ou", "-"],
    ]


def _call_shards(
    shards: Sequence[Shard],
    folder: Path,
    fasta: Path,
    words: _Words,
    threads: int,
) -> list[Path]:
    """Call each shard into a file of its own; return them in the order of the reference."""
    parts = [folder / f"{number}.vcf" for number in range(len(shards))]
    longest_first = sorted(range(len(shards)), key=lambda n: sum(map(len, shards[n])), reverse=True)
    with ThreadPoolExecutor(max(threads, 1)) as workers:
        running = [
            workers.submit(_call_shard, shards[n], parts[n], fasta, words) for n in longest_first
        ]
        try:
            for task in running:
                task.result()
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    return parts


def _call_shard(shard: Shard, part: Path, fasta: Path, words: _Words) -> None:
    """Call one shard. The tools see a margin around it; what lies inside is kept."""
    wide, table = part.with_suffix(".bed"), part.with_suffix(".tsv")
    wide.write_text(bed(with_margin(shard)))
    table.write_text(clip_table(shard, bases_at(fasta, [(i.contig, i.start) for i in shard])))
    pipe(
        [
            ["bcftools", "mpileup", "--no-version", "-Ou", "-R", str(wide), *words.pileup],
            ["bcftools", "call", "--no-version", "-m", "-a", "GQ", *words.model, "-Ov", "-"],
            ["env", "LC_ALL=C", f"SHARD={table}", "awk", CLIP],
        ],
        stdout=part,
    )

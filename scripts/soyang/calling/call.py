"""Small variants and reference blocks of one sample, by one caller or several."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from soyang.calling.callers.choice import chosen
from soyang.calling.callers.protocol import Caller, Job
from soyang.calling.ploidy import copies_found, copies_of, present, stretches
from soyang.calling.records import (
    Provenance,
    normalising,
    reference_md5,
    require_sample,
    write_records,
)
from soyang.calling.shard_bed import read_shards
from soyang.calling.shards import Shard, joined, make_shards, shard_size
from soyang.core.assembly import Assembly
from soyang.core.errors import ToolError
from soyang.core.files import SCRATCH
from soyang.core.people import Sex
from soyang.core.process import Command
from soyang.core.sequence import contig_lengths, known_stretches

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
    caller: list[str],
    others: Path | None = None,
    quality: Path | None = None,
    assay: str = "wgs",
    shards: Path | None = None,
    deepvariant: list[str] | None = None,
) -> None:
    """Call one sample's variants and reference blocks into a normalised gVCF.

    Where several callers are asked, the first's genotypes stand; each variant says who has it
    (CALLERS) and how many have the same genotype (AGREED), and what only others have is listed.

    Args:
        sample: sample, as the CRAM's read groups name it.
        cram: the sample's CRAM, indexed.
        reference: prepared reference (genome.fa).
        assembly: GRCh38 or GRCh37; places the pseudo-autosomal regions.
        sex: male, female or unknown; gives the ploidy on X and Y where the reads don't.
        min_mapping_quality: reads below are not used.
        min_base_quality: bases below are not used.
        max_depth: reads used at one position, at most; for indels too; of bcftools alone.
        bands: depths at which a reference block ends; may be repeated.
        shard_bases: bases called at a time, at most; results don't depend on it.
        threads: shards called side by side; results don't depend on it.
        gvcf: output .g.vcf.gz; its .tbi goes beside it.
        caller: bcftools, freebayes, gatk or deepvariant; may be repeated.
        others: output table of what only callers after the first have (OTHERS).
        quality: the sample's row of reads' QUALITY: copies of X and Y by depth.
        assay: wgs, exome or panel.
        shards: BED of shards, balanced by work; none: made of the reference.
        deepvariant: words that start DeepVariant, each an option; none: run_deepvariant.

    Raises:
        FaultError: the shards are not of this reference.
        ToolError: a tool failed, or the result is not the sample's.
    """
    callers = chosen(caller, deepvariant=deepvariant or ())
    found = copies_found(quality, sample) if quality else (None, None)
    ploidy = stretches(contig_lengths(reference), Assembly(assembly), copies_of(Sex(sex), *found))
    known = known_stretches(reference)
    plan = (
        read_shards(shards, reference)
        if shards
        else make_shards(known, shard_size(known, shard_bases))
    )
    plan = [kept for shard in plan if (kept := tuple(present(shard, ploidy)))]
    if not plan:
        raise ToolError(f"nothing to call: of all contigs {sample} has no copy")
    gvcf.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH, dir=gvcf.parent) as scratch:
        job = Job(
            sample=sample,
            cram=cram,
            reference=reference,
            assay=assay,
            min_mapping_quality=min_mapping_quality,
            min_base_quality=min_base_quality,
            max_depth=max_depth,
            depths=tuple(sorted({_FIRST_BAND, *bands})),
            ploidy=tuple(ploidy),
            threads=max(threads, 1),
            folder=Path(scratch),
        )
        _call_all(callers, job, plan, gvcf, others)


def _call_all(
    callers: Sequence[Caller], job: Job, plan: Sequence[Shard], gvcf: Path, others: Path | None
) -> None:
    """Ask each caller; write the gVCF and, where it is wanted, what only others have."""
    md5 = reference_md5(job.reference)
    made = [Provenance(c.version(), c.bands(job.depths), md5) for c in callers]
    files = {caller.name: job.folder / f"{caller.name}.g.vcf.gz" for caller in callers}
    file = files[callers[0].name]
    with ThreadPoolExecutor(1) as beside:
        # It takes as long to import as a caller for a gene: while the first one works.
        agreement = beside.submit(import_module, "soyang.calling.agreement")
        for caller, origin in zip(callers, made, strict=True):
            _call_with(caller, job, plan, origin, files[caller.name])
        compare, write_others = agreement.result().compare, agreement.result().write_others
    only = None
    if len(callers) > 1:
        first = replace(made[0], callers=tuple(origin.caller for origin in made))
        file = job.folder / "agreed.g.vcf.gz"
        only = compare(files, job.sample, job.reference, first, file, job.folder)
        require_sample(file, job.sample)
    for suffix in (".tbi", ""):
        Path(f"{file}{suffix}").replace(f"{gvcf}{suffix}")
    if others:
        write_others(only, others)


def _call_with(
    caller: Caller, job: Job, plan: Sequence[Shard], made: Provenance, gvcf: Path
) -> None:
    """One caller's normalised gVCF of all shards; its temporary files go at the end."""
    with TemporaryDirectory(prefix=f"{caller.name}-", dir=job.folder) as scratch:
        own = replace(job, folder=Path(scratch))
        caller.prepare(own)
        parts = _call_shards(caller, own, grouped(plan, caller))
        commands = normalising(joining(parts), job.reference, carried=False)
        write_records(commands, job.reference, made, gvcf)
    require_sample(gvcf, job.sample)


def grouped(plan: Sequence[Shard], caller: Caller) -> list[Shard]:
    """Shards as a caller takes them: all as one, or neighbours together that are too small."""
    groups: list[list[Shard]] = []
    for shard in plan:
        small = groups and sum(len(i) for s in groups[-1] for i in s) < caller.fewest_bases
        if groups and (caller.divides or small):
            groups[-1].append(shard)
        else:
            groups.append([shard])
    return [tuple(joined([piece for shard in group for piece in shard])) for group in groups]


def joining(parts: Sequence[Path]) -> list[Command]:
    """Tools that write parts one after another."""
    return [["bcftools", "concat", "--no-version", "-Ou", *map(str, parts)]]


def _call_shards(caller: Caller, job: Job, shards: Sequence[Shard]) -> list[Path]:
    """Call each shard into a file of its own; return them in the order of the reference."""
    parts = [job.folder / f"{number}.part" for number in range(len(shards))]
    longest_first = sorted(range(len(shards)), key=lambda n: sum(map(len, shards[n])), reverse=True)
    with ThreadPoolExecutor(job.threads) as workers:
        running = [workers.submit(caller.call, job, shards[n], parts[n]) for n in longest_first]
        try:
            for task in running:
                task.result()
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    for part in parts:
        if not part.is_file() or not part.stat().st_size:
            raise ToolError(f"{caller.name} ended without error and wrote nothing of a shard")
    return parts

"""DeepVariant (Poplin et al. 2018), as gVCF, by ``run_deepvariant``.

It divides the work itself. Limits on reads and bases are its own, not the settings': its models
learned with them. It writes two alleles everywhere: on haploid contigs it leaves out heterozygotes
(``--haploid_contigs``, ``--par_regions_bed``), and the second allele goes here. Its models did not
learn heteroplasmy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from soyang.calling.callers.protocol import Job
from soyang.calling.ploidy import Stretch, bed_text
from soyang.calling.shards import CLIP, Shard, bed, clip_table, with_margin
from soyang.core.errors import ToolError
from soyang.core.interval import Interval
from soyang.core.process import Command, pipe, run
from soyang.core.sequence import bases_at, contig_lengths

_BAND = 5
"""Genotype qualities of one band: DeepVariant's own default of ``gvcf_gq_binsize``."""

_MODELS = {"wgs": "WGS", "exome": "WES", "panel": "WES"}


class DeepVariant:
    """``run_deepvariant``, on PATH or in a container."""

    name = "deepvariant"
    divides = True
    fewest_bases = 0

    def __init__(self, words: Sequence[str] = ()) -> None:
        """Take the words that start it.

        Args:
            words: e.g. ``apptainer exec deepvariant.sif run_deepvariant``; none:
                ``run_deepvariant``.
        """
        self.words = list(words) or ["run_deepvariant"]

    def version(self) -> str:
        """Name and version."""
        said = run([*self.words, "--version"])
        found = re.search(r"\d+(\.\d+)+\S*", said)
        if not found:
            raise ToolError(
                f"DeepVariant does not tell its version: {said.strip() or 'it said nothing'}"
            )
        return f"DeepVariant {found[0]}"

    def bands(self, depths: tuple[int, ...]) -> str:
        """Blocks end where the genotype quality is in another step."""
        del depths
        return f"GQ every {_BAND}"

    def prepare(self, job: Job) -> None:
        """Write where a genotype has one allele, and the pseudo-autosomal regions."""
        haploid, shared = regions(job.ploidy, contig_lengths(job.reference))
        (job.folder / "haploid.bed").write_text(bed_text(haploid))
        (job.folder / "shared.bed").write_text(bed(shared))

    def call(self, job: Job, shard: Shard, part: Path) -> None:
        """Call everything; what lies inside the shard is kept."""
        wide, table = part.with_suffix(".bed"), part.with_suffix(".tsv")
        wide.write_text(bed(with_margin(shard, contig_lengths(job.reference))))
        table.write_text(
            clip_table(shard, bases_at(job.reference, [(i.contig, i.start) for i in shard]))
        )
        whole = part.with_suffix(".g.vcf.gz")
        run([*self.words, *command(job, wide, whole)])
        if not whole.is_file():
            raise ToolError(f"{self.words[0]} ended without error and wrote no gVCF")
        pipe(reading(job, whole, table), stdout=part)


def command(job: Job, wide: Path, output: Path) -> Command:
    """``run_deepvariant``'s own words."""
    haploid, _ = regions(job.ploidy, contig_lengths(job.reference))
    contigs = sorted({interval.contig for interval, _ in haploid})
    shared = job.folder / "shared.bed"
    return [
        f"--model_type={_MODELS[job.assay]}",
        f"--ref={job.reference}",
        f"--reads={job.cram}",
        f"--sample_name={job.sample}",
        f"--regions={wide}",
        f"--output_vcf={output.with_name('variants.vcf.gz')}",
        f"--output_gvcf={output}",
        f"--intermediate_results_dir={job.folder / 'steps'}",
        f"--num_shards={job.threads}",
        *([f"--haploid_contigs={','.join(contigs)}"] if contigs else []),
        *([f"--par_regions_bed={shared}"] if shared.stat().st_size else []),
        f"--make_examples_extra_args=gvcf_gq_binsize={_BAND}",
    ]


def reading(job: Job, gvcf: Path, table: Path) -> list[Command]:
    """Tools that make one shard's text of DeepVariant's gVCF."""
    haploid = job.folder / "haploid.bed"
    return [
        ["bcftools", "annotate", "--no-version", "-x", "FORMAT/VAF", str(gvcf)],
        ["env", "LC_ALL=C", f"SHARD={table}", "awk", CLIP],
        ["env", "LC_ALL=C", f"HAPLOID={haploid}", "awk", ONE_ALLELE],
    ]


def regions(
    ploidy: Sequence[Stretch], lengths: dict[str, int]
) -> tuple[list[Stretch], list[Interval]]:
    """Where a genotype has one allele, and what else there is of the contigs that have such."""
    haploid = [(interval, count) for interval, count in ploidy if count == 1]
    shared: list[Interval] = []
    for contig in dict.fromkeys(interval.contig for interval, _ in haploid):
        start = 0
        for interval in (i for i, _ in haploid if i.contig == contig):
            if interval.start > start:
                shared.append(Interval(contig, start, interval.start))
            start = interval.end
        if start < lengths[contig]:
            shared.append(Interval(contig, start, lengths[contig]))
    return haploid, shared


ONE_ALLELE = r"""
BEGIN {
    FS = OFS = "\t"
    while ((getline line < ENVIRON["HAPLOID"]) > 0) {
        split(line, field, "\t")
        places = ++count[field[1]]
        start[field[1], places] = field[2]
        end[field[1], places] = field[3]
    }
}
/^#/ { print; next }
{
    haploid = 0
    for (n = 1; n <= count[$1]; n++)
        if (start[$1, n] < $2 && $2 <= end[$1, n]) haploid = 1
    if (haploid) {
        colon = index($10, ":")
        genotype = colon ? substr($10, 1, colon - 1) : $10
        rest = colon ? substr($10, colon) : ""
        if (split(genotype, allele, /[\/|]/) == 2)
            genotype = allele[1] == allele[2] ? allele[1] : "."
        $10 = genotype rest
        # Likelihoods are of pairs of alleles.
        fields = split($9, name, ":")
        split($10, value, ":")
        $9 = name[1]
        $10 = value[1]
        for (n = 2; n <= fields; n++)
            if (name[n] != "PL") { $9 = $9 ":" name[n]; $10 = $10 ":" value[n] }
    }
    print
}
"""
"""awk program: in the regions of the file ``HAPLOID`` genotypes have one allele.

A heterozygote there is no call.
"""

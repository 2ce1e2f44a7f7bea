"""GATK HaplotypeCaller with reference confidence (Poplin et al. 2018), as gVCF.

Its gVCF has genotypes already. What GenotypeGVCFs adds for one sample is the threshold: a variant
below ``stand-call-conf`` is no call. That is done here, so that the VCF is the gVCF's carried
alleles, as with every caller.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from soyang.calling.callers.protocol import Job
from soyang.calling.ploidy import bed_text
from soyang.calling.shards import CLIP, Shard, bed, clip_table, with_margin
from soyang.core.errors import ToolError
from soyang.core.process import Command, pipe, run
from soyang.core.sequence import bases_at, contig_lengths

MIN_QUALITY = 30
"""Phred quality below which a variant is no call: GATK's own default of ``stand-call-conf``."""

_BELIEVED = 20
"""Genotype quality from which on a reference block is believed (see ``callable``): a band of it
keeps what is believed apart from what is not."""

_QUALITY_A_READ = 3
"""Phred that a read adds to a reference genotype against a heterozygous one: 10 log10 2."""

_HIGHEST = 99
"""GATK gives no higher genotype quality."""

_JAVA = "-Xmx2g -XX:+UseSerialGC"
_NO_OPTIMISER = "-XX:TieredStopAtLevel=1"
_FEW_BASES = 500_000
"""Bases below which Java's optimiser costs more time than it saves: 42 s of processor time instead
of 27 s for 320,000 bases at 30x."""
_KEPT = "INFO/END,INFO/DP,INFO/BaseQRankSum,INFO/MQRankSum,INFO/ReadPosRankSum"
_FIELDS = "FORMAT/GT,FORMAT/AD,FORMAT/DP,FORMAT/GQ,FORMAT/MIN_DP,FORMAT/PL,FORMAT/PS,FORMAT/SB"


class Gatk:
    """HaplotypeCaller, by the command ``gatk`` (of conda, or what ``make gatk`` sets up).

    A shard starts a Java machine, which takes as long as calling 50,000 bases.
    """

    name = "gatk"
    divides = False
    fewest_bases = 2_000_000

    def version(self) -> str:
        """Name and version."""
        said = run(["gatk", "HaplotypeCaller", "--version"])
        found = re.search(r"\d+(\.\d+)+\S*", said)
        if not found:
            raise ToolError(f"GATK does not tell its version: {said.strip() or 'it said nothing'}")
        return f"GATK {found[0]}"

    def bands(self, depths: tuple[int, ...]) -> str:
        """The genotype qualities at which a block ends."""
        return f"GQ {','.join(map(str, quality_bands(depths)))}"

    def prepare(self, job: Job) -> None:
        """Write the ploidy by region, and lay the reference out as GATK looks for it."""
        (job.folder / "ploidy.bed").write_text(bed_text(job.ploidy))
        source = job.reference.resolve()
        links = {"genome.fa": "", "genome.fa.fai": ".fai", "genome.dict": ".dict"}
        for name, suffix in links.items():
            (job.folder / name).symlink_to(source.with_name(f"{source.name}{suffix}"))

    def call(self, job: Job, shard: Shard, part: Path) -> None:
        """Call one shard. HaplotypeCaller sees a margin around it; what lies inside is kept."""
        wide, table, whole = (part.with_suffix(s) for s in (".bed", ".tsv", ".whole.vcf.gz"))
        wide.write_text(bed(with_margin(shard, contig_lengths(job.reference))))
        table.write_text(
            clip_table(shard, bases_at(job.reference, [(i.contig, i.start) for i in shard]))
        )
        # GATK 4.6 can't start with temporary files in a folder with a space or Hangul in its path.
        with TemporaryDirectory(prefix="soyang-gatk-") as scratch:
            run([*start(shard), *words(job, wide, whole, scratch)])
        pipe(
            [
                ["bcftools", "annotate", "--no-version", "-x", f"^{_KEPT},^{_FIELDS}", str(whole)],
                ["env", "LC_ALL=C", "awk", "-v", f"least={MIN_QUALITY}", NO_CALL],
                ["env", "LC_ALL=C", f"SHARD={table}", "awk", CLIP],
                ["bgzip", "--compress-level", "1", "--stdout"],  # reference blocks are many
            ],
            stdout=part,
        )
        whole.unlink()


def start(shard: Shard) -> Command:
    """The words that start GATK for a shard."""
    few = sum(map(len, shard)) < _FEW_BASES
    return ["gatk", "--java-options", f"{_JAVA} {_NO_OPTIMISER}" if few else _JAVA]


def words(job: Job, wide: Path, output: Path, scratch: str) -> Command:
    """HaplotypeCaller's own words for one shard with its margin."""
    ploidy = job.folder / "ploidy.bed"
    bands = [word for band in quality_bands(job.depths) for word in ("-GQB", str(band))]
    return [
        *["HaplotypeCaller", "-R", str(job.folder / "genome.fa"), "-I", str(job.cram)],
        *["-L", str(wide), "-ERC", "GVCF", *bands],
        *["--minimum-mapping-quality", str(job.min_mapping_quality)],
        *["--min-base-quality-score", str(job.min_base_quality)],
        *(["--ploidy-regions", str(ploidy)] if ploidy.stat().st_size else []),
        # One thread a shard: shards run side by side.
        *["--native-pair-hmm-threads", "1", "--tmp-dir", scratch],
        *["--create-output-variant-index", "false", "--QUIET", "true", "--verbosity", "ERROR"],
        *["-O", str(output)],
    ]


def quality_bands(depths: tuple[int, ...]) -> list[int]:
    """Genotype qualities at which a block ends: those that reads of these depths give at best."""
    of_depths = {min(_QUALITY_A_READ * depth, _HIGHEST) for depth in depths}
    return sorted(of_depths | {_BELIEVED})


NO_CALL = r"""
BEGIN { FS = OFS = "\t" }
/^#/ {
    if (/^#CHROM/ && !declared)
        print "##FILTER=<ID=LowQual,Description=\"Variant quality below " least ": no call\">"
    if (/^##FILTER=<ID=LowQual,/) declared = 1
    print
    next
}
$6 != "." && $6 + 0 < least {
    colon = index($10, ":")
    genotype = colon ? substr($10, 1, colon - 1) : $10
    if (genotype ~ /[1-9]/) {
        $7 = "LowQual"
        gsub(/[0-9]+/, ".", genotype)
        $10 = genotype (colon ? substr($10, colon) : "")
    }
}
{ print }
"""
"""awk program: a carried allele below the quality is no call, as GenotypeGVCFs would have it."""

"""freebayes (Garrison and Marth 2012).

Its own gVCF is not used: one block reaches from a variant to the next however deep the reads lie
(``MIN_DP`` is the least in it, often 0), blocks have no genotype, and a block for each base costs
four times the run. Blocks are made of the depth by the same limits on reads and bases instead:
where freebayes wrote no record and reads lie, it found nothing.

Its variant and genotype qualities depend on the length of the region that it is told to call (its
issues 88 and 507), its likelihoods don't: both qualities are made of these, so that they don't
depend on shards.

It reports haplotypes; :mod:`soyang.calling.callers.haplotypes` makes variants of them.
"""

from __future__ import annotations

from pathlib import Path

from soyang.calling.callers.haplotypes import SPLIT
from soyang.calling.callers.protocol import Job
from soyang.calling.ploidy import bed_text
from soyang.calling.shards import CLIP, Shard, bed, clip_table, with_margin
from soyang.core.process import Command, pipe, run
from soyang.core.sequence import bases_at, contig_lengths

MIN_QUALITY = 20
"""Phred quality below which a variant is no call: at most one of a hundred wrong; the filter that
freebayes' manual gives ("QUAL > 20")."""

_PRIOR = 30
"""Phred of a variant before any read: one base of a thousand, freebayes' default ``--theta``."""


class Freebayes:
    """freebayes."""

    name = "freebayes"
    divides = False
    fewest_bases = 0

    def version(self) -> str:
        """Name and version."""
        return f"freebayes {run(['freebayes', '--version']).split()[-1].removeprefix('v')}"

    def bands(self, depths: tuple[int, ...]) -> str:
        """The depths at which a block ends."""
        return f"depth {','.join(map(str, depths))}"

    def prepare(self, job: Job) -> None:
        """Write the map of copy numbers."""
        (job.folder / "copies.bed").write_text(bed_text(job.ploidy, job.sample))

    def call(self, job: Job, shard: Shard, part: Path) -> None:
        """Call one shard with a margin, then blocks where it found nothing; keep what lies inside.

        freebayes is told the margin, the pile of reads only the shard.
        """
        wide, table, found = (part.with_suffix(s) for s in (".bed", ".tsv", ".found"))
        own = part.with_suffix(".own")
        wide.write_text(bed(with_margin(shard, contig_lengths(job.reference))))
        own.write_text(bed(shard))
        table.write_text(
            clip_table(shard, bases_at(job.reference, [(i.contig, i.start) for i in shard]))
        )
        clip = ["env", "LC_ALL=C", f"SHARD={table}", "awk", CLIP]
        pipe([*commands(job, wide), clip], stdout=found)
        bands = ",".join(map(str, job.depths))
        blocks = ["env", "LC_ALL=C", f"FOUND={found}", f"BANDS={bands}", "awk", BLOCKS]
        sort = ["bcftools", "sort", "-T", str(part.with_suffix(".sort")), "-Ov", "-"]
        pipe([pile(job, own), blocks, sort], stdout=part)


def commands(job: Job, wide: Path) -> list[Command]:
    """Tools that call one shard with its margin: one allele of one base or indel a record."""
    copies = job.folder / "copies.bed"
    return [
        [
            *["freebayes", "-f", str(job.reference), "-t", str(wide)],
            *["-m", str(job.min_mapping_quality), "-q", str(job.min_base_quality)],
            *["--strict-vcf", "--genotype-qualities"],
            *(["--cnv-map", str(copies)] if copies.stat().st_size else []),
            str(job.cram),
        ],
        ["env", "LC_ALL=C", "awk", "-v", f"prior={_PRIOR}", "-v", f"least={MIN_QUALITY}", SPLIT],
        [
            *["bcftools", "norm", "--no-version", "-f", str(job.reference), "-d", "exact"],
            *["-Ov", "-"],
        ],
    ]


def pile(job: Job, own: Path) -> Command:
    """The tool that tells, of each position of a shard, base and depth.

    Reads are counted as freebayes counts them: also of improper pairs, both of overlapping mates,
    base qualities as they are.
    """
    return [
        *["samtools", "mpileup", "-A", "-B", "-x", "-d", "0", "-l", str(own)],
        *["-q", str(job.min_mapping_quality), "-Q", str(job.min_base_quality)],
        *["-f", str(job.reference), str(job.cram)],
    ]


BLOCKS = r"""
BEGIN {
    FS = OFS = "\t"
    bands = split(ENVIRON["BANDS"], band, ",")
    while ((getline line < ENVIRON["FOUND"]) > 0) {
        if (line ~ /^##/) { print line; continue }
        if (line ~ /^#/) {
            print "##INFO=<ID=END,Number=1,Type=Integer,Description=\"End of the block\">"
            print "##FORMAT=<ID=MIN_DP,Number=1,Type=Integer,Description=\"Least depth\">"
            print line
            continue
        }
        print line
        split(line, field, "\t")
        for (n = 0; n < length(field[4]); n++) taken[field[1], field[2] + n]
    }
}
function flush() {
    if (!open) return
    print contig, first, ".", base, ".", ".", ".", "END=" last, "GT:DP:MIN_DP", \
        "0/0:" least ":" least
    open = 0
}
function level(depth,   n) {
    for (n = bands; n >= 1; n--) if (depth >= band[n]) return n
    return 0
}
{
    depth = $4 - gsub(/[*#]/, "", $5)
    at = depth > 0 && !(($1, $2) in taken) ? level(depth) : 0
    if (open && !(at == now && $1 == contig && $2 == last + 1)) flush()
    if (at) {
        if (!open) {
            contig = $1; first = $2; base = toupper($3)
            least = depth; now = at; open = 1
        }
        if (depth < least) least = depth
        last = $2
    }
}
END { flush() }
"""
"""awk program on a pile of reads: what was found (the file ``FOUND``), and blocks between.

A block has one band of depth (``BANDS``, rising) and reaches over no base that a record spans.
"""

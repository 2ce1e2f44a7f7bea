"""Reference, knowledge sources and knowledge release of the demo's working folder."""

from __future__ import annotations

from pathlib import Path

from demo.genes import CONTIG, CONTIG_LENGTH, GENES, RESOURCES, sequences
from demo.haplotypes import ordinary_sites
from demo.people import DECOYS
from soyang.core.assembly import Assembly
from soyang.core.process import run
from soyang.knowledge import build

LINE = 60
POPULATION_ALLELES = 20_000
"""AN of the invented population."""

_HEADER = f"""##fileformat=VCFv4.2
##source=soyang demo, SYNTHETIC: an invented population, no measured frequencies
##contig=<ID={CONTIG},length={CONTIG_LENGTH}>
##INFO=<ID=AC,Number=A,Type=Integer,Description="Allele count (synthetic)">
##INFO=<ID=AN,Number=1,Type=Integer,Description="Allele number (synthetic)">
##INFO=<ID=nhomalt,Number=A,Type=Integer,Description="Homozygotes (synthetic)">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
"""


def write_reference(fasta: Path) -> None:
    """The contig in true GRCh38 coordinates, N outside the genes, with its index."""
    parts, done = [], 0
    for gene in GENES:
        sequence = sequences()[gene.symbol]
        parts += ["N" * (gene.slice_start - 1 - done), sequence]
        done = gene.slice_start - 1 + len(sequence)
    whole = "".join([*parts, "N" * (CONTIG_LENGTH - done)])
    with fasta.open("w") as out:
        out.write(f">{CONTIG}\n")
        out.writelines(f"{whole[i : i + LINE]}\n" for i in range(0, CONTIG_LENGTH, LINE))
    run(["samtools", "faidx", fasta])


def write_transcripts(gff3: Path) -> None:
    """The committed transcripts."""
    gff3.write_bytes((RESOURCES / "transcripts.gff3").read_bytes())


def write_clinvar(vcf: Path) -> None:
    """The committed ClinVar records, bgzip and indexed."""
    compress((RESOURCES / "clinvar.vcf").read_text(), vcf)


def write_frequencies(vcf: Path) -> None:
    """Population frequencies of ordinary variation; decoys seen once, causes not at all."""
    counts = {
        change: round(frequency * POPULATION_ALLELES)
        for site in ordinary_sites()
        for change, frequency in zip(site.changes, site.frequencies, strict=True)
    }
    counts |= dict.fromkeys(DECOYS, 1)
    lines = []
    for change, count in sorted(counts.items()):
        homozygotes = count * count // (2 * POPULATION_ALLELES)
        lines.append(
            f"{CONTIG}\t{change.position}\t.\t{change.ref}\t{change.alt}\t.\tPASS\t"
            f"AC={count};AN={POPULATION_ALLELES};nhomalt={homozygotes}\n"
        )
    compress(_HEADER + "".join(lines), vcf)


def write_release(data: Path, output: Path) -> None:
    """Build the knowledge release out of the sources in ``data``.

    Args:
        data: folder with reference and sources.
        output: the release's folder.
    """
    build(
        catalog=RESOURCES / "catalog.yaml",
        files=data,
        reference=data / "reference.fa",
        assembly=Assembly.GRCH38,
        output=output,
    )


def compress(text: str, path: Path) -> None:
    """Write a VCF text as bgzip with a tabix index."""
    plain = path.with_suffix("")
    plain.write_text(text)
    run(["bgzip", "--force", plain])
    run(["tabix", "--force", "--preset", "vcf", path])

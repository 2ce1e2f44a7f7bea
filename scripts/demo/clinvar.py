"""ClinVar rows of the Python package ``picus`` (release 2020-11, GRCh37) as a GRCh38 VCF."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.genes import CONTIG, CONTIG_LENGTH, GENES, Gene

STARS = (
    "practice guideline",
    "reviewed by expert panel",
    "criteria provided, multiple submitters, no conflicts",
    "criteria provided, conflicting interpretations",
    "criteria provided, single submitter",
)
"""Review states that rest on criteria, best first; the others rest on none."""

_SCALE = (
    "Pathogenic",
    "Pathogenic/Likely pathogenic",
    "Likely pathogenic",
    "Uncertain significance",
    "Likely benign",
    "Benign/Likely benign",
    "Benign",
)
_JOINED = {
    frozenset({"Pathogenic", "Likely pathogenic"}): "Pathogenic/Likely pathogenic",
    frozenset({"Benign", "Likely benign"}): "Benign/Likely benign",
}
_CONFLICT = "Conflicting interpretations of pathogenicity"

HEADER = f"""##fileformat=VCFv4.2
##source=ClinVar
##clinvarRelease=2020-11
##note="ClinVar (NCBI, public domain) as carried by the Python package picus 0.0.5: \
GRCh37 positions plus the shift of each gene; REF checked against the GRCh38 sequence; \
the source gives no accession, so ID is '.'"
##contig=<ID={CONTIG},length={CONTIG_LENGTH}>
##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Clinical significance of the variant; \
several rows of one variant joined by the rule in resources/demo/README.md">
##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description="Review status, as ClinVar words it">
##INFO=<ID=CLNHGVS,Number=.,Type=String,Description="HGVS expression of the source, on a \
transcript (not, as in ClinVar's own VCF, on the chromosome)">
##INFO=<ID=GENEINFO,Number=1,Type=String,Description="Gene symbol:NCBI gene id">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the source, placed on GRCh38 and padded as VCF asks."""

    position: int
    ref: str
    alt: str
    hgvs: str
    significance: str
    review: str
    gene: Gene


def read_rows(path: Path, sequences: Mapping[str, str]) -> Iterator[Row]:
    """Rows within the genes' kept sequence whose reference bases agree with it."""
    with path.open(newline="", encoding="utf-8") as file:
        for raw in csv.DictReader(file):
            if raw["CHROM"] == "20":
                for gene in GENES:
                    row = place(raw, gene, sequences[gene.symbol])
                    if row:
                        yield row


def place(raw: Mapping[str, str], gene: Gene, sequence: str) -> Row | None:
    """The row in a gene's sequence; None if it lies elsewhere or its bases don't agree.

    The source writes an absent allele as ``-``: a deletion starts at its position, an
    insertion follows it. VCF asks for the base before.
    """
    position = int(raw["POS"]) + gene.shift
    if not gene.slice_start < position < gene.slice_end:
        return None
    ref, alt = raw["REF"].replace("-", ""), raw["cALT"].replace("-", "")
    if not alt:
        position -= 1
    before = sequence[position - gene.slice_start]
    if not ref or not alt:
        ref, alt = before + ref, before + alt
    offset = position - gene.slice_start
    if sequence[offset : offset + len(ref)] != ref or ref == alt:
        return None
    return Row(
        position=position,
        ref=ref,
        alt=alt,
        hgvs=raw["hgvs_c"],
        significance=raw["clinical_significance"],
        review=raw["review_status"],
        gene=gene,
    )


def joined(rows: Iterable[Row]) -> tuple[str, str]:
    """Significance and review status of one variant that the source has in several rows.

    Rows of the best review status count. On one side of the scale they are joined as ClinVar
    does (``Pathogenic/Likely pathogenic``); across sides they conflict; what is not on the
    scale (``risk factor``, ``drug response``) is listed after it.
    """
    rows = list(rows)
    rank = min(_rank(row) for row in rows)
    best = [row for row in rows if _rank(row) == rank]
    found = {row.significance for row in best}
    scale = [s for s in _SCALE if s in found]
    if len(scale) > 1:
        scale = [_JOINED.get(frozenset(scale), _CONFLICT)]
    return "|".join(scale + sorted(found - set(_SCALE))), sorted(row.review for row in best)[0]


def _rank(row: Row) -> int:
    return STARS.index(row.review) if row.review in STARS else len(STARS)


def vcf(rows: Iterable[Row], gene_ids: Mapping[str, str]) -> str:
    """VCF text, one record for each variant, sorted; the rows must be normalised."""
    groups: dict[tuple[int, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.position, row.ref, row.alt), []).append(row)
    lines = []
    for (position, ref, alt), group in sorted(groups.items()):
        significance, review = joined(group)
        symbol = group[0].gene.symbol
        info = {
            "CLNSIG": _underscored(significance),
            "CLNREVSTAT": _underscored(review),
            "CLNHGVS": _hgvs(group),
            "GENEINFO": f"{symbol}:{gene_ids[symbol]}",
        }
        fields = ";".join(f"{key}={value}" for key, value in info.items() if value)
        lines.append(f"{CONTIG}\t{position}\t.\t{ref}\t{alt}\t.\t.\t{fields}\n")
    return HEADER + "".join(lines)


def _hgvs(group: list[Row]) -> str:
    """One expression, on the gene's MANE transcript (in any version) where the source has it."""
    mane = group[0].gene.refseq.split(".")[0]
    known = sorted({row.hgvs for row in group if row.hgvs}, key=lambda h: (mane not in h, h))
    return known[0].replace("=", "%3D") if known else ""


def _underscored(text: str) -> str:
    return text.replace(", ", ",_").replace(" ", "_")

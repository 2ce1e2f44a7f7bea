"""MANE: the transcripts on which NCBI and Ensembl agree.

Formats: ``MANE.GRCh38.v*.summary.txt`` (https://ftp.ncbi.nlm.nih.gov/refseq/MANE), or a GFF3 in
Ensembl's style whose transcripts have ``refseq`` and a ``tag``. Morales et al. 2022,
doi:10.1038/s41586-022-04558-8.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.sources.named import count_values, require, text, texts
from soyang.annotation.sources.text import fault

SELECT, PLUS_CLINICAL = "MANE Select", "MANE Plus Clinical"
STATUS_FIELD = "MANE_status"

_NAMES = {
    "gene": ("symbol",),
    "hgnc_id": ("HGNC_ID",),
    "entrez_id": ("NCBI_GeneID", "GeneID"),
    "ensembl_gene_id": ("Ensembl_Gene",),
    "refseq": ("RefSeq_nuc",),
    "ensembl": ("Ensembl_nuc",),
    STATUS_FIELD: ("MANE_status",),
}


def read(
    entry: CatalogSource,
    path: Path,
    *,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> pl.DataFrame:
    """One row for each transcript.

    Args:
        entry: the catalogue's entry.
        path: summary or GFF3, plain or gzipped.
        left_out: nothing is left out.
        vocabularies: MANE's words and their rows; added to.

    Returns:
        Columns gene, hgnc_id, entrez_id, ensembl_gene_id (missing where the file has none),
        refseq and ensembl (accessions with version), MANE_status, all text.

    Raises:
        FaultError: neither of the formats, or truncated.
    """
    del entry, left_out
    content = text(path)
    is_gff = content.startswith("##gff")
    frame = _from_gff(content, path) if is_gff else texts(path, _NAMES)
    require(frame, path, "gene", "ensembl", STATUS_FIELD)
    count_values(frame[STATUS_FIELD], vocabularies.setdefault(STATUS_FIELD, Counter()))
    return frame.with_columns(
        pl.col("entrez_id").str.strip_prefix("GeneID:"),
        pl.col("ensembl_gene_id").str.replace(r"\.\d+$", ""),
    )


def _from_gff(content: str, path: Path) -> pl.DataFrame:
    """Transcripts of a GFF3, from their attributes."""
    lines = pl.Series("line", content.splitlines())
    fields = lines.filter(lines.str.contains("\tMANE", literal=True) | lines.str.contains("MANE_"))
    said = fields.str.split("\t").list.get(8, null_on_oob=True).drop_nulls().to_frame("said")
    told = said.filter(pl.col("said").str.contains(r"tag=[^;]*MANE_"))
    frame = told.select(
        gene=pl.coalesce(_attribute("gene_name"), _attribute("Name")),
        hgnc_id=_attribute("hgnc_id"),
        entrez_id=pl.lit(None, pl.String),
        ensembl_gene_id=pl.coalesce(_attribute("Parent").str.strip_prefix("gene:")),
        refseq=_attribute("refseq"),
        ensembl=_versioned(),
        MANE_status=_attribute("tag").str.extract("(MANE_[A-Za-z_]+)").str.replace_all("_", " "),
    )
    if frame.is_empty():
        allowed = "transcripts with a tag MANE_Select or MANE_Plus_Clinical"
        raise fault(path, "none tagged so", allowed, "give MANE's GFF3 or summary")
    return frame.unique(maintain_order=True)


def _attribute(name: str) -> pl.Expr:
    return pl.col("said").str.extract(rf"(?:^|;){name}=([^;]+)")


def _versioned() -> pl.Expr:
    transcript, version = _attribute("transcript_id"), _attribute("version")
    dotted = transcript.str.contains(".", literal=True) | version.is_null()
    return pl.when(dotted).then(transcript).otherwise(transcript + "." + version)

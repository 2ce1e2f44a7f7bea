"""ClinGen's gene-disease validity: how sure it is that a gene causes a disease.

Format: the download of https://search.clinicalgenome.org/kb/gene-validity (CSV with title lines
and rows of ``+``), or a tab-separated table of its columns. Strande et al. 2017,
doi:10.1016/j.ajhg.2017.04.015; words and their order: Gene-Disease Validity SOP 11, section 6.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.sources.named import count_values, require, texts

CLASSIFICATIONS = (
    "Definitive",
    "Strong",
    "Moderate",
    "Limited",
    "Disputed",
    "Refuted",
    "No Known Disease Relationship",
)
"""From the strongest support to none; disputed and refuted are evidence against."""

_NAMES = {
    "gene": ("GENE SYMBOL", "gene_name", "gene"),
    "hgnc_id": ("GENE ID (HGNC)", "hgnc_id"),
    "disease": ("DISEASE LABEL", "disease_label"),
    "mondo": ("DISEASE ID (MONDO)", "mondo_disease_id"),
    "classification": ("CLASSIFICATION", "classification"),
}
_OPTIONAL = {"inheritance": ("MOI", "moi", "mode_of_inheritance")}


def read(
    entry: CatalogSource,
    path: Path,
    *,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> pl.DataFrame:
    """One row for each curation of a gene and a disease.

    Args:
        entry: the catalogue's entry.
        path: the table, plain or gzipped.
        left_out: nothing is left out.
        vocabularies: classifications and modes of inheritance, and their rows; added to.

    Returns:
        Columns gene, hgnc_id, disease, mondo, classification, inheritance (missing: the table
        has none), all text.

    Raises:
        FaultError: not one of the formats, or truncated.
    """
    del entry, left_out
    frame = texts(path, _NAMES, _OPTIONAL)
    frame = frame.filter(~pl.col("gene").str.starts_with("+++").fill_null(False))
    require(frame, path, "gene", "hgnc_id", "classification")
    for field in ("classification", "inheritance"):
        count_values(frame[field], vocabularies.setdefault(field, Counter()))
    return frame

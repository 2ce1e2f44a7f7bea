"""HGNC: approved gene symbols, and what genes were called before.

Format: ``hgnc_complete_set.txt`` (https://www.genenames.org/download): tab-separated; several
symbols of one field are joined by ``|`` and quoted. Seal et al. 2023, doi:10.1093/nar/gkac888.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.sources.named import count_values, require, texts

APPROVED = "Approved"

_NAMES = {
    "gene": ("symbol",),
    "hgnc_id": ("hgnc_id",),
    "status": ("status",),
    "alias_symbols": ("alias_symbol",),
    "previous_symbols": ("prev_symbol",),
    "entrez_id": ("entrez_id",),
    "ensembl_gene_id": ("ensembl_gene_id",),
}


def read(
    entry: CatalogSource,
    path: Path,
    *,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> pl.DataFrame:
    """One row for each approved gene.

    Args:
        entry: the catalogue's entry.
        path: the table.
        left_out: entries that are withdrawn; added to.
        vocabularies: status words and their rows; added to.

    Returns:
        Columns gene (the approved symbol), hgnc_id (``HGNC:5``), alias_symbols and
        previous_symbols (joined by ``|``, missing: none), entrez_id, ensembl_gene_id, all text.

    Raises:
        FaultError: not the format, or truncated.
    """
    del entry
    frame = texts(path, _NAMES)
    require(frame, path, "gene", "hgnc_id", "status")
    count_values(frame["status"], vocabularies.setdefault("status", Counter()))
    approved = frame.filter(pl.col("status") == APPROVED)
    if withdrawn := frame.height - approved.height:
        left_out["withdrawn"] += withdrawn
    return approved.drop("status")

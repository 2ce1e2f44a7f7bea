"""ACMG's list of genes whose secondary findings are to be reported, with what to report.

Format: the list's table (v3.3: Lee et al. 2025, doi:10.1016/j.gim.2025.101454) saved as tab- or
comma-separated text. "Disease/Phentyope" is the table's own spelling.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.sources.named import count_values, require, texts

REPORT_FIELD = "variants_to_report"

_NAMES = {
    "gene": ("Gene",),
    "disease": ("Disease/Phentyope", "Disease/Phenotype", "Disease", "Phenotype"),
    "inheritance": ("Inheritance", "Inheritance "),
    "sf_version": ("SF List Version", "SF List version"),
    REPORT_FIELD: ("Variants to report", "Variants to Report"),
}


def read(
    entry: CatalogSource,
    path: Path,
    *,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> pl.DataFrame:
    """One row for each gene and disease of the list.

    Args:
        entry: the catalogue's entry.
        path: the table.
        left_out: nothing is left out.
        vocabularies: modes of inheritance and what is to be reported, and their rows; added to.

    Returns:
        Columns gene, disease, inheritance, sf_version (of the list that first had it),
        variants_to_report, all text.

    Raises:
        FaultError: not the format.
    """
    del entry, left_out
    frame = texts(path, _NAMES)
    require(frame, path, *_NAMES)
    for field in ("inheritance", REPORT_FIELD):
        count_values(frame[field], vocabularies.setdefault(field, Counter()))
    return frame

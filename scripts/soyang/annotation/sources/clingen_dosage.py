"""ClinGen's dosage sensitivity: is one copy too few, or are three too many.

Format: ``ClinGen_gene_curation_list_GRCh38.tsv`` (ftp.clinicalgenome.org): title lines and column
names beginning with ``#``. Scores: 0 none, 1 little, 2 some, 3 sufficient evidence; 30 the gene's
phenotype is autosomal recessive; 40 dosage sensitivity unlikely. Riggs et al. 2012,
doi:10.1111/j.1399-0004.2011.01818.x; https://www.ncbi.nlm.nih.gov/projects/dbvar/clingen.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.sources.named import count_values, require, texts

SCORES = {
    "0": "no evidence",
    "1": "little evidence for dosage pathogenicity",
    "2": "some evidence for dosage pathogenicity",
    "3": "sufficient evidence for dosage pathogenicity",
    "30": "gene associated with an autosomal recessive phenotype",
    "40": "dosage sensitivity unlikely",
    "Not yet evaluated": "nobody has looked",
}

_FIELDS = {
    "haploinsufficiency": "haploinsufficiency_score",
    "triplosensitivity": "triplosensitivity_score",
}
_NAMES = {
    "gene": ("Gene Symbol",),
    "entrez_id": ("Gene ID",),
    "location": ("Genomic Location",),
    "haploinsufficiency": ("Haploinsufficiency Score",),
    "triplosensitivity": ("Triplosensitivity Score",),
}


def read(
    entry: CatalogSource,
    path: Path,
    *,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> pl.DataFrame:
    """One row for each gene.

    Args:
        entry: the catalogue's entry.
        path: the table, plain or gzipped.
        left_out: nothing is left out.
        vocabularies: the scores as they stand, and their rows; added to.

    Returns:
        Columns gene, entrez_id, location (as the source has it, 1-based, both ends included; on
        the assembly of the file), haploinsufficiency and triplosensitivity (Int8; missing: not
        evaluated).

    Raises:
        FaultError: not the format, or truncated.
    """
    del entry, left_out
    frame = texts(path, _NAMES)
    require(frame, path, "gene")
    for column, field in _FIELDS.items():
        count_values(frame[column], vocabularies.setdefault(field, Counter()))
    # A word that is no score stops the build as a new value of the vocabulary.
    return frame.with_columns(pl.col(*_FIELDS).cast(pl.Int8, strict=False))

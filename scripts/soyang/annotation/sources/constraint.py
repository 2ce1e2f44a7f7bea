"""gnomAD's constraint metrics of genes, v2.1.1 and v4.1.

v2.1.1 (``lof_metrics.by_gene`` and ``by_transcript``) has ``pLI``, ``oe_lof_upper`` (LOEUF),
``mis_z``; v4 (``constraint_metrics.tsv``) the same as ``lof.pLI``, ``lof.oe_ci.upper``,
``mis.z_score``, with rows for Ensembl's and RefSeq's transcripts. Karczewski et al. 2020,
doi:10.1038/s41586-020-2308-7; https://gnomad.broadinstitute.org/help/constraint.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.sources.named import count_values, numbers, require, texts

FLAG_FIELD = "constraint_flag"

_NAMES = {
    "gene": ("gene",),
    "transcript": ("transcript",),
    "pli": ("pLI", "lof.pLI"),
    "loeuf": ("oe_lof_upper", "lof.oe_ci.upper"),
    "mis_z": ("mis_z", "mis.z_score"),
}
_OPTIONAL = {
    "ensembl_gene_id": ("gene_id",),
    "canonical": ("canonical",),
    "mane_select": ("mane_select",),
    "expected_lof": ("exp_lof", "lof.exp"),
    FLAG_FIELD: ("constraint_flag", "constraint_flags"),
}


def read(
    entry: CatalogSource,
    path: Path,
    *,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> pl.DataFrame:
    """One row for each transcript, as the source names genes.

    Args:
        entry: the catalogue's entry.
        path: the table, plain or (b)gzipped.
        left_out: rows left out, by reason; added to.
        vocabularies: flags and their rows; added to.

    Returns:
        Columns gene, ensembl_gene_id, transcript (with no version), pli, loeuf, mis_z (Float64),
        constraint_flag (joined by ``|``, missing: none), rank: 0 for what the source says is MANE
        Select, 1 canonical, 2 neither; expected_lof.

    Raises:
        FaultError: not one of the formats, truncated, or a value that is no number.
    """
    del entry
    frame = texts(path, _NAMES, _OPTIONAL)
    frame = numbers(frame, path, "pli", "loeuf", "mis_z", "expected_lof")
    nameless = frame["gene"].is_null()
    if nameless.any():  # v4 has transcripts of genes without a symbol
        left_out["row without a gene"] += int(nameless.sum())
    frame = frame.filter(~nameless)
    require(frame, path, "transcript")
    flags = frame[FLAG_FIELD].str.replace_all(r'[\[\]"\s]', "").str.replace_all(",", "|")
    flags = flags.set(flags == "", None)
    count_values(flags.str.split("|").explode(), vocabularies.setdefault(FLAG_FIELD, Counter()))
    ensembl = pl.col("ensembl_gene_id")
    return frame.select(
        "gene",
        ensembl_gene_id=pl.when(ensembl.str.starts_with("ENSG")).then(ensembl),
        transcript=pl.col("transcript").str.replace(r"\.\d+$", ""),
        pli="pli",
        loeuf="loeuf",
        mis_z="mis_z",
        constraint_flag=flags,
        rank=pl.when(_true("mane_select")).then(0).when(_true("canonical")).then(1).otherwise(2),
        expected_lof="expected_lof",
    )


def _true(column: str) -> pl.Expr:
    return (pl.col(column).str.to_lowercase() == "true").fill_null(False)

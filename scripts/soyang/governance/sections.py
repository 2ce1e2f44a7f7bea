"""What MultiQC can't know: identity, coverage of genes, and how everyone ended.

MultiQC's custom content, JSON with ``_mqc.json`` at the end of the name
(https://docs.seqera.io/multiqc/custom_content). The page is for staff: it holds verdicts of the
identity gate, and goes to nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.files import write_text
from soyang.core.tables import read_columns, read_table
from soyang.governance.tables import LEDGER

LEAST_COVERED = 50
"""Genes in the table of those that are covered worst."""
COVERED = 0.99
"""Share of coding bases from which a gene counts as covered: what is missing then is a few bases
of one exon."""


def sections(
    *,
    ledger: Path,
    output: Path,
    verdicts: Path | None = None,
    quality: list[Path] | None = None,
    genes: list[Path] | None = None,
) -> None:
    """Write the sections that the page of quality has beside MultiQC's own.

    Args:
        ledger: how everyone ended (LEDGER).
        output: folder to write them into.
        verdicts: of the identity gate (VERDICTS); without, nobody got so far.
        quality: each sample's row of QUALITY.
        genes: each sample's GENE_COVERAGE.
    """
    output.mkdir(parents=True, exist_ok=True)
    made = [_ledger(read_table(ledger, LEDGER))]
    if verdicts is not None:
        made.append(_identity(verdicts, quality or ()))
    if genes:
        made += _coverage(genes)
    for section in made:
        text = json.dumps(section, ensure_ascii=False, indent=1)
        write_text(output / f"{section['id']}_mqc.json", f"{text}\n")


def _section(
    name: str, title: str, description: str, rows: pl.DataFrame, headers: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """A table of MultiQC: its first column names the rows."""
    key, *columns = rows.columns
    data = {
        row[key]: {column: "" if row[column] is None else row[column] for column in columns}
        for row in rows.iter_rows(named=True)
    }
    return {
        "id": f"soyang_{name}",
        "section_name": title,
        "description": description,
        "plot_type": "table",
        "pconfig": {"id": f"soyang_{name}_table", "title": title, "no_violin": True},
        "headers": headers,
        "data": data,
    }


def _ledger(ledger: pl.DataFrame) -> dict[str, Any]:
    counts = ledger.group_by("status").len().sort("status").iter_rows()
    told = ", ".join(f"{number:,} {status}" for status, number in counts)
    rows = ledger.select(
        pl.format("{} {}", "person", "sample").alias("who"), "status", "reason"
    ).sort("who")
    return _section(
        "ledger", "Ledger", f"How everyone of the sheet ended: {told or 'nobody'}.", rows,
        {"status": {"title": "Status"}, "reason": {"title": "Reason"}},
    )  # fmt: skip


def _identity(verdicts: Path, quality: Sequence[Path]) -> dict[str, Any]:
    told = read_columns(
        verdicts, "sample", "verdict", "confirmed_by", "sex_found", "contamination", "reason",
        "note",
    )  # fmt: skip
    ratios = ("sample", "mean_depth", "x_depth_ratio", "y_depth_ratio", "x_copies", "y_copies")
    depth = [read_columns(path, *ratios) for path in quality]
    rows = told.join(pl.concat(depth), on="sample", how="left") if depth else told
    rows = rows.with_columns(
        pl.col("confirmed_by").replace("", "not confirmed"),
        *(_number(name) for name in ("contamination", *ratios[1:4]) if name in rows.columns),
    )
    fine = {"format": "{:,.3f}"}
    return _section(
        "identity", "Identity",
        "Verdicts of the gate. Discordant is not wrong: aneuploidy, a variation of sex "
        "development or a transplant can be behind it. For staff only.",
        rows.sort("sample"),
        {
            "verdict": {"title": "Verdict"},
            "confirmed_by": {"title": "Confirmed by"},
            "sex_found": {"title": "Sex by copies"},
            "contamination": {"title": "Contamination", "description": "share, if assessed"} | fine,
            "reason": {"title": "Reason"},
            "note": {"title": "Note"},
            "mean_depth": {"title": "Depth", "suffix": "x"},
            "x_depth_ratio": {"title": "X", "description": "depth over autosomes"} | fine,
            "y_depth_ratio": {"title": "Y", "description": "depth over autosomes"} | fine,
            "x_copies": {"title": "X copies"},
            "y_copies": {"title": "Y copies"},
        },
    )  # fmt: skip


def _number(name: str) -> pl.Expr:
    """A column that came as text, as numbers."""
    return pl.col(name).cast(pl.Float64, strict=False)


def _coverage(genes: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Genes covered in each sample, and those that are covered worst over all."""
    frames = pl.concat([_genes(path) for path in genes])
    by_sample = (
        frames.group_by("sample")
        .agg(
            pl.len().alias("genes"),
            (pl.col("callable_share") >= COVERED).sum().alias("covered"),
            _weighted("mean_depth"),
            _weighted("callable_share"),
            _weighted("share_20x"),
        )
        .sort("sample")
    )
    share = {"format": "{:,.1%}"}
    yield _section(
        "genes_by_sample", "Genes by sample",
        f"Coding exons of the assessed genes. A gene counts as covered where absence of a variant "
        f"can be said of {COVERED:.0%} of its coding bases.",
        by_sample,
        {
            "genes": {"title": "Genes"},
            "covered": {"title": "Covered"},
            "mean_depth": {"title": "Depth", "suffix": "x"},
            "callable_share": {"title": "Callable bases"} | share,
            "share_20x": {"title": "At 20x"} | share,
        },
    )  # fmt: skip
    worst = (
        frames.group_by("gene", "transcript")
        .agg(
            pl.col("callable_share").mean(),
            (pl.col("callable_share") < COVERED).sum().alias("lacking"),
            pl.col("mean_depth").mean(),
        )
        .filter(pl.col("lacking") > 0)
        .sort("callable_share", "gene", "transcript")
        .head(LEAST_COVERED)
        .select(pl.format("{} {}", "gene", "transcript").alias("which"), pl.exclude("gene"))
        .drop("transcript")
    )
    yield _section(
        "genes", "Genes covered least",
        f"Genes that are not covered in some sample, the worst {LEAST_COVERED} at most.", worst,
        {
            "callable_share": {"title": "Callable bases", "description": "mean of samples"} | share,
            "lacking": {"title": "Samples that lack it"},
            "mean_depth": {"title": "Depth", "suffix": "x"},
        },
    )  # fmt: skip


_COVERAGE = {
    "bases": pl.Int64,
    "mean_depth": pl.Float64,
    "callable_share": pl.Float64,
    "share_20x": pl.Float64,
}


def _genes(path: Path) -> pl.DataFrame:
    found = read_columns(path, "sample", "gene", "transcript", *_COVERAGE)
    return found.with_columns(pl.col(name).cast(dtype) for name, dtype in _COVERAGE.items())


def _weighted(name: str) -> pl.Expr:
    """A mean over bases, and not over genes of different length."""
    return ((pl.col(name) * pl.col("bases")).sum() / pl.col("bases").sum()).alias(name)

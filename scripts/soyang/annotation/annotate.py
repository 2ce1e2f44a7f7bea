"""What is known of each site: a knowledge release, and the cohort's own counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import polars as pl

from soyang.annotation.gene_tables import GENES
from soyang.annotation.genome import Genome, require_match
from soyang.annotation.known import Queries, annotated_table, known_schema, look_up
from soyang.annotation.release.reader import Release
from soyang.annotation.release.reference import ReferenceCheck
from soyang.annotation.sites import in_order, read_sites
from soyang.annotation.sources.genes import current
from soyang.annotation.tables import COHORT_COLUMNS, DESCRIBED, SITE
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import Column, DTypes, Table, read_table, write_table

_COUNTS = tuple(column.name.removeprefix("cohort_") for column in COHORT_COLUMNS)
_THREADS = 2

ANNOTATED_GENES = Table(
    name="annotation.genes_found",
    meaning="one gene that a site lies in, with what the release says of it",
    columns=(
        Column(name="gene", dtype=pl.String, meaning="symbol, as the transcripts' file has it"),
        Column(
            name="approved",
            dtype=pl.String,
            nullable=True,
            meaning="the symbol under which the release has it; missing: it has not, or there is "
            "no release, and the gene's facts are missing",
        ),
        *(replace(column, nullable=True) for column in GENES.columns if column.name != "gene"),
    ),
    key=("gene",),
)


def annotate(
    *,
    described: Path,
    sites: Path,
    annotated: Path,
    genes: Path,
    release: Path | None = None,
    reference: Path | None = None,
) -> None:
    """Join what a knowledge release and the cohort say of each allele.

    Sites and release are both normalised to the same reference, so that the same change is
    written the same way in both. Without a release nothing is known of any site, which is
    something else than that it is in no source.

    Args:
        described: table that `annotation describe` wrote.
        sites: the cohort's sites with their counts, normalised.
        annotated: table to write.
        genes: table to write: what the release says of each gene in `described`.
        release: folder that `soyang knowledge build` wrote.
        reference: FASTA that the sites were called on; checked against sites and release.
    """
    known = Release(release) if release else None
    rows = read_table(described, DESCRIBED)
    counts = read_sites(sites, _COUNTS)
    _require_counts(rows, counts, described, sites)
    if reference:
        genome = Genome(reference)
        require_match(counts.select("contig", "position", "ref"), genome, file=sites)
        ReferenceCheck(known, genome).require_all(counts["contig"].unique(maintain_order=True))
    table = annotated_table(known)
    wide = rows.join(site_knowledge(counts, known), on=SITE, how="left").join(
        _cohort(counts), on=SITE, how="left"
    )
    write_table(in_order(wide.select(table.names)), annotated, table)
    write_table(gene_facts(rows["gene"], known), genes, ANNOTATED_GENES)


def site_knowledge(sites: pl.DataFrame, release: Release | None) -> pl.DataFrame:
    """SITE and the columns of :func:`~soyang.annotation.known.known_schema`, a row for each site.

    Args:
        sites: columns contig, position, ref, alt; in order.
        release: what is known; None: nothing.
    """

    def known(queries: Queries) -> pl.DataFrame:
        return look_up(release, queries)

    found = each_contig(sites, known, known_schema(release))
    return pl.concat([sites.select(SITE), found], how="horizontal")


def each_contig(
    sites: pl.DataFrame,
    known: Callable[[Queries], pl.DataFrame],
    schema: Mapping[str, DTypes],
) -> pl.DataFrame:
    """What is known of sites, two contigs at a time, one row for each site.

    Args:
        sites: columns contig, position, ref, alt; in order.
        known: gives the columns of ``schema`` for sites of one contig.
        schema: columns.
    """
    parts = sites.select(SITE).partition_by("contig", maintain_order=True)
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(known, map(Queries.of_sites, parts))
        return pl.concat([pl.DataFrame(schema=schema), *found])


def _require_counts(rows: pl.DataFrame, counts: pl.DataFrame, file: Path, sites: Path) -> None:
    missing = rows.join(counts, on=SITE, how="anti").select(SITE).unique()
    beyond = counts.join(rows, on=SITE, how="anti")
    if missing.height or beyond.height:
        raise FaultError(
            Fault(
                code="sites-differ",
                file=str(file),
                found=f"{missing.height} sites that {sites.name} lacks, and "
                f"{beyond.height} of its sites not there",
                allowed=f"the sites of {sites.name}",
                next_step="run `soyang annotation consequence` on these sites again",
            )
        )


def _cohort(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.select(*SITE, *(pl.col(n).cast(pl.Int32).alias(f"cohort_{n}") for n in _COUNTS))


def gene_facts(symbols: pl.Series, release: Release | None) -> pl.DataFrame:
    """The table :data:`ANNOTATED_GENES` of the genes that occur, by symbol.

    A gene that the transcripts' file has under a previous symbol is found by its present one.
    """
    occurring = pl.DataFrame({"gene": symbols.drop_nulls().unique().sort()})
    facts = release.genes() if release else None
    if facts is None:
        facts = GENES.empty()
    facts = facts.unique("gene", keep="first", maintain_order=True)
    return (
        occurring.with_columns(approved=current(occurring["gene"], facts))
        .join(facts, left_on="approved", right_on="gene", how="left", maintain_order="left")
        .with_columns(
            approved=pl.when(pl.col("symbol_status").is_not_null()).then(pl.col("approved"))
        )
        .select(ANNOTATED_GENES.names)
    )

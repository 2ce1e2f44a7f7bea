"""Facts of genes from all sources in one table, on today's symbols.

Sources are years apart, and genes are renamed: one that still has an old symbol is joined to the
gene as HGNC has it now, by the id that it gives, else by its symbol, else by a symbol that was
the former one of a single gene. A former symbol of several genes is not guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from soyang.annotation.gene_tables import CURATIONS, GENES
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import (
    acmg_sf,
    clingen_dosage,
    clingen_validity,
    constraint,
    hgnc,
    mane,
)

_READERS = {
    Kind.CONSTRAINT: constraint.read,
    Kind.CLINGEN_VALIDITY: clingen_validity.read,
    Kind.CLINGEN_DOSAGE: clingen_dosage.read,
    Kind.ACMG_SF: acmg_sf.read,
    Kind.HGNC: hgnc.read,
    Kind.MANE: mane.read,
}

_IDS = ("hgnc_id", "entrez_id", "ensembl_gene_id")
"""Ids that a source may give, the surest first."""

_TAKEN = ("entrez_id", "ensembl_gene_id")


def read(
    entry: CatalogSource,
    path: Path,
    *,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> pl.DataFrame:
    """Facts of one source, by the reader of its kind.

    Args:
        entry: the catalogue's entry.
        path: the file.
        left_out: rows left out, by reason; added to.
        vocabularies: values of closed vocabularies and their rows; added to.

    Raises:
        FaultError: as the reader of the kind says.
    """
    return _READERS[entry.kind](entry, path, left_out=left_out, vocabularies=vocabularies)


def gene_table(frames: Mapping[Kind, pl.DataFrame]) -> pl.DataFrame:
    """The table :data:`~soyang.annotation.gene_tables.GENES`, sorted by symbol.

    Args:
        frames: what :func:`read` gave for each kind; any may be absent.

    Returns:
        A row for each gene of HGNC, and for each gene of a source that HGNC has not.
    """
    names = frames.get(Kind.HGNC)
    others: list[Kind] = [kind for kind in frames if kind != Kind.HGNC]
    keyed = {kind: resolve(frames[kind], names) for kind in others}
    table = _genes(list(keyed.values()), names)
    for kind, summary in _SUMMARIES.items():  # a source that is not there says nothing
        facts = summary(keyed[kind], keyed) if kind in keyed else _no_facts(kind)
        table = table.join(facts, on="key", how="left", validate="1:1")
    typed = table.select(pl.col(name).cast(dtype) for name, dtype in GENES.schema.items())
    return GENES.validate(typed.sort("gene"), source=GENES.name)


def unresolved(genes: pl.DataFrame) -> pl.DataFrame:
    """Rows of a gene table whose symbol HGNC has for several genes or for none."""
    return genes.filter(pl.col("symbol_status").is_in(["ambiguous", "unknown"]))


def current(symbols: pl.Series, genes: pl.DataFrame) -> pl.Series:
    """Today's symbol of each symbol; itself where it is today's, ambiguous or not known.

    Args:
        symbols: as a GFF or a report has them.
        genes: the gene table.
    """
    known = genes.filter(pl.col("symbol_status") == "current")
    former = _former(known.select("gene", "previous_symbols", key="gene"))
    former = former.filter(
        (pl.col("genes") == 1) & ~pl.col("symbol").is_in(known["gene"].implode())
    )
    asked = symbols.to_frame("symbol").join(former, on="symbol", how="left", maintain_order="left")
    return asked.select(pl.coalesce("key", "symbol").alias(symbols.name)).to_series()


def resolve(frame: pl.DataFrame, names: pl.DataFrame | None) -> pl.DataFrame:
    """Say which gene each row is about.

    Args:
        frame: column gene (a symbol), perhaps hgnc_id, entrez_id, ensembl_gene_id.
        names: HGNC as :mod:`~soyang.annotation.sources.hgnc` reads it; None: not at hand.

    Returns:
        ``frame`` with key (the id that HGNC has, else the symbol), and symbol_status.
    """
    if names is None:
        return frame.with_columns(key=pl.col("gene"), symbol_status=pl.lit("unchecked"))
    lookups = [
        _lookup(names, name).rename({name: "_value"}) for name in (*_IDS, "gene") if name in frame
    ]
    columns = [name for name in (*_IDS, "gene") if name in frame]
    found = frame
    for column, lookup in zip(columns, lookups, strict=True):
        found = found.join(
            lookup.rename({"key": f"_{column}"}),
            left_on=column, right_on="_value", how="left", maintain_order="left",
        )  # fmt: skip
    former = _former(names.select("gene", "previous_symbols", key="hgnc_id")).rename(
        {"key": "_former", "genes": "_genes"}
    )
    found = found.join(former, left_on="gene", right_on="symbol", how="left", maintain_order="left")
    single = pl.when(pl.col("_genes") == 1).then(pl.col("_former"))
    key = pl.coalesce(*(f"_{column}" for column in columns), single)
    several = pl.col("_genes").fill_null(0) > 1
    lost = pl.when(several).then(pl.lit("ambiguous")).otherwise(pl.lit("unknown"))
    status = pl.when(key.is_not_null()).then(pl.lit("current")).otherwise(lost)
    keyed = found.with_columns(key=pl.coalesce(key, "gene"), symbol_status=status)
    return keyed.select([*frame.columns, "key", "symbol_status"])


def _lookup(names: pl.DataFrame, column: str) -> pl.DataFrame:
    """Values of a column that a single gene has, and that gene's key."""
    known = names.select(column, key="hgnc_id").drop_nulls(column)
    return known.filter(pl.col(column).is_unique())


def _former(names: pl.DataFrame) -> pl.DataFrame:
    """Columns symbol, key (of one gene), genes: how many genes a symbol is the former one of."""
    return (
        names.select("key", symbol=pl.col("previous_symbols").str.split("|"))
        .explode("symbol")
        .with_columns(pl.col("symbol").str.strip_chars())
        .filter(pl.col("symbol").is_not_null() & (pl.col("symbol") != ""))
        .unique()
        .group_by("symbol")
        .agg(pl.col("key").min(), genes=pl.len())
    )


def _genes(keyed: list[pl.DataFrame], names: pl.DataFrame | None) -> pl.DataFrame:
    """One row for each key, with what names it."""
    sources = [_named(frame) for frame in keyed]
    told = pl.concat(sources) if sources else pl.DataFrame(schema=dict.fromkeys(_NAMED, pl.String))
    theirs = told.group_by("key").agg(
        pl.col("gene").drop_nulls().unique().sort().alias("_symbols"),
        *(pl.col(name).drop_nulls().sort().first().alias(f"_{name}") for name in _IDS),
        pl.col("symbol_status").first(),
    )
    ours = _approved(names)
    table = ours.join(theirs, on="key", how="full", coalesce=True, maintain_order="left_right")
    named = table.with_columns(
        pl.coalesce("gene", pl.col("_symbols").list.first()).alias("gene"),
        pl.coalesce("hgnc_id", "_hgnc_id").alias("hgnc_id"),
        *(pl.coalesce(name, f"_{name}").alias(name) for name in _TAKEN),
        symbol_status=pl.coalesce("_status", "symbol_status"),
    )
    others = named.explode("_symbols").filter(pl.col("_symbols") != pl.col("gene"))
    joined = others.group_by("key").agg(source_symbols=pl.col("_symbols").sort().str.join("|"))
    return named.join(joined, on="key", how="left").drop("_symbols", "_status", "^_.*_id$")


_NAMED = ("key", "gene", *_IDS, "symbol_status")


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None, pl.String).alias(name) for name in _IDS if name not in frame]
    return frame.with_columns(absent).select(_NAMED)


def _approved(names: pl.DataFrame | None) -> pl.DataFrame:
    columns = ["gene", *_IDS, "previous_symbols", "alias_symbols"]
    if names is None:
        return pl.DataFrame(schema=dict.fromkeys(["key", *columns, "_status"], pl.String))
    return names.select(pl.col("hgnc_id").alias("key"), *columns, _status=pl.lit("current"))


def _constraint(frame: pl.DataFrame, keyed: Mapping[Kind, pl.DataFrame]) -> pl.DataFrame:
    """The transcript that stands for the gene, by the rule that GENES states."""
    rows = frame.with_columns(_select=pl.lit(False))
    if Kind.MANE in keyed:
        select = keyed[Kind.MANE].filter(pl.col(mane.STATUS_FIELD) == mane.SELECT)
        accessions = pl.concat([select["ensembl"], select["refseq"]]).drop_nulls()
        plain = accessions.str.replace(r"\.\d+$", "").unique()
        rows = frame.with_columns(_select=pl.col("transcript").is_in(plain.implode()))
    return (
        rows.with_columns(_ensembl=pl.col("transcript").str.starts_with("ENST"))
        .sort(
            "key", "_select", "rank", "_ensembl", "expected_lof", "transcript",
            descending=[False, True, False, True, True, False], nulls_last=True,
        )
        .unique("key", keep="first", maintain_order=True)
        .select(
            "key", "pli", "loeuf", "mis_z", "constraint_flag", constraint_transcript="transcript"
        )
    )  # fmt: skip


def _validity(frame: pl.DataFrame, _: Mapping[Kind, pl.DataFrame]) -> pl.DataFrame:
    order = {word: place for place, word in enumerate(clingen_validity.CLASSIFICATIONS)}
    rank = pl.col("classification").replace_strict(order, default=len(order), return_dtype=pl.Int8)
    fields = [field.name for field in _struct().fields]
    return (
        frame.sort(rank, "disease", "mondo", "inheritance", nulls_last=True)
        .group_by("key", maintain_order=True)
        .agg(
            clingen_validity=pl.col("classification").first(),
            clingen_diseases=pl.struct(fields),
        )
    )


def _struct() -> pl.Struct:
    assert isinstance(CURATIONS.inner, pl.Struct)
    return CURATIONS.inner


def _dosage(frame: pl.DataFrame, _: Mapping[Kind, pl.DataFrame]) -> pl.DataFrame:
    """One row a gene; of several, the one with the most evidence (30 and 40 are none)."""
    evidence = [pl.col(name) % 10 for name in ("haploinsufficiency", "triplosensitivity")]
    return (
        frame.sort("key", *evidence, descending=[False, True, True], nulls_last=True)
        .unique("key", keep="first", maintain_order=True)
        .select("key", "haploinsufficiency", "triplosensitivity", dosage_location="location")
    )


def _acmg(frame: pl.DataFrame, _: Mapping[Kind, pl.DataFrame]) -> pl.DataFrame:
    def each(column: str) -> pl.Expr:
        return pl.col(column).drop_nulls().unique(maintain_order=True).str.join("|")

    version = pl.col("sf_version").sort_by(pl.col("sf_version").cast(pl.Float64, strict=False))
    return frame.group_by("key", maintain_order=True).agg(
        acmg_sf_version=version.first(),
        acmg_sf_diseases=each("disease"),
        acmg_sf_inheritance=each("inheritance"),
        acmg_sf_report=each(acmg_sf.REPORT_FIELD),
    )


def _mane(frame: pl.DataFrame, _: Mapping[Kind, pl.DataFrame]) -> pl.DataFrame:
    select = pl.col(mane.STATUS_FIELD) == mane.SELECT
    plus = pl.col(mane.STATUS_FIELD) == mane.PLUS_CLINICAL
    accessions = pl.col("refseq").filter(plus).drop_nulls().unique().sort()
    return (
        frame.sort("key", "ensembl")
        .group_by("key", maintain_order=True)
        .agg(
            mane_select=pl.col("refseq").filter(select).first(),
            mane_select_ensembl=pl.col("ensembl").filter(select).first(),
            _plus=accessions,
        )
        .with_columns(mane_plus_clinical=pl.col("_plus").list.join("|"))
        .with_columns(
            mane_plus_clinical=pl.when(pl.col("_plus").list.len() > 0).then("mane_plus_clinical")
        )
        .drop("_plus")
    )


_SUMMARIES: Mapping[Kind, Callable[[pl.DataFrame, Mapping[Kind, pl.DataFrame]], pl.DataFrame]] = {
    Kind.CONSTRAINT: _constraint,
    Kind.CLINGEN_VALIDITY: _validity,
    Kind.CLINGEN_DOSAGE: _dosage,
    Kind.ACMG_SF: _acmg,
    Kind.MANE: _mane,
}

_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.CONSTRAINT: ("pli", "loeuf", "mis_z", "constraint_flag", "constraint_transcript"),
    Kind.CLINGEN_VALIDITY: ("clingen_validity", "clingen_diseases"),
    Kind.CLINGEN_DOSAGE: ("haploinsufficiency", "triplosensitivity", "dosage_location"),
    Kind.ACMG_SF: (
        "acmg_sf_version",
        "acmg_sf_diseases",
        "acmg_sf_inheritance",
        "acmg_sf_report",
    ),
    Kind.MANE: ("mane_select", "mane_select_ensembl", "mane_plus_clinical"),
}


def _no_facts(kind: Kind) -> pl.DataFrame:
    return pl.DataFrame(
        schema={"key": pl.String, **{name: GENES.schema[name] for name in _COLUMNS[kind]}}
    )

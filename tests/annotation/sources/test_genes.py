"""All facts of genes in one table, on today's symbols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.gene_tables import GENES
from soyang.annotation.release.manifest import GENE_KINDS, Kind
from soyang.annotation.sources import clingen_validity, genes, mane


def names(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    """HGNC: symbol, id, previous symbols."""
    return pl.DataFrame(
        [(g, i, None, p, f"e{i[5:]}", f"ENSG{i[5:]}") for g, i, p in rows],
        schema=dict.fromkeys(
            ["gene", "hgnc_id", "alias_symbols", "previous_symbols", "entrez_id"], pl.String
        )
        | {"ensembl_gene_id": pl.String},
        orient="row",
    )


def metrics(*rows: tuple[str, str, float, int, float]) -> pl.DataFrame:
    """Constraint: gene, transcript, loeuf, rank, expected."""
    return pl.DataFrame(
        [(g, None, t, 0.5, f, 0.0, None, r, x) for g, t, f, r, x in rows],
        schema={
            "gene": pl.String, "ensembl_gene_id": pl.String, "transcript": pl.String,
            "pli": pl.Float64, "loeuf": pl.Float64, "mis_z": pl.Float64,
            "constraint_flag": pl.String, "rank": pl.Int32, "expected_lof": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def curations(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    """Validity: gene, id, disease, classification."""
    columns = ["gene", "hgnc_id", "disease", "mondo", "classification", "inheritance"]
    return pl.DataFrame(
        [(g, i, d, None, c, None) for g, i, d, c in rows],
        schema=dict.fromkeys(columns, pl.String),
        orient="row",
    )


def transcripts(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    """MANE: gene, RefSeq, Ensembl, status."""
    return pl.DataFrame(
        [(g, None, None, None, r, e, s) for g, r, e, s in rows],
        schema=dict.fromkeys(
            ["gene", "hgnc_id", "entrez_id", "ensembl_gene_id", "refseq", "ensembl"], pl.String
        )
        | {mane.STATUS_FIELD: pl.String},
        orient="row",
    )


def row(table: pl.DataFrame, gene: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("gene") == gene, named=True)


HGNC = names(
    ("AARS1", "HGNC:20", "AARS"),
    ("QARS1", "HGNC:9751", "QARS|GLNRS"),
    ("ONE", "HGNC:1", "OLD"),
    ("TWO", "HGNC:2", "OLD"),
    ("OLDER", "HGNC:3", None),
    ("NEWER", "HGNC:4", "OLDER"),
)


def test_a_previous_symbol_is_joined_to_the_current_gene() -> None:
    table = genes.gene_table(
        {
            Kind.HGNC: HGNC,
            Kind.CONSTRAINT: metrics(("AARS", "ENST1", 0.3, 2, 9.0)),
            Kind.CLINGEN_VALIDITY: curations(("AARS1", "HGNC:20", "CMT", "Definitive")),
        }
    )
    found = row(table, "AARS1")
    assert (found["loeuf"], found["clingen_validity"]) == (0.3, "Definitive")
    assert (found["source_symbols"], found["symbol_status"]) == ("AARS", "current")
    assert table.height == HGNC.height


def test_an_ambiguous_symbol_is_not_guessed_and_keeps_its_row() -> None:
    frames = {Kind.HGNC: HGNC, Kind.CONSTRAINT: metrics(("OLD", "ENST1", 0.3, 2, 9.0))}
    table = genes.gene_table(frames)
    assert row(table, "OLD")["symbol_status"] == "ambiguous"
    assert row(table, "OLD")["loeuf"] == 0.3
    assert row(table, "ONE")["loeuf"] is None
    assert genes.unresolved(table)["gene"].to_list() == ["OLD"]


def test_an_id_decides_where_a_symbol_cannot() -> None:
    frames = {Kind.HGNC: HGNC, Kind.CLINGEN_VALIDITY: curations(("OLD", "HGNC:2", "x", "Limited"))}
    table = genes.gene_table(frames)
    assert row(table, "TWO")["clingen_validity"] == "Limited"
    assert genes.unresolved(table).is_empty()


def test_a_symbol_in_use_is_not_taken_for_a_former_one() -> None:
    frames = {Kind.HGNC: HGNC, Kind.CONSTRAINT: metrics(("OLDER", "ENST1", 0.3, 2, 9.0))}
    table = genes.gene_table(frames)
    assert row(table, "OLDER")["loeuf"] == 0.3
    assert row(table, "NEWER")["loeuf"] is None


def test_a_gene_that_hgnc_has_not_keeps_its_row() -> None:
    frames = {
        Kind.HGNC: HGNC,
        Kind.CONSTRAINT: metrics(("LOC1", "ENST1", 0.3, 2, 9.0)),
        Kind.CLINGEN_VALIDITY: curations(("LOC1", "HGNC:99999", "x", "Limited")),
    }
    found = row(genes.gene_table(frames), "LOC1")
    assert found["symbol_status"] == "unknown"
    assert (found["loeuf"], found["clingen_validity"]) == (0.3, "Limited")
    assert found["hgnc_id"] == "HGNC:99999"


def test_without_hgnc_symbols_are_unchecked() -> None:
    table = genes.gene_table({Kind.CONSTRAINT: metrics(("A", "ENST1", 0.3, 2, 9.0))})
    assert table.select("gene", "symbol_status").rows() == [("A", "unchecked")]


def test_old_symbols_are_found_in_the_table() -> None:
    table = genes.gene_table({Kind.HGNC: HGNC})
    asked = pl.Series("gene", ["QARS", "GLNRS", "QARS1", "OLD", "OLDER", "nothing", None])
    found = genes.current(asked, table)
    assert found.name == "gene"
    assert found.to_list() == ["QARS1", "QARS1", "QARS1", "OLD", "OLDER", "nothing", None]


@pytest.mark.parametrize(
    ("rows", "transcript"),
    [
        ([("A", "ENST1", 0.1, 0, 99.0), ("A", "ENST9", 0.2, 2, 1.0)], "ENST9"),
        ([("A", "ENST1", 0.1, 1, 99.0), ("A", "ENST2", 0.2, 0, 1.0)], "ENST2"),
        ([("A", "ENST1", 0.1, 2, 99.0), ("A", "ENST2", 0.2, 1, 1.0)], "ENST2"),
        ([("A", "NM_2", 0.1, 0, 9.0), ("A", "ENST2", 0.2, 0, 9.0)], "ENST2"),
        ([("A", "ENST1", 0.1, 2, 1.0), ("A", "ENST2", 0.2, 2, 9.0)], "ENST2"),
        ([("A", "ENST2", 0.1, 2, 9.0), ("A", "ENST1", 0.2, 2, 9.0)], "ENST1"),
    ],
)
def test_which_transcript_stands_for_a_gene(rows: Any, transcript: str) -> None:
    select = transcripts(("A", "NM_9.1", "ENST9.4", mane.SELECT))
    for order in (rows, rows[::-1]):
        table = genes.gene_table({Kind.MANE: select, Kind.CONSTRAINT: metrics(*order)})
        assert row(table, "A")["constraint_transcript"] == transcript


def test_the_strongest_curation_and_all_of_them() -> None:
    words = [*clingen_validity.CLASSIFICATIONS, "Tomorrow's word"]
    rows = [("A", "HGNC:1", f"disease {n}", word) for n, word in enumerate(words)]
    found = row(genes.gene_table({Kind.CLINGEN_VALIDITY: curations(*rows[::-1])}), "A")
    assert found["clingen_validity"] == "Definitive"
    assert [one["classification"] for one in found["clingen_diseases"]] == words


def test_mane_select_and_plus_clinical() -> None:
    frame = transcripts(
        ("A", "NM_2.1", "ENST2.1", mane.PLUS_CLINICAL),
        ("A", "NM_1.1", "ENST1.1", mane.SELECT),
        ("A", "NM_3.1", "ENST3.1", mane.PLUS_CLINICAL),
        ("B", "NM_4.1", "ENST4.1", mane.SELECT),
    )
    table = genes.gene_table({Kind.MANE: frame})
    assert row(table, "A")["mane_select"] == "NM_1.1"
    assert row(table, "A")["mane_select_ensembl"] == "ENST1.1"
    assert row(table, "A")["mane_plus_clinical"] == "NM_2.1|NM_3.1"
    assert row(table, "B")["mane_plus_clinical"] is None


def test_what_differs_between_phenotypes_is_joined() -> None:
    columns = ("gene", "disease", "inheritance", "sf_version", "variants_to_report")
    rows = [
        ("A", "x", "AD", "3.1", "All"),
        ("A", "y", "AR", "10", "Two"),
        ("A", "z", "AD", "4", "All"),
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    found = row(genes.gene_table({Kind.ACMG_SF: frame}), "A")
    assert found["acmg_sf_version"] == "3.1"
    assert found["acmg_sf_diseases"] == "x|y|z"
    assert (found["acmg_sf_inheritance"], found["acmg_sf_report"]) == ("AD|AR", "All|Two")


def test_nothing_gives_an_empty_table() -> None:
    table = genes.gene_table({})
    assert table.is_empty()
    assert table.columns == GENES.names


def test_every_kind_of_gene_facts_has_a_reader() -> None:
    assert set(genes._READERS) == set(GENE_KINDS)
    facts = {name for columns in genes._COLUMNS.values() for name in columns}
    assert facts <= set(GENES.names)


@pytest.mark.shared
def test_real_files_together(shared_data: Path, entry: Callable[..., Any]) -> None:
    files = {
        Kind.CONSTRAINT: "gene_facts/gnomad_v2.1.1_constraint.tsv.gz",
        Kind.CLINGEN_VALIDITY: "gene_facts/clingen_validity_2025-01.tsv.gz",
        Kind.CLINGEN_DOSAGE: "gene_facts/clingen_dosage_2026-02-06_GRCh38.tsv.gz",
        Kind.ACMG_SF: "gene_facts/acmg_sf_v3.3.tsv",
        Kind.MANE: "mane/MANE.GRCh38.gff3.gz",
    }
    frames = {
        kind: genes.read(entry(kind), shared_data / name, left_out=Counter(), vocabularies={})
        for kind, name in files.items()
    }
    table = genes.gene_table(frames)
    for frame in frames.values():
        assert set(frame["gene"]) <= set(table["gene"])
    assert row(table, "BRCA1")["mane_select"] == "NM_007294.4"
    assert row(table, "BRCA1")["haploinsufficiency"] == 3
    assert row(table, "GALT")["constraint_transcript"] == "ENST00000378842"
    assert row(table, "AQP1")["constraint_transcript"] == "ENST00000311813"
    assert row(table, "TTN")["acmg_sf_report"] == "P and LP (truncating variants only)"
    assert row(table, "LMNA")["mane_plus_clinical"] == "NM_005572.4"
    sums = table.select(pl.col("clingen_diseases").list.len().sum()).item()
    assert sums == frames[Kind.CLINGEN_VALIDITY].height
    assert genes.gene_table(frames).equals(table)

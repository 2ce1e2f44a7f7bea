"""Every ClinVar allele through its 64-bit key and back, and through SPDI."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evaluate.score import Score, reasons
from soyang.core.variant_key import (
    allele_codes,
    alleles,
    chromosome_number,
    is_hashed,
    keys,
    parts,
)

SYMBOLIC = "alt is no sequence of A, C, G, T"
HASHED = "alleles of more than 11 bases: spelt by the table beside the keys"


def evaluate(shared: Path) -> list[Score]:
    """Round trip of the key on each record with a sequence for alt, and its collisions."""
    records = read_clinvar(next((shared / "clinvar").glob("*.vcf.gz")))
    spelt = pl.col("alt").str.contains("^[ACGT]+$") & pl.col("ref").str.contains("^[ACGT]+$")
    clear = records.filter(spelt).unique(["contig", "position", "ref", "alt"], maintain_order=True)
    apart = [SYMBOLIC] * records.filter(~spelt).height
    keyed = pl.concat(
        [
            _keyed(part, str(contig))
            for (contig,), part in clear.group_by("contig", maintain_order=True)
        ]
    )
    return [round_trip(keyed, apart), collisions(keyed)]


def read_clinvar(path: Path) -> pl.DataFrame:
    """Columns contig, position, id, ref, alt, info of a VCF."""
    fields = ("contig", "position", "id", "ref", "alt", "quality", "filter", "info")
    types = {name: pl.Int64 if name == "position" else pl.String for name in fields}
    frame = pl.read_csv(
        path,
        separator="\t",
        comment_prefix="#",
        has_header=False,
        quote_char=None,
        schema=types,
    )
    return frame.drop("quality", "filter")


def _keyed(rows: pl.DataFrame, contig: str) -> pl.DataFrame:
    """Rows with their key, and what it is read back as; long alleles by the table."""
    number = chromosome_number(contig)
    codes = allele_codes(rows["ref"], rows["alt"])
    position = rows["position"].cast(pl.Int32).to_numpy()
    key = keys(number, position, codes.to_numpy())
    chromosome, back, code = parts(key)
    frame = rows.with_columns(
        pl.Series("key", key),
        pl.Series("number", chromosome) == number,
        pl.Series("position_back", back).cast(pl.Int64),
        pl.Series("code", code),
    )
    long = frame.filter(is_hashed(pl.col("code"))).select("key", "ref", "alt").unique("key")
    short = alleles(frame["code"]).rename({"ref": "ref_back", "alt": "alt_back"})
    return (
        frame.hstack(short)
        .join(long, on="key", how="left", suffix="_long", maintain_order="left")
        .with_columns(
            pl.coalesce("ref_back", "ref_long").alias("ref_back"),
            pl.coalesce("alt_back", "alt_long").alias("alt_back"),
        )
    )


def round_trip(keyed: pl.DataFrame, apart: list[str]) -> Score:
    """How many alleles come back as they went in."""
    same = (
        pl.col("number")
        & (pl.col("position") == pl.col("position_back"))
        & pl.col("ref").eq_missing(pl.col("ref_back"))
        & pl.col("alt").eq_missing(pl.col("alt_back"))
    )
    wrong = keyed.filter(~same).select("contig", "position", "ref", "alt")
    return Score(
        name="alleles back from their key",
        agreed=keyed.height - wrong.height,
        unexplained=[" ".join(map(str, row)) for row in wrong.iter_rows()],
        apart=reasons(apart),
        remarks={HASHED: keyed.filter(is_hashed(pl.col("code"))).height},
        goal=1.0,
    )


def collisions(keyed: pl.DataFrame) -> Score:
    """How many alleles have a key of their own."""
    twice = keyed.filter(pl.col("key").is_duplicated()).select("contig", "position", "ref", "alt")
    return Score(
        name="alleles with a key of their own",
        agreed=keyed.height - twice.height,
        unexplained=[" ".join(map(str, row)) for row in twice.iter_rows()],
        goal=1.0,
    )

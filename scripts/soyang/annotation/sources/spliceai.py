"""SpliceAI: how much a variant gains or loses a splice site.

Format: VCF whose INFO ``SpliceAI`` has, for each allele and gene, ``ALLELE|SYMBOL|DS_AG|DS_AL|
DS_DG|DS_DL|DP_AG|DP_AL|DP_DG|DP_DL``: delta scores of acceptor gain and loss, donor gain and
loss, and where that site lies, in bases from POS; ``.`` for an allele that was not scored. In
*masked* files the gain of known and the loss of unknown sites is 0, in *raw* ones not.
Illumina/SpliceAI's README; Jaganathan et al. 2019, doi:10.1016/j.cell.2018.12.015.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.scores import UNIT, Reference, coded, whole
from soyang.annotation.sources.text import Layout, blocks, fault, first_row, frames
from soyang.core.tables import DTypes

PREFER = ("spliceai",)
"""Of several rows of one allele (genes, unaligned twins) the one with the highest score stays."""

KINDS = ("AG", "AL", "DG", "DL")
FORMAT = ("ALLELE", "SYMBOL", *(f"DS_{k}" for k in KINDS), *(f"DP_{k}" for k in KINDS))

_INFO = re.compile(rb'##INFO=<ID=SpliceAI,.*?Format: ?([^">\s]+)', re.I)
_VCF = ("chromosome", "position", "id", "ref", "alt", "quality", "filter", "info")
_WANTED = ("chromosome", "position", "ref", "info")
_NEXT = "give the VCF that SpliceAI wrote, or Illumina's precomputed scores"
_SEQUENCE = "^[ACGTacgt]+$"
_KEY = "SpliceAI="


def columns(entry: CatalogSource) -> tuple[ColumnFact, ...]:
    """What SpliceAI says of a variant; masked or raw as the entry's note or file name tells."""
    told = " ".join([entry.note, entry.version or "", *entry.file]).lower()
    which = next((f"{word} " for word in ("masked", "raw") if word in told), "")
    return (
        ColumnFact(
            name="spliceai",
            annotated="spliceai",
            dtype="UInt16",
            unit=UNIT,
            meaning=f"highest of SpliceAI's four {which}delta scores over all genes, 0 to 10000 of "
            "10000; missing: SpliceAI has no score",
        ),
        ColumnFact(
            name="spliceai_kind",
            annotated="spliceai_kind",
            dtype="String",
            meaning="what that score says: AG acceptor gain, AL acceptor loss, DG donor gain, DL "
            "donor loss (the first of these where scores are equal); missing: the score is 0",
        ),
        ColumnFact(
            name="spliceai_offset",
            annotated="spliceai_offset",
            dtype="Int16",
            unit="bases",
            meaning="place of that splice site from the variant's position, positive towards "
            "higher coordinates; missing: the score is 0",
        ),
        ColumnFact(
            name="spliceai_gene",
            annotated="spliceai_gene",
            dtype="String",
            meaning="gene that the score is for, as SpliceAI names it; missing: no score",
        ),
    )


def read(
    entry: CatalogSource,
    path: Path,
    genome: Genome | None,
    *,
    threads: int,
    left_out: Counter[str],
    vocabularies: dict[str, Counter[str]],
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Scores by chromosome; an allele may come several times, its highest row stays.

    Args:
        entry: the catalogue's entry.
        path: the VCF, plain or gzipped.
        genome: the reference; None: refs are not checked, indels not left-aligned.
        threads: not used: one pass reads as fast as the file inflates.
        left_out: rows left out, by reason; added to.
        vocabularies: SpliceAI has none.

    Raises:
        FaultError: no SpliceAI in INFO or in another format, truncated, or of another assembly.
    """
    del entry, threads, vocabularies
    reference = Reference(genome, path, left_out)
    for rows in _records(path):
        entries = _entries(rows, path, left_out)
        for name, part in reference.chromosomes(entries, "chromosome"):
            yield name, _placed(coded(part, reference))


def _records(path: Path) -> Iterator[pl.DataFrame]:
    """Columns chromosome, position, ref, info of the records, block by block."""
    _require_format(path)
    further = max(0, len(first_row(path)) - len(_VCF))
    header = (*_VCF, *(f"column{number}" for number in range(further)))
    types: dict[str, DTypes] = dict.fromkeys(_WANTED, pl.String())
    layout = Layout(columns={**types, "position": pl.Int32()}, required=_WANTED, header=header)
    yield from frames(path, layout)


def _require_format(path: Path) -> None:
    header = next(blocks(path), b"")
    if not header.startswith(b"##fileformat=VCF"):
        found = repr(header[:40].decode("utf-8", "replace"))
        raise fault(path, found, "a VCF file", _NEXT)
    said = _INFO.search(header)
    found = said[1].decode().rstrip(".") if said else "no SpliceAI in the header"
    if found != "|".join(FORMAT):
        raise fault(path, found, "|".join(FORMAT), _NEXT, column="INFO SpliceAI")


def _entries(rows: pl.DataFrame, path: Path, left_out: Counter[str]) -> pl.DataFrame:
    """One row for each allele and gene, with the highest score, its kind and offset."""
    said = rows.with_columns(_said(rows["info"]))
    _count(left_out, "record without a score", said["info"].null_count())
    said = said.drop_nulls("info")
    if said["info"].str.contains(",", literal=True).any():
        said = said.with_columns(pl.col("info").str.split(",")).explode("info")
    fields = _fields(said["info"], path)
    frame = pl.concat([said.drop("info"), fields], how="horizontal")
    scored = pl.all_horizontal(pl.col("DS_AG", "DS_AL", "DS_DG", "DS_DL").is_not_null())
    known = frame.filter(scored)
    _count(left_out, "allele that SpliceAI did not score", frame.height - known.height)
    clear = known.filter(_sequence("ref") & _sequence("alt"))
    _count(left_out, "no sequence", known.height - clear.height)
    return _highest(clear, path)


def _said(info: pl.Series) -> pl.Series:
    """What INFO has of SpliceAI; missing where it has nothing."""
    if info.str.starts_with(_KEY).all() and not info.str.contains(";", literal=True).any():
        return info.str.slice(len(_KEY))
    return info.str.extract(rf"(?:^|;){_KEY}([^;]+)")


def _sequence(column: str) -> pl.Expr:
    letters = pl.col(column).is_in(list("ACGTacgt"))
    return letters | pl.col(column).str.contains(_SEQUENCE)


def _count(left_out: Counter[str], reason: str, count: int) -> None:
    if count:
        left_out[reason] += count


def _fields(info: pl.Series, path: Path) -> pl.DataFrame:
    """The ten fields of each entry, read as the table that they are."""
    schema: dict[str, pl.DataType] = {"alt": pl.String(), "spliceai_gene": pl.String()}
    schema |= {name: pl.Float64() for name in FORMAT[2:6]}
    schema |= {name: pl.Int16() for name in FORMAT[6:]}
    if info.is_empty():
        return pl.DataFrame(schema=schema)
    text = info.str.join("\n").item().encode()
    try:
        frame = pl.read_csv(
            text, has_header=False, schema=schema, separator="|", quote_char=None,
            null_values=".",
        )  # fmt: skip
        if frame.height == len(info) and not frame["alt"].null_count():
            return frame
    except pl.exceptions.PolarsError:
        pass
    whole_entry = r"^[^|]+\|[^|]*(\|([0-9.]+)){4}(\|(-?[0-9]+|\.)){4}$"
    strange = info.filter(~info.str.contains(whole_entry))
    found = repr(strange[0][:80]) if len(strange) else "entries that are no table"
    raise fault(path, found, "|".join(FORMAT), _NEXT, column="INFO SpliceAI")


def _highest(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Columns spliceai, spliceai_kind and the place of its site (1-based, ``_site``)."""
    scores = [f"DS_{kind}" for kind in KINDS]
    best = frame.select(best=pl.max_horizontal(scores)).to_series()
    chosen = pl.coalesce(
        pl.when(pl.col(f"DS_{kind}") == pl.col("_best")).then(pl.lit(kind)) for kind in KINDS
    )
    place = pl.coalesce(
        pl.when(pl.col("_kind") == kind).then(pl.col(f"DP_{kind}")) for kind in KINDS
    )
    said = pl.col("_best") > 0
    return (
        frame.with_columns(spliceai=whole(best, path), _best=best)
        .with_columns(_kind=pl.when(said).then(chosen))
        .with_columns(_site=pl.col("position") + place.cast(pl.Int32))
        .select(
            "chromosome", "position", "ref", "alt", "spliceai", "_kind", "_site", "spliceai_gene"
        )
    )


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """Offsets from where the allele stands now: left-alignment moves it, not the splice site."""
    return frame.select(
        "position",
        "code",
        "ref",
        "alt",
        "spliceai",
        spliceai_kind="_kind",
        spliceai_offset=(pl.col("_site") - pl.col("position")).cast(pl.Int16),
        spliceai_gene="spliceai_gene",
    )

"""Stop codons that in-frame insertions and deletions make, checked by translation.

``bcftools csq`` 1.16 reads some in-frame deletions near an exon's end shifted by a base: it names
stop codons that are none (``780AQ>780*`` for JAG1 p.Ala780del) and misses others. SnpEff, VEP and
the HGVS library agree with the plain translation of the edited codons, which is done here.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from soyang.annotation.alleles import complement
from soyang.annotation.engines.contract import PREDICTED
from soyang.annotation.engines.pieces import Pieces
from soyang.annotation.gff import Transcripts
from soyang.annotation.overlap import changes

STOP_CODONS = frozenset({"TAA", "TAG", "TGA"})

_STOP = "stop_gained"
_IN_FRAME = ["inframe_deletion", "inframe_insertion", "protein_altering_variant", _STOP]
_LENGTH = 3


def with_checked_stops(
    said: pl.DataFrame,
    sites: pl.DataFrame,
    pieces: Pieces,
    known: Transcripts,
) -> pl.DataFrame:
    """Add or take away ``stop_gained`` where translation says otherwise.

    Only in-frame insertions and deletions that lie in one exon of a whole coding part are
    checked. Where csq was wrong its amino acids are dropped.

    Args:
        said: what csq says, :data:`~soyang.annotation.engines.contract.PREDICTED`.
        sites: columns site, contig, position, ref, alt; of one contig.
        pieces: the contig's bases.
        known: the transcripts.
    """
    asked = _asked(said, sites, known)
    if asked.is_empty():
        return said
    coding = known.coding.filter(pl.col("id").is_in(asked["id"].unique().to_list()))
    rows = coding.sort("id", "start").select("id", "start", "end").rows()
    spans: dict[str, list[tuple[int, int]]] = {}
    texts: dict[str, str] = {}
    for (name, start, end), piece in zip(rows, pieces.of([row[1:] for row in rows]), strict=True):
        spans.setdefault(name, []).append((start, end))
        texts[name] = texts.get(name, "") + piece.decode("ascii")
    verdicts = pl.DataFrame(
        list(_verdicts(asked, spans, texts)),
        schema={"site": pl.Int64, "id": pl.String, "stops": pl.Boolean},
        orient="row",
    )
    return _corrected(said, verdicts)


def _asked(said: pl.DataFrame, sites: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Rows to check: site, id, minus, start, end (of the changed bases), inserted."""
    size = pl.col("alt").str.len_bytes().cast(pl.Int64) - pl.col("ref").str.len_bytes()
    some = said.filter(pl.col("terms").list.set_intersection(_IN_FRAME).list.len() > 0)
    framed = sites.filter((size != 0) & (size % _LENGTH == 0)).join(
        some.select("site").unique(), on="site", how="semi"
    )
    found = changes(framed)
    placed = framed.with_columns(start=pl.Series(found.start), end=pl.Series(found.end))
    lead = pl.col("start") - (pl.col("position") - 1)
    kept = size + pl.col("end") - pl.col("start")
    whole = known.table.filter("whole").select("id", minus=pl.col("strand") == "-")
    return (
        some.join(placed.with_columns(inserted=pl.col("alt").str.slice(lead, kept)), on="site")
        .join(whole, on="id")
        .select("site", "id", "minus", "start", "end", "inserted")
    )


def _verdicts(
    asked: pl.DataFrame, spans: dict[str, list[tuple[int, int]]], texts: dict[str, str]
) -> Iterator[tuple[int, str, bool]]:
    """Whether each change makes a stop codon.

    Nothing is said of those that lie in no one exon, or change the stop codon itself.
    """
    for site, name, minus, start, end, inserted in asked.iter_rows():
        offset = 0
        for low, high in spans.get(name, []):
            if low <= start and end <= high and not (start == end and start in (low, high)):
                place = offset + start - low
                text = texts[name]
                last = range(_LENGTH) if minus else range(len(text) - _LENGTH, len(text))
                if not set(last) & set(range(place, place + max(end - start, 1))):
                    yield site, name, stops(text, place, end - start, inserted, minus=minus)
                break
            offset += high - low


def stops(text: str, place: int, deleted: int, inserted: str, *, minus: bool) -> bool:
    """Whether an in-frame change of a coding part makes a stop codon before its last codon.

    Args:
        text: the coding part on the plus strand.
        place: 0-based place in it.
        deleted: how many bases go.
        inserted: what comes instead.
        minus: whether it is read on the minus strand.
    """
    edited = text[:place] + inserted + text[place + deleted :]
    ends = (deleted, len(inserted))
    if minus:
        place = len(edited) - place - len(inserted)
        text, edited = (str(pl.select(complement(pl.lit(t))).item()) for t in (text, edited))
    before, after = (
        _stop_codons(whole, place, size) for whole, size in zip((text, edited), ends, strict=True)
    )
    return after > before


def _stop_codons(text: str, place: int, size: int) -> int:
    """Stop codons among those that hold one of ``size`` bases or the joint at ``place``."""
    first, behind = place // _LENGTH, -(-(place + size) // _LENGTH)
    last = len(text) // _LENGTH - 1
    codons = (text[_LENGTH * n : _LENGTH * n + _LENGTH] for n in range(first, min(behind, last)))
    return sum(codon in STOP_CODONS for codon in codons)


def _corrected(said: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    has = pl.col("terms").list.contains(_STOP)
    wrong = (has != pl.col("stops")).fill_null(False)
    fewer = pl.col("terms").list.set_difference([_STOP])
    bare = pl.when(fewer.list.len() == 0).then(pl.lit(["coding_sequence_variant"])).otherwise(fewer)
    return (
        said.join(verdicts, on=["site", "id"], how="left", maintain_order="left")
        .with_columns(
            terms=pl.when(wrong & has)
            .then(bare)
            .when(wrong)
            .then(pl.concat_list("terms", pl.lit(_STOP)))
            .otherwise("terms"),
            amino_acids=pl.when(~wrong).then("amino_acids"),
        )
        .select(list(PREDICTED))
    )

"""GA4GH VRS 2.0 identifiers of alleles, many at once.

Normalisation of alleles, serialisation for digests and computed identifiers: GA4GH Variation
Representation Specification 2.0, "Normalization" and "Computed Identifiers". The kept library
(``ga4gh.vrs``) makes some thousand ids in a second; here only the texts that are digested are
built, and :func:`library_id` is what they are held against.
Coordinates are 0-based and half-open.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from ga4gh.core import ga4gh_identify, sha512t24u
from ga4gh.vrs import models, normalize
from ga4gh.vrs.dataproxy import _DataProxy

from soyang.annotation.alleles import Bases


def refget_accession(sequence: Bases) -> str:
    """``SQ.`` and the digest of a sequence in upper case (refget 2.0)."""
    return f"SQ.{sha512t24u(sequence.tobytes())}"


def allele_ids(rows: pl.DataFrame, refget: str) -> pl.Series:
    """VRS ids of :func:`~soyang.annotation.spdi.justified` alleles.

    Args:
        rows: columns start, end, deleted, inserted, unit.
        refget: :func:`refget_accession` of their contig.
    """
    reference = f'{{"refgetAccession":"{refget}","type":"SequenceReference"}}'
    location = pl.concat_str(
        pl.lit('{"end":'),
        "end",
        pl.lit(f',"sequenceReference":{reference},"start":'),
        "start",
        pl.lit(',"type":"SequenceLocation"}'),
    )
    states = rows.with_columns(subunit(rows)).select(_state().alias("state"))
    alleles = states.select(
        pl.concat_str(
            pl.lit('{"location":"'),
            _digests(rows.select(location).to_series()),
            pl.lit('","state":'),
            "state",
            pl.lit(',"type":"Allele"}'),
        )
    ).to_series()
    return ("ga4gh:VA." + _digests(alleles)).alias("vrs")


def _digests(texts: pl.Series) -> pl.Series:
    return pl.Series([sha512t24u(text.encode("ascii")) for text in texts], dtype=pl.String)


def _state() -> pl.Expr:
    length = pl.col("inserted").str.len_bytes()
    derived = pl.concat_str(
        pl.lit('{"length":'),
        length,
        pl.lit(',"repeatSubunitLength":'),
        "subunit",
        pl.lit(',"type":"ReferenceLengthExpression"}'),
    )
    literal = pl.concat_str(
        pl.lit('{"sequence":"'), "inserted", pl.lit('","type":"LiteralSequenceExpression"}')
    )
    return pl.when(pl.col("subunit") > 0).then(derived).otherwise(literal)


def subunit(rows: pl.DataFrame) -> pl.Series:
    """Length of the repeated unit of alleles that the reference alone spells; 0 for others.

    A deletion is one, and an insertion that goes on repeating the bases where it stands.
    """
    size, put = (pl.col(name).str.len_bytes().cast(pl.Int64) for name in ("deleted", "inserted"))
    unit = pl.col("unit")
    # Where at least one unit stood before, all of them are equal.
    sure = pl.when((unit > 0) & (size >= unit)).then(unit).otherwise(0)
    short = (unit > 0) & (put > size) & (size > 0) & (size < unit)
    found = rows.select(sure.alias("subunit"), short=short)
    few = rows.filter(found["short"]).select("deleted", "inserted", "unit")
    cycles = [_cycle(*row) for row in few.iter_rows()]
    return found["subunit"].scatter(found["short"].arg_true(), cycles)


def _cycle(deleted: str, inserted: str, unit: int) -> int:
    """The longest divisor of ``unit`` with which ``inserted`` goes on as ``deleted`` ends."""
    for length in range(len(deleted), 0, -1):
        if unit % length == 0 and deleted + deleted[-length:] * (unit // length) == inserted:
            return length
    return 0


class _OneSequence(_DataProxy):  # type: ignore[misc]
    """The library's window on a contig that is in memory."""

    def __init__(self, sequence: Bases, refget: str) -> None:
        self._sequence = sequence
        self._about = {"length": len(sequence), "aliases": [f"ga4gh:{refget}"]}

    def get_sequence(
        self, identifier: str, start: int | None = None, end: int | None = None
    ) -> str:
        return str(self._sequence[start:end].tobytes().decode("ascii"))

    def get_metadata(self, identifier: str) -> dict[str, Any]:
        return self._about


def library_id(position: int, ref: str, alt: str, sequence: Bases, refget: str) -> str:
    """VRS id of one allele by the kept library.

    Args:
        position: 1-based position of ref's first base.
        ref: reference allele.
        alt: alternate allele.
        sequence: the contig.
        refget: its :func:`refget_accession`.
    """
    location = models.SequenceLocation(
        sequenceReference=models.SequenceReference(refgetAccession=refget),
        start=position - 1,
        end=position - 1 + len(ref),
    )
    allele = models.Allele(location=location, state=models.LiteralSequenceExpression(sequence=alt))
    return str(ga4gh_identify(normalize(allele, _OneSequence(sequence, refget))))

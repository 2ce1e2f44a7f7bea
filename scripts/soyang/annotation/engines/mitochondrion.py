"""Consequences in the mitochondrion's genes, whose genetic code ``bcftools csq`` doesn't speak.

Human mitochondrial genes have no introns. Some of their coding parts end with an incomplete stop
codon, which polyadenylation completes.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from bioutils.sequences import dna_to_aa1_vmito

from soyang.annotation.alleles import complement
from soyang.annotation.engines.contract import PREDICTED, nothing
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts
from soyang.annotation.overlap import changes, touching

START_CODONS = frozenset({"ATT", "ATC", "ATA", "ATG", "GTG"})
"""NCBI genetic codes, table 2 (vertebrate mitochondrial), the row "Starts"."""

_STOP = "*"
_CODON = 3


@dataclass(frozen=True)
class Mitochondrion:
    """Vertebrate mitochondrial code (NCBI table 2), for every engine alike."""

    def predict(
        self, sites: pl.DataFrame, genome: Genome, known: Transcripts, *, threads: int
    ) -> pl.DataFrame:
        """As :class:`~soyang.annotation.engines.contract.Predictor` says, for coding parts only.

        Mitochondrial sites are few: they are taken one by one.
        """
        parts = _coding(known)
        found = []
        for sites_here in sites.partition_by("contig", maintain_order=True):
            sequence = genome.sequence(sites_here["contig"][0])
            for site, transcript, start, end, inserted in _edits(sites_here, known):
                if transcript not in parts:
                    continue
                low, high, minus = parts[transcript]
                if start < low or end > high or start == end == low or start == end == high:
                    continue  # it reaches over an end: coordinates say that it changes coding bases
                text = sequence[low:high].tobytes().decode("ascii")
                edited = text[: start - low] + inserted + text[end - low :]
                terms, change = consequence_of(_sense(text, minus=minus),
                                               _sense(edited, minus=minus))  # fmt: skip
                found.append((site, transcript, terms, change))
        return pl.DataFrame(found, schema=PREDICTED, orient="row") if found else nothing()


def _coding(known: Transcripts) -> dict[str, tuple[int, int, bool]]:
    """Transcripts whose coding part is one piece: its span (0-based), and whether on minus."""
    pieces = known.coding.group_by("id").agg(
        pl.col("start").min(), pl.col("end").max(), parts=pl.len()
    )
    single = pieces.filter(pl.col("parts") == 1).join(
        known.table.filter(~pl.col("whole")).select("id", "strand"), on="id"
    )
    rows = single.select("id", "start", "end", pl.col("strand") == "-").iter_rows()
    return {name: (start, end, minus) for name, start, end, minus in rows}


def _edits(sites: pl.DataFrame, known: Transcripts) -> list[tuple[int, str, int, int, str]]:
    """Site, transcript, changed bases (0-based, half-open) and what stands there instead."""
    found = changes(sites)
    events = sites.with_columns(start=pl.Series(found.start), end=pl.Series(found.end))
    lead = pl.col("start") - (pl.col("position") - 1)
    kept = pl.col("ref").str.len_bytes().cast(pl.Int64) - (pl.col("end") - pl.col("start"))
    size = pl.col("alt").str.len_bytes().cast(pl.Int64) - kept
    rows = events.with_columns(inserted=pl.col("alt").str.slice(lead, size))
    pairs = touching(sites, known).select("site", "id").join(rows, on="site")
    return pairs.select("site", "id", "start", "end", "inserted").rows()


def _sense(text: str, *, minus: bool) -> str:
    if not minus:
        return text
    return str(pl.select(complement(pl.lit(text))).item())


def consequence_of(before: str, after: str) -> tuple[list[str], str | None]:
    """SO terms and amino-acid change of an edited coding part.

    Args:
        before: the coding part, 5' to 3'.
        after: what it became.

    Returns:
        The terms, and the change as csq would word it (``12R>12H``); none where the frame moves.
    """
    first = _common(before, after)
    if first < _CODON:
        kept = after[:_CODON] in START_CODONS and (len(after) - len(before)) % _CODON == 0
        return ["start_retained_variant" if kept else "start_lost"], None
    if first >= len(before) - len(before) % _CODON:
        return ["incomplete_terminal_codon_variant"], None
    if (len(after) - len(before)) % _CODON:
        return ["frameshift_variant"], None
    low = first // _CODON
    tail = min(_common(before[::-1], after[::-1]), len(before) - first, len(after) - first)
    ends = [-(-(len(text) - tail) // _CODON) for text in (before, after)]
    old, new = (_residues(t, low, end) for t, end in zip((before, after), ends, strict=True))
    change = f"{low + 1}{old}>{low + 1}{new}" if old != new else None
    return _terms(old, new, longer=len(after) - len(before)), change


def _common(one: str, other: str) -> int:
    """Length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _residues(text: str, low: int, end: int) -> str:
    codons = (text[_CODON * n : _CODON * n + _CODON] for n in range(low, end))
    return "".join(dna_to_aa1_vmito.get(codon, "X") for codon in codons)


def _terms(old: str, new: str, *, longer: int) -> list[str]:
    if old == new:
        return ["stop_retained_variant" if _STOP in old else "synonymous_variant"]
    terms = ["inframe_insertion"] * (longer > 0) + ["inframe_deletion"] * (longer < 0)
    if _STOP in old:
        return [*terms, "stop_retained_variant" if _STOP in new else "stop_lost"]
    if _STOP in new:
        return [*terms, "stop_gained"]
    if "X" in old + new:
        return ["coding_sequence_variant"]
    return terms or ["missense_variant"]

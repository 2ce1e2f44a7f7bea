"""HGVS names of each site, and the coding exons they can lie in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from soyang.annotation.alleles import Bases
from soyang.annotation.dna import coding_names, events, genomic, placed, prefix, single_bases
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.annotation.layout import Flags, Layout
from soyang.annotation.overlap import changes
from soyang.annotation.proteins import protein_due, protein_names
from soyang.annotation.sites import in_order, read_sites, sequence_alleles
from soyang.annotation.tables import CONSEQUENCES, DESCRIBED, FACT_COLUMNS, SITE, TRANSCRIPTS
from soyang.annotation.terms import impact, joined
from soyang.annotation.transcript_facts import brought_stops, decay, places, residue
from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_table, write_table


def describe(
    *,
    consequences: Path,
    sites: Path,
    reference: Path,
    transcripts: Path,
    assembly: str,
    described: Path,
    exons: Path,
) -> None:
    """Name each site by HGVS: on its chromosome, on each transcript, on the protein.

    Names are made by array arithmetic, not one by one; only insertions, deletions and
    changed stop codons inside a coding part are translated singly.

    Args:
        consequences: table that `annotation consequence` wrote.
        sites: the sites that it was made from.
        reference: FASTA that the sites were called on.
        transcripts: the same GFF3 as for `annotation consequence`.
        assembly: GRCh37 or GRCh38, for the chromosomes' accessions.
        described: table to write, the rows of `consequences` with their names.
        exons: table to write, the coding part of each exon of each transcript.
    """
    genome = Genome(reference)
    known = read_transcripts(transcripts, genome)
    told = read_table(consequences, CONSEQUENCES)
    frame = read_sites(sites)
    _require_same(told, frame, consequences, sites)
    rows = told.join(frame, on=SITE).join(
        known.table.select("ensembl", "id").unique("ensembl"), on="ensembl", how="left"
    )
    named = [
        describe_contig(part, genome.sequence(str(contig)), str(contig), Assembly(assembly), known)
        for (contig,), part in rows.group_by("contig", maintain_order=True)
    ]
    whole = pl.concat(named) if named else DESCRIBED.empty()
    write_table(in_order(whole.select(DESCRIBED.names)), described, DESCRIBED)
    write_table(coding_exons(known), exons, TRANSCRIPTS)


def coding_exons(known: Transcripts) -> pl.DataFrame:
    """The TRANSCRIPTS table."""
    table = known.table.select("id", "gene", "transcript", "ensembl", "contig")
    rows = known.coding.join(table, on="id").unique(["transcript", "exon"], maintain_order=True)
    return rows.sort("contig", "start", "transcript").select(TRANSCRIPTS.names)


def _require_same(told: pl.DataFrame, sites: pl.DataFrame, file: Path, other: Path) -> None:
    one = told.select(SITE).unique()
    if one.height == sites.height == one.join(sites, on=SITE).height:
        return
    raise FaultError(
        Fault(
            code="sites-differ",
            file=str(file),
            found=f"{one.height} sites, {one.join(sites, on=SITE).height} of them in {other.name}",
            allowed=f"the {sites.height} sites of {other.name}",
            next_step="run `soyang annotation consequence` on these sites again",
        )
    )


def describe_contig(
    rows: pl.DataFrame, sequence: Bases, contig: str, assembly: Assembly, known: Transcripts
) -> pl.DataFrame:
    """Names and places of sites of one contig on the transcripts that they touch.

    Args:
        rows: columns site (a number), position (1-based), ref, alt, id (the transcript as in
            the GFF; missing: none), consequence, impact; any others.
        sequence: the contig.
        contig: its name.
        assembly: whose accessions the chromosomes bear.
        known: the transcripts.

    Returns:
        ``rows`` in the same order with the columns of HGVS_COLUMNS and FACT_COLUMNS; and
        ``stop_gained`` added as :func:`with_new_stops` says.
    """
    upper = rows.with_columns(pl.col("ref", "alt").str.to_uppercase())
    single = upper.select(single_bases()).to_series().to_numpy()
    clear = upper.filter(~single).unique("site", keep="first", maintain_order=True)
    clear = clear.select("site", *SITE[1:]).filter(sequence_alleles())
    right = events(clear, sequence, rightwards=True)
    names = _genomic(upper, single, genomic(right, contig, assembly), prefix(contig, assembly))
    touches = rows["id"].is_not_null().to_numpy()
    found = _empty() if not touches.any() else _on_transcripts(
        upper.filter(touches), single[touches], (clear, right), sequence, Layout.of(known, contig)
    )  # fmt: skip
    named = rows.with_columns(names, *_spread(found, touches))
    return with_new_stops(named, named["brought_stop"]).drop("brought_stop")


def _genomic(rows: pl.DataFrame, single: Flags, shifted: pl.DataFrame, head: str) -> pl.Series:
    """HGVS g. of each row; substitutions of one base need no look at the sequence."""
    plain = pl.concat_str(pl.lit(head), "position", "ref", pl.lit(">"), "alt")
    return (
        rows.select("site", pl.when(pl.Series(single)).then(plain).alias("plain"))
        .join(shifted, on="site", how="left", maintain_order="left")
        .select(pl.coalesce("plain", "hgvs_g", pl.lit(f"{head}?")).alias("hgvs_g"))
        .to_series()
    )


def _empty() -> pl.DataFrame:
    columns = ("hgvs_c", "hgvs_p", *(column.name for column in FACT_COLUMNS))
    return DESCRIBED.empty().select(*columns, pl.lit(False).alias("brought_stop"))


def _spread(found: pl.DataFrame, where: Flags) -> list[pl.Series]:
    """Columns of ``found`` on all rows: its rows stand where ``where`` is true."""
    place = pl.Series(np.cumsum(where) - 1).set(pl.Series(~where), None)
    return [column.gather(place) for column in found.get_columns()]


def _on_transcripts(
    rows: pl.DataFrame,
    single: Flags,
    several: tuple[pl.DataFrame, pl.DataFrame],
    sequence: Bases,
    layout: Layout,
) -> pl.DataFrame:
    """Names and places on transcripts.

    Args:
        rows: as for :func:`describe_contig`; each with a transcript.
        single: which of them are :func:`~soyang.annotation.dna.single_bases`.
        several: the other sites that are sequences, and what they change, moved to the right.
        sequence: the contig.
        layout: its transcripts.
    """
    clear, right = several
    span = changes(rows)
    pairs = rows.select(
        pl.int_range(pl.len()).alias("row"),
        *("site", *SITE[1:], "consequence"),
        pl.Series("tx", layout.numbers(rows["id"])),
        pl.Series("start", span.start),
        pl.Series("end", span.end),
    )
    here = clear.join(pairs.select("site").unique(), on="site", how="semi")
    left = events(here, sequence, rightwards=False)
    others = pairs.filter(~single)
    sides = [_sided(others, *both, layout) for both in ((right, left), (left, right))]
    three_prime = [placed(some, layout) for some in (_singles(pairs, single), sides[0])]
    five_prime = placed(_moving(sides[1]), layout)
    proteins = protein_names(
        [*three_prime, five_prime], protein_due(pairs, layout), sequence, layout
    )
    wide = ("row", "tx", "first", "last", "hgvs_c", "protein_position")
    named = [some.with_columns(coding_names(some, layout), residue()) for some in three_prime]
    stopping = _stopping(named, proteins)
    brought = brought_stops(stopping).to_frame().with_columns(brought_stop=pl.lit(True))
    stops = decay(stopping, layout).join(brought, on="row", how="full", coalesce=True)
    return _assembled(pairs, [some.select(wide) for some in named], proteins, stops, layout)


def _singles(pairs: pl.DataFrame, single: Flags) -> pl.DataFrame:
    """Substitutions of one base as events."""
    place = pl.col("position").cast(pl.Int64)
    return pairs.filter(single).select(
        "row", "tx", "consequence", kind=pl.lit("sub"), first=place, last=place,
        deleted="ref", inserted="alt",
    )  # fmt: skip


def _sided(
    pairs: pl.DataFrame, plus: pl.DataFrame, minus: pl.DataFrame, layout: Layout
) -> pl.DataFrame:
    """Events of ``plus`` on transcripts of the plus strand, of ``minus`` on the others."""
    sign = layout.minus[pairs["tx"].to_numpy()]
    rows = pairs.select("row", "site", "tx", "consequence")
    parts = [
        rows.filter(strand).join(side, on="site").drop("site")
        for strand, side in ((~sign, plus), (sign, minus))
    ]
    return pl.concat(parts).sort("row")


def _moving(rows: pl.DataFrame) -> pl.DataFrame:
    """Events that may also be told from their 5' end.

    An insertion or deletion in bases that repeat across an exon's end can be written in the
    exon or in the intron. HGVS c. takes the 3' end; where the consequence engine sees it in the
    exon, and no splice site lost, the protein is told from there.
    """
    moving = pl.col("kind").is_in(["ins", "del", "dup"])
    spliced = pl.col("consequence").str.contains("splice_(?:donor|acceptor)_variant")
    return rows.filter(moving & ~spliced)


def _stopping(named: list[pl.DataFrame], proteins: pl.DataFrame) -> pl.DataFrame:
    stops = proteins.filter(pl.col("hgvs_p").str.contains("Ter"))
    return pl.concat([some.join(stops, on="row") for some in named])


def _assembled(
    pairs: pl.DataFrame,
    named: list[pl.DataFrame],
    proteins: pl.DataFrame,
    stops: pl.DataFrame,
    layout: Layout,
) -> pl.DataFrame:
    """One row for each of ``pairs``: an allele that is no sequence has places, but no names."""
    whole = (
        pairs.select("row", "tx", "start", "end")
        .join(pl.concat(named).drop("tx"), on="row", how="left", maintain_order="left")
        .join(proteins, on="row", how="left", maintain_order="left")
        .join(stops, on="row", how="left", maintain_order="left")
        .with_columns(
            pl.col("first").fill_null(pl.col("start") + 1), pl.col("last").fill_null(pl.col("end"))
        )
    )
    ends = (whole[name].to_numpy() for name in ("tx", "first", "last"))
    return whole.hstack(places(layout, *ends)).select(_empty().columns)


def with_new_stops(rows: pl.DataFrame, brought: pl.Series | None = None) -> pl.DataFrame:
    """Add ``stop_gained`` where the predicted protein ends among the residues changed.

    ``bcftools csq`` 1.16 names a stop codon only if it is the first codon that changes: a
    two-codon substitution that ends the protein is ``missense`` to it, an in-frame deletion
    that does so ``inframe_deletion``, an insertion that brings a stop codon ``frameshift``. VEP
    and ClinVar name the stop in all of them.

    Args:
        rows: columns consequence, impact, hgvs_p.
        brought: true where a shifted frame ends among the bases put in; missing elsewhere.
    """
    named = pl.col("hgvs_p")
    new_stop = named.str.contains(r"Ter\)$") & ~named.str.contains(r"Ter\d")
    shifted = pl.col("consequence").str.contains("frameshift_variant", literal=True)
    more = pl.lit(False) if brought is None else brought.fill_null(False) & shifted
    gained = new_stop.fill_null(False) | more
    lacking = gained & ~pl.col("consequence").str.contains("stop_gained", literal=True)
    where = rows.select(lacking.fill_null(False)).to_series()
    every = pl.concat_list(pl.col("consequence").str.split("&"), pl.lit("stop_gained"))
    terms = rows.filter(where).select(joined(every)).to_series().rename("consequence")
    worst = terms.to_frame().select(impact(pl.col("consequence"))).to_series().rename("impact")
    return rows.with_columns(
        pl.when(where).then(new).otherwise(new.name).alias(new.name)
        for new in _spread(pl.DataFrame([terms, worst]), where.to_numpy())
    )

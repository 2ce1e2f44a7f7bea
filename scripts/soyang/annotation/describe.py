"""HGVS names of each site, and the coding exons they can lie in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from soyang.annotation.alleles import Bases, complement
from soyang.annotation.dna import coding_name, events, genomic, placed, prefix
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.annotation.overlap import changed, covers
from soyang.annotation.protein import UNPREDICTABLE, Edit, Message, name
from soyang.annotation.sites import in_order, read_sites, sequence_alleles
from soyang.annotation.substitution import predict
from soyang.annotation.tables import CONSEQUENCES, DESCRIBED, SITE, TRANSCRIPTS
from soyang.annotation.terms import CODING_TERMS, impact, joined
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
        _contig(part, genome.sequence(str(contig)), str(contig), Assembly(assembly), known)
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


def _contig(
    rows: pl.DataFrame, sequence: Bases, contig: str, assembly: Assembly, known: Transcripts
) -> pl.DataFrame:
    """Add hgvs_g, hgvs_c and hgvs_p to the rows of one contig."""
    sites = rows.select("site", *SITE).unique("site", maintain_order=True)
    clear = sites.filter(sequence_alleles())
    right = events(clear, sequence, rightwards=True)
    left = events(clear, sequence, rightwards=False)
    names = genomic(right, contig, assembly)
    pairs = rows.filter(pl.col("id").is_not_null()).select("site", "id", "consequence")
    three_prime, five_prime = _on_transcripts(pairs, left, right, known)
    coding = three_prime.select("site", "id", coding_name().alias("hgvs_c"))
    expected = _expected(pairs, changed(sites), known)
    proteins = _proteins(pl.concat([three_prime, five_prime]), expected, sequence, known)
    unclear = pl.lit(f"{prefix(contig, assembly)}?")
    return with_new_stops(
        rows.join(names, on="site", how="left", maintain_order="left")
        .join(coding, on=["site", "id"], how="left", maintain_order="left")
        .join(proteins, on=["site", "id"], how="left", maintain_order="left")
        .with_columns(pl.col("hgvs_g").fill_null(unclear))
    )


def with_new_stops(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``stop_gained`` where the predicted protein ends where residues were changed.

    ``bcftools csq`` 1.16 names a stop codon only if it is the first codon that changes: a
    two-codon substitution that ends the protein is ``missense`` to it, an in-frame deletion
    that does so ``inframe_deletion``.

    Args:
        rows: columns consequence, impact, hgvs_p.
    """
    named = pl.col("hgvs_p")
    new_stop = named.str.contains(r"Ter\)$") & ~named.str.contains(r"Ter\d")
    terms = pl.col("consequence").str.split("&")
    lacking = new_stop.fill_null(False) & ~terms.list.contains("stop_gained")
    more = joined(pl.concat_list(terms, pl.lit("stop_gained")))
    return rows.with_columns(
        consequence=pl.when(lacking).then(more).otherwise("consequence")
    ).with_columns(impact=impact(pl.col("consequence")))


def _on_transcripts(
    pairs: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame, known: Transcripts
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events on their transcripts, moved towards the 3' end, and some towards the 5' end.

    An insertion or deletion in bases that repeat across an exon's end can be written in the
    exon or in the intron. HGVS c. takes the 3' end; where ``bcftools csq`` sees it in the
    exon, and no splice site lost, the protein is told from there.
    """
    strand = known.table.select("id", "strand")
    moving = pl.col("kind").is_in(["ins", "del", "dup"])
    unspliced = ~pl.col("consequence").str.contains("splice_(?:donor|acceptor)_variant")

    def on(some: pl.DataFrame, plus: pl.DataFrame, minus: pl.DataFrame) -> pl.DataFrame:
        sided = some.join(strand, on="id").drop("consequence")
        parts = [
            sided.filter(pl.col("strand") == sign).drop("strand").join(events_, on="site")
            for sign, events_ in (("+", plus), ("-", minus))
        ]
        return placed(pl.concat(parts), known)

    back = [side.filter(moving) for side in (left, right)]
    return on(pairs, right, left), on(pairs.filter(unspliced), back[0], back[1])


def _proteins(
    placings: pl.DataFrame, expected: pl.DataFrame, sequence: Bases, known: Transcripts
) -> pl.DataFrame:
    """HGVS p. with accession.

    Args:
        placings: :func:`~soyang.annotation.dna.placed` events, the preferred ones first; the
            first of a pair that lies in one coding exon is the one that is translated.
        expected: what stands where none does.
        sequence: the contig.
        known: the transcripts.

    Returns:
        Columns site, id, hgvs_p.
    """
    codes = pl.col("coding") & pl.col("cds_start").is_not_null()
    candidates = placings.filter(codes & _spliced() & _translated()).unique(
        ["site", "id"], keep="first", maintain_order=True
    )
    messages = _messages(candidates, sequence, known)
    simple = (pl.col("kind") == "sub") & pl.col("whole")
    substituted, rest = predict(candidates.filter(simple), messages)
    edited = _edited(pl.concat([rest, candidates.filter(~simple)]), messages)
    accession = known.table.select("id", protein=pl.coalesce("protein", "transcript"))
    return (
        pl.concat([substituted, edited, expected])
        .unique(["site", "id"], keep="first", maintain_order=True)
        .join(accession, on="id")
        .select("site", "id", pl.format("{}:{}", "protein", "hgvs_p").alias("hgvs_p"))
    )


def _spliced() -> pl.Expr:
    """Whether an event lies in one exon, so that its effect on the message is known."""
    exonic = (pl.col("offset") == 0) & (pl.col("offset_last") == 0)
    same = pl.col("last") - pl.col("first") == pl.col("base_last") - pl.col("base")
    return (exonic & same).fill_null(False)


def _translated() -> pl.Expr:
    """Whether an event changes a base of the coding part, or inserts into it."""
    inserts = pl.col("kind").is_in(["ins", "dup"])
    after = pl.when(pl.col("kind") == "dup").then("base_last").otherwise("base")
    inside = (after > pl.col("cds_start")) & (after < pl.col("cds_end"))
    overlaps = (pl.col("base") <= pl.col("cds_end")) & (pl.col("base_last") > pl.col("cds_start"))
    return pl.when(inserts).then(inside).otherwise(overlaps).fill_null(False)


def _messages(rows: pl.DataFrame, sequence: Bases, known: Transcripts) -> dict[str, Message]:
    """The spliced sequence of each transcript in ``rows``."""
    wanted = rows.select("id", "strand", "cds_start", "cds_end").unique("id").sort("id")
    exons = known.exons.filter(pl.col("id").is_in(wanted["id"].to_list())).sort("id", "start")
    parts = _spans(exons)
    messages = {}
    for row in wanted.iter_rows(named=True):
        bases = np.concatenate([sequence[start:end] for start, end in parts[row["id"]]])
        text = bases.tobytes().decode("ascii")
        if row["strand"] == "-":
            text = str(pl.select(complement(pl.lit(text))).item())
        messages[row["id"]] = Message(text, row["cds_start"], row["cds_end"])
    return messages


def _spans(exons: pl.DataFrame) -> dict[str, list[tuple[int, int]]]:
    spans: dict[str, list[tuple[int, int]]] = {}
    for transcript, start, end in exons.select("id", "start", "end").iter_rows():
        spans.setdefault(transcript, []).append((start, end))
    return spans


def _edited(rows: pl.DataFrame, messages: dict[str, Message]) -> pl.DataFrame:
    """HGVS p. of events that are not plain substitutions of a residue, one by one."""
    wanted = ("site", "id", "kind", "whole", "base", "base_last", "inserted")
    named = []
    for site, transcript, kind, whole, base, last, inserted in rows.select(wanted).iter_rows():
        start = {"ins": base, "dup": last}.get(kind, base - 1)
        end = start if kind in ("ins", "dup") else last
        edit = Edit(start, end, inserted)
        text = name(messages[transcript], edit) if whole else UNPREDICTABLE
        named.append((site, transcript, text))
    schema = {"site": pl.Int64, "id": pl.String, "hgvs_p": pl.String}
    return pl.DataFrame(named, schema=schema, orient="row").drop_nulls()


def _expected(pairs: pl.DataFrame, sites: pl.DataFrame, known: Transcripts) -> pl.DataFrame:
    """Rows whose coding part changes, by csq's terms or by coordinates, as ``p.?``."""
    terms = pl.col("consequence").str.split("&").list.set_intersection(list(CODING_TERMS))
    rows = pairs.join(sites.select("site", "start", "end"), on="site")
    rows = covers(rows, known.coding, "translated")
    return rows.filter((terms.list.len() > 0) | pl.col("translated")).select(
        "site", "id", pl.lit(UNPREDICTABLE).alias("hgvs_p")
    )

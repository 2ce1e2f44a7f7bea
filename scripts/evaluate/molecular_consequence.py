"""Our term on MANE's transcript, held against ClinVar's molecular consequence (MC).

ClinVar's MC lists terms of all of a gene's transcripts, without saying which has which. So the
question is whether ours is among them; by the class of our worst term, on BRCA1, whose sequence
is at hand. The records are nearly all pathogenic.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pysam

from evaluate.clinvar_keys import read_clinvar
from evaluate.score import Score, reasons
from evaluate.sequences import Piece, brca1
from soyang.annotation.consequence import consequences_of
from soyang.annotation.describe import describe_contig
from soyang.annotation.engines.csq import Csq
from soyang.annotation.genome import Genome
from soyang.annotation.gff import read_transcripts
from soyang.core.assembly import Assembly

GOAL = 0.99

CLASSES: Mapping[str, tuple[str, ...]] = {
    "splice-site": ("splice_acceptor_variant", "splice_donor_variant"),
    "nonsense": ("stop_gained",),
    "frameshift": ("frameshift_variant",),
    "missense": ("missense_variant",),
}
"""Class to our terms, the worst class first."""

NONSENSE = "nonsense"
"""ClinVar's word for SO's ``stop_gained``."""

BY_LESSER = "by a lesser term of the same row"
NO_MC = "ClinVar gives no MC"
OVER_SPLICE = "reaches a splice site: ClinVar speaks of the splice site, we of the frame too"
UNKNOWN_BASES = "unknown bases (N) are put in: where the new frame ends can't be told"
ELSEWHERE = (
    "wholly in MANE's coding part and no multiple of three long, so a frameshift there: ClinVar's "
    "terms are of other transcripts"
)


def evaluate(shared: Path) -> list[Score]:
    """A score for each class."""
    rows = told(shared)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in CLASSES}
    apart: dict[str, list[str]] = {name: [] for name in CLASSES}
    for row in rows.iter_rows(named=True):
        name = class_of(row["consequence"])
        if name is None:
            continue
        if row["mc"] is None:
            apart[name].append(NO_MC)
        else:
            found[name].append(row)
    return [score(name, found[name], apart[name]) for name in CLASSES]


def told(shared: Path) -> pl.DataFrame:
    """Our rows of ClinVar's records on the BRCA1 slice, with ``mc``, ClinVar's terms as text."""
    piece = brca1(shared)
    records = read_clinvar(next((shared / "clinvar").glob("*.vcf.gz")))
    inside = pl.col("position").is_between(piece.start + 1, piece.start + len(piece.bases))
    here = (
        records.filter(pl.col("contig") == piece.contig, inside)
        .with_row_index("site")
        .with_columns(pl.col("site").cast(pl.Int64))
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = _described(here.drop("id", "info"), _genome(piece, Path(folder)), shared)
    mc = here.select("site", mc=pl.col("info").str.extract(r"(?:^|;)MC=([^;]*)"))
    return rows.join(mc, on="site", maintain_order="left")


def _genome(piece: Piece, folder: Path) -> Genome:
    """The slice in its true coordinates."""
    fasta = folder / "genome.fa"
    fasta.write_bytes(
        b">" + piece.contig.encode() + b"\n" + b"N" * piece.start + piece.bases + b"\n"
    )
    pysam.faidx(str(fasta))
    return Genome(fasta)


def _described(sites: pl.DataFrame, genome: Genome, shared: Path) -> pl.DataFrame:
    known = read_transcripts(shared / "mane" / "MANE.GRCh38.gff3.gz", genome)
    ids = known.table.select("ensembl", "id").unique("ensembl")
    rows = consequences_of(sites, genome, known, Csq()).join(
        ids, on="ensembl", how="left", maintain_order="left"
    )
    contig = sites["contig"][0]
    return describe_contig(rows, genome.sequence(contig), contig, Assembly.GRCH38, known)


def class_of(consequence: str) -> str | None:
    """The class of the worst of our terms that has one."""
    terms = consequence.split("&")
    return next((name for name, mine in CLASSES.items() if not set(mine).isdisjoint(terms)), None)


def clinvar_terms(mc: str) -> set[str]:
    """SO terms of ``SO:0001587|nonsense,…``."""
    words = re.findall(r"\|([\w-]+)", mc)
    return {"stop_gained" if word == NONSENSE else word for word in words}


def score(name: str, rows: list[dict[str, Any]], apart: list[str]) -> Score:
    """The score of one class: a row agrees if one of its terms that have a class is ClinVar's."""
    classed = {term for mine in CLASSES.values() for term in mine}
    agreed, lesser, words, unexplained = 0, 0, [], []
    for row in rows:
        theirs = clinvar_terms(row["mc"])
        ours = classed.intersection(row["consequence"].split("&"))
        if not theirs.isdisjoint(ours):
            agreed += 1
            lesser += theirs.isdisjoint(CLASSES[name])
        elif why := reason(name, row):
            words.append(why)
        else:
            names = f"{row['hgvs_c']} {row['hgvs_p']}"
            unexplained.append(f"{names}: {row['consequence']}, ClinVar {sorted(theirs)}")
    return Score(
        name=name,
        agreed=agreed,
        explained=reasons(words),
        unexplained=unexplained,
        apart=reasons(apart),
        remarks={BY_LESSER: lesser} if lesser else {},
        goal=GOAL,
        all_explained=True,
    )


def reason(name: str, row: dict[str, Any]) -> str:
    """Why ClinVar has none of our terms; empty: for no known reason."""
    if re.search(r"N{2}", row["alt"]):
        return UNKNOWN_BASES
    if row["hgvs_p"].endswith("p.?") or row["splice_distance"] == 0:
        return OVER_SPLICE
    shifts = (len(row["ref"]) - len(row["alt"])) % 3 != 0
    within = row["intron"] is None and row["protein_position"] is not None
    return ELSEWHERE if name == "frameshift" and shifts and within else ""

"""What neighbouring coding variants of one person do together."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.annotation.codons import FRAME_SPAN, coding_changes, neighbours
from soyang.annotation.engines.haplotype_csq import read_together
from soyang.annotation.genome import Genome, require_match
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.annotation.phases import Member, Phase, cases, exclude, kinds
from soyang.annotation.sites import MANE_ORDER, in_order
from soyang.annotation.tables import DESCRIBED, HAPLOTYPES, SITE
from soyang.annotation.terms import impact, joined
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import read_table, write_table

_GENOTYPES = {
    **{name: HAPLOTYPES.schema[name] for name in ("person", "sample")},
    **{name: DESCRIBED.schema[name] for name in SITE},
    "genotype": pl.String(),
    "dosage": pl.Int8(),
    "copies": pl.Int8(),
    "phase_set": pl.Int64(),
}
"""Columns that are read of the cohort's genotypes."""

_FACTS = ("start", "end", "first", "last", "shift")
"""Fields of a member of a run that do not depend on who carries it."""

_JUDGED: dict[str, pl.DataType] = {
    "id": pl.String(),
    "site": pl.List(pl.Int64()),
    "kind": pl.List(pl.String()),
    "members": pl.List(pl.Int64()),
    "phase": pl.String(),
    "readable": pl.Boolean(),
    "alone": pl.List(pl.String()),
}
_JOIN = "+"


def haplotypes(
    *, described: Path, genotypes: Path, reference: Path, transcripts: Path, haplotypes: Path
) -> None:
    """Read neighbouring coding variants of each person together.

    Two variants in one codon change one residue, and a second frameshift can restore what the
    first has shifted: judged one by one, both would be misread. Where two or more of a person's
    coding variants lie in the same or adjacent codons of a transcript, or between frameshifts
    that restore the frame, `bcftools csq` reads the haplotype. Unphased heterozygotes are read
    as if on one copy, and their phase is said to be unknown.

    Args:
        described: table that `annotation describe` wrote.
        genotypes: the cohort's genotypes at these sites.
        reference: FASTA that the sites were called on, with its index.
        transcripts: the same GFF3 as for `annotation consequence`.
        haplotypes: table to write, one row for each person, transcript and group of variants.
    """
    genome = Genome(reference)
    known = read_transcripts(transcripts, genome)
    told = read_table(described, DESCRIBED)
    sites = in_order(told.select(SITE).unique()).with_row_index("site")
    sites = sites.with_columns(pl.col("site").cast(pl.Int64))
    ids = known.table.filter(pl.col("contig").is_in(known.lines["contig"].unique().to_list()))
    rows = told.join(sites, on=SITE).join(ids.select("ensembl", "id").unique("ensembl"),
                                          on="ensembl")  # fmt: skip
    coding = coding_changes(sites, rows.select("site", "id", "consequence"), known)
    used = sites.filter(pl.col("site").is_in(coding["site"].unique().to_list()))
    require_match(used, genome, file=described)
    found = interacting(used, coding, read_genotypes(genotypes), genome, known)
    write_table(found, haplotypes, HAPLOTYPES)


def read_genotypes(path: Path) -> pl.LazyFrame:
    """The columns of the cohort's genotypes that are needed.

    Raises:
        FaultError: the file is missing or lacks one of them.
    """
    try:
        found = pl.read_parquet_schema(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FaultError(_fault(path, str(error).splitlines()[0])) from None
    strange = [name for name, dtype in _GENOTYPES.items() if found.get(name) != dtype]
    if strange:
        raise FaultError(_fault(path, f"no column {', '.join(strange)} of the type expected"))
    return pl.scan_parquet(path).select(list(_GENOTYPES))


def _fault(path: Path, found: str) -> Fault:
    return Fault(
        code="genotypes-table",
        file=str(path),
        found=found,
        allowed=", ".join(f"{name} ({dtype})" for name, dtype in _GENOTYPES.items()),
        next_step="make the file anew with `soyang cohort join`",
    )


def interacting(
    sites: pl.DataFrame,
    coding: pl.DataFrame,
    genotypes: pl.LazyFrame,
    genome: Genome,
    known: Transcripts,
) -> pl.DataFrame:
    """The HAPLOTYPES table.

    Args:
        sites: columns site (a number), contig, position, ref, alt, in order.
        coding: what :func:`~soyang.annotation.codons.coding_changes` says of them.
        genotypes: columns person, sample, those of a site, genotype, dosage, copies, phase_set.
        genome: the reference.
        known: the transcripts.
    """
    found = [HAPLOTYPES.empty()]
    for (contig,), part in sites.group_by("contig", maintain_order=True):
        runs = _runs(genotypes.filter(pl.col("contig") == contig), part, coding)
        judged = _judged(runs, coding)
        if judged.height:
            read = read_together(part, _unread(judged), genome, known)
            found.append(_table(runs, judged, read, part, known))
    return pl.concat(found)


def _runs(genotypes: pl.LazyFrame, sites: pl.DataFrame, coding: pl.DataFrame) -> pl.DataFrame:
    """People's runs of neighbours on one chromosome.

    Returns:
        Columns person, sample, id; and lists site, genotype, kind of its variants.
    """
    carried = (
        genotypes.join(sites.lazy().select("site", *SITE), on=SITE)
        .filter(pl.col("dosage") > 0)
        .drop(SITE)
        .collect()
    )
    wide = carried.join(coding.select("site", "id", "first", "last", "shift"), on="site")
    return (
        neighbours(wide)
        .with_columns(kind=kinds())
        .group_by("run", maintain_order=True)
        .agg(pl.col("person", "sample", "id").first(), "site", "genotype", "kind")
        .drop("run")
    )


def _judged(runs: pl.DataFrame, coding: pl.DataFrame) -> pl.DataFrame:
    """Cases of each different run, whoever carries it.

    Returns:
        Columns id, site, kind (lists, as in ``runs``), members (places in them), phase, readable
        (whether they can be on one copy), carried (their sites), alone and worst (the
        consequence of each, and its worst term), haplotype (number of the same transcript and
        sites).
    """
    used = coding.filter(pl.col("site").is_in(runs["site"].explode().unique().to_list()))
    facts = {row[:2]: row[2:] for row in used.select("site", "id", "consequence", *_FACTS).rows()}
    rows = []
    for name, sites, marks in runs.select("id", "site", "kind").unique(maintain_order=True).rows():
        known = [facts[site, name] for site in sites]
        run = [
            Member(**dict(zip(_FACTS, fact[1:], strict=True)), kind=kind)
            for fact, kind in zip(known, marks, strict=True)
        ]
        for case in cases(run, FRAME_SPAN):
            readable = case.phase is not Phase.TRANS and not exclude(run, case.members)
            alone = [known[n][0] for n in case.members]
            rows.append((name, sites, marks, case.members, case.phase, readable, alone))
    numbered = pl.DataFrame(rows, schema=_JUDGED, orient="row").with_columns(
        carried=pl.col("site").list.gather(pl.col("members")),
        worst=pl.col("alone").list.eval(pl.element().str.split("&").list.first()),
    )
    names = numbered.select("id", "carried").unique(maintain_order=True).with_row_index("haplotype")
    names = names.with_columns(pl.col("haplotype").cast(pl.Int64))
    return numbered.join(names, on=["id", "carried"], maintain_order="left")


def _unread(judged: pl.DataFrame) -> pl.DataFrame:
    """Haplotypes to read: columns haplotype, id, site."""
    unique = judged.filter("readable").unique("haplotype", maintain_order=True)
    return unique.select("haplotype", "id", site="carried").explode("site")


def _table(
    runs: pl.DataFrame,
    judged: pl.DataFrame,
    read: pl.DataFrame,
    sites: pl.DataFrame,
    known: Transcripts,
) -> pl.DataFrame:
    names = pl.concat_str(SITE, separator=":")
    spelt = sites.with_columns(name=names)
    words = read.with_columns(joined(pl.col("terms")).alias("together")).drop("terms")
    transcript = known.table.select("id", "gene", "transcript", "ensembl", "mane", "contig")
    rows = (
        runs.join(judged, on=["id", "site", "kind"])
        .join(words, on="haplotype", how="left")
        .join(transcript, on="id")
        .with_columns(
            genotypes=pl.col("genotype").list.gather(pl.col("members")).list.join(_JOIN),
            alone=pl.col("alone").list.join(_JOIN),
            consequence=pl.when("readable").then("together"),
        )
        .with_columns(
            impact=impact(pl.col("consequence")),
            amino_acids=pl.when("readable").then("amino_acids"),
            differs=pl.when(pl.col("consequence").is_not_null()).then(
                ~pl.col("worst").list.contains(pl.col("consequence").str.split("&").list[0])
            ),
        )
    )
    return _sorted(_with_places(rows, spelt))


def _with_places(rows: pl.DataFrame, sites: pl.DataFrame) -> pl.DataFrame:
    """Add sites (as text) and position."""
    numbered = rows.with_row_index("row")
    text = (
        numbered.select("row", site="carried")
        .explode("site")
        .join(sites.select("site", "name", "position"), on="site", maintain_order="left")
        .group_by("row")
        .agg(pl.col("position").min(), pl.col("name").str.join(_JOIN).alias("sites"))
    )
    return numbered.join(text, on="row")


def _sorted(rows: pl.DataFrame) -> pl.DataFrame:
    mane = pl.col("mane").replace_strict(MANE_ORDER, default=len(MANE_ORDER))
    order = ("person", "sample", "ensembl", "sites")
    return rows.sort("position", mane, "transcript", *order).select(HAPLOTYPES.names)

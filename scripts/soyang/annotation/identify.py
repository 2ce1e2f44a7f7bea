"""Names of sites that mean the same everywhere: key, SPDI and GA4GH VRS id."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from soyang.annotation.alleles import Bases
from soyang.annotation.genome import Genome, require_match
from soyang.annotation.sites import in_order, read_sites, sequence_alleles
from soyang.annotation.spdi import justified, spdi
from soyang.annotation.tables import IDENTITIES, SITE
from soyang.annotation.vrs import allele_ids, library_id, refget_accession
from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import write_table
from soyang.core.variant_key import allele_codes, chromosome_number, keys

_CHECKED = 40
"""Alleles of a contig whose VRS ids are made by the library too, evenly spaced."""


def identify(
    *,
    reference: Path,
    assembly: str,
    identities: Path,
    annotated: Path | None = None,
    sites: Path | None = None,
    everything: bool = False,
) -> None:
    """Name sites by key, SPDI and GA4GH VRS id, for exchange beyond this cohort.

    Of an annotated table the sites that matter are named: those with a transcript impact
    beyond MODIFIER and those that ClinVar has. Of a plain sites table all are.

    Args:
        reference: FASTA that the sites were called on, with its index.
        assembly: GRCh37 or GRCh38.
        identities: table to write, one row for each site.
        annotated: table that `annotation annotate` wrote.
        sites: Parquet table with contig, position (1-based), ref and alt.
        everything: name all sites of `annotated`.
    """
    genome, build = Genome(reference), Assembly(assembly)
    source, frame = _chosen(annotated, sites, everything=everything)
    require_match(frame, genome, file=source)
    named = [
        identify_contig(part, genome.sequence(str(contig)), str(contig), build)
        for (contig,), part in frame.group_by("contig", maintain_order=True)
    ]
    whole = pl.concat([IDENTITIES.empty(), *named])
    require_distinct(whole, file=source)
    write_table(in_order(whole), identities, IDENTITIES)


def _chosen(
    annotated: Path | None, sites: Path | None, *, everything: bool
) -> tuple[Path, pl.DataFrame]:
    if (annotated is None) == (sites is None):
        raise FaultError(
            Fault(
                code="identify-input",
                file="annotation identify",
                found="both --annotated and --sites" if sites else "neither",
                allowed="one of --annotated and --sites",
                next_step="give the table whose sites are to be named",
            )
        )
    if annotated is None:
        assert sites is not None
        return sites, read_sites(sites).select(SITE)
    return annotated, _read_annotated(annotated, everything=everything)


def _read_annotated(path: Path, *, everything: bool) -> pl.DataFrame:
    wanted = [*SITE, "impact", "clinvar_significance", "clinvar_id"]
    try:
        frame = pl.read_parquet(path, columns=wanted)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FaultError(
            Fault(
                code="annotated-table",
                file=str(path),
                found=str(error).splitlines()[0],
                allowed=f"a Parquet table with {', '.join(wanted)}",
                next_step="make the file anew with `soyang annotation annotate`",
            )
        ) from None
    kept = frame if everything else frame.filter(matters())
    return in_order(kept.select(SITE).unique())


def matters() -> pl.Expr:
    """Whether a row of ``annotation.sites`` has an impact beyond MODIFIER, or ClinVar's word."""
    known = pl.col("clinvar_significance").is_not_null() | pl.col("clinvar_id").is_not_null()
    return known | (pl.col("impact") != "MODIFIER")


def identify_contig(
    sites: pl.DataFrame, sequence: Bases, contig: str, assembly: Assembly
) -> pl.DataFrame:
    """The IDENTITIES table of sites of one contig.

    Args:
        sites: columns contig, position (1-based), ref, alt (upper case).
        sequence: the contig.
        contig: its name.
        assembly: whose accession a chromosome bears in SPDI; other contigs keep their name.

    Raises:
        RuntimeError: an id of ours is not the library's: a bug.
    """
    number = chromosome_number(contig)
    clear = sites.select(SITE).filter(sequence_alleles())
    rest = sites.select(SITE).filter(~sequence_alleles())
    wide = justified(clear, sequence)
    refget = refget_accession(sequence)
    names = clear.with_columns(
        spdi(wide, assembly.accession(contig) if number else contig), allele_ids(wide, refget)
    )
    _check(names, sequence, refget)
    return pl.concat([_keyed(names, number), rest], how="diagonal").select(
        pl.col("key"), pl.lit(assembly.value).alias("assembly"), *SITE, "spdi", "vrs"
    )


def _keyed(rows: pl.DataFrame, number: int) -> pl.DataFrame:
    if not number:
        return rows.with_columns(key=pl.lit(None, pl.UInt64))
    codes = allele_codes(rows["ref"], rows["alt"]).to_numpy()
    position = rows["position"].cast(pl.Int32).to_numpy()
    return rows.with_columns(pl.Series("key", keys(number, position, codes)))


def _check(rows: pl.DataFrame, sequence: Bases, refget: str) -> None:
    """Hold a sample of ids, half of them insertions and deletions, against the library's."""
    same = pl.col("ref").str.len_bytes() == pl.col("alt").str.len_bytes()
    parts = [rows.filter(same), rows.filter(~same)]
    samples = [part.gather_every(max(1, part.height * 2 // _CHECKED)) for part in parts]
    for position, ref, alt, vrs in pl.concat(samples).select(*SITE[1:], "vrs").iter_rows():
        theirs = library_id(position, ref, alt, sequence, refget)
        if theirs != vrs:
            raise RuntimeError(f"{position} {ref}>{alt}: {vrs}, by the library {theirs}")


def require_distinct(rows: pl.DataFrame, *, file: Path) -> None:
    """Check that no key stands for two sites: a hash of long alleles could.

    Raises:
        FaultError: naming them.
    """
    keyed = rows.filter(pl.col("key").is_not_null())
    twice = keyed.filter(pl.col("key").is_duplicated())
    if twice.is_empty():
        return
    first = twice.filter(pl.col("key") == twice["key"][0])
    names = "; ".join(f"{c}:{p} {r[:20]}>{a[:20]}" for c, p, r, a in first.select(SITE).iter_rows())
    raise FaultError(
        Fault(
            code="key-collision",
            file=str(file),
            row=names,
            column="key",
            found=f"key {first['key'][0]:016x} for {first.height} sites",
            allowed="a key for each site",
            next_step="name these sites by ref and alt; report it, for the key has to grow",
        )
    )

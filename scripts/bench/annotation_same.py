"""Whether ours and the annotation benchmark's peers gave the same answer, and where they did not.

Counts must be the same for each allele. Consequences can't be: the tools cut the same effect into
different Sequence Ontology terms, so what is compared is the worst term of each allele and
transcript, and each kind of difference is counted.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from bench.annotation_sites import FIELDS
from soyang.annotation.terms import IMPACT_OF

SITE = ("contig", "position", "ref", "alt")

SAME_TERM = {
    "conservative_inframe_deletion": "inframe_deletion",
    "disruptive_inframe_deletion": "inframe_deletion",
    "conservative_inframe_insertion": "inframe_insertion",
    "disruptive_inframe_insertion": "inframe_insertion",
    "initiator_codon_variant": "start_retained_variant",
    "5_prime_UTR_premature_start_codon_gain_variant": "5_prime_UTR_variant",
}
"""SnpEff's finer terms to the ones that VEP and csq have."""


# ------------------------------------------------------------------------------ frequencies


def our_counts(annotated: Path) -> pl.DataFrame:
    """Columns of SITE and FIELDS of our table, the alleles with counts only."""
    frame = pl.read_parquet(
        annotated, columns=[*SITE, *(f"frequencies_{field.lower()}" for field in FIELDS)]
    )
    named = frame.rename({f"frequencies_{field.lower()}": field for field in FIELDS})
    return _hits(named.unique()).with_columns(pl.col("position").cast(pl.Int32))


def true_counts(truth: Path) -> pl.DataFrame:
    """The same of what should be found; and ``alone``."""
    return _hits(pl.read_parquet(truth, columns=[*SITE, *FIELDS, "alone"]))


def peer_counts(vcf: Path) -> pl.DataFrame:
    """The same of a peer's VCF or BCF; ``alone`` says whether the record has one allele."""
    columns = ["CHROM", "POS", "REF", "ALT", *(f"INFO/{field}" for field in FIELDS)]
    frame = _queried(vcf, columns, ["contig", "position", "ref", "alts", *FIELDS])
    frame = frame.with_columns(alone=~pl.col("alts").str.contains(",", literal=True))
    single = frame.filter("alone").rename({"alts": "alt"}).select(*SITE, *FIELDS, "alone")
    several = frame.filter(~pl.col("alone"))
    return _hits(pl.concat([_numbers(single), _numbers(_alleles(several))]))


def mend(vcf: Path) -> None:
    """Take ``FORMAT`` out of a header without samples, where vcfanno 0.3.5 puts it."""
    subprocess.run(["sed", "-i", "/^#CHROM/s/\\tINFO\\tFORMAT$/\\tINFO/", vcf], check=True)


def _alleles(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each allele of records with several; ref and alt without what they share."""
    lists = [pl.col(name).str.split(",") for name in ("alts", *FIELDS)]
    count = pl.col("alts").list.len()
    # A field with one value for the record has it for all of its alleles.
    padded = [
        pl.when(pl.col(name).list.len() == count)
        .then(name)
        .otherwise(pl.col(name).list.first().repeat_by(count))
        for name in FIELDS
    ]
    rows = (
        frame.with_columns(lists)
        .with_columns(padded)
        .explode("alts", *FIELDS)
        .with_columns(
            pl.struct("ref", "alts")
            .map_elements(
                lambda pair: dict(zip(("r", "a"), trimmed(pair["ref"], pair["alts"]), strict=True)),
                return_dtype=pl.Struct({"r": pl.String, "a": pl.String}),
            )
            .alias("pair")
        )
    )
    return rows.select(
        "contig",
        "position",
        pl.col("pair").struct.field("r").alias("ref"),
        pl.col("pair").struct.field("a").alias("alt"),
        *FIELDS,
        "alone",
    )


def trimmed(ref: str, alt: str) -> tuple[str, str]:
    """Alleles without the bases that both end with, at least one base left."""
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    return ref, alt


def _queried(vcf: Path, fields: list[str], names: list[str]) -> pl.DataFrame:
    with tempfile.TemporaryDirectory(dir=vcf.parent) as folder:
        table = Path(folder) / "table.tsv"
        form = "\t".join(f"%{field}" for field in fields) + "\n"
        with table.open("wb") as out:
            subprocess.run(["bcftools", "query", "-f", form, vcf], stdout=out, check=True)
        return pl.read_csv(
            table,
            separator="\t",
            has_header=False,
            new_columns=names,
            infer_schema=False,
            quote_char=None,
            null_values=".",
        ).with_columns(pl.col("position").cast(pl.Int32))


def _numbers(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(name).cast(pl.Int32, strict=False) for name in FIELDS)


def _hits(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("AC").is_not_null())


def same_counts(mine: pl.DataFrame, theirs: pl.DataFrame) -> tuple[int, int, int]:
    """Alleles with the same counts in both, and those that each has alone or otherwise."""
    both = [*SITE, *FIELDS]
    shared = mine.select(both).join(theirs.select(both), on=both).height
    return shared, mine.height - shared, theirs.height - shared


# ----------------------------------------------------------------------------- consequences


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the terms of two tools agree.

    Attributes:
        same: alleles and transcripts with the same worst term.
        other: with another.
        only_ours: that only we name.
        only_peer: that only the peer names.
        kinds: columns ours, peer, count; the other and the alone, most frequent first.
    """

    same: int
    other: int
    only_ours: int
    only_peer: int
    kinds: pl.DataFrame

    @property
    def share(self) -> float:
        """Of all that one of them names, the percentage with the same worst term."""
        named = self.same + self.other + self.only_ours + self.only_peer
        return 100 * self.same / named if named else 0.0

    def told(self, most: int = 12) -> str:
        """The most frequent kinds of difference."""
        rows = self.kinds.head(most).iter_rows()
        return "; ".join(f"{ours} | {peer}: {count:,}" for ours, peer, count in rows)


def our_terms(annotated: Path) -> pl.LazyFrame:
    """Columns of SITE, transcript (Ensembl's, without version) and worst term."""
    return (
        pl.scan_parquet(annotated)
        .filter(pl.col("ensembl").is_not_null())
        .select(
            pl.col("contig"),
            pl.col("position").cast(pl.Int32),
            pl.col("ref"),
            pl.col("alt"),
            transcript=pl.col("ensembl").str.split(".").list.first(),
            ours=pl.col("consequence").str.split("&").list.first(),
        )
    )


def snpeff_terms(vcf: Path) -> pl.LazyFrame:
    """The same of SnpEff's VCF, of records with one allele."""
    columns = ["contig", "position", "id", "ref", "alt", "quality", "filter", "info"]
    entry = pl.col("ann").str.split("|")
    terms = entry.list.get(1, null_on_oob=True).str.split("&").list.eval(_severity())
    rank = terms.list.min()
    return (
        pl.scan_csv(
            vcf,
            separator="\t",
            has_header=False,
            comment_prefix="#",
            infer_schema=False,
            quote_char=None,
            with_column_names=lambda names: [*columns, *names[len(columns) :]],
        )
        .filter(~pl.col("alt").str.contains(",", literal=True))
        .select(
            "contig",
            pl.col("position").cast(pl.Int32),
            "ref",
            "alt",
            ann=pl.col("info").str.extract(r"ANN=([^;]*)").str.split(","),
        )
        .explode("ann")
        .filter(entry.list.get(5, null_on_oob=True) == "transcript")
        .select(
            "contig",
            "position",
            "ref",
            "alt",
            transcript=entry.list.get(6),
            peer=rank.replace_strict(
                {**dict(enumerate(IMPACT_OF)), _UNKNOWN: "another"}, return_dtype=pl.String
            ),
        )
    )


_UNKNOWN = len(IMPACT_OF)


def _severity() -> pl.Expr:
    places = {term: place for place, term in enumerate(IMPACT_OF)}
    named = pl.element().replace(SAME_TERM)
    return named.replace_strict(places, default=_UNKNOWN, return_dtype=pl.Int64)


def same_terms(annotated: Path, vcf: Path, truth: Path) -> Terms:
    """How our consequences and SnpEff's agree, on records with one allele.

    Args:
        annotated: our table.
        vcf: SnpEff's VCF.
        truth: which alleles stand alone.
    """
    where = [*SITE, "transcript"]
    alone = pl.scan_parquet(truth).filter("alone").select(SITE)
    mine = our_terms(annotated).join(alone, on=list(SITE), how="semi").collect()
    theirs = snpeff_terms(vcf).collect()
    both = mine.join(theirs, on=where, how="full", coalesce=True)
    known = both.filter(pl.col("ours") == pl.col("peer")).height
    different = both.filter(pl.col("ours").ne_missing(pl.col("peer")))
    kinds = (
        different.group_by(pl.col("ours", "peer").fill_null("-"))
        .agg(count=pl.len())
        .sort(["count", "ours", "peer"], descending=[True, False, False])
    )
    only_ours = different["peer"].null_count()
    only_peer = different["ours"].null_count()
    return Terms(
        same=known,
        other=different.height - only_ours - only_peer,
        only_ours=only_ours,
        only_peer=only_peer,
        kinds=kinds,
    )

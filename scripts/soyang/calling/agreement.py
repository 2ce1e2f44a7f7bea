"""What several callers say of one sample: who has an allele, and who the same genotype.

Alleles are compared as they are normalised (split, left-aligned); two spellings of one haplotype
count as two.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from soyang.calling.records import Provenance, write_records
from soyang.calling.tables import OTHERS
from soyang.core.process import run
from soyang.core.sequence import contig_lengths
from soyang.core.tables import write_table

_SITE = ("contig", "position", "ref", "alt")
_SEQUENCE = "^[ACGTNacgtn]+$"
_HEADER = (
    '##INFO=<ID=CALLERS,Number=.,Type=String,Description="Callers that have this allele">\n'
    '##INFO=<ID=AGREED,Number=1,Type=Integer,Description="Callers that have the same genotype, '
    'the one that stands among them">\n'
)


def compare(
    gvcfs: Mapping[str, Path],
    sample: str,
    fasta: Path,
    made: Provenance,
    output: Path,
    scratch: Path,
) -> pl.DataFrame:
    """Write the first caller's gVCF with CALLERS and AGREED; return what only others have.

    What was found is said on standard error.

    Args:
        gvcfs: caller to its normalised gVCF; the first's genotypes stand.
        sample: sample.
        fasta: prepared reference.
        made: what made the records, for the header.
        output: gVCF; its .tbi goes beside it.
        scratch: folder for temporary files.

    Returns:
        Rows of OTHERS.
    """
    first, *_ = gvcfs
    calls = {name: carried(vcf, scratch) for name, vcf in gvcfs.items()}
    joined = agreement(calls)
    table = scratch / "agreement.tsv"
    _write_annotation(joined, list(contig_lengths(fasta)), table)
    header = scratch / "agreement.txt"
    header.write_text(_HEADER)
    columns = "CHROM,POS,REF,ALT,INFO/CALLERS,INFO/AGREED"
    annotating = [
        *["bcftools", "annotate", "--no-version", "-a", f"{table}.gz", "-h", str(header)],
        *["-c", columns, "-Ov", str(gvcfs[first])],
    ]
    write_records([annotating], fasta, made, output)
    only = only_others(calls, blocks(gvcfs[first], scratch), sample, list(contig_lengths(fasta)))
    sys.stderr.write(told(calls, joined, len(only)))
    return only


def write_others(only: pl.DataFrame | None, file: Path) -> None:
    """Write what only others have; none where one caller looked."""
    write_table(OTHERS.empty() if only is None else only, file, OTHERS)


def carried(vcf: Path, scratch: Path) -> pl.DataFrame:
    """Alleles that a normalised gVCF's sample carries.

    Returns:
        contig, position (1-based), ref, alt, genotype (GT), depth, genotype_quality, dosage
        (copies of the allele) and copies (alleles of the genotype).
    """
    table = scratch / "carried.tsv"
    query = "%CHROM\\t%POS\\t%REF\\t%ALT[\\t%GT\\t%DP\\t%GQ]\\n"
    run(["bcftools", "query", "-i", 'GT~"1"', "-f", query, vcf], stdout=table)
    rows = pl.read_csv(
        table,
        separator="\t",
        has_header=False,
        null_values=["."],
        quote_char=None,
        raise_if_empty=False,
        schema={
            **dict.fromkeys(_SITE, pl.String),
            "position": pl.Int64,
            "genotype": pl.String,
            "depth": pl.Int64,
            "genotype_quality": pl.Float64,
        },
    )
    return rows.filter(
        pl.col("alt").str.contains(_SEQUENCE), pl.col("genotype").str.contains("1")
    ).with_columns(
        dosage=pl.col("genotype").str.count_matches("1").cast(pl.Int64),
        copies=(pl.col("genotype").str.count_matches("[/|]") + 1).cast(pl.Int64),
    )


def agreement(calls: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Who else has the first caller's alleles.

    Returns:
        The first's sites with ``callers`` (names joined by ',') and ``agreed`` (how many have as
        many of the allele out of as many copies, the first among them; phase doesn't count).
    """
    first, *rest = calls
    found = calls[first].select(*_SITE, "dosage", "copies")
    names = [pl.lit(first)]
    agreed = pl.lit(1, dtype=pl.Int64)
    for name in rest:
        other = calls[name].select(
            *_SITE, pl.col("dosage").alias(f"d {name}"), pl.col("copies").alias(f"c {name}")
        )
        found = found.join(other, on=_SITE, how="left", maintain_order="left")
        here = pl.col(f"d {name}").is_not_null()
        names.append(pl.when(here).then(pl.lit(name)))
        same = (pl.col(f"d {name}") == pl.col("dosage")) & (pl.col(f"c {name}") == pl.col("copies"))
        agreed = agreed + (here & same).fill_null(value=False).cast(pl.Int64)
    listed = pl.concat_list(names).list.drop_nulls().list.join(",")
    return found.select(*_SITE, callers=listed, agreed=agreed)


def only_others(
    calls: Mapping[str, pl.DataFrame],
    said: pl.DataFrame,
    sample: str,
    contigs: Sequence[str],
) -> pl.DataFrame:
    """Alleles that the first caller doesn't have: rows of OTHERS, in the order of the contigs.

    Args:
        calls: caller to its alleles.
        said: contig, position, end and genotype of each record of the first caller.
        sample: sample.
        contigs: contigs in order.
    """
    first, *rest = calls
    frames = [
        calls[name].join(calls[first], on=_SITE, how="anti").with_columns(caller=pl.lit(name))
        for name in rest
    ]
    rank = {contig: number for number, contig in enumerate(contigs)}
    rows = (
        pl.concat(frames)
        .with_columns(
            rank=pl.col("contig").replace_strict(rank, return_dtype=pl.Int64),
            order=pl.col("caller").replace_strict({n: i for i, n in enumerate(rest)}),
        )
        .sort("rank", *_SITE[1:], "order")
        .with_columns(sample=pl.lit(sample))
    )
    # join_asof wants each contig's positions sorted, which they are.
    told_there = rows.sort("position").join_asof(
        said.sort("position"), on="position", by="contig", check_sortedness=False
    )
    told_there = told_there.with_columns(
        first_says=pl.when(pl.col("said_end") >= pl.col("position"))
        .then(pl.col("said"))
        .fill_null("")
    )
    return told_there.sort("rank", *_SITE[1:], "order").select(OTHERS.names)


def blocks(gvcf: Path, scratch: Path) -> pl.DataFrame:
    """What a normalised gVCF says of each stretch; of records at one position the longest.

    Returns:
        contig, position, said_end (both 1-based, inclusive) and said (GT).
    """
    table = scratch / "records.tsv"
    run(["bcftools", "query", "-f", "%CHROM\\t%POS\\t%END[\\t%GT]\\n", gvcf], stdout=table)
    rows = pl.read_csv(
        table,
        separator="\t",
        has_header=False,
        quote_char=None,
        raise_if_empty=False,
        schema={
            "contig": pl.String, "position": pl.Int64, "said_end": pl.Int64, "said": pl.String,
        },
    )  # fmt: skip
    return rows.sort("said_end").unique(["contig", "position"], keep="last", maintain_order=True)


def told(calls: Mapping[str, pl.DataFrame], joined: pl.DataFrame, only: int) -> str:
    """How far the callers agree, in one line of text."""
    first, *_ = calls
    counts = ", ".join(f"{name} {len(frame):,}" for name, frame in calls.items())
    whole = joined.filter(pl.col("agreed") == len(calls)).height
    return (
        f"agreement: alleles of {counts}; of {first}'s {len(joined):,}, {whole:,} have the same "
        f"genotype in all; {only:,} rows of alleles that only others have\n"
    )


def _write_annotation(joined: pl.DataFrame, contigs: Sequence[str], table: Path) -> None:
    """Write a bgzipped, indexed table for ``bcftools annotate``, in the order of the contigs."""
    rank = {contig: number for number, contig in enumerate(contigs)}
    joined.with_columns(rank=pl.col("contig").replace_strict(rank, return_dtype=pl.Int64)).sort(
        "rank", *_SITE[1:]
    ).drop("rank").write_csv(table, separator="\t", include_header=False)
    run(["bgzip", "-f", table])
    run(["tabix", "-s", "1", "-b", "2", "-e", "2", f"{table}.gz"])

"""What each site does to each transcript that it touches."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl

from soyang.annotation.genome import Genome, require_match
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.annotation.overlap import touching
from soyang.annotation.sites import in_order, read_columns, read_sites, sequence_alleles
from soyang.annotation.tables import CONSEQUENCES, SITE
from soyang.annotation.terms import INTERGENIC, UNCLEAR, impact, joined, to_so
from soyang.core.process import pipe
from soyang.core.tables import write_table

_FIELDS = ("terms", "gene", "id", "biotype", "strand", "amino_acids", "dna")


def consequence(*, sites: Path, reference: Path, transcripts: Path, consequences: Path) -> None:
    """Predict the consequence of each site on each transcript with ``bcftools csq``.

    Each variant is judged by itself (``--local-csq``): a cohort's sites carry no genotypes,
    and joining the variants of different people would make haplotypes that nobody has.
    No site is lost: what csq passes over is told from the transcripts' own coordinates.

    Args:
        sites: Parquet table with contig, position (1-based), ref and alt.
        reference: FASTA that the sites were called on, with its index.
        transcripts: Ensembl-style GFF3 such as MANE's, plain or gzip.
        consequences: table to write, one row for each site and transcript.
    """
    genome = Genome(reference)
    known = read_transcripts(transcripts, genome)
    frame = read_sites(sites)
    clear = frame.filter(sequence_alleles())
    places = frame.select("contig", "position", "ref").unique(maintain_order=True)
    require_match(places, genome, file=sites)
    spoken = parse(run_csq(clear, genome, known), frame)
    write_table(combine(frame, known, spoken), consequences, CONSEQUENCES)


def run_csq(sites: pl.DataFrame, genome: Genome, known: Transcripts) -> pl.DataFrame:
    """Run ``bcftools csq`` on sites.

    Args:
        sites: columns site (a number), contig, position, ref, alt, in order.
        genome: the reference.
        known: transcripts; csq gets exactly these, with the reference's contig names.

    Returns:
        Columns site and bcsq, for the sites of which csq says something.
    """
    with tempfile.TemporaryDirectory() as folder:
        vcf, gff, out = (Path(folder) / name for name in ("sites.vcf", "genes.gff3", "bcsq.tsv"))
        _write_vcf(sites, genome, vcf)
        gff.write_text("##gff-version 3\n")
        with gff.open("ab") as handle:
            known.lines.write_csv(handle, include_header=False, separator="\t", quote_style="never")
        csq: list[str | Path] = ["bcftools", "csq", "--local-csq", "--no-version"]
        pipe(
            [
                [*csq, "--fasta-ref", genome.path, "--gff-annot", gff, "--output-type", "u", vcf],
                ["bcftools", "query", "--include", 'BCSQ!="."', "--format", "%ID\t%BCSQ\n", "-"],
            ],
            stdout=out,
        )
        return read_columns(out, {"site": pl.Int64, "bcsq": pl.String})


def _write_vcf(sites: pl.DataFrame, genome: Genome, path: Path) -> None:
    contigs = (f"##contig=<ID={name},length={n}>\n" for name, n in genome.lengths.items())
    header = "##fileformat=VCFv4.2\n" + "".join(contigs)
    path.write_text(header + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
    dot = [pl.lit(".").alias(name) for name in ("qual", "filter", "info")]
    body = sites.select("contig", "position", "site", "ref", "alt", *dot)
    with path.open("ab") as handle:
        body.write_csv(handle, include_header=False, separator="\t", quote_style="never")


def parse(said: pl.DataFrame, sites: pl.DataFrame) -> pl.DataFrame:
    """Take csq's words apart.

    ``@pos`` says that the consequence stands at another record of the same haplotype; it is
    looked up there. Entries without transcript (csq names only the gene of an intron or a
    non-coding transcript) are left to :func:`combine`.

    Args:
        said: columns site, bcsq.
        sites: columns site, contig, position, ref, alt.

    Returns:
        Columns site, id (transcript), terms (list of SO terms), amino_acids; one row for each
        site and transcript.

    Raises:
        FaultError: csq printed a name that has no SO term here.
    """
    entries = said.with_columns(pl.col("bcsq").str.split(",")).explode("bcsq")
    entries = _resolved(entries, sites)
    fields = (
        entries.with_columns(pl.col("bcsq").str.split_exact("|", len(_FIELDS) - 1).alias("f"))
        .select("site", pl.col("f").struct.rename_fields(list(_FIELDS)))
        .unnest("f")
        .with_columns(pl.col("terms").str.split("&"))
        .explode("terms")
    )
    return (
        fields.with_columns(to_so(fields["terms"]).alias("terms"))
        .filter(pl.col("id").fill_null("") != "")
        .group_by("site", "id", maintain_order=True)
        .agg("terms", pl.col("amino_acids").drop_nulls().unique(maintain_order=True))
        .with_columns(pl.col("amino_acids").list.join(","))
        .with_columns(pl.col("amino_acids").replace("", None))
    )


def _resolved(entries: pl.DataFrame, sites: pl.DataFrame) -> pl.DataFrame:
    """Replace ``@pos`` by the entries at ``pos`` whose DNA change names this site."""
    back = entries.filter(pl.col("bcsq").str.starts_with("@"))
    if back.is_empty():
        return entries
    here = sites.select("site", "contig", "position", "ref", "alt")
    there = entries.join(back, on=["site", "bcsq"], how="anti").join(here, on="site")
    change = pl.format("{}{}>{}", "position", "ref", "alt")
    found = (
        back.join(here, on="site")
        .with_columns(change=change, target=pl.col("bcsq").str.strip_prefix("@").cast(pl.Int64))
        .join(
            there.select("contig", pl.col("position").alias("target"), "bcsq"),
            on=["contig", "target"],
            suffix="_there",
        )
        .filter(pl.col("bcsq_there").str.contains(pl.col("change"), literal=True))
        .select("site", pl.col("bcsq_there").alias("bcsq"))
    )
    return pl.concat([there.select("site", "bcsq"), found]).sort("site", maintain_order=True)


def combine(sites: pl.DataFrame, known: Transcripts, spoken: pl.DataFrame) -> pl.DataFrame:
    """One row for each site and transcript, csq's words where it has some.

    Args:
        sites: columns site, contig, position, ref, alt.
        known: the transcripts.
        spoken: what :func:`parse` returns.

    Returns:
        The CONSEQUENCES table.
    """
    table = known.table.select("id", "gene", "transcript", "ensembl", "strand")
    silent = touching(sites, known).join(spoken, on=["site", "id"], how="anti")
    hits = pl.concat(
        [
            spoken.select("site", "id", "terms", "amino_acids"),
            silent.select(
                "site",
                "id",
                pl.concat_list("term").alias("terms"),
                pl.lit(None, pl.String).alias("amino_acids"),
            ),
        ]
    ).join(table, on="id")
    rows = (
        sites.join(
            hits.with_columns(joined(pl.col("terms")).alias("consequence")), on="site", how="left"
        )
        .with_columns(
            pl.col("consequence").fill_null(
                pl.when(sequence_alleles()).then(pl.lit(INTERGENIC)).otherwise(pl.lit(UNCLEAR))
            )
        )
        .with_columns(impact(pl.col("consequence")).alias("impact"))
    )
    assert rows.n_unique("site") == sites.height, "a site vanished"
    return in_order(rows).select(*SITE, *(n for n in CONSEQUENCES.names if n not in SITE))

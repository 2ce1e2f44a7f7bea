"""``bcftools csq``: the default engine, quick, and with haplotypes where they are known."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from soyang.annotation.engines.compact import compacted
from soyang.annotation.engines.contract import PREDICTED, nothing, tab_separated, vcf_text
from soyang.annotation.engines.pieces import Pieces
from soyang.annotation.engines.stops import with_checked_stops
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts
from soyang.annotation.sites import read_columns
from soyang.annotation.terms import to_so
from soyang.core.process import pipe

CSQ: tuple[str, ...] = ("bcftools", "csq", "--no-version", "--verbose", "0")

_HEAD = b"##gff-version 3\n"
_MANY = 2000
"""Sites of one contig for which it is worth while to make a compact one."""

FIELDS = ("terms", "gene", "id", "biotype", "strand", "amino_acids", "dna")
"""Parts of one entry of BCSQ, as its header line has them."""


@dataclass(frozen=True)
class Csq:
    """``bcftools csq --local-csq``: each site by itself.

    A cohort's sites carry no genotypes; joining the variants of different people would make
    haplotypes that nobody has. Mitochondrial sites are not predicted: csq knows the standard
    genetic code only.
    """

    def predict(
        self, sites: pl.DataFrame, genome: Genome, known: Transcripts, *, threads: int
    ) -> pl.DataFrame:
        """As :class:`~soyang.annotation.engines.contract.Predictor` says."""
        spoken = set(known.lines["contig"].unique()) & set(known.index.near)
        here = sites.filter(pl.col("contig").is_in(sorted(spoken)))
        parts = here.partition_by("contig", maintain_order=True)

        def told(part: pl.DataFrame) -> pl.DataFrame:
            pieces = Pieces(genome, part["contig"][0])
            words = parse(_asked(part, pieces, genome, known), part)
            # Of a transcript that reaches beyond the reference coordinates are all there is.
            contig, end = part["contig"][0], genome.lengths[part["contig"][0]]
            cut = known.table.filter(pl.col("contig") == contig, pl.col("end") > end)["id"]
            sound = words.filter(~pl.col("id").is_in(cut.to_list()))
            return with_checked_stops(sound, part, pieces, known)

        with ThreadPoolExecutor(max_workers=threads) as pool:
            return pl.concat([nothing(), *pool.map(told, parts)])


def _asked(sites: pl.DataFrame, pieces: Pieces, genome: Genome, known: Transcripts) -> pl.DataFrame:
    """What csq says of sites of one contig, most of them looked up on a compact one if many."""
    contig = sites["contig"][0]
    length = genome.lengths[contig]
    if sites.height < _MANY or known.index.near[contig][0][0] >= length:
        return run_csq(sites, genome, known)
    compact = compacted(contig, length, known)
    inside, others = compact.sites(sites)
    with tempfile.TemporaryDirectory() as folder:
        fasta = Path(folder) / "compact.fa"
        compact.write(fasta, pieces)
        gff = _HEAD + tab_separated(compact.lines(known))
        said = [_run(inside, fasta, compact.length, gff)]
    if others.height:
        said.append(run_csq(others, genome, known))
    return pl.concat(said).sort("site")


def run_csq(sites: pl.DataFrame, genome: Genome, known: Transcripts) -> pl.DataFrame:
    """Run ``bcftools csq`` on sites of one contig.

    Args:
        sites: columns site (a number), contig, position, ref, alt, in order.
        genome: the reference.
        known: transcripts; csq gets exactly these, with the reference's contig names.

    Returns:
        Columns site and bcsq, for the sites of which csq says something.
    """
    contig = sites["contig"][0]
    return _run(sites, genome.path, genome.lengths[contig], gff_text(known, [contig]))


def _run(sites: pl.DataFrame, fasta: Path, length: int, transcripts: bytes) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        vcf, gff, out = (Path(folder) / name for name in ("sites.vcf", "genes.gff3", "bcsq.tsv"))
        vcf.write_bytes(vcf_text(sites, {sites["contig"][0]: length}))
        gff.write_bytes(transcripts)
        csq: list[str | Path] = [*CSQ, "--local-csq"]
        pipe(
            [
                [*csq, "--fasta-ref", fasta, "--gff-annot", gff, "--output-type", "u", vcf],
                ["bcftools", "query", "--include", 'BCSQ!="."', "--format", "%ID\t%BCSQ\n", "-"],
            ],
            stdout=out,
        )
        return read_columns(out, {"site": pl.Int64, "bcsq": pl.String})


def gff_text(known: Transcripts, contigs: list[str]) -> bytes:
    """The transcripts of some contigs as GFF3."""
    lines = known.lines.filter(pl.col("contig").is_in(contigs))
    return _HEAD + tab_separated(lines)


def parse(said: pl.DataFrame, sites: pl.DataFrame) -> pl.DataFrame:
    """Take csq's words apart.

    ``@pos`` says that the consequence stands at another record of the same haplotype; it is
    looked up there. Entries without transcript (csq names only the gene of an intron or a
    non-coding transcript) are left out.

    Args:
        said: columns site, bcsq.
        sites: columns site, contig, position, ref, alt.

    Returns:
        :data:`~soyang.annotation.engines.contract.PREDICTED`.

    Raises:
        FaultError: csq printed a name that has no SO term here.
    """
    if said.is_empty():
        return nothing()
    entries = said.with_columns(pl.col("bcsq").str.split(",")).explode("bcsq")
    entries = _resolved(entries, sites)
    fields = (
        entries.with_columns(pl.col("bcsq").str.split_exact("|", len(FIELDS) - 1).alias("f"))
        .select("site", pl.col("f").struct.rename_fields(list(FIELDS)))
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
        .select(pl.col(name).cast(dtype) for name, dtype in PREDICTED.items())
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

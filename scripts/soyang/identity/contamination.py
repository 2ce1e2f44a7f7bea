"""``soyang identity contamination``: how much of a sample is another person's DNA."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pysam

from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH
from soyang.core.process import pipe
from soyang.core.tables import write_table
from soyang.core.vcf import read_records, sample_of
from soyang.identity.genotypes import autosomal, key_of
from soyang.identity.mixture import Reads, estimate
from soyang.identity.sites import read_sites
from soyang.identity.sketch import MIN_DEPTH, MIN_GENOTYPE_QUALITY
from soyang.identity.tables import CONTAMINATION

MIN_FREQUENCY = 0.01
"""Rarer alleles say little, and their frequency is less sure."""
MIN_MAPPING_QUALITY = 20
MIN_BASE_QUALITY = 20
"""Phred, as verifyBamID counts reads."""
DEPTHS = (0.5, 2.0)
"""Sites with less or more reads than these times the median are left out: parts of the genome
that are there more often than the reference has them look like a mixture."""
MAX_DEPTH = 1_000
DIGITS = 5


def contamination(
    *,
    sample: str,
    sites: Path | None = None,
    cram: Path | None = None,
    reference: Path | None = None,
    vcf: Path | None = None,
    min_contamination_sites: int,
    contamination: Path,
) -> None:
    """Estimate the share of another person's DNA in a sample, from reads at common sites.

    Of a CRAM, the reads at all common sites are counted; of a VCF, the reads of the calls with
    two alternate alleles. Maximum likelihood of a mixture of two people (Jun et al. 2012; Lu et
    al. 2023), see :mod:`soyang.identity.mixture`.

    Without sites, without their frequencies, without reads, or with too few of them nothing is
    said: that is not the same as no contamination.

    Args:
        sample: sample.
        sites: VCF of common sites, with the alternate allele's frequency as INFO AF.
        cram: the sample's reads, with index; else
        reference: FASTA of the CRAM.
        vcf: the sample's normalised VCF, with FORMAT AD.
        min_contamination_sites: fewest sites for an estimate.
        contamination: table to write (CONTAMINATION), one row.

    Raises:
        FaultError: CRAM or VCF is not this sample's; the sites can't be read.
        ToolError: bcftools failed.
    """
    source = "pileup" if cram else "calls"
    used = _no_reads(known=not cram)
    reason = "no population sites (setting identity.sites)"
    if sites:
        common = _common(sites)
        reason = "the sites have no population frequencies (INFO AF)"
        if len(common):
            contamination.parent.mkdir(parents=True, exist_ok=True)
            if cram and reference:
                _require_reads_of(cram, reference, sample)
                used = pileup(cram, reference, common, scratch=contamination.parent)
            elif vcf:
                _require_sample(vcf, sample)
                used = called(vcf, common, scratch=contamination.parent)
            reason = f"fewer than {min_contamination_sites} sites with reads"
    row = figures(used, min_contamination_sites, reason)
    write_table(
        CONTAMINATION.frame([{"sample": sample, "source": source, **row}]),
        contamination,
        CONTAMINATION,
    )


def _common(sites: Path) -> pl.DataFrame:
    """Autosomal sites with a frequency that is not too near to 0 or 1."""
    rows = read_sites(sites)
    own = rows.head(len(autosomal(rows["key"].to_numpy())))
    return own.filter(pl.col("frequency").is_between(MIN_FREQUENCY, 1 - MIN_FREQUENCY))


def _no_reads(*, known: bool) -> Reads:
    none = np.empty(0)
    return Reads(reference=none, alternate=none, frequency=none, known=known)


def figures(reads: Reads, least: int, reason: str) -> dict[str, object]:
    """Columns of CONTAMINATION but sample and source.

    Args:
        reads: reads at sites.
        least: fewest sites for an estimate.
        reason: what is said if there are fewer.
    """
    depth = reads.reference + reads.alternate
    row: dict[str, object] = {
        "sites": len(reads),
        "depth": round(float(depth.mean()), 2) if len(reads) else None,
    }
    if len(reads) < least:
        none = dict.fromkeys(("estimate", "low", "high"))
        return row | none | {"assessed": False, "reason": reason}
    found = estimate(reads)
    return row | {
        "estimate": round(found.share, DIGITS),
        "low": round(found.low, DIGITS),
        "high": round(found.high, DIGITS),
        "assessed": True,
        "reason": "",
    }


def pileup(cram: Path, reference: Path, common: pl.DataFrame, *, scratch: Path) -> Reads:
    """Reads of a CRAM at sites, duplicates, secondary and bad ones left out.

    Args:
        cram: coordinate-sorted, indexed.
        reference: its FASTA.
        common: sites (contig, position, ref, alt, frequency, key).
        scratch: folder for the list of sites.
    """
    with pysam.FastaFile(str(reference)) as fasta:
        contigs = set(fasta.references)
    spelt = {name: name if name in contigs else _other(name) for name in common["contig"].unique()}
    places = common.select(
        contig=pl.col("contig").replace(spelt), start=pl.col("position") - 1, end="position"
    ).filter(pl.col("contig").is_in(sorted(contigs)))
    if places.is_empty():
        return _no_reads(known=False)
    with TemporaryDirectory(dir=scratch, prefix=SCRATCH) as folder:
        bed = Path(folder) / "sites.bed"
        places.write_csv(bed, separator="\t", include_header=False)
        text = pipe(
            [
                [
                    *("bcftools", "mpileup", "--fasta-ref", reference, "--regions-file", bed),
                    *("--min-MQ", str(MIN_MAPPING_QUALITY), "--min-BQ", str(MIN_BASE_QUALITY)),
                    *("--no-BAQ", "--skip-indels", "--max-depth", str(MAX_DEPTH)),
                    *("--annotate", "FORMAT/AD", "--output-type", "u", cram),
                ],
                ["bcftools", "query", "--format", "%CHROM\\t%POS\\t%ALT[\\t%AD]\\n"],
            ]
        )
    return _counted(text, common)


def _other(contig: str) -> str:
    """A contig's other spelling: chr1 and 1."""
    return contig.removeprefix("chr") if contig.startswith("chr") else f"chr{contig}"


def _counted(text: str, common: pl.DataFrame) -> Reads:
    """Reads of each site's two alleles; the pileup names the alleles that it saw."""
    seen = pl.read_csv(
        io.StringIO(text),
        separator="\t",
        has_header=False,
        schema=dict.fromkeys(("contig", "position", "alts", "depths"), pl.String),
        raise_if_empty=False,
    ).with_columns(pl.col("position").cast(pl.Int64), pl.col("depths").str.split(","))
    reference = pl.col("depths").list.first().cast(pl.Float64, strict=False)
    alternates = (
        seen.with_columns(alt=pl.col("alts").str.split(","), depth=pl.col("depths").list.slice(1))
        .explode("alt", "depth")
        .with_columns(key=key_of())
        .drop_nulls("key")
        .select("key", alternate=pl.col("depth").cast(pl.Float64, strict=False))
    )
    at = seen.select("contig", "position", alt=pl.lit("A"), reference=reference)
    place = at.select(place=key_of() // 4, reference="reference").unique("place", keep="first")
    rows = (
        common.select("key", "frequency", place=pl.col("key") // 4)
        .join(place.drop_nulls(), on="place")
        .join(alternates.unique("key", keep="first"), on="key", how="left")
        .with_columns(pl.col("alternate").fill_null(0.0))
        .sort("key")
    )
    return _usual(rows, known=False)


def called(vcf: Path, common: pl.DataFrame, *, scratch: Path) -> Reads:
    """Reads of the calls with two alternate alleles at sites.

    Args:
        vcf: normalised VCF of one sample.
        common: sites.
        scratch: folder for the text in between.
    """
    records = read_records(vcf, ("GT", "GQ", "DP", "AD"), scratch=scratch)
    quality = pl.col("GQ").cast(pl.Float64, strict=False).fill_null(MIN_GENOTYPE_QUALITY)
    depths = pl.col("AD").str.split(",")
    rows = (
        records.filter(
            pl.col("GT").is_in(["1/1", "1|1"])
            & pl.col("filter").is_in(["PASS", "."])
            & (quality >= MIN_GENOTYPE_QUALITY)
        )
        .with_columns(
            key=key_of(),
            reference=depths.list.get(0, null_on_oob=True).cast(pl.Float64, strict=False),
            alternate=depths.list.get(1, null_on_oob=True).cast(pl.Float64, strict=False),
        )
        .drop_nulls(["key", "reference", "alternate"])
        .unique("key", keep="first")
        .join(common.select("key", "frequency"), on="key")
        .sort("key")
    )
    return _usual(rows, known=True)


def _usual(rows: pl.DataFrame, *, known: bool) -> Reads:
    """Sites of usual depth: :data:`MIN_DEPTH` reads for calls, and near the median."""
    depth = rows["reference"] + rows["alternate"]
    median = float(np.median(depth.to_numpy())) if len(depth) else 0.0
    low, high = (times * median for times in DEPTHS)
    low = max(low, MIN_DEPTH if known else 1)
    kept = rows.filter(pl.Series(depth.is_between(low, high)))
    return Reads(
        reference=kept["reference"].to_numpy(),
        alternate=kept["alternate"].to_numpy(),
        frequency=kept["frequency"].to_numpy(),
        known=known,
    )


def _require_sample(vcf: Path, sample: str) -> None:
    found, _ = sample_of(vcf)
    if found != sample:
        raise FaultError(_not_the_samples(vcf, found, sample))


def _require_reads_of(cram: Path, reference: Path, sample: str) -> None:
    with pysam.AlignmentFile(str(cram), reference_filename=str(reference)) as reads:
        names = sorted({group.get("SM", "") for group in reads.header.to_dict().get("RG", [])})
    if names != [sample]:
        raise FaultError(_not_the_samples(cram, ", ".join(names) or "no sample", sample))


def _not_the_samples(path: Path, found: str, sample: str) -> Fault:
    return Fault(
        code="sample-differs",
        file=str(path),
        found=found,
        allowed=f"the sample {sample} alone",
        next_step="give the sample's own file",
        sample=sample,
    )

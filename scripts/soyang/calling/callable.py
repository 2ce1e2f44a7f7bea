"""Where absence of a variant means the reference allele."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from soyang.calling.records import declared, header_of, provenance_of, require_sample
from soyang.calling.tables import CALLS
from soyang.core.files import SCRATCH, atomic_path
from soyang.core.process import run
from soyang.core.tables import write_table

MIN_REFERENCE_QUALITY = 20
"""Genotype quality (phred) from which on a reference block is believed, where the caller
gives one: a wrong reference genotype in at most one of a hundred."""

_BELIEVED_FILTERS = ("PASS", ".", "RefCall")
"""RefCall is DeepVariant's word for a site that it looked at and found to be reference."""

_DEPTHS = (("FORMAT", "MIN_DP"), ("INFO", "MinDP"), ("FORMAT", "DP"))
"""Fields that hold a block's least depth (GATK and DeepVariant, bcftools), then a depth."""


def callable(
    *,
    sample: str,
    entry: str,
    vcf: Path,
    min_depth: int,
    callable_bed: Path,
    calls: Path,
    gvcf: Path | None = None,
) -> None:
    """Write the regions where absence of a variant means the reference allele.

    Args:
        sample: sample.
        entry: what the calls were made from: fastq, bam, cram, gvcf or vcf.
        vcf: the sample's normalised variants.
        min_depth: reads from which on absence is said.
        callable_bed: output <sample>.callable.bed.gz: 0-based, sorted, merged.
        calls: output table, one row.
        gvcf: the sample's normalised gVCF; without, absence is unknown everywhere.

    Raises:
        ToolError: a tool failed, or the VCF is not the sample's.
    """
    require_sample(vcf, sample)
    if gvcf is not None:
        require_sample(gvcf, sample)
    known = gvcf is not None and entry != "vcf"
    with TemporaryDirectory(prefix=SCRATCH, dir=_made(callable_bed.parent)) as scratch:
        plain = Path(scratch) / "callable.bed"
        regions = regions_of(gvcf, min_depth, Path(scratch)) if gvcf and known else _NONE
        regions.write_csv(plain, separator="\t", include_header=False)
        with atomic_path(callable_bed) as temporary:
            run(["bgzip", "-c", plain], stdout=temporary)
    made = provenance_of(header_of(vcf))
    row = {
        "sample": sample,
        "entry": entry if entry in {"gvcf", "vcf"} else "cram",
        "caller": made.caller,
        "variants": int(run(["bcftools", "index", "--nrecords", vcf])),
        "callable_known": known,
        "callable_bases": int((regions["end"] - regions["start"]).sum()),
        "provenance": made.text,
        "agreed": _agreed(vcf, len(made.callers)) if made.callers else None,
    }
    write_table(CALLS.frame([row]), calls, CALLS)


def _agreed(vcf: Path, callers: int) -> int:
    """Variants whose genotype all callers have."""
    found = run(["bcftools", "query", "-i", f"INFO/AGREED={callers}", "-f", ".", vcf])
    return len(found)


_NONE = pl.DataFrame(schema={"contig": pl.String, "start": pl.Int64, "end": pl.Int64})


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def regions_of(gvcf: Path, min_depth: int, scratch: Path) -> pl.DataFrame:
    """Callable regions of a gVCF: columns contig, start, end (0-based, half-open), merged.

    Args:
        gvcf: normalised gVCF of one sample.
        min_depth: reads from which on a position counts.
        scratch: folder for a temporary table.
    """
    header = header_of(gvcf)
    depths = [(kind, name) for kind, name in _DEPTHS if name in declared(header, kind)]
    formats = ["GT", *(name for kind, name in depths if kind == "FORMAT")]
    formats += ["GQ"] if "GQ" in declared(header, "FORMAT") else []
    infos = [name for kind, name in depths if kind == "INFO"]
    columns = ["contig", "start", "end", "filter", *infos, *formats]
    words = [
        *["%CHROM", "%POS0", "%END", "%FILTER"],
        *(f"%INFO/{name}" for name in infos),
        *(f"[%{name}]" for name in formats),
    ]
    table = scratch / "records.tsv"
    run(["bcftools", "query", "-f", "\\t".join(words) + "\\n", gvcf], stdout=table)
    if not table.stat().st_size:
        return _NONE
    records = pl.scan_csv(
        table,
        separator="\t",
        has_header=False,
        null_values=["."],
        quote_char=None,
        schema={name: _type(name) for name in columns},
    )
    depth = pl.coalesce(*(pl.col(name) for _, name in depths)) if depths else pl.lit(None)
    quality = pl.col("GQ") if "GQ" in columns else pl.lit(None, dtype=pl.Int64)
    return merged(records.filter(believed(depth, quality, min_depth)))


def _type(column: str) -> pl.DataType:
    return pl.String() if column in {"contig", "filter", "GT"} else pl.Int64()


def believed(depth: pl.Expr, quality: pl.Expr, min_depth: int) -> pl.Expr:
    """Whether a record's whole span was looked at well enough.

    Enough depth, a genotype, a filter that passed; of reference genotypes also the quality,
    where the caller gives one.
    """
    genotype = pl.col("GT").fill_null("")
    called = genotype.str.contains("[0-9]")
    carried = genotype.str.contains("[1-9]")
    sure = carried | quality.fill_null(MIN_REFERENCE_QUALITY).ge(MIN_REFERENCE_QUALITY)
    passed = pl.col("filter").fill_null(".").is_in(list(_BELIEVED_FILTERS))
    return called & passed & sure & depth.fill_null(0).ge(min_depth)


def merged(records: pl.LazyFrame) -> pl.DataFrame:
    """Overlapping and touching spans joined, contigs in the order of their first record.

    Args:
        records: columns contig, start, end (0-based, half-open), in any order in a contig.
    """
    spans = records.select("contig", "start", "end").with_row_index("row").collect()
    first = spans.group_by("contig").agg(pl.col("row").min().alias("rank"))
    reach = pl.col("end").cum_max().shift(1).over("contig")
    return (
        spans.join(first, on="contig")
        .sort("rank", "start", "end")
        .with_columns((pl.col("start") > reach).fill_null(True).alias("opens"))
        .with_columns(pl.col("opens").cum_sum().alias("region"))
        .group_by("region", maintain_order=True)
        .agg(pl.col("contig").first(), pl.col("start").first(), pl.col("end").max())
        .select("contig", "start", "end")
    )

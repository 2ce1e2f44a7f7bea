"""Sites at which samples are compared: a fixed list, and a reference of ancestry groups."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError, ToolError
from soyang.core.files import BOM, read_text
from soyang.core.process import run
from soyang.identity.genotypes import key_of

SITES = ("contig", "position", "ref", "alt")
_HEAD = ("name", "version", "assembly")


@dataclass(frozen=True, kw_only=True)
class AncestryReference:
    """Allele frequencies of named groups.

    Attributes:
        name: name and version, as the results say it.
        groups: names of the groups.
        sites: contig, position (1-based), ref, alt, key, and a frequency of each group.
    """

    name: str
    groups: tuple[str, ...]
    sites: pl.DataFrame


def read_sites(vcf: Path) -> pl.DataFrame:
    """Biallelic SNVs of a VCF of common sites, on chromosomes, once each, sorted by key.

    Args:
        vcf: VCF, with the alternate allele's frequency in the population as INFO AF.

    Returns:
        contig, position (1-based), ref, alt, frequency (null where the VCF has none), key.

    Raises:
        FaultError: not a VCF, or without a single such site.
    """
    has_frequency = _declares_frequency(vcf)
    fields = ["%CHROM", "%POS", "%REF", "%ALT", *(["%INFO/AF"] if has_frequency else [])]
    text = run(["bcftools", "query", "--format", "\\t".join(fields) + "\\n", vcf])
    columns = [*SITES, *(["frequency"] if has_frequency else [])]
    rows = pl.read_csv(
        io.StringIO(text),
        separator="\t",
        has_header=False,
        schema=dict.fromkeys(columns, pl.String),
        quote_char=None,
        raise_if_empty=False,
    )
    if not has_frequency:
        rows = rows.with_columns(frequency=pl.lit(None, pl.String))
    sites = _keyed(
        rows.with_columns(
            pl.col("position").cast(pl.Int64),
            pl.col("frequency").cast(pl.Float64, strict=False),
        )
    )
    if sites.is_empty():
        raise FaultError(
            Fault(
                code="sites-empty",
                file=str(vcf),
                found="no biallelic SNV on a chromosome",
                allowed="a VCF of common sites (setting identity.sites)",
                next_step="give a VCF of common SNVs in the run's assembly",
            )
        )
    return sites


def _keyed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with a key, once each and in order; others (indels, several alleles) are left out."""
    return (
        rows.with_columns(key=key_of())
        .filter(pl.col("key").is_not_null() & pl.col("ref").is_in(["A", "C", "G", "T"]))
        .unique("key", keep="first", maintain_order=True)
        .sort("key")
    )


def _declares_frequency(vcf: Path) -> bool:
    try:
        header = run(["bcftools", "view", "--header-only", vcf])
        return "##INFO=<ID=AF," in header
    except ToolError as error:
        raise FaultError(
            Fault(
                code="sites-unreadable",
                file=str(vcf),
                found=str(error).strip().splitlines()[-1],
                allowed="a VCF of common sites (setting identity.sites)",
                next_step="correct the path or the file",
            )
        ) from None


def read_reference(path: Path, assembly: Assembly) -> AncestryReference:
    """The groups' allele frequencies.

    The file is tab-separated text, plain or gzip: lines ``#name=...``, ``#version=...`` and
    ``#assembly=...``, then a header ``contig, position, ref, alt`` and the groups, then a site a
    line with the alternate allele's frequency in each group.

    Args:
        path: the file.
        assembly: assembly of the run.

    Raises:
        FaultError: a line or column is missing, a frequency is none, or the assembly differs.
    """
    lines = _lines(path)
    head = dict(line[1:].split("=", 1) for line in lines if line.startswith("#") and "=" in line)
    lacking = [name for name in _HEAD if not head.get(name, "").strip()]
    if lacking:
        raise _fault(path, f"no line #{lacking[0]}=", "lines #name=, #version= and #assembly=")
    if head["assembly"].strip() != assembly:
        raise _fault(path, f"assembly {head['assembly'].strip()}", str(assembly))
    body = [line for line in lines if line and not line.startswith("#")]
    rows = pl.read_csv(
        io.StringIO("\n".join(body)), separator="\t", infer_schema=False, raise_if_empty=False
    )
    groups = tuple(name for name in rows.columns if name not in SITES)
    if rows.columns[: len(SITES)] != list(SITES) or len(groups) < 2:  # noqa: PLR2004
        raise _fault(
            path, f"columns {', '.join(rows.columns)}", f"{', '.join(SITES)}, then two groups"
        )
    numbers = rows.with_columns(
        pl.col("position").cast(pl.Int64, strict=False),
        *(pl.col(name).cast(pl.Float64, strict=False) for name in groups),
    )
    bad = pl.any_horizontal(
        pl.col("position").is_null(),
        *(~pl.col(name).is_between(0, 1).fill_null(value=False) for name in groups),
    )
    wrong = rows.filter(numbers.select(bad).to_series())
    if len(wrong):
        raise _fault(path, f"the line {' '.join(map(str, wrong.row(0)))}", "frequencies 0 to 1")
    name = f"{head['name'].strip()} {head['version'].strip()}"
    return AncestryReference(name=name, groups=groups, sites=_keyed(numbers))


def _lines(path: Path) -> list[str]:
    if path.suffix != ".gz":
        return read_text(path).split("\n")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as handle:
            return handle.read().removeprefix(BOM).replace("\r\n", "\n").split("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise _fault(path, str(error), "complete gzip of UTF-8 text") from None


def _fault(path: Path, found: str, allowed: str) -> FaultError:
    return FaultError(
        Fault(
            code="ancestry-reference",
            file=str(path),
            found=found,
            allowed=allowed,
            next_step="correct the file (setting identity.ancestry_reference)",
        )
    )

"""Records of a single-sample VCF as columns."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pysam

from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH
from soyang.core.process import run

_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_GZIP_MAGIC = b"\x1f\x8b"
SITE_FIELDS = {"CHROM": "contig", "POS": "position", "REF": "ref", "ALT": "alt", "FILTER": "filter"}


def sample_of(vcf: Path) -> tuple[str, frozenset[str]]:
    """The one sample of a VCF, and the FORMAT fields that its header declares.

    Raises:
        FaultError: not a VCF, truncated, or not of exactly one sample.
    """
    if not vcf.is_file():
        raise FaultError(_fault(vcf, "vcf-missing", "no such file", "a VCF"))
    _check_end(vcf)
    try:
        with pysam.VariantFile(str(vcf)) as handle:
            names, fields = list(handle.header.samples), frozenset(handle.header.formats)
    except (OSError, ValueError):
        raise FaultError(_fault(vcf, "vcf-unreadable", "not a VCF", "a VCF")) from None
    if len(names) != 1:
        found = f"{len(names)} samples"
        raise FaultError(_fault(vcf, "vcf-samples", found, "exactly one sample"))
    return names[0], fields


def _check_end(vcf: Path) -> None:
    # bcftools only warns of a missing end-of-file block, and exits 0 with the records lost.
    with vcf.open("rb") as data:
        if data.read(2) != _GZIP_MAGIC:
            return
        data.seek(0, 2)
        data.seek(max(0, data.tell() - len(_BGZF_END)))
        if data.read() != _BGZF_END:
            raise FaultError(
                _fault(vcf, "vcf-truncated", "no BGZF end-of-file block", "a complete file")
            )


def _fault(vcf: Path, code: str, found: str, allowed: str) -> Fault:
    return Fault(
        code=code,
        file=str(vcf),
        found=found,
        allowed=allowed,
        next_step="make the sample's normalised VCF anew",
    )


def read_records(
    vcf: Path, fields: Sequence[str], *, scratch: Path, infos: Sequence[str] = ()
) -> pl.DataFrame:
    """All records of a single-sample VCF, one row each, in file order.

    Args:
        vcf: VCF of one sample.
        fields: FORMAT fields to read; null where record or header has none.
        scratch: folder for the text in between.
        infos: INFO fields to read, which the header must declare.

    Returns:
        contig, position (1-based), ref, alt, filter, the INFO fields and the fields as text.

    Raises:
        FaultError: see :func:`sample_of`.
        ToolError: bcftools failed.
    """
    _, declared = sample_of(vcf)
    known = [field for field in fields if field in declared]
    columns = [*SITE_FIELDS.values(), *infos, *known]
    query = "\\t".join(f"%{name}" for name in (*SITE_FIELDS, *(f"INFO/{i}" for i in infos)))
    query += "".join(f"[\\t%{name}]" for name in known) + "\\n"
    with tempfile.TemporaryDirectory(dir=scratch, prefix=SCRATCH) as folder:
        text = Path(folder) / "records.tsv"
        run(["bcftools", "query", "--format", query, vcf], stdout=text)
        records = pl.read_csv(
            text,
            separator="\t",
            has_header=False,
            schema=dict.fromkeys(columns, pl.String),
            quote_char=None,
            raise_if_empty=False,
        )
    missing = [pl.lit(None, pl.String).alias(name) for name in fields if name not in known]
    given = [pl.col(name).replace(".", None) for name in (*infos, *known)]
    return records.with_columns(pl.col("position").cast(pl.Int64), *given, *missing)

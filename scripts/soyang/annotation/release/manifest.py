"""What a knowledge release says of itself: ``manifest.json``.

A release is a folder that is never changed once it stands::

    manifest.json
    variants/<source>/<chromosome>.parquet   position, code, and what the source says
    variants/<source>/long.parquet           chromosome, position, code, ref, alt of hashed codes
    intervals/<source>/<chromosome>.parquet  start, end (0-based, half-open), value
    genes.parquet                            one row for each gene

Rows of a chromosome are sorted by position and code; each (position, code) stands once.
Chromosomes are named without ``chr``, the mitochondrion ``M``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError

FORMAT = 1
"""Version of the layout; a reader refuses others."""

MANIFEST = "manifest.json"
VARIANTS = "variants"
INTERVALS = "intervals"
GENES = "genes.parquet"
LONG = "long.parquet"


class Kind(StrEnum):
    """Kind of a source, which decides its reader and what its columns are."""

    CLINVAR = "clinvar"
    FREQUENCIES = "frequencies"
    PANEL = "panel"
    DBSNP = "dbsnp"
    REVEL = "revel"
    ALPHAMISSENSE = "alphamissense"
    SPLICEAI = "spliceai"
    CONSERVATION = "conservation"
    REPEATS = "repeats"
    CONSTRAINT = "constraint"
    CLINGEN_VALIDITY = "clingen_validity"
    CLINGEN_DOSAGE = "clingen_dosage"
    CLINGEN_REGIONS = "clingen_regions"
    ACMG_SF = "acmg_sf"
    HGNC = "hgnc"
    MANE = "mane"


VARIANT_KINDS = (
    Kind.CLINVAR,
    Kind.FREQUENCIES,
    Kind.PANEL,
    Kind.DBSNP,
    Kind.REVEL,
    Kind.ALPHAMISSENSE,
    Kind.SPLICEAI,
)
INTERVAL_KINDS = (Kind.CONSERVATION, Kind.REPEATS)
REGION_KINDS = (Kind.CLINGEN_REGIONS,)
"""Kept as intervals and asked of structural events, which have bounds, not of single sites."""
GENE_KINDS = (
    Kind.CONSTRAINT,
    Kind.CLINGEN_VALIDITY,
    Kind.CLINGEN_DOSAGE,
    Kind.ACMG_SF,
    Kind.HGNC,
    Kind.MANE,
)


class _Fixed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnFact(_Fixed):
    """A column that a source brings to the sites: ``name`` stands in the source's Parquet files."""

    name: str
    annotated: str = Field(description="name of the column in annotated tables")
    dtype: str = Field(description="Polars type, e.g. Int32")
    unit: str = ""
    meaning: str


class SourceFact(_Fixed):
    """One source of a release."""

    kind: Kind
    name: str = Field(description="as reports show it")
    version: str
    date: str = Field(description="YYYY-MM-DD")
    licence: str
    url: str = Field(description="where it is had from; empty: not public")
    note: str = ""
    file: str = Field(description="name of the file that was read, or of the first of several")
    size: int = Field(description="bytes of all its files")
    sha256: str = Field(
        description="of the file; of several: of the list of `files` as sha256sum prints it"
    )
    files: Mapping[str, str] = Field(
        default_factory=dict, description="each file that was read to its SHA-256"
    )
    redistributable: bool = Field(False, description="whether its values may leave the site")
    records: int = Field(description="alleles or rows that were read: kept and left out")
    rows: Mapping[str, int] = Field(description="rows kept, by chromosome (or 'genes')")
    left_out: Mapping[str, int] = Field(
        default_factory=dict, description="records not kept, by reason"
    )
    columns: tuple[ColumnFact, ...] = ()
    vocabularies: Mapping[str, Mapping[str, int]] = Field(
        default_factory=dict, description="field to each value seen and its records"
    )


class Manifest(_Fixed):
    """All that a release is."""

    format: int = FORMAT
    release: str = Field(description="name of the release")
    assembly: Assembly
    reference_md5: Annotated[
        Mapping[str, str], Field(description="MD5 of each chromosome's upper-case sequence")
    ]
    soyang: str = Field(description="version that built it")
    previous: str = Field("", description="release that it was compared with; empty: none")
    sources: Mapping[str, SourceFact]
    files: Mapping[str, str] = Field(description="file in the release to its SHA-256")


def read_manifest(release: Path) -> Manifest:
    """A release's manifest.

    Raises:
        FaultError: no release there, of another layout, or not what a manifest is.
    """
    path = release / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            raise FaultError(_fault(path, f"layout {content.get('format')}", f"layout {FORMAT}"))
        return Manifest.model_validate(content)
    except (OSError, ValueError, AttributeError) as error:
        found = "nothing" if isinstance(error, FileNotFoundError) else _first(error)
        allowed = "the manifest of a knowledge release"
        raise FaultError(_fault(path, found, allowed)) from None


def manifest_text(manifest: Manifest) -> str:
    """The manifest as it is written."""
    content = manifest.model_dump(mode="json")
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0]


def _fault(path: Path, found: str, allowed: str) -> Fault:
    return Fault(
        code="knowledge-release",
        file=str(path),
        found=found,
        allowed=allowed,
        next_step="give a folder that `soyang knowledge build` of this version wrote",
    )

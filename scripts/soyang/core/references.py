"""The catalogue's references: what full-size analysis sets are made of, and where they are had."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from soyang.core.assembly import Assembly

Holds = Literal[
    "fasta", "fasta_index", "dictionary", "aligner_index", "known_sites", "targets", "shards"
]
Then = Literal["gunzip", "untar"]


def _plain_name(name: str) -> str:
    """A file's own name: what a catalogue names is never put outside its folder."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", name):
        raise ValueError("a file name of letters, digits, '_', '.', '+' and '-', without folders")
    return name


FileName = Annotated[str, AfterValidator(_plain_name)]


class _Fixed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReferenceFile(_Fixed):
    """One file of a reference."""

    file: FileName = Field(description="its name in the reference's folder")
    holds: Holds = Field(description="what it is for")
    url: str = Field(description="where it is had from", pattern=r"^https?://")
    size: int | None = Field(
        None, ge=1, description="bytes; null: not known here, and recorded at the first fetch"
    )
    sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="null: not pinned, and recorded at the first fetch",
    )
    md5: str | None = Field(
        None, pattern=r"^[0-9a-f]{32}$", description="where the publisher tells only that"
    )
    then: Then | None = Field(
        None, description="how it is unpacked: the FASTA must be plain or bgzip, an index files"
    )


class Reference(_Fixed):
    """One analysis set: the sequence, with what belongs to it."""

    assembly: Assembly
    name: str = Field(min_length=1, description="as provenance shows it")
    version: str = Field(min_length=1)
    licence: str = Field(min_length=1, description="licence or terms of use")
    redistributable: bool = Field(description="whether a pack of it may be given on")
    policy: str = Field(
        min_length=1, description="what it does about ALT contigs, decoys and masked repeats"
    )
    m5: Mapping[str, Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]] = Field(
        default_factory=dict,
        description="contig to the MD5 of its upper-case sequence (SAM v1, 1.3), which tells the "
        "assembly however the file is packed",
    )
    files: tuple[ReferenceFile, ...] = Field(min_length=1)

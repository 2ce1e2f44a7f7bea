"""Unique molecular identifiers: where a unit has them, and their way into the tag RX.

RX holds the identifier's bases, those of several joined by ``-`` (SAM optional fields
specification, 1.2). Reads of one place count as duplicates only if their identifiers are equal,
base by base (``samtools markdup --barcode-tag``).
"""

from __future__ import annotations

from dataclasses import dataclass

from soyang.core.process import Command

_TRIMMED = ("read1", "read2", "per_read")
_ALLOWED = {
    "fastq": ("name", *_TRIMMED),
    "ubam": ("name", "tag", *_TRIMMED),
    "bam": ("name", "tag"),
    "cram": ("name", "tag"),
}
"""Entry to where identifiers may be; those of aligned reads were cut off by whoever aligned."""

_MOST_BASES = 100
"""Bases that fastp takes for an identifier, at most."""

_FASTQ = r"""
function fail(why) { print "umi: read " name ": " why > "/dev/stderr"; failed = 1; exit 1 }
NR % 4 == 1 {
    gap = match($0, /[ \t]/)
    name = gap ? substr($0, 1, gap - 1) : $0
    tags = gap && ENVIRON["TAGS"] ? substr($0, gap + 1) : ""
    if (ENVIRON["UMI"] == "name") {
        sub(/\/[0-9]$/, "", name)
        parts = split(name, part, ":")
        umi = part[parts]
        if (parts < 2 || umi !~ /^[ACGTN]+([-+_][ACGTN]+)?$/) fail("no UMI at its end")
        name = substr(name, 1, length(name) - length(umi) - 1)
        gsub(/[+_]/, "-", umi)
        tags = tags (tags == "" ? "" : "\t") "RX:Z:" umi
    } else if (ENVIRON["UMI"] == "tag" && tags !~ /(^|\t)RX:Z:/) fail("no UMI in a tag RX")
    print tags == "" ? name : name " " tags
    next
}
{ print }
END { exit failed }
"""
"""awk program on FASTQ: the identifier moves from the end of the name to a comment of SAM tags;
other comments are dropped unless ``TAGS`` is set, which says that they are SAM tags already."""

_SAM = r"""
BEGIN { FS = OFS = "\t" }
function fail(why) { print "umi: read " $1 ": " why > "/dev/stderr"; failed = 1; exit 1 }
ENVIRON["UMI"] == "name" {
    parts = split($1, part, ":")
    umi = part[parts]
    if (parts < 2 || umi !~ /^[ACGTN]+([-+_][ACGTN]+)?$/) fail("no UMI at its end")
    $1 = substr($1, 1, length($1) - length(umi) - 1)
    gsub(/[+_]/, "-", umi)
    sub(/\tRX:Z:[^\t]*/, "")
    $0 = $0 "\tRX:Z:" umi
}
ENVIRON["UMI"] == "tag" && !/\tRX:Z:/ && int($2 / 256) % 2 == 0 && int($2 / 2048) % 2 == 0 {
    fail("no UMI in a tag RX")
}
{ print }
END { exit failed }
"""
"""awk program on SAM without header: the same for alignments."""


@dataclass(frozen=True, kw_only=True)
class Umi:
    """Where a unit's identifiers are.

    Attributes:
        place: ``name``: after the last ``:`` of the read's name; ``tag``: in the tag RX;
            ``read1``, ``read2``, ``per_read``: the first bases of one or of each mate.
        bases: how many bases, 0 for ``name`` and ``tag``.
    """

    place: str
    bases: int = 0


def umi_of(text: str, entry: str) -> Umi | None:
    """What a sheet's cell ``umi`` says of a unit, ``None`` if it is empty.

    Args:
        text: the cell, e.g. ``read1:8``.
        entry: kind of file.

    Raises:
        ValueError: telling what is allowed.
    """
    if not text:
        return None
    place, _, number = text.partition(":")
    allowed = _ALLOWED.get(entry, ())
    sized = place in _TRIMMED
    fits = number.isdecimal() and 0 < int(number) <= _MOST_BASES if sized else ":" not in text
    if place not in allowed or not fits:
        words = [f"{word}:N" if word in _TRIMMED else word for word in allowed]
        raise ValueError(f"empty, {' or '.join(words)}; N from 1 to {_MOST_BASES} bases")
    return Umi(place=place, bases=int(number) if sized else 0)


def fastp_words(umi: Umi | None) -> list[str]:
    """Options with which fastp cuts identifiers off and adds them to the end of names."""
    if umi is None or not umi.bases:
        return []
    return ["--umi", "--umi_loc", umi.place, "--umi_len", str(umi.bases)]


def tag_fastq(umi: Umi | None, *, tagged: bool) -> list[Command]:
    """The tool that makes names of FASTQ after fastp what an aligner takes; none if they are.

    Args:
        umi: where the identifiers are.
        tagged: whether the comments are SAM tags, to be kept.
    """
    if umi is None:
        return []
    place = "tag" if umi.place == "tag" else "name"
    settings = [f"UMI={place}", f"TAGS={'1' if tagged else ''}"]
    return [["env", "LC_ALL=C", *settings, "awk", _FASTQ]]


def tag_sam(umi: Umi | None) -> list[Command]:
    """The tool that moves or requires identifiers in SAM without header; none if there are none."""
    return [["env", "LC_ALL=C", f"UMI={umi.place}", "awk", _SAM]] if umi else []

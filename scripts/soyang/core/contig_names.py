"""Contigs under other names: known by the MD5 of their sequence (SAM's tag M5).

A CRAM names its reference by these MD5s, so it can be decoded with any copy of the sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ContigSequence:
    """One ``@SQ`` line of a dictionary: contig, length in bases, and MD5s that are this contig.

    Attributes:
        md5s: the prepared sequence's, and the one before IUPAC codes became N; may be empty.
    """

    name: str
    length: int
    md5s: tuple[str, ...]


Sequences = Mapping[str, ContigSequence]


def sequences(rows: Iterable[Mapping[str, object]]) -> dict[str, ContigSequence]:
    """Contig to what ``@SQ`` lines say of it."""
    return {
        str(row["SN"]): ContigSequence(
            name=str(row["SN"]),
            length=int(str(row["LN"])),
            md5s=tuple(str(row[tag]).lower() for tag in ("M5", "om") if tag in row),
        )
        for row in rows
    }


def header_sequences(text: str) -> dict[str, ContigSequence]:
    """The same of a header or dictionary as text."""
    rows = [line.split("\t")[1:] for line in text.splitlines() if line.startswith("@SQ")]
    return sequences(dict(field.split(":", 1) for field in row if ":" in field) for row in rows)


def our_names(theirs: Sequences, ours: Sequences) -> dict[str, str]:
    """Each of their names to our name of that sequence; only those that are known.

    A contig is known by its name, else by its MD5.
    """
    by_md5 = {md5: name for name, one in reversed(list(ours.items())) for md5 in one.md5s}
    names: dict[str, str] = {}
    for name, sequence in theirs.items():
        by_sequence = (by_md5[md5] for md5 in sequence.md5s if md5 in by_md5)
        found = name if name in ours else next(by_sequence, "")
        if found:
            names[name] = found
    return names


def under_names(fasta: Path, names: Mapping[str, str], folder: Path) -> Path:
    """An indexed FASTA under others' names of its contigs: a link, and an index of its own.

    Args:
        fasta: indexed FASTA.
        names: the others' name of each contig to ours.
        folder: folder for the link and its index.
    """
    index = fasta.with_name(f"{fasta.name}.fai").read_text(encoding="utf-8")
    rows = dict(line.split("\t", 1) for line in index.splitlines())
    link = folder / "names.fa"
    link.symlink_to(fasta.resolve())
    own = "".join(f"{name}\t{rows[ours]}\n" for name, ours in names.items())
    link.with_name(f"{link.name}.fai").write_text(own, encoding="utf-8")
    return link

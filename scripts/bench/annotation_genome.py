"""The annotation benchmark's genome: GRCh38's chromosomes at full length, of random bases.

Bases are random with 41 % G and C; the ends of chromosomes are N. The coding sequence of each MANE
transcript is a valid reading frame (ATG, sense codons, one stop) and its introns begin with GT and
end with AG, so that consequence tools have as much to say as on real sequence. Where transcripts
overlap, the first in the file has the bases. No allele of any person is in it.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

SEED = 20_240_401

LENGTHS = {
    "chr1": 248_956_422,
    "chr2": 242_193_529,
    "chr3": 198_295_559,
    "chr4": 190_214_555,
    "chr5": 181_538_259,
    "chr6": 170_805_979,
    "chr7": 159_345_973,
    "chr8": 145_138_636,
    "chr9": 138_394_717,
    "chr10": 133_797_422,
    "chr11": 135_086_622,
    "chr12": 133_275_309,
    "chr13": 114_364_328,
    "chr14": 107_043_718,
    "chr15": 101_991_189,
    "chr16": 90_338_345,
    "chr17": 83_257_441,
    "chr18": 80_373_285,
    "chr19": 58_617_616,
    "chr20": 64_444_167,
    "chr21": 46_709_983,
    "chr22": 50_818_468,
    "chrX": 156_040_895,
    "chrY": 57_227_415,
    "chrM": 16_569,
}
"""Chromosomes of GRCh38 (GCF_000001405.26) and their lengths."""

TELOMERE = 10_000
"""N at each end of a chromosome, as in GRCh38."""

LINE = 60
"""Bases on a line of the FASTA file."""

_SHARES = (("A", 76), ("C", 52), ("G", 52), ("T", 76))
"""Of 256: 41 % G and C."""

FEWEST_CODONS = 2
"""A frame has at least a start and a stop."""

SHORTEST_INTRON = 4
"""Room for GT and AG."""

_STOPS = ("TAA", "TAG", "TGA")
_COMPLEMENT = np.arange(256, dtype=np.uint8)
_COMPLEMENT[[65, 67, 71, 84]] = [84, 71, 67, 65]


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """One transcript; intervals are 0-based, half-open, in order of the chromosome."""

    contig: str
    forward: bool
    exons: tuple[tuple[int, int], ...]
    coding: tuple[tuple[int, int], ...]


def fingerprint(*files: Path) -> str:
    """Changes with the content of any of the files."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def contigs_of(scale: float) -> dict[str, int]:
    """The chromosomes that together are ``scale`` of the genome, in their order.

    A part takes the smallest autosomes first, from chr22 up, as many as it needs.
    """
    if scale >= 1:
        return dict(LENGTHS)
    wanted, names, have = scale * sum(LENGTHS.values()), list[str](), 0
    for number in range(22, 0, -1):
        if have < wanted:
            names.append(f"chr{number}")
            have += LENGTHS[names[-1]]
    return {name: length for name, length in LENGTHS.items() if name in names}


def random_of(*parts: int | str) -> np.random.Generator:
    """A generator of its own for each part of the data, so that parts can be made alone."""
    words = hashlib.sha256("/".join(map(str, (SEED, *parts))).encode()).digest()
    return np.random.default_rng(int.from_bytes(words[:8], "little"))


def random_bases(count: int, generator: np.random.Generator) -> Bytes:
    """ASCII codes of random bases."""
    table = np.frombuffer("".join(base * n for base, n in _SHARES).encode(), dtype=np.uint8)
    return table[generator.integers(0, 256, count, dtype=np.uint8)]


def reading_frame(codons: int, generator: np.random.Generator) -> Bytes:
    """ATG, sense codons, and a stop: ``3 * codons`` bases."""
    sense = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in _STOPS]
    table = np.frombuffer("".join(sense).encode(), dtype=np.uint8).reshape(-1, 3)
    frame = table[generator.integers(0, len(sense), codons)]
    frame[0] = list(b"ATG")
    frame[-1] = list(_STOPS[generator.integers(0, len(_STOPS))].encode())
    return frame.reshape(-1)


def chromosome(contig: str, length: int, transcripts: Sequence[Transcript]) -> Bytes:
    """The sequence of one chromosome."""
    generator = random_of("sequence", contig)
    bases = random_bases(length, generator)
    taken = np.zeros(length, dtype=np.bool_)
    for transcript in transcripts:
        _write_frame(bases, taken, transcript, generator)
    for transcript in transcripts:
        _write_splice_sites(bases, taken, transcript)
    if length > 100 * TELOMERE:
        bases[:TELOMERE] = bases[-TELOMERE:] = ord("N")
    return bases


def places_of(intervals: Sequence[tuple[int, int]]) -> Places:
    """All 0-based positions in the intervals, in their order."""
    return np.concatenate([np.arange(start, end, dtype=np.int64) for start, end in intervals])


def _write_frame(
    bases: Bytes,
    taken: npt.NDArray[np.bool_],
    transcript: Transcript,
    generator: np.random.Generator,
) -> None:
    places = places_of(transcript.coding)
    codons = len(places) // 3
    if codons < FEWEST_CODONS or taken[places].any():
        return
    frame = reading_frame(codons, generator)
    if transcript.forward:
        bases[places[: 3 * codons]] = frame
    else:
        bases[places[::-1][: 3 * codons]] = _COMPLEMENT[frame]
    taken[places] = True


def _write_splice_sites(bases: Bytes, taken: npt.NDArray[np.bool_], transcript: Transcript) -> None:
    first, last = (b"GT", b"AG") if transcript.forward else (b"CT", b"AC")
    for (_, start), (end, _) in zip(transcript.exons, transcript.exons[1:], strict=False):
        for place, pair in ((start, first), (end - 2, last)):
            if end - start >= SHORTEST_INTRON and not taken[place : place + 2].any():
                bases[place : place + 2] = list(pair)


# ----------------------------------------------------------------------------- transcripts


def gff_rows(gff: Path, contigs: Mapping[str, int]) -> pl.DataFrame:
    """Rows of a GFF3 file on some chromosomes, as text, in the order of the file."""
    names = ("contig", "source", "type", "start", "end", "score", "strand", "phase", "attributes")
    content = gff.read_bytes()
    frame = pl.read_csv(
        gzip.decompress(content) if gff.suffix == ".gz" else content,
        separator="\t",
        has_header=False,
        comment_prefix="#",
        new_columns=names,
        infer_schema=False,
        quote_char=None,
    )
    return frame.filter(pl.col("contig").is_in(list(contigs)))


def transcripts_of(rows: pl.DataFrame) -> dict[str, list[Transcript]]:
    """Transcripts of each chromosome, in the order of the file."""
    parts = (
        rows.filter(pl.col("type").is_in(["exon", "CDS"]))
        .with_columns(
            pl.col("attributes").str.extract(r"Parent=([^;]+)").alias("parent"),
            pl.col("start").cast(pl.Int64) - 1,
            pl.col("end").cast(pl.Int64),
        )
        .group_by("contig", "parent", "strand", maintain_order=True)
        .agg(pl.struct("type", "start", "end").alias("parts"))
    )
    found: dict[str, list[Transcript]] = {}
    for contig, _, strand, members in parts.iter_rows():
        found.setdefault(contig, []).append(
            Transcript(
                contig=contig,
                forward=strand == "+",
                exons=_intervals(members, "exon"),
                coding=_intervals(members, "CDS"),
            )
        )
    return found


def _intervals(members: Sequence[Mapping[str, object]], kind: str) -> tuple[tuple[int, int], ...]:
    chosen = ((int(str(m["start"])), int(str(m["end"]))) for m in members if m["type"] == kind)
    return tuple(sorted(chosen))


def merged(transcripts: Sequence[Transcript], part: str, margin: int = 0) -> tuple[Places, Places]:
    """Starts and ends of where the transcripts' exons or coding parts are, without overlaps.

    Args:
        transcripts: of one chromosome.
        part: ``exons`` or ``coding``.
        margin: bases added at both sides.
    """
    spans = sorted(
        (start - margin, end + margin)
        for transcript in transcripts
        for start, end in getattr(transcript, part)
    )
    joined: list[list[int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    both = np.array(joined, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def within(places: npt.NDArray[np.integer], spans: tuple[Places, Places]) -> npt.NDArray[np.bool_]:
    """Whether each 0-based place lies in one of the merged spans."""
    starts, ends = spans
    before = np.searchsorted(starts, places, side="right") - 1
    if not len(starts):
        return np.zeros(len(places), dtype=np.bool_)
    return (before >= 0) & (places < ends[before])


# ------------------------------------------------------------------------------------ files


def make(folder: Path, gff: Path, scale: float) -> None:
    """Write ``genome.fa``, its index, and ``transcripts.gff3`` of the chromosomes in it."""
    contigs = contigs_of(scale)
    rows = gff_rows(gff, contigs)
    with (folder / "transcripts.gff3").open("wb") as out:
        out.write(b"##gff-version 3\n")
        rows.write_csv(out, include_header=False, separator="\t", quote_style="never")
    transcripts = transcripts_of(rows)
    with (folder / "genome.fa").open("wb") as fasta, (folder / "genome.fa.fai").open("w") as index:
        for contig, length in contigs.items():
            fasta.write(f">{contig}\n".encode())
            index.write(f"{contig}\t{length}\t{fasta.tell()}\t{LINE}\t{LINE + 1}\n")
            fasta.write(_lines(chromosome(contig, length, transcripts.get(contig, []))))


def _lines(bases: Bytes) -> bytes:
    whole = len(bases) // LINE * LINE
    table = np.full((whole // LINE, LINE + 1), ord("\n"), dtype=np.uint8)
    table[:, :LINE] = bases[:whole].reshape(-1, LINE)
    rest = bytes(bases[whole:])
    return table.tobytes() + (rest + b"\n" if rest else b"")


def sequences(fasta: Path) -> Iterator[tuple[str, Bytes]]:
    """Name and bases of each chromosome of a FASTA file that has an index."""
    for row in fasta.with_name(f"{fasta.name}.fai").read_text().splitlines():
        contig, length, offset, line, width = row.split("\t")
        yield contig, _bases(fasta, int(length), int(offset), int(line), int(width))


def _bases(fasta: Path, length: int, offset: int, line: int, width: int) -> Bytes:
    whole, rest = divmod(length, line)
    size = whole * width + rest
    text = np.fromfile(fasta, dtype=np.uint8, count=size, offset=offset)
    body = text[: whole * width].reshape(whole, width)[:, :line].reshape(-1)
    return np.concatenate([body, text[whole * width :]])

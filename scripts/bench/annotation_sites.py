"""Made-up variants over the annotation benchmark's genome, and a frequency source of them.

Variants are drawn with the shares of a human genome: 85 % substitutions, of which two in three are
transitions, the rest deletions and insertions of 1 to 50 bases, short ones most often; half of the
insertions repeat what follows them. All are written left-aligned. The frequency source has its
counts in all and in four groups, and tells a share of what the benchmark's person carries.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numba
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bench.annotation_genome import (
    TELOMERE,
    Bytes,
    Places,
    gff_rows,
    merged,
    random_of,
    sequences,
    transcripts_of,
    within,
)

SUBSTITUTION, DELETION, DUPLICATION, INSERTION = range(4)
_SHARES = (0.85, 0.085, 0.0325, 0.0325)
LONGEST = 50
SECOND_SUBSTITUTION = 0.02
"""Share of substitutions at whose base there is another one."""

SECOND_DELETION = 0.05
"""Share of deletions beside which there is a longer one."""

ROWS = 50_000_000
"""Rows of the frequency source over the whole genome."""

CARRIED = 3_800_000
"""How many of them the person carries."""

OWN = 300_000
"""Variants of the person that the source lacks (but for chance)."""

GROUPS = {"afr": 41_500, "amr": 15_300, "eas": 5_200, "nfe": 68_000}
"""Groups of people and their alleles, in size as those of gnomAD v3."""

ALLELES = 152_312
"""All alleles, of which some are in no group."""

FIELDS = (
    "AC",
    "AN",
    "nhomalt",
    *(f"{count}_{group}" for group in GROUPS for count in ("AC", "AN")),
)
"""INFO fields of the frequency source."""

MARGIN = 50
"""Bases around exons that belong to what an exome covers."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Variants not yet spelt; an array each.

    Attributes:
        anchor: 0-based place of ref's first base.
        kind: SUBSTITUTION, DELETION, DUPLICATION or INSERTION.
        size: bases deleted or inserted; 1 of a substitution.
        letters: alternate base, or the inserted bases, LONGEST a row.
    """

    anchor: Places
    kind: Bytes
    size: npt.NDArray[np.int32]
    letters: Bytes


# ------------------------------------------------------------------------------- variants


def places(bases: Bytes, count: int, generator: np.random.Generator) -> Places:
    """Rising, different 0-based places, none in or next to the N at the ends."""
    margin = TELOMERE + 2 * LONGEST if len(bases) > 100 * TELOMERE else 2 * LONGEST
    drawn = generator.integers(margin, len(bases) - margin, int(count * 1.03) + 10)
    unique = np.unique(drawn)
    if len(unique) > count:
        unique = np.sort(generator.permutation(unique)[:count])
    return unique


def draw(bases: Bytes, anchors: Places, generator: np.random.Generator) -> Drawn:
    """A variant at each place (some places get two), left-aligned, in no order."""
    count = len(anchors)
    kind = generator.choice(4, count, p=_SHARES).astype(np.uint8)
    chance = np.arange(1, LONGEST + 1) ** -1.8
    size = generator.choice(LONGEST, count, p=chance / chance.sum()).astype(np.int32) + 1
    size[kind == SUBSTITUTION] = 1
    twice = generator.random(count) < np.where(
        kind == SUBSTITUTION, SECOND_SUBSTITUTION, np.where(kind == DELETION, SECOND_DELETION, 0)
    )
    turn = np.concatenate([_turns(count, generator), np.full(twice.sum(), 5, dtype=np.uint8)])
    turn[:count][twice] = 0
    anchors, kind = np.concatenate([anchors, anchors[twice]]), np.concatenate([kind, kind[twice]])
    longer = np.where(kind[count:] == DELETION, size[twice] + 3, 1).astype(np.int32)
    size = np.minimum(np.concatenate([size, longer]), LONGEST)
    letters = generator.choice(np.frombuffer(b"ACGT", dtype=np.uint8), (len(kind), LONGEST))
    change = kind == SUBSTITUTION
    letters[change, 0] = _CHANGES[bases[anchors[change]], turn[change]]
    last = np.flatnonzero(kind == INSERTION)
    # An insertion whose last base is the one before it could also stand further to the left.
    letters[last, size[last] - 1] = _CHANGES[bases[anchors[last]], turn[last]]
    drawn = Drawn(anchor=anchors.copy(), kind=kind, size=size, letters=letters)
    _shift_left(bases, drawn.anchor, kind, size)
    return drawn


def _turns(count: int, generator: np.random.Generator) -> Bytes:
    return generator.integers(0, 6, count, dtype=np.uint8)


def _changes() -> Bytes:
    """Of each base six others: four times the transition, and each transversion."""
    table = np.full((256, 6), ord("N"), dtype=np.uint8)
    for base, others in (("A", "GGGGCT"), ("C", "TTTTAG"), ("G", "AAAACT"), ("T", "CCCCAG")):
        table[ord(base)] = list(others.encode())
    return table


_CHANGES = _changes()


@numba.njit(cache=True, nogil=True)
def _shift_left(bases: Bytes, anchor: Places, kind: Bytes, size: npt.NDArray[np.int32]) -> None:
    """Move deletions and duplications to the left while they say the same."""
    for row in range(len(anchor)):
        if kind[row] in (DELETION, DUPLICATION):
            while bases[anchor[row]] == bases[anchor[row] + size[row]]:
                anchor[row] -= 1


@numba.njit(cache=True, nogil=True)
def _spell(
    bases: Bytes,
    anchor: Places,
    kind: Bytes,
    size: npt.NDArray[np.int32],
    letters: Bytes,
    ref_ends: Places,
    alt_ends: Places,
    ref: Bytes,
    alt: Bytes,
) -> None:
    for row in range(len(anchor)):
        place, to_ref, to_alt = anchor[row], ref_ends[row], alt_ends[row]
        ref[to_ref] = bases[place]
        if kind[row] == SUBSTITUTION:
            alt[to_alt] = letters[row, 0]
            continue
        alt[to_alt] = bases[place]
        for i in range(1, size[row] + 1):
            if kind[row] == DELETION:
                ref[to_ref + i] = bases[place + i]
            elif kind[row] == DUPLICATION:
                alt[to_alt + i] = bases[place + i]
            else:
                alt[to_alt + i] = letters[row, i - 1]


def spelt(bases: Bytes, drawn: Drawn) -> pl.DataFrame:
    """Columns position (1-based), ref, alt; in order, each variant once."""
    longer = drawn.size.astype(np.int64)
    ends = []
    for lengthened in (drawn.kind == DELETION, drawn.kind >= DUPLICATION):
        bounds = np.zeros(len(longer) + 1, dtype=np.int64)
        np.cumsum(1 + np.where(lengthened, longer, 0), out=bounds[1:])
        ends.append(bounds)
    texts = [np.empty(bounds[-1], dtype=np.uint8) for bounds in ends]
    (ref_ends, alt_ends), (ref, alt) = ends, texts
    _spell(bases, drawn.anchor, drawn.kind, drawn.size, drawn.letters, ref_ends, alt_ends, ref, alt)
    frame = pl.DataFrame(
        {
            "position": (drawn.anchor + 1).astype(np.int32),
            "ref": _strings(ref_ends, ref),
            "alt": _strings(alt_ends, alt),
        }
    )
    return frame.unique(maintain_order=False).sort("position", "ref", "alt")


def _strings(ends: Places, text: Bytes) -> pl.Series:
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(text)]
    array = pa.Array.from_buffers(pa.large_string(), len(ends) - 1, buffers)
    return cast("pl.Series", pl.from_arrow(array))


def variants(bases: Bytes, count: int, generator: np.random.Generator) -> pl.DataFrame:
    """About ``count`` variants anywhere on a chromosome: columns position, ref, alt."""
    drawn = draw(bases, places(bases, count, generator), generator)
    return spelt(bases, drawn)


# ---------------------------------------------------------------------------- frequencies


def with_counts(
    frame: pl.DataFrame, carried: npt.NDArray[np.bool_], generator: np.random.Generator
) -> pl.DataFrame:
    """Add AC, AN and nhomalt in all and AC and AN in groups, Int32, and the filter.

    What the person carries is common; the rest is rare as in a population that grew.
    """
    rows = len(frame)
    missing = _exponential(300, ALLELES // 4, rows, generator)
    alleles = ALLELES - 2 * missing
    chance = generator.random(rows)
    rare = np.exp(chance**3 * np.log(alleles / 2)).astype(np.int64)
    count = np.where(carried, 1 + (chance**1.5 * (alleles - 1)).astype(np.int64), rare)
    counts: dict[str, npt.NDArray[np.integer]] = {
        "AC": count,
        "AN": alleles,
        "nhomalt": (count * (count / alleles) / 2).astype(np.int64),
    }
    weights = [generator.random(rows) * size for size in GROUPS.values()]
    whole = sum(weights) + generator.random(rows) * (ALLELES - sum(GROUPS.values()))
    for (group, size), weight in zip(GROUPS.items(), weights, strict=True):
        called = size - 2 * (missing * (size / ALLELES)).astype(np.int64)
        counts[f"AC_{group}"] = np.minimum((count * (weight / whole)).astype(np.int64), called)
        counts[f"AN_{group}"] = called
    failed = generator.random(rows) < np.where(carried, 0.01, 0.08)
    return frame.with_columns(
        *(pl.Series(name, counts[name].astype(np.int32)) for name in FIELDS),
        pl.Series("passed", ~failed),
    )


def _exponential(
    mean: float, most: int, rows: int, generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    drawn = -mean * np.log1p(-generator.random(rows))
    return np.minimum(drawn.astype(np.int64), most)


def source_rows(frame: pl.DataFrame, contig: str) -> pl.DataFrame:
    """Rows of the frequency source as VCF has them, without genotypes."""
    words = [word for name in FIELDS for word in (pl.lit(f";{name}="), pl.col(name))]
    words[0] = pl.lit("AC=")
    return frame.select(
        contig=pl.lit(contig),
        position="position",
        id=pl.lit("."),
        ref="ref",
        alt="alt",
        quality=pl.lit("."),
        filter=pl.when("passed").then(pl.lit("PASS")).otherwise(pl.lit("AS_VQSR")),
        info=pl.concat_str(words),
    )


def header(contigs: dict[str, int], lines: Sequence[str], samples: Sequence[str] = ()) -> bytes:
    """The header of a VCF file, up to its last line."""
    names = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
    names += ["FORMAT", *samples] if samples else []
    told = [f"##contig=<ID={name},length={length}>" for name, length in contigs.items()]
    return "\n".join(["##fileformat=VCFv4.2", *told, *lines, "\t".join(names), ""]).encode()


@contextmanager
def written(vcf: Path, first: bytes) -> Iterator[IO[bytes]]:
    """Where to write a VCF file's rows after its header; compressed and indexed at the end."""
    with (
        vcf.open("wb") as out,
        subprocess.Popen(
            ["bgzip", "-@", "2", "-c"], stdin=subprocess.PIPE, stdout=out
        ) as compressing,
    ):
        assert compressing.stdin is not None
        compressing.stdin.write(first)
        yield compressing.stdin
        compressing.stdin.close()
    if compressing.returncode:
        raise SystemExit(f"bench-annotation: bgzip of {vcf.name} failed")
    subprocess.run(["tabix", "-p", "vcf", vcf], check=True)


def add(rows: pl.DataFrame, out: IO[bytes]) -> None:
    """Append rows to a VCF file."""
    rows.write_csv(out, include_header=False, separator="\t", quote_style="never")


_HEADER = [
    '##FILTER=<ID=AS_VQSR,Description="Failed filtering">',
    *(
        f"##INFO=<ID={name},Number={'1' if name.startswith('AN') else 'A'},Type=Integer,"
        f'Description="Made up: {name}">'
        for name in FIELDS
    ),
]


def make(folder: Path, reference: Path) -> None:
    """Write the frequency source (VCF and BCF), and what the later parts draw from it.

    ``carried/<chromosome>.parquet`` has the person's variants, with the source's counts where it
    has them: what every tool should find. ``exonic/<chromosome>.parquet`` has the source's rows in
    and near exons.
    """
    contigs = lengths(reference)
    transcripts = transcripts_of(gff_rows(reference / "transcripts.gff3", contigs))
    for name in ("carried", "exonic"):
        (folder / name).mkdir()
    source = folder / "frequencies.vcf.gz"
    with written(source, header(contigs, _HEADER)) as out:
        for contig, bases in sequences(reference / "genome.fa"):
            frame = _chromosome(folder, contig, bases)
            exons = merged(transcripts.get(contig, []), "exons", MARGIN)
            near = within(frame["position"].to_numpy() - 1, exons)
            frame.filter(pl.Series(near)).write_parquet(folder / "exonic" / f"{contig}.parquet")
            add(source_rows(frame, contig), out)
    bcf = folder / "frequencies.bcf"
    subprocess.run(
        ["bcftools", "view", "--no-version", "-Ob", "--threads", "2", "-o", bcf, source], check=True
    )
    subprocess.run(["bcftools", "index", bcf], check=True)


def _chromosome(folder: Path, contig: str, bases: Bytes) -> pl.DataFrame:
    generator = random_of("frequencies", contig)
    share = len(bases) / 3_088_286_401
    frame = variants(bases, round(ROWS * share), generator)
    # By position, so that both alleles of a place are carried: a record with two alleles.
    place = frame["position"].rle_id().to_numpy()
    carried = (generator.random(place[-1] + 1) < CARRIED / ROWS)[place]
    frame = with_counts(frame, carried, generator)
    own = variants(bases, round(OWN * share), generator).join(
        frame, on=["position", "ref", "alt"], how="left", maintain_order="left"
    )
    both = pl.concat([frame.filter(pl.Series(carried)), own])
    both.unique(["position", "ref", "alt"]).sort("position", "ref", "alt").write_parquet(
        folder / "carried" / f"{contig}.parquet"
    )
    return frame


def lengths(reference: Path) -> dict[str, int]:
    """Chromosomes of the benchmark's genome and their lengths."""
    rows = (reference / "genome.fa.fai").read_text().splitlines()
    return {row.split("\t")[0]: int(row.split("\t")[1]) for row in rows}

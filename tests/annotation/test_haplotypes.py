"""Neighbouring variants of one person, read together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.codons import FRAME_SPAN, coding_changes, neighbours
from soyang.annotation.consequence import consequence
from soyang.annotation.engines.haplotype_csq import layers, read_together
from soyang.annotation.haplotypes import haplotypes
from soyang.annotation.phases import Case, Member, Phase, cases, exclude
from soyang.annotation.tables import CONSEQUENCES, DESCRIBED, HAPLOTYPES
from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from tests.annotation.conftest import World, numbered
from tests.annotation.test_consequence import mirrored

Variant = tuple[int, str, str]
Carried = tuple[Variant, str, int | None]
Read = Callable[..., pl.DataFrame]

STOP = (154, "G", "A")
"""Codon 7, TGG: a stop by itself (TAG)."""
CYSTEINE = (155, "G", "T")
"""Codon 7: cysteine by itself (TGT), tyrosine with STOP (TAT)."""
INSERTED = (121, "A", "AC")
DELETED = (150, "GT", "G")


def described_rows(consequences: pl.DataFrame) -> pl.DataFrame:
    """A DESCRIBED table with the columns that do not matter here left blank."""
    blank = [
        pl.lit(None if column.nullable else "x", column.dtype).alias(column.name)
        for column in DESCRIBED.columns
        if column.name not in consequences.columns
    ]
    return consequences.with_columns(blank).select(DESCRIBED.names)


@pytest.fixture
def read(world: World, make_sites: Callable[..., Path], tmp_path: Path) -> Read:
    """Run the verb on people's genotypes: sample to (variant, GT, PS)."""

    def run(people: dict[str, list[Carried]], contig: str = "chr20") -> pl.DataFrame:
        told, table, out = (tmp_path / f"{name}.parquet" for name in ("told", "gt", "haps"))
        variants = sorted({carried[0] for mine in people.values() for carried in mine})
        consequence(
            sites=make_sites([(contig, *variant) for variant in variants]),
            reference=world.fasta,
            transcripts=world.gff3,
            consequences=told,
        )
        described = described_rows(read_table(told, CONSEQUENCES))
        write_table(described, tmp_path / "described.parquet", DESCRIBED)
        genotype_rows(people, contig).write_parquet(table)
        haplotypes(
            described=tmp_path / "described.parquet",
            genotypes=table,
            reference=world.fasta,
            transcripts=world.gff3,
            haplotypes=out,
        )
        return read_table(out, HAPLOTYPES)

    return run


def genotype_rows(people: dict[str, list[Carried]], contig: str = "chr20") -> pl.DataFrame:
    """The cohort's genotypes, as far as they are read."""
    rows: list[dict[str, Any]] = [
        {
            "contig": contig, "position": v[0], "ref": v[1], "alt": v[2],
            "person": f"P-{sample}", "sample": sample, "genotype": gt,
            "dosage": gt.count("1"), "copies": len(gt.replace("|", "/").split("/")),
            "phase_set": phase_set,
        }
        for sample, mine in people.items() for v, gt, phase_set in mine
    ]  # fmt: skip
    types = {"dosage": pl.Int8, "copies": pl.Int8, "phase_set": pl.Int64, "position": pl.Int64}
    return pl.DataFrame(rows, schema_overrides=types)


def test_a_stop_that_its_neighbour_takes_away(read: Read) -> None:
    row = read({"S1": [(STOP, "1/1", None), (CYSTEINE, "0/1", None)]}).row(0, named=True)

    assert row["sites"] == "chr20:154:G:A+chr20:155:G:T"
    assert row["genotypes"] == "1/1+0/1"
    assert row["phase"] == "cis"
    assert row["alone"] == "stop_gained+missense_variant"
    assert (row["consequence"], row["impact"]) == ("missense_variant", "MODERATE")
    assert row["amino_acids"] == "7W>7Y"
    assert not row["differs"]


def test_two_missense_changes_that_make_a_stop(read: Read) -> None:
    # AAA to TGA: AAA > TAA would be a stop at once, AAA > AGA is arginine.
    both = [((162, "G", "T"), "1/1", None), ((163, "A", "G"), "1/1", None)]

    row = read({"S1": both}).row(0, named=True)

    assert row["alone"] == "stop_gained+missense_variant"
    assert (row["consequence"], row["amino_acids"]) == ("stop_gained", "10E>10*")


def test_a_second_frameshift_restores_the_frame(read: Read) -> None:
    row = read({"S1": [(INSERTED, "1|0", 7), (DELETED, "1|0", 7)]}).row(0, named=True)

    assert row["phase"] == "cis"
    assert row["alone"] == "frameshift_variant+frameshift_variant&splice_region_variant"
    assert "frameshift_variant" not in row["consequence"]
    assert row["impact"] == "MODERATE"
    assert row["differs"]


PHASES = {
    "both homozygous": (("1/1", None), ("1/1", None), "cis"),
    "one homozygous": (("0/1", None), ("1/1", None), "cis"),
    "haploid": (("1", None), ("1", None), "cis"),
    "phased on one copy": (("0|1", 5), ("0|1", 5), "cis"),
    "phased without set": (("1|0", None), ("1|0", None), "cis"),
    "phased on two copies": (("0|1", 5), ("1|0", 5), "trans"),
    "two sets": (("0|1", 5), ("0|1", 9), "unknown"),
    "not phased": (("0/1", None), ("0/1", None), "unknown"),
    "one of them phased": (("0|1", 5), ("0/1", None), "unknown"),
}


@pytest.mark.parametrize("name", PHASES)
def test_phase_is_only_what_genotypes_say(read: Read, name: str) -> None:
    one, other, phase = PHASES[name]

    row = read({"S1": [(STOP, *one), (CYSTEINE, *other)]}).row(0, named=True)

    assert row["phase"] == phase
    together = None if phase == "trans" else "missense_variant"
    assert row["consequence"] == together
    assert (row["differs"] is None) == (phase == "trans")


def test_three_variants_are_told_copy_by_copy(read: Read) -> None:
    far = (156, "C", "G")
    three = [(STOP, "0|1", 5), (CYSTEINE, "0|1", 5), (far, "1|0", 5)]

    found = read({"S1": three})

    assert found.select("sites", "phase", "consequence").rows() == [
        ("chr20:154:G:A+chr20:155:G:T", "cis", "missense_variant")
    ]


def test_a_codon_split_by_an_intron(read: Read) -> None:
    # CC|C: the second and the third base of codon 5 lie in different exons.
    row = read({"S1": [((124, "C", "A"), "1/1", None), ((149, "C", "G"), "1/1", None)]})

    assert row["amino_acids"].to_list() == ["5P>5Q"]


def test_the_minus_strand(read: Read, world: World) -> None:
    mine = [mirrored(world, *variant)[1:] for variant in (STOP, CYSTEINE, INSERTED, DELETED)]
    far = [(mine[0], "1/1", None), (mine[1], "1/1", None)]
    frame = [(mine[2], "1/1", None), (mine[3], "1/1", None)]

    found = read({"S1": far, "S2": frame}).sort("sample")

    assert found["gene"].to_list() == ["2", "2"]
    assert found["amino_acids"][0] == "7W>7Y"
    assert found["consequence"].str.contains("frameshift").to_list() == [False, False]


def test_alternatives_of_one_base_are_never_together(read: Read) -> None:
    row = read({"S1": [(STOP, "1/.", None), ((154, "G", "C"), "./1", None)]}).row(0, named=True)

    assert (row["phase"], row["consequence"]) == ("trans", None)


def test_people_do_not_mix(read: Read) -> None:
    found = read({"S1": [(STOP, "1/1", None)], "S2": [(CYSTEINE, "1/1", None)]})

    assert found.is_empty()


def test_far_and_non_coding_neighbours_are_no_group(read: Read) -> None:
    apart = [((114, "G", "A"), "1/1", None), ((156, "C", "G"), "1/1", None)]
    untranslated = [((103, "C", "T"), "1/1", None), ((104, "A", "T"), "1/1", None)]

    assert read({"S1": apart, "S2": untranslated}).is_empty()


def test_rows_and_bytes_do_not_depend_on_the_order_of_people(read: Read, tmp_path: Path) -> None:
    people = {
        name: [(STOP, "0/1", None), (CYSTEINE, "0/1", None), (INSERTED, "1/1", None)]
        for name in ("S3", "S1", "S2")
    }
    read(people)
    first = (tmp_path / "haps.parquet").read_bytes()

    found = read(dict(sorted(people.items(), reverse=True)))

    assert found["sample"].to_list() == ["S1", "S2", "S3"]
    assert (tmp_path / "haps.parquet").read_bytes() == first


@pytest.mark.parametrize("bad", ["missing", "column", "not parquet"])
def test_genotypes_that_are_none(read: Read, tmp_path: Path, world: World, bad: str) -> None:
    read({"S1": [(STOP, "1/1", None)]})
    path = tmp_path / "한글 gt.parquet"
    if bad == "column":
        genotype_rows({"S1": [(STOP, "1/1", None)]}).drop("phase_set").write_parquet(path)
    elif bad == "not parquet":
        path.write_text("contig\tposition\r\n")

    with pytest.raises(FaultError, match=r"genotypes-table|한글 gt"):
        haplotypes(
            described=tmp_path / "described.parquet",
            genotypes=path,
            reference=world.fasta,
            transcripts=world.gff3,
            haplotypes=tmp_path / "out.parquet",
        )
    assert not (tmp_path / "out.parquet").exists()


def member(first: int, shift: int = 0, kind: str = "B") -> Member:
    return Member(first * 3, first * 3 + 1, first, first, shift, kind)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ([member(1), member(1)], [Case((0, 1), Phase.CIS)]),
        ([member(1, kind="E"), member(2, kind="E")], [Case((0, 1), Phase.UNKNOWN)]),
        ([member(1, kind="0:1"), member(2, kind="1:1")], [Case((0, 1), Phase.TRANS)]),
        # The one between is on the other copy; what is left is not adjacent.
        (
            [member(1, kind="0:1"), member(2, kind="1:1"), member(3, kind="0:1")],
            [Case((0, 1, 2), Phase.TRANS)],
        ),
        # Homozygous on both copies: two haplotypes.
        (
            [member(1, kind="0:1"), member(1), member(1, kind="1:1")],
            [Case((0, 1), Phase.CIS), Case((1, 2), Phase.CIS)],
        ),
        # Frameshifts that restore the frame on one copy, with what lies between them.
        (
            [member(1, 1, "0:1"), member(20, 0, "0:1"), member(40, 2, "0:1")],
            [Case((0, 1, 2), Phase.CIS)],
        ),
    ],
)
def test_cases(run: list[Member], expected: list[Case]) -> None:
    assert cases(run, FRAME_SPAN) == expected


def test_what_excludes_what() -> None:
    snv, same, insertion, deletion = (
        Member(start, end, 1, 1, 0, "B") for start, end in ((5, 6), (5, 6), (6, 6), (4, 9))
    )
    assert exclude([snv, same], (0, 1))
    assert not exclude([snv, insertion], (0, 1))
    assert exclude([insertion, insertion], (0, 1))
    assert exclude([insertion, deletion], (0, 1))
    assert exclude([snv, deletion], (0, 1))


def runs(shifts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """(codon, run) of one person's changes at (codon, shift)."""
    frame = pl.DataFrame(
        [(n, codon, shift) for n, (codon, shift) in enumerate(shifts)],
        schema={"site": pl.Int64, "first": pl.Int64, "shift": pl.Int64},
        orient="row",
    ).with_columns(sample=pl.lit("S"), id=pl.lit("T"), last=pl.col("first"))
    return neighbours(frame).select("first", "run").rows()


def test_runs_by_codon_and_by_frame() -> None:
    assert [codon for codon, _ in runs([(1, 0), (2, 0), (4, 0), (9, 0), (9, 0)])] == [1, 2, 9, 9]
    assert len(runs([(1, 1), (30, 0), (60, 2)])) == 3
    assert runs([(1, 1), (30, 0), (60, 1)]) == []
    assert len(runs([(1, 1), (30, 1), (60, 1)])) == 3
    assert runs([(1, 1), (2 + FRAME_SPAN, 2)]) == []
    assert len(runs([(1, 1), (1 + FRAME_SPAN, 2)])) == 2


def test_haplotypes_of_one_transcript_lie_in_different_layers(world: World) -> None:
    rows = [("chr20", *STOP), ("chr20", *CYSTEINE), mirrored(world, *STOP)]
    sites = pl.DataFrame(rows, schema=["contig", "position", "ref", "alt"], orient="row")
    sites = sites.with_row_index("site").with_columns(pl.col("site").cast(pl.Int64))
    carried = pl.DataFrame(
        {"haplotype": [0, 0, 1, 2], "id": ["ENST1", "ENST1", "ENST1", "ENST2"],
         "site": [0, 1, 0, 2]}
    )  # fmt: skip

    placed = layers(carried, world.known).sort("haplotype")
    found = read_together(sites, carried, world.genome, world.known).sort("haplotype")

    assert placed.rows() == [(0, 0), (1, 1), (2, 0)]
    assert found["terms"].to_list() == [["missense_variant"], ["stop_gained"], ["stop_gained"]]


def test_haplotypes_that_share_a_variant_do_not_mix(world: World) -> None:
    # csq 1.16 gives one sample the consequences of another's haplotype at a shared record.
    rows = [("chr20", 153, "T", "C"), ("chr20", *STOP), ("chr20", *CYSTEINE)]
    pairs = ([0, 1], [0, 2], [1, 2], [0], [0, 1, 2])
    carried = pl.DataFrame(
        [(n, "ENST1", site) for n, sites in enumerate(pairs) for site in sites],
        schema=["haplotype", "id", "site"], orient="row",
    )  # fmt: skip

    found = read_together(numbered(rows), carried, world.genome, world.known)

    assert found.sort("haplotype")["amino_acids"].to_list() == [
        "7W>7Q", "7W>7R", "7W>7Y", "7W>7R", "7W>7H",
    ]  # fmt: skip


def test_codons_of_changes(world: World) -> None:
    rows = [(1, "chr20", 116, "TGC", "T"), (2, "chr20", 124, "C", "A"), (3, "chr20", 149, "C", "G"),
            (4, "chr20", 20, "C", "T"), (5, "chr20", 154, "G", "<DEL>")]  # fmt: skip
    sites = pl.DataFrame(rows, schema=["site", "contig", "position", "ref", "alt"], orient="row")
    told = sites.select("site", id=pl.lit("ENST1"), consequence=pl.lit("missense_variant"))

    found = coding_changes(sites, told, world.known)

    assert found.select("site", "first", "last", "shift").rows() == [
        (1, 2, 2, 1),
        (2, 4, 4, 0),
        (3, 4, 4, 0),
    ]

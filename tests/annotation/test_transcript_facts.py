"""Where variants lie on their transcripts, and nonsense-mediated decay, worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.describe import describe_contig
from soyang.annotation.genome import Genome
from soyang.annotation.gff import read_transcripts
from soyang.annotation.layout import Layout
from soyang.annotation.tables import FACT_COLUMNS, NMD
from soyang.core.assembly import Assembly
from tests.annotation.conftest import Gene, World, gff

Variant = tuple[int, str, str]
FACTS = [column.name for column in FACT_COLUMNS]


def told(world: World, variants: list[Variant], consequence: str = "missense_variant") -> Any:
    """Facts of variants of chr20 on all transcripts that they touch, in the variants' order."""
    rows = [
        (number, "chr20", *variant, row["id"], consequence, "MODERATE")
        for number, variant in enumerate(variants)
        for row in world.known.table.iter_rows(named=True)
        if variant[0] - 1 < row["end"] and variant[0] - 1 + len(variant[1]) > row["start"]
    ]
    columns = ["site", "contig", "position", "ref", "alt", "id", "consequence", "impact"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    sequence = world.genome.sequence("chr20")
    return describe_contig(frame, sequence, "chr20", Assembly.GRCH38, world.known)


def facts(world: World, *variant: Any, consequence: str = "missense_variant") -> dict[str, Any]:
    return dict(told(world, [variant], consequence).select(FACTS).row(0, named=True))


# The small gene: exons 100-124 and 148-193, coding from 110 to 173; its mirror from 394 on.


@pytest.mark.parametrize(
    ("variant", "exon", "intron", "last", "distance", "residue"),
    [
        ((101, "G", "A"), "1/2", None, False, -24, None),
        ((111, "A", "G"), "1/2", None, False, -14, 1),
        ((123, "C", "T"), "1/2", None, False, -2, 5),
        ((124, "C", "T"), "1/2", None, False, -1, 5),
        ((125, "G", "A"), None, "1/1", None, 1, None),
        ((126, "T", "A"), None, "1/1", None, 2, None),
        ((136, "A", "G"), None, "1/1", None, 12, None),
        ((148, "G", "A"), None, "1/1", None, 1, None),
        ((149, "C", "A"), "2/2", None, True, -1, 5),
        ((173, "A", "G"), "2/2", None, True, -25, 13),
        ((174, "G", "A"), "2/2", None, True, -26, None),
        ((193, "T", "A"), "2/2", None, True, -45, None),
    ],
)
def test_of_one_base(
    world: World, variant: Variant, exon: str, intron: str, last: bool, distance: int, residue: int
) -> None:
    assert list(facts(world, *variant).values()) == [exon, intron, last, None, distance, residue]


def test_the_mirrored_gene_says_the_same(world: World) -> None:
    plus = [(p, "A", "C") for p in range(101, 194)]
    minus = [(101 + 193 + 294 - p, "A", "C") for p in range(101, 194)]
    one, other = (told(world, some).select(FACTS) for some in (plus, minus))
    assert one.rows() == other.rows()
    assert one["splice_distance"].min() == -45


@pytest.mark.parametrize(
    ("variant", "exon", "intron", "last", "distance", "residue"),
    [
        ((122, "CCCG", "C"), "1/2", "1/1", False, 0, 5),
        ((124, "C", "CTTT"), "1/2", "1/1", False, 0, 5),
        ((146, "CAGC", "C"), "2/2", "1/1", True, 0, 5),
        ((110, "AATG", "A"), "1/2", None, False, -12, 1),
        ((172, "AAG", "A"), "2/2", None, True, -25, 13),
        ((120, "A" * 40, "A"), "1-2/2", "1/1", True, 0, 4),
        ((95, "T" * 20, "T"), "1/2", None, False, -9, None),  # from outside; moves by two
        ((113, "G", "<DEL>"), "1/2", None, False, -12, None),
    ],
)
def test_of_more(
    world: World, variant: Variant, exon: str, intron: str, last: bool, distance: int, residue: int
) -> None:
    position, ref, alt = variant
    here = world.genome.sequence("chr20")[position - 1 : position - 1 + len(ref)]
    found = facts(world, position, here.tobytes().decode(), alt if alt == "<DEL>" else
                  here[:1].tobytes().decode() + alt[1:])  # fmt: skip
    assert list(found.values()) == [exon, intron, last, None, distance, residue]


def test_outside_transcripts_nothing_is_known(world: World) -> None:
    frame = pl.DataFrame(
        {"site": [0], "contig": ["chr20"], "position": [20], "ref": ["C"], "alt": ["T"],
         "id": pl.Series([None], dtype=pl.String), "consequence": ["intergenic_variant"],
         "impact": ["MODIFIER"]}
    )  # fmt: skip
    found = describe_contig(
        frame, world.genome.sequence("chr20"), "chr20", Assembly.GRCH38, world.known
    )
    assert found.select(FACTS).row(0) == (None,) * len(FACTS)
    assert found["hgvs_g"].item() == "NC_000020.11:g.20C>T"


def test_a_transcript_without_intron_has_no_splice_site(
    make_fasta: Callable[..., Path], tmp_path: Path
) -> None:
    single = made(make_fasta, tmp_path, [300], cds=(30, 270))
    assert facts(single, 151, "C", "G")["exon"] == "1/1"
    assert facts(single, 151, "C", "G")["splice_distance"] is None


# Nonsense-mediated decay: genes of CAG codons, so that TAG is one base away in each of them.


def made(
    make_fasta: Callable[..., Path],
    folder: Path,
    exons: list[int],
    cds: tuple[int, int],
    strand: str = "+",
) -> World:
    """A gene of exons of these lengths with introns of 50 bases; cds in the spliced transcript."""
    message = "C" * cds[0] + "ATG" + "CAG" * ((cds[1] - cds[0]) // 3 - 2) + "TAA"
    message += "C" * (sum(exons) - len(message))
    spans, text, place, done = [], "", 0, 0
    for size in exons:
        spans.append((place, place + size))
        text += message[done : done + size] + "T" * 50
        place, done = place + size + 50, done + size

    def genomic(base: int) -> int:
        for (start, end), before in zip(spans, [sum(exons[:k]) for k in range(len(exons))],
                                        strict=True):  # fmt: skip
            if before <= base <= before + end - start:
                found = start + base - before
        return found

    coding = (genomic(cds[0]), genomic(cds[1] - 1) + 1)
    if strand == "-":
        size = len(text)
        text = text.translate(str.maketrans("ACGT", "TGCA"))[::-1]
        spans = [(size - end, size - start) for start, end in reversed(spans)]
        coding = (size - coding[1], size - coding[0])
    fasta, path = make_fasta({"chr20": text}, name=f"{strand}.fa"), folder / f"{strand}.gff3"
    path.write_text(gff([Gene("1", strand, spans, coding)]))
    genome = Genome(fasta)
    return World(fasta, path, genome, read_transcripts(path, genome))


def at(world: World, base: int) -> int:
    """1-based genome position of a 0-based base of the spliced transcript."""
    layout = Layout.of(world.known)
    for start, end, first in zip(
        layout.exons.start, layout.exons.end, layout.exons.first, strict=True
    ):
        if first <= base < first + end - start:
            along = base - first
            return int(end - along if layout.minus[0] else start + along + 1)
    raise AssertionError(base)


def nmd_of(world: World, residue: int, cds_start: int) -> str | None:
    """What is said of a stop codon in place of the CAG of this residue."""
    minus = bool(Layout.of(world.known).minus[0])
    base = at(world, cds_start + 3 * (residue - 1))
    row = told(world, [(base, "G" if minus else "C", "A" if minus else "T")], "stop_gained")
    assert row["hgvs_p"].item().endswith(f"p.(Gln{residue}Ter)")
    verdict = row["nmd"].item()
    assert verdict is None or verdict in NMD
    return None if verdict is None else str(verdict)


EXONS = [200, 200, 600, 200, 300]
"""The last junction lies at 1,200 of the spliced transcript; coding from 30 to 1,380."""


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize(
    ("residue", "expected"),
    [
        (2, "escapes_start_proximal"),
        (50, "escapes_start_proximal"),  # 147 bases behind the start codon
        (51, "triggers"),  # 150
        (124, "triggers"),  # base 399 is the last of exon 2, of 200 bases
        (125, "escapes_long_exon"),  # 402: exon 3, of 600 bases
        (323, "escapes_long_exon"),  # 996
        (325, "triggers"),  # 1,002: exon 4
        (374, "triggers"),  # 1,149: 51 before the junction
        (375, "escapes_last_junction"),  # 1,152: 48
        (390, "escapes_last_junction"),  # 1,197: 3
        (391, "escapes_last_exon"),  # 1,200
        (440, "escapes_last_exon"),
    ],
)
def test_decay_by_place(
    make_fasta: Callable[..., Path], tmp_path: Path, strand: str, residue: int, expected: str
) -> None:
    world = made(make_fasta, tmp_path, EXONS, (30, 1380), strand)
    assert nmd_of(world, residue, 30) == expected


def test_a_single_exon_escapes(make_fasta: Callable[..., Path], tmp_path: Path) -> None:
    world = made(make_fasta, tmp_path, [900], (30, 870))
    assert nmd_of(world, 60, 30) == "escapes_single_exon"


def test_a_shifted_frame_is_judged_where_it_ends(
    make_fasta: Callable[..., Path], tmp_path: Path
) -> None:
    world = made(make_fasta, tmp_path, EXONS, (30, 1380))
    base = at(world, 30 + 3 * 99)
    kind = "frameshift_variant"
    early = told(world, [(base - 1, "G", "GTAAC")], kind)
    assert early["hgvs_p"].item().endswith("p.(Gln100Ter)")
    assert early["nmd"].item() == "triggers"
    # CAG read from its second base on is AGC, from its third GCA: no stop codon to the end.
    open_end = told(world, [(base, "C", "CA")], kind)
    assert open_end["hgvs_p"].item().endswith("fsTer?)")
    assert open_end["nmd"].item() is None


def test_a_junction_behind_the_change_moves_with_it(
    make_fasta: Callable[..., Path], tmp_path: Path
) -> None:
    """Ten codons put in before the stop: both the stop and the junction are 30 bases later."""
    world = made(make_fasta, tmp_path, EXONS, (30, 1380))
    base = at(world, 30 + 3 * 373)  # residue 374, 51 bases before the junction
    found = told(world, [(base - 1, "G", "G" + "CAG" * 10 + "TAG")], "stop_gained")
    # The stop codon stands before residue 374: 51 bases and itself away from the junction.
    assert found["nmd"].item() == "triggers"
    later = told(world, [(base + 5, "G", "G" + "CAG" * 10 + "TAG")], "stop_gained")
    assert later["nmd"].item() == "escapes_last_junction"


@pytest.mark.parametrize("consequence", ["missense_variant", "stop_lost", "synonymous_variant"])
def test_decay_is_asked_of_premature_stops_only(world: World, consequence: str) -> None:
    assert facts(world, 171, "T", "C", consequence=consequence)["nmd"] is None


def test_facts_are_columns_of_what_is_described(known_types: dict[str, Any], world: World) -> None:
    found = told(world, [(111, "A", "G")])
    assert {name: found.schema[name] for name in FACTS} == known_types


@pytest.fixture
def known_types() -> dict[str, Any]:
    return {column.name: column.dtype for column in FACT_COLUMNS}


def test_layouts_of_one_contig(world: World) -> None:
    assert Layout.of(world.known, "chr21").table.is_empty()
    assert Layout.of(world.known, "chr20").table.height == 2
